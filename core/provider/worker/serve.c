/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One frame in, one callback, one result out. The core's frames are trusted but for their form. */
#include "provider/worker/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANGES_MAX 4096u
#define TEXT_MAX (1u << 16)

/* A change as it was read, with the memory behind its record. */
struct held_change {
    struct acme_record record;
    struct acme_change change;
    char *fqdn, *zone, *value, *receipt, *identifier, *token, *key_authorization;
};

static void *need(void *p)
{
    if (p == NULL) {
        _exit(71);
    }
    return p;
}

static char *get_bytes(struct frame_in *in, size_t *ret_len)
{
    const void *bytes = frame_get_bytes(in, ret_len);
    char *copy = NULL;

    if (bytes != NULL) {
        copy = need(malloc(*ret_len + 1));
        memcpy(copy, bytes, *ret_len);
        copy[*ret_len] = '\0';
    }
    return copy;
}

static void read_change(struct frame_in *in, struct held_change *to)
{
    struct acme_record *r = &to->record;

    to->change.size = sizeof(to->change);
    to->change.what = frame_get_u32(in);
    to->change.record = r;
    r->size = sizeof(*r);
    r->type = ACME_RECORD_TXT;
    r->ttl_s = frame_get_u32(in);
    r->flags = frame_get_u32(in);
    r->fqdn = to->fqdn = frame_get_text(in, TEXT_MAX);
    r->zone = to->zone = frame_get_text(in, TEXT_MAX);
    r->value = to->value = get_bytes(in, &r->value_len);
    r->receipt = to->receipt = get_bytes(in, &r->receipt_len);
    r->identifier = to->identifier = frame_get_text(in, TEXT_MAX);
    r->token = to->token = frame_get_text(in, TEXT_MAX);
    r->key_authorization = to->key_authorization = frame_get_text(in, TEXT_MAX);
}

static void free_changes(struct held_change *changes, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(changes[i].fqdn);
        free(changes[i].zone);
        free(changes[i].value);
        free(changes[i].receipt);
        free(changes[i].identifier);
        free(changes[i].token);
        free(changes[i].key_authorization);
    }
    free(changes);
}

/* What a plug-in printed belongs to the call that it printed it in. */
static void send_result(struct worker *w, int32_t status)
{
    struct frame_out out = {.bytes = NULL};

    host_end(w);
    (void)fflush(stdout);
    frame_begin(&out, FRAME_RESULT, w->call_id);
    frame_add_u32(&out, (uint32_t)status);
    frame_add_text(&out, NULL);
    pipe_send(&out);
    frame_out_done(&out);
}

static int32_t call_apply(struct worker *w, struct held_change *changes, uint32_t n)
{
    const struct acme_change **list = need(calloc(n, sizeof(struct acme_change *)));
    int32_t status;

    for (uint32_t i = 0; i < n; i++) {
        list[i] = &changes[i].change;
    }
    status = w->plugin.apply(&w->call, w->instance, list, n);
    free(list);
    return status;
}

static int32_t call_verb(struct worker *w, uint32_t verb, struct held_change *changes, uint32_t n)
{
    const struct acme_plugin *p = &w->plugin;
    bool is_single = n == 1;

    if (verb == FRAME_VERB_ADD && is_single && p->add != NULL) {
        return p->add(&w->call, w->instance, &changes[0].record);
    }
    if (verb == FRAME_VERB_REMOVE && is_single && p->remove != NULL) {
        return p->remove(&w->call, w->instance, &changes[0].record);
    }
    if (verb == FRAME_VERB_SETTLED && is_single && p->settled != NULL) {
        return p->settled(&w->call, w->instance, &changes[0].record);
    }
    if (verb == FRAME_VERB_APPLY && n > 0 && p->apply != NULL) {
        return call_apply(w, changes, n);
    }
    if (verb == FRAME_VERB_ZONES && p->zones != NULL) {
        return p->zones(&w->call, w->instance);
    }
    return ACME_UNSUPPORTED;
}

