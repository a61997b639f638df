/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The private home of one run of an acme.sh script: a folder of mode 0700 below TMPDIR that holds
 * account.conf and domain.conf, begun from copies of the user's, and takes all that acme.sh and the
 * script write: saved settings, http.header, temporary files. It is gone when the run is over, so
 * nothing is ever written to the user's own, and no two runs share a file. What a killed process
 * left behind is removed by a later one: a home in use is locked, and a home that is not is old.
 */
#include "exec-hook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEPTH_FDS 8 /* that nftw() may hold open */
#define PREFIX "acme-dns-hook."
#define STALE_S 600 /* far above the moment between making a home and locking it */

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

static const char *folder_of_homes(void)
{
    const char *folder = getenv("TMPDIR");

    return folder != NULL && folder[0] == '/' ? folder : "/tmp";
}

/* Opens and locks a home; the lock lasts as long as the descriptor. -1: it cannot be. */
static int lock_home(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

int32_t home_make(const struct hook *h, struct home *ret_home, char *ret_text, size_t size)
{
    struct home home = {.lock = -1};
    int reason = 0;

    (void)snprintf(home.path, sizeof(home.path), "%.*s/" PREFIX "XXXXXX", PATH_MAX - 64,
                   folder_of_homes());
    if (mkdtemp(home.path) == NULL) { /* mode 0700 */
        reason = errno;
        home.path[0] = '\0';
    } else {
        home.lock = lock_home(home.path);
        reason = write_file(home.path, "account.conf", &h->account_conf);
        reason = reason != 0 ? reason : write_file(home.path, "domain.conf", &h->domain_conf);
    }
    if (reason == 0) {
        *ret_home = home;
        return ACME_OK;
    }
    (void)snprintf(ret_text, size, "cannot make a private home for acme.sh below '%s' (TMPDIR): %s",
                   folder_of_homes(), strerror(reason));
    home_done(&home);
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

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, DEPTH_FDS, FTW_DEPTH | FTW_PHYS);
}

void home_done(struct home *home)
{
    if (home->path[0] != '\0') {
        remove_tree(home->path);
    }
    if (home->lock >= 0) {
        (void)close(home->lock);
    }
    *home = (struct home)HOME_NONE;
}

static bool is_stale(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           st.st_mtime < time(NULL) - STALE_S;
}

void home_sweep(void)
{
    DIR *dir = opendir(folder_of_homes());
    const struct dirent *entry = NULL;
    char path[PATH_MAX + NAME_MAX + 2];

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int fd = -1;

        (void)snprintf(path, sizeof(path), "%s/%s", folder_of_homes(), entry->d_name);
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 && is_stale(path)) {
            fd = lock_home(path);
        }
        if (fd >= 0) {
            remove_tree(path);
            (void)close(fd);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}
