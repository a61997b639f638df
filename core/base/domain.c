/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Normalising names. libidn2, by way of gnutls_idna_map(), is asked about labels that are not ASCII
 * only: it returns ASCII unseen, and drops "*" and "_" from the rest. So the wildcard is taken off
 * before, and every rule about the result is ours.
 */
#include "base/domain.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <string.h>

#define NAME_MAX_BYTES 253
#define LABEL_MAX_BYTES 63
/* A name in UTF-8 may be longer than its A-labels; nothing sensible is longer than this. */
#define INPUT_MAX_BYTES 1024

const char *domain_base(const char *name)
{
    return domain_is_wildcard(name) ? name + 2 : name;
}

char *domain_challenge_owner(const char *name)
{
    return str_fmt(DOMAIN_CHALLENGE_LABEL "%s", domain_base(name));
}

char *domain_challenge_fqdn(const char *name)
{
    return str_fmt(DOMAIN_CHALLENGE_LABEL "%s.", domain_base(name));
}

bool domain_is_wildcard(const char *name)
{
    return name[0] == '*' && name[1] == '.';
}

bool domain_is_within(const char *name, const char *zone)
{
    size_t name_len = strlen(name);
    size_t zone_len = strlen(zone);

    if (str_eq(zone, ".")) {
        return true;
    }
    if (zone_len == 0 || name_len < zone_len || !str_eq_nocase(name + name_len - zone_len, zone)) {
        return false;
    }
    return name_len == zone_len || name[name_len - zone_len - 1] == '.';
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Also "[::1]", "10.0.0.0/8" and the like end up at an understandable message. */
static bool is_address(const char *text)
{
    unsigned char address[16];

    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1 ||
           text[0] == '[';
}

static int check_label(const char *label, size_t len, struct err *err)
{
    if (len == 0) {
        return err_set(err, ERR_CONFIG,
                       "it has an empty label (two dots in a row, or one in front)");
    }
    if (len > LABEL_MAX_BYTES) {
        return err_set(err, ERR_CONFIG, "the label '%.*s' is longer than %d bytes", (int)len, label,
                       LABEL_MAX_BYTES);
    }
    for (size_t i = 0; i < len; i++) {
        char c = label[i];

        if (c == '_') {
            return err_set(err, ERR_CONFIG, "no CA issues for names with an underscore");
        }
        if (c == '*') {
            return err_set(err, ERR_CONFIG, "a wildcard is '*.' in front of the name, once");
        }
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') {
            return (unsigned char)c > ' ' && (unsigned char)c < 0x7f
                       ? err_set(err, ERR_CONFIG, "'%c' cannot stand in a host name", c)
                       : err_set(err, ERR_CONFIG, "byte 0x%02x cannot stand in a host name",
                                 (unsigned char)c);
        }
    }
    if (label[0] == '-' || label[len - 1] == '-') {
        return err_set(err, ERR_CONFIG, "the label '%.*s' begins or ends with a hyphen", (int)len,
                       label);
    }
    return 0;
}

