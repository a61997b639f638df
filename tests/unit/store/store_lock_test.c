/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Locks between two processes. */
#include "store/store_lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "store_lab.h"

#include <signal.h>
#include <sys/wait.h>

#define LONG_MS 20000

struct wait {
    struct store_lock *lock;
    struct err err;
    unsigned n_calls;
};

static void on_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct wait *w = arg;

    assert_true((lock == NULL) != (err == NULL));
    w->n_calls++;
    w->lock = lock;
    w->err = err == NULL ? (struct err)ERR_INIT : *err;
}

static struct wait take(struct lab *lab, enum store_lock_kind kind, const char *name,
                        bool is_shared, int64_t timeout_ms)
{
    struct wait w = {.lock = NULL};

    assert_non_null(store_lock_start(lab->store, kind, name, is_shared, timeout_ms, on_lock, &w));
    assert_int_equal(w.n_calls, 0);
    lab_turn(lab);
    assert_int_equal(w.n_calls, 1);
    return w;
}

/* Another process that takes the lock, says so, and keeps it for hold_ms. */
static pid_t start_holder(struct lab *lab, const char *name, bool is_shared, unsigned hold_ms)
{
    int ready[2];
    char byte = 0;
    pid_t pid = 0;

    assert_int_equal(pipe(ready), 0);
    lab_close(lab);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        lab_open(lab);
        store_set_command(lab->store, "acme-dns issue -d example.com");
        struct wait w = take(lab, STORE_LOCK_CERT, name, is_shared, 0);
        if (w.lock == NULL || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        (void)usleep(hold_ms * 1000);
        _exit(0);
    }
    lab_open(lab);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end_holder(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void held_lock_is_refused_naming_its_holder(void **state)
{
    struct lab *lab = *state;
    pid_t pid = start_holder(lab, "example.com", false, LONG_MS);
    AUTO_FREE char *pid_text = str_fmt("pid %ld", (long)pid);
    struct wait w = take(lab, STORE_LOCK_CERT, "example.com", false, 0);

    assert_null(w.lock);
    assert_int_equal(w.err.class, ERR_LOCKED);
    lab_assert_says(&w.err, "the certificate 'example.com' is held by another run");
    lab_assert_says(&w.err, pid_text);
    lab_assert_says(&w.err, "host ");
    lab_assert_says(&w.err, "since 20");
    lab_assert_says(&w.err, "acme-dns issue -d example.com");
    /* Another certificate, and another kind of the same name, are free. */
    struct wait other = take(lab, STORE_LOCK_CERT, "example.org", false, 0);
    struct wait kind = take(lab, STORE_LOCK_PLUGIN_ZONE, "example.com", false, 0);
    assert_non_null(other.lock);
    assert_non_null(kind.lock);
    store_lock_release(other.lock);
    store_lock_release(kind.lock);
    end_holder(pid);
}

static void waiting_ends_with_the_holder(void **state)
{
    struct lab *lab = *state;
    pid_t pid = start_holder(lab, "example.com", false, 2000);
    int64_t begun_ms = clock_mono_ms();
    struct wait w = take(lab, STORE_LOCK_CERT, "example.com", false, LONG_MS);
    int64_t took_ms = clock_mono_ms() - begun_ms;

    assert_non_null(w.lock);
    assert_true(took_ms >= 100 && took_ms < LONG_MS / 2);
    store_lock_release(w.lock);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void waiting_ends_at_its_deadline(void **state)
{
    struct lab *lab = *state;
    pid_t pid = start_holder(lab, "example.com", false, LONG_MS);
    int64_t begun_ms = clock_mono_ms();
    struct wait w = take(lab, STORE_LOCK_CERT, "example.com", false, 200);
    int64_t took_ms = clock_mono_ms() - begun_ms;

    assert_null(w.lock);
    assert_int_equal(w.err.class, ERR_LOCKED);
    assert_true(took_ms >= 190 && took_ms < LONG_MS / 2);
    end_holder(pid);
}

static void killed_holder_holds_nothing(void **state)
{
    struct lab *lab = *state;
    pid_t pid = start_holder(lab, "example.com", false, LONG_MS);

    end_holder(pid);
    struct wait w = take(lab, STORE_LOCK_CERT, "example.com", false, 0);
    assert_non_null(w.lock);
    store_lock_release(w.lock);
}

static void shared_locks_keep_out_the_exclusive_only(void **state)
{
    struct lab *lab = *state;
    pid_t pid = start_holder(lab, "example.com", true, LONG_MS);
    struct wait shared = take(lab, STORE_LOCK_CERT, "example.com", true, 0);
    struct wait exclusive = take(lab, STORE_LOCK_CERT, "example.com", false, 0);

    assert_non_null(shared.lock);
    assert_null(exclusive.lock);
    store_lock_release(shared.lock);
    end_holder(pid);
}

static void two_locks_of_one_process_exclude_each_other(void **state)
{
    struct lab *lab = *state;
    struct wait first = take(lab, STORE_LOCK_ACCOUNT, "ca.example-12345678/default", false, 0);
    struct wait second = take(lab, STORE_LOCK_ACCOUNT, "ca.example-12345678/default", false, 0);

    assert_non_null(first.lock);
    assert_null(second.lock);
    store_lock_release(first.lock);
    second = take(lab, STORE_LOCK_ACCOUNT, "ca.example-12345678/default", false, 0);
    assert_non_null(second.lock);
    assert_true(store_lock_fd(second.lock) > 2);
    store_lock_release(second.lock);
}

static void odd_names_are_files_of_their_own(void **state)
{
    static const char *const names[] = {"p/a.de", "p_a.de", "../../x", "p/A.de", ""};
    struct lab *lab = *state;
    struct wait waits[ARRAY_LEN(names)];
    AUTO(strv_done) struct strv files = STRV_INIT;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        waits[i] = take(lab, STORE_LOCK_PLUGIN_ZONE, names[i], false, 0);
        assert_non_null(waits[i].lock);
    }
    assert_int_equal(fs_list(store_folder(lab->store, STORE_LOCKS), &files, &err), 0);
    assert_int_equal(files.n, ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        store_lock_release(waits[i].lock);
    }
}

static void removed_lock_file_guards_again(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *path = lab_path(lab, "locks/certificate-a.de.lock");
    struct wait w = take(lab, STORE_LOCK_CERT, "a.de", false, 0);

    assert_non_null(w.lock);
    store_lock_release(w.lock);
    assert_true(fs_exists(path)); /* it stays */
    assert_int_equal(unlink(path), 0);
    w = take(lab, STORE_LOCK_CERT, "a.de", false, 0);
    assert_non_null(w.lock);
    assert_true(fs_exists(path));
    store_lock_release(w.lock);
}

static void link_in_the_place_of_a_lock_is_refused(void **state)
{
    struct lab *lab = *state;
    AUTO_FREE char *path = lab_path(lab, "locks/certificate-a.de.lock");
    AUTO_FREE char *victim = lab_path(lab, "victim");

    lab_write(lab, "victim", "precious");
    assert_int_equal(symlink(victim, path), 0);
    struct wait w = take(lab, STORE_LOCK_CERT, "a.de", false, 0);
    assert_null(w.lock);
    assert_int_equal(w.err.class, ERR_FAILED);
    lab_assert_says(&w.err, path);
}

static void cancelled_wait_never_calls_back(void **state)
{
    struct lab *lab = *state;
    struct wait held = take(lab, STORE_LOCK_CERT, "a.de", false, 0);
    struct wait w = {.lock = NULL};
    struct store_job *job =
        store_lock_start(lab->store, STORE_LOCK_CERT, "a.de", false, LONG_MS, on_lock, &w);

    store_job_cancel(&job);
    assert_null(job);
    lab_turn(lab); /* returns at once: nothing is left to wait for */
    assert_int_equal(w.n_calls, 0);
    store_lock_release(held.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(held_lock_is_refused_naming_its_holder),
        LAB_TEST(waiting_ends_with_the_holder),
        LAB_TEST(waiting_ends_at_its_deadline),
        LAB_TEST(killed_holder_holds_nothing),
        LAB_TEST(shared_locks_keep_out_the_exclusive_only),
        LAB_TEST(two_locks_of_one_process_exclude_each_other),
        LAB_TEST(odd_names_are_files_of_their_own),
        LAB_TEST(removed_lock_file_guards_again),
        LAB_TEST(link_in_the_place_of_a_lock_is_refused),
        LAB_TEST(cancelled_wait_never_calls_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
