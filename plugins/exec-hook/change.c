/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Changes, one run of the program each, or one run for all where the program takes them in a chain.
 * A change that fails does not keep the others from being made.
 */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Changes of one kind, out of those of a call. */
struct pick {
    enum verb verb;
    const struct acme_record **records;
    size_t *indices; /* in the call */
    size_t n;
};

/* One call on its way. */
struct making {
    struct acme_call *call;
    struct hook *hook;
    struct pick pick;
    int64_t limit_ms;      /* of each run; 0: as long as the call may take */
    int32_t failed_status; /* of the last change that failed */
};

static int32_t note_failure(struct making *m, size_t index, int32_t status, uint32_t later_s,
                            const char *text)
{
    m->failed_status = outcome_fail(m->call, index, status, later_s, text);
    return m->failed_status;
}

/* ---- One run ---- */

/* Runs the program for the records from `from` on, and says how it ended. */
static int32_t run_program_for(struct making *m, size_t from, size_t n, struct outcome *outcome,
                               char *ret_text, size_t size)
{
    const struct hook *h = m->hook;
    struct home home = HOME_NONE;
    struct invoke_for what = {.hook = h,
                              .verb = m->pick.verb,
                              .records = m->pick.records + from,
                              .n = n,
                              .all = m->pick.records,
                              .n_all = m->pick.n,
                              .n_left = m->pick.n - from - n,
                              .home = home.path};
    struct run run = {.limit_ms = m->limit_ms,
                      .may_leave = m->pick.verb == VERB_STARTUP, /* a server, for instance */
                      .take_line = outcome_take_line,
                      .context = outcome};
    struct run_result result = {.end = RUN_FAILED};
    struct invoke with = {.argv = {.n = 0}};
    int32_t status = ACME_OK;

    if (h->acme_sh != NULL) {
        status = home_make(h, &home, ret_text, size);
    }
    if (status == ACME_OK && invoke_init(&with, &what) && with.argv.items != NULL) {
        run.path = with.argv.items[0];
        run.argv = with.argv.items;
        run.envp = with.envp.items;
        run_program(m->call, &run, &result);
        outcome_end(outcome);
        status = outcome_judge(&result, h, m->pick.verb, ret_text, size);
    } else if (status == ACME_OK) {
        (void)snprintf(ret_text, size, "there is no memory to run %s", outcome->name);
        status = ACME_BUG;
    }
    invoke_done(&with);
    home_done(&home);
    return status;
}

/* A removal that failed is tried again by others: the last word to the program waits for no such.
 */
static void count_standing(struct making *m, size_t n, int32_t status)
{
    struct hook *h = m->hook;

    if (m->pick.verb == VERB_ADD) {
        h->n_standing += status == ACME_OK || status == CODE_VAGUE ? n : 0;
    } else if (m->pick.verb == VERB_REMOVE) {
        h->n_standing -= n < h->n_standing ? n : h->n_standing;
    }
}

/* One run, and what it means for each of its changes. */
static int32_t run_once(struct making *m, size_t from, size_t n)
{
    const struct style_verb *verb = &m->hook->style->verbs[m->pick.verb];
    struct outcome outcome = {
        .call = m->call, .name = invoke_program(m->hook, m->pick.verb), .output = verb->output};
    char text[OUTCOME_TEXT_MAX];
    int32_t status = run_program_for(m, from, n, &outcome, text, sizeof(text));

    if (status == ACME_OK && text[0] != '\0') {
        acme_log(m->call, ACME_LOG_WARNING, "%s", text);
    }
    if (outcome.receipt_len > 0 && n == 1) {
        m->call->host->receipt(m->call, m->pick.indices[from], outcome.receipt,
                               outcome.receipt_len);
    }
    if (m->pick.verb == VERB_SETTLED && status == ACME_UNSUPPORTED) {
        return status; /* without that verb the name servers decide: nothing has failed */
    }
    for (size_t i = from; i < from + n; i++) {
        if (status == ACME_OK) {
            m->call->host->done(m->call, m->pick.indices[i]);
        } else {
            (void)note_failure(m, m->pick.indices[i], status, outcome.retry_after_s, text);
        }
    }
    count_standing(m, n, status);
    return status == CODE_VAGUE ? ACME_RETRY : status;
}

