/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a provider sees of many orders in one zone, without a CA and without certificates: the
 * core's own queue, crew and worker, and a real plug-in.
 *
 *     crowd CONFIG PROVIDER add|remove ZONE VALUE OWNER...
 *
 * Each OWNER is an order of its own: it hands its change in by itself and asks for it to leave at
 * once, as values_add.c does at the end of a turn. The first finds the provider idle; the others
 * come while its call is on its way. Prints a line of JSON for each, as it ends: {"owner":...,
 * "ok":..., "status":..., "text":...}; then {"calls":N}, the calls of the plug-in. The texts are as
 * they are, so that a test sees a secret that only the program's sink would have masked.
 */
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"
#include "config/config.h"
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct crowd {
    struct loop *loop;
    struct provider *provider;
    enum provider_verb verb;
    const char *zone, *value;
    struct order *orders;
    size_t n_orders, n_begun, n_open;
    size_t n_calls;
};

struct order {
    struct crowd *crowd;
    const char *owner;
    struct provider_job *job;
};

static void count_calls(void *arg, const struct event *event)
{
    struct crowd *crowd = arg;

    crowd->n_calls += event->kind == EVENT_CALL ? 1 : 0;
}

static void print_object(struct json_out *out)
{
    AUTO_FREE char *line = NULL;

    json_out_end(out);
    line = json_out_take(out);
    json_out_free(out);
    printf("%s\n", line);
    (void)fflush(stdout);
}

static void end_order(void *arg, const struct provider_result *result)
{
    struct order *order = arg;
    struct json_out *out = json_out_new(false);

    order->job = NULL;
    json_out_object(out);
    json_out_kstr(out, "owner", order->owner);
    json_out_kbool(out, "ok", result->is_ok);
    json_out_kint(out, "status", result->status);
    json_out_kstr(out, "text", result->is_ok ? "" : result->err->text);
    print_object(out);
    if (--order->crowd->n_open == 0) {
        loop_stop(order->crowd->loop);
    }
}

static void begin_order(void *arg)
{
    struct order *order = arg;
    const struct crowd *crowd = order->crowd;
    const struct provider_change change = {
        .verb = crowd->verb,
        .fqdn = order->owner,
        .zone = crowd->zone,
        .value = crowd->value,
        .value_len = strlen(crowd->value),
    };

    order->job = provider_submit(crowd->provider, &change, end_order, order);
    provider_release(crowd->provider);
}

/* The first call is being sent: all others are handed in one after the other, behind it. */
static int begin_others(void *arg, const struct provider *provider,
                        const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                        struct err *err)
{
    struct crowd *crowd = arg;

    (void)provider;
    (void)changes;
    (void)n;
    (void)ret_dropped;
    (void)err;
    for (; crowd->n_begun < crowd->n_orders; crowd->n_begun++) {
        (void)loop_timer_start(crowd->loop, 0, begin_order, &crowd->orders[crowd->n_begun]);
    }
    return 0;
}

static void begin_first(void *arg, const struct err *err)
{
    struct crowd *crowd = arg;

    if (err != NULL) {
        fprintf(stderr, "%s\n", err->text);
        loop_stop(crowd->loop);
        return;
    }
    crowd->n_open = crowd->n_orders;
    crowd->n_begun = 1;
    begin_order(&crowd->orders[0]);
}

static void stop(void *arg)
{
    loop_stop(arg);
}

static int run(struct crowd *crowd, const char *config_path, const char *name, struct err *err)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config)
    struct config *config =
        config_load(&(struct config_source){.path = config_path, .is_required = true}, &errors);
    AUTO(strv_done) struct strv plugins = STRV_INIT;
    AUTO_PTR(provider_set) struct provider_set *set = NULL;
    const struct provider_settings settings = {
        .plugin_dirs = &plugins,
        .worker_path = CROWD_WORKER,
        .hooks = {.arg = crowd, .about_to_call = begin_others},
    };

    strv_add(&plugins, CROWD_PLUGINS);
    if (errors.n > 0) {
        return err_set(err, ERR_CONFIG, "%s", errors.items[0].err.text);
    }
    if (provider_set_new(crowd->loop, config, &settings, &set, err) < 0 ||
        provider_get(set, name, &crowd->provider, err) < 0) {
        return err_code(err);
    }
    provider_ready(crowd->provider, begin_first, crowd);
    if (loop_run(crowd->loop, err) < 0) {
        return err_code(err);
    }
    provider_set_close(set, stop, crowd->loop);
    return loop_run(crowd->loop, err);
}

int main(int argc, char **argv)
{
    struct crowd crowd = {.n_orders = argc > 6 ? (size_t)argc - 6 : 0};
    struct err err = ERR_INIT;
    struct json_out *out = NULL;
    int result = 0;

    if (argc < 7) {
        fprintf(stderr, "usage: crowd CONFIG PROVIDER add|remove ZONE VALUE OWNER...\n");
        return 2;
    }
    crowd.verb = strcmp(argv[3], "add") == 0 ? PROVIDER_ADD : PROVIDER_REMOVE;
    crowd.zone = argv[4];
    crowd.value = argv[5];
    crowd.orders = mem_alloc(crowd.n_orders, sizeof(struct order));
    for (size_t i = 0; i < crowd.n_orders; i++) {
        crowd.orders[i] = (struct order){.crowd = &crowd, .owner = argv[6 + i]};
    }
    loop_block_signals();
    event_set_sink(count_calls, &crowd, EVENT_DEBUG);
    result = loop_new(&crowd.loop, &err) < 0 ? -1 : run(&crowd, argv[1], argv[2], &err);
    loop_free(crowd.loop);
    mem_free(crowd.orders);
    if (result < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    out = json_out_new(false);
    json_out_object(out);
    json_out_kint(out, "calls", (int64_t)crowd.n_calls);
    print_object(out);
    return 0;
}
