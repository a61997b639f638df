/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What lies beside an installed certificate: request.conf and the keys of orders under way. */
#include "store/store_cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "store_lab.h"

#include <signal.h>
#include <sys/wait.h>

static void request_comes_back_literally(void **state)
{
    struct lab *lab = *state;
    AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs again = STORE_PAIRS_INIT;
    struct err err = ERR_INIT;

    store_pairs_add(&pairs, "domains", "example.com, *.example.com");
    store_pairs_add(&pairs, "deploy-hook", "sh -c 'a=b; c # d' ; [x]");
    store_pairs_add(&pairs, "provider", "a");
    store_pairs_add(&pairs, "provider", "b");
    store_pairs_add(&pairs, "empty", "");
    assert_int_equal(store_request_save(lab->store, "example.com", &pairs, &err), 0);
    lab_assert_mode(lab, "certs/example.com/request.conf", 0600);
    assert_int_equal(store_request_load(lab->store, "example.com", &again, &err), 0);
    assert_int_equal(again.n, pairs.n);
    for (size_t i = 0; i < pairs.n; i++) {
        assert_string_equal(again.items[i].key, pairs.items[i].key);
        assert_string_equal(again.items[i].value, pairs.items[i].value);
    }
    assert_string_equal(store_pairs_find(&again, "provider"), "b");
    assert_null(store_pairs_find(&again, "other"));
}

static void request_that_would_not_come_back_is_refused(void **state)
{
    static const char *const bad[][2] = {
        {"a", "two\nlines"}, {"a", " front"},        {"a", "back\t"},
        {"a", "\x1b[0m"},    {"a", "no \xff UTF-8"}, {"A", "x"},
        {"", "x"},           {"a = b", "x"},         {"[section]", "x"},
    };
    struct lab *lab = *state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
        AUTO(store_pairs_done) struct store_pairs again = STORE_PAIRS_INIT;
        struct err err = ERR_INIT;

        store_pairs_add(&pairs, bad[i][0], bad[i][1]);
        assert_int_equal(store_request_save(lab->store, "a.de", &pairs, &err), -ERR_CONFIG);
        assert_int_equal(store_request_check_pairs("a.de", &pairs, &err), -ERR_CONFIG);
        assert_int_equal(store_request_load(lab->store, "a.de", &again, &err), -ERR_NOT_FOUND);
    }
}

