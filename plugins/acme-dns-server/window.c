/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A server keeps two rows a name, with a time in whole seconds; an update goes to the row with the
 * older time. Three things follow from that. Sending a value once more, after a reply was lost,
 * may push out the other one. Rows of one second have no order, and an update may go to either.
 * And nothing tells what the rows hold, but the DNS.
 *
 * Where one value has to stay, it is enough to send it again a second later: whatever happened
 * before, its row is the newest then, and the next update goes to the other.
 */
#include "acme-dns-server.h"

#include <stdio.h>
#include <string.h>

/* A value that is needed for longer was forgotten: by then its order is over. */
#define HELD_MAX_MS ((int64_t)3600 * 1000)
/* More than a second, for a server whose clock ticks in the middle of ours. */
#define TICK_MS 1100

/* ---- What the file says ---- */

static void read_slot(const struct kit_json *json, struct window *w)
{
    const char *value = kit_json_str(json, "value");
    const char *owner = kit_json_str(json, "owner");
    struct slot *slot = &w->slots[w->n];

    if (w->n == WINDOW_SIZE || value == NULL || strlen(value) != VALUE_LEN || owner == NULL ||
        strlen(owner) >= sizeof(slot->owner)) {
        return;
    }
    *slot = (struct slot){.run = kit_json_int(json, "run", 0),
                          .at_ms = kit_json_int(json, "at", 0),
                          .is_sure = kit_json_int(json, "sure", 0) != 0};
    (void)snprintf(slot->value, sizeof(slot->value), "%s", value);
    (void)snprintf(slot->owner, sizeof(slot->owner), "%s", owner);
    w->n++;
}

bool window_parse(const char *text, size_t len, struct window *ret_window)
{
    struct kit_json *json = kit_json_parse(text, len, NULL);
    bool is_one = len == 0 || (json != NULL && kit_json_type(json, NULL) == KIT_JSON_OBJECT);

    *ret_window = (struct window){.n = 0};
    KIT_JSON_EACH(slot, json, "values")
    {
        read_slot(slot, ret_window);
    }
    ret_window->is_ordered = kit_json_bool(json, "ordered", false);
    ret_window->told_run = kit_json_int(json, "told", 0);
    kit_json_free(json);
    return is_one;
}

void window_format(const struct window *w, struct kit_text *to)
{
    kit_json_open(to, '{');
    kit_json_add_key(to, "values");
    kit_json_open(to, '[');
    for (size_t i = 0; i < w->n; i++) {
        const struct slot *slot = &w->slots[i];

        kit_json_addf(to, "{'value': %s, 'owner': %s, 'run': %lld, 'at': %lld, 'sure': %d}",
                      slot->value, slot->owner, (long long)slot->run, (long long)slot->at_ms,
                      slot->is_sure ? 1 : 0);
    }
    kit_json_close(to, ']');
    kit_json_add_key(to, "ordered");
    kit_json_add_bool(to, w->is_ordered);
    kit_json_add_key(to, "told");
    kit_json_add_int(to, w->told_run);
    kit_json_close(to, '}');
    kit_text_add_str(to, "\n");
}

/* ---- What to do ---- */

static bool is_fresh(const struct slot *slot, int64_t now_ms)
{
    int64_t since_ms = now_ms - slot->at_ms;

    return since_ms < HELD_MAX_MS && since_ms > -HELD_MAX_MS;
}

static bool is_held(const struct slot *slot, int64_t now_ms)
{
    return slot->owner[0] != '\0' && is_fresh(slot, now_ms);
}

/* How long until the server's clock is sure to show another second than at the last update. */
static int64_t wait_for_tick(const struct window *w, int64_t now_ms)
{
    int64_t left_ms = 0;

    for (size_t i = 0; i < w->n; i++) {
        int64_t since_ms = now_ms - w->slots[i].at_ms;

        if (since_ms < TICK_MS && since_ms > -TICK_MS && TICK_MS - since_ms > left_ms) {
            left_ms = TICK_MS - since_ms;
        }
    }
    return left_ms < TICK_MS ? left_ms : TICK_MS;
}

static struct slot *find(struct window *w, const char *value)
{
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->slots[i].value, value) == 0) {
            return &w->slots[i];
        }
    }
    return NULL;
}

struct window_plan window_plan(const struct window *w, const char *value, int64_t run,
                               int64_t now_ms)
{
    struct window_plan plan = {.step = WINDOW_SEND};
    const struct slot *kept = NULL;
    size_t n_held = 0;
    size_t n_own = 0;

    for (size_t i = 0; i < w->n; i++) {
        const struct slot *slot = &w->slots[i];

        if (strcmp(slot->value, value) == 0) {
            plan.step = slot->is_sure && is_fresh(slot, now_ms) ? WINDOW_HAS : plan.step;
        } else if (is_held(slot, now_ms)) {
            kept = slot;
            n_held++;
            n_own += slot->run == run ? 1 : 0;
        }
    }
    if (plan.step == WINDOW_HAS || n_held == 0) {
        return plan;
    }
    if (n_held == WINDOW_SIZE) {
        plan.step = n_own == WINDOW_SIZE ? WINDOW_FULL_FOREVER : WINDOW_FULL;
        return plan;
    }
    if (kept != &w->slots[w->n - 1] || !kept->is_sure || !w->is_ordered) {
        plan.step = WINDOW_REFRESH;
        plan.wait_ms = wait_for_tick(w, now_ms);
        (void)snprintf(plan.keep, sizeof(plan.keep), "%s", kept->value);
    }
    return plan;
}

/* ---- What was done ---- */

void window_push(struct window *w, const char *value, const char *owner, int64_t run,
                 int64_t now_ms)
{
    struct slot pushed = {.run = run, .at_ms = now_ms};
    size_t n_kept = 0;

    (void)snprintf(pushed.value, sizeof(pushed.value), "%s", value);
    (void)snprintf(pushed.owner, sizeof(pushed.owner), "%s", owner);
    w->is_ordered = wait_for_tick(w, now_ms) == 0;
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->slots[i].value, value) != 0) {
            w->slots[n_kept++] = w->slots[i];
        }
    }
    if (n_kept == WINDOW_SIZE) {
        /* The one that is needed stays; window_plan() saw to it that there is one at the most. */
        size_t gone = is_held(&w->slots[0], now_ms) && !is_held(&w->slots[1], now_ms) ? 1 : 0;

        w->slots[0] = w->slots[1 - gone];
        n_kept = 1;
    }
    w->slots[n_kept] = pushed;
    w->n = n_kept + 1;
}

void window_end_push(struct window *w, bool is_sure, int64_t now_ms)
{
    if (w->n > 0) {
        w->slots[w->n - 1].is_sure = is_sure;
        w->slots[w->n - 1].at_ms = now_ms;
    }
}

void window_hold(struct window *w, const char *value, const char *owner, int64_t run)
{
    struct slot *slot = find(w, value);

    if (slot != NULL) {
        (void)snprintf(slot->owner, sizeof(slot->owner), "%s", owner);
        slot->run = run;
    }
}

void window_release(struct window *w, const char *value, const char *owner)
{
    struct slot *slot = find(w, value);

    if (slot != NULL && strcmp(slot->owner, owner) == 0) {
        slot->owner[0] = '\0';
    }
}
