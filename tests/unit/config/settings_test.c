/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is in force, where it came from, and what is told of values and sections that cannot be. */
#include "config/settings.h"

#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/sections.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct config_errors errors;
    struct config *config;
    struct settings *settings;
};

static void make(struct fixture *f, const char *text, const struct settings_override *overrides,
                 size_t n)
{
    f->config = config_parse("/etc/x/a.conf", text, strlen(text), &f->errors);
    f->settings = settings_new(f->config, "/etc/x/a.conf", overrides, n, &f->errors);
}

static void fixture_done(struct fixture *f)
{
    settings_free(f->settings);
    config_free(f->config);
    config_errors_done(&f->errors);
}

static int clear_environment(void **state)
{
    (void)state;
    (void)unsetenv("ACME_DNS_CA");
    (void)unsetenv("ACME_DNS_RESOLVER");
    (void)unsetenv("ACME_DNS_EMAIL");
    (void)unsetenv("ACME_DNS_CONFIG");
    return 0;
}

static void has_the_documented_defaults(void **state)
{
    AUTO(fixture_done) struct fixture f = {0};

    (void)state;
    make(&f, "", NULL, 0);
    assert_int_equal(f.errors.n, 0);
    assert_null(f.settings->email);
    assert_string_equal(f.settings->ca, "letsencrypt");
    assert_string_equal(f.settings->key_type, "ec256");
    assert_string_equal(f.settings->plugin_user, "_acme-dns");
    assert_int_equal(f.settings->resolvers.n, 0);
    assert_int_equal(f.settings->propagation.kind, PROPAGATION_KNOWN_BROKEN);
    assert_false(f.settings->has_agreed_tos);
    assert_int_equal(f.settings->lock_timeout_ms, 300000);
    assert_int_equal(f.settings->connect_timeout_ms, 10000);
    assert_int_equal(f.settings->request_timeout_ms, 30000);
    assert_int_equal(f.settings->finalize_timeout_ms, 90000);
    assert_int_equal(f.settings->call_timeout_ms, 120000);
    assert_int_equal(f.settings->hook_timeout_ms, 300000);
    assert_int_equal(f.settings->propagation_timeout_ms, 300000);
    assert_int_equal(f.settings->validation_timeout_ms, 600000);
    assert_int_equal(f.settings->issuance_timeout_ms, 600000);
    assert_int_equal(f.settings->keep, 3);
    assert_int_equal(f.settings->max_orders, 100);
    assert_int_equal(f.settings->parallel_orders, 10);
    assert_true(margin_is_unsaid(&f.settings->renew_before));
    assert_false(settings_is_set(f.settings, "ca"));
    if (geteuid() == 0) {
        assert_string_equal(f.settings->state_dir, "/var/lib/acme-dns");
    }
}

/* Every fallback in the table must be a value that its own row accepts. */
static void every_fallback_parses(void **state)
{
    size_t n = 0;
    const struct config_key *keys = key_table(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        /* Large enough for any section's structure. */
        _Alignas(16) char fields[1024] = {0};
        struct config_value value = {.key = keys[i].name, .text = keys[i].fallback};
        struct err err = ERR_INIT;

        if (keys[i].fallback != NULL) {
            assert_int_equal(key_parse(&keys[i], &value, fields, &err), 0);
            key_free_fields(keys[i].section, fields);
        }
    }
}

/* They are looked for as one run of rows. */
static void the_rows_of_a_section_stand_together(void **state)
{
    size_t n = 0;
    const struct config_key *keys = key_table(&n);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(key_find(keys[i].section, keys[i].name), &keys[i]);
    }
    assert_null(key_find("zone", "email"));
    assert_null(key_find("provider", "email"));
}

