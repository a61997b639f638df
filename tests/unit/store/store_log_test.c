/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Lines that are whole whoever else writes, files that stay below their limit, and disks that are
 * full. */
#include "store/store_log.h"

#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_last_run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 4, LINES_EACH = 400, LINE_LEN = 100 };

static char *make_state(void)
{
    char template[] = "/tmp/acme-dns-log-XXXXXX";

    assert_non_null(mkdtemp(template));
    return fs_join(template, "state");
}

/* The folder that make_state() made, too. */
static void remove_state(const char *state_dir)
{
    AUTO_FREE char *dir = str_dup_len(state_dir, strlen(state_dir) - strlen("/state"));
    struct err err = ERR_INIT;

    assert_int_equal(fs_remove_tree(dir, &err), 0);
}

static char *read_file(const char *state_dir, const char *name)
{
    AUTO_FREE char *path = str_fmt("%s/logs/%s", state_dir, name);
    AUTO(buf_done) struct buf text = BUF(16 << 20);
    struct err err = ERR_INIT;

    if (fs_read(path, &text, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return buf_take(&text);
}

static void append(struct store_log *log, const char *line)
{
    struct err err = ERR_INIT;

    if (store_log_append(log, line, strlen(line), &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void folders_and_files_are_the_owners_alone(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_PTR(store_log) struct store_log *log = store_log_new(state_dir, true, 1000, 1);
    static const struct {
        const char *name;
        mode_t mode;
    } WANTED[] = {
        {"", 0711}, {"/logs", 0700}, {"/logs/autorenew", 0700}, {"/logs/autorenew/logs.txt", 0600}};
    mode_t before = umask(0);

    (void)state;
    append(log, "one\n");
    umask(before);
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        AUTO_FREE char *path = str_fmt("%s%s", state_dir, WANTED[i].name);
        struct stat status;

        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, WANTED[i].mode);
    }
    remove_state(state_dir);
}

static void old_files_are_kept_up_to_a_number(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_PTR(store_log) struct store_log *log = store_log_new(state_dir, false, 20, 2);
    AUTO_FREE char *third = str_fmt("%s/logs/logs.txt.3", state_dir);

    (void)state;
    for (int i = 0; i < 10; i++) {
        AUTO_FREE char *line = str_fmt("line %d\n", i); /* two fit */

        append(log, line);
    }
    AUTO_FREE char *now = read_file(state_dir, "logs.txt");
    AUTO_FREE char *first = read_file(state_dir, "logs.txt.1");
    AUTO_FREE char *second = read_file(state_dir, "logs.txt.2");
    assert_string_equal(now, "line 8\nline 9\n");
    assert_string_equal(first, "line 6\nline 7\n");
    assert_string_equal(second, "line 4\nline 5\n");
    assert_false(fs_exists(third));
    remove_state(state_dir);
}

static void none_is_kept_where_none_is_wanted(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_PTR(store_log) struct store_log *log = store_log_new(state_dir, false, 10, 0);
    AUTO_FREE char *old = str_fmt("%s/logs/logs.txt.1", state_dir);

    (void)state;
    append(log, "one two\n");
    append(log, "three\n");
    AUTO_FREE char *now = read_file(state_dir, "logs.txt");
    assert_string_equal(now, "three\n");
    assert_false(fs_exists(old));
    remove_state(state_dir);
}

static void write_many(const char *state_dir, int writer)
{
    struct store_log *log = store_log_new(state_dir, false, 10000, WRITERS * 10);
    struct err err = ERR_INIT;

    for (int i = 0; i < LINES_EACH; i++) {
        char line[LINE_LEN + 1];

        (void)snprintf(line, sizeof(line), "%d %d %0*d\n", writer, 1000 + i, LINE_LEN - 8, 0);
        if (store_log_append(log, line, LINE_LEN, &err) < 0) {
            _exit(1);
        }
    }
    store_log_free(log);
    _exit(0);
}

/* Every line of every writer is there once, whole, though all of them rotate. How often they do is
 * the scheduler's: the others write on while the one that rotates is kept from its CPU. */
static void several_runs_lose_and_tear_nothing(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_FREE char *logs = fs_join(state_dir, "logs");
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;
    bool seen[WRITERS][LINES_EACH] = {{false}};
    size_t n = 0;

    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            write_many(state_dir, i);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fs_list(logs, &names, &err), 0);
    assert_true(names.n >= 3); /* logs.txt, its lock, and what was put aside */
    for (size_t i = 0; i < names.n; i++) {
        AUTO_FREE char *text = read_file(state_dir, names.items[i]);

        assert_int_equal(strlen(text) % LINE_LEN, 0);
        for (const char *at = text; *at != '\0'; at += LINE_LEN, n++) {
            int writer = 0;
            int line = 0;

            assert_int_equal(sscanf(at, "%d %d ", &writer, &line), 2);
            assert_true(writer >= 0 && writer < WRITERS && line >= 1000 &&
                        line < 1000 + LINES_EACH);
            assert_int_equal(at[LINE_LEN - 1], '\n');
            assert_false(seen[writer][line - 1000]);
            seen[writer][line - 1000] = true;
        }
    }
    assert_int_equal(n, WRITERS * LINES_EACH);
    remove_state(state_dir);
}

/* In a child, since the limit on file sizes cannot be raised again. */
static void fill_disk(const char *state_dir)
{
    struct store_log *log = store_log_new(state_dir, false, 1000, 1);
    const struct rlimit small = {14, RLIM_INFINITY};
    const struct rlimit large = {1000, RLIM_INFINITY};
    struct err err = ERR_INIT;
    bool is_right = true;

    (void)signal(SIGXFSZ, SIG_IGN);
    is_right = store_log_append(log, "12345678\n", 9, &err) == 0;
    (void)setrlimit(RLIMIT_FSIZE, &small);
    is_right = is_right && store_log_append(log, "abcdefgh\n", 9, &err) < 0 &&
               strstr(err.text, "logs.txt") != NULL;
    is_right = is_right && store_log_append(log, "ABCDEFGH\n", 9, &err) < 0;
    (void)setrlimit(RLIMIT_FSIZE, &large);
    is_right = is_right && store_log_append(log, "after\n", 6, &err) == 0;
    store_log_free(log);
    _exit(is_right ? 0 : 1);
}

static void after_a_full_disk_a_line_begins_anew(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    int status = 0;

    (void)state;
    if (fork() == 0) {
        fill_disk(state_dir);
    }
    assert_true(wait(&status) > 0);
    assert_int_equal(status, 0);
    AUTO_FREE char *text = read_file(state_dir, "logs.txt");
    assert_string_equal(text, "12345678\nabcde\nafter\n");
    remove_state(state_dir);
}

static void no_link_is_followed(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_PTR(store_log) struct store_log *log = store_log_new(state_dir, false, 1000, 1);
    AUTO_FREE char *logs = fs_join(state_dir, "logs");
    AUTO_FREE char *target = fs_join(state_dir, "target");
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(fs_mkdir_all(logs, 0700, &err), 0);
    assert_int_equal(symlink(target, store_log_path(log)), 0);
    assert_true(store_log_append(log, "x\n", 2, &err) < 0);
    assert_non_null(strstr(err.text, "cannot open the log"));
    assert_false(fs_exists(target));
    remove_state(state_dir);
}

static void a_run_is_remembered_as_it_was(void **state)
{
    AUTO_FREE char *state_dir = make_state();
    AUTO_FREE char *folder = fs_join(state_dir, "logs/autorenew");
    AUTO_FREE char *path = fs_join(folder, "last-process.json");
    struct store_last_run last = {.command = str_dup("process"),
                                  .run = str_dup("r-1"),
                                  .pid = 7,
                                  .started_s = 1795300000,
                                  .status = -1};
    struct store_last_run back = {.status = 5};
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(store_last_run_load(state_dir, "process", &back, &err), -ERR_NOT_FOUND);
    assert_int_equal(fs_mkdir_all(folder, 0700, &err), 0);
    assert_int_equal(store_last_run_save(state_dir, &last, &err), 0);
    assert_int_equal(store_last_run_load(state_dir, "process", &back, &err), 0);
    assert_int_equal(back.status, -1);
    assert_int_equal(back.ended_s, 0);
    assert_int_equal(back.started_s, last.started_s);
    assert_int_equal(back.pid, 7);
    assert_string_equal(back.run, "r-1");
    assert_null(back.text);
    store_last_run_done(&back);
    store_last_run_done(&last);
    assert_int_equal(fs_write_atomic(path, "{\"format\": 2}", 13, 0600, &err), 0);
    assert_int_equal(store_last_run_load(state_dir, "process", &back, &err), -ERR_FAILED);
    assert_non_null(strstr(err.text, "newer acme-dns"));
    remove_state(state_dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_and_files_are_the_owners_alone),
        cmocka_unit_test(old_files_are_kept_up_to_a_number),
        cmocka_unit_test(none_is_kept_where_none_is_wanted),
        cmocka_unit_test(several_runs_lose_and_tear_nothing),
        cmocka_unit_test(after_a_full_disk_a_line_begins_anew),
        cmocka_unit_test(no_link_is_followed),
        cmocka_unit_test(a_run_is_remembered_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
