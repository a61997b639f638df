/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "ring_bench.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define OWNER "_acme-challenge.x.example.com."
static const char MEM[] = "[provider mem]\ndir = %s/mem\n";

static void expect(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' does not contain '%s'", text, part);
    }
}

/* ---- What a plug-in that cannot be used leads to: one error that names it and the fault ---- */

static const struct {
    const char *plugin, *error;
} UNUSABLE[] = {
    {"size", "its description has 40 bytes"},
    {"needs", "use a newer acme-dns"},
    {"null-name", "has no name"},
    {"other-name", "calls itself 'someone-else', but its file is 'other-name.so'"},
    {"stride", "says an option has 2147483647 bytes"},
    {"many", "says it has 4294967295 options"},
    {"no-add", "has no add() function"},
    {"serial", "says serial 7"},
    {"null", "acme_plugin_v1() returned NULL"},
    {"crash-describe", "was killed by signal 11"},
    {"symbol", "exports no acme_plugin_v1()"},
    {"core-key", "has an option 'ttl', which is a key of acme-dns itself"},
    {"double", "has the option 'x' twice"},
    {"suffix", "has the options 'key' and 'key-file'"},
    {"fallback", "has an option 'x' whose default 'soon' is not a time"},
    {"type", "has an option 'x' of the unknown type 99"},
    {"crash-check", "was killed by signal 11"},
    {"crash-open", "was killed by signal 11"},
};

static void unusable_plugins_are_named_with_their_fault(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(UNUSABLE); i++) {
        struct bench b;
        char *config = str_fmt("%s[provider %s]\n", MEM, UNUSABLE[i].plugin);

        bench_open(&b, config);
        struct outcome *bad = bench_change(&b, UNUSABLE[i].plugin, PROVIDER_ADD, OWNER, "value");
        struct outcome *good = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        assert_false(bad->is_ok);
        assert_false(bad->may_be_in_force);
        assert_int_equal(bad->err.class, ERR_PROVIDER);
        expect(bad->err.text, UNUSABLE[i].plugin);
        expect(bad->err.text, UNUSABLE[i].error);
        assert_true(good->is_ok);
        bench_close(&b);
        mem_free(config);
    }
}

/* ---- What a plug-in that misbehaves in add() leads to ---- */

static const struct {
    const char *plugin, *error;
    bool may_be_in_force;
} MISBEHAVING[] = {
    {"one", "returned 1,", true},
    {"minus", "returned -1,", true},
    {"unknown", "returned 4711,", true},
    {"hang", "did not end within 1 s (call-timeout)", true},
    {"spin", "did not end within 1 s (call-timeout)", true},
    {"output", "printed more than 8 MiB", true},
    {"logs", "sent more than 8 MiB", true},
    {"exit", "ended its process with status 3", true},
    {"exit0", "ended its process with status 0", true},
    {"grandchild-crash", "was killed by signal 11", true},
    {"daemon", "did not end within 1 s (call-timeout)", true},
    {"daemon-crash", "was killed by signal 11", true},
    {"crash-add", "was killed by signal 11", true},
    {"crash-apply", "was killed by signal 11", true},
    {"fail-ok", "refuses this credential: no, says the provider", false},
    {"index", "a frame that the interface does not have", true},
    {"raw", "bytes that are no frame", true},
    {"twice", "answered a call that nobody made", true},
    {"close-fds", "did not end within 1 s (call-timeout)", true},
    {"text", "refuses the change: xxx", false},
};

static void misbehaving_calls_fail_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MISBEHAVING); i++) {
        struct bench b;
        /* Short only where it is waited for: else a slow machine makes one fault look like another.
         */
        bool is_slow = strstr(MISBEHAVING[i].error, "call-timeout") != NULL;
        char *config = str_fmt("%s[provider %s]\ncall-timeout = %d\n", MEM, MISBEHAVING[i].plugin,
                               is_slow ? 1 : 30);

        bench_open(&b, config);
        struct outcome *bad = bench_change(&b, MISBEHAVING[i].plugin, PROVIDER_ADD, OWNER, "value");
        struct outcome *good = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        if (bad->is_ok || bad->may_be_in_force != MISBEHAVING[i].may_be_in_force) {
            fail_msg("%s: ok %d, in force %d: %s", MISBEHAVING[i].plugin, bad->is_ok,
                     bad->may_be_in_force, bad->err.text);
        }
        expect(bad->err.text, MISBEHAVING[i].plugin);
        expect(bad->err.text, MISBEHAVING[i].error);
        assert_true(good->is_ok);
        bench_close(&b);
        mem_free(config);
    }
}

static void a_newer_plugin_goes_on_working(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider newer]\n");
    struct outcome *o = bench_change(&b, "newer", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    assert_true(o->is_ok);
    bench_close(&b);
}

