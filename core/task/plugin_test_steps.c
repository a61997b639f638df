/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What is tried, as a table, and the walk through it: one step after the other, each from the loop.
 * A step that fails leaves the rest to be tried, unless nothing can be concluded any more; what the
 * test has put into the DNS is taken away in any case.
 */
#include "task/plugin_test_impl.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define CANCEL_GRACE_MS 2000
#define CANCEL_CLEANUP_MS 30000

enum needs {
    NEEDS_SEVERAL = 1u << 0, /* values at one name */
    NEEDS_SINGLE = 1u << 1,  /* one value a name only */
    NEEDS_ROOM = 1u << 2,    /* other names than one */
    NEEDS_APPLY = 1u << 3,
    NEEDS_ZONES = 1u << 4,
    NEEDS_SETTLED = 1u << 5,
    NEEDS_REMOVAL = 1u << 6,
    NEEDS_REFUSAL = 1u << 7, /* it can say no */
};

struct planned_change {
    enum mark_id mark;
    enum provider_verb verb;
    bool is_refusal_expected, is_receipt_lost;
};

struct plugin_test_row {
    const char *name, *title;
    void (*start)(struct plugin_test *test);
    unsigned needs;
    bool is_vital; /* without it the rest makes no sense */
    bool is_last;  /* tried whatever went wrong before */
    struct planned_change changes[STEP_CHANGES_MAX];
    size_t n_changes;
};

static void start_changes(struct plugin_test *test);
static void start_cleanup(struct plugin_test *test);

/* clang-format off: one row a step reads better than what the tool makes of it */
static const struct plugin_test_row ROWS[] = {
    {.name = "open",
     .title = "the plug-in opens with its settings",
     .start = ask_open,
     .is_vital = true},
    {.name = "find",
     .title = "the place in the DNS is found",
     .start = scene_find,
     .is_vital = true},
    {.name = "zones",
     .title = "it names the zones that it can edit",
     .start = ask_zones,
     .needs = NEEDS_ZONES},
    {.name = "unknown-zone",
     .title = "a zone that nobody has is refused",
     .start = start_changes,
     .needs = NEEDS_REFUSAL,
     .changes = {{.mark = MARK_NOWHERE, .verb = PROVIDER_ADD, .is_refusal_expected = true}},
     .n_changes = 1},
    {.name = "remove-absent",
     .title = "what is not there can be removed",
     .start = start_changes,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_REMOVE}},
     .n_changes = 1},
    {.name = "add",
     .title = "two values come to stand at one name",
     .start = start_changes,
     .needs = NEEDS_SEVERAL,
     .is_vital = true,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_ADD},
                 {.mark = MARK_TWIN, .verb = PROVIDER_ADD}},
     .n_changes = 2},
    {.name = "add",
     .title = "a value comes to stand",
     .start = start_changes,
     .needs = NEEDS_SINGLE,
     .is_vital = true,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_ADD}},
     .n_changes = 1},
    {.name = "settled",
     .title = "it says that the value is live",
     .start = ask_settled,
     .needs = NEEDS_SETTLED},
    {.name = "add-again",
     .title = "what stands already can be added",
     .start = start_changes,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_ADD}},
     .n_changes = 1},
    {.name = "neighbour",
     .title = "the same value comes to stand at a neighbouring name",
     .start = start_changes,
     .needs = NEEDS_ROOM,
     .changes = {{.mark = MARK_NEIGHBOUR, .verb = PROVIDER_ADD}},
     .n_changes = 1},
    {.name = "remove-other",
     .title = "removing another value leaves those that stand",
     .start = start_changes,
     .needs = NEEDS_REMOVAL,
     .changes = {{.mark = MARK_STRANGER, .verb = PROVIDER_REMOVE}},
     .n_changes = 1},
    {.name = "remove",
     .title = "one value goes, and no other",
     .start = start_changes,
     .needs = NEEDS_REMOVAL,
     .is_vital = true,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_REMOVE}},
     .n_changes = 1},
    {.name = "remove-again",
     .title = "what is gone already can be removed",
     .start = start_changes,
     .needs = NEEDS_REMOVAL,
     .changes = {{.mark = MARK_FIRST, .verb = PROVIDER_REMOVE}},
     .n_changes = 1},
    {.name = "replace",
     .title = "another value comes to stand in its place",
     .start = start_changes,
     .needs = NEEDS_SINGLE | NEEDS_REMOVAL,
     .is_vital = true,
     .changes = {{.mark = MARK_TWIN, .verb = PROVIDER_ADD}},
     .n_changes = 1},
    {.name = "lost-receipt",
     .title = "a value goes without the receipt of its add",
     .start = start_changes,
     .needs = NEEDS_REMOVAL,
     .changes = {{.mark = MARK_TWIN, .verb = PROVIDER_REMOVE, .is_receipt_lost = true}},
     .n_changes = 1},
    {.name = "batch",
     .title = "of several changes in one call, only the impossible one fails",
     .start = start_changes,
     .needs = NEEDS_APPLY | NEEDS_ROOM,
     .changes = {{.mark = MARK_BATCH_1, .verb = PROVIDER_ADD},
                 {.mark = MARK_LONG, .verb = PROVIDER_ADD, .is_refusal_expected = true},
                 {.mark = MARK_BATCH_2, .verb = PROVIDER_ADD},
                 {.mark = MARK_BATCH_3, .verb = PROVIDER_ADD}},
     .n_changes = 4},
    {.name = "clean-up",
     .title = "all values of the test go",
     .start = start_cleanup,
     .is_last = true},
    {.name = "untouched",
     .title = "what others have in the zone is as it was",
     .start = scene_compare,
     .is_last = true},
};
/* clang-format on */

