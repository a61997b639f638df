/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/fs.h"

#include "base/mem.h"
#include "cmocka_all.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static struct err err;

static int make_folder(void **state)
{
    (void)state;
    err_clear(&err);
    (void)snprintf(folder, sizeof(folder), "/tmp/acme-fs-test-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int remove_folder(void **state)
{
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void expect_content(const char *path, const char *content)
{
    AUTO(buf_done) struct buf text = BUF(1000);

    if (fs_read(path, &text, &err) != 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(buf_str(&text), content);
}

static void writing_replaces_in_whole_with_the_exact_mode(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "f");
    AUTO(strv_done) struct strv names = STRV_INIT;
    mode_t before = umask(077);

    (void)state;
    assert_int_equal(fs_write_atomic(path, "one", 3, 0644, &err), 0);
    assert_int_equal(mode_of(path), 0644);
    assert_int_equal(fs_write_atomic(path, "two", 3, 0600, &err), 0);
    (void)umask(before);
    assert_int_equal(mode_of(path), 0600);
    expect_content(path, "two");
    assert_int_equal(fs_list(folder, &names, &err), 0);
    assert_int_equal(names.n, 1);
}

static void what_a_killed_write_left_goes_and_nothing_else(void **state)
{
    AUTO_FREE char *left = fs_join(folder, ".key.pem.0123456789abcdef");
    AUTO_FREE char *hidden = fs_join(folder, ".key.pem");
    AUTO_FREE char *longer = fs_join(folder, ".key.pem.0123456789abcdef0");

    (void)state;
    assert_int_equal(fs_write_new(left, "x", 1, 0600, &err), 0);
    assert_int_equal(fs_write_new(hidden, "x", 1, 0600, &err), 0);
    assert_int_equal(fs_write_new(longer, "x", 1, 0600, &err), 0);
    fs_drop_temporaries(folder);
    assert_false(fs_exists(left));
    assert_true(fs_exists(hidden));
    assert_true(fs_exists(longer));
}

static void a_failed_write_leaves_the_old_file_and_no_other(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "f");
    AUTO_FREE char *inside = fs_join(path, "g");
    AUTO_FREE char *taken = fs_join(folder, "taken");

    (void)state;
    assert_int_equal(fs_write_new(path, "old", 3, 0600, &err), 0);
    assert_true(fs_write_new(path, "new", 3, 0600, &err) < 0);
    assert_true(fs_write_atomic(inside, "x", 1, 0600, &err) < 0);
    expect_content(path, "old");
    assert_int_equal(fs_mkdir(taken, 0700, &err), 0);
    assert_true(fs_write_atomic(taken, "x", 1, 0600, &err) < 0);
    assert_non_null(strstr(err.text, taken));
    assert_true(fs_is_dir(taken));
    assert_int_equal(rmdir(taken), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* so no temporary file was left */
    assert_int_equal(mkdir(folder, 0700), 0);
}

static void folders_get_their_mode_and_keep_it(void **state)
{
    AUTO_FREE char *above = fs_join(folder, "a");
    AUTO_FREE char *path = fs_join(above, "b/c/");
    mode_t before = umask(077);

    (void)state;
    assert_int_equal(fs_mkdir_all(path, 0755, &err), 0);
    (void)umask(before);
    assert_int_equal(mode_of(path), 0755);
    assert_int_equal(mode_of(above), 0711);
    assert_int_equal(fs_mkdir_all(path, 0700, &err), 0);
    assert_int_equal(fs_mkdir(path, 0700, &err), 0);
    assert_int_equal(mode_of(path), 0755);
}

static void a_folder_cannot_be_made_below_a_file(void **state)
{
    AUTO_FREE char *file = fs_join(folder, "f");
    AUTO_FREE char *below = fs_join(file, "x");

    (void)state;
    assert_int_equal(fs_write_new(file, "", 0, 0600, &err), 0);
    assert_true(fs_mkdir(file, 0700, &err) < 0);
    assert_true(fs_mkdir_all(below, 0700, &err) < 0);
}

static void a_link_switches_in_one_step(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "current");
    char target[32] = "";

    (void)state;
    assert_int_equal(fs_symlink_atomic("v1", path, &err), 0);
    assert_int_equal(fs_symlink_atomic("v2", path, &err), 0);
    assert_int_equal(readlink(path, target, sizeof(target) - 1), 2);
    assert_string_equal(target, "v2");
}

static void what_is_not_there_is_said_so(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "absent");
    AUTO(buf_done) struct buf text = BUF(10);
    AUTO(strv_done) struct strv names = STRV_INIT;

    (void)state;
    assert_int_equal(fs_read(path, &text, &err), -ERR_NOT_FOUND);
    assert_int_equal(fs_list(path, &names, &err), -ERR_NOT_FOUND);
    assert_int_equal(fs_unlink(path, &err), 0);
    assert_false(fs_exists(path));
    assert_true(fs_rename(path, folder, &err) < 0);
}

static void reading_has_a_ceiling(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "f");
    AUTO(buf_done) struct buf small = BUF(4);

    (void)state;
    assert_int_equal(fs_write_new(path, "12345", 5, 0600, &err), 0);
    assert_true(fs_read(path, &small, &err) < 0);
    assert_non_null(strstr(err.text, "larger than 4 bytes"));
}

