/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The inside of the room: what set.c, map.c, find.c, instance.c, crew.c, queue.c and call.c share.
 * Nobody else includes this.
 *
 *     set        all instances, the zone map, what every worker is started with
 *     provider   one instance: its settings, its crew of workers, its queue of jobs
 *     slot       a place for one worker: empty, starting, opening, idle, busy
 *     call       jobs that are with a worker, from taking the locks to the result
 */
#ifndef PROVIDER_SET_H
#define PROVIDER_SET_H

#include "base/loop.h"
#include "provider/command.h"
#include "provider/console.h"
#include "provider/lane.h"
#include "provider/options.h"
#include "provider/provider.h"
#include "provider/reach.h"
#include "provider/user.h"

#define CREW_MAX 64
#define CALL_CHANGES_MAX 1000u
#define CALL_BYTES_MAX (700u * 1024u)
#define RETRIES_MAX 5u
#define DEATHS_MAX 3u /* workers lost in a row without one good call between */
#define DEBUG_TIMEOUT_MS                                                     \
    ((int64_t)7 * 24 * 3600 * 1000) /* of a call that somebody steps through \
                                     */

/* A suffix and who serves what lies below it; names end with a dot. */
struct zone_rule {
    char *suffix;
    struct strv providers;
    char *zone; /* or NULL */
    bool is_alias_target;
    char *place; /* where it stands, for messages */
    char *wrong; /* why it is not used, and keeps shorter ones from serving; or NULL */
};

struct zone_rules {
    struct zone_rule *items;
    size_t n, cap;
};

struct provider_map {
    struct strv for_all;       /* --provider P,Q */
    struct zone_rules rules;   /* --provider ZONE=P */
    struct strv allow_aliases; /* absolute */
    char *remembered;          /* the default of an earlier time, or NULL */
};

struct provider_set {
    struct loop *loop;
    const struct config *config;
    struct strv plugin_dirs;
    struct provider_map *said; /* what counts where no order has a map of its own */
    struct zone_rules rules;   /* the [zone] sections */
    char *worker_path, *core_version;
    int64_t call_timeout_ms, hook_timeout_ms; /* 0: not set */
    struct provider_hooks hooks;
    struct provider_console console;
    char *plugin_user;      /* NULL: the usual one */
    struct strv deny_paths; /* to every worker, beside files of secrets */
    bool is_confined;       /* the next three are known */
    struct user user;
    char *user_warning; /* said once, when the first worker starts */
    struct reach reach;
    int inherit_fd;
    struct strv debugger;
    struct provider **providers;
    size_t n_providers, cap_providers;
    struct probe *probes;
    provider_closed_fn *closed;
    void *closed_arg;
    bool is_closing;
    struct loop_timer *close_timer;
};

enum slot_state { SLOT_EMPTY, SLOT_STARTING, SLOT_OPENING, SLOT_IDLE, SLOT_BUSY };

struct slot {
    struct provider *provider;
    struct lane *lane;
    enum slot_state state;
    struct call *call;             /* while busy */
    struct loop_timer *open_timer; /* open() has a deadline too */
    char *open_text;               /* what open() said by fail() */
    bool is_retiring;              /* started without the paths it needs: replaced */
};

enum provider_state { INSTANCE_NEW, INSTANCE_STARTING, INSTANCE_READY, INSTANCE_FAILED };

struct waiter {
    provider_ready_fn *done;
    void *arg;
};

struct provider {
    struct provider_set *set;
    char *name;
    const struct config_section *section; /* NULL: options from the environment only */
    struct instance_keys keys;
    const struct console_kind *console; /* NULL: a plug-in, in workers */
    struct err broken; /* of a dialogue that is out of step: all the rest of it fails with this */
    bool has_own_user;
    struct user user; /* if has_own_user */
    char *plugin_path;
    struct reach reach;
    enum provider_state state;
    bool is_wanted;
    struct err failure;
    struct provider_description *plugin;
    struct option_values values;
    struct strv env; /* NAME=value, for open */
    struct provider_facts facts;
    struct command *command; /* a secret's, running */
    size_t command_index;
    struct waiter *waiters;
    size_t n_waiters, cap_waiters;
    struct slot slots[CREW_MAX];
    uint32_t next_call;
    unsigned deaths; /* in a row */
    bool was_debugged;
    struct err last_death;

    struct provider_job *first, *last; /* in the order they came */
    struct loop_timer *wake_timer;
    int64_t wake_at_ms;
};

