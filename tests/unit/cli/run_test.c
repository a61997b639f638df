/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whole runs that need no network: what goes to which descriptor, and the exit status. */
#include "cli/run.h"

#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char *dir, *state_dir, *config, *out_path, *err_path;
};

struct output {
    int status;
    struct buf out, err;
};

static void output_done(struct output *output)
{
    buf_done(&output->out);
    buf_done(&output->err);
}

static int make_place(void **state)
{
    char template[] = "/tmp/run_test.XXXXXX";
    struct place *p = NEW(struct place);

    p->dir = str_dup(mkdtemp(template));
    p->state_dir = fs_join(p->dir, "state");
    p->config = fs_join(p->dir, "a.conf");
    p->out_path = fs_join(p->dir, "out");
    p->err_path = fs_join(p->dir, "err");
    *state = p;
    return 0;
}

static int remove_place(void **state)
{
    struct place *p = *state;
    AUTO_FREE char *command = str_fmt("%s", p->dir);
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
    mem_free(p->dir);
    mem_free(p->state_dir);
    mem_free(p->config);
    mem_free(p->out_path);
    mem_free(p->err_path);
    mem_free(p);
    return 0;
}

/* Points fd at a new file for a while; returns where it pointed before. */
static int redirect(int fd, const char *path)
{
    int saved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    AUTO_FD int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(saved >= 0 && file >= 0);
    assert_true(dup2(file, fd) == fd);
    return saved;
}

static void restore(int fd, int saved)
{
    (void)dup2(saved, fd);
    (void)close(saved);
}

/* Runs "acme-dns LINE --config ... --state-dir ..." with the configuration given. */
static void run(const struct place *p, const char *line, const char *config, struct output *ret)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    struct err err = ERR_INIT;
    int saved_out = 0;
    int saved_err = 0;
    int signo = 0;

    assert_int_equal(fs_write_atomic(p->config, config, strlen(config), 0600, &err), 0);
    strv_add(&words, "acme-dns");
    strv_add_split(&words, line, " ");
    strv_add(&words, "--config");
    strv_add(&words, p->config);
    strv_add(&words, "--state-dir");
    strv_add(&words, p->state_dir);
    fflush(stdout);
    saved_out = redirect(STDOUT_FILENO, p->out_path);
    saved_err = redirect(STDERR_FILENO, p->err_path);
    ret->status = run_program((int)words.n, words.items, &signo);
    restore(STDOUT_FILENO, saved_out);
    restore(STDERR_FILENO, saved_err);
    assert_int_equal(signo, 0);
    buf_init(&ret->out, 1 << 20);
    buf_init(&ret->err, 1 << 20);
    assert_int_equal(fs_read(p->out_path, &ret->out, &err), 0);
    assert_int_equal(fs_read(p->err_path, &ret->err, &err), 0);
}

static void help_and_version_go_to_standard_output(void **state)
{
    AUTO(output_done) struct output version = {0};
    AUTO(output_done) struct output help = {0};

    run(*state, "--version", "", &version);
    assert_int_equal(version.status, 0);
    assert_true(str_has_prefix(buf_str(&version.out), "acme-dns "));
    assert_int_equal(version.err.len, 0);
    run(*state, "issue --help", "", &help);
    assert_int_equal(help.status, 0);
    assert_non_null(strstr(buf_str(&help.out), "--eab-hmac-key-file"));
    assert_int_equal(help.err.len, 0);
}

static void wrong_usage_exits_3_and_leaves_standard_output_alone(void **state)
{
    AUTO(output_done) struct output output = {0};

    run(*state, "isue", "", &output);
    assert_int_equal(output.status, 3);
    assert_int_equal(output.out.len, 0);
    assert_string_equal(buf_str(&output.err),
                        "error: unknown command 'isue'\ndid you mean 'issue'?\n");
}

static void general_errors_stop_everything_and_all_are_told(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output output = {0};
    AUTO_FREE char *wanted = str_fmt("error: %s:2:1: unknown key 'emial' in [acme-dns]\n"
                                     "did you mean 'email'?\n"
                                     "error: %s:3:1: [zone a] says no provider\n"
                                     "error: configuration: 2 errors, nothing was done\n",
                                     p->config, p->config);

    run(p, "cleanup", "[acme-dns]\nemial = x\n[zone a]\n", &output);
    assert_int_equal(output.status, 3);
    assert_string_equal(buf_str(&output.err), wanted);
    assert_int_equal(output.out.len, 0);
    assert_false(fs_exists(p->state_dir));
}

static void a_wrong_section_that_is_not_needed_shows_in_the_status_only(void **state)
{
    AUTO(output_done) struct output clean = {0};
    AUTO(output_done) struct output wrong = {0};

    run(*state, "cleanup", "[zone a]\nprovider = manual\n", &clean);
    assert_int_equal(clean.status, 0);
    assert_non_null(strstr(buf_str(&clean.out), "cleanup"));
    run(*state, "cleanup", "[zone a]\n", &wrong);
    assert_int_equal(wrong.status, 3);
    assert_string_equal(buf_str(&wrong.out), buf_str(&clean.out));
}

