/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/ca.h"

#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

static struct ca *resolve(const char *name, const struct ca_section *section)
{
    struct ca *ca = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(ca_resolve(name, section, &ca, &err), 0);
    return ca;
}

static void knows_its_presets(void **state)
{
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL);
    AUTO_PTR(ca) struct ca *zero = resolve("ZeroSSL", NULL);
    AUTO_PTR(ca)
    struct ca *by_url = resolve("https://acme-v02.api.letsencrypt.org/directory", NULL);

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
        AUTO_PTR(ca) struct ca *ca = resolve(ca_preset_name(n), NULL);

        assert_true(str_has_prefix(ca->directory, "https://"));
        assert_true(ca->nonce_window > 0);
        assert_true(ca->finalize_timeout_ms >= 90000);
        assert_true(ca->caa_identities.n > 0);
        assert_true(ca->needs_eab == (ca->eab_help != NULL));
        if (ca->staging != NULL) {
            AUTO_PTR(ca) struct ca *partner = resolve(ca->staging, NULL);
            assert_true(partner->is_staging);
        }
    }
    assert_true(n >= 7);
}

static void takes_a_url_with_neutral_habits(void **state)
{
    AUTO_PTR(ca) struct ca *ca = resolve("https://pki.corp.test:14000/dir", NULL);

    (void)state;
    assert_string_equal(ca->name, "pki.corp.test");
    assert_false(ca->refuses_single_labels);
    assert_false(ca->needs_eab);
    assert_true(ca->has_account_get);
    assert_int_equal(ca->max_names, 0);
    assert_null(ca->staging);
}

/* The CA that name means under that text of a configuration. */
static struct ca *resolve_configured(const char *text, const char *name)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config)
    struct config *config = config_parse("/etc/x/a.conf", text, strlen(text), &errors);
    AUTO(ca_section_done) struct ca_section section = {.section = NULL};
    struct err err = ERR_INIT;

    assert_int_equal(ca_section_get(config, name, &section, &err), 0);
    assert_int_equal(errors.n, 0);
    return resolve(name, &section);
}

static void a_section_overrides_columns(void **state)
{
    AUTO_PTR(ca)
    struct ca *ca = resolve_configured("[ca corp]\n"
                                       "directory = https://ca.corp.test/acme\n"
                                       "staging = corp-trial\n"
                                       "is-staging = yes\n"
                                       "ca-bundle = root.pem\n"
                                       "account = second\n"
                                       "email = ops@corp.test\n"
                                       "profile = short\n"
                                       "eab-kid = K1\n"
                                       "eab-hmac-key-file = /etc/k\n"
                                       "caa-identity = ca.corp.test\n"
                                       "allow-host = cdn.test, other.test\n"
                                       "max-names = 5\n"
                                       "refuses-www-beside-wildcard = yes\n"
                                       "nonce-window = 3\n"
                                       "finalize-timeout = 7\n"
                                       "park-limit = 2h\n",
                                       "corp");

    (void)state;
    assert_string_equal(ca->name, "corp");
    assert_string_equal(ca->directory, "https://ca.corp.test/acme");
    assert_string_equal(ca->staging, "corp-trial");
    assert_true(ca->is_staging);
    assert_string_equal(ca->ca_file, "/etc/x/root.pem");
    assert_string_equal(ca->account, "second");
    assert_string_equal(ca->email, "ops@corp.test");
    assert_string_equal(ca->profile, "short");
    assert_string_equal(ca->eab_kid, "K1");
    assert_int_equal(ca->caa_identities.n, 1);
    assert_int_equal(ca->allowed_hosts.n, 2);
    assert_string_equal(ca->allowed_hosts.items[1], "other.test");
    assert_int_equal(ca->max_names, 5);
    assert_true(ca->refuses_www_beside_wildcard);
    assert_int_equal(ca->nonce_window, 3);
    assert_int_equal(ca->finalize_timeout_ms, 7000);
    assert_int_equal(ca->park_limit_s, 7200);
}

static void a_section_leaves_what_it_does_not_say(void **state)
{
    AUTO_PTR(ca)
    struct ca *ca = resolve_configured("[ca letsencrypt-staging]\nemail = ops@corp.test\n",
                                       "letsencrypt-staging");

    (void)state;
    assert_string_equal(ca->email, "ops@corp.test");
    assert_true(ca->is_staging);
    assert_true(ca->refuses_www_beside_wildcard);
    assert_int_equal(ca->max_names, 100);
    assert_int_equal(ca->nonce_window, 20);
    assert_int_equal(ca->finalize_timeout_ms, 90000);
    assert_int_equal(ca->caa_identities.n, 1);
    assert_string_equal(ca->caa_identities.items[0], "letsencrypt.org");
}

static void a_section_can_take_a_habit_away(void **state)
{
    AUTO_PTR(ca)
    struct ca *ca = resolve_configured("[ca letsencrypt-staging]\nis-staging = no\n"
                                       "refuses-www-beside-wildcard = no\n",
                                       "letsencrypt-staging");

    (void)state;
    assert_false(ca->is_staging);
    assert_false(ca->refuses_www_beside_wildcard);
}

static void expect_refused(const char *name, const char *text)
{
    struct ca *ca = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(ca_resolve(name, NULL, &ca, &err), -ERR_CONFIG);
    assert_null(ca);
    assert_non_null(strstr(err.text, text));
}

static void refuses_what_it_cannot_use(void **state)
{
    (void)state;
    expect_refused("letsencript", "letsencrypt, letsencrypt-staging");
    expect_refused("http://ca.test/dir", "https URL");
}

static int check(const struct ca *ca, const char *names, struct err *err)
{
    AUTO(strv_done) struct strv list = STRV_INIT;

    strv_add_split(&list, names, ",");
    return ca_check_names(ca, &list, err);
}

static void checks_names_against_the_row(void **state)
{
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL);
    AUTO_PTR(ca) struct ca *own = resolve("https://ca.test/dir", NULL);
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
    AUTO_PTR(ca) struct ca *le = resolve("letsencrypt", NULL);
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
        cmocka_unit_test(a_section_leaves_what_it_does_not_say),
        cmocka_unit_test(a_section_can_take_a_habit_away),
        cmocka_unit_test(refuses_what_it_cannot_use),
        cmocka_unit_test(checks_names_against_the_row),
        cmocka_unit_test(counts_names),
    };

    return cmocka_run_group_tests_name("acme/ca", tests, NULL, NULL);
}
