/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The providers inside the core; the person, or the program at the other end, is played here. */
#include "../base/cmocka_all.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/config.h"
#include "provider/provider.h"

#include "acme-plugin.h"

#include <stdlib.h>
#include <string.h>

#define KEY "token.thumbprint"

struct bed {
    struct loop *loop;
    struct config *config;
    struct provider_set *set;
    provider_heard_fn *heard; /* who waits for a line */
    void *heard_arg;
    char *said; /* the last line, or NULL */
    unsigned n_looks;
    char *records; /* "create NAME VALUE 1/2 known=0;" ... */
};

struct outcome {
    unsigned n;
    bool is_ok, may_be_in_force;
    int32_t status;
    struct err err;
};

static int say(void *arg, const char *line, struct err *err)
{
    struct bed *bed = arg;

    (void)err;
    str_set(&bed->said, line);
    return 0;
}

static void await(void *arg, provider_heard_fn *heard, void *heard_arg)
{
    struct bed *bed = arg;

    bed->heard = heard;
    bed->heard_arg = heard_arg;
}

static void hush(void *arg)
{
    ((struct bed *)arg)->heard = NULL;
}

static void look(void *arg)
{
    ((struct bed *)arg)->n_looks++;
}

static void on_event(void *arg, const struct event *event)
{
    struct bed *bed = arg;

    if (event->kind == EVENT_RECORD) {
        char *before = bed->records;

        bed->records = str_fmt(
            "%s%s %s %s %lld/%lld known=%lld waited-for=%lld alias=%s;",
            before == NULL ? "" : before, event_text(event, "action"), event->subject,
            event_text(event, "value"), (long long)event_number(event, "index", 0),
            (long long)event_number(event, "count", 0), (long long)event_number(event, "known", -1),
            (long long)event_number(event, "waited-for", -1),
            event_text(event, "alias-of") == NULL ? "-" : event_text(event, "alias-of"));
        mem_free(before);
    }
}

static void open_bed(struct bed *bed, const char *text, bool is_attended, bool has_output)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct err err = ERR_INIT;
    struct provider_settings settings = {
        .console = {.arg = bed,
                    .is_attended = is_attended,
                    .say = has_output ? say : NULL,
                    .await = await,
                    .hush = hush,
                    .look = look},
    };

    *bed = (struct bed){.loop = NULL};
    assert_int_equal(loop_new(&bed->loop, &err), 0);
    bed->config = config_parse("test.conf", text, strlen(text), &errors);
    assert_int_equal(provider_set_new(bed->loop, bed->config, &settings, &bed->set, &err), 0);
    event_set_sink(on_event, bed, EVENT_NOTICE);
    config_errors_done(&errors);
}