/* What is shown of a value is a value again, and the same one. */
static void values_are_formatted_as_they_can_be_read(void **state)
{
    static const struct {
        const char *section, *key, *text, *shown;
    } CASES[] = {
        {"acme-dns", "email", "a@example.com", NULL},
        {"acme-dns", "agree-tos", "ON", "yes"},
        {"acme-dns", "key-type", "ec384", NULL},
        {"acme-dns", "resolver", "192.0.2.1,[2001:db8::1]:53", "192.0.2.1, [2001:db8::1]:53"},
        {"acme-dns", "propagation", "wait:120", "wait:2m"},
        {"acme-dns", "propagation", "all", NULL},
        {"acme-dns", "propagation", "any", NULL},
        {"acme-dns", "propagation", "known-broken", NULL},
        {"acme-dns", "lock-timeout", "0", "0ms"},
        {"acme-dns", "request-timeout", "90000ms", "90s"},
        {"acme-dns", "log-size", "2500000", "2500k"},
        {"acme-dns", "max-orders", "7", NULL},
        {"acme-dns", "renew-before", "48h", "2d"},
        {"acme-dns", "deploy-hook", "a, b", NULL},
        {"ca", "is-staging", "true", "yes"},
        {"ca", "directory", "https://ca.example/dir", NULL},
        {"certificate", "domains", "Example.com, *.example.COM", "example.com, *.example.com"},
        {"certificate", "mode", "640", "0640"},
        {"certificate", "renew-before", "30%", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        const struct config_key *key = key_find(CASES[i].section, CASES[i].key);
        const char *wanted = CASES[i].shown != NULL ? CASES[i].shown : CASES[i].text;
        const char *texts[2] = {CASES[i].text, wanted};

        assert_non_null(key);
        for (size_t pass = 0; pass < ARRAY_LEN(texts); pass++) {
            _Alignas(16) char fields[1024] = {0};
            AUTO(strv_done) struct strv shown = STRV_INIT;
            struct config_value value = {.key = key->name, .text = texts[pass]};
            struct err err = ERR_INIT;

            assert_int_equal(key_parse(key, &value, fields, &err), 0);
            key_format(key, fields, &shown);
            assert_int_equal(shown.n, 1);
            assert_string_equal(shown.items[0], wanted);
            key_free_fields(CASES[i].section, fields);
        }
    }
}

static void what_nobody_said_is_not_shown(void **state)
{
    static const char *const KEYS[] = {"domains", "ca", "staging", "mode", "renew-before", "keep"};
    struct certificate_section certificate = {.section = NULL};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        AUTO(strv_done) struct strv shown = STRV_INIT;

        key_format(key_find("certificate", KEYS[i]), &certificate, &shown);
        assert_int_equal(shown.n, 0);
    }
}

static void flag_beats_environment_beats_file(void **state)
{
    static const char TEXT[] = "[acme-dns]\nca = file\nresolver = 192.0.2.1, 192.0.2.2\n"
                               "resolver = 192.0.2.3\n";
    static const struct settings_override FLAGS[] = {
        {"ca", "--ca", "flag"},
        {"resolver", "--resolver", "[2001:db8::1]:5353"},
        {"resolver", "--resolver", "192.0.2.9:54"},
    };

    (void)state;
    {
        AUTO(fixture_done) struct fixture f = {0};

        make(&f, TEXT, NULL, 0);
        assert_string_equal(f.settings->ca, "file");
        assert_int_equal(f.settings->resolvers.n, 3);
        assert_int_equal(settings_place(f.settings, "ca").line, 2);
    }
    setenv("ACME_DNS_CA", "environment", 1);
    setenv("ACME_DNS_RESOLVER", "192.0.2.7", 1);
    {
        AUTO(fixture_done) struct fixture f = {0};

        make(&f, TEXT, NULL, 0);
        assert_string_equal(f.settings->ca, "environment");
        assert_int_equal(f.settings->resolvers.n, 1);
        assert_int_equal(settings_place(f.settings, "ca").origin, CONFIG_ENVIRONMENT);
        assert_string_equal(settings_place(f.settings, "ca").path, "ACME_DNS_CA");
    }
    {
        AUTO(fixture_done) struct fixture f = {0};

        make(&f, TEXT, FLAGS, ARRAY_LEN(FLAGS));
        assert_string_equal(f.settings->ca, "flag");
        assert_int_equal(f.settings->resolvers.n, 2);
        assert_string_equal(f.settings->resolvers.items[1], "192.0.2.9:54");
        assert_int_equal(settings_place(f.settings, "resolver").origin, CONFIG_FLAG);
    }
}

