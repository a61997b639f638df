/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What happens in a run, for whoever looks later: STATE/logs/logs.txt, and for scheduled runs
 * STATE/logs/autorenew/logs.txt too. A line begins with time, run, level and certificate ("-":
 * none):
 *
 *     2026-11-22T05:45:12Z 20261122T054510Z-4711 notice example.com order PUBLISH
 *
 * and so does each further line of a long text: grep for the run gives the whole story. Texts are
 * masked and escaped. A log that cannot be written is told once and stops nothing.
 */
#ifndef CLI_RUN_LOG_H
#define CLI_RUN_LOG_H

#include "base/event.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stdint.h>

struct run_log;

struct run_log_plan {
    const char *state_dir;
    const char *scheduled; /* the command that runs by a timer; NULL: somebody called it */
    int64_t max_bytes;     /* of a file */
    uint32_t n_kept;       /* old files */
};

/* Whether there is anything to tell later of such a command: those that only show things leave no
 * trace. */
bool run_log_wants(enum command_id command);

/* Nothing is written before run_log_begin(). */
struct run_log *run_log_new(const struct run_log_plan *plan);
void run_log_free(struct run_log *log); /* takes NULL, as the others do */

/* The first line and the last. argv is for the reader; has_values: it may hold "KEY=VALUE" words,
 * whose values nobody is to read, though secrets do not belong there. */
void run_log_begin(struct run_log *log, int argc, char *const *argv, bool has_values);
void run_log_end(struct run_log *log, int status); /* 128+N for a signal */

/* An event, as lines. */
void run_log_event(struct run_log *log, const struct event *event);

/* Where its story is: "/var/lib/acme-dns/logs/logs.txt (run 20261122T054510Z-4711)", to mem_free;
 * NULL when nothing could be written. */
char *run_log_describe(const struct run_log *log);

/* The parts of that, borrowed; NULL likewise. */
const char *run_log_path(const struct run_log *log);
const char *run_log_id(const struct run_log *log);

#endif
