/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which URLs of a CA are followed. One that a CA hands out must be https, without user part,
 * printable, and on the directory's registrable domain or one of the preset's other hosts, at the
 * directory's port or 443. If the directory's host is an address or a single label, it must be that
 * very host.
 */
#ifndef ACME_URL_H
#define ACME_URL_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define ACME_URL_MAX 2048

struct acme_urls {
    char *directory;
    char *host;
    uint16_t port;
    bool is_literal; /* an address or a single label: no registrable domain */
    struct strv allowed_hosts;
};

/* ERR_CONFIG if the directory itself is no usable https URL. */
int acme_urls_init(struct acme_urls *urls, const char *directory, const struct strv *allowed_hosts,
                   struct err *err);
void acme_urls_done(struct acme_urls *urls);

/* ERR_CA "the CA's WHAT URL ... is refused: why". url may be NULL: that is a refusal too. */
int acme_url_check(const struct acme_urls *urls, const char *what, const char *url,
                   struct err *err);

#endif
