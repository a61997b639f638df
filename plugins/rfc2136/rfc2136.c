/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The rfc2136 plug-in: publishes values by dynamic DNS update (RFC 2136), signed with TSIG (RFC
 * 8945), on any server that takes them: BIND, Knot DNS, PowerDNS and others. GSS-TSIG and SIG(0)
 * are not done: exec-hook with nsupdate -g or -k is the way to those.
 */
#include "rfc2136.h"

#include <stdlib.h>

static int32_t rfc2136_check(struct acme_call *call, const struct acme_open *o)
{
    struct settings s;
    struct fault f = {.status = ACME_OK};

    if (settings_read(o, &s, &f) != ACME_OK) {
        return acme_fail(call, f.status, 0, "%s", f.text);
    }
    settings_done(&s);
    return ACME_OK;
}

static void rfc2136_close(struct acme_call *call, void *instance)
{
    struct rfc2136 *p = instance;

    (void)call;
    for (size_t i = 0; i < UPDATE_ZONES_MAX; i++) {
        free(p->found[i]);
    }
    exchange_done(&p->exchange);
    settings_done(&p->settings);
    free(p);
}

/* Begins to connect to the first configured server, so that the first update need not wait for it.
 * It must not fail for that: the server may be back when it is needed. */
static void connect_early(struct rfc2136 *p)
{
    struct address_list *list = NULL;
    struct fault ignored;

    if (p->settings.n_hosts > 0 && update_configured(p, &list, &ignored) == ACME_OK) {
        exchange_prepare(&p->exchange, &list->items[0]);
    }
}

static int32_t rfc2136_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    struct rfc2136 *p = calloc(1, sizeof(*p));
    struct fault f = {.status = ACME_OK};

    if (p == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory");
    }
    if (settings_read(o, &p->settings, &f) != ACME_OK) {
        free(p);
        return acme_fail(call, f.status, 0, "%s", f.text);
    }
    if (!exchange_init(&p->exchange, &p->settings)) {
        rfc2136_close(call, p);
        return acme_fail(call, ACME_BUG, 0, "there is no memory");
    }
    if (p->settings.has_key && tsig_algorithm_is_weak(p->settings.key.algorithm)) {
        acme_log(call, ACME_LOG_WARNING, "%s is broken; make a new key with tsig-keygen",
                 tsig_algorithm_text(p->settings.key.algorithm));
    }
    connect_early(p);
    *ret_instance = p;
    return ACME_OK;
}

static int32_t change_one(struct acme_call *call, void *instance, const struct acme_record *record,
                          uint32_t what)
{
    struct target t = {.record = record, .what = what};
    struct fault f = {.status = ACME_OK};
    int32_t status = update_apply(instance, call, &t, 1, &f);

    if (status != ACME_OK) {
        return acme_fail(call, status, 0, "%s", f.text);
    }
    return t.has_failed ? t.failed_status : ACME_OK;
}

static int32_t rfc2136_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_ADD);
}

static int32_t rfc2136_remove(struct acme_call *call, void *instance,
                              const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_REMOVE);
}

/* Reports what is in force although the call as a whole fails, and why it does. A server does not
 * say which change of a message it refuses: to name one would clear the others of suspicion. */
static int32_t report_failure(struct acme_call *call, const struct target *targets, size_t n,
                              const struct fault *f)
{
    for (size_t i = 0; i < n; i++) {
        const struct target *t = &targets[i];

        if (!t->has_failed && t->is_sent && t->is_seen) {
            call->host->done(call, t->index);
        }
    }
    return acme_fail(call, f->status, 0, "%s", f->text);
}

static int32_t rfc2136_apply(struct acme_call *call, void *instance,
                             const struct acme_change *const *changes, size_t n)
{
    struct target *targets = calloc(n == 0 ? 1 : n, sizeof(*targets));
    struct fault f = {.status = ACME_OK};
    int32_t status = ACME_OK;

    if (targets == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        targets[i].record = changes[i]->record;
        targets[i].index = i;
        targets[i].what = changes[i]->what;
    }
    if (n > 0) {
        status = update_apply(instance, call, targets, n, &f);
    }
    if (status != ACME_OK) {
        status = report_failure(call, targets, n, &f);
    }
    free(targets);
    return status;
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,
        .serial = ACME_SERIAL_ZONE,
        .traits = ACME_TRAIT_MULTI_VALUE,
        .n_options = N_OPTIONS,
        .name = "rfc2136",
        .version = ACME_VERSION,
        .summary = "Any name server that takes dynamic updates: BIND, Knot DNS, PowerDNS, ...",
        .options = settings_options,
        .check = rfc2136_check,
        .open = rfc2136_open,
        .close = rfc2136_close,
        .add = rfc2136_add,
        .remove = rfc2136_remove,
        .apply = rfc2136_apply,
    };

    return &description;
}
