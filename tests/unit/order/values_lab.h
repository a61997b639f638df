/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Values between users, journal, provider and servers. The journal and the loop are real; provider
 * and servers are played here, under the names that the linker would take from their rooms: a job
 * waits until the test sends or ends it. Another run is another journal in the same folder.
 * Everything that a test uses is static: each is one program.
 */
#ifndef TESTS_ORDER_VALUES_LAB_H
#define TESTS_ORDER_VALUES_LAB_H

#include "order/values.h"

#include "../base/cmocka_all.h"
#include "acme-plugin.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "dns/gone.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "example.test"
#define OWNER "_acme-challenge.example.test."
#define JOBS_MAX 16

/* ---- A provider ---- */

struct provider_job {
    struct provider_change change;
    provider_done_fn *done;
    void *arg;
};

struct provider {
    struct provider_facts facts;
    bool is_by_hand, is_attended;
};

static struct provider lab;
static struct provider_job *jobs[JOBS_MAX]; /* submitted and not ended, in that order */
static size_t n_jobs;
static bool is_writing_allowed;
static char asked_owner[256];   /* the last question for leave: whose challenge, */
static char written_owner[256]; /* and where */

const char *provider_name(const struct provider *provider)
{
    assert_ptr_equal(provider, &lab);
    return "lab";
}

const struct provider_facts *provider_facts(const struct provider *provider)
{
    return &provider->facts;
}

bool provider_is_by_hand(const struct provider *provider)
{
    return provider->is_by_hand;
}

bool provider_is_attended(const struct provider *provider)
{
    return provider->is_attended;
}

int provider_get(struct provider_set *set, const char *name, struct provider **ret_provider,
                 struct err *err)
{
    (void)set;
    (void)err;
    assert_string_equal(name, "lab");
    *ret_provider = &lab;
    return 0;
}

int provider_may_write(const struct provider_set *set, const struct provider_map *map,
                       const char *identifier_owner, const char *final_owner, const char *chain,
                       struct err *err)
{
    (void)set;
    assert_null(map);
    assert_null(chain);
    (void)snprintf(asked_owner, sizeof(asked_owner), "%s", identifier_owner);
    (void)snprintf(written_owner, sizeof(written_owner), "%s", final_owner);
    return is_writing_allowed ? 0 : err_set(err, ERR_CONFIG, "not there");
}

struct provider_job *provider_submit(struct provider *provider,
                                     const struct provider_change *change, provider_done_fn *done,
                                     void *arg)
{
    struct provider_job *job = NEW(struct provider_job);

    assert_ptr_equal(provider, &lab);
    assert_true(n_jobs < JOBS_MAX);
    *job = (struct provider_job){.change = *change, .done = done, .arg = arg};
    jobs[n_jobs++] = job;
    return job;
}

static void drop_job(size_t index)
{
    mem_free(jobs[index]);
    n_jobs--;
    for (size_t i = index; i < n_jobs; i++) {
        jobs[i] = jobs[i + 1];
    }
}

void provider_job_cancel(struct provider_job **job)
{
    for (size_t i = 0; *job != NULL && i < n_jobs; i++) {
        if (jobs[i] == *job) {
            drop_job(i);
            break;
        }
    }
    *job = NULL;
}

static struct provider_job *hung_up; /* the last job that nobody wants any more */

void provider_job_hang_up(struct provider_job *job)
{
    hung_up = job;
}

void provider_release(struct provider *provider)
{
    assert_ptr_equal(provider, &lab);
}

/* ---- Servers ---- */

struct dns_gone {
    struct strv values;
    dns_gone_fn *done;
    void *arg;
};

static struct dns_gone *questions[JOBS_MAX];
static size_t n_questions;

