/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The process that a plug-in lives in. It shares its memory with code that nobody has checked, so
 * it holds nothing but one instance's options, and the core believes nothing it says. libc only.
 *
 *     read SETUP -> confine -> CONFINED -> load -> DESCRIBE -> OPEN -> { CALL -> RESULT }* -> CLOSE
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "acme-plugin.h"
#include "provider/frame.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A path that the plug-in may reach. */
#define SETUP_RULES_MAX 8192u
struct setup_rule {
    char *path;
    bool is_writable;
};

/* What the first frame says. */
struct setup {
    char *path, *name, *core_version;
    uint32_t flags; /* FRAME_SETUP_... */
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    uint32_t n_groups;
    pid_t core_pid; /* who must still be the parent; 0: a debugger is */
    struct setup_rule *rules;
    uint32_t n_rules;
};

/* One option's value, kept until close(). */
struct held_values {
    struct acme_value *items;
    uint32_t n;
    char *instance;
};

struct worker {
    struct acme_call call; /* first, so that a call leads back to its worker */
    struct acme_host host;
    struct acme_plugin plugin; /* as much of it as both sides know */
    struct setup setup;
    struct held_values values;
    void *instance;
    bool is_open;

    /* The call in hand. */
    bool is_in_call;
    bool is_cancelled;
    uint32_t call_id;
    int64_t deadline_ms;
    pthread_t thread;

    /* Bytes from the core that are not yet taken. */
    uint8_t *in;
    size_t in_len, in_cap;
};

/* pipe.c: frames, blocking. A core that is gone ends the process. */
void pipe_send(struct frame_out *out);
/* Waits for the next frame; wait_ms < 0: for ever. False: none came in that time. The frame points
 * into w->in and must be dropped by pipe_drop(w, used) after use. */
bool pipe_next(struct worker *w, int wait_ms, struct frame_in *ret_in, size_t *ret_used);
void pipe_drop(struct worker *w, size_t used);
int64_t pipe_now_ms(void);
/* Tells the core why there will be no description, and ends the process. */
void pipe_refuse(int32_t status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* confine.c: gives up what the setup says, and tells the core what holds: now, while nobody else's
 * code has run in this process. Refuses to go on when a promised step fails. */
void confine(const struct setup *setup);

/* load.c: opens the plug-in, checks its description, and sends it. */
void load(struct worker *w);

/* host.c */
void host_init(struct worker *w);
void host_begin(struct worker *w, uint32_t call_id, uint32_t budget_ms);
void host_end(struct worker *w);

/* serve.c: answers the core until it says CLOSE. */
void serve(struct worker *w);

#endif
