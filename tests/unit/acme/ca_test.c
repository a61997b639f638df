/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/ca.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

static struct ca *resolve(const char *name, const struct ca_setting *settings, size_t n)
{
    struct ca *ca = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(ca_resolve(name, settings, n, &ca, &err), 0);
    return ca;
}

static void knows_its_presets(void **state)
{
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL, 0);
    AUTO_PTR(ca) struct ca *zero = resolve("ZeroSSL", NULL, 0);
    AUTO_PTR(ca)
    struct ca *by_url = resolve("https://acme-v02.api.letsencrypt.org/directory", NULL, 0);

    (void)state;
    assert_string_equal(le->directory, "https://acme-v02.api.letsencrypt.org/directory");
    assert_string_equal(le->staging, "letsencrypt-staging");
    assert_false(le->is_staging);
    assert_false(le->needs_eab);
    assert_int_equal(le->nonce_window, 20);
    assert_true(zero->needs_eab);
    assert_false(zero->has_key_rollover);
    assert_non_null(zero->eab_help);
    assert_string_equal(by_url->name, "letsencrypt");
}

/* Every row must be usable: a partner that exists, a window, a time for finalize. */
static void each_row_is_whole(void **state)
{
    size_t n = 0;

    (void)state;
    for (; ca_preset_name(n) != NULL; n++) {
        AUTO_PTR(ca) struct ca *ca = resolve(ca_preset_name(n), NULL, 0);

        assert_true(str_has_prefix(ca->directory, "https://"));
        assert_true(ca->nonce_window > 0);
        assert_true(ca->finalize_timeout_ms >= 90000);
        assert_true(ca->caa_identities.n > 0);
        assert_true(ca->needs_eab == (ca->eab_help != NULL));
        if (ca->staging != NULL) {
            AUTO_PTR(ca) struct ca *partner = resolve(ca->staging, NULL, 0);
            assert_true(partner->is_staging);
        }
    }
    assert_true(n >= 7);
}

static void takes_a_url_with_neutral_habits(void **state)
{
    AUTO_PTR(ca) struct ca *ca = resolve("https://pki.corp.test:14000/dir", NULL, 0);

    (void)state;
    assert_string_equal(ca->name, "pki.corp.test");
    assert_false(ca->refuses_single_labels);
    assert_false(ca->needs_eab);
    assert_true(ca->has_account_get);
    assert_int_equal(ca->max_names, 0);
    assert_null(ca->staging);
}

static void a_section_overrides_columns(void **state)
{
    const struct ca_setting settings[] = {
        {"directory", "https://ca.corp.test/acme", "f:2"},
        {"eab-kid", "K1", "f:3"},
        {"eab-hmac-key-file", "/etc/k", "f:4"},
        {"allow-host", "cdn.test, other.test", "f:5"},
        {"max-names", "5", "f:6"},
        {"finalize-timeout", "7", "f:7"},
        {"park-limit", "60", "f:8"},
        {"is-staging", "yes", "f:9"},
    };
    AUTO_PTR(ca) struct ca *ca = resolve("corp", settings, 8);

    (void)state;
    assert_string_equal(ca->name, "corp");
    assert_string_equal(ca->directory, "https://ca.corp.test/acme");
    assert_string_equal(ca->eab_kid, "K1");
    assert_int_equal(ca->allowed_hosts.n, 2);
    assert_string_equal(ca->allowed_hosts.items[1], "other.test");
    assert_int_equal(ca->max_names, 5);
    assert_int_equal(ca->finalize_timeout_ms, 7000);
    assert_int_equal(ca->park_limit_s, 60);
    assert_true(ca->is_staging);
}

static void expect_refused(const char *name, const struct ca_setting *setting, const char *text)
{
    struct ca *ca = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(ca_resolve(name, setting, setting == NULL ? 0 : 1, &ca, &err), -ERR_CONFIG);
    assert_null(ca);
    assert_non_null(strstr(err.text, text));
}

static void refuses_what_it_cannot_use(void **state)
{
    (void)state;
    expect_refused("letsencript", NULL, "letsencrypt, letsencrypt-staging");
    expect_refused("http://ca.test/dir", NULL, "https URL");
    expect_refused("google", &(struct ca_setting){"max-name", "5", "a.conf:7"}, "a.conf:7");
    expect_refused("google", &(struct ca_setting){"max-name", "5", "a.conf:7"}, "'max-names'");
    expect_refused("google", &(struct ca_setting){"max-names", "many", "a.conf:7"}, "many");
    expect_refused("google", &(struct ca_setting){"is-staging", "maybe", "a.conf:7"}, "maybe");
    expect_refused("google", &(struct ca_setting){"directory", "ftp://x/", "a.conf:7"}, "ftp://x/");
}

static int check(const struct ca *ca, const char *names, struct err *err)
{
    AUTO(strv_done) struct strv list = STRV_INIT;

    strv_add_split(&list, names, ",");
    return ca_check_names(ca, &list, err);
}

static void checks_names_against_the_row(void **state)
{
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL, 0);
    AUTO_PTR(ca) struct ca *own = resolve("https://ca.test/dir", NULL, 0);
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(check(le, "*.example.com,example.com,a.b.example.com", &err), 0);
    assert_int_equal(check(le, "localhost,*.example.com,www.example.com", &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "localhost: a single label"));
    assert_non_null(strstr(err.text, "www.example.com: already covered by *.example.com"));
    assert_int_equal(check(le, "a.b.c.d.e.f.g.h.i.example.com", &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "labels"));
    assert_int_equal(check(own, "localhost,*.example.com,www.example.com", &err), 0);
}

static void counts_names(void **state)
{
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL, 0);
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    for (int i = 0; i < 100; i++) {
        strv_take(&names, str_fmt("n%d.example.com", i));
    }
    assert_int_equal(ca_check_names(le, &names, &err), 0);
    strv_add(&names, "one.example.com");
    assert_int_equal(ca_check_names(le, &names, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "101 names"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_presets),
        cmocka_unit_test(each_row_is_whole),
        cmocka_unit_test(takes_a_url_with_neutral_habits),
        cmocka_unit_test(a_section_overrides_columns),
        cmocka_unit_test(refuses_what_it_cannot_use),
        cmocka_unit_test(checks_names_against_the_row),
        cmocka_unit_test(counts_names),
    };

    return cmocka_run_group_tests_name("acme/ca", tests, NULL, NULL);
}
