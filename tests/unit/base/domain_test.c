/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names on their way into a certificate. */
#include "base/domain.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include <string.h>

static void assert_normal(const char *text, const char *wanted)
{
    AUTO_FREE char *name = NULL;
    struct err err = ERR_INIT;

    if (domain_normalize(text, &name, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(name, wanted);
}

static void assert_refused(const char *text, const char *reason)
{
    char *name = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(domain_normalize(text, &name, &err), -ERR_CONFIG);
    assert_null(name);
    if (strstr(err.text, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, reason);
    }
}

#define L63 "a23456789b23456789c23456789d23456789e23456789f23456789g23456789"
#define L61 "a23456789b23456789c23456789d23456789e23456789f23456789g234567"

static void usual_forms_become_one(void **state)
{
    (void)state;
    assert_normal("example.com", "example.com");
    assert_normal("EXAMPLE.Com.", "example.com");
    assert_normal("  *.Example.COM. ", "*.example.com");
    assert_normal("localhost", "localhost");
    assert_normal("a--b.1.x-1.de", "a--b.1.x-1.de");
    assert_normal(L63 ".de", L63 ".de");
    assert_normal(L63 "." L63 "." L63 "." L61, L63 "." L63 "." L63 "." L61);
}

static void international_names_become_a_labels(void **state)
{
    (void)state;
    assert_normal("b\xc3\xbc"
                  "cher.example",
                  "xn--bcher-kva.example");
    assert_normal("*.B\xc3\x9c"
                  "CHER.example.",
                  "*.xn--bcher-kva.example");
    /* Non-transitional: the sharp s stays itself. */
    assert_normal("fa\xc3\x9f.de", "xn--fa-hia.de");
    assert_normal("XN--BCHER-KVA.example", "xn--bcher-kva.example");
    assert_normal("\xe4\xbe\x8b\xe3\x80\x82jp", "xn--fsq.jp"); /* an ideographic full stop */
}

static void bad_labels_are_refused(void **state)
{
    (void)state;
    assert_refused("", "it is empty");
    assert_refused("*.", "it is empty");
    assert_refused(".", "empty label");
    assert_refused("a..b", "empty label");
    assert_refused(".example.com", "empty label");
    assert_refused("example.com..", "empty label");
    assert_refused(L63 "x.de", "longer than 63 bytes");
    assert_refused(L63 "." L63 "." L63 "." L61 "x", "longer than 253 bytes");
    assert_refused("*." L63 "." L63 "." L63 "." L61, "longer than 253 bytes");
    assert_refused("-a.de", "hyphen");
    assert_refused("a-.de", "hyphen");
    assert_refused("_acme-challenge.example.com", "underscore");
    assert_refused("a b.de", "0x20");
    assert_refused("a/b.de", "'/'");
    assert_refused("https://example.com", "':'");
    assert_refused("a\x1b[0m.de", "0x1b");
}

static void wildcards_stand_in_front_once(void **state)
{
    (void)state;
    assert_refused("*.*.example.com", "wildcard");
    assert_refused("*", "wildcard");
    assert_refused("a.*.example.com", "wildcard");
    assert_refused("w*.example.com", "wildcard");
    assert_refused("*example.com", "wildcard");
}

static void idna_traps_are_refused_not_repaired(void **state)
{
    (void)state;
    /* gnutls_idna_map() would drop the star and the underscore without a word. */
    assert_refused("*.*.b\xc3\xbc"
                   "cher.example",
                   "wildcard");
    assert_refused("_acme.b\xc3\xbc"
                   "cher.example",
                   "underscore");
    assert_refused("xn--zzzz99999.example", "not a valid internationalised label");
    assert_refused("ab--c.example", "not a valid internationalised label");
    assert_refused("b\xfc"
                   "cher.example",
                   "not a valid internationalised name");
}

static void addresses_are_refused(void **state)
{
    (void)state;
    assert_refused("192.0.2.1", "IP address");
    assert_refused("192.0.2.1.", "IP address");
    assert_refused("*.192.0.2.1", "IP address");
    assert_refused("192.0.2.456", "IP address");
    assert_refused("2001:db8::1", "IP address");
    assert_refused("[2001:db8::1]", "IP address");
}

static void lists_fold_and_keep_their_order(void **state)
{
    AUTO(strv_done) struct strv texts = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    strv_add(&texts, "b.de, *.A.de,,");
    strv_add(&texts, "B.de.");
    strv_add(&texts, "a.de");
    assert_int_equal(domain_normalize_all(&texts, &names, &err), 0);
    AUTO_FREE char *joined = strv_join(&names, " ");
    assert_string_equal(joined, "b.de *.a.de a.de");
}

static void lists_name_every_bad_name(void **state)
{
    AUTO(strv_done) struct strv texts = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    strv_add(&names, "untouched");
    strv_add(&texts, "a..b,good.de");
    strv_add(&texts, "10.0.0.1");
    assert_int_equal(domain_normalize_all(&texts, &names, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "'a..b'"));
    assert_non_null(strstr(err.text, "'10.0.0.1'"));
    assert_null(strstr(err.text, "good.de"));
    assert_string_equal(names.items[0], "untouched");
    strv_done(&texts);
    strv_add(&texts, " , ");
    assert_int_equal(domain_normalize_all(&texts, &names, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "no domain name"));
}

static void parts_and_zones(void **state)
{
    AUTO_FREE char *owner = NULL;
    AUTO_FREE char *fqdn = NULL;

    (void)state;
    assert_string_equal(domain_base("*.example.com"), "example.com");
    assert_string_equal(domain_base("example.com"), "example.com");
    assert_true(domain_is_wildcard("*.example.com"));
    assert_false(domain_is_wildcard("example.com"));
    owner = domain_challenge_owner("*.example.com");
    fqdn = domain_challenge_fqdn("example.com");
    assert_string_equal(owner, "_acme-challenge.example.com");
    assert_string_equal(fqdn, "_acme-challenge.example.com.");
    assert_true(domain_is_within("a.example.com", "example.com"));
    assert_true(domain_is_within("example.com", "example.com"));
    assert_true(domain_is_within("a.Example.com.", "example.com."));
    assert_true(domain_is_within("example.com.", "."));
    assert_false(domain_is_within("badexample.com", "example.com"));
    assert_false(domain_is_within("com", "example.com"));
    assert_false(domain_is_within("example.com", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_forms_become_one),
        cmocka_unit_test(international_names_become_a_labels),
        cmocka_unit_test(bad_labels_are_refused),
        cmocka_unit_test(wildcards_stand_in_front_once),
        cmocka_unit_test(idna_traps_are_refused_not_repaired),
        cmocka_unit_test(addresses_are_refused),
        cmocka_unit_test(lists_fold_and_keep_their_order),
        cmocka_unit_test(lists_name_every_bad_name),
        cmocka_unit_test(parts_and_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
