/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/settings.h"

#include "base/fs.h"
#include "base/mem.h"

/* False: it was refused. */
static bool check_folder(const struct settings *settings, const char *path,
                         struct config_errors *errors)
{
    const struct config_place place = settings_place(settings, "state-dir");
    AUTO_FREE char *kind = fs_find_remote(path);
    struct err *err = NULL;

    if (kind == NULL) {
        return true;
    }
    err = config_errors_add(errors, NULL, &place,
                            "'%s' is on a file system of another host (%s): locks there may hold "
                            "for one host only, or not at all",
                            path, kind);
    if (err != NULL) {
        (void)err_hint(err, "use a disk of this host (state-dir =, --state-dir); where no other "
                            "host runs acme-dns on it: allow-network-fs = yes");
    }
    return false;
}

void settings_check_state_dir(const struct settings *settings, struct config_errors *errors)
{
    static const char *const PARTS[] = {"locks", "journal", "accounts", "certs"};
    bool is_good =
        settings->is_network_fs_allowed || check_folder(settings, settings->state_dir, errors);

    /* Any of them may be a mount of its own. */
    for (size_t i = 0; i < ARRAY_LEN(PARTS) && is_good && !settings->is_network_fs_allowed; i++) {
        AUTO_FREE char *path = fs_join(settings->state_dir, PARTS[i]);

        is_good = check_folder(settings, path, errors);
    }
}
