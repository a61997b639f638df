/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme-dns-server.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define FULL_RETRY_S 15

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Which run of acme-dns this is: its process started all workers. */
static int64_t this_run(void)
{
    return getppid();
}

/* ---- Finding the account ---- */

static int32_t read_member(struct acme_call *call, const struct plugin *p,
                           const struct kit_json *member, struct account *ret_account)
{
    const char *problem = NULL;

    if (!account_read(member, ret_account, &problem)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s: account of '%s': %s", p->accounts,
                         kit_json_key(member), problem);
    }
    if (!account_is_at(ret_account, p->api.url)) {
        int32_t status =
            acme_fail(call, ACME_BAD_CONFIG, 0,
                      "%s: the account of '%s' is one of %s, and its password is not shown to "
                      "%s: change api-url, or take the account out",
                      p->accounts, kit_json_key(member), ret_account->server_url, p->api.url);

        account_wipe(ret_account);
        return status;
    }
    return ACME_OK;
}

/* The account whose name fqdn is, or NULL. */
static const struct kit_json *find_by_target(const struct kit_json *known, const char *fqdn)
{
    KIT_JSON_EACH(member, known, NULL)
    {
        const char *fulldomain = kit_json_str(member, "fulldomain");

        if (fulldomain != NULL && kit_name_equals(fulldomain, fqdn)) {
            return member;
        }
    }
    return NULL;
}

/* ---- Registering ---- */

static int32_t register_new(struct acme_call *call, struct plugin *p, const struct kit_json *known,
                            const char *key, struct account *ret_account)
{
    struct account account;
    int file = -1;
    int32_t status = storage_prepare(call, &p->storage, &file);

    if (status != ACME_OK) {
        return status;
    }
    status = api_register(call, &p->api, &account);
    if (status != ACME_OK) {
        (void)close(file);
        return status;
    }
    status = storage_save(call, &p->storage, file, known, key, &account);
    if (status == ACME_OK) {
        acme_log(call, ACME_LOG_NOTICE, "%s is registered at %s; its account is in %s", key,
                 p->api.url, p->accounts);
        *ret_account = account;
    }
    account_wipe(&account);
    return status;
}

/* The account filed under key; where there is none, a new one. One process at a time does that. */
static int32_t get_account(struct acme_call *call, struct plugin *p, const char *key,
                           struct account *ret_account)
{
    struct kit_json *known = NULL;
    const struct kit_json *member = NULL;
    int lock = -1;
    int32_t status = storage_lock(call, &p->storage, "lock", &lock);

    if (status != ACME_OK) {
        return status;
    }
    status = storage_load(call, &p->storage, &known);
    member = kit_json_member(known, key);
    if (status == ACME_OK) {
        status = member != NULL ? read_member(call, p, member, ret_account)
                                : register_new(call, p, known, key, ret_account);
    }
    kit_json_free(known);
    (void)close(lock);
    return status;
}

/* ---- The window ---- */

/* The file of an account's window, locked. */
struct window_file {
    struct window window;
    int file;
};

static int32_t window_open(struct acme_call *call, const struct plugin *p,
                           const struct account *account, struct window_file *ret_file)
{
    int32_t status = ACME_OK;
    KIT_TEXT(name);
    KIT_TEXT(text);

    kit_text_addf(&name, "%s.window", account->subdomain);
    status = storage_lock(call, &p->storage, kit_text_str(&name), &ret_file->file);
    if (status == ACME_OK) {
        (void)storage_read_file(ret_file->file, &text);
        window_parse(kit_text_str(&text), text.len, &ret_file->window);
    }
    return status;
}

static int32_t window_save(struct acme_call *call, const struct plugin *p, struct window_file *f)
{
    KIT_TEXT(text);

    window_format(&f->window, &text);
    if (!storage_write_file(f->file, &text)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "cannot write to the folder %s",
                         p->storage.path);
    }
    return ACME_OK;
}

/* Sends one value. What may have happened is written down before it can happen. */
static int32_t send_value(struct acme_call *call, struct plugin *p, struct window_file *f,
                          const struct account *account, const struct slot *slot)
{
    int32_t status = ACME_OK;

    window_push(&f->window, slot->value, slot->owner, slot->run, now_ms());
    status = window_save(call, p, f);
    if (status == ACME_OK) {
        status = api_update(call, &p->api, account, slot->value);
    }
    if (status == ACME_OK) {
        window_mark_sure(&f->window, now_ms());
        status = window_save(call, p, f);
    }
    return status;
}

