/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Certificates as a text file for Prometheus' node exporter (its text format 0.0.4). */
#ifndef TASK_METRICS_H
#define TASK_METRICS_H

#include "task/list.h"

#include "base/buf.h"

#define METRICS_MAX (16u * 1024 * 1024) /* one family's samples */
#define METRICS_FAMILIES 8u

/* Samples come grouped by metric, so rows are gathered first. */
struct metrics {
    struct buf not_after, renew_after, health, failures, deploy_pending, revoked, attention;
};

void metrics_init(struct metrics *metrics);
void metrics_done(struct metrics *metrics);

/* needs_attention: `list --check` would fail for it. */
void metrics_add(struct metrics *metrics, const struct list_row *row, bool needs_attention);

/* Writes the file, whole or not at all, for everybody to read. */
int metrics_write(struct metrics *metrics, const char *path, struct err *err);

#endif
