/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whether a certificate is to be renewed, by all that is known of it on disk. */
#include "../base/cmocka_all.h"

#include "../store/install_lab.h"
#include "base/clock.h"
#include "base/secret.h"
#include "store/store_account.h"
#include "task/renewal.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define DIRECTORY "https://ca.example/dir"

struct scene {
    struct lab *lab;
    struct store_cert *cert;
    struct renewal_verdict verdict;
    struct err err;
};

static void judge(struct scene *scene, int64_t after_s)
{
    const struct renewal_subject subject = {.name = LAB_NAME, .cert = scene->cert};

    renewal_verdict_done(&scene->verdict);
    renewal_judge(scene->lab->store, &subject, scene->cert->not_before_s + after_s,
                  &scene->verdict);
}

static void scene_load(struct scene *scene)
{
    store_cert_free(TAKE(scene->cert));
    assert_int_equal(store_cert_load(scene->lab->store, LAB_NAME, &scene->cert, &scene->err), 0);
}

static struct scene scene_open(void **state)
{
    struct scene scene = {.lab = *state};
    struct lab *lab = scene.lab;

    lab_install(lab, 1, lab->key);
    (void)store_account_key_save(lab->store, DIRECTORY, STORE_ACCOUNT_DEFAULT, lab->key,
                                 lab_on_done, lab);
    lab_turn(lab);
    scene_load(&scene);
    return scene;
}

static void scene_done(struct scene *scene)
{
    store_cert_free(scene->cert);
    renewal_verdict_done(&scene->verdict);
}

#define SCENE(name) AUTO(scene_done) struct scene name = scene_open(state)

static void save(struct scene *scene, const struct store_renewal *kept)
{
    if (store_renewal_save(scene->lab->store, LAB_NAME, kept, &scene->err) < 0) {
        fail_msg("%s", scene->err.text);
    }
}

static void fail_with(struct scene *scene, enum err_class class, bool is_validation,
                      int64_t after_s)
{
    struct err why = ERR_INIT;

    (void)err_set(&why, class, "words of the failure");
    assert_int_equal(
        renewal_note_failure(scene->lab->store, LAB_NAME, scene->cert,
                             &(struct renewal_failure){.why = &why, .is_validation = is_validation},
                             scene->cert->not_before_s + after_s, &scene->err),
        0);
}

static void succeed(struct scene *scene, int64_t after_s)
{
    AUTO_PTR(store_cert) struct store_cert *before = TAKE(scene->cert);

    lab_install(scene->lab, 2, scene->lab->other_key);
    scene_load(scene);
    assert_int_equal(renewal_note_success(scene->lab->store, before, scene->cert,
                                          before->not_before_s + after_s, &scene->err),
                     0);
}

/* No share makes it later than this. */
static int64_t rule_of(const struct scene *scene)
{
    return due_renew_after_s(scene->cert->not_before_s, scene->cert->not_after_s);
}

/* ---- When ---- */

static void a_fresh_certificate_is_due_later(void **state)
{
    SCENE(scene);

    judge(&scene, HOUR_S);
    assert_false(scene.verdict.is_due);
    assert_false(scene.verdict.is_in_danger);
    assert_false(scene.verdict.wants_ari);
    assert_null(scene.verdict.warning);
    assert_in_range(scene.verdict.due.at_s, rule_of(&scene) - 37 * DAY_S, rule_of(&scene));
    int64_t at_s = scene.verdict.due.at_s;
    judge(&scene, 61 * DAY_S);
    assert_true(scene.verdict.is_due);
    assert_int_equal(scene.verdict.due.at_s, at_s);
    assert_false(scene.verdict.is_in_danger);
    judge(&scene, 76 * DAY_S);
    assert_true(scene.verdict.is_in_danger);
    AUTO_FREE char *why = renewal_explain(&scene.verdict);
    assert_string_equal(why, "its lifetime, less a random share");
}

