/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A good plug-in for tests: keeps values as lines "FQDN VALUE" in DIR/values, and notes each call
 * in DIR/calls. Names steer it: a label "bad" makes it refuse a batch without saying whom it means,
 * "named" refuses that change alone, "flaky" fails twice, "fickle" fails once and is refused then,
 * "never" asks to be tried in a second, time and again, "slow" takes 300 ms and notes its begin and
 * end, "long" sleeps until it is cancelled, "deaf" sleeps for ever (both note that they begin),
 * "crash" ends the process. Built with MEM_SINGLE it has no apply() and may run in any number of
 * processes, with MEM_STRICT in one.
 */
#include <acme-plugin.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#ifdef MEM_SINGLE
#define MEM_NAME "single"
#define MEM_SERIAL ACME_SERIAL_FREE
#elif defined(MEM_STRICT)
#define MEM_NAME "strict"
#define MEM_SERIAL ACME_SERIAL_PLUGIN
#else
#define MEM_NAME "mem"
#define MEM_SERIAL ACME_SERIAL_ZONE
#endif

struct mem {
    char dir[256];
    int flaky, settled;
};

static const struct acme_plugin_option options[] = {
    {"dir", NULL, "the folder for values and calls", NULL, NULL, ACME_OPTION_PATH,
     ACME_OPTION_REQUIRED},
    {"token", "none", "a secret", "MEM_TOKEN", NULL, ACME_OPTION_STRING,
     ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    {"account", NULL, "who the secret is for", "MEM_ACCOUNT", NULL, ACME_OPTION_STRING,
     ACME_OPTION_GROUP},
    {"wait", "5s", "a time", NULL, NULL, ACME_OPTION_DURATION, 0},
    {"mode", "fast", "a choice", NULL, "fast,slow", ACME_OPTION_CHOICE, 0},
    {"tag", NULL, "a list", NULL, NULL, ACME_OPTION_STRING, ACME_OPTION_REPEAT},
};

static int open_file(const struct mem *m, const char *name, int flags)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", m->dir, name);
    return open(path, flags | O_CREAT | O_CLOEXEC, 0666);
}

static void note(const struct mem *m, const char *verb, const char *what)
{
    char line[512];
    int n = snprintf(line, sizeof(line), "%s %s\n", verb, what);
    int fd = open_file(m, "calls", O_WRONLY | O_APPEND);

    if (fd >= 0 && n > 0) {
        (void)!write(fd, line, (size_t)n);
        close(fd);
    }
}

/* Rewrites the file without the line, and with it at the end if it is an add. */
static int32_t change(const struct mem *m, uint32_t what, const struct acme_record *r)
{
    static char text[1 << 20], kept[1 << 20];
    char line[512];
    int n = snprintf(line, sizeof(line), "%s %.*s\n", r->fqdn, (int)r->value_len,
                     (const char *)r->value);
    int fd = open_file(m, "values", O_RDWR);
    size_t len = 0;

    if (fd < 0 || flock(fd, LOCK_EX) < 0) {
        return ACME_RETRY;
    }
    ssize_t had = read(fd, text, sizeof(text) - 1);
    text[had > 0 ? had : 0] = '\0';
    for (char *at = text; *at != '\0';) {
        char *end = strchr(at, '\n') + 1;

        if ((int)(end - at) != n || memcmp(at, line, (size_t)n) != 0) {
            memcpy(kept + len, at, (size_t)(end - at));
            len += (size_t)(end - at);
        }
        at = end;
    }
    if (what == ACME_ADD) {
        memcpy(kept + len, line, (size_t)n);
        len += (size_t)n;
    }
    (void)!ftruncate(fd, 0);
    (void)!pwrite(fd, kept, len, 0);
    close(fd);
    return ACME_OK;
}

static int has_label(const struct acme_record *r, const char *label)
{
    return strstr(r->fqdn, label) != NULL;
}

