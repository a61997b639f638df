/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is remembered of a renewal, and what a CA has asked to be spared. */
#include "../base/cmocka_all.h"

#include "install_lab.h"
#include "store/store_account.h"
#include "store/store_deploy.h"
#include "store/store_limit.h"
#include "store/store_renewal.h"

#define FILE_AT LAB_CERTS "renewal.json"
#define DIRECTORY "https://ca.test/dir"
#define NOW_S ((int64_t)1800000000)

/* ---- renewal.json ---- */

static void make_folder(struct lab *lab)
{
    AUTO_FREE char *folder = lab_path(lab, "certs/" LAB_NAME);
    struct err err = ERR_INIT;

    assert_int_equal(fs_mkdir(folder, 0711, &err), 0);
}

static int load(struct lab *lab, struct store_renewal *renewal, struct err *err)
{
    store_renewal_done(renewal);
    err_clear(err);
    return store_renewal_load(lab->store, LAB_NAME, renewal, err);
}

static void all_of_it_comes_back(void **state)
{
    struct lab *lab = *state;
    struct store_renewal before = {
        .in_turn_sha256 = (char[]){"cd34"},
        .ari_sha256 = (char[]){"ab12"},
        .ari_start_s = NOW_S,
        .ari_end_s = NOW_S + 10,
        .ari_moment_s = NOW_S + 5,
        .ari_explanation_url = (char[]){"https://ca.test/why"},
        .ari_asked_s = NOW_S - 1,
        .ari_next_s = NOW_S + 100,
        .ari_led_s = NOW_S - 200,
        .n_failures = 3,
        .failed_s = NOW_S - 2,
        .retry_s = NOW_S + 200,
        .error_class = (char[]){"ca"},
        .error = (char[]){"unauthorized: \"no\"\nsecond line"},
        .is_staging_next = true,
        .failure_told_s = NOW_S - 3,
        .danger_told_s = NOW_S - 4,
    };
    AUTO(store_renewal_done) struct store_renewal after = {.n_failures = 0};
    struct err err = ERR_INIT;

    make_folder(lab);
    assert_int_equal(store_renewal_save(lab->store, LAB_NAME, &before, &err), 0);
    lab_assert_mode(lab, FILE_AT, 0600);
    assert_int_equal(load(lab, &after, &err), 0);
    assert_null(after.warning);
    assert_string_equal(after.in_turn_sha256, before.in_turn_sha256);
    assert_string_equal(after.ari_sha256, before.ari_sha256);
    assert_string_equal(after.ari_explanation_url, before.ari_explanation_url);
    assert_string_equal(after.error_class, before.error_class);
    assert_string_equal(after.error, before.error);
    assert_int_equal(after.ari_start_s, before.ari_start_s);
    assert_int_equal(after.ari_end_s, before.ari_end_s);
    assert_int_equal(after.ari_moment_s, before.ari_moment_s);
    assert_int_equal(after.ari_asked_s, before.ari_asked_s);
    assert_int_equal(after.ari_next_s, before.ari_next_s);
    assert_int_equal(after.ari_led_s, before.ari_led_s);
    assert_int_equal(after.n_failures, 3);
    assert_int_equal(after.failed_s, before.failed_s);
    assert_int_equal(after.retry_s, before.retry_s);
    assert_true(after.is_staging_next);
    assert_int_equal(after.failure_told_s, before.failure_told_s);
    assert_int_equal(after.danger_told_s, before.danger_told_s);
}

static void without_a_file_nothing_is_remembered(void **state)
{
    AUTO(store_renewal_done) struct store_renewal renewal = {.n_failures = 0};
    struct err err = ERR_INIT;

    assert_int_equal(load(*state, &renewal, &err), 0);
    assert_null(renewal.warning);
    assert_int_equal(renewal.n_failures, 0);
}

static void without_a_folder_nothing_is_written(void **state)
{
    const struct store_renewal renewal = {.n_failures = 1};
    struct lab *lab = *state;
    AUTO_FREE char *folder = lab_path(lab, "certs/" LAB_NAME);
    struct err err = ERR_INIT;

    assert_int_equal(store_renewal_save(lab->store, LAB_NAME, &renewal, &err), 0);
    assert_false(fs_exists(folder));
}

static void damage_is_told_and_forgotten(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "{\"format\":1,\"failures\":{\"count\":",
        "[]",
        "{\"format\":\"one\"}",
        "\x80\xff",
        "{\"format\":0}",
    };
    const struct store_renewal fresh = {.n_failures = 1};
    struct lab *lab = *state;

    make_folder(lab);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        AUTO(store_renewal_done) struct store_renewal renewal = {.n_failures = 0};
        struct err err = ERR_INIT;

        lab_write(lab, FILE_AT, TEXTS[i]);
        assert_int_equal(load(lab, &renewal, &err), 0);
        assert_non_null(strstr(renewal.warning, "renewal.json"));
        assert_int_equal(store_renewal_save(lab->store, LAB_NAME, &fresh, &err), 0);
        assert_int_equal(load(lab, &renewal, &err), 0);
        assert_null(renewal.warning);
        assert_int_equal(renewal.n_failures, 1);
    }
}

