/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Installation. The order of steps is what makes it safe to be killed at any of them:
 *
 *     check      chain against key, names and clock; no foreign file in the way
 *     .new/      a version folder, written, fsynced, read back and verified
 *     VERSION/   .new renamed; complete, but nobody's yet
 *     links      cert.pem -> current/cert.pem ... (the first time; they lead nowhere yet)
 *     current    one rename: this is the moment
 *     archived/  the version before is moved away; nothing leads there any more
 *
 * Killed before `current` moved, the old certificate is whole and the next installation clears what
 * it finds. Killed after, the new one is whole and the next installation archives what stayed
 * behind.
 */
#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "keys/cert.h"
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct install {
    struct store_job job;
    struct store_cert *cert; /* becomes the metadata */
    char *chain_pem;
    size_t chain_len;
    struct key *key;
    mode_t privkey_mode;
    gid_t privkey_gid;
    store_install_done_fn *done;
    void *arg;
};

static char *path_of(const struct install *in, const char *file)
{
    return store_cert_path(in->job.store, in->cert->name, file);
}

/* 20261121-SERIAL, the date being notBefore's, so that the same certificate gets the same name
 * again; with "-2" and so on where a CA gives serials twice. */
static char *format_version(const struct cert_facts *facts, unsigned number)
{
    char date[CLOCK_TEXT_MAX];

    clock_format(facts->not_before_s, date);
    AUTO_FREE char *base =
        str_fmt("%.4s%.2s%.2s-%.40s", date, date + 5, date + 8, facts->serial_hex);
    return number == 1 ? TAKE(base) : str_fmt("%s-%u", base, number);
}

/* Whether the version in force is this certificate, and whole. */
static bool is_in_force(const struct install *in)
{
    AUTO_PTR(store_cert) struct store_cert *now = NULL;
    AUTO_FREE char *folder = NULL;
    struct err unused = ERR_INIT;

    if (store_cert_load(in->job.store, in->cert->name, &now, &unused) < 0 || now->warning != NULL ||
        !str_eq(now->sha256_hex, in->cert->sha256_hex)) {
        return false;
    }
    folder = path_of(in, now->version);
    return store_version_verify(folder, &in->cert->domains, &unused) == 0;
}

/* A version folder that is not in force is a leftover of an installation that was killed. */
static int choose_version(struct install *in, const struct cert_facts *facts, struct err *err)
{
    for (unsigned i = 1; i <= STORE_NAMESAKES_MAX; i++) {
        AUTO_FREE char *version = format_version(facts, i);

        if (!str_eq(version, in->cert->previous_version)) {
            AUTO_FREE char *folder = path_of(in, version);

            in->cert->version = TAKE(version);
            return store_version_remove(folder, err);
        }
    }
    return err_set(err, ERR_FAILED, "too many versions of one serial number");
}

static int stage(const struct install *in, const struct cert_chain *chain, struct err *err)
{
    AUTO_FREE char *temp = path_of(in, ".new");
    AUTO_FREE char *folder = path_of(in, in->cert->version);
    AUTO_FREE char *metadata = store_meta_format(in->cert);
    struct store_staged staged = {
        .chain = chain,
        .key = in->key,
        .domains = &in->cert->domains,
        .metadata = metadata,
        .privkey_mode = in->privkey_mode,
        .privkey_gid = in->privkey_gid,
    };

    crash_point("store-stage-before");
    if (store_version_remove(temp, err) < 0 || store_version_write(temp, &staged, err) < 0) {
        return err_code(err);
    }
    if (rename(temp, folder) < 0) {
        err_set_errno(err, "cannot rename '%s' to '%s'", temp, folder);
        (void)store_version_remove(temp, &(struct err)ERR_INIT);
        return err_code(err);
    }
    crash_point("store-stage-after");
    return 0;
}

static int make_live(const struct install *in, struct err *err)
{
    AUTO_FREE char *folder = path_of(in, NULL);
    AUTO_FREE char *current = path_of(in, "current");

    /* One fsync for the version's new name and the links: all of it is there before the switch. */
    if (store_make_links(in->job.store, in->cert->name, err) < 0 || fs_fsync_dir(folder, err) < 0) {
        return err_code(err);
    }
    crash_point("store-switch-before");
    if (fs_symlink_atomic(in->cert->version, current, err) < 0) {
        return err_code(err);
    }
    crash_point("store-switch-after");
    return 0;
}

/* The chain as the CA sent it; what is wrong with it is the CA's doing. */
static int parse_chain(const struct install *in, struct cert_chain **ret_chain, struct err *err)
{
    if (cert_chain_parse(in->chain_pem, in->chain_len, ret_chain, err) < 0) {
        err->class = ERR_CA;
        return err_wrap(err, "the CA's answer is not a certificate chain");
    }
    return cert_chain_verify(*ret_chain, in->key, &in->cert->domains, clock_wall_s(), err);
}

