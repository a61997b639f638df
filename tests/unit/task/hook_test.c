/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Hooks as they are run: what they are told, and what is made of how they end. */
#include "task/hook.h"

#include "../base/cmocka_all.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

#define LIST_MAX 65536

struct scene {
    char folder[64];
    struct loop *loop;
    bool is_done;
    struct err err;
};

static int make_scene(void **state)
{
    struct scene *scene = NEW(struct scene);
    struct err err = ERR_INIT;

    (void)snprintf(scene->folder, sizeof(scene->folder), "/tmp/acme-hook-test-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    assert_int_equal(loop_new(&scene->loop, &err), 0);
    *state = scene;
    return 0;
}

static int drop_scene(void **state)
{
    struct scene *scene = *state;
    struct err err = ERR_INIT;

    loop_free(scene->loop);
    assert_int_equal(fs_remove_tree(scene->folder, &err), 0);
    mem_free(scene);
    return 0;
}

static void finish(void *arg, const struct err *err)
{
    struct scene *scene = arg;

    scene->is_done = true;
    if (err != NULL) {
        scene->err = *err;
    }
}

static void run(struct scene *scene, const struct strv *lines, const char *input)
{
    AUTO(strv_done) struct strv env = STRV_INIT;
    const struct hooks_plan plan = {.subject = "",
                                    .what = "hook",
                                    .lines = lines,
                                    .env = &env,
                                    .input = input,
                                    .deadline_ms = 60000};
    struct err err = ERR_INIT;

    hooks_add_variable(&env, "FOLDER", scene->folder);
    assert_non_null(hooks_start(scene->loop, &plan, finish, scene));
    assert_false(scene->is_done);
    assert_int_equal(loop_run(scene->loop, &err), 0);
    assert_true(scene->is_done);
}

static void expect_file(const struct scene *scene, const char *name, const char *content)
{
    AUTO_FREE char *path = fs_join(scene->folder, name);
    AUTO(buf_done) struct buf text = BUF(1 << 20);
    struct err err = ERR_INIT;

    if (fs_read(path, &text, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(buf_str(&text), content);
}

/* More than a pipe holds, and each hook from the beginning. */
static void each_hook_reads_the_whole_input(void **state)
{
    struct scene *scene = *state;
    AUTO(strv_done) struct strv lines = STRV_INIT;
    AUTO(buf_done) struct buf input = BUF(1 << 20);

    while (input.len < 300000) {
        buf_add_str(&input, "a line that is read\n");
    }
    strv_add(&lines, "true");
    strv_add(&lines, "sh -c 'cat >$FOLDER/first'");
    strv_add(&lines, "sh -c 'cat >$FOLDER/second'");
    run(scene, &lines, buf_str(&input));
    assert_int_equal(scene->err.class, ERR_NONE);
    expect_file(scene, "first", buf_str(&input));
    expect_file(scene, "second", buf_str(&input));
}

static void without_input_there_is_nothing_to_read(void **state)
{
    struct scene *scene = *state;
    AUTO(strv_done) struct strv lines = STRV_INIT;

    strv_add(&lines, "sh -c 'cat >$FOLDER/read'");
    run(scene, &lines, NULL);
    expect_file(scene, "read", "");
}

static void all_are_run_and_each_failure_is_told(void **state)
{
    struct scene *scene = *state;
    AUTO(strv_done) struct strv lines = STRV_INIT;

    strv_add(&lines, "sh -c 'echo one >&2; exit 3'");
    strv_add(&lines, "no-such-program-here");
    strv_add(&lines, "sh -c 'echo ran >$FOLDER/last'");
    run(scene, &lines, NULL);
    assert_int_equal(scene->err.class, ERR_FAILED);
    assert_non_null(strstr(scene->err.text, "exit status 3\nit said: one"));
    assert_non_null(strstr(scene->err.text, "no program 'no-such-program-here'"));
    expect_file(scene, "last", "ran\n");
}

static void a_list_that_is_too_long_loses_whole_words(void **state)
{
    AUTO(strv_done) struct strv env = STRV_INIT;
    AUTO(buf_done) struct buf list = BUF(1 << 20);
    size_t n = 0;

    (void)state;
    hooks_add_variable(&env, "NONE", NULL);
    hooks_add_variable(&env, "SHORT", "a b");
    assert_string_equal(env.items[0], "NONE=");
    assert_string_equal(env.items[1], "SHORT=a b");
    while (list.len <= LIST_MAX) {
        buf_addf(&list, "%sexample-%zu.com", n == 0 ? "" : " ", n);
        n++;
    }
    hooks_add_variable(&env, "LONG", buf_str(&list));
    size_t len = strlen(env.items[2]) - strlen("LONG=");
    assert_true(len <= LIST_MAX && len > LIST_MAX - 100);
    assert_int_equal(buf_str(&list)[len], ' ');
    assert_int_equal(strncmp(env.items[2] + strlen("LONG="), buf_str(&list), len), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scene, drop_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_hook_reads_the_whole_input),
        TEST(without_input_there_is_nothing_to_read),
        TEST(all_are_run_and_each_failure_is_told),
        cmocka_unit_test(a_list_that_is_too_long_loses_whole_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
