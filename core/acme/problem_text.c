/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a refusal means to the one who reads it: the CA's words, whole, and the next step. */
#include "acme/problem.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>

#define TEXT_MAX 3500 /* leaves room in struct err for the context that callers add */

static const struct advice {
    const char *type;
    enum err_class class;
    const char *text; /* NULL: the CA's words say it all */
} ADVICE[] = {
    {"accountDoesNotExist", ERR_NOT_FOUND,
     "The CA does not know this account key. (Test CAs forget accounts when they restart.)"},
    {"agreementRequired", ERR_HUMAN,
     "Read the CA's terms of service, then run again with --agree-tos."},
    {"alreadyReplaced", ERR_CA, NULL},
    {"badCSR", ERR_CA,
     "The CA does not take this certificate request: try another --key-type, and check that the "
     "account has an e-mail address if the CA wants one."},
    {"badPublicKey", ERR_CA, "The CA does not take this kind of account key."},
    {"badSignatureAlgorithm", ERR_CA, "The CA does not take this kind of account key."},
    {"caa", ERR_CA,
     "A CAA record forbids this CA to issue. Add one that names it at the domain, or at the name "
     "closest above that has CAA records."},
    {"compound", ERR_CA, NULL},
    {"conflict", ERR_LATER, "Another request changed the same thing. Run again."},
    {"connection", ERR_CA,
     "The CA could not reach a server. For DNS-01 these are the domain's name servers."},
    {"dns", ERR_CA,
     "The CA's resolver failed at this name: check that all the domain's name servers answer, over "
     "IPv4, IPv6 and TCP, and that DNSSEC validates."},
    {"externalAccountRequired", ERR_HUMAN,
     "This CA wants an external account binding: --eab-kid KID --eab-hmac-key-file FILE, or "
     "eab-kid "
     "and eab-hmac-key-file in its [ca] section."},
    {"incorrectResponse", ERR_CA,
     "The CA saw another TXT value than the one expected: look for old values, and for a second "
     "client that writes to the same name."},
    {"invalidContact", ERR_CONFIG, "Give a working e-mail address: --email."},
    {"invalidProfile", ERR_CONFIG, "Choose a profile that the CA offers, or none."},
    {"orderNotReady", ERR_CA, NULL},
    {"rateLimited", ERR_LATER, NULL},
    {"rejectedIdentifier", ERR_CA,
     "The CA does not issue for such a name. Leave it out, or use another CA."},
    {"serverInternal", ERR_LATER, "The fault is at the CA. Try again later."},
    {"unauthorized", ERR_CA, NULL},
    {"unsupportedContact", ERR_CONFIG, "Give an e-mail address: --email."},
    {"unsupportedIdentifier", ERR_CA, "The CA does not issue for such a name."},
    {"userActionRequired", ERR_HUMAN,
     "Open the link, do what it asks (often: agree to new terms), then run again with "
     "--agree-tos."},
};

static const struct advice *find_advice(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(ADVICE); i++) {
        if (str_eq(ADVICE[i].type, type)) {
            return &ADVICE[i];
        }
    }
    return NULL;
}

static enum err_class class_of(const struct acme_problem *problem)
{
    const struct advice *advice = find_advice(problem->type);

    if (problem->status == 429 || problem->status == 503) {
        return ERR_LATER;
    }
    if (advice != NULL) {
        return advice->class;
    }
    return problem->status >= 500 ? ERR_LATER : ERR_CA;
}

static void add_line(struct buf *text, const char *type, const char *detail)
{
    if (type != NULL && type[0] != '\0') {
        buf_add_str(text, type);
        buf_add_str(text, detail != NULL && detail[0] != '\0' ? ": " : "");
    }
    buf_add_str(text, detail == NULL ? "" : detail);
}

static void add_subproblems(struct buf *text, const struct acme_problem *problem)
{
    for (size_t i = 0; i < problem->n_subproblems; i++) {
        const struct acme_subproblem *sub = &problem->subproblems[i];

        buf_addf(text, "\n  %s: ", sub->identifier == NULL ? "(no name)" : sub->identifier);
        add_line(text, sub->type, sub->detail);
    }
}

static void add_links(struct buf *text, const struct acme_problem *problem)
{
    if (problem->instance != NULL) {
        buf_addf(text, "\nSee %s", problem->instance);
    }
    if (problem->link != NULL && !str_eq(problem->link, problem->instance)) {
        buf_addf(text, "\nSee %s", problem->link);
    }
}

static void add_time(struct buf *text, int64_t retry_after_s)
{
    char span[CLOCK_TEXT_MAX], at[CLOCK_TEXT_MAX];

    clock_format_span(retry_after_s, span);
    clock_format(clock_wall_s() + retry_after_s, at);
    buf_addf(text, "\nThe CA asks to come back in %s, at %s.", span, at);
}

/* RFC 8555 section 6.7 has one word, unauthorized, for quite different refusals: inside an
 * authorization it is the TXT record, else it is the account. */
static const char *advice_text(const struct acme_problem *problem)
{
    const struct advice *advice = find_advice(problem->type);

    if (!str_eq(problem->type, "unauthorized")) {
        return advice == NULL ? NULL : advice->text;
    }
    return problem->is_answer
               ? "The account may be deactivated, or not allowed to do this."
               : "The CA did not find the expected TXT value at _acme-challenge of this name.";
}

static int64_t clamp_to_u32(int64_t seconds)
{
    if (seconds < 0) {
        return 0;
    }
    return seconds > UINT32_MAX ? UINT32_MAX : seconds;
}

int acme_problem_to_err(const struct acme_problem *problem, const char *eab_help,
                        int64_t retry_after_s, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(TEXT_MAX);
    const char *advice = advice_text(problem);
    enum err_class class = class_of(problem);

    add_line(&text, problem->type, problem->detail);
    if (text.len == 0) {
        buf_addf(&text, "HTTP status %ld", problem->status);
    }
    add_subproblems(&text, problem);
    add_links(&text, problem);
    if (retry_after_s > 0 && class == ERR_LATER) {
        add_time(&text, retry_after_s);
    }
    if (advice != NULL) {
        buf_addf(&text, "\n%s", advice);
    }
    if (eab_help != NULL && str_eq(problem->type, "externalAccountRequired")) {
        buf_addf(&text, "\nThe CA gives it at: %s", eab_help);
    }
    err_set(err, class, "%s", buf_str(&text));
    err->retry_after_s = class == ERR_LATER ? (uint32_t)clamp_to_u32(retry_after_s) : 0;
    return err_code(err);
}
