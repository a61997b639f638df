/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-kit.h: help for plug-ins that speak to a DNS host over HTTP. A static library, linked into
 * the plug-in; it is no part of the interface of acme-plugin.h and may change with any release.
 *
 *     const struct kit_http_settings s = {.service = "Example DNS",          once, in open()
 *                                         .base_url = "https://api.example/v1",
 *                                         .credential = {.option = "token", .secret = token}};
 *
 *     status = kit_http_open(call, &s, &p->http);
 *
 *     KIT_TEXT(json);                                                        in add()
 *     KIT_ANSWER(answer);
 *     kit_json_addf(&json, "{'name': %s, 'type': 'TXT', 'content': %s}", name, value);
 *     status = kit_send(call, p->http,
 *                       &(struct kit_request){.method = "POST",
 *                                             .path = "/zones/{}/records",
 *                                             .parts = {zone},
 *                                             .json = &json},
 *                       &answer);
 *     if (status != ACME_OK) {
 *         return status;                               the user has been told why, in clear words
 *     }
 *     id = kit_json_str(answer.json, "record.id");
 *
 * What it takes care of: https with a checked certificate (plain http to this machine alone), the
 * variables for proxies and CA bundles, kept connections, the call's deadline and its cancellation,
 * repeats with growing pauses where repeating is harmless, Retry-After, rate limits, ceilings on
 * what a server may send, statuses turned into those of acme-plugin.h, and texts in which the
 * service's words are escaped and secrets replaced.
 *
 * Everything blocks and belongs to the thread of the callback. A struct of this header that is set
 * to zero is empty and valid: KIT_TEXT() and KIT_ANSWER() declare one that is released at the end
 * of its block. Strings are UTF-8 with a NUL behind. When no memory is left the process ends, which
 * acme-dns reports like any other death of a plug-in.
 *
 * What links it needs libcurl and yajl too: pkg-config --cflags --libs acme-kit. A guide for
 * authors of plug-ins is in docs/plugin-guide.md; `acme-dns plugin new` writes a plug-in to begin
 * with.
 */
#ifndef ACME_KIT_H
#define ACME_KIT_H

#include <acme-plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define KIT_EMPTY \
    {             \
    }
#else
#define KIT_EMPTY \
    {             \
        0         \
    }
#endif

/* ---- Texts ---- */

/* A text that grows, up to KIT_TEXT_MAX bytes; what does not fit is left out and is_broken is set,
 * as it is by a template that kit_json_addf() cannot take: kit_send() refuses such a text. Its
 * memory is wiped when released. */
struct kit_text {
    char *bytes; /* NUL-terminated; NULL while empty: kit_text_str() is never NULL */
    size_t len;
    size_t cap;
    bool is_broken;
};

#define KIT_TEXT_MAX ((size_t)4 << 20)

/* Declares an empty text that is released at the end of the block. */
#define KIT_TEXT(variable) \
    struct kit_text variable __attribute__((cleanup(kit_text_done))) = KIT_EMPTY

