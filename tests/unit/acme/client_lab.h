/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A client and a scripted CA over TLS (fake_ca.py), which verifies all signatures. */
#ifndef TESTS_ACME_CLIENT_LAB_H
#define TESTS_ACME_CLIENT_LAB_H

#include "lab.h"

extern struct lab client_lab;
extern char client_lab_port[16];

/* For the group, not for each case. */
int client_lab_set_up(void **state);
int client_lab_tear_down(void **state);

/* A client of the CA at /SEGMENT/directory. segment: NAME and rules. */
void client_lab_use(const char *segment);

/* How often a line of NAME.log begins with that word. */
size_t client_lab_count(const char *name, const char *word);

/* The way to an authorization that waits for its answer. */
void client_lab_reach_authz(const char *segment);
enum err_class client_lab_answer(void);

/* The way to an order that is ready; the caller frees it. */
struct acme_order *client_lab_reach_ready(const char *segment);
enum err_class client_lab_finalize(struct acme_order *order);

#endif