static void what_is_not_there_is_due(void **state)
{
    struct lab *lab = *state;
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    const struct renewal_subject subject = {.name = "other.example"};

    renewal_judge(lab->store, &subject, 1800000000, &verdict);
    assert_true(verdict.is_due);
    assert_int_equal(verdict.retry_s, 0);
    AUTO_FREE char *why = renewal_explain(&verdict);
    assert_string_equal(why, "");
}

static void renewed_in_turn_it_keeps_its_place(void **state)
{
    SCENE(scene);

    succeed(&scene, 60 * DAY_S);
    judge(&scene, HOUR_S);
    assert_in_range(scene.verdict.due.at_s, rule_of(&scene) - 6 * DAY_S, rule_of(&scene));
}

static void reissued_out_of_turn_it_is_spread_anew(void **state)
{
    SCENE(scene);

    succeed(&scene, DAY_S);
    judge(&scene, HOUR_S);
    assert_null(scene.verdict.kept.in_turn_sha256);
}

static void the_kept_moment_counts_for_its_certificate_alone(void **state)
{
    SCENE(scene);
    int64_t start_s = scene.cert->not_before_s + 20 * DAY_S;
    struct store_renewal kept = {.ari_sha256 = scene.cert->sha256_hex,
                                 .ari_start_s = start_s,
                                 .ari_end_s = start_s + DAY_S,
                                 .ari_moment_s = start_s + HOUR_S};

    save(&scene, &kept);
    judge(&scene, HOUR_S);
    assert_int_equal(scene.verdict.due.at_s, start_s + HOUR_S);
    assert_int_equal(scene.verdict.due.reason, DUE_BY_ARI);
    kept.ari_sha256 = (char[]){"0123456789"};
    save(&scene, &kept);
    judge(&scene, HOUR_S);
    assert_int_equal(scene.verdict.due.reason, DUE_BY_LIFETIME);
}

static void the_ca_is_asked_when_it_said(void **state)
{
    SCENE(scene);
    int64_t asked_s = scene.cert->not_before_s + HOUR_S;
    const struct store_renewal kept = {.ari_sha256 = scene.cert->sha256_hex,
                                       .ari_asked_s = asked_s,
                                       .ari_next_s = asked_s + 6 * HOUR_S};

    judge(&scene, 29 * DAY_S);
    assert_false(scene.verdict.wants_ari); /* never asked, and young */
    judge(&scene, 31 * DAY_S);
    assert_true(scene.verdict.wants_ari);
    judge(&scene, 91 * DAY_S);
    assert_false(scene.verdict.wants_ari); /* it is over */
    save(&scene, &kept);
    judge(&scene, 2 * HOUR_S);
    assert_false(scene.verdict.wants_ari);
    judge(&scene, 7 * HOUR_S);
    assert_true(scene.verdict.wants_ari);
    judge(&scene, 0); /* asked by a clock that was ahead */
    assert_true(scene.verdict.wants_ari);
}

static void a_ca_that_led_once_waits_a_day(void **state)
{
    SCENE(scene);
    int64_t led_s = scene.cert->not_before_s + HOUR_S;
    int64_t past_s = scene.cert->not_before_s - DAY_S;
    struct store_renewal kept = {.ari_sha256 = scene.cert->sha256_hex,
                                 .ari_start_s = past_s,
                                 .ari_end_s = past_s + HOUR_S,
                                 .ari_moment_s = past_s};

    save(&scene, &kept);
    judge(&scene, HOUR_S);
    assert_true(scene.verdict.is_due);
    succeed(&scene, HOUR_S);
    judge(&scene, HOUR_S);
    assert_int_equal(scene.verdict.kept.ari_led_s, led_s);
    assert_false(scene.verdict.is_due); /* of the new one nothing is known */
    kept.ari_led_s = scene.verdict.kept.ari_led_s;
    kept.ari_sha256 = scene.cert->sha256_hex;
    save(&scene, &kept);
    judge(&scene, 2 * HOUR_S);
    assert_false(scene.verdict.is_due);
    judge(&scene, 26 * HOUR_S);
    assert_true(scene.verdict.is_due);
}

