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
#include "change.h"

#include "alloc.h"
#include "records.h"
#include "zones.h"

#include <stdio.h>
#include <string.h>

#define TRIES_MAX 8
#define UNCHANGED_MAX 2 /* conflicts that AWS speaks of though nothing is seen to have changed */
#define GUILTY_MAX 2    /* from then on each of the rest goes alone */

struct job {
    struct route53 *p;
    struct acme_call *call;
    const char *zone_id;
    struct target *targets;
    size_t n_targets;
    struct kit_fault *f;
    bool may_split;     /* the last failure may be the fault of one owner */
    char message[1024]; /* AWS's words with it */
};

/* ---- What is wanted ---- */

static void want(const struct job *job, struct owner *owner)
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

static void succeed(struct job *job, struct owner *owner, const char *change_id)
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

static void fail_owner(struct job *job, struct owner *owner, const struct kit_fault *f)
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

    (void)aws_fault_set(
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

/* Keeps the owners that are still to be changed, and can be. */
static size_t keep_open(struct job *job, struct owner **owners, size_t n)
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
        want(job, owners[i]);
    }
    *ret_is_worth_more = false;
    if (records_replace(job->p, job->call, job->zone_id, owners, n, change_id, &answer, job->f) !=
        ACME_OK) {
        *ret_is_worth_more = judge_failure(job, &answer);
        return job->f->status;
    }
    for (size_t i = 0; i < n; i++) {
        bool took_part = !rrset_equals(&owners[i]->now, &owners[i]->wanted);

        succeed(job, owners[i], took_part ? change_id : "");
    }
    return ACME_OK;
}

/* Owners are read, and simple. On failure none of them was changed, unless the status is
 * ACME_RETRY. */
static int32_t replace_all(struct job *job, struct owner *const *given, size_t n)
{
    struct owner **owners = alloc_zero(n, sizeof(struct owner *));
    int32_t status = ACME_OK;
    unsigned n_unchanged = 0;

    memcpy(owners, given, n * sizeof(struct owner *));
    n = keep_open(job, owners, n);
    for (unsigned tries = 1;; tries++) {
        bool is_worth_more = false;

        status = try_once(job, owners, n, &is_worth_more);
        if (status == ACME_OK || !is_worth_more || tries == TRIES_MAX) {
            break;
        }
        bool was_conflict = status == ACME_REJECTED;
        struct kit_fault refusal = *job->f;
        if (route53_pause(job->call, tries) != ACME_OK) {
            status = aws_fault_set(job->f, ACME_CANCELLED, "the call is over");
            break;
        }
        status = records_read(job->p, job->call, job->zone_id, owners, n, job->f);
        if (status != ACME_OK) {
            break;
        }
        n_unchanged += was_conflict && !has_any_changed(owners, n) ? 1 : 0;
        if (n_unchanged == UNCHANGED_MAX) {
            *job->f = refusal;
            status = refusal.status;
            break;
        }
        n = keep_open(job, owners, n);
    }
    if (status == ACME_REJECTED && n_unchanged < UNCHANGED_MAX && is_conflict(job->message)) {
        status = aws_fault_set(job->f, ACME_RETRY,
                               "others changed the same record sets %d times between reading and "
                               "writing them",
                               TRIES_MAX);
    }
    free(owners);
    return status;
}

/* ---- A batch that is refused: who is it? ---- */

static void drop_first(struct owner **owners, size_t *n, size_t n_gone)
{
    memmove(owners, owners + n_gone, (*n - n_gone) * sizeof(struct owner *));
    *n -= n_gone;
}

/* Brings those that AWS's words name to the front. How many there are; n if none. */
static size_t suspects_first(const struct job *job, struct owner **owners, size_t n)
{
    size_t n_named = 0;

    for (size_t i = 0; i < n; i++) {
        struct owner *owner = owners[i];
        char plain[NAME_SIZE];

        (void)snprintf(plain, sizeof(plain), "%.*s", (int)strlen(owner->name) - 1, owner->name);
        if (strstr(job->message, plain) != NULL) {
            owners[i] = owners[n_named];
            owners[n_named++] = owner;
        }
    }
    return n_named > 0 ? n_named : n;
}

/* Owners that are refused together: finds one that is refused alone, reports it, and leaves those
 * that are not yet through in owners. Halves that succeed are through. */
static int32_t find_guilty(struct job *job, struct owner **owners, size_t *n)
{
    size_t n_suspects = suspects_first(job, owners, *n);
    bool is_guilty = false; /* the first of them was refused alone */
    int32_t status = ACME_OK;

    while (n_suspects > 1) {
        size_t half = n_suspects / 2;

        status = replace_all(job, owners, half);
        if (status == ACME_OK) {
            drop_first(owners, n, half);
            n_suspects -= half;
        } else if (job->may_split) {
            n_suspects = half;
            is_guilty = half == 1;
        } else {
            return status;
        }
    }
    if (!is_guilty) {
        status = replace_all(job, owners, 1);
        if (status != ACME_OK && !job->may_split) {
            return status;
        }
        is_guilty = status != ACME_OK;
    }
    if (is_guilty) {
        fail_owner(job, owners[0], job->f);
    }
    drop_first(owners, n, 1);
    return ACME_OK;
}

