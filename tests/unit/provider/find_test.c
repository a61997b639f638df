/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/mem.h"
#include "config/config.h"
#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bed {
    struct loop *loop;
    struct config *config;
    struct provider_set *set;
};

static void bed_open(struct bed *bed, const char *text, const char *assignment, const char *alias)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct strv assignments = STRV_INIT, aliases = STRV_INIT;
    struct err err = ERR_INIT;

    if (assignment != NULL) {
        strv_add_split(&assignments, assignment, " ");
    }
    if (alias != NULL) {
        strv_add(&aliases, alias);
    }
    assert_int_equal(loop_new(&bed->loop, &err), 0);
    bed->config = config_parse("test.conf", text, strlen(text), &errors);
    struct provider_settings settings = {.assignments = &assignments, .allow_aliases = &aliases};
    if (provider_set_new(bed->loop, bed->config, &settings, &bed->set, &err) < 0) {
        fail_msg("%s", err.text);
    }
    config_errors_done(&errors);
    strv_done(&assignments);
    strv_done(&aliases);
}

static void bed_close(struct bed *bed)
{
    provider_set_free(bed->set);
    config_free(bed->config);
    loop_free(bed->loop);
}

/* "name/zone name/zone", or the error. */
static char *find(struct bed *bed, const char *owner, const char *zone)
{
    struct provider_choices choices = PROVIDER_CHOICES_INIT;
    struct err err = ERR_INIT;
    struct strv words = STRV_INIT;
    char *joined;

    if (provider_find(bed->set, NULL, owner, zone, &choices, &err) < 0) {
        assert_int_equal(err.class, ERR_CONFIG);
        return str_dup(err.text);
    }
    for (size_t i = 0; i < choices.n; i++) {
        strv_take(&words, str_fmt("%s/%s", provider_name(choices.items[i].provider),
                                  choices.items[i].zone));
    }
    joined = strv_join(&words, " ");
    strv_done(&words);
    provider_choices_done(&choices);
    return joined;
}

static void expect_found(struct bed *bed, const char *owner, const char *zone, const char *wanted)
{
    char *found = find(bed, owner, zone);

    assert_string_equal(found, wanted);
    mem_free(found);
}

static void expect_error(struct bed *bed, const char *owner, const char *zone, const char *part)
{
    char *found = find(bed, owner, zone);

    if (strstr(found, part) == NULL) {
        fail_msg("'%s' does not contain '%s'", found, part);
    }
    mem_free(found);
}

static const char TWO[] = "[provider a]\nplugin = x\n[provider b]\nplugin = x\n";

static void the_longest_suffix_wins(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed,
             "[provider a]\nplugin = x\n[provider b]\nplugin = x\n"
             "[zone example.com]\nprovider = a\n"
             "[zone sub.example.com]\nprovider = a, b\nzone = sub.example.com\n",
             NULL, NULL);
    expect_found(&bed, "_acme-challenge.example.com.", "example.com.", "a/example.com.");
    expect_found(&bed, "_acme-challenge.x.sub.example.com.", "example.com.",
                 "a/sub.example.com. b/sub.example.com.");
    expect_error(&bed, "_acme-challenge.notexample.com.", "notexample.com.", "providers: a, b");
    expect_error(&bed, "_acme-challenge.notexample.com.", "notexample.com.",
                 "[zone notexample.com]");
    expect_error(&bed, "_acme-challenge.notexample.com.", "notexample.com.", "sub.example.com.");
    bed_close(&bed);
}

static void one_instance_serves_all(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed, "[provider a]\nplugin = x\n", NULL, NULL);
    expect_found(&bed, "_acme-challenge.example.org.", "example.org.", "a/example.org.");
    bed_close(&bed);
}

static void the_command_line_beats_files(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed,
             "[provider a]\nplugin = x\n[provider b]\nplugin = x\n"
             "[zone example.com]\nprovider = a\n",
             "b example.org=a", NULL);
    expect_found(&bed, "_acme-challenge.example.com.", "example.com.", "b/example.com.");
    expect_found(&bed, "_acme-challenge.x.example.org.", "example.org.", "a/example.org.");
    bed_close(&bed);
    bed_open(&bed, TWO, "b,a,b example.org=a", NULL);
    expect_found(&bed, "_acme-challenge.example.com.", "example.com.",
                 "b/example.com. a/example.com.");
    expect_found(&bed, "_acme-challenge.x.example.org.", "example.org.", "a/example.org.");
    bed_close(&bed);
    bed_open(&bed, TWO, "nobody", NULL);
    expect_error(&bed, "_acme-challenge.example.com.", "example.com.",
                 "there is no provider 'nobody' (configured: a, b)");
    bed_close(&bed);
}

