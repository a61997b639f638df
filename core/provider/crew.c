/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The workers of one instance: each loads, describes itself, and is opened before its first call.
 */
#include "provider/set.h"

#include "base/event.h"
#include "base/mem.h"

#include "acme-plugin.h"

#define OPEN_MS 30000

size_t crew_limit(const struct provider *p)
{
    if (p->plugin == NULL || p->plugin->serial == ACME_SERIAL_PLUGIN || p->console != NULL ||
        p->set->debugger.n > 0) {
        return 1;
    }
    return p->keys.parallel < CREW_MAX ? p->keys.parallel : CREW_MAX;
}

struct slot *crew_find(struct provider *p, enum slot_state state)
{
    for (size_t i = 0; i < crew_limit(p); i++) {
        if (p->slots[i].state == state) {
            return &p->slots[i];
        }
    }
    return NULL;
}

size_t crew_count(const struct provider *p, enum slot_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < CREW_MAX; i++) {
        n += p->slots[i].state == state ? 1 : 0;
    }
    return n;
}

static int64_t open_ms(const struct provider *p)
{
    return p->set->debugger.n > 0 ? DEBUG_TIMEOUT_MS : OPEN_MS;
}

static void on_open_deadline(void *arg)
{
    struct slot *slot = arg;
    struct err why = ERR_INIT;

    slot->open_timer = NULL;
    (void)err_set(&why, ERR_PROVIDER, "plug-in '%s': open() did not end within %d s",
                  slot->provider->keys.plugin, OPEN_MS / 1000);
    lane_kill(slot->lane, &why);
}

static void add_values(struct frame_out *frame, const struct provider *p)
{
    frame_add_text(frame, p->name);
    frame_add_u32(frame, (uint32_t)p->values.n);
    for (size_t i = 0; i < p->values.n; i++) {
        frame_add_u64(frame, (uint64_t)p->values.items[i].number);
        frame_add_bytes(frame, p->values.items[i].text, p->values.items[i].len);
    }
    frame_add_u32(frame, (uint32_t)p->env.n);
    for (size_t i = 0; i < p->env.n; i++) {
        frame_add_text(frame, p->env.items[i]);
    }
}

void crew_open(struct slot *slot)
{
    struct provider *p = slot->provider;
    struct frame_out frame = {.bytes = NULL};
    struct err why = ERR_INIT;
    uint32_t id = ++p->next_call;

    slot->state = SLOT_OPENING;
    frame_begin(&frame, FRAME_OPEN, id);
    frame_add_u32(&frame, (uint32_t)open_ms(p));
    add_values(&frame, p);
    if (!lane_send_call(slot->lane, &frame, id)) {
        (void)err_set(&why, ERR_CONFIG, "[provider %s]: its options together exceed 1 MiB",
                      p->name);
        lane_kill(slot->lane, &why);
    }
    frame_out_done(&frame);
    slot->open_timer = loop_timer_start(p->set->loop, open_ms(p), on_open_deadline, slot);
}

static void on_described(void *arg, struct provider_description *take_description)
{
    struct slot *slot = arg;
    struct provider *p = slot->provider;
    struct err why = ERR_INIT;
    bool is_same;

    if (p->plugin == NULL) {
        instance_described(p, take_description);
        return;
    }
    is_same = take_description->n_options == p->plugin->n_options &&
              take_description->serial == p->plugin->serial &&
              str_eq(take_description->version, p->plugin->version);
    provider_description_free(take_description);
    if (!is_same) {
        (void)err_set(&why, ERR_PROVIDER, "plug-in '%s' (%s) was replaced while it was in use",
                      p->keys.plugin, p->plugin_path);
        lane_kill(slot->lane, &why);
        return;
    }
    crew_open(slot);
}

static void opened(struct slot *slot, int32_t status)
{
    struct provider *p = slot->provider;
    struct err why = ERR_INIT;

    loop_timer_cancel(&slot->open_timer);
    lane_end_call(slot->lane);
    if (status == ACME_OK) {
        slot->state = SLOT_IDLE;
        instance_opened(p);
        return;
    }
    (void)err_set(&why, status == ACME_BAD_CONFIG ? ERR_CONFIG : ERR_PROVIDER,
                  "provider '%s' (plug-in '%s') cannot be opened: it %s%s%s", p->name,
                  p->keys.plugin, outcome_status_name(status), slot->open_text != NULL ? ": " : "",
                  slot->open_text != NULL ? slot->open_text : "");
    lane_kill(slot->lane, &why);
}

