/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Sessions: what a child inherits, and that nothing it starts outlives it. */
#include "provider/session.h"

#include "base/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs a shell script; its descriptor 1 is the pipe's end, read by *ret_out. */
static pid_t run(const char *script, int *ret_out)
{
    char shell[] = "/bin/sh", option[] = "-c";
    char *text = strdup(script);
    char *argv[] = {shell, option, text, NULL};
    char *env[] = {NULL};
    struct session_plan plan = {.executable = shell, .argv = argv, .env = env, .n_fds = 3};
    struct err err = ERR_INIT;
    int ends[2];
    pid_t pid = 0;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    plan.fds[0] = -1;
    plan.fds[1] = ends[1];
    plan.fds[2] = -1;
    assert_int_equal(session_start(&plan, &pid, &err), 0);
    (void)close(ends[1]);
    free(text);
    *ret_out = ends[0];
    return pid;
}

/* One line that the script prints. */
static char *read_line(int fd)
{
    static char line[256];
    size_t len = 0;

    while (len < sizeof(line) - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n') {
        len++;
    }
    line[len] = '\0';
    return line;
}

static bool is_gone(pid_t pid)
{
    for (int ms = 0; ms < 2000; ms++) {
        char path[64], state = 'Z';
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        file = fopen(path, "re");
        if (file == NULL) {
            return true;
        }
        bool is_zombie = fscanf(file, "%*d %*s %c", &state) == 1 && state == 'Z';
        (void)fclose(file);
        if (is_zombie) {
            return true;
        }
        (void)usleep(1000);
    }
    return false;
}

static void a_child_starts_clean(void **state)
{
    int leaked = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
    int out;
    sigset_t mask;

    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    pid_t pid = run("ls /proc/self/fd | tr '\\n' ' '; echo; "
                    "sed -n 's/^Sig\\(Blk\\|Ign\\):.//p' /proc/self/status; "
                    "cut -d' ' -f6 /proc/$$/stat; readlink /proc/self/fd/0",
                    &out);
    assert_string_equal(read_line(out), "0 1 2 3 "); /* 3: of ls itself */
    assert_string_equal(read_line(out), "0000000000000000");
    assert_string_equal(read_line(out), "0000000000000000");
    assert_int_equal(strtol(read_line(out), NULL, 10), pid); /* a session of its own */
    assert_string_equal(read_line(out), "/dev/null");
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    session_end(pid);
    (void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)close(out);
    (void)close(leaked);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    char *argv[] = {NULL};
    struct session_plan plan = {
        .executable = "/nonexistent/program", .argv = argv, .env = argv, .n_fds = 0};
    struct err err = ERR_INIT;
    pid_t pid = 0;

    (void)state;
    assert_true(session_start(&plan, &pid, &err) < 0);
    assert_non_null(strstr(err.text, "/nonexistent/program"));
    assert_int_equal(pid, 0);
}

static void killing_takes_the_grandchildren_along(void **state)
{
    int out;

    (void)state;
    pid_t pid =
        run("trap '' TERM HUP; sleep 1000 & echo $!; setsid sleep 1000 & echo $!; wait", &out);
    pid_t plain = (pid_t)strtol(read_line(out), NULL, 10);
    pid_t daemon = (pid_t)strtol(read_line(out), NULL, 10);
    (void)usleep(50000); /* until it has a session of its own */
    session_kill_and_reap(pid);
    assert_true(plain > 0 && is_gone(plain));
    assert_true(daemon > 0 && is_gone(daemon));
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    (void)close(out);
}

static void the_session_of_a_dead_leader_is_ended(void **state)
{
    int out;

    (void)state;
    pid_t pid = run("sleep 1000 & echo $!", &out);
    pid_t left = (pid_t)strtol(read_line(out), NULL, 10);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(kill(left, 0), 0);
    session_end(pid);
    assert_true(is_gone(left));
    (void)close(out);
}

/* Twice removed: no parent and no session leads back to who started it. */
static void a_daemon_of_a_dead_worker_is_found(void **state)
{
    int out;

    (void)state;
    pid_t pid = run("setpriv --no-new-privs setsid sh -c 'sleep 1000 & echo $!'; exit 1", &out);
    pid_t left = (pid_t)strtol(read_line(out), NULL, 10);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(left > 0);
    assert_int_equal(kill(left, 0), 0);
    session_end(pid);
    assert_true(is_gone(left));
    (void)close(out);
}

/* What a hook of the user's leaves running on purpose has no such mark. */
static void what_is_left_running_on_purpose_stays(void **state)
{
    int out, other_out;

    (void)state;
    pid_t hook = run("setsid sh -c 'sleep 1000 & echo $!'", &out);
    pid_t left = (pid_t)strtol(read_line(out), NULL, 10);
    assert_int_equal(waitpid(hook, NULL, 0), hook);
    pid_t worker = run("exit 0", &other_out);
    assert_int_equal(waitpid(worker, NULL, 0), worker);
    session_end(worker);
    session_end(hook);
    assert_int_equal(kill(left, 0), 0);
    (void)kill(left, SIGKILL);
    (void)waitpid(left, NULL, 0);
    (void)close(out);
    (void)close(other_out);
}

/* A process that leaves before each look: parent after parent. */
static void a_chain_of_forks_comes_to_an_end(void **state)
{
    char byte;
    int out;

    (void)state;
    pid_t pid = run("f() { sleep 0.001; f & }; f; echo begun; sleep 1000", &out);
    assert_string_equal(read_line(out), "begun");
    session_kill_and_reap(pid);
    /* The pipe ends when the last holder is gone. */
    (void)fcntl(out, F_SETFL, O_NONBLOCK);
    for (int ms = 0; ms < 20000 && read(out, &byte, 1) != 0; ms++) {
        (void)usleep(1000);
    }
    assert_int_equal(read(out, &byte, 1), 0);
    (void)close(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_starts_clean),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(killing_takes_the_grandchildren_along),
        cmocka_unit_test(the_session_of_a_dead_leader_is_ended),
        cmocka_unit_test(a_daemon_of_a_dead_worker_is_found),
        cmocka_unit_test(what_is_left_running_on_purpose_stays),
        cmocka_unit_test(a_chain_of_forks_comes_to_an_end),
    };

    session_harden_self();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
