/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * After each change the servers of the zone are asked, all of them, name by name. First for what
 * the change was to bring or to take away, as long as a provider may need. Then for the values that
 * it had to leave alone: these were there before, so they are there at once, or lost. Where nothing
 * was to change there is nothing to wait for; then the second look comes after the time that the
 * servers needed for the first change, so that a loss has had its time to show.
 */
#include "task/plugin_test_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "order/patience.h"

#include <string.h>

/* A server may be busy for a moment. */
#define KEPT_TIMEOUT_MS 5000
#define LAG_MAX_MS 15000

enum glance { GLANCE_NEW, GLANCE_LEAVING, GLANCE_KEPT };

static bool is_of(const struct mark *mark, enum glance glance)
{
    switch (glance) {
    case GLANCE_NEW:
        return mark->is_wanted && !mark->is_seen;
    case GLANCE_LEAVING:
        return mark->is_leaving;
    case GLANCE_KEPT:
        return mark->is_wanted && mark->is_seen;
    }
    return false;
}

static void settle(struct plugin_test *test);

/* ---- Answers ---- */

/* The first failure ends the look; the others add nothing. */
static void end_gaze(struct gaze *gaze, const struct err *err, const char *context)
{
    struct look *look = &gaze->test->look;

    gaze->watch = NULL;
    gaze->gone = NULL;
    look->n_open--;
    if (err != NULL && look->err.class == ERR_NONE) {
        look->err = *err;
        if (context != NULL) {
            look->err.class = ERR_PROVIDER;
            (void)err_wrap(&look->err, "%s", context);
        }
    }
    settle(gaze->test);
}

static void show_progress(void *arg, size_t good, size_t total, const struct strv *waiting)
{
    struct gaze *gaze = arg;

    (void)waiting;
    gaze->test->look.n_good = good;
    gaze->test->look.n_servers = total;
}

static void show_warning(void *arg, const char *text)
{
    const struct gaze *gaze = arg;

    event_log(EVENT_WARNING, gaze->test->domain, "%s", text);
}

static void fail_moved(void *arg, const char *target)
{
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_PROPAGATION, "a CNAME to %s stands there now", target);
    end_gaze(arg, &why, NULL);
}

static void finish_watch(void *arg, const struct err *err)
{
    struct gaze *gaze = arg;

    end_gaze(gaze, err,
             gaze->test->look.is_second ? "what the change had to leave alone is gone" : NULL);
}

static void finish_gone(void *arg, const struct strv *still_standing, const struct err *err)
{
    struct gaze *gaze = arg;
    struct err why = ERR_INIT;

    if (err == NULL && still_standing->n > 0) {
        (void)err_set(
            &why, ERR_PROPAGATION,
            "the plug-in says that the value \"%s\" is removed, but a server still has it",
            still_standing->items[0]);
        end_gaze(gaze, &why, NULL);
        return;
    }
    end_gaze(gaze, err, NULL);
}

/* ---- Questions ---- */

static struct dns_place *place_of(const struct plugin_test *test, const struct mark *mark)
{
    struct dns_place *place = dns_place_copy(test->place);

    mem_free(place->owner);
    place->owner = str_dup_len(mark->owner, strlen(mark->owner) - 1);
    return place;
}

static void start_watch(struct gaze *gaze, const struct dns_place *place, const char *const *texts,
                        size_t n, enum glance glance)
{
    static const struct dns_watch_callbacks CALLBACKS = {
        .progress = show_progress,
        .warned = show_warning,
        .moved = fail_moved,
        .done = finish_watch,
    };
    struct plugin_test *test = gaze->test;
    struct dns_watch_policy policy;

    patience_fill_policy(test->env->settings, &test->provider, 1, &policy);
    if (glance == GLANCE_KEPT) {
        policy.settle_ms = 0;
        policy.timeout_ms =
            policy.timeout_ms < KEPT_TIMEOUT_MS ? policy.timeout_ms : KEPT_TIMEOUT_MS;
    }
    gaze->watch = dns_watch_start(test->rooms->dns, place, texts, n, &policy, &CALLBACKS, gaze);
}

