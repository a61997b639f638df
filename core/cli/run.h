/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One run of the program, from argv to the exit status. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

/* Returns the exit status. *ret_signal: the signal that ended the run, by which the process should
 * die too, or 0. Everything is freed on return. */
int run_program(int argc, char *const *argv, int *ret_signal);

#endif
