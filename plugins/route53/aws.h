/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One call of an AWS service that speaks XML: signed, its errors understood, and sent again where
 * AWS asks for that.
 */
#ifndef ROUTE53_AWS_H
#define ROUTE53_AWS_H

#include "sigv4.h"
#include "xml.h"

#include <acme-kit.h>

#include <stdbool.h>
#include <stdint.h>

#define AWS_CODE_SIZE 64

/* AWS takes a signature for five minutes. Where this machine's clock is further off, requests carry
 * AWS's time, learnt from its answers. */
struct aws_clock {
    int64_t offset_s; /* to add to this machine's time */
    bool is_corrected;
};

struct aws_answer {
    struct xml *root;         /* NULL: the call failed */
    char code[AWS_CODE_SIZE]; /* "InvalidChangeBatch"; "" when there was no error of AWS */
    char message[1024];       /* what AWS said with it, as it came */
    bool has_expired_keys;    /* the keys were good, but are no longer */
};

struct aws_client {
    struct kit_http *http;
    const char *service; /* "route53", "sts": constant */
    char *region;        /* to sign for */
    struct aws_clock *clock;

    /* The call under way. */
    struct acme_call *call;
    const struct sigv4_keys *keys;
    struct aws_answer *answer;
};

struct aws_client_settings {
    const char *name; /* "Route 53", for people */
    const char *service;
    const char *url;
    const char *region;
    const char *ca_file;    /* or NULL */
    uint32_t rate_requests; /* so many a second at the most; 0: no limit */
    struct aws_clock *clock;
};

/* Opens a client. Its address must stay the same until aws_client_close(). On failure the call has
 * been failed. */
int32_t aws_client_open(struct acme_call *call, const struct aws_client_settings *s,
                        struct aws_client *client);
void aws_client_close(struct aws_client *client); /* an empty one is fine */

/* Sends a request whose query is sorted by name. keys NULL: unsigned. *answer must be empty, and is
 * to be given to aws_answer_done() in any case. On failure f says why, for the user. */
int32_t aws_send(struct acme_call *call, struct aws_client *client, const struct sigv4_keys *keys,
                 const struct kit_request *request, struct aws_answer *answer, struct kit_fault *f);

void aws_answer_done(struct aws_answer *answer);

/* Whether it is a policy that does not allow the call. */
bool aws_is_forbidden(const struct aws_answer *answer);

#define AWS_ANSWER(variable) \
    struct aws_answer variable __attribute__((cleanup(aws_answer_done))) = {.root = NULL}

/* Now, as AWS would have it: seconds since 1970. */
int64_t aws_now_s(const struct aws_clock *clock);

/* Seconds since 1970 of a date in AWS's answers, "2026-11-21T10:00:00Z"; -1 when it is none. */
int64_t aws_date_parse(const char *text);

/* Puts words and a colon before the text; returns its status. */
int32_t aws_fault_prefix(struct kit_fault *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