static void edited_request_is_read_or_named_by_line(void **state)
{
    static const struct {
        const char *text;
        const char *wanted; /* NULL: it is read */
    } cases[] = {
        {"; note\r\n\r\n[certificate a.de]\r\ndomains=a.de\r\n", NULL},
        {"[certificate a.de]\n  domains =  a.de", NULL},
        {"[certificate b.de]\ndomains = a.de\n", ":1: only one section belongs here"},
        {"[certificate a.de]\n[acme-dns]\n", ":2: only one section belongs here"},
        {"domains = a.de\n", ":1: 'key = value' inside a section"},
        {"[certificate a.de]\n\nhello\n", ":3: 'key = value' inside a section"},
        {"[certificate a.de]\nDomains = a.de\n", ":2: this is not the name of a setting"},
        {"", ":1: there is no section in it"},
    };
    struct lab *lab = *state;
    AUTO(store_pairs_done) struct store_pairs none = STORE_PAIRS_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(store_request_save(lab->store, "a.de", &none, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;

        lab_write(lab, "certs/a.de/request.conf", cases[i].text);
        if (cases[i].wanted == NULL) {
            assert_int_equal(store_request_load(lab->store, "a.de", &pairs, &err), 0);
            assert_string_equal(store_pairs_find(&pairs, "domains"), "a.de");
        } else {
            assert_int_equal(store_request_load(lab->store, "a.de", &pairs, &err), -ERR_CONFIG);
            lab_assert_says(&err, cases[i].wanted);
            assert_int_equal(pairs.n, 0);
        }
    }
}

static void request_that_others_may_read_is_refused(void **state)
{
    struct lab *lab = *state;
    AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
    AUTO_FREE char *path = lab_path(lab, "certs/a.de/request.conf");
    struct err err = ERR_INIT;

    assert_int_equal(store_request_save(lab->store, "a.de", &pairs, &err), 0);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(store_request_load(lab->store, "a.de", &pairs, &err), -ERR_CONFIG);
    lab_assert_says(&err, "chmod");
}

static void save_pending(struct lab *lab, const char *tag)
{
    assert_non_null(store_pending_key_save(lab->store, "a.de", tag, lab->key, lab_on_done, lab));
    lab_turn(lab);
    if (lab->err.class != ERR_NONE) {
        fail_msg("%s", lab->err.text);
    }
}

static void pending_key_is_kept_listed_and_dropped(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(key) struct key *key = NULL;
    AUTO(strv_done) struct strv tags = STRV_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(store_pending_key_list(lab->store, "a.de", &tags, &err), 0);
    assert_int_equal(tags.n, 0);
    save_pending(lab, "order-1");
    save_pending(lab, "order-2");
    lab_assert_mode(lab, "certs/a.de/pending/order-1.key", 0600);
    assert_int_equal(store_pending_key_list(lab->store, "a.de", &tags, &err), 0);
    AUTO_FREE char *joined = strv_join(&tags, " ");
    assert_string_equal(joined, "order-1 order-2");
    assert_int_equal(store_pending_key_load(lab->store, "a.de", "order-1", &key, &err), 0);
    assert_true(key_equals(key, lab->key));
    assert_int_equal(store_pending_key_drop(lab->store, "a.de", "order-1", &err), 0);
    assert_int_equal(store_pending_key_drop(lab->store, "a.de", "order-1", &err), 0);
    key_unref(TAKE(key));
    assert_int_equal(store_pending_key_load(lab->store, "a.de", "order-1", &key, &err),
                     -ERR_NOT_FOUND);
    lab_write(lab, "certs/a.de/pending/order-2.key", "");
    assert_int_equal(store_pending_key_load(lab->store, "a.de", "order-2", &key, &err),
                     -ERR_CONFIG);
    lab_assert_says(&err, "order-2.key' is not a usable key: it is empty");
}

static void bad_tag_is_an_error_of_the_callback(void **state)
{
    struct lab *lab = *state;

    assert_non_null(
        store_pending_key_save(lab->store, "a.de", "../../x", lab->key, lab_on_done, lab));
    assert_int_equal(lab->n_done, 0);
    lab_turn(lab);
    assert_int_equal(lab->n_done, 1);
    assert_int_equal(lab->err.class, ERR_CONFIG);
}

#ifdef ACME_CRASH_POINTS
static void killed_around_a_pending_key_it_is_whole_or_not_there(void **state)
{
    static const char *const points[] = {"store-pending-key-before", "store-pending-key-after"};
    struct lab *lab = *state;

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        AUTO_PTR(key) struct key *key = NULL;
        struct err err = ERR_INIT;
        int status = 0;
        pid_t pid = 0;

        lab_close(lab);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)setenv("ACME_DNS_CRASH_AT", points[i], 1);
            lab_open(lab);
            save_pending(lab, "order");
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        lab_open(lab);
        assert_int_equal(store_pending_key_load(lab->store, "a.de", "order", &key, &err),
                         i == 0 ? -ERR_NOT_FOUND : 0);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(request_comes_back_literally),
        LAB_TEST(request_that_would_not_come_back_is_refused),
        LAB_TEST(edited_request_is_read_or_named_by_line),
        LAB_TEST(request_that_others_may_read_is_refused),
        LAB_TEST(pending_key_is_kept_listed_and_dropped),
        LAB_TEST(bad_tag_is_an_error_of_the_callback),
#ifdef ACME_CRASH_POINTS
        LAB_TEST(killed_around_a_pending_key_it_is_whole_or_not_there),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
