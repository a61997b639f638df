/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 *     enter cut --> ask its servers for TXT of the name --> referral --> enter the deeper cut
 *                                                       \--> SERVFAIL by all --> ask for CNAME
 *                                                       \--> CNAME --> is it a wildcard's? --> done
 *                                                       \--> end --> which zone? --> done
 *
 * The whole name is asked at each step, not one label more each time: the servers asked are
 * authoritative and remember nothing, and empty non-terminals, which some of them answer wrongly,
 * never matter.
 */
#include "dns/hop.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/mem.h"
#include "dns/moved.h"
#include "dns/name.h"

#include <stdio.h>
#include <string.h>

enum { FAILURES_SHOWN = 6, VALUES_KEPT = 64 };

/* Somebody asks cut for a delegation towards name; others on their way there wait. */
struct gate {
    struct cut *cut;
    char *name;
    struct bell bell;
    struct gate *next;
};

static void enter(struct hop *hop);

static void gate_close(struct hop *hop)
{
    struct gate *gate = hop->gate;

    if (gate == NULL) {
        return;
    }
    hop->gate = NULL;
    for (struct gate **at = &hop->dns->gates; *at != NULL; at = &(*at)->next) {
        if (*at == gate) {
            *at = gate->next;
            break;
        }
    }
    bell_ring(&gate->bell);
    mem_free(gate->name);
    mem_free(gate);
}

static void hop_unlink(struct hop *hop)
{
    for (struct hop **at = &hop->dns->hops; *at != NULL; at = &(*at)->next) {
        if (*at == hop) {
            *at = hop->next;
            return;
        }
    }
}

static void hop_free(struct hop *hop)
{
    loop_timer_cancel(&hop->begin);
    race_cancel(&hop->race);
    exchange_cancel(&hop->sibling);
    bell_leave(&hop->cut_waiter);
    bell_leave(&hop->gate_waiter);
    gate_close(hop);
    strv_done(&hop->values);
    strv_done(&hop->failures);
    mem_free(hop->winner_text);
    mem_free(hop->wildcard_target);
    mem_free(hop->soa_asked);
    mem_free(hop->target);
    mem_free(hop->zone);
    mem_free(hop->name);
    mem_free(hop);
}

/* The gate opens last: those behind it may join or leave walks, this one included no more. */
static void finish(struct hop *hop)
{
    hop_unlink(hop);
    bell_ring(&hop->bell);
    hop_free(hop);
}

static void fail(struct hop *hop)
{
    (void)err_wrap(&hop->err, "cannot find where '%s' lives", hop->name);
    finish(hop);
}

static void fail_intercepted(struct hop *hop)
{
    (void)err_set(&hop->err, ERR_PROPAGATION,
                  "the servers of '%s' answer as a recursive resolver does (without authority, or "
                  "offering recursion): outgoing port 53 seems to be intercepted on this network",
                  hop->cut->name);
    (void)err_hint(&hop->err, "let this host ask any name server, over UDP and TCP, or run "
                              "acme-dns where that is allowed");
    fail(hop);
}

static void fail_unanswered(struct hop *hop)
{
    AUTO_FREE char *failures = strv_join(&hop->failures, "; ");

    if (hop->n_recursive > 0 && hop->n_recursive == hop->n_answered) {
        fail_intercepted(hop);
        return;
    }
    if (hop->n_answered == 0) {
        (void)err_set(&hop->err, ERR_PROPAGATION, "no server of '%s' answers (%s)", hop->cut->name,
                      failures);
        if (name_count_labels(hop->cut->name) < 2) {
            (void)err_hint(&hop->err, "is outgoing port 53 blocked, UDP and TCP?");
        }
    } else {
        (void)err_set(&hop->err, ERR_PROPAGATION, "no server of '%s' answers usefully (%s)",
                      hop->cut->name, failures);
    }
    fail(hop);
}

static void fail_without_address(struct hop *hop)
{
    (void)err_set(&hop->err, ERR_PROPAGATION,
                  "the name servers of '%s' have no address that is known%s%s", hop->cut->name,
                  hop->cut->why[0] == '\0' ? "" : ": ", hop->cut->why);
    fail(hop);
}

static void note_failure(struct hop *hop, const char *server, const char *what)
{
    if (hop->failures.n < FAILURES_SHOWN) {
        strv_take(&hop->failures, str_fmt("%s: %s", server, what));
    }
}

