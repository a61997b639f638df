/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/lease.h"

#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "dns/find.h"
#include "dns/watch.h"
#include "order/patience.h"
#include "order/settling.h"
#include "order/where.h"

#include <string.h>

/* As for orders: a CNAME that appears while we wait leads elsewhere, but not for ever. */
#define MOVES_MAX 3

struct lease_use {
    struct lease *lease;
    struct provider *provider;
    char *zone; /* with a dot at the end */
    struct value_use *use;
    struct settling *settling;
    bool is_published;
};

struct lease {
    struct lease_env env;
    enum lease_verb verb;
    char *identifier, *value, *fqdn; /* fqdn: the final owner, with a dot */
    bool is_wildcard, is_watched;
    int64_t until_s;
    lease_done_fn *done;
    void *arg;

    struct dns_find *find;
    struct dns_place *place;
    struct strv told;
    struct lease_use *uses; /* one for each provider; none may be where it is only watched */
    size_t n_uses, n_ready;
    struct dns_watch *watch;
    bool is_seen;
    unsigned n_moves;
    bool is_over;
};

static void tell_state(const struct lease *lease, const char *state, const char *text)
{
    event_emit(EVENT_NOTICE, EVENT_NAME, lease->identifier, FIELD("certificate", ""),
               FIELD("state", state), FIELD("text", text));
}

/* ---- The end ---- */

bool lease_is_published(const struct lease *lease)
{
    for (size_t i = 0; i < lease->n_uses; i++) {
        if (!lease->uses[i].is_published) {
            return false;
        }
    }
    return lease->verb == LEASE_PUBLISH && lease->n_uses > 0;
}

static void stop_work(struct lease *lease)
{
    dns_find_cancel(&lease->find);
    dns_watch_cancel(&lease->watch);
    for (size_t i = 0; i < lease->n_uses; i++) {
        settling_cancel(&lease->uses[i].settling);
        provider_unready(lease->uses[i].provider, lease);
    }
}

static void finish(struct lease *lease, const struct err *err, const char *state)
{
    if (lease->is_over) {
        return;
    }
    lease->is_over = true;
    stop_work(lease);
    tell_state(lease, err == NULL ? state : "FAILED", err == NULL ? NULL : err->text);
    lease->done(lease->arg, err);
}

/* ---- Watching ---- */

static void begin(struct lease *lease);
static void drop_place(struct lease *lease, bool is_kept);

static void show_progress(void *arg, size_t good, size_t total, const struct strv *waiting)
{
    const struct lease *lease = arg;
    AUTO_FREE char *servers = strv_join(waiting, ", ");

    event_emit(EVENT_NOTICE, EVENT_SERVERS, lease->identifier, FIELD("certificate", ""),
               FIELD_INT("good", (int64_t)good), FIELD_INT("total", (int64_t)total),
               FIELD("waiting", servers));
}

static void show_warning(void *arg, const char *text)
{
    const struct lease *lease = arg;

    event_log(EVENT_WARNING, lease->place->owner, "%s", text);
}

static void try_finish(struct lease *lease)
{
    bool is_settled = true;

    for (size_t i = 0; i < lease->n_uses; i++) {
        is_settled = is_settled && lease->uses[i].settling == NULL;
    }
    if (lease->is_seen && is_settled) {
        finish(lease, NULL, "LIVE");
    }
}

static void finish_watch(void *arg, const struct err *err)
{
    struct lease *lease = arg;

    lease->watch = NULL;
    if (err != NULL) {
        finish(lease, err, NULL);
        return;
    }
    lease->is_seen = true;
    try_finish(lease);
}

/* What was published where the name was is taken back, and all begins again where it leads now. */
static void follow_move(void *arg, const char *target)
{
    struct lease *lease = arg;
    struct err err = ERR_INIT;

    lease->watch = NULL;
    if (++lease->n_moves > MOVES_MAX) {
        (void)err_set(&err, ERR_PROPAGATION,
                      "%s became a CNAME %d times while its value was awaited", lease->place->owner,
                      MOVES_MAX + 1);
        finish(lease, &err, NULL);
        return;
    }
    event_log(EVENT_NOTICE, lease->place->owner, "became a CNAME for %s; following it", target);
    drop_place(lease, false);
    begin(lease);
}

