/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "zones.h"

#include "alloc.h"
#include "name.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

#define CANDIDATES_MAX 16
#define PAGES_MAX 200
#define PAGE_SIZE "100"

void zones_done(struct route53 *p)
{
    for (size_t i = 0; i < p->n_zones; i++) {
        free(p->zones[i].name);
    }
    free(p->zones);
    p->zones = NULL;
    p->n_zones = 0;
}

/* ---- What is known ---- */

/* name is copied; NULL: for all zones. */
static void remember(struct route53 *p, const char *name, const char *id)
{
    struct zone zone = {.name = alloc_copy_or_null(name)};

    (void)snprintf(zone.id, sizeof(zone.id), "%s", id);
    p->zones = alloc_resize(p->zones, p->n_zones + 1, sizeof(*p->zones));
    p->zones[p->n_zones++] = zone;
}

static const struct zone *known_zone(const struct route53 *p, const char *name)
{
    const struct zone *for_all = NULL;

    for (size_t i = 0; i < p->n_zones; i++) {
        if (p->zones[i].name == NULL) {
            for_all = &p->zones[i];
        } else if (strcmp(p->zones[i].name, name) == 0) {
            return &p->zones[i];
        }
    }
    return for_all;
}

/* "Z123" or "example.com=Z123". */
static int32_t take_option(struct route53 *p, const char *text, struct kit_fault *f)
{
    const char *equals = strchr(text, '=');
    char zone[NAME_SIZE] = "";
    char plain[256] = "";
    char id[ROUTE53_ID_SIZE];

    if (equals != NULL) {
        (void)snprintf(plain, sizeof(plain), "%.*s", (int)(equals - text), text);
    }
    if (!route53_read_id(equals != NULL ? equals + 1 : text, id) ||
        (equals != NULL && !name_from_dns(plain, zone))) {
        return kit_fault_set(f, ACME_BAD_CONFIG,
                             "hosted-zone-id: '%.100s' is neither an id, such as Z0123456789ABC, "
                             "nor ZONE=ID",
                             text);
    }
    if (equals == NULL && known_zone(p, "") != NULL) {
        return kit_fault_set(f, ACME_BAD_CONFIG,
                             "hosted-zone-id: of several, all but one need their zone's name: "
                             "hosted-zone-id = ZONE=%s",
                             id);
    }
    remember(p, equals != NULL ? zone : NULL, id);
    return ACME_OK;
}

int32_t zones_init(struct route53 *p, const struct acme_open *o, struct kit_fault *f)
{
    const struct acme_value *v = acme_value_at(o, OPTION_HOSTED_ZONE_ID);

    for (size_t pos = 0; v->text != NULL && pos < v->len; pos += strlen(v->text + pos) + 1) {
        if (take_option(p, v->text + pos, f) != ACME_OK) {
            return f->status;
        }
    }
    return ACME_OK;
}

/* ---- What Route 53 says ---- */

struct candidates {
    char ids[CANDIDATES_MAX][ROUTE53_ID_SIZE];
    size_t n, n_private;
};

static bool is_true(const char *text)
{
    return text != NULL && strcmp(text, "true") == 0;
}

/* Takes the zones of exactly this name; the listing goes on with others behind them. */
static void take_page(const struct xml *root, const char *name, struct candidates *to)
{
    for (const struct xml *zone = xml_find(root, "HostedZones/HostedZone"); zone != NULL;
         zone = xml_next(zone, "HostedZone")) {
        const char *its_name = xml_text(zone, "Name");
        const char *id = xml_text(zone, "Id");
        char spelt[NAME_SIZE];

        if (its_name == NULL || id == NULL || !name_from_api(its_name, spelt) ||
            strcmp(spelt, name) != 0) {
            continue;
        }
        if (is_true(xml_text(zone, "Config/PrivateZone"))) {
            to->n_private++;
        } else if (to->n < CANDIDATES_MAX && route53_read_id(id, to->ids[to->n])) {
            to->n++;
        }
    }
}