/* owners is used up. */
static int32_t replace_or_split(struct job *job, struct owner **owners, size_t n)
{
    int32_t status = ACME_OK;

    for (size_t n_guilty = 0; n > 0; n_guilty++) {
        size_t part = n_guilty < GUILTY_MAX ? n : 1;

        status = replace_all(job, owners, part);
        if (status == ACME_OK) {
            drop_first(owners, &n, part);
        } else if (!job->may_split) {
            return status;
        } else if (part == 1) {
            fail_owner(job, owners[0], job->f);
            drop_first(owners, &n, 1);
        } else if (find_guilty(job, owners, &n) != ACME_OK) {
            return job->f->status;
        }
    }
    return ACME_OK;
}

/* As many owners as one batch holds, one at least. */
static size_t batch_size(const struct job *job, struct owner *const *owners, size_t n)
{
    size_t count = 0;
    size_t weight = 0;
    size_t i = 0;

    while (i < n) {
        want(job, owners[i]);
        count += records_count(owners[i]);
        weight += records_weight(owners[i]);
        if (i > 0 && (count > RECORDS_BATCH_MAX || weight > RECORDS_BATCH_BYTES_MAX)) {
            break;
        }
        i++;
    }
    return i;
}

static int32_t change_owners(struct job *job, struct owner **owners, size_t n)
{
    struct owner **batch = NULL;
    int32_t status = records_read(job->p, job->call, job->zone_id, owners, n, job->f);

    if (status != ACME_OK) {
        return status;
    }
    n = keep_open(job, owners, n);
    batch = alloc_zero(n, sizeof(struct owner *));
    for (size_t at = 0, size = 0; status == ACME_OK && at < n; at += size) {
        size = batch_size(job, owners + at, n - at);
        memcpy(batch, owners + at, size * sizeof(struct owner *));
        status = replace_or_split(job, batch, size);
    }
    free(batch);
    return status;
}

/* ---- From targets to owners ---- */

static int compare_owners(const void *a, const void *b)
{
    const struct owner *const *first = a;
    const struct owner *const *second = b;

    return name_compare((*first)->name, (*second)->name);
}

static struct owner *owner_of(struct owner **owners, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(owners[i]->name, name) == 0) {
            return owners[i];
        }
    }
    owners[*n] = alloc_zero(1, sizeof(struct owner));
    (void)snprintf(owners[*n]->name, sizeof(owners[*n]->name), "%s", name);
    return owners[(*n)++];
}

static size_t gather_owners(struct job *job, struct owner **owners)
{
    size_t n = 0;

    for (size_t i = 0; i < job->n_targets; i++) {
        struct target *t = &job->targets[i];
        char name[NAME_SIZE];
        struct kit_fault f;

        if (t->record->type != ACME_RECORD_TXT) {
            (void)aws_fault_set(&f, ACME_UNSUPPORTED, "only TXT records can be made");
            t->failed_status = kit_fault_report(job->call, t->index, &f);
        } else if (!name_from_dns(t->record->fqdn, name)) {
            (void)aws_fault_set(&f, ACME_REJECTED, "'%.300s' is no name", t->record->fqdn);
            t->failed_status = kit_fault_report(job->call, t->index, &f);
        } else {
            t->owner = owner_of(owners, &n, name);
        }
    }
    qsort(owners, n, sizeof(struct owner *), compare_owners);
    return n;
}

/* In a zone that is not there, there is nothing to remove. */
static int32_t without_zone(struct acme_call *call, struct target *targets, size_t n,
                            struct kit_fault *f)
{
    bool has_add = false;

    for (size_t i = 0; i < n; i++) {
        has_add = has_add || targets[i].what == ACME_ADD;
        if (targets[i].what == ACME_REMOVE) {
            targets[i].is_done = true;
            if (targets[i].index != ACME_WHOLE_CALL) {
                call->host->done(call, targets[i].index);
            }
        }
    }
    if (!has_add) {
        acme_log(call, ACME_LOG_NOTICE, "nothing to remove: %s", f->text);
    }
    return has_add ? ACME_NO_ZONE : ACME_OK;
}

int32_t change_apply(struct route53 *p, struct acme_call *call, struct target *targets, size_t n,
                     struct kit_fault *f)
{
    struct job job = {.p = p, .call = call, .targets = targets, .n_targets = n, .f = f};
    struct owner **owners = NULL;
    size_t n_owners = 0;
    int32_t status = zones_find(p, call, targets[0].record->zone, &job.zone_id, f);

    if (status == ACME_OK) {
        owners = alloc_zero(n, sizeof(struct owner *));
        n_owners = gather_owners(&job, owners);
        struct owner **list = alloc_zero(n, sizeof(struct owner *));
        memcpy(list, owners, n_owners * sizeof(struct owner *));
        status = change_owners(&job, list, n_owners);
        free(list);
    }
    for (size_t i = 0; i < n_owners; i++) {
        rrset_done(&owners[i]->now);
        rrset_done(&owners[i]->wanted);
        free(owners[i]);
    }
    free(owners);
    return status == ACME_NO_ZONE ? without_zone(call, targets, n, f) : status;
}
