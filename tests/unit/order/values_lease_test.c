/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Values that outlive their run: leases, and what no journal knows. */
#include "values_lab.h"

#include "base/clock.h"

static struct value_use *lease_well(const char *text, int64_t until_s, struct told *told)
{
    const struct value_wish wish = {
        .provider = &lab,
        .owner = OWNER,
        .zone = "example.test.",
        .value = text,
        .certificate = "",
        .identifier = NAME,
        .lease_until_s = until_s,
    };
    struct value_use *use = values_publish(values, &wish, tell, told);

    succeed_first(PROVIDER_ADD);
    spin(5);
    assert_int_equal(told->n_good, 1);
    return use;
}

/* As the process ends that made it. */
static void leave_lease(const char *text, int64_t until_s)
{
    struct told told = {0};
    struct value_use *use = NULL;

    open_values();
    use = lease_well(text, until_s, &told);
    values_keep(&use);
    close_values();
}

static void a_lease_outlives_its_run_until_it_ends(void **state)
{
    int64_t now_s = clock_wall_s();

    (void)state;
    leave_lease("a", now_s + 3600);
    leave_lease("b", now_s - 1);
    open_values();
    assert_int_equal(count_entries(), 2);
    values_sweep(values, NULL);
    assert_int_equal(n_jobs, 1);
    assert_memory_equal(jobs[0]->change.value, "b", 1);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 1);
    assert_string_equal(asked_owner, OWNER);
    close_values();
}

static void a_lease_that_is_ended_is_removed_with_its_twin(void **state)
{
    int64_t now_s = clock_wall_s();
    char *holder = NULL;

    (void)state;
    leave_lease("a", now_s + 3600);
    leave_lease("a", now_s + 7200);
    open_values();
    assert_int_equal(journal_end_leases(journal, "other.test", "a", &holder), 0);
    assert_int_equal(journal_end_leases(journal, NAME, "a", &holder), 2);
    assert_null(holder);
    values_sweep(values, NULL);
    assert_int_equal(n_jobs, 1);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(n_jobs, 0);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 1);
    close_values();
}

/* Runs that only look at what others left hold it for a moment; cleanup holds it while it works. */
static void a_lease_in_other_hands_is_there_again_later(void **state)
{
    struct journal *other = NULL;
    char *holder = NULL;

    (void)state;
    leave_lease("a", clock_wall_s() + 3600);
    other = open_journal();
    open_values();
    assert_int_equal(journal_end_leases(journal, NAME, "a", &holder), 0);
    assert_non_null(holder);
    mem_free(TAKE(holder));
    journal_close(other);
    assert_int_equal(journal_end_leases(journal, NAME, "a", &holder), 1);
    assert_null(holder);
    values_sweep(values, NULL);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    close_values();
}

static void the_value_of_a_lease_in_force_survives_another_lease_and_an_order(void **state)
{
    int64_t now_s = clock_wall_s();
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    leave_lease("a", now_s + 3600);
    leave_lease("a", now_s - 1);
    open_values();
    use = publish_well("a", &told);
    values_release(&use);
    assert_false(send_first());
    values_sweep(values, NULL);
    while (n_jobs > 0) {
        assert_false(send_first());
    }
    assert_int_equal(values_n_removed(values), 0);
    assert_true(values_is_spared(values, NAME, "a"));
    assert_false(values_is_spared(values, "other.test", "a"));
    assert_false(values_is_spared(values, NAME, "b"));
    assert_int_equal(count_entries(), 1);
    close_values();
}

static void a_lease_is_not_waited_for_where_one_value_fits(void **state)
{
    struct told told = {0};
    struct value_use *use = NULL;

    (void)state;
    lab.facts.can_hold_several = false;
    leave_lease("a", clock_wall_s() + 3600);
    open_values();
    use = publish("b", &told);
    spin(5);
    assert_int_equal(n_jobs, 0);
    assert_int_equal(told.n_bad, 1);
    values_release(&use);
    close_values();
}

static void what_no_journal_knows_is_taken_back(void **state)
{
    const struct value_wish wish = {.provider = &lab,
                                    .owner = OWNER,
                                    .zone = "example.test.",
                                    .value = "a",
                                    .certificate = "",
                                    .identifier = NAME};
    struct err err = ERR_INIT;

    (void)state;
    open_values();
    assert_int_equal(values_take_back(values, &wish, &err), 0);
    assert_int_equal(count_entries(), 1);
    succeed_first(PROVIDER_REMOVE);
    assert_int_equal(count_entries(), 0);
    assert_int_equal(values_n_removed(values), 1);
    close_values();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lease_outlives_its_run_until_it_ends),
        TEST(a_lease_that_is_ended_is_removed_with_its_twin),
        TEST(a_lease_in_other_hands_is_there_again_later),
        TEST(the_value_of_a_lease_in_force_survives_another_lease_and_an_order),
        TEST(a_lease_is_not_waited_for_where_one_value_fits),
        TEST(what_no_journal_knows_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