static void a_crash_in_remove_and_settled_and_zones_is_survived(void **state)
{
    static const char *const NAMES[] = {"crash-remove", "crash-settled"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct bench b;
        char *config = str_fmt("[provider %s]\n", NAMES[i]);

        bench_open(&b, config);
        struct outcome *added = bench_change(&b, NAMES[i], PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        struct outcome *bad = i == 0 ? bench_change(&b, NAMES[i], PROVIDER_REMOVE, OWNER, "value")
                                     : bench_settled(&b, NAMES[i], OWNER, NULL);
        bench_run(&b);
        /* The next call finds a new worker. */
        struct outcome *again = bench_change(&b, NAMES[i], PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        assert_true(added->is_ok);
        assert_false(bad->is_ok);
        expect(bad->err.text, "was killed by signal 11");
        assert_true(again->is_ok);
        bench_close(&b);
        mem_free(config);
    }
}

/* ---- What is left behind ---- */

/* The instance whose processes are counted. This program may run twice at once. */
static const char *orphans_name(void)
{
    static char name[32];

    (void)snprintf(name, sizeof(name), "ring-orphans-%d", (int)getpid());
    return name;
}

/* Processes below or reparented from this test's workers: all whose command is the worker's. */
static size_t count_workers(void)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    char path[300], text[256];
    size_t n = 0;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        (void)snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

        if (file != NULL) {
            (void)fclose(file);
        }
        text[len] = '\0';
        /* argv: the program's name, then the instance's */
        if (strcmp(text, "acme-dns-worker") == 0 &&
            strcmp(text + strlen(text) + 1, orphans_name()) == 0) {
            n++;
        }
    }
    if (proc != NULL) {
        (void)closedir(proc);
    }
    return n;
}

static void nothing_that_a_worker_started_outlives_it(void **state)
{
    static const char *const NAMES[] = {"grandchild",  "grandchild-crash", "daemon",      "thread",
                                        "crash-close", "hang-close",       "daemon-crash"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        struct bench b;
        char *config =
            str_fmt("[provider %s]\nplugin = %s\ncall-timeout = 1\n", orphans_name(), NAMES[i]);

        bench_open(&b, config);
        (void)bench_change(&b, orphans_name(), PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        provider_set_close(b.set, (provider_closed_fn *)loop_stop, b.loop);
        bench_turn(&b, 5000);
        /* Those that are meant sleep for ever. */
        for (int ms = 0; ms < 5000 && count_workers() > 0; ms++) {
            (void)usleep(1000);
        }
        if (count_workers() != 0) {
            fail_msg("%s: %zu processes are left", NAMES[i], count_workers());
        }
        bench_close(&b);
        mem_free(config);
    }
}

static void a_thread_cannot_speak_outside_a_call(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider thread]\n");
    struct outcome *o = bench_change(&b, "thread", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    bench_turn(&b, 50);
    assert_true(o->is_ok);
    assert_null(strstr(buf_str(&b.log), "from another thread"));
    bench_close(&b);
}

/* ---- Descriptions ---- */

struct seen {
    struct bench *bench;
    size_t n_good, n_bad;
    bool has_mem, has_end;
};

static void on_seen(void *arg, const char *path, const struct provider_description *description,
                    const struct err *err)
{
    struct seen *seen = arg;

    if (path == NULL) {
        seen->has_end = true;
        loop_stop(seen->bench->loop);
        return;
    }
    assert_true((description == NULL) == (err != NULL));
    seen->n_good += description != NULL ? 1 : 0;
    seen->n_bad += err != NULL ? 1 : 0;
    if (description != NULL && str_eq(description->name, "mem")) {
        char *callbacks = provider_description_callbacks(description);

        seen->has_mem = true;
        assert_string_equal(callbacks, "open, close, add, remove, apply, settled, zones");
        assert_int_equal(description->n_options, 6);
        assert_string_equal(description->options[4].choices.items[1], "slow");
        assert_true(description->isolation.has_no_new_privs);
        assert_true(description->isolation.is_not_dumpable);
        mem_free(callbacks);
    }
}

static void a_list_shows_good_and_bad_plugins(void **state)
{
    struct bench b;
    struct seen seen = {.bench = &b};

    (void)state;
    bench_open(&b, "");
    provider_list(b.set, on_seen, &seen);
    bench_turn(&b, 90000); /* some fifty workers, one after another */
    assert_true(seen.has_end);
    assert_true(seen.has_mem);
    assert_true(seen.n_good > 20);
    /* all in the table above but those that fail in check() and open() */
    assert_int_equal(seen.n_bad, ARRAY_LEN(UNUSABLE) - 2);
    bench_close(&b);
}

/* ---- Options ---- */

static void options_come_from_files_first(void **state)
{
    struct bench b;

    (void)state;
    (void)setenv("MEM_TOKEN", "from-environment", 1);
    (void)setenv("MEM_ACCOUNT", "someone", 1);
    /* The token of the file and the account of the environment are not one credential. */
    bench_open(&b, "[provider mem]\ndir = %s/mem\ntoken-command = echo 'from-command'\n"
                   "wait = 2m\nmode = slow\ntag = a\ntag = b\n"
                   "[provider second]\nplugin = mem\ndir = %s/mem\n");
    struct outcome *first = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "1");
    struct outcome *second = bench_change(&b, "second", PROVIDER_ADD, OWNER, "2");
    bench_run(&b);
    assert_true(first->is_ok && second->is_ok);
    expect(bench_read(&b, "calls"), "token=from-command account=- wait=120 mode=slow tags=2\n");
    expect(bench_read(&b, "calls"), "token=none account=- wait=5 mode=fast tags=0\n");
    assert_int_equal(provider_facts(first->provider)->from_environment->n, 0);
    bench_close(&b);

    bench_open(&b, "[provider mem]\ndir = %s/mem\n");
    first = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "1");
    bench_run(&b);
    expect(bench_read(&b, "calls"), "token=from-environment account=someone");
    const struct strv *names = provider_facts(first->provider)->from_environment;
    assert_int_equal(names->n, 2);
    assert_string_equal(names->items[0], "token (MEM_TOKEN)");
    (void)unsetenv("MEM_TOKEN");
    (void)unsetenv("MEM_ACCOUNT");
    bench_close(&b);
}

