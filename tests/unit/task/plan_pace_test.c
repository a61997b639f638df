/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which renewals a timer's run leaves to the next ones. */
#include "task/plan.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "base/str.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define NOW_S ((int64_t)1800000000)

static void add(struct plan *plan, size_t n, const struct plan_item *like)
{
    for (size_t i = 0; i < n; i++) {
        struct plan_item *item = &(VEC_PUSH(plan->items, plan->n, plan->cap));

        *item = *like;
        item->name = str_fmt("c%zu", plan->n);
        item->why = str_dup("its lifetime, less a random share");
    }
}

static const struct plan_item DUE = {.action = PLAN_RENEW,
                                     .not_after_s = NOW_S + 29 * DAY_S,
                                     .due_s = NOW_S - DAY_S,
                                     .danger_s = NOW_S + 14 * DAY_S,
                                     .interval_s = 60 * DAY_S};
static const struct plan_item IDLE = {.action = PLAN_NOTHING,
                                      .not_after_s = NOW_S + 80 * DAY_S,
                                      .due_s = NOW_S + 50 * DAY_S,
                                      .danger_s = NOW_S + 65 * DAY_S,
                                      .interval_s = 60 * DAY_S};

static size_t count(const struct plan *plan, enum plan_action action)
{
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++) {
        n += plan->items[i].action == action ? 1 : 0;
    }
    return n;
}

static void the_first_go_and_the_rest_has_time(void **state)
{
    AUTO(plan_done) struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, 20, &DUE);
    add(&plan, 700, &IDLE); /* two a run on average */
    plan_pace(&plan, 4 * HOUR_S, NOW_S);
    assert_int_equal(count(&plan, PLAN_RENEW), 5);
    assert_int_equal(count(&plan, PLAN_WAIT), 15);
    for (size_t i = 0; i < 20; i++) {
        assert_int_equal(plan.items[i].action, i < 5 ? PLAN_RENEW : PLAN_WAIT);
        assert_int_equal(plan.items[i].is_paced, i >= 5);
        assert_true((strstr(plan.items[i].why, "next runs") != NULL) == (i >= 5));
    }
}

static void what_cannot_wait_goes_too(void **state)
{
    AUTO(plan_done) struct plan plan = {.items = NULL};
    struct plan_item urgent = DUE;
    struct plan_item resumed = DUE;

    (void)state;
    urgent.is_urgent = true;
    resumed.action = PLAN_RESUME;
    add(&plan, 20, &DUE);
    add(&plan, 30, &urgent);
    add(&plan, 3, &resumed);
    add(&plan, 7, &(struct plan_item){.action = PLAN_ISSUE});
    add(&plan, 2, &(struct plan_item){.action = PLAN_RENEW}); /* damaged */
    add(&plan, 700, &IDLE);
    plan_pace(&plan, 4 * HOUR_S, NOW_S);
    assert_int_equal(count(&plan, PLAN_RENEW), 5 + 30 + 2);
    assert_int_equal(count(&plan, PLAN_RESUME), 3);
    assert_int_equal(count(&plan, PLAN_ISSUE), 7);
    assert_int_equal(count(&plan, PLAN_WAIT), 15);
}

static void few_go_at_once(void **state)
{
    AUTO(plan_done) struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, 20, &DUE);
    add(&plan, 50, &IDLE);
    plan_pace(&plan, 4 * HOUR_S, NOW_S);
    assert_int_equal(count(&plan, PLAN_RENEW), 20);
}

static void with_no_run_before_all_go(void **state)
{
    AUTO(plan_done) struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, 400, &DUE);
    add(&plan, 700, &IDLE);
    plan_pace(&plan, 0, NOW_S);
    assert_int_equal(count(&plan, PLAN_RENEW), 400);
}

static void what_is_not_ours_makes_no_pace(void **state)
{
    AUTO(plan_done) struct plan plan = {.items = NULL};
    struct plan_item left = IDLE;
    struct plan_item trial = IDLE;

    (void)state;
    left.action = PLAN_LEAVE;
    trial.is_staging = true;
    add(&plan, 20, &DUE);
    add(&plan, 180, &IDLE);
    add(&plan, 2000, &left);
    add(&plan, 2000, &trial);
    plan_pace(&plan, 4 * HOUR_S, NOW_S);
    assert_int_equal(count(&plan, PLAN_RENEW), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_go_and_the_rest_has_time),
        cmocka_unit_test(what_cannot_wait_goes_too),
        cmocka_unit_test(few_go_at_once),
        cmocka_unit_test(with_no_run_before_all_go),
        cmocka_unit_test(what_is_not_ours_makes_no_pace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