/* A policy that forbids to list zones is a usual one. */
static void add_hint(struct kit_fault *f, const char *zone)
{
    size_t len = strlen(f->text);

    (void)snprintf(f->text + len, sizeof(f->text) - len,
                   "; with hosted-zone-id = ID of %.300s no zone has to be looked up", zone);
}

static int32_t list_by_name(struct route53 *p, struct acme_call *call, const char *name,
                            struct candidates *to, struct kit_fault *f)
{
    char next_id[ROUTE53_ID_SIZE] = "";

    for (int page = 0; page < PAGES_MAX; page++) {
        const struct kit_request request = {
            .path = "/2013-04-01/hostedzonesbyname",
            .query = {{"dnsname", name},
                      {"hostedzoneid", next_id[0] != '\0' ? next_id : NULL},
                      {"maxitems", PAGE_SIZE}},
        };
        char next_name[NAME_SIZE];
        const char *next = NULL;
        const char *id = NULL;
        AWS_ANSWER(answer);

        if (route53_send(p, call, &request, &answer, f) != ACME_OK) {
            if (aws_is_forbidden(&answer)) {
                add_hint(f, name);
            }
            return f->status;
        }
        if (xml_find(answer.root, "HostedZones") == NULL) { /* not the same as: there is none */
            return kit_fault_set(f, ACME_RETRY, "Route 53: its list of hosted zones is not whole");
        }
        take_page(answer.root, name, to);
        next = xml_text(answer.root, "NextDNSName");
        id = xml_text(answer.root, "NextHostedZoneId");
        if (!is_true(xml_text(answer.root, "IsTruncated")) || next == NULL || id == NULL ||
            !name_from_api(next, next_name) || strcmp(next_name, name) != 0 ||
            !route53_read_id(id, next_id)) {
            break;
        }
    }
    return ACME_OK;
}

/* ---- Several public zones of one name ---- */

/* The zone's own name servers, as text for people, and whether the DNS delegates to any of them. */
static int32_t ask_delegation(struct route53 *p, struct acme_call *call, const char *id,
                              const struct delegation *found, struct kit_text *ret_servers,
                              bool *ret_is_delegated, struct kit_fault *f)
{
    const struct kit_request request = {.path = "/2013-04-01/hostedzone/{}", .parts = {id}};
    AWS_ANSWER(answer);

    if (route53_send(p, call, &request, &answer, f) != ACME_OK) {
        return f->status;
    }
    *ret_is_delegated = false;
    for (const struct xml *server = xml_find(answer.root, "DelegationSet/NameServers/NameServer");
         server != NULL; server = xml_next(server, "NameServer")) {
        const char *name = server->text != NULL ? server->text : "";

        kit_text_addf(ret_servers, "%s%.100s", ret_servers->len == 0 ? "" : ", ", name);
        *ret_is_delegated = *ret_is_delegated || delegation_has(found, name);
    }
    return ACME_OK;
}

static int32_t fail_ambiguous(const char *name, size_t n, size_t n_delegated,
                              const struct kit_text *list, struct kit_fault *f)
{
    return kit_fault_set(
        f, ACME_NO_ZONE,
        "there are %zu public hosted zones %s, and %s; say which is meant: hosted-zone-id = ...%s",
        n, name,
        n_delegated == 0 ? "the DNS does not delegate to any of them"
                         : "the DNS delegates to several of them",
        kit_text_str(list));
}

/* Takes the one whose delegation set the DNS has. */
static int32_t choose(struct route53 *p, struct acme_call *call, const char *zone,
                      const struct candidates *all, const char **ret_id, struct kit_fault *f)
{
    struct delegation found;
    size_t n_delegated = 0;
    KIT_TEXT(list);

    delegation_find(zone, &found);
    for (size_t i = 0; i < all->n; i++) {
        bool is_delegated = false;
        KIT_TEXT(servers);

        if (ask_delegation(p, call, all->ids[i], &found, &servers, &is_delegated, f) != ACME_OK) {
            return f->status;
        }
        if (is_delegated) {
            *ret_id = all->ids[i];
            n_delegated++;
        }
        kit_text_addf(&list, "\n  %s on %s", all->ids[i], kit_text_str(&servers));
    }
    if (n_delegated != 1) {
        return fail_ambiguous(zone, all->n, n_delegated, &list, f);
    }
    acme_log(call, ACME_LOG_DEBUG, "of %zu hosted zones %s, %s is the one that is delegated to",
             all->n, zone, *ret_id);
    return ACME_OK;
}