struct dns_gone *dns_gone_start(struct dns *dns, const struct dns_place *place,
                                const char *const *values, size_t n_values, int64_t timeout_ms,
                                dns_gone_fn *done, void *arg)
{
    struct dns_gone *gone = NEW(struct dns_gone);

    (void)dns;
    (void)timeout_ms;
    assert_non_null(place);
    gone->done = done;
    gone->arg = arg;
    for (size_t i = 0; i < n_values; i++) {
        strv_add(&gone->values, values[i]);
    }
    assert_true(n_questions < JOBS_MAX);
    questions[n_questions++] = gone;
    return gone;
}

void dns_gone_cancel(struct dns_gone **gone)
{
    for (size_t i = 0; *gone != NULL && i < n_questions; i++) {
        if (questions[i] == *gone) {
            strv_done(&questions[i]->values);
            mem_free(questions[i]);
            questions[i] = questions[--n_questions];
            break;
        }
    }
    *gone = NULL;
}

/* The servers answer the first question: they serve this value still, or NULL, none. */
static inline void answer_question(const char *still_standing)
{
    AUTO(strv_done) struct strv standing = STRV_INIT;
    struct dns_gone *gone = questions[0];

    assert_true(n_questions > 0);
    n_questions--;
    memmove(questions, questions + 1, n_questions * sizeof(struct dns_gone *));
    if (still_standing != NULL) {
        strv_add(&standing, still_standing);
    }
    gone->done(gone->arg, &standing, NULL);
    strv_done(&gone->values);
    mem_free(gone);
}

struct dns_place *dns_place_copy(const struct dns_place *place)
{
    return mem_copy(place, sizeof(*place));
}

void dns_place_free(struct dns_place *place)
{
    mem_free(place);
}

/* ---- The bench ---- */

static char dir[] = "/tmp/acme-values-XXXXXX";
static struct loop *loop;
static struct journal *journal;
static struct values *values;
static unsigned n_warnings;
static unsigned n_notices;

static void count_warning(void *arg, const struct event *event)
{
    (void)arg;
    n_warnings += event->level == EVENT_WARNING ? 1 : 0;
    n_notices += event->level == EVENT_NOTICE ? 1 : 0;
}

static struct journal *open_journal(void)
{
    AUTO(strv_done) struct strv warnings = STRV_INIT;
    struct journal *opened = NULL;
    struct err err = ERR_INIT;

