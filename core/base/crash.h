/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Named crash points. In builds with ACME_CRASH_POINTS the process kills itself with SIGKILL at the
 * point that ACME_DNS_CRASH_AT names ("journal-intent-after", or "journal-intent-after:3" for the
 * third time it is passed); with ACME_DNS_CRASH_TRACE=FILE each point passed is appended there, a
 * line each. In others it is nothing.
 */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef ACME_CRASH_POINTS
void crash_point(const char *name);
#else
#define crash_point(name) ((void)0)
#endif

#endif
