/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which paths become rules: an allowed folder that holds a denied path is taken apart around it. */
#include "provider/reach.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char base[64];

static const char *at(const char *path)
{
    static char whole[4][160];
    static unsigned turn;
    char *to = whole[turn++ % 4];

    (void)snprintf(to, sizeof(whole[0]), "%s/%s", base, path);
    return to;
}

static void make_file(const char *path, mode_t mode)
{
    struct err err = ERR_INIT;

    assert_int_equal(fs_write_new(at(path), "x", 1, mode, &err), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(mkdir(at(path), 0755), 0);
}

/* open/ with denied state/ and one secret file, and neighbours. */
static int set_up(void **state)
{
    (void)state;
    (void)snprintf(base, sizeof(base), "/tmp/acme-dns-reach-XXXXXX");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    make_folder("open");
    make_folder("open/state");
    make_file("open/state/key", 0600);
    make_folder("open/keys");
    make_file("open/keys/mine", 0600);
    make_file("open/keys/other", 0600);
    make_folder("open/state-of-others");
    make_file("open/file", 0644);
    make_file("open/program", 0755);
    return symlink("state/key", at("open/link"));
}

static int tear_down(void **state)
{
    char command[96];

    (void)state;
    (void)snprintf(command, sizeof(command), "%s", base);
    char *argv[] = {(char[]){"rm"}, (char[]){"-rf"}, command, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        (void)execv("/bin/rm", argv);
        _exit(1);
    }
    while (pid > 0 && access(base, F_OK) == 0) {
        (void)usleep(1000);
    }
    return 0;
}

static void deny(struct reach *reach)
{
    AUTO(strv_done) struct strv denied = STRV_INIT;

    strv_add(&denied, at("open/state"));
    strv_add(&denied, at("open/keys/other"));
    reach_init(reach, &denied);
}

static const struct reach_rule *find(const struct reach *reach, const char *path)
{
    for (size_t i = 0; i < reach->n; i++) {
        if (strcmp(reach->rules[i].path, at(path)) == 0) {
            return &reach->rules[i];
        }
    }
    return NULL;
}

static void what_holds_a_denied_path_is_taken_apart(void **state)
{
    struct reach reach;

    (void)state;
    deny(&reach);
    reach_add(&reach, base, false);
    assert_null(find(&reach, "open"));
    assert_null(find(&reach, "open/state"));
    assert_null(find(&reach, "open/state/key"));
    assert_null(find(&reach, "open/keys"));
    assert_null(find(&reach, "open/keys/other"));
    assert_null(find(&reach, "open/link")); /* it would stand for what it points to */
    assert_non_null(find(&reach, "open/keys/mine"));
    assert_non_null(find(&reach, "open/file"));
    assert_non_null(find(&reach, "open/state-of-others")); /* its name only begins alike */
    assert_int_equal(reach.n, 4);
    reach_done(&reach);
}

static void a_denied_path_is_denied_by_any_name(void **state)
{
    struct reach reach;

    (void)state;
    deny(&reach);
    reach_add(&reach, at("open/state"), true);
    reach_add(&reach, at("open/state/key"), false);
    reach_add(&reach, at("open/keys/../state/key"), false);
    reach_add(&reach, at("open/link"), false);
    reach_add(&reach, at("absent"), false);
    assert_int_equal(reach.n, 0);
    reach_done(&reach);
}

static void without_denied_paths_a_folder_is_one_rule(void **state)
{
    struct reach reach, copy;

    (void)state;
    reach_init(&reach, NULL);
    reach_add(&reach, base, true);
    assert_int_equal(reach.n, 1);
    assert_true(reach.rules[0].is_writable);
    reach_copy(&copy, &reach);
    reach_done(&reach);
    assert_int_equal(copy.n, 1);
    assert_string_equal(copy.rules[0].path, base);
    reach_done(&copy);
}

static void what_an_option_names_is_meant(void **state)
{
    struct reach reach;

    (void)state;
    deny(&reach);
    reach_add_named(&reach, at("open/state/key")); /* a file: even where its folder is denied */
    reach_add_named(&reach, at("open/program"));
    reach_add_named(&reach, at("open/state")); /* a folder: not */
    assert_int_equal(reach.n, 2);
    assert_true(find(&reach, "open/state/key")->is_writable);
    assert_false(find(&reach, "open/program")->is_writable);
    reach_done(&reach);
}

/* Nothing of the system's list leads to the accounts of users, to secrets, or to other processes.
 */
static void the_systems_paths_are_few(void **state)
{
    static const char *const NEVER[] = {"/",    "/etc",     "/root", "/home",  "/var",
                                        "/run", "/var/lib", "/proc", "/dev",   "/sys",
                                        "/srv", "/mnt",     "/boot", "/media", "/etc/shadow"};
    struct reach reach;

    (void)state;
    reach_init(&reach, NULL);
    reach_add_system(&reach);
    for (size_t i = 0; i < reach.n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(NEVER); k++) {
            assert_string_not_equal(reach.rules[i].path, NEVER[k]);
        }
        assert_false(reach.rules[i].is_writable && strncmp(reach.rules[i].path, "/usr", 4) == 0);
        assert_false(reach.rules[i].is_writable && strncmp(reach.rules[i].path, "/etc", 4) == 0);
    }
    assert_in_range(reach.n, 10, 100);
    reach_done(&reach);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_holds_a_denied_path_is_taken_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_denied_path_is_denied_by_any_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_denied_paths_a_folder_is_one_rule, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_an_option_names_is_meant, set_up, tear_down),
        cmocka_unit_test(the_systems_paths_are_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
