/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A secret that comes by standard input: "-" where a file could be named. */
#ifndef TASK_SECRET_INPUT_H
#define TASK_SECRET_INPUT_H

#include "base/buf.h"
#include "base/err.h"

/* Reads standard input to its end, at most 10 s, into `to`, which should be a secret's; its ceiling
 * holds. what: "the HMAC key", for messages. ERR_CONFIG: a terminal, which would show what is
 * typed; nothing in time; too long. ERR_CANCELLED: a signal came first, and stays pending for the
 * loop. */
int secret_input_read(const char *what, struct buf *to, struct err *err);

#endif
