/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One instance of the plug-in, and its calls of Route 53. */
#ifndef ROUTE53_H
#define ROUTE53_H

#include "aws.h"
#include "credentials.h"

#include <acme-kit.h>

#define ROUTE53_ID_SIZE 33 /* of a hosted zone or a change, without "/hostedzone/" */

struct zone {
    char *name; /* in Route 53's spelling; NULL: every zone that no other entry names */
    char id[ROUTE53_ID_SIZE];
};

struct route53 {
    struct aws_clock clock;
    struct credentials credentials;
    struct aws_client api;
    struct zone *zones; /* those known: given by hosted-zone-id, or found */
    size_t n_zones;
};

/* One call of Route 53: with keys that are in force, once more where they turn out to be over.
 * *answer is to be given to aws_answer_done(). */
int32_t route53_send(struct route53 *p, struct acme_call *call, const struct kit_request *request,
                     struct aws_answer *answer, struct kit_fault *f);

/* Takes the id out of "/hostedzone/Z123" or "Z123". False if it is none. */
bool route53_read_id(const char *text, char to[ROUTE53_ID_SIZE]);

/* Sleeps before the next of several tries: longer each time, and by chance, so that two who are in
 * each other's way part. tries: how many there were. ACME_OK or ACME_CANCELLED. */
int32_t route53_pause(struct acme_call *call, unsigned tries);

#endif
