/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * DNS providers, as the rest of the program sees them: which one serves a name, and changes that
 * are handed in and come back done or failed. Behind it stand worker processes that load the
 * plug-ins, their isolation, the checking of options, the gathering of changes into calls, retries,
 * and the splitting of batches. Nothing here knows certificates, journals or the DNS.
 *
 *     provider_set_new()  provider_find()  provider_start()
 *     provider_submit() ... provider_release()  -> done() for each change
 *     provider_set_close() -> provider_set_free()
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "provider/describe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct provider_set;
struct provider;
struct provider_job;
struct provider_change;
struct provider_map;

typedef void provider_locked_fn(void *locked_arg, const struct err *err);

/*
 * What the caller does around calls; each may be NULL. None may free the set.
 */
struct provider_hooks {
    void *arg;

    /* The changes are about to be sent in one call, whose locks are held: what must be on disk
     * first goes there now. Those whose place in ret_dropped (all false) is set are left out and
     * come back as is_dropped. A negative return fails them all with err, unsent. */
    int (*about_to_call)(void *arg, const struct provider *provider,
                         const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                         struct err *err);

    /* The plug-in gave a receipt: it must survive this process from here on. */
    void (*receipt)(void *arg, const struct provider *provider,
                    const struct provider_change *change, const void *bytes, size_t len);

    /* Takes the lock of (plug-in, zone) against other runs; for plug-ins of serial 0 and 1.
     * locked() comes from the loop, with NULL once it is held, or why not. Either way the handle
     * goes to unlock(), perhaps within locked(); unlock() also gives up a wait. */
    void *(*lock)(void *arg, const char *plugin, const char *zone, provider_locked_fn *locked,
                  void *locked_arg);
    void (*unlock)(void *arg, void *handle);
};

/*
 * What the providers inside the core (manual, stdio) have of the world. Lines are without their
 * end. Any function may be NULL: then there is nobody, or nothing.
 */
typedef void provider_heard_fn(void *arg, const char *line); /* NULL: nothing more will come */

struct provider_console {
    void *arg;
    bool is_attended;  /* a person sees what is asked of them, and can be waited for */
    bool has_patience; /* nobody may be there, but somebody said how long to wait */

    /* Writes a line to standard output, at once. NULL: that is in use for something else. */
    int (*say)(void *arg, const char *line, struct err *err);

    /* Calls back once, from the loop, with the next line of standard input. Who waited before is
     * not called any more. */
    void (*await)(void *arg, provider_heard_fn *heard, void *heard_arg);
    void (*hush)(void *arg); /* gives up the wait */

    /* The person wants to know now whether the name servers show what they created. */
    void (*look)(void *arg);
};

/* Everything is copied. NULL and 0 mean the defaults. */
struct provider_settings {
    const struct strv
        *plugin_dirs; /* --plugin-dir and [acme-dns] plugin-dir, first wins; may be NULL */
    const struct strv *deny_paths;    /* STATE, configuration: out of every worker's reach */
    const struct strv *assignments;   /* --provider: "P", "ZONE=P", each P a comma list */
    const struct strv *allow_aliases; /* --allow-alias: zones */
    const char *worker_path;          /* NULL: found as paths.h says */
    const char *plugin_user;  /* who workers become when root starts them; NULL: _acme-dns */
    const char *core_version; /* NULL: this build's */
    /* Of one call, unless its instance says; 0: the plug-in's own, or 120 s. The second is for
     * exec-hook, whose calls run programs of the user's. */
    int64_t call_timeout_ms, hook_timeout_ms;
    struct provider_hooks hooks;
    struct provider_console console;
    /* The words of a command that the first worker of each instance runs under, once it has
     * described itself: on this process's terminal. Nothing has a deadline then. */
    const struct strv *debugger;
};

/*
 * Reads the [provider] and [zone] sections; nothing is loaded or started. config may be NULL and is
 * borrowed for as long as the set lives. ERR_CONFIG for a core key that is wrong in a section that
 * --provider or a [zone] names; other bad sections fail when they are found.
 */
int provider_set_new(struct loop *loop, const struct config *config,
                     const struct provider_settings *settings, struct provider_set **ret_set,
                     struct err *err);

