/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The rooms of the exec-hook plug-in:
 *
 *     text       UTF-8 for the core, whatever a program wrote; texts and lists of texts that grow
 *     session    all processes that a program started
 *     run        one program: started, fed, listened to, ended together with all its children
 *     style      whose convention a program follows: one row of a table for each
 *     env-file   variables from a file
 *     invoke     the arguments and the environment of one run, from a row of that table
 *     outcome    exit codes, and the lines of stdout that mean something
 *     acme-sh    what can be told from a dnsapi script of acme.sh
 *     home       the private home that such a script is run in
 *     ask        one question to many name servers
 *     look       which values a name has
 *     change     runs for one change, or for several in a row
 *     batch      many changes in one run, as lines of JSON
 *     command    which files may be run
 *     exec-hook  options and callbacks
 */
#ifndef EXEC_HOOK_H
#define EXEC_HOOK_H

#include <acme-plugin.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct hook;

/* ---- text.c ---- */

#define TEXT_LINE_MAX 4096 /* of a program's line in the log; what is longer is cut */

/* Copies bytes as UTF-8: what is none, and control characters, become \xHH. Returns to. */
char *text_sanitize(const char *bytes, size_t len, char *to, size_t size);
bool text_is_utf8(const void *bytes, size_t len);

/* A text that grows; always ended by a NUL byte once something was put. */
struct text {
    char *bytes;
    size_t len;
    size_t room;
    bool is_short; /* there was no memory: what is in it is not all */
};

void text_put(struct text *t, const void *bytes, size_t len);
void text_puts(struct text *t, const char *text);
void text_done(struct text *t);

/* A list of texts as execve() wants it: items ends with NULL once one was added. */
struct words {
    char **items;
    size_t n;
    size_t room;
    bool is_short;
};

/* Adds a copy. */
void words_add(struct words *w, const char *text, size_t len);
void words_done(struct words *w);

/* ---- run.c ---- */

#define RUN_LINE_MAX 16384 /* of a line of stdout; the rest of a longer one is dropped */
#define RUN_TAIL_MAX 2048  /* how much of the end of stderr is kept */
#define RUN_GRACE_MS 1000  /* between SIGTERM and SIGKILL, where a program's time is over */

/* Takes one line of stdout, without its end; bytes are as the program wrote them. */
typedef void run_line_fn(void *context, const char *line, size_t len);

