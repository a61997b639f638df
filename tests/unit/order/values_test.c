/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Values between users, journal, provider and servers: who adds, who removes, who waits, what
 * stays. */
#include "values_lab.h"

#include "base/clock.h"
#include "order/values_impl.h"

static void an_entry_stays_until_the_servers_have_answered(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 1);
    answer_question(NULL);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 1);
    close_values();
}

static void what_a_server_still_serves_is_removed_once_more(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question("a");
    assert_int_equal(count_entries(), 1);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 1);
    close_values();
}

static void an_answer_speaks_only_for_what_was_asked(void **state)
{
    struct told told = {0};
    struct told later = {0};
    struct value_use *first = NULL;
    struct value_use *second = NULL;

    (void)state;
    open_values();
    first = publish_well("a", &told);
    second = publish_well("b", &later);
    values_release(&first);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(n_questions, 1);
    values_release(&second);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(n_questions, 2);
    answer_question(NULL);
    assert_int_equal(count_entries(), 1);
    answer_question("b");
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void a_value_wanted_again_while_the_servers_are_asked_is_left_alone(void **state)
{
    struct told told = {0};
    struct told again = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    use = publish_well("a", &again);
    answer_question("a");
    assert_int_equal(n_jobs, 0);
    assert_true(count_entries() > 0);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void a_user_that_comes_during_a_removal_hears_of_it(void **state)
{
    struct told told = {0};
    struct told again = {0};
    struct value_use *use = NULL;

    (void)state;
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        told = again = (struct told){0};
        open_values();
        use = publish_well("a", &told);
        values_release(&use);
        use = publish("a", &again);
        if (is_refused) {
            fail_first(PROVIDER_REMOVE, ERR_PROVIDER);
        } else {
            succeed_first(PROVIDER_REMOVE);
        }
        succeed_first(PROVIDER_ADD);
        spin(5);
        assert_int_equal(again.n_good, 1);
        values_release(&use);
        succeed_first(PROVIDER_REMOVE);
        answer_question(NULL);
        assert_int_equal(count_entries(), 0);
        close_values();
    }
}

static void a_cancelled_removal_is_tried_again(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    fail_first(PROVIDER_REMOVE, ERR_CANCELLED);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void what_a_provider_cannot_take_away_is_done_with_and_told_once(void **state)
{
    static const char *const TEXTS[] = {"a", "b"};

    (void)state;
    open_values();
    for (int i = 0; i < 2; i++) {
        struct told told = {0};
        struct value_use *use = publish_well(TEXTS[i], &told);
        unsigned n_before = n_notices;

        values_release(&use);
        fail_first_with(PROVIDER_REMOVE, ERR_PROVIDER, ACME_UNSUPPORTED);
        assert_int_equal(n_questions, 0); /* the servers go on serving it */
        assert_int_equal(count_entries(), 0);
        assert_int_equal(n_notices - n_before, i == 0 ? 1 : 0);
    }
    assert_int_equal(n_warnings, 0);
    assert_int_equal(values_n_removed(values), 0);
    close_values();
}

static void a_user_that_comes_while_that_is_learnt_has_its_value_published(void **state)
{
    struct told told = {0};
    struct told again = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    use = publish("a", &again);
    fail_first_with(PROVIDER_REMOVE, ERR_PROVIDER, ACME_UNSUPPORTED);
    succeed_first(PROVIDER_ADD);
    spin(5);
    assert_int_equal(again.n_good, 1);
    values_release(&use);
    fail_first_with(PROVIDER_REMOVE, ERR_PROVIDER, ACME_UNSUPPORTED);
    assert_int_equal(count_entries(), 0);
    close_values();
}

/* How many values are left; why the last of them is. */
static size_t count_left(const struct err **ret_why)
{
    size_t cursor = 0;
    size_t n = 0;

    while (values_next_left(values, &cursor, ret_why) != NULL) {
        n++;
    }
    return n;
}

static void a_removal_that_failed_is_tried_again_by_the_sweep(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;
    const struct err *why = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    fail_first(PROVIDER_REMOVE, ERR_PROVIDER);
    assert_int_equal(count_left(&why), 1);
    values_sweep(values, NULL);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    assert_int_equal(count_left(&why), 0);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void a_refused_add_does_not_forget_what_an_earlier_run_added(void **state)
{
    static const char *const TEXTS[] = {"a"};
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    leave_behind(TEXTS, 1);
    open_values();
    use = publish("a", &told);
    fail_first(PROVIDER_ADD, ERR_PROVIDER);
    spin(5);
    assert_int_equal(told.n_bad, 1);
    assert_int_equal(count_entries(), 1);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void a_refused_add_of_our_own_is_forgotten(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish("a", &told);
    fail_first(PROVIDER_ADD, ERR_PROVIDER);
    assert_int_equal(count_entries(), 0);
    values_release(&use);
    close_values();
}

static void all_entries_of_a_value_end_with_it(void **state)
{
    static const char *const TEXTS[] = {"a", "a", "b"};

    (void)state;
    leave_behind(TEXTS, 3);
    open_values();
    values_sweep(values, NULL);
    assert_int_equal(n_jobs, 2);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 1);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 2);
    close_values();
}

static void a_held_value_that_an_earlier_run_added_is_removed(void **state)
{
    static const char *const TEXTS[] = {"b"};
    struct told told = {0};
    struct told never = {0};
    struct value_use *first = NULL;
    struct value_use *held = NULL;

    (void)state;
    lab.facts.can_hold_several = false;
    leave_behind(TEXTS, 1);
    open_values();
    first = publish_well("a", &told);
    held = publish("b", &never);
    assert_int_equal(n_jobs, 0);
    values_release(&held);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    assert_int_equal(count_entries(), 1);
    values_release(&first);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(never.n_good + never.n_bad, 0);
    close_values();
}

static void the_sweep_asks_for_leave_as_for_the_name_itself(void **state)
{
    static const char *const TEXTS[] = {"a"};

    (void)state;
    is_writing_allowed = false;
    leave_behind_at("abc.acme.example.net.", TEXTS, 1);
    open_values();
    values_sweep(values, NULL);
    assert_string_equal(asked_owner, "_acme-challenge." NAME ".");
    assert_string_equal(written_owner, "abc.acme.example.net.");
    close_values();
}

static void count_settled(void *arg)
{
    size_t *n = arg;

    (*n)++;
}

/* Several orders in one run: what one of them is going to need is not another's to remove, nor to
 * wait for. */
static void what_is_claimed_is_left_to_its_own_order(void **state)
{
    static const char *const TEXTS[] = {"a"};
    size_t n_others = 0;
    size_t n_own = 0;
    size_t n_all = 0;

    (void)state;
    leave_behind(TEXTS, 1);
    open_values();
    values_claim(values, NAME);
    values_sweep(values, NULL);
    values_sweep(values, "other.test");
    assert_int_equal(n_jobs, 0);
    values_sweep(values, NAME);
    assert_int_equal(n_jobs, 1);
    values_wait_idle(values, "other.test", count_settled, &n_others);
    values_wait_idle(values, NAME, count_settled, &n_own);
    values_wait_idle(values, NULL, count_settled, &n_all);
    spin(5);
    assert_int_equal(n_others, 1);
    assert_int_equal(n_own + n_all, 0);
    values_wait_cancel(values, &n_all);
    succeed_first(PROVIDER_REMOVE);
    spin(5);
    assert_int_equal(n_own, 1);
    assert_int_equal(n_all, 0);
    close_values();
}

static void what_is_disclaimed_is_swept_by_the_next(void **state)
{
    static const char *const TEXTS[] = {"a"};

    (void)state;
    leave_behind(TEXTS, 1);
    open_values();
    values_claim(values, NAME);
    values_sweep(values, "");
    assert_int_equal(n_jobs, 0);
    values_disclaim(values, NAME);
    values_sweep(values, "");
    assert_int_equal(n_jobs, 1);
    succeed_first(PROVIDER_REMOVE);
    close_values();
}

static void what_nobody_claims_is_swept_once_by_the_first(void **state)
{
    static const char *const TEXTS[] = {"a"};

    (void)state;
    leave_behind(TEXTS, 1);
    open_values();
    values_sweep(values, "other.test");
    assert_int_equal(n_jobs, 1);
    fail_first(PROVIDER_REMOVE, ERR_PROVIDER);
    values_sweep(values, "third.test");
    assert_int_equal(n_jobs, 0);
    values_sweep(values, NULL);
    assert_int_equal(n_jobs, 1);
    close_values();
}

static void an_entry_that_nobody_can_remove_is_told_once(void **state)
{
    static const char *const TEXTS[] = {"a"};
    const struct err *why = NULL;

    (void)state;
    is_writing_allowed = false;
    leave_behind(TEXTS, 1);
    open_values();
    values_sweep(values, NULL);
    values_sweep(values, NULL);
    assert_int_equal(count_left(&why), 1);
    assert_non_null(strstr(why->text, "not there"));
    close_values();
}

static void waits_for_the_one_value_of_another_run(void **state)
{
    struct journal *theirs = open_journal();
    struct journal_entry *entry = add_entry(theirs, "b");
    struct told told = {0};
    struct value_use *use = NULL;
    struct err err = ERR_INIT;

    (void)state;
    lab.facts.can_hold_several = false;
    open_values();
    use = publish("a", &told);
    assert_int_equal(n_jobs, 0);
    spin(900);
    assert_int_equal(n_jobs, 0);
    assert_int_equal(journal_mark_removed(entry, &err), 0);
    spin(900);
    succeed_first(PROVIDER_ADD);
    spin(5);
    assert_int_equal(told.n_good, 1);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    close_values();
    journal_close(theirs);
}

/* Two orders of one run may each have what the other waits for. */
static void a_value_of_the_same_run_is_not_waited_for_without_end(void **state)
{
    struct told told = {0};
    struct told told_held = {0};
    struct value_use *first = NULL;
    struct value_use *held = NULL;

    (void)state;
    lab.facts.can_hold_several = false;
    open_values();
    values->held_max_ms = 1500;
    first = publish_well("a", &told);
    held = publish("b", &told_held);
    spin(900);
    assert_int_equal(told_held.n_bad, 0);
    spin(1500);
    assert_int_equal(told_held.n_bad, 1);
    assert_int_equal(told_held.n_good, 0);
    assert_int_equal(n_jobs, 0);
    values_release(&held);
    values_release(&first);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    close_values();
}

static void gives_way_to_a_run_that_was_first_after_all(void **state)
{
    struct journal *theirs = open_journal();
    struct journal_entry *entry = NULL;
    struct told told = {0};
    struct value_use *use = NULL;
    struct err err = ERR_INIT;

    (void)state;
    lab.facts.can_hold_several = false;
    open_values();
    use = publish("a", &told);
    entry = add_entry(theirs, "b");
    assert_false(send_first());
    assert_int_equal(count_entries(), 0);
    assert_int_equal(journal_mark_removed(entry, &err), 0);
    spin(900);
    succeed_first(PROVIDER_ADD);
    spin(5);
    assert_int_equal(told.n_good, 1);
    assert_int_equal(told.n_bad, 0);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    close_values();
    journal_close(theirs);
}

static void what_a_dead_run_has_there_is_no_reason_to_wait(void **state)
{
    static const char *const TEXTS[] = {"b"};
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    lab.facts.can_hold_several = false;
    open_values();
    leave_behind(TEXTS, 1); /* after ours began: nobody has taken it over */
    use = publish_well("a", &told);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    answer_question(NULL);
    close_values();
}

static void one_value_of_two_runs_is_shared(void **state)
{
    struct journal *theirs = open_journal();
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    lab.facts.can_hold_several = false;
    (void)add_entry(theirs, "a");
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    assert_false(send_first());
    close_values();
    journal_close(theirs);
}

static void a_value_that_another_run_counts_on_is_not_removed(void **state)
{
    struct journal *theirs = open_journal();
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    assert_int_equal(n_jobs, 1);
    (void)add_entry(theirs, "a"); /* after the removal was handed in, before it is sent */
    assert_false(send_first());
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 0);
    close_values();
    journal_close(theirs);
}

static void a_kept_value_stands_for_the_next_run(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish_well("a", &told);
    values_keep(&use);
    assert_null(use);
    use = publish("b", &told);
    values_keep(&use);
    succeed_first(PROVIDER_ADD);
    values_sweep(values, NULL);
    spin(5);
    assert_int_equal(n_jobs, 0);
    assert_int_equal(count_entries(), 2);
    close_values();
    open_values();
    values_sweep(values, NULL);
    succeed_first(PROVIDER_REMOVE);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void a_removal_left_to_a_person_is_done_when_told(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;
    size_t cursor = 0;

    (void)state;
    lab.is_by_hand = lab.is_attended = true;
    open_values();
    use = publish_well("a", &told);
    assert_true(journal_next(journal, &cursor)->is_awaited);
    values_release(&use);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(n_jobs, 0); /* nobody asks the servers, so it is not removed again */
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 0);
    assert_int_equal(values_n_handed_over(values), 1);
    close_values();
}

static void an_add_that_nobody_wants_is_not_waited_for(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    open_values();
    use = publish("a", &told);
    spin(5);
    assert_null(hung_up);
    values_release(&use);
    assert_ptr_equal(hung_up, jobs[0]);
    fail_first(PROVIDER_ADD, ERR_CANCELLED);
    assert_int_equal(count_entries(), 0);
    close_values();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_entry_stays_until_the_servers_have_answered),
        TEST(what_a_server_still_serves_is_removed_once_more),
        TEST(an_answer_speaks_only_for_what_was_asked),
        TEST(a_value_wanted_again_while_the_servers_are_asked_is_left_alone),
        TEST(a_user_that_comes_during_a_removal_hears_of_it),
        TEST(a_cancelled_removal_is_tried_again),
        TEST(what_a_provider_cannot_take_away_is_done_with_and_told_once),
        TEST(a_user_that_comes_while_that_is_learnt_has_its_value_published),
        TEST(a_removal_that_failed_is_tried_again_by_the_sweep),
        TEST(a_refused_add_does_not_forget_what_an_earlier_run_added),
        TEST(a_refused_add_of_our_own_is_forgotten),
        TEST(all_entries_of_a_value_end_with_it),
        TEST(a_held_value_that_an_earlier_run_added_is_removed),
        TEST(the_sweep_asks_for_leave_as_for_the_name_itself),
        TEST(what_is_claimed_is_left_to_its_own_order),
        TEST(what_is_disclaimed_is_swept_by_the_next),
        TEST(what_nobody_claims_is_swept_once_by_the_first),
        TEST(an_entry_that_nobody_can_remove_is_told_once),
        TEST(waits_for_the_one_value_of_another_run),
        TEST(a_value_of_the_same_run_is_not_waited_for_without_end),
        TEST(gives_way_to_a_run_that_was_first_after_all),
        TEST(what_a_dead_run_has_there_is_no_reason_to_wait),
        TEST(one_value_of_two_runs_is_shared),
        TEST(a_value_that_another_run_counts_on_is_not_removed),
        TEST(a_removal_left_to_a_person_is_done_when_told),
        TEST(an_add_that_nobody_wants_is_not_waited_for),
        TEST(a_kept_value_stands_for_the_next_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