/* Ends every worker at once, with all it started. Jobs that are left get no callback. */
void provider_set_free(struct provider_set *set);
DEFINE_AUTO_PTR(provider_set, provider_set_free);

/* Lets idle workers close() and leave, ends those that have not after 2 s; then done(). Jobs that
 * are left fail as cancelled. */
typedef void provider_closed_fn(void *arg);
void provider_set_close(struct provider_set *set, provider_closed_fn *done, void *arg);

/* Adds to --allow-alias of the whole set: what earlier runs wrote there may be removed. */
void provider_set_allow(struct provider_set *set, const struct strv *zones);

/* A descriptor that workers, and what they start, keep open: the lock of this run's journal. It
 * should give access to nothing (an empty lock file of its own). -1: none. Counts for
 * workers that start later. */
void provider_set_inherit(struct provider_set *set, int fd);

/* ---- Which provider ---- */

/* What is said beside the configuration of who publishes and where: --provider and --allow-alias,
 * as one certificate has them. Where a function takes one, NULL is what the whole set was made
 * with. ERR_CONFIG: not P nor ZONE=P, or P twice. Either list may be NULL. */
int provider_map_new(const struct strv *assignments, const struct strv *allow_aliases,
                     struct provider_map **ret_map, struct err *err);
void provider_map_allow(struct provider_map *map, const struct strv *zones);
/* Who published when there was only one [provider]: where nothing else says who is to, and there
 * are several now, it goes on doing so. NULL: nobody. */
void provider_map_remember(struct provider_map *map, const char *name);
void provider_map_free(struct provider_map *map); /* takes NULL */
DEFINE_AUTO_PTR(provider_map, provider_map_free);

/* One provider that is to publish for a name, and the zone it shall be told. */
struct provider_choice {
    struct provider *provider; /* owned by the set */
    char *zone;                /* with a dot at the end */
};

struct provider_choices {
    struct provider_choice *items;
    size_t n, cap;
};

#define PROVIDER_CHOICES_INIT           \
    {                                   \
        .items = NULL, .n = 0, .cap = 0 \
    }
void provider_choices_done(struct provider_choices *choices);

/*
 * Who publishes at final_owner (CNAMEs followed) in zone (the cut that was found), both absolute
 * with a dot: all of them must. --provider ZONE=P and [zone] sections match as suffixes of
 * final_owner, the longest wins, the command line before files; then --provider P; then
 * provider_default(). ERR_CONFIG with both lists and the lines to add when nothing matches. A
 * cut that was overridden ([zone] zone =, [provider] zone =) comes back in the choice. ERR_CONFIG
 * also for a zone that is the root, a top-level domain or a public suffix, unless a [zone] section
 * names exactly that.
 */
int provider_find(struct provider_set *set, const struct provider_map *map, const char *final_owner,
                  const char *zone, struct provider_choices *ret_choices, struct err *err);

/* Who publishes where nothing says who: the only instance, or else the one that the map remembers,
 * if it is configured still. NULL: nobody. */
const char *provider_default(const struct provider_set *set, const struct provider_map *map);

/*
 * Before the DNS was asked: ERR_CONFIG, as provider_find() has it, when nobody can be found for any
 * owner. Where there is some map, only the final owner tells. name is the domain to speak of.
 */
int provider_check_any(struct provider_set *set, const struct provider_map *map, const char *name,
                       struct err *err);

/* Whether a [zone], or --provider ZONE=P, gives a zone to the provider of that name: a CNAME may
 * lead there. */
bool provider_has_zone(const struct provider_set *set, const struct provider_map *map,
                       const char *name);

/*
 * Who would publish at owner if no CNAME leads elsewhere: known before the DNS was asked, so that
 * their workers open meanwhile (they are started, but not wanted yet). Empty when nobody would.
 * *ret_is_certain: it is them wherever the owner leads.
 */
void provider_guess(struct provider_set *set, const struct provider_map *map, const char *owner,
                    struct provider_choices *ret_choices, bool *ret_is_certain);

/* By the name of its instance, as a journal has it; or plug-in NAME with options from the
 * environment. ERR_CONFIG if neither exists. */
int provider_get(struct provider_set *set, const char *name, struct provider **ret_provider,
                 struct err *err);