struct run {
    const char *path;
    char **argv;
    char **envp;
    const char *input; /* for stdin; NULL: /dev/null */
    size_t input_len;
    int64_t limit_ms; /* 0: as long as the call may take */
    bool may_leave;   /* what it leaves running when it ends by itself is not ended */
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

/* Runs a program to its end, and ends whatever it leaves behind in its session, unless it may. */
void run_program(struct acme_call *call, const struct run *run, struct run_result *ret_result);

/* ---- session.c ---- */

/* Sends a signal to every process of the session that pid leads. How many there were. */
unsigned session_signal(pid_t session, int signo);

/* Kills all that is left. The leader must not be reaped yet, so that its number cannot be
 * another's.
 */
void session_sweep(pid_t session);

/* ---- style.c ---- */

/* What a program can be asked. Those that a convention does not have have no argv. */
enum verb { VERB_ADD, VERB_REMOVE, VERB_SETTLED, VERB_BATCH, VERB_STARTUP, VERB_EXIT, N_VERBS };

/* For a status of an exit code: failed, and nothing is promised of what is in force. */
#define CODE_VAGUE (-1)

/* What exit codes from first to last mean. ACME_OK: not well, but the convention takes no notice,
 * so a warning is all that comes of it. */
struct style_code {
    int first;
    int last;
    int32_t status;
    const char *text; /* behind the program and its verb */
};

#define STYLE_CODES_MAX 16

struct style_codes {
    const char *rule; /* what people are told beside the code; NULL: nothing */
    struct style_code
        rows[STYLE_CODES_MAX];      /* the rest of them, all zero, says that 0 is success */
    const struct style_codes *rest; /* for codes that stand in no row; or NULL */
};

/* What stdout is. */
enum style_output {
    OUTPUT_LOG,     /* lines for the log */
    OUTPUT_NATIVE,  /* the same, but for retry-after= and receipt= */
    OUTPUT_RECEIPT, /* for the log, and as a whole the receipt that remove is given */
};

/* How one verb is put to a program. The lists are templates, ended by NULL: see invoke.c. */
struct style_verb {
    const char *name;               /* as the convention calls it */
    const char *const *argv;        /* begins with the program */
    const char *const *each;        /* behind argv, for each change of the run; or NULL */
    const char *const *environment; /* "NAME={FIELD}"; or NULL */
    const struct style_codes *codes;
    enum style_output output;
};

/* Options that are only for some styles. */
#define STYLE_TAKES_BATCH 0x1u
#define STYLE_TAKES_CHAIN 0x2u
#define STYLE_TAKES_CLEANUP 0x4u
#define STYLE_TAKES_ARGUMENTS 0x8u
#define STYLE_TAKES_ACME_SH 0x10u

struct style {
    const char *name;
    struct style_verb verbs[N_VERBS];
    const char *const *unless_set; /* "NAME=VALUE" for variables that are not there; or NULL */
    const char *drops;             /* the prefix of variables that are never inherited; or NULL */
    unsigned takes;                /* STYLE_TAKES_... */
    bool is_at_label; /* its programs write at _acme-challenge.DOMAIN, and nowhere else */
};

/* For the option's `choices`. */
#define STYLE_NAMES "native,lego,lego-raw,certbot,dehydrated,acme.sh,uacme,getssl"

/* NULL: none of that name. */
const struct style *style_find(const char *name);

/* ---- env-file.c ---- */

/* One variable; borrowed from the file's text. name is NULL when the line is none. */
struct env_line {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

/* Steps to the next line that is neither blank nor a comment: at begins with the file's text,
 * number with 0. false: there is none. */
bool env_file_next(const char **at, unsigned *number, struct env_line *ret_line);

/* Is every line one? 0, or the status that was reported. */
int32_t env_file_check(struct acme_call *call, const struct acme_value *file);

/* Whether it sets what "NAME=VALUE" sets. */
bool env_file_has(const struct acme_value *file, const char *variable);

/* ---- invoke.c ---- */

/* What one run is for. */
struct invoke_for {
    const struct hook *hook;
    enum verb verb;
    const struct acme_record *const *records; /* of this run */
    size_t n;
    const struct acme_record *const
        *all; /* of the call that are asked the same, these among them */
    size_t n_all;
    size_t n_left;    /* of those, how many runs come behind this one */
    const char *home; /* the private home, for styles that have one */
};

/* What one run is called with. */
struct invoke {
    struct words argv;
    struct words envp;
};

/* false: no memory; done() in any case. */
bool invoke_init(struct invoke *v, const struct invoke_for *what);
void invoke_done(struct invoke *v);

/* The last part of the path of the program that a verb is put to, for messages. */
const char *invoke_program(const struct hook *h, enum verb verb);

/* The name that a style puts _acme-challenge before: fqdn without that label and without its final
 * dot, in ret_domain. false: fqdn does not begin so. */
bool invoke_domain(const struct acme_record *r, char ret_domain[256]);

/* ---- outcome.c ---- */

#define OUTCOME_RECEIPT_MAX 4096
#define OUTCOME_TEXT_MAX 6144 /* of what is said about the end of a program */

/* What a program said on stdout beside its exit code. */
struct outcome {
    struct acme_call *call;
    const char *name; /* the program's, for log lines */
    enum style_output output;
    unsigned n_lines; /* logged so far */
    uint32_t retry_after_s;
    char receipt[OUTCOME_RECEIPT_MAX];
    size_t receipt_len; /* 0: none */
    bool is_cut;        /* the receipt would be longer, or cannot be a variable's value */
};

/* A run_line_fn: takes what the style's output means, logs everything else. */
void outcome_take_line(void *outcome, const char *line, size_t len);

/* Behind the last line: makes the receipt what it is to be. */
void outcome_end(struct outcome *o);

/* What the end of a program means for one verb: a status, or CODE_VAGUE. Text is for people, and a
 * warning when the status is ACME_OK; empty when all is well. */
int32_t outcome_judge(const struct run_result *result, const struct hook *h, enum verb verb,
                      char *ret_text, size_t size);

/* The same for an exit code alone, or a status in a line of JSON. NULL: all is well. */
const char *outcome_of_code(const struct style_codes *codes, int code, int32_t *ret_status);

/* Reports that the change at index fails, and returns the status that this was reported with. */
int32_t outcome_fail(struct acme_call *call, size_t index, int32_t status, uint32_t retry_after_s,
                     const char *text);

/* ---- acme-sh.c ---- */

/* FOLDER/acme.sh for FOLDER/dnsapi/dns_NAME.sh; the caller frees it. NULL: no memory. */
char *acme_sh_beside(const char *script);

/* Is this the name of a dnsapi script? path is absolute. */
bool acme_sh_is_script(const char *path);

/* Whether its function that removes does not look at the value: then it removes all that the name
 * has, or the first that it finds. In doubt it looks. */
bool acme_sh_removes_by_name(const char *script);

/* ---- ask.c ---- */

#define ASK_SERVERS_MAX 32
#define ASK_ANSWER_MAX 65535

struct ask_server {
    struct sockaddr_storage address;
    socklen_t len;
};

struct ask_servers {
    struct ask_server items[ASK_SERVERS_MAX];
    size_t n;
};

/* Beyond ASK_SERVERS_MAX: left out. */
void ask_add_server(struct ask_servers *servers, const void *address, size_t len);

/* An answer to the question asked, whatever it says; false: it is of no use. */
typedef bool ask_answer_fn(void *arg, const unsigned char *answer, int len);

/* Asks all servers for the records of one type that name has. How many gave an answer that take
 * could use. */
size_t ask_all(struct ask_servers *servers, const char *name, int type, ask_answer_fn *take,
               void *arg);

/* ---- look.c ---- */

/* Adds the TXT values that fqdn has on any server of its zone to a list. false: none answered. */
bool look_txt(const char *zone, const char *fqdn, struct words *values);

/* ---- home.c ---- */

struct home {
    char path[PATH_MAX]; /* empty: there is none */
    int lock;            /* held while the home is in use; or -1 */
};

#define HOME_NONE  \
    {              \
        .lock = -1 \
    }

/* Makes the private home of one run. 0, or a status and a text that says why not. */
int32_t home_make(const struct hook *h, struct home *ret_home, char *ret_text, size_t size);

/* Removes it with all that is in it. */
void home_done(struct home *home);

/* Removes homes of this user that processes left behind which were killed. */
void home_sweep(void);

/* ---- change.c ---- */

/* Makes n changes, one run each, or one run for all where the program takes them in a chain. The
 * result is that of batch_apply(). */
int32_t change_apply(struct acme_call *call, struct hook *h,
                     const struct acme_change *const *changes, size_t n,
                     int32_t *ret_failed_status);

/* Asks whether a value is live. ACME_UNSUPPORTED is not reported: the program has no such verb. */
int32_t change_settled(struct acme_call *call, struct hook *h, const struct acme_record *record);

/* Tells a program whose convention knows it, if it was told that changes come, that they are over.
 */
void change_exit(struct acme_call *call, struct hook *h);

/* ---- batch.c ---- */

/* Makes n changes with one run of the program. ACME_OK: what was not reported failed is in force;
 * *ret_failed_status is then the status of the last that was, or ACME_OK. */
int32_t batch_apply(struct acme_call *call, const struct hook *h,
                    const struct acme_change *const *changes, size_t n, int32_t *ret_failed_status);

/* ---- command.c ---- */

/* Is the file one that may be run, or with is_script: read by a shell that is run? 0, or the status
 * that was reported. option is what names it. */
int32_t command_check(struct acme_call *call, const char *option, const char *path, bool is_script);

/* ---- exec-hook.c ---- */

/* One instance: [provider NAME]. Values of options live until close() returns. */
struct hook {
    const struct style *style;
    const char *command;
    struct acme_value arguments;
    const char *cleanup; /* NULL: none */
    struct acme_value cleanup_arguments;
    struct acme_value env_file;
    char *acme_sh; /* the acme.sh that a dnsapi script belongs to; NULL: another style */
    bool removes_by_name;
    struct acme_value account_conf;
    struct acme_value domain_conf;
    bool is_batch;
    bool is_chain;
    int64_t limit_ms;
    bool has_started;   /* VERB_STARTUP was run, and VERB_EXIT not since */
    size_t n_standing;  /* values that were added and not yet removed, by this process */
    bool lacks_settled; /* the program said so */
};

#endif
