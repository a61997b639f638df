/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Accounts as servers and other programs write them, and what they are filed under. */
#include "acme-dns-server.h"

#include "cmocka_all.h"

static bool read(const char *text, struct account *ret_account)
{
    struct kit_json *json = kit_json_parse(text, strlen(text), NULL);
    const char *problem = NULL;
    bool is_good = account_read(json, ret_account, &problem);

    assert_int_equal(is_good, problem == NULL);
    kit_json_free(json);
    return is_good;
}

static void an_account_survives_being_written(void **state)
{
    static const char TEXT[] =
        "{\"username\":\"u\",\"password\":\"p-_\",\"fulldomain\":\"ab-1.auth.example.org.\","
        "\"subdomain\":\"ab-1\",\"allowfrom\":[\"192.0.2.0/24\"]}";
    struct account first;
    struct account second;
    KIT_TEXT(text);

    (void)state;
    assert_true(read(TEXT, &first));
    assert_string_equal(first.fulldomain, "ab-1.auth.example.org");
    (void)snprintf(first.server_url, sizeof(first.server_url), "https://auth.example.org");
    account_write(&text, &first);
    assert_true(read(kit_text_str(&text), &second));
    assert_memory_equal(&first, &second, sizeof(first));
    account_wipe(&second);
    assert_string_equal(second.password, "");
}

static void what_could_do_harm_is_no_account(void **state)
{
    static const char *const TEXTS[] = {
        "{}",
        "{\"fulldomain\":\"a.b\",\"subdomain\":\"a\",\"username\":\"u\"}",
        "{\"fulldomain\":\"a.b\",\"subdomain\":\"\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"../x.b\",\"subdomain\":\"../x\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a.\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a..b\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a.\\u001b\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"ab.b\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a.b\",\"subdomain\":\"a\",\"username\":\"u\\n\",\"password\":\"p\"}",
        "{\"fulldomain\":\"a.b\",\"subdomain\":\"a\",\"username\":\"u\",\"password\":5}",
    };
    struct account account = {.fulldomain = "untouched"};

    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        assert_false(read(TEXTS[i], &account));
        assert_string_equal(account.fulldomain, "untouched");
    }
}

static void an_account_belongs_to_its_server(void **state)
{
    struct account account = {.server_url = "https://Auth.example.org//"};

    (void)state;
    assert_true(account_is_at(&account, "https://auth.example.org"));
    assert_false(account_is_at(&account, "https://auth.example.org.evil.example"));
    assert_false(account_is_at(&account, "https://auth.example"));
    assert_false(account_is_at(&account, "http://auth.example.org"));
    account.server_url[0] = '\0';
    assert_true(account_is_at(&account, "https://auth.example.org"));
}

static void names_are_filed_as_other_programs_do(void **state)
{
    static const char *const NAMES[][2] = {
        {"_acme-challenge.example.com.", "example.com"},
        {"_ACME-Challenge.example.com", "example.com"},
        {"_abc._acme-challenge.example.com.", "_abc._acme-challenge.example.com"},
        {"_validation-persist.example.com.", "_validation-persist.example.com"},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        KIT_TEXT(key);

        account_add_key(&key, NAMES[i][0]);
        assert_string_equal(kit_text_str(&key), NAMES[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_survives_being_written),
        cmocka_unit_test(what_could_do_harm_is_no_account),
        cmocka_unit_test(an_account_belongs_to_its_server),
        cmocka_unit_test(names_are_filed_as_other_programs_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
