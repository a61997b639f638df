/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Installing and loading certificates: layout, refusals, and what is left after a kill or a full
 * disk. */
#include "store/store_cert.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "install_lab.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void first_installation_makes_the_layout(void **state)
{
    static const char *const links[] = {"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem",
                                        "metadata.json"};
    struct lab *lab = *state;

    lab_install(lab, 1, lab->key);
    lab_assert_live(lab, "5a0001");
    lab_assert_mode(lab, "certs/example.com", 0711);
    lab_assert_mode(lab, LAB_CERTS "current", 0711);
    lab_assert_mode(lab, LAB_CERTS "pending", 0700);
    lab_assert_mode(lab, LAB_CERTS "archived", 0700);
    lab_assert_mode(lab, LAB_CERTS "revoked", 0700);
    lab_assert_mode(lab, LAB_CERTS "cert.pem", 0444);
    lab_assert_mode(lab, LAB_CERTS "chain.pem", 0444);
    lab_assert_mode(lab, LAB_CERTS "fullchain.pem", 0444);
    lab_assert_mode(lab, LAB_CERTS "privkey.pem", 0600);
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        AUTO_FREE char *path = store_cert_path(lab->store, LAB_NAME, links[i]);
        AUTO_FREE char *wanted = fs_join("current", links[i]);
        char target[64] = "";

        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, wanted);
    }
}

static void loading_says_what_was_installed(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    lab_install(lab, 1, lab->key);
    assert_int_equal(store_cert_load(lab->store, LAB_NAME, &cert, &err), 0);
    assert_null(cert->warning);
    assert_string_equal(cert->name, LAB_NAME);
    assert_int_equal(cert->domains.n, 2);
    assert_string_equal(cert->domains.items[0], "*.example.com");
    assert_string_equal(cert->ca_name, "lab");
    assert_string_equal(cert->directory_url, "https://ca.example/dir");
    assert_string_equal(cert->account_id, "default");
    assert_string_equal(cert->order_url, "https://ca.example/order/1");
    assert_null(cert->certificate_url);
    assert_string_equal(cert->serial, "5a0001");
    assert_string_equal(cert->issuer, "Lab CA");
    assert_int_equal(cert->key_type, KEY_EC256);
    assert_int_equal(cert->not_after_s - cert->not_before_s, 90 * 86400 + 3600);
    assert_true(cert->issued_s >= clock_wall_s() - 60);
    assert_null(cert->previous_version);
    assert_int_equal(store_cert_list(lab->store, &names, &err), 0);
    assert_int_equal(names.n, 1);
    assert_string_equal(names.items[0], LAB_NAME);
}

static void next_installation_archives_the_one_before(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err err = ERR_INIT;

    lab_install(lab, 1, lab->key);
    lab_install(lab, 2, lab->other_key);
    lab_assert_live(lab, "5a0002");
    assert_int_equal(store_cert_load(lab->store, LAB_NAME, &cert, &err), 0);
    AUTO_FREE char *archived = lab_list(lab, LAB_CERTS "archived");
    assert_string_equal(archived, cert->previous_version);
    assert_non_null(strstr(archived, "-5a0001"));
    AUTO_FREE char *old_key = str_fmt(LAB_CERTS "archived/%s/privkey.pem", archived);
    lab_assert_mode(lab, old_key, 0600);
}

static void same_certificate_again_changes_nothing(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);

    lab_make_chain(lab, 1, lab->key, &pem);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    AUTO_FREE char *before = lab_list(lab, LAB_CERTS);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    AUTO_FREE char *after = lab_list(lab, LAB_CERTS);
    AUTO_FREE char *archived = lab_list(lab, LAB_CERTS "archived");
    assert_string_equal(before, after);
    assert_string_equal(archived, "");
}

static void removed_link_is_made_again(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "privkey.pem");

    lab_make_chain(lab, 1, lab->key, &pem);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    lab_assert_live(lab, "5a0001");
}

static void same_serial_twice_is_two_versions(void **state)
{
    struct lab *lab = *state;

    lab_install(lab, 1, lab->key);
    lab_install(lab, 1, lab->other_key);
    lab_assert_live(lab, "5a0001");
    lab_install(lab, 1, lab->key);
    AUTO_FREE char *archived = lab_list(lab, LAB_CERTS "archived");
    assert_non_null(strstr(archived, "-5a0001 "));
    assert_non_null(strstr(archived, "-5a0001-2"));
}