/* What the name asks for, before anything is changed. */
static int32_t obey(struct acme_call *call, struct mem *m, size_t index,
                    const struct acme_record *r)
{
    if (has_label(r, ".long.") || has_label(r, ".deaf.") || has_label(r, ".slow.")) {
        note(m, "begin", r->fqdn);
    }
    if (has_label(r, ".crash.")) {
        raise(SIGSEGV);
    }
    if (has_label(r, ".slow.")) {
        int32_t status = call->host->sleep_ms(call, 300);

        note(m, "end", r->fqdn);
        return status;
    }
    if (has_label(r, ".long.")) {
        return call->host->sleep_ms(call, 60000);
    }
    while (has_label(r, ".deaf.")) {
        pause();
    }
    if (has_label(r, ".flaky.") && m->flaky++ < 2) {
        return acme_fail_at(call, index, ACME_RETRY, 0, "not this time");
    }
    if (has_label(r, ".fickle.")) {
        return acme_fail_at(call, index, m->flaky++ == 0 ? ACME_RETRY : ACME_REJECTED, 0, "no");
    }
    if (has_label(r, ".never.")) {
        return acme_fail_at(call, index, ACME_RETRY, 1, "not this time either");
    }
    if (has_label(r, ".named.")) {
        return acme_fail_at(call, index, ACME_REJECTED, 0, "this one is refused");
    }
    return ACME_OK;
}

static int32_t mem_add(struct acme_call *call, void *instance, const struct acme_record *r)
{
    int32_t status = obey(call, instance, 0, r);

    note(instance, "add", r->fqdn);
    if (status == ACME_OK) {
        status = change(instance, ACME_ADD, r);
        call->host->receipt(call, 0, "single", 6);
    }
    return status;
}

static int32_t mem_remove(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)call;
    note(instance, "remove", r->fqdn);
    return change(instance, ACME_REMOVE, r);
}

#ifndef MEM_SINGLE
static int32_t mem_apply(struct acme_call *call, void *instance,
                         const struct acme_change *const *changes, size_t n)
{
    char count[32];

    (void)snprintf(count, sizeof(count), "%zu", n);
    note(instance, "apply", count);
    for (size_t i = 0; i < n; i++) {
        if (has_label(changes[i]->record, ".bad.")) {
            return acme_fail(call, ACME_REJECTED, 0, "one of them is bad");
        }
    }
    for (size_t i = 0; i < n; i++) {
        int32_t status = obey(call, instance, i, changes[i]->record);

        if (status == ACME_CANCELLED) {
            return status;
        }
        if (status == ACME_OK) {
            (void)change(instance, changes[i]->what, changes[i]->record);
            call->host->receipt(call, i, changes[i]->record->fqdn,
                                strlen(changes[i]->record->fqdn));
            call->host->done(call, i);
        }
    }
    return ACME_OK;
}
#endif

static int32_t mem_settled(struct acme_call *call, void *instance, const struct acme_record *r)
{
    struct mem *m = instance;

    (void)call;
    if (r->receipt == NULL) {
        return ACME_REJECTED;
    }
    return m->settled++ == 0 ? ACME_RETRY : ACME_OK;
}

static int32_t mem_zones(struct acme_call *call, void *instance)
{
    (void)instance;
    call->host->zone(call, "example.com.");
    call->host->zone(call, "example.org.");
    return ACME_OK;
}

static int32_t mem_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    struct mem *m = calloc(1, sizeof(*m));
    char text[256];

    if (m == NULL || o->n_values != 6) {
        free(m);
        return acme_fail(call, ACME_BUG, 0, "%u values", o->n_values);
    }
    (void)snprintf(m->dir, sizeof(m->dir), "%s", acme_value_at(o, 0)->text);
    *ret_instance = m;
    (void)snprintf(text, sizeof(text), "token=%s account=%s wait=%lld mode=%s tags=%lld",
                   acme_value_at(o, 1)->text,
                   acme_value_at(o, 2)->text != NULL ? acme_value_at(o, 2)->text : "-",
                   (long long)acme_value_at(o, 3)->number, acme_value_at(o, 4)->text,
                   (long long)acme_value_at(o, 5)->number);
    note(m, "open", text);
    return ACME_OK;
}

static void mem_close(struct acme_call *call, void *instance)
{
    (void)call;
    note(instance, "close", "");
    free(instance);
}

static const struct acme_plugin plugin = {
    ACME_PLUGIN_HEAD,
    .serial = MEM_SERIAL,
    .traits = ACME_TRAIT_MULTI_VALUE,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_ttl_s = 30,
    .poll_interval_s = 1,
    .name = MEM_NAME,
    .version = "1",
    .summary = "values in a file, for tests",
    .options = options,
    .open = mem_open,
    .close = mem_close,
    .add = mem_add,
    .remove = mem_remove,
#ifndef MEM_SINGLE
    .apply = mem_apply,
#endif
    .settled = mem_settled,
    .zones = mem_zones,
};

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    return &plugin;
}