/* Changes that were refused together and go on in parts; shared by their jobs. */
struct family {
    unsigned n_users;
    unsigned fruitless, fruitless_max; /* refusals in a row */
};

enum job_kind { JOB_CHANGE, JOB_SETTLED, JOB_ZONES };

struct provider_job {
    struct provider *provider;
    struct provider_job *prev, *next;
    enum job_kind kind;
    struct provider_change change;
    union {
        provider_done_fn *done;
        provider_zones_fn *zones_done;
    };
    void *arg;
    bool is_released, is_running, is_cancelled, is_orphan; /* orphan: nobody wants the result */
    bool is_doomed; /* was waiting when all that waited were to fail */
    bool was_vague; /* what it failed with before may have taken effect all the same */
    int64_t queued_ms, first_sent_ms, not_before_ms;
    unsigned retries;
    struct family *family;
    uint32_t batch; /* only with jobs of the same number; 0: with any */

    /* What the call in hand said of it. */
    bool has_failed, is_done;
    int32_t status;
    uint32_t retry_after_s;
    char *text;
};

struct call_lock {
    struct call *call;
    char *zone;
    void *handle;
};

struct call {
    struct provider *provider;
    struct slot *slot;
    struct provider_job **jobs;
    size_t n;
    uint32_t id, verb;
    struct call_lock *locks;
    size_t n_locks, n_held;
    struct loop_timer *deadline;
    bool is_sent, is_over_deadline, is_cancelled;
    int64_t sent_ms;
    bool has_failed; /* fail() spoke for the whole call */
    int32_t status;
    uint32_t retry_after_s;
    char *text;
    struct strv zones;
};

/* map.c */
char *zone_absolute(const char *name); /* with a dot at the end, lower case; to mem_free */
struct zone_rule *zone_rules_add(struct zone_rules *rules, const char *suffix);
void zone_rules_done(struct zone_rules *rules);

/* set.c */
int set_provider_new(struct provider_set *set, const char *name,
                     const struct config_section *section, struct provider **ret_provider,
                     struct err *err);
void set_closed_check(struct provider_set *set);

/* instance.c */
void instance_free(struct provider *p);
void instance_start(struct provider *p);
void instance_begin(struct provider *p);
void instance_fail(struct provider *p, const struct err *why);
/* The first description came; ownership is taken. */
void instance_described(struct provider *p, struct provider_description *take_description);
void instance_opened(struct provider *p);
bool instance_may_use_env(const struct provider *p);

/* confine.c: finds, once, whom workers run as and what they reach; to be called before the first is
 * started, or a file of the core's is looked at for an option. */
void confine_set(struct provider_set *set);

/* crew.c */
int crew_start(struct provider *p, struct slot *slot, struct err *err);
struct slot *crew_find(struct provider *p, enum slot_state state);
size_t crew_count(const struct provider *p, enum slot_state state);
size_t crew_limit(const struct provider *p);
void crew_open(struct slot *slot);
void crew_free(struct provider *p);

/* queue.c */
void queue_wake(struct provider *p, int64_t delay_ms);
void queue_fail_all(struct provider *p, const struct err *why, int32_t status);
bool job_is_removal(const struct provider_job *job);
void queue_cancel(struct provider *p); /* spares removals, unless the set is closing */
void queue_requeue(struct provider_job *job, int64_t delay_ms);
void queue_finish(struct provider_job *job, const struct provider_result *result);
void queue_release_zone(struct provider *p, const char *zone);
void queue_free(struct provider *p);
void family_leave(struct provider_job *job);

/* call.c: takes the jobs, which are running from now on. */
void call_start(struct slot *slot, struct provider_job **jobs, size_t n);
bool call_frame(struct call *call, struct frame_in *in);
void call_died(struct call *call, const struct err *why);
/* The end of a call: what of its jobs is not marked shares the status. */
void call_finish(struct call *call, int32_t status);
/* Unsent: ends it. Sent: asks, and kills after grace_ms. Nothing but removals: lets it go on. */
void call_cancel(struct call *call, int64_t grace_ms);
int64_t call_timeout_ms(const struct provider *p);
int call_timeout_err(const struct provider *p, struct err *err);
void call_free(struct call *call);

/* outcome.c: what becomes of the jobs of a call that ended. */
void outcome_of_result(struct call *call, int32_t status);
void outcome_of_death(struct call *call, const struct err *why);
void outcome_unsent(struct call *call, const struct err *why);
const char *outcome_status_name(int32_t status);

#endif
