/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which zone of Cloudflare's holds a name. Zones are asked for one by one by name: a token for
 * certain zones may not list them, but may ask for each of its own. The zone that the DNS shows
 * comes first, for only what stands there is seen; then the names above the owner, because a view
 * of the DNS from inside may show other zones than there are.
 *
 * A zone that is not active has records like any other, but the world's name servers do not ask
 * Cloudflare for them.
 */
#include "cloudflare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONES_PER_PAGE 50 /* the most that they give */
#define TEXT_OF(number) #number
#define AS_TEXT(number) TEXT_OF(number)

/* A gateway may leave it out. */
static const char *status_of(const struct kit_json *zone)
{
    const char *status = kit_json_str(zone, "status");

    return status != NULL ? status : "active";
}

static bool is_active(const char *status)
{
    return strcmp(status, "active") == 0;
}

/* ---- What was asked before ---- */

static struct zone *known_zone(const struct cloudflare *p, const char *name)
{
    struct zone *z = p->zones;

    while (z != NULL && !kit_name_equals(z->name, name)) {
        z = z->next;
    }
    return z;
}

static void zone_free(struct zone *z)
{
    free(z->name);
    free(z->id);
    free(z);
}

/* Keeps an answer for the time of the instance; found NULL: there is no such zone. NULL: no
 * memory. */
static struct zone *remember(struct cloudflare *p, const char *name, const struct kit_json *found)
{
    const char *id = kit_json_id(found, "id");
    struct zone *z = calloc(1, sizeof(*z));

    if (z == NULL) {
        return NULL;
    }
    z->name = strdup(name);
    z->id = id == NULL ? NULL : strdup(id);
    (void)snprintf(z->status, sizeof(z->status), "%s", status_of(found));
    z->is_partial =
        kit_json_str(found, "type") != NULL && strcmp(kit_json_str(found, "type"), "partial") == 0;
    if (z->name == NULL || (id != NULL && z->id == NULL)) {
        zone_free(z);
        return NULL;
    }
    z->next = p->zones;
    p->zones = z;
    return z;
}

void zone_forget_all(struct cloudflare *p)
{
    while (p->zones != NULL) {
        struct zone *z = p->zones;

        p->zones = z->next;
        zone_free(z);
    }
}

/* ---- One name ---- */

/* Whether this is the zone that was asked for. Names of international zones may come back in
 * another form than they were asked in. */
static bool is_wanted(const struct kit_json *zone, const char *name)
{
    const char *found = kit_json_str(zone, "name");
    const char *id = kit_json_id(zone, "id");

    return id != NULL && strlen(id) < ID_SIZE &&
           (kit_name_equals(found, name) || kit_name_may_equal(found, name));
}

/* "'Main' (id 0123...), 'Other' (id 4567...)" */
static void add_accounts(struct kit_text *t, const struct kit_json *zones, const char *name)
{
    KIT_JSON_EACH(zone, zones, "")
    {
        const char *account = kit_json_str(zone, "account.name");
        const char *id = kit_json_id(zone, "account.id");

        if (is_wanted(zone, name)) {
            kit_text_addf(t, "%s'%s' (id %s, there it is %s)", t->len > 0 ? ", " : "",
                          account != NULL ? account : "?", id != NULL ? id : "?", status_of(zone));
        }
    }
}

struct choice {
    const struct kit_json *zone; /* the active one; else any */
    size_t n_active;
    size_t n;
};

static struct choice choose(const struct kit_json *zones, const char *name)
{
    struct choice c = {.zone = NULL};

    KIT_JSON_EACH(zone, zones, "")
    {
        if (is_wanted(zone, name)) {
            c.zone =
                c.zone == NULL || (c.n_active == 0 && is_active(status_of(zone))) ? zone : c.zone;
            c.n_active += is_active(status_of(zone)) ? 1 : 0;
            c.n++;
        }
    }
    return c;
}

/* Takes the one zone of that name from an answer, or that there is none; NULL with q->fault when it
 * is not clear which. */
static struct zone *take_zone(struct question *q, const struct kit_json *zones)
{
    struct choice c = choose(zones, q->zone);
    struct zone *z = NULL;
    KIT_TEXT(accounts);

    if (c.n_active > 1 || (c.n_active == 0 && c.n > 1)) {
        add_accounts(&accounts, zones, q->zone);
        (void)kit_fault_set(&q->fault, ACME_BAD_CONFIG,
                            "zone %s is in several accounts that this credential reaches: %s; say "
                            "which by account-id, or by zone-id",
                            q->zone, kit_text_str(&accounts));
        return NULL;
    }
    z = remember(q->p, q->zone, c.zone);
    if (z == NULL) {
        (void)kit_fault_set(&q->fault, ACME_BUG, "there is no memory");
    }
    return z;
}

/* The answer to the question for q->zone, perhaps of earlier; NULL with q->fault when there is
 * none. */
static struct zone *ask_for(struct question *q)
{
    struct zone *z = known_zone(q->p, q->zone);
    struct kit_request request = {
        .path = "/zones",
        .query = {{"name", q->zone},
                  {"per_page", AS_TEXT(ZONES_PER_PAGE)},
                  {"account.id", q->p->settings.account_id}},
    };
    KIT_ANSWER(answer);

    if (z != NULL) {
        return z;
    }
    return api_send(q, &request, &answer) == ACME_OK
               ? take_zone(q, kit_json_find(answer.json, "result"))
               : NULL;
}

/* ---- The walk ---- */

