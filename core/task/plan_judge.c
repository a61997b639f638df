/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is to be done with one certificate, and why. */
#include "base/clock.h"
#include "base/event.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/settings.h"
#include "order/journal.h"
#include "task/plan_impl.h"
#include "task/renewal.h"
#include "task/wanted.h"

#define BEGUN "an order was begun and not ended"

/* why is taken. */
static void decide(struct plan_subject *s, enum plan_action action, char *take_why)
{
    mem_free(s->item->why);
    s->item->why = take_why;
    s->item->action = action;
}

void plan_decide_broken(struct plan_subject *s, const struct err *err)
{
    s->item->is_disabled = false; /* it does not go on as it was */
    decide(s, PLAN_BROKEN, str_dup(err->text));
    s->item->class = err->class;
}

/* What the configuration has and the certificate has not: "b.example, c.example"; or NULL. */
static char *find_added_names(const struct plan_subject *s)
{
    AUTO(strv_done) struct strv added = STRV_INIT;

    for (size_t i = 0; s->standing == STANDING_GOOD && i < s->section.domains.n; i++) {
        if (!strv_has(&s->cert->domains, s->section.domains.items[i])) {
            strv_add(&added, s->section.domains.items[i]);
        }
    }
    return added.n == 0 ? NULL : strv_join(&added, ", ");
}

static bool is_request_stale(const struct plan_subject *s)
{
    return s->standing == STANDING_GOOD && s->is_request_readable &&
           !wanted_is_kept(&s->section, &s->request);
}

/* "not before 2026-11-21T22:51:00Z: words" */
static char *explain_wait(int64_t until_s, const char *words)
{
    char until[CLOCK_TEXT_MAX];

    clock_format(until_s, until);
    return str_fmt("not before %s: %s", until, words);
}

/* The verdict, and what is to be known of it later. */
static void judge_renewal(struct plan_subject *s, const struct renewal_subject *subject,
                          struct renewal_verdict *ret_verdict)
{
    renewal_judge(s->store, subject, clock_wall_s(), ret_verdict);
    s->item->has_been_told =
        ret_verdict->kept.failure_told_s != 0 || ret_verdict->kept.danger_told_s != 0;
    s->item->failed_s = ret_verdict->kept.failed_s;
}

static void keep_begun(void *arg, const struct journal_order *order)
{
    struct map *names = arg;

    if (journal_order_is_resumable(order)) {
        map_set(names, order->certificate, names);
    }
}

/* By the journals, which are read once, and only if somebody asks. */
static bool has_begun(const struct planner *planner, const struct plan_subject *s)
{
    struct map **names = &planner->lookups->begun[store_is_staging(s->store) ? 1 : 0];

    if (*names == NULL) {
        *names = map_new();
        journal_list_orders(store_folder(s->store, STORE_JOURNAL), keep_begun, *names);
    }
    return map_find(*names, s->item->name) != NULL;
}

/* The CA wants no new order yet; one that is there already it lets go on. */
static void spare_ca(const struct planner *planner, struct plan_subject *s,
                     const struct renewal_verdict *verdict)
{
    if (has_begun(planner, s)) {
        decide(s, PLAN_RESUME, str_dup(BEGUN));
    } else {
        decide(s, PLAN_WAIT,
               explain_wait(verdict->limited_s, verdict->limit_text == NULL
                                                    ? "the CA has asked to be spared"
                                                    : verdict->limit_text));
    }
}

/* It would be ordered, but for what the CA has said, or what failed before. */
static void hold_back(const struct planner *planner, struct plan_subject *s,
                      const struct renewal_verdict *verdict)
{
    bool is_begun = s->item->action == PLAN_RESUME;

    if (!plan_is_order(s->item->action) || planner->request->is_trial) {
        return;
    }
    s->item->wants_trial = verdict->wants_staging && !s->item->is_staging && !is_begun;
    if (verdict->retry_s > 0 && planner->request->is_scheduled && !planner->request->is_forced) {
        decide(s, PLAN_WAIT,
               explain_wait(verdict->retry_s, verdict->kept.error == NULL ? "it failed before"
                                                                          : verdict->kept.error));
    } else if (verdict->limited_s > 0 && !is_begun) {
        spare_ca(planner, s, verdict);
    }
}

