/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a server's refusal may mean. One RCODE means different things to different servers
 * (BIND 9.18, Knot DNS 3.2, PowerDNS 4.7 and NSD 4.6 were asked the same wrong things), so the
 * texts name all candidates, the likeliest first.
 */
#include "rfc2136.h"

#include <ldns/packet.h>
#include <stdio.h>
#include <string.h>

enum signing { ANY, UNSIGNED_REQUEST, SIGNED_REPLY };

struct cause {
    uint8_t rcode;
    uint16_t tsig_error;
    enum signing signing;
    int32_t status;
    const char *text;
};

/* The first row that fits is taken. */
static const struct cause causes[] = {
    {LDNS_RCODE_NOTAUTH, TSIG_BADSIG, ANY, ACME_DENIED,
     "the server knows this key name, but the secret differs: compare key-secret with the server's "
     "(a missing character, another key of the same name)"},
    {LDNS_RCODE_NOTAUTH, TSIG_BADKEY, ANY, ACME_DENIED,
     "the server has no key of this name with this algorithm: compare key-name and key-algorithm "
     "with the server's, letter by letter\n"
     "Knot DNS says the same when it knows the key but no acl of the zone allows it to update this "
     "name: look at acl: key, action: update, update-owner"},
    {LDNS_RCODE_NOTAUTH, TSIG_BADTRUNC, ANY, ACME_DENIED,
     "the server wants signatures cut to another length"},
    {LDNS_RCODE_NOTAUTH, 0, UNSIGNED_REQUEST, ACME_DENIED,
     "the update was not signed, for no key is configured: Knot DNS answers so where its acl wants "
     "a key; set key-name and key-secret, or key-file\n"
     "or the server does not hold this zone as its primary"},
    {LDNS_RCODE_NOTAUTH, 0, ANY, ACME_NO_ZONE,
     "the server does not hold this zone as its primary: a zone of another name (its parent, a "
     "child), a secondary, or another server; name the right one with server =, or the right zone "
     "with zone = in the [zone] section\n"
     "BIND: or the zone lies in a view that this key or address does not reach"},
    {LDNS_RCODE_REFUSED, 0, UNSIGNED_REQUEST, ACME_DENIED,
     "the update was not signed, for no key is configured, and the server allows none without: set "
     "key-name and key-secret, or key-file"},
    {LDNS_RCODE_REFUSED, 0, SIGNED_REPLY, ACME_DENIED,
     "the key is right, but may not do this: BIND: allow-update or update-policy of the zone does "
     "not grant this key this name and the type TXT\n"
     "PowerDNS: the zone is not served there, TSIG-ALLOW-DNSUPDATE lacks this key, or the name is "
     "a "
     "CNAME"},
    {LDNS_RCODE_REFUSED, 0, ANY, ACME_DENIED,
     "PowerDNS: wrong key name, secret, algorithm or clock; the zone is not served there; "
     "dnsupdate=yes, ALLOW-DNSUPDATE-FROM or TSIG-ALLOW-DNSUPDATE is missing; or the name is a "
     "CNAME\n"
     "BIND: the zone has no allow-update or update-policy, or not for this address"},
    {LDNS_RCODE_NOTZONE, 0, ANY, ACME_REJECTED,
     "a name lies outside the zone: is zone = set to another zone than the one that holds it?"},
    {LDNS_RCODE_NOTIMPL, 0, ANY, ACME_REJECTED,
     "the server does not know updates at all (NSD answers so): name the zone's real primary with "
     "server ="},
    {LDNS_RCODE_SERVFAIL, 0, ANY, ACME_RETRY,
     "the server has a problem of its own; its log says which. Often: BIND may not write its "
     "journal "
     "(the folder of the zone file must be writable for it), the zone did not load, or a secondary "
     "could not pass the update on"},
    {LDNS_RCODE_FORMERR, 0, ANY, ACME_REJECTED,
     "the server does not understand the message: is it a name server that takes updates, and not "
     "a forwarder in front of one?"},
};

