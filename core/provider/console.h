/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Providers inside the core, whose other end sits at the terminal or a pipe. They are chosen,
 * queued and told like any plug-in; only the call itself goes to a function here instead of to a
 * worker:
 *
 *     queue -> call (intents on disk) -> worker of a plug-in -> outcome
 *                                     \-> start()            /
 *
 * A call has no deadline of its own: the order that waits for it has one.
 */
#ifndef PROVIDER_CONSOLE_H
#define PROVIDER_CONSOLE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "provider/provider.h"

struct call;
struct slot;

#define CONSOLE_WAIT_S ((uint32_t)30 * 86400) /* for a person: until the order's own end */
#define CONSOLE_LOOK_S 10u                    /* where nobody is there */

struct console_kind {
    const char *name, *summary;
    uint32_t callbacks; /* enum provider_callback */
    uint32_t poll_interval_s;
    bool is_by_hand;
    bool has_dialogue; /* over standard input and output */
    /* The call is sent. Ends it by call_finish() or console_fail(), now or later. */
    void (*start)(struct call *call);
};

extern const struct console_kind CONSOLE_MANUAL; /* manual.c */
extern const struct console_kind CONSOLE_STDIO;  /* stdio.c */

/* NULL: no provider inside the core is called so. */
const struct console_kind *console_find(const char *plugin);

/* The number-th of them, in the order of their names; NULL behind the last. */
const struct console_kind *console_at(size_t number);

struct provider_description *console_describe(const struct console_kind *kind, const char *version);

/* Whether a plug-in's file in the folders has the name of one inside the core. ERR_CONFIG. */
int console_check_files(const struct provider_set *set, const struct console_kind *kind,
                        struct err *err);

/* Whether there is a standard output to speak on, for one that wants to. ERR_CONFIG. */
int console_check_output(const struct provider *p, struct err *err);

/* Both of them. */
int console_check(const struct provider *p, struct err *err);

/* Fails a call that was sent. */
void console_fail(struct call *call, const struct err *why);
void console_cancel(struct call *call);
void console_close(struct slot *slot);

/* Cancels the call in hand if nobody wants its outcome any more. */
void console_end_cancelled(struct provider *p);

/* Another provider of the set that is amid a dialogue: it would never hear its answer if the call
 * began another. NULL: there is none. */
const struct provider *console_find_speaker(const struct call *call);

/* Waits for a line. A dialogue goes before a person who may want to say something. */
void console_await(struct provider *p, provider_heard_fn *heard, void *arg);
void console_hush(struct provider_set *set);

#endif
