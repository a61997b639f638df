/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Old versions lose their keys, and nothing else. */
#include "store/store_cert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "install_lab.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define ARCHIVED LAB_CERTS "archived/"

/* A version in archived/, with a key of its name and the metadata that it was installed with. */
static void make_version(const struct lab *lab, const char *name, const char *issued)
{
    static const char *const files[] = {"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"};
    AUTO_FREE char *relative = str_fmt(ARCHIVED "%s", name);
    AUTO_FREE char *folder = lab_path(lab, relative);
    AUTO_FREE char *meta = str_fmt("%s/metadata.json", relative);
    AUTO_FREE char *json = str_fmt("{\"format\": 1, \"issued\": \"%s\"}", issued);
    struct err err = ERR_INIT;

    assert_int_equal(fs_mkdir_all(folder, 0711, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO_FREE char *path = str_fmt("%s/%s", relative, files[i]);

        lab_write(lab, path, name);
    }
    if (issued[0] != '\0') {
        lab_write(lab, meta, json);
    }
}

static bool has(const struct lab *lab, const char *version, const char *file)
{
    AUTO_FREE char *relative = str_fmt(ARCHIVED "%s/%s", version, file);
    AUTO_FREE char *path = lab_path(lab, relative);

    return fs_exists(path);
}

static void prune(const struct lab *lab, size_t n_keep)
{
    struct err err = ERR_INIT;

    if (store_cert_prune(lab->store, LAB_NAME, n_keep, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

/* Serials say nothing of age: the metadata do. */
static void the_newest_by_date_keep_their_keys(void **state)
{
    struct lab *lab = *state;

    make_version(lab, "20260101-ff", "2026-01-01T01:00:00Z");
    make_version(lab, "20260101-01", "2026-01-01T02:00:00Z");
    make_version(lab, "20260101-77", "2026-01-01T03:00:00Z");
    make_version(lab, "20250101-aa", "2026-01-01T04:00:00Z");
    prune(lab, 3);
    assert_false(has(lab, "20260101-ff", "privkey.pem"));
    assert_true(has(lab, "20260101-01", "privkey.pem"));
    assert_true(has(lab, "20260101-77", "privkey.pem"));
    assert_true(has(lab, "20250101-aa", "privkey.pem"));
    prune(lab, 1);
    assert_false(has(lab, "20260101-01", "privkey.pem"));
    assert_false(has(lab, "20260101-77", "privkey.pem"));
    assert_true(has(lab, "20250101-aa", "privkey.pem"));
}

static void certificates_stay(void **state)
{
    struct lab *lab = *state;

    make_version(lab, "20260101-01", "2026-01-01T02:00:00Z");
    prune(lab, 0);
    assert_false(has(lab, "20260101-01", "privkey.pem"));
    assert_true(has(lab, "20260101-01", "cert.pem"));
    assert_true(has(lab, "20260101-01", "chain.pem"));
    assert_true(has(lab, "20260101-01", "fullchain.pem"));
    assert_true(has(lab, "20260101-01", "metadata.json"));
}

/* The file's own time takes the place of a date that is lost. */
static void lost_metadata_do_not_make_a_key_old(void **state)
{
    struct lab *lab = *state;

    make_version(lab, "20200101-01", "2020-01-01T02:00:00Z");
    make_version(lab, "20190101-01", "");
    prune(lab, 1);
    assert_false(has(lab, "20200101-01", "privkey.pem"));
    assert_true(has(lab, "20190101-01", "privkey.pem"));
}

static void what_is_in_force_is_not_touched(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *link = lab_path(lab, ARCHIVED "20190101-01");

    lab_install(lab, 1, lab->key);
    lab_install(lab, 2, lab->other_key);
    assert_int_equal(symlink("../current", link), 0);
    prune(lab, 0);
    lab_assert_live(lab, "5a0002");
}

/* Its other name may be what a server reads. */
static void a_key_with_another_name_is_not_written_over(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *path = lab_path(lab, ARCHIVED "20260101-01/privkey.pem");
    AUTO_FREE char *other = lab_path(lab, "other.pem");
    AUTO(buf_done) struct buf text = BUF(100);
    struct err err = ERR_INIT;

    make_version(lab, "20260101-01", "2026-01-01T02:00:00Z");
    assert_int_equal(link(path, other), 0);
    prune(lab, 0);
    assert_false(fs_exists(path));
    assert_int_equal(fs_read(other, &text, &err), 0);
    assert_string_equal(buf_str(&text), "20260101-01");
}

/* An opened descriptor shows what is left of the file whose name is gone. */
static void the_bytes_are_gone_too(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *path = lab_path(lab, ARCHIVED "20260101-01/privkey.pem");
    FILE *file = NULL;
    char found[32] = "";

    make_version(lab, "20260101-01", "2026-01-01T02:00:00Z");
    file = fopen(path, "re");
    assert_non_null(file);
    prune(lab, 0);
    assert_int_equal(fread(found, 1, sizeof(found), file), strlen("20260101-01"));
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < sizeof(found); i++) {
        assert_int_equal(found[i], 0);
    }
}

#ifdef ACME_CRASH_POINTS
static void killed_in_between_the_next_call_goes_on(void **state)
{
    static const char *const points[] = {"store-prune-before:1", "store-prune-after:1",
                                         "store-prune-before:2", "store-prune-after:2"};
    struct lab *lab = *state;

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        pid_t pid = -1;
        int status = 0;

        make_version(lab, "20260101-01", "2026-01-01T02:00:00Z");
        make_version(lab, "20260102-01", "2026-01-02T02:00:00Z");
        make_version(lab, "20260103-01", "2026-01-03T02:00:00Z");
        pid = fork();
        if (pid == 0) {
            assert_int_equal(setenv("ACME_DNS_CRASH_AT", points[i], 1), 0);
            prune(lab, 1);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(has(lab, "20260103-01", "privkey.pem"));
        prune(lab, 1);
        assert_false(has(lab, "20260101-01", "privkey.pem"));
        assert_false(has(lab, "20260102-01", "privkey.pem"));
        assert_true(has(lab, "20260103-01", "privkey.pem"));
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(the_newest_by_date_keep_their_keys),
        LAB_TEST(certificates_stay),
        LAB_TEST(lost_metadata_do_not_make_a_key_old),
        LAB_TEST(what_is_in_force_is_not_touched),
        LAB_TEST(a_key_with_another_name_is_not_written_over),
        LAB_TEST(the_bytes_are_gone_too),
#ifdef ACME_CRASH_POINTS
        LAB_TEST(killed_in_between_the_next_call_goes_on),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
