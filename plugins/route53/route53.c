/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The route53 plug-in: publishes values in hosted zones of Amazon Route 53. */
#include "route53.h"

#include "alloc.h"
#include "change.h"
#include "settings.h"
#include "zones.h"

#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

#define RATE_REQUESTS 5 /* a second: AWS's limit for an account. Elsewhere there may be another */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 1600

/* ---- Helpers of the whole plug-in ---- */

int32_t route53_send(struct route53 *p, struct acme_call *call, const struct kit_request *request,
                     struct aws_answer *answer, struct kit_fault *f)
{
    struct sigv4_keys keys;
    int32_t status = credentials_get(&p->credentials, call, &keys, f);

    if (status != ACME_OK) {
        return status;
    }
    status = aws_send(call, &p->api, &keys, request, answer, f);
    if (status == ACME_OK || !answer->has_expired_keys || !credentials_forget(&p->credentials)) {
        return status;
    }
    acme_log(call, ACME_LOG_NOTICE, "AWS says that the credentials have expired: getting new ones");
    aws_answer_done(answer);
    status = credentials_get(&p->credentials, call, &keys, f);
    return status == ACME_OK ? aws_send(call, &p->api, &keys, request, answer, f) : status;
}

bool route53_read_id(const char *text, char to[ROUTE53_ID_SIZE])
{
    const char *slash = strrchr(text, '/');
    const char *id = slash != NULL ? slash + 1 : text;
    size_t len = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    if (len == 0 || len >= ROUTE53_ID_SIZE || id[len] != '\0') {
        return false;
    }
    memcpy(to, id, len + 1);
    return true;
}

int32_t route53_pause(struct acme_call *call, unsigned tries)
{
    uint32_t longest_ms = PAUSE_FIRST_MS;
    uint32_t chance = 0;

    for (unsigned i = 1; i < tries && longest_ms < PAUSE_MAX_MS; i++) {
        longest_ms *= 2;
    }
    (void)gnutls_rnd(GNUTLS_RND_NONCE, &chance, sizeof(chance));
    return call->host->sleep_ms(call, 1 + chance % longest_ms);
}

/* ---- Life ---- */

/* What can be said to be wrong without asking anybody. */
static int32_t check_texts(struct acme_call *call, const struct acme_open *o)
{
    static const enum option CREDENTIALS[] = {OPTION_ACCESS_KEY_ID, OPTION_SECRET_ACCESS_KEY,
                                              OPTION_SESSION_TOKEN};
    static const enum option URLS[] = {OPTION_ENDPOINT_URL, OPTION_STS_ENDPOINT_URL};
    int32_t status = ACME_OK;

    for (size_t i = 0; status == ACME_OK && i < sizeof(CREDENTIALS) / sizeof(CREDENTIALS[0]); i++) {
        status = kit_check_credential(call, settings_options[CREDENTIALS[i]].name,
                                      settings_text(o, CREDENTIALS[i]));
    }
    for (size_t i = 0; status == ACME_OK && i < sizeof(URLS) / sizeof(URLS[0]); i++) {
        const char *url = settings_text(o, URLS[i]);

        status =
            url != NULL ? kit_check_url(call, settings_options[URLS[i]].name, url, 0) : ACME_OK;
    }
    return status;
}

static void route53_close(struct acme_call *call, void *instance)
{
    struct route53 *p = instance;

    (void)call;
    aws_client_close(&p->api);
    credentials_done(&p->credentials);
    zones_done(p);
    free(p);
}

/* All of open() but for the connection. NULL: *ret_status says why, and so was the core told. */
static struct route53 *prepare(struct acme_call *call, const struct acme_open *o,
                               int32_t *ret_status)
{
    struct route53 *p = NULL;
    struct kit_fault f;

    *ret_status = check_texts(call, o);
    if (*ret_status != ACME_OK) {
        return NULL;
    }
    p = alloc_zero(1, sizeof(*p));
    if (credentials_init(&p->credentials, o, &p->clock, &f) != ACME_OK ||
        zones_init(p, o, &f) != ACME_OK) {
        route53_close(call, p);
        *ret_status = kit_fault_report(call, ACME_WHOLE_CALL, &f);
        return NULL;
    }
    return p;
}

