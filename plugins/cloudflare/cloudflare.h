/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The rooms of the cloudflare plug-in, lowest first:
 *
 *     settings    the option values, checked
 *     explain     what an error code of Cloudflare's means for the user
 *     api         one request: credential, envelope
 *     zone        which zone of Cloudflare's holds a name; all zones
 *     look        which records stand at the names of changes, and what that means for them
 *     record      one record made or deleted
 *     change      changes in, batches or single requests out
 *
 * Nothing is ever created or deleted on a guess: a request whose fate is unknown is followed by a
 * look at what stands there, and a record is deleted only by an id that was just read together with
 * the name and the value it belongs to.
 */
#ifndef CLOUDFLARE_H
#define CLOUDFLARE_H

#include <acme-kit.h>
#include <acme-plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- settings.c ---- */

/* The places of the option table. */
enum option {
    OPTION_API_TOKEN,
    OPTION_ZONE_API_TOKEN,
    OPTION_API_KEY,
    OPTION_EMAIL,
    OPTION_ZONE_ID,
    OPTION_ACCOUNT_ID,
    OPTION_API_URL,
    N_OPTIONS
};
extern const struct acme_plugin_option settings_options[N_OPTIONS];

/* Texts that live until close(); NULL: not set. Either a token or a key with an e-mail address. */
struct settings {
    const char *api_token;
    const char *zone_api_token; /* for requests about zones; NULL: api_token */
    const char *api_key;
    const char *email;
    const char *zone_id;
    const char *account_id;
    const char *api_url;
};

#define ID_SIZE 72 /* Cloudflare's ids have 32 digits; a gateway may have others */

/* Whether this can be an id: only letters, digits, hyphens and underscores. */
bool settings_id_is_sound(const char *id);

/* Fails the call with ACME_BAD_CONFIG when the settings cannot work; sends nothing. */
int32_t settings_read(struct acme_call *call, const struct acme_open *o,
                      struct settings *ret_settings);

/* ---- api.c ---- */

#define ID_SIZE 72            /* Cloudflare's ids have 32 digits; a gateway may have others */
#define CHANGES_PER_BATCH 200 /* of the smallest plan */

/* An answer to the question for a zone of one name. */
struct zone {
    struct zone *next;
    char *name;      /* without a dot at the end */
    char *id;        /* NULL: this credential reaches no such zone */
    char status[16]; /* "active", "pending" ...; cut where it is longer */
    bool is_partial; /* its name servers are elsewhere */
    bool has_warned; /* the user knows what is odd about it */
};

/* An instance. */
struct cloudflare {
    struct settings settings;
    struct kit_http *http;
    struct zone *zones; /* what was asked so far */
    bool is_batchless;  /* no batches here: learnt by trying */
};

/* What a request is about, for the words of its failure. */
enum purpose { LIST_ZONES, FIND_ZONES, READ_RECORDS, CHANGE_RECORDS };

/* One request to the API and what it met with. */
struct question {
    struct cloudflare *p;
    struct acme_call *call;
    enum purpose purpose;
    const char *zone; /* its name, for texts: not NULL but for LIST_ZONES */
    kit_recheck_fn *recheck;
    void *recheck_context;

    /* Of the last answer: */
    int64_t code;           /* of its first error; -1: none */
    bool is_credential_bad; /* no other request would fare better */
    struct kit_fault fault; /* why it failed */
};

/* Opens the client with the credential of the settings. */
int32_t api_open(struct acme_call *call, struct cloudflare *p);

/* Sends a request; q->fault is set unless the result is ACME_OK. answer: see kit_send(). */
int32_t api_send(struct question *q, struct kit_request *request, struct kit_answer *answer);

/* Walks over the pages of a list; false at its end or, with pages->status, on a failure. */
bool api_pages_next(struct question *q, struct kit_request *request, uint32_t per_page,
                    struct kit_pages *pages);

/* ---- explain.c ---- */

#define CODE_EXISTS 81057
#define CODE_IDENTICAL 81058
#define CODE_GONE 81044