static void close_bed(struct bed *bed)
{
    event_set_sink(NULL, NULL, EVENT_ERROR);
    provider_set_free(bed->set);
    assert_null(bed->heard); /* nobody is called after the set is gone */
    config_free(bed->config);
    loop_free(bed->loop);
    mem_free(bed->said);
    mem_free(bed->records);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

/* All that is due happens. */
static void spin(struct bed *bed)
{
    struct err err = ERR_INIT;

    (void)loop_timer_start(bed->loop, 20, stop, bed->loop);
    assert_int_equal(loop_run(bed->loop, &err), 0);
}

static struct provider *get(struct bed *bed, const char *name)
{
    struct provider *provider = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(provider_get(bed->set, name, &provider, &err), 0);
    return provider;
}

static void take(void *arg, const struct provider_result *result)
{
    struct outcome *outcome = arg;

    outcome->n++;
    outcome->is_ok = result->is_ok;
    outcome->may_be_in_force = result->may_be_in_force;
    outcome->status = result->status;
    if (result->err != NULL) {
        outcome->err = *result->err;
    }
}

static struct provider_job *submit(struct provider *provider, enum provider_verb verb,
                                   const char *owner, const char *value, struct outcome *outcome)
{
    const struct provider_change change = {
        .verb = verb,
        .fqdn = owner,
        .zone = "example.test.",
        .value = value,
        .value_len = strlen(value),
        .identifier = "example.test",
        .token = "token",
        .key_authorization = KEY,
        .is_known = strcmp(value, "known") == 0,
    };

    return provider_submit(provider, &change, take, outcome);
}

static void hear(struct bed *bed, const char *line)
{
    provider_heard_fn *heard = bed->heard;

    assert_non_null(heard);
    bed->heard = NULL;
    heard(bed->heard_arg, line);
    spin(bed);
}

/* ---- manual ---- */

static void manual_asks_for_a_zones_records_at_once_and_does_not_wait(void **state)
{
    struct bed bed;
    struct outcome a = {0}, b = {0};

    (void)state;
    open_bed(&bed, "", true, true);
    (void)submit(get(&bed, "manual"), PROVIDER_ADD, "_acme-challenge.example.test.", "new", &a);
    (void)submit(get(&bed, "manual"), PROVIDER_ADD, "x.example.test.", "known", &b);
    provider_release(get(&bed, "manual"));
    spin(&bed);
    assert_true(a.is_ok && b.is_ok);
    assert_string_equal(bed.records,
                        "create _acme-challenge.example.test new 1/2 known=0 waited-for=1 alias=-;"
                        "create x.example.test known 2/2 known=1 waited-for=1 "
                        "alias=_acme-challenge.example.test;");
    assert_true(provider_is_by_hand(get(&bed, "manual")));
    assert_true(provider_facts(get(&bed, "manual"))->propagation_timeout_s >= 86400);
    close_bed(&bed);
}

static void enter_looks_as_often_as_it_is_pressed(void **state)
{
    struct bed bed;
    struct outcome outcome = {0};

    (void)state;
    open_bed(&bed, "", true, true);
    (void)submit(get(&bed, "manual"), PROVIDER_ADD, "a.example.test.", "v", &outcome);
    provider_release(get(&bed, "manual"));
    spin(&bed);
    hear(&bed, "");
    hear(&bed, "is it there?");
    assert_int_equal(bed.n_looks, 2);
    hear(&bed, NULL); /* Ctrl-D */
    assert_int_equal(bed.n_looks, 2);
    assert_null(bed.heard);
    close_bed(&bed);
}

static void without_a_person_nobody_listens_and_the_look_is_short(void **state)
{
    struct bed bed;
    struct outcome outcome = {0};

    (void)state;
    open_bed(&bed, "", false, true);
    (void)submit(get(&bed, "manual"), PROVIDER_ADD, "a.example.test.", "v", &outcome);
    provider_release(get(&bed, "manual"));
    spin(&bed);
    assert_true(outcome.is_ok);
    assert_null(bed.heard);
    assert_non_null(strstr(bed.records, "waited-for=0"));
    assert_in_range(provider_facts(get(&bed, "manual"))->propagation_timeout_s, 1, 60);
    close_bed(&bed);
}

/* ---- stdio ---- */

static void stdio_goes_on_when_its_line_comes_back(void **state)
{
    struct bed bed;
    struct outcome a = {0}, b = {0};

    (void)state;
    open_bed(&bed, "[provider pipe]\nplugin = stdio\ncall-timeout = 1\n", false, true);
    (void)submit(get(&bed, "pipe"), PROVIDER_ADD, "a.example.test.", "v", &a);
    (void)submit(get(&bed, "pipe"), PROVIDER_ADD, "a.example.test.", "w", &b);
    provider_release(get(&bed, "pipe"));
    spin(&bed);
    assert_string_equal(bed.said, "dns-01 example.test " KEY);
    assert_int_equal(a.n + b.n, 0);
    str_set(&bed.said, NULL);
    hear(&bed, "dns-01 example.test " KEY);
    assert_true(a.is_ok);
    assert_int_equal(b.n, 0);
    assert_string_equal(bed.said, "dns-01 example.test " KEY); /* the next one's */
    hear(&bed, "dns-01 example.test " KEY);
    assert_true(b.is_ok);
    assert_null(bed.heard);
    close_bed(&bed);
}

static void expect_broken(const char *line, const char *part)
{
    struct bed bed;
    struct outcome a = {0}, b = {0}, c = {0};

    open_bed(&bed, "", false, true);
    (void)submit(get(&bed, "stdio"), PROVIDER_ADD, "a.example.test.", "v", &a);
    (void)submit(get(&bed, "stdio"), PROVIDER_ADD, "b.example.test.", "w", &b);
    provider_release(get(&bed, "stdio"));
    spin(&bed);
    str_set(&bed.said, NULL);
    hear(&bed, line);
    assert_true(a.n == 1 && b.n == 1 && !a.is_ok && !b.is_ok);
    assert_null(bed.said); /* it is not spoken to again */
    assert_int_equal(a.err.class, ERR_PROVIDER);
    assert_true(a.may_be_in_force);
    assert_non_null(strstr(a.err.text, part));
    assert_non_null(strstr(b.err.text, part));
    (void)submit(get(&bed, "stdio"), PROVIDER_REMOVE, "a.example.test.", "v", &c);
    provider_release(get(&bed, "stdio"));
    spin(&bed);
    assert_true(c.n == 1 && c.status == ACME_UNSUPPORTED);
    close_bed(&bed);
}

static void anything_else_breaks_the_dialogue_for_good(void **state)
{
    (void)state;
    expect_broken(NULL, "standard input ended");
    expect_broken("", "says ''");
    expect_broken("dns-01 example.test " KEY " ", "instead of 'dns-01 example.test " KEY "'");
    expect_broken("dns-01 example.test token.thumbprinx", "instead of");
}

static void what_nobody_wants_any_more_is_not_waited_for(void **state)
{
    struct bed bed;
    struct outcome a = {0}, b = {0};

    (void)state;
    open_bed(&bed, "", false, true);
    struct provider_job *first =
        submit(get(&bed, "stdio"), PROVIDER_ADD, "a.example.test.", "v", &a);
    struct provider_job *second =
        submit(get(&bed, "stdio"), PROVIDER_ADD, "b.example.test.", "w", &b);
    provider_release(get(&bed, "stdio"));
    spin(&bed);
    str_set(&bed.said, NULL);
    provider_job_hang_up(second);
    provider_job_hang_up(first);
    assert_int_equal(a.n + b.n, 0); /* callbacks come from the loop */
    spin(&bed);
    assert_true(a.n == 1 && b.n == 1);
    assert_int_equal(a.err.class, ERR_CANCELLED);
    assert_int_equal(b.err.class, ERR_CANCELLED);
    assert_true(a.may_be_in_force && !b.may_be_in_force);
    assert_null(bed.heard);
    assert_null(bed.said);
    close_bed(&bed);
}

static void a_set_that_is_freed_or_cancelled_in_mid_dialogue_is_silent(void **state)
{
    struct bed bed;
    struct outcome outcome = {0};

    (void)state;
    open_bed(&bed, "", false, true);
    (void)submit(get(&bed, "stdio"), PROVIDER_ADD, "a.example.test.", "v", &outcome);
    provider_release(get(&bed, "stdio"));
    spin(&bed);
    assert_non_null(bed.heard);
    close_bed(&bed);
    assert_int_equal(outcome.n, 0);

    open_bed(&bed, "", false, true);
    (void)submit(get(&bed, "stdio"), PROVIDER_ADD, "a.example.test.", "v", &outcome);
    provider_release(get(&bed, "stdio"));
    spin(&bed);
    provider_cancel_all(bed.set, 60000);
    assert_int_equal(outcome.n, 1);
    assert_int_equal(outcome.err.class, ERR_CANCELLED);
    close_bed(&bed);
}

static void a_dialogue_needs_standard_output(void **state)
{
    struct bed bed;
    struct err err = ERR_INIT;

    (void)state;
    open_bed(&bed, "[provider a]\nplugin = stdio\n[provider b]\nplugin = rfc2136\n", false, false);
    assert_true(provider_check(get(&bed, "a"), &err) < 0);
    assert_int_equal(err.class, ERR_CONFIG);
    assert_non_null(strstr(err.text, "--json"));
    assert_int_equal(provider_check(get(&bed, "manual"), &err), 0);
    assert_int_equal(provider_check(get(&bed, "b"), &err), 0);
    assert_true(provider_set_may_speak(bed.set, NULL)); /* nobody is named: 'a' may be chosen */
    close_bed(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manual_asks_for_a_zones_records_at_once_and_does_not_wait),
        cmocka_unit_test(enter_looks_as_often_as_it_is_pressed),
        cmocka_unit_test(without_a_person_nobody_listens_and_the_look_is_short),
        cmocka_unit_test(stdio_goes_on_when_its_line_comes_back),
        cmocka_unit_test(anything_else_breaks_the_dialogue_for_good),
        cmocka_unit_test(what_nobody_wants_any_more_is_not_waited_for),
        cmocka_unit_test(a_set_that_is_freed_or_cancelled_in_mid_dialogue_is_silent),
        cmocka_unit_test(a_dialogue_needs_standard_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
