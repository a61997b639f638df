/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the end of a program means. */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 200 /* of one run that go to the log */
#define RETRY_AFTER_MAX_S 86400

struct code {
    int first;
    int last;
    int32_t status;
    const char *text;
};

/* The table of the manual page. 75, 77 and 78 are those of sysexits.h. */
static const struct code codes[] = {
    {0, 0, ACME_OK, NULL},
    {1, 1, ACME_REJECTED, "failed"},
    {2, 2, ACME_UNSUPPORTED, "does not support this verb"},
    {3, 3, ACME_RETRY, "says that it is not live yet"},
    {4, 74, ACME_REJECTED, "used an exit code that is reserved"},
    {75, 75, ACME_RETRY, "asks to come back later"},
    {76, 76, ACME_REJECTED, "used an exit code that has no meaning here"},
    {77, 77, ACME_DENIED, "says that its credential was refused"},
    {78, 78, ACME_BAD_CONFIG, "says that its settings are wrong"},
    {79, 125, ACME_REJECTED, "used an exit code that has no meaning here"},
    {126, 126, ACME_BAD_CONFIG, "could not run something (not executable)"},
    {127, 127, ACME_BAD_CONFIG, "did not find a command that it needs"},
    {128, 255, ACME_REJECTED, "used an exit code that has no meaning here"},
};

const char *outcome_of_code(int code, const char *verb, int32_t *ret_status)
{
    if (code == 3 && strcmp(verb, "settled") != 0) {
        *ret_status = ACME_REJECTED;
        return "says 'not yet' (3), which only 'settled' may";
    }
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (code >= codes[i].first && code <= codes[i].last) {
            *ret_status = codes[i].status;
            return codes[i].text;
        }
    }
    *ret_status = ACME_REJECTED;
    return "gave a status that has no meaning here";
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

void outcome_take_line(void *outcome, const char *line, size_t len)
{
    static const char later[] = "retry-after=";
    static const char receipt[] = "receipt=";
    struct outcome *o = outcome;
    char text[TEXT_LINE_MAX];

    if (len > strlen(later) && memcmp(line, later, strlen(later)) == 0 &&
        take_number(line + strlen(later), len - strlen(later), &o->retry_after_s)) {
        return;
    }
    if (len > strlen(receipt) && len - strlen(receipt) <= sizeof(o->receipt) &&
        memcmp(line, receipt, strlen(receipt)) == 0) {
        o->receipt_len = len - strlen(receipt);
        memcpy(o->receipt, line + strlen(receipt), o->receipt_len);
        return;
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

int32_t outcome_judge(const struct run_result *result, const char *program, const char *verb,
                      bool has_native_codes, char *ret_text, size_t size)
{
    int32_t status = ACME_REJECTED;
    const char *what = NULL;

    ret_text[0] = '\0';
    switch (result->end) {
    case RUN_FAILED:
        (void)snprintf(ret_text, size, "%s cannot be run: %s%s", program, strerror(result->code),
                       result->code == 2 ? " (does the interpreter in its first line exist?)" : "");
        return ACME_BAD_CONFIG;
    case RUN_CANCELLED:
        (void)snprintf(ret_text, size, "%s %s was ended: the time for this call is over", program,
                       verb);
        status = ACME_CANCELLED;
        break;
    case RUN_TIMED_OUT:
        (void)snprintf(ret_text, size, "%s %s was ended: it took longer than its timeout", program,
                       verb);
        status = ACME_RETRY;
        break;
    case RUN_KILLED:
        (void)snprintf(ret_text, size, "%s %s was ended by signal %d (%s)", program, verb,
                       result->code, strsignal(result->code));
        break;
    case RUN_EXITED:
    default:
        if (result->code == 0) {
            return ACME_OK;
        }
        what = outcome_of_code(result->code, verb, &status);
        if (!has_native_codes) {
            what = "failed";
            status = ACME_REJECTED;
        }
        (void)snprintf(ret_text, size, "%s %s %s (exit code %d)", program, verb, what,
                       result->code);
        break;
    }
    add_tail(result, ret_text, size);
    return status;
}
