/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a person is asked to change, as they see it. */
#include "../base/cmocka_all.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/sink_impl.h"
#include "task/task.h"

#include <stdlib.h>
#include <string.h>

struct page {
    struct buf out, err;
    struct sink *sink;
};

static bool page_write(void *arg, enum sink_stream stream, const char *bytes, size_t len)
{
    struct page *page = arg;

    buf_add(stream == SINK_OUT ? &page->out : &page->err, bytes, len);
    return true;
}

static struct sink_size page_measure(void *arg)
{
    (void)arg;
    return (struct sink_size){.columns = 80, .rows = 24};
}

static int64_t page_now(void *arg)
{
    (void)arg;
    return 0;
}

static void open_page(struct page *page, enum sink_kind kind, enum event_level level)
{
    const struct sink_settings settings = {
        .kind = kind,
        .level = level,
        .io = {.arg = page,
               .write = page_write,
               .measure = page_measure,
               .now_ms = page_now,
               .wall_s = page_now},
    };

    buf_init(&page->out, 1 << 16);
    buf_init(&page->err, 1 << 16);
    page->sink = sink_new(&settings);
    event_set_sink(sink_event, page->sink, EVENT_NOTICE);
}

static void close_page(struct page *page)
{
    event_set_sink(NULL, NULL, EVENT_ERROR);
    sink_free(page->sink);
    buf_done(&page->out);
    buf_done(&page->err);
}

static void tell(const char *action, const char *owner, const char *alias, const char *value,
                 int64_t index, int64_t count, bool is_waited_for)
{
    event_emit(EVENT_NOTICE, EVENT_RECORD, owner, FIELD("action", action), FIELD("zone", "a.test"),
               FIELD("type", "TXT"), FIELD("value", value), FIELD_INT("ttl", 60),
               FIELD("alias-of", alias), FIELD_INT("index", index), FIELD_INT("count", count),
               FIELD_INT("waited-for", is_waited_for ? 1 : 0), FIELD_INT("attended", 1));
}

static void tell_result(enum task_exit status)
{
    event_emit(EVENT_NOTICE, EVENT_RESULT, "a.test", FIELD_INT("exit", status),
               FIELD("text", "words"));
}

static void records_of_a_zone_are_one_block(void **state)
{
    static const char WANTED[] = "\n"
                                 "Please create 3 TXT records in the zone a.test:\n"
                                 "\n"
                                 "  name   _acme-challenge.a.test\n"
                                 "  or     _acme-challenge, where the zone is appended\n"
                                 "  TTL    60, or the shortest that is to be had\n"
                                 "  value  one\n"
                                 "  value  two\n"
                                 "  Both values belong to the one name, as two records.\n"
                                 "\n"
                                 "  name   x.y.a.test\n"
                                 "  or     x.y, where the zone is appended\n"
                                 "  for    _acme-challenge.b.test, whose CNAME leads there\n"
                                 "  TTL    60, or the shortest that is to be had\n"
                                 "  value  th\\x1bree\n"
                                 "\n"
                                 "The name servers are watched until all of them show this.\n"
                                 "Enter looks at once. Ctrl-C ends the wait: the same command\n"
                                 "goes on from here later, with the same values.\n"
                                 "\n";
    struct page page;

    (void)state;
    open_page(&page, SINK_PLAIN, EVENT_WARNING); /* -q */
    tell("create", "_acme-challenge.a.test", NULL, "one", 1, 3, true);
    tell("create", "_acme-challenge.a.test", NULL, "two", 2, 3, true);
    assert_int_equal(page.err.len, 0);
    tell("create", "x.y.a.test", "_acme-challenge.b.test", "th\033ree", 3, 3, true);
    assert_string_equal(buf_str(&page.err), WANTED);
    assert_int_equal(page.out.len, 0);
    buf_clear(&page.err);
    tell("create", "z.a.test", NULL, "four", 1, 1, true);
    assert_string_equal(buf_str(&page.err), "Please create 1 TXT record in the zone a.test:\n"
                                            "\n"
                                            "  name   z.a.test\n"
                                            "  or     z, where the zone is appended\n"
                                            "  TTL    60, or the shortest that is to be had\n"
                                            "  value  four\n"
                                            "\n");
    close_page(&page);
}

static void what_may_go_is_told_at_once(void **state)
{
    struct page page;

    (void)state;
    open_page(&page, SINK_LIVE, EVENT_NOTICE);
    tell("delete", "_acme-challenge.a.test", NULL, "one", 1, 1, false);
    assert_string_equal(buf_str(&page.err), "\n"
                                            "You may delete 1 TXT record in the zone a.test:\n"
                                            "\n"
                                            "  name   _acme-challenge.a.test\n"
                                            "  value  one\n"
                                            "\n"
                                            "Nothing looks at them any more, and nothing waits for "
                                            "that.\n\n");
    close_page(&page);
}

static void what_is_not_waited_for_is_told_if_it_was_missing(void **state)
{
    struct page page;

    (void)state;
    open_page(&page, SINK_PLAIN, EVENT_NOTICE);
    tell("create", "_acme-challenge.a.test", NULL, "one", 1, 1, false);
    assert_int_equal(page.err.len, 0);
    tell_result(EXIT_HUMAN);
    assert_non_null(strstr(buf_str(&page.err), "  value  one\n\nyour turn: a.test: words\n"));
    assert_null(strstr(buf_str(&page.err), "Ctrl-C"));
    buf_clear(&page.err);
    tell("create", "_acme-challenge.a.test", NULL, "two", 1, 1, false);
    tell_result(EXIT_DONE);
    assert_int_equal(page.err.len, 0); /* it was there */
    event_emit(EVENT_NOTICE, EVENT_RESULT, "process", FIELD_INT("exit", EXIT_DONE),
               FIELD_INT("issued", 1), FIELD("text", "1 issued"));
    tell_result(EXIT_HUMAN); /* of the next round */
    assert_string_equal(buf_str(&page.err), "your turn: a.test: words\n");
    close_page(&page);
}

static void output_that_is_somebody_elses_gets_no_result(void **state)
{
    struct page page;

    (void)state;
    open_page(&page, SINK_PLAIN, EVENT_NOTICE);
    sink_clear_output(page.sink);
    tell_result(EXIT_DONE);
    assert_true(sink_write_line(page.sink, "dns-01 a.test x"));
    assert_string_equal(buf_str(&page.out), "dns-01 a.test x\n");
    assert_non_null(strstr(buf_str(&page.err), "a.test: words"));
    close_page(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_a_zone_are_one_block),
        cmocka_unit_test(what_may_go_is_told_at_once),
        cmocka_unit_test(what_is_not_waited_for_is_told_if_it_was_missing),
        cmocka_unit_test(output_that_is_somebody_elses_gets_no_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
