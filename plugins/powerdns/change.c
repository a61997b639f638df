/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Changes of one zone: read what stands at their names, write what should, in one PATCH, and read
 * again. That goes round until what was read is right: a reply that never came, a value that
 * somebody else's writing took away and a change that was made already are all the same case.
 */
#include "powerdns.h"

#include <string.h>

/* Names up to which each is read by itself; above, the whole zone comes cheaper. */
#define SINGLE_READS_MAX 4
#define ROUNDS_MAX 5
/* Between writing and reading again: programs that had read before we wrote have written by then.
 */
#define SECOND_LOOK_MS 250

/* One run of change_apply(). */
struct run {
    struct powerdns *p;
    struct acme_call *call;
    const char *zone;
    struct target *targets;
    size_t n;
    bool reads_each;  /* name by name, because the whole zone was too much */
    bool has_written; /* a PATCH went out; perhaps nobody heard its answer */
    struct kit_fault fault;
};

/* What one round found. */
struct round {
    struct kit_answer zone;
    bool is_whole; /* zone holds all names */
    struct kit_text body;
    size_t n_wrong; /* names whose set is not as it should be */
    bool has_additions;
};

static void round_done(struct round *round)
{
    kit_answer_done(&round->zone);
    kit_text_done(&round->body);
}

/* A refusal promises that nothing was changed: not once a PATCH is out. */
static void take_promise_back(struct run *r)
{
    if (r->has_written && r->fault.status != ACME_CANCELLED) {
        r->fault.status = ACME_RETRY;
    }
}

static int32_t fail_call(struct run *r)
{
    take_promise_back(r);
    return kit_fault_report(r->call, ACME_WHOLE_CALL, &r->fault);
}

static void fail_target(struct run *r, struct target *t)
{
    take_promise_back(r);
    t->is_over = true;
    t->status = kit_fault_report(r->call, t->index, &r->fault);
}

__attribute__((format(printf, 4, 5))) static void
refuse_target(struct run *r, struct target *t, int32_t status, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    t->is_over = true;
    t->status = acme_fail_at(r->call, t->index, status, 0, "%s", text);
}

static void check_target(struct run *r, struct target *t)
{
    if (t->record->type != ACME_RECORD_TXT) {
        refuse_target(r, t, ACME_UNSUPPORTED, "records of type %u are not supported",
                      (unsigned)t->record->type);
    } else if (!name_fits(t->record->fqdn)) {
        refuse_target(r, t, ACME_REJECTED, "%.300s... is longer than a name can be",
                      t->record->fqdn);
    } else if (!kit_name_is_in(t->record->fqdn, r->zone)) {
        refuse_target(r, t, ACME_REJECTED, "%s does not lie in zone %s", t->record->fqdn, r->zone);
    }
}

/* The first target that is still open at the same name: a name is read and written once. */
static bool leads(const struct run *r, size_t i)
{
    if (r->targets[i].is_over) {
        return false;
    }
    for (size_t k = 0; k < i; k++) {
        if (!r->targets[k].is_over &&
            kit_name_equals(r->targets[k].record->fqdn, r->targets[i].record->fqdn)) {
            return false;
        }
    }
    return true;
}

static size_t count_names(const struct run *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n; i++) {
        n += leads(r, i) ? 1 : 0;
    }
    return n;
}

/* ---- Reading ---- */

/* Disabled records are in no filtered answer of older servers; what is not sent back is deleted. */
static int32_t add_disabled(struct run *r, const char *name, struct kit_answer *found,
                            struct rrset *set)
{
    int32_t status = server_search(r->p, r->call, name, &r->fault, found);

    if (status == ACME_RETRY || status == ACME_CANCELLED || status == ACME_DENIED) {
        return status;
    }
    if (status == ACME_OK) {
        rrset_add_disabled(set, found->json, r->zone, name);
    } else {
        acme_log(r->call, ACME_LOG_DEBUG, "the server does not search (%s)", r->fault.text);
    }
    return ACME_OK;
}

