/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What this process gives up before it loads anything. The order matters: groups before the user,
 * the parent's-death signal again after the user (a change of credentials clears it), Landlock
 * after no_new_privs (without it the kernel wants CAP_SYS_ADMIN).
 */
#include "provider/worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the oldest headers that we build with. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)

/* struct landlock_ruleset_attr as of version 6; older kernels take its front. */
struct ruleset_attr {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

#define READ_RIGHTS \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* But no devices: a disk's, made in a folder that is open to all, holds every file. */
#define WRITE_RIGHTS (~(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK))
#define FILE_RIGHTS                                                                              \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | \
     LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)

/* All rights on files that a version of Landlock knows. */
static uint64_t rights_of(long version)
{
    uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

    all |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    all |= version >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0;
    all |= version >= 5 ? LANDLOCK_ACCESS_FS_IOCTL_DEV : 0;
    return all;
}

static void allow_fd(int ruleset, int fd, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return;
    }
    if (!S_ISDIR(st.st_mode)) {
        rule.allowed_access &= FILE_RIGHTS;
    }
    (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* A path that is not there, or that this user cannot reach, needs no rule. */
static void allow_path(int ruleset, const struct setup_rule *rule, uint64_t all)
{
    int fd = open(rule->path, O_PATH | O_CLOEXEC);

    if (fd >= 0) {
        allow_fd(ruleset, fd, (rule->is_writable ? WRITE_RIGHTS : READ_RIGHTS) & all);
        close(fd);
    }
}

/* The version in force, 0 if this kernel has none. Once there is one, failing is fatal: the core
 * would promise what does not hold. */
static uint32_t restrict_files(const struct setup *setup, uint32_t *bits)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    if (version <= 0) {
        return 0;
    }
    uint64_t all = rights_of(version);
    struct ruleset_attr attr = {.handled_access_fs = all};
    size_t size = sizeof(attr.handled_access_fs);
    if (version >= 6) {
        attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
        size = sizeof(attr);
        *bits |= FRAME_ISOLATED_SIGNAL_SCOPE;
    }
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
    if (ruleset < 0) {
        pipe_refuse(ACME_BUG, "cannot make a Landlock rule set: %s", strerror(errno));
    }
    for (uint32_t i = 0; i < setup->n_rules; i++) {
        allow_path(ruleset, &setup->rules[i], all);
    }
    allow_fd(ruleset, FRAME_FD_PLUGIN, READ_RIGHTS & all);
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
        pipe_refuse(ACME_BUG, "cannot restrict itself by Landlock: %s", strerror(errno));
    }
    close(ruleset);
    return (uint32_t)version;
}

static void switch_user(const struct setup *setup)
{
    if (setgroups(setup->n_groups, setup->groups) < 0 ||
        setresgid(setup->gid, setup->gid, setup->gid) < 0 ||
        setresuid(setup->uid, setup->uid, setup->uid) < 0) {
        pipe_refuse(ACME_BUG, "cannot become user %u: %s", (unsigned)setup->uid, strerror(errno));
    }
    if (setup->uid != 0 && setuid(0) == 0) {
        pipe_refuse(ACME_BUG, "became user %u and could go back", (unsigned)setup->uid);
    }
}

/* Nothing here needs one: not as root of a user namespace, where nobody else could be become, and
 * not those that a service manager may have handed down. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &head, none) < 0) {
        pipe_refuse(ACME_BUG, "cannot give up its capabilities: %s", strerror(errno));
    }
}

static void tell_core(uint32_t landlock, uint32_t bits)
{
    struct frame_out out = {.bytes = NULL};

    frame_begin(&out, FRAME_CONFINED, 0);
    frame_add_u32(&out, landlock);
    frame_add_u32(&out, bits);
    pipe_send(&out);
    frame_out_done(&out);
}

/* The order: dumpable after the change of user, which sets it anew; Landlock after no_new_privs,
 * and capabilities last, since exec() cannot bring them back then. */
static uint32_t restrict_self(const struct setup *setup, uint32_t *bits)
{
    uint32_t landlock = 0;

    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) {
        *bits |= FRAME_ISOLATED_NOT_DUMPABLE;
    }
    if ((setup->flags & FRAME_SETUP_NEW_PRIVS) != 0) {
        return 0;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        *bits |= FRAME_ISOLATED_NO_NEW_PRIVS;
        landlock = restrict_files(setup, bits);
    }
    if ((setup->flags & FRAME_SETUP_KEEP_CAPS) == 0) {
        drop_capabilities();
        *bits |= FRAME_ISOLATED_NO_CAPS;
    }
    return landlock;
}

void confine(const struct setup *setup)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    uint32_t bits = 0;

    (void)setrlimit(RLIMIT_CORE, &none);
    /* What this process starts and loses stays below it, and can be found and ended with it. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if ((setup->flags & FRAME_SETUP_SWITCH_USER) != 0) {
        switch_user(setup);
        bits |= FRAME_ISOLATED_USER;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (setup->core_pid != 0 && getppid() != setup->core_pid) {
        _exit(0);
    }
    uint32_t landlock = restrict_self(setup, &bits);
    tell_core(landlock, bits);
}
