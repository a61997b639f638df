/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The account of a server's two values, against a server that is played here: rows with times in
 * whole seconds, the older of which an update replaces, and of two of one second the one that hurts
 * most.
 */
#include "acme-dns-server.h"

#include "cmocka_all.h"

#define START_MS ((int64_t)1700000000 * 1000 + 990) /* just before the server's next second */

struct server {
    char values[2][VALUE_LEN + 1];
    int64_t at_s[2];
    int tie; /* which row an update takes when their times are equal */
};

static char VALUES[4][VALUE_LEN + 1];

static int make_values(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        memset(VALUES[i], 'a' + i, VALUE_LEN);
    }
    return 0;
}

static void update(struct server *s, const char *value, int64_t now_ms)
{
    int row = s->at_s[0] == s->at_s[1] ? s->tie : s->at_s[1] < s->at_s[0];

    memcpy(s->values[row], value, VALUE_LEN + 1);
    s->at_s[row] = now_ms / 1000;
}

static bool has(const struct server *s, const char *value)
{
    return strcmp(s->values[0], value) == 0 || strcmp(s->values[1], value) == 0;
}

/* What happens to an update. */
enum fate { FATE_GOOD, FATE_LOST_REPLY, FATE_LOST_REQUEST };

struct play {
    struct server server;
    struct window window;
    int64_t now_ms;
    int64_t way_ms; /* how long a request is on its way when something goes wrong */
};

/* The window goes through its file each time, as between processes. */
static void keep(struct play *p)
{
    KIT_TEXT(text);

    window_format(&p->window, &text);
    assert_true(window_parse(kit_text_str(&text), text.len, &p->window));
}

static bool send(struct play *p, const char *value, const char *owner, int64_t run, enum fate fate)
{
    window_push(&p->window, value, owner, run, p->now_ms);
    keep(p);
    p->now_ms += fate == FATE_GOOD ? 0 : p->way_ms;
    if (fate != FATE_LOST_REQUEST) {
        update(&p->server, value, p->now_ms);
    }
    p->now_ms += 15;
    window_end_push(&p->window, fate == FATE_GOOD, p->now_ms);
    keep(p);
    return fate == FATE_GOOD;
}

/* One add(): true when the value is there, by what the plug-in knows. */
static bool add(struct play *p, const char *value, enum fate fate)
{
    struct window_plan plan = window_plan(&p->window, value, 1, p->now_ms);

    if (plan.step == WINDOW_HAS) {
        window_hold(&p->window, value, "owner", 1);
        return true;
    }
    assert_true(plan.step == WINDOW_SEND || plan.step == WINDOW_REFRESH);
    if (plan.step == WINDOW_REFRESH) {
        assert_true(plan.wait_ms <= 1100);
        p->now_ms += plan.wait_ms;
        if (!send(p, plan.keep, "owner", 1, FATE_GOOD)) {
            return false;
        }
    }
    return send(p, value, "owner", 1, fate);
}

static struct play begin(int tie)
{
    return (struct play){.server = {.tie = tie}, .now_ms = START_MS};
}

/* A server whose clock and ours tick apart must not matter: the order begins at any millisecond. */
static void both_values_of_an_order_stay_whatever_is_lost(void **state)
{
    (void)state;
    for (int tie = 0; tie < 2; tie++) {
        for (int64_t offset_ms = 0; offset_ms < 1000; offset_ms += 23) {
            for (int fates = 0; fates < 81; fates++) {
                struct play p = begin(tie);
                int left = fates;

                p.now_ms += offset_ms;
                p.way_ms = offset_ms % 3 * 300;
                for (int i = 0; i < 2; i++) {
                    for (int n = 0; n < 3 && !add(&p, VALUES[i], (enum fate)(n < 2 ? left % 3 : 0));
                         n++) {
                        left /= 3;
                    }
                }
                assert_true(has(&p.server, VALUES[0]) && has(&p.server, VALUES[1]));
            }
        }
    }
}

static void the_next_order_begins_anew_whenever_it_comes(void **state)
{
    (void)state;
    for (int tie = 0; tie < 2; tie++) {
        for (int64_t pause_ms = 0; pause_ms < 2500; pause_ms += 10) {
            struct play p = begin(tie);

            for (int i = 0; i < 4; i++) {
                if (i == 2) {
                    window_release(&p.window, VALUES[0], "owner");
                    window_release(&p.window, VALUES[1], "owner");
                    p.now_ms += pause_ms;
                }
                assert_true(add(&p, VALUES[i], FATE_GOOD));
            }
            assert_true(has(&p.server, VALUES[2]) && has(&p.server, VALUES[3]));
        }
    }
}

static void an_order_in_peace_sends_each_value_once_and_waits_for_nothing(void **state)
{
    struct play p = begin(0);

    (void)state;
    for (int i = 0; i < 4; i++) {
        int64_t before_ms = 0;

        if (i == 2) {
            window_release(&p.window, VALUES[0], "owner");
            window_release(&p.window, VALUES[1], "owner");
            p.now_ms += 60000;
        }
        before_ms = p.now_ms;
        assert_true(add(&p, VALUES[i], FATE_GOOD));
        assert_int_equal(p.now_ms - before_ms, 15);
    }
}

static void either_of_two_stays_while_it_is_needed(void **state)
{
    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        struct play p = begin(0);

        assert_true(add(&p, VALUES[0], FATE_GOOD) && add(&p, VALUES[1], FATE_GOOD));
        window_release(&p.window, VALUES[gone], "owner");
        assert_true(add(&p, VALUES[2], FATE_GOOD));
        assert_true(has(&p.server, VALUES[1 - gone]) && has(&p.server, VALUES[2]));
    }
}

