/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One worker process as the core sees it: bytes in, frames out, output to the log, and its death.
 * What a worker says is believed only as far as it has the right form; what a call means is
 * for the owner.
 */
#ifndef PROVIDER_LANE_H
#define PROVIDER_LANE_H

#include "base/err.h"
#include "base/event.h"
#include "base/loop.h"
#include "provider/describe.h"
#include "provider/frame.h"
#include "provider/reach.h"
#include "provider/user.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct lane;

/* How to start one. Borrowed for the call only. */
struct lane_plan {
    const char *executable;
    const char *plugin_path;
    const char *core_version;
    const char *label; /* the instance, for the log; or the plug-in */
    const struct user *user;
    const struct reach *reach;
    bool may_gain_privileges;
    int inherit_fd; /* or -1 */
    /* The words before the worker's own: it runs under this program, which has our terminal and no
     * deadline. NULL or empty: by itself. */
    const struct strv *debugger;
    enum event_level log_up_to;
};

/* All come from the loop; after ended() nothing does. Only ended() may lane_free() the lane. */
struct lane_events {
    void *arg;
    void (*described)(void *arg, struct provider_description *take_description);
    /* A frame of the call in hand; false: it cannot be, and the worker is ended. */
    bool (*frame)(void *arg, struct frame_in *in);
    void (*ended)(void *arg, const struct err *why);
};

/* Checks the plug-in's file and starts a worker for it. */
int lane_start(struct loop *loop, const struct lane_plan *plan, const struct lane_events *events,
               struct lane **ret_lane, struct err *err);

/* At once, with everything it started; no callback. NULL is fine. */
void lane_free(struct lane *lane);

/* Sends a frame that frame_end() will find whole, as a call of its own; frames of another call end
 * the worker. False: it does not fit. */
bool lane_send_call(struct lane *lane, struct frame_out *frame, uint32_t call);
void lane_end_call(struct lane *lane); /* the result is in: nothing more may come */
void lane_send_cancel(struct lane *lane);

/* Kills it; ended() follows with why. The first reason counts. */
void lane_kill(struct lane *lane, const struct err *why);

/* Asks it to close() and leave, kills it after 2 s; ended() follows. */
void lane_close(struct lane *lane);

#endif