/* All values of this kind that stand at one owner are asked for together. */
static void gaze_at(struct plugin_test *test, const struct mark *leader, enum glance glance)
{
    struct look *look = &test->look;
    struct gaze *gaze = &look->gazes[look->n++];
    AUTO_PTR(dns_place) struct dns_place *place = place_of(test, leader);
    const char *texts[MARK_COUNT];
    size_t n = 0;

    *gaze = (struct gaze){.test = test};
    for (size_t i = 0; i < MARK_COUNT; i++) {
        const struct mark *mark = &test->marks[i];

        if (mark_is_public((enum mark_id)i) && is_of(mark, glance) &&
            str_eq(mark->owner, leader->owner)) {
            texts[n++] = mark->text;
        }
    }
    look->n_open++;
    if (glance == GLANCE_LEAVING) {
        gaze->gone = dns_gone_start(
            test->rooms->dns, place, texts, n,
            patience_propagation_ms(test->env->settings, provider_facts(test->provider)),
            finish_gone, gaze);
    } else {
        start_watch(gaze, place, texts, n, glance);
    }
}

/* How many names were looked at. */
static size_t look_for(struct plugin_test *test, enum glance glance)
{
    AUTO(strv_done) struct strv owners = STRV_INIT;

    for (size_t i = 0; i < MARK_COUNT; i++) {
        const struct mark *mark = &test->marks[i];

        if (mark_is_public((enum mark_id)i) && is_of(mark, glance) &&
            !strv_has(&owners, mark->owner)) {
            strv_add(&owners, mark->owner);
            gaze_at(test, mark, glance);
        }
    }
    return owners.n;
}

/* ---- The two looks ---- */

static void stop_gazing(struct look *look)
{
    for (size_t i = 0; i < look->n; i++) {
        dns_watch_cancel(&look->gazes[i].watch);
        dns_gone_cancel(&look->gazes[i].gone);
    }
    loop_timer_cancel(&look->pause);
    look->n = 0;
    look->n_open = 0;
}

/* What the first look confirmed. */
static void note_seen(struct plugin_test *test)
{
    for (size_t i = 0; i < MARK_COUNT; i++) {
        struct mark *mark = &test->marks[i];

        if (mark_is_public((enum mark_id)i) && mark->is_leaving) {
            mark_forget(mark);
        }
        mark->is_leaving = false;
        mark->is_seen = mark->is_wanted;
    }
}

static void look_again(void *arg)
{
    struct plugin_test *test = arg;

    test->look.pause = NULL;
    test->look.n = 0;
    if (look_for(test, GLANCE_KEPT) == 0) {
        settle(test);
    }
}

static void begin_second(struct plugin_test *test)
{
    struct look *look = &test->look;
    int64_t passed_ms = loop_now_ms(test->env->loop) - look->began_ms;

    if (look->has_news) {
        buf_addf(&test->text, "%sthe servers showed it after %lld ms",
                 test->text.len > 0 ? "\n" : "", (long long)passed_ms);
        test->lag_ms = passed_ms > test->lag_ms ? passed_ms : test->lag_ms;
        test->lag_ms = test->lag_ms < LAG_MAX_MS ? test->lag_ms : LAG_MAX_MS;
    }
    note_seen(test);
    look->is_second = true;
    look->pause =
        loop_timer_start(test->env->loop, look->has_news ? 0 : test->lag_ms, look_again, test);
}

/* A gaze ended, or there was none: on to the next look, or to the end of the step. */
static void settle(struct plugin_test *test)
{
    struct look *look = &test->look;

    if (look->err.class != ERR_NONE) {
        struct err why = look->err;

        stop_gazing(look);
        test->is_broken = true;
        plugin_test_end(test, &why);
    } else if (look->n_open > 0) {
        return;
    } else if (!look->is_second) {
        begin_second(test);
    } else {
        plugin_test_end(test, NULL);
    }
}

void look_start(struct plugin_test *test)
{
    struct look *look = &test->look;

    *look = (struct look){.began_ms = loop_now_ms(test->env->loop)};
    look->has_news = look_for(test, GLANCE_NEW) + look_for(test, GLANCE_LEAVING) > 0;
    if (!look->has_news) {
        settle(test);
    }
}

void look_cancel(struct plugin_test *test)
{
    stop_gazing(&test->look);
}
