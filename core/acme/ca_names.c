/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names against what one CA is known to refuse: said before it is asked, because a refusal there
 * counts against its limits. */
#include "acme/ca.h"

#include "base/buf.h"
#include "base/domain.h"

#include <string.h>

#define REASONS_MAX 3000

static size_t count_labels(const char *name)
{
    size_t n = 1;

    for (; *name != '\0'; name++) {
        n += *name == '.';
    }
    return n;
}

/* A wildcard covers exactly one label, so "www.example.com" is in "*.example.com" and a CA that
 * checks for overlap refuses both together. The apex is not covered. */
static const char *covering_wildcard(const char *name, const struct strv *names)
{
    const char *parent = strchr(name, '.');

    if (domain_is_wildcard(name) || parent == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < names->n; i++) {
        if (domain_is_wildcard(names->items[i]) &&
            str_eq(domain_base(names->items[i]), parent + 1)) {
            return names->items[i];
        }
    }
    return NULL;
}

static void add_reasons(const struct ca *ca, const char *name, const struct strv *names,
                        struct buf *reasons)
{
    const char *base = domain_base(name);
    const char *wildcard = ca->refuses_www_beside_wildcard ? covering_wildcard(name, names) : NULL;

    if (ca->refuses_single_labels && count_labels(base) < 2) {
        buf_addf(reasons, "\n  %s: a single label, not a name below a public suffix", name);
    }
    if (ca->max_labels > 0 && count_labels(name) > ca->max_labels) {
        buf_addf(reasons, "\n  %s: more than %u labels", name, ca->max_labels);
    }
    if (wildcard != NULL) {
        buf_addf(reasons, "\n  %s: already covered by %s; leave it out", name, wildcard);
    }
}

int ca_check_names(const struct ca *ca, const struct strv *names, struct err *err)
{
    AUTO(buf_done) struct buf reasons = BUF(REASONS_MAX);

    if (ca->max_names > 0 && names->n > ca->max_names) {
        buf_addf(&reasons, "\n  %zu names in one certificate, the most is %u", names->n,
                 ca->max_names);
    }
    for (size_t i = 0; i < names->n; i++) {
        add_reasons(ca, names->items[i], names, &reasons);
    }
    if (reasons.len == 0) {
        return 0;
    }
    return err_set(err, ERR_CONFIG, "%s would refuse this order:%s", ca->title, buf_str(&reasons));
}
