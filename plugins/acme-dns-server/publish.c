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

/* ---- The window ---- */

/* An account's window. The lock is a file of its own, since the window's is replaced. */
struct window_file {
    struct window window;
    char name[80]; /* SUBDOMAIN.window */
    int lock;
};

static int32_t window_open(struct acme_call *call, const struct plugin *p,
                           const struct account *account, struct window_file *ret_file)
{
    int32_t status = ACME_OK;
    KIT_TEXT(lock);
    KIT_TEXT(text);

    (void)snprintf(ret_file->name, sizeof(ret_file->name), "%s.window", account->subdomain);
    kit_text_addf(&lock, "%s.lock", account->subdomain);
    status = storage_lock(call, &p->storage, kit_text_str(&lock), &ret_file->lock);
    if (status == ACME_OK) {
        status = storage_read(call, &p->storage, ret_file->name, &text);
    }
    if (status == ACME_OK && !window_parse(kit_text_str(&text), text.len, &ret_file->window)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "%s/%s is not what this plug-in writes, and says which values are needed: "
                         "remove it when no run of acme-dns is under way",
                         p->storage.path, ret_file->name);
    }
    return status;
}

static int32_t window_save(struct acme_call *call, const struct plugin *p, struct window_file *f)
{
    KIT_TEXT(text);

    window_format(&f->window, &text);
    return storage_replace(call, &p->storage, f->name, &text);
}

/* Sends one value. What may have happened is written down before it can happen. */
static int32_t send_value(struct acme_call *call, struct plugin *p, struct window_file *f,
                          const struct account *account, const struct slot *slot)
{
    int32_t status = ACME_OK;
    int32_t saved = ACME_OK;

    window_push(&f->window, slot->value, slot->owner, slot->run, now_ms());
    status = window_save(call, p, f);
    if (status == ACME_OK) {
        status = api_update(call, &p->api, account, slot->value);
        window_end_push(&f->window, status == ACME_OK, now_ms());
        saved = window_save(call, p, f);
    }
    return status == ACME_OK ? saved : status;
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

int32_t publish_add(struct acme_call *call, struct plugin *p, const struct acme_record *record)
{
    struct account account;
    struct window_file f = {.lock = -1};
    struct slot wanted = {.run = this_run()};
    bool is_target = false;
    int32_t status = check_record(call, record);

    if (status == ACME_OK) {
        status = lookup_account(call, p, record->fqdn, &account, &is_target);
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
    if (f.lock >= 0) {
        (void)close(f.lock);
    }
    account_wipe(&account);
    return status;
}

/* Notes that nobody needs the value any more. */
static int32_t release(struct acme_call *call, struct plugin *p, const struct kit_json *member,
                       const struct acme_record *record)
{
    struct account account;
    struct window_file f = {.lock = -1};
    int32_t status = lookup_read(call, p, member, &account);

    if (status != ACME_OK) {
        return status;
    }
    status = window_open(call, p, &account, &f);
    if (status == ACME_OK) {
        window_release(&f.window, record->value, record->fqdn);
        status = window_save(call, p, &f);
    }
    if (f.lock >= 0) {
        (void)close(f.lock);
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
    member = lookup_target(known, record->fqdn);
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

/* Whether an account before member has a name in the same zone. */
static bool is_told(const struct kit_json *known, const struct kit_json *member)
{
    const char *zone = lookup_zone(member);

    KIT_JSON_EACH(earlier, known, NULL)
    {
        if (earlier == member) {
            return false;
        }
        if (lookup_zone(earlier) != NULL && kit_name_equals(lookup_zone(earlier), zone)) {
            return true;
        }
    }
    return false;
}

/* The server's zone, though of that only the accounts' own names: nothing smaller is a zone. */
int32_t publish_zones(struct acme_call *call, struct plugin *p)
{
    struct kit_json *known = NULL;
    int32_t status = storage_load(call, &p->storage, &known);

    KIT_JSON_EACH(member, known, NULL)
    {
        if (lookup_zone(member) != NULL && !is_told(known, member)) {
            KIT_TEXT(name);

            kit_name_add_plain(&name, lookup_zone(member));
            kit_text_add_str(&name, ".");
            call->host->zone(call, kit_text_str(&name));
        }
    }
    kit_json_free(known);
    return status;
}
