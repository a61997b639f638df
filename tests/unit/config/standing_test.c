/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a mistake costs, and what it does not. */
#include "config/standing.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define GOOD "[acme-dns]\nca = corp\n"

/* How the certificate stands, and the first mistake: "disabled a.conf:3:1: ...", to mem_free. */
static char *judge(const char *text, const char *certificate)
{
    static const char *const WORDS[] = {"good", "disabled", "lost", "absent"};
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = config_parse("a.conf", text, strlen(text), &errors);
    AUTO_PTR(settings)
    struct settings *settings = settings_new(config, "a.conf", NULL, 0, &errors);
    AUTO_PTR(standings) struct standings *standings = standings_new(config, settings);
    AUTO(certificate_section_done) struct certificate_section section = {.section = NULL};
    struct err why = ERR_INIT;
    enum standing standing = standing_find(standings, certificate, &section, &why);

    assert_int_equal(errors.n_fatal, 0);
    return str_fmt("%s%s%s", WORDS[standing], *why.text == '\0' ? "" : " ", why.text);
}

struct trial {
    const char *text; /* with certificate "x" */
    const char *wanted;
};

static void expect(const struct trial *trials, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO_FREE char *got = judge(trials[i].text, "x");

        assert_string_equal(got, trials[i].wanted);
    }
}

static void its_own_mistake_disables_a_certificate(void **state)
{
    static const struct trial TRIALS[] = {
        {GOOD "[certificate x]\ndomains = x.test\n", "good"},
        {GOOD "[certificate x]\ndomains = x.test\ndomain = y.test\n",
         "disabled a.conf:5:1: unknown key 'domain' in [certificate]"},
        {GOOD "[certificate x]\ndomains = x.test\n[certificate y]\n", "good"},
        {GOOD "[certificate x]\ndomains = x.test\n[certificate X]\ndomains = y.test\n",
         "disabled a.conf:5:1: section [certificate X] differs only in case from the one at "
         "a.conf:3:1"},
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

static void a_ca_disables_what_it_would_issue(void **state)
{
    static const struct trial TRIALS[] = {
        {GOOD "[ca corp]\nmax-names = x\n[certificate x]\ndomains = x.test\n",
         "disabled a.conf:4:13: max-names: 'x' is not a number from 1 to 1000"},
        {GOOD "[ca corp]\nmax-names = x\n[certificate x]\ndomains = x.test\nca = letsencrypt\n",
         "good"},
        {GOOD "[ca corp]\nmax-names = x\n[certificate x]\ndomains = x.test\n"
              "server = https://other.test/dir\n",
         "good"},
        {GOOD "[ca other]\nmax-names = x\n[certificate x]\ndomains = x.test\nca = Other\n",
         "disabled a.conf:4:13: max-names: 'x' is not a number from 1 to 1000"},
        {GOOD "[ca corp]\nstaging = trial\n[ca trial]\nmax-names = x\n"
              "[certificate x]\ndomains = x.test\n",
         "good"},
        {GOOD "[ca corp]\nstaging = trial\n[ca trial]\nmax-names = x\n"
              "[certificate x]\ndomains = x.test\nstaging = yes\n",
         "disabled a.conf:6:13: max-names: 'x' is not a number from 1 to 1000"},
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

#define BAD_P "[provider p]\n!\n[provider q]\n"
#define WHY_P "disabled a.conf:4:1: neither a [section], nor 'key = value', nor a comment"

static void a_provider_disables_what_it_would_publish(void **state)
{
    static const struct trial TRIALS[] = {
        {GOOD BAD_P "[certificate x]\ndomains = x.test\nprovider = p\n", WHY_P},
        {GOOD BAD_P "[certificate x]\ndomains = x.test\nprovider = q,p\n", WHY_P},
        {GOOD BAD_P "[certificate x]\ndomains = x.test\nprovider = q\n", "good"},
        {GOOD BAD_P "[certificate x]\ndomains = x.test\nprovider = x.test=p\n", WHY_P},
        {GOOD BAD_P "[zone test]\nprovider = p\n[certificate x]\ndomains = *.x.test\n", WHY_P},
        {GOOD BAD_P "[zone test]\nprovider = q, p\n[certificate x]\ndomains = x.test\n", WHY_P},
        {GOOD BAD_P "[zone test]\nprovider = q\n[certificate x]\ndomains = x.test\n", "good"},
        {GOOD BAD_P "[zone test]\nprovider = p\n[zone x.test]\nprovider = q\n"
                    "[certificate x]\ndomains = x.test\n",
         "good"},
        {GOOD BAD_P "[zone test]\nprovider = p\n[certificate x]\ndomains = x.test\n"
                    "provider = q\n",
         "good"},
        {GOOD BAD_P "[zone test]\nprovider = p\n[certificate x]\ndomains = a.x.test\n"
                    "provider = X.test=q\n",
         "good"},
        {GOOD BAD_P "[zone test]\nprovider = p\n[certificate x]\n"
                    "domains = a.x.test, ax.test\nprovider = x.test=q\n",
         WHY_P},
        {GOOD "[provider p]\n!\n[certificate x]\ndomains = x.test\n", WHY_P},
        {GOOD BAD_P "[certificate x]\ndomains = x.test\n", "good"}, /* none of them is chosen */
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

/* The zone above has another provider: it is not taken instead. */
static void a_zone_disables_the_names_in_it(void **state)
{
    static const struct trial TRIALS[] = {
        {GOOD "[provider q]\n[zone test]\nprovider = q\n[zone x.test]\n"
              "[certificate x]\ndomains = y.test, www.x.test\n",
         "disabled a.conf:6:1: [zone x.test] says no provider"},
        {GOOD "[provider q]\n[zone test]\nprovider = q\n[zone x.test]\n"
              "[certificate x]\ndomains = y.test\n",
         "good"},
        {GOOD "[zone _acme-challenge.x.test]\n[certificate x]\ndomains = x.test\n",
         "disabled a.conf:3:1: [zone _acme-challenge.x.test] says no provider"},
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

static void the_general_section_disables_all(void **state)
{
    static const struct trial TRIALS[] = {
        {"[acme-dns]\nemial = x\n[certificate x]\ndomains = x.test\n",
         "disabled a.conf:2:1: unknown key 'emial' in [acme-dns]"},
        {"[acme-dns]\nemial = x\n[certificate x]\ndomain = x.test\n",
         "disabled a.conf:4:1: unknown key 'domain' in [certificate]"},
        {"[acme-dns]\nemial = x\n", "absent"},
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

static void what_could_not_be_read_may_have_been_its_section(void **state)
{
    static const struct trial TRIALS[] = {
        {GOOD, "absent"},
        {GOOD "[certificate y]\n", "absent"},
        {GOOD "[certificate x\ndomains = x.test\n", "lost a.conf:3:15: a section ends with ']'"},
        {GOOD "[certficate x]\ndomains = x.test\n",
         "lost a.conf:3:1: unknown section [certficate]"},
        {GOOD "[certificate x]\ndomains = x.test\n[certificate y\n", "good"},
    };

    (void)state;
    expect(TRIALS, ARRAY_LEN(TRIALS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_own_mistake_disables_a_certificate),
        cmocka_unit_test(a_ca_disables_what_it_would_issue),
        cmocka_unit_test(a_provider_disables_what_it_would_publish),
        cmocka_unit_test(a_zone_disables_the_names_in_it),
        cmocka_unit_test(the_general_section_disables_all),
        cmocka_unit_test(what_could_not_be_read_may_have_been_its_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
