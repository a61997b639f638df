/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/nonce.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define POOL_MAX 256
#define NONCE_LEN_MAX 1024
#define BODY_MAX 65536
#define IDLE_MAX_MS ((int64_t)10 * 60 * 1000)
#define YOUNG_MS 5000   /* refused that soon, a nonce says nothing about the others */
#define PATIENCE_MS 500 /* after that, answers under way no longer count on */
#define LOOK_AGAIN_MS 100
#define SECOND_MS 1000
#define FAILURES_MAX 5
#define BACKOFF_FIRST_MS 250
#define BACKOFF_MAX_MS 30000
#define TIMEOUT_MS 15000
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

struct nonce {
    char *text;
    int64_t since_ms;
};

struct nonce_waiter {
    struct nonce_waiter *next;
    nonce_fn *fn;
    void *arg;
    int64_t since_ms;
};

/* One newNonce request. */
struct head {
    struct nonce_pool *pool;
    struct http_transfer *transfer;
    struct head *next;
    int64_t since_ms;
};

struct nonce_pool {
    struct loop *loop;
    struct http *http;
    char *url;
    uint32_t window;
    uint64_t *counter;

    struct nonce *nonces; /* oldest first */
    size_t n, cap;
    struct nonce_waiter *first, *last;
    size_t n_waiting;
    struct head *heads;
    size_t n_heads;
    size_t n_expected;
    size_t n_wanted; /* prefetch asked for before the URL was known, or beyond the window's pace */

    int64_t second_ms; /* when the running second of the pace began */
    uint32_t n_in_second;
    unsigned n_failures; /* in a row */
    int64_t not_before_ms;
    struct loop_timer *timer;
};

static void pump(struct nonce_pool *pool);

bool nonce_is_valid(const char *nonce)
{
    size_t len = nonce == NULL ? 0 : strlen(nonce);

    return len > 0 && len <= NONCE_LEN_MAX && strspn(nonce, BASE64URL) == len;
}

struct nonce_pool *nonce_pool_new(struct loop *loop, struct http *http, uint32_t window,
                                  uint64_t *counter)
{
    struct nonce_pool *pool = NEW(struct nonce_pool);

    pool->loop = loop;
    pool->http = http;
    pool->window = window == 0 ? 1 : window;
    pool->counter = counter;
    pool->second_ms = INT64_MIN / 2;
    return pool;
}

static void drop_oldest(struct nonce_pool *pool, size_t n)
{
    if (n > pool->n) {
        n = pool->n;
    }
    for (size_t i = 0; i < n; i++) {
        mem_free(pool->nonces[i].text);
    }
    pool->n -= n;
    if (n > 0 && pool->n > 0) {
        memmove(pool->nonces, pool->nonces + n, pool->n * sizeof(*pool->nonces));
    }
}

static void drop_idle(struct nonce_pool *pool)
{
    int64_t now_ms = loop_now_ms(pool->loop);
    size_t n = 0;

    while (n < pool->n && now_ms - pool->nonces[n].since_ms > IDLE_MAX_MS) {
        n++;
    }
    drop_oldest(pool, n);
}

static void head_free(struct head *head)
{
    struct nonce_pool *pool = head->pool;

    for (struct head **at = &pool->heads; *at != NULL; at = &(*at)->next) {
        if (*at == head) {
            *at = head->next;
            pool->n_heads--;
            break;
        }
    }
    http_cancel(&head->transfer);
    mem_free(head);
}

void nonce_pool_free(struct nonce_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    while (pool->heads != NULL) {
        head_free(pool->heads);
    }
    while (pool->first != NULL) {
        struct nonce_waiter *waiter = pool->first;
        nonce_pool_leave(pool, &waiter);
    }
    drop_oldest(pool, pool->n);
    mem_free(pool->nonces);
    loop_timer_cancel(&pool->timer);
    mem_free(pool->url);
    mem_free(pool);
}

void nonce_pool_set_url(struct nonce_pool *pool, const char *new_nonce_url)
{
    str_set(&pool->url, new_nonce_url);
    pump(pool);
}

size_t nonce_pool_size(const struct nonce_pool *pool)
{
    return pool->n;
}