static struct race *start_race(struct hop *hop, const char *name, uint16_t type,
                               const struct race_callbacks *callbacks)
{
    struct race_runner runners[RACE_RUNNERS_MAX];
    struct exchange_question question = {.name = name, .type = type, .is_recursive = false};
    size_t n = cut_runners(hop->cut, runners);

    return race_start(hop->dns->net, &question, runners, n, callbacks, hop);
}

static struct race *ask_cut(struct hop *hop, const char *name, uint16_t type,
                            const struct race_callbacks *callbacks)
{
    strv_done(&hop->failures);
    hop->n_raced = hop->cut->n_servers;
    hop->n_recursive = 0;
    hop->n_answered = 0;
    hop->n_servfails = 0;
    return start_race(hop, name, type, callbacks);
}

/* The zone is known: what is left is to see that it is one we may write in. */
static void end_in_zone(struct hop *hop)
{
    if (strcmp(hop->zone, hop->cut->name) != 0) {
        hop->cut = cut_from_sibling(hop->cut, hop->zone);
    }
    if (strcmp(hop->zone, ".") == 0) {
        (void)err_set(&hop->err, ERR_PROPAGATION, "the root knows no '%s'",
                      name_last_labels(hop->name, 1));
        (void)err_hint(&hop->err, "is the name spelt right, and does the resolver given know the "
                                  "zones that are private to this network?");
        fail(hop);
        return;
    }
    hop->step = WALK_END;
    finish(hop);
}

static void ask_soa(struct hop *hop);

static bool on_soa_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct hop *hop = arg;
    struct walk_reading reading;

    (void)runner;
    if (result->message == NULL) {
        return false;
    }
    hop->n_answered++;
    walk_read(result->message, hop->cut->name, hop->soa_asked, &reading);
    if (reading.step == WALK_END && reading.zone != NULL) {
        str_set(&hop->zone, reading.zone);
        hop->minimum = reading.minimum;
    }
    return reading.step == WALK_END || reading.step == WALK_CNAME || reading.step == WALK_DNAME;
}

static void on_soa_over(void *arg, bool is_won)
{
    struct hop *hop = arg;

    hop->race = NULL;
    if (!is_won) {
        fail_unanswered(hop);
    } else if (hop->zone != NULL) {
        end_in_zone(hop);
    } else {
        /* A wildcard CNAME covers this one too: one label up. */
        str_set(&hop->soa_asked, name_parent(hop->soa_asked));
        ask_soa(hop);
    }
}

/* Which zone an answer came from when it did not say so; the cut itself needs no question. */
static void ask_soa(struct hop *hop)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_soa_judge, .over = on_soa_over};

    if (!name_is_within(hop->soa_asked, hop->cut->name)) {
        str_set(&hop->zone, hop->cut->name);
        end_in_zone(hop);
        return;
    }
    hop->race = ask_cut(hop, hop->soa_asked, MESSAGE_SOA, &CALLBACKS);
}

static void take_values(struct hop *hop, const struct message *message)
{
    for (size_t i = 0; i < message->n_records && hop->values.n < VALUES_KEPT; i++) {
        const struct message_record *record = &message->records[i];

        if (record->section == MESSAGE_ANSWER && record->type == MESSAGE_TXT &&
            strcmp(record->owner, hop->name) == 0) {
            AUTO(buf_done) struct buf text = BUF(2 * ESCAPE_MAX);

            escape_bytes(record->bytes, record->len, &text);
            strv_take(&hop->values, buf_take(&text));
        }
    }
}

/* On the answer to a random sibling of the name: a CNAME to the same target means that a wildcard
 * made both, so that a record at the name itself will hide it. */
static void on_sibling(void *arg, const struct exchange_result *result)
{
    struct hop *hop = arg;
    const struct message *message = result->message;
    const struct message_record *cname = NULL;

    hop->sibling = NULL;
    if (message != NULL && message->is_authoritative) {
        cname = message_find(message, MESSAGE_ANSWER, MESSAGE_CNAME, NULL);
    }
    if (cname == NULL || strcmp(cname->target, hop->target) != 0 ||
        strcmp(name_parent(cname->owner), name_parent(hop->name)) != 0) {
        finish(hop);
        return;
    }
    hop->wildcard_target = TAKE(hop->target);
    str_set(&hop->soa_asked, name_parent(hop->name));
    ask_soa(hop);
}

