/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One recorded run, rendered by every sink at several widths and compared with
 * tests/unit/cli/golden/. With UPDATE_GOLDEN=1 in the environment the files are written instead:
 * look at the difference before committing.
 */
#include "cli/sink.h"

#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "screen.h"

#include <stdlib.h>

static const char GOLDEN[] = SOURCE_DIR "/tests/unit/cli/golden";

struct world {
    struct screen screen;
    struct buf out, err;
    int64_t now_ms;
    bool is_pipe_closed;
    struct sink *sink; /* freed with the world */
};

static bool world_write(void *arg, enum sink_stream stream, const char *bytes, size_t len)
{
    struct world *w = arg;

    if (w->is_pipe_closed) {
        return false;
    }
    screen_write(&w->screen, bytes, len);
    buf_add(stream == SINK_OUT ? &w->out : &w->err, bytes, len);
    return true;
}

static struct sink_size world_measure(void *arg)
{
    struct world *w = arg;

    return (struct sink_size){.columns = w->screen.columns, .rows = w->screen.rows};
}

static int64_t world_now_ms(void *arg)
{
    return ((struct world *)arg)->now_ms;
}

static int64_t world_wall_s(void *arg)
{
    (void)arg;
    return 1795300000; /* 2026-11-21T22:26:40Z */
}

static struct world *world_new(unsigned columns, unsigned rows)
{
    struct world *w = NEW(struct world);

    screen_init(&w->screen, columns, rows);
    buf_init(&w->out, 1 << 20);
    buf_init(&w->err, 1 << 20);
    return w;
}

static void world_free(struct world *w)
{
    event_set_sink(NULL, NULL, EVENT_ERROR);
    sink_free(w->sink);
    buf_done(&w->out);
    buf_done(&w->err);
    mem_free(w);
}
DEFINE_AUTO_PTR(world, world_free);

static void open_sink_at(struct world *w, enum sink_kind kind, enum event_level level,
                         bool has_colour, bool is_journal)
{
    struct sink_settings settings = {
        .is_journal = {is_journal, is_journal},
        .kind = kind,
        .level = level,
        .has_colour = {has_colour, has_colour},
        .io = {.arg = w,
               .write = world_write,
               .measure = world_measure,
               .now_ms = world_now_ms,
               .wall_s = world_wall_s},
    };

    w->sink = sink_new(&settings);
    event_set_sink(sink_event, w->sink, EVENT_TRACE);
}

static void open_sink(struct world *w, enum sink_kind kind, enum event_level level, bool has_colour)
{
    open_sink_at(w, kind, level, has_colour, false);
}

static void tell_state(const char *name, const char *state)
{
    event_emit(EVENT_NOTICE, EVENT_NAME, name, FIELD("certificate", "example.com"),
               FIELD("state", state));
}

static void tell_servers(const char *name, int64_t good, const char *waiting)
{
    event_emit(EVENT_NOTICE, EVENT_SERVERS, name, FIELD("certificate", "example.com"),
               FIELD_INT("good", good), FIELD_INT("total", 4), FIELD("waiting", waiting));
}

static void tell_order(const char *state)
{
    event_emit(EVENT_NOTICE, EVENT_ORDER, "example.com", FIELD("state", state));
}

