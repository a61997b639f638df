/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a plug-in may call. Outside a callback, or from another thread than its, nothing happens. */
#include "provider/worker/worker.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 8192u
#define RECEIPT_MAX 4096u

static struct worker *of(struct acme_call *call)
{
    return (struct worker *)(void *)call; /* its first member */
}

static bool is_allowed(const struct worker *w)
{
    return w->is_in_call && pthread_equal(pthread_self(), w->thread);
}

static uint32_t wire_index(size_t index)
{
    return index < FRAME_INDEX_CALL ? (uint32_t)index : FRAME_INDEX_CALL;
}

static void host_log(struct acme_call *call, int32_t level, const char *text)
{
    struct worker *w = of(call);
    struct frame_out out = {.bytes = NULL};

    if (!is_allowed(w) || text == NULL) {
        return;
    }
    frame_begin(&out, FRAME_LOG, w->call_id);
    frame_add_u32(&out, (uint32_t)level);
    frame_add_bytes(&out, text, strnlen(text, TEXT_MAX));
    pipe_send(&out);
    frame_out_done(&out);
}

static int32_t host_fail(struct acme_call *call, size_t index, int32_t status,
                         uint32_t retry_after_s, const char *text)
{
    struct worker *w = of(call);
    struct frame_out out = {.bytes = NULL};

    if (!is_allowed(w)) {
        return status;
    }
    frame_begin(&out, FRAME_FAIL, w->call_id);
    frame_add_u32(&out, wire_index(index));
    frame_add_u32(&out, (uint32_t)status);
    frame_add_u32(&out, retry_after_s);
    frame_add_bytes(&out, text != NULL ? text : "", text != NULL ? strnlen(text, TEXT_MAX) : 0);
    pipe_send(&out);
    frame_out_done(&out);
    return status;
}

static void host_receipt(struct acme_call *call, size_t index, const void *bytes, size_t len)
{
    struct worker *w = of(call);
    struct frame_out out = {.bytes = NULL};

    if (!is_allowed(w) || bytes == NULL || len == 0) {
        return;
    }
    if (len > RECEIPT_MAX) {
        host_log(call, ACME_LOG_WARNING, "a receipt of over 4096 bytes was dropped");
        return;
    }
    frame_begin(&out, FRAME_RECEIPT, w->call_id);
    frame_add_u32(&out, wire_index(index));
    frame_add_bytes(&out, bytes, len);
    pipe_send(&out);
    frame_out_done(&out);
}

static void host_done(struct acme_call *call, size_t index)
{
    struct worker *w = of(call);
    struct frame_out out = {.bytes = NULL};

    if (!is_allowed(w)) {
        return;
    }
    frame_begin(&out, FRAME_DONE, w->call_id);
    frame_add_u32(&out, wire_index(index));
    pipe_send(&out);
    frame_out_done(&out);
}

static void host_zone(struct acme_call *call, const char *name)
{
    struct worker *w = of(call);
    struct frame_out out = {.bytes = NULL};

    if (!is_allowed(w) || name == NULL) {
        return;
    }
    frame_begin(&out, FRAME_ZONE, w->call_id);
    frame_add_bytes(&out, name, strnlen(name, TEXT_MAX));
    pipe_send(&out);
    frame_out_done(&out);
}

/* Waits up to wait_ms for the one frame that may come inside a call. */
static void look_for_cancel(struct worker *w, int wait_ms)
{
    struct frame_in in;
    size_t used;

    if (!w->is_cancelled && pipe_next(w, wait_ms, &in, &used)) {
        /* CLOSE may stand behind it when the core is in a hurry: it ends the call too, and is left
         * for serve(). */
        w->is_cancelled = true;
        if (in.kind == FRAME_CANCEL) {
            pipe_drop(w, used);
        }
    }
}

static int32_t host_ms_left(struct acme_call *call)
{
    struct worker *w = of(call);

    if (!is_allowed(w)) {
        return 0;
    }
    look_for_cancel(w, 0);
    int64_t left = w->deadline_ms - pipe_now_ms();
    return w->is_cancelled || left < 0 ? 0 : (int32_t)(left < INT32_MAX ? left : INT32_MAX);
}

static int32_t host_sleep_ms(struct acme_call *call, uint32_t ms)
{
    struct worker *w = of(call);

    if (!is_allowed(w)) {
        return ACME_CANCELLED;
    }
    int64_t until = pipe_now_ms() + ms;
    if (until > w->deadline_ms) {
        until = w->deadline_ms;
    }
    int64_t left = until - pipe_now_ms();
    look_for_cancel(w, left > 0 ? (int)(left < INT32_MAX ? left : INT32_MAX) : 0);
    return w->is_cancelled || pipe_now_ms() >= w->deadline_ms ? ACME_CANCELLED : ACME_OK;
}

void host_init(struct worker *w)
{
    w->host = (struct acme_host){
        .size = sizeof(struct acme_host),
        .minor = ACME_PLUGIN_MINOR,
        .core_version = w->setup.core_version,
        .log = host_log,
        .fail = host_fail,
        .receipt = host_receipt,
        .done = host_done,
        .zone = host_zone,
        .ms_left = host_ms_left,
        .sleep_ms = host_sleep_ms,
    };
    w->call.host = &w->host;
    w->thread = pthread_self();
}

void host_begin(struct worker *w, uint32_t call_id, uint32_t budget_ms)
{
    w->is_in_call = true;
    w->is_cancelled = false;
    w->call_id = call_id;
    w->deadline_ms = pipe_now_ms() + budget_ms;
}

void host_end(struct worker *w)
{
    w->is_in_call = false;
}