static void by_a_clock_that_is_behind_nothing_is_due(void **state)
{
    SCENE(scene);

    judge(&scene, -scene.cert->not_before_s); /* 1970 */
    assert_true(scene.verdict.is_clock_behind);
    assert_false(scene.verdict.is_due);
    assert_false(scene.verdict.is_in_danger);
    assert_false(scene.verdict.wants_ari);
    AUTO_FREE char *why = renewal_explain(&scene.verdict);
    assert_non_null(strstr(why, "clock"));
}

/* ---- What is kept cannot be read ---- */

static void damage_is_told_and_does_not_stop_renewals(void **state)
{
    SCENE(scene);

    lab_write(scene.lab, LAB_CERTS "renewal.json", "{\"form");
    judge(&scene, 61 * DAY_S);
    assert_true(scene.verdict.is_due);
    assert_non_null(strstr(scene.verdict.warning, "damaged"));
    lab_write(scene.lab, LAB_CERTS "renewal.json", "{\"format\":99}");
    judge(&scene, 61 * DAY_S);
    assert_true(scene.verdict.is_due);
    assert_non_null(strstr(scene.verdict.warning, "newer acme-dns"));
}

static void notes_leave_a_newer_file_alone(void **state)
{
    SCENE(scene);
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_CA, "no");
    lab_write(scene.lab, LAB_CERTS "renewal.json", "{\"format\":99}");
    assert_int_equal(renewal_note_failure(scene.lab->store, LAB_NAME, NULL,
                                          &(struct renewal_failure){.why = &why}, 1800000000,
                                          &scene.err),
                     -ERR_FAILED);
    assert_int_equal(
        renewal_note_success(scene.lab->store, NULL, scene.cert, 1800000000, &scene.err),
        -ERR_FAILED);
    assert_int_equal(renewal_note_trial(scene.lab->store, LAB_NAME, &scene.err), -ERR_FAILED);
}

/* ---- Failures ---- */

static void failures_are_counted_and_waited_after(void **state)
{
    static const enum err_class CLASSES[] = {ERR_CA,    ERR_PROVIDER, ERR_PROPAGATION, ERR_NETWORK,
                                             ERR_LATER, ERR_TIMEOUT,  ERR_FAILED};
    SCENE(scene);

    for (size_t i = 0; i < ARRAY_LEN(CLASSES); i++) {
        fail_with(&scene, CLASSES[i], false, 61 * DAY_S);
        judge(&scene, 61 * DAY_S);
        assert_int_equal(scene.verdict.kept.n_failures, i + 1);
        assert_string_equal(scene.verdict.kept.error_class, err_class_name(CLASSES[i]));
        assert_string_equal(scene.verdict.kept.error, "words of the failure");
        assert_true(scene.verdict.retry_s > scene.cert->not_before_s + 61 * DAY_S);
        assert_true(scene.verdict.retry_s <= scene.cert->not_before_s + 63 * DAY_S);
        assert_true(scene.verdict.is_due);
    }
    AUTO_FREE char *why = renewal_explain(&scene.verdict);
    assert_non_null(strstr(why, "after 7 failures"));
    judge(&scene, 64 * DAY_S);
    assert_int_equal(scene.verdict.retry_s, 0);
}

static void what_somebody_has_to_mend_is_not_waited_after(void **state)
{
    SCENE(scene);

    fail_with(&scene, ERR_CONFIG, false, 61 * DAY_S);
    judge(&scene, 61 * DAY_S);
    assert_int_equal(scene.verdict.kept.n_failures, 0);
    assert_int_equal(scene.verdict.retry_s, 0);
    assert_string_equal(scene.verdict.kept.error_class, err_class_name(ERR_CONFIG));
    fail_with(&scene, ERR_LOCKED, false, 62 * DAY_S);
    fail_with(&scene, ERR_CANCELLED, false, 62 * DAY_S);
    judge(&scene, 62 * DAY_S);
    assert_string_equal(scene.verdict.kept.error_class, err_class_name(ERR_CONFIG));
}

