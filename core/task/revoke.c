/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * find -> confirm -> (another one in its place) -> the certificate's lock -> the CA -> out of use.
 * The CA comes first: files that went away while the certificate is still good would be the worse
 * half. Cut short, it is said again: what is revoked already is what was wanted.
 */
#include "task/revoke_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_account.h"
#include "task/ca_choice.h"
#include "task/deploy.h"
#include "task/locked.h"

#define DER_MAX 65536

struct revocation {
    struct task_env *env;
    const struct revoke_request *request;
    struct revoke_target target;
    enum acme_reason reason;
    struct locked locked;
    struct http *http;
    struct acme_client *client;
    struct acme_call *start, *call;
    bool is_by_certificate_key;
};

/* "example.com" or the file. */
static const char *subject_of(const struct revocation *r)
{
    if (r->target.cert != NULL) {
        return r->target.cert->name;
    }
    return r->request->name != NULL   ? r->request->name
           : r->request->file != NULL ? r->request->file
                                      : "revoke";
}

/* ---- Asking first ---- */

/* What stops working, to mem_free. */
static char *describe_loss(const struct revocation *r)
{
    if (r->target.cert == NULL) {
        return str_dup("Its files are not kept here.");
    }
    AUTO_FREE char *path = store_cert_path(r->target.store, r->target.cert->name, NULL);

    if (r->target.shelf == STORE_ARCHIVED) {
        return str_fmt("It was replaced: the files in %s stay as they are.", path);
    }
    if (r->target.shelf == STORE_REVOKED) {
        return str_fmt("It was revoked before: its files are in %s/revoked.", path);
    }
    if (r->request->is_reissuing) {
        return str_fmt("Another one with a new key takes its place in %s first.", path);
    }
    AUTO_FREE char *copies = deploy_describe_copies(r->env, r->target.store, r->target.cert->name);
    return str_fmt("The files in %s (fullchain.pem, privkey.pem, cert.pem, chain.pem) go to "
                   "revoked/: servers that use them will fail.%s%s",
                   path,
                   copies == NULL ? ""
                                  : " Copies stay, and servers that use those go on with what is "
                                    "revoked: ",
                   copies == NULL ? "" : copies);
}

static int confirm(const struct revocation *r, struct err *err)
{
    const struct task_env *env = r->env;
    const struct cert_facts *leaf = cert_chain_leaf(r->target.chain);
    AUTO_FREE char *names = strv_join(&leaf->names, ", ");
    AUTO_FREE char *loss = describe_loss(r);
    AUTO_FREE char *what =
        str_fmt("the certificate for %s (serial %s, %s), reason %s", names, leaf->serial_hex,
                r->target.ca->title, revoke_reason_name(r->reason));

    if (r->request->is_confirmed) {
        event_log(EVENT_NOTICE, subject_of(r), "revoking %s. %s", what, loss);
        return 0;
    }
    if (!env->is_interactive) {
        (void)err_set(err, ERR_HUMAN, "this would revoke %s\n%s", what, loss);
        return err_hint(err, "say --yes if that is meant; it cannot be undone");
    }
    AUTO_FREE char *question = str_fmt("%s\nRevoke %s? It cannot be undone.", loss, what);
    return env->ask.yes(env->ask.arg, question) ? 0
                                                : err_set(err, ERR_HUMAN, "nothing was revoked");
}

/* ---- The CA ---- */

/* There is a version that has to go to revoked/. */
static bool is_to_be_retired(const struct revocation *r)
{
    return r->target.cert != NULL && r->target.shelf != STORE_REVOKED;
}

static int prepare_retiring(const struct revocation *r, struct err *err)
{
    const struct revoke_target *target = &r->target;

    return !is_to_be_retired(r) ||
                   store_cert_prepare_retiring(
                       target->store, target->cert->name, target->cert->version,
                       target->shelf == STORE_ARCHIVED, revoke_reason_name(r->reason), err) == 0
               ? 0
               : err_wrap(err, "nothing was revoked, since it could not be taken out of use here");
}

static void forget_retiring(const struct revocation *r)
{
    const struct revoke_target *target = &r->target;

    if (is_to_be_retired(r)) {
        store_cert_forget_retiring(target->store, target->cert->name, target->cert->version,
                                   target->shelf == STORE_ARCHIVED);
    }
}

