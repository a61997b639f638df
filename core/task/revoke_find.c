/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which certificate is meant: by the name it has here, else by a name it is for, or by its file. */
#include "task/revoke_impl.h"

#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_account.h"
#include "task/ca_choice.h"

#include <string.h>

static const struct {
    enum acme_reason reason;
    const char *name;
} REASONS[] = {
    {ACME_REASON_UNSPECIFIED, "unspecified"},
    {ACME_REASON_KEY_COMPROMISE, "keyCompromise"},
    {ACME_REASON_SUPERSEDED, "superseded"},
    {ACME_REASON_CESSATION, "cessationOfOperation"},
};

int revoke_parse_reason(const char *text, enum acme_reason *ret_reason, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
        AUTO_FREE char *number = str_fmt("%d", (int)REASONS[i].reason);

        if (text == NULL || str_eq(text, number) || str_eq_nocase(text, REASONS[i].name)) {
            *ret_reason = REASONS[i].reason; /* the first is what silence means */
            return 0;
        }
    }
    (void)err_set(err, ERR_CONFIG, "'%s' is not a reason that a subscriber can give", text);
    return err_hint(err, "one of: 0 unspecified, 1 keyCompromise, 4 superseded, "
                         "5 cessationOfOperation");
}

const char *revoke_reason_name(enum acme_reason reason)
{
    for (size_t i = 0; i < ARRAY_LEN(REASONS); i++) {
        if (REASONS[i].reason == reason) {
            return REASONS[i].name;
        }
    }
    return "";
}

void revoke_target_done(struct revoke_target *target)
{
    store_cert_free(target->cert);
    cert_chain_free(target->chain);
    key_unref(target->key);
    ca_free(target->ca);
    mem_free(target->account_id);
    store_free(target->store);
}

static int read_chain(const char *path, struct cert_chain **ret_chain, struct err *err)
{
    AUTO(buf_done) struct buf pem = BUF(CERT_CHAIN_BYTES_MAX);

    if (fs_read(path, &pem, err) < 0 ||
        cert_chain_parse(buf_str(&pem), pem.len, ret_chain, err) < 0) {
        err->class = ERR_CONFIG;
        return err_wrap(err, "cannot read the certificate '%s'", path);
    }
    return 0;
}

/* ---- Looking through what is installed ---- */

/* By the name it has here, by what is in it, and the same among those that are out of force. */
enum look { LOOK_NAME, LOOK_CONTENT, LOOK_ARCHIVED, LOOK_REVOKED };

struct search {
    struct task_env *env;
    const struct revoke_request *request;
    const char *sha256_hex; /* of the file, or NULL */
    struct strv hits;       /* "NAME", or "NAME (staging)" */
    struct store_cert *cert;
    bool is_staging; /* where cert is */
    enum store_shelf shelf;
};

static bool has_name(const struct strv *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++) {
        if (str_eq_nocase(names->items[i], name)) {
            return true;
        }
    }
    return false;
}

/* CAs add names that nobody ordered, and common names. */
static bool says_name(const struct store *store, const struct store_cert *cert,
                      enum store_shelf shelf, const struct search *search)
{
    AUTO_FREE char *path = store_cert_shelf_path(store, cert, shelf, "cert.pem");
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    struct err ignored = ERR_INIT;

    if (read_chain(path, &chain, &ignored) < 0) {
        return false;
    }
    AUTO_FREE char *subject = cert_chain_subject(chain, 0);
    return has_name(&cert_chain_leaf(chain)->names, search->request->name) ||
           str_eq_nocase(subject, search->request->name);
}

static bool fits(const struct search *search, const struct store *store,
                 const struct store_cert *cert, enum store_shelf shelf)
{
    if (search->sha256_hex != NULL) {
        return str_eq(search->sha256_hex, cert->sha256_hex);
    }
    return has_name(&cert->domains, search->request->name) || says_name(store, cert, shelf, search);
}

static void take_hit(struct search *search, struct store_cert *take_cert, bool is_staging,
                     enum store_shelf shelf)
{
    strv_take(&search->hits, str_fmt("%s%s", take_cert->name, is_staging ? " (staging)" : ""));
    store_cert_free(search->cert);
    search->cert = take_cert;
    search->is_staging = is_staging;
    search->shelf = shelf;
}

