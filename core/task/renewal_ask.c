/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/renewal_ask.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "task/renewal.h"

#define HOUR_S 3600
#define NEXT_MIN_S 60
#define NEXT_MAX_S (24 * HOUR_S)
/* When the CA does not say, and when it did not answer. */
#define NEXT_S (6 * HOUR_S)
/* It has no such service, or the certificate cannot be named there. */
#define NEVER_S (7 * 24 * HOUR_S)

struct renewal_ask {
    struct store *store;
    char *name, *sha256_hex;
    struct acme_call *call;
    struct loop_timer *timer; /* the limit; without a call, the turn in which that is told */
    renewal_asked_fn *done;
    void *arg;
};

static void ask_free(struct renewal_ask *ask)
{
    acme_call_cancel(&ask->call);
    loop_timer_cancel(&ask->timer);
    mem_free(ask->name);
    mem_free(ask->sha256_hex);
    mem_free(ask);
}

/* ---- Keeping the answer ---- */

static void tell_window(const char *name, const struct acme_renewal *renewal)
{
    char start[CLOCK_TEXT_MAX];
    char end[CLOCK_TEXT_MAX];

    clock_format(renewal->start_s, start);
    clock_format(renewal->end_s, end);
    event_log(renewal->explanation_url == NULL ? EVENT_DEBUG : EVENT_NOTICE, name,
              "the CA suggests to renew between %s and %s%s%s", start, end,
              renewal->explanation_url == NULL ? "" : "; it says why: ",
              renewal->explanation_url == NULL ? "" : renewal->explanation_url);
}

/* A window that has not changed keeps its moment: who draws again each day ends up early. */
static void take_window(struct store_renewal *kept, const char *name,
                        const struct acme_renewal *renewal)
{
    str_set(&kept->ari_explanation_url, renewal->explanation_url);
    if (kept->ari_start_s == renewal->start_s && kept->ari_end_s == renewal->end_s &&
        kept->ari_moment_s != 0) {
        return;
    }
    tell_window(name, renewal);
    kept->ari_start_s = renewal->start_s;
    kept->ari_end_s = renewal->end_s;
    kept->ari_moment_s =
        due_moment(renewal->start_s, renewal->end_s, (uint32_t)clock_random(DUE_LOTS));
}

static void turn_to(struct store_renewal *kept, const char *sha256_hex)
{
    if (!str_eq(kept->ari_sha256, sha256_hex)) {
        str_set(&kept->ari_sha256, sha256_hex);
        str_set(&kept->ari_explanation_url, NULL);
        kept->ari_start_s = 0;
        kept->ari_end_s = 0;
        kept->ari_moment_s = 0;
    }
}

/* renewal may be NULL. The file is read anew: much may have happened since the question. */
static void keep(const struct renewal_ask *ask, const struct acme_renewal *renewal, int64_t next_s)
{
    AUTO(store_renewal_done) struct store_renewal kept = {.n_failures = 0};
    struct err err = ERR_INIT;

    if (store_renewal_load(ask->store, ask->name, &kept, &err) == 0) {
        turn_to(&kept, ask->sha256_hex);
        if (renewal != NULL) {
            take_window(&kept, ask->name, renewal);
        }
        kept.ari_asked_s = clock_wall_s();
        kept.ari_next_s = kept.ari_asked_s + next_s;
        (void)store_renewal_save(ask->store, ask->name, &kept, &err);
    }
    if (err.class != ERR_NONE) {
        event_log(EVENT_WARNING, ask->name, "when the CA wants it renewed is not kept: %s",
                  err.text);
    }
}

/* ---- The request ---- */

static void finish(struct renewal_ask *ask, bool is_silent)
{
    renewal_asked_fn *done = ask->done;
    void *arg = ask->arg;

    ask_free(ask);
    done(arg, is_silent);
}

static int64_t next_after(const struct acme_reply *reply)
{
    if (reply->err != NULL) {
        return reply->err->class == ERR_NOT_FOUND ? NEVER_S : NEXT_S;
    }
    if (reply->retry_after_s < 0) {
        return NEXT_S;
    }
    return reply->retry_after_s < NEXT_MIN_S   ? NEXT_MIN_S
           : reply->retry_after_s > NEXT_MAX_S ? NEXT_MAX_S
                                               : reply->retry_after_s;
}

static void take_answer(void *arg, const struct acme_renewal *renewal,
                        const struct acme_reply *reply)
{
    struct renewal_ask *ask = arg;
    bool is_silent = reply->err != NULL &&
                     (reply->err->class == ERR_NETWORK || reply->err->class == ERR_TIMEOUT);

    ask->call = NULL;
    if (reply->err != NULL) {
        event_log(EVENT_DEBUG, ask->name, "the CA did not say when to renew: %s", reply->err->text);
    }
    keep(ask, renewal, next_after(reply));
    finish(ask, is_silent);
}

static void give_up(void *arg)
{
    struct renewal_ask *ask = arg;
    bool was_asked = ask->call != NULL;

    ask->timer = NULL;
    event_log(EVENT_DEBUG, ask->name,
              was_asked ? "the CA did not say in time when to renew"
                        : "the certificate has no authority key identifier: the CA cannot be asked "
                          "when to renew it");
    keep(ask, NULL, was_asked ? NEXT_S : NEVER_S);
    finish(ask, was_asked);
}

struct renewal_ask *renewal_ask_start(struct loop *loop, struct store *store,
                                      struct acme_client *client, const struct store_cert *cert,
                                      int64_t limit_ms, renewal_asked_fn *done, void *arg)
{
    struct renewal_ask *ask = NEW(struct renewal_ask);
    AUTO_FREE char *id = renewal_certificate_id(store, cert);

    ask->store = store;
    ask->name = str_dup(cert->name);
    ask->sha256_hex = str_dup(cert->sha256_hex);
    ask->done = done;
    ask->arg = arg;
    if (id != NULL) {
        ask->call = acme_renewal_get(client, id, take_answer, ask);
    }
    ask->timer = loop_timer_start(loop, id == NULL ? 0 : limit_ms, give_up, ask);
    return ask;
}

void renewal_ask_cancel(struct renewal_ask **ask)
{
    if (*ask != NULL) {
        ask_free(TAKE(*ask));
    }
}
