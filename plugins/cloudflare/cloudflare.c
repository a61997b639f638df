/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The cloudflare plug-in: publishes values through Cloudflare's API v4.
 *
 * Values are added beside others and removed by themselves, so that several programs may work at
 * one name; still one call at a time is made in each zone, because then changes gather and go in
 * one request, and requests are what Cloudflare counts.
 */
#include "cloudflare.h"

#include <stdlib.h>
#include <string.h>

static void cloudflare_close(struct acme_call *call, void *instance)
{
    struct cloudflare *p = instance;

    (void)call;
    kit_http_close(p->http);
    zone_forget_all(p);
    free(p);
}

static int32_t cloudflare_open(struct acme_call *call, const struct acme_open *o,
                               void **ret_instance)
{
    struct cloudflare *p = calloc(1, sizeof(*p));
    int32_t status = ACME_OK;

    if (p == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory");
    }
    status = settings_read(call, o, &p->settings);
    status = status == ACME_OK ? api_open(call, p) : status;
    if (status != ACME_OK) {
        cloudflare_close(call, p);
        return status;
    }
    *ret_instance = p;
    return ACME_OK;
}

/* ---- Where changes belong ---- */

/* "ZONE/RECORD", as change.c wrote it. The record's id is found again by name and value, and not
 * taken on trust. */
static void read_receipt(struct change *c)
{
    const char *text = c->record->receipt;
    const char *slash = text == NULL ? NULL : memchr(text, '/', c->record->receipt_len);
    size_t len = slash == NULL ? 0 : (size_t)(slash - text);

    if (len > 0 && len < ID_SIZE) {
        memcpy(c->receipt_zone_id, text, len);
        c->receipt_zone_id[len] = '\0';
    }
    if (!settings_id_is_sound(c->receipt_zone_id)) {
        c->receipt_zone_id[0] = '\0';
    }
}

static bool has_place_in_receipt(const struct cloudflare *p, const struct change *c)
{
    return change_is_open(c) && c->what == ACME_REMOVE && p->settings.zone_id == NULL &&
           c->receipt_zone_id[0] != '\0' && !c->is_receipt_stale;
}

static int32_t find_place(struct cloudflare *p, struct acme_call *call, struct change *c,
                          struct kit_fault *f)
{
    return zone_find(p, call, c->record, c->what == ACME_ADD, &c->zone_id, f);
}

/* Looks up the zone of changes[i]. What is in no zone needs no removal; other failures are those
 * of all that the DNS shows in the same zone, and are not met again for each of them. */
static void place_one(struct cloudflare *p, struct acme_call *call, struct change *changes,
                      size_t n, size_t i)
{
    struct change *c = &changes[i];
    struct kit_fault f = {.status = ACME_OK};
    int32_t status = find_place(p, call, c, &f);

    if (status == ACME_NO_ZONE && c->what == ACME_REMOVE) {
        acme_log(call, ACME_LOG_NOTICE, "nothing to remove at %s: %s", c->record->fqdn, f.text);
        c->is_done = true;
    } else if (status == ACME_NO_ZONE) {
        change_fail(call, c, &f);
    }
    for (size_t j = i; j < n && status != ACME_OK && status != ACME_NO_ZONE; j++) {
        if (change_is_open(&changes[j]) && changes[j].zone_id == NULL &&
            strcmp(changes[j].record->zone, c->record->zone) == 0) {
            change_fail(call, &changes[j], &f);
        }
    }
}

static void place_all(struct cloudflare *p, struct acme_call *call, struct change *changes,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (has_place_in_receipt(p, &changes[i])) {
            changes[i].zone_id = changes[i].receipt_zone_id;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (change_is_open(&changes[i]) && changes[i].zone_id == NULL) {
            place_one(p, call, changes, n, i);
        }
    }
}

static bool is_of_zone(const struct change *c, const char *zone_id)
{
    return change_is_open(c) && c->zone_id != NULL && strcmp(c->zone_id, zone_id) == 0;
}

/* The open changes of one zone, to free(). */
static struct change **gather(struct change *changes, size_t n, const char *zone_id, size_t *ret_n)
{
    struct change **list = calloc(n, sizeof(struct change *));
    size_t n_list = 0;

    for (size_t i = 0; list != NULL && i < n; i++) {
        if (is_of_zone(&changes[i], zone_id)) {
            list[n_list++] = &changes[i];
        }
    }
    *ret_n = n_list;
    return list;
}

/* ---- Making them ---- */