static const struct {
    const char *config, *error;
} WRONG_OPTIONS[] = {
    {"tokn = x\n", "test.conf:3:1: plug-in 'mem' has no option 'tokn'"},
    {"tokn = x\n", "did you mean 'token'?"},
    {"wait = soon\n", "wait: 'soon' is not a time"},
    {"mode = slower\n", "mode: 'slower' is none of: fast, slow"},
    {"mode = fast\nmode = slow\n", "'mode' is given a second time"},
    {"token-file = %s/absent\n", "absent"},
    {"token-command = sh -c 'exit 3'\n", "the command ended with status 3"},
    {"token-command = true\n", "the command printed nothing"},
    {"token-command = no-such-program x\n", "token-command: no program 'no-such-program' in /"},
    {"token-command = echo 'x\n", "token-command: a single quote is not closed"},
};

static void wrong_options_are_shown_with_their_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WRONG_OPTIONS); i++) {
        struct bench b;
        char *config = str_fmt("%s%s", MEM, WRONG_OPTIONS[i].config);

        bench_open(&b, config);
        struct outcome *o = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
        bench_run(&b);
        assert_int_equal(o->err.class, ERR_CONFIG);
        expect(o->err.text, WRONG_OPTIONS[i].error);
        expect(o->err.text, "test.conf:");
        bench_close(&b);
        mem_free(config);
    }
}

/* ---- The good one ---- */

static void changes_of_a_zone_go_in_one_call(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    for (int i = 0; i < 50; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.example.com.", i);
        (void)bench_change(&b, "mem", PROVIDER_ADD, fqdn, "value");
    }
    bench_run(&b);
    for (int i = 0; i < 50; i++) {
        assert_true(b.outcomes[i].is_ok);
    }
    assert_string_equal(b.outcomes[7].receipt, "_acme-challenge.n7.example.com.");
    expect(bench_read(&b, "calls"), "apply 50\n");
    assert_int_equal(b.n_told, 50);
    assert_int_equal(b.n_receipts, 50);
    assert_int_equal(b.n_locked_max, 1);
    assert_int_equal(b.n_locked, 0);
    assert_int_equal(bench_count(bench_read(&b, "values"), "\n"), 50);
    bench_close(&b);
}

static void the_guilty_change_fails_alone(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    for (int i = 0; i < 20; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.%sexample.com.", i,
                       i == 13  ? "bad."
                       : i == 4 ? "named."
                                : "");
        (void)bench_change(&b, "mem", PROVIDER_ADD, fqdn, "value");
    }
    bench_run(&b);
    for (int i = 0; i < 20; i++) {
        if (b.outcomes[i].is_ok != (i != 13 && i != 4)) {
            fail_msg("change %d: %s", i, b.outcomes[i].err.text);
        }
    }
    expect(b.outcomes[13].err.text, "one of them is bad");
    expect(b.outcomes[4].err.text, "this one is refused");
    assert_false(b.outcomes[13].may_be_in_force);
    assert_int_equal(bench_count(bench_read(&b, "values"), "\n"), 18);
    bench_close(&b);
}

