/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 *     shared lock -> load --registered--> client -> ready
 *       ^   ^          |
 *       |   |          '-- exclusive lock -> load again -> key made and saved -> client
 *       |   '--registered by now--'  |          -> directory -> terms, binding -> newAccount
 *       |                            |          -> saved -> shared lock, ready
 *       '--another has it: it is registering, or only looking--'
 *
 * Whoever registers has the lock to itself no longer than that takes; then all share it for as long
 * as their orders last. Waiting for it to be exclusive would thus wait for all of them: it is tried
 * for a moment at a time, and between two tries one looks whether the account is there.
 */
#include "task/account.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_lock.h"

#define EXCLUSIVE_TRY_MS 300

struct account {
    struct task_env *env;
    struct store *store;
    struct http *http;
    const struct ca *ca;
    char *id;
    struct strv contacts; /* addresses */
    bool has_agreed_tos;
    struct eab_flags eab_flags;
    struct account_callbacks callbacks;
    void *arg;

    struct store_job *job;
    struct store_lock *lock;
    int64_t lock_deadline_ms;
    bool is_exclusive;
    bool is_mending; /* the CA has forgotten the stored account */
    struct key_job *key_job;
    struct key *key;
    struct store_account *stored;
    struct acme_client *client;
    struct acme_call *call;
    struct eab_source *eab_source;
    struct acme_eab *eab;
};

static void lock_account(struct account *account, bool is_exclusive);
static void finish_mending_lock(struct account *account);

static void fail(struct account *account, const struct err *err)
{
    struct err told = *err;

    store_lock_release(TAKE(account->lock));
    account->callbacks.ready(account->arg, &told);
}

/* ---- Registration ---- */

/* The account may be used by others from now on. */
static void finish_relock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct account *account = arg;

    account->job = NULL;
    account->lock = lock;
    if (err != NULL) {
        event_log(EVENT_DEBUG, account->id, "%s", err->text);
    }
}

static void share_lock(struct account *account)
{
    AUTO_FREE char *name = store_account_lock_name(account->ca->directory, account->id);

    store_lock_release(TAKE(account->lock));
    account->job =
        store_lock_start(account->store, STORE_LOCK_ACCOUNT, name, true, 0, finish_relock, account);
}

static void finish_save(void *arg, const struct err *err)
{
    struct account *account = arg;

    account->job = NULL;
    if (err != NULL) {
        fail(account, err);
        return;
    }
    share_lock(account);
    account->callbacks.ready(account->arg, NULL);
}

static void finish_new(void *arg, const char *account_url, bool is_created,
                       const struct acme_reply *reply)
{
    struct account *account = arg;
    const struct acme_directory *directory = NULL;
    struct store_account stored = {.id = account->id};
    AUTO(strv_done) struct strv contacts = STRV_INIT;

    account->call = NULL;
    if (reply->err != NULL) {
        fail(account, reply->err);
        return;
    }
    directory = acme_client_directory(account->client);
    if (account->is_mending) {
        event_log(EVENT_WARNING, account->ca->title,
                  "the CA does not know the account %s any more; a new one was made with the same "
                  "key: %s",
                  account->stored->url, account_url);
    } else {
        event_log(EVENT_NOTICE, account->ca->title,
                  is_created ? "account made: %s" : "account found: %s", account_url);
    }
    stored.directory_url = account->ca->directory;
    stored.url = (char *)(uintptr_t)account_url;
    for (size_t i = 0; i < account->contacts.n; i++) {
        strv_take(&contacts, str_fmt("mailto:%s", account->contacts.items[i]));
    }
    stored.contacts = contacts;
    stored.terms_url = directory->terms;
    stored.status = (char *)(uintptr_t) "valid";
    stored.eab_kid = account->eab == NULL ? NULL : account->eab->kid;
    stored.created_s = clock_wall_s();
    account->job = store_account_save(account->store, &stored, finish_save, account);
}

static bool ask_for_terms(struct account *account, const struct acme_directory *directory)
{
    AUTO_FREE char *question = NULL;

    if (directory->terms == NULL || account->has_agreed_tos || !account->env->is_interactive) {
        return account->has_agreed_tos;
    }
    question = str_fmt("%s has terms of service:\n  %s\nDo you agree to them?", account->ca->title,
                       directory->terms);
    return account->env->ask.yes(account->env->ask.arg, question);
}

static void ask_for_email(struct account *account)
{
    AUTO_FREE char *address = NULL;

    if (account->contacts.n > 0 || !account->ca->needs_email || !account->env->is_interactive) {
        return;
    }
    address =
        account->env->ask.line(account->env->ask.arg, "E-mail address for this account at the CA");
    if (address != NULL && *address != '\0') {
        strv_add(&account->contacts, address);
    }
}

static void finish_directory(void *arg, const struct acme_directory *directory,
                             const struct acme_reply *reply)
{
    struct account *account = arg;
    struct acme_account_request request;

    account->call = NULL;
    if (reply->err != NULL) {
        fail(account, reply->err);
        return;
    }
    ask_for_email(account);
    request = (struct acme_account_request){
        .contacts = &account->contacts,
        .has_agreed = ask_for_terms(account, directory),
        .eab = account->eab,
    };
    account->call = acme_account_new(account->client, &request, finish_new, account);
}

