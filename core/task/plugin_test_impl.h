/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The inside of plugin test.
 *
 *     plugin_test.c         the command: opening the rooms, signals, the end
 *     plugin_test_steps.c   the table of steps, and the walk through it
 *     plugin_test_ask.c     steps that only ask the plug-in something
 *     plugin_test_marks.c   the values, and the names that they stand at
 *     plugin_test_change.c  who has what of them, the journal, changes handed to the provider
 *     plugin_test_look.c    after each change: what the servers of the zone hold
 *     plugin_test_scene.c   where in the DNS, and what else stands there
 *     plugin_test_attended.c  what is different where somebody publishes at our word
 *
 * A step begins in plugin_test_steps.c, goes through the others, and ends in plugin_test_end().
 */
#ifndef TASK_PLUGIN_TEST_IMPL_H
#define TASK_PLUGIN_TEST_IMPL_H

#include "base/buf.h"
#include "dns/find.h"
#include "dns/gone.h"
#include "dns/survey.h"
#include "dns/watch.h"
#include "task/plugin_test.h"
#include "task/rooms.h"

#define STEP_CHANGES_MAX 4
#define MARK_LONG_FILL "x" /* what makes the name of MARK_LONG long */

enum mark_id {
    MARK_FIRST,
    MARK_TWIN,      /* beside it; differs from it in the case of its letters only */
    MARK_STRANGER,  /* never added */
    MARK_NEIGHBOUR, /* the first one's text at another name */
    MARK_BATCH_1,
    MARK_BATCH_2,
    MARK_BATCH_3,
    MARK_LONG,    /* at a name that is longer than names can be */
    MARK_NOWHERE, /* in a zone that nobody can have (RFC 6761 section 6.4) */
    MARK_COUNT,
};

/* One value of the test. */
struct mark {
    char *owner, *zone, *text;   /* names with a dot at the end */
    char *identifier;            /* what a certificate would be for */
    char *key_authorization;     /* whose digest the text is; NULL: the text stands for itself */
    struct journal_entry *entry; /* it may stand; NULL: it does not */
    void *receipt;
    size_t receipt_len;
    bool is_wanted;  /* the provider says that it stands */
    bool is_leaving; /* ... that it is gone; not seen yet */
    bool is_seen;    /* all servers have had it */
};

static inline bool mark_is_public(enum mark_id id)
{
    return id < MARK_LONG; /* servers can be asked for it */
}

/* Also what the plug-in claims to have put where nothing can be. */
static inline bool mark_is_to_go(const struct mark *mark)
{
    return mark->entry != NULL || mark->is_wanted;
}

struct plugin_test;

/* A change of the step in hand. */
struct change {
    struct plugin_test *test;
    enum mark_id mark;
    enum provider_verb verb;
    bool is_refusal_expected, is_receipt_lost;
    struct provider_job *job;
    bool is_ok;
    int32_t status;
    struct err err;
};

/* A look at one owner; see plugin_test_look.c. */
struct gaze {
    struct plugin_test *test;
    struct dns_watch *watch;
    struct dns_gone *gone;
};

struct look {
    struct gaze gazes[MARK_COUNT * 2];
    size_t n, n_open;
    bool is_second; /* at what was not to change */
    bool has_news;  /* the change can be seen in the DNS */
    int64_t began_ms;
    size_t n_good, n_servers;
    struct loop_timer *pause;
    struct err err;
};

struct plugin_test_row;

struct plugin_test {
    struct task_env *env;
    const struct plugin_test_request *request;
    const struct plugin_test_listener *listener;
    struct store *store;
    struct rooms *rooms;
    struct signals *signals;
    struct strv debugger;

    struct provider *provider;
    char *domain;  /* normalised */
    char *label;   /* of this test's own names */
    bool is_alias; /* the domain's challenges are published elsewhere: at one name only */

    /* plugin_test_scene.c */
    struct dns_find *find;
    struct dns_place *place; /* where MARK_FIRST goes; NULL until it is found */
    char *zone;              /* as the provider is told it, with a dot */
    struct dns_survey *survey;
    bool has_surveyed;
    struct strv before; /* what others have there */

    struct mark marks[MARK_COUNT];
    struct change changes[MARK_COUNT];
    size_t n_changes, n_open;
    bool cannot_remove;
    struct loop_timer *patience; /* plugin_test_attended.c */
    bool is_out_of_patience;
    struct look look;
    int64_t lag_ms; /* how long the servers took to show what was added */

