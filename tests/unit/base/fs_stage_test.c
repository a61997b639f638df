/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Files put in folders of others: whole, with their rights from the start, and never through what
 * another could have put in the way. */
#include "base/fs_stage.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STRANGER 12345

static char folder[64];
static struct err err;

static int make_folder(void **state)
{
    (void)state;
    err_clear(&err);
    (void)snprintf(folder, sizeof(folder), "/tmp/acme-fs-stage-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : chmod(folder, 0755);
}

static int remove_folder(void **state)
{
    (void)state;
    return fs_remove_tree(folder, &err);
}

static char *in_folder(const char *name)
{
    return fs_join(folder, name);
}

static int open_at(const char *path, mode_t mode, struct fs_stage *stage)
{
    const struct fs_place place = {
        .path = path, .mode = mode, .uid = FS_UID_NONE, .gid = FS_GID_NONE};

    return fs_stage_open(&place, stage, &err);
}

static void expect_refusal(const char *path, const char *told)
{
    struct fs_stage stage = FS_STAGE_INIT;

    assert_int_equal(open_at(path, 0600, &stage), -ERR_CONFIG);
    assert_int_equal(stage.folder, -1);
    if (strstr(err.text, told) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, told);
    }
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void nothing_changes_before_the_commit(void **state)
{
    AUTO(fs_stage_done) struct fs_stage stage = FS_STAGE_INIT;
    AUTO(buf_done) struct buf found = BUF(100);
    AUTO_FREE char *path = in_folder("file");

    (void)state;
    assert_int_equal(fs_write_new(path, "old", 3, 0644, &err), 0);
    assert_int_equal(open_at(path, 0640, &stage), 0);
    assert_int_equal(fs_stage_fill(&stage, "new", 3, &err), 0);
    assert_int_equal(fs_read(path, &found, &err), 0);
    assert_string_equal(buf_str(&found), "old");
    assert_int_equal(fs_stage_commit(&stage, &err), 0);
    buf_clear(&found);
    assert_int_equal(fs_read(path, &found, &err), 0);
    assert_string_equal(buf_str(&found), "new");
    assert_int_equal(mode_of(path), 0640);
}

static size_t count_entries(void)
{
    AUTO_FREE char *command = str_fmt("%s/.", folder);
    struct stat st;

    assert_int_equal(stat(command, &st), 0);
    return (size_t)st.st_nlink;
}

static void what_is_not_committed_is_taken_back(void **state)
{
    AUTO_FREE char *path = in_folder("file");
    char temp[128];

    (void)state;
    {
        AUTO(fs_stage_done) struct fs_stage stage = FS_STAGE_INIT;

        assert_int_equal(open_at(path, 0600, &stage), 0);
        assert_int_equal(fs_stage_fill(&stage, "new", 3, &err), 0);
        (void)snprintf(temp, sizeof(temp), "%s/%s", folder, stage.temp);
        assert_int_equal(mode_of(temp), 0600);
    }
    assert_false(fs_exists(temp));
    assert_false(fs_exists(path));
    assert_int_equal(count_entries(), 2);
}

static void leftovers_of_the_same_file_are_removed(void **state)
{
    AUTO(fs_stage_done) struct fs_stage stage = FS_STAGE_INIT;
    AUTO_FREE char *path = in_folder("file");
    AUTO_FREE char *ours = in_folder(".file.0123456789abcdef");
    AUTO_FREE char *another = in_folder(".file.x.0123456789abcdef");
    AUTO_FREE char *foreign = in_folder(".file.swp");

    (void)state;
    assert_int_equal(fs_write_new(ours, "x", 1, 0600, &err), 0);
    assert_int_equal(fs_write_new(another, "x", 1, 0600, &err), 0);
    assert_int_equal(fs_write_new(foreign, "x", 1, 0600, &err), 0);
    assert_int_equal(open_at(path, 0600, &stage), 0);
    assert_int_equal(fs_stage_fill(&stage, "new", 3, &err), 0);
    assert_false(fs_exists(ours));
    assert_true(fs_exists(another));
    assert_true(fs_exists(foreign));
}

static void what_is_there_counts_only_with_its_rights(void **state)
{
    AUTO_FREE char *path = in_folder("file");

    (void)state;
    assert_int_equal(fs_write_new(path, "same", 4, 0640, &err), 0);
    for (int i = 0; i < 2; i++) {
        AUTO(fs_stage_done) struct fs_stage stage = FS_STAGE_INIT;
        AUTO(buf_done) struct buf found = BUF(100);

        assert_int_equal(open_at(path, i == 0 ? 0640 : 0600, &stage), 0);
        assert_int_equal(fs_stage_holds(&stage, &found), i == 0);
    }
}

static void only_a_file_is_replaced(void **state)
{
    AUTO_FREE char *link = in_folder("link");
    AUTO_FREE char *below = in_folder("none/file");
    AUTO_FREE char *sub = in_folder("sub");

    (void)state;
    assert_int_equal(symlink("target", link), 0);
    expect_refusal(link, "is a symlink to 'target'");
    assert_int_equal(mkdir(sub, 0755), 0);
    expect_refusal(sub, "is a folder");
    expect_refusal("/dev/null", "a device or socket");
    expect_refusal(below, "make it first");
    expect_refusal("relative", "not the absolute path");
}

static void skip_unless_root(void)
{
    if (geteuid() != 0) {
        skip();
    }
}

static void root_wants_folders_that_nobody_else_writes(void **state)
{
    AUTO_FREE char *path = in_folder("file");
    AUTO_FREE char *below = in_folder("sub/file");
    AUTO_FREE char *sub = in_folder("sub");

    (void)state;
    skip_unless_root();
    assert_int_equal(mkdir(sub, 0755), 0);
    assert_int_equal(chmod(folder, 0775), 0);
    expect_refusal(path, "it has mode 0775");
    expect_refusal(below, "it has mode 0775");
    assert_int_equal(chmod(folder, 01777), 0);
    expect_refusal(path, "it has mode 1777");
    struct fs_stage stage = FS_STAGE_INIT;
    assert_int_equal(open_at(below, 0600, &stage), 0);
    fs_stage_done(&stage);
}

static void root_wants_folders_of_root_or_of_the_files_owner(void **state)
{
    AUTO_FREE char *path = in_folder("file");
    const struct fs_place place = {.path = path, .mode = 0600, .uid = STRANGER, .gid = FS_GID_NONE};
    struct fs_stage stage = FS_STAGE_INIT;
    struct stat st;

    (void)state;
    skip_unless_root();
    if (chown(folder, STRANGER, STRANGER) < 0) {
        skip(); /* a user namespace without others */
    }
    expect_refusal(path, "it belongs to user 12345");
    assert_int_equal(fs_stage_open(&place, &stage, &err), 0);
    assert_int_equal(fs_stage_fill(&stage, "new", 3, &err), 0);
    assert_int_equal(fs_stage_commit(&stage, &err), 0);
    fs_stage_done(&stage);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, STRANGER);
}

