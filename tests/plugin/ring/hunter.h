/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#ifndef RING_HUNTER_H
#define RING_HUNTER_H

#include <acme-plugin.h>

#include <sys/types.h>

extern char hunter_word[64], hunter_socket[64];
extern int hunter_may_signal;

/* Notes a way that worked. */
__attribute__((format(printf, 1, 2))) void hunter_got(const char *format, ...);

/* Its memory, its files, its descriptors, its life. */
void hunter_try_process(pid_t pid);

/* What this process was handed that it should not have. */
void hunter_try_self(void);

#endif