static void json_says_the_same_on_standard_output_alone(void **state)
{
    AUTO(output_done) struct output output = {0};

    run(*state, "cleanup --json", "[acme-dns]\nca =\n", &output);
    assert_int_equal(output.status, 3);
    assert_int_equal(output.err.len, 0);
    assert_non_null(strstr(buf_str(&output.out), "\"event\":\"result\""));
    assert_non_null(strstr(buf_str(&output.out), "\"exit\":3"));
    assert_non_null(strstr(buf_str(&output.out), ":2:5: ca: no value"));
}

static void quiet_is_silent_when_all_is_well(void **state)
{
    AUTO(output_done) struct output output = {0};

    run(*state, "cleanup -q", "", &output);
    assert_int_equal(output.status, 0);
    assert_int_equal(output.out.len, 0);
    assert_int_equal(output.err.len, 0);
}

static char *read_log(const struct place *p, const char *name)
{
    AUTO_FREE char *path = str_fmt("%s/logs/%s", p->state_dir, name);
    AUTO(buf_done) struct buf text = BUF(1 << 20);
    struct err err = ERR_INIT;

    if (fs_read(path, &text, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return buf_take(&text);
}

/* Each line begins alike, so that grep for the run finds all of it. */
static void a_failure_names_the_log_that_has_its_story(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output output = {0};
    AUTO_FREE char *log = NULL;
    AUTO_FREE char *id = NULL;
    const char *mark = NULL;
    size_t n = 0;

    run(p, "deploy nothing.example", "[acme-dns]\nstate-dir = /nonexistent\n", &output);
    assert_int_equal(output.status, 3);
    assert_null(strstr(buf_str(&output.err), "log: ")); /* told whole */
    log = read_log(p, "logs.txt");
    mark = strchr(log, ' ') + 1;
    id = str_fmt(" %.*s ", (int)strcspn(mark, " "), mark);
    for (const char *at = log; *at != '\0'; at = strchr(at, '\n') + 1, n++) {
        assert_ptr_equal(strstr(at, id), strchr(at, ' '));
    }
    assert_int_equal(n, 3);
    assert_non_null(strstr(log, "notice - begin acme-dns "));
    assert_non_null(strstr(log, "error nothing.example result: exit status 3 (config): no cert"));
    assert_non_null(strstr(log, "notice - end exit status 3 after "));
}

static void a_scheduled_run_is_remembered(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output good = {0};
    AUTO(output_done) struct output wrong = {0};
    AUTO_FREE char *last = NULL;
    AUTO_FREE char *log = NULL;

    run(p, "deploy --pending --scheduled", "", &good);
    assert_int_equal(good.status, 0);
    last = read_log(p, "autorenew/last-deploy.json");
    assert_non_null(strstr(last, "\"exit\": 0"));
    assert_null(strstr(last, "\"ended\": null"));
    /* The folder is there by now: what stops everything is told in it too. */
    run(p, "deploy --pending --scheduled", "[acme-dns]\nemial = x\n", &wrong);
    assert_int_equal(wrong.status, 3);
    log = read_log(p, "autorenew/logs.txt");
    assert_non_null(strstr(log, "unknown key 'emial'"));
    assert_non_null(strstr(log, "end exit status 3"));
}

static void a_value_that_was_typed_is_in_no_log(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output output = {0};
    AUTO_FREE char *log = NULL;

    run(p, "provider add cf --plugin nothing api-token=hunter2hunter2", "", &output);
    assert_true(output.status != 0);
    log = read_log(p, "logs.txt");
    assert_non_null(strstr(log, "provider add cf --plugin nothing api-token=... --config"));
    assert_null(strstr(log, "hunter2"));
}

static void what_only_shows_leaves_no_trace(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output output = {0};
    AUTO_FREE char *path = str_fmt("%s/logs/logs.txt", p->state_dir);

    run(p, "list", "", &output);
    assert_int_equal(output.status, 0);
    assert_false(fs_exists(path));
}

static void a_log_that_cannot_be_written_is_told_once(void **state)
{
    const struct place *p = *state;
    AUTO(output_done) struct output output = {0};
    AUTO_FREE char *path = str_fmt("%s/logs/logs.txt/x", p->state_dir);
    struct err err = ERR_INIT;
    const char *told = NULL;

    assert_int_equal(fs_mkdir_all(path, 0700, &err), 0);
    run(p, "cleanup", "", &output);
    assert_int_equal(output.status, 0);
    told = strstr(buf_str(&output.err), "warning: cannot open the log '");
    assert_non_null(told);
    assert_null(strstr(told + 1, "warning"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(help_and_version_go_to_standard_output, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(wrong_usage_exits_3_and_leaves_standard_output_alone,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(general_errors_stop_everything_and_all_are_told, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_wrong_section_that_is_not_needed_shows_in_the_status_only,
                                        make_place, remove_place),
        cmocka_unit_test_setup_teardown(json_says_the_same_on_standard_output_alone, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(quiet_is_silent_when_all_is_well, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_failure_names_the_log_that_has_its_story, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(a_scheduled_run_is_remembered, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_value_that_was_typed_is_in_no_log, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(what_only_shows_leaves_no_trace, make_place, remove_place),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_written_is_told_once, make_place,
                                        remove_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