static void a_long_text_is_cut(void **state)
{
    SCENE(scene);
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_CA, "%03900d", 1);
    assert_int_equal(renewal_note_failure(scene.lab->store, LAB_NAME, NULL,
                                          &(struct renewal_failure){.why = &why}, 1800000000,
                                          &scene.err),
                     0);
    judge(&scene, DAY_S);
    assert_int_equal(strlen(scene.verdict.kept.error), 1000);
}

static void no_secret_is_kept_of_a_failure(void **state)
{
    SCENE(scene);
    struct err why = ERR_INIT;

    secret_register("hunter2-token", 13);
    (void)err_set(&why, ERR_PROVIDER, "the hook said: hunter2-token is refused");
    assert_int_equal(renewal_note_failure(scene.lab->store, LAB_NAME, NULL,
                                          &(struct renewal_failure){.why = &why}, 1800000000,
                                          &scene.err),
                     0);
    secret_forget_all();
    judge(&scene, DAY_S);
    assert_string_equal(scene.verdict.kept.error, "the hook said: [secret] is refused");
}

static void success_forgets_failures_but_not_who_was_told(void **state)
{
    SCENE(scene);
    const struct store_renewal told = {.failure_told_s = 1000, .danger_told_s = 2000};

    save(&scene, &told);
    fail_with(&scene, ERR_CA, true, 61 * DAY_S);
    succeed(&scene, 62 * DAY_S);
    judge(&scene, HOUR_S);
    assert_int_equal(scene.verdict.kept.n_failures, 0);
    assert_null(scene.verdict.kept.error);
    assert_int_equal(scene.verdict.retry_s, 0);
    assert_false(scene.verdict.wants_staging);
    assert_int_equal(scene.verdict.kept.failure_told_s, 1000);
    assert_int_equal(scene.verdict.kept.danger_told_s, 2000);
}

static void after_a_failed_validation_staging_is_tried(void **state)
{
    SCENE(scene);

    fail_with(&scene, ERR_PROVIDER, false, 61 * DAY_S);
    judge(&scene, 61 * DAY_S);
    assert_false(scene.verdict.wants_staging);
    fail_with(&scene, ERR_CA, true, 61 * DAY_S);
    judge(&scene, 62 * DAY_S);
    assert_true(scene.verdict.wants_staging);
    fail_with(&scene, ERR_CA, false, 62 * DAY_S);
    judge(&scene, 62 * DAY_S);
    assert_true(scene.verdict.wants_staging);
    judge(&scene, 76 * DAY_S);
    assert_false(scene.verdict.wants_staging); /* in danger nothing is tried twice */
    assert_int_equal(renewal_note_trial(scene.lab->store, LAB_NAME, &scene.err), 0);
    judge(&scene, 62 * DAY_S);
    assert_false(scene.verdict.wants_staging);
    assert_int_equal(scene.verdict.kept.n_failures, 3);
}

/* ---- Limits ---- */

static struct acme_problem problem_of(const char *type, const char *detail, long status)
{
    return (struct acme_problem){.type = (char *)(uintptr_t)type,
                                 .detail = (char *)(uintptr_t)detail,
                                 .status = status,
                                 .is_answer = true};
}

static struct renewal_order order_of(const struct strv *names)
{
    return (struct renewal_order){
        .directory_url = DIRECTORY, .account_id = STORE_ACCOUNT_DEFAULT, .names = names};
}