/* A run that ends well: until the waiting... */
static void play_first_half(struct world *w)
{
    tell_order("NEW");
    tell_order("AUTHORIZE");
    tell_state("*.example.com", "FIND");
    tell_state("example.com", "FIND");
    tell_order("VALIDATE");
    event_emit(EVENT_TRACE, EVENT_HTTP, "POST https://ca.example/new-order",
               FIELD_INT("status", 201), FIELD_INT("ms", 45));
    w->now_ms += 300;
    event_log(EVENT_WARNING, "dns", "ns3.example.net (192.0.2.3) does not answer; it has no vote");
    tell_state("*.example.com", "PUBLISH");
    tell_state("example.com", "PUBLISH");
    event_emit(EVENT_DEBUG, EVENT_CALL, "bind", FIELD("verb", "add"), FIELD("zone", "example.com."),
               FIELD_INT("count", 2), FIELD_INT("ms", 12));
    tell_state("*.example.com", "PROPAGATE");
    tell_state("example.com", "PROPAGATE");
    tell_servers("*.example.com", 0, "ns1.example.net, ns2.example.net, ns4.example.net");
    w->now_ms += 2100;
    tell_servers("*.example.com", 3, "ns2.example.net");
    tell_servers("*.example.com", 3, "ns2.example.net");
    tell_servers("example.com", 4, "");
    event_emit(EVENT_TRACE, EVENT_DNS, "_acme-challenge.example.com. TXT",
               FIELD("server", "ns2.example.net (2001:db8::2)"), FIELD("answer", "NXDOMAIN"),
               FIELD_INT("ms", 3));
}

/* ...and on to its end. */
static void play_second_half(struct world *w)
{
    tell_state("example.com", "RESPOND");
    w->now_ms += 400;
    tell_servers("*.example.com", 4, "");
    tell_state("*.example.com", "RESPOND");
    tell_order("FINALIZE");
    tell_state("*.example.com", "VALID");
    tell_state("example.com", "VALID");
    event_emit(EVENT_NOTICE, EVENT_INSTALLED, "example.com",
               FIELD("path", "/var/lib/acme-dns/certs/example.com"),
               FIELD("not-after", "2027-02-20T02:26:40Z"),
               FIELD("names", "*.example.com, example.com"));
    tell_order("DONE");
    event_log(EVENT_WARNING, "example.com",
              "a renewal will not find token (CF_DNS_API_TOKEN): it came from the environment");
    event_emit(
        EVENT_NOTICE, EVENT_RESULT, "example.com", FIELD_INT("exit", 0), FIELD("class", "none"),
        FIELD("state", "issued"), FIELD("names", "*.example.com, example.com"),
        FIELD("path", "/var/lib/acme-dns/certs/example.com"),
        FIELD("not-after", "2027-02-20T02:26:40Z"), FIELD("renew-after", "2027-01-21T02:26:40Z"),
        FIELD("next", "run the same command again after that date"));
}

static void play_failure(void)
{
    event_emit(EVENT_ERROR, EVENT_RESULT, "example.com", FIELD_INT("exit", 5),
               FIELD("class", "propagation"),
               FIELD("text", "the values did not appear within 300 s\n"
                             "  ns1.example.net  192.0.2.1  both values\n"
                             "  ns2.example.net  192.0.2.2  NXDOMAIN"));
}

/* ESC as "\e", so that golden files are text. */
static void add_visible(struct buf *to, const struct buf *bytes)
{
    for (size_t i = 0; i < bytes->len; i++) {
        if (bytes->bytes[i] == '\033') {
            buf_add_str(to, "\\e");
        } else {
            buf_add_char(to, bytes->bytes[i]);
        }
    }
}

static void compare(const char *name, const struct buf *got)
{
    AUTO_FREE char *path = str_fmt("%s/%s", GOLDEN, name);
    AUTO(buf_done) struct buf wanted = BUF(1 << 20);
    struct err err = ERR_INIT;

    if (getenv("UPDATE_GOLDEN") != NULL) {
        assert_int_equal(fs_write_atomic(path, buf_str(got), got->len, 0644, &err), 0);
    }
    assert_int_equal(fs_read(path, &wanted, &err), 0);
    assert_string_equal(buf_str(got), buf_str(&wanted));
}

static void check_live(unsigned columns, bool has_colour)
{
    AUTO_PTR(world) struct world *w = world_new(columns, 24);
    AUTO_FREE char *name = str_fmt("live-%u%s.txt", columns, has_colour ? "-colour" : "");
    AUTO(buf_done) struct buf shown = BUF(1 << 20);

    open_sink(w, SINK_LIVE, EVENT_NOTICE, has_colour);
    play_first_half(w);
    screen_dump(&w->screen, &shown);
    buf_add_str(&shown, "---- the end ----\n");
    play_second_half(w);
    screen_dump(&w->screen, &shown);
    if (has_colour) {
        buf_add_str(&shown, "---- as written ----\n");
        add_visible(&shown, &w->err);
        add_visible(&shown, &w->out);
    }
    compare(name, &shown);
}

