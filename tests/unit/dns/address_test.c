/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Texts from settings and resolv.conf: addresses, names. */
#include "base/mem.h"
#include "dns/address.h"
#include "dns/name.h"
#include "dns/resolv_conf.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void reads_and_writes_addresses(void **state)
{
    static const struct {
        const char *text, *same; /* NULL: refused */
    } CASES[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"192.0.2.1:53", "192.0.2.1"},
        {"2001:db8::1", "2001:db8::1"},
        {"[2001:db8::1]", "2001:db8::1"},
        {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
        {"fe80::1%1", "fe80::1%1"},
        {"fe80::1%lo", "fe80::1%1"},
        {"", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL},
        {"[2001:db8::1", NULL},
        {"[2001:db8::1]x", NULL},
        {"fe80::1%no-such-interface", NULL},
        {"ns1.example.com", NULL},
        {":53", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sockaddr_storage address;
        char text[ADDRESS_TEXT_MAX] = "";
        bool is_address = address_parse(CASES[i].text, 53, &address);

        if (is_address) {
            address_format(&address, text);
        }
        if (is_address != (CASES[i].same != NULL) ||
            (is_address && strcmp(text, CASES[i].same) != 0)) {
            fail_msg("'%s': '%s'", CASES[i].text, text);
        }
    }
}

static void knows_private_addresses(void **state)
{
    static const char *const PRIVATE[] = {"10.1.2.3",    "172.16.0.1",  "172.31.255.255",
                                          "192.168.1.1", "169.254.1.1", "100.64.0.1",
                                          "fd00::1",     "fe80::1"};
    static const char *const OTHERS[] = {"172.32.0.1", "192.0.2.1",   "100.128.0.1",
                                         "127.0.0.1",  "2001:db8::1", "::1"};
    struct sockaddr_storage address;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PRIVATE); i++) {
        assert_true(address_parse(PRIVATE[i], 53, &address));
        assert_true(address_is_private(&address));
    }
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        assert_true(address_parse(OTHERS[i], 53, &address));
        assert_false(address_is_private(&address));
        assert_int_equal(address_is_loopback(&address),
                         strcmp(OTHERS[i], "127.0.0.1") == 0 || strcmp(OTHERS[i], "::1") == 0);
    }
}

static void reads_resolv_conf(void **state)
{
    static const char TEXT[] = "# nameserver 192.0.2.9\n"
                               "; nameserver 192.0.2.8\n"
                               "search example.com\n"
                               "nameserver 192.0.2.1\r\n"
                               "nameserver\t2001:db8::1 # ours\n"
                               " nameserver 192.0.2.7\n"
                               "nameserverx 192.0.2.6\n"
                               "nameserver not-an-address\n"
                               "options edns0\n"
                               "nameserver fe80::1%lo";
    AUTO_FREE struct sockaddr_storage *servers = NULL;
    char text[ADDRESS_TEXT_MAX];

    (void)state;
    assert_int_equal(resolv_conf_parse(TEXT, &servers), 3);
    address_format(&servers[0], text);
    assert_string_equal(text, "192.0.2.1");
    address_format(&servers[1], text);
    assert_string_equal(text, "2001:db8::1");
    address_format(&servers[2], text);
    assert_string_equal(text, "fe80::1%1");
}

static void stops_at_eight_resolvers(void **state)
{
    AUTO_FREE struct sockaddr_storage *servers = NULL;
    AUTO(buf_done) struct buf text = BUF(4096);

    (void)state;
    for (int i = 0; i < 20; i++) {
        buf_addf(&text, "nameserver 192.0.2.%d\n", i);
    }
    assert_int_equal(resolv_conf_parse(buf_str(&text), &servers), RESOLV_CONF_SERVERS_MAX);
}

static void a_resolv_conf_without_servers_is_an_error(void **state)
{
    struct sockaddr_storage *servers = NULL;
    struct err err = ERR_INIT;
    size_t n = 0;

    (void)state;
    assert_int_equal(resolv_conf_load("/dev/null", &servers, &n, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "/dev/null"));
    assert_non_null(strstr(err.text, "--resolver"));
    assert_int_equal(resolv_conf_load("/nonexistent/resolv.conf", &servers, &n, &err), -ERR_CONFIG);
    assert_null(servers);
}

static void knows_what_a_name_is(void **state)
{
    char label[65];

    (void)state;
    memset(label, 'a', 64);
    label[64] = '\0';
    assert_true(name_is_plain("."));
    assert_true(name_is_plain("_acme-challenge.example.com"));
    assert_true(name_is_plain("*.example.com"));
    assert_false(name_is_plain(""));
    assert_false(name_is_plain("a..b"));
    assert_false(name_is_plain("a."));
    assert_false(name_is_plain("a b"));
    assert_false(name_is_plain("a\\.b"));
    assert_false(name_is_plain(label));
    assert_true(name_is_plain(label + 1));
}

static void knows_what_lies_within(void **state)
{
    (void)state;
    assert_true(name_is_within("a.example.com", "example.com"));
    assert_true(name_is_within("example.com", "example.com"));
    assert_true(name_is_within("example.com", "."));
    assert_true(name_is_within(".", "."));
    assert_false(name_is_within(".", "com"));
    assert_false(name_is_within("anexample.com", "example.com"));
    assert_string_equal(name_parent("a.b"), "b");
    assert_string_equal(name_parent("b"), ".");
    assert_string_equal(name_parent("."), ".");
    assert_int_equal(name_count_labels("."), 0);
    assert_int_equal(name_count_labels("a.b.c"), 3);
    assert_string_equal(name_last_labels("a.b.c", 2), "b.c");
    assert_string_equal(name_last_labels("a.b.c", 9), "a.b.c");
    assert_string_equal(name_last_labels("a.b.c", 0), ".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_addresses),
        cmocka_unit_test(knows_private_addresses),
        cmocka_unit_test(reads_resolv_conf),
        cmocka_unit_test(stops_at_eight_resolvers),
        cmocka_unit_test(a_resolv_conf_without_servers_is_an_error),
        cmocka_unit_test(knows_what_a_name_is),
        cmocka_unit_test(knows_what_lies_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
