/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One certificate in a run: its lock, whether anything is due, its order, its hooks. Several go on
 * side by side in one loop.
 *
 *     job_new()  job_start() -> done()  job_tell()  job_stop()  job_free()
 */
#ifndef TASK_JOB_H
#define TASK_JOB_H

#include "task/issue.h"
#include "task/run.h"

struct job;

/* Works out what the certificate is to be, and checks what can be checked without network.
 * request is borrowed for the job's life. */
int job_new(struct run *run, const struct issue_request *request, struct job **ret_job,
            struct err *err);

const char *job_name(const struct job *job);
struct store *job_store(const struct job *job);

/* done() comes once, from the loop. */
typedef void job_done_fn(void *arg);
void job_start(struct job *job, job_done_fn *done, void *arg);

/* Before job_start(): a trial of the same certificate, at the CA's staging partner, is over. If it
 * failed by what the CA would find too, the job ends so; else it goes on. Either is kept for later
 * runs once it has its lock. */
void job_follow_trial(struct job *job, const struct job *trial);

/* Ends it: what was published is removed, hooks are killed and run again by the next run. */
void job_cancel(struct job *job, const char *reason);

/* Ends one that has not come to its end by itself; the first call counts. */
void job_finish(struct job *job, const struct err *err);
bool job_is_over(const struct job *job);

/* Whether the CA would hand the same order to both: same account, same names. */
bool job_is_twin(const struct job *a, const struct job *b);

/* Whether a certificate was installed. */
bool job_has_installed(const struct job *job);
/* The CA has just told it a limit: to be tried later, and no failure. */
bool job_has_met_limit(const struct job *job);
/* It failed by what the CA had asked for earlier, and was not even tried. */
bool job_is_held_back(const struct job *job);
/* It failed because another run has deleted or revoked it since it was planned for. */
bool job_is_gone(const struct job *job);
bool job_has_tried(const struct job *job); /* a trial went well */
/* Why it failed, or the hooks did; class ERR_NONE: it did not. */
const struct err *job_error(const struct job *job);

/* A post-hook of the run that it is all of has failed: so has it, if nothing else did. */
void job_blame_post(struct job *job, const struct err *err);

/* The last events of one that is over, EVENT_RESULT among them; the exit status. */
enum task_exit job_tell(const struct job *job);

/* EVENT_RESULT of a request that job_new() refused. */
enum task_exit job_tell_refusal(const struct issue_request *request, const struct err *err);

/* Lets go of all that the run owns and of the lock; before run_close(). */
void job_stop(struct job *job);
void job_free(struct job *job); /* stops it; after run_close(), before run_free(). Takes NULL */

#endif