    if (journal_open(dir, "test", NULL, &opened, &warnings, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(warnings.n, 0);
    return opened;
}

/* A run that ends as if it had been killed: its journal stays, its lock is free. */
static inline void leave_behind_at(const char *owner, const char *const *texts, size_t n)
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct journal *theirs = open_journal();

        for (size_t i = 0; i < n; i++) {
            const struct journal_entry wanted = {
                .certificate = (char *)(uintptr_t)NAME,
                .provider = (char *)(uintptr_t) "lab",
                .owner = (char *)(uintptr_t)owner,
                .zone = (char *)(uintptr_t) "example.test.",
                .identifier = (char *)(uintptr_t)NAME,
                .value = (char *)(uintptr_t)texts[i],
            };
            struct journal_entry *entry = NULL;
            struct err err = ERR_INIT;

            if (journal_add_intents(theirs, &wanted, 1, &entry, &err) < 0) {
                _exit(1);
            }
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static inline void leave_behind(const char *const *texts, size_t n)
{
    leave_behind_at(OWNER, texts, n);
}

static inline struct journal_entry *add_entry(struct journal *to, const char *text)
{
    const struct journal_entry wanted = {
        .certificate = (char *)(uintptr_t) "other.test",
        .provider = (char *)(uintptr_t) "lab",
        .owner = (char *)(uintptr_t)OWNER,
        .zone = (char *)(uintptr_t) "example.test.",
        .identifier = (char *)(uintptr_t)NAME,
        .value = (char *)(uintptr_t)text,
    };
    struct journal_entry *entry = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(journal_add_intents(to, &wanted, 1, &entry, &err), 0);
    return entry;
}

static void open_values(void)
{
    journal = open_journal();
    values = values_new(loop);
    values_open(values, NULL, journal, (struct dns *)(uintptr_t)dir); /* there, and never used */
}

static void close_values(void)
{
    values_free(values);
    journal_close(journal);
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
    assert_non_null(mkdtemp(dir));
    assert_int_equal(loop_new(&loop, &err), 0);
    lab = (struct provider){.facts = {.can_hold_several = true}};
    is_writing_allowed = true;
    hung_up = NULL;
    n_warnings = 0;
    n_notices = 0;
    event_set_sink(count_warning, NULL, EVENT_NOTICE);
    return 0;
}

static int tear_down(void **state)
{
    AUTO(strv_done) struct strv files = STRV_INIT;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(n_jobs, 0);
    assert_int_equal(n_questions, 0);
    event_set_sink(NULL, NULL, EVENT_ERROR);
    loop_free(loop);
    assert_int_equal(fs_list(dir, &files, &err), 0);
    for (size_t i = 0; i < files.n; i++) {
        AUTO_FREE char *path = fs_join(dir, files.items[i]);

        assert_int_equal(unlink(path), 0);
    }
    return rmdir(dir);
}

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void spin(int64_t for_ms)
{
    struct err err = ERR_INIT;

    (void)loop_timer_start(loop, for_ms, stop, NULL);
    assert_int_equal(loop_run(loop, &err), 0);
}

/* The provider gets the first job, unless it comes back as unwanted. True: it was sent. */
static bool send_first(void)
{
    struct provider_job job = *jobs[0];
    const struct provider_change *change = &jobs[0]->change;
    struct err err = ERR_INIT;
    bool is_dropped = false;

    assert_true(n_jobs > 0);
    assert_int_equal(values_prepare(values, &lab, &change, 1, &is_dropped, &err), 0);
    if (is_dropped) {
        (void)err_set(&err, ERR_CANCELLED, "not wanted any more");
        drop_job(0);
        job.done(job.arg, &(struct provider_result){.is_dropped = true, .err = &err});
    }
    return !is_dropped;
}

static void end_first(const struct provider_result *result)
{
    struct provider_job job = *jobs[0];

    assert_true(n_jobs > 0);
    drop_job(0);
    job.done(job.arg, result);
}

static void succeed_first(enum provider_verb verb)
{
    assert_true(n_jobs > 0);
    assert_int_equal(jobs[0]->change.verb, verb);
    assert_true(send_first());
    end_first(&(struct provider_result){.is_ok = true});
}

static inline void fail_first_with(enum provider_verb verb, enum err_class class, int32_t status)
{
    struct err err = ERR_INIT;

    (void)err_set(&err, class, "no");
    assert_true(n_jobs > 0);
    assert_int_equal(jobs[0]->change.verb, verb);
    assert_true(send_first());
    end_first(&(struct provider_result){.status = status, .err = &err});
}

static inline void fail_first(enum provider_verb verb, enum err_class class)
{
    fail_first_with(verb, class, ACME_BUG);
}

struct told {
    unsigned n_good, n_bad;
};

static void tell(void *arg, const struct err *err)
{
    struct told *told = arg;

    told->n_good += err == NULL ? 1 : 0;
    told->n_bad += err != NULL ? 1 : 0;
}

static struct value_use *publish(const char *text, struct told *told)
{
    static const struct dns_place PLACE = {.name = NULL};
    const struct value_wish wish = {
        .provider = &lab,
        .owner = OWNER,
        .zone = "example.test.",
        .value = text,
        .certificate = NAME,
        .identifier = NAME,
        .place = &PLACE,
    };

    return values_publish(values, &wish, tell, told);
}

static struct value_use *publish_well(const char *text, struct told *told)
{
    struct value_use *use = publish(text, told);

    succeed_first(PROVIDER_ADD);
    spin(5);
    assert_int_equal(told->n_good, 1);
    return use;
}

static size_t count_entries(void)
{
    size_t cursor = 0;
    size_t n = 0;

    while (journal_next(journal, &cursor) != NULL) {
        n++;
    }
    return n;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
