/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Time. Deadlines use the monotonic clock; dates the wall clock. Tests may shift both. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

int64_t clock_mono_ms(void);
int64_t clock_wall_s(void);

/* Refuses a time before this program existed, which machines without a battery have until they are
 * told another: what is due, or valid, cannot be judged by it. ERR_FAILED. */
int clock_check(struct err *err);

/* Adds a line to an error that a wrong clock may have made: what it says. */
int clock_hint(int64_t wall_s, struct err *err);

/* For tests: both clocks go on from here by that much later (or earlier). */
void clock_shift(int64_t mono_ms, int64_t wall_s);

/* 2026-11-21T22:51:00Z */
#define CLOCK_TEXT_MAX 32
void clock_format(int64_t wall_s, char text[static CLOCK_TEXT_MAX]);

/* RFC 3339, with fraction and offset; false if it is not one. */
bool clock_parse(const char *text, int64_t *ret_wall_s);

/* "89 days", "3 hours", "12 s": for people. */
void clock_format_span(int64_t seconds, char text[static CLOCK_TEXT_MAX]);

/* Uniform between 0 and n - 1, from the system's generator; 0 for n <= 1. */
uint64_t clock_random(uint64_t n);

#endif
