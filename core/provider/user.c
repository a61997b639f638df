/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/user.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#define GROUPS_MAX 1024

void user_done(struct user *user)
{
    mem_free(user->name);
    mem_free(user->home);
    mem_free(user->groups);
    *user = (struct user){.name = NULL};
}

/* A user namespace may know only some of the system's users; setresuid() fails for others. */
static bool is_mapped(uid_t uid)
{
    FILE *map = fopen("/proc/self/uid_map", "re");
    unsigned long inside, outside, count;
    bool is_found = map == NULL;

    while (map != NULL && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3) {
        is_found = is_found || (uid >= inside && uid - inside < count);
    }
    if (map != NULL) {
        (void)fclose(map);
    }
    return is_found;
}

static void copy_entry(const struct passwd *entry, struct user *to)
{
    *to = (struct user){
        .name = str_dup(entry->pw_name),
        .home = str_dup(entry->pw_dir),
        .uid = entry->pw_uid,
        .gid = entry->pw_gid,
        .is_switched = entry->pw_uid != geteuid(),
    };
}

static void copy_self(struct user *to)
{
    const struct passwd *entry = getpwuid(geteuid());

    if (entry != NULL) {
        copy_entry(entry, to);
        return;
    }
    *to = (struct user){.name = str_fmt("%u", (unsigned)geteuid()),
                        .home = str_dup("/"),
                        .uid = geteuid(),
                        .gid = getegid()};
}

/* Hooks that run as a named user expect to be in its groups. */
static void add_groups(struct user *to)
{
    int n = GROUPS_MAX;

    to->groups = mem_alloc(GROUPS_MAX, sizeof(*to->groups));
    if (getgrouplist(to->name, to->gid, to->groups, &n) >= 0) {
        to->n_groups = (size_t)n;
    }
}

int user_find(const char *name, struct user *ret_user, struct err *err)
{
    const struct passwd *entry = getpwnam(name);

    if (entry == NULL) {
        return err_set(err, ERR_CONFIG, "there is no user '%s' on this system", name);
    }
    if (entry->pw_uid != geteuid() && geteuid() != 0) {
        return err_set(err, ERR_CONFIG, "only root can run a provider as user '%s'", name);
    }
    if (!is_mapped(entry->pw_uid)) {
        return err_set(err, ERR_CONFIG, "this user namespace has no user '%s'", name);
    }
    copy_entry(entry, ret_user);
    ret_user->is_asked = true;
    if (ret_user->is_switched) {
        add_groups(ret_user);
    }
    return 0;
}

void user_find_default(const char *name, struct user *ret_user, char **ret_warning)
{
    const char *wanted = name != NULL ? name : USER_DEFAULT;
    const struct passwd *entry;

    *ret_warning = NULL;
    if (geteuid() != 0) {
        copy_self(ret_user);
        return;
    }
    entry = getpwnam(wanted);
    if (entry != NULL && is_mapped(entry->pw_uid)) {
        copy_entry(entry, ret_user);
        return;
    }
    entry = getpwnam("nobody");
    if (entry != NULL && is_mapped(entry->pw_uid)) {
        *ret_warning = str_fmt("there is no user '%s': plug-ins run as 'nobody', which other "
                               "services may share (useradd --system %s)",
                               wanted, wanted);
        copy_entry(entry, ret_user);
        return;
    }
    copy_self(ret_user);
}