static void a_private_file_is_refused_when_others_can_read_it(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "key");
    AUTO(buf_done) struct buf text = BUF_SECRET(100);

    (void)state;
    assert_int_equal(fs_write_new(path, "k", 1, 0600, &err), 0);
    assert_int_equal(fs_read_private(path, false, &text, &err), 0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(fs_read_private(path, false, &text, &err) < 0);
    assert_non_null(strstr(err.text, "mode 0640, want 0600"));
    assert_int_equal(fs_read_private(path, true, &text, &err), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(fs_read_private(path, true, &text, &err) < 0);
    assert_int_equal(text.len, 2);
    assert_true(fs_read_private(folder, true, &text, &err) < 0);
    assert_non_null(strstr(err.text, "regular"));
}

static void a_fifo_does_not_hang_a_private_read(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "fifo");
    AUTO(buf_done) struct buf text = BUF(100);

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(fs_read_private(path, false, &text, &err) < 0);
}

static void a_strangers_file_is_no_secret_of_ours(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "key");
    AUTO(buf_done) struct buf text = BUF(100);

    (void)state;
    if (geteuid() != 0) {
        str_set(&path, NULL); /* skip() leaves without clean-up */
        skip();
    }
    assert_int_equal(fs_write_new(path, "k", 1, 0600, &err), 0);
    if (chown(path, 12345, 12345) != 0) {
        return;
    }
    assert_true(fs_read_private(path, false, &text, &err) < 0);
    assert_non_null(strstr(err.text, "belongs to user 12345"));
}

/* fs_check_trusted() on path: 0, or the error's class, negative. */
static int check_trust(const char *path)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fs_check_trusted(fd, path, &err);
}

static void root_trusts_only_what_root_alone_can_write(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "hook");

    (void)state;
    assert_int_equal(fs_write_new(path, "k", 1, 0755, &err), 0);
    assert_int_equal(check_trust(path), 0);
    assert_int_equal(chmod(path, 0775), 0);
    assert_int_equal(check_trust(path), geteuid() == 0 ? -ERR_CONFIG : 0);
    assert_int_equal(chmod(path, 0757), 0);
    assert_int_equal(check_trust(path), geteuid() == 0 ? -ERR_CONFIG : 0);
    assert_int_equal(chmod(path, 0755), 0);
    if (geteuid() == 0 && chown(path, 12345, 0) == 0) {
        assert_int_equal(check_trust(path), -ERR_CONFIG);
        assert_non_null(strstr(err.text, "user 12345"));
    }
}

/* In a user namespace that knows root only: the class for mode 0755 and for 0775, or 99 where the
 * system allows none. */
static int check_unmapped(const char *path)
{
    int fd = -1;

    if (unshare(CLONE_NEWUSER) != 0) {
        return 99;
    }
    fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0 0 1", 5) != 5) {
        return 99;
    }
    (void)close(fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 98;
    }
    return -fs_check_trusted(fd, path, &err);
}

