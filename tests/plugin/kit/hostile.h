/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Every parser of the kit over one text of a stranger's: for hostile_test.c and the fuzzer. */
#ifndef TESTS_KIT_HOSTILE_H
#define TESTS_KIT_HOSTILE_H

#include <stddef.h>

#define HOSTILE_TEXT_MAX 512

/* Aborts where one of them breaks its word. text: NUL-terminated, shorter than HOSTILE_TEXT_MAX. */
void hostile_read(const char *text, size_t len);

#endif
