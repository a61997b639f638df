/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One version folder: written, read back, verified. It is built where nobody looks, with the
 * private key's mode and group in force before anybody could; store_install.c makes it live.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "keys/cert.h"
#include "keys/key.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Mode and group are in force before any content is there. Not fs_write_new(): that would also
 * fsync the folder for each file, and once for all of them is enough here. */
static int write_file(const char *folder, const char *file, const struct buf *content, mode_t mode,
                      gid_t gid, struct err *err)
{
    AUTO_FREE char *path = fs_join(folder, file);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0) {
        return err_set_errno(err, "cannot create '%s'", path);
    }
    if (gid != STORE_GID_NONE && fchown(fd, (uid_t)-1, gid) < 0) {
        return err_set_errno(err, "cannot give '%s' to group %lu", path, (unsigned long)gid);
    }
    if (fchmod(fd, mode) < 0) {
        return err_set_errno(err, "cannot set the mode of '%s'", path);
    }
    if (fs_write_all(fd, path, buf_str(content), content->len, err) < 0) {
        return err_code(err);
    }
    if (fsync(fd) < 0) {
        return err_set_errno(err, "cannot write '%s' to disk", path);
    }
    /* Network file systems report a lost write no earlier than here. */
    return close(TAKE_FD(fd)) < 0 ? err_set_errno(err, "cannot write '%s'", path) : 0;
}

static int write_text(const char *folder, const char *file, const char *text, mode_t mode,
                      struct err *err)
{
    AUTO(buf_done) struct buf content = BUF(2 * CERT_CHAIN_BYTES_MAX);

    buf_add_str(&content, text);
    return write_file(folder, file, &content, mode, STORE_GID_NONE, err);
}

static int write_key(const char *folder, const struct store_staged *staged, struct err *err)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);

    if (key_to_pem(staged->key, &pem, err) < 0) {
        return err_code(err);
    }
    return write_file(folder, "privkey.pem", &pem, staged->privkey_mode, staged->privkey_gid, err);
}

/* Opens the finished folder for passing through, and has its entries on disk. */
static int open_up(const char *folder, struct err *err)
{
    AUTO_FD int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 || fchmod(fd, 0711) < 0 || fsync(fd) < 0) {
        return err_set_errno(err, "cannot set the mode of '%s'", folder);
    }
    return 0;
}

/* That the folder is there need not be on disk before it has its name: store_install.c. */
static int write_version(const char *folder, const struct store_staged *staged, struct err *err)
{
    bool is_new = false;

    if (fs_mkdir_unsynced(folder, 0700, &is_new, err) < 0 || write_key(folder, staged, err) < 0 ||
        write_text(folder, "cert.pem", cert_chain_pem_leaf(staged->chain), 0444, err) < 0 ||
        write_text(folder, "chain.pem", cert_chain_pem_issuers(staged->chain), 0444, err) < 0 ||
        write_text(folder, "fullchain.pem", cert_chain_pem_full(staged->chain), 0444, err) < 0 ||
        write_text(folder, "metadata.json", staged->metadata, 0644, err) < 0 ||
        store_version_verify(folder, staged->domains, err) < 0) {
        return err_code(err);
    }
    return open_up(folder, err);
}

int store_version_write(const char *folder, const struct store_staged *staged, struct err *err)
{
    if (write_version(folder, staged, err) < 0) {
        struct err unused = ERR_INIT;

        (void)store_version_remove(folder, &unused);
        return err_code(err);
    }
    return 0;
}

static int read_text(const char *folder, const char *file, struct buf *to, struct err *err)
{
    AUTO_FREE char *path = fs_join(folder, file);

    return to->is_secret ? fs_read_private(path, true, to, err) : fs_read(path, to, err);
}

/* fullchain must be cert followed by chain, byte for byte: servers use either form. */
static int check_texts(const char *folder, const struct buf *full, struct err *err)
{
    AUTO(buf_done) struct buf joined = BUF(2 * CERT_CHAIN_BYTES_MAX);

    if (read_text(folder, "cert.pem", &joined, err) < 0 ||
        read_text(folder, "chain.pem", &joined, err) < 0) {
        return err_code(err);
    }
    return str_eq(buf_str(&joined), buf_str(full))
               ? 0
               : err_set(err, ERR_FAILED,
                         "'%s/fullchain.pem' is not cert.pem followed by chain.pem", folder);
}

static int load_version(const char *folder, struct cert_chain **ret_chain, struct key **ret_key,
                        struct err *err)
{
    AUTO(buf_done) struct buf full = BUF(CERT_CHAIN_BYTES_MAX);
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);

    if (read_text(folder, "fullchain.pem", &full, err) < 0 ||
        read_text(folder, "privkey.pem", &pem, err) < 0 || check_texts(folder, &full, err) < 0 ||
        cert_chain_parse(buf_str(&full), full.len, ret_chain, err) < 0) {
        return err_code(err);
    }
    return key_from_pem(buf_str(&pem), pem.len, ret_key, err) < 0
               ? err_wrap(err, "'%s/privkey.pem'", folder)
               : 0;
}

int store_version_verify(const char *folder, const struct strv *domains, struct err *err)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    AUTO_PTR(key) struct key *key = NULL;

    if (load_version(folder, &chain, &key, err) < 0) {
        return err_code(err);
    }
    return cert_chain_verify(chain, key, domains, clock_wall_s(), err);
}

int store_version_check(const char *folder, struct err *err)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    AUTO_PTR(key) struct key *key = NULL;

    if (load_version(folder, &chain, &key, err) < 0) {
        return err_code(err);
    }
    return cert_chain_is_for(chain, key)
               ? 0
               : err_set(err, ERR_FAILED, "'%s/privkey.pem' is not the key of the certificate",
                         folder);
}

int store_version_remove(const char *folder, struct err *err)
{
    AUTO(strv_done) struct strv files = STRV_INIT;

    if (fs_list(folder, &files, err) < 0) {
        if (err->class != ERR_NOT_FOUND) {
            return err_code(err);
        }
        err_clear(err);
        return 0;
    }
    for (size_t i = 0; i < files.n; i++) {
        AUTO_FREE char *path = fs_join(folder, files.items[i]);

        if (unlink(path) < 0 && errno != ENOENT) {
            return err_set_errno(err, "cannot remove '%s'", path);
        }
    }
    return rmdir(folder) < 0 ? err_set_errno(err, "cannot remove the folder '%s'", folder) : 0;
}