static int install_new(struct install *in, const struct cert_chain *chain, struct err *err)
{
    in->cert->previous_version = store_cert_current(in->job.store, in->cert->name);
    if (choose_version(in, cert_chain_leaf(chain), err) < 0 || stage(in, chain, err) < 0) {
        return err_code(err);
    }
    if (make_live(in, err) < 0) {
        AUTO_FREE char *folder = path_of(in, in->cert->version);
        AUTO_FREE char *now = store_cert_current(in->job.store, in->cert->name);
        struct err unused = ERR_INIT;

        /* The rename may have worked and only its fsync failed: what is in force stays. */
        if (!str_eq(now, in->cert->version)) {
            (void)store_version_remove(folder, &unused);
        }
        return err_code(err);
    }
    return 0;
}

static int install(struct install *in, struct err *err)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    struct err aside = ERR_INIT;

    /* What a group may write is no secret to fs_read_private(), which reads it back. */
    if (in->privkey_mode & ~(mode_t)0640) {
        return err_set(err, ERR_CONFIG, "a private key with mode %04o would be open to others",
                       (unsigned)in->privkey_mode);
    }
    if (store_name_check(in->cert->name, err) < 0 || parse_chain(in, &chain, err) < 0 ||
        store_cert_make_folder(in->job.store, in->cert->name, err) < 0 ||
        store_cert_check_layout(in->job.store, in->cert->name, err) < 0) {
        return err_code(err);
    }
    store_cert_set_facts(in->cert, cert_chain_leaf(chain));
    if (is_in_force(in)) {
        /* store_cert_load() says it all, the version before included. */
        struct store_cert *now = NULL;
        if (store_make_links(in->job.store, in->cert->name, err) < 0 ||
            store_cert_load(in->job.store, in->cert->name, &now, err) < 0) {
            return err_code(err);
        }
        store_cert_free(in->cert);
        in->cert = now;
    } else if (install_new(in, chain, err) < 0) {
        return err_code(err);
    }
    crash_point("store-archive-before");
    if (store_settle_versions(in->job.store, in->cert->name, in->cert->version, &aside) < 0) {
        /* The new one is in force: that the old one still lies beside it is not a failure. */
        str_set(&in->cert->warning, aside.text);
    }
    crash_point("store-archive-after");
    return 0;
}

static void drop(struct store_job *job)
{
    struct install *in = (struct install *)job;

    store_cert_free(in->cert);
    key_unref(in->key);
    mem_free(in->chain_pem);
    mem_free(in);
}

static void run(void *arg)
{
    struct install *in = arg;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err err = ERR_INIT;
    store_install_done_fn *done = in->done;
    void *done_arg = in->arg;

    in->job.turn = NULL;
    if (install(in, &err) == 0) {
        cert = TAKE(in->cert);
    } else {
        err_wrap(&err, "cannot install the certificate '%s'", in->cert->name);
    }
    drop(&in->job);
    done(done_arg, cert, cert == NULL ? &err : NULL);
}

struct store_job *store_cert_install(struct store *store, const struct store_install *wanted,
                                     store_install_done_fn *done, void *arg)
{
    struct install *in = NEW(struct install);
    struct store_cert *cert = NEW(struct store_cert);

    cert->name = str_dup(wanted->name);
    cert->ca_name = str_dup(wanted->ca_name);
    cert->directory_url = str_dup(wanted->directory_url);
    cert->account_id = str_dup(wanted->account_id);
    cert->profile = str_dup(wanted->profile);
    cert->default_provider = str_dup(wanted->default_provider);
    cert->order_url = str_dup(wanted->order_url);
    cert->certificate_url = str_dup(wanted->certificate_url);
    cert->key_type = key_get_type(wanted->key);
    cert->issued_s = clock_wall_s();
    strv_copy(&cert->domains, wanted->domains);
    if (wanted->providers != NULL) {
        strv_copy(&cert->providers, wanted->providers);
    }
    in->cert = cert;
    in->chain_pem = str_dup_len(wanted->chain_pem, wanted->chain_len);
    in->chain_len = wanted->chain_len;
    in->key = key_ref(wanted->key);
    in->privkey_mode = wanted->privkey_mode == 0 ? 0600 : wanted->privkey_mode;
    in->privkey_gid = wanted->privkey_gid;
    in->done = done;
    in->arg = arg;
    store_job_start(&in->job, store, run, drop);
    return &in->job;
}