static void live_lines_look_right_at_every_width(void **state)
{
    (void)state;
    check_live(40, false);
    check_live(80, false);
    check_live(200, false);
    check_live(40, true);
    check_live(80, true);
    check_live(200, true);
}

static void colour_changes_nothing_but_colour(void **state)
{
    AUTO_PTR(world) struct world *plain = world_new(80, 24);
    AUTO_PTR(world) struct world *coloured = world_new(80, 24);
    AUTO(buf_done) struct buf a = BUF(1 << 16);
    AUTO(buf_done) struct buf b = BUF(1 << 16);
    struct world *worlds[] = {plain, coloured};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(worlds); i++) {
        open_sink(worlds[i], SINK_LIVE, EVENT_NOTICE, worlds[i] == coloured);
        play_first_half(worlds[i]);
        play_second_half(worlds[i]);
        event_set_sink(NULL, NULL, EVENT_ERROR);
    }
    screen_dump(&plain->screen, &a);
    screen_dump(&coloured->screen, &b);
    assert_string_equal(buf_str(&a), buf_str(&b));
    assert_null(strstr(buf_str(&plain->err), "\033[33m"));
    assert_non_null(strstr(buf_str(&coloured->err), "\033[33m"));
}

static void check_lines(enum sink_kind kind, enum event_level level, const char *name)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(buf_done) struct buf shown = BUF(1 << 20);

    open_sink(w, kind, level, false);
    play_first_half(w);
    play_second_half(w);
    play_failure();
    buf_add_str(&shown, "---- standard error ----\n");
    add_visible(&shown, &w->err);
    buf_add_str(&shown, "---- standard output ----\n");
    add_visible(&shown, &w->out);
    compare(name, &shown);
}

static void plain_lines_tell_each_step_once(void **state)
{
    (void)state;
    check_lines(SINK_PLAIN, EVENT_NOTICE, "plain.txt");
    check_lines(SINK_PLAIN, EVENT_WARNING, "plain-q.txt");
    check_lines(SINK_PLAIN, EVENT_TRACE, "plain-vv.txt");
}

static void json_is_one_object_a_line(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(strv_done) struct strv lines = STRV_INIT;
    struct err err = ERR_INIT;

    open_sink(w, SINK_JSON, EVENT_NOTICE, false);
    (void)state;
    play_first_half(w);
    play_failure();
    assert_int_equal(w->err.len, 0);
    strv_add_split(&lines, buf_str(&w->out), "\n");
    assert_true(lines.n > 10);
    for (size_t i = 0; i < lines.n; i++) {
        AUTO_PTR(json) struct json *json = NULL;

        assert_int_equal(json_parse(lines.items[i], strlen(lines.items[i]), &json, &err), 0);
        assert_non_null(json_get_str(json, "event"));
        assert_non_null(json_get_str(json, "subject"));
        assert_string_equal(json_get_str(json, "time"), "2026-11-21T22:26:40Z");
    }
    event_set_sink(NULL, NULL, EVENT_ERROR);
    check_lines(SINK_JSON, EVENT_TRACE, "json.txt");
}