    /* plugin_test_ask.c */
    bool is_opening;
    struct provider_job *question;
    struct loop_timer *again;

    /* plugin_test_steps.c */
    size_t at;
    const struct plugin_test_row *row;
    bool is_in_step;
    int64_t step_began_ms;
    struct loop_timer *next;
    struct buf text; /* of the step in hand */
    bool is_broken;  /* what is left makes no sense any more but for the clean-up */
    bool is_cleaning;
    bool is_cancelled;
    struct loop_timer *cancel_deadline;
    bool is_over;
    size_t n_verdicts[3];
    enum err_class class; /* of the first failure */
    bool has_mixed;       /* others were of another */
    char *first_failed;
};

/* ---- plugin_test.c ---- */

/* The last step is through, or time is up. */
void plugin_test_finish(struct plugin_test *test);

/* ---- plugin_test_steps.c ---- */

void plugin_test_begin(struct plugin_test *test);

/* Ends the step in hand: NULL, it passed; else why not. Its text is in test->text. */
void plugin_test_end(struct plugin_test *test, const struct err *err);
void plugin_test_skip(struct plugin_test *test, const char *why);

/* Ends what is being waited for; the clean-up is next. */
void plugin_test_cancel(struct plugin_test *test);

/* ---- plugin_test_ask.c: each ends the step ---- */

void ask_open(struct plugin_test *test);
void ask_zones(struct plugin_test *test);
void ask_settled(struct plugin_test *test);
void ask_cancel(struct plugin_test *test);

/* ---- plugin_test_attended.c: providers whose other end is a person or a program ---- */

/* Whether the other end can be waited for. ERR_HUMAN. */
int attended_check(const struct plugin_test *test, struct err *err);

/* Why a change that is to be refused cannot be asked for; NULL: it can. */
const char *attended_find_obstacle(const struct plugin_test *test);

/* Values of a dialogue are digests of what is said there: a new one. To mem_free; NULL: any text
 * will do. */
char *attended_make_authorization(const struct plugin_test *test);

/* The other end sees what the step in hand is about. */
void attended_announce(const struct plugin_test *test, const char *step, const char *title);

/* Bounds the wait for answers; the changes that are open then fail. */
void attended_start_patience(struct plugin_test *test);
void attended_end_patience(struct plugin_test *test);

/* The changes of the step have ended. True: the step is at its end, too. */
bool attended_take_changes(struct plugin_test *test);

/* A person who ended the test while it cleans up has been told what to delete: that is theirs now,
 * and the step ends. False: nobody was, or not yet. */
bool attended_leave(struct plugin_test *test);

/* ---- plugin_test_marks.c ---- */

/* As long as a digest, and as random. To mem_free. */
char *marks_make_text(void);

void marks_init(struct plugin_test *test);
void marks_done(struct plugin_test *test);

/* How many may still stand. */
size_t marks_count_left(const struct plugin_test *test);

/* ---- plugin_test_change.c ---- */

struct change *changes_add(struct plugin_test *test, enum mark_id mark, enum provider_verb verb);

/* Hands the changes of the step to the provider; what it says is judged, and then look_start(). */
void changes_start(struct plugin_test *test);

/* The provider_hooks of the test: its arg is the test. */
int changes_prepare(void *arg, const struct provider *provider,
                    const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                    struct err *err);
void changes_keep_receipt(void *arg, const struct provider *provider,
                          const struct provider_change *change, const void *bytes, size_t len);

/* What the test has for settled(). Borrows. */
void mark_fill_change(const struct plugin_test *test, enum mark_id id,
                      struct provider_change *ret_change);

/* Strikes off the journal what is known to be gone. */
void mark_forget(struct mark *mark);

/* ---- plugin_test_look.c ---- */

/* Asks all servers: is there what should be, and nothing else of ours? Ends the step. */
void look_start(struct plugin_test *test);
void look_cancel(struct plugin_test *test);

/* ---- plugin_test_scene.c ---- */

/* Finds the place, and what else stands around it. Ends the step. */
void scene_find(struct plugin_test *test);
/* Is all that was there as it was? Ends the step. */
void scene_compare(struct plugin_test *test);
void scene_cancel(struct plugin_test *test);
void scene_done(struct plugin_test *test);

#endif