static void finish_eab(void *arg, struct acme_eab *eab, const struct err *err)
{
    struct account *account = arg;

    account->eab_source = NULL;
    if (err != NULL) {
        fail(account, err);
        return;
    }
    account->eab = eab;
    account->call = acme_start(account->client, finish_directory, account);
}

/* ---- The key and the client ---- */

static bool make_client(struct account *account)
{
    struct err err = ERR_INIT;
    struct account_parts parts;

    if (acme_new(account->env->loop, account->http, account->ca, account->key, &account->client,
                 &err) < 0) {
        fail(account, &err);
        return false;
    }
    acme_set_request_timeout(account->client, account->env->settings->request_timeout_ms);
    parts = (struct account_parts){.client = account->client, .key = account->key};
    account->callbacks.has_client(account->arg, &parts);
    return true;
}

static void start_registration(struct account *account)
{
    if (make_client(account)) {
        account->eab_source =
            eab_read_start(account->env, account->ca, &account->eab_flags, finish_eab, account);
    }
}

static void finish_key_save(void *arg, const struct err *err)
{
    struct account *account = arg;

    account->job = NULL;
    if (err != NULL) {
        fail(account, err);
        return;
    }
    start_registration(account);
}

static void finish_key(void *arg, struct key *key, const struct err *err)
{
    struct account *account = arg;

    account->key_job = NULL;
    if (err != NULL) {
        fail(account, err);
        return;
    }
    account->key = key;
    account->job = store_account_key_save(account->store, account->ca->directory, account->id, key,
                                          finish_key_save, account);
}

/* ---- Loading ---- */

/* Calls that were made meanwhile have waited for the directory; its failure is theirs to tell, and
 * need not be met again by those to come. */
static void note_directory(void *arg, const struct acme_directory *directory,
                           const struct acme_reply *reply)
{
    struct account *account = arg;

    (void)directory;
    account->call = NULL;
    if (reply->err != NULL && account->callbacks.lost != NULL) {
        account->callbacks.lost(account->arg, reply->err);
    }
}

/* The other one has had the lock to itself, or many share it. True: the next try has begun. */
static bool try_lock_again(struct account *account, const struct err *err)
{
    if (err->class != ERR_LOCKED || !account->is_exclusive ||
        loop_now_ms(account->env->loop) >= account->lock_deadline_ms) {
        return false;
    }
    lock_account(account, false);
    return true;
}

static void use_stored(struct account *account)
{
    struct err err = ERR_INIT;

    if (!make_client(account)) {
        return;
    }
    if (acme_set_account_url(account->client, account->stored->url, &err) < 0) {
        fail(account, &err);
        return;
    }
    account->call = acme_start(account->client, note_directory, account);
    account->callbacks.ready(account->arg, NULL);
}

/* With the other kind of lock it is loaded once more: it may be another by then. */
static void change_lock(struct account *account, bool is_exclusive)
{
    store_account_free(TAKE(account->stored));
    key_unref(TAKE(account->key));
    store_lock_release(TAKE(account->lock));
    lock_account(account, is_exclusive);
}

static void warn_of_loss(const struct account *account)
{
    AUTO_FREE char *loss =
        store_account_describe_loss(account->store, account->ca->directory, account->id);

    if (loss != NULL) {
        event_log(EVENT_WARNING, account->id,
                  "%s; another account is registered in its place, and what the CA granted to the "
                  "old one is lost unless the key is put back",
                  loss);
    }
}

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct account *account = arg;
    struct err failure = ERR_INIT;
    bool is_registered = false;
    int code = 0;

    account->job = NULL;
    if (err != NULL) {
        if (!try_lock_again(account, err)) {
            fail(account, err);
        }
        return;
    }
    account->lock = lock;
    if (account->is_mending) {
        finish_mending_lock(account);
        return;
    }
    code = store_account_load(account->store, account->ca->directory, account->id, &account->stored,
                              &account->key, &failure);
    if (code < 0 && code != -ERR_NOT_FOUND) {
        fail(account, &failure);
        return;
    }
    is_registered = code == 0 && account->stored->url != NULL;
    if (is_registered == account->is_exclusive) {
        change_lock(account, !account->is_exclusive);
        return;
    }
    if (code == 0 && account->stored->warning != NULL) {
        event_log(EVENT_WARNING, account->id, "%s", account->stored->warning);
    }
    if (is_registered) {
        use_stored(account);
    } else if (account->key != NULL) {
        start_registration(account);
    } else {
        warn_of_loss(account);
        account->key_job = key_generate(account->env->loop, KEY_EC256, finish_key, account);
    }
}

/* ---- An account that the CA has forgotten ---- */

