/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Providers of the core itself, where a person or a program at the other end publishes. The rules
 * are those of plug-ins, but for what the other end has no word for; and somebody has to be there.
 */
#include "task/plugin_test_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "order/patience.h"

static bool is_by_hand(const struct plugin_test *test)
{
    return test->provider != NULL && provider_is_by_hand(test->provider);
}

static bool is_dialogue(const struct plugin_test *test)
{
    return test->provider != NULL && provider_is_attended(test->provider) && !is_by_hand(test);
}

int attended_check(const struct plugin_test *test, struct err *err)
{
    if (!is_by_hand(test) || provider_has_time_for_person(test->provider)) {
        return 0;
    }
    (void)err_set(err, ERR_HUMAN, "provider '%s' asks a person for each change, and nobody is here",
                  provider_name(test->provider));
    return err_hint(err, "run it on a terminal; or say --propagation-timeout TIME, and let a "
                         "program do what --json asks for");
}

const char *attended_find_obstacle(const struct plugin_test *test)
{
    if (is_by_hand(test)) {
        return "a person is asked, and refuses nothing: that is for the zone's servers";
    }
    return is_dialogue(test) ? "the dialogue has no word for a refusal but its end" : NULL;
}

char *attended_make_authorization(const struct plugin_test *test)
{
    AUTO_FREE char *token = marks_make_text();
    AUTO_FREE char *thumbprint = marks_make_text();

    return is_dialogue(test) ? str_fmt("%s.%s", token, thumbprint) : NULL;
}

void attended_announce(const struct plugin_test *test, const char *step, const char *title)
{
    if (is_by_hand(test)) {
        event_log(EVENT_NOTICE, "plugin test", "%s: %s", step, title);
    }
}

/* ---- Patience ---- */

static int64_t patience_ms(const struct plugin_test *test)
{
    return patience_propagation_ms(test->env->settings, provider_facts(test->provider));
}

static void lose_patience(void *arg)
{
    struct plugin_test *test = arg;

    test->patience = NULL;
    test->is_out_of_patience = true;
    for (size_t i = 0; i < test->n_changes; i++) {
        provider_job_hang_up(test->changes[i].job);
    }
}

void attended_start_patience(struct plugin_test *test)
{
    if (is_dialogue(test)) {
        test->patience = loop_timer_start(test->env->loop, patience_ms(test), lose_patience, test);
    }
}

void attended_end_patience(struct plugin_test *test)
{
    loop_timer_cancel(&test->patience);
}

/* ---- Judging ---- */

/* A dialogue that is out of step must not be gone on with. */
static bool is_out_of_step(const struct plugin_test *test)
{
    for (size_t i = 0; i < test->n_changes; i++) {
        if (test->changes[i].verb == PROVIDER_ADD && !test->changes[i].is_ok) {
            return is_dialogue(test);
        }
    }
    return false;
}

bool attended_leave(struct plugin_test *test)
{
    if (!is_by_hand(test) || !test->is_cancelled || !test->is_cleaning || test->n_open > 0) {
        return false;
    }
    look_cancel(test);
    for (size_t i = 0; i < MARK_COUNT; i++) {
        mark_forget(&test->marks[i]);
    }
    buf_add_str(&test->text, "interrupted: nobody looks whether they are gone");
    plugin_test_end(test, NULL);
    return true;
}

bool attended_take_changes(struct plugin_test *test)
{
    struct err why = ERR_INIT;

    attended_end_patience(test);
    test->is_broken = test->is_broken || is_out_of_step(test);
    if (test->is_out_of_patience && !test->is_cancelled) {
        (void)err_set(&why, ERR_PROVIDER,
                      "no answer on standard input within %lld s (propagation-timeout)",
                      (long long)(patience_ms(test) / 1000));
        plugin_test_end(test, &why);
        return true;
    }
    return attended_leave(test);
}
