/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/crash.h"

#include "cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef ACME_CRASH_POINTS

/* How many of three passages of a point a child survives, then 9; 100 + the signal if it died. */
static int pass_three(const char *at)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        (void)setenv("ACME_DNS_CRASH_AT", at, 1);
        for (int i = 0; i < 3; i++) {
            crash_point("intent-after");
        }
        _exit(9);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void only_the_named_passage_kills(void **state)
{
    (void)state;
    assert_int_equal(pass_three("intent-after"), 100 + SIGKILL);
    assert_int_equal(pass_three("intent-after:3"), 100 + SIGKILL);
    assert_int_equal(pass_three("intent-after:4"), 9);
    assert_int_equal(pass_three("intent"), 9);
    assert_int_equal(pass_three("intent-after-all"), 9);
    assert_int_equal(pass_three("intent-after:x"), 9);
    assert_int_equal(pass_three(""), 9);
}

static void each_passage_is_traced(void **state)
{
    char path[] = "/tmp/acme-crash-test-XXXXXX";
    char text[64] = "";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    (void)setenv("ACME_DNS_CRASH_TRACE", path, 1);
    crash_point("one");
    crash_point("two");
    crash_point("one");
    (void)unsetenv("ACME_DNS_CRASH_TRACE");
    assert_int_equal(read(fd, text, sizeof(text) - 1), 12);
    assert_string_equal(text, "one\ntwo\none\n");
    (void)close(fd);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_named_passage_kills),
        cmocka_unit_test(each_passage_is_traced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 77; /* not in this build */
}

#endif
