/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The commands that join several rooms, one file each. cli/ parses arguments, makes a struct
 * task_env and a request, calls one of these, and ends with the exit status it returns. A task
 * tells its progress and its results as events (base/event.h) and never prints.
 */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdbool.h>

struct config;
struct config_errors;
struct settings;

/* Exit status, by what the user has to do next. */
enum task_exit {
    EXIT_DONE = 0,        /* done, or nothing was due */
    EXIT_FAILED = 1,      /* failed, or several failed for different reasons */
    EXIT_UNCHANGED = 2,   /* nothing was due; only with --exit-unchanged */
    EXIT_USAGE = 3,       /* usage or configuration */
    EXIT_PROVIDER = 4,    /* a DNS provider or its plug-in */
    EXIT_PROPAGATION = 5, /* the values did not appear in time */
    EXIT_CA = 6,          /* the CA refused */
    EXIT_LATER = 7,       /* told to come back later; the next run goes on */
    EXIT_DEPLOY = 8,      /* installed, but a deploy hook failed */
    EXIT_LOCKED = 9,      /* another run holds the lock */
    EXIT_HUMAN = 10,      /* a person must act */
};

/* The status for a failure's class. A task that was cancelled returns EXIT_FAILED with
 * task_env.caught_signal set: cli/ then ends the process by that signal. */
enum task_exit task_exit_for(enum err_class class);

/* Answers to questions; only called when task_env.is_interactive. */
struct task_ask {
    void *arg;
    /* Asks a yes/no question; false for no and for end of input. */
    bool (*yes)(void *arg, const char *question);
    /* Asks for a line, to mem_free; NULL at end of input. */
    char *(*line)(void *arg, const char *question);
    /* The same, what is typed not shown; to mem_free_secret. */
    char *(*secret)(void *arg, const char *question);
};

/* Standard input and output for those that a provider speaks with. */
struct task_console {
    void *arg;
    /* A line to standard output, at once; NULL where --json writes there. */
    int (*say)(void *arg, const char *line, struct err *err);
    /* Calls back once, from the loop, with the next line of standard input, or NULL at its end. Who
     * waited before is forgotten. */
    void (*await)(void *arg, void (*heard)(void *heard_arg, const char *line), void *heard_arg);
    void (*hush)(void *arg);
    /* From now on standard output is for say() alone: results go to standard error. */
    void (*clear_output)(void *arg);
};

struct task_env {
    struct loop *loop;
    const struct config *config;
    const struct settings *settings;
    struct config_errors *errors; /* those of the configuration; told, but to who checks it */
    bool is_interactive;
    struct task_ask ask;
    struct task_console console; /* its functions may be NULL */
    /* Written by the task: the signal that ended it, or 0. */
    int caught_signal;
};

#endif
