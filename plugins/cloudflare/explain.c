/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Cloudflare's refusals in the words of a user. Its codes say little by themselves: 10000 is a
 * token that is unknown, or one that lacks a permission, or one for other zones; 9109 is those and
 * an address that the token is not to be used from. What was asked, and the message, tell them
 * apart. (In `messages`, 10000 even stands for success: so only `errors` are read.)
 */
#include "cloudflare.h"

#include <stdio.h>
#include <string.h>

#define TOKENS_PAGE "https://dash.cloudflare.com/profile/api-tokens"

enum scheme { ANY_SCHEME, BY_TOKEN, BY_KEY };
#define ANY_PURPOSE (-1)

/* One row: what fits all of code, purpose, scheme and message means this. */
struct meaning {
    int32_t code;
    int32_t purpose; /* enum purpose, or ANY_PURPOSE */
    enum scheme scheme;
    const char *message; /* a part of it; NULL: any */
    int32_t status;
    bool is_credential_bad;
    const char *hint; /* {zone} is replaced */
};

#define BAD_TOKEN "the token is wrong, has expired, or was disabled or deleted: see " TOKENS_PAGE
#define NEEDS_READ                                                                        \
    "the token needs the permission Zone > Zone > Read, with zone {zone} among its zone " \
    "resources; or set zone-id, and zones need not be asked for"
#define NEEDS_ALL                                                                           \
    "to list zones the token needs the permission Zone > Zone > Read for all zones of the " \
    "account; one for certain zones can change them all the same"
#define NEEDS_EDIT                                                                       \
    "the token needs the permission Zone > DNS > Edit, with zone {zone} among its zone " \
    "resources; or it is wrong or has expired: see " TOKENS_PAGE
#define NEEDS_MEMBER "the account of email needs the right to edit DNS records of zone {zone}"
#define BAD_KEY                                                                          \
    "api-key and email do not belong together, or the key was changed: see " TOKENS_PAGE \
    ", Global API Key"
#define BAD_ZONE_ID                                                                         \
    "is zone-id right? It is the id on the zone's overview page, and the zone must be one " \
    "that this credential reaches"
#define IS_ALIAS                                                                                 \
    "a CNAME stands at the name, and nothing can stand beside it: take it away, or publish the " \
    "values where it leads to"

/* The first row that fits counts. */
static const struct meaning MEANINGS[] = {
    {6111, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_DENIED, true,
     "api-token does not look like a token: was it copied whole, and is it not the Global API Key "
     "(which is api-key, with email)?"},
    {6103, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_DENIED, true,
     "api-key does not look like a Global API Key: a token is to be given as api-token"},
    {6102, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_DENIED, true, "email is not an e-mail address"},
    {6003, ANY_PURPOSE, BY_TOKEN, NULL, ACME_DENIED, true, "was api-token copied whole?"},
    {6003, ANY_PURPOSE, BY_KEY, NULL, ACME_DENIED, true, "were api-key and email copied whole?"},
    {9103, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_DENIED, true, BAD_KEY},
    {9106, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_DENIED, true,
     "no credential arrived: does what api-url names pass all headers on?"},
    {9109, ANY_PURPOSE, BY_TOKEN, "location", ACME_DENIED, true,
     "the token may be used from certain addresses only, and this host's is none of them: see "
     "Client IP Address Filtering of the token, " TOKENS_PAGE},
    {9109, ANY_PURPOSE, BY_TOKEN, "nvalid", ACME_DENIED, true, BAD_TOKEN},
    {9109, LIST_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_ALL},
    {9109, FIND_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_READ},
    {9109, ANY_PURPOSE, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_EDIT},
    {0, LIST_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_ALL},
    {1000, ANY_PURPOSE, BY_TOKEN, "oken", ACME_DENIED, true, BAD_TOKEN},
    {0, FIND_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_READ},
    {10000, LIST_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, BAD_TOKEN "; or " NEEDS_ALL},
    {10000, FIND_ZONES, BY_TOKEN, NULL, ACME_DENIED, false, BAD_TOKEN "; or " NEEDS_READ},
    {10000, ANY_PURPOSE, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_EDIT},
    {10001, ANY_PURPOSE, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_EDIT},
    {1009, ANY_PURPOSE, BY_TOKEN, NULL, ACME_DENIED, false, NEEDS_EDIT},
    {9109, ANY_PURPOSE, BY_KEY, NULL, ACME_DENIED, false, NEEDS_MEMBER},
    {10000, ANY_PURPOSE, BY_KEY, NULL, ACME_DENIED, false, BAD_KEY "; or " NEEDS_MEMBER},
    {7003, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_NO_ZONE, false, BAD_ZONE_ID},
    {1001, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_NO_ZONE, false, BAD_ZONE_ID},
    {1049, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_NO_ZONE, false, BAD_ZONE_ID},
    {1038, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false,
     "for zones below .cf, .ga, .gq, .ml and .tk Cloudflare takes changes in its dashboard only: "
     "let _acme-challenge be a CNAME into another zone"},
    {81053, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false, IS_ALIAS},
    {81054, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false, IS_ALIAS},
    {81056, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false,
     "NS records stand at the name: it is delegated, and its values belong to the zone there"},
    {81045, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false,
     "zone {zone} is full: delete records that are not needed, such as old _acme-challenge ones"},
    {9021, ANY_PURPOSE, ANY_SCHEME, NULL, ACME_REJECTED, false, "ttl is 60 to 86400 seconds"},
};

