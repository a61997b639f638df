/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns revoke: tells the CA, then takes the files out of use. */
#ifndef TASK_REVOKE_H
#define TASK_REVOKE_H

#include "task/task.h"

struct revoke_request {
    const char *name;   /* a certificate's name, or a name that one is for */
    const char *file;   /* instead: a PEM file with the certificate */
    const char *reason; /* a number or a name of RFC 5280; NULL: unspecified */
    const char *ca;     /* for a file that is not installed here: --ca or --server */
    bool is_staging;    /* only those of a staging service */
    bool is_confirmed;  /* nobody is asked */
    bool is_reissuing;  /* first another one is issued and deployed in its place */
};

/* EXIT_USAGE: no such certificate, or several that fit. EXIT_HUMAN: nobody confirmed it. */
enum task_exit task_revoke(struct task_env *env, const struct revoke_request *request);

#endif
