/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the end of a program means. */
#include "exec-hook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 200 /* of one run that go to the log */
#define RETRY_AFTER_MAX_S 86400

const char *outcome_of_code(const struct style_codes *codes, int code, int32_t *ret_status)
{
    for (const struct style_codes *c = codes; c != NULL; c = c->rest) {
        for (size_t i = 0; i < STYLE_CODES_MAX; i++) {
            const struct style_code *row = &c->rows[i];

            /* A row of zeros is no row, but for code 0, which is success everywhere. */
            if (code >= row->first && code <= row->last) {
                *ret_status = row->status;
                return row->text;
            }
        }
    }
    *ret_status = ACME_REJECTED;
    return "used an exit code that has no meaning here";
}

static bool take_number(const char *text, size_t len, uint32_t *ret_number)
{
    char digits[16];
    unsigned long n = 0;

    if (len == 0 || len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, len);
    digits[len] = '\0';
    if (strspn(digits, "0123456789") != len) {
        return false;
    }
    n = strtoul(digits, NULL, 10);
    *ret_number = n > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : (uint32_t)n;
    return true;
}

/* Whether a line is one of those that mean something. */
static bool take_native(struct outcome *o, const char *line, size_t len)
{
    static const char later[] = "retry-after=";
    static const char receipt[] = "receipt=";

    if (len > strlen(later) && memcmp(line, later, strlen(later)) == 0 &&
        take_number(line + strlen(later), len - strlen(later), &o->retry_after_s)) {
        return true;
    }
    if (len > strlen(receipt) && len - strlen(receipt) <= sizeof(o->receipt) &&
        memcmp(line, receipt, strlen(receipt)) == 0) {
        o->receipt_len = len - strlen(receipt);
        memcpy(o->receipt, line + strlen(receipt), o->receipt_len);
        return true;
    }
    return false;
}

/* At the line's beginning; what stands behind its end is of a line before. */
static size_t count_blanks(const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && (line[n] == ' ' || line[n] == '\t' || line[n] == '\r')) {
        n++;
    }
    return n;
}

/* Keeps a line as a part of the receipt, which begins with its first line that is not blank and has
 * no line end behind its last. NUL bytes end it: no variable can hold them. */
static void keep_line(struct outcome *o, const char *line, size_t len)
{
    size_t blank = count_blanks(line, len);
    size_t room = sizeof(o->receipt) - o->receipt_len;
    size_t end = o->receipt_len > 0 ? 1 : 0;

    if (o->receipt_len == 0) {
        line += blank;
        len -= blank;
    }
    o->is_cut = o->is_cut || memchr(line, '\0', len) != NULL;
    if (o->is_cut || len + end > room) {
        o->is_cut = o->is_cut || len > 0;
        return;
    }
    if (len + end > 0) {
        memcpy(o->receipt + o->receipt_len, "\n", end);
        memcpy(o->receipt + o->receipt_len + end, line, len);
        o->receipt_len += len + end;
    }
}

void outcome_end(struct outcome *o)
{
    while (o->output == OUTPUT_RECEIPT && o->receipt_len > 0 &&
           strchr(" \t\r\n", o->receipt[o->receipt_len - 1]) != NULL) {
        o->receipt_len--;
    }
    if (o->is_cut) {
        o->receipt_len = 0;
        acme_log(o->call, ACME_LOG_WARNING,
                 "%s wrote more than %d bytes or a NUL byte to stdout: what runs when the value is "
                 "removed gets none of it (CERTBOT_AUTH_OUTPUT)",
                 o->name, OUTCOME_RECEIPT_MAX);
    }
}