/* ---- Finding ---- */

static int32_t fail_absent(const char *zone, const struct candidates *all, struct kit_fault *f)
{
    if (all->n_private > 0) {
        return kit_fault_set(f, ACME_NO_ZONE,
                             "the account has only a private hosted zone %s, which no CA can see",
                             zone);
    }
    return kit_fault_set(f, ACME_NO_ZONE,
                         "the account has no hosted zone %s: it may be another account's, whose "
                         "role role-arn can name",
                         zone);
}

static int32_t look_up(struct route53 *p, struct acme_call *call, const char *zone,
                       const char *name, struct kit_fault *f)
{
    struct candidates all = {.n = 0};
    const char *id = all.ids[0];

    if (list_by_name(p, call, name, &all, f) != ACME_OK) {
        return f->status;
    }
    if (all.n == 0) {
        return fail_absent(zone, &all, f);
    }
    if (all.n > 1 && choose(p, call, zone, &all, &id, f) != ACME_OK) {
        return f->status;
    }
    remember(p, name, id);
    return ACME_OK;
}

int32_t zones_find(struct route53 *p, struct acme_call *call, const char *zone, const char **ret_id,
                   struct kit_fault *f)
{
    char name[NAME_SIZE];

    if (!name_from_dns(zone, name)) {
        return kit_fault_set(f, ACME_NO_ZONE, "'%.300s' is no name of a zone", zone);
    }
    if (known_zone(p, name) == NULL && look_up(p, call, zone, name, f) != ACME_OK) {
        return f->status;
    }
    *ret_id = known_zone(p, name)->id;
    return ACME_OK;
}

/* ---- All of them ---- */

static void report_zone(struct acme_call *call, const struct xml *zone)
{
    const char *name = xml_text(zone, "Name");

    if (name != NULL && !is_true(xml_text(zone, "Config/PrivateZone"))) {
        call->host->zone(call, name);
    }
}

static int32_t report_given(struct route53 *p, struct acme_call *call, struct kit_fault *f)
{
    for (size_t i = 0; i < p->n_zones; i++) {
        const struct kit_request request = {.path = "/2013-04-01/hostedzone/{}",
                                            .parts = {p->zones[i].id}};
        AWS_ANSWER(answer);

        if (route53_send(p, call, &request, &answer, f) != ACME_OK) {
            return f->status;
        }
        report_zone(call, xml_find(answer.root, "HostedZone"));
    }
    return ACME_OK;
}

int32_t zones_report(struct route53 *p, struct acme_call *call, struct kit_fault *f)
{
    char marker[ROUTE53_ID_SIZE] = "";

    if (p->n_zones > 0 && known_zone(p, "") != NULL) {
        return report_given(p, call, f);
    }
    for (int page = 0; page < PAGES_MAX; page++) {
        const struct kit_request request = {
            .path = "/2013-04-01/hostedzone",
            .query = {{"marker", marker[0] != '\0' ? marker : NULL}, {"maxitems", PAGE_SIZE}},
        };
        const char *next = NULL;
        AWS_ANSWER(answer);

        if (route53_send(p, call, &request, &answer, f) != ACME_OK) {
            return f->status;
        }
        for (const struct xml *zone = xml_find(answer.root, "HostedZones/HostedZone"); zone != NULL;
             zone = xml_next(zone, "HostedZone")) {
            report_zone(call, zone);
        }
        next = xml_text(answer.root, "NextMarker");
        if (!is_true(xml_text(answer.root, "IsTruncated")) || next == NULL ||
            !route53_read_id(next, marker)) {
            break;
        }
    }
    return ACME_OK;
}
