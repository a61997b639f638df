/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which file systems are another host's, as far as it can be told without mounting one. */
#include "base/fs.h"

#include "base/fs_impl.h"
#include "base/mem.h"

#include "cmocka_all.h"

static void assert_type(const char *line, unsigned major_number, unsigned minor_number,
                        const char *wanted)
{
    AUTO_FREE char *type = fs_mount_parse(line, major_number, minor_number);

    if (wanted == NULL) {
        assert_null(type);
    } else {
        assert_non_null(type);
        assert_string_equal(type, wanted);
    }
}

static void the_mount_of_a_device_says_its_type(void **state)
{
    (void)state;
    const char *sshfs = "36 25 0:52 / /mnt/far rw,nosuid shared:7 master:1 - fuse.sshfs "
                        "ops@far.example:/srv rw,user_id=0\n";

    assert_type(sshfs, 0, 52, "fuse.sshfs");
    assert_type(sshfs, 0, 5, NULL);
    assert_type(sshfs, 52, 0, NULL);
    assert_type("36 25 8:1 / / rw - ext4 /dev/sda1 rw\n", 8, 1, "ext4");
    assert_type("36 25 8:1 / / rw - ext4", 8, 1, "ext4");
    assert_type("36 25 8:1 / / rw", 8, 1, NULL);
    assert_type("", 0, 0, NULL);
    assert_type("a b c - d", 0, 0, NULL);
}

static void programs_behind_fuse_are_told_apart(void **state)
{
    (void)state;
    assert_true(fs_mount_is_remote("fuse.sshfs"));
    assert_true(fs_mount_is_remote("fuse.glusterfs"));
    assert_false(fs_mount_is_remote("fuse.fuse-overlayfs"));
    assert_false(fs_mount_is_remote("fuse.gocryptfs"));
    assert_false(fs_mount_is_remote("fuseblk"));
    assert_false(fs_mount_is_remote(""));
}

static void what_is_not_there_lies_where_its_folder_does(void **state)
{
    (void)state;
    assert_null(fs_find_remote("/proc/self"));
    assert_null(fs_find_remote("/proc/self/no/such/folder"));
    assert_null(fs_find_remote("no-such-folder/at/all"));
    assert_null(fs_find_remote("/"));
    assert_null(fs_find_remote(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mount_of_a_device_says_its_type),
        cmocka_unit_test(programs_behind_fuse_are_told_apart),
        cmocka_unit_test(what_is_not_there_lies_where_its_folder_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