static void root_follows_links_of_root_alone(void **state)
{
    AUTO_FREE char *real = in_folder("real");
    AUTO_FREE char *link = in_folder("link");
    AUTO_FREE char *theirs = in_folder("theirs");
    AUTO_FREE char *through = in_folder("link/file");
    AUTO_FREE char *through_theirs = in_folder("theirs/file");
    AUTO_FREE char *loop = in_folder("loop");
    AUTO_FREE char *through_loop = in_folder("loop/file");
    struct fs_stage stage = FS_STAGE_INIT;

    (void)state;
    skip_unless_root();
    assert_int_equal(mkdir(real, 0755), 0);
    assert_int_equal(symlink("real", link), 0);
    assert_int_equal(open_at(through, 0600, &stage), 0);
    fs_stage_done(&stage);
    assert_int_equal(symlink("loop", loop), 0);
    expect_refusal(through_loop, "more than 16 symlinks");
    assert_int_equal(symlink("real", theirs), 0);
    if (lchown(theirs, STRANGER, STRANGER) < 0) {
        skip();
    }
    expect_refusal(through_theirs, "is not root's");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_changes_before_the_commit),
        TEST(what_is_not_committed_is_taken_back),
        TEST(leftovers_of_the_same_file_are_removed),
        TEST(what_is_there_counts_only_with_its_rights),
        TEST(only_a_file_is_replaced),
        TEST(root_wants_folders_that_nobody_else_writes),
        TEST(root_wants_folders_of_root_or_of_the_files_owner),
        TEST(root_follows_links_of_root_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
