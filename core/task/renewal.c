/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/renewal.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "store/store_limit.h"
#include "task/renewal_impl.h"

#include <inttypes.h>
#include <string.h>

#define LOT_DIGITS 8
#define ERROR_MAX 1000
#define EXPLANATION_MAX 4096

/* ---- The verdict ---- */

void renewal_verdict_done(struct renewal_verdict *verdict)
{
    store_renewal_done(&verdict->kept);
    mem_free(verdict->limit_text);
    mem_free(verdict->warning);
    *verdict = (struct renewal_verdict){.limit_text = NULL};
}

/* The certificate's own, from its fingerprint. */
static uint32_t lot_of(const struct store_cert *cert)
{
    uint64_t number = 0;

    for (size_t i = 0; cert->sha256_hex != NULL && i < LOT_DIGITS && cert->sha256_hex[i] != '\0';
         i++) {
        char c = cert->sha256_hex[i];

        number = number * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10) % 16;
    }
    return (uint32_t)(number % DUE_LOTS);
}

/* What is kept of another certificate than the one in force says nothing about it. */
static struct due_facts facts_of(const struct store_cert *cert, const struct store_renewal *kept,
                                 int64_t renew_before_s)
{
    struct due_facts facts = {.renew_before_s = renew_before_s};

    if (cert == NULL) {
        return facts;
    }
    facts.not_before_s = cert->not_before_s;
    facts.not_after_s = cert->not_after_s;
    facts.share_lot = lot_of(cert);
    facts.is_first = !str_eq(kept->in_turn_sha256, cert->sha256_hex);
    if (str_eq(kept->ari_sha256, cert->sha256_hex)) {
        facts.ari_start_s = kept->ari_start_s;
        facts.ari_end_s = kept->ari_end_s;
        facts.ari_moment_s = kept->ari_moment_s;
    }
    facts.ari_led_s = kept->ari_led_s;
    return facts;
}

/* The CA is asked when it said that it should be, and for a certificate that it was never asked
 * about once a third of its life is over: before that nothing would come of it but packets. */
static bool wants_ari(const struct store_cert *cert, const struct store_renewal *kept,
                      int64_t now_s)
{
    if (cert->directory_url == NULL || now_s >= cert->not_after_s) {
        return false;
    }
    if (!str_eq(kept->ari_sha256, cert->sha256_hex)) {
        return now_s >= cert->not_before_s + (cert->not_after_s - cert->not_before_s) / 3;
    }
    return due_wait_until_s(kept->ari_asked_s, kept->ari_next_s, now_s) == 0;
}

static void judge_cert(const struct renewal_subject *subject, int64_t now_s,
                       struct renewal_verdict *verdict)
{
    const struct store_cert *cert = subject->cert;
    const struct due_facts facts = facts_of(cert, &verdict->kept, subject->renew_before_s);

    verdict->due = due_find(&facts);
    verdict->is_clock_behind = due_is_clock_behind(cert->not_before_s, now_s);
    verdict->is_due = now_s >= verdict->due.at_s && !verdict->is_clock_behind;
    verdict->is_in_danger = now_s >= verdict->due.danger_s;
    verdict->wants_ari = !verdict->is_clock_behind && wants_ari(cert, &verdict->kept, now_s);
}

static void judge_limits(struct store *store, const struct renewal_subject *subject, int64_t now_s,
                         struct renewal_verdict *verdict)
{
    const struct store_cert *cert = subject->cert;
    const struct renewal_order order = {
        .directory_url = subject->directory_url != NULL ? subject->directory_url
                         : cert != NULL                 ? cert->directory_url
                                                        : NULL,
        .account_id = subject->account_id != NULL ? subject->account_id
                      : cert != NULL              ? cert->account_id
                                                  : NULL,
        .names = subject->names != NULL ? subject->names
                 : cert != NULL         ? &cert->domains
                                        : NULL,
        .is_in_danger = verdict->is_in_danger,
    };
    struct err err = ERR_INIT;

