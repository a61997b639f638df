/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Accounts on disk. */
#include "store/store_account.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "store_lab.h"

#include <signal.h>
#include <sys/wait.h>

#define DIRECTORY "https://ca.example:14000/dir"

static enum err_class save_key(struct lab *lab, const char *directory, const char *id)
{
    lab->n_done = 0;
    assert_non_null(store_account_key_save(lab->store, directory, id, lab->key, lab_on_done, lab));
    assert_int_equal(lab->n_done, 0);
    lab_turn(lab);
    assert_int_equal(lab->n_done, 1);
    return lab->err.class;
}

static void save_account(struct lab *lab, const char *id)
{
    struct store_account account = {
        .id = str_dup(id),
        .directory_url = str_dup(DIRECTORY),
        .url = str_dup("https://ca.example:14000/acct/1"),
        .status = str_dup("valid"),
        .terms_url = str_dup("https://ca.example/terms"),
        .eab_kid = str_dup("kid-1"),
        .created_s = 1763765460,
    };

    strv_add(&account.contacts, "mailto:ops@example.com");
    assert_non_null(store_account_save(lab->store, &account, lab_on_done, lab));
    /* Everything was copied. */
    strv_done(&account.contacts);
    mem_free(account.id);
    mem_free(account.directory_url);
    mem_free(account.url);
    mem_free(account.status);
    mem_free(account.terms_url);
    mem_free(account.eab_kid);
    lab_turn(lab);
    if (lab->err.class != ERR_NONE) {
        fail_msg("%s", lab->err.text);
    }
}

/* STATE-relative path of a file of the default account, to mem_free. */
static char *file_of(const struct lab *lab, const char *file)
{
    AUTO_FREE char *key_path = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(store_account_key_path(lab->store, DIRECTORY, "default", &key_path, &err), 0);
    size_t folder_len = strlen(key_path) - strlen("key.pem") - strlen(lab->dir) - 1;
    return str_fmt("%.*s%s", (int)folder_len, key_path + strlen(lab->dir) + 1, file);
}

static void account_comes_back(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_account) struct store_account *account = NULL;
    AUTO_PTR(key) struct key *key = NULL;
    AUTO_FREE char *key_file = file_of(lab, "key.pem");
    AUTO_FREE char *json_file = file_of(lab, "account.json");
    struct err err = ERR_INIT;

    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    save_account(lab, "default");
    assert_true(str_has_prefix(key_file, "accounts/ca.example-"));
    lab_assert_mode(lab, key_file, 0600);
    lab_assert_mode(lab, json_file, 0600);
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", &account, &key, &err), 0);
    assert_true(key_equals(key, lab->key));
    assert_string_equal(account->id, "default");
    assert_string_equal(account->directory_url, DIRECTORY);
    assert_string_equal(account->url, "https://ca.example:14000/acct/1");
    assert_string_equal(account->status, "valid");
    assert_string_equal(account->terms_url, "https://ca.example/terms");
    assert_string_equal(account->eab_kid, "kid-1");
    assert_int_equal(account->created_s, 1763765460);
    assert_int_equal(account->contacts.n, 1);
    assert_string_equal(account->contacts.items[0], "mailto:ops@example.com");
    assert_null(account->warning);
}

static void key_is_never_overwritten(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(key) struct key *key = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    struct key *first = lab->key;
    lab->key = lab->other_key;
    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_FAILED);
    lab_assert_says(&lab->err, "there is an account key at");
    lab->key = first;
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", NULL, &key, &err), 0);
    assert_true(key_equals(key, first));
}

static void key_alone_is_an_account_not_yet_registered(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_account) struct store_account *account = NULL;
    AUTO_PTR(key) struct key *key = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", &account, &key, &err),
                     -ERR_NOT_FOUND);
    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", &account, &key, &err), 0);
    assert_null(account->url);
    assert_null(account->warning);
}

static void damaged_account_json_never_loses_the_key(void **state)
{
    static const char *const damaged[] = {
        "", "{", "{\"format\": 1, \"directory\": \"https://other.example/dir\"}"};
    struct lab *lab = *state;
    AUTO_FREE char *json_file = file_of(lab, "account.json");
    struct err err = ERR_INIT;

    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        AUTO_PTR(store_account) struct store_account *account = NULL;
        AUTO_PTR(key) struct key *key = NULL;

        lab_write(lab, json_file, damaged[i]);
        assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", &account, &key, &err),
                         0);
        assert_null(account->url);
        assert_non_null(account->warning);
        assert_non_null(key);
    }
    lab_write(lab, json_file, "{\"format\": 99}");
    struct store_account *account = NULL;
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", &account, NULL, &err),
                     -ERR_FAILED);
    lab_assert_says(&err, "newer acme-dns");
}