/*
 * May we write at final_owner for a challenge at identifier_owner (both absolute)? chain is how one
 * led to the other, for the error ("a. -> b."), or NULL when they are the same. ERR_CONFIG
 * with the line to add otherwise.
 */
int provider_may_write(const struct provider_set *set, const struct provider_map *map,
                       const char *identifier_owner, const char *final_owner, const char *chain,
                       struct err *err);

/* ---- One provider ---- */

const char *provider_name(const struct provider *provider);   /* the instance */
const char *provider_plugin(const struct provider *provider); /* its plug-in */

/* Whether one that speaks on standard output may be chosen: by --provider, or, where that does not
 * say who serves all names, by the configuration. What is known before anything is started. */
bool provider_set_may_speak(const struct provider_set *set, const struct provider_map *map);

/* A person publishes: what they were asked for is not there yet. */
bool provider_is_by_hand(const struct provider *provider);

/* Somebody has to be at its other end each time: no renewal goes without them, and values are
 * removed in their own time; they are told, and nobody looks whether it is done. */
bool provider_is_attended(const struct provider *provider);

/* Of one that is by hand: a person is at the terminal, or somebody said how long to wait for one.
 */
bool provider_has_time_for_person(const struct provider *provider);

/* Walks the instances that somebody has asked for, each once; NULL at the end. */
struct provider *provider_next(const struct provider_set *set, size_t *cursor);

/* What can be known of it without starting it: its plug-in is there, and its user; or, of one
 * inside the core, that it can work here. ERR_CONFIG. */
int provider_check(struct provider *provider, struct err *err);

/* Starts its first worker, unless there is one. Its failure shows in ready() and in jobs. */
void provider_start(struct provider *provider);

/* Whether provider_start() was called: a provider may run because it was guessed, or waited for. */
bool provider_is_wanted(const struct provider *provider);

/* Why it cannot be opened; NULL as long as that is not known. */
const struct err *provider_failure(const struct provider *provider);

/* Calls done() from the loop once the first worker is open, with NULL, or with why it cannot be.
 * Starts it. At most one caller waits per arg; provider_unready() gives up the wait. */
typedef void provider_ready_fn(void *arg, const struct err *err);
void provider_ready(struct provider *provider, provider_ready_fn *done, void *arg);
void provider_unready(struct provider *provider, void *arg);

/* What it is like; NULL until it is ready. Times: the instance's settings, else the plug-in's, else
 * 0 for the program's defaults. */
struct provider_facts {
    const struct provider_description *plugin;
    bool can_hold_several; /* several values at one name */
    bool has_settled, has_zones, has_apply;
    uint32_t ttl_s; /* what to ask for: at least the provider's minimum */
    uint32_t propagation_timeout_s, poll_interval_s, settle_s;
    bool has_settle;              /* settle_s was set by the user, 0 included */
    bool has_propagation_timeout; /* likewise: not the plug-in's own habit */
    /* Options whose values came from the environment, as "token (CF_DNS_API_TOKEN)": a renewal
     * that runs elsewhere will not find them. */
    const struct strv *from_environment;
};
const struct provider_facts *provider_facts(const struct provider *provider);

/* What it was told, as "name=value", for people who look for a fault: only what somebody set.
 * Secrets, and the values of variables, stand as "[secret]". */
void provider_list_settings(const struct provider *provider, struct strv *to);

/* Where its section stands, or "no section" for a plug-in without one. To mem_free. */
char *provider_place(const struct provider *provider);

/* ---- Changes ---- */

#define PROVIDER_RECEIPT_MAX 4096u

enum provider_verb { PROVIDER_ADD, PROVIDER_REMOVE };

/* Everything is copied by provider_submit, user as the pointer it is. */
struct provider_change {
    enum provider_verb verb;
    const char *fqdn, *zone; /* absolute, lower case */
    const void *value;       /* 1 to 255 bytes */
    size_t value_len;
    uint32_t ttl_s;         /* 0: the facts' */
    const char *identifier; /* may be NULL, as the next two */
    const char *token;
    const char *key_authorization;
    bool is_wildcard;
    bool is_known;       /* an earlier run has asked for it, and it may stand already */
    bool is_unwatched;   /* ADD: nobody looks whether it is live */
    bool is_awaited;     /* REMOVE: somebody looks until it is gone */
    const void *receipt; /* for REMOVE and settled: what came back from ADD, or NULL */
    size_t receipt_len;
    void *user;
};

