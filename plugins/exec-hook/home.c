/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The private home of one run of an acme.sh script: a folder of mode 0700 below TMPDIR that holds
 * account.conf and domain.conf, begun from copies of the user's, and takes all that acme.sh and the
 * script write: saved settings, http.header, temporary files. It is gone when the run is over, so
 * nothing is ever written to the user's own, and no two runs share a file.
 */
#include "exec-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_FDS 8 /* that nftw() may hold open */

/* What would lead acme.sh out of its private home: where it logs to, and where it keeps things. */
static const char *const left_out[] = {
    "ACCOUNT_CONF_PATH", "ACCOUNT_JSON_PATH", "ACCOUNT_KEY_PATH", "AUTO_UPGRADE",
    "CA_CONF",           "CA_HOME",           "CERT_HOME",        "DEBUG",
    "DOMAIN_CONF",       "HTTP_HEADER",       "LE_CONFIG_HOME",   "LE_TEMP_DIR",
    "LE_WORKING_DIR",    "LOG_FILE",          "LOG_LEVEL",        "SYS_LOG",
    "USER_PATH",
};

/* Whether a line of account.conf assigns one of those. */
static bool is_left_out(const char *line, size_t len)
{
    static const char keyword[] = "export";
    size_t at = 0;
    size_t name_len = 0;

    at += strspn(line, " \t");
    if (len > at + strlen(keyword) && strncmp(line + at, keyword, strlen(keyword)) == 0) {
        at += strlen(keyword);
        at += strspn(line + at, " \t");
    }
    name_len = strcspn(line + at, " \t=\n");
    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
        if (strlen(left_out[i]) == name_len && strncmp(line + at, left_out[i], name_len) == 0) {
            return true;
        }
    }
    return false;
}

static void filter(const struct acme_value *conf, struct text *to)
{
    const char *line = conf->text;

    while (line != NULL && *line != '\0') {
        size_t len = strcspn(line, "\n");

        if (!is_left_out(line, len)) {
            text_put(to, line, len);
            text_put(to, "\n", 1);
        }
        line += line[len] == '\n' ? len + 1 : len;
    }
}

/* Writes one file of the home. 0 or an errno. */
static int write_file(const char *folder, const char *name, const struct acme_value *conf)
{
    char path[PATH_MAX + 32];
    struct text text = {.bytes = NULL};
    size_t done = 0;
    int reason = 0;
    int fd = -1;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    filter(conf, &text);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    reason = fd < 0 ? errno : text.is_short ? ENOMEM : 0;
    while (reason == 0 && done < text.len) {
        ssize_t n = write(fd, text.bytes + done, text.len - done);

        if (n > 0) {
            done += (size_t)n;
        } else if (errno != EINTR) {
            reason = errno;
        }
    }
    if (fd >= 0 && close(fd) < 0 && reason == 0) {
        reason = errno;
    }
    text_done(&text);
    return reason;
}

int32_t home_make(struct acme_call *call, const struct hook *h, char ret_path[PATH_MAX])
{
    const char *below = getenv("TMPDIR");
    int reason = 0;

    if (below == NULL || below[0] != '/') {
        below = "/tmp";
    }
    (void)snprintf(ret_path, PATH_MAX, "%.*s/acme-dns-hook.XXXXXX", PATH_MAX - 64, below);
    if (mkdtemp(ret_path) == NULL) { /* mode 0700 */
        reason = errno;
        ret_path[0] = '\0';
    } else {
        reason = write_file(ret_path, "account.conf", &h->account_conf);
        reason = reason != 0 ? reason : write_file(ret_path, "domain.conf", &h->domain_conf);
    }
    if (reason == 0) {
        return ACME_OK;
    }
    acme_log(call, ACME_LOG_ERROR, "cannot make a private home for acme.sh below '%s': %s", below,
             strerror(reason));
    home_remove(ret_path);
    ret_path[0] = '\0';
    return ACME_BAD_CONFIG;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)kind;
    (void)where;
    (void)remove(path); /* the rest is removed all the same */
    return 0;
}

void home_remove(const char *path)
{
    if (path[0] != '\0') {
        (void)nftw(path, remove_one, DEPTH_FDS, FTW_DEPTH | FTW_PHYS);
    }
}