static void wrong_members_are_left_out(void **state)
{
    struct lab *lab = *state;
    AUTO(store_renewal_done) struct store_renewal renewal = {.n_failures = 0};
    struct err err = ERR_INIT;

    make_folder(lab);
    lab_write(lab, FILE_AT,
              "{\"format\":1,\"ari\":[1,2],\"failures\":{\"count\":-7,\"last\":\"yesterday\","
              "\"retry\":12,\"class\":{},\"staging-next\":\"yes\"},\"later\":{\"x\":1}}");
    assert_int_equal(load(lab, &renewal, &err), 0);
    assert_null(renewal.warning);
    assert_int_equal(renewal.n_failures, 0);
    assert_int_equal(renewal.failed_s, 0);
    assert_int_equal(renewal.retry_s, 0);
    assert_null(renewal.error_class);
    assert_false(renewal.is_staging_next);
}

static void no_count_overflows(void **state)
{
    struct lab *lab = *state;
    AUTO(store_renewal_done) struct store_renewal renewal = {.n_failures = 0};
    AUTO(store_deploy_done) struct store_deploy deploy = {.version = NULL};
    struct err err = ERR_INIT;

    make_folder(lab);
    lab_write(lab, FILE_AT, "{\"format\":1,\"failures\":{\"count\":9223372036854775807}}");
    lab_write(lab, "certs/" LAB_NAME "/deploy.json",
              "{\"format\":1,\"failures\":9223372036854775807}");
    assert_int_equal(load(lab, &renewal, &err), 0);
    assert_int_equal(renewal.n_failures, 1000000);
    assert_int_equal(store_deploy_load(lab->store, LAB_NAME, &deploy, &err), 0);
    assert_int_equal(deploy.n_failures, 1000000);
}

static void a_newer_file_is_left_alone(void **state)
{
    static const char NEWER[] = "{\"format\":2,\"failures\":{\"count\":5}}";
    const struct store_renewal renewal = {.n_failures = 1};
    struct lab *lab = *state;
    AUTO(store_renewal_done) struct store_renewal loaded = {.n_failures = 0};
    AUTO(buf_done) struct buf text = BUF(1000);
    AUTO_FREE char *path = lab_path(lab, FILE_AT);
    struct err err = ERR_INIT;

    make_folder(lab);
    lab_write(lab, FILE_AT, NEWER);
    assert_int_equal(load(lab, &loaded, &err), -ERR_FAILED);
    lab_assert_says(&err, "newer acme-dns");
    assert_int_equal(loaded.n_failures, 0);
    err_clear(&err);
    assert_int_equal(store_renewal_save(lab->store, LAB_NAME, &renewal, &err), -ERR_FAILED);
    lab_assert_says(&err, "renewal.json");
    assert_int_equal(fs_read(path, &text, &err), 0);
    assert_string_equal(buf_str(&text), NEWER);
}

/* ---- Limits ---- */

static void make_account(struct lab *lab)
{
    struct err err = ERR_INIT;
    AUTO_FREE char *key_path = NULL;

    (void)store_account_key_save(lab->store, DIRECTORY, "default", lab->key, lab_on_done, lab);
    lab_turn(lab);
    assert_int_equal(lab->err.class, ERR_NONE);
    assert_int_equal(store_account_key_path(lab->store, DIRECTORY, "default", &key_path, &err), 0);
}