void outcome_take_line(void *outcome, const char *line, size_t len)
{
    struct outcome *o = outcome;
    char text[TEXT_LINE_MAX];

    if (o->output == OUTPUT_NATIVE && take_native(o, line, len)) {
        return;
    }
    if (o->output == OUTPUT_RECEIPT) {
        keep_line(o, line, len);
    }
    if (o->n_lines++ < LINES_MAX) {
        acme_log(o->call, ACME_LOG_NOTICE, "%s: %s", o->name,
                 text_sanitize(line, len, text, sizeof(text)));
    } else if (o->n_lines == LINES_MAX + 1) {
        acme_log(o->call, ACME_LOG_WARNING, "%s: further output is not shown", o->name);
    }
}

/* The last lines of stderr, each behind an indent, for the end of an error text. */
static void add_tail(const struct run_result *r, char *text, size_t size)
{
    char clean[RUN_TAIL_MAX * 4 + 1];
    char *line = clean;
    size_t used = strlen(text);

    (void)text_sanitize(r->tail, r->tail_len, clean, sizeof(clean));
    /* A full tail begins in the midst of a line. */
    if (r->tail_len == RUN_TAIL_MAX && strchr(clean, '\n') != NULL) {
        line = strchr(clean, '\n') + 1;
    }
    while (line != NULL && used + 8 < size) {
        const char *one = strsep(&line, "\n");

        if (*one != '\0') {
            (void)snprintf(text + used, size - used, "\n  %s", one);
            used = strlen(text);
        }
    }
}

/* The end of a program that exited. */
static int32_t judge_code(const struct run_result *result, const struct hook *h, enum verb verb,
                          char *ret_text, size_t size)
{
    const struct style_verb *how = &h->style->verbs[verb];
    const char *rule = how->codes->rule;
    int32_t status = ACME_OK;
    const char *what = outcome_of_code(how->codes, result->code, &status);

    if (what == NULL) {
        return ACME_OK;
    }
    (void)snprintf(ret_text, size, "%s %s %s (exit code %d%s%s%s%s)", invoke_program(h, verb),
                   how->name, what, result->code, rule != NULL ? "; style " : "",
                   rule != NULL ? h->style->name : "", rule != NULL ? ": " : "",
                   rule != NULL ? rule : "");
    add_tail(result, ret_text, size);
    return status;
}

int32_t outcome_judge(const struct run_result *result, const struct hook *h, enum verb verb,
                      char *ret_text, size_t size)
{
    const char *program = invoke_program(h, verb);
    const char *name = h->style->verbs[verb].name;
    int32_t status = CODE_VAGUE;

    ret_text[0] = '\0';
    switch (result->end) {
    case RUN_FAILED:
        (void)snprintf(ret_text, size, "%s cannot be run: %s%s", program, strerror(result->code),
                       result->code == ENOENT ? " (does the interpreter in its first line exist?)"
                                              : "");
        return ACME_BAD_CONFIG;
    case RUN_CANCELLED:
        (void)snprintf(ret_text, size, "%s %s was ended: the time for this call is over", program,
                       name);
        status = ACME_CANCELLED;
        break;
    case RUN_TIMED_OUT:
        (void)snprintf(ret_text, size, "%s %s was ended: it took longer than its timeout", program,
                       name);
        status = ACME_RETRY;
        break;
    case RUN_KILLED:
        (void)snprintf(ret_text, size, "%s %s was ended by signal %d (%s)", program, name,
                       result->code, strsignal(result->code));
        break;
    case RUN_EXITED:
    default:
        return judge_code(result, h, verb, ret_text, size);
    }
    add_tail(result, ret_text, size);
    return status;
}

/* A change that failed without a promise may be in force, and only ACME_RETRY says so without
 * calling it a bug. Its program is not to be run again at once, though: its own client would not,
 * and each run may add another copy. So it is told to come back when this call's time is over. */
int32_t outcome_fail(struct acme_call *call, size_t index, int32_t status, uint32_t retry_after_s,
                     const char *text)
{
    if (status == CODE_VAGUE) {
        status = ACME_RETRY;
        retry_after_s = (uint32_t)call->host->ms_left(call) / 1000 + 1;
    }
    return acme_fail_at(call, index, status, retry_after_s, "%s", text);
}
