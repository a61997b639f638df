/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * dns add | wait | remove. What was added is remembered by the journal as a lease; remove looks
 * there first, where it was added with, and asks the DNS only for what no journal knows. Leases of
 * earlier runs that are over go on the way, since whoever uses these commands may use no others.
 */
#include "task/dns.h"

#include "base/clock.h"
#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/keys.h"
#include "config/settings.h"
#include "task/rooms.h"
#include "task/signals.h"

#include <string.h>
#include <strings.h>

#define LEASE_DEFAULT_MS ((int64_t)24 * 3600 * 1000)
#define LEASE_MIN_MS 1000
#define LEASE_MAX_MS ((int64_t)30 * 24 * 3600 * 1000)
#define VALUE_MAX 255
#define CANCEL_GRACE_MS 2000
#define CLEANUP_MS 30000
#define HELD_CHECK_MS 100

struct dns_task {
    struct task_env *env;
    const struct dns_request *request;
    char *identifier; /* "example.com" */
    bool is_wildcard;
    int64_t until_s;
    struct rooms *rooms;
    struct lease *lease;
    struct loop_timer *patience;
    struct loop_timer *again; /* remove: while another run has the journal that knows it */
    int64_t began_ms;
    char *owner, *zone, *providers; /* as far as they were found */
    bool is_left_standing;          /* removed, as far as anybody here can */
    struct err err;
};

/* ---- Arguments ---- */

static int read_name(struct dns_task *task, struct err *err)
{
    const char *name = task->request->name;
    AUTO_FREE char *normal = NULL;

    if (strncasecmp(name, DOMAIN_CHALLENGE_LABEL, strlen(DOMAIN_CHALLENGE_LABEL)) == 0) {
        name += strlen(DOMAIN_CHALLENGE_LABEL);
    }
    if (domain_normalize(name, &normal, err) < 0) {
        return err_code(err);
    }
    if (name != task->request->name && domain_is_wildcard(normal)) {
        return err_set(err, ERR_CONFIG, "'%s' is no challenge owner: it has none for a wildcard",
                       task->request->name);
    }
    task->is_wildcard = domain_is_wildcard(normal);
    task->identifier = str_dup(domain_base(normal));
    return 0;
}

static int read_value(const char *value, struct err *err)
{
    size_t len = strlen(value);

    for (size_t i = 0; i < len; i++) {
        if (value[i] < 0x20 || value[i] > 0x7e) {
            return err_set(err, ERR_CONFIG, "the value holds a byte that is not printable ASCII");
        }
    }
    return len >= 1 && len <= VALUE_MAX
               ? 0
               : err_set(err, ERR_CONFIG, "the value has %zu bytes, not 1 to %d", len, VALUE_MAX);
}

static int read_lease(struct dns_task *task, struct err *err)
{
    const char *text = task->request->lease;
    int64_t ms = LEASE_DEFAULT_MS;

    if (text != NULL && (!duration_parse(text, &ms) || ms < LEASE_MIN_MS || ms > LEASE_MAX_MS)) {
        return err_set(err, ERR_CONFIG,
                       "--lease: '%s' is not a duration like 90s, 5m, 2h or 1d, at most 30d", text);
    }
    task->until_s = clock_wall_s() + ms / 1000;
    return 0;
}

/* ---- The end ---- */

static void stop(void *arg)
{
    struct dns_task *task = arg;

    loop_timer_cancel(&task->patience);
    loop_stop(task->env->loop);
}

static void lose_patience(void *arg)
{
    struct dns_task *task = arg;

    task->patience = NULL;
    values_wait_cancel(task->rooms->values, task);
    loop_stop(task->env->loop);
}

static void limit_cleaning(struct dns_task *task)
{
    if (task->patience == NULL) {
        task->patience = loop_timer_start(task->env->loop, CLEANUP_MS, lose_patience, task);
    }
}

/* What is to be removed goes now: what was asked for, a part that was published, leases that are
 * over. A removal that was asked for gets the time that its locks and calls may take. */
static void clean(struct dns_task *task)
{
    if (task->request->verb != LEASE_WATCH) {
        values_sweep(task->rooms->values, NULL);
    }
    if (task->request->verb != LEASE_TAKE_BACK || task->err.class != ERR_NONE) {
        limit_cleaning(task);
    }
    values_wait_idle(task->rooms->values, NULL, stop, task);
}

/* Nobody has published what a person was asked for, unless the name servers were seen to serve it.
 */