static int32_t not_active(const struct zone *z, struct kit_fault *f)
{
    return kit_fault_set(
        f, ACME_NO_ZONE,
        "zone %s is not active at Cloudflare, but %s: name servers elsewhere answer "
        "for it, and nobody would see the value. See to the zone's name servers at "
        "its registrar; or set zone-id, if Cloudflare's answer for it all the same",
        z->name, z->status);
}

static int32_t no_zone(const struct cloudflare *p, const struct acme_record *record,
                       struct kit_fault *f)
{
    const char *account = p->settings.account_id;

    return kit_fault_set(
        f, ACME_NO_ZONE,
        "this credential reaches no zone that holds %s, neither %s nor one above or "
        "below it%s%s: is the zone at Cloudflare, and among the token's zone "
        "resources?",
        record->fqdn, record->zone, account != NULL ? " in account " : "",
        account != NULL ? account : "");
}

/* Asks for the names one after the other. A name that may not be asked for is not the zone, but
 * that is worth telling when nothing else was. NULL: *f says why. */
static struct zone *walk(struct cloudflare *p, struct acme_call *call,
                         const struct acme_record *record, bool is_adding, struct kit_fault *f)
{
    struct kit_walk at = KIT_EMPTY;
    struct question q = {.p = p, .call = call, .purpose = FIND_ZONES, .zone = at.name};
    struct zone *inactive = NULL;

    *f = (struct kit_fault){.status = ACME_OK};
    while (kit_walk_next(&at, record)) {
        struct zone *z = ask_for(&q);

        if (z == NULL && (q.fault.status != ACME_DENIED || q.is_credential_bad)) {
            *f = q.fault;
            return NULL;
        }
        if (z == NULL) {
            *f = q.fault;
        } else if (z->id != NULL && is_active(z->status)) {
            return z;
        } else if (z->id != NULL && inactive == NULL) {
            inactive = z;
        }
    }
    if (inactive != NULL && is_adding) {
        (void)not_active(inactive, f);
        return NULL;
    }
    if (inactive == NULL && f->status == ACME_OK) {
        (void)no_zone(p, record, f);
    }
    return inactive;
}

/* Values that go where nobody may look for them; said once a zone. */
static void warn(struct acme_call *call, const struct acme_record *record, struct zone *z)
{
    if (!z->has_warned && !kit_name_equals(z->name, record->zone)) {
        acme_log(call, ACME_LOG_WARNING,
                 "%s goes to zone %s of Cloudflare's, though the DNS says that zone %s holds it",
                 record->fqdn, z->name, record->zone);
    }
    if (!z->has_warned && z->is_partial) {
        acme_log(call, ACME_LOG_WARNING,
                 "zone %s is in a partial setup: its name servers are not Cloudflare's, and the "
                 "value of %s belongs there",
                 z->name, record->fqdn);
    }
    z->has_warned = true;
}

int32_t zone_find(struct cloudflare *p, struct acme_call *call, const struct acme_record *record,
                  bool is_adding, const char **ret_id, struct kit_fault *f)
{
    struct zone *z = NULL;

    if (p->settings.zone_id != NULL) {
        *ret_id = p->settings.zone_id;
        return ACME_OK;
    }
    z = walk(p, call, record, is_adding, f);
    if (z == NULL) {
        return f->status;
    }
    if (is_adding) {
        warn(call, record, z);
    }
    *ret_id = z->id;
    return ACME_OK;
}

/* ---- All of them ---- */

/* With the permissions of the very credential that changes records, where they are told. */
static bool may_change(const struct cloudflare *p, const struct kit_json *zone)
{
    if (p->settings.zone_api_token != NULL || kit_json_count(zone, "permissions") == 0) {
        return true;
    }
    KIT_JSON_EACH(permission, zone, "permissions")
    {
        const char *text = kit_json_str(permission, NULL);

        if (text != NULL && strcmp(text, "#dns_records:edit") == 0) {
            return true;
        }
    }
    return false;
}

static void report_zone(struct question *q, const struct kit_json *zone)
{
    const char *name = kit_json_str(zone, "name");

    if (name == NULL || !may_change(q->p, zone)) {
        return;
    }
    if (is_active(status_of(zone))) {
        q->call->host->zone(q->call, name);
    } else {
        acme_log(q->call, ACME_LOG_NOTICE, "zone %s is not active at Cloudflare: it is %s", name,
                 status_of(zone));
    }
}

static int32_t show_one(struct question *q)
{
    struct kit_request request = {.path = "/zones/{}", .parts = {q->p->settings.zone_id}};
    KIT_ANSWER(answer);
    int32_t status = api_send(q, &request, &answer);

    if (status == ACME_OK) {
        report_zone(q, kit_json_find(answer.json, "result"));
    }
    return status;
}

int32_t zone_list(struct cloudflare *p, struct acme_call *call, struct kit_fault *f)
{
    struct question q = {.p = p, .call = call, .purpose = LIST_ZONES};
    struct kit_request request = {
        .path = "/zones",
        .query = {{"account.id", p->settings.account_id}},
    };
    KIT_PAGES(pages);

    if (p->settings.zone_id != NULL) {
        pages.status = show_one(&q);
    } else {
        while (api_pages_next(&q, &request, ZONES_PER_PAGE, &pages)) {
            KIT_JSON_EACH(zone, pages.answer.json, "result")
            {
                report_zone(&q, zone);
            }
        }
    }
    *f = q.fault;
    return pages.status;
}