struct provider_result {
    bool is_ok;
    /* It was sent and failed, timed out or was cut short: the value may stand in the zone. */
    bool may_be_in_force;
    bool is_dropped;     /* about_to_call() did not want it sent */
    int32_t status;      /* ACME_OK, ACME_RETRY... as the plug-in returned it */
    const void *receipt; /* or NULL; borrowed during the callback */
    size_t receipt_len;
    const struct err *err; /* NULL if is_ok */
};

typedef void provider_done_fn(void *arg, const struct provider_result *result);

/* Queues a change. done() comes once, from the loop. */
struct provider_job *provider_submit(struct provider *provider,
                                     const struct provider_change *change, provider_done_fn *done,
                                     void *arg);

/* Asks whether the provider itself says the value is live. ACME_RETRY: not yet. is_ok at once when
 * the plug-in has no such callback. */
struct provider_job *provider_settled(struct provider *provider,
                                      const struct provider_change *change, provider_done_fn *done,
                                      void *arg);

/* What this credential can edit: zones, or NULL and why not. Both are borrowed during the callback.
 */
typedef void provider_zones_fn(void *arg, const struct strv *zones,
                               const struct provider_result *result);
struct provider_job *provider_zones(struct provider *provider, provider_zones_fn *done, void *arg);

/* No callback comes after this. What is not sent is dropped; what is running goes on, and its
 * receipts still reach the hook. Takes NULL, leaves NULL. */
void provider_job_cancel(struct provider_job **job);

/* Nobody wants the outcome any more: what still waits, for its turn or for an answer from standard
 * input, fails as cancelled; what is with a worker goes on. Takes NULL. */
void provider_job_hang_up(struct provider_job *job);

/* What is queued may go now. Without it, it goes 1 s after the first, or when the running call of
 * its zone ends. */
void provider_release(struct provider *provider);

/* Queued adds and questions fail as cancelled; running ones are told, and killed after grace_ms.
 * Removals go on, unless they share a call with something else, and jobs that are submitted later
 * (to clean up) are served as ever. */
void provider_cancel_all(struct provider_set *set, int64_t grace_ms);

/* ---- Sections, without an instance ---- */

struct config_section;
struct config_errors;
struct config_place;

/* The plug-in of a [provider] section: the one it names, or the one of its own name. */
const char *provider_section_plugin(const struct config_section *section);

/* Whether its file is in the folders (those given, then the program's own), or it is inside the
 * core. */
bool provider_has_plugin(const struct strv *plugin_dirs, const char *plugin);

/* Every mistake in the core's own keys of a section, which is marked. */
void provider_check_keys(struct config_section *section, struct config_errors *errors);

/* Every mistake in the plug-in's options: files are read, commands looked for, nothing is run. The
 * section is not marked. */
void provider_check_section(const struct config *config, const struct config_section *section,
                            const struct provider_description *plugin,
                            struct config_errors *errors);

/* What an instance of the section has, each value once for each line: its keys as they are written,
 * then what the environment adds, then the plug-in's defaults. text is NULL where it is, or may be,
 * a secret. plugin NULL: nobody can tell which keys are secrets. */
typedef void provider_fact_fn(void *arg, const char *key, const char *text,
                              const struct config_place *place);
void provider_list_facts(const struct config *config, const struct config_section *section,
                         const struct provider_description *plugin, provider_fact_fn *fact,
                         void *arg);

/* ---- Plug-ins, without an instance ---- */

/* plugin: a name, or a path with a slash. Both take a short-lived worker each. Callbacks come from
 * the loop; description is borrowed during the callback and NULL when err is not. path is a mere
 * name for one inside the core. */
typedef void provider_described_fn(void *arg, const char *path,
                                   const struct provider_description *description,
                                   const struct err *err);
void provider_describe(struct provider_set *set, const char *plugin, provider_described_fn *seen,
                       void *arg);

/* Every plug-in in the folders, in the order of names, the first of equal names only; then a last
 * call with path NULL. */
void provider_list(struct provider_set *set, provider_described_fn *seen, void *arg);

#endif
