/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a command needs of the rooms below, opened once and closed in order: store, journal,
 * providers, DNS, and the values between them. Signals are watched from here: the first asks the
 * command to end cleanly, the second ends the loop at once.
 */
#ifndef TASK_ROOMS_H
#define TASK_ROOMS_H

#include "dns/dns.h"
#include "order/journal.h"
#include "order/siblings.h"
#include "order/values.h"
#include "provider/provider.h"
#include "store/store.h"
#include "task/task.h"

struct rooms_request {
    const char *command; /* for lock files and the journal */
    /* What it has come for in the journals of runs that are gone; NULL: all there is. */
    const struct journal_scope *scope;
    const struct strv *providers; /* --provider, or NULL */
    const struct strv *allow_aliases;
    struct store *store; /* borrowed */
    /* What to do around changes that are none of the values': about_to_call and receipt of these
     * instead. NULL: the values' own. */
    const struct provider_hooks *hooks;
    const struct strv *debugger; /* for workers, as provider_settings has it; or NULL */
};

struct rooms {
    struct task_env *env;
    struct store *store; /* borrowed */
    struct provider_set *providers;
    struct provider_hooks hooks; /* given instead of the values' */
    struct journal *journal;
    struct values *values;
    struct siblings *siblings;
    struct dns *dns;
};

/* On failure nothing stays open. */
int rooms_open(struct task_env *env, const struct rooms_request *request, struct rooms **ret_rooms,
               struct err *err);

/* What every set of providers is made with: folders, user, time limits, and, added to denied (which
 * must live as long as what is returned), what workers may not reach. Hooks are the caller's. */
struct provider_settings rooms_provider_settings(const struct task_env *env, struct strv *denied);

/* A set to ask, that starts nothing; to provider_set_free(). assignments: --provider, or NULL. */
int rooms_open_idle(struct task_env *env, const struct strv *assignments,
                    struct provider_set **ret_set, struct err *err);

/* Asks such a set whether there is every provider that --provider names ("P,Q", "ZONE=P,Q"), and
 * its plug-in, or it can work here; and, unless name is NULL, whether anybody could publish for
 * such a name, by map (NULL: the set's own assignments). */
int rooms_check_providers(struct provider_set *idle, const struct strv *assignments,
                          const struct provider_map *map, const char *name, struct err *err);

/* For a task with orders: where a provider may be chosen, by map (NULL: as above), that speaks on
 * standard output, that is left to it from now on. */
void rooms_leave_output(struct task_env *env, const struct provider_set *idle,
                        const struct provider_map *map);

/* Starts their workers, before it is known who needs them. */
int rooms_start_providers(struct rooms *rooms, const struct strv *assignments, struct err *err);

/* Lets workers leave, at most 2 s, and frees all. Takes NULL. */
void rooms_close(struct rooms *rooms);
DEFINE_AUTO_PTR(rooms, rooms_close);

/* Warns of the values that should be gone and are not, each with its entry; how many. */
size_t rooms_tell_leftovers(const struct rooms *rooms);

#endif
