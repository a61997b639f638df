/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "rfc2136.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MAX_S 60

#define CREDENTIAL ACME_OPTION_GROUP

/* The variables are lego's, of its versions before 5 and from 5 on. key-algorithm is text and not a
 * choice, because those variables hold forms such as "hmac-sha256." and "HMAC-SHA512". */
const struct acme_plugin_option settings_options[N_OPTIONS] = {
    [OPTION_SERVER] = {.name = "server",
                       .help = "A server that takes updates; several are tried in order. Without "
                               "it the primary that the zone's SOA record names",
                       .env = "RFC2136_NAMESERVER,DNSUPDATE_NAMESERVER",
                       .type = ACME_OPTION_HOSTPORT,
                       .flags = ACME_OPTION_REPEAT},
    [OPTION_KEY_FILE] = {.name = "key-file",
                         .help = "A file with the key in BIND's syntax, as tsig-keygen prints it",
                         .env = "RFC2136_TSIG_FILE,DNSUPDATE_TSIG_FILE",
                         .type = ACME_OPTION_FILE,
                         .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_KEY_NAME] = {.name = "key-name",
                         .help = "The name of the TSIG key, exactly as the server has it; in a "
                                 "key-file it stands already",
                         .env = "RFC2136_TSIG_KEY,DNSUPDATE_TSIG_KEY",
                         .type = ACME_OPTION_STRING,
                         .flags = CREDENTIAL},
    [OPTION_KEY_ALGORITHM] = {.name = "key-algorithm",
                              .help = "hmac-sha256 (when not given), hmac-sha512, hmac-sha384, "
                                      "hmac-sha224, hmac-sha1 or hmac-md5",
                              .env = "RFC2136_TSIG_ALGORITHM,DNSUPDATE_TSIG_ALGORITHM",
                              .type = ACME_OPTION_STRING,
                              .flags = CREDENTIAL},
    [OPTION_KEY_SECRET] = {.name = "key-secret",
                           .help = "The key itself, in base64",
                           .env = "RFC2136_TSIG_SECRET,DNSUPDATE_TSIG_SECRET",
                           .type = ACME_OPTION_STRING,
                           .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_SIGN_QUERIES] = {.name = "sign-queries",
                             .fallback = "no",
                             .help = "Sign questions too, for servers that choose a view by key",
                             .type = ACME_OPTION_BOOL},
    [OPTION_TRANSPORT] = {.name = "transport",
                          .fallback = "tcp",
                          .help = "tcp (UDP where a server does not take TCP) or udp alone",
                          .type = ACME_OPTION_CHOICE,
                          .choices = "tcp,udp"},
    [OPTION_TIMEOUT] = {.name = "timeout",
                        .fallback = "5s",
                        .help = "How long a server may stay silent",
                        .env = "RFC2136_DNS_TIMEOUT,DNSUPDATE_DNS_TIMEOUT",
                        .type = ACME_OPTION_DURATION},
    [OPTION_SOURCE_ADDRESS] = {.name = "source-address",
                               .help = "The address of this host to send from",
                               .type = ACME_OPTION_STRING},
};

static const char *text_of(const struct acme_open *o, enum option which)
{
    const struct acme_value *v = acme_value_at(o, (size_t)which);

    return v->len > 0 ? v->text : NULL;
}

/* Divides "HOST", "HOST:PORT", "[IPv6]:PORT" and a bare IPv6 address. */
static bool parse_host(const char *text, size_t len, struct host *ret_host)
{
    struct host host = {.port = "53"};
    const char *end = text + len;
    const char *port = NULL;
    const char *name_end = end;

    if (len > 0 && text[0] == '[') {
        text++;
        name_end = memchr(text, ']', (size_t)(end - text));
        if (name_end == NULL || (name_end + 1 < end && name_end[1] != ':')) {
            return false;
        }
        port = name_end + 1 < end ? name_end + 2 : NULL;
    } else {
        const char *colon = memchr(text, ':', len);

        if (colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL) {
            name_end = colon;
            port = colon + 1;
        }
    }
    if (name_end == text || (size_t)(name_end - text) >= sizeof(host.name)) {
        return false;
    }
    memcpy(host.name, text, (size_t)(name_end - text));
    if (port != NULL) {
        size_t port_len = (size_t)(end - port);

        if (port_len == 0 || port_len > 5 || strspn(port, "0123456789") < port_len) {
            return false;
        }
        memcpy(host.port, port, port_len);
        host.port[port_len] = '\0';
        if (strtoul(host.port, NULL, 10) == 0 || strtoul(host.port, NULL, 10) > 65535) {
            return false;
        }
    }
    *ret_host = host;
    return true;
}

