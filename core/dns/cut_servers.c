/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * From a delegation to every address of every server: the child's own NS set beside the parent's,
 * then A and AAAA of each name. All of it side by side; glue is used to ask with, and believed only
 * where nobody better answers.
 */
#include "base/event.h"
#include "base/mem.h"
#include "dns/address.h"
#include "dns/cut_impl.h"
#include "dns/lookup.h"
#include "dns/name.h"

#include <stdio.h>
#include <string.h>

enum { ROOT_NAMES_ASKED = 3 }; /* of thirteen: enough to walk on */
enum task_state { TASK_PENDING, TASK_RUNNING, TASK_ENDED };

/* The addresses of one family of one name server. */
struct cut_task {
    struct cut *cut;
    char *ns;
    uint16_t type;
    enum task_state state;
    struct race *race;     /* asked of the zone itself */
    struct lookup *lookup; /* asked of the resolver */
    struct bell_waiter waiter;
    struct cut_task *next;
};

static void advance(struct cut *cut);

void cut_tasks_free(struct cut *cut)
{
    while (cut->tasks != NULL) {
        struct cut_task *task = cut->tasks;

        cut->tasks = task->next;
        bell_leave(&task->waiter);
        race_cancel(&task->race);
        mem_free(task->ns);
        mem_free(task);
    }
    bell_leave(&cut->root_waiter);
    race_cancel(&cut->child_race);
}

static void add_name(struct cut *cut, const char *ns)
{
    static const uint16_t TYPES[] = {MESSAGE_A, MESSAGE_AAAA};

    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        struct cut_task *task = NEW(struct cut_task);

        task->cut = cut;
        task->ns = str_dup(ns);
        task->type = TYPES[i];
        task->next = cut->tasks;
        cut->tasks = task;
        cut->n_open_tasks++;
    }
}

static void end_task(struct cut_task *task)
{
    task->state = TASK_ENDED;
    task->cut->n_open_tasks--;
    advance(task->cut);
}

static void take_lookup(struct cut_task *task)
{
    const struct lookup *lookup = task->lookup;

    for (size_t i = 0; i < lookup->n_addresses; i++) {
        cut_add_address(task->cut, task->ns, &lookup->addresses[i], false);
    }
    if (lookup->n_addresses == 0 && task->cut->why[0] == '\0') {
        (void)snprintf(task->cut->why, sizeof(task->cut->why), "%.40s has no address%s%.60s",
                       task->ns, lookup->is_answered ? "" : ": ", lookup->why);
    }
}

static void on_lookup(void *arg)
{
    struct cut_task *task = arg;

    take_lookup(task);
    end_task(task);
}

/* With authority, or on the word of a referral to where the server's name lives: glue again. */
static bool on_address_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct cut_task *task = arg;
    const struct message *message = result->message;
    bool is_found = false;

    (void)runner;
    if (message == NULL || message->rcode != MESSAGE_NOERROR) {
        return message != NULL && message->is_authoritative && message->rcode == MESSAGE_NXDOMAIN;
    }
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];
        struct sockaddr_storage address;

        if (record->type == task->type && strcmp(record->owner, task->ns) == 0) {
            address_from_bytes(record->bytes, record->len, &address);
            cut_add_address(task->cut, task->ns, &address, !message->is_authoritative);
            is_found = true;
        }
    }
    return is_found || message->is_authoritative;
}

static void on_address_over(void *arg, bool is_won)
{
    struct cut_task *task = arg;

    (void)is_won;
    task->race = NULL;
    end_task(task);
}

static struct race *ask_zone(struct cut *cut, const char *name, uint16_t type,
                             const struct race_callbacks *callbacks, void *arg)
{
    struct race_runner runners[RACE_RUNNERS_MAX];
    struct exchange_question question = {.name = name, .type = type, .is_recursive = false};
    size_t n = cut_runners(cut, runners);

    return race_start(cut->dns->net, &question, runners, n, callbacks, arg);
}

/* A name inside the zone is never asked of the resolver: it may be one whose absence it must not
 * remember. Waits until there is somebody to ask. Returns whether the task has ended meanwhile. */
static bool start_task(struct cut_task *task)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_address_judge,
                                                    .over = on_address_over};
    struct cut *cut = task->cut;

    if (strcmp(cut->name, ".") != 0 && name_is_within(task->ns, cut->name)) {
        if (cut->n_servers > 0) {
            task->state = TASK_RUNNING;
            task->race = ask_zone(cut, task->ns, task->type, &CALLBACKS, task);
        }
        return false;
    }
    task->state = TASK_RUNNING;
    task->lookup = lookup_get(cut->dns, task->ns, task->type);
    if (!task->lookup->is_done) {
        bell_wait(&task->lookup->bell, &task->waiter, on_lookup, task);
        return false;
    }
    take_lookup(task);
    task->state = TASK_ENDED;
    cut->n_open_tasks--;
    return true;
}