/* Another run may have been first: then what it made is used. */
static bool has_another_mended(struct account *account, char **ret_url)
{
    AUTO_PTR(store_account) struct store_account *now = NULL;
    struct err ignored = ERR_INIT;

    if (store_account_load(account->store, account->ca->directory, account->id, &now, NULL,
                           &ignored) < 0 ||
        now->url == NULL || str_eq(now->url, account->stored->url)) {
        return false;
    }
    *ret_url = TAKE(now->url);
    return true;
}

static void finish_mending_lock(struct account *account)
{
    struct acme_account_request request = {.contacts = &account->contacts, .has_agreed = true};
    AUTO_FREE char *url = NULL;
    struct err err = ERR_INIT;

    if (has_another_mended(account, &url)) {
        if (acme_set_account_url(account->client, url, &err) < 0) {
            fail(account, &err);
            return;
        }
        if (account->is_exclusive) {
            share_lock(account);
        }
        account->callbacks.ready(account->arg, NULL);
        return;
    }
    if (!account->is_exclusive) {
        store_lock_release(TAKE(account->lock));
        lock_account(account, true);
        return;
    }
    account->call = acme_account_new(account->client, &request, finish_new, account);
}

/* Terms that have changed since are not agreed to by a bygone yes. */
static bool has_agreed(const struct account *account)
{
    const struct acme_directory *directory = acme_client_directory(account->client);

    return account->has_agreed_tos || directory->terms == NULL ||
           str_eq(directory->terms, account->stored->terms_url);
}

static void name_account(const struct account *account, struct err *err)
{
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT;

    (void)store_account_key_path(account->store, account->ca->directory, account->id, &path,
                                 &ignored);
    (void)err_hint(err, "the account is %s, its key in %s", acme_account_url(account->client),
                   path == NULL ? "the state folder" : path);
}

int account_refused(void *arg, const struct acme_problem *problem, struct err *err)
{
    struct account *account = arg;

    if (!acme_problem_is(problem, "accountDoesNotExist")) {
        if (acme_problem_is(problem, "unauthorized") || acme_problem_is(problem, "malformed")) {
            name_account(account, err);
        }
        return -(int)err->class;
    }
    if (account->is_mending || account->stored == NULL || account->stored->url == NULL) {
        name_account(account, err);
        return -(int)err->class;
    }
    if (!has_agreed(account) || account->ca->needs_eab ||
        acme_client_directory(account->client)->is_eab_required) {
        name_account(account, err);
        err->class = ERR_HUMAN;
        return err_hint(err,
                        has_agreed(account)
                            ? "A new one needs a fresh external account binding: move the key "
                              "away, then run again with --eab-kid and --eab-hmac-key-file."
                            : "A new one needs your agreement to the CA's terms of service: run "
                              "again with --agree-tos.");
    }
    account->is_mending = true;
    store_lock_release(TAKE(account->lock));
    store_job_cancel(&account->job);
    account->lock_deadline_ms =
        loop_now_ms(account->env->loop) + account->env->settings->lock_timeout_ms;
    lock_account(account, true);
    return 0;
}

/* ---- Locking ---- */

static void lock_account(struct account *account, bool is_exclusive)
{
    AUTO_FREE char *name = store_account_lock_name(account->ca->directory, account->id);
    int64_t left_ms = account->lock_deadline_ms - loop_now_ms(account->env->loop);

    left_ms = left_ms < 0 ? 0 : left_ms;
    account->is_exclusive = is_exclusive;
    account->job =
        store_lock_start(account->store, STORE_LOCK_ACCOUNT, name, !is_exclusive,
                         is_exclusive && left_ms > EXCLUSIVE_TRY_MS ? EXCLUSIVE_TRY_MS : left_ms,
                         finish_lock, account);
}

/* ---- Life ---- */

struct account *account_open(struct task_env *env, struct store *store, struct http *http,
                             const struct account_request *request,
                             const struct account_callbacks *callbacks, void *arg)
{
    struct account *account = NEW(struct account);

    account->env = env;
    account->store = store;
    account->http = http;
    account->ca = request->ca;
    account->id =
        str_dup(request->ca->account != NULL ? request->ca->account : STORE_ACCOUNT_DEFAULT);
    if (request->email != NULL) {
        strv_add_split(&account->contacts, request->email, ",");
    }
    account->has_agreed_tos = request->has_agreed_tos;
    account->eab_flags = request->eab;
    account->callbacks = *callbacks;
    account->arg = arg;
    account->lock_deadline_ms = loop_now_ms(env->loop) + env->settings->lock_timeout_ms;
    lock_account(account, false);
    return account;
}

void account_close(struct account *account)
{
    if (account == NULL) {
        return;
    }
    store_job_cancel(&account->job);
    key_job_cancel(&account->key_job);
    acme_call_cancel(&account->call);
    eab_read_cancel(&account->eab_source);
    acme_eab_free(account->eab);
    acme_free(account->client);
    key_unref(account->key);
    store_account_free(account->stored);
    store_lock_release(account->lock);
    strv_done(&account->contacts);
    mem_free(account->id);
    mem_free(account);
}

const char *account_id(const struct account *account)
{
    return account->id;
}
