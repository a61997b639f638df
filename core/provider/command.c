/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/command.h"

#include "base/mem.h"
#include "provider/program.h"

#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536u
#define ERRORS_MAX 1024u
#define DEADLINE_MS 30000

struct command {
    struct program *program;
    command_done_fn *done;
    void *arg;
};

void command_cancel(struct command **command)
{
    if (*command != NULL) {
        program_cancel(&(*command)->program);
        mem_free(TAKE(*command));
    }
}

static int judge(const struct program_end *end, struct err *err)
{
    int status = end->wait_status;

    if (end->has_timed_out) {
        return err_set(err, ERR_CONFIG, "the command did not end within %d s", DEADLINE_MS / 1000);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)err_set(err, ERR_CONFIG, "the command %s %d",
                      WIFEXITED(status) ? "ended with status" : "was killed by signal",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        return end->errors->len > 0 ? err_hint(err, "it said: %s", buf_str(end->errors))
                                    : err_code(err);
    }
    if (end->output->has_overflown) {
        return err_set(err, ERR_CONFIG, "the command printed more than %u KiB", OUTPUT_MAX / 1024);
    }
    return 0;
}

static void finish(void *arg, const struct program_end *end)
{
    struct command *command = arg;
    struct err err = ERR_INIT;
    bool is_good = judge(end, &err) == 0;

    command->program = NULL;
    command->done(command->arg, is_good ? buf_str(end->output) : NULL, end->output->len,
                  is_good ? NULL : &err);
    mem_free(command);
}

int command_start(struct loop *loop, const char *line, command_done_fn *done, void *arg,
                  struct command **ret_command, struct err *err)
{
    const struct program_plan plan = {.line = line,
                                      .env = environ,
                                      .deadline_ms = DEADLINE_MS,
                                      .output_max = OUTPUT_MAX,
                                      .errors_max = ERRORS_MAX};
    struct command *command = NEW(struct command);

    command->done = done;
    command->arg = arg;
    if (program_start(loop, &plan, finish, command, &command->program, err) < 0) {
        mem_free(command);
        return err_code(err);
    }
    *ret_command = command;
    return 0;
}