    if (order.directory_url == NULL || order.account_id == NULL || order.names == NULL) {
        return;
    }
    if (renewal_find_limit(store, &order, now_s, &verdict->limited_s, &verdict->limit_text, &err) <
            0 &&
        verdict->warning == NULL) {
        verdict->warning = str_dup(err.text);
    }
}

void renewal_judge(struct store *store, const struct renewal_subject *subject, int64_t now_s,
                   struct renewal_verdict *ret_verdict)
{
    struct renewal_verdict verdict = {.is_due = true};
    struct err err = ERR_INIT;

    if (store_renewal_load(store, subject->name, &verdict.kept, &err) < 0) {
        verdict.warning = str_dup(err.text);
    } else {
        verdict.warning = str_dup(verdict.kept.warning);
    }
    if (subject->cert != NULL) {
        judge_cert(subject, now_s, &verdict);
    }
    verdict.retry_s = due_wait_until_s(verdict.kept.failed_s, verdict.kept.retry_s, now_s);
    verdict.wants_staging = verdict.kept.is_staging_next && !verdict.is_in_danger;
    judge_limits(store, subject, now_s, &verdict);
    *ret_verdict = verdict;
}

static void add_until(struct buf *to, const char *before, int64_t at_s, const char *after)
{
    char at[CLOCK_TEXT_MAX];

    clock_format(at_s, at);
    buf_addf(to, "%s%s%s%s", to->len > 0 ? "; " : "", before, at, after);
}

char *renewal_explain(const struct renewal_verdict *verdict)
{
    AUTO(buf_done) struct buf text = BUF(EXPLANATION_MAX);
    AUTO_FREE char *failures = NULL;

    if (verdict->is_clock_behind) {
        return str_dup("this system's clock is behind: the certificate begins in its future");
    }
    if (verdict->due.at_s != 0) {
        buf_add_str(&text, due_reason_text(verdict->due.reason));
    }
    if (verdict->retry_s != 0) {
        failures = str_fmt(", after %" PRId64 " failure%s", verdict->kept.n_failures,
                           verdict->kept.n_failures == 1 ? "" : "s");
        add_until(&text, "not tried again before ", verdict->retry_s, failures);
    }
    if (verdict->limited_s != 0) {
        add_until(&text, "the CA wants no order before ", verdict->limited_s, "");
    }
    return buf_take(&text);
}

/* ---- What came of a try ---- */

/* In turn: by the calendar. What was hurried, by the CA, the user or other names, was perhaps
 * hurried together with a thousand others. */
static bool was_in_turn(const struct due_facts *facts, int64_t now_s)
{
    const struct due due = due_find(facts);

    return now_s >= due.at_s && !due.is_hurried;
}

static bool was_led_by_ari(const struct due_facts *facts, int64_t now_s)
{
    const struct due due = due_find(facts);

    return due.reason == DUE_BY_ARI && now_s >= due.at_s &&
           now_s < due_renew_after_s(facts->not_before_s, facts->not_after_s);
}

static void forget_failures(struct store_renewal *kept)
{
    kept->n_failures = 0;
    kept->failed_s = 0;
    kept->retry_s = 0;
    kept->is_staging_next = false;
    str_set(&kept->error_class, NULL);
    str_set(&kept->error, NULL);
}

int renewal_note_success(struct store *store, const struct store_cert *before,
                         const struct store_cert *after, int64_t now_s, struct err *err)
{
    AUTO(store_renewal_done) struct store_renewal kept = {.n_failures = 0};
    struct due_facts facts;
    bool is_in_turn = false;

    if (store_renewal_load(store, after->name, &kept, err) < 0) {
        return err_code(err);
    }
    facts = facts_of(before, &kept, 0);
    is_in_turn = before != NULL && was_in_turn(&facts, now_s);
    kept.ari_led_s = before != NULL && was_led_by_ari(&facts, now_s) ? now_s : 0;
    str_set(&kept.in_turn_sha256, is_in_turn ? after->sha256_hex : NULL);
    forget_failures(&kept);
    return store_renewal_save(store, after->name, &kept, err);
}

