/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/event.h"

#include "base/str.h"
#include "cmocka_all.h"

struct seen {
    int n;
    enum event_level level;
    char line[256];
};

static void remember(void *arg, const struct event *event)
{
    struct seen *seen = arg;
    const char *text = event_text(event, "text");

    seen->n++;
    seen->level = event->level;
    (void)snprintf(seen->line, sizeof(seen->line), "%s|%s|%s|%lld", event_kind_name(event->kind),
                   event->subject, text == NULL ? "-" : text,
                   (long long)event_number(event, "good", -1));
}

static void the_sink_gets_subject_and_fields(void **state)
{
    struct seen seen = {0};

    (void)state;
    event_set_sink(remember, &seen, EVENT_DEBUG);
    event_emit(EVENT_NOTICE, EVENT_NAME, "*.example.com", FIELD("text", "hello"),
               FIELD_INT("good", 3));
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.level, EVENT_NOTICE);
    assert_string_equal(seen.line, "name|*.example.com|hello|3");
    event_log(EVENT_WARNING, "store", "%d of %s", 2, "three");
    assert_string_equal(seen.line, "log|store|2 of three|-1");
    event_set_sink(NULL, NULL, EVENT_TRACE);
}

static void less_important_events_are_not_even_built(void **state)
{
    struct seen seen = {0};
    int built = 0;

    (void)state;
    event_set_sink(remember, &seen, EVENT_NOTICE);
    event_emit(EVENT_DEBUG, EVENT_DNS, "q", FIELD_INT("ms", ++built));
    event_log(EVENT_TRACE, "dns", "quiet");
    assert_int_equal(seen.n, 0);
    assert_int_equal(built, 0);
    event_set_sink(NULL, NULL, EVENT_TRACE);
    event_emit(EVENT_ERROR, EVENT_DNS, "q", FIELD_INT("ms", ++built));
    assert_int_equal(built, 0);
}

static void a_number_is_no_text_and_a_text_no_number(void **state)
{
    const struct event_field fields[] = {FIELD("state", "VALIDATE"), FIELD_INT("exit", 7)};
    const struct event event = {.subject = "x", .fields = fields, .n_fields = 2};

    (void)state;
    assert_null(event_text(&event, "exit"));
    assert_int_equal(event_number(&event, "state", -5), -5);
    assert_int_equal(event_number(&event, "exit", -5), 7);
    assert_null(event_text(&event, "absent"));
}

static void every_kind_and_level_has_a_name(void **state)
{
    (void)state;
    for (int kind = EVENT_LOG; kind <= EVENT_RESULT; kind++) {
        assert_string_not_equal(event_kind_name((enum event_kind)kind), "unknown");
    }
    for (int level = EVENT_ERROR; level <= EVENT_TRACE; level++) {
        assert_string_not_equal(event_level_name((enum event_level)level), "unknown");
    }
    assert_string_equal(event_kind_name((enum event_kind)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sink_gets_subject_and_fields),
        cmocka_unit_test(less_important_events_are_not_even_built),
        cmocka_unit_test(a_number_is_no_text_and_a_text_no_number),
        cmocka_unit_test(every_kind_and_level_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