static void start_watch(struct lease *lease)
{
    static const struct dns_watch_callbacks CALLBACKS = {
        .progress = show_progress,
        .warned = show_warning,
        .moved = follow_move,
        .done = finish_watch,
    };
    /* Pointers are what is wanted. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    AUTO_FREE struct provider **providers = mem_alloc(lease->n_uses, sizeof(*providers));
    const char *value = lease->value;
    struct dns_watch_policy policy;

    for (size_t i = 0; i < lease->n_uses; i++) {
        providers[i] = lease->uses[i].provider;
    }
    patience_fill_policy(lease->env.settings, providers, lease->n_uses, &policy);
    tell_state(lease, "PROPAGATE", NULL);
    lease->watch =
        dns_watch_start(lease->env.dns, lease->place, &value, 1, &policy, &CALLBACKS, lease);
}

/* ---- The provider's own word ---- */

static void finish_settling(void *arg)
{
    struct lease_use *use = arg;

    use->settling = NULL;
    try_finish(use->lease);
}

static void describe_use(void *arg, struct provider_change *ret_change)
{
    const struct lease_use *use = arg;

    *ret_change = (struct provider_change){
        .verb = PROVIDER_ADD,
        .fqdn = use->lease->fqdn,
        .zone = use->zone,
        .value = use->lease->value,
        .value_len = strlen(use->lease->value),
        .identifier = use->lease->identifier,
        .is_wildcard = use->lease->is_wildcard,
    };
    ret_change->receipt = value_use_receipt(use->use, &ret_change->receipt_len);
}

static void start_settling(struct lease_use *use)
{
    static const struct settling_callbacks CALLBACKS = {.describe = describe_use,
                                                        .done = finish_settling};
    const struct lease *lease = use->lease;
    const struct provider_facts *facts = provider_facts(use->provider);

    if (facts != NULL && facts->has_settled) {
        use->settling = settling_start(lease->env.loop, lease->env.settings, use->provider,
                                       lease->identifier, &CALLBACKS, use);
    }
}

/* ---- Publishing and taking back ---- */

static void finish_publish(void *arg, const struct err *err)
{
    struct lease_use *use = arg;
    struct lease *lease = use->lease;

    if (err != NULL) {
        finish(lease, err, NULL);
        return;
    }
    use->is_published = true;
    if (lease->is_over || !lease_is_published(lease)) {
        return;
    }
    if (!lease->is_watched) {
        finish(lease, NULL, "PUBLISHED");
        return;
    }
    for (size_t i = 0; i < lease->n_uses; i++) {
        start_settling(&lease->uses[i]);
    }
    start_watch(lease);
}

static struct value_wish make_wish(const struct lease_use *use)
{
    const struct lease *lease = use->lease;

    return (struct value_wish){
        .provider = use->provider,
        .owner = lease->fqdn,
        .zone = use->zone,
        .value = lease->value,
        .certificate = "",
        .identifier = lease->identifier,
        .is_wildcard = lease->is_wildcard,
        .is_unwatched = !lease->is_watched,
        .place = lease->place,
        .lease_until_s = lease->until_s,
    };
}

static void publish(struct lease *lease)
{
    tell_state(lease, "PUBLISH", NULL);
    for (size_t i = 0; i < lease->n_uses; i++) {
        struct lease_use *use = &lease->uses[i];
        const struct value_wish wish = make_wish(use);

        use->use = values_publish(lease->env.values, &wish, finish_publish, use);
    }
}

static void take_back(struct lease *lease)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < lease->n_uses; i++) {
        const struct value_wish wish = make_wish(&lease->uses[i]);

        if (values_take_back(lease->env.values, &wish, &err) < 0) {
            finish(lease, &err, NULL);
            return;
        }
    }
    finish(lease, NULL, "REMOVE");
}

/* ---- Place and providers ---- */

static void act(struct lease *lease)
{
    switch (lease->verb) {
    case LEASE_PUBLISH:
        publish(lease);
        break;
    case LEASE_WATCH:
        start_watch(lease);
        break;
    case LEASE_TAKE_BACK:
        take_back(lease);
        break;
    }
}