/* ---- Starting a step ---- */

static void start_changes(struct plugin_test *test)
{
    for (size_t i = 0; i < test->row->n_changes; i++) {
        const struct planned_change *planned = &test->row->changes[i];
        const char *obstacle = planned->is_refusal_expected ? attended_find_obstacle(test) : NULL;
        struct change *change = NULL;

        if (obstacle != NULL) {
            buf_addf(&test->text, "without the impossible one: %s", obstacle);
            continue;
        }
        change = changes_add(test, planned->mark, planned->verb);
        change->is_refusal_expected = planned->is_refusal_expected;
        change->is_receipt_lost = planned->is_receipt_lost;
    }
    changes_start(test);
}

/* Nobody else could remove them either. */
static void leave_all(struct plugin_test *test)
{
    AUTO(strv_done) struct strv owners = STRV_INIT;
    size_t n = marks_count_left(test);

    for (size_t i = 0; i < MARK_COUNT; i++) {
        if (test->marks[i].entry != NULL) {
            strv_add_unique(&owners, test->marks[i].owner);
            mark_forget(&test->marks[i]);
        }
    }
    AUTO_FREE char *where = strv_join(&owners, ", ");
    AUTO_FREE char *why = str_fmt("this provider removes nothing: %zu %s at %s", n,
                                  n == 1 ? "value stays" : "values stay", where);
    plugin_test_skip(test, why);
}

static void start_cleanup(struct plugin_test *test)
{
    test->is_cleaning = true;
    if (test->cannot_remove) {
        leave_all(test);
        return;
    }
    for (size_t i = 0; i < MARK_COUNT; i++) {
        if (mark_is_to_go(&test->marks[i])) {
            (void)changes_add(test, (enum mark_id)i, PROVIDER_REMOVE);
        }
    }
    changes_start(test);
}

static bool has_need(const struct plugin_test_row *row, enum needs need)
{
    return (row->needs & (unsigned)need) != 0;
}

static bool has_marks_to_go(const struct plugin_test *test)
{
    for (size_t i = 0; i < MARK_COUNT; i++) {
        if (mark_is_to_go(&test->marks[i])) {
            return true;
        }
    }
    return false;
}

/* Steps that are nothing to this plug-in, or to a test that came no further. */
static bool is_beside_the_point(const struct plugin_test *test, const struct plugin_test_row *row)
{
    const struct provider_facts *facts =
        test->provider == NULL ? NULL : provider_facts(test->provider);

    if (row->start == start_cleanup) {
        return !has_marks_to_go(test);
    }
    if (row->start == scene_compare) {
        return !test->has_surveyed || test->is_cancelled;
    }
    return facts != NULL && has_need(row, facts->can_hold_several ? NEEDS_SINGLE : NEEDS_SEVERAL);
}