static void damaged_or_open_key_is_named(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *key_file = file_of(lab, "key.pem");
    AUTO_FREE char *path = lab_path(lab, key_file);
    struct key *key = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", NULL, &key, &err),
                     -ERR_CONFIG);
    lab_assert_says(&err, path);
    lab_assert_says(&err, "0644");
    lab_write(lab, key_file, "");
    assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", NULL, &key, &err),
                     -ERR_CONFIG);
    lab_assert_says(&err, "is not a usable account key: it is empty");
    assert_null(key);
}

static void list_has_every_account(void **state)
{
    struct lab *lab = *state;
    AUTO(store_accounts_done) struct store_accounts accounts = {.items = NULL};
    struct err err = ERR_INIT;

    assert_int_equal(store_account_list(lab->store, &accounts, &err), 0);
    assert_int_equal(accounts.n, 0);
    assert_int_equal(save_key(lab, DIRECTORY, "default"), ERR_NONE);
    save_account(lab, "default");
    assert_int_equal(save_key(lab, DIRECTORY, "second"), ERR_NONE);
    assert_int_equal(save_key(lab, "https://ca.example/other", "default"), ERR_NONE);
    assert_int_equal(store_account_list(lab->store, &accounts, &err), 0);
    assert_int_equal(accounts.n, 3);
    size_t n_registered = 0;
    for (size_t i = 0; i < accounts.n; i++) {
        n_registered += str_eq(accounts.items[i]->directory_url, DIRECTORY);
    }
    assert_int_equal(n_registered, 1);
}

static void odd_directories_stay_below_accounts(void **state)
{
    static const char *const refused[] = {"http://ca.example/dir", "", "file:///etc", "https://"};
    struct lab *lab = *state;
    AUTO_FREE char *v6 = NULL;
    AUTO_FREE char *one = NULL;
    AUTO_FREE char *two = NULL;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        char *path = NULL;

        assert_int_equal(store_account_key_path(lab->store, refused[i], "default", &path, &err),
                         -ERR_CONFIG);
        assert_null(path);
        assert_null(store_account_lock_name(refused[i], "default"));
    }
    assert_int_equal(
        store_account_key_path(lab->store, "https://[::1]:14000/dir", "default", &v6, &err), 0);
    assert_null(strchr(v6, ':'));
    assert_null(strchr(v6, '['));
    assert_int_equal(store_account_key_path(lab->store, DIRECTORY, "default", &one, &err), 0);
    assert_int_equal(store_account_key_path(lab->store, DIRECTORY "2", "default", &two, &err), 0);
    assert_string_not_equal(one, two);
    char *none = NULL;
    assert_int_equal(store_account_key_path(lab->store, DIRECTORY, "../x", &none, &err),
                     -ERR_CONFIG);
}

#ifdef ACME_CRASH_POINTS
static void killed_around_the_key_it_is_whole_or_not_there(void **state)
{
    static const char *const points[] = {"store-account-key-before", "store-account-key-after"};
    struct lab *lab = *state;

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        AUTO_PTR(key) struct key *key = NULL;
        struct err err = ERR_INIT;
        int status = 0;
        pid_t pid = 0;

        lab_close(lab);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)setenv("ACME_DNS_CRASH_AT", points[i], 1);
            lab_open(lab);
            (void)save_key(lab, DIRECTORY, "default");
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        lab_open(lab);
        assert_int_equal(store_account_load(lab->store, DIRECTORY, "default", NULL, &key, &err),
                         i == 0 ? -ERR_NOT_FOUND : 0);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(account_comes_back),
        LAB_TEST(key_is_never_overwritten),
        LAB_TEST(key_alone_is_an_account_not_yet_registered),
        LAB_TEST(damaged_account_json_never_loses_the_key),
        LAB_TEST(damaged_or_open_key_is_named),
        LAB_TEST(list_has_every_account),
        LAB_TEST(odd_directories_stay_below_accounts),
#ifdef ACME_CRASH_POINTS
        LAB_TEST(killed_around_the_key_it_is_whole_or_not_there),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
