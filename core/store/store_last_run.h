/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is known of the last scheduled run of a command: STATE/logs/autorenew/last-COMMAND.json,
 * written when it begins and when it ends. */
#ifndef STORE_STORE_LAST_RUN_H
#define STORE_STORE_LAST_RUN_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct store_last_run {
    char *command; /* "process", "deploy" */
    char *run;     /* its identifier in the log */
    pid_t pid;
    int64_t started_s;
    int64_t before_s; /* when the one before it began; 0: not known */
    int64_t ended_s;  /* 0: it runs, or was killed */
    int status;       /* exit status; -1 as long as there is none */
    char *text;       /* the first failure's, or NULL */
};

void store_last_run_done(struct store_last_run *last);

/* ERR_NOT_FOUND: no scheduled run yet. ERR_FAILED: of a newer release. ERR_MALFORMED: damaged. */
int store_last_run_load(const char *state_dir, const char *command, struct store_last_run *ret_last,
                        struct err *err);
/* The folder is there: the log was written before. */
int store_last_run_save(const char *state_dir, const struct store_last_run *last, struct err *err);

#endif