static int32_t refuse_full(struct acme_call *call, const struct plugin *p,
                           const struct account *account, bool is_forever)
{
    if (is_forever) {
        return acme_fail(call, ACME_REJECTED, 0,
                         "%s can hold two values, and this order needs more there: let fewer "
                         "names have a CNAME to it, each name can have an account of its own",
                         account->fulldomain);
    }
    return acme_fail(call, ACME_RETRY, FULL_RETRY_S,
                     "%s holds two values, one of them for another run, which would lose it: wait "
                     "for that run to end; if there is none, remove %s/%s.window",
                     account->fulldomain, p->storage.path, account->subdomain);
}

/* Sends the one value that is to stay, so that its row is the newest. */
static int32_t refresh(struct acme_call *call, struct plugin *p, struct window_file *f,
                       const struct account *account, const struct window_plan *plan)
{
    struct slot kept = {.run = 0};

    for (size_t i = 0; i < f->window.n; i++) {
        if (strcmp(f->window.slots[i].value, plan->keep) == 0) {
            kept = f->window.slots[i];
        }
    }
    if (call->host->sleep_ms(call, (uint32_t)plan->wait_ms) != ACME_OK) {
        return acme_fail(call, ACME_CANCELLED, 0, "the call is over");
    }
    return send_value(call, p, f, account, &kept);
}

static int32_t put_value(struct acme_call *call, struct plugin *p, struct window_file *f,
                         const struct account *account, const struct slot *wanted)
{
    struct window_plan plan = window_plan(&f->window, wanted->value, wanted->run, now_ms());
    int32_t status = ACME_OK;

    switch (plan.step) {
    case WINDOW_HAS:
        window_hold(&f->window, wanted->value, wanted->owner, wanted->run);
        return window_save(call, p, f);
    case WINDOW_FULL:
    case WINDOW_FULL_FOREVER:
        return refuse_full(call, p, account, plan.step == WINDOW_FULL_FOREVER);
    case WINDOW_REFRESH:
        status = refresh(call, p, f, account, &plan);
        break;
    case WINDOW_SEND:
        break;
    }
    return status == ACME_OK ? send_value(call, p, f, account, wanted) : status;
}

/* ---- The CNAME ---- */

static int32_t tell_cname(struct acme_call *call, const struct plugin *p, struct window *w,
                          const struct account *account, const char *fqdn)
{
    const char *zone = strchr(account->fulldomain, '.') + 1;

    if (!p->awaits_cname) {
        return acme_fail(call, ACME_NO_ZONE, 0,
                         "create this record, once and for all, and run the same command again:\n"
                         "    %s CNAME %s.\n"
                         "acme-dns follows it with --allow-alias %s, or with these lines in its "
                         "configuration:\n"
                         "    [zone %s]\n    provider = %s",
                         fqdn, account->fulldomain, zone, zone, p->instance);
    }
    if (w->told_run != this_run()) {
        w->told_run = this_run();
        acme_log(call, ACME_LOG_WARNING,
                 "create this record now, once and for all; it is awaited: %s CNAME %s.", fqdn,
                 account->fulldomain);
        acme_log(call, ACME_LOG_WARNING,
                 "acme-dns follows it with --allow-alias %s, or with a section [zone %s] that says "
                 "provider = %s",
                 zone, zone, p->instance);
    }
    return ACME_OK;
}

/* ---- add() and remove() ---- */

static int32_t check_record(struct acme_call *call, const struct acme_record *record)
{
    if (record->type != ACME_RECORD_TXT) {
        return acme_fail(call, ACME_UNSUPPORTED, 0, "records of type %u are not supported",
                         (unsigned)record->type);
    }
    if (record->value_len != VALUE_LEN || strspn(record->value, VALUE_ALPHABET) != VALUE_LEN) {
        return acme_fail(call, ACME_REJECTED, 0,
                         "acme-dns servers take values of 43 base64url characters only");
    }
    return ACME_OK;
}

