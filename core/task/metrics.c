/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/metrics.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <inttypes.h>

#define FILE_MODE 0644

void metrics_init(struct metrics *metrics)
{
    buf_init(&metrics->not_after, METRICS_MAX);
    buf_init(&metrics->renew_after, METRICS_MAX);
    buf_init(&metrics->health, METRICS_MAX);
    buf_init(&metrics->failures, METRICS_MAX);
    buf_init(&metrics->deploy_pending, METRICS_MAX);
    buf_init(&metrics->revoked, METRICS_MAX);
    buf_init(&metrics->attention, METRICS_MAX);
}

void metrics_done(struct metrics *metrics)
{
    buf_done(&metrics->not_after);
    buf_done(&metrics->renew_after);
    buf_done(&metrics->health);
    buf_done(&metrics->failures);
    buf_done(&metrics->deploy_pending);
    buf_done(&metrics->revoked);
    buf_done(&metrics->attention);
}

/* A certificate's name is [a-z0-9._-]: nothing in it has to be escaped in a label. */
static void add_sample(struct buf *to, const char *metric, const struct list_row *row,
                       int64_t value)
{
    buf_addf(to, "acme_dns_certificate_%s{name=\"%s\",staging=\"%s\"} %" PRId64 "\n", metric,
             row->name, row->is_staging ? "yes" : "no", value);
}

void metrics_add(struct metrics *metrics, const struct list_row *row, bool needs_attention)
{
    add_sample(&metrics->health, "health", row, (int64_t)row->health);
    add_sample(&metrics->failures, "failures", row, row->renewal->kept.n_failures);
    add_sample(&metrics->deploy_pending, "deploy_pending", row, row->is_deploy_pending ? 1 : 0);
    add_sample(&metrics->revoked, "revoked", row, row->is_retired ? 1 : 0);
    add_sample(&metrics->attention, "attention", row, needs_attention ? 1 : 0);
    if (row->cert != NULL) {
        add_sample(&metrics->not_after, "not_after_seconds", row, row->cert->not_after_s);
        add_sample(&metrics->renew_after, "renew_after_seconds", row, row->renew_after_s);
    }
}

static void add_family(struct buf *to, const char *metric, const char *help,
                       const struct buf *samples)
{
    buf_addf(to, "# HELP acme_dns_%s %s\n# TYPE acme_dns_%s gauge\n", metric, help, metric);
    buf_add(to, buf_str(samples), samples->len);
}

int metrics_write(struct metrics *metrics, const char *path, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(METRICS_FAMILIES * METRICS_MAX);
    AUTO(buf_done) struct buf now = BUF(128);

    buf_addf(&now, "acme_dns_looked_at_seconds %" PRId64 "\n", clock_wall_s());
    add_family(&text, "certificate_not_after_seconds", "When the certificate ends, Unix time.",
               &metrics->not_after);
    add_family(&text, "certificate_renew_after_seconds", "From when on it is renewed, Unix time.",
               &metrics->renew_after);
    add_family(&text, "certificate_health",
               "0 good, 1 due, 2 not issued yet, 3 in danger, 4 expired, 5 damaged.",
               &metrics->health);
    add_family(&text, "certificate_failures", "Tries to renew it that failed, in a row.",
               &metrics->failures);
    add_family(&text, "certificate_deploy_pending",
               "1: its copies or deploy hooks failed, or are still to come.",
               &metrics->deploy_pending);
    add_family(&text, "certificate_revoked", "1: it was revoked and is not issued again unasked.",
               &metrics->revoked);
    add_family(&text, "certificate_attention",
               "1: somebody should look, as acme-dns list --check would say.", &metrics->attention);
    add_family(&text, "looked_at_seconds", "When acme-dns wrote this, Unix time.", &now);
    if (buf_check(&text, "the metrics", err) < 0) {
        return err_code(err);
    }
    return fs_write_atomic(path, buf_str(&text), text.len, FILE_MODE, err) < 0
               ? err_wrap(err, "metrics: cannot write '%s'", path)
               : 0;
}
