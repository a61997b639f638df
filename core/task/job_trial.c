/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a trial at the CA's staging partner means for the order that was to follow it. */
#include "task/job_impl.h"

#include "base/event.h"

/* What the partner could not validate the CA would refuse too, and count. That the partner itself
 * is not to be had says nothing. */
static bool has_told(const struct job *trial)
{
    enum err_class class = job_error(trial)->class;

    return trial->is_validation || class == ERR_PROVIDER || class == ERR_PROPAGATION ||
           class == ERR_LOCKED || class == ERR_CANCELLED;
}

void job_follow_trial(struct job *job, const struct job *trial)
{
    const struct err *why = job_error(trial);

    if (why->class == ERR_NONE) {
        job->trial = JOB_TRIAL_PASSED;
    } else if (has_told(trial)) {
        job->trial = JOB_TRIAL_FAILED;
        job->trial_err = *why;
    } else {
        event_log(EVENT_WARNING, job->wanted->name, "no trial at the CA's staging partner: %s",
                  why->text);
    }
}

bool job_end_by_trial(struct job *job)
{
    struct err err = ERR_INIT;

    if (job->trial == JOB_TRIAL_PASSED &&
        renewal_note_trial(job->store, job->wanted->name, &err) < 0) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", err.text);
    }
    if (job->trial != JOB_TRIAL_FAILED) {
        return false;
    }
    job->is_trying = true;
    job->is_validation = true;
    job_finish(job, &job->trial_err);
    return true;
}