/* Takes one value of `server`, which may hold several divided by commas or blanks. */
static int32_t read_hosts(const char *value, struct settings *s, struct fault *f)
{
    while (*(value += strspn(value, ", \t")) != '\0') {
        size_t len = strcspn(value, ", \t");

        if (s->n_hosts == SETTINGS_HOSTS_MAX) {
            return fault_set(f, ACME_BAD_CONFIG, "server: more than %d are given",
                             SETTINGS_HOSTS_MAX);
        }
        if (!parse_host(value, len, &s->hosts[s->n_hosts])) {
            return fault_set(f, ACME_BAD_CONFIG,
                             "server: '%.*s' is not HOST, HOST:PORT or [IPv6]:PORT",
                             (int)(len > 300 ? 300 : len), value);
        }
        s->n_hosts++;
        value += len;
    }
    return ACME_OK;
}

static int32_t read_servers(const struct acme_open *o, struct settings *s, struct fault *f)
{
    const struct acme_value *v = acme_value_at(o, OPTION_SERVER);

    for (size_t pos = 0; v->text != NULL && pos < v->len; pos += strlen(v->text + pos) + 1) {
        if (read_hosts(v->text + pos, s, f) != ACME_OK) {
            return f->status;
        }
    }
    return ACME_OK;
}

/* A key from the file, or from name and secret, or none at all. */
static int32_t read_key(const struct acme_open *o, struct settings *s, struct fault *f)
{
    const struct acme_value *file = acme_value_at(o, OPTION_KEY_FILE);
    const char *name = text_of(o, OPTION_KEY_NAME);
    const char *algorithm = text_of(o, OPTION_KEY_ALGORITHM);
    const char *secret = text_of(o, OPTION_KEY_SECRET);

    if (file->text != NULL && secret != NULL) {
        return fault_set(f, ACME_BAD_CONFIG,
                         "key-file and key-secret are both given: one of them is enough");
    }
    if (file->text != NULL) {
        if (keyfile_parse(file->text, file->len, name, &s->key, f) != ACME_OK) {
            return fault_wrap(f, "key-file");
        }
        s->has_key = true;
        if (algorithm != NULL && tsig_algorithm_find(algorithm) != s->key.algorithm) {
            return fault_set(f, ACME_BAD_CONFIG,
                             "key-algorithm is '%.64s', but the key file says %s", algorithm,
                             tsig_algorithm_text(s->key.algorithm));
        }
        return ACME_OK;
    }
    if ((name == NULL) != (secret == NULL)) {
        return fault_set(f, ACME_BAD_CONFIG, "%s is given, but not %s",
                         name != NULL ? "key-name" : "key-secret",
                         name != NULL ? "key-secret or key-file" : "key-name");
    }
    if (name == NULL) {
        return algorithm == NULL
                   ? ACME_OK
                   : fault_set(f, ACME_BAD_CONFIG, "key-algorithm is given, but no key");
    }
    if (tsig_key_init(&s->key, name, algorithm, secret, f) != ACME_OK) {
        return f->status;
    }
    s->has_key = true;
    return ACME_OK;
}

static int32_t read_source(const struct acme_open *o, struct settings *s, struct fault *f)
{
    const char *text = text_of(o, OPTION_SOURCE_ADDRESS);
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (text == NULL) {
        return ACME_OK;
    }
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(&s->source, &v4, sizeof(v4));
        s->source_len = sizeof(v4);
    } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        memcpy(&s->source, &v6, sizeof(v6));
        s->source_len = sizeof(v6);
    } else {
        return fault_set(f, ACME_BAD_CONFIG,
                         "source-address: '%.64s' is not an IPv4 or IPv6 address", text);
    }
    return ACME_OK;
}

static int32_t read_timeout(const struct acme_open *o, struct settings *s, struct fault *f)
{
    int64_t timeout_s = acme_value_at(o, OPTION_TIMEOUT)->number;

    if (timeout_s < 1 || timeout_s > TIMEOUT_MAX_S) {
        return fault_set(f, ACME_BAD_CONFIG, "timeout: %lld s is not between 1 s and %d s",
                         (long long)timeout_s, TIMEOUT_MAX_S);
    }
    s->timeout_ms = (uint32_t)timeout_s * 1000;
    return ACME_OK;
}

int32_t settings_read(const struct acme_open *o, struct settings *ret_settings, struct fault *f)
{
    struct settings s = {.n_hosts = 0};
    const char *transport = text_of(o, OPTION_TRANSPORT);

    s.signs_queries = acme_value_at(o, OPTION_SIGN_QUERIES)->number != 0;
    s.is_udp_only = transport != NULL && strcmp(transport, "udp") == 0;
    if (read_servers(o, &s, f) != ACME_OK || read_timeout(o, &s, f) != ACME_OK ||
        read_source(o, &s, f) != ACME_OK || read_key(o, &s, f) != ACME_OK) {
        settings_done(&s);
        return f->status;
    }
    if (s.signs_queries && !s.has_key) {
        return fault_set(f, ACME_BAD_CONFIG,
                         "sign-queries is on, but there is no key to sign with");
    }
    *ret_settings = s;
    return ACME_OK;
}

void settings_done(struct settings *s)
{
    tsig_key_done(&s->key);
    s->has_key = false;
}