static void damaged_version_in_force_is_installed_anew(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "privkey.pem");

    lab_make_chain(lab, 1, lab->key, &pem);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    lab_assert_live(lab, "5a0001");
}

static void key_mode_and_group_are_followed(void **state)
{
    /* Who could write it could put another one there; it would not be read back either. */
    static const mode_t OPEN[] = {0644, 0660, 0620};
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct stat st;

    strv_add(&names, "example.com");
    lab_make_chain(lab, 1, lab->key, &pem);
    struct store_install wanted = lab_wanted(&names, &pem, lab->key);
    for (size_t i = 0; i < ARRAY_LEN(OPEN); i++) {
        AUTO_FREE char *mode = str_fmt("%04o", (unsigned)OPEN[i]);

        wanted.privkey_mode = OPEN[i];
        assert_int_equal(lab_install_with(lab, &wanted), ERR_CONFIG);
        lab_assert_says(&lab->err, mode);
    }
    wanted.privkey_mode = 0640;
    wanted.privkey_gid = geteuid() == 0 ? 12345 : getegid();
    assert_int_equal(lab_install_with(lab, &wanted), ERR_NONE);
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "privkey.pem");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(st.st_gid, wanted.privkey_gid);
}

static void retire(const struct lab *lab)
{
    struct err err = ERR_INIT;

    if (store_cert_retire(lab->store, LAB_NAME, "superseded", &err) < 0) {
        fail_msg("%s", err.text);
    }
}

/* What was revoked once must not keep its successor from being renewed for ever. */
static void one_whose_link_is_gone_was_not_revoked(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *current = lab_path(lab, LAB_CERTS "current");

    lab_install(lab, 1, lab->key);
    retire(lab);
    assert_true(store_cert_is_retired(lab->store, LAB_NAME));
    lab_install(lab, 2, lab->other_key);
    assert_false(store_cert_is_retired(lab->store, LAB_NAME));
    assert_int_equal(unlink(current), 0);
    assert_false(store_cert_is_retired(lab->store, LAB_NAME));
}

/* An installation that was killed leaves a version that nobody ever served. */
static void what_was_left_behind_brings_no_revoked_one_back(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *left = lab_path(lab, LAB_CERTS "20200101-77");
    AUTO_FREE char *archived = lab_path(lab, LAB_CERTS "archived/20200101-77");

    lab_install(lab, 1, lab->key);
    assert_int_equal(mkdir(left, 0711), 0);
    retire(lab);
    assert_true(store_cert_is_retired(lab->store, LAB_NAME));
    assert_true(fs_is_dir(archived));
}

static void bad_chain_touches_nothing(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);

    lab_install(lab, 1, lab->key);
    AUTO_FREE char *before = lab_list(lab, LAB_CERTS);
    lab_make_chain(lab, 2, lab->other_key, &pem);
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_CA);
    lab_assert_says(&lab->err, "is for another key");
    pem.len /= 2;
    assert_int_equal(lab_install_chain(lab, &pem, lab->other_key), ERR_CA);
    lab_assert_says(&lab->err, "cannot install the certificate 'example.com'");
    AUTO_FREE char *after = lab_list(lab, LAB_CERTS);
    assert_string_equal(before, after);
    lab_assert_live(lab, "5a0001");
}

static void foreign_files_are_named_and_left(void **state)
{
    static const char *const files[] = {"fullchain.pem", "current"};
    struct lab *lab = *state;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        AUTO(buf_done) struct buf pem = BUF(65536);
        AUTO_FREE char *path = store_cert_path(lab->store, LAB_NAME, files[i]);
        struct err err = ERR_INIT;

        lab_install(lab, 1, lab->key);
        AUTO_FREE char *serving = lab_list(lab, LAB_CERTS);
        char target[128] = "";
        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
        assert_int_equal(fs_symlink_atomic("/etc/ssl/mine.pem", path, &err), 0);
        lab_make_chain(lab, 2, lab->key, &pem);
        assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_FAILED);
        lab_assert_says(&lab->err, path);
        lab_assert_says(&lab->err, "is in the way");
        AUTO_FREE char *after = lab_list(lab, LAB_CERTS);
        assert_string_equal(serving, after);
        /* A plain file is as foreign as a link. */
        assert_int_equal(unlink(path), 0);
        assert_int_equal(fs_write_new(path, "mine", 4, 0644, &err), 0);
        assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_FAILED);
        AUTO(buf_done) struct buf mine = BUF(16);
        assert_int_equal(fs_read(path, &mine, &err), 0);
        assert_string_equal(mine.bytes, "mine");
        assert_int_equal(fs_symlink_atomic(target, path, &err), 0);
    }
}

