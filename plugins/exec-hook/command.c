/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which files may be run. */
#include "exec-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In a user namespace, files of users that it does not know (root's, for one) show this owner. */
static bool is_unmapped(uid_t uid)
{
    const uid_t overflow = 65534;
    FILE *file = uid == overflow ? fopen("/proc/self/uid_map", "re") : NULL;
    unsigned long first = 0;
    unsigned long count = 0;
    bool is_whole = true;

    if (file == NULL) {
        return false;
    }
    if (fscanf(file, "%lu %*u %lu", &first, &count) == 2) {
        is_whole = first == 0 && count == 4294967295UL;
    }
    (void)fclose(file);
    return !is_whole;
}

/* The mode and owner of a program that may be run: the rule that holds for everything that causes
 * execution. */
static const char *find_distrust(const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return "it is not a regular file";
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "its group or others may write to it (chmod go-w)";
    }
    if (st->st_uid != 0 && st->st_uid != geteuid() && !is_unmapped(st->st_uid)) {
        return "it belongs neither to root nor to the user that would run it";
    }
    return NULL;
}

/* Why a trusted file can still not be run, or be read by a shell that is. */
static const char *find_obstacle(const char *path, bool is_script)
{
    int fd = -1;

    if (!is_script) {
        return access(path, X_OK) < 0 ? "it is not executable (chmod +x)" : NULL;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC); /* access() knows nothing of Landlock */
    if (fd < 0) {
        return "the user that would run it may not read it, or it lies where plug-ins cannot reach "
               "it (core-allow-path)";
    }
    (void)close(fd);
    return NULL;
}

int32_t command_check(struct acme_call *call, const char *option, const char *path, bool is_script)
{
    struct stat st = {.st_mode = 0};
    const char *distrust = NULL;
    int fd = -1;
    int reason = 0;

    if (path[0] != '/') {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s '%s' is not an absolute path", option, path);
    }
    /* O_PATH: a program need not be readable to be run. */
    fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        reason = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s '%s' cannot be run: %s", option, path,
                         strerror(reason));
    }
    (void)close(fd);
    distrust = find_distrust(&st);
    if (distrust == NULL) {
        distrust = find_obstacle(path, is_script);
    }
    if (distrust != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s '%s' is not run: %s", option, path,
                         distrust);
    }
    return ACME_OK;
}
