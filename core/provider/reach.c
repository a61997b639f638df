/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/reach.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const READABLE[] = {
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix/store",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/gnutls",
    "/etc/crypto-policies",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/alternatives",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/hostname",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/networks",
    "/etc/localtime",
    "/etc/timezone",
    "/etc/passwd",
    "/etc/group",
    "/etc/mime.types",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/nscd",
    "/proc/self",
    "/proc/sys",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
};

static const char *const WRITABLE[] = {
    "/dev/null",    "/dev/zero", "/dev/full", "/dev/random",
    "/dev/urandom", "/dev/tty",  "/tmp",      "/var/tmp",
};

void reach_init(struct reach *reach, const struct strv *denied)
{
    *reach = (struct reach){.rules = NULL};
    for (size_t i = 0; denied != NULL && i < denied->n; i++) {
        char *real = realpath(denied->items[i], NULL);

        strv_add(&reach->denied, real != NULL ? real : denied->items[i]);
        mem_free(real);
    }
}

void reach_done(struct reach *reach)
{
    for (size_t i = 0; i < reach->n; i++) {
        mem_free(reach->rules[i].path);
    }
    mem_free(reach->rules);
    strv_done(&reach->denied);
    *reach = (struct reach){.rules = NULL};
}

static void push(struct reach *reach, const char *path, bool is_writable)
{
    if (reach->n < REACH_RULES_MAX) {
        VEC_PUSH(reach->rules, reach->n, reach->cap) =
            (struct reach_rule){.path = str_dup(path), .is_writable = is_writable};
    }
}

void reach_copy(struct reach *to, const struct reach *from)
{
    *to = (struct reach){.rules = NULL};
    strv_copy(&to->denied, &from->denied);
    for (size_t i = 0; i < from->n; i++) {
        push(to, from->rules[i].path, from->rules[i].is_writable);
    }
}

/* Whether path is dir or lies below it. */
static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    if (len == 1) {
        return true;
    }
    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool is_denied(const struct reach *reach, const char *path)
{
    for (size_t i = 0; i < reach->denied.n; i++) {
        if (is_below(path, reach->denied.items[i])) {
            return true;
        }
    }
    return false;
}

bool reach_denies(const struct reach *reach, const char *path)
{
    char *real = realpath(path, NULL);
    bool answer = is_denied(reach, real != NULL ? real : path);

    free(real);
    return answer;
}

static bool holds_denied(const struct reach *reach, const char *path)
{
    for (size_t i = 0; i < reach->denied.n; i++) {
        if (is_below(reach->denied.items[i], path)) {
            return true;
        }
    }
    return false;
}

/* path is real. A symlink among the entries is left out: the rule would land on what it points to.
 */
static void add_real(struct reach *reach, const char *path, bool is_writable)
{
    struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    if (is_denied(reach, path)) {
        return;
    }
    if (!holds_denied(reach, path)) {
        push(reach, path, is_writable);
        return;
    }
    if (fs_list(path, &names, &err) == 0) {
        for (size_t i = 0; i < names.n; i++) {
            AUTO_FREE char *entry = fs_join(strcmp(path, "/") == 0 ? "" : path, names.items[i]);
            struct stat st;

            if (lstat(entry, &st) == 0 && !S_ISLNK(st.st_mode)) {
                add_real(reach, entry, is_writable);
            }
        }
    }
    strv_done(&names);
}

void reach_add(struct reach *reach, const char *path, bool is_writable)
{
    char *real = realpath(path, NULL);

    if (real != NULL) {
        add_real(reach, real, is_writable);
    }
    mem_free(real);
}

void reach_add_named(struct reach *reach, const char *path)
{
    char *real = realpath(path, NULL);
    struct stat st;

    if (real != NULL && stat(real, &st) == 0) {
        if (S_ISDIR(st.st_mode)) {
            add_real(reach, real, true);
        } else {
            push(reach, real, (st.st_mode & 0111) == 0);
        }
    }
    mem_free(real);
}

void reach_add_system(struct reach *reach)
{
    const char *temporary = getenv("TMPDIR");

    for (size_t i = 0; i < ARRAY_LEN(READABLE); i++) {
        /* /proc/self is each process's own: not to be resolved here. */
        if (strcmp(READABLE[i], "/proc/self") == 0) {
            push(reach, READABLE[i], false);
        } else {
            reach_add(reach, READABLE[i], false);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(WRITABLE); i++) {
        reach_add(reach, WRITABLE[i], true);
    }
    if (temporary != NULL && temporary[0] == '/') {
        reach_add(reach, temporary, true);
    }
    for (int i = 0; i < 3; i++) {
        static const char *const BUNDLES[] = {"SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"};
        const char *bundle = getenv(BUNDLES[i]);

        if (bundle != NULL && bundle[0] == '/') {
            reach_add(reach, bundle, false);
        }
    }
}