/* ---- Several ---- */

/* Whether a program can be given this change. Says why not. */
static bool is_fit(struct making *m, const struct acme_record *r, size_t index)
{
    const struct style *s = m->hook->style;
    char domain[256];
    char text[1024];

    if (r->type != ACME_RECORD_TXT || memchr(r->value, '\0', r->value_len) != NULL) {
        (void)note_failure(m, index, ACME_UNSUPPORTED, 0,
                           "only TXT values without NUL bytes can be given to a program");
        return false;
    }
    if (s->is_at_label && !invoke_domain(r, domain)) {
        (void)snprintf(text, sizeof(text),
                       "programs of style %s put _acme-challenge before a domain, so they cannot "
                       "write at %.260s, where the value belongs; want a program of style native, "
                       "lego or acme.sh for it",
                       s->name, r->fqdn);
        (void)note_failure(m, index, ACME_BAD_CONFIG, 0, text);
        return false;
    }
    return true;
}

static bool pick_init(struct pick *p, enum verb verb, size_t n)
{
    *p = (struct pick){.verb = verb,
                       .records = calloc(n + 1, sizeof(const struct acme_record *)),
                       .indices = calloc(n + 1, sizeof(size_t))};
    return p->records != NULL && p->indices != NULL;
}

static void pick_done(struct pick *p)
{
    free(p->records);
    free(p->indices);
    *p = (struct pick){.records = NULL};
}

static void pick_add(struct making *m, const struct acme_record *r, size_t index)
{
    if (is_fit(m, r, index)) {
        m->pick.records[m->pick.n] = r;
        m->pick.indices[m->pick.n++] = index;
    }
}

/* Tells a program whose convention knows it, once, that changes will come. */
static int32_t start_up(struct making *m)
{
    const struct style_verb *verb = &m->hook->style->verbs[VERB_STARTUP];
    struct making alone = {
        .call = m->call, .hook = m->hook, .pick = {.verb = VERB_STARTUP}, .limit_ms = m->limit_ms};
    struct outcome outcome = {.call = m->call, .name = invoke_program(m->hook, VERB_STARTUP)};
    char text[OUTCOME_TEXT_MAX];
    int32_t status = ACME_OK;

    if (verb->argv == NULL || m->hook->has_started) {
        return ACME_OK;
    }
    status = run_program_for(&alone, 0, 0, &outcome, text, sizeof(text));
    m->hook->has_started = status == ACME_OK;
    for (size_t i = 0; status != ACME_OK && i < m->pick.n; i++) {
        /* Nothing was asked to be changed. */
        (void)note_failure(m, m->pick.indices[i], status == CODE_VAGUE ? ACME_REJECTED : status, 0,
                           text);
    }
    return status;
}