static int32_t route53_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    int32_t status = ACME_OK;
    struct route53 *p = prepare(call, o, &status);

    if (p == NULL) {
        return status;
    }
    const struct partition *partition = settings_partition(p->credentials.plan.region);
    const char *url = settings_text(o, OPTION_ENDPOINT_URL);
    const struct aws_client_settings s = {
        .name = "Route 53",
        .service = "route53",
        .url = url != NULL ? url : partition->route53_url,
        .region = partition->route53_region,
        .ca_file = settings_text(o, OPTION_CA_FILE),
        .rate_requests = url == NULL ? RATE_REQUESTS : 0,
        .clock = &p->clock,
    };
    status = aws_client_open(call, &s, &p->api);
    if (status != ACME_OK) {
        route53_close(call, p);
        return status;
    }
    *ret_instance = p;
    return ACME_OK;
}

/* ---- Changes ---- */

static int32_t change_one(struct acme_call *call, void *instance, const struct acme_record *record,
                          uint32_t what)
{
    struct target t = {.record = record, .what = what, .index = ACME_WHOLE_CALL};
    struct kit_fault f;
    int32_t status = change_apply(instance, call, &t, 1, &f);

    if (status != ACME_OK) {
        return kit_fault_report(call, ACME_WHOLE_CALL, &f);
    }
    return t.failed_status;
}

static int32_t route53_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_ADD);
}

static int32_t route53_remove(struct acme_call *call, void *instance,
                              const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_REMOVE);
}

static int32_t route53_apply(struct acme_call *call, void *instance,
                             const struct acme_change *const *changes, size_t n)
{
    struct target *targets = alloc_zero(n, sizeof(*targets));
    struct kit_fault f;
    int32_t status = ACME_OK;

    for (size_t i = 0; i < n; i++) {
        targets[i] =
            (struct target){.record = changes[i]->record, .what = changes[i]->what, .index = i};
    }
    if (n > 0) {
        status = change_apply(instance, call, targets, n, &f);
    }
    free(targets);
    return status == ACME_OK ? ACME_OK : kit_fault_report(call, ACME_WHOLE_CALL, &f);
}

/* ---- What Route 53 says of itself ---- */

/* A change whose fate cannot be learnt is left to the name servers to tell. */
static int32_t route53_settled(struct acme_call *call, void *instance,
                               const struct acme_record *record)
{
    char receipt[ROUTE53_ID_SIZE + 16];
    char id[ROUTE53_ID_SIZE];
    const char *state = NULL;
    struct kit_fault f;
    AWS_ANSWER(answer);

    (void)snprintf(receipt, sizeof(receipt), "%.*s", (int)record->receipt_len,
                   record->receipt != NULL ? (const char *)record->receipt : "");
    if (record->receipt_len >= sizeof(receipt) || !route53_read_id(receipt, id)) {
        return ACME_OK;
    }
    const struct kit_request request = {.path = "/2013-04-01/change/{}", .parts = {id}};
    if (route53_send(instance, call, &request, &answer, &f) != ACME_OK) {
        if (f.status != ACME_DENIED && f.status != ACME_REJECTED) {
            return kit_fault_report(call, ACME_WHOLE_CALL, &f);
        }
        acme_log(call, ACME_LOG_WARNING, "cannot ask whether the change is everywhere: %s", f.text);
        return ACME_OK;
    }
    state = xml_text(answer.root, "ChangeInfo/Status");
    return state != NULL && strcmp(state, "PENDING") == 0 ? ACME_RETRY : ACME_OK;
}

static int32_t route53_zones(struct acme_call *call, void *instance)
{
    struct kit_fault f;
    int32_t status = zones_report(instance, call, &f);

    return status == ACME_OK ? ACME_OK : kit_fault_report(call, ACME_WHOLE_CALL, &f);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,           .serial = ACME_SERIAL_ZONE,   .traits = ACME_TRAIT_MULTI_VALUE,
        .n_options = N_OPTIONS,     .poll_interval_s = 4,         .name = "route53",
        .version = ACME_VERSION,    .summary = "Amazon Route 53", .options = settings_options,
        .check = kit_check,         .open = route53_open,         .close = route53_close,
        .add = route53_add,         .remove = route53_remove,     .apply = route53_apply,
        .settled = route53_settled, .zones = route53_zones,
    };

    return &description;
}
