/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the files of the kit share and plug-ins do not see:
 *
 *     memory    allocation that does not fail
 *     text      growing texts, UTF-8
 *     mask      remote and secret text on its way to a person
 *     json_*    reading and writing
 *     url       base URL, path and query
 *     headers   lists of headers, both ways
 *     date      dates, Retry-After, rate limits as services tell them
 *     client    settings and credentials of one client
 *     try       one request sent once, over libcurl
 *     verdict   what an answer means
 *     words     ... and what to tell the user
 *     send      tries, pauses, deadlines
 *     pages     lists
 *     listing   lists of zones and records, whatever their shape
 *     find      the zone of a name, the records that hold a value
 *     check     a callback that needs the plug-in
 *     names txt names and values
 */
#ifndef KIT_IMPL_H
#define KIT_IMPL_H

#include "acme-kit.h"

#include <curl/curl.h>

/* ---- memory.c: the process ends when there is none ---- */

void *kit_alloc(size_t n, size_t size); /* zeroed */
void *kit_realloc(void *p, size_t n, size_t size);
char *kit_strdup(const char *text); /* NULL: NULL */
char *kit_strndup(const char *text, size_t len);
void kit_free_secret(char *text);

/* ---- text.c ---- */

/* The bytes of the character at text, at most len, and its code point; 0 for bad UTF-8. */
size_t kit_utf8_decode(const char *text, size_t len, uint32_t *ret_code);

/* Standard base64 with padding. */
void kit_text_add_base64(struct kit_text *t, const void *bytes, size_t len);

/* ---- mask.c ---- */

/* Secrets in the forms that they may show up in. */
struct kit_secrets {
    char **forms;
    size_t n;
};

void kit_secrets_add(struct kit_secrets *s, const char *text);
void kit_secrets_done(struct kit_secrets *s);

/* Adds text with secrets replaced, spaces folded to one, and everything that could deceive a
 * terminal escaped; cut behind max bytes. */
void kit_mask_add(struct kit_text *t, const struct kit_secrets *s, const char *text, size_t max);

/* ---- url.c ---- */

/* An address without its query; all parts are owned. */
struct kit_url {
    char *scheme;    /* "https" */
    char *authority; /* host[:port], the port only where it is not the scheme's own */
    char *path;      /* without a slash at the end; may be "" */
    bool is_loopback;
};

/* What is wrong with url, in words that fit behind "URL: "; NULL: nothing, and *ret_url is set. */
const char *kit_url_parse(const char *url, uint32_t flags, struct kit_url *ret_url);
void kit_url_done(struct kit_url *u);

/* Adds url as people may see it: without user name and password, and without a query, since both
 * are where tokens are put by mistake. */
void kit_url_add_shown(struct kit_text *t, const char *url);

/* Adds the whole URL of a request. A flaw of the request in words, or NULL. */
const char *kit_url_build(const struct kit_url *base, const struct kit_request *rq,
                          struct kit_text *to);

/* Resolves a reference that an answer to `from` held; must lead to the same scheme, host and port.
 * To free(); NULL if it does not. */
char *kit_url_resolve(const char *from, const char *reference);

/* Adds a=1&b=2 from pairs. */
void kit_url_add_pairs(struct kit_text *t, const struct kit_pair *pairs, size_t max);

/* ---- headers.c ---- */

struct kit_headers {
    struct kit_header {
        char *name;
        char *value;
    } * items;
    size_t n;
    size_t n_bytes;
};

#define KIT_HEADERS_BYTES_MAX 65536u /* of all headers of an answer */

void kit_headers_done(struct kit_headers *h);
/* Replaces one of the same name. */
void kit_headers_set(struct kit_headers *h, const char *name, const char *value);
/* A line as received: "Name: value\r\n". A status line empties the list: what came before it
 * belonged to an interim answer. */
void kit_headers_take_line(struct kit_headers *h, const char *line, size_t len);
const char *kit_headers_find(const struct kit_headers *h, const char *name);
/* Why name and value cannot be sent, or NULL. */
const char *kit_headers_flaw(const char *name, const char *value);
/* For libcurl. They hold credentials, which kit_headers_list_free() wipes. */
struct curl_slist *kit_headers_list(const struct kit_headers *h);
void kit_headers_list_free(struct curl_slist *list);
/* The target of the Link header with rel="next" (RFC 8288), to free(); or NULL. */
char *kit_headers_next_link(const struct kit_headers *h);

/* ---- date.c ---- */

int64_t kit_now_ms(void); /* since an unknown start, never backwards */

/* Seconds to wait as Retry-After says, a date counted from the answer's own clock; 0 without. */
uint32_t kit_retry_after_s(const struct kit_headers *h);