/* Whether a value is among those that this call removes from the name. */
static bool is_picked(const struct making *m, const char *fqdn, const char *value)
{
    for (size_t i = 0; i < m->pick.n; i++) {
        const struct acme_record *r = m->pick.records[i];

        if (strcmp(r->fqdn, fqdn) == 0 && strlen(value) == r->value_len &&
            memcmp(r->value, value, r->value_len) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a program that does not look at the value may be run to remove it: not if it would take
 * somebody else's. */
static bool may_remove(struct making *m, size_t at)
{
    const struct acme_record *r = m->pick.records[at];
    struct words values = {.n = 0};
    char value[256];
    char text[1024];
    size_t other = 0;

    if (m->pick.verb != VERB_REMOVE || !m->hook->removes_by_name) {
        return true;
    }
    if (!look_txt(r->zone, r->fqdn, &values)) {
        (void)snprintf(text, sizeof(text),
                       "%s was not run: it does not look at the value when it removes, and whether "
                       "%.260s has others could not be seen, since no server of zone %.260s "
                       "answered",
                       invoke_program(m->hook, VERB_REMOVE), r->fqdn, r->zone);
        (void)note_failure(m, m->pick.indices[at], ACME_RETRY, 0, text);
        words_done(&values);
        return false;
    }
    while (other < values.n && is_picked(m, r->fqdn, values.items[other])) {
        other++;
    }
    if (other < values.n) {
        (void)snprintf(
            text, sizeof(text),
            "%s was not run: it does not look at the value when it removes, and %.260s "
            "has a value that is not ours to remove, \"%s\"; take \"%.255s\" away by "
            "hand, or use another provider for the zone",
            invoke_program(m->hook, VERB_REMOVE), r->fqdn,
            text_sanitize(values.items[other], strlen(values.items[other]), value, sizeof(value)),
            (const char *)r->value);
        (void)note_failure(m, m->pick.indices[at], ACME_REJECTED, 0, text);
        words_done(&values);
        return false;
    }
    words_done(&values);
    return true;
}

/* All that was picked. ACME_CANCELLED, or ACME_OK. */
static int32_t make_picked(struct making *m)
{
    size_t step = m->hook->is_chain ? m->pick.n : 1;
    int32_t status = m->pick.n > 0 ? start_up(m) : ACME_OK;

    for (size_t i = 0; status == ACME_OK && i < m->pick.n; i += step) {
        if (may_remove(m, i) && run_once(m, i, step) == ACME_CANCELLED) {
            status = ACME_CANCELLED;
        }
    }
    return status == ACME_CANCELLED ? status : ACME_OK;
}

int32_t change_apply(struct acme_call *call, struct hook *h,
                     const struct acme_change *const *changes, size_t n, int32_t *ret_failed_status)
{
    struct making m = {.call = call, .hook = h, .limit_ms = h->limit_ms, .failed_status = ACME_OK};
    int32_t status = ACME_OK;
    bool has_removed = false;

    for (enum verb verb = VERB_ADD; status == ACME_OK && verb <= VERB_REMOVE; verb++) {
        if (!pick_init(&m.pick, verb, n)) {
            status = acme_fail(call, ACME_BUG, 0, "there is no memory for %zu changes", n);
        }
        for (size_t i = 0; status == ACME_OK && i < n; i++) {
            if ((changes[i]->what == ACME_ADD) == (verb == VERB_ADD)) {
                pick_add(&m, changes[i]->record, i);
            }
        }
        if (status == ACME_OK) {
            status = make_picked(&m);
        }
        has_removed = verb == VERB_REMOVE && m.pick.n > 0;
        pick_done(&m.pick);
    }
    *ret_failed_status = m.failed_status;
    if (has_removed && h->n_standing == 0) {
        change_exit(call, h);
    }
    return status;
}

int32_t change_settled(struct acme_call *call, struct hook *h, const struct acme_record *record)
{
    struct making m = {.call = call, .hook = h, .limit_ms = h->limit_ms};
    int32_t status = ACME_OK;

    if (!pick_init(&m.pick, VERB_SETTLED, 1)) {
        status = acme_fail(call, ACME_BUG, 0, "there is no memory");
    } else {
        pick_add(&m, record, 0);
        status = m.pick.n == 1 ? run_once(&m, 0, 1) : m.failed_status;
    }
    pick_done(&m.pick);
    return status;
}

/* Where it is close() that calls, time is short, and a program that does not end is given a moment
 * to do so. */
void change_exit(struct acme_call *call, struct hook *h)
{
    int64_t left_ms = call->host->ms_left(call) - RUN_GRACE_MS;
    struct making m = {.call = call, .hook = h, .pick = {.verb = VERB_EXIT}};
    struct outcome outcome = {.call = call, .name = invoke_program(h, VERB_EXIT)};
    char text[OUTCOME_TEXT_MAX];

    if (h->has_started && left_ms > 0) {
        m.limit_ms = h->limit_ms > 0 && h->limit_ms < left_ms ? h->limit_ms : left_ms;
        if (run_program_for(&m, 0, 0, &outcome, text, sizeof(text)) != ACME_OK) {
            acme_log(call, ACME_LOG_WARNING, "%s", text);
        }
    }
    h->has_started = false;
}
