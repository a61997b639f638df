/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What list says of a certificate as time goes by, and of one that cannot be read. */
#include "../base/cmocka_all.h"

#include "../store/install_lab.h"
#include "base/clock.h"
#include "base/fs.h"
#include "config/settings.h"
#include "order/due.h"
#include "task/list.h"

#include <string.h>

#define DAY_S ((int64_t)86400)

struct seen {
    size_t n;
    enum list_health health;
    char *trouble;
    int64_t not_before_s, not_after_s, renew_after_s;
};

static void take_row(void *arg, const struct list_row *row)
{
    struct seen *seen = arg;

    seen->n++;
    seen->health = row->health;
    str_set(&seen->trouble, row->trouble);
    if (row->cert != NULL) {
        seen->not_before_s = row->cert->not_before_s;
        seen->not_after_s = row->cert->not_after_s;
        seen->renew_after_s = row->renew_after_s;
    }
}

static enum task_exit look(struct lab *lab, const struct list_request *request, struct seen *seen)
{
    static const char TEXT[] = "[provider dns]\nplugin = rfc2136\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct settings_override where = {
        .key = "state-dir", .flag = "--state-dir", .text = lab->dir};
    AUTO_PTR(config)
    struct config *config = config_parse("/etc/x/a.conf", TEXT, strlen(TEXT), &errors);
    AUTO_PTR(settings)
    struct settings *settings = settings_new(config, "/etc/x/a.conf", &where, 1, &errors);
    struct task_env env = {.loop = lab->loop, .config = config, .settings = settings};

    assert_int_equal(errors.n, 0);
    seen->n = 0;
    return task_list(&env, request, take_row, seen);
}

/* The lab's certificate lives 90 days and an hour; it is due after 24 to 60 and some minutes, in
 * danger after 75. */
static void health_changes_with_time(void **state)
{
    static const struct {
        int64_t day;
        enum list_health health;
        enum task_exit judged;
    } CASES[] = {{0, LIST_GOOD, EXIT_DONE},      {23, LIST_GOOD, EXIT_DONE},
                 {61, LIST_DUE, EXIT_DONE},      {74, LIST_DUE, EXIT_DONE},
                 {76, LIST_DANGER, EXIT_FAILED}, {89, LIST_DANGER, EXIT_FAILED},
                 {91, LIST_EXPIRED, EXIT_FAILED}};
    struct seen seen = {.n = 0};
    int64_t rule_s = 0;

    lab_install(*state, 1, ((struct lab *)*state)->key);
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        clock_shift(0, CASES[i].day * DAY_S);
        assert_int_equal(look(*state, &(struct list_request){.is_judged = true}, &seen),
                         CASES[i].judged);
        clock_shift(0, -CASES[i].day * DAY_S);
        assert_int_equal(seen.n, 1);
        assert_int_equal(seen.health, CASES[i].health);
    }
    /* No share makes it later than the rule. */
    rule_s = due_renew_after_s(seen.not_before_s, seen.not_after_s);
    assert_in_range(seen.renew_after_s, rule_s - 37 * DAY_S, rule_s);
    mem_free(seen.trouble);
}

static void a_damaged_certificate_is_told(void **state)
{
    struct seen seen = {.n = 0};

    lab_install(*state, 1, ((struct lab *)*state)->key);
    AUTO_FREE char *path = lab_path(*state, LAB_CERTS "cert.pem");
    AUTO_FREE char *real = realpath(path, NULL);
    assert_int_equal(chmod(real, 0644), 0);
    FILE *file = fopen(real, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(look(*state, &(struct list_request){.name = NULL}, &seen), EXIT_DONE);
    assert_int_equal(seen.health, LIST_DAMAGED);
    assert_non_null(strstr(seen.trouble, LAB_NAME));
    assert_int_equal(look(*state, &(struct list_request){.is_judged = true}, &seen), EXIT_FAILED);
    mem_free(seen.trouble);
}

/* words: NULL where there is none. */
static void expect_trouble(struct lab *lab, const char *words, struct seen *seen)
{
    enum task_exit judged = look(lab, &(struct list_request){.is_judged = true}, seen);

    assert_int_equal(judged, words == NULL ? EXIT_DONE : EXIT_FAILED);
    assert_int_equal(seen->health, words == NULL ? LIST_GOOD : LIST_DAMAGED);
    assert_true(words == NULL ? seen->trouble == NULL : strstr(seen->trouble, words) != NULL);
}

/* key: NULL for an empty file. */
static void write_key(const char *path, const struct key *key)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    struct err err = ERR_INIT;

    assert_int_equal(key == NULL ? 0 : key_to_pem(key, &pem, &err), 0);
    assert_int_equal(fs_write_atomic(path, buf_str(&pem), pem.len, 0600, &err), 0);
}

/* A server that reads it would fail, or has failed to keep it. */
static void a_private_key_that_is_no_good_is_told(void **state)
{
    struct seen seen = {.n = 0};
    struct lab *lab = *state;

    lab_install(lab, 1, lab->key);
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "privkey.pem");
    AUTO_FREE char *real = realpath(path, NULL);
    AUTO_FREE char *aside = str_fmt("%s.aside", real);

    assert_int_equal(chmod(real, 0604), 0);
    expect_trouble(lab, "has mode 0604", &seen);
    assert_int_equal(chmod(real, 0640), 0);
    expect_trouble(lab, NULL, &seen);
    assert_int_equal(rename(real, aside), 0);
    expect_trouble(lab, "is gone", &seen);
    write_key(real, NULL);
    expect_trouble(lab, "is empty", &seen);
    write_key(real, lab->other_key);
    expect_trouble(lab, "is not the key of the certificate", &seen);
    assert_int_equal(rename(aside, real), 0);
    expect_trouble(lab, NULL, &seen);
    mem_free(seen.trouble);
}

/* One whose first order was never finished. */
static void a_certificate_may_be_absent(void **state)
{
    struct lab *lab = *state;
    struct store_pairs pairs = STORE_PAIRS_INIT;
    struct seen seen = {.n = 0};
    struct err err = ERR_INIT;

    assert_int_equal(store_request_save(lab->store, LAB_NAME, &pairs, &err), 0);
    assert_int_equal(look(lab, &(struct list_request){.is_judged = true}, &seen), EXIT_DONE);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.health, LIST_ABSENT);
    assert_int_equal(look(lab, &(struct list_request){.name = "example.net"}, &seen), EXIT_USAGE);
    assert_int_equal(seen.n, 0);
    mem_free(seen.trouble);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(health_changes_with_time, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_damaged_certificate_is_told, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_private_key_that_is_no_good_is_told, lab_setup,
                                        lab_teardown),
        cmocka_unit_test_setup_teardown(a_certificate_may_be_absent, lab_setup, lab_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