/* The account that a value at fqdn goes to, and whether fqdn is the name that it was given. */
static int32_t choose_account(struct acme_call *call, struct plugin *p, const char *fqdn,
                              struct account *ret_account, bool *ret_is_target)
{
    struct kit_json *known = NULL;
    const struct kit_json *member = NULL;
    int32_t status = storage_load(call, &p->storage, &known);
    KIT_TEXT(key);

    member = find_by_target(known, fqdn);
    account_add_key(&key, fqdn);
    if (status != ACME_OK) {
        return status;
    }
    *ret_is_target = member != NULL;
    if (member != NULL) {
        status = read_member(call, p, member, ret_account);
    } else if (fqdn[0] == '_') {
        status = get_account(call, p, kit_text_str(&key), ret_account);
    } else {
        status = acme_fail(call, ACME_NO_ZONE, 0,
                           "a CNAME leads to %s, but %s has no account for that: put it there, or "
                           "take the CNAME away to have another account registered",
                           fqdn, p->accounts);
    }
    kit_json_free(known);
    return status;
}

int32_t publish_add(struct acme_call *call, struct plugin *p, const struct acme_record *record)
{
    struct account account;
    struct window_file f = {.file = -1};
    struct slot wanted = {.run = this_run()};
    bool is_target = false;
    int32_t status = check_record(call, record);

    if (status == ACME_OK) {
        status = choose_account(call, p, record->fqdn, &account, &is_target);
    }
    if (status != ACME_OK) {
        return status;
    }
    status = window_open(call, p, &account, &f);
    if (status == ACME_OK && !is_target) {
        status = tell_cname(call, p, &f.window, &account, record->fqdn);
    }
    if (status == ACME_OK) {
        (void)snprintf(wanted.value, sizeof(wanted.value), "%s", (const char *)record->value);
        (void)snprintf(wanted.owner, sizeof(wanted.owner), "%s", record->fqdn);
        status = put_value(call, p, &f, &account, &wanted);
    }
    if (f.file >= 0) {
        (void)close(f.file);
    }
    account_wipe(&account);
    return status;
}

/* Notes that nobody needs the value any more. */
static int32_t release(struct acme_call *call, struct plugin *p, const struct kit_json *member,
                       const struct acme_record *record)
{
    struct account account;
    struct window_file f = {.file = -1};
    int32_t status = read_member(call, p, member, &account);

    if (status != ACME_OK) {
        return status;
    }
    status = window_open(call, p, &account, &f);
    if (status == ACME_OK) {
        window_release(&f.window, record->value, record->fqdn);
        status = window_save(call, p, &f);
        (void)close(f.file);
    }
    account_wipe(&account);
    return status;
}

int32_t publish_remove(struct acme_call *call, struct plugin *p, const struct acme_record *record)
{
    struct kit_json *known = NULL;
    const struct kit_json *member = NULL;
    int32_t status = storage_load(call, &p->storage, &known);
    bool is_target = false;
    KIT_TEXT(key);

    if (status != ACME_OK) {
        return status;
    }
    account_add_key(&key, record->fqdn);
    member = find_by_target(known, record->fqdn);
    is_target = member != NULL;
    member = is_target ? member : kit_json_member(known, kit_text_str(&key));
    if (member != NULL) {
        status = release(call, p, member, record);
    }
    kit_json_free(known);
    if (status == ACME_OK && is_target) {
        status = acme_fail(call, ACME_UNSUPPORTED, 0,
                           "acme-dns servers have no request for that; a value stays until two "
                           "newer ones have pushed it out");
    }
    return status;
}

int32_t publish_zones(struct acme_call *call, struct plugin *p)
{
    struct kit_json *known = NULL;
    int32_t status = storage_load(call, &p->storage, &known);

    KIT_JSON_EACH(member, known, NULL)
    {
        const char *fulldomain = kit_json_str(member, "fulldomain");

        if (fulldomain != NULL && fulldomain[0] != '\0') {
            KIT_TEXT(name);

            kit_name_add_plain(&name, fulldomain);
            kit_text_add_str(&name, ".");
            call->host->zone(call, kit_text_str(&name));
        }
    }
    kit_json_free(known);
    return status;
}