/* Milliseconds until another request is allowed, as headers about rate limits say; 0: now. */
int64_t kit_rate_pause_ms(const struct kit_headers *h);

/* ---- client.c ---- */

struct kit_http {
    CURLM *multi;
    CURL *easy;
    struct kit_url base;
    char *service;
    char *agent;
    char *accept;
    char *ca_file; /* NULL: libcurl's own choice */
    char *ca_folder;
    struct kit_headers headers;
    struct kit_secrets secrets;
    struct kit_http_settings settings; /* its texts are not valid any more; zeros are resolved */
    int64_t *sent_ms;                  /* ring of the last rate_requests sendings */
    size_t next_sent;
    int64_t blocked_until_ms; /* the service said so */
};

/* ---- try.c ---- */

/* One request on its way, for all its tries. */
struct kit_sending {
    struct acme_call *call;
    struct kit_http *http;
    const struct kit_request *rq;
    const char *method;
    struct kit_text url;
    struct kit_text form;
    const char *body; /* NULL: none */
    size_t body_len;
    const char *content_type;
    uint32_t n_tries;
    bool is_repeatable;
    bool is_change; /* not GET or HEAD */
    bool has_doubt; /* an earlier try may have been carried out */
};

/* What answers own: kit_answer.impl. */
struct kit_answer_impl {
    struct kit_text body;
    struct kit_headers headers;
    struct kit_json *json;
    char *url;
};

/* How one try ended. */
struct kit_outcome {
    CURLcode code; /* CURLE_OK: there is an answer */
    bool is_cancelled;
    bool is_too_large;
    bool was_sent; /* the other side may have the request */
    int64_t took_ms;
    int64_t limit_ms;
    char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* Sends once and waits. Another status than ACME_OK comes from prepare. */
int32_t kit_try_run(struct kit_sending *s, struct kit_answer *ret_answer,
                    struct kit_outcome *ret_outcome);

/* ---- verdict.c ---- */

/* Judges a try. *ret_problem gets a few words for the text, or NULL where the status says it all.
 */
void kit_verdict_of(const struct kit_sending *s, struct kit_answer *answer,
                    const struct kit_outcome *outcome, struct kit_verdict *ret_v,
                    const char **ret_problem);

/* ---- words.c ---- */

/* Finds what an answer's body says about a failure, raw and unmasked; cut at size. */
void kit_words_find(const struct kit_answer *answer, char *ret_words, size_t size);

/* Writes the reason of a failed sending into *ret_fault. */
void kit_words_fault(const struct kit_sending *s, const struct kit_answer *answer,
                     const struct kit_outcome *outcome, const struct kit_verdict *v,
                     const char *problem, struct kit_fault *ret_fault);

/* ---- send.c ---- */

/* Reports a fault as the request wishes; its status. */
int32_t kit_send_report(struct acme_call *call, const struct kit_request *rq,
                        const struct kit_fault *fault);

/* ---- pages.c ---- */

/* Reports what is wrong with the list that a request asks for; status. */
int32_t kit_list_fail(struct acme_call *call, const struct kit_http *http,
                      const struct kit_request *rq, int32_t status, const char *problem);

/* ---- listing.c ---- */

/* One list that is read: what is asked for, and where in its elements things stand. */
struct kit_listing {
    struct acme_call *call;
    struct kit_http *http;
    const struct acme_record *record;
    struct kit_place *place;
    struct kit_request request; /* of list, with its marks replaced */
    struct kit_paging paging;
    struct kit_list list; /* with the defaults filled in; its request is not used */
    const char *wanted;   /* the zone that was asked for; NULL: any that holds the name */
    bool has_relative_names;
    bool is_twice;       /* another zone has the name of the best */
    const char *problem; /* with the list, in words; NULL: none */
};

/* Makes ready to read one of the lists of api; the other fields are the caller's. */
void kit_listing_init(struct kit_listing *r, const struct kit_api *api,
                      const struct kit_list *list);

/* Whether a mark stands in the request's parts, in its query. */
bool kit_listing_has_part(const struct kit_request *rq, const char *mark);
bool kit_listing_has_query(const struct kit_request *rq, const char *mark);

/* Puts text in the place of a mark; NULL takes the pair out of the query. */
void kit_listing_put(struct kit_request *rq, const char *mark, const char *text);

/* Gives all elements to take, over all pages, until it notes a problem. A failure, which that is
 * too, has been reported as the request wishes. */
typedef void kit_listing_fn(struct kit_listing *r, const struct kit_json *element);
int32_t kit_listing_take(struct kit_listing *r, kit_listing_fn *take);

#endif
