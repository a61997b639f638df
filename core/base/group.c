/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/group.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#define GID_LARGEST ((int64_t)UINT32_MAX - 1) /* (gid_t)-1 means "none" to chown() */

static bool is_ours(gid_t gid)
{
    int n = getgroups(0, NULL);
    AUTO_FREE gid_t *groups = n > 0 ? mem_alloc((size_t)n, sizeof(*groups)) : NULL;

    if (geteuid() == 0 || gid == getegid()) {
        return true;
    }
    n = n > 0 ? getgroups(n, groups) : 0;
    for (int i = 0; i < n; i++) {
        if (groups[i] == gid) {
            return true;
        }
    }
    return false;
}

int group_find(const char *name, gid_t *ret_gid, struct err *err)
{
    const struct group *known = getgrnam(name);
    int64_t number = 0;
    gid_t gid = 0;

    if (known != NULL) {
        gid = known->gr_gid;
    } else if (str_parse_int(name, 0, GID_LARGEST, &number)) {
        gid = (gid_t)number;
    } else {
        return err_set(err, ERR_CONFIG, "there is no group '%s' on this system", name);
    }
    if (!is_ours(gid)) {
        return err_set(err, ERR_CONFIG, "you are not a member of group '%s'", name);
    }
    *ret_gid = gid;
    return 0;
}