static void a_zone_that_does_not_hold_the_name_is_refused(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed, "[provider a]\nplugin = x\nzone = other.com\n", NULL, NULL);
    expect_error(&bed, "_acme-challenge.example.com.", "example.com.", "lies outside it");
    bed_close(&bed);
}

static void public_zones_are_nobodys_unless_named(void **state)
{
    static const char ONE[] = "[provider a]\nplugin = x\n";
    struct bed bed;

    (void)state;
    bed_open(&bed, ONE, NULL, NULL);
    expect_error(&bed, "_acme-challenge.x.nowhere.test.", "test.", "[zone test]");
    expect_error(&bed, "_acme-challenge.nobody.co.uk.", "co.uk.", "is a public suffix");
    expect_error(&bed, "_acme-challenge.x.", ".", "root or a top-level domain");
    expect_found(&bed, "_acme-challenge.x.github.io.", "github.io.", "a/github.io.");
    bed_close(&bed);
    bed_open(&bed, ONE, "test=a", NULL);
    expect_error(&bed, "_acme-challenge.x.nowhere.test.", "test.", "[zone test]");
    bed_close(&bed);
    bed_open(&bed, "[provider a]\nplugin = x\n[zone test]\nprovider = a\n", NULL, NULL);
    expect_found(&bed, "_acme-challenge.x.nowhere.test.", "test.", "a/test.");
    bed_close(&bed);
    bed_open(&bed, TWO, NULL, NULL);
    expect_error(&bed, "_acme-challenge.x.nowhere.test.", "test.", "[zone x.nowhere.test]");
    bed_close(&bed);
}

static const struct {
    const char *identifier_owner, *final_owner;
    const char *error; /* NULL: allowed */
} WRITES[] = {
    {"_acme-challenge.example.com.", "_acme-challenge.example.com.", NULL},
    {"_abc._acme-challenge.example.com.", "_abc._acme-challenge.example.com.", NULL},
    {"_validation-persist.example.com.", "_validation-persist.example.com.", NULL},
    {"_acme-challenge.example.test.", "_acme-challenge.example.test.", NULL},
    {"_acme-challenge.com.", "_acme-challenge.com.", "never written there"},
    {"_acme-challenge.", "_acme-challenge.", "never written there"},
    {"_acme-challenge.co.uk.", "_acme-challenge.co.uk.", "never written there"},
    {"_acme-challenge.github.io.", "_acme-challenge.github.io.", NULL}, /* private part */
    {"www.example.com.", "www.example.com.", "only below _acme-challenge"},
    {"abc._acme-challenge.example.com.", "abc._acme-challenge.example.com.", "only below"},
    {"x._y._acme-challenge.example.com.", "x._y._acme-challenge.example.com.", "only below"},
    {"_acme-challenge.example.com.", "x.mapped.org.", NULL},
    {"_acme-challenge.example.com.", "x.flagged.net.", NULL},
    {"_acme-challenge.example.com.", "x.closed.mapped.org.", "--allow-alias closed.mapped.org"},
    {"_acme-challenge.example.com.", "x.unknown.org.", "--allow-alias unknown.org"},
    {"_acme-challenge.example.com.", "x.unknown.org.", "[zone unknown.org]"},
    {"_acme-challenge.example.com.", "org.", "never written there"},
    {"_acme-challenge.example.com.", ".", "never written there"},
    {"_acme-challenge.example.com.", "co.uk.", "never written there"},
};

static void only_our_owners_and_allowed_targets_are_written(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed,
             "[provider a]\nplugin = x\n[zone mapped.org]\nprovider = a\n"
             "[zone closed.mapped.org]\nprovider = a\nalias = no\n",
             NULL, "flagged.net");
    for (size_t i = 0; i < ARRAY_LEN(WRITES); i++) {
        struct err err = ERR_INIT;
        int result = provider_may_write(bed.set, NULL, WRITES[i].identifier_owner,
                                        WRITES[i].final_owner, NULL, &err);

        if (WRITES[i].error == NULL ? result != 0
                                    : (result == 0 || strstr(err.text, WRITES[i].error) == NULL)) {
            fail_msg("%s -> %s: %d '%s'", WRITES[i].identifier_owner, WRITES[i].final_owner, result,
                     err.text);
        }
    }
    bed_close(&bed);
}