/* What comes from outside cannot move the cursor, nor show a secret, whichever sink it reaches. */
static void hostile_text_and_secrets_reach_no_sink(void **state)
{
    static const enum sink_kind KINDS[] = {SINK_PLAIN, SINK_LIVE, SINK_JSON};

    (void)state;
    secret_register("hunter2-token", strlen("hunter2-token"));
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        AUTO_PTR(world) struct world *w = world_new(80, 24);

        open_sink(w, KINDS[i], EVENT_TRACE, false);
        event_log(EVENT_ERROR, "ca\r", "evil \033]0;x\a text, token hunter2-token");
        event_emit(EVENT_NOTICE, EVENT_NAME, "a\033[2J.example", FIELD("state", "PUB\033[1mLISH"),
                   FIELD("text", "hunter2-token"));
        event_emit(EVENT_ERROR, EVENT_RESULT, "x", FIELD_INT("exit", 1),
                   FIELD("text", "\033[31mhunter2-token\nsecond\tline"));
        buf_add(&w->err, buf_str(&w->out), w->out.len);
        assert_null(strstr(buf_str(&w->err), "hunter2"));
        assert_null(strstr(buf_str(&w->err), "\033]"));
        assert_null(strstr(buf_str(&w->err), "\033[2"));
        assert_null(strstr(buf_str(&w->err), "\033[1m"));
        assert_null(strstr(buf_str(&w->err), "\033[31m"));
        assert_null(strchr(buf_str(&w->err), '\a'));
        event_set_sink(NULL, NULL, EVENT_ERROR);
    }
    secret_forget_all();
}

/* More names than lines: what is not finished is shown, and nothing scrolls away. */
static void a_hundred_names_fit_a_small_terminal(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(60, 12);
    AUTO(buf_done) struct buf shown = BUF(1 << 20);

    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    (void)state;
    tell_order("AUTHORIZE");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 100; i++) {
            AUTO_FREE char *name = str_fmt("host%d.example.com", i);

            tell_state(name, round == 0 ? "PROPAGATE" : i == 57 || i == 93 ? "RESPOND" : "VALID");
        }
    }
    screen_dump(&w->screen, &shown);
    compare("hundred-60.txt", &shown);
    assert_true(w->screen.n_lines <= 12);
}

/* A log of a hundred names that all go well is as short as one of a single name. */
static void a_hundred_names_are_few_lines_in_a_log(void **state)
{
    static const char *const STATES[] = {"FIND", "HOLD", "PUBLISH", "PROPAGATE", "RESPOND"};
    AUTO_PTR(world) struct world *w = world_new(80, 24);

    (void)state;
    open_sink(w, SINK_PLAIN, EVENT_NOTICE, false);
    tell_order("NEW");
    tell_order("AUTHORIZE");
    for (size_t round = 0; round < ARRAY_LEN(STATES); round++) {
        for (int i = 0; i < 100; i++) {
            AUTO_FREE char *name = str_fmt("host%d.example.com", i);

            tell_state(name, STATES[round]);
            tell_servers(name, round == 4 ? 4 : 0, round == 4 ? "" : "ns2.example.net");
        }
        if (round == 1) {
            tell_order("VALIDATE");
        }
        w->now_ms += 2500;
    }
    tell_order("FINALIZE");
    assert_string_equal(buf_str(&w->err),
                        "example.com: ordering from the CA\n"
                        "example.com: 100 values published\n"
                        "example.com: 0 of 100 values on all name servers, waiting for "
                        "ns2.example.net\n"
                        "example.com: 100 of 100 values on all name servers\n"
                        "example.com: the CA has validated all names\n");
}

/* The terminal wraps what it showed when it gets narrower; the redraw starts at the right line. */
static void a_resize_leaves_no_rubbish(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(100, 24);
    AUTO(buf_done) struct buf wide = BUF(1 << 16);
    AUTO(buf_done) struct buf shown = BUF(1 << 16);

    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    (void)state;
    tell_state("*.example.com", "PROPAGATE");
    tell_servers("*.example.com", 1,
                 "ns2.example.net, ns3.example.net, ns4.example.net, ns5.example.net");
    screen_dump(&w->screen, &wide);
    /* What a terminal does: the text is set anew in the new width. */
    screen_init(&w->screen, 40, 24);
    screen_write(&w->screen, buf_str(&wide), wide.len);
    assert_int_equal(w->screen.line, 3); /* one line became three */
    tell_state("*.example.com", "VALID");
    screen_dump(&w->screen, &shown);
    assert_string_equal(buf_str(&shown), "  *.example.com  VALID\n");
}