static void serve_call(struct worker *w, struct frame_in *in, size_t used)
{
    uint32_t call = in->call;
    uint32_t verb = frame_get_u32(in);
    uint32_t budget_ms = frame_get_u32(in);
    uint32_t n = frame_get_u32(in);

    if (n > CHANGES_MAX || !w->is_open) {
        _exit(70);
    }
    struct held_change *changes = need(calloc(n + 1u, sizeof(*changes)));
    for (uint32_t i = 0; i < n; i++) {
        read_change(in, &changes[i]);
    }
    if (!frame_is_whole(in)) {
        _exit(70);
    }
    pipe_drop(w, used);
    host_begin(w, call, budget_ms);
    send_result(w, call_verb(w, verb, changes, n));
    free_changes(changes, n);
}

static void read_values(struct worker *w, struct frame_in *in)
{
    struct held_values *held = &w->values;

    held->instance = frame_get_text(in, TEXT_MAX);
    held->n = frame_get_u32(in);
    if (held->n != w->plugin.n_options || held->instance == NULL) {
        _exit(70);
    }
    held->items = need(calloc(held->n + 1u, sizeof(*held->items)));
    for (uint32_t i = 0; i < held->n; i++) {
        held->items[i].number = (int64_t)frame_get_u64(in);
        held->items[i].text = get_bytes(in, &held->items[i].len);
    }
}

/* Variables come here and not with execve(): so they stand in no /proc/PID/environ. */
static void read_environment(struct frame_in *in)
{
    uint32_t n = frame_get_u32(in);

    for (uint32_t i = 0; i < n && !in->is_bad; i++) {
        char *pair = frame_get_text(in, TEXT_MAX);
        char *equals = pair != NULL ? strchr(pair, '=') : NULL;

        if (equals != NULL) {
            *equals = '\0';
            (void)setenv(pair, equals + 1, 1);
        }
        free(pair);
    }
}

static void serve_open(struct worker *w, struct frame_in *in, size_t used)
{
    uint32_t call = in->call;
    uint32_t budget_ms = frame_get_u32(in);
    int32_t status = ACME_OK;

    if (w->is_open) {
        _exit(70);
    }
    read_values(w, in);
    read_environment(in);
    if (!frame_is_whole(in)) {
        _exit(70);
    }
    pipe_drop(w, used);
    struct acme_open o = {
        .size = sizeof(o),
        .n_values = w->values.n,
        .value_size = sizeof(struct acme_value),
        .values = w->values.items,
        .instance = w->values.instance,
    };
    host_begin(w, call, budget_ms);
    if (w->plugin.check != NULL) {
        status = w->plugin.check(&w->call, &o);
    }
    if (status == ACME_OK && w->plugin.open != NULL) {
        status = w->plugin.open(&w->call, &o, &w->instance);
    }
    w->is_open = status == ACME_OK;
    send_result(w, status);
}

/* Leaves without exit handlers: a thread or a destructor of the plug-in gets no say any more. */
static void serve_close(struct worker *w, uint32_t call)
{
    if (w->is_open && w->plugin.close != NULL) {
        host_begin(w, call, 2000);
        w->plugin.close(&w->call, w->instance);
        host_end(w);
    }
    (void)fflush(stdout);
    _exit(0);
}

void serve(struct worker *w)
{
    struct frame_in in;
    size_t used;

    while (pipe_next(w, -1, &in, &used)) {
        if (in.kind == FRAME_OPEN) {
            serve_open(w, &in, used);
        } else if (in.kind == FRAME_CALL) {
            serve_call(w, &in, used);
        } else if (in.kind == FRAME_CLOSE) {
            serve_close(w, in.call);
        } else if (in.kind == FRAME_CANCEL) {
            pipe_drop(w, used); /* came after the call's end */
        } else {
            _exit(70);
        }
    }
}