static bool take_open_frame(struct slot *slot, struct frame_in *in)
{
    if (in->kind == FRAME_FAIL) {
        (void)frame_get_u32(in);
        (void)frame_get_u32(in);
        (void)frame_get_u32(in);
        mem_free(slot->open_text);
        slot->open_text = frame_get_text(in, 8192);
        return frame_is_whole(in);
    }
    if (in->kind == FRAME_RESULT) {
        int32_t status = (int32_t)frame_get_u32(in);
        mem_free(frame_get_text(in, 8192));

        if (!frame_is_whole(in)) {
            return false;
        }
        opened(slot, status);
        return true;
    }
    return false;
}

static bool on_frame(void *arg, struct frame_in *in)
{
    struct slot *slot = arg;

    if (slot->state == SLOT_OPENING) {
        return take_open_frame(slot, in);
    }
    return slot->state == SLOT_BUSY && slot->call != NULL && call_frame(slot->call, in);
}

/* A worker that ends while nothing is asked of it is a loss only if it had not come to be ready. */
static void on_ended(void *arg, const struct err *why)
{
    struct slot *slot = arg;
    struct provider *p = slot->provider;
    enum slot_state state = slot->state;
    struct call *call = slot->call;
    struct err reason = *why;

    loop_timer_cancel(&slot->open_timer);
    lane_free(slot->lane);
    slot->lane = NULL;
    slot->call = NULL;
    slot->state = SLOT_EMPTY;
    mem_free(slot->open_text);
    slot->open_text = NULL;
    if (p->set->is_closing) {
        if (call != NULL) {
            call_died(call, &reason);
        }
        set_closed_check(p->set);
        return;
    }
    if (slot->is_retiring) {
        slot->is_retiring = false;
        if (crew_start(p, slot, &reason) < 0) {
            instance_fail(p, &reason);
        }
        return;
    }
    if (call == NULL || !(call->is_cancelled || call->is_over_deadline)) {
        p->deaths++; /* else it was our doing, and says nothing of the next worker */
        p->last_death = reason;
    }
    if (call != NULL) {
        call_died(call, &reason);
    } else if (state == SLOT_IDLE) {
        event_log(EVENT_WARNING, p->name, "%s", reason.text);
    } else if (p->state == INSTANCE_STARTING) {
        instance_fail(p, &reason);
    }
    queue_wake(p, 0);
}

static void warn_about_user(struct provider_set *set)
{
    if (set->user_warning != NULL) {
        event_log(EVENT_WARNING, "provider", "%s", set->user_warning);
        mem_free(set->user_warning);
        set->user_warning = NULL;
    }
}

/* The worker that describes itself leaves again. One that a debugger ended is no loss: its place
 * takes a plain one, which cleans up. */
static bool is_to_be_debugged(const struct provider *p)
{
    return p->plugin != NULL && !p->was_debugged && p->set->debugger.n > 0;
}

int crew_start(struct provider *p, struct slot *slot, struct err *err)
{
    struct lane_plan plan = {
        .executable = p->set->worker_path,
        .plugin_path = p->plugin_path,
        .core_version = p->set->core_version,
        .label = p->name,
        .user = p->has_own_user ? &p->user : &p->set->user,
        .reach = &p->reach,
        .may_gain_privileges = p->keys.may_gain_privileges,
        .inherit_fd = p->set->inherit_fd,
        .log_up_to = p->keys.log_up_to,
        .debugger = is_to_be_debugged(p) ? &p->set->debugger : NULL,
    };
    struct lane_events events = {
        .arg = slot, .described = on_described, .frame = on_frame, .ended = on_ended};

    if (!p->has_own_user) {
        warn_about_user(p->set);
    }
    slot->provider = p;
    slot->call = NULL;
    if (lane_start(p->set->loop, &plan, &events, &slot->lane, err) < 0) {
        return err_code(err);
    }
    p->was_debugged = p->was_debugged || plan.debugger != NULL;
    slot->state = SLOT_STARTING;
    return 0;
}

void crew_free(struct provider *p)
{
    for (size_t i = 0; i < CREW_MAX; i++) {
        struct slot *slot = &p->slots[i];

        if (slot->call != NULL) {
            call_free(slot->call);
        }
        loop_timer_cancel(&slot->open_timer);
        lane_free(slot->lane);
        mem_free(slot->open_text);
        *slot = (struct slot){.state = SLOT_EMPTY};
    }
}
