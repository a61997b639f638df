/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A command of the configuration that prints a secret: NAME-command. */
#ifndef PROVIDER_COMMAND_H
#define PROVIDER_COMMAND_H

#include "base/err.h"
#include "base/loop.h"

#include <stddef.h>

struct command;

/* Runs the line, divided as by words_split(), without a shell and with a deadline of 30 s; what it
 * prints, up to 64 KiB, without line ends at the end, comes to done() from the loop. It is wiped
 * afterwards. The command is gone then. ERR_CONFIG at once: no such program, a quote not closed. */
typedef void command_done_fn(void *arg, const char *output, size_t len, const struct err *err);
int command_start(struct loop *loop, const char *line, command_done_fn *done, void *arg,
                  struct command **ret_command, struct err *err);

/* Kills it; no callback. Takes NULL, leaves NULL. */
void command_cancel(struct command **command);

#endif