/* A section's text and the error that it must give, all of them in one run. */
static const struct {
    const char *text;
    const char *error;
} MISTAKES[] = {
    {"[acme-dns]\nemial = a@b\n",
     "/etc/x/a.conf:2:1: unknown key 'emial' in [acme-dns]\ndid you mean 'email'?"},
    {"[acme-dns]\nemail = a\n",
     "/etc/x/a.conf:2:9: email: 'a' is not an e-mail address like ops@example.com"},
    {"[acme-dns]\nemail = a@b.example,c@d.example\n",
     "/etc/x/a.conf:2:9: email: 'a@b.example,c@d.example' is not an e-mail address like "
     "ops@example.com"},
    {"[acme-dns]\nca = a\nca = b\n", "/etc/x/a.conf:3:1: 'ca' is already given at "
                                     "/etc/x/a.conf:2:6"},
    {"[acme-dns]\nkey-type = ec265\n", "/etc/x/a.conf:2:12: key-type: 'ec265' is none of "
                                       "ec256, ec384, rsa2048, rsa3072, rsa4096\n"
                                       "did you mean 'ec256'?"},
    {"[acme-dns]\nresolver = dns.example.com\n",
     "/etc/x/a.conf:2:12: resolver: 'dns.example.com' is not an address like 192.0.2.53, "
     "192.0.2.53:5353 or [2001:db8::53]:5353"},
    {"[acme-dns]\nresolver = 192.0.2.1:0\n",
     "/etc/x/a.conf:2:12: resolver: '192.0.2.1:0' is not an address like 192.0.2.53, "
     "192.0.2.53:5353 or [2001:db8::53]:5353"},
    {"[acme-dns]\nresolver = ,\n", "/etc/x/a.conf:2:12: resolver: an empty list"},
    {"[acme-dns]\nca =\n", "/etc/x/a.conf:2:5: ca: no value"},
    {"[acme-dns]\nagree-tos = maybe\n",
     "/etc/x/a.conf:2:13: agree-tos: 'maybe' is neither yes nor no"},
    {"[acme-dns]\nplugin-dir = /dev\nplugin-dir = /nonexistent\n",
     "/etc/x/a.conf:3:14: plugin-dir: there is no folder '/nonexistent'"},
    {"[acme-dns]\nplugin-dir = /dev/null\n",
     "/etc/x/a.conf:2:14: plugin-dir: not a folder: '/dev/null'"},
    {"[acme-dns]\ncall-timeout = 2 min\n",
     "/etc/x/a.conf:2:16: call-timeout: '2 min' is not a duration like 90, 90s, 500ms, 5m, 2h "
     "or 1d"},
    {"[acme-dns]\ncall-timeout = 2h\n",
     "/etc/x/a.conf:2:16: call-timeout: '2h' is not between 100 ms and 3600 s"},
    {"[acme-dns]\npropagation = some\n",
     "/etc/x/a.conf:2:15: propagation: 'some' is none of all, known-broken, any, wait:DURATION "
     "(as in wait:120s)"},
    {"[acme-dns x]\n", "/etc/x/a.conf:1:1: [acme-dns] takes no name; it is there once"},
    {"[certficate a]\n",
     "/etc/x/a.conf:1:1: unknown section [certficate]\ndid you mean 'certificate'?"},
    {"[certificate a]\n", "/etc/x/a.conf:1:1: [certificate a] says no domains"},
    {"[certificate a]\ndomains = 192.0.2.1\n", NULL},
    {"[certificate ../x]\ndomains = a.example\n",
     "/etc/x/a.conf:1:1: '../x' cannot name a certificate: a-z 0-9 . _ - only, at most 128, "
     "beginning with a letter, a digit or _"},
    {"[certificate a]\ndomains = a.example\nca = x\nserver = https://ca.example/dir\n",
     "/etc/x/a.conf:1:1: ca and server exclude each other"},
    {"[certificate a]\ndomains = a.example\nmode = 0644\n",
     "/etc/x/a.conf:3:8: mode: '0644' is none of 0400, 0440, 0600 and 0640: a private "
     "key is for its owner, and for a group to read"},
    {"[certificate a]\ndomains = a.example\nmode = 0660\n",
     "/etc/x/a.conf:3:8: mode: '0660' is none of 0400, 0440, 0600 and 0640: a private "
     "key is for its owner, and for a group to read"},
    {"[certificate a]\ndomains = a.example\nmode = 1640\n",
     "/etc/x/a.conf:3:8: mode: '1640' is none of 0400, 0440, 0600 and 0640: a private "
     "key is for its owner, and for a group to read"},
    {"[certificate a]\ndomains = a.example\ngroup = no such group\n",
     "/etc/x/a.conf:3:9: group: there is no group 'no such group' on this system"},
    {"[certificate a]\ndomains = a.example\nrenew-before = soon\n",
     "/etc/x/a.conf:3:16: renew-before: 'soon' is neither a duration like 20d or 12h (1m to "
     "3650d) nor a share of the lifetime like 30% (1% to 90%)"},
    {"[certificate a]\ndomains = a.example\nkeep = 0\n",
     "/etc/x/a.conf:3:8: keep: '0' is not a number from 1 to 1000"},
    {"[acme-dns]\nparallel-orders = 0\n",
     "/etc/x/a.conf:2:19: parallel-orders: '0' is not a number from 1 to 1000"},
    {"[ca x]\ndirectory = http://ca.example/\n",
     "/etc/x/a.conf:2:13: directory: 'http://ca.example/' is not a URL that begins with "
     "https:// and a host"},
    {"[ca google]\nmax-name = 5\n",
     "/etc/x/a.conf:2:1: unknown key 'max-name' in [ca]\ndid you mean 'max-names'?"},
    {"[ca x]\nmax-names = many\n",
     "/etc/x/a.conf:2:13: max-names: 'many' is not a number from 1 to 1000"},
    {"[ca x]\nmax-names = 1001\n",
     "/etc/x/a.conf:2:13: max-names: '1001' is not a number from 1 to 1000"},
    {"[ca x]\nnonce-window = 0\n",
     "/etc/x/a.conf:2:16: nonce-window: '0' is not a number from 1 to 250"},
    {"[ca x]\nis-staging = maybe\n",
     "/etc/x/a.conf:2:14: is-staging: 'maybe' is neither yes nor no"},
    {"[ca x]\nfinalize-timeout = 2h\n",
     "/etc/x/a.conf:2:20: finalize-timeout: '2h' is not between 100 ms and 3600 s"},
    {"[ca x]\npark-limit = 500ms\n",
     "/etc/x/a.conf:2:14: park-limit: '500ms' is not between 1000 ms and 31622400 s"},
    {"[ca x]\neab-kid = k\n", "/etc/x/a.conf:1:1: eab-kid without a key: add eab-hmac-key-file"},
    {"[ca x]\neab-hmac-key-file = k\n",
     "/etc/x/a.conf:1:1: an EAB key without eab-kid: the CA gives out both"},
    {"[ca x]\neab-kid = k\neab-hmac-key = secret\neab-hmac-key-file = f\n",
     "/etc/x/a.conf:1:1: eab-hmac-key, eab-hmac-key-file and eab-hmac-key-command exclude "
     "each other"},
    {"[ca x]\neab-kid = k\neab-hmac-key-command = pass 'show\n",
     "/etc/x/a.conf:3:24: eab-hmac-key-command: a single quote is not closed"},
    {"[zone a..b]\nprovider = p\n", "/etc/x/a.conf:1:1: 'a..b' is not a zone: a label is empty"},
    {"[zone example.com]\n", "/etc/x/a.conf:1:1: [zone example.com] says no provider"},
    {"[provider A B]\n",
     "/etc/x/a.conf:1:1: 'A B' cannot name a provider: a-z 0-9 . _ - only, at most 128"},
};

