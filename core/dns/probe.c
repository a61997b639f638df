/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which servers of a zone are of use, asked before anything is published: once for each address of
 * a zone in a run, by its SOA. Not by the challenge name: some servers keep answers for a while. */
#include "dns/watch.h"

#include "dns/cut.h"

#include <stdio.h>

static enum dns_class read_class(const struct exchange_result *result, const char *zone)
{
    const struct message *message = result->message;

    if (result->outcome == EXCHANGE_NO_TCP) {
        return DNS_CLASS_GOOD;
    }
    if (result->outcome == EXCHANGE_GARBLED) {
        return DNS_CLASS_LAME;
    }
    if (message == NULL) {
        return DNS_CLASS_DEAD;
    }
    return message->is_authoritative && message->rcode == MESSAGE_NOERROR &&
                   message_find(message, MESSAGE_ANSWER, MESSAGE_SOA, zone) != NULL
               ? DNS_CLASS_GOOD
               : DNS_CLASS_LAME;
}

static void note_why(struct cut_server *server, const struct exchange_result *result)
{
    char rcode[MESSAGE_RCODE_MAX] = "";

    if (result->message != NULL && result->message->rcode != MESSAGE_NOERROR) {
        message_format_rcode(result->message->rcode, rcode);
    }
    if (result->message == NULL) {
        (void)snprintf(server->why, sizeof(server->why), "%s", result->why);
    } else if (result->message->is_authoritative) {
        (void)snprintf(server->why, sizeof(server->why), "%s", rcode[0] != '\0' ? rcode : "no SOA");
    } else {
        (void)snprintf(server->why, sizeof(server->why), "%s",
                       rcode[0] != '\0' ? rcode : "no authority");
    }
}

static void on_soa(void *arg, const struct exchange_result *result)
{
    struct cut_server *server = arg;

    server->probe = NULL;
    server->is_unroutable = result->outcome == EXCHANGE_UNROUTABLE;
    server->class = read_class(result, server->cut->name);
    note_why(server, result);
}

void dns_probe_start(struct dns *dns, const struct dns_place *place)
{
    struct cut *cut = cut_find_complete(dns, place->zone);

    if (cut == NULL || cut->is_probed) {
        return;
    }
    cut->is_probed = true;
    for (size_t i = 0; i < cut->n_servers; i++) {
        struct cut_server *server = cut->servers[i];
        struct exchange_question question = {.address = server->address,
                                             .name = cut->name,
                                             .server = server->text,
                                             .type = MESSAGE_SOA};

        server->probe = exchange_start(dns->net, &question, on_soa, server);
    }
}