static void ask_sibling(struct hop *hop)
{
    AUTO_FREE char *name = str_fmt("x%016llx.%s", (unsigned long long)clock_random(UINT64_MAX),
                                   name_parent(hop->name));
    struct exchange_question question = {
        .address = hop->winner, .name = name, .server = hop->winner_text, .type = MESSAGE_CNAME};

    if (!name_is_plain(name)) { /* too long to have a sibling, and so to be a wildcard's */
        finish(hop);
        return;
    }
    hop->sibling = exchange_start(hop->dns->net, &question, on_sibling, hop);
}

static void take_alias(struct hop *hop, const struct walk_reading *reading,
                       const struct exchange_result *result)
{
    bool is_alias = reading->step == WALK_CNAME || reading->step == WALK_DNAME;

    hop->step = reading->step;
    hop->winner = *result->address;
    str_set(&hop->winner_text, result->server);
    str_set(&hop->target, is_alias ? reading->target : NULL);
}

static bool on_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct hop *hop = arg;
    struct walk_reading reading;
    char rcode[MESSAGE_RCODE_MAX];

    (void)runner;
    if (result->message == NULL) {
        note_failure(hop, result->server, result->why);
        return false;
    }
    hop->n_answered++;
    walk_read(result->message, hop->cut->name, hop->name, &reading);
    if (reading.step == WALK_LAME || reading.step == WALK_RECURSIVE) {
        message_format_rcode(result->message->rcode, rcode);
        hop->n_recursive += reading.step == WALK_RECURSIVE ? 1 : 0;
        hop->n_servfails += result->message->rcode == MESSAGE_SERVFAIL ? 1 : 0;
        note_failure(hop, result->server, reading.why != NULL ? reading.why : rcode);
        return false;
    }
    take_alias(hop, &reading, result);
    hop->minimum = reading.minimum;
    str_set(&hop->zone, reading.zone);
    if (reading.step == WALK_REFERRAL) {
        (void)cut_from_referral(hop->cut, hop->name, result->message);
    } else {
        hop->n_recursive = result->message->offers_recursion && hop->cut->offers_recursion ? 1 : 0;
        take_values(hop, result->message);
    }
    return true;
}

static void end_at_alias(struct hop *hop)
{
    if (hop->step == WALK_CNAME) {
        ask_sibling(hop);
    } else {
        finish(hop);
    }
}

static bool on_alias_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct hop *hop = arg;
    struct walk_reading reading;

    (void)runner;
    if (result->message == NULL) {
        return false;
    }
    walk_read(result->message, hop->cut->name, hop->name, &reading);
    if (reading.step != WALK_CNAME && reading.step != WALK_DNAME) {
        return false;
    }
    take_alias(hop, &reading, result);
    return true;
}

static void on_alias_over(void *arg, bool is_won)
{
    struct hop *hop = arg;

    hop->race = NULL;
    if (!is_won) {
        fail_unanswered(hop);
        return;
    }
    gate_close(hop);
    end_at_alias(hop);
}

/* Servers that follow CNAMEs by themselves fail where those go round, or on for too long for them:
 * asked for the CNAME alone they say where the first leads, so that the path can be shown. */
static void end_unanswered(struct hop *hop)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_alias_judge, .over = on_alias_over};

    if (hop->n_servfails == 0) {
        fail_unanswered(hop);
        return;
    }
    hop->race = start_race(hop, hop->name, MESSAGE_CNAME, &CALLBACKS);
}

static void ask(struct hop *hop);

/* There may be more addresses to ask: they join the race, or begin another when it was lost. */
static void on_more_servers(void *arg)
{
    struct hop *hop = arg;

    if (hop->race == NULL && hop->cut->n_servers > hop->n_raced) {
        ask(hop);
        return;
    }
    if (hop->race == NULL && hop->cut->is_complete) {
        end_unanswered(hop);
        return;
    }
    if (hop->race != NULL && hop->cut->n_servers > hop->n_raced) {
        hop->n_raced = hop->cut->n_servers;
        cut_extend_race(hop->cut, hop->race);
    }
    if (!hop->cut->is_complete) {
        bell_wait(&hop->cut->walkable, &hop->cut_waiter, on_more_servers, hop);
    }
}

