/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Problem documents (RFC 7807, RFC 8555 section 6.7): read from an answer, told to the user. */
#ifndef ACME_PROBLEM_H
#define ACME_PROBLEM_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/http.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACME_SUBPROBLEMS_MAX 100

struct acme_subproblem {
    char *identifier; /* or NULL */
    char *type;
    char *detail;
};

struct acme_problem {
    char *
        type; /* "rateLimited": without the ACME prefix; other URIs whole; "" when none was given */
    char *detail;   /* never NULL */
    char *instance; /* URL for a human, or NULL */
    char *link;     /* of the answer: terms of service or help, or NULL */
    long status;    /* HTTP; 0: not told */
    bool is_answer; /* to a request of ours; false: the reason inside an object that failed */
    struct acme_subproblem *subproblems;
    size_t n_subproblems;
};

/* From the `error` member of an object, or from a document's root. NULL when it is not an object.
 */
struct acme_problem *acme_problem_parse(const struct json *object);

/* Never NULL: an answer that is no problem document becomes one by its status, with a quote of up
 * to 200 bytes of its body. */
struct acme_problem *acme_problem_from_response(const struct http_response *response);
struct acme_problem *acme_problem_copy(const struct acme_problem *problem);
void acme_problem_free(struct acme_problem *problem);
DEFINE_AUTO_PTR(acme_problem, acme_problem_free);

bool acme_problem_is(const struct acme_problem *problem, const char *type); /* takes NULL */

/*
 * Fills err: "TYPE: detail", a line for each subproblem, the CA's link, what the user can do. The
 * class is by type: ERR_LATER for rate limits and busy servers (retry_after_s when not negative),
 * ERR_HUMAN where a person must act, ERR_NOT_FOUND for an account that the CA does not know, else
 * ERR_CA. eab_help says where account bindings come from, or is NULL. Returns -class.
 */
int acme_problem_to_err(const struct acme_problem *problem, const char *eab_help,
                        int64_t retry_after_s, struct err *err);

#endif