static void a_result_that_cannot_be_written_is_noticed(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);

    open_sink(w, SINK_PLAIN, EVENT_NOTICE, false);
    (void)state;
    w->is_pipe_closed = true;
    event_log(EVENT_ERROR, "x", "to standard error: nobody can be told");
    assert_false(sink_has_failed(w->sink));
    sink_write_result(w->sink, "name=x\n");
    assert_true(sink_has_failed(w->sink));
}

/* An order that has failed is DONE too, when it has cleaned up; the last line must not look like
 * success. */
static void a_failed_order_does_not_end_as_done(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(buf_done) struct buf shown = BUF(1 << 16);

    (void)state;
    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    tell_order("DONE");
    play_failure();
    screen_dump(&w->screen, &shown);
    assert_true(
        str_has_prefix(buf_str(&shown), "example.com  FAILED\nerror: example.com: the values"));
}

static void tell_one(const char *certificate, const char *state, const char *name_state)
{
    AUTO_FREE char *name = str_fmt("%s.example.com", certificate);

    event_emit(EVENT_NOTICE, EVENT_ORDER, certificate, FIELD("state", state));
    if (name_state != NULL) {
        event_emit(EVENT_NOTICE, EVENT_NAME, name, FIELD("certificate", certificate),
                   FIELD("state", name_state));
    }
}

static void tell_end(const char *certificate, int64_t status, const char *text)
{
    event_emit(status == 0 ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, certificate,
               FIELD_INT("exit", status), FIELD("class", "none"),
               status == 0 ? FIELD("state", "issued") : FIELD("text", text),
               status == 0 ? FIELD("not-after", "2027-02-20T02:26:40Z") : FIELD("class", NULL));
}

/* Names stand below their own order, whichever moved last; one that ends takes no line of another
 * with it. */
static void certificates_side_by_side_end_one_by_one(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(buf_done) struct buf shown = BUF(1 << 16);
    AUTO(buf_done) struct buf at_end = BUF(1 << 16);

    (void)state;
    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    for (const char *const *at = (const char *const[]){"a", "b", "c", NULL}; *at != NULL; at++) {
        tell_one(*at, "NEW", NULL);
    }
    tell_one("b", "VALIDATE", "PUBLISH");
    tell_one("a", "VALIDATE", "FIND");
    screen_dump(&w->screen, &shown);
    assert_string_equal(buf_str(&shown), "a                VALIDATE\n"
                                         "  a.example.com  FIND\n"
                                         "b                VALIDATE\n"
                                         "  b.example.com  PUBLISH\n"
                                         "c                NEW\n");
    tell_one("a", "DONE", "VALID");
    tell_end("a", 0, NULL);
    tell_one("b", "DONE", "FAILED");
    tell_end("b", 5, "it did not appear");
    tell_one("c", "DONE", NULL);
    tell_end("c", 0, NULL);
    event_emit(EVENT_ERROR, EVENT_RESULT, "process", FIELD_INT("exit", 5), FIELD_INT("issued", 2),
               FIELD("text", "2 issued, 1 failed"));
    screen_dump(&w->screen, &at_end);
    assert_string_equal(buf_str(&at_end),
                        "a: issued, valid until 2027-02-20T02:26:40Z (in 90 days)\n"
                        "b                FAILED\n"
                        "  b.example.com  FAILED\n"
                        "error: b: it did not appear\n"
                        "c: issued, valid until 2027-02-20T02:26:40Z (in 90 days)\n"
                        "error: process: 2 issued, 1 failed\n");
}

