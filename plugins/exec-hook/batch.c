/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Many changes in one run: a line of JSON for each on the program's stdin, a line of JSON with an
 * index and a status for each on its stdout, in any order. Lines that do not begin with '{' are for
 * the log. The manual page has the protocol.
 */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#define KEY_MAX 32

/* One status line. */
struct answer {
    char key[KEY_MAX];
    long long index;
    long long status;
    long long retry_after_s;
    char message[1024];
    char receipt[OUTCOME_RECEIPT_MAX];
    size_t receipt_len;
    unsigned depth;
    bool has_index;
    bool has_status;
};

/* One batch on its way. */
struct batch {
    struct acme_call *call;
    const struct hook *hook;
    const char *program; /* its name, for messages */
    const struct acme_change *const *changes;
    size_t n;
    unsigned char *state;  /* of each change: one of the below */
    int32_t failed_status; /* of the last change that failed alone */
    struct outcome outcome;
};

enum { STATE_OPEN, STATE_SENT, STATE_DONE, STATE_FAILED };

static const char *verb_of(const struct acme_change *c)
{
    return c->what == ACME_ADD ? "add" : "remove";
}

/* ---- stdin ---- */

static void gen_text(yajl_gen g, const char *key, const void *text, size_t len)
{
    (void)yajl_gen_string(g, (const unsigned char *)key, strlen(key));
    if (text == NULL) {
        (void)yajl_gen_null(g);
    } else {
        (void)yajl_gen_string(g, text, len);
    }
}

static void gen_string(yajl_gen g, const char *key, const char *text)
{
    gen_text(g, key, text, text == NULL ? 0 : strlen(text));
}

static void gen_change(yajl_gen g, size_t index, const struct acme_change *c)
{
    const struct acme_record *r = c->record;

    (void)yajl_gen_map_open(g);
    gen_string(g, "verb", verb_of(c));
    (void)yajl_gen_string(g, (const unsigned char *)"index", 5);
    (void)yajl_gen_integer(g, (long long)index);
    gen_string(g, "fqdn", r->fqdn);
    gen_text(g, "value", r->value, r->value_len);
    gen_string(g, "zone", r->zone);
    (void)yajl_gen_string(g, (const unsigned char *)"ttl", 3);
    (void)yajl_gen_integer(g, (long long)r->ttl_s);
    gen_string(g, "identifier", r->identifier);
    (void)yajl_gen_string(g, (const unsigned char *)"wildcard", 8);
    (void)yajl_gen_bool(g, (r->flags & ACME_RECORD_WILDCARD) != 0);
    gen_string(g, "token", r->token);
    gen_string(g, "key_authorization", r->key_authorization);
    gen_text(g, "receipt", r->receipt, r->receipt_len);
    (void)yajl_gen_map_close(g);
}

/* Appends the line of one change. */
static bool add_line(char **lines, size_t *len, size_t index, const struct acme_change *c)
{
    yajl_gen g = yajl_gen_alloc(NULL);
    const unsigned char *line = NULL;
    size_t line_len = 0;
    char *grown = NULL;

    if (g == NULL) {
        return false;
    }
    gen_change(g, index, c);
    if (yajl_gen_get_buf(g, &line, &line_len) == yajl_gen_status_ok) {
        grown = realloc(*lines, *len + line_len + 2);
    }
    if (grown != NULL) {
        memcpy(grown + *len, line, line_len);
        *len += line_len;
        grown[(*len)++] = '\n';
        *lines = grown;
    }
    yajl_gen_free(g);
    return grown != NULL;
}

/* All lines. Changes that JSON cannot carry fail alone. NULL: no memory. */
static char *make_input(struct batch *b, size_t *ret_len)
{
    char *lines = calloc(1, 1);

    *ret_len = 0;
    for (size_t i = 0; lines != NULL && i < b->n; i++) {
        const struct acme_record *r = b->changes[i]->record;

        if (!text_is_utf8(r->value, r->value_len)) {
            b->state[i] = STATE_FAILED;
            b->failed_status = ACME_REJECTED;
            (void)acme_fail_at(b->call, i, ACME_REJECTED, 0,
                               "the value is not UTF-8, so that batch = yes cannot carry it");
            continue;
        }
        b->state[i] = STATE_SENT;
        if (!add_line(&lines, ret_len, i, b->changes[i])) {
            free(lines);
            lines = NULL;
        }
    }
    return lines;
}

/* ---- stdout ---- */

static bool is_key(const struct answer *a, const char *key)
{
    return a->depth == 1 && strcmp(a->key, key) == 0;
}

static int on_integer(void *context, long long n)
{
    struct answer *a = context;

    if (is_key(a, "index")) {
        a->index = n;
        a->has_index = true;
    } else if (is_key(a, "status")) {
        a->status = n;
        a->has_status = true;
    } else if (is_key(a, "retry_after")) {
        a->retry_after_s = n;
    }
    return 1;
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
    struct answer *a = context;

    if (is_key(a, "message")) {
        (void)text_sanitize((const char *)text, len, a->message, sizeof(a->message));
    } else if (is_key(a, "receipt") && len <= sizeof(a->receipt)) {
        memcpy(a->receipt, text, len);
        a->receipt_len = len;
    }
    return 1;
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
    struct answer *a = context;

    a->key[0] = '\0';
    if (len < sizeof(a->key)) {
        memcpy(a->key, text, len);
        a->key[len] = '\0';
    }
    return 1;
}

/* A status line is flat: nothing is gained by following a program into the depth. */
static int on_open(void *context)
{
    return ((struct answer *)context)->depth++ == 0;
}

static int on_close(void *context)
{
    ((struct answer *)context)->depth--;
    return 1;
}

static int on_array(void *context)
{
    (void)context;
    return 0;
}

