/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From files into the tree: the main one, then conf.d/NAME.conf beside it in the order of their
 * names. */
#include "config/config.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

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

static void load_file(struct config *config, const struct config_source *source, const char *path,
                      bool is_main, struct config_errors *errors)
{
    AUTO(buf_done) struct buf bytes = BUF_SECRET(CONFIG_FILE_MAX + 8192);
    AUTO_FD int fd = -1;
    struct stat status = {0};
    struct err err = ERR_INIT;
    struct config_place place = {.origin = CONFIG_FILE, .path = path};

    if (open_file(source, path, &status, &fd, &err) < 0 || read_all(fd, &bytes, &err) < 0) {
        if (err.class == ERR_NOT_FOUND && is_main && !source->is_required) {
            return;
        }
        if (is_main) {
            config_errors_add(errors, NULL, &place, "%s", err.text);
        } else {
            config_errors_add_local(errors, &place, "%s", err.text);
        }
        return;
    }
    config_parse_into(config,
                      &(struct config_text){.path = path,
                                            .bytes = buf_str(&bytes),
                                            .len = bytes.len,
                                            .mode = status.st_mode & 07777,
                                            .is_main = is_main},
                      errors);
}

static void load_folder(struct config *config, const struct config_source *source,
                        struct config_errors *errors)
{
    AUTO_FREE char *beside = config_folder(source->path);
    AUTO_FREE char *folder = fs_join(beside, "conf.d");
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    if (fs_list(folder, &names, &err) < 0) {
        if (err.class != ERR_NOT_FOUND) {
            struct config_place place = {.origin = CONFIG_FILE, .path = folder};

            config_errors_add(errors, NULL, &place, "%s", err.text);
        }
        return;
    }
    for (size_t i = 0; i < names.n; i++) {
        if (str_has_suffix(names.items[i], ".conf")) {
            AUTO_FREE char *path = fs_join(folder, names.items[i]);

            load_file(config, source, path, false, errors);
        }
    }
}

struct config *config_load(const struct config_source *source, struct config_errors *errors)
{
    struct config *config = config_new();

    load_file(config, source, source->path, true, errors);
    if (source->has_folder) {
        load_folder(config, source, errors);
    }
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
    return config;
}