static void tells_each_mistake_with_what_would_be_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MISTAKES); i++) {
        AUTO(fixture_done) struct fixture f = {0};

        make(&f, MISTAKES[i].text, NULL, 0);
        assert_int_equal(f.errors.n, 1);
        if (MISTAKES[i].error != NULL) {
            assert_string_equal(f.errors.items[0].err.text, MISTAKES[i].error);
        } else {
            assert_non_null(strstr(f.errors.items[0].err.text, "192.0.2.1"));
        }
    }
}

static void sizes_are_bounded_numbers_of_bytes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* 0: an error */
    } CASES[] = {
        {"10000", 10000},
        {"500k", 500000},
        {"5M", 5000000},
        {"5m", 5000000},
        {"10G", 10000000000},
        {"9999", 0},
        {"11G", 0},
        {"5 MB", 0},
        {"-1M", 0},
        {"1.5M", 0},
        {"99999999999999999999", 0},
        {"99999999999999G", 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(fixture_done) struct fixture f = {0};
        AUTO_FREE char *text = str_fmt("[acme-dns]\nlog-size = %s\n", CASES[i].text);
        AUTO_FREE char *error =
            str_fmt("/etc/x/a.conf:2:12: log-size: '%s' is not a size from 10000 to 10000000000 "
                    "bytes, like 500k or 5M",
                    CASES[i].text);

        make(&f, text, NULL, 0);
        if (CASES[i].bytes == 0) {
            assert_int_equal(f.errors.n, 1);
            assert_string_equal(f.errors.items[0].err.text, error);
        } else {
            assert_int_equal(f.errors.n, 0);
            assert_int_equal(f.settings->log_size_bytes, CASES[i].bytes);
        }
    }
}