static int check_unmapped_in_child(const char *path)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(check_unmapped(path));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void an_owner_without_a_place_in_the_namespace_passes(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "hook");
    int class = 0;

    (void)state;
    assert_int_equal(fs_write_new(path, "k", 1, 0755, &err), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    class = geteuid() != 0 || chown(path, 12345, 0) != 0 ? 99 : check_unmapped_in_child(path);
    if (class == 99) {
        str_set(&path, NULL);
        skip();
    }
    assert_int_equal(class, 0);
    assert_int_equal(chmod(path, 0775), 0);
    assert_int_equal(check_unmapped_in_child(path), ERR_CONFIG);
}

static void names_come_sorted_and_without_hidden_ones(void **state)
{
    static const char *const NAMES[] = {"b", ".hidden", "a", "c"};
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO_FREE char *joined = NULL;

    (void)state;
    strv_add(&names, "stale");
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        AUTO_FREE char *path = fs_join(folder, NAMES[i]);

        assert_int_equal(fs_write_new(path, "", 0, 0600, &err), 0);
    }
    assert_int_equal(fs_list(folder, &names, &err), 0);
    joined = strv_join(&names, " ");
    assert_string_equal(joined, "a b c");
}

static void folders_are_told_from_files(void **state)
{
    AUTO_FREE char *file = fs_join(folder, "file");
    AUTO_FREE char *a = fs_join(folder, "a");
    AUTO_FREE char *hidden = fs_join(folder, ".hidden");
    AUTO_FREE char *link = fs_join(folder, "link");
    AUTO_FREE char *to_file = fs_join(folder, "to-file");
    AUTO_FREE char *to_nothing = fs_join(folder, "to-nothing");
    AUTO(strv_done) struct strv names = STRV_INIT;

    (void)state;
    assert_int_equal(fs_write_atomic(file, "", 0, 0600, &err), 0);
    assert_int_equal(fs_mkdir(a, 0700, &err), 0);
    assert_int_equal(fs_mkdir(hidden, 0700, &err), 0);
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(symlink("file", to_file), 0);
    assert_int_equal(symlink("nothing", to_nothing), 0);
    assert_int_equal(fs_list_folders(folder, &names, &err), 0);
    AUTO_FREE char *all = strv_join(&names, " ");
    assert_string_equal(all, "a link");
    assert_int_equal(fs_list_folders(to_nothing, &names, &err), -ERR_NOT_FOUND);
}

static void joining_does_not_double_the_slash(void **state)
{
    AUTO_FREE char *plain = fs_join("/a", "b");
    AUTO_FREE char *slashed = fs_join("/a/", "b");

    (void)state;
    assert_string_equal(plain, "/a/b");
    assert_string_equal(slashed, "/a/b");
}

static void locks_exclude_without_waiting(void **state)
{
    AUTO_FREE char *path = fs_join(folder, "lock");
    int fds[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fds[i] >= 0);
    }
    assert_int_equal(fs_try_lock(fds[0], true, &err), 1);
    assert_int_equal(fs_try_lock(fds[1], true, &err), 1);
    assert_int_equal(fs_try_lock(fds[2], false, &err), 0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    assert_int_equal(fs_try_lock(fds[2], false, &err), 1);
    (void)close(fds[2]);
    assert_true(fs_try_lock(fds[2], false, &err) < 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(writing_replaces_in_whole_with_the_exact_mode),
        CASE(what_a_killed_write_left_goes_and_nothing_else),
        CASE(a_failed_write_leaves_the_old_file_and_no_other),
        CASE(folders_get_their_mode_and_keep_it),
        CASE(a_folder_cannot_be_made_below_a_file),
        CASE(a_link_switches_in_one_step),
        CASE(what_is_not_there_is_said_so),
        CASE(reading_has_a_ceiling),
        CASE(a_private_file_is_refused_when_others_can_read_it),
        CASE(a_fifo_does_not_hang_a_private_read),
        CASE(a_strangers_file_is_no_secret_of_ours),
        CASE(root_trusts_only_what_root_alone_can_write),
        CASE(an_owner_without_a_place_in_the_namespace_passes),
        CASE(names_come_sorted_and_without_hidden_ones),
        CASE(folders_are_told_from_files),
        CASE(joining_does_not_double_the_slash),
        CASE(locks_exclude_without_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
