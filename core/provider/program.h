/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A program of the user's: started without a shell in a session of its own, heard to its end, and
 * killed with all that it started when it takes too long. */
#ifndef PROVIDER_PROGRAM_H
#define PROVIDER_PROGRAM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>

struct program;

struct program_plan {
    const char *line; /* divided as by words_split() */
    char *const *env; /* NAME=value, ended by NULL; copied by the system */
    int input;        /* a descriptor for its standard input; 0 or less: nothing. Borrowed */
    int64_t deadline_ms;
    bool may_leave_others;         /* what it started may outlive it: a service */
    bool keeps_line_ends;          /* at the end of its output */
    size_t output_max, errors_max; /* of what is kept, in bytes */
};

/* Valid during the callback; texts are wiped afterwards. */
struct program_end {
    bool has_timed_out;
    int wait_status; /* as waitpid() has it */
    const struct buf
        *output; /* without line ends at the end, unless wished; has_overflown: there was more */
    const struct buf *errors;
};

/* Comes from the loop, once; the program is gone then. */
typedef void program_done_fn(void *arg, const struct program_end *end);

/* ERR_CONFIG at once: no such program, a quote not closed. */
int program_start(struct loop *loop, const struct program_plan *plan, program_done_fn *done,
                  void *arg, struct program **ret_program, struct err *err);

/* Kills it; no callback. Takes NULL, leaves NULL. */
void program_cancel(struct program **program);

#endif
