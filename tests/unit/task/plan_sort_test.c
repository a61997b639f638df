/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which orders a run takes first when it may not take all. */
#include "task/plan.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "base/str.h"

static void add(struct plan *plan, enum plan_action action, int64_t not_after_s, int64_t failed_s,
                const char *name)
{
    VEC_PUSH(plan->items, plan->n, plan->cap) = (struct plan_item){
        .name = str_dup(name), .action = action, .not_after_s = not_after_s, .failed_s = failed_s};
}

/* The names in order; ends the plan. */
static char *sort(struct plan *plan)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    plan_sort(plan);
    for (size_t i = 0; i < plan->n; i++) {
        strv_add(&names, plan->items[i].name);
    }
    plan_done(plan);
    return names.n == 0 ? str_dup("") : strv_join(&names, " ");
}

static void assert_order(struct plan *plan, const char *expected)
{
    AUTO_FREE char *names = sort(plan);

    assert_string_equal(names, expected);
}

static void the_nearest_end_first_and_what_is_missing_last(void **state)
{
    struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, PLAN_ISSUE, 0, 0, "missing");
    add(&plan, PLAN_RENEW, 300, 0, "late");
    add(&plan, PLAN_NOTHING, 200, 0, "idle");
    add(&plan, PLAN_RENEW, 100, 0, "soon");
    assert_order(&plan, "soon idle late missing");
}

static void those_that_failed_have_every_second_place(void **state)
{
    struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, PLAN_RENEW, 1, 70, "hopeless1");
    add(&plan, PLAN_RENEW, 2, 60, "hopeless2");
    add(&plan, PLAN_RENEW, 3, 50, "waited-longest");
    add(&plan, PLAN_RENEW, 100, 0, "a");
    add(&plan, PLAN_RENEW, 101, 0, "b");
    add(&plan, PLAN_ISSUE, 0, 0, "c");
    add(&plan, PLAN_ISSUE, 0, 0, "d");
    assert_order(&plan, "a waited-longest b hopeless2 c hopeless1 d");
}

static void places_that_one_kind_does_not_need_are_the_others(void **state)
{
    struct plan plan = {.items = NULL};
    struct plan alone = {.items = NULL};

    (void)state;
    add(&plan, PLAN_RENEW, 100, 0, "a");
    add(&plan, PLAN_ISSUE, 0, 20, "y");
    add(&plan, PLAN_RENEW, 50, 20, "x");
    add(&plan, PLAN_RENEW, 50, 10, "w");
    assert_order(&plan, "a w x y");
    add(&alone, PLAN_RENEW, 50, 20, "x");
    add(&alone, PLAN_RENEW, 60, 10, "w");
    assert_order(&alone, "w x");
}

static void what_takes_no_order_keeps_its_place(void **state)
{
    struct plan plan = {.items = NULL};

    (void)state;
    add(&plan, PLAN_WAIT, 1, 5, "waiting");
    add(&plan, PLAN_DEPLOY, 2, 5, "deploy");
    add(&plan, PLAN_RENEW, 3, 9, "failed");
    add(&plan, PLAN_RENEW, 4, 0, "a");
    add(&plan, PLAN_ASK, 5, 0, "ask");
    add(&plan, PLAN_RENEW, 6, 0, "b");
    assert_order(&plan, "waiting deploy a failed ask b");
}

static void an_empty_plan_stays_empty(void **state)
{
    struct plan plan = {.items = NULL};

    (void)state;
    assert_order(&plan, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_end_first_and_what_is_missing_last),
        cmocka_unit_test(those_that_failed_have_every_second_place),
        cmocka_unit_test(places_that_one_kind_does_not_need_are_the_others),
        cmocka_unit_test(what_takes_no_order_keeps_its_place),
        cmocka_unit_test(an_empty_plan_stays_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