/* Until when an order for that name has to wait, after the CA has said this of another's. */
static int64_t limit_after(struct scene *scene, const char *type, const char *detail, long status,
                           int64_t retry_after_s, const char *name)
{
    AUTO(strv_done) struct strv asked = STRV_INIT;
    AUTO(strv_done) struct strv wanted = STRV_INIT;
    const struct acme_problem problem = problem_of(type, detail, status);
    int64_t now_s = scene->cert->not_before_s;
    struct err err = ERR_INIT;

    strv_add(&asked, "example.com");
    strv_add(&wanted, name);
    const struct renewal_order order = order_of(&asked);
    const struct renewal_order next = order_of(&wanted);
    if (renewal_note_limit(scene->lab->store, &order, &problem, retry_after_s, now_s, &err) < 0) {
        fail_msg("%s", err.text);
    }
    scene->err = err;
    if (renewal_check_limits(scene->lab->store, &next, now_s, &scene->err) == 0) {
        return 0;
    }
    assert_int_equal(scene->err.class, ERR_LATER);
    return scene->err.retry_after_s;
}

static void a_limit_for_names_is_theirs(void **state)
{
    SCENE(scene);
    static const char DETAIL[] = "too many certificates (5) already issued for this exact set of "
                                 "identifiers in the last 168h0m0s";

    assert_int_equal(limit_after(&scene, "rateLimited", DETAIL, 429, 7200, "other.example"), 0);
    assert_int_equal(limit_after(&scene, "rateLimited", DETAIL, 429, 7200, "example.com"), 7200);
    lab_assert_says(&scene.err, "exact set");
    lab_assert_says(&scene.err, "--force");
    lab_assert_says(&scene.err, "2 hours");
}

static void a_limit_for_the_account_is_everybodys(void **state)
{
    SCENE(scene);

    assert_int_equal(limit_after(&scene, "rateLimited",
                                 "too many new orders (300) from this account in the last 3h0m0s",
                                 429, 600, "other.example"),
                     600);
    judge(&scene, HOUR_S / 10);
    assert_true(scene.verdict.limited_s != 0);
    AUTO_FREE char *why = renewal_explain(&scene.verdict);
    assert_non_null(strstr(why, "the CA wants no order before"));
    judge(&scene, HOUR_S);
    assert_int_equal(scene.verdict.limited_s, 0);
}

static void a_busy_ca_is_busy_for_everybody(void **state)
{
    SCENE(scene);

    assert_int_equal(limit_after(&scene, "", "try later", 503, 30, "other.example"), 30);
}

static void the_longest_limit_counts(void **state)
{
    SCENE(scene);

    (void)limit_after(&scene, "rateLimited", "for names", 429, 7200, "example.com");
    assert_int_equal(limit_after(&scene, "rateLimited", "new orders", 429, 60, "example.com"),
                     7200);
}

static void a_limit_without_a_time_gets_one(void **state)
{
    SCENE(scene);
    char detail[200];
    char until[CLOCK_TEXT_MAX];

    assert_int_equal(limit_after(&scene, "rateLimited", "too many", 429, -1, "example.com"), 3600);
    clock_format(scene.cert->not_before_s + 9000, until);
    until[10] = ' ';
    until[19] = '\0';
    (void)snprintf(detail, sizeof(detail), "too many, retry after %s UTC: see x", until);
    assert_int_equal(limit_after(&scene, "rateLimited", detail, 429, -1, "example.com"), 9000);
    assert_int_equal(
        limit_after(&scene, "rateLimited", "retry after the flood", 429, 0, "a.example"), 0);
}

static void no_ca_is_obeyed_for_years(void **state)
{
    SCENE(scene);

    assert_int_equal(
        limit_after(&scene, "rateLimited", "too many", 429, INT64_MAX / 2, "example.com"),
        30 * DAY_S);
}

/* A proxy before the CA says 503 and means another year: others' certificates wait, one that would
 * expire meanwhile asks again, but not in each run. */
