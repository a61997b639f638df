/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a CA has asked to be spared: by account, or by the names of an order. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_limit.h"
#include "task/renewal_impl.h"

#include <stdio.h>
#include <string.h>

/* A CA that names no time has short limits in mind. */
#define UNSAID_S 3600
#define UNTIL_DIGITS 19 /* 2026-11-21 22:51:00 */
/* Some tries are left of the last day and a half of a certificate of six days. */
#define DANGER_S (6 * 3600)

static int64_t until_of(const struct store_limit *limit, bool is_in_danger, int64_t now_s)
{
    int64_t until_s = due_wait_until_s(limit->noted_s, limit->until_s, now_s);
    int64_t enough_s = limit->noted_s + DANGER_S;

    if (is_in_danger && until_s > enough_s) {
        return enough_s > now_s ? enough_s : 0;
    }
    return until_s;
}

int renewal_find_limit(struct store *store, const struct renewal_order *order, int64_t now_s,
                       int64_t *ret_until_s, char **ret_text, struct err *err)
{
    AUTO(store_limits_done) struct store_limits limits = {.items = NULL};
    const struct store_limit *last = NULL;
    int64_t last_s = 0;

    if (store_limits_load(store, order->directory_url, order->account_id, order->names, now_s,
                          &limits, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < limits.n; i++) {
        int64_t until_s = until_of(&limits.items[i], order->is_in_danger, now_s);

        if (until_s > last_s) {
            last_s = until_s;
            last = &limits.items[i];
        }
    }
    if (last != NULL) {
        *ret_until_s = last_s;
        *ret_text = str_dup(last->text == NULL ? "" : last->text);
    }
    return 0;
}

int renewal_check_limits(struct store *store, const struct renewal_order *order, int64_t now_s,
                         struct err *err)
{
    AUTO_FREE char *text = NULL;
    char until[CLOCK_TEXT_MAX];
    char span[CLOCK_TEXT_MAX];
    int64_t until_s = 0;

    if (renewal_find_limit(store, order, now_s, &until_s, &text, err) < 0) {
        return err_code(err);
    }
    if (until_s == 0) {
        return 0;
    }
    clock_format(until_s, until);
    clock_format_span(until_s - now_s, span);
    (void)err_set(err, ERR_LATER,
                  "the CA has asked to be left alone for %s more, until %s; it said:\n%s", span,
                  until, text);
    err->retry_after_s = (uint32_t)(until_s - now_s); /* at most DUE_WAIT_MAX_S */
    return err_hint(err, "nothing was asked of it now; --force does not change that");
}

/* ---- Noting one ---- */

/* RFC 8555 section 6.6 has one word for all limits, so whose a limit is only its text tells. These
 * are Boulder's; what is in no row is for the names of the order: then other orders find out for
 * themselves. */
static bool is_for_account(const struct acme_problem *problem)
{
    static const char *const PHRASES[] = {"new orders", "from this account", "registrations"};

    for (size_t i = 0; i < ARRAY_LEN(PHRASES); i++) {
        if (strcasestr(problem->detail, PHRASES[i]) != NULL) {
            return true;
        }
    }
    return problem->status == 503;
}

/* "retry after 2026-11-21 22:51:00 UTC" in the text of one without the header; or 0. */
static int64_t find_until(const char *detail)
{
    static const char PHRASE[] = "retry after ";
    const char *at = strcasestr(detail, PHRASE);
    char date[UNTIL_DIGITS + 2];
    int64_t until_s = 0;

    if (at == NULL) {
        return 0;
    }
    (void)snprintf(date, sizeof(date), "%.*sZ", UNTIL_DIGITS, at + strlen(PHRASE));
    return clock_parse(date, &until_s) ? until_s : 0;
}

bool renewal_is_limited(const struct acme_problem *problem)
{
    return acme_problem_is(problem, "rateLimited") || problem->status == 429;
}

static bool is_limit(const struct acme_problem *problem, int64_t retry_after_s)
{
    return renewal_is_limited(problem) || (problem->status == 503 && retry_after_s > 0);
}

/* How long it holds. */
static int64_t span_of(const struct acme_problem *problem, int64_t retry_after_s, int64_t now_s)
{
    int64_t span_s = retry_after_s > 0 ? retry_after_s : find_until(problem->detail) - now_s;

    if (span_s <= 0) {
        span_s = UNSAID_S;
    }
    return span_s < DUE_WAIT_MAX_S ? span_s : DUE_WAIT_MAX_S;
}

int renewal_note_limit(struct store *store, const struct renewal_order *order,
                       const struct acme_problem *problem, int64_t retry_after_s, int64_t now_s,
                       struct err *err)
{
    struct store_limit limit = {.noted_s = now_s};
    struct err told = ERR_INIT;

    if (!is_limit(problem, retry_after_s)) {
        return 0;
    }
    (void)acme_problem_to_err(problem, NULL, -1, &told);
    limit.text = told.text;
    limit.until_s = now_s + span_of(problem, retry_after_s, now_s);
    if (!is_for_account(problem)) {
        limit.names = *order->names;
    }
    return store_limit_save(store, order->directory_url, order->account_id, &limit, err);
}