static void a_refresh_that_was_lost_is_made_again(void **state)
{
    struct play p = begin(0);
    struct window_plan plan;

    (void)state;
    assert_true(add(&p, VALUES[0], FATE_GOOD));
    p.now_ms += 2000;
    assert_true(add(&p, VALUES[1], FATE_GOOD));
    window_release(&p.window, VALUES[1], "owner");
    p.now_ms += 2000;
    plan = window_plan(&p.window, VALUES[2], 1, p.now_ms);
    assert_int_equal(plan.step, WINDOW_REFRESH);
    assert_string_equal(plan.keep, VALUES[0]);
    assert_false(send(&p, plan.keep, "owner", 1, FATE_LOST_REQUEST));
    p.now_ms += 2000;
    assert_true(add(&p, VALUES[2], FATE_GOOD));
    assert_true(has(&p.server, VALUES[0]) && has(&p.server, VALUES[2]));
}

static void a_third_is_refused_and_says_whose_the_two_are(void **state)
{
    struct play p = begin(0);

    (void)state;
    assert_true(add(&p, VALUES[0], FATE_GOOD) && add(&p, VALUES[1], FATE_GOOD));
    assert_int_equal(window_plan(&p.window, VALUES[2], 1, p.now_ms).step, WINDOW_FULL_FOREVER);
    assert_int_equal(window_plan(&p.window, VALUES[2], 2, p.now_ms).step, WINDOW_FULL);
    window_hold(&p.window, VALUES[0], "owner", 2);
    assert_int_equal(window_plan(&p.window, VALUES[2], 1, p.now_ms).step, WINDOW_FULL);
    assert_int_equal(window_plan(&p.window, VALUES[1], 1, p.now_ms).step, WINDOW_HAS);
}

static void what_nobody_has_asked_for_in_an_hour_is_nobodys(void **state)
{
    struct play p = begin(0);

    (void)state;
    assert_true(add(&p, VALUES[0], FATE_GOOD) && add(&p, VALUES[1], FATE_GOOD));
    p.now_ms += 3600 * 1000 + 1;
    assert_int_equal(window_plan(&p.window, VALUES[2], 1, p.now_ms).step, WINDOW_SEND);
    assert_int_equal(window_plan(&p.window, VALUES[0], 1, p.now_ms).step, WINDOW_SEND);
}

static void a_value_is_let_go_by_the_one_who_holds_it(void **state)
{
    struct play p = begin(0);

    (void)state;
    assert_true(add(&p, VALUES[0], FATE_GOOD) && add(&p, VALUES[1], FATE_GOOD));
    window_hold(&p.window, VALUES[0], "the name given out", 1);
    window_release(&p.window, VALUES[0], "owner"); /* where it stood before the CNAME came */
    assert_int_equal(window_plan(&p.window, VALUES[2], 1, p.now_ms).step, WINDOW_FULL_FOREVER);
    window_release(&p.window, VALUES[0], "the name given out");
    assert_int_not_equal(window_plan(&p.window, VALUES[2], 1, p.now_ms).step, WINDOW_FULL_FOREVER);
}

static void clocks_that_jump_stop_nothing(void **state)
{
    struct play p = begin(0);

    (void)state;
    assert_true(add(&p, VALUES[0], FATE_GOOD));
    p.now_ms -= (int64_t)1000 * 86400 * 1000;
    assert_true(window_plan(&p.window, VALUES[1], 1, p.now_ms).wait_ms <= 1100);
    p.now_ms += (int64_t)2000 * 86400 * 1000;
    assert_true(window_plan(&p.window, VALUES[1], 1, p.now_ms).wait_ms <= 1100);
}

static void what_cannot_be_read_is_empty(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "null",
        "{\"values\":[{}]}",
        "{\"values\":{\"a\":1}}",
        "{\"values\":[{\"value\":\"short\",\"owner\":\"x\"}],\"ordered\":5,\"told\":\"x\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        struct window w;

        /* The second and third are no objects; an empty file is one of a window that is empty. */
        assert_int_equal(window_parse(TEXTS[i], strlen(TEXTS[i]), &w), i != 1 && i != 2);
        assert_int_equal(w.n, 0);
        assert_false(w.is_ordered);
        assert_int_equal(window_plan(&w, VALUES[0], 1, START_MS).step, WINDOW_SEND);
    }
}

static void a_file_with_too_many_values_is_cut(void **state)
{
    struct window w;
    KIT_TEXT(text);

    (void)state;
    kit_text_add_str(&text, "{\"values\":[");
    for (int i = 0; i < 4; i++) {
        kit_text_addf(&text, "%s{\"value\":\"%s\",\"owner\":\"\"}", i > 0 ? "," : "", VALUES[i]);
    }
    kit_text_add_str(&text, "]}");
    assert_true(window_parse(kit_text_str(&text), text.len, &w));
    assert_int_equal(w.n, WINDOW_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_values_of_an_order_stay_whatever_is_lost),
        cmocka_unit_test(the_next_order_begins_anew_whenever_it_comes),
        cmocka_unit_test(an_order_in_peace_sends_each_value_once_and_waits_for_nothing),
        cmocka_unit_test(either_of_two_stays_while_it_is_needed),
        cmocka_unit_test(a_refresh_that_was_lost_is_made_again),
        cmocka_unit_test(a_third_is_refused_and_says_whose_the_two_are),
        cmocka_unit_test(what_nobody_has_asked_for_in_an_hour_is_nobodys),
        cmocka_unit_test(a_value_is_let_go_by_the_one_who_holds_it),
        cmocka_unit_test(clocks_that_jump_stop_nothing),
        cmocka_unit_test(what_cannot_be_read_is_empty),
        cmocka_unit_test(a_file_with_too_many_values_is_cut),
    };

    return cmocka_run_group_tests(tests, make_values, NULL);
}