static void no_limit_is_obeyed_until_it_expires(void **state)
{
    SCENE(scene);
    AUTO(strv_done) struct strv names = STRV_INIT;
    const struct acme_problem problem = problem_of("", "come back next year", 503);
    int64_t noted_s = scene.cert->not_before_s + 70 * DAY_S;

    strv_add(&names, "example.com");
    struct renewal_order order = order_of(&names);
    assert_int_equal(
        renewal_note_limit(scene.lab->store, &order, &problem, 365 * DAY_S, noted_s, &scene.err),
        0);
    judge(&scene, 74 * DAY_S);
    assert_false(scene.verdict.is_in_danger);
    assert_int_equal(scene.verdict.limited_s, noted_s + 30 * DAY_S);
    judge(&scene, 76 * DAY_S);
    assert_true(scene.verdict.is_in_danger);
    assert_int_equal(scene.verdict.limited_s, 0);
    assert_true(renewal_check_limits(scene.lab->store, &order, noted_s + 6 * DAY_S, &scene.err) <
                0);
    order.is_in_danger = true;
    err_clear(&scene.err);
    assert_int_equal(
        renewal_check_limits(scene.lab->store, &order, noted_s + 6 * DAY_S, &scene.err), 0);
    assert_true(renewal_check_limits(scene.lab->store, &order, noted_s + HOUR_S, &scene.err) < 0);
    assert_int_equal(scene.err.retry_after_s, 5 * HOUR_S);
}

static void other_refusals_are_no_limits(void **state)
{
    SCENE(scene);

    assert_int_equal(limit_after(&scene, "rejectedIdentifier", "no", 400, 600, "example.com"), 0);
    assert_int_equal(limit_after(&scene, "serverInternal", "oh", 500, 600, "example.com"), 0);
    assert_int_equal(limit_after(&scene, "", "busy", 503, -1, "example.com"), 0);
}

/* ---- RFC 9773 ---- */

static void an_order_replaces_what_is_akin(void **state)
{
    SCENE(scene);
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO(strv_done) struct strv strange = STRV_INIT;
    struct renewal_order order = order_of(&names);

    strv_add(&names, "example.com");
    strv_add(&names, "new.example.com");
    strv_add(&strange, "new.example.com");
    AUTO_FREE char *id = renewal_replaces(scene.lab->store, scene.cert, &order);
    assert_non_null(id);
    assert_non_null(strchr(id, '.'));
    assert_null(renewal_replaces(scene.lab->store, NULL, &order));
    order.names = &strange;
    assert_null(renewal_replaces(scene.lab->store, scene.cert, &order));
    order.names = &names;
    order.account_id = "second";
    assert_null(renewal_replaces(scene.lab->store, scene.cert, &order));
    order = order_of(&names);
    order.directory_url = "https://other.example/dir";
    assert_null(renewal_replaces(scene.lab->store, scene.cert, &order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(a_fresh_certificate_is_due_later),
        LAB_TEST(what_is_not_there_is_due),
        LAB_TEST(renewed_in_turn_it_keeps_its_place),
        LAB_TEST(reissued_out_of_turn_it_is_spread_anew),
        LAB_TEST(the_kept_moment_counts_for_its_certificate_alone),
        LAB_TEST(the_ca_is_asked_when_it_said),
        LAB_TEST(a_ca_that_led_once_waits_a_day),
        LAB_TEST(by_a_clock_that_is_behind_nothing_is_due),
        LAB_TEST(damage_is_told_and_does_not_stop_renewals),
        LAB_TEST(notes_leave_a_newer_file_alone),
        LAB_TEST(failures_are_counted_and_waited_after),
        LAB_TEST(what_somebody_has_to_mend_is_not_waited_after),
        LAB_TEST(a_long_text_is_cut),
        LAB_TEST(no_secret_is_kept_of_a_failure),
        LAB_TEST(success_forgets_failures_but_not_who_was_told),
        LAB_TEST(after_a_failed_validation_staging_is_tried),
        LAB_TEST(a_limit_for_names_is_theirs),
        LAB_TEST(a_limit_for_the_account_is_everybodys),
        LAB_TEST(a_busy_ca_is_busy_for_everybody),
        LAB_TEST(the_longest_limit_counts),
        LAB_TEST(a_limit_without_a_time_gets_one),
        LAB_TEST(no_ca_is_obeyed_for_years),
        LAB_TEST(no_limit_is_obeyed_until_it_expires),
        LAB_TEST(other_refusals_are_no_limits),
        LAB_TEST(an_order_replaces_what_is_akin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