static int put_aside(const struct revocation *r, struct err *err)
{
    const struct revoke_target *target = &r->target;
    const char *reason = revoke_reason_name(r->reason);

    if (!is_to_be_retired(r) ||
        (target->shelf == STORE_ARCHIVED
             ? store_cert_retire_archived(target->store, target->cert->name, target->cert->version,
                                          reason, err)
             : store_cert_retire(target->store, target->cert->name, reason, err)) == 0) {
        return 0;
    }
    return err_hint(err, "the CA has revoked it, and it is still in use here: once that is mended, "
                         "say the same again");
}

/* An account that was made anew, since accounts/ was not restored with certs/, did not order it. */
static void explain_refusal(const struct revocation *r, const struct acme_reply *reply,
                            struct err *err)
{
    if (reply->problem == NULL || !acme_problem_is(reply->problem, "unauthorized") ||
        r->is_by_certificate_key) {
        return;
    }
    (void)err_hint(err,
                   "only the account that ordered it may revoke it: restore that of then in %s%s",
                   store_folder(r->target.store, STORE_ACCOUNTS),
                   r->target.key == NULL ? ""
                                         : ", or say --reason keyCompromise, which the "
                                           "certificate's own key signs");
}

static void finish_revocation(void *arg, const struct acme_reply *reply)
{
    struct revocation *r = arg;
    struct err err = ERR_INIT;

    r->call = NULL;
    if (reply->err != NULL) {
        forget_retiring(r);
        err = *reply->err;
        explain_refusal(r, reply, &err);
        locked_finish(&r->locked, &err);
        return;
    }
    event_log(EVENT_NOTICE, subject_of(r), "revoked at %s", r->target.ca->title);
    locked_finish(&r->locked, put_aside(r, &err) < 0 ? &err : NULL);
}

static void finish_start(void *arg, const struct acme_directory *directory,
                         const struct acme_reply *reply)
{
    struct revocation *r = arg;

    (void)directory;
    (void)reply; /* the call that waits for the directory fails for the same reason */
    r->start = NULL;
}

static int ask_ca(struct revocation *r, struct err *err)
{
    AUTO(buf_done) struct buf der = BUF(DER_MAX);
    struct acme_revocation wanted = {.reason = r->reason,
                                     .is_by_certificate_key = r->is_by_certificate_key};

    if (cert_chain_add_der(r->target.chain, 0, &der, err) < 0) {
        return err_code(err);
    }
    wanted.der = der.bytes;
    wanted.der_len = der.len;
    r->start = acme_start(r->client, finish_start, r);
    r->call = acme_revoke(r->client, &wanted, finish_revocation, r);
    return 0;
}

static int refuse_without_account(const struct revocation *r, struct err *err)
{
    err->class = err->class == ERR_NOT_FOUND ? ERR_CONFIG : err->class;
    (void)err_wrap(err, "the CA wants the account that ordered the certificate");
    return r->target.key == NULL
               ? err_code(err)
               : err_hint(err, "with --reason keyCompromise the certificate's own key can sign");
}

/* A compromised key proves itself, and tells the CA to refuse it for ever. */
static int open_client(struct revocation *r, struct err *err)
{
    const struct settings *settings = r->env->settings;
    const struct http_settings http_settings = {
        .ca_file = ca_choice_bundle(settings, r->target.ca),
        .user_agent = "acme-dns/" ACME_VERSION,
        .connect_timeout_ms = settings->connect_timeout_ms,
    };
    AUTO_PTR(store_account) struct store_account *account = NULL;
    AUTO_PTR(key) struct key *account_key = NULL;

    r->is_by_certificate_key = r->reason == ACME_REASON_KEY_COMPROMISE && r->target.key != NULL;
    if (!r->is_by_certificate_key &&
        store_account_load(r->target.store, r->target.ca->directory, r->target.account_id, &account,
                           &account_key, err) < 0) {
        return refuse_without_account(r, err);
    }
    if (http_new(r->env->loop, &http_settings, &r->http, err) < 0 ||
        acme_new(r->env->loop, r->http, r->target.ca,
                 r->is_by_certificate_key ? r->target.key : account_key, &r->client, err) < 0) {
        return err_code(err);
    }
    acme_set_request_timeout(r->client, settings->request_timeout_ms);
    if (account == NULL) {
        return 0;
    }
    return account->url != NULL ? acme_set_account_url(r->client, account->url, err)
                                : err_set(err, ERR_CONFIG, "the account was never registered");
}

