/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The steps that only ask the plug-in something: to open, for its zones, whether a value is live.
 */
#include "task/plugin_test_impl.h"

#include "acme-plugin.h"
#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "order/patience.h"

#include <string.h>

#define SETTLE_INTERVAL_MS 4000
#define SHOWN_ZONES 20

/* ---- Opening ---- */

static void finish_open(void *arg, const struct err *err)
{
    struct plugin_test *test = arg;
    const struct provider_facts *facts = provider_facts(test->provider);
    AUTO(strv_done) struct strv settings = STRV_INIT;
    AUTO_FREE char *place = provider_place(test->provider);
    struct err why = ERR_INIT;
    const struct plugin_test_facts told = {
        .instance = provider_name(test->provider),
        .place = place,
        .plugin = facts == NULL ? NULL : facts->plugin,
        .settings = &settings,
        .domain = test->domain,
    };

    test->is_opening = false;
    provider_list_settings(test->provider, &settings);
    test->listener->began(test->listener->arg, &told);
    plugin_test_end(test, err != NULL || attended_check(test, &why) == 0 ? err : &why);
}

void ask_open(struct plugin_test *test)
{
    test->is_opening = true;
    provider_ready(test->provider, finish_open, test);
}

/* ---- Zones ---- */

/* "example.com, example.net and 3 more" */
static void list_zones(const struct strv *zones, struct buf *to)
{
    AUTO_FREE char *shown = strv_join_first(zones, SHOWN_ZONES);

    buf_addf(to, "this credential can edit: %s", zones->n == 0 ? "nothing" : shown);
}

static bool covers(const char *named, const char *zone)
{
    AUTO_FREE char *absolute = str_has_suffix(named, ".") ? str_dup(named) : str_fmt("%s.", named);

    str_lower(absolute);
    return domain_is_within(zone, absolute);
}

/* Some credentials may change a zone, but not list what there is. */
static bool is_kept_secret(const struct provider_result *result)
{
    return result->status == ACME_DENIED || result->status == ACME_UNSUPPORTED;
}

static void finish_zones(void *arg, const struct strv *zones, const struct provider_result *result)
{
    struct plugin_test *test = arg;
    struct err why = ERR_INIT;

    test->question = NULL;
    if (zones == NULL && is_kept_secret(result)) {
        plugin_test_skip(test, result->err->text);
        return;
    }
    if (zones == NULL) {
        plugin_test_end(test, result->err);
        return;
    }
    list_zones(zones, &test->text);
    for (size_t i = 0; i < zones->n; i++) {
        if (covers(zones->items[i], test->zone)) {
            plugin_test_end(test, NULL);
            return;
        }
    }
    (void)err_set(&why, ERR_PROVIDER, "zones() does not name %s", test->zone);
    (void)err_hint(&why,
                   "either the credential may not change this zone, or zones() is incomplete");
    plugin_test_end(test, &why);
}

void ask_zones(struct plugin_test *test)
{
    test->question = provider_zones(test->provider, finish_zones, test);
}

/* ---- settled() ---- */

static void ask_settled_again(void *arg)
{
    struct plugin_test *test = arg;

    test->again = NULL;
    ask_settled(test);
}

static void finish_settled(void *arg, const struct provider_result *result)
{
    struct plugin_test *test = arg;
    const struct provider_facts *facts = provider_facts(test->provider);
    int64_t waited_ms = loop_now_ms(test->env->loop) - test->step_began_ms;
    int64_t pause_ms = facts != NULL && facts->poll_interval_s > 0
                           ? (int64_t)facts->poll_interval_s * 1000
                           : SETTLE_INTERVAL_MS;

    test->question = NULL;
    if (result->is_ok) {
        plugin_test_end(test, NULL);
    } else if (result->status == ACME_RETRY && !test->is_cancelled &&
               waited_ms + pause_ms < patience_propagation_ms(test->env->settings, facts)) {
        test->again = loop_timer_start(test->env->loop, pause_ms, ask_settled_again, test);
    } else {
        plugin_test_end(test, result->err);
    }
}

void ask_settled(struct plugin_test *test)
{
    struct provider_change change;

    mark_fill_change(test, MARK_FIRST, &change);
    test->question = provider_settled(test->provider, &change, finish_settled, test);
}

void ask_cancel(struct plugin_test *test)
{
    if (test->is_opening) {
        provider_unready(test->provider, test);
        test->is_opening = false;
    }
    provider_job_cancel(&test->question);
    loop_timer_cancel(&test->again);
}