static void look_at(struct search *search, struct store *store, const char *name, bool is_by_name)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT; /* a damaged one cannot be told to the CA */

    if (store_cert_load(store, name, &cert, &ignored) == 0 &&
        (is_by_name || fits(search, store, cert, STORE_IN_FORCE))) {
        take_hit(search, TAKE(cert), store_is_staging(store), STORE_IN_FORCE);
    }
}

/* Whoever names a file may mean one that was replaced or revoked since. */
static void look_at_shelf(struct search *search, struct store *store, const char *name,
                          enum store_shelf shelf)
{
    struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT;

    if (search->hits.n == 0 &&
        store_cert_find_shelved(store, name, shelf, search->sha256_hex, &cert, &ignored) == 0) {
        take_hit(search, cert, store_is_staging(store), shelf);
    }
}

/* Whoever gives a name once more means the last one that had it, if none has taken its place. */
static void look_at_retired(struct search *search, struct store *store, const char *name)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT;

    if (store_cert_is_retired(store, name) &&
        store_cert_find_shelved(store, name, STORE_REVOKED, NULL, &cert, &ignored) == 0 &&
        (str_eq(name, search->request->name) || fits(search, store, cert, STORE_REVOKED))) {
        take_hit(search, TAKE(cert), store_is_staging(store), STORE_REVOKED);
    }
}

static void look_out_of_force(struct search *search, struct store *store, const char *name,
                              enum look look)
{
    if (search->sha256_hex == NULL) {
        look_at_retired(search, store, name);
    } else {
        look_at_shelf(search, store, name, look == LOOK_ARCHIVED ? STORE_ARCHIVED : STORE_REVOKED);
    }
}

