/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/trees.h"

#include "base/mem.h"
#include "config/settings.h"

int trees_get(struct trees *trees, bool is_staging, struct store **ret_store, struct err *err)
{
    struct store **place = &trees->stores[is_staging ? 1 : 0];

    if (*place == NULL) {
        const char *folder = trees->env->settings->state_dir;
        int code = trees->is_only_seen
                       ? store_look(trees->env->loop, folder, is_staging, place, err)
                       : store_open(trees->env->loop, folder, is_staging, place, err);

        if (code < 0) {
            return code;
        }
        store_set_command(*place, trees->command);
    }
    *ret_store = *place;
    return 0;
}

void trees_close(struct trees *trees)
{
    for (size_t i = 0; i < ARRAY_LEN(trees->stores); i++) {
        store_free(TAKE(trees->stores[i]));
    }
}