char *nonce_pool_take(struct nonce_pool *pool, int64_t *ret_age_ms)
{
    struct nonce *newest = NULL;

    drop_idle(pool);
    if (pool->n == 0 || pool->first != NULL) {
        return NULL;
    }
    newest = &pool->nonces[--pool->n];
    *ret_age_ms = loop_now_ms(pool->loop) - newest->since_ms;
    return TAKE(newest->text);
}

struct nonce_waiter *nonce_pool_wait(struct nonce_pool *pool, nonce_fn *fn, void *arg)
{
    struct nonce_waiter *waiter = NEW(struct nonce_waiter);

    waiter->fn = fn;
    waiter->arg = arg;
    waiter->since_ms = loop_now_ms(pool->loop);
    if (pool->last == NULL) {
        pool->first = waiter;
    } else {
        pool->last->next = waiter;
    }
    pool->last = waiter;
    pool->n_waiting++;
    pump(pool);
    return waiter;
}

/* Takes a waiter out of the line; it is the caller's then. */
static void unlink_waiter(struct nonce_pool *pool, struct nonce_waiter *waiter)
{
    struct nonce_waiter *before = NULL;

    for (struct nonce_waiter **at = &pool->first; *at != NULL; at = &(*at)->next) {
        if (*at == waiter) {
            *at = waiter->next;
            if (pool->last == waiter) {
                pool->last = before;
            }
            pool->n_waiting--;
            return;
        }
        before = *at;
    }
}

void nonce_pool_leave(struct nonce_pool *pool, struct nonce_waiter **waiter)
{
    if (*waiter == NULL) {
        return;
    }
    unlink_waiter(pool, *waiter);
    mem_free(*waiter);
    *waiter = NULL;
}

static void serve_first(struct nonce_pool *pool, char *nonce, const struct err *err)
{
    struct nonce_waiter *waiter = pool->first;
    nonce_fn *fn = waiter->fn;
    void *arg = waiter->arg;

    unlink_waiter(pool, waiter);
    mem_free(waiter);
    fn(arg, nonce, err);
}

void nonce_pool_put(struct nonce_pool *pool, const char *nonce)
{
    if (!nonce_is_valid(nonce)) {
        return;
    }
    if (pool->first != NULL) {
        serve_first(pool, str_dup(nonce), NULL);
        return;
    }
    if (pool->n == POOL_MAX) {
        drop_oldest(pool, 1);
    }
    VEC_PUSH(pool->nonces, pool->n, pool->cap) =
        (struct nonce){.text = str_dup(nonce), .since_ms = loop_now_ms(pool->loop)};
}

void nonce_pool_expect(struct nonce_pool *pool)
{
    pool->n_expected++;
}

void nonce_pool_expect_no_more(struct nonce_pool *pool)
{
    if (pool->n_expected > 0) {
        pool->n_expected--;
    }
    pump(pool);
}

/* A CA that refuses a few at random, to keep clients honest, would otherwise empty the pool each
 * time. */
void nonce_pool_refused(struct nonce_pool *pool, int64_t age_ms, bool is_again)
{
    int64_t received_ms = loop_now_ms(pool->loop) - age_ms;
    size_t n = 0;

    if (is_again) {
        drop_oldest(pool, pool->n);
        return;
    }
    if (age_ms < YOUNG_MS) {
        return;
    }
    while (n < pool->n && pool->nonces[n].since_ms <= received_ms) {
        n++;
    }
    drop_oldest(pool, n);
}

void nonce_pool_prefetch(struct nonce_pool *pool, size_t n)
{
    if (n > POOL_MAX) {
        n = POOL_MAX;
    }
    if (n > pool->n_wanted) {
        pool->n_wanted = n;
    }
    pump(pool);
}

/* newNonce */

static void fail_all(struct nonce_pool *pool, const struct err *err)
{
    size_t n = pool->n_waiting;

    pool->n_wanted = 0;
    pool->n_failures = 0;
    for (; n > 0 && pool->first != NULL; n--) {
        serve_first(pool, NULL, err);
    }
}

static int64_t backoff_ms(const struct nonce_pool *pool)
{
    int64_t pause = BACKOFF_FIRST_MS << (pool->n_failures - 1);

    return pause > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : pause;
}