/* The name that a certificate has here is nobody else's; only without one are all looked at. */
static int look_through(struct search *search, bool is_staging, enum look look, struct err *err)
{
    AUTO_PTR(store) struct store *store = NULL;
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (store_open(search->env->loop, search->env->settings->state_dir, is_staging, &store, err) <
            0 ||
        store_cert_list(store, &names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names.n; i++) {
        if (look == LOOK_ARCHIVED || look == LOOK_REVOKED) {
            look_out_of_force(search, store, names.items[i], look);
        } else if (look == LOOK_CONTENT || str_eq(names.items[i], search->request->name)) {
            look_at(search, store, names.items[i], look == LOOK_NAME);
        }
    }
    return 0;
}

static int look_everywhere(struct search *search, enum look look, struct err *err)
{
    if (!search->request->is_staging && look_through(search, false, look, err) < 0) {
        return err_code(err);
    }
    return store_has_staging(search->env->settings->state_dir)
               ? look_through(search, true, look, err)
               : 0;
}

static int refuse_hits(const struct search *search, struct err *err)
{
    AUTO_FREE char *hits = strv_join(&search->hits, ", ");

    if (search->hits.n == 0) {
        (void)err_set(err, ERR_CONFIG, "no certificate here is called or is for '%s'",
                      search->request->name);
        return err_hint(err,
                        "'acme-dns list' shows those that there are; --cert FILE takes another");
    }
    (void)err_set(err, ERR_CONFIG, "several certificates are for '%s': %s", search->request->name,
                  hits);
    return err_hint(err, "say which: --name NAME, with --staging for one of a staging service");
}

static int search_name(struct search *search, struct err *err)
{
    if (look_everywhere(search, LOOK_NAME, err) < 0 ||
        (search->hits.n == 0 && look_everywhere(search, LOOK_CONTENT, err) < 0) ||
        (search->hits.n == 0 && look_everywhere(search, LOOK_REVOKED, err) < 0)) {
        return err_code(err);
    }
    return search->hits.n == 1 ? 0 : refuse_hits(search, err);
}

/* ---- The certificate itself ---- */

/* Its own key, if it is here and fits. */
static struct key *read_key(const struct revoke_target *target)
{
    AUTO_FREE char *path =
        store_cert_shelf_path(target->store, target->cert, target->shelf, "privkey.pem");
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    AUTO_PTR(key) struct key *key = NULL;
    struct err ignored = ERR_INIT;

    if (fs_read_private(path, true, &pem, &ignored) < 0 ||
        key_from_pem(buf_str(&pem), pem.len, &key, &ignored) < 0) {
        return NULL;
    }
    return cert_chain_is_for(target->chain, key) ? TAKE(key) : NULL;
}

/* The CA that issued it, as its metadata have it; a name that means another directory by now is not
 * it. */
static int find_ca(const struct task_env *env, const struct store_cert *cert, struct ca **ret_ca,
                   struct err *err)
{
    AUTO_PTR(ca) struct ca *ca = NULL;
    struct err ignored = ERR_INIT;

    if (cert->directory_url == NULL) {
        (void)err_set(err, ERR_CONFIG,
                      "the metadata of '%s' are lost: which CA issued it is not known", cert->name);
        return err_hint(err, "name its file and CA: --cert FILE --ca NAME");
    }
    if (cert->ca_name != NULL && ca_choice_make(env->config, cert->ca_name, &ca, &ignored) == 0 &&
        str_eq(ca->directory, cert->directory_url)) {
        *ret_ca = TAKE(ca);
        return 0;
    }
    return ca_choice_make(env->config, cert->directory_url, ret_ca, err);
}

static int complete_installed(struct task_env *env, struct search *search,
                              struct revoke_target *target, struct err *err)
{
    target->cert = TAKE(search->cert);
    target->shelf = search->shelf;
    if (store_open(env->loop, env->settings->state_dir, search->is_staging, &target->store, err) <
        0) {
        return err_code(err);
    }
    AUTO_FREE char *path =
        store_cert_shelf_path(target->store, target->cert, target->shelf, "cert.pem");
    if (read_chain(path, &target->chain, err) < 0 ||
        find_ca(env, target->cert, &target->ca, err) < 0) {
        return err_code(err);
    }
    target->key = read_key(target);
    target->account_id = str_dup(target->cert->account_id != NULL ? target->cert->account_id
                                                                  : STORE_ACCOUNT_DEFAULT);
    return 0;
}

static int complete_foreign(struct task_env *env, const struct revoke_request *request,
                            struct revoke_target *target, struct err *err)
{
    const char *spec = request->ca != NULL ? request->ca : env->settings->ca;

    if (ca_choice_make(env->config, spec, &target->ca, err) < 0) {
        return err_code(err);
    }
    target->account_id =
        str_dup(target->ca->account != NULL ? target->ca->account : STORE_ACCOUNT_DEFAULT);
    return store_open(env->loop, env->settings->state_dir,
                      target->ca->is_staging || request->is_staging, &target->store, err);
}

static int find_file(struct search *search, struct revoke_target *target, struct err *err)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;

    if (read_chain(search->request->file, &chain, err) < 0) {
        return err_code(err);
    }
    search->sha256_hex = cert_chain_leaf(chain)->sha256_hex;
    if (look_everywhere(search, LOOK_CONTENT, err) < 0 ||
        (search->hits.n == 0 && look_everywhere(search, LOOK_ARCHIVED, err) < 0) ||
        (search->hits.n == 0 && look_everywhere(search, LOOK_REVOKED, err) < 0)) {
        return err_code(err);
    }
    search->sha256_hex = NULL; /* the chain ends here */
    if (search->hits.n > 0) {
        return complete_installed(search->env, search, target, err);
    }
    target->chain = TAKE(chain);
    return complete_foreign(search->env, search->request, target, err);
}

int revoke_find(struct task_env *env, const struct revoke_request *request,
                struct revoke_target *ret_target, struct err *err)
{
    struct search search = {.env = env, .request = request};
    int code = 0;

    if ((request->name == NULL) == (request->file == NULL)) {
        return err_set(err, ERR_CONFIG, "say which certificate: --name NAME or --cert FILE");
    }
    if (request->file != NULL) {
        code = find_file(&search, ret_target, err);
    } else if ((code = search_name(&search, err)) == 0) {
        code = complete_installed(env, &search, ret_target, err);
    }
    strv_done(&search.hits);
    store_cert_free(search.cert);
    return code;
}
