/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The header and nothing else: it must compile so, as C99, C11, C17 and C++11. */
#include <acme-plugin.h>
