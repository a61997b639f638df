/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When a certificate is to be renewed. Arithmetic only. */
#ifndef ORDER_DUE_H
#define ORDER_DUE_H

#include <stdint.h>

/* A third of the lifetime before the end; half of it for certificates of ten days and less. In
 * seconds, never in days: a six-day certificate has no day to lose. */
int64_t due_renew_after_s(int64_t not_before_s, int64_t not_after_s);

#endif
