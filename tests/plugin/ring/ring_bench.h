/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What each test of the ring stands on: a loop, folders of its own, a provider set over a
 * configuration. */
#ifndef RING_BENCH_H
#define RING_BENCH_H

#include "base/event.h"
#include "base/loop.h"
#include "config/config.h"
#include "provider/provider.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BENCH_RESULTS_MAX 256

/* One change that was handed in, and what came of it. */
struct outcome {
    struct bench *bench;
    struct provider *provider;
    struct provider_job *job;
    bool is_finished, is_ok, may_be_in_force;
    int32_t status;
    char receipt[64];
    struct err err;
    int64_t at_ms;
};

struct bench {
    struct loop *loop;
    struct config *config;
    struct provider_set *set;
    struct loop_timer *guard;
    char dir[64];
    struct outcome outcomes[BENCH_RESULTS_MAX];
    size_t n_outcomes, n_finished, n_told; /* n_told: changes that hooks were told of */
    size_t n_receipts;
    unsigned n_locked, n_locked_max, n_handles; /* n_handles: of locks, held or not */
    struct buf log;                             /* what was logged */
    pid_t hunted; /* told to plug-ins as the token of later changes; 0: this process */
};

/* config_text: %s is the bench's folder, everywhere. */
void bench_open(struct bench *b, const char *config_text);
void bench_close(struct bench *b);

struct outcome *bench_change(struct bench *b, const char *instance, enum provider_verb verb,
                             const char *fqdn, const char *value);
struct outcome *bench_settled(struct bench *b, const char *instance, const char *fqdn,
                              const char *receipt);
/* What was said to the question for zones, as "a, b" or the error. */
const char *bench_zones(struct bench *b, const char *instance);
/* Releases all and turns until every outcome is finished; fails the test after 20 s. */
void bench_run(struct bench *b);
/* Turns for some time. */
void bench_turn(struct bench *b, int64_t ms);
struct provider *bench_provider(struct bench *b, const char *instance);
/* The text of a file in the folder that mem writes to, "" if none; static memory. */
const char *bench_read(struct bench *b, const char *name);
size_t bench_count(const char *text, const char *word);

#endif