enum failure_weight {
    FAILURE_NONE,  /* nothing was tried */
    FAILURE_LIGHT, /* kept, to be shown */
    FAILURE_FULL,  /* and waited after */
};

static enum failure_weight weigh(enum err_class class)
{
    switch (class) {
    case ERR_NONE:
    case ERR_LOCKED:
    case ERR_CANCELLED:
        return FAILURE_NONE;
    case ERR_CONFIG:
    case ERR_HUMAN:
        return FAILURE_LIGHT;
    case ERR_FAILED:
    case ERR_PROVIDER:
    case ERR_PROPAGATION:
    case ERR_CA:
    case ERR_LATER:
    case ERR_TIMEOUT:
    case ERR_NETWORK:
    case ERR_NOT_FOUND:
    case ERR_MALFORMED:
        return FAILURE_FULL;
    }
    return FAILURE_FULL;
}

int renewal_note_failure(struct store *store, const char *name, const struct store_cert *cert,
                         const struct renewal_failure *failure, int64_t now_s, struct err *err)
{
    AUTO(store_renewal_done) struct store_renewal kept = {.n_failures = 0};
    AUTO(buf_done) struct buf masked = BUF(2 * ERR_TEXT_MAX);
    enum failure_weight weight = weigh(failure->why->class);

    if (weight == FAILURE_NONE) {
        return 0;
    }
    if (store_renewal_load(store, name, &kept, err) < 0) {
        return err_code(err);
    }
    /* The next run may not know the secret any more, and tells what is in the file. */
    secret_mask(failure->why->text, &masked);
    mem_free(kept.error);
    kept.error = str_fmt("%.*s", ERROR_MAX, buf_str(&masked));
    str_set(&kept.error_class, err_class_name(failure->why->class));
    kept.failed_s = now_s;
    kept.retry_s = now_s;
    if (weight == FAILURE_FULL) {
        const struct due_facts facts = facts_of(cert, &kept, 0);
        uint32_t lot = (uint32_t)clock_random(DUE_LOTS);

        kept.n_failures++;
        kept.retry_s = now_s + due_back_off_s(&facts, kept.n_failures, now_s, lot);
    }
    kept.is_staging_next = kept.is_staging_next || failure->is_validation;
    return store_renewal_save(store, name, &kept, err);
}

int renewal_note_trial(struct store *store, const char *name, struct err *err)
{
    AUTO(store_renewal_done) struct store_renewal kept = {.n_failures = 0};

    if (store_renewal_load(store, name, &kept, err) < 0) {
        return err_code(err);
    }
    kept.is_staging_next = false;
    return store_renewal_save(store, name, &kept, err);
}

/* ---- RFC 9773 ---- */

char *renewal_certificate_id(struct store *store, const struct store_cert *cert)
{
    AUTO_FREE char *path = store_cert_path(store, cert->name, "cert.pem");
    AUTO(buf_done) struct buf pem = BUF(CERT_CHAIN_BYTES_MAX);
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    struct err ignored = ERR_INIT; /* then it has no name there */

    if (fs_read(path, &pem, &ignored) < 0 ||
        cert_chain_parse(buf_str(&pem), pem.len, &chain, &ignored) < 0 ||
        !str_eq(cert_chain_leaf(chain)->sha256_hex, cert->sha256_hex)) {
        return NULL;
    }
    return cert_chain_renewal_id(chain);
}

char *renewal_replaces(struct store *store, const struct store_cert *before,
                       const struct renewal_order *order)
{
    bool is_akin = false;

    if (before == NULL || !str_eq(before->directory_url, order->directory_url) ||
        !str_eq(before->account_id, order->account_id)) {
        return NULL;
    }
    for (size_t i = 0; i < order->names->n && !is_akin; i++) {
        is_akin = strv_has(&before->domains, order->names->items[i]);
    }
    return is_akin ? renewal_certificate_id(store, before) : NULL;
}