static void an_order_has_a_map_of_its_own(void **state)
{
    struct bed bed;
    struct provider_map *map = NULL;
    struct provider_choices choices = PROVIDER_CHOICES_INIT;
    struct strv said = STRV_INIT;
    struct strv zones = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    bed_open(&bed, TWO, "a", NULL);
    strv_add(&said, "example.com=b");
    strv_add(&zones, "alias.net");
    assert_int_equal(provider_map_new(&said, &zones, &map, &err), 0);
    assert_int_equal(
        provider_find(bed.set, map, "_acme-challenge.example.com.", "example.com.", &choices, &err),
        0);
    assert_string_equal(provider_name(choices.items[0].provider), "b");
    provider_choices_done(&choices);
    /* What the set was made with does not count for it. */
    assert_true(provider_find(bed.set, map, "_acme-challenge.example.org.", "example.org.",
                              &choices, &err) < 0);
    expect_found(&bed, "_acme-challenge.example.com.", "example.com.", "a/example.com.");
    assert_int_equal(provider_may_write(bed.set, map, "_acme-challenge.example.com.",
                                        "x.alias.net.", NULL, &err),
                     0);
    assert_true(provider_may_write(bed.set, NULL, "_acme-challenge.example.com.", "x.alias.net.",
                                   NULL, &err) < 0);
    provider_set_allow(bed.set, &zones);
    assert_int_equal(provider_may_write(bed.set, NULL, "_acme-challenge.example.com.",
                                        "x.alias.net.", NULL, &err),
                     0);
    provider_map_free(map);
    strv_done(&said);
    strv_done(&zones);
    bed_close(&bed);
}

/* One that was issued when there was only one [provider] does not lose it by a second. */
static void the_default_of_an_earlier_time_goes_on(void **state)
{
    struct bed bed;
    struct provider_map *map = NULL;
    struct provider_choices choices = PROVIDER_CHOICES_INIT;
    struct err err = ERR_INIT;

    (void)state;
    bed_open(&bed,
             "[provider a]\nplugin = rfc2136\n[provider b]\nplugin = rfc2136\n"
             "[zone example.org]\nprovider = b\n",
             NULL, NULL);
    assert_int_equal(provider_map_new(NULL, NULL, &map, &err), 0);
    assert_null(provider_default(bed.set, map));
    provider_map_remember(map, "a");
    assert_string_equal(provider_default(bed.set, map), "a");
    assert_int_equal(
        provider_find(bed.set, map, "_acme-challenge.example.com.", "example.com.", &choices, &err),
        0);
    assert_string_equal(provider_name(choices.items[0].provider), "a");
    provider_choices_done(&choices);
    assert_int_equal(
        provider_find(bed.set, map, "_acme-challenge.example.org.", "example.org.", &choices, &err),
        0);
    assert_string_equal(provider_name(choices.items[0].provider), "b");
    provider_choices_done(&choices);
    provider_map_remember(map, "gone");
    assert_null(provider_default(bed.set, map));
    assert_true(provider_find(bed.set, map, "_acme-challenge.example.com.", "example.com.",
                              &choices, &err) < 0);
    provider_map_free(map);
    bed_close(&bed);
}

/* Or a name would be published with the provider of the zone above, which is another. */
static void no_shorter_zone_serves_for_one_that_is_wrong(void **state)
{
    struct bed bed;

    (void)state;
    bed_open(&bed,
             "[provider a]\nplugin = rfc2136\n[provider b]\nplugin = rfc2136\n"
             "[zone example.com]\nprovider = a\n"
             "[zone sub.example.com]\nprovider = b\nalias\n",
             NULL, NULL);
    expect_found(&bed, "_acme-challenge.example.com.", "example.com.", "a/example.com.");
    expect_found(&bed, "_acme-challenge.sub.example.com.", "example.com.",
                 "[zone sub.example.com] is not used: test.conf:9:1: neither a [section], nor 'key "
                 "= value', nor a comment");
    bed_close(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_shorter_zone_serves_for_one_that_is_wrong),
        cmocka_unit_test(the_longest_suffix_wins),
        cmocka_unit_test(one_instance_serves_all),
        cmocka_unit_test(the_command_line_beats_files),
        cmocka_unit_test(a_zone_that_does_not_hold_the_name_is_refused),
        cmocka_unit_test(public_zones_are_nobodys_unless_named),
        cmocka_unit_test(only_our_owners_and_allowed_targets_are_written),
        cmocka_unit_test(an_order_has_a_map_of_its_own),
        cmocka_unit_test(the_default_of_an_earlier_time_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
