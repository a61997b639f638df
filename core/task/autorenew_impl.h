/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the files of autorenew share.
 *
 *     plan       what is to be called, when, and by whom      autorenew_plan.c
 *     check      whether it would have all it needs           autorenew_check.c
 *     files      what a plan comes to, as texts               autorenew_units.c
 *     stamp      files known again by their checksum          autorenew_stamp.c
 *     crontab    our lines among a user's                     autorenew_crontab.c
 */
#ifndef TASK_AUTORENEW_IMPL_H
#define TASK_AUTORENEW_IMPL_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "task/autorenew.h"

#define AUTORENEW_TIMER "acme-dns-renew.timer"
#define AUTORENEW_CRON_FOLDER "/etc/cron.d"
#define AUTORENEW_CRON_FILE AUTORENEW_CRON_FOLDER "/acme-dns"
#define AUTORENEW_FRONT "# written by 'acme-dns register-autorenew' (" /* and its checksum */
#define AUTORENEW_END "# end of what 'acme-dns register-autorenew' has written\n"
#define AUTORENEW_PERIOD_H 4
#define AUTORENEW_PERIOD_MIN (AUTORENEW_PERIOD_H * 60)
#define AUTORENEW_TEXT_MAX ((size_t)1024 * 1024)

enum autorenew_method {
    AUTORENEW_NONE,
    AUTORENEW_SYSTEMD, /* system units */
    AUTORENEW_USER,    /* a user's units */
    AUTORENEW_CRON,    /* a file in /etc/cron.d */
    AUTORENEW_CRONTAB, /* a block in the user's own table */
};

struct autorenew_plan {
    enum autorenew_method method;
    char *folder;        /* of the files; NULL for AUTORENEW_CRONTAB */
    char *program;       /* absolute */
    struct strv options; /* "--config", PATH, ... */
    char *state_dir;
    struct strv writable;     /* what providers may write beside STATE */
    bool may_gain_privileges; /* an instance runs sudo or the like */
    unsigned minute;          /* after the beginning of each four hours: 0 to 239 */
};

/* ---- plan ---- */

/* Who can call us here, and the folder of the files, to mem_free; AUTORENEW_NONE: nobody. */
enum autorenew_method autorenew_find_method(char **ret_folder);
const char *autorenew_method_name(enum autorenew_method method);

bool autorenew_has_systemd(void);
bool autorenew_has_program(const char *name);
/* Where units of root's, or of this user's, are; to mem_free. NULL: there is no home. */
char *autorenew_unit_folder(void);

/* What is registered: the text of the timer, the cron file or our lines in the crontab, or NULL;
 * and its path, NULL for a crontab. Both to mem_free. */
int autorenew_read_registered(struct task_env *env, enum autorenew_method method,
                              const char *folder, char **ret_path, char **ret_text,
                              struct err *err);

/* The minute is the one that is registered already, or drawn. ERR_CONFIG: the program, or a path,
 * is none that can be called so. */
int autorenew_plan_make(struct task_env *env, struct autorenew_plan *ret_plan, struct err *err);
void autorenew_plan_done(struct autorenew_plan *plan);

/* ---- when ---- */

/* "*-*-* 02/4:17:00" and "17 2-23/4 * * *". */
void autorenew_format_calendar(unsigned minute, struct buf *to);
void autorenew_format_cron(unsigned minute, struct buf *to);
/* From the text of a timer, or of lines for cron; false: somebody wrote another time into it. */
bool autorenew_parse_minute(const char *text, unsigned *ret_minute);
/* The first such moment after now_s, in this machine's time zone. */
int64_t autorenew_next_s(unsigned minute, int64_t now_s);

/* ---- quoting ---- */

/* A word of ExecStart= or of a list of paths in a unit; a word of a command in a crontab. Both hold
 * any byte but control characters: ERR_CONFIG for those, and for a backslash in a crontab, which
 * every cron treats in its own way. */
int autorenew_quote_unit(const char *word, struct buf *to, struct err *err);
int autorenew_quote_cron(const char *word, struct buf *to, struct err *err);

/* ---- files ---- */

struct autorenew_file {
    char *path;
    char *text; /* stamped */
};

struct autorenew_files {
    struct autorenew_file *items;
    size_t n, cap;
};

/* None for AUTORENEW_CRONTAB. */
int autorenew_files_make(const struct autorenew_plan *plan, struct autorenew_files *ret_files,
                         struct err *err);
void autorenew_files_done(struct autorenew_files *files);
/* The lines of a crontab, stamped, for the user whose table it is. */
int autorenew_block_make(const struct autorenew_plan *plan, char **ret_block, struct err *err);

/* ---- stamp ---- */

enum autorenew_stamp {
    STAMP_ABSENT,  /* there is no such file */
    STAMP_FOREIGN, /* nothing of ours */
    STAMP_CHANGED, /* ours, but somebody has changed it since */
    STAMP_OURS,    /* as we wrote it */
};

/* The line that comes first, with the checksum of the rest; to mem_free. */
char *autorenew_stamp_add(const char *rest);
enum autorenew_stamp autorenew_stamp_judge(const char *text);
/* ret_text, to mem_free, is NULL when absent. */
int autorenew_stamp_read(const char *path, enum autorenew_stamp *ret_stamp, char **ret_text,
                         struct err *err);

/* ---- crontab ---- */

/* The user's table as it is; "" when there is none. To mem_free. */
int autorenew_crontab_read(struct task_env *env, char **ret_table, struct err *err);
/* An empty one is removed. */
int autorenew_crontab_write(struct task_env *env, const char *table, struct err *err);
/* Our block in a table: where it begins, and its length with the last line's end; NULL: none. */
const char *autorenew_block_find(const char *table, size_t *ret_len);
/* The table with this block in the place of the one that is there, or at its end; block NULL:
 * without. Every other byte stays. To mem_free. */
char *autorenew_block_put(const char *table, const char *block);

/* ---- programs of the system ---- */

struct autorenew_said {
    int status;   /* exit status; -1: killed, or too long */
    char *output; /* both as they are, to mem_free */
    char *errors;
    bool is_cut; /* output is not all of it: too long, or no text */
};
void autorenew_said_done(struct autorenew_said *said);
/* Runs a program with words, up to their NULL, in the C locale. ERR_CONFIG: there is none. */
int autorenew_run(struct task_env *env, const char *const *words, struct autorenew_said *ret_said,
                  struct err *err);
/* systemctl, of the user where the method says so; a failure is an error with its words. */
int autorenew_systemctl(struct task_env *env, enum autorenew_method method,
                        const char *const *words, struct err *err);

/* Whether systemd has the timer enabled and waiting. */
bool autorenew_is_on(struct task_env *env, enum autorenew_method method);

/* ---- commands ---- */

/* Takes away what is ours, wherever it is, but for what this method has written. */
int autorenew_remove_all(struct task_env *env, enum autorenew_method except, bool *ret_has_removed,
                         struct err *err);
/* The command's EVENT_RESULT; returns its exit status. */
enum task_exit autorenew_tell_error(const char *command, const struct err *err);

/* ---- check ---- */

/* ERR_CONFIG: what renewals would lack, all of it. Warns of what cannot renew by itself. */
int autorenew_check(struct task_env *env, struct err *err);

#endif