const char *explain_rcode(uint8_t rcode)
{
    static const char *const names[16] = {"NOERROR",  "FORMERR",  "SERVFAIL", "NXDOMAIN",
                                          "NOTIMP",   "REFUSED",  "YXDOMAIN", "YXRRSET",
                                          "NXRRSET",  "NOTAUTH",  "NOTZONE",  "DSOTYPENI",
                                          "RCODE 12", "RCODE 13", "RCODE 14", "RCODE 15"};

    return names[rcode & 0x0f];
}

static const char *tsig_error_text(uint16_t error)
{
    switch (error) {
    case 0:
        return "";
    case TSIG_BADSIG:
        return " (BADSIG)";
    case TSIG_BADKEY:
        return " (BADKEY)";
    case TSIG_BADTIME:
        return " (BADTIME)";
    case TSIG_BADTRUNC:
        return " (BADTRUNC)";
    default:
        return " (unknown TSIG error)";
    }
}

static bool fits(const struct cause *c, const struct question *q)
{
    if (c->rcode != message_rcode(q) || c->tsig_error != q->verdict.error) {
        return false;
    }
    switch (c->signing) {
    case UNSIGNED_REQUEST:
        return q->key == NULL;
    case SIGNED_REPLY:
        return q->key != NULL && q->verdict.state == TSIG_GOOD;
    case ANY:
    default:
        return true;
    }
}

/* BADTIME says by how much the clocks differ. */
static int32_t explain_clock(const struct question *q, const struct address *by, struct fault *f)
{
    int64_t off_s = q->verdict.ahead_s;

    if (off_s == 0) {
        return fault_set(
            f, ACME_DENIED,
            "%s answers NOTAUTH (BADTIME): the clocks of server and this host differ by "
            "more than %d s; set them by NTP",
            by->text, TSIG_FUDGE_S);
    }
    return fault_set(
        f, ACME_DENIED,
        "%s answers NOTAUTH (BADTIME): its clock is %lld s %s this host's, at most %d s "
        "are allowed; set them by NTP",
        by->text, (long long)(off_s < 0 ? -off_s : off_s), off_s < 0 ? "behind" : "ahead of",
        TSIG_FUDGE_S);
}

int32_t explain_refusal(const struct question *q, const struct settings *s,
                        const struct address *by, const char *zone, struct fault *f)
{
    char with[400] = "without a key";
    const struct cause *cause = NULL;

    if (q->verdict.error == TSIG_BADTIME) {
        return explain_clock(q, by, f);
    }
    if (q->key != NULL) {
        (void)snprintf(with, sizeof(with), "with key '%s' (%s)", s->key.text,
                       tsig_algorithm_text(s->key.algorithm));
    }
    for (size_t i = 0; cause == NULL && i < sizeof(causes) / sizeof(causes[0]); i++) {
        cause = fits(&causes[i], q) ? &causes[i] : NULL;
    }
    return fault_set(f, cause == NULL ? ACME_REJECTED : cause->status,
                     "%s answers %s%s to an update of zone %s %s: %s", by->text,
                     explain_rcode(message_rcode(q)), tsig_error_text(q->verdict.error), zone, with,
                     cause == NULL ? "not an answer that one expects" : cause->text);
}

int32_t explain_missing(const struct target *t, const struct txt_view *view,
                        const struct address *by, struct fault *f)
{
    const char *fqdn = t->record->fqdn;

    switch (view->state) {
    case TXT_ALIAS:
        return fault_set(
            f, ACME_REJECTED,
            "%s accepted the value at %s and ignored it, for that name is a CNAME to "
            "%s, and nothing can stand beside a CNAME: the value belongs at its target "
            "(or remove the CNAME)",
            by->text, fqdn, view->other);
    case TXT_DELEGATED:
        return fault_set(f, ACME_REJECTED,
                         "%s accepted the value at %s, but nobody will see it: %s is delegated to "
                         "other name servers; the update belongs to the primary of zone %s",
                         by->text, fqdn, view->other, view->other);
    case TXT_PRESENT:
    case TXT_MISSING:
    case TXT_REFUSED:
    case TXT_VAGUE:
    default:
        return fault_set(f, ACME_RETRY,
                         "%s accepted the %s of the value at %s, but does not show it: a secondary "
                         "that passes updates on shows them only after the next transfer, so name "
                         "the primary with server =; or the questions reach another view (see "
                         "sign-queries)",
                         by->text, t->what == ACME_ADD ? "addition" : "removal", fqdn);
    }
}