static bool on_child_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct cut *cut = arg;
    const struct message *message = result->message;

    (void)runner;
    if (message == NULL || !message->is_authoritative || message->rcode != MESSAGE_NOERROR) {
        return false;
    }
    for (size_t i = 0; i < message->n_records && cut->ns_child.n < CUT_NAMES_MAX; i++) {
        const struct message_record *record = &message->records[i];

        if (record->section == MESSAGE_ANSWER && record->type == MESSAGE_NS &&
            strcmp(record->owner, cut->name) == 0) {
            strv_add_unique(&cut->ns_child, record->target);
        }
    }
    return cut->ns_child.n > 0;
}

static void on_child_over(void *arg, bool is_won)
{
    struct cut *cut = arg;

    (void)is_won;
    cut->child_race = NULL;
    for (size_t i = 0; i < cut->ns_child.n; i++) {
        if (!strv_has(&cut->ns_parent, cut->ns_child.items[i])) {
            add_name(cut, cut->ns_child.items[i]);
        }
    }
    advance(cut);
}

static void start_pending(struct cut *cut)
{
    bool has_news = true;

    while (has_news) {
        has_news = false;
        for (struct cut_task *task = cut->tasks; task != NULL; task = task->next) {
            if (task->state == TASK_PENDING) {
                has_news = start_task(task) || has_news;
            }
        }
    }
}

/* Whether all that could run has ended; tasks that still pend then have nobody to ask. */
static bool is_exhausted(const struct cut *cut)
{
    for (const struct cut_task *task = cut->tasks; task != NULL; task = task->next) {
        if (task->state == TASK_RUNNING) {
            return false;
        }
    }
    return cut->child_race == NULL && cut->root_lookup == NULL;
}

/* Glue may have named only servers that are lame or dead: what is found beside it joins in. */
static void extend_races(struct cut *cut)
{
    if (cut->child_race != NULL) {
        cut_extend_race(cut, cut->child_race);
    }
    for (struct cut_task *task = cut->tasks; task != NULL; task = task->next) {
        if (task->race != NULL) {
            cut_extend_race(cut, task->race);
        }
    }
}

/* Starts what can be started, tells who waits, and sees whether that was all. */
static void advance(struct cut *cut)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_child_judge, .over = on_child_over};

    if (cut->is_complete) {
        return;
    }
    start_pending(cut);
    extend_races(cut);
    if (cut->n_servers > 0 && !cut->is_child_asked && strcmp(cut->name, ".") != 0) {
        cut->is_child_asked = true;
        cut->child_race = ask_zone(cut, cut->name, MESSAGE_NS, &CALLBACKS, cut);
    }
    if (is_exhausted(cut)) {
        cut->is_complete = true;
        cut_drop_stale(cut);
        bell_ring(&cut->walkable);
        bell_ring(&cut->complete);
    } else if (cut->n_servers > 0) {
        bell_ring(&cut->walkable);
    }
}

static void on_root(void *arg)
{
    struct cut *cut = arg;
    struct lookup *lookup = cut->root_lookup;
    size_t n_asked = lookup->names.n < ROOT_NAMES_ASKED ? lookup->names.n : ROOT_NAMES_ASKED;

    cut->root_lookup = NULL;
    strv_copy(&cut->ns_parent, &lookup->names);
    for (size_t i = 0; i < lookup->n_addresses; i++) {
        if (strv_has(&cut->ns_parent, lookup->owners.items[i])) {
            cut_add_address(cut, lookup->owners.items[i], &lookup->addresses[i], true);
        }
    }
    if (lookup->names.n == 0) {
        (void)snprintf(cut->why, sizeof(cut->why), "%s",
                       lookup->is_answered ? "the resolver knows no root servers" : lookup->why);
    }
    for (size_t i = 0; cut->n_servers == 0 && i < n_asked; i++) {
        add_name(cut, cut->ns_parent.items[i]);
    }
    advance(cut);
}

void cut_start(struct cut *cut)
{
    if (cut->is_started) {
        return;
    }
    cut->is_started = true;
    if (strcmp(cut->name, ".") == 0) {
        cut->root_lookup = lookup_get(cut->dns, ".", MESSAGE_NS);
        if (cut->root_lookup->is_done) {
            on_root(cut);
        } else {
            bell_wait(&cut->root_lookup->bell, &cut->root_waiter, on_root, cut);
        }
        return;
    }
    for (size_t i = 0; i < cut->ns_parent.n; i++) {
        add_name(cut, cut->ns_parent.items[i]);
    }
    advance(cut);
}
