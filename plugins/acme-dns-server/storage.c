/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A folder, since a new file put in the place of the old one is the only way to change a file and
 * never lose it. Several processes use it at a time: whoever changes the accounts holds "lock".
 */
#include "acme-dns-server.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCOUNTS "accounts.json"
#define ACCOUNTS_NEW "accounts.json.new"
#define LOCK_PAUSE_MS 20

static const char *user_name(void)
{
    const struct passwd *user = getpwuid(geteuid());

    return user != NULL ? user->pw_name : "the user that the plug-in runs as";
}

static int32_t fail(struct acme_call *call, const struct storage *s, const char *file)
{
    const char *why = strerror(errno);

    return acme_fail(call, ACME_BAD_CONFIG, 0,
                     "cannot use %s/%s: %s; the folder must be %s's to write in", s->path, file,
                     why, user_name());
}

int32_t storage_open(struct acme_call *call, const char *path, struct storage *ret_storage)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *copy = NULL;

    if (folder < 0 && errno == ENOTDIR) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "storage: %s is a file; name a folder, and put a file of accounts that "
                         "you have already into it as " ACCOUNTS,
                         path);
    }
    if (folder < 0) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "storage: cannot open the folder %s: %s; make it beside acme-dns's own "
                         "folders, not inside: install -d -m 700 -o %s %s",
                         path, strerror(errno), user_name(), path);
    }
    copy = strdup(path);
    if (copy == NULL) {
        (void)close(folder);
        return acme_fail(call, ACME_BUG, 0, "there is no memory for a path");
    }
    *ret_storage = (struct storage){.folder = folder, .path = copy};
    return ACME_OK;
}

void storage_close(struct storage *s)
{
    if (s->folder >= 0) {
        (void)close(s->folder);
    }
    free(s->path);
    *s = (struct storage){.folder = -1};
}

int32_t storage_lock(struct acme_call *call, const struct storage *s, const char *file,
                     int *ret_file)
{
    int fd = openat(s->folder, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return fail(call, s, file);
    }
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            (void)close(fd);
            return fail(call, s, file);
        }
        if (call->host->sleep_ms(call, LOCK_PAUSE_MS) != ACME_OK) {
            (void)close(fd);
            return acme_fail(call, ACME_CANCELLED, 0,
                             "another process of acme-dns holds %s/%s for too long", s->path, file);
        }
    }
    *ret_file = fd;
    return ACME_OK;
}

/* ---- Small files ---- */

static bool read_all(int file, struct kit_text *to)
{
    char bytes[4096];
    ssize_t n = 0;

    while ((n = read(file, bytes, sizeof(bytes))) != 0 && !to->is_broken) {
        if (n < 0 && errno != EINTR) {
            return false;
        }
        kit_text_add(to, bytes, n > 0 ? (size_t)n : 0);
    }
    explicit_bzero(bytes, sizeof(bytes));
    return true;
}

static bool write_all(int file, const struct kit_text *from)
{
    const char *bytes = kit_text_str(from);
    size_t done = 0;

    while (done < from->len) {
        ssize_t n = pwrite(file, bytes + done, from->len - done, (off_t)done);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return ftruncate(file, (off_t)from->len) == 0 && fsync(file) == 0;
}

int32_t storage_read(struct acme_call *call, const struct storage *s, const char *file,
                     struct kit_text *to)
{
    int fd = openat(s->folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_read = false;

    if (fd < 0) {
        return errno == ENOENT ? ACME_OK : fail(call, s, file);
    }
    is_read = read_all(fd, to);
    (void)close(fd);
    return is_read ? ACME_OK : fail(call, s, file);
}

/* Closes from. */
static int32_t put_in_place(struct acme_call *call, const struct storage *s, int from,
                            const char *from_name, const char *name, const struct kit_text *text)
{
    bool is_written = !text->is_broken && write_all(from, text);

    if (close(from) < 0 || !is_written || renameat(s->folder, from_name, s->folder, name) < 0 ||
        fsync(s->folder) < 0) {
        return fail(call, s, name);
    }
    return ACME_OK;
}

static int make_new(const struct storage *s, const char *file)
{
    return openat(s->folder, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int32_t storage_replace(struct acme_call *call, const struct storage *s, const char *file,
                        const struct kit_text *from)
{
    int fd = -1;
    KIT_TEXT(name);

    kit_text_addf(&name, "%s.new", file);
    fd = make_new(s, kit_text_str(&name));
    return fd < 0 ? fail(call, s, kit_text_str(&name))
                  : put_in_place(call, s, fd, kit_text_str(&name), file, from);
}

/* ---- The accounts ---- */

static void warn_of_readers(struct acme_call *call, const struct storage *s, int file)
{
    struct stat st;

    if (fstat(file, &st) == 0 && (st.st_mode & 0077) != 0) {
        acme_log(call, ACME_LOG_WARNING,
                 "%s/" ACCOUNTS " holds passwords, and others can read it: chmod 600", s->path);
    }
}

int32_t storage_load(struct acme_call *call, const struct storage *s, struct kit_json **ret_json)
{
    const char *problem = NULL;
    struct kit_json *json = NULL;
    int file = openat(s->folder, ACCOUNTS, O_RDONLY | O_CLOEXEC);
    bool is_read = false;
    KIT_TEXT(text);

    if (file < 0 && errno == ENOENT) {
        *ret_json = NULL;
        return ACME_OK;
    }
    if (file < 0) {
        return fail(call, s, ACCOUNTS);
    }
    warn_of_readers(call, s, file);
    is_read = read_all(file, &text);
    (void)close(file);
    if (!is_read) {
        return fail(call, s, ACCOUNTS);
    }
    json = kit_json_parse(kit_text_str(&text), text.len, &problem);
    if (json != NULL && kit_json_type(json, NULL) != KIT_JSON_OBJECT) {
        problem = "it is no JSON object";
        kit_json_free(json);
        json = NULL;
    }
    if (json == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s/" ACCOUNTS " cannot be read: %s", s->path,
                         text.is_broken ? "it is too large" : problem);
    }
    *ret_json = json;
    return ACME_OK;
}

int32_t storage_prepare(struct acme_call *call, const struct storage *s, int *ret_file)
{
    int file = make_new(s, ACCOUNTS_NEW);

    if (file < 0) {
        return fail(call, s, ACCOUNTS_NEW);
    }
    *ret_file = file;
    return ACME_OK;
}

int32_t storage_save(struct acme_call *call, const struct storage *s, int file,
                     const struct kit_json *known, const char *key, const struct account *account)
{
    KIT_TEXT(text);

    kit_json_open(&text, '{');
    KIT_JSON_EACH(member, known, NULL)
    {
        kit_json_add_key(&text, kit_json_key(member));
        kit_json_add_copy(&text, member);
    }
    kit_json_add_key(&text, key);
    account_write(&text, account);
    kit_json_close(&text, '}');
    kit_text_add_str(&text, "\n");
    return put_in_place(call, s, file, ACCOUNTS_NEW, ACCOUNTS, &text);
}
