/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/url.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

static bool passes(const char *directory, const char *extra_host, const char *url)
{
    AUTO(strv_done) struct strv extra = STRV_INIT;
    struct acme_urls urls;
    struct err err = ERR_INIT;
    bool is_good = false;

    if (extra_host != NULL) {
        strv_add(&extra, extra_host);
    }
    assert_int_equal(acme_urls_init(&urls, directory, &extra, &err), 0);
    is_good = acme_url_check(&urls, "order", url, &err) == 0;
    assert_true(is_good || (err.class == ERR_CA && strstr(err.text, "order") != NULL));
    acme_urls_done(&urls);
    return is_good;
}

static const char CA[] = "https://acme-v02.api.letsencrypt.org/directory";

static void follows_urls_in_the_directory_s_domain(void **state)
{
    (void)state;
    assert_true(passes(CA, NULL, "https://acme-v02.api.letsencrypt.org/acme/order/1/2"));
    assert_true(passes(CA, NULL, "https://other.letsencrypt.org/x?y=z"));
    assert_true(passes(CA, NULL, "https://LETSENCRYPT.org./x"));
    assert_true(passes("https://ca.example.co.uk:8443/d", NULL, "https://b.example.co.uk:8443/o"));
    assert_true(passes("https://ca.example.co.uk:8443/d", NULL, "https://ca.example.co.uk/o"));
}

static void refuses_urls_elsewhere(void **state)
{
    static const char *const BAD[] = {
        "http://acme-v02.api.letsencrypt.org/x",
        "https://letsencrypt.org.evil.example/x",
        "https://evilletsencrypt.org/x",
        "https://user@acme-v02.api.letsencrypt.org/x",
        "https://acme-v02.api.letsencrypt.org:22/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://localhost/x",
        "https://2130706433/x",
        "file:///etc/passwd",
        "ftp://letsencrypt.org/x",
        "//letsencrypt.org/x",
        "/acme/order/1",
        "https://letsencrypt.org/\"x",
        "https://letsencrypt.org/a b",
        "https://letsencrypt.org/\nHost: x",
        "",
        NULL,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_false(passes(CA, NULL, BAD[i]));
    }
    /* A public suffix is nobody's domain. */
    assert_false(passes("https://ca.co.uk/d", NULL, "https://other.co.uk/o"));
    assert_false(passes("https://me.github.io/d", NULL, "https://you.github.io/o"));
}

static void takes_hosts_that_the_preset_names(void **state)
{
    (void)state;
    assert_true(passes(CA, "cdn.example", "https://cdn.example/x"));
    assert_true(passes(CA, "cdn.example", "https://a.cdn.example/x"));
    assert_false(passes(CA, "cdn.example", "https://notcdn.example/x"));
    assert_false(passes(CA, "10.0.0.1", "https://10.0.0.1/x"));
}

static void pins_an_address_to_itself_at_any_port(void **state)
{
    (void)state;
    assert_true(passes("https://127.0.0.1:14000/dir", NULL, "https://127.0.0.1:15000/x"));
    assert_false(passes("https://127.0.0.1:14000/dir", NULL, "https://127.0.0.2:14000/x"));
    assert_false(passes("https://127.0.0.1:14000/dir", NULL, "https://localhost:14000/x"));
    assert_true(passes("https://localhost:14000/dir", NULL, "https://localhost:14000/x"));
    assert_false(passes("https://localhost/dir", NULL, "https://a.localhost/x"));
    assert_true(passes("https://[::1]:14000/dir", NULL, "https://[::1]:14000/x"));
}

static void refuses_long_urls(void **state)
{
    char url[ACME_URL_MAX + 64];

    (void)state;
    memset(url, 'a', sizeof(url) - 1);
    url[sizeof(url) - 1] = '\0';
    memcpy(url, "https://letsencrypt.org/", 24);
    assert_false(passes(CA, NULL, url));
}

static void refuses_a_bad_directory(void **state)
{
    static const char *const BAD[] = {"http://ca.example/d", "ca.example", "", NULL, "https://"};
    struct acme_urls urls;

    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(acme_urls_init(&urls, BAD[i], NULL, &err), -ERR_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_urls_in_the_directory_s_domain),
        cmocka_unit_test(refuses_urls_elsewhere),
        cmocka_unit_test(takes_hosts_that_the_preset_names),
        cmocka_unit_test(pins_an_address_to_itself_at_any_port),
        cmocka_unit_test(refuses_long_urls),
        cmocka_unit_test(refuses_a_bad_directory),
    };

    return cmocka_run_group_tests_name("acme/url", tests, NULL, NULL);
}
