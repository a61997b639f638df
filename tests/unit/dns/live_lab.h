/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the tests against name servers on the wire share. Port 53 wants a network namespace of its
 * own: the program starts itself again under unshare(1) and there starts servers.py beside itself.
 * Skipped (77) where no namespace can be had, or python3-dnspython is missing.
 */
#ifndef TESTS_DNS_LIVE_LAB_H
#define TESTS_DNS_LIVE_LAB_H

#include "base/loop.h"
#include "dns/find.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants some of those above first. */
#include <cmocka.h>

/* Of the running case. */
extern struct loop *live_loop;
extern struct dns *live_dns;

/* False: main() returns *ret_status at once. live_end() stops what a true one started. */
bool live_begin(int argc, char **argv, int *ret_status);
void live_end(void);

int live_set_up(void **state);
int live_tear_down(void **state);
#define LIVE(test) cmocka_unit_test_setup_teardown(test, live_set_up, live_tear_down)

/* Tells the servers something and returns their word as a number (0 for "ok"). */
long live_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

void live_run_for(int64_t ms);

/* How searches ended: the last place and the last error. live_on_found() stops the loop after
 * n_wanted. */
struct live_outcome {
    struct dns_place *place;
    struct err err;
    unsigned n_done;
    unsigned n_wanted;
};

void live_on_found(void *arg, struct dns_place *place, const struct err *err);
struct live_outcome live_find(const char *name);
/* Fails the case where there is none. The caller frees the place. */
struct dns_place *live_find_place(const char *name);

#endif
