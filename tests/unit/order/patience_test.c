/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whose word counts on how long the name servers may take. */
#include "order/patience.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "config/config.h"

struct word {
    const char *option, *section; /* on the command line and in [acme-dns]; or NULL */
    uint32_t facts_s;             /* of the provider; 0: none */
    bool is_instance;             /* from its section, not the plug-in's habit */
    int64_t wanted_ms;
};

static struct settings *make_settings(const struct word *word)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct settings_override override = {
        .key = "propagation-timeout", .flag = "--propagation-timeout", .text = word->option};
    AUTO_FREE char *text = word->section == NULL
                               ? str_dup("")
                               : str_fmt("[acme-dns]\npropagation-timeout = %s\n", word->section);
    AUTO_PTR(config) struct config *config = config_parse("a.conf", text, strlen(text), &errors);
    struct settings *settings =
        settings_new(config, "a.conf", &override, word->option == NULL ? 0 : 1, &errors);

    assert_int_equal(errors.n, 0);
    config_errors_done(&errors);
    return settings;
}

static void the_nearer_word_counts(void **state)
{
    static const struct word WORDS[] = {
        {NULL, NULL, 0, false, 300000},   {NULL, NULL, 120, false, 120000},
        {NULL, NULL, 90, true, 90000},    {NULL, "30s", 0, false, 30000},
        {NULL, "30s", 120, false, 30000}, {NULL, "30s", 90, true, 90000},
        {"2s", "30s", 90, true, 2000},    {"2s", NULL, 120, false, 2000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        AUTO_PTR(settings) struct settings *settings = make_settings(&WORDS[i]);
        const struct provider_facts facts = {.propagation_timeout_s = WORDS[i].facts_s,
                                             .has_propagation_timeout = WORDS[i].is_instance};

        assert_int_equal(patience_propagation_ms(settings, &facts), WORDS[i].wanted_ms);
    }
}

static void a_provider_that_is_not_known_has_no_word(void **state)
{
    const struct word word = {.section = "30s"};
    AUTO_PTR(settings) struct settings *settings = make_settings(&word);
    struct dns_watch_policy policy;

    (void)state;
    assert_int_equal(patience_propagation_ms(settings, NULL), 30000);
    patience_fill_policy(settings, NULL, 0, &policy);
    assert_int_equal(policy.timeout_ms, 30000);
    assert_int_equal(policy.settle_ms, 0);
    assert_int_equal(policy.mode, DNS_WATCH_KNOWN_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearer_word_counts),
        cmocka_unit_test(a_provider_that_is_not_known_has_no_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