/* A receipt may be of a zone that was deleted meanwhile: then where the name belongs now counts. */
static bool retreat(struct change *const *list, size_t n, int32_t status)
{
    bool is_any = false;

    for (size_t i = 0; i < n && (status == ACME_DENIED || status == ACME_NO_ZONE); i++) {
        if (change_is_open(list[i]) && list[i]->zone_id == list[i]->receipt_zone_id) {
            list[i]->is_receipt_stale = true;
            list[i]->zone_id = NULL;
            is_any = true;
        }
    }
    return is_any;
}

static int32_t make_in_zone(struct cloudflare *p, struct acme_call *call, struct change *changes,
                            size_t n, const char *zone_id)
{
    struct kit_fault f = {.status = ACME_OK};
    size_t n_list = 0;
    struct change **list = gather(changes, n, zone_id, &n_list);
    int32_t status = list == NULL ? kit_fault_set(&f, ACME_BUG, "there is no memory")
                                  : change_make(p, call, list, n_list, &f);

    if (status != ACME_OK && retreat(list, n_list, status)) {
        status = ACME_OK;
    }
    for (size_t i = 0; i < n && status != ACME_OK; i++) {
        if (is_of_zone(&changes[i], zone_id)) {
            change_fail(call, &changes[i], &f);
        }
    }
    free(list);
    return status;
}

/* Makes all changes: each is done, or has failed and was reported. The second pass is for those
 * whose receipts misled the first. */
static int32_t make_all(struct cloudflare *p, struct acme_call *call, struct change *changes,
                        size_t n)
{
    int32_t status = ACME_OK;

    for (int pass = 0; pass < 2; pass++) {
        place_all(p, call, changes, n);
        for (size_t i = 0; i < n && status != ACME_CANCELLED; i++) {
            if (change_is_open(&changes[i]) && changes[i].zone_id != NULL) {
                status = make_in_zone(p, call, changes, n, changes[i].zone_id);
            }
        }
    }
    return status == ACME_CANCELLED ? ACME_CANCELLED : ACME_OK;
}

static void change_init(struct change *c, const struct acme_record *record, uint32_t what,
                        size_t index)
{
    c->record = record;
    c->what = what;
    c->index = index;
    read_receipt(c);
}

static int32_t cloudflare_apply(struct acme_call *call, void *instance,
                                const struct acme_change *const *changes, size_t n)
{
    struct change *mine = calloc(n == 0 ? 1 : n, sizeof(*mine));
    int32_t status = ACME_OK;

    if (mine == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        change_init(&mine[i], changes[i]->record, changes[i]->what, i);
    }
    status = make_all(instance, call, mine, n);
    for (size_t i = 0; i < n; i++) {
        if (status != ACME_OK && mine[i].is_done) {
            call->host->done(call, i);
        }
    }
    free(mine);
    return status;
}

static int32_t change_alone(struct acme_call *call, void *instance,
                            const struct acme_record *record, uint32_t what)
{
    struct change c = {.record = NULL};
    int32_t status = ACME_OK;

    change_init(&c, record, what, 0);
    status = make_all(instance, call, &c, 1);
    return c.has_failed ? c.failed_status : status;
}

static int32_t cloudflare_add(struct acme_call *call, void *instance,
                              const struct acme_record *record)
{
    return change_alone(call, instance, record, ACME_ADD);
}

static int32_t cloudflare_remove(struct acme_call *call, void *instance,
                                 const struct acme_record *record)
{
    return change_alone(call, instance, record, ACME_REMOVE);
}

static int32_t cloudflare_zones(struct acme_call *call, void *instance)
{
    struct kit_fault f = {.status = ACME_OK};
    int32_t status = zone_list(instance, call, &f);

    return status == ACME_OK ? ACME_OK : kit_fault_report(call, ACME_WHOLE_CALL, &f);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,
        .serial = ACME_SERIAL_ZONE,
        .traits = ACME_TRAIT_MULTI_VALUE,
        .n_options = N_OPTIONS,
        .min_ttl_s = 60,
        .propagation_timeout_s = 120,
        .poll_interval_s = 2,
        .settle_s = 3,
        .name = "cloudflare",
        .version = ACME_VERSION,
        .summary = "Cloudflare, through its API v4",
        .options = settings_options,
        .check = kit_check,
        .open = cloudflare_open,
        .close = cloudflare_close,
        .add = cloudflare_add,
        .remove = cloudflare_remove,
        .apply = cloudflare_apply,
        .zones = cloudflare_zones,
    };

    return &description;
}
