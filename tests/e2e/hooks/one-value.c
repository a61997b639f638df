/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A plug-in without the MULTI_VALUE trait: a name holds one value, and the next takes its place.
 * Runs `program add|remove FQDN VALUE`, which gets the zone in ACME_DNS_ZONE.
 */
#include <acme-plugin.h>

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static const struct acme_plugin_option options[] = {
    {"program", NULL, "what changes the zone", NULL, NULL, ACME_OPTION_PATH, ACME_OPTION_REQUIRED},
};

static int32_t one_open(struct acme_call *call, const struct acme_open *how, void **ret_instance)
{
    (void)call;
    *ret_instance = strdup(how->values[0].text);
    return *ret_instance == NULL ? ACME_RETRY : ACME_OK;
}

static void one_close(struct acme_call *call, void *instance)
{
    (void)call;
    free(instance);
}

static int32_t run(struct acme_call *call, char *program, const char *verb,
                   const struct acme_record *record)
{
    char *argv[] = {program, (char *)verb, (char *)record->fqdn, (char *)record->value, NULL};
    pid_t pid = 0;
    int status = 0;

    if (setenv("ACME_DNS_ZONE", record->zone, 1) != 0 ||
        posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "cannot run %s", program);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return acme_fail(call, ACME_REJECTED, 0, "%s ended with %d", program, status);
    }
    return ACME_OK;
}

static int32_t one_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return run(call, instance, "add", record);
}

static int32_t one_remove(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return run(call, instance, "remove", record);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin plugin = {
        .size = sizeof(plugin),
        .minor = ACME_PLUGIN_MINOR,
        .serial = ACME_SERIAL_PLUGIN,
        .n_options = 1,
        .option_size = sizeof(options[0]),
        .name = "one-value",
        .version = "1.0",
        .summary = "keeps one value a name",
        .options = options,
        .open = one_open,
        .close = one_close,
        .add = one_add,
        .remove = one_remove,
    };

    return &plugin;
}