static void a_batch_without_any_good_change_gives_up(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    for (int i = 0; i < 100; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.bad.example.com.", i);
        (void)bench_change(&b, "mem", PROVIDER_ADD, fqdn, "value");
    }
    bench_run(&b);
    for (int i = 0; i < 100; i++) {
        assert_false(b.outcomes[i].is_ok);
    }
    assert_in_range(bench_count(bench_read(&b, "calls"), "apply"), 2, 60);
    bench_close(&b);
}

static void a_refused_intent_is_not_sent(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    struct outcome *o =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.forbidden.example.com.", "value");
    bench_run(&b);
    assert_false(o->is_ok);
    assert_false(o->may_be_in_force);
    expect(o->err.text, "the disk is full");
    assert_null(strstr(bench_read(&b, "calls"), "apply"));
    bench_close(&b);
}

static void cancelling_asks_then_kills(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider mem]\ndir = %s/mem\n[provider other]\nplugin = mem\ndir = %s/mem\n");
    struct outcome *polite =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.long.example.com.", "value");
    struct outcome *deaf =
        bench_change(&b, "other", PROVIDER_ADD, "_acme-challenge.deaf.example.com.", "value");
    provider_release(bench_provider(&b, "mem"));
    provider_release(bench_provider(&b, "other"));
    for (int turns = 0; turns < 400 && bench_count(bench_read(&b, "calls"), "begin ") < 2;
         turns++) {
        bench_turn(&b, 50);
    }
    struct outcome *queued = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
    int64_t began_ms = loop_now_ms(b.loop);
    provider_cancel_all(b.set, 3000);
    bench_run(&b);
    assert_int_equal(queued->err.class, ERR_CANCELLED);
    assert_false(queued->may_be_in_force);
    assert_int_equal(polite->err.class, ERR_CANCELLED);
    assert_true(polite->may_be_in_force);
    assert_in_range(polite->at_ms - began_ms, 0, 2500);
    assert_int_equal(deaf->err.class, ERR_CANCELLED);
    assert_true(deaf->may_be_in_force);
    assert_in_range(deaf->at_ms - began_ms, 2900, 8000);
    /* Cleaning up afterwards works. */
    struct outcome *removed = bench_change(&b, "other", PROVIDER_REMOVE, OWNER, "value");
    provider_release(bench_provider(&b, "other"));
    bench_run(&b);
    assert_true(removed->is_ok);
    bench_close(&b);
}

static int64_t first_call_ms(void)
{
    struct bench b;

    bench_open(&b, "[provider newer]\n");
    struct outcome *o = bench_change(&b, "newer", PROVIDER_ADD, OWNER, "value");
    provider_release(bench_provider(&b, "newer"));
    int64_t began_ms = loop_now_ms(b.loop);
    bench_run(&b);
    assert_true(o->is_ok);
    int64_t took_ms = o->at_ms - began_ms;
    bench_close(&b);
    return took_ms;
}

/* The best of five: a loaded machine makes some slow, a wait in the start makes all slow. */
static void a_worker_is_ready_within_milliseconds(void **state)
{
    int64_t best_ms = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5 && best_ms > 500; i++) {
        int64_t took_ms = first_call_ms();

        print_message("a first call took %lld ms\n", (long long)took_ms);
        best_ms = took_ms < best_ms ? took_ms : best_ms;
    }
    assert_in_range(best_ms, 0, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unusable_plugins_are_named_with_their_fault),
        cmocka_unit_test(misbehaving_calls_fail_alone),
        cmocka_unit_test(a_newer_plugin_goes_on_working),
        cmocka_unit_test(a_crash_in_remove_and_settled_and_zones_is_survived),
        cmocka_unit_test(nothing_that_a_worker_started_outlives_it),
        cmocka_unit_test(a_thread_cannot_speak_outside_a_call),
        cmocka_unit_test(a_list_shows_good_and_bad_plugins),
        cmocka_unit_test(options_come_from_files_first),
        cmocka_unit_test(wrong_options_are_shown_with_their_line),
        cmocka_unit_test(changes_of_a_zone_go_in_one_call),
        cmocka_unit_test(the_guilty_change_fails_alone),
        cmocka_unit_test(a_batch_without_any_good_change_gives_up),
        cmocka_unit_test(a_refused_intent_is_not_sent),
        cmocka_unit_test(cancelling_asks_then_kills),
        cmocka_unit_test(a_worker_is_ready_within_milliseconds),
    };

    /* For the workers: a sanitizer would turn the signals that are expected into exits. */
    (void)setenv("ASAN_OPTIONS", "handle_segv=0", 1);
    if (getenv("RING_FILTER") != NULL) {
        cmocka_set_test_filter(getenv("RING_FILTER"));
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