/* Who had the lock may have put another one in its place, which would be taken out of use for it.
 */
static int check_still_installed(const struct revocation *r, struct err *err)
{
    AUTO_PTR(store_cert) struct store_cert *now = NULL;
    const char *name = r->target.cert->name;
    struct err ignored = ERR_INIT;

    if (r->target.shelf != STORE_IN_FORCE) {
        return 0;
    }
    if (store_cert_load(r->target.store, name, &now, &ignored) == 0 &&
        str_eq(now->version, r->target.cert->version)) {
        return 0;
    }
    (void)err_set(
        err, ERR_FAILED,
        "another run took the certificate '%s' out of force meanwhile; nothing was revoked", name);
    return err_hint(err, "'acme-dns list' shows what is there; say --cert FILE for the old one, in "
                         "its folder archived/");
}

int revoke_forget_orders(const struct revoke_target *target, struct err *err)
{
    uint8_t id[KEY_ID_LEN];

    cert_chain_key_id(target->chain, id);
    return store_pending_key_drop_id(target->store, target->cert->name, id, err);
}

static int begin(void *arg, struct err *err)
{
    struct revocation *r = arg;
    bool is_here = r->target.cert != NULL;

    if ((is_here &&
         (check_still_installed(r, err) < 0 || revoke_forget_orders(&r->target, err) < 0)) ||
        open_client(r, err) < 0 || prepare_retiring(r, err) < 0 || ask_ca(r, err) < 0) {
        return err_code(err);
    }
    return LOCKED_GOES_ON;
}

/* ---- The task ---- */

static int run_locked(struct revocation *r, struct err *err)
{
    r->locked = (struct locked){.env = r->env,
                                .command = "revoke",
                                .store = r->target.store,
                                .name = r->target.cert != NULL ? r->target.cert->name : NULL,
                                .begin = begin,
                                .arg = r};
    return locked_run(&r->locked, err);
}

static void close_all(struct revocation *r)
{
    acme_call_cancel(&r->call);
    acme_call_cancel(&r->start);
    acme_free(r->client);
    http_free(r->http);
    locked_done(&r->locked);
    revoke_target_done(&r->target);
}

static int check_reissue(const struct revocation *r, struct err *err)
{
    if (!r->request->is_reissuing ||
        (r->target.cert != NULL && r->target.shelf == STORE_IN_FORCE)) {
        return 0;
    }
    (void)err_set(err, ERR_CONFIG,
                  "--reissue replaces a certificate that is in force here: this one is not");
    return err_hint(err, "leave --reissue out");
}

static int prepare(struct revocation *r, struct err *err)
{
    if (revoke_parse_reason(r->request->reason, &r->reason, err) < 0 ||
        revoke_find(r->env, r->request, &r->target, err) < 0 || check_reissue(r, err) < 0) {
        return err_code(err);
    }
    return confirm(r, err);
}

/* To mem_free. */
static char *describe_next(const struct revocation *r)
{
    if (r->target.cert == NULL || !store_cert_is_retired(r->target.store, r->target.cert->name)) {
        return NULL;
    }
    return str_fmt("it is not issued again before: acme-dns issue --name %s --force",
                   r->target.cert->name);
}

enum task_exit task_revoke(struct task_env *env, const struct revoke_request *request)
{
    AUTO(close_all) struct revocation r = {.env = env, .request = request};
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_DONE;
    int code = prepare(&r, &err);

    if (code == 0 && request->is_reissuing) {
        status = revoke_reissue(env, &r.target);
        if (status != EXIT_DONE) {
            return status;
        }
    }
    code = code == 0 ? run_locked(&r, &err) : code;
    status = code < 0 ? task_exit_for(err.class) : EXIT_DONE;
    AUTO_FREE char *next = code < 0 ? NULL : describe_next(&r);
    event_emit(code < 0 ? EVENT_ERROR : EVENT_NOTICE, EVENT_RESULT, subject_of(&r),
               FIELD_INT("exit", status), FIELD("class", err_class_name(err.class)),
               FIELD("text", code < 0 ? err.text : "revoked"), FIELD("next", next));
    return status;
}
