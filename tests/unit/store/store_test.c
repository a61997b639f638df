/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Folders, names and jobs of the state. */
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "store/store_cert.h"
#include "store_lab.h"

static void folders_have_exact_modes_whatever_the_umask(void **state)
{
    struct lab *lab = *state;
    struct store *staging = NULL;
    struct err err = ERR_INIT;
    mode_t old = umask(0);

    AUTO_FREE char *fresh = lab_path(lab, "deep/state");
    assert_int_equal(store_open(lab->loop, fresh, false, &staging, &err), 0);
    store_free(TAKE(staging));
    (void)umask(077);
    assert_int_equal(store_open(lab->loop, fresh, true, &staging, &err), 0);
    (void)umask(old);
    lab_assert_mode(lab, "deep/state", 0711);
    lab_assert_mode(lab, "deep/state/certs", 0711);
    lab_assert_mode(lab, "deep/state/accounts", 0700);
    lab_assert_mode(lab, "deep/state/journal", 0700);
    lab_assert_mode(lab, "deep/state/locks", 0700);
    lab_assert_mode(lab, "deep/state/logs/autorenew", 0700);
    lab_assert_mode(lab, "deep/state/staging", 0711);
    lab_assert_mode(lab, "deep/state/staging/certs", 0711);
    lab_assert_mode(lab, "deep/state/staging/accounts", 0700);
    lab_assert_mode(lab, "deep/state/staging/journal", 0700);
    assert_true(store_is_staging(staging));
    assert_non_null(strstr(store_folder(staging, STORE_CERTS), "/staging/certs"));
    assert_null(strstr(store_folder(staging, STORE_LOCKS), "staging"));
    store_free(staging);
}

static void existing_folders_are_left_as_they_are(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *certs = lab_path(lab, "certs");
    struct store *again = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(chmod(certs, 0750), 0);
    assert_int_equal(store_open(lab->loop, lab->dir, false, &again, &err), 0);
    lab_assert_mode(lab, "certs", 0750);
    store_free(again);
}

static void file_in_the_place_of_a_folder_is_named(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *state_dir = lab_path(lab, "other");
    struct store *store = NULL;
    struct err err = ERR_INIT;

    lab_write(lab, "other", "x");
    assert_true(store_open(lab->loop, state_dir, false, &store, &err) < 0);
    lab_assert_says(&err, state_dir);
    assert_null(store);
}

static void names_never_become_paths_unchecked(void **state)
{
    static const char *const bad[] = {"",     ".",   "..",   ".hidden",  "-rf",   "a/b",
                                      "A.de", "a b", "a\nb", "\xc3\xbc", "*.a.de"};
    struct lab *lab = *state;
    char long_name[130];
    struct err err = ERR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct store_cert *cert = NULL;
        AUTO(strv_done) struct strv tags = STRV_INIT;

        assert_int_equal(store_name_check(bad[i], &err), -ERR_CONFIG);
        assert_int_equal(store_cert_load(lab->store, bad[i], &cert, &err), -ERR_CONFIG);
        assert_int_equal(store_pending_key_drop(lab->store, "a", bad[i], &err), -ERR_CONFIG);
        assert_int_equal(store_pending_key_list(lab->store, bad[i], &tags, &err), -ERR_CONFIG);
    }
    memset(long_name, 'a', sizeof(long_name));
    long_name[129] = '\0';
    assert_int_equal(store_name_check(long_name, &err), -ERR_CONFIG);
    long_name[128] = '\0';
    assert_int_equal(store_name_check(long_name, &err), 0);
    assert_int_equal(store_name_check("a_b-c.de", &err), 0);
}

static void default_name_is_the_first_domain(void **state)
{
    char long_domain[200];
    struct err err = ERR_INIT;

    (void)state;
    AUTO_FREE char *plain = store_name_for("example.com");
    AUTO_FREE char *wildcard = store_name_for("*.example.com");
    assert_string_equal(plain, "example.com");
    assert_string_equal(wildcard, "example.com");
    memset(long_domain, 'a', sizeof(long_domain));
    long_domain[199] = '\0';
    AUTO_FREE char *first = store_name_for(long_domain);
    long_domain[198] = 'b';
    AUTO_FREE char *second = store_name_for(long_domain);
    assert_int_equal(strlen(first), 128);
    assert_int_equal(store_name_check(first, &err), 0);
    assert_string_not_equal(first, second);
}

static void cancelled_job_does_nothing(void **state)
{
    struct lab *lab = *state;
    struct store_job *job =
        store_pending_key_save(lab->store, "a.de", "tag", lab->key, lab_on_done, lab);
    AUTO_FREE char *folder = lab_path(lab, "certs/a.de");

    store_job_cancel(&job);
    assert_null(job);
    store_job_cancel(&job);
    lab_turn(lab);
    assert_int_equal(lab->n_done, 0);
    assert_false(fs_exists(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(folders_have_exact_modes_whatever_the_umask),
        LAB_TEST(existing_folders_are_left_as_they_are),
        LAB_TEST(file_in_the_place_of_a_folder_is_named),
        LAB_TEST(names_never_become_paths_unchecked),
        LAB_TEST(default_name_is_the_first_domain),
        LAB_TEST(cancelled_job_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