static const struct meaning *find_meaning(const struct question *q, int64_t code,
                                          const char *message)
{
    enum scheme scheme = q->p->settings.api_key != NULL ? BY_KEY : BY_TOKEN;

    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        const struct meaning *m = &MEANINGS[i];

        if (m->code == code && (m->purpose == ANY_PURPOSE || m->purpose == (int32_t)q->purpose) &&
            (m->scheme == ANY_SCHEME || m->scheme == scheme) &&
            (m->message == NULL || strstr(message, m->message) != NULL)) {
            return m;
        }
    }
    return NULL;
}

bool explain_is_known(const struct question *q)
{
    return q->code == CODE_EXISTS || q->code == CODE_IDENTICAL || q->code == CODE_GONE ||
           find_meaning(q, q->code, "") != NULL;
}

static void put_hint(const struct question *q, const char *hint, struct kit_verdict *v)
{
    const char *mark = strstr(hint, "{zone}");

    if (mark == NULL) {
        (void)snprintf(v->hint, sizeof(v->hint), "%s", hint);
        return;
    }
    (void)snprintf(v->hint, sizeof(v->hint), "%.*s%s%s", (int)(mark - hint), hint, q->zone,
                   mark + strlen("{zone}"));
}

static void add_words(struct kit_verdict *v, const char *message, int64_t code)
{
    size_t len = strlen(v->words);

    (void)snprintf(v->words + len, sizeof(v->words) - len, "%s%s (%lld)", len > 0 ? "; " : "",
                   message, (long long)code);
}

/* The first error that is known counts, and more than it what it was caused by. */
static void explain_one(struct question *q, const struct kit_json *error, bool is_cause,
                        struct kit_verdict *v)
{
    int64_t code = kit_json_int(error, "code", -1);
    const char *message = kit_json_str(error, "message");
    const struct meaning *m = NULL;

    message = message == NULL ? "no message" : message;
    add_words(v, message, code);
    if (q->code < 0 || code == CODE_EXISTS || code == CODE_IDENTICAL || code == CODE_GONE) {
        q->code = code;
    }
    m = find_meaning(q, code, message);
    if (m != NULL && (is_cause || v->hint[0] == '\0')) {
        v->status = m->status;
        q->is_credential_bad = m->is_credential_bad;
        put_hint(q, m->hint, v);
    }
}

void explain_errors(struct question *q, const struct kit_json *errors, int http_status,
                    struct kit_verdict *v)
{
    q->code = -1;
    q->is_credential_bad = false;
    v->words[0] = '\0';
    v->hint[0] = '\0';
    KIT_JSON_EACH(error, errors, "")
    {
        explain_one(q, error, false, v);
        KIT_JSON_EACH(cause, error, "error_chain")
        {
            explain_one(q, cause, true, v);
        }
    }
    if (v->words[0] == '\0') {
        (void)snprintf(v->words, sizeof(v->words), "HTTP %d without a reason", http_status);
    }
}
