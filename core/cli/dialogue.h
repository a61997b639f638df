/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Standard input and output as the two ends of a dialogue, by the loop. Standard input is shared
 * with whoever started us: it is never made non-blocking, and no byte behind the line that is
 * waited for is taken from it.
 */
#ifndef CLI_DIALOGUE_H
#define CLI_DIALOGUE_H

#include "base/loop.h"
#include "cli/sink.h"
#include "task/task.h"

struct dialogue;

/* *ret_dialogue is closed before loop and sink are freed. */
struct task_console dialogue_open(struct sink *sink, struct loop *loop,
                                  struct dialogue **ret_dialogue);
void dialogue_close(struct dialogue *dialogue); /* takes NULL */

#endif
