/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whom the workers of a set run as, and what they may reach: hundreds of questions to the system,
 * which a set that starts nothing has no use for. */
#include "provider/set.h"

#include "base/mem.h"
#include "config/config.h"

#include <sys/stat.h>

/* What everybody may read is no secret, and would not be taken for one (fs_read_private()); a
 * bundle of CA certificates that a "ca-file" names is for every worker. */
static bool may_be_secret(const char *path)
{
    struct stat st;

    return stat(path, &st) < 0 || (st.st_mode & S_IROTH) == 0;
}

/* Files that hold secrets of one instance or of the program, wherever they lie: the core reads them
 * and hands out what is in them. Which keys name such files only the tables of all plug-ins say,
 * and a worker is confined before they are known: so any file counts that could be one. */
static void deny_secret_files(const struct config *config, const char *kind, struct strv *denied)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(config, kind, section)) != NULL) {
        for (size_t i = 0; i < section->n_values; i++) {
            const struct config_value *value = &section->values[i];

            AUTO_FREE char *path = config_value_path(value);

            if (str_has_suffix(value->key, "-file") && may_be_secret(path)) {
                strv_add(denied, path);
            }
        }
    }
}

static void find_reach(struct provider_set *set)
{
    AUTO(strv_done) struct strv denied = STRV_INIT;

    strv_copy(&denied, &set->deny_paths);
    if (set->config != NULL) {
        deny_secret_files(set->config, "provider", &denied);
        deny_secret_files(set->config, "ca", &denied);
    }
    reach_init(&set->reach, &denied);
    reach_add_system(&set->reach);
}

void confine_set(struct provider_set *set)
{
    if (!set->is_confined) {
        set->is_confined = true;
        user_find_default(set->plugin_user, &set->user, &set->user_warning);
        find_reach(set);
    }
}
