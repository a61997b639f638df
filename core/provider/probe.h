/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Asking plug-ins what they are, without an instance: behind provider_describe() and _list(). */
#ifndef PROVIDER_PROBE_H
#define PROVIDER_PROBE_H

struct provider_set;
struct probe;

void probe_free_all(struct provider_set *set);

#endif