/* Several heads that fail together are one failure: they left in the same moment. */
static void note_failure(struct nonce_pool *pool, const struct err *err, int64_t retry_after_s)
{
    int64_t now_ms = loop_now_ms(pool->loop);
    int64_t pause_ms = 0;

    if (now_ms < pool->not_before_ms) {
        return;
    }
    pool->n_failures++;
    pause_ms = backoff_ms(pool);
    if (retry_after_s > 0) {
        pause_ms = retry_after_s > BACKOFF_MAX_MS / 1000 ? -1 : retry_after_s * 1000;
    }
    if (pool->n_failures > FAILURES_MAX || pause_ms < 0 || err->class == ERR_FAILED) {
        fail_all(pool, err);
        return;
    }
    pool->not_before_ms = now_ms + pause_ms;
}

/* An answer, but no nonce in it. */
static void note_empty_answer(struct nonce_pool *pool, const struct http_response *response)
{
    int64_t retry_after_s = http_retry_after_s(response);
    struct err failure = ERR_INIT;

    err_set(&failure, ERR_LATER, "newNonce: HTTP status %ld without a nonce", response->status);
    if (retry_after_s > 0 && retry_after_s <= UINT32_MAX) {
        failure.retry_after_s = (uint32_t)retry_after_s;
    }
    note_failure(pool, &failure, retry_after_s);
}

static void on_head(void *arg, const struct http_response *response, const struct err *err)
{
    struct head *head = arg;
    struct nonce_pool *pool = head->pool;

    head->transfer = NULL;
    head_free(head);
    if (response == NULL) {
        note_failure(pool, err, -1);
    } else if (nonce_is_valid(http_header(response, "Replay-Nonce"))) {
        pool->n_failures = 0;
        nonce_pool_put(pool, http_header(response, "Replay-Nonce"));
    } else {
        note_empty_answer(pool, response);
    }
    pump(pool);
}

static void start_head(struct nonce_pool *pool)
{
    struct head *head = NEW(struct head);
    struct http_request request = {
        .method = "HEAD", .url = pool->url, .max_body = BODY_MAX, .timeout_ms = TIMEOUT_MS};

    head->pool = pool;
    head->since_ms = loop_now_ms(pool->loop);
    head->next = pool->heads;
    pool->heads = head;
    pool->n_heads++;
    pool->n_in_second++;
    (*pool->counter)++;
    head->transfer = http_start(pool->http, &request, on_head, head);
}

/* How many more newNonce requests the line and the prefetch want. */
static size_t count_missing(const struct nonce_pool *pool)
{
    size_t coming = pool->n_heads;
    size_t wanted = pool->n_waiting;

    if (pool->first == NULL || loop_now_ms(pool->loop) - pool->first->since_ms < PATIENCE_MS) {
        coming += pool->n_expected;
    }
    if (pool->n_wanted > 0) {
        coming += pool->n;
        wanted += pool->n_wanted;
    }
    return wanted > coming ? wanted - coming : 0;
}

static void on_timer(void *arg)
{
    struct nonce_pool *pool = arg;

    pool->timer = NULL;
    pump(pool);
}

/* Begins what is missing, as far as the window allows, and looks again while somebody waits. The
 * prefetch is asked for once: what the window does not allow at once is left to the answers to
 * come. */
static void pump(struct nonce_pool *pool)
{
    int64_t now_ms = loop_now_ms(pool->loop);
    size_t missing = 0;

    if (pool->url == NULL) {
        return;
    }
    drop_idle(pool);
    if (now_ms - pool->second_ms >= SECOND_MS) {
        pool->second_ms = now_ms;
        pool->n_in_second = 0;
    }
    if (now_ms >= pool->not_before_ms) {
        missing = count_missing(pool);
        while (missing-- > 0 && pool->n_heads < pool->window && pool->n_in_second < pool->window) {
            start_head(pool);
        }
        pool->n_wanted = 0;
    }
    if (pool->first != NULL && pool->timer == NULL) {
        pool->timer = loop_timer_start(pool->loop, LOOK_AGAIN_MS, on_timer, pool);
    }
}