/* What one certificate still wants of a person is not forgotten because another is through. */
static void what_a_person_is_to_do_outlives_the_success_of_others(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);

    (void)state;
    open_sink(w, SINK_PLAIN, EVENT_NOTICE, false);
    event_emit(EVENT_NOTICE, EVENT_RECORD, "_acme-challenge.b.example.com",
               FIELD("action", "create"), FIELD("zone", "example.com"), FIELD("type", "TXT"),
               FIELD("value", "value-of-b"), FIELD_INT("ttl", 60), FIELD_INT("index", 1),
               FIELD_INT("count", 1), FIELD_INT("waited-for", 0));
    tell_end("a", 0, NULL);
    assert_null(strstr(buf_str(&w->err), "value-of-b"));
    tell_end("b", 10, "create them first");
    assert_non_null(strstr(buf_str(&w->err), "value-of-b"));
}

static void a_pause_clears_the_lines_and_the_next_event_brings_them_back(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(buf_done) struct buf paused = BUF(1 << 16);
    AUTO(buf_done) struct buf resumed = BUF(1 << 16);

    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    (void)state;
    tell_order("NEW");
    sink_pause(w->sink);
    screen_dump(&w->screen, &paused);
    assert_string_equal(buf_str(&paused), "");
    screen_write(&w->screen, "Question? y\n", strlen("Question? y\n"));
    tell_order("AUTHORIZE");
    screen_dump(&w->screen, &resumed);
    assert_string_equal(buf_str(&resumed), "Question? y\nexample.com  AUTHORIZE\n");
}

/* The terminal shows what is typed, and goes down a line for Enter. */
static void enter_leaves_no_rubbish(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);
    AUTO(buf_done) struct buf shown = BUF(1 << 16);

    (void)state;
    open_sink(w, SINK_LIVE, EVENT_NOTICE, false);
    tell_order("NEW");
    for (int i = 0; i < 3; i++) {
        AUTO_FREE char *typed = str_fmt("%*s?", i * 90, ""); /* the terminal breaks long ones */
        AUTO_FREE char *shown_line = str_fmt("%s\r\n", typed);

        screen_write(&w->screen, shown_line, strlen(shown_line));
        sink_note_enter(w->sink, typed);
    }
    tell_order("AUTHORIZE");
    screen_dump(&w->screen, &shown);
    assert_string_equal(buf_str(&shown), "example.com  AUTHORIZE\n");
}

static void each_line_for_the_journal_has_its_priority(void **state)
{
    AUTO_PTR(world) struct world *w = world_new(80, 24);

    (void)state;
    open_sink_at(w, SINK_PLAIN, EVENT_NOTICE, false, true);
    event_log(EVENT_WARNING, "dns", "first\nsecond");
    event_log(EVENT_NOTICE, "dns", "third");
    play_failure();
    assert_true(str_has_prefix(buf_str(&w->err), "<4>warning: dns: first\n<4>second\n"
                                                 "<5>dns: third\n<3>error: example.com: the "));
    for (const char *at = buf_str(&w->err); *at != '\0'; at = strchr(at, '\n') + 1) {
        assert_int_equal(*at, '<');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_lines_look_right_at_every_width),
        cmocka_unit_test(colour_changes_nothing_but_colour),
        cmocka_unit_test(plain_lines_tell_each_step_once),
        cmocka_unit_test(json_is_one_object_a_line),
        cmocka_unit_test(hostile_text_and_secrets_reach_no_sink),
        cmocka_unit_test(a_hundred_names_fit_a_small_terminal),
        cmocka_unit_test(a_hundred_names_are_few_lines_in_a_log),
        cmocka_unit_test(a_resize_leaves_no_rubbish),
        cmocka_unit_test(a_result_that_cannot_be_written_is_noticed),
        cmocka_unit_test(a_failed_order_does_not_end_as_done),
        cmocka_unit_test(certificates_side_by_side_end_one_by_one),
        cmocka_unit_test(what_a_person_is_to_do_outlives_the_success_of_others),
        cmocka_unit_test(enter_leaves_no_rubbish),
        cmocka_unit_test(each_line_for_the_journal_has_its_priority),
        cmocka_unit_test(a_pause_clears_the_lines_and_the_next_event_brings_them_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