/* Why a step cannot be tried, or NULL. */
static const char *find_obstacle(const struct plugin_test *test, const struct plugin_test_row *row)
{
    const struct provider_facts *facts = provider_facts(test->provider);

    if (facts == NULL) {
        return NULL; /* it is just being opened */
    }
    if (has_need(row, NEEDS_ZONES) && !facts->has_zones) {
        return "the plug-in has no zones()";
    }
    if (has_need(row, NEEDS_SETTLED) && !facts->has_settled) {
        return "the plug-in has no settled()";
    }
    if (has_need(row, NEEDS_APPLY) && !facts->has_apply) {
        return "the plug-in has no apply()";
    }
    if (has_need(row, NEEDS_ROOM) && test->is_alias) {
        return "the challenges of this name are published at one other name, by a CNAME";
    }
    if (has_need(row, NEEDS_REMOVAL) && test->cannot_remove) {
        return "this provider removes nothing";
    }
    return has_need(row, NEEDS_REFUSAL) ? attended_find_obstacle(test) : NULL;
}

/* ---- The walk ---- */

static void start_row(struct plugin_test *test)
{
    const char *obstacle = find_obstacle(test, test->row);

    test->is_in_step = true;
    test->n_changes = 0;
    buf_clear(&test->text);
    test->step_began_ms = loop_now_ms(test->env->loop);
    if (obstacle != NULL) {
        plugin_test_skip(test, obstacle);
        return;
    }
    if (test->row->start == start_changes || test->row->start == start_cleanup) {
        attended_announce(test, test->row->name, test->row->title);
    }
    test->row->start(test);
}

static void go_on(void *arg)
{
    struct plugin_test *test = arg;

    test->next = NULL;
    while (test->at < ARRAY_LEN(ROWS)) {
        const struct plugin_test_row *row = &ROWS[test->at++];

        if (is_beside_the_point(test, row)) {
            continue;
        }
        if ((test->is_broken || test->is_cancelled) && !row->is_last) {
            test->n_verdicts[PLUGIN_TEST_SKIPPED]++;
            continue;
        }
        test->row = row;
        start_row(test);
        return;
    }
    plugin_test_finish(test);
}

void plugin_test_begin(struct plugin_test *test)
{
    buf_init(&test->text, (size_t)64 * 1024);
    go_on(test);
}

/* ---- Ending a step ---- */

static void tell(struct plugin_test *test, enum plugin_test_verdict verdict)
{
    const struct plugin_test_step step = {
        .name = test->row->name,
        .title = test->row->title,
        .verdict = verdict,
        .ms = loop_now_ms(test->env->loop) - test->step_began_ms,
        .text = buf_str(&test->text),
    };

    test->is_in_step = false;
    test->n_verdicts[verdict]++;
    test->listener->ended(test->listener->arg, &step);
    test->next = loop_timer_start(test->env->loop, 0, go_on, test);
}

static void note_failure(struct plugin_test *test, const struct err *err)
{
    if (test->first_failed == NULL) {
        test->first_failed = str_dup(test->row->name);
        test->class = err->class;
    }
    test->has_mixed = test->has_mixed || test->class != err->class;
    test->is_broken = test->is_broken || test->row->is_vital;
}

void plugin_test_end(struct plugin_test *test, const struct err *err)
{
    if (!test->is_in_step) {
        return;
    }
    if (err == NULL) {
        tell(test, PLUGIN_TEST_PASSED);
        return;
    }
    if (test->is_cancelled && !test->row->is_last) {
        plugin_test_skip(test, "interrupted");
        return;
    }
    if (test->text.len > 0) {
        buf_add_char(&test->text, '\n');
    }
    buf_add_str(&test->text, err->text);
    note_failure(test, err);
    tell(test, PLUGIN_TEST_FAILED);
}

void plugin_test_skip(struct plugin_test *test, const char *why)
{
    buf_clear(&test->text);
    buf_add_str(&test->text, why);
    tell(test, PLUGIN_TEST_SKIPPED);
}

/* ---- Cancelling ---- */

static void give_up(void *arg)
{
    struct plugin_test *test = arg;

    test->cancel_deadline = NULL;
    plugin_test_finish(test);
}

void plugin_test_cancel(struct plugin_test *test)
{
    struct err why = ERR_INIT;

    if (test->is_over || test->is_cancelled) {
        return;
    }
    test->is_cancelled = true;
    test->cancel_deadline = loop_timer_start(test->env->loop, CANCEL_CLEANUP_MS, give_up, test);
    if (test->is_in_step && test->row->start == start_cleanup) {
        (void)attended_leave(test);
        return; /* what is under way is what is wanted */
    }
    ask_cancel(test);
    look_cancel(test);
    scene_cancel(test);
    provider_cancel_all(test->rooms->providers, CANCEL_GRACE_MS);
    if (test->n_open == 0) { /* else the changes come back as cancelled, and end the step */
        (void)err_set(&why, ERR_CANCELLED, "interrupted");
        plugin_test_end(test, &why);
    }
}