static void certificates_say_how_they_live(void **state)
{
    static const char TEXT[] = "[certificate a]\ndomains = a.example\nprofile = short\n"
                               "group = root\nmode = 640\nrenew-before = 50%\nkeep = 7\n"
                               "[certificate b]\ndomains = b.example\n";
    AUTO(fixture_done) struct fixture f = {0};
    AUTO(certificate_section_done) struct certificate_section a = {0};
    AUTO(certificate_section_done) struct certificate_section b = {0};
    struct err err = ERR_INIT;

    (void)state;
    if (geteuid() != 0) {
        skip(); /* the group has to be one that we may give files to */
    }
    make(&f, TEXT, NULL, 0);
    assert_int_equal(f.errors.n, 0);
    assert_int_equal(certificate_section_get(f.config, "a", &a, &err), 0);
    assert_string_equal(a.profile, "short");
    assert_string_equal(a.group, "root");
    assert_int_equal(a.mode, 0640);
    assert_int_equal(a.renew_before.percent, 50);
    assert_int_equal(a.keep, 7);
    assert_int_equal(certificate_section_get(f.config, "b", &b, &err), 0);
    assert_null(b.group);
    assert_int_equal(b.mode, 0);
    assert_int_equal(b.keep, 0);
    assert_true(margin_is_unsaid(&b.renew_before));
}

static void tells_all_mistakes_at_once_and_spares_other_sections(void **state)
{
    static const char TEXT[] = "[certificate a]\ndomain = a.example\n"
                               "[certificate b]\ndomains = B.example., *.b.example, b.example\n"
                               "[ca c]\ndirectory = ftp://x\naccount = ../..\n";
    AUTO(fixture_done) struct fixture f = {0};
    AUTO(certificate_section_done) struct certificate_section certificate = {0};
    struct ca_section ca = {0};
    struct err err = ERR_INIT;

    (void)state;
    make(&f, TEXT, NULL, 0);
    assert_int_equal(f.errors.n, 3);
    assert_int_equal(f.errors.n_general, 0);
    assert_int_equal(certificate_section_get(f.config, "b", &certificate, &err), 0);
    assert_int_equal(certificate.domains.n, 2);
    assert_string_equal(certificate.domains.items[0], "b.example");
    assert_string_equal(certificate.domains.items[1], "*.b.example");
    assert_int_equal(ca_section_get(f.config, "c", &ca, &err), -ERR_CONFIG);
    assert_string_equal(
        err.text, "[ca c] is not used: /etc/x/a.conf:6:13: directory: 'ftp://x' is not a URL that "
                  "begins with https:// and a host");
    assert_int_equal(ca_section_get(f.config, "d", &ca, &err), -ERR_NOT_FOUND);
}

