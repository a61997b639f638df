/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/lookup.h"

#include "base/mem.h"
#include "dns/address.h"
#include "dns/race.h"

#include <stdio.h>
#include <string.h>

enum { ADDRESSES_MAX = 32, NAMES_MAX = 32 };

static void take_answer(struct lookup *lookup, const struct message *message)
{
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];

        if (record->type == MESSAGE_NS && lookup->type == MESSAGE_NS &&
            record->section == MESSAGE_ANSWER && lookup->names.n < NAMES_MAX) {
            strv_add_unique(&lookup->names, record->target);
        } else if ((record->type == MESSAGE_A || record->type == MESSAGE_AAAA) &&
                   (lookup->type == MESSAGE_NS || lookup->type == record->type) &&
                   lookup->n_addresses < ADDRESSES_MAX) {
            address_from_bytes(
                record->bytes, record->len,
                &VEC_PUSH(lookup->addresses, lookup->n_addresses, lookup->cap_addresses));
            strv_add(&lookup->owners, record->owner);
        }
    }
}

static bool on_judge(void *arg, size_t runner, const struct exchange_result *result)
{
    struct lookup *lookup = arg;
    char rcode[MESSAGE_RCODE_MAX];
    char address[ADDRESS_TEXT_MAX];

    if (result->outcome == EXCHANGE_ANSWERED &&
        (result->message->rcode == MESSAGE_NOERROR || result->message->rcode == MESSAGE_NXDOMAIN)) {
        take_answer(lookup, result->message);
        lookup->is_answered = true;
        return true;
    }
    address_format(&lookup->dns->resolvers[runner], address);
    if (result->message != NULL) {
        message_format_rcode(result->message->rcode, rcode);
    }
    (void)snprintf(lookup->why, sizeof(lookup->why), "resolver %.48s: %s", address,
                   result->message != NULL ? rcode : result->why);
    return false;
}

static void on_over(void *arg, bool is_won)
{
    struct lookup *lookup = arg;

    (void)is_won;
    lookup->race = NULL;
    lookup->is_done = true;
    lookup->done_ms = loop_now_ms(lookup->dns->loop);
    bell_ring(&lookup->bell);
}

static struct lookup *lookup_start(struct dns *dns, const char *name, uint16_t type)
{
    static const struct race_callbacks CALLBACKS = {.judge = on_judge, .over = on_over};
    struct race_runner runners[RACE_RUNNERS_MAX] = {0};
    struct exchange_question question = {.name = name, .type = type, .is_recursive = true};
    struct lookup *lookup = NEW(struct lookup);
    size_t n = 0;

    for (; n < dns->n_resolvers && n < RACE_RUNNERS_MAX; n++) {
        runners[n] = (struct race_runner){.address = dns->resolvers[n], .server = "resolver"};
    }
    lookup->dns = dns;
    lookup->name = str_dup(name);
    lookup->type = type;
    lookup->next = dns->lookups;
    dns->lookups = lookup;
    lookup->race = race_start(dns->net, &question, runners, n, &CALLBACKS, lookup);
    return lookup;
}

/* A failure is worth another question to the next who wants to know. */
static bool is_usable(const struct lookup *lookup)
{
    return !lookup->is_done ||
           (lookup->is_answered && loop_now_ms(lookup->dns->loop) - lookup->done_ms < DNS_CACHE_MS);
}

struct lookup *lookup_get(struct dns *dns, const char *name, uint16_t type)
{
    for (struct lookup *lookup = dns->lookups; lookup != NULL; lookup = lookup->next) {
        if (lookup->type == type && strcmp(lookup->name, name) == 0 && is_usable(lookup)) {
            return lookup;
        }
    }
    return lookup_start(dns, name, type);
}

void lookup_free_all(struct dns *dns)
{
    while (dns->lookups != NULL) {
        struct lookup *lookup = dns->lookups;

        dns->lookups = lookup->next;
        race_cancel(&lookup->race);
        strv_done(&lookup->names);
        strv_done(&lookup->owners);
        mem_free(lookup->addresses);
        mem_free(lookup->name);
        mem_free(lookup);
    }
}
