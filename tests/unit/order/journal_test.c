/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The journal between runs: each run here is a process that ends without closing its journal. */
#include "order/journal.h"

#include "../base/cmocka_all.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "example.test"
#define OTHER "other.test"
#define JOURNAL_MAX ((size_t)1 << 20)

static char dir[] = "/tmp/acme-journal-XXXXXX";

/* ---- Runs ---- */

static struct journal *open_for(const char *certificate, size_t n_warnings)
{
    AUTO(strv_done) struct strv warnings = STRV_INIT;
    const struct journal_scope scope = {.certificate = certificate};
    struct journal *journal = NULL;
    struct err err = ERR_INIT;

    if (journal_open(dir, "test", certificate == NULL ? NULL : &scope, &journal, &warnings, &err) <
        0) {
        fail_msg("%s", err.text);
    }
    if (warnings.n != n_warnings) {
        fail_msg("%zu warnings: %s", warnings.n, warnings.n > 0 ? warnings.items[0] : "");
    }
    return journal;
}

/* What fn writes is what a killed run leaves. */
static void die_after(void (*fn)(struct journal *journal))
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        fn(open_for(NAME, 0));
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static bool is_awaited; /* what is added was asked of a person */

static struct journal_entry *add(struct journal *journal, enum journal_kind kind,
                                 const char *certificate, const char *value, int64_t until_s)
{
    const struct journal_entry wanted = {
        .kind = kind,
        .certificate = (char *)(uintptr_t)certificate,
        .provider = (char *)(uintptr_t) "lab",
        .owner = (char *)(uintptr_t) "_acme-challenge.example.test.",
        .zone = (char *)(uintptr_t) "example.test.",
        .identifier = (char *)(uintptr_t) "example.test",
        .value = (char *)(uintptr_t)value,
        .until_s = until_s,
        .is_awaited = is_awaited,
    };
    struct journal_entry *entry = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(journal_add_intents(journal, &wanted, 1, &entry, &err), 0);
    return entry;
}

static void put(struct journal *journal, const char *certificate, const char *url, int64_t parked_s)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct journal_order order = {
        .certificate = (char *)(uintptr_t)certificate,
        .directory = (char *)(uintptr_t) "https://ca.test/dir",
        .account = (char *)(uintptr_t) "https://ca.test/account/1",
        .url = (char *)(uintptr_t)url,
        .key_tag = (char *)(uintptr_t) "20260101-abcdef",
        .expires_s = clock_wall_s() + 3600,
        .parked_s = parked_s,
    };
    struct err err = ERR_INIT;

    strv_add(&names, certificate);
    strv_add(&names, "*.quote\"d");
    order.names = names;
    assert_int_equal(journal_put_order(journal, &order, &err), 0);
}

static size_t count(struct journal *journal)
{
    size_t cursor = 0;
    size_t n = 0;

    while (journal_next(journal, &cursor) != NULL) {
        n++;
    }
    return n;
}

static struct journal_entry *only(struct journal *journal)
{
    size_t cursor = 0;
    struct journal_entry *entry = journal_next(journal, &cursor);

    assert_non_null(entry);
    assert_null(journal_next(journal, &cursor));
    return entry;
}

static void remove_all(struct journal *journal)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;
    struct err err = ERR_INIT;

    while ((entry = journal_next(journal, &cursor)) != NULL) {
        assert_int_equal(journal_mark_removed(entry, &err), 0);
    }
}

static size_t count_files(void)
{
    AUTO(strv_done) struct strv files = STRV_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(fs_list(dir, &files, &err), 0);
    return files.n;
}

/* The journal of the only run that left one. To mem_free. */
static char *find_file(void)
{
    AUTO(strv_done) struct strv files = STRV_INIT;
    struct err err = ERR_INIT;
    char *found = NULL;

    assert_int_equal(fs_list(dir, &files, &err), 0);
    for (size_t i = 0; i < files.n; i++) {
        if (!str_has_suffix(files.items[i], ".lock")) {
            assert_null(found);
            found = fs_join(dir, files.items[i]);
        }
    }
    assert_non_null(found);
    return found;
}

