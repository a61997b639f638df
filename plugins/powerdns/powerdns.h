/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The parts of the powerdns plug-in, lowest first:
 *
 *     name       names as the API writes them
 *     explain    what a refusal means, and whose change it is about
 *     server     requests to one server: its version, its zones, NOTIFY
 *     rrset      what stands at one name, and what is to stand there
 *     change     changes of one zone: read, write, read again
 *
 * The API replaces whole TXT sets and has no compare-and-swap: a value that another program adds
 * between our reading and our writing is lost, and so is ours the other way round. acme-dns holds
 * a lock of the zone against its own runs on this host; against everybody else there is only a
 * second look, after which what was lost of ours is written again.
 */
#ifndef POWERDNS_H
#define POWERDNS_H

#include <acme-kit.h>
#include <acme-plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POWERDNS_NAME_MAX 1024 /* a name of 255 bytes with everything escaped */

struct powerdns {
    struct kit_http *http;
    bool wants_rectify;     /* option rectify */
    int major;              /* of the server's version; 0: not asked for yet, -1: it does not say */
    bool has_warned_serial; /* said once that the zone's serial does not grow */
    char owed[POWERDNS_NAME_MAX]; /* the zone whose change has not been announced yet, or "" */
};

/* ---- name.c ---- */

/* Adds the id of a zone, as it stands in paths: "=2E" for the root, "0=2F25.2.0.192.in-addr.arpa."
 */
void name_add_zone_id(struct kit_text *t, const char *zone);

/* Adds what stands before "/servers": the URL without a slash at its end, with /api/v1 unless it
 * ends so already. */
void name_add_base_url(struct kit_text *t, const char *url);

/* Whether a message can carry name; the server has nothing but an internal error for one that is
 * too long, which would spoil the call for the others. */
bool name_fits(const char *name);

/* Whether name occurs in text as a whole word, whatever the case. */
bool name_is_in_text(const char *name, const char *text);

/* The major number of "4.7.3" or "5.1.0-alpha1"; -1 when there is none to be trusted: builds from
 * the development tree call themselves 0.0.something. */
int name_parse_major(const char *version);

/* ---- explain.c ---- */

/* The kit's judge for all requests: better words for what PowerDNS is known to say. */
kit_judge_fn explain_judge;

/* ---- server.c ---- */

/* Asks for the version, once in a process. A wrong key, URL or server-id shows here. */
int32_t server_identify(struct powerdns *p, struct acme_call *call);

/*
 * Reads a zone: with name, as little as the server can be brought to send beside the TXT set there,
 * else all of it. 404 is ACME_NO_ZONE. Failures go into fault.
 */
int32_t server_read_zone(struct powerdns *p, struct acme_call *call, const char *zone,
                         const char *name, struct kit_fault *fault, struct kit_answer *answer);

/* Whether server_read_zone() with a name leaves disabled records out, which are to be kept. */
bool server_hides_disabled(const struct powerdns *p);

/* Looks for all records at name, the disabled ones too. Not every backend can: an empty answer is
 * no failure. */
int32_t server_search(struct powerdns *p, struct acme_call *call, const char *name,
                      struct kit_fault *fault, struct kit_answer *answer);

/* Sends one PATCH. Never repeated by itself: what it holds may be out of date by then. */
int32_t server_patch(struct powerdns *p, struct acme_call *call, const char *zone,
                     const struct kit_text *body, struct kit_fault *fault);

/* Brings the change to the other servers: rectifies if the user wants it, notifies if the zone has
 * secondaries. json is the zone as it was read. Failures are warnings: the change is in force. */
void server_announce(struct powerdns *p, struct acme_call *call, const char *zone,
                     const struct kit_json *json);

/* Whether changes of this zone are to be made elsewhere: it is copied from a primary. */
bool server_is_copy(const struct kit_json *zone);

int32_t server_list_zones(struct powerdns *p, struct acme_call *call);

/* ---- rrset.c ---- */

#define RRSET_RECORDS_MAX 512

/* One change on its way. */
struct target {
    const struct acme_record *record;
    size_t index; /* of apply(), or ACME_WHOLE_CALL */
    bool is_add;
    bool is_over;   /* nothing more is to be done: it failed, and that was said */
    int32_t status; /* why it failed; ACME_OK: it has not */
};

/* The TXT set at one name. What it points to belongs to the answers it was read from. */
struct rrset {
    const struct kit_json *records[RRSET_RECORDS_MAX];
    size_t n;
    bool has_more;  /* than fit */
    bool is_broken; /* it cannot be read as a whole, and so not be written back */
    int64_t ttl_s;  /* -1: no set is there */
    const struct kit_json *comments;
};

/* Reads the set at name out of a zone. *ret_has_others: records of other names are there too, so
 * the server sent the zone as a whole. */
void rrset_read(const struct kit_json *zone, const char *name, struct rrset *ret_set,
                bool *ret_has_others);

/* Adds the disabled records that a search found at name. */
void rrset_add_disabled(struct rrset *set, const struct kit_json *found, const char *zone,
                        const char *name);

/* Whether the set is as the targets at name want it. */
bool rrset_is_right(const struct rrset *set, const struct target *targets, size_t n,
                    const char *name);

/* Adds the element of a PATCH that makes it so, and keeps everything else. */
void rrset_write(struct kit_text *t, const struct rrset *set, const struct target *targets,
                 size_t n, const char *name);

/* ---- change.c ---- */

/* Makes changes of one zone. Returns what apply() returns; each failure has been reported. */
int32_t change_apply(struct powerdns *p, struct acme_call *call, struct target *targets, size_t n);

#endif