static int32_t read_zone(struct run *r, struct round *round, const char *name)
{
    int32_t status = ACME_OK;

    if (round->is_whole) {
        return ACME_OK;
    }
    status = server_read_zone(r->p, r->call, r->zone, name, &r->fault, &round->zone);
    if (status == ACME_OK && server_is_copy(round->zone.json)) {
        return kit_fault_set(
            &r->fault, ACME_REJECTED,
            "zone %.300s is a copy on this server, which its primary would overwrite: "
            "api-url must name the primary",
            r->zone);
    }
    return status;
}

static int32_t refuse_broken(struct run *r, const char *name)
{
    return kit_fault_set(
        &r->fault, ACME_RETRY,
        "the server shows the TXT values of %.300s only in part: what it does not show "
        "would be lost by writing the others",
        name);
}

/* Reads the set at one name and adds what is to be written there. */
static int32_t read_name(struct run *r, struct round *round, struct target *first)
{
    const char *name = first->record->fqdn;
    struct rrset set;
    bool has_others = false;
    KIT_ANSWER(found);
    int32_t status = read_zone(r, round, name);

    if (status != ACME_OK) {
        return status;
    }
    rrset_read(round->zone.json, name, &set, &has_others);
    round->is_whole = round->is_whole || has_others;
    if (set.is_broken) {
        return refuse_broken(r, name);
    }
    if (!round->is_whole && server_hides_disabled(r->p) &&
        !rrset_is_right(&set, r->targets, r->n, name)) {
        status = add_disabled(r, name, &found, &set);
    }
    if (status != ACME_OK || rrset_is_right(&set, r->targets, r->n, name)) {
        return status;
    }
    if (set.has_more) {
        refuse_target(r, first, ACME_REJECTED, "%s holds more than %d TXT values", name,
                      RRSET_RECORDS_MAX);
        return ACME_OK;
    }
    rrset_write(&round->body, &set, r->targets, r->n, name);
    round->n_wrong++;
    round->has_additions = round->has_additions || first->is_add;
    return ACME_OK;
}

/* An answer beyond what the kit takes: too large, which it refuses, or of too many values, which
 * comes like any other that cannot be read. */
static bool is_too_much(int32_t status, const struct kit_fault *fault)
{
    return status == ACME_REJECTED || (status == ACME_RETRY && fault->http_status == 200);
}

/* Many names in one answer, unless that is more than the kit takes. */
static int32_t read_whole(struct run *r, struct round *round)
{
    int32_t status = ACME_OK;

    if (r->reads_each || count_names(r) <= SINGLE_READS_MAX) {
        return ACME_OK;
    }
    status = read_zone(r, round, NULL);
    round->is_whole = status == ACME_OK;
    if (is_too_much(status, &r->fault)) {
        acme_log(r->call, ACME_LOG_DEBUG, "zone %s is read name by name: %s", r->zone,
                 r->fault.text);
        r->reads_each = true;
        return ACME_OK;
    }
    return status;
}

static int32_t read_round(struct run *r, struct round *round)
{
    int32_t status = read_whole(r, round);

    kit_json_open(&round->body, '{');
    kit_json_add_key(&round->body, "rrsets");
    kit_json_open(&round->body, '[');
    for (size_t i = 0; status == ACME_OK && i < r->n; i++) {
        if (leads(r, i)) {
            status = read_name(r, round, &r->targets[i]);
        }
    }
    kit_json_close(&round->body, ']');
    kit_json_close(&round->body, '}');
    return status;
}

/* ---- Writing ---- */

/* A PATCH is refused as a whole. Where its text names the guilty name, the others go on without.
 * false: nobody in particular. */
static bool fail_guilty(struct run *r)
{
    size_t n_open = 0;
    size_t n_failed = 0;

    for (size_t i = 0; i < r->n; i++) {
        struct target *t = &r->targets[i];

        if (!t->is_over && name_is_in_text(t->record->fqdn, r->fault.text)) {
            fail_target(r, t);
            n_failed++;
        }
        n_open += t->is_over ? 0 : 1;
    }
    return n_failed > 0 || n_open == 0;
}

