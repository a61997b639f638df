/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * cleanup: what the journals of runs that are gone still name is removed; both trees, the real one
 * and staging, are looked at.
 */
#include "task/cleanup.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "task/rooms.h"
#include "task/signals.h"

#define CANCEL_GRACE_MS 2000

struct cleanup {
    struct task_env *env;
    const struct cleanup_request *request;
    struct rooms *rooms;
    size_t n_seen, n_kept, n_removed, n_handed_over, n_left;
    bool has_forgotten;
};

static void tell_entry(const struct journal_entry *entry, const char *what)
{
    event_log(EVENT_NOTICE, entry->owner, "%s: \"%s\" at provider '%s' (entry %s)", what,
              entry->value, entry->provider, entry->id);
}

static void tell_kept(const struct journal_entry *entry)
{
    char until[CLOCK_TEXT_MAX];

    clock_format(entry->until_s, until);
    AUTO_FREE char *what = entry->kind == JOURNAL_LEASE ? str_fmt("stays, leased until %s", until)
                                                        : str_dup("stays, it is still needed");
    tell_entry(entry, what);
}

static int forget(struct cleanup *cleanup, struct journal_entry *entry, struct err *err)
{
    cleanup->has_forgotten = true;
    tell_entry(entry, "forgotten, not removed");
    return journal_mark_removed(entry, err);
}

/* Says what there is, and forgets what is to be forgotten. */
static int look_through(struct cleanup *cleanup, struct err *err)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;

    while ((entry = journal_next(cleanup->rooms->journal, &cursor)) != NULL) {
        if (cleanup->request->forget != NULL) {
            if (str_eq(entry->id, cleanup->request->forget) && forget(cleanup, entry, err) < 0) {
                return err_code(err);
            }
            continue;
        }
        if (!journal_may_end(entry, clock_wall_s())) {
            cleanup->n_kept++;
            tell_kept(entry);
            continue;
        }
        cleanup->n_seen++;
        if (cleanup->request->is_dry_run) {
            tell_entry(entry, "would be removed");
        }
    }
    return 0;
}

static void finish_sweep(void *arg)
{
    struct cleanup *cleanup = arg;

    loop_stop(cleanup->env->loop);
}

static void cancel(void *arg, const char *reason)
{
    struct cleanup *cleanup = arg;

    (void)reason;
    if (cleanup->rooms != NULL) {
        provider_cancel_all(cleanup->rooms->providers, CANCEL_GRACE_MS);
    }
    loop_stop(cleanup->env->loop);
}

static int clean_tree(struct cleanup *cleanup, bool is_staging, struct err *err)
{
    struct task_env *env = cleanup->env;
    AUTO_PTR(store) struct store *store = NULL;
    AUTO_PTR(rooms) struct rooms *rooms = NULL;
    struct rooms_request request = {
        .command = "cleanup",
        .allow_aliases = &cleanup->request->allow_aliases,
    };
    int code = 0;

    if (store_open(env->loop, env->settings->state_dir, is_staging, &store, err) < 0) {
        return err_code(err);
    }
    store_set_command(store, "cleanup");
    request.store = store;
    if (rooms_open(env, &request, &rooms, err) < 0) {
        return err_code(err);
    }
    cleanup->rooms = rooms;
    code = look_through(cleanup, err);
    if (code == 0 && !cleanup->request->is_dry_run && cleanup->request->forget == NULL) {
        values_sweep(rooms->values, NULL);
        values_wait_idle(rooms->values, NULL, finish_sweep, cleanup);
        code = loop_run(env->loop, err);
        cleanup->n_removed += values_n_removed(rooms->values);
        cleanup->n_handed_over += values_n_handed_over(rooms->values);
        cleanup->n_left += rooms_tell_leftovers(rooms);
    }
    cleanup->rooms = NULL;
    return code;
}

static char *describe_sweep(const struct cleanup *cleanup)
{
    AUTO_FREE char *others = cleanup->n_handed_over == 0
                                 ? str_dup("")
                                 : str_fmt("%zu left to others, ", cleanup->n_handed_over);

    return str_fmt("%zu removed, %s%zu could not be, %zu stay", cleanup->n_removed, others,
                   cleanup->n_left, cleanup->n_kept);
}

static enum task_exit tell(const struct cleanup *cleanup, const struct err *err)
{
    enum task_exit status = EXIT_DONE;
    AUTO_FREE char *text = NULL;

    if (err->class != ERR_NONE) {
        status = task_exit_for(err->class);
        text = str_dup(err->text);
    } else if (cleanup->request->forget != NULL) {
        status = cleanup->has_forgotten ? EXIT_DONE : EXIT_USAGE;
        text = cleanup->has_forgotten
                   ? str_dup("forgotten")
                   : str_fmt("no journal has an entry %s; 'acme-dns cleanup --dry-run' lists them",
                             cleanup->request->forget);
    } else if (cleanup->request->is_dry_run) {
        text = str_fmt("%zu would be removed, %zu stay", cleanup->n_seen, cleanup->n_kept);
    } else {
        status = cleanup->n_left > 0 ? EXIT_PROVIDER : EXIT_DONE;
        text = cleanup->n_seen + cleanup->n_kept == 0 ? str_dup("nothing was left behind")
                                                      : describe_sweep(cleanup);
    }
    event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, "cleanup",
               FIELD_INT("exit", status), FIELD("class", err_class_name(err->class)),
               FIELD("text", text));
    return status;
}

enum task_exit task_cleanup(struct task_env *env, const struct cleanup_request *request)
{
    struct cleanup cleanup = {.env = env, .request = request};
    struct signals *signals = signals_open(env, cancel, &cleanup);
    struct err err = ERR_INIT;

    if (clean_tree(&cleanup, false, &err) == 0 && env->caught_signal == 0 &&
        store_has_staging(env->settings->state_dir)) {
        (void)clean_tree(&cleanup, true, &err);
    }
    signals_close(signals);
    return tell(&cleanup, &err);
}