static void reads_every_key_of_a_ca(void **state)
{
    static const char TEXT[] =
        "[ca x]\ndirectory = https://ca.test/dir\nstaging = y\nis-staging = no\nprofile = p\n"
        "caa-identity = a.test, b.test\nallow-host = c.test\nallow-host = d.test\n"
        "max-names = 1000\nrefuses-www-beside-wildcard = on\nnonce-window = 250\n"
        "finalize-timeout = 500ms\npark-limit = 30d\n[ca y]\nca-bundle = y.pem\n";
    AUTO(fixture_done) struct fixture f = {0};
    AUTO(ca_section_done) struct ca_section x = {0};
    AUTO(ca_section_done) struct ca_section y = {0};
    struct err err = ERR_INIT;

    (void)state;
    make(&f, TEXT, NULL, 0);
    assert_int_equal(f.errors.n, 0);
    assert_int_equal(ca_section_get(f.config, "x", &x, &err), 0);
    assert_string_equal(x.staging, "y");
    assert_int_equal(x.is_staging, ANSWER_NO);
    assert_string_equal(x.profile, "p");
    assert_int_equal(x.caa_identities.n, 2);
    assert_int_equal(x.allowed_hosts.n, 2);
    assert_int_equal(x.max_names, 1000);
    assert_int_equal(x.refuses_www_beside_wildcard, ANSWER_YES);
    assert_int_equal(x.nonce_window, 250);
    assert_int_equal(x.finalize_timeout_ms, 500);
    assert_int_equal(x.park_limit_ms, 2592000000);
    assert_int_equal(ca_section_get(f.config, "y", &y, &err), 0);
    assert_string_equal(y.ca_bundle, "/etc/x/y.pem");
    assert_int_equal(y.is_staging, ANSWER_NONE);
    assert_int_equal(y.max_names, 0);
}

static void errors_in_the_general_section_are_general(void **state)
{
    AUTO(fixture_done) struct fixture f = {0};

    (void)state;
    make(&f, "[acme-dns]\nnonsense = 1\n", NULL, 0);
    assert_int_equal(f.errors.n_general, 1);
}

static void names_the_flag_or_the_variable_that_is_wrong(void **state)
{
    static const struct settings_override FLAGS[] = {{"key-type", "--key-type", "dsa"}};
    AUTO(fixture_done) struct fixture f = {0};

    (void)state;
    setenv("ACME_DNS_EMAIL", "nobody", 1);
    make(&f, "", FLAGS, ARRAY_LEN(FLAGS));
    assert_int_equal(f.errors.n, 2);
    assert_int_equal(f.errors.n_general, 2);
    assert_string_equal(
        f.errors.items[0].err.text,
        "environment variable ACME_DNS_EMAIL: 'nobody' is not an e-mail address like "
        "ops@example.com");
    assert_string_equal(f.errors.items[1].err.text,
                        "--key-type: 'dsa' is none of ec256, ec384, rsa2048, rsa3072, rsa4096");
}

static void reads_zones_with_underscores_and_several_providers(void **state)
{
    static const char TEXT[] = "[zone _acme-challenge.Example.COM.]\nprovider = a, b\n"
                               "zone = Example.com.\nalias = yes\n";
    AUTO(fixture_done) struct fixture f = {0};
    AUTO(zone_section_done) struct zone_section zone = {0};
    struct err err = ERR_INIT;

    (void)state;
    make(&f, TEXT, NULL, 0);
    assert_int_equal(f.errors.n, 0);
    assert_int_equal(zone_section_read(config_section_next(f.config, "zone", NULL), &zone, &err),
                     0);
    assert_string_equal(zone.suffix, "_acme-challenge.example.com");
    assert_string_equal(zone.zone, "example.com");
    assert_int_equal(zone.providers.n, 2);
    assert_true(zone.is_alias_target);
}

static void refuses_an_inline_key_that_others_can_read(void **state)
{
    static const char TEXT[] = "[ca x]\neab-kid = k\neab-hmac-key = c2VjcmV0\n";
    char path[] = "/tmp/settings_test.XXXXXX";
    AUTO_FD int fd = mkstemp(path);
    AUTO(fixture_done) struct fixture f = {0};

    (void)state;
    assert_int_equal(write(fd, TEXT, strlen(TEXT)), strlen(TEXT));
    assert_int_equal(fchmod(fd, 0640), 0);
    f.config = config_load(&(struct config_source){.path = path}, &f.errors);
    f.settings = settings_new(f.config, path, NULL, 0, &f.errors);
    (void)unlink(path);
    assert_int_equal(f.errors.n, 1);
    assert_non_null(
        strstr(f.errors.items[0].err.text, ":3:16: eab-hmac-key: other users can read"));
    assert_null(strstr(f.errors.items[0].err.text, "c2VjcmV0"));
}

