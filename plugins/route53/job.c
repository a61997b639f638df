/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Route 53 has no way to add a value: a set is written whole, and whoever writes last wins. But a
 * batch is one transaction, and its DELETE succeeds only if the set is exactly what it says:
 *
 *     read the set -> { DELETE as read, CREATE as wanted } -> done
 *          ^                       |
 *          '---- InvalidChangeBatch: somebody was faster
 *
 * The same loop makes it harmless not to know what became of a request: the set is read again.
 */
#include "job.h"

#include "alloc.h"

#include <stdio.h>
#include <string.h>

#define TRIES_MAX 8
#define DOUBTS_MAX 3    /* requests whose fate is not known: the core tries again, too */
#define UNCHANGED_MAX 2 /* conflicts that AWS speaks of though nothing is seen to have changed */

/* ---- What is wanted ---- */

void job_want(const struct job *job, struct owner *owner)
{
    rrset_copy(&owner->wanted, &owner->now);
    for (size_t i = 0; i < job->n_targets; i++) {
        const struct target *t = &job->targets[i];

        if (t->owner != owner) {
            continue;
        }
        if (t->what == ACME_ADD) {
            rrset_add(&owner->wanted, t->record->value, t->record->value_len, t->record->ttl_s);
        } else {
            rrset_remove(&owner->wanted, t->record->value, t->record->value_len);
        }
    }
}

/* ---- Reports ---- */

static void job_succeed(struct job *job, struct owner *owner, const char *change_id)
{
    const struct acme_host *host = job->call->host;

    owner->is_done = true;
    for (size_t i = 0; i < job->n_targets; i++) {
        struct target *t = &job->targets[i];

        if (t->owner != owner) {
            continue;
        }
        t->is_done = true;
        if (change_id[0] != '\0') {
            host->receipt(job->call, t->index == ACME_WHOLE_CALL ? 0 : t->index, change_id,
                          strlen(change_id));
        }
        if (t->index != ACME_WHOLE_CALL) {
            host->done(job->call, t->index);
        }
    }
}

void job_fail_owner(struct job *job, struct owner *owner, const struct kit_fault *f)
{
    owner->has_failed = true;
    for (size_t i = 0; i < job->n_targets; i++) {
        struct target *t = &job->targets[i];

        if (t->owner == owner) {
            t->failed_status = kit_fault_report(job->call, t->index, f);
        }
    }
}

/* A set that is no simple one: a value that is to go cannot be in it, for we never put one there.
 */
static void refuse_special(struct job *job, struct owner *owner)
{
    struct kit_fault f;

    (void)kit_fault_set(
        &f, ACME_REJECTED,
        "the TXT record set %s in hosted zone %s %s; acme-dns changes simple record "
        "sets only: make it one, or let a CNAME there lead to a name without one",
        owner->name, job->zone_id, owner->now.special);
    for (size_t i = 0; i < job->n_targets; i++) {
        struct target *t = &job->targets[i];

        if (t->owner != owner) {
            continue;
        }
        if (t->what == ACME_REMOVE) {
            t->is_done = true;
            if (t->index != ACME_WHOLE_CALL) {
                job->call->host->done(job->call, t->index);
            }
        } else {
            t->failed_status = kit_fault_report(job->call, t->index, &f);
        }
    }
    owner->has_failed = true;
}

/* ---- One batch: all of these owners or none ---- */

static bool is_conflict(const char *message)
{
    static const char *const WORDS[] = {"already exists", "not found", "do not match"};

    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        if (strstr(message, WORDS[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* Notes whether a failure may be one owner's fault. True if trying again may help. */
static bool judge_failure(struct job *job, const struct aws_answer *answer)
{
    job->may_split = job->f->status == ACME_REJECTED || aws_is_forbidden(answer);
    (void)snprintf(job->message, sizeof(job->message), "%s", answer->message);
    return job->f->status == ACME_RETRY ||
           (strcmp(answer->code, "InvalidChangeBatch") == 0 && is_conflict(answer->message));
}

size_t job_keep_open(struct job *job, struct owner **owners, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        if (owners[i]->is_done || owners[i]->has_failed) {
            continue;
        }
        if (owners[i]->now.special != NULL) {
            refuse_special(job, owners[i]);
        } else {
            owners[kept++] = owners[i];
        }
    }
    return kept;
}

static bool has_any_changed(struct owner *const *owners, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (owners[i]->has_changed) {
            return true;
        }
    }
    return false;
}

static int32_t try_once(struct job *job, struct owner **owners, size_t n, bool *ret_is_worth_more)
{
    char change_id[ROUTE53_ID_SIZE];
    AWS_ANSWER(answer);

    for (size_t i = 0; i < n; i++) {
        job_want(job, owners[i]);
    }
    *ret_is_worth_more = false;
    if (records_replace(job->p, job->call, job->zone_id, owners, n, change_id, &answer, job->f) !=
        ACME_OK) {
        *ret_is_worth_more = judge_failure(job, &answer);
        return job->f->status;
    }
    for (size_t i = 0; i < n; i++) {
        bool took_part = !rrset_equals(&owners[i]->now, &owners[i]->wanted);

        job_succeed(job, owners[i], took_part ? change_id : "");
    }
    return ACME_OK;
}

/* What became of a request could not be looked up. Other statuses than these would promise that
 * nothing was changed, and nobody would clean up. */
static int32_t stay_in_doubt(struct job *job)
{
    if (job->f->status != ACME_CANCELLED) {
        job->f->status = ACME_RETRY;
    }
    return job->f->status;
}

int32_t job_replace(struct job *job, struct owner *const *given, size_t n)
{
    struct owner **owners = alloc_zero(n, sizeof(struct owner *));
    int32_t status = ACME_OK;
    unsigned n_unchanged = 0;
    unsigned n_doubts = 0;

    memcpy(owners, given, n * sizeof(struct owner *));
    n = job_keep_open(job, owners, n);
    for (unsigned tries = 1;; tries++) {
        bool is_worth_more = false;

        status = try_once(job, owners, n, &is_worth_more);
        bool was_conflict = status == ACME_REJECTED;
        n_doubts += status == ACME_RETRY ? 1 : 0;
        if (status == ACME_OK || !is_worth_more || tries == TRIES_MAX || n_doubts == DOUBTS_MAX) {
            break;
        }
        struct kit_fault refusal = *job->f;
        if (route53_pause(job->call, tries) != ACME_OK) {
            status = job->f->status = ACME_CANCELLED; /* the words say what the time went on */
            break;
        }
        status = records_read(job->p, job->call, job->zone_id, owners, n, job->f);
        if (status != ACME_OK) {
            job->may_split = false;
            status = was_conflict ? status : stay_in_doubt(job);
            break;
        }
        n_unchanged += was_conflict && !has_any_changed(owners, n) ? 1 : 0;
        if (n_unchanged == UNCHANGED_MAX) {
            *job->f = refusal;
            status = refusal.status;
            break;
        }
        n = job_keep_open(job, owners, n);
    }
    if (status == ACME_REJECTED && n_unchanged < UNCHANGED_MAX && is_conflict(job->message)) {
        status = kit_fault_set(job->f, ACME_RETRY,
                               "others changed the same record sets %d times between reading and "
                               "writing them",
                               TRIES_MAX);
    }
    free(owners);
    return status;
}