static void judge_dates(const struct planner *planner, struct plan_subject *s,
                        const struct renewal_verdict *verdict)
{
    AUTO_FREE char *added = find_added_names(s);

    if (planner->request->is_trial) {
        decide(s, PLAN_RENEW, str_dup("--dry-run"));
    } else if (planner->request->is_forced) {
        decide(s, PLAN_RENEW, str_dup("--force"));
    } else if (added != NULL && !planner->request->is_renewal) {
        decide(s, PLAN_REISSUE, str_fmt("the configuration adds %s", added));
    } else if (verdict->is_clock_behind) {
        decide(s, PLAN_WAIT,
               str_dup("this computer's clock is behind: the certificate is not valid yet by it"));
    } else if (verdict->is_due) {
        decide(s, PLAN_RENEW, renewal_explain(verdict));
    }
}

static void judge_installed(const struct planner *planner, struct plan_subject *s)
{
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    const struct renewal_subject subject = {
        .name = s->item->name,
        .cert = s->cert,
        .renew_before_s = renewal_choose_margin(
            planner->env->settings, s->standing == STANDING_GOOD ? &s->section : NULL, &s->request,
            s->cert->not_after_s - s->cert->not_before_s),
    };

    judge_renewal(s, &subject, &verdict);
    s->item->not_after_s = s->cert->not_after_s;
    s->item->due_s = verdict.due.at_s;
    s->item->danger_s = verdict.due.danger_s;
    s->item->interval_s = verdict.due.interval_s;
    s->item->is_urgent =
        verdict.is_in_danger || (verdict.due.reason == DUE_BY_ARI && verdict.due.is_hurried);
    if (verdict.warning != NULL) {
        event_log(EVENT_WARNING, s->item->name, "%s", verdict.warning);
    }
    judge_dates(planner, s, &verdict);
    hold_back(planner, s, &verdict);
    if (s->item->action != PLAN_NOTHING) {
        return;
    }
    if (store_pending_key_exists(s->store, s->item->name)) {
        decide(s, PLAN_RESUME, str_dup(BEGUN));
        hold_back(planner, s, &verdict);
    } else if (!planner->request->is_deploy_left &&
               deploy_is_due(planner->common, s->store, s->cert,
                             s->section.section != NULL ? &s->section : NULL,
                             s->is_request_readable ? &s->request : NULL)) {
        decide(s, PLAN_DEPLOY, str_dup("hooks failed, or were not run yet"));
    } else if (is_request_stale(s)) {
        decide(s, PLAN_KEEP,
               str_dup("its section has changed; that counts from its next renewal on"));
    } else if (verdict.wants_ari) {
        decide(s, PLAN_ASK, str_dup("its CA is asked when it suggests to renew"));
    }
}

/* There is none that could wait for a better moment; only what failed before holds it back. */
static void decide_at_once(const struct planner *planner, struct plan_subject *s,
                           enum plan_action action, char *take_why)
{
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    const struct renewal_subject subject = {.name = s->item->name};

    decide(s, action, take_why);
    judge_renewal(s, &subject, &verdict);
    hold_back(planner, s, &verdict);
}

/* Nobody but who asked for it knows whether what failed was meant: a name may be misspelt. */
static void leave_begun(struct plan_subject *s)
{
    const char *option = store_is_staging(s->store) ? " --staging" : "";

    decide(s, PLAN_LEAVE,
           str_fmt("not issued yet, and its order has failed: acme-dns issue --name %s%s tries "
                   "again, acme-dns delete %s%s forgets it",
                   s->item->name, option, s->item->name, option));
}

static void judge_absent(const struct planner *planner, struct plan_subject *s)
{
    if (store_cert_is_retired(s->store, s->item->name)) {
        decide(s, PLAN_LEAVE,
               str_fmt("it was revoked: acme-dns issue --force --name %s brings it back",
                       s->item->name));
    } else if (store_pending_key_exists(s->store, s->item->name)) {
        decide_at_once(planner, s, PLAN_RESUME, str_dup(BEGUN));
    } else if (s->standing != STANDING_GOOD &&
               store_pairs_find(&s->request, STORE_REQUEST_BEGUN) != NULL) {
        leave_begun(s);
    } else if (planner->request->is_renewal) {
        decide(s, PLAN_LEAVE, str_dup("not issued yet: acme-dns process does that"));
    } else {
        decide_at_once(planner, s, PLAN_ISSUE, NULL);
    }
}