/* Runs an installation in a child process; its wait status. */
static int install_in_child(struct lab *lab, const struct buf *pem, struct key *key,
                            const char *crash_at, rlim_t file_size)
{
    int status = 0;
    pid_t pid = 0;

    lab_close(lab);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit limit = {file_size, file_size};

        if (crash_at != NULL) {
            (void)setenv("ACME_DNS_CRASH_AT", crash_at, 1);
        }
        lab_open(lab);
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        _exit(lab_install_chain(lab, pem, key));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    lab_open(lab);
    return status;
}

#ifdef ACME_CRASH_POINTS

static const struct {
    const char *name;
    bool has_switched;
} points[] = {
    {"store-stage-before", false}, {"store-stage-after", false},   {"store-switch-before", false},
    {"store-switch-after", true},  {"store-archive-before", true}, {"store-archive-after", true},
};

static void killed_at_any_point_old_or_new_is_whole(void **state)
{
    struct lab *lab = *state;

    lab_install(lab, 1, lab->key);
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        AUTO(buf_done) struct buf pem = BUF(65536);
        AUTO_FREE char *before = lab_look(lab);
        AUTO_FREE char *wanted = str_fmt("5a00%02zx", i + 2);

        lab_make_chain(lab, (uint8_t)(i + 2), lab->other_key, &pem);
        int status = install_in_child(lab, &pem, lab->other_key, points[i].name, RLIM_INFINITY);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        lab_assert_live(lab, points[i].has_switched ? wanted : before);
        /* The next run finishes it, and leaves exactly one version beside the archive. */
        assert_int_equal(lab_install_chain(lab, &pem, lab->other_key), ERR_NONE);
        lab_assert_live(lab, wanted);
        AUTO_FREE char *now = lab_list(lab, LAB_CERTS);
        assert_null(strstr(now, before));
        assert_null(strstr(now, ".new"));
        AUTO_FREE char *archived = lab_list(lab, LAB_CERTS "archived");
        assert_non_null(strstr(archived, before));
    }
}

static void killed_in_the_first_installation_nothing_half_is_served(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "privkey.pem");
    struct err err = ERR_INIT;

    lab_make_chain(lab, 1, lab->key, &pem);
    for (size_t i = 0; i < 3; i++) {
        int status = install_in_child(lab, &pem, lab->key, points[i].name, RLIM_INFINITY);

        assert_true(WIFSIGNALED(status));
        assert_false(fs_exists(path));
        assert_int_equal(store_cert_load(lab->store, LAB_NAME, &cert, &err), -ERR_NOT_FOUND);
    }
    assert_int_equal(lab_install_chain(lab, &pem, lab->key), ERR_NONE);
    lab_assert_live(lab, "5a0001");
}

#endif

static void full_disk_at_any_file_keeps_the_old(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf pem = BUF(65536);
    unsigned n_failed = 0;

    lab_install(lab, 1, lab->key);
    AUTO_FREE char *before = lab_list(lab, LAB_CERTS);
    lab_make_chain(lab, 2, lab->other_key, &pem);
    for (rlim_t size = 0; size < 2000; size += 40) {
        int status = install_in_child(lab, &pem, lab->other_key, NULL, size);

        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == ERR_NONE) {
            break;
        }
        n_failed++;
        assert_int_equal(WEXITSTATUS(status), ERR_FAILED);
        lab_assert_live(lab, "5a0001");
        AUTO_FREE char *after = lab_list(lab, LAB_CERTS);
        assert_string_equal(before, after);
    }
    assert_true(n_failed > 10);
    lab_assert_live(lab, "5a0002");
}

