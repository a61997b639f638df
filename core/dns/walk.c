/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/walk.h"

#include "dns/name.h"

#include <stdio.h>
#include <string.h>

/* A DNAME above the name rewrites it (RFC 6672); servers add the CNAME that says so, but need not.
 */
static bool read_dname(const struct message *message, const char *name,
                       struct walk_reading *reading)
{
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];
        int prefix_len = (int)strlen(name) - (int)strlen(record->owner);
        int len = 0;

        if (record->section != MESSAGE_ANSWER || record->type != MESSAGE_DNAME || prefix_len <= 0 ||
            !name_is_within(name, record->owner)) {
            continue;
        }
        len = snprintf(reading->target, sizeof(reading->target), "%.*s%s", prefix_len, name,
                       strcmp(record->target, ".") == 0 ? "" : record->target);
        if (len <= 0 || len > NAME_MAX_BYTES) {
            return false;
        }
        name_fold(reading->target);
        reading->step = WALK_DNAME;
        return true;
    }
    return false;
}

static bool read_cname(const struct message *message, const char *name,
                       struct walk_reading *reading)
{
    const struct message_record *cname = message_find(message, MESSAGE_ANSWER, MESSAGE_CNAME, name);

    if (cname == NULL) {
        return false;
    }
    (void)snprintf(reading->target, sizeof(reading->target), "%s", cname->target);
    reading->step = WALK_CNAME;
    return true;
}

static bool is_referral(const struct message *message, const char *zone, const char *name)
{
    const struct message_record *ns = message_find(message, MESSAGE_AUTHORITY, MESSAGE_NS, NULL);

    return ns != NULL && message->rcode == MESSAGE_NOERROR &&
           message_find(message, MESSAGE_AUTHORITY, MESSAGE_SOA, NULL) == NULL &&
           message_find(message, MESSAGE_ANSWER, MESSAGE_TXT, name) == NULL &&
           message_find(message, MESSAGE_ANSWER, MESSAGE_SOA, name) == NULL &&
           strcmp(ns->owner, zone) != 0 && name_is_within(ns->owner, zone) &&
           name_is_within(name, ns->owner);
}

static void read_end(const struct message *message, const char *zone, const char *name,
                     struct walk_reading *reading)
{
    const struct message_record *soa = message_find(message, MESSAGE_ANSWER, MESSAGE_SOA, name);

    if (soa == NULL) {
        soa = message_find(message, MESSAGE_AUTHORITY, MESSAGE_SOA, NULL);
    }
    reading->step = WALK_END;
    if (soa == NULL) {
        return;
    }
    if (!name_is_within(name, soa->owner) || !name_is_within(soa->owner, zone)) {
        reading->step = WALK_LAME;
        reading->why = "answers for another zone only";
        return;
    }
    reading->zone = soa->owner;
    reading->minimum = soa->minimum;
}

void walk_read(const struct message *message, const char *zone, const char *name,
               struct walk_reading *ret_reading)
{
    *ret_reading = (struct walk_reading){.step = WALK_LAME};
    if (message->rcode != MESSAGE_NOERROR && message->rcode != MESSAGE_NXDOMAIN) {
        return;
    }
    if (message->is_authoritative &&
        (read_dname(message, name, ret_reading) || read_cname(message, name, ret_reading))) {
        return;
    }
    if (is_referral(message, zone, name)) {
        ret_reading->step = WALK_REFERRAL;
    } else if (message->is_authoritative) {
        read_end(message, zone, name, ret_reading);
    } else if (!message->offers_recursion && message->rcode == MESSAGE_NOERROR &&
               message_find(message, MESSAGE_ANSWER, MESSAGE_TXT, NULL) == NULL &&
               message_find(message, MESSAGE_ANSWER, MESSAGE_CNAME, NULL) == NULL) {
        ret_reading->why = "does not know the zone";
    } else {
        ret_reading->step = WALK_RECURSIVE;
        ret_reading->why = "answers without authority";
    }
}