static bool parse_answer(const char *line, size_t len, struct answer *ret_answer)
{
    static const yajl_callbacks callbacks = {
        .yajl_integer = on_integer,
        .yajl_string = on_string,
        .yajl_start_map = on_open,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
        .yajl_start_array = on_array,
    };
    yajl_handle h = yajl_alloc(&callbacks, NULL, ret_answer);
    bool is_sound = h != NULL &&
                    yajl_parse(h, (const unsigned char *)line, len) == yajl_status_ok &&
                    yajl_complete_parse(h) == yajl_status_ok;

    if (h != NULL) {
        yajl_free(h);
    }
    return is_sound && ret_answer->has_index && ret_answer->has_status;
}

/* Takes what the program says about one change. */
static void take_answer(struct batch *b, const struct answer *a)
{
    size_t i = (size_t)a->index;
    char text[OUTCOME_TEXT_MAX];
    int32_t status = ACME_OK;
    const char *what =
        outcome_of_code(b->hook->style->verbs[VERB_BATCH].codes, (int)a->status, &status);
    uint32_t later_s =
        a->retry_after_s > 0 && a->retry_after_s < 86400 ? (uint32_t)a->retry_after_s : 0;

    if (a->receipt_len > 0) {
        b->call->host->receipt(b->call, i, a->receipt, a->receipt_len);
    }
    if (status == ACME_OK) {
        b->state[i] = STATE_DONE;
        b->call->host->done(b->call, i);
        return;
    }
    b->state[i] = STATE_FAILED;
    (void)snprintf(text, sizeof(text), "%s %s %s (status %lld)%s%s", b->program,
                   verb_of(b->changes[i]), what, a->status, a->message[0] != '\0' ? ": " : "",
                   a->message);
    b->failed_status = outcome_fail(b->call, i, status, later_s, text);
}

static void take_line(void *context, const char *line, size_t len)
{
    struct batch *b = context;
    struct answer a = {.depth = 0};
    char text[TEXT_LINE_MAX];

    if (len == 0 || line[0] != '{') {
        outcome_take_line(&b->outcome, line, len);
        return;
    }
    if (!parse_answer(line, len, &a)) {
        acme_log(b->call, ACME_LOG_WARNING,
                 "%s: not a status line, want {\"index\": N, \"status\": N, ...}: %s", b->program,
                 text_sanitize(line, len, text, sizeof(text)));
    } else if (a.index < 0 || (size_t)a.index >= b->n || a.status < 0 || a.status > 255 ||
               b->state[a.index] != STATE_SENT) {
        acme_log(b->call, ACME_LOG_WARNING,
                 "%s: a status line for change %lld that does not fit: unknown, told already, or "
                 "the status is not between 0 and 255",
                 b->program, a.index);
    } else {
        take_answer(b, &a);
    }
}

/* ---- the call ---- */

/* What the program said nothing about. */
static int32_t settle_rest(struct batch *b, const struct run_result *result)
{
    char text[OUTCOME_TEXT_MAX];
    int32_t status = outcome_judge(result, b->hook, VERB_BATCH, text, sizeof(text));
    bool is_said = false;

    if (status == ACME_OK) {
        for (size_t i = 0; i < b->n; i++) {
            if (b->state[i] == STATE_SENT) {
                (void)snprintf(text, sizeof(text),
                               "%s ended well (exit code 0), but wrote no status line for change "
                               "%zu",
                               b->program, i);
                b->failed_status = outcome_fail(b->call, i, CODE_VAGUE, 0, text);
            }
        }
        return ACME_OK;
    }
    for (size_t i = 0; i < b->n && !is_said; i++) {
        if (b->state[i] == STATE_SENT) {
            status = outcome_fail(b->call, i, status, b->outcome.retry_after_s, text);
            is_said = true;
        }
    }
    /* All were answered: the status lines outweigh the exit code. */
    return is_said ? status : ACME_OK;
}

/* Runs the program with the lines. A status of the call's. */
static int32_t run_batch(struct batch *b, const char *input, size_t input_len)
{
    const struct invoke_for what = {.hook = b->hook, .verb = VERB_BATCH};
    struct run run = {.limit_ms = b->hook->limit_ms,
                      .take_line = take_line,
                      .context = b,
                      .input = input,
                      .input_len = input_len};
    struct invoke with;
    struct run_result result;
    int32_t status = ACME_BUG;

    if (invoke_init(&with, &what)) {
        run.path = with.argv.items[0];
        run.argv = with.argv.items;
        run.envp = with.envp.items;
        run_program(b->call, &run, &result);
        status = settle_rest(b, &result);
    } else {
        status = acme_fail(b->call, ACME_BUG, 0, "there is no memory to run %s", b->program);
    }
    invoke_done(&with);
    return status;
}

int32_t batch_apply(struct acme_call *call, const struct hook *h,
                    const struct acme_change *const *changes, size_t n, int32_t *ret_failed_status)
{
    const char *program = invoke_program(h, VERB_BATCH);
    struct batch b = {.call = call,
                      .hook = h,
                      .program = program,
                      .changes = changes,
                      .n = n,
                      .state = calloc(n == 0 ? 1 : n, 1),
                      .outcome = {.call = call, .name = program, .output = OUTPUT_NATIVE}};
    size_t input_len = 0;
    char *input = b.state == NULL ? NULL : make_input(&b, &input_len);
    int32_t status = ACME_OK;

    if (input == NULL) {
        status = acme_fail(call, ACME_BUG, 0, "there is no memory for %zu changes", n);
    } else if (input_len > 0) {
        status = run_batch(&b, input, input_len);
    }
    *ret_failed_status = b.failed_status;
    free(input);
    free(b.state);
    return status;
}
