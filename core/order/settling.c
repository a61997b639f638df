/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/settling.h"

#include "acme-plugin.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/str.h"
#include "order/patience.h"

#define INTERVAL_MS 4000

struct settling {
    struct loop *loop;
    const struct settings *settings;
    struct provider *provider;
    char *subject;
    const struct settling_callbacks *callbacks;
    void *arg;
    struct provider_job *job;
    struct loop_timer *again;
    int64_t began_ms;
};

void settling_cancel(struct settling **settling)
{
    struct settling *ended = *settling;

    *settling = NULL;
    if (ended != NULL) {
        provider_job_cancel(&ended->job);
        loop_timer_cancel(&ended->again);
        mem_free(ended->subject);
        mem_free(ended);
    }
}

static void ask(struct settling *settling);

static void ask_again(void *arg)
{
    struct settling *settling = arg;

    settling->again = NULL;
    ask(settling);
}

static void finish(struct settling *settling)
{
    const struct settling_callbacks *callbacks = settling->callbacks;
    void *arg = settling->arg;

    settling_cancel(&settling);
    callbacks->done(arg);
}

static void take_answer(void *arg, const struct provider_result *result)
{
    struct settling *settling = arg;
    const struct provider_facts *facts = provider_facts(settling->provider);
    int64_t waited_ms = loop_now_ms(settling->loop) - settling->began_ms;
    int64_t pause_ms = facts != NULL && facts->poll_interval_s > 0
                           ? (int64_t)facts->poll_interval_s * 1000
                           : INTERVAL_MS;

    settling->job = NULL;
    if (!result->is_ok && result->status == ACME_RETRY &&
        waited_ms + pause_ms < patience_propagation_ms(settling->settings, facts)) {
        settling->again = loop_timer_start(settling->loop, pause_ms, ask_again, settling);
        return;
    }
    if (!result->is_ok) {
        event_log(
            EVENT_WARNING, settling->subject,
            "provider '%s' does not say that the value is live (%s); going by its name servers",
            provider_name(settling->provider), result->err->text);
    }
    finish(settling);
}

static void ask(struct settling *settling)
{
    struct provider_change change = {.verb = PROVIDER_ADD};

    settling->callbacks->describe(settling->arg, &change);
    settling->job = provider_settled(settling->provider, &change, take_answer, settling);
}

struct settling *settling_start(struct loop *loop, const struct settings *settings,
                                struct provider *provider, const char *subject,
                                const struct settling_callbacks *callbacks, void *arg)
{
    struct settling *settling = NEW(struct settling);

    settling->loop = loop;
    settling->settings = settings;
    settling->provider = provider;
    settling->subject = str_dup(subject);
    settling->callbacks = callbacks;
    settling->arg = arg;
    settling->began_ms = loop_now_ms(loop);
    ask(settling);
    return settling;
}
