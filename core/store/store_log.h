/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A log that several processes append to: STATE/logs/logs.txt, and logs.txt.1 (the youngest) to
 * logs.txt.N of what was there before; the same below STATE/logs/autorenew. What is appended is one
 * write, so that two runs never tear each other's lines; the file is renamed under a lock before it
 * grows over its limit, and whoever has it open notices before the next write.
 */
#ifndef STORE_STORE_LOG_H
#define STORE_STORE_LOG_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store_log;

/* Nothing is opened or made yet. is_scheduled: the one of runs that nobody watches. n_kept: how
 * many old files stay, 0 for none. */
struct store_log *store_log_new(const char *state_dir, bool is_scheduled, int64_t max_bytes,
                                uint32_t n_kept);
void store_log_free(struct store_log *log);
DEFINE_AUTO_PTR(store_log, store_log_free);

/* The file that is written to, borrowed. */
const char *store_log_path(const struct store_log *log);

/* Appends whole lines, line feeds included; makes folders (0700) and file (0600) if need be. After
 * a failure the next text begins on a line of its own. */
int store_log_append(struct store_log *log, const char *lines, size_t len, struct err *err);

#endif
