/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Questions to the person at the terminal. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/sink.h"
#include "task/task.h"

#include <stdbool.h>

/* Whether anybody is there: standard input and standard error are terminals. */
bool ask_is_possible(void);

/* Answers that come from the terminal. The sink's moving lines step aside while a question stands.
 * A signal that arrives meanwhile counts as the end of input, and stays pending for the loop. */
struct task_ask ask_terminal(struct sink *sink);

#endif