/* To watch, a provider is only wanted for its habits: one that cannot be opened has none. */
static void finish_ready(void *arg, const struct err *err)
{
    struct lease *lease = arg;

    if (err != NULL && lease->verb != LEASE_WATCH) {
        finish(lease, err, NULL);
        return;
    }
    if (err != NULL) {
        event_log(EVENT_DEBUG, lease->identifier, "%s", err->text);
    }
    if (++lease->n_ready == lease->n_uses) {
        act(lease);
    }
}

static void take_choices(struct lease *lease, struct provider_choices *choices)
{
    lease->n_uses = choices->n;
    lease->n_ready = 0;
    lease->uses = mem_alloc(choices->n, sizeof(struct lease_use));
    for (size_t i = 0; i < choices->n; i++) {
        lease->uses[i] = (struct lease_use){.lease = lease,
                                            .provider = choices->items[i].provider,
                                            .zone = str_dup(choices->items[i].zone)};
        provider_start(choices->items[i].provider);
    }
    for (size_t i = 0; i < lease->n_uses; i++) {
        provider_ready(lease->uses[i].provider, finish_ready, lease);
    }
}

static void finish_find(void *arg, struct dns_place *place, const struct err *found_err)
{
    struct lease *lease = arg;
    struct provider_choices choices = PROVIDER_CHOICES_INIT;
    struct err err = ERR_INIT;

    lease->find = NULL;
    if (found_err != NULL) {
        finish(lease, found_err, NULL);
        return;
    }
    lease->place = place;
    lease->fqdn = str_fmt("%s.", place->owner);
    where_tell(place, &lease->told);
    if (where_choose(lease->env.providers, NULL, place, &choices, &err) < 0 &&
        lease->verb != LEASE_WATCH) {
        finish(lease, &err, NULL);
        return;
    }
    dns_probe_start(lease->env.dns, place);
    take_choices(lease, &choices);
    provider_choices_done(&choices);
    if (lease->n_uses == 0) {
        act(lease);
    }
}

static void begin(struct lease *lease)
{
    AUTO_FREE char *owner = domain_challenge_owner(lease->identifier);

    tell_state(lease, "FIND", NULL);
    lease->find = dns_find_start(lease->env.dns, owner, finish_find, lease);
}

/* ---- Life ---- */

static void drop_place(struct lease *lease, bool is_kept)
{
    stop_work(lease);
    for (size_t i = 0; i < lease->n_uses; i++) {
        if (is_kept) {
            values_keep(&lease->uses[i].use);
        } else {
            values_release(&lease->uses[i].use);
        }
        mem_free(lease->uses[i].zone);
    }
    mem_free(TAKE(lease->uses));
    lease->n_uses = 0;
    mem_free(TAKE(lease->fqdn));
    dns_place_free(TAKE(lease->place));
}

struct lease *lease_start(const struct lease_env *env, const struct lease_request *request,
                          lease_done_fn *done, void *arg)
{
    struct lease *lease = NEW(struct lease);

    lease->env = *env;
    lease->verb = request->verb;
    lease->identifier = str_dup(request->identifier);
    lease->is_wildcard = request->is_wildcard;
    lease->value = str_dup(request->value);
    lease->until_s = request->until_s;
    lease->is_watched = request->is_watched;
    lease->done = done;
    lease->arg = arg;
    begin(lease);
    return lease;
}

const struct dns_place *lease_place(const struct lease *lease)
{
    return lease->place;
}

bool lease_is_by_hand(const struct lease *lease)
{
    for (size_t i = 0; i < lease->n_uses; i++) {
        if (provider_is_by_hand(lease->uses[i].provider)) {
            return true;
        }
    }
    return false;
}

char *lease_providers(const struct lease *lease)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    for (size_t i = 0; i < lease->n_uses; i++) {
        strv_add(&names, provider_name(lease->uses[i].provider));
    }
    return strv_join(&names, ", ");
}

void lease_free(struct lease *lease)
{
    if (lease == NULL) {
        return;
    }
    drop_place(lease, lease_is_published(lease));
    strv_done(&lease->told);
    mem_free(lease->identifier);
    mem_free(lease->value);
    mem_free(lease);
}