static void note_written(struct run *r)
{
    r->has_written = true;
    (void)snprintf(r->p->owed, sizeof(r->p->owed), "%s", r->zone);
}

/* A zone that is not there holds nothing to remove. */
static int32_t end_without_zone(struct run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct target *t = &r->targets[i];

        if (!t->is_over && t->is_add) {
            fail_target(r, t);
        }
        t->is_over = true;
    }
    return ACME_OK;
}

/* *ret_is_refused: nothing was written, and somebody was found guilty of that. */
static int32_t write_round(struct run *r, const struct round *round, bool *ret_is_refused)
{
    int32_t status = ACME_OK;

    r->fault = (struct kit_fault){.status = ACME_OK};
    status = server_patch(r->p, r->call, r->zone, &round->body, &r->fault);
    *ret_is_refused = status == ACME_REJECTED && fail_guilty(r);
    if (*ret_is_refused) {
        return ACME_OK;
    }
    if (status == ACME_OK || status == ACME_RETRY) {
        note_written(r);
    }
    if (status == ACME_RETRY) {
        acme_log(r->call, ACME_LOG_DEBUG, "looking whether the change was made: %s", r->fault.text);
        return ACME_OK;
    }
    return status;
}

/* What an earlier call left unsaid is said, too. */
static void announce(struct run *r, const struct round *round)
{
    if (strcmp(r->p->owed, r->zone) == 0) {
        server_announce(r->p, r->call, r->zone, round->zone.json);
        r->p->owed[0] = '\0';
    }
}

static int32_t give_up(struct run *r)
{
    return acme_fail(r->call, ACME_RETRY, 0,
                     "values in zone %s are not there after writing them %d times; somebody else "
                     "seems to write the same names, or the server does not keep changes (%s)",
                     r->zone, ROUNDS_MAX,
                     r->fault.text[0] != '\0' ? r->fault.text : "it reported no error");
}

/* Writes what is wrong, and gives others the time to have spoilt it. */
static int32_t correct(struct run *r, const struct round *round, size_t number)
{
    bool is_refused = false;

    if (number > 0 && r->has_written) {
        acme_log(r->call, ACME_LOG_NOTICE,
                 "a change in zone %s is not there, or not any more: writing it again", r->zone);
    }
    if (write_round(r, round, &is_refused) != ACME_OK) {
        return fail_call(r);
    }
    if (!is_refused && r->fault.status == ACME_OK) {
        announce(r, round);
    }
    if (round->has_additions && !is_refused &&
        r->call->host->sleep_ms(r->call, SECOND_LOOK_MS) != ACME_OK) {
        return acme_fail(r->call, ACME_CANCELLED, 0, "the call is over");
    }
    return ACME_OK;
}

/* *ret_is_done: what was read is right. */
static int32_t go_round(struct run *r, size_t number, bool *ret_is_done)
{
    struct round round __attribute__((cleanup(round_done))) = {.is_whole = false};
    int32_t status = read_round(r, &round);

    if (status == ACME_NO_ZONE) {
        *ret_is_done = true;
        return end_without_zone(r);
    }
    if (status != ACME_OK) {
        return fail_call(r);
    }
    if (round.n_wrong > 0) {
        return correct(r, &round, number);
    }
    *ret_is_done = true;
    announce(r, &round);
    return ACME_OK;
}

int32_t change_apply(struct powerdns *p, struct acme_call *call, struct target *targets, size_t n)
{
    struct run r = {
        .p = p, .call = call, .zone = targets[0].record->zone, .targets = targets, .n = n};
    bool is_done = false;
    int32_t status = server_identify(p, call);

    for (size_t i = 0; i < n; i++) {
        check_target(&r, &targets[i]);
    }
    /* Rounds that found a guilty name do not count: each leaves fewer names. */
    for (size_t round = 0; status == ACME_OK && !is_done && round < ROUNDS_MAX;) {
        size_t n_before = count_names(&r);

        status = go_round(&r, round, &is_done);
        round += count_names(&r) == n_before ? 1 : 0;
    }
    return status == ACME_OK && !is_done ? give_up(&r) : status;
}