static void keep(struct lab *lab, const char *names, int64_t until_s, const char *text)
{
    AUTO(strv_done) struct strv list = STRV_INIT;
    struct err err = ERR_INIT;

    strv_add_split(&list, names, ",");
    if (store_limit_save(lab->store, DIRECTORY, "default",
                         &(struct store_limit){.names = list,
                                               .noted_s = NOW_S - 60,
                                               .until_s = until_s,
                                               .text = (char *)(uintptr_t)text},
                         &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void look(struct lab *lab, const char *names, int64_t now_s, struct store_limits *ret_limits)
{
    AUTO(strv_done) struct strv list = STRV_INIT;
    struct err err = ERR_INIT;

    strv_add_split(&list, names, ",");
    store_limits_done(ret_limits);
    if (store_limits_load(lab->store, DIRECTORY, "default", &list, now_s, ret_limits, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static size_t count_files(struct lab *lab)
{
    AUTO(strv_done) struct strv hosts = STRV_INIT;
    AUTO(strv_done) struct strv files = STRV_INIT;
    AUTO_FREE char *accounts = lab_path(lab, "accounts");
    struct err err = ERR_INIT;

    assert_int_equal(fs_list(accounts, &hosts, &err), 0);
    AUTO_FREE char *folder = str_fmt("%s/%s/default/limits", accounts, hosts.items[0]);
    assert_int_equal(fs_list(folder, &files, &err), 0);
    return files.n;
}

static void limits_come_back_for_whom_they_are(void **state)
{
    struct lab *lab = *state;
    AUTO(store_limits_done) struct store_limits limits = {.items = NULL};

    make_account(lab);
    look(lab, "a.test", NOW_S, &limits);
    assert_int_equal(limits.n, 0);
    keep(lab, "b.test,a.test", NOW_S + 100, "too many for this set");
    look(lab, "a.test", NOW_S, &limits);
    assert_int_equal(limits.n, 0);
    look(lab, "a.test,b.test", NOW_S, &limits);
    assert_int_equal(limits.n, 1);
    assert_string_equal(limits.items[0].text, "too many for this set");
    assert_int_equal(limits.items[0].until_s, NOW_S + 100);
    assert_int_equal(limits.items[0].noted_s, NOW_S - 60);
    keep(lab, "", NOW_S + 200, "too many for this account");
    look(lab, "c.test", NOW_S, &limits);
    assert_int_equal(limits.n, 1);
    assert_int_equal(limits.items[0].names.n, 0);
    look(lab, "b.test,a.test", NOW_S, &limits);
    assert_int_equal(limits.n, 2);
}

static void limits_that_are_over_are_removed(void **state)
{
    struct lab *lab = *state;
    AUTO(store_limits_done) struct store_limits limits = {.items = NULL};

    make_account(lab);
    keep(lab, "a.test", NOW_S + 100, "one");
    keep(lab, "b.test", NOW_S + 100, "two");
    keep(lab, "a.test", NOW_S + 300, "three"); /* beside the first, not instead */
    assert_int_equal(count_files(lab), 3);
    look(lab, "a.test", NOW_S + 99, &limits);
    assert_int_equal(limits.n, 2);
    look(lab, "a.test", NOW_S + 100, &limits);
    assert_int_equal(limits.n, 1);
    assert_string_equal(limits.items[0].text, "three");
    assert_int_equal(count_files(lab), 1);
}

static void other_files_are_no_limits(void **state)
{
    static const char *const FILES[] = {"account-.json", "account-x.json", "account-9.txt", "notes",
                                        "account-99999999999999999999.json"};
    struct lab *lab = *state;
    AUTO(store_limits_done) struct store_limits limits = {.items = NULL};
    AUTO(strv_done) struct strv hosts = STRV_INIT;
    AUTO_FREE char *accounts = lab_path(lab, "accounts");
    struct err err = ERR_INIT;

    make_account(lab);
    keep(lab, "z.test", NOW_S + 100, "makes the folder");
    assert_int_equal(fs_list(accounts, &hosts, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        AUTO_FREE char *path = str_fmt("accounts/%s/default/limits/%s", hosts.items[0], FILES[i]);

        lab_write(lab, path, "{\"format\":1}");
    }
    look(lab, "a.test", NOW_S, &limits);
    assert_int_equal(limits.n, 0);
    assert_int_equal(count_files(lab), ARRAY_LEN(FILES) + 1);
}

static void a_damaged_limit_is_removed_and_a_newer_one_refused(void **state)
{
    struct lab *lab = *state;
    AUTO(store_limits_done) struct store_limits limits = {.items = NULL};
    AUTO(strv_done) struct strv hosts = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO_FREE char *accounts = lab_path(lab, "accounts");
    struct err err = ERR_INIT;

    make_account(lab);
    keep(lab, "a.test", NOW_S + 100, "one");
    assert_int_equal(fs_list(accounts, &hosts, &err), 0);
    AUTO_FREE char *path = str_fmt("accounts/%s/default/limits/account-%lld.json", hosts.items[0],
                                   (long long)NOW_S + 50);
    lab_write(lab, path, "{\"form");
    look(lab, "a.test", NOW_S, &limits);
    assert_int_equal(limits.n, 1);
    assert_int_equal(count_files(lab), 1);
    lab_write(lab, path, "{\"format\":2}");
    strv_add(&names, "a.test");
    assert_int_equal(
        store_limits_load(lab->store, DIRECTORY, "default", &names, NOW_S, &limits, &err),
        -ERR_FAILED);
    lab_assert_says(&err, "newer acme-dns");
    assert_int_equal(limits.n, 1); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(all_of_it_comes_back),
        LAB_TEST(without_a_file_nothing_is_remembered),
        LAB_TEST(without_a_folder_nothing_is_written),
        LAB_TEST(damage_is_told_and_forgotten),
        LAB_TEST(wrong_members_are_left_out),
        LAB_TEST(no_count_overflows),
        LAB_TEST(a_newer_file_is_left_alone),
        LAB_TEST(limits_come_back_for_whom_they_are),
        LAB_TEST(limits_that_are_over_are_removed),
        LAB_TEST(other_files_are_no_limits),
        LAB_TEST(a_damaged_limit_is_removed_and_a_newer_one_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
