/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of process, shared by the files that each hold a part of it. */
#ifndef TASK_PROCESS_IMPL_H
#define TASK_PROCESS_IMPL_H

#include "task/job.h"
#include "task/process.h"

struct process;

/* A certificate that something is done for. */
struct turn {
    struct process *process;
    struct issue_request request, trial_request;
    struct job *job;   /* NULL: refused */
    struct job *trial; /* goes first, at the staging partner; or NULL */
    bool is_started, is_over;
};

struct tally {
    size_t n_installed, n_failed, n_unchanged, n_waiting, n_left, n_postponed, n_paced;
    enum task_exit status; /* of the failures; EXIT_DONE: none yet */
};

struct process {
    struct task_env *env;
    const struct process_request *request;
    struct run *run;
    struct plan plan;
    struct turn *turns;
    size_t n_turns, n_running;
    bool is_cancelled, is_sweeping, is_over, is_closing;
    struct failures *failures;
    struct tally tally;
};

/* ---- process_tell.c ---- */

void process_count_failure(struct process *process, enum task_exit status);
/* What the run exits with where something was not done and has not failed. */
void process_add_status(struct process *process, enum task_exit status);
/* EVENT_RESULT of something that failed, and its place in the summary. */
void process_tell_failure(struct process *process, const char *subject, const struct err *err);
/* A post-hook failed. */
void process_tell_post(struct process *process, const struct err *err);
/* What no order is begun for; and who, from now on, says what it is to be. */
void process_tell_item(struct process *process, const struct plan_item *item);
/* The summary; the exit status. */
enum task_exit process_tell_end(const struct process *process);

#endif