void kit_text_done(struct kit_text *t);
void kit_text_clear(struct kit_text *t); /* keeps the memory */
/* Holds text and nothing else then; NULL: nothing. */
void kit_text_set(struct kit_text *t, const char *text);
void kit_text_add(struct kit_text *t, const void *bytes, size_t len);
void kit_text_add_str(struct kit_text *t, const char *text);
void kit_text_addf(struct kit_text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *kit_text_str(const struct kit_text *t);

/* Adds text with all but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986 section 2.3). */
void kit_text_add_escaped(struct kit_text *t, const char *text);

/* ---- Reading JSON (RFC 8259) ---- */

/*
 * One value of a parsed document. All readers take NULL, which stands for "not there"; what they
 * return lives as long as the document. A path names members by dots and elements by numbers:
 * "result.0.id", "zone.records"; "" or NULL is the value itself. Use kit_json_member() for keys
 * that have dots inside.
 */
struct kit_json;

enum kit_json_type {
    KIT_JSON_NULL, /* also of what is not there */
    KIT_JSON_BOOL,
    KIT_JSON_NUMBER,
    KIT_JSON_STRING,
    KIT_JSON_ARRAY,
    KIT_JSON_OBJECT
};

#define KIT_JSON_DEPTH_MAX 32
#define KIT_JSON_NODES_MAX 100000

/* Parses one document. NULL when it is none, and then ret_problem (optional) says in a few words of
 * ours why. Deep nesting, too many values, a NUL inside a string and equal keys in one object are
 * problems. kit_send() does this for you. */
struct kit_json *kit_json_parse(const char *text, size_t len, const char **ret_problem);
void kit_json_free(struct kit_json *document);

enum kit_json_type kit_json_type(const struct kit_json *json, const char *path);
const struct kit_json *kit_json_find(const struct kit_json *json, const char *path);
const struct kit_json *kit_json_member(const struct kit_json *object, const char *key);

/* A string's text; NULL for every other type. */
const char *kit_json_str(const struct kit_json *json, const char *path);

/* A string's text, or a number as it was written: for ids, which may be either. NULL otherwise. */
const char *kit_json_id(const struct kit_json *json, const char *path);

/* A whole number, or a string that holds one; else the fallback. */
int64_t kit_json_int(const struct kit_json *json, const char *path, int64_t fallback);
bool kit_json_bool(const struct kit_json *json, const char *path, bool fallback);

/* Elements of an array, members of an object; 0 otherwise. */
size_t kit_json_count(const struct kit_json *json, const char *path);

/* The first element or member at path, and the one behind an element: NULL at the end. */
const struct kit_json *kit_json_first(const struct kit_json *json, const char *path);
const struct kit_json *kit_json_next(const struct kit_json *element);

/* The key of a member of an object; NULL for others. */
const char *kit_json_key(const struct kit_json *member);

/* for (...) over the elements at path: KIT_JSON_EACH(record, answer.json, "result") { ... } */
/* NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in any */
#define KIT_JSON_EACH(element, json, path)                                             \
    for (const struct kit_json *element = kit_json_first(json, path); element != NULL; \
         element = kit_json_next(element))
/* NOLINTEND(bugprone-macro-parentheses) */

/* ---- Writing JSON ---- */

/*
 * Adds a value made from a template. In the template, 'single quotes' become "double quotes"; %s
 * puts in a string, quoted and escaped (NULL: null); %d, %u, %zu, %lld and PRId64 put in a number.
 * Nothing else may stand behind a per cent sign.
 *
 *     kit_json_addf(&t, "{'type': 'TXT', 'ttl': %u, 'content': %s}", ttl, text);
 *
 * This and the functions below put commas where they belong.
 */
void kit_json_addf(struct kit_text *t, const char *template_, ...)
    __attribute__((format(printf, 2, 3)));

/* For documents of varying shape: kit_json_open(&t, '{') ... kit_json_close(&t, '}'), '[' and ']'
 * likewise; in objects a key stands before each value. */
void kit_json_open(struct kit_text *t, char bracket);
void kit_json_close(struct kit_text *t, char bracket);
void kit_json_add_key(struct kit_text *t, const char *key);
void kit_json_add_str(struct kit_text *t, const char *text); /* bad UTF-8 becomes U+FFFD */
void kit_json_add_int(struct kit_text *t, int64_t number);
void kit_json_add_bool(struct kit_text *t, bool value);
void kit_json_add_null(struct kit_text *t);
/* A value as it stands in another document, for what has to be sent back unchanged. */
void kit_json_add_copy(struct kit_text *t, const struct kit_json *json);

/* ---- The client ---- */

struct kit_http;
struct kit_request;
struct kit_answer;
struct kit_attempt;

/* A name and its value, for queries, headers and forms. A list ends with name NULL; a pair whose
 * value is NULL is left out. */
struct kit_pair {
    const char *name;
    const char *value;
};

/* What is to become of an answer. */
enum kit_verdict_kind {
    KIT_TAKE,   /* good: kit_send() returns ACME_OK */
    KIT_AGAIN,  /* nothing was changed; the same request may be sent again */
    KIT_DOUBT,  /* it failed, perhaps after it was done: repeated as kit_request.repeat says */
    KIT_REFUSE, /* failed for good, with `status` */
};

struct kit_verdict {
    enum kit_verdict_kind kind;
    int32_t status;         /* of KIT_REFUSE: ACME_DENIED... The others end with ACME_RETRY */
    uint32_t retry_after_s; /* wished pause; 0: none was named */
    char words[1024];       /* what the service said: escaped and shortened when it is shown */
    char hint[512];         /* what the user can do about it, in your words; "": nothing */
};

/* Judges an answer. *v holds the kit's own verdict, made from status and Retry-After, with the
 * message that it found in the usual places of a JSON body; change what you know better. */
typedef void kit_judge_fn(void *context, const struct kit_request *request,
                          const struct kit_answer *answer, struct kit_verdict *v);

/* What a service's words mean for a user. */
struct kit_meaning {
    const char *words; /* a part of kit_verdict.words */
    int32_t status;    /* ACME_... */
    const char *hint;  /* what the user can do about it */
};

/* For judges: gives *v the status and hint of the first of n meanings whose words the service said;
 * without one nothing happens. */
void kit_verdict_explain(struct kit_verdict *v, const struct kit_meaning *meanings, size_t n);

/* Called before each sending, repeats included: a place to sign. Adds headers by
 * kit_attempt_header(). Another status than ACME_OK ends kit_send(): report it by acme_fail(). */
typedef int32_t kit_prepare_fn(void *context, struct acme_call *call, struct kit_attempt *attempt);

/*
 * What lets requests in: "Authorization: Bearer SECRET", or with user "Authorization: Basic ...",
 * or with header the secret alone in that one. It is hidden from all texts.
 */
struct kit_credential {
    const char *option; /* that the secret came from, for texts: "token" */
    const char *secret;
    const char *header; /* "X-API-Key"; NULL: Authorization */
    const char *user;   /* NULL: a bearer token */
};

/* All texts are copied; zero in a field asks for what stands behind it. */
struct kit_http_settings {
    const char *service;    /* whose API this is, for texts: "Example DNS"; required */
    const char *base_url;   /* what stands before each path; required */
    const char *url_option; /* that base_url came from, for texts; NULL: it came from none */
    struct kit_credential credential; /* option NULL: none */
    const char *accept;     /* "application/json": only with JSON answers are parsed as such */
    const char *ca_file;    /* SSL_CERT_FILE, CURL_CA_BUNDLE or the system's */
    uint32_t tries;         /* 4: how often one request is sent at the most */
    uint32_t timeout_ms;    /* 30000: for one try */
    uint32_t max_body;      /* 1 MiB: of an answer */
    uint32_t rate_requests; /* no limit: at most so many requests ... */
    uint32_t rate_ms;       /* 1000: ... in any span of so many milliseconds */
    uint32_t flags;         /* KIT_HTTP_... */
    kit_judge_fn *judge;
    kit_prepare_fn *prepare;
    void *context; /* of judge and prepare */
};

/* Also takes http: to other machines. For metadata services, which have nothing better, and where
 * the user said so. */
#define KIT_HTTP_PLAIN 0x1u
/* Never through a proxy. For metadata services. */
#define KIT_HTTP_DIRECT 0x2u

/*
 * For check(), where nothing may be sent: whether a credential can stand in a header (one line of
 * visible characters), and whether base_url would be taken. They fail the call with ACME_BAD_CONFIG
 * and a text that names the option. A value that is NULL passes.
 */
int32_t kit_check_credential(struct acme_call *call, const char *option, const char *text);
int32_t kit_check_url(struct acme_call *call, const char *option, const char *url, uint32_t flags);

/* Opens a client; nothing is sent yet. On failure the call has been failed with ACME_BAD_CONFIG:
 * the URL or the credential will not do, or the credential's secret is not set. One client an
 * instance: it keeps connections and counts requests. */
int32_t kit_http_open(struct acme_call *call, const struct kit_http_settings *s,
                      struct kit_http **ret_http);
void kit_http_close(struct kit_http *http); /* NULL is fine */

/* What all requests carry beside the credential of the settings: another one, a header. A later
 * header of the same name replaces. On failure the call has been failed with ACME_BAD_CONFIG. */
int32_t kit_http_credential(struct acme_call *call, struct kit_http *http,
                            const struct kit_credential *c);
int32_t kit_http_header(struct acme_call *call, struct kit_http *http, const char *header,
                        const char *value);

/* Replaces text by "[secret]" in all texts of this client from now on; also its base64 and
 * URL-escaped forms. For secrets in bodies and queries; those in credentials are hidden anyway.
 * Under 4 bytes: nothing happens. */
void kit_http_hide(struct kit_http *http, const char *text);

/* ---- Callbacks, ready made ---- */

/* The body of open(), where the client is all that the instance is: kit_http_open() into it. */
int32_t kit_open(struct acme_call *call, const struct kit_http_settings *s, void **ret_instance);

/* For .close beside it. */
void kit_close(struct acme_call *call, void *instance);

/* For .check, where the plug-in's open() sends nothing and changes nothing: opens and closes. */
int32_t kit_check(struct acme_call *call, const struct acme_open *o);

/* ---- Requests ---- */

/* Whether a request may be sent again when its fate is not known: the connection broke, time ran
 * out, a server error came. Where it certainly did nothing (no connection, 429) it is sent again
 * in any case. */
enum kit_repeat {
    KIT_REPEAT_BY_METHOD, /* GET, HEAD, PUT and DELETE are repeated, POST and PATCH are not */
    KIT_REPEAT_SAFE,      /* carried out twice, it does what it does once */
    KIT_REPEAT_NEVER
};

/*
 * For a request that must not be carried out twice, such as a POST that creates: looks whether it
 * was carried out, for example by listing. Sets *ret_was_done; another status than ACME_OK ends
 * kit_send() with it. With such a function a POST is repeated too.
 *
 * Without one, kit_send() returns ACME_RETRY. acme-dns then calls add() again, and an add() that
 * lists first is safe already.
 */
typedef int32_t kit_recheck_fn(void *context, struct acme_call *call, bool *ret_was_done);

/* Why a request failed. */
struct kit_fault {
    int32_t status;         /* ACME_... */
    uint32_t retry_after_s; /* 0: the service named none */
    int http_status;        /* 0: no answer */
    char text[3072];        /* escaped, without secrets */
};

/* A fault of the plug-in's own finding; its status. What a service said is to be escaped first. */
int32_t kit_fault_set(struct kit_fault *f, int32_t status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reports a fault for one change of apply(), or with ACME_WHOLE_CALL for the call; its status. */
int32_t kit_fault_report(struct acme_call *call, size_t index, const struct kit_fault *fault);

#define KIT_PARTS_MAX 6
#define KIT_QUERY_MAX 12
#define KIT_HEADERS_MAX 8
#define KIT_FORM_MAX 16
#define KIT_ALLOW_MAX 6

struct kit_request {
    const char *method; /* NULL: GET, or POST when there is a body */
    /* Put behind base_url. Each "{}" is replaced by the next of `parts`, escaped: never build paths
     * from names and ids by hand. An absolute URL is taken if it has base_url's scheme, host and
     * port. */
    const char *path;
    const char *parts[KIT_PARTS_MAX];
    struct kit_pair query[KIT_QUERY_MAX];     /* escaped by the kit */
    struct kit_pair headers[KIT_HEADERS_MAX]; /* beside the client's; the same name replaces */
    const char *bearer;                       /* another token than the client's, hidden too */

    /* At most one of these three is the body. */
    const struct kit_text *json;
    struct kit_pair form[KIT_FORM_MAX]; /* application/x-www-form-urlencoded */
    const char *body;
    size_t body_len;
    const char *content_type; /* of body */

    int allow[KIT_ALLOW_MAX]; /* statuses besides 2xx that are good answers, up to a 0 */
    const char *zone; /* the zone that this is about: 404 becomes ACME_NO_ZONE, texts name it */
    /* A path that the JSON of a good answer has, be it null. Without it, "there is nothing" cannot
     * be told from "that was not the API": name one wherever you go on from what an answer does not
     * hold. */
    const char *must_have;
    enum kit_repeat repeat;
    uint32_t timeout_ms; /* 0: the client's */
    const char *accept;  /* NULL: the client's */
    kit_judge_fn *judge; /* NULL: the client's */
    kit_recheck_fn *recheck;
    void *context; /* of this judge and recheck */
    /* Where to put the reason of a failure. NULL: the whole call is failed with it by acme_fail().
     * Give one where a failure is not the end, and in apply(): kit_fault_report(). */
    struct kit_fault *fault;
};

/* An answer. Its texts live until kit_answer_done(). */
struct kit_answer {
    int status;       /* 0: none, since recheck found the work done */
    const char *body; /* as received, NUL-terminated */
    size_t body_len;
    const struct kit_json *json; /* NULL: not JSON, or no body */
    bool was_done;               /* recheck said so */
    void *impl;
};

/* Declares an empty answer that is released at the end of the block. */
#define KIT_ANSWER(variable) \
    struct kit_answer variable __attribute__((cleanup(kit_answer_done))) = KIT_EMPTY

/*
 * Sends a request, again where that is harmless, and waits for the answer, as long as the call may
 * last. answer: what it held is released first; may be NULL when its content does not matter.
 *
 * ACME_OK: an answer came with a status of 2xx or in `allow`, or the judge took it; where JSON was
 * asked for, answer->json is set; only answers to changes, and 204, may be without. Otherwise the
 * request's failure has been reported, and the status is what the callback should return:
 *
 *     ACME_RETRY       no connection, no answer, broken or truncated answers, 408, 425, 429, 5xx;
 *                      and whatever follows a try of a change whose fate is not known
 *     ACME_DENIED      401, 403, 407
 *     ACME_NO_ZONE     404 and 410 of a request that names a zone
 *     ACME_REJECTED    other 4xx; an answer that is too large or lacks what it must have
 *     ACME_BAD_CONFIG  a redirect (after a change only 307 and 308, which say that nothing was
 * done; else ACME_RETRY), a web page instead of JSON, a certificate that is not trusted
 *     ACME_CANCELLED   the call is over
 *     ACME_BUG         the request itself is wrong: more {} than parts, a broken text
 */
int32_t kit_send(struct acme_call *call, struct kit_http *http, const struct kit_request *request,
                 struct kit_answer *answer);
void kit_answer_done(struct kit_answer *answer);

/* The first header of that name, in any case; NULL without one. */
const char *kit_answer_header(const struct kit_answer *answer, const char *name);

/* One sending, for kit_prepare_fn. Texts live until it returns. */
struct kit_attempt {
    const char *method;
    const char *url;
    const char *host;  /* as in the Host header: with the port unless it is the scheme's own */
    const char *path;  /* escaped, as sent, without the query: at least "/" */
    const char *query; /* escaped, as sent, without the question mark; "" without one */
    const char *body;
    size_t body_len;
    const char *content_type; /* NULL without a body */
    uint32_t number;          /* from 1 */
    void *impl;
};

/* Adds a header to this sending, in place of one of the same name. A value that cannot stand in a
 * header fails the call with ACME_BUG. */
int32_t kit_attempt_header(struct acme_call *call, struct kit_attempt *attempt, const char *name,
                           const char *value);

/* Seconds since 1970 of a date as HTTP writes it (RFC 9110 section 5.6.7); -1 when it is none. */
int64_t kit_date_parse(const char *text);

/* ---- Lists over several pages ---- */

enum kit_paging_kind {
    KIT_PAGING_NONE,     /* one answer holds all */
    KIT_PAGING_NUMBER,   /* ?page=1, 2, ... */
    KIT_PAGING_OFFSET,   /* ?offset=0, 100, ... */
    KIT_PAGING_CURSOR,   /* the answer holds what names the next page */
    KIT_PAGING_NEXT_URL, /* the answer holds the next page's URL or path */
    KIT_PAGING_LINK      /* a Link header with rel="next" (RFC 8288) does */
};

/* How a service divides its lists. */
struct kit_paging {
    enum kit_paging_kind kind;
    const char *items;     /* path of the array in each answer, which an answer must have unless
                            * must_have names something else; NULL: the document is the array.
                            * An object's members count as elements, null as none */
    const char *parameter; /* query parameter of number, offset or cursor: "page" */
    const char *size_name; /* query parameter of the page's size, or NULL */
    uint32_t size;         /* items on a page, as asked for; 0 with size_name NULL: not known */
    const char *total;     /* NUMBER: path of the number of pages, OFFSET: of all items; NULL: an
                            * empty page, and one that is not full, are the last */
    const char *next;      /* CURSOR, NEXT_URL: path of the next cursor or URL */
    bool starts_at_zero;   /* NUMBER: the first page is 0 */
};

#define KIT_PAGES_MAX 1000

/* A walk over pages, set to zero to begin with. */
struct kit_pages {
    int32_t status;           /* when kit_pages_next() said false: ACME_OK at the list's end */
    struct kit_answer answer; /* the page */
    size_t n_pages;           /* seen so far */
    uint64_t n_items;
    void *impl;
};

#define KIT_PAGES(variable) \
    struct kit_pages variable __attribute__((cleanup(kit_pages_done))) = KIT_EMPTY

/*
 * Fetches the next page: while (kit_pages_next(call, http, &request, &paging, &pages)) { ... }.
 * false: look at pages.status; a failure has been reported as by kit_send(). The page's parameters
 * are added to the request's query. Failures of the list itself: an answer that is none, over
 * KIT_PAGES_MAX pages, a page that repeats its own cursor (ACME_REJECTED); an empty page before the
 * list's own total was reached (ACME_RETRY).
 */
bool kit_pages_next(struct acme_call *call, struct kit_http *http,
                    const struct kit_request *request, const struct kit_paging *paging,
                    struct kit_pages *pages);
void kit_pages_done(struct kit_pages *pages);

/* ---- Names ---- */

/* Whether name is zone or lies below it; case and a dot at the end do not matter. A name that is
 * NULL is in no zone and equals none. */
bool kit_name_is_in(const char *name, const char *zone);
bool kit_name_equals(const char *a, const char *b);

/* Whether a name that a service shows may be this one, and cannot be compared with it: it is shown
 * in Unicode, and the other has labels of international names (xn--, RFC 5890). */
bool kit_name_may_equal(const char *shown, const char *name);

/*
 * For zones listed by the service: whether candidate holds name and is longer than the best so far
 * (NULL: none): if (kit_zone_is_better(record->fqdn, zone, best)) { best = zone; }
 */
bool kit_zone_is_better(const char *name, const char *candidate, const char *best);

/*
 * For services that are asked for one zone by name: the names that may be record's zone, the likely
 * one first: what the DNS says, then every name above the owner from the longest to the last one
 * with two labels. Set to zero to begin with.
 *
 *     struct kit_walk walk = KIT_EMPTY;
 *     while (kit_walk_next(&walk, record)) { ... walk.name ... }
 */
struct kit_walk {
    char name[256]; /* without the dot at the end */
    size_t step;
};
bool kit_walk_next(struct kit_walk *walk, const struct acme_record *record);

/* Adds name without the dot at its end. */
void kit_name_add_plain(struct kit_text *t, const char *name);

/* Adds what stands before the zone: "_acme-challenge.www" of _acme-challenge.www.example.com in
 * example.com. apex is added for the zone's own name: "@", "". A name outside is added whole. */
void kit_name_add_relative(struct kit_text *t, const char *name, const char *zone,
                           const char *apex);

/* ---- Values of TXT records ---- */

/* Adds value as one quoted character-string: "..." with \" and \\ and \DDD (RFC 1035 section 5.1).
 */
void kit_txt_add_quoted(struct kit_text *t, const void *value, size_t len);

/* Adds what quoted content means: its strings joined, escapes resolved. Content that is not quoted
 * as a whole is added as it is, and false returned. */
bool kit_txt_add_unquoted(struct kit_text *t, const char *content);

/* Whether content, as a service shows it, quoted or bare, is this record's value: byte by byte. */
bool kit_txt_is(const char *content, const struct acme_record *record);

/* Adds the record's value as text for services that want it bare; false if it has a NUL inside,
 * which no such service can take. */
bool kit_txt_add_bare(struct kit_text *t, const struct acme_record *record);

/* ---- Where a value belongs ---- */

/*
 * How a service lists its zones, and the records of a zone. These marks stand for what is known
 * only later, as one of the request's parts or as a value in its query:
 *
 *     KIT_ZONE_ID   in records and remove: the id of the zone that was found
 *     KIT_RECORD_ID in remove: the id of the record
 *     KIT_NAME      in records and remove: the record's name as the service writes it
 *                   in zones: the zone is asked for by name; see kit_find_zone()
 */
extern const char kit_zone_id_mark[];
extern const char kit_record_id_mark[];
extern const char kit_name_mark[];
#define KIT_ZONE_ID kit_zone_id_mark
#define KIT_RECORD_ID kit_record_id_mark
#define KIT_NAME kit_name_mark

/* A list, and at which paths an element says what. Zero in a path asks for what stands behind. */
struct kit_list {
    struct kit_request request;
    const char *items; /* as in kit_paging, which is without it here */
    const char *id;    /* "id" */
    const char *name;  /* "name" */
    const char *type;  /* "type", of a record: one of another than TXT is passed over */
    const char *value; /* "content", of a record */
    bool (*is_wanted)(const struct kit_json *element); /* others are passed over; NULL: all are */
};

struct kit_api {
    struct kit_paging paging; /* of both lists; zero: one answer holds all */
    struct kit_list zones;    /* no path: the service knows zones by the names that the DNS shows */
    struct kit_list records;
    struct kit_request remove; /* of one record, for kit_remove() */
    bool has_relative_names; /* records' names stand without the zone's: "_acme-challenge.www", and
                              * "@", "" or null for the zone's own */
};

/* Where a value belongs at a service. Texts belong to it, and are NULL until they are known. */
struct kit_place {
    char *zone_id;     /* where it is NULL, this credential reaches no zone that holds the name */
    char *zone;        /* its name, without a dot at the end */
    char *name;        /* the record's, as the service writes names: without a dot at the end */
    char *value;       /* the record's, as one quoted character-string */
    char **record_ids; /* of the records that hold the value at the name */
    size_t n_records;
};

/* Declares an empty place that is released at the end of the block. */
#define KIT_PLACE(variable) \
    struct kit_place variable __attribute__((cleanup(kit_place_done))) = KIT_EMPTY

void kit_place_done(struct kit_place *place);

/*
 * Finds the zone that holds the record's name, over all pages: the one that the DNS says, else the
 * longest. Where the request of api->zones has KIT_NAME, it is sent once for each name that may be
 * the zone's (see kit_walk_next()), until one is found: as part of the path, 404 means that there
 * is none of that name, and the answer may be the zone itself; in the query, an empty list does.
 *
 * ACME_OK: place has all but records, or, where no zone holds the name, nothing. Otherwise the
 * failure has been reported as by kit_send(): of the requests, with ACME_DENIED too where only one
 * of several names may not be asked for and none of the others is the zone; with ACME_REJECTED, of
 * a list in which a zone has no name or no id, that has two zones of the name, or that shows names
 * in Unicode where the record's is an international one. Asked for by name, such a zone is taken.
 */
int32_t kit_find_zone(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                      const struct acme_record *record, struct kit_place *place);

/*
 * Finds the records that hold the value at the name, over all pages. Names are compared whole and
 * in any case, values byte by byte, quoted or bare, whatever the service filters by. place is what
 * kit_find_zone() found: with a zone.
 *
 * Failures are reported as by kit_send(); with ACME_REJECTED, a record that does not say its name,
 * or, at the name, its value or id, or that shows its name in Unicode: then it is not known whether
 * the value is there.
 */
int32_t kit_find_records(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                         const struct acme_record *record, struct kit_place *place);

/*
 * Both, for add() and remove(): what is ACME_ADD or ACME_REMOVE. Where no zone holds the name, the
 * call is failed with ACME_NO_ZONE for ACME_ADD; for ACME_REMOVE there is nothing to remove, and
 * place->n_records is 0.
 */
int32_t kit_find(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                 const struct acme_record *record, uint32_t what, struct kit_place *place);

/* The body of remove(): kit_find(), then api->remove for each record that holds the value; 404
 * means that it is gone already. */
int32_t kit_remove(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                   const struct acme_record *record);

/* The body of zones(): reports all zones of api->zones, where they can be listed without a name. */
int32_t kit_report_zones(struct acme_call *call, struct kit_http *http, const struct kit_api *api);

#ifdef __cplusplus
}
#endif

#endif