static void on_over(void *arg, bool is_won)
{
    struct hop *hop = arg;

    hop->race = NULL;
    if (!is_won) {
        cut_start(hop->cut);
        on_more_servers(hop);
        return;
    }
    bell_leave(&hop->cut_waiter);
    gate_close(hop);
    if (hop->step == WALK_REFERRAL) {
        enter(hop);
    } else if (hop->n_recursive > 0) {
        fail_intercepted(hop);
    } else if (hop->step == WALK_CNAME || hop->step == WALK_DNAME) {
        end_at_alias(hop);
    } else if (hop->zone != NULL) {
        end_in_zone(hop);
    } else {
        str_set(&hop->soa_asked, hop->name);
        ask_soa(hop);
    }
}

static struct gate *gate_find(const struct hop *hop, const char *name)
{
    for (struct gate *gate = hop->dns->gates; gate != NULL; gate = gate->next) {
        if (gate->cut == hop->cut && strcmp(gate->name, name) == 0) {
            return gate;
        }
    }
    return NULL;
}

/* The one before us knows more now: a cut that holds our name too, or that there is none so high.
 */
static void on_gate(void *arg)
{
    struct hop *hop = arg;

    if (cut_find(hop->dns, hop->name) != hop->cut) {
        enter(hop);
    } else {
        hop->depth++;
        ask(hop);
    }
}

static void ask(struct hop *hop)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_judge, .over = on_over};
    const char *key = name_last_labels(hop->name, name_count_labels(hop->cut->name) + hop->depth);
    struct gate *gate = key == hop->name ? NULL : gate_find(hop, key);

    if (gate != NULL && gate != hop->gate) {
        bell_wait(&gate->bell, &hop->gate_waiter, on_gate, hop);
        return;
    }
    if (key != hop->name && hop->gate == NULL) {
        hop->gate = NEW(struct gate);
        hop->gate->cut = hop->cut;
        hop->gate->name = str_dup(key);
        hop->gate->next = hop->dns->gates;
        hop->dns->gates = hop->gate;
    }
    hop->race = ask_cut(hop, hop->name, MESSAGE_TXT, &CALLBACKS);
    if (hop->cut->is_started && !hop->cut->is_complete && hop->cut_waiter.at == NULL) {
        bell_wait(&hop->cut->walkable, &hop->cut_waiter, on_more_servers, hop);
    }
}

static void on_walkable(void *arg)
{
    struct hop *hop = arg;

    if (hop->cut->n_servers == 0) {
        fail_without_address(hop);
    } else {
        ask(hop);
    }
}

/* Goes on from the deepest cut known. Below a public suffix the zone is likely the one, and its
 * servers are looked up beside the question. */
static void enter(struct hop *hop)
{
    struct cut *cut = cut_find(hop->dns, hop->name);

    hop->cut = cut;
    hop->depth = 1;
    if (cut->n_servers == 0 || name_count_labels(cut->name) >= 2) {
        cut_start(cut);
    }
    if (cut->n_servers == 0 && !cut->is_complete) {
        bell_wait(&cut->walkable, &hop->cut_waiter, on_walkable, hop);
    } else {
        on_walkable(hop);
    }
}

static void on_begin(void *arg)
{
    struct hop *hop = arg;
    const char *target = moved_find(hop->dns, hop->name);

    hop->begin = NULL;
    if (target != NULL) {
        hop->step = WALK_CNAME;
        str_set(&hop->target, target);
        finish(hop);
        return;
    }
    enter(hop);
}

struct hop *hop_join(struct dns *dns, const char *name, struct bell_waiter *waiter, bell_fn *fn,
                     void *arg)
{
    struct hop *hop = dns->hops;

    while (hop != NULL && strcmp(hop->name, name) != 0) {
        hop = hop->next;
    }
    if (hop == NULL) {
        hop = NEW(struct hop);
        hop->dns = dns;
        hop->name = str_dup(name);
        hop->next = dns->hops;
        dns->hops = hop;
        hop->begin = loop_timer_start(dns->loop, 0, on_begin, hop);
    }
    hop->n_users++;
    bell_wait(&hop->bell, waiter, fn, arg);
    return hop;
}

void hop_leave(struct hop *hop, struct bell_waiter *waiter)
{
    bell_leave(waiter);
    if (--hop->n_users == 0) {
        hop_unlink(hop);
        hop_free(hop);
    }
}