static void parses_durations_without_overflow(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } GOOD[] = {
        {"90", 90000},   {"90s", 90000},   {"500ms", 500}, {"5m", 300000},
        {"2h", 7200000}, {"1d", 86400000}, {"0", 0},       {"106751991167d", 9223372036828800000}};
    static const char *const BAD[] = {
        "", "s", "-1", "1.5s", "5 m", "5M", "1w", "106751991168d", "99999999999999999999"};
    int64_t ms = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        assert_true(duration_parse(GOOD[i].text, &ms));
        assert_int_equal(ms, GOOD[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        assert_false(duration_parse(BAD[i], &ms));
    }
}

static void finds_the_configuration_by_variable_or_place(void **state)
{
    bool is_required = false;
    AUTO_FREE char *named = NULL;
    AUTO_FREE char *usual = settings_default_config_path(&is_required);

    (void)state;
    assert_false(is_required);
    assert_true(str_has_suffix(usual, "/acme-dns/acme-dns.conf"));
    setenv("ACME_DNS_CONFIG", "/x/y.conf", 1);
    named = settings_default_config_path(&is_required);
    assert_true(is_required);
    assert_string_equal(named, "/x/y.conf");
}

/* Every sample that we ship, alone and commented out lines included: what a user uncomments must be
 * right. */
static void check_sample(const char *dir, const char *name)
{
    AUTO_FREE char *path = str_fmt("%s/%s", dir, name);
    AUTO(buf_done) struct buf text = BUF(CONFIG_FILE_MAX);
    AUTO(buf_done) struct buf active = BUF(CONFIG_FILE_MAX);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(fs_read(path, &text, &err), 0);
    /* "#key = value" is a setting that is switched off, "# words" a comment. */
    for (const char *line = buf_str(&text); *line != '\0';) {
        size_t len = strcspn(line, "\n") + 1;
        bool is_off = *line == '#' && line[1] != ' ' && line[1] != '\n' && line[1] != '#';

        buf_add(&active, line + (is_off ? 1 : 0), len - (is_off ? 1 : 0));
        line += line[len - 1] == '\n' ? len : len - 1;
    }
    AUTO_PTR(config)
    struct config *config = config_parse(path, buf_str(&active), active.len, &errors);
    AUTO_PTR(settings) struct settings *settings = settings_new(config, path, NULL, 0, &errors);

    for (size_t i = 0; i < errors.n; i++) {
        print_error("%s\n", errors.items[i].err.text);
    }
    assert_non_null(settings);
    assert_int_equal(errors.n, 0);
    assert_true(config_section_count(config) > 0);
}

static void every_sample_parses_with_all_its_lines_on(void **state)
{
    static const char DIR[] = SOURCE_DIR "/conf.d";
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(fs_list(DIR, &names, &err), 0);
    assert_true(strv_has(&names, "acme-dns.conf"));
    for (size_t i = 0; i < names.n; i++) {
        if (str_has_suffix(names.items[i], ".conf")) {
            check_sample(DIR, names.items[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(has_the_documented_defaults, clear_environment),
        cmocka_unit_test(every_fallback_parses),
        cmocka_unit_test(the_rows_of_a_section_stand_together),
        cmocka_unit_test(values_are_formatted_as_they_can_be_read),
        cmocka_unit_test(what_nobody_said_is_not_shown),
        cmocka_unit_test_setup_teardown(flag_beats_environment_beats_file, clear_environment,
                                        clear_environment),
        cmocka_unit_test(tells_each_mistake_with_what_would_be_right),
        cmocka_unit_test(certificates_say_how_they_live),
        cmocka_unit_test(tells_all_mistakes_at_once_and_spares_other_sections),
        cmocka_unit_test(reads_every_key_of_a_ca),
        cmocka_unit_test(errors_in_the_general_section_are_general),
        cmocka_unit_test_setup_teardown(names_the_flag_or_the_variable_that_is_wrong,
                                        clear_environment, clear_environment),
        cmocka_unit_test(reads_zones_with_underscores_and_several_providers),
        cmocka_unit_test(refuses_an_inline_key_that_others_can_read),
        cmocka_unit_test(sizes_are_bounded_numbers_of_bytes),
        cmocka_unit_test(parses_durations_without_overflow),
        cmocka_unit_test_setup_teardown(finds_the_configuration_by_variable_or_place,
                                        clear_environment, clear_environment),
        cmocka_unit_test(every_sample_parses_with_all_its_lines_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
