/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From files into the tree: the main one, then conf.d/NAME.conf beside it in the order of their
 * names. */
#include "config/config.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* One run over all files. */
struct loading {
    const struct config_source *source;
    struct config *config;
    struct config_errors *errors;
    struct map *seen; /* device and inode to the path that was read */
    struct strv names, paths;
};

static void loading_done(struct loading *loading)
{
    strv_done(&loading->names);
    strv_done(&loading->paths);
}

/* Reads up to one byte more than is allowed, so that the parser sees that it is too large. */
static int read_all(int fd, struct buf *to, struct err *err)
{
    char chunk[8192];

    while (to->len <= CONFIG_FILE_MAX) {
        ssize_t n = read(fd, chunk, sizeof(chunk));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_set_errno(err, "cannot read it");
        }
        if (n == 0) {
            break;
        }
        buf_add(to, chunk, (size_t)n);
    }
    mem_wipe(chunk, sizeof(chunk));
    return 0;
}

/* "--config /dev/null" is how people say that there is to be no configuration. */
static bool is_null_device(const struct stat *status)
{
    return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

/* Opens without waiting (a FIFO would block for ever) and checks what was opened, not what is
 * named. */
static int open_file(const struct config_source *source, const char *path, struct stat *ret_status,
                     int *ret_fd, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status = {0};

    if (fd < 0) {
        int saved_errno = errno;

        err_set_errno(err, "cannot open it");
        if (saved_errno == ENOENT) {
            err->class = ERR_NOT_FOUND;
        }
        return err_code(err);
    }
    if (fstat(fd, &status) < 0) {
        return err_set_errno(err, "cannot examine it");
    }
    if (!S_ISREG(status.st_mode) && !is_null_device(&status)) {
        return err_set(err, ERR_CONFIG, "not a regular file");
    }
    if (source->is_trust_checked && S_ISREG(status.st_mode) &&
        fs_check_trusted(fd, path, err) < 0) {
        return err_code(err);
    }
    *ret_status = status;
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* The main file is needed for all; another costs what stands in it. */
static void refuse_file(struct config *config, const char *path, bool is_main,
                        const struct err *why, struct config_errors *errors)
{
    struct config_place place = {.origin = CONFIG_FILE, .path = path};

    if (is_main) {
        config->is_unread = true;
        config_errors_add(errors, NULL, &place, "%s", why->text);
    } else {
        config_errors_add_lost(config, errors, &place, "%s", why->text);
    }
}

/* Links are fine, but not to what is read anyway: its sections would all be there twice. Devices
 * have no content to read twice. */
static bool is_new(struct loading *loading, const char *path, const struct stat *status)
{
    AUTO_FREE char *key = str_fmt("%llu %llu", (unsigned long long)status->st_dev,
                                  (unsigned long long)status->st_ino);
    const char *first = map_find(loading->seen, key);
    struct config_place place = {.origin = CONFIG_FILE, .path = path};

    if (first != NULL && S_ISREG(status->st_mode)) {
        struct err *err = config_errors_add_lost(loading->config, loading->errors, &place,
                                                 "the same file as '%s'", first);

        if (err != NULL) {
            err_hint(err, "it was read already: remove one of the two names");
        }
        return false;
    }
    map_set(loading->seen, key, (void *)(uintptr_t)path);
    return true;
}

static void load_file(struct loading *loading, const char *path, bool is_main)
{
    const struct config_source *source = loading->source;
    AUTO(buf_done) struct buf bytes = BUF_SECRET(CONFIG_FILE_MAX + 8192);
    AUTO_FD int fd = -1;
    struct stat status = {0};
    struct err err = ERR_INIT;

    if (open_file(source, path, &status, &fd, &err) < 0 ||
        (is_new(loading, path, &status) && read_all(fd, &bytes, &err) < 0)) {
        if (err.class != ERR_NOT_FOUND || !is_main || source->is_required) {
            refuse_file(loading->config, path, is_main, &err, loading->errors);
        }
        return;
    }
    config_parse_into(loading->config,
                      &(struct config_text){.path = path,
                                            .bytes = buf_str(&bytes),
                                            .len = bytes.len,
                                            .mode = status.st_mode & 07777,
                                            .is_main = is_main},
                      loading->errors);
}

static void load_folder(struct loading *loading)
{
    AUTO_FREE char *beside = config_folder(loading->source->path);
    AUTO_FREE char *folder = fs_join(beside, "conf.d");
    struct strv *names = &loading->names;
    struct config_place place = {.origin = CONFIG_FILE, .path = folder};
    struct err err = ERR_INIT;

    if (fs_list(folder, names, &err) < 0) {
        if (err.class != ERR_NOT_FOUND) {
            config_errors_add_lost(loading->config, loading->errors, &place, "%s", err.text);
        }
        return;
    }
    for (size_t i = 0; i < names->n; i++) {
        char *path = fs_join(folder, names->items[i]);

        strv_take(&loading->paths, path);
        if (str_has_suffix(path, ".conf")) {
            load_file(loading, path, false);
        } else if (!str_has_prefix(names->items[i], "README")) {
            place.path = path;
            config_errors_warn(loading->errors, &place,
                               "not read: only names that end with .conf are");
        }
    }
}

/* A header that could not be read may have been that of all settings. */
static void judge_headers(struct config *config, struct config_errors *errors)
{
    if (config->has_lost_header && config_section_find(config, "acme-dns", "") == NULL) {
        errors->n_general++;
        errors->n_fatal++;
    }
}

struct config *config_load(const struct config_source *source, struct config_errors *errors)
{
    struct config *config = config_new();
    AUTO_PTR(map) struct map *seen = map_new();
    AUTO(loading_done)
    struct loading loading = {.source = source, .config = config, .errors = errors, .seen = seen};

    load_file(&loading, source->path, true);
    if (source->has_folder) {
        load_folder(&loading);
    }
    judge_headers(config, errors);
    return config;
}

struct config *config_parse(const char *path, const char *text, size_t len,
                            struct config_errors *errors)
{
    struct config *config = config_new();

    config_parse_into(
        config,
        &(struct config_text){
            .path = path, .bytes = text, .len = len, .mode = S_IRUSR | S_IWUSR, .is_main = true},
        errors);
    judge_headers(config, errors);
    return config;
}