/* Without a right section. False: that says it all. */
static bool judge_owner(struct plan_subject *s)
{
    bool is_wrong = s->standing == STANDING_DISABLED ||
                    (s->standing == STANDING_LOST && wanted_was_configured(&s->request));

    if (!is_wrong && wanted_was_configured(&s->request)) {
        decide(s, PLAN_LEAVE,
               str_fmt("its section was taken out of the configuration: acme-dns adopt %s shows "
                       "it, acme-dns delete %s removes the certificate",
                       s->item->name, s->item->name));
        return false;
    }
    s->item->is_disabled = is_wrong;
    return true;
}

/* Nothing is installed, and nothing says what it is to be. */
static void decide_unknown(struct plan_subject *s, const struct err *lost)
{
    if (s->standing == STANDING_DISABLED) {
        plan_decide_broken(s, &s->why);
    } else if (lost->class != ERR_NOT_FOUND) {
        plan_decide_broken(s, lost);
    } else if (store_cert_is_retired(s->store, s->item->name)) {
        decide(s, PLAN_LEAVE, str_dup("it was revoked"));
    } else {
        decide(s, PLAN_LEAVE,
               str_fmt("nothing but its folder is there: acme-dns delete %s takes that away",
                       s->item->name));
    }
}

/* The release that wrote it renews as it was told there. */
static bool has_newer_request(const struct plan_subject *s)
{
    struct err ignored = ERR_INIT; /* the same that loading it said */

    return s->item->is_request_lost && store_request_check(s->store, s->item->name, &ignored) < 0;
}

/* One that others can read goes on: a new one would be as open to them, where a hook opens it. */
static void judge_key(const struct planner *planner, struct plan_subject *s)
{
    struct err err = ERR_INIT;
    enum store_key_state state = store_cert_judge_key(s->store, s->cert, &err);

    if (state == STORE_KEY_LOST) {
        decide_at_once(planner, s, PLAN_RENEW, str_dup(err.text));
        return;
    }
    if (state == STORE_KEY_EXPOSED) {
        event_log(EVENT_WARNING, s->item->name, "%s", err.text);
    }
    judge_installed(planner, s);
}

static void judge(const struct planner *planner, struct plan_subject *s)
{
    struct err err = ERR_INIT;
    struct err lost = ERR_INIT; /* why request.conf is */
    int code = store_request_load(s->store, s->item->name, &s->request, &err);

    s->has_request = code == 0;
    s->is_request_readable = code == 0 || code == -ERR_NOT_FOUND;
    if (code < 0 && s->standing != STANDING_GOOD) {
        lost = err;
        s->item->is_request_lost = true;
    } else if (!s->is_request_readable) {
        event_log(EVENT_WARNING, s->item->name, "what commands said of it is lost: %s", err.text);
    }
    if (planner->request->is_scheduled && s->item->is_staging) {
        decide(s, PLAN_LEAVE, str_dup("a trial: --scheduled leaves it alone"));
        return;
    }
    if (s->standing != STANDING_GOOD && !judge_owner(s)) {
        return;
    }
    s->item->is_new_owner =
        s->standing == STANDING_GOOD && s->has_request && !wanted_was_configured(&s->request);
    err_clear(&err);
    code = store_cert_load(s->store, s->item->name, &s->cert, &err);
    if (has_newer_request(s) || (code == -ERR_MALFORMED && s->item->is_request_lost)) {
        plan_decide_broken(s, &lost);
    } else if (code == -ERR_MALFORMED) {
        decide_at_once(planner, s, PLAN_RENEW, str_dup(err.text)); /* it serves nobody */
    } else if (code == 0) {
        judge_key(planner, s);
    } else if (code == -ERR_NOT_FOUND && s->item->is_request_lost) {
        decide_unknown(s, &lost);
    } else if (code == -ERR_NOT_FOUND) {
        judge_absent(planner, s);
    } else {
        plan_decide_broken(s, &err);
    }
}

void plan_judge(const struct planner *planner, struct plan_subject *s)
{
    judge(planner, s);
    if (plan_is_order(s->item->action) && !s->item->is_request_lost) {
        plan_check_publishers(planner, s);
    }
}

void plan_subject_done(struct plan_subject *s)
{
    certificate_section_done(&s->section);
    store_pairs_done(&s->request);
    store_cert_free(s->cert);
}