static void judge_asking(struct dns_task *task)
{
    bool has_waited_in_vain = task->err.class == ERR_PROPAGATION;

    if (task->err.class != ERR_NONE && !has_waited_in_vain) {
        return;
    }
    if (has_waited_in_vain) {
        task->err.class = ERR_HUMAN;
    } else {
        (void)err_set(&task->err, ERR_HUMAN,
                      "not published yet: the record has to be created by hand");
    }
    (void)err_hint(&task->err,
                   "the value is leased: 'acme-dns dns wait' waits for the name servers to serve "
                   "it, 'acme-dns dns remove' ends that");
}

static void finish_lease(void *arg, const struct err *err)
{
    struct dns_task *task = arg;
    const struct dns_place *place = lease_place(task->lease);
    bool is_seen = err == NULL && task->request->is_watched;

    if (err != NULL) {
        task->err = *err;
    }
    if (task->request->verb == LEASE_PUBLISH && lease_is_published(task->lease) &&
        lease_is_by_hand(task->lease) && !is_seen) {
        judge_asking(task);
    } else if (err != NULL && lease_is_published(task->lease)) {
        (void)err_hint(&task->err, "the value stands, and is leased: 'acme-dns dns wait' looks "
                                   "again, 'acme-dns dns remove' takes it away");
    }
    if (place != NULL) {
        task->owner = str_fmt("%s.", place->owner);
        task->zone = str_fmt("%s.", place->zone);
    }
    task->providers = lease_providers(task->lease);
    lease_free(TAKE(task->lease));
    clean(task);
}

static void cancel(void *arg, const char *reason)
{
    struct dns_task *task = arg;

    (void)err_set(&task->err, ERR_CANCELLED, "%s", reason);
    if (task->again != NULL) {
        loop_timer_cancel(&task->again);
        loop_stop(task->env->loop);
    } else if (task->rooms != NULL && task->lease != NULL) {
        provider_cancel_all(task->rooms->providers, CANCEL_GRACE_MS);
        lease_free(TAKE(task->lease));
        clean(task);
    } else if (task->rooms != NULL) {
        limit_cleaning(task);
    }
}

/* ---- Running ---- */

static void start_lease(struct dns_task *task)
{
    const struct lease_env env = {
        .loop = task->env->loop,
        .providers = task->rooms->providers,
        .dns = task->rooms->dns,
        .values = task->rooms->values,
        .settings = task->env->settings,
    };
    const struct lease_request request = {
        .verb = task->request->verb,
        .identifier = task->identifier,
        .is_wildcard = task->is_wildcard,
        .value = task->request->value,
        .until_s = task->until_s,
        .is_watched = task->request->is_watched,
    };

    task->lease = lease_start(&env, &request, finish_lease, task);
}

/* A run that tidies up, or only looks at what others left, has the journal for a moment; one that
 * publishes the value has it until it is over. */
static void end_leases(void *arg)
{
    struct dns_task *task = arg;
    const struct task_env *env = task->env;
    AUTO_FREE char *holder = NULL;
    size_t n =
        journal_end_leases(task->rooms->journal, task->identifier, task->request->value, &holder);

    task->again = NULL;
    if (holder == NULL && n == 0) {
        start_lease(task);
    } else if (holder == NULL) {
        clean(task);
    } else if (loop_now_ms(env->loop) - task->began_ms < env->settings->lock_timeout_ms) {
        task->again = loop_timer_start(env->loop, HELD_CHECK_MS, end_leases, task);
    } else {
        (void)err_set(&task->err, ERR_LOCKED,
                      "the value is leased, and its journal '%s' is in the hands of another run",
                      holder);
        (void)err_hint(&task->err, "try again when that is over; 'lock-timeout' says how long to "
                                   "wait for it");
        loop_stop(env->loop);
    }
}

static void start(struct dns_task *task)
{
    task->began_ms = loop_now_ms(task->env->loop);
    if (task->request->verb == LEASE_TAKE_BACK) {
        task->again = loop_timer_start(task->env->loop, 0, end_leases, task);
    } else {
        start_lease(task);
    }
}

/* Was it ours to remove, and could it be? What else was to go on the way does not count. */
static void judge_removal(struct dns_task *task)
{
    const struct journal_entry *entry = NULL;
    const struct err *why = NULL;
    size_t cursor = 0;

    while ((entry = values_next_left(task->rooms->values, &cursor, &why)) != NULL) {
        if (str_eq(entry->value, task->request->value) &&
            str_eq(entry->identifier, task->identifier)) {
            task->err = *why;
            return;
        }
    }
    if (values_is_spared(task->rooms->values, task->identifier, task->request->value)) {
        (void)err_set(&task->err, ERR_LOCKED, "another run still counts on the value");
        (void)err_hint(&task->err, "try again when it is over");
    }
}