/* Reads the errors of an answer into the verdict: status, words, hint. */
void explain_errors(struct question *q, const struct kit_json *errors, int http_status,
                    struct kit_verdict *v);

/* Whether the first error of the last answer has a meaning of its own. */
bool explain_is_known(const struct question *q);

/* ---- zone.c ---- */

/* The zone that holds a record, asked for only once. *ret_id lives as long as the instance.
 * is_adding: only a zone that name servers answer for will do, and the user hears of doubts. */
int32_t zone_find(struct cloudflare *p, struct acme_call *call, const struct acme_record *record,
                  bool is_adding, const char **ret_id, struct kit_fault *f);

/* Reports all zones that the credential can change. */
int32_t zone_list(struct cloudflare *p, struct acme_call *call, struct kit_fault *f);

void zone_forget_all(struct cloudflare *p);

/* ---- look.c ---- */

#define IDS_MAX 8

/* One change on its way. */
struct change {
    const struct acme_record *record;
    size_t index; /* in the caller's list */
    uint32_t what;
    const char *zone_id; /* where it belongs; NULL: not known yet */
    char receipt_zone_id[ID_SIZE];
    bool is_receipt_stale; /* the zone of the receipt is none any more */
    bool is_done;
    bool has_failed; /* and was reported, with failed_status */
    int32_t failed_status;

    /* What the last look saw: */
    char ids[IDS_MAX][ID_SIZE]; /* records of this name and value */
    size_t n_ids;
    char alias[256]; /* where a CNAME at the name leads; "": there is none */
};

static inline bool change_is_open(const struct change *c)
{
    return !c->is_done && !c->has_failed;
}

static inline bool change_is_add(const struct change *c)
{
    return c->what == ACME_ADD;
}

/* Reports why a change failed. */
void change_fail(struct acme_call *call, struct change *c, const struct kit_fault *f);

/* What belongs to all requests of one change_make(). */
struct run {
    struct cloudflare *p;
    struct acme_call *call;
    struct kit_fault *f;  /* why those that are still open cannot be made */
    bool has_looked;      /* what a look can tell about refusals is known */
    unsigned n_fruitless; /* refusals since something last succeeded */
};

/* A batch, or a single addition, on its way. */
struct parcel {
    struct run *r;
    struct change **changes;
    size_t n;
    bool is_partial;        /* some of it is done: what is left has to be sent by itself */
    struct kit_fault fault; /* of a look in between */
};

/* Reads what stands at the names of the changes, all of one zone: sets their ids and aliases. */
int32_t look_at(struct cloudflare *p, struct acme_call *call, struct change *const *changes,
                size_t n, struct kit_fault *f);

/* Keeps for the journal where the record of an addition is. */
void look_keep_receipt(struct run *r, const struct change *c, const char *id);

/* Draws from the last look what is done already, and what can never be, which is reported. Returns
 * how many of the changes are settled. */
size_t look_settle(struct run *r, struct change *const *changes, size_t n);

/* A kit_recheck_fn whose context is a parcel: a request broke off, was it carried out? */
int32_t look_recheck(void *context, struct acme_call *call, bool *ret_was_done);

/* ---- record.c ---- */

/* Adds the record to be made, as JSON. */
void record_add_body(struct kit_text *json, const struct acme_record *record);

/* Takes the record that an addition led to, as the API shows it: keeps its id, or takes it away
 * again when it is not where it should be, and fails the change. */
void record_take(struct run *r, struct change *c, const struct kit_json *record);

/* A single request for an addition, or for each record of a removal. */
int32_t record_add(struct run *r, struct change *c);
int32_t record_remove(struct run *r, struct change *c);

/* ---- change.c ---- */

/* Makes changes of one zone; each is then done, or failed and reported. Another status than ACME_OK
 * says why those that are still open could not be made. */
int32_t change_make(struct cloudflare *p, struct acme_call *call, struct change *const *changes,
                    size_t n, struct kit_fault *f);

#endif