static void expect_derived(struct lab *lab, const char *reason)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err err = ERR_INIT;

    if (store_cert_load(lab->store, LAB_NAME, &cert, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_non_null(cert->warning);
    if (strstr(cert->warning, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", cert->warning, reason);
    }
    assert_string_equal(cert->serial, "5a0002");
    assert_int_equal(cert->domains.n, 2);
    assert_int_equal(cert->key_type, KEY_EC256);
    assert_null(cert->directory_url);
}

static void dates_in_metadata_move_no_renewal(void **state)
{
    struct lab *lab = *state;
    AUTO(buf_done) struct buf text = BUF(65536);
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err err = ERR_INIT;
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "current/metadata.json");

    lab_install(lab, 1, lab->key);
    assert_int_equal(fs_read(path, &text, &err), 0);
    for (char *at = text.bytes; (at = strstr(at, "\"not-")) != NULL; at++) {
        char *year = strstr(at, ": \"");

        assert_non_null(year);
        memcpy(year + 3, "2999", 4);
    }
    lab_write(lab, LAB_CERTS "current/metadata.json", text.bytes);
    assert_int_equal(store_cert_load(lab->store, LAB_NAME, &cert, &err), 0);
    assert_true(cert->not_before_s <= clock_wall_s());
    assert_int_equal(cert->not_after_s - cert->not_before_s, 90 * 86400 + 3600);
}

static void lost_metadata_come_from_the_certificate(void **state)
{
    static const char *const damaged[][2] = {
        {"", "is empty"},
        {"{\"format\": 1, \"name", "is damaged"},
        {"[]", "no format number"},
        {"{\"format\": 0}", "no format number"},
        {"{\"format\": 1, \"sha256\": \"00\"}", "about another certificate"},
    };
    struct lab *lab = *state;
    AUTO_FREE char *archived_meta = NULL;
    AUTO(buf_done) struct buf old = BUF(65536);
    struct err err = ERR_INIT;

    lab_install(lab, 1, lab->key);
    lab_install(lab, 2, lab->key);
    for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
        lab_write(lab, LAB_CERTS "current/metadata.json", damaged[i][0]);
        expect_derived(lab, damaged[i][1]);
    }
    /* Whole, but of the version before. */
    AUTO_FREE char *archived = lab_list(lab, LAB_CERTS "archived");
    AUTO_FREE char *relative = str_fmt(LAB_CERTS "archived/%s/metadata.json", archived);
    archived_meta = lab_path(lab, relative);
    assert_int_equal(fs_read(archived_meta, &old, &err), 0);
    lab_write(lab, LAB_CERTS "current/metadata.json", old.bytes);
    expect_derived(lab, "about another certificate");
    AUTO_FREE char *gone = lab_path(lab, LAB_CERTS "current/metadata.json");
    assert_int_equal(unlink(gone), 0);
    expect_derived(lab, "No such file");
}

static void newer_format_is_refused_and_left(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err err = ERR_INIT;

    lab_install(lab, 1, lab->key);
    lab_write(lab, LAB_CERTS "current/metadata.json", "{\"format\": 2}");
    assert_int_equal(store_cert_load(lab->store, LAB_NAME, &cert, &err), -ERR_FAILED);
    lab_assert_says(&err, "newer acme-dns");
    assert_null(cert);
}

static void empty_certificate_file_is_a_clear_error(void **state)
{
    struct lab *lab = *state;
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    AUTO_FREE char *path = lab_path(lab, LAB_CERTS "cert.pem");
    struct err err = ERR_INIT;

    lab_install(lab, 1, lab->key);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(truncate(path, 0), 0);
    assert_true(store_cert_load(lab->store, LAB_NAME, &cert, &err) < 0);
    lab_assert_says(&err, "cert.pem': there is no certificate in it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(first_installation_makes_the_layout),
        LAB_TEST(loading_says_what_was_installed),
        LAB_TEST(next_installation_archives_the_one_before),
        LAB_TEST(same_certificate_again_changes_nothing),
        LAB_TEST(removed_link_is_made_again),
        LAB_TEST(same_serial_twice_is_two_versions),
        LAB_TEST(damaged_version_in_force_is_installed_anew),
        LAB_TEST(key_mode_and_group_are_followed),
        LAB_TEST(one_whose_link_is_gone_was_not_revoked),
        LAB_TEST(what_was_left_behind_brings_no_revoked_one_back),
        LAB_TEST(bad_chain_touches_nothing),
        LAB_TEST(foreign_files_are_named_and_left),
#ifdef ACME_CRASH_POINTS
        LAB_TEST(killed_at_any_point_old_or_new_is_whole),
        LAB_TEST(killed_in_the_first_installation_nothing_half_is_served),
#endif
        LAB_TEST(full_disk_at_any_file_keeps_the_old),
        LAB_TEST(dates_in_metadata_move_no_renewal),
        LAB_TEST(lost_metadata_come_from_the_certificate),
        LAB_TEST(newer_format_is_refused_and_left),
        LAB_TEST(empty_certificate_file_is_a_clear_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