static int run(struct dns_task *task, struct err *err)
{
    static const char *const COMMANDS[] = {
        [LEASE_PUBLISH] = "dns add", [LEASE_WATCH] = "dns wait", [LEASE_TAKE_BACK] = "dns remove"};
    struct task_env *env = task->env;
    const struct dns_request *request = task->request;
    const struct journal_scope scope = {.certificate = NULL};
    AUTO_PTR(store) struct store *store = NULL;
    AUTO_PTR(rooms) struct rooms *rooms = NULL;
    AUTO_PTR(provider_set) struct provider_set *idle = NULL;
    const struct rooms_request rooms_request = {.command = COMMANDS[request->verb],
                                                .scope = &scope,
                                                .providers = &request->providers,
                                                .allow_aliases = &request->allow_aliases};
    struct rooms_request wanted = rooms_request;
    /* What is removed or looked for was published by somebody whom the journal may know. */
    const char *published = request->verb == LEASE_PUBLISH ? task->identifier : NULL;

    if (rooms_open_idle(env, &request->providers, &idle, err) < 0 ||
        rooms_check_providers(idle, &request->providers, NULL, published, err) < 0 ||
        store_open(env->loop, env->settings->state_dir, false, &store, err) < 0) {
        return err_code(err);
    }
    store_set_command(store, wanted.command);
    wanted.store = store;
    if (rooms_open(env, &wanted, &rooms, err) < 0) {
        return err_code(err);
    }
    task->rooms = rooms;
    start(task);
    if (loop_run(env->loop, err) < 0) {
        return err_code(err);
    }
    lease_free(TAKE(task->lease));
    if (task->err.class == ERR_NONE && request->verb == LEASE_TAKE_BACK) {
        judge_removal(task);
        task->is_left_standing =
            values_is_left_standing(rooms->values, task->identifier, task->request->value);
    }
    (void)rooms_tell_leftovers(rooms);
    task->rooms = NULL;
    *err = task->err;
    return err_code(err);
}

static char *describe_end(const struct dns_task *task)
{
    char until[CLOCK_TEXT_MAX];

    clock_format(task->until_s, until);
    switch (task->request->verb) {
    case LEASE_PUBLISH:
        return str_fmt("at %s through '%s', leased until %s", task->owner, task->providers, until);
    case LEASE_WATCH:
        return str_fmt("all name servers of %s serve it at %s", task->zone, task->owner);
    case LEASE_TAKE_BACK:
        break;
    }
    if (task->is_left_standing) {
        return str_dup("it is not needed any more, and stands until it is deleted or another takes "
                       "its place");
    }
    return task->owner == NULL ? NULL : str_fmt("at %s through '%s'", task->owner, task->providers);
}

static enum task_exit tell(const struct dns_task *task, const char *subject, const struct err *err)
{
    static const char *const STATES[] = {
        [LEASE_PUBLISH] = "published", [LEASE_WATCH] = "live", [LEASE_TAKE_BACK] = "removed"};
    const struct dns_request *request = task->request;
    enum task_exit status = task_exit_for(err->class);
    bool is_added = request->verb == LEASE_PUBLISH && err->class == ERR_NONE;
    AUTO_FREE char *text = err->class != ERR_NONE ? str_dup(err->text) : describe_end(task);
    const char *state = is_added && request->is_watched ? "live"
                        : task->is_left_standing        ? "released"
                                                        : STATES[request->verb];
    char until[CLOCK_TEXT_MAX];

    clock_format(task->until_s, until);
    event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, subject,
               FIELD_INT("exit", status), FIELD("class", err_class_name(err->class)),
               FIELD("state", err->class == ERR_NONE ? state : NULL), FIELD("text", text),
               FIELD("owner", task->owner), FIELD("zone", task->zone),
               FIELD("until", is_added ? until : NULL),
               err->retry_after_s > 0 ? FIELD_INT("retry-after", err->retry_after_s)
                                      : FIELD("retry-after", NULL));
    return status;
}

enum task_exit task_dns(struct task_env *env, const struct dns_request *request)
{
    struct dns_task task = {.env = env, .request = request};
    struct signals *signals = NULL;
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_FAILED;

    if (read_name(&task, &err) == 0 && read_value(request->value, &err) == 0 &&
        read_lease(&task, &err) == 0) {
        signals = signals_open(env, cancel, &task);
        (void)run(&task, &err);
        signals_close(signals);
    }
    status = tell(&task, task.identifier != NULL ? task.identifier : request->name, &err);
    mem_free(task.identifier);
    mem_free(task.owner);
    mem_free(task.zone);
    mem_free(task.providers);
    return status;
}