/* A-labels must be ones: CAs decode them and refuse what IDNA 2008 would not have made. */
static int check_a_label(const char *label, size_t len, struct err *err)
{
    gnutls_datum_t unicode = {NULL, 0};
    int rc = 0;

    if (len < 4 || memcmp(label + 2, "--", 2) != 0) {
        return 0;
    }
    if (memcmp(label, "xn", 2) == 0) {
        rc = gnutls_idna_reverse_map(label, (unsigned)len, &unicode, 0);
        gnutls_free(unicode.data);
        if (rc >= 0) {
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "'%.*s' is not a valid internationalised label", (int)len,
                   label);
}

static int check_labels(const char *name, struct err *err)
{
    const char *label = name;

    for (;;) {
        size_t len = strcspn(label, ".");

        if (check_label(label, len, err) < 0 || check_a_label(label, len, err) < 0) {
            return err_code(err);
        }
        if (label[len] == '\0') {
            break;
        }
        label += len + 1;
    }
    if (strlen(name) > NAME_MAX_BYTES) {
        return err_set(err, ERR_CONFIG, "it is longer than %d bytes", NAME_MAX_BYTES);
    }
    /* The last label of a host name is never a number (RFC 3696 section 2): 1.2.3.456 is a typo. */
    if (strspn(label, "0123456789") == strlen(label)) {
        return err_set(err, ERR_CONFIG,
                       "it looks like an IP address; only names can be had by DNS");
    }
    return 0;
}

/* What IDNA would silently drop or fold must be seen before. */
static int map_idna(char **at, struct err *err)
{
    gnutls_datum_t mapped = {NULL, 0};
    int rc = 0;

    if (is_ascii(*at)) {
        return 0;
    }
    if (strchr(*at, '_') != NULL) {
        return err_set(err, ERR_CONFIG, "no CA issues for names with an underscore");
    }
    if (strchr(*at, '*') != NULL) {
        return err_set(err, ERR_CONFIG, "a wildcard is '*.' in front of the name, once");
    }
    rc = gnutls_idna_map(*at, (unsigned)strlen(*at), &mapped, 0);
    if (rc < 0) {
        return err_set(err, ERR_CONFIG, "it is not a valid internationalised name (%s)",
                       gnutls_strerror(rc));
    }
    mem_free(*at);
    *at = str_dup_len((const char *)mapped.data, mapped.size);
    gnutls_free(mapped.data);
    return 0;
}

/* Without the wildcard in front: checked, in place. */
static int normalize_base(char **at, struct err *err)
{
    size_t len = strlen(*at);

    if (len == 0) {
        return err_set(err, ERR_CONFIG, "it is empty");
    }
    if (len > INPUT_MAX_BYTES) {
        return err_set(err, ERR_CONFIG, "it is longer than %d bytes", INPUT_MAX_BYTES);
    }
    if (is_address(*at)) {
        return err_set(err, ERR_CONFIG, "it is an IP address; only names can be had by DNS");
    }
    if (map_idna(at, err) < 0) {
        return err_code(err);
    }
    str_lower(*at);
    len = strlen(*at);
    if (len > 1 && (*at)[len - 1] == '.') {
        (*at)[len - 1] = '\0';
    }
    return check_labels(*at, err);
}

/* A name for a message: what is typed may be anything. */
static int wrap_name(const char *text, struct err *err)
{
    return err_wrap(err, "'%.100s' cannot be in a certificate", text);
}

int domain_normalize(const char *text, char **ret_name, struct err *err)
{
    AUTO_FREE char *name = str_dup(text);
    bool is_wildcard = false;

    str_trim(name);
    is_wildcard = domain_is_wildcard(name);
    AUTO_FREE char *base = str_dup(domain_base(name));
    if (normalize_base(&base, err) < 0) {
        return wrap_name(text, err);
    }
    if (is_wildcard && strlen(base) + 2 > NAME_MAX_BYTES) {
        err_set(err, ERR_CONFIG, "it is longer than %d bytes", NAME_MAX_BYTES);
        return wrap_name(text, err);
    }
    *ret_name = is_wildcard ? str_fmt("*.%s", base) : TAKE(base);
    return 0;
}

int domain_normalize_all(const struct strv *texts, struct strv *ret_names, struct err *err)
{
    AUTO(strv_done) struct strv pieces = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO(strv_done) struct strv reasons = STRV_INIT;

    for (size_t i = 0; i < texts->n; i++) {
        strv_add_split(&pieces, texts->items[i], ",");
    }
    for (size_t i = 0; i < pieces.n; i++) {
        AUTO_FREE char *name = NULL;

        if (domain_normalize(pieces.items[i], &name, err) < 0) {
            strv_add(&reasons, err->text);
        } else {
            strv_add_unique(&names, name);
        }
    }
    if (reasons.n > 0) {
        AUTO_FREE char *all = strv_join(&reasons, "\n");
        return err_set(err, ERR_CONFIG, "%s", all);
    }
    if (names.n == 0) {
        return err_set(err, ERR_CONFIG, "no domain name given");
    }
    strv_copy(ret_names, &names);
    return 0;
}