static void write_to(const char *path, const char *text, size_t len, int flags)
{
    AUTO_FD int fd = open(path, O_WRONLY | flags, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
}

static int clear(void **state)
{
    AUTO(strv_done) struct strv files = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    if (fs_list(dir, &files, &err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < files.n; i++) {
        AUTO_FREE char *path = fs_join(dir, files.items[i]);
        if (unlink(path) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- One run after another ---- */

static void leave_one(struct journal *journal)
{
    struct err err = ERR_INIT;
    struct journal_entry *entry = add(journal, JOURNAL_ORDER, NAME, "a \"value\"\n", 0);

    assert_int_equal(journal_set_receipt(entry, "\0\xff receipt", 10, &err), 0);
}

static void what_a_killed_run_left_is_found(void **state)
{
    const struct journal_entry *entry = NULL;
    struct journal *journal = NULL;

    (void)state;
    die_after(leave_one);
    journal = open_for(NAME, 0);
    entry = only(journal);
    assert_true(entry->is_adopted);
    assert_string_equal(entry->value, "a \"value\"\n");
    assert_string_equal(entry->provider, "lab");
    assert_string_equal(entry->owner, "_acme-challenge.example.test.");
    assert_string_equal(entry->zone, "example.test.");
    assert_string_equal(entry->identifier, "example.test");
    assert_string_equal(entry->certificate, NAME);
    assert_int_equal(entry->receipt_len, 10);
    assert_memory_equal(entry->receipt, "\0\xff receipt", 10);
    assert_true(journal_may_end(entry, clock_wall_s()));
    remove_all(journal);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

static void leave_a_rest(struct journal *journal)
{
    struct err err = ERR_INIT;

    assert_int_equal(journal_mark_removed(add(journal, JOURNAL_ORDER, NAME, "one", 0), &err), 0);
    (void)add(journal, JOURNAL_ORDER, NAME, "two", 0);
}

static void what_was_removed_is_not(void **state)
{
    struct journal *journal = NULL;

    (void)state;
    die_after(leave_a_rest);
    journal = open_for(NAME, 0);
    assert_string_equal(only(journal)->value, "two");
    journal_close(journal);
    assert_int_equal(count_files(), 2); /* the journal that is needed, and its lock */
}

static void leave_an_order(struct journal *journal)
{
    put(journal, NAME, NULL, 0);
    put(journal, NAME, "https://ca.test/order/1", 0);
}

static void an_order_is_found_until_it_is_over(void **state)
{
    struct journal_order *order = NULL;
    struct journal *journal = NULL;
    struct err err = ERR_INIT;

    (void)state;
    die_after(leave_an_order);
    journal = open_for(OTHER, 0);
    assert_null(journal_find_order(journal, OTHER));
    assert_null(journal_find_order(journal, NAME)); /* left to the run that can use it */
    assert_true(journal_key_is_needed(journal, NAME, "20260101-abcdef"));
    assert_false(journal_key_is_needed(journal, OTHER, "20260101-abcdef"));
    journal_close(journal);
    journal = open_for(NAME, 0);
    order = journal_find_order(journal, NAME);
    assert_non_null(order);
    assert_string_equal(order->url, "https://ca.test/order/1");
    assert_string_equal(order->directory, "https://ca.test/dir");
    assert_string_equal(order->account, "https://ca.test/account/1");
    assert_string_equal(order->key_tag, "20260101-abcdef");
    assert_int_equal(order->names.n, 2);
    assert_string_equal(order->names.items[1], "*.quote\"d");
    assert_int_equal(journal_end_order(order, &err), 0);
    assert_null(journal_find_order(journal, NAME));
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

/* ---- Runs at the same time ---- */

static void a_living_runs_journal_is_its_own(void **state)
{
    struct journal *living = open_for(NAME, 0);
    struct journal *journal = NULL;
    struct journal_entry *mine = NULL;
    struct journal_entry *theirs = NULL;

    (void)state;
    theirs = add(living, JOURNAL_ORDER, NAME, "shared", 0);
    journal = open_for(NAME, 0);
    assert_int_equal(count(journal), 0);
    mine = add(journal, JOURNAL_ORDER, NAME, "shared", 0);
    assert_true(journal_stands_elsewhere(journal, mine));
    remove_all(journal);
    assert_ptr_equal(journal_find_value(living, "lab", mine->owner, "shared"), theirs);
    assert_false(journal_stands_elsewhere(living, theirs));
    remove_all(living);
    journal_close(living);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

/* Neither may count on the other to remove it. */
static void two_that_leave_together_both_remove(void **state)
{
    struct journal *one = open_for(NAME, 0);
    struct journal *two = open_for(NAME, 0);
    struct journal_entry *in_one = add(one, JOURNAL_ORDER, NAME, "shared", 0);
    struct journal_entry *in_two = add(two, JOURNAL_ORDER, NAME, "shared", 0);

    (void)state;
    assert_true(journal_stands_elsewhere(one, in_one));
    assert_false(journal_stands_elsewhere(two, in_two));
    assert_false(journal_stands_elsewhere(one, in_one));
    journal_close(one);
    journal_close(two);
    one = open_for(NAME, 0);
    assert_int_equal(count(one), 2);
    remove_all(one);
    journal_close(one);
}

/* A worker has the lock's descriptor and outlives the run for a while. */
static void a_survivor_keeps_the_journal(void **state)
{
    struct journal *journal = NULL;
    char pid_text[16] = "";
    pid_t survivor = 0;
    pid_t pid = 0;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        struct journal *dying = open_for(NAME, 0);

        (void)add(dying, JOURNAL_ORDER, NAME, "value", 0);
        survivor = fork();
        if (survivor == 0) {
            pause();
            _exit(0);
        }
        (void)snprintf(pid_text, sizeof(pid_text), "%ld", (long)survivor);
        _exit(write(ends[1], pid_text, sizeof(pid_text)) == sizeof(pid_text) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(read(ends[0], pid_text, sizeof(pid_text)), sizeof(pid_text));
    survivor = (pid_t)strtol(pid_text, NULL, 10);
    journal = open_for(NAME, 0);
    assert_int_equal(count(journal), 0);
    journal_close(journal);
    assert_int_equal(kill(survivor, SIGKILL), 0);
    for (int i = 0; i < 500; i++) {
        journal = open_for(NAME, 0);
        if (count(journal) == 1) {
            break;
        }
        journal_close(journal);
        journal = NULL;
        usleep(10000);
    }
    assert_non_null(journal);
    remove_all(journal);
    journal_close(journal);
    close(ends[0]);
    close(ends[1]);
}

/* ---- What is not ours to end ---- */

static void leave_leases(struct journal *journal)
{
    (void)add(journal, JOURNAL_LEASE, "", "over", clock_wall_s() - 1);
    (void)add(journal, JOURNAL_LEASE, "", "in force", clock_wall_s() + 3600);
    (void)add(journal, JOURNAL_PERMANENT, "", "for ever", 0);
}

static void leases_and_permanent_values_stay(void **state)
{
    struct journal *journal = NULL;
    struct journal_entry *entry = NULL;
    size_t cursor = 0;

    (void)state;
    die_after(leave_leases);
    journal = open_for(NAME, 0);
    assert_int_equal(count(journal), 3);
    while ((entry = journal_next(journal, &cursor)) != NULL) {
        assert_int_equal(journal_may_end(entry, clock_wall_s()), strcmp(entry->value, "over") == 0);
    }
    journal_close(journal);
}

static void leave_a_value(struct journal *journal)
{
    (void)add(journal, JOURNAL_ORDER, NAME, "needed", 0);
}

static void leave_parked(struct journal *journal)
{
    put(journal, NAME, "https://ca.test/order/1", clock_wall_s());
}

/* The value is in one file, the order that needs it in another. */
static void what_a_parked_order_needs_stays(void **state)
{
    struct journal *journal = NULL;
    struct journal_order *order = NULL;
    struct err err = ERR_INIT;

    (void)state;
    die_after(leave_a_value);
    /* While the first file is held, the order goes into one of its own. */
    journal = open_for(NAME, 0);
    die_after(leave_parked);
    journal_close(journal);

    journal = open_for(OTHER, 0);
    assert_int_equal(count(journal), 0);
    journal_close(journal);

    journal = open_for(NULL, 0);
    assert_false(journal_may_end(only(journal), clock_wall_s()));
    journal_close(journal);

    journal = open_for(NAME, 0);
    assert_false(journal_may_end(only(journal), clock_wall_s()));
    order = journal_find_order(journal, NAME);
    assert_non_null(order);
    put(journal, NAME, order->url, 0);
    assert_true(journal_may_end(only(journal), clock_wall_s()));
    remove_all(journal);
    assert_int_equal(journal_end_order(journal_find_order(journal, NAME), &err), 0);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

/* ---- Damage ---- */

static void leave_a_request(struct journal *journal)
{
    leave_a_value(journal);
    put(journal, NAME, "https://ca.test/order/1", 0);
}

/* What a person was asked for stays while the order can be gone on with; what a program published
 * need not. */
static void what_a_person_was_asked_for_stays(void **state)
{
    struct journal *journal = NULL;
    struct err err = ERR_INIT;

    (void)state;
    die_after(leave_a_request);
    journal = open_for(NULL, 0);
    assert_true(journal_may_end(only(journal), clock_wall_s()));
    remove_all(journal);
    assert_int_equal(journal_end_order(journal_find_order(journal, NAME), &err), 0);
    journal_close(journal);

    is_awaited = true;
    die_after(leave_a_request);
    is_awaited = false;
    journal = open_for(NULL, 0);
    assert_true(only(journal)->is_awaited);
    assert_false(journal_may_end(only(journal), clock_wall_s()));
    assert_int_equal(journal_end_order(journal_find_order(journal, NAME), &err), 0);
    assert_true(journal_may_end(only(journal), clock_wall_s()));
    remove_all(journal);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

static void leave_much(struct journal *journal)
{
    struct err err = ERR_INIT;
    struct journal_entry *entry = add(journal, JOURNAL_ORDER, NAME, "one", 0);

    assert_int_equal(journal_set_receipt(entry, "receipt", 7, &err), 0);
    put(journal, NAME, "https://ca.test/order/1", 0);
    assert_int_equal(journal_mark_removed(entry, &err), 0);
    (void)add(journal, JOURNAL_ORDER, NAME, "two", 0);
}

static void end_all(struct journal *journal)
{
    struct journal_order *order = journal_find_order(journal, NAME);
    struct err err = ERR_INIT;

    assert_true(count(journal) <= 1);
    remove_all(journal);
    if (order != NULL) {
        assert_int_equal(journal_end_order(order, &err), 0);
    }
}

/* Cut anywhere, it says what its whole lines say; what is appended afterwards counts. */
static void a_journal_cut_anywhere_is_read(void **state)
{
    AUTO(buf_done) struct buf whole = BUF(JOURNAL_MAX);
    AUTO_FREE char *path = NULL;
    struct err err = ERR_INIT;

    (void)state;
    die_after(leave_much);
    path = find_file();
    assert_int_equal(fs_read(path, &whole, &err), 0);
    for (size_t len = 0; len < whole.len; len++) {
        struct journal *journal = NULL;

        write_to(path, whole.bytes, len, O_TRUNC | O_CREAT);
        die_after(end_all);
        journal = open_for(NAME, 0);
        assert_int_equal(count(journal), 0);
        assert_null(journal_find_order(journal, NAME));
        journal_close(journal);
        assert_int_equal(count_files(), 0);
        assert_int_equal(fs_write_new(path, "", 0, 0600, &err), 0);
    }
}

static void a_damaged_journal_is_kept(void **state)
{
    static const char *const LINES[] = {
        "\n{\n",
        "nonsense\n",
        "{\"record\":\"unheard of\"}\n",
        "{\"record\":\"removed\"}\n",
        "{\"record\":\"removed\",\"number\":99}\n",
        "[]\n",
        "{\"record\":\"intent\",\"number\":7}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        AUTO_FREE char *path = NULL;
        struct journal *journal = NULL;

        die_after(leave_one);
        path = find_file();
        write_to(path, LINES[i], strlen(LINES[i]), O_APPEND);
        journal = open_for(NAME, 1);
        assert_int_equal(count(journal), 1);
        remove_all(journal);
        journal_close(journal);
        assert_true(fs_exists(path));
        assert_int_equal(clear(NULL), 0);
    }
}

static void a_newer_journal_is_left_alone(void **state)
{
    static const char TEXT[] =
        "{\"record\":\"begin\",\"format\":2}\n"
        "{\"record\":\"intent\",\"number\":1,\"kind\":\"order\",\"provider\":\"lab\","
        "\"owner\":\"a.\",\"zone\":\"a.\",\"value\":\"v\"}\n";
    AUTO_FREE char *path = fs_join(dir, "newer");
    struct journal *journal = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(fs_write_new(path, TEXT, strlen(TEXT), 0600, &err), 0);
    journal = open_for(NAME, 1);
    assert_int_equal(count(journal), 0);
    journal_close(journal);
    assert_true(fs_exists(path));
}

static void a_lock_alone_is_litter(void **state)
{
    AUTO_FREE char *path = fs_join(dir, "run.lock");
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(fs_write_new(path, "", 0, 0600, &err), 0);
    journal_close(open_for(NAME, 0));
    assert_int_equal(count_files(), 0);
}

/* A limit on the file's size stands for the full disk: write() takes a part, then nothing. */
static void a_full_disk_costs_one_record(void **state)
{
    struct rlimit before;
    struct rlimit limit;
    struct stat status;
    struct journal *journal = open_for(NAME, 0);
    AUTO_FREE char *path = find_file();
    struct journal_entry entry = *add(journal, JOURNAL_ORDER, NAME, "one", 0);
    struct journal_entry *added = NULL;
    struct err err = ERR_INIT;

    (void)state;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = (rlim_t)status.st_size + 20, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    entry.value = (char *)(uintptr_t) "two";
    assert_true(journal_add_intents(journal, &entry, 1, &added, &err) < 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(err.text, path));
    (void)add(journal, JOURNAL_ORDER, NAME, "three", 0);
    journal_close(journal);

    journal = open_for(NAME, 0);
    assert_int_equal(count(journal), 2);
    remove_all(journal);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int drop_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, clear)

static void leave_the_lease(struct journal *journal)
{
    (void)add(journal, JOURNAL_LEASE, "", "leased", clock_wall_s() + 3600);
}

static size_t end_leases(struct journal *journal, const char *identifier, const char *value,
                         bool is_held)
{
    AUTO_FREE char *holder = NULL;
    size_t n = journal_end_leases(journal, identifier, value, &holder);

    assert_int_equal(holder != NULL, is_held);
    return n;
}

static void a_lease_is_taken_over_by_who_comes_to_end_it(void **state)
{
    AUTO_FREE char *other = NULL;
    AUTO_FREE char *same = NULL;
    struct journal *journal = NULL;
    struct journal_entry *mine = NULL;

    (void)state;
    die_after(leave_the_lease);
    journal = open_for(NAME, 0);
    mine = add(journal, JOURNAL_LEASE, "", "other", 1);
    assert_int_equal(end_leases(journal, "example.test", "other", false), 0);
    assert_int_equal(end_leases(journal, "else.test", "leased", false), 0);
    assert_int_equal(count(journal), 1);
    /* Whoever holds the file: a provider of one value a name has room for no other. */
    other = journal_find_lease(journal, "lab", "_acme-challenge.example.test.", "other");
    assert_non_null(other);
    assert_true(str_has_prefix(other, "until 20") && strstr(other, ", entry 20") != NULL);
    same = journal_find_lease(journal, "lab", "_acme-challenge.example.test.", "leased");
    assert_null(same);
    assert_int_equal(journal_mark_removed(mine, &(struct err)ERR_INIT), 0);
    assert_int_equal(end_leases(journal, "example.test", "leased", false), 1);
    assert_true(only(journal)->is_adopted);
    assert_true(journal_may_end(only(journal), clock_wall_s()));
    /* What this run adds still goes to its own file. */
    mine = add(journal, JOURNAL_LEASE, "", "later", 1);
    assert_false(mine->is_adopted);
    remove_all(journal);
    journal_close(journal);
    assert_int_equal(count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_killed_run_left_is_found),
        TEST(what_was_removed_is_not),
        TEST(an_order_is_found_until_it_is_over),
        TEST(a_living_runs_journal_is_its_own),
        TEST(two_that_leave_together_both_remove),
        TEST(a_survivor_keeps_the_journal),
        TEST(leases_and_permanent_values_stay),
        TEST(what_a_parked_order_needs_stays),
        TEST(what_a_person_was_asked_for_stays),
        TEST(a_journal_cut_anywhere_is_read),
        TEST(a_damaged_journal_is_kept),
        TEST(a_newer_journal_is_left_alone),
        TEST(a_lock_alone_is_litter),
        TEST(a_lease_is_taken_over_by_who_comes_to_end_it),
        TEST(a_full_disk_costs_one_record),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
