/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The rooms of the exec-hook plug-in:
 *
 *     text       UTF-8 for the core, whatever a program wrote
 *     run        one program: started, fed, listened to, ended together with all its children
 *     style      what a program is called with: one row of a table for each convention
 *     outcome    exit codes, and the lines of stdout that mean something
 *     batch      many changes in one call, as lines of JSON
 *     exec-hook  options and callbacks
 */
#ifndef EXEC_HOOK_H
#define EXEC_HOOK_H

#include <acme-plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- text.c ---- */

#define TEXT_LINE_MAX 4096 /* of a program's line in the log; what is longer is cut */

/* Copies bytes as UTF-8: what is none, and control characters, become \xHH. Returns to. */
char *text_sanitize(const char *bytes, size_t len, char *to, size_t size);
bool text_is_utf8(const void *bytes, size_t len);

/* ---- run.c ---- */

#define RUN_LINE_MAX 16384 /* of a line of stdout; the rest of a longer one is dropped */
#define RUN_TAIL_MAX 2048  /* how much of the end of stderr is kept */

/* Takes one line of stdout, without its end; bytes are as the program wrote them. */
typedef void run_line_fn(void *context, const char *line, size_t len);

struct run {
    const char *path;
    char **argv;
    char **envp;
    const char *input; /* for stdin; NULL: /dev/null */
    size_t input_len;
    int64_t limit_ms; /* 0: as long as the call may take */
    run_line_fn *take_line;
    void *context;
};

enum run_end {
    RUN_EXITED,    /* code */
    RUN_KILLED,    /* code is the signal, and it was not us */
    RUN_TIMED_OUT, /* the limit or the call's time was over */
    RUN_CANCELLED, /* the core wants the call ended */
    RUN_FAILED,    /* it did not start: code is an errno */
};

struct run_result {
    enum run_end end;
    int code;
    char tail[RUN_TAIL_MAX + 1]; /* the end of stderr, as the program wrote it */
    size_t tail_len;
};

/* Runs a program to its end, and ends whatever it leaves behind in its session. */
void run_program(struct acme_call *call, const struct run *run, struct run_result *ret_result);

/* ---- outcome.c ---- */

#define OUTCOME_RECEIPT_MAX 4096

/* What a program said on stdout beside its exit code. */
struct outcome {
    struct acme_call *call;
    const char *name; /* the program's, for log lines */
    unsigned n_lines; /* logged so far */
    uint32_t retry_after_s;
    char receipt[OUTCOME_RECEIPT_MAX];
    size_t receipt_len; /* 0: none */
};

/* A run_line_fn: takes retry-after=N and receipt=TEXT, logs everything else. */
void outcome_take_line(void *outcome, const char *line, size_t len);

/* What the end of a program means for one verb. Text is for people; empty when all is well. */
int32_t outcome_judge(const struct run_result *result, const char *program, const char *verb,
                      bool has_native_codes, char *ret_text, size_t size);

/* The same for an exit code alone, or a status in a line of JSON. NULL: 0. */
const char *outcome_of_code(int code, const char *verb, int32_t *ret_status);

/* ---- style.c ---- */

struct style {
    const char *name;
    const char *add; /* what the verbs are called; NULL: there is none */
    const char *remove;
    const char *settled;
    bool has_native_codes; /* exit codes as in the manual; else 0 is good and all others are bad */
    const char *const *arguments;   /* behind the verb, ended by NULL; "{NAME}" are fields */
    const char *const *environment; /* "NAME={FIELD}", ended by NULL */
};

const struct style *style_find(const char *name);

/* What the style calls a verb of ours. */
const char *style_verb(const struct style *s, const char *verb);

#define STYLE_TEXT_MAX                                                        \
    65536 /* of what is made for one call: far above what its fields can hold \
           */

struct hook;

/* What one run is called with. Arguments from the settings and inherited variables are borrowed. */
struct style_call {
    char **argv;
    char **envp;
    char *text;
    size_t text_len;
};

/* Makes the call for one change, or without a record for a batch. verb is ours: "add", "remove",
 * "settled", "batch". false: no memory, or more arguments than there may be; done() in any case. */
bool style_call_init(struct style_call *c, const struct hook *h, const char *verb,
                     const struct acme_record *record);
void style_call_done(struct style_call *c);

/* ---- batch.c ---- */

/* Makes n changes with one run of the program. ACME_OK: what was not reported failed is in force;
 * *ret_failed_status is then the status of the last that was, or ACME_OK. */
int32_t batch_apply(struct acme_call *call, const struct hook *h,
                    const struct acme_change *const *changes, size_t n, int32_t *ret_failed_status);

/* ---- exec-hook.c ---- */

/* One instance: [provider NAME]. */
struct hook {
    char *command;
    const char *name; /* the last part of command */
    struct acme_value arguments;
    const struct style *style;
    bool is_batch;
    int64_t limit_ms;
    bool lacks_settled; /* the program said so */
};

/* Is the program one that may be run? 0, or the status that was reported. */
int32_t hook_check_command(struct acme_call *call, const char *path);

#endif
