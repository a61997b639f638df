/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns plugin test: does a plug-in, with these settings and on this zone, what the interface
 * asks of it? Values come and go at names of the test's own; after each change all servers of the
 * zone are asked what they hold. No CA is involved.
 */
#ifndef TASK_PLUGIN_TEST_H
#define TASK_PLUGIN_TEST_H

#include "task/task.h"

#include <stdint.h>

struct provider_description;

struct plugin_test_request {
    const char *plugin;        /* a [provider] section, a plug-in, or a file with a slash in it */
    struct strv domains;       /* -d: exactly one */
    struct strv allow_aliases; /* --allow-alias: zones */
    const char *debugger;      /* --debug: the words of a command, or NULL */
};

/* What the report begins with. Borrowed. */
struct plugin_test_facts {
    const char *instance;
    const char *place;                         /* where its section stands */
    const struct provider_description *plugin; /* NULL: it could not be opened */
    const struct strv *settings;               /* "name=value", secrets hidden */
    const char *domain;
};

enum plugin_test_verdict { PLUGIN_TEST_PASSED, PLUGIN_TEST_FAILED, PLUGIN_TEST_SKIPPED };

struct plugin_test_step {
    const char *name;  /* "add-again" */
    const char *title; /* for people */
    enum plugin_test_verdict verdict;
    int64_t ms;
    const char *text; /* what was seen, why it failed or was skipped; lines; "" for nothing */
};

struct plugin_test_listener {
    void *arg;
    void (*began)(void *arg, const struct plugin_test_facts *facts);
    void (*ended)(void *arg, const struct plugin_test_step *step);
};

/* Tells the listener; ends with EVENT_RESULT, subject "plugin test". EXIT_PROVIDER or
 * EXIT_PROPAGATION when steps failed, EXIT_FAILED when they did for different reasons. */
enum task_exit task_plugin_test(struct task_env *env, const struct plugin_test_request *request,
                                const struct plugin_test_listener *listener);

#endif
