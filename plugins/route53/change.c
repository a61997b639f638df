/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * From the changes of a call to batches of owners; and where a batch is refused, to the owner whose
 * fault it is, so that the others do not suffer.
 */
#include "change.h"

#include "alloc.h"
#include "job.h"
#include "zones.h"

#include <stdio.h>
#include <string.h>

#define GUILTY_MAX 2 /* from then on each of the rest goes alone */

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

        status = job_replace(job, owners, half);
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
        status = job_replace(job, owners, 1);
        if (status != ACME_OK && !job->may_split) {
            return status;
        }
        is_guilty = status != ACME_OK;
    }
    if (is_guilty) {
        job_fail_owner(job, owners[0], job->f);
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

        status = job_replace(job, owners, part);
        if (status == ACME_OK) {
            drop_first(owners, &n, part);
        } else if (!job->may_split) {
            return status;
        } else if (part == 1) {
            job_fail_owner(job, owners[0], job->f);
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
        job_want(job, owners[i]);
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
    n = job_keep_open(job, owners, n);
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
            (void)kit_fault_set(&f, ACME_UNSUPPORTED, "only TXT records can be made");
            t->failed_status = kit_fault_report(job->call, t->index, &f);
        } else if (!name_from_dns(t->record->fqdn, name)) {
            (void)kit_fault_set(&f, ACME_REJECTED, "'%.300s' is no name that the DNS can hold",
                                t->record->fqdn);
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
