/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Drives one plug-in by hand:
 *
 *     drive PLUGIN.so [--deadline MS] [--cancel-after MS] [--clock-offset S] [NAME=VALUE]...
 *
 * Options are checked only as far as the plug-in needs it. Calls come on stdin, one a line, with
 * words divided by tabs:
 *
 *     check | open | close | describe | zones
 *     add FQDN ZONE VALUE TTL [RECEIPT]        also remove, settled
 *     begin, then add and remove lines, then commit: one apply()
 *     clock SECONDS                            from now on the plug-in's clock is that far ahead
 *
 * What the plug-in says comes on stdout, one line each, words divided by tabs, text with \n \t
 * \\ and \xHH escaped:
 *
 *     log LEVEL TEXT | fail INDEX STATUS RETRY-AFTER TEXT | receipt INDEX TEXT | done INDEX
 *     zone NAME | min-ttl SECONDS | returned CALL STATUS MICROSECONDS
 *
 * The worker judges a plug-in like a stranger and hides what it does wrong; this shows it as it is.
 * plugincheck.py, which authors of plug-ins use, and the tests of the bundled ones speak to it.
 */
#include <acme-plugin.h>

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OPTIONS_MAX 64
#define CHANGES_MAX 4096
#define FILE_MAX 65536
#define REPEAT_MAX 8192
#define WORDS_MAX 8

struct driver {
    const struct acme_plugin *plugin;
    struct acme_value values[OPTIONS_MAX];
    char repeated[OPTIONS_MAX][REPEAT_MAX + 1];
    struct acme_open open;
    void *instance;
    bool is_open;
    bool is_gathering;
    struct acme_record records[CHANGES_MAX];
    struct acme_change changes[CHANGES_MAX];
    const struct acme_change *list[CHANGES_MAX];
    char *lines[CHANGES_MAX];
    size_t n_changes;
};

static int64_t deadline_ms = 120000;
static int64_t cancel_after_ms = -1;
static int64_t call_began_us;
static int64_t clock_offset_s;

/* The plug-in's clock: this symbol stands before libc's.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): libc's name is reserved */
time_t time(time_t *ret_now)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += clock_offset_s;
    if (ret_now != NULL) {
        *ret_now = t.tv_sec;
    }
    return t.tv_sec;
}

static int64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void put_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\n' || c == '\t' || c == '\\') {
            printf("\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
        } else if (c < 0x20 || c == 0x7f) {
            printf("\\x%02x", c);
        } else {
            (void)putchar(c);
        }
    }
}

static void host_log(struct acme_call *call, int32_t level, const char *text)
{
    (void)call;
    printf("log\t%d\t", level);
    put_text(text, strlen(text));
    (void)putchar('\n');
}

static int32_t host_fail(struct acme_call *call, size_t index, int32_t status,
                         uint32_t retry_after_s, const char *text)
{
    (void)call;
    printf("fail\t%zu\t%d\t%u\t", index, status, retry_after_s);
    put_text(text, strlen(text));
    (void)putchar('\n');
    return status;
}

static void host_receipt(struct acme_call *call, size_t index, const void *bytes, size_t len)
{
    (void)call;
    printf("receipt\t%zu\t", index);
    put_text(bytes, len);
    (void)putchar('\n');
}

static void host_done(struct acme_call *call, size_t index)
{
    (void)call;
    printf("done\t%zu\n", index);
}

static void host_zone(struct acme_call *call, const char *name)
{
    (void)call;
    printf("zone\t%s\n", name);
}

static int32_t host_ms_left(struct acme_call *call)
{
    int64_t used_ms = (now_us() - call_began_us) / 1000;

    (void)call;
    if (cancel_after_ms >= 0 && used_ms >= cancel_after_ms) {
        return 0;
    }
    return used_ms >= deadline_ms ? 0 : (int32_t)(deadline_ms - used_ms);
}

static int32_t host_sleep_ms(struct acme_call *call, uint32_t ms)
{
    int64_t end_us = now_us() + (int64_t)ms * 1000;

    while (now_us() < end_us) {
        struct timespec nap = {0, 5000000};

        if (host_ms_left(call) == 0) {
            return ACME_CANCELLED;
        }
        (void)nanosleep(&nap, NULL);
    }
    return host_ms_left(call) == 0 ? ACME_CANCELLED : ACME_OK;
}

static const struct acme_host host = {
    .size = sizeof(host),
    .minor = ACME_PLUGIN_MINOR,
    .core_version = "0.1.0",
    .log = host_log,
    .fail = host_fail,
    .receipt = host_receipt,
    .done = host_done,
    .zone = host_zone,
    .ms_left = host_ms_left,
    .sleep_ms = host_sleep_ms,
};

static const struct acme_plugin_option *option_at(const struct acme_plugin *p, size_t i)
{
    return (const struct acme_plugin_option *)(const void *)((const char *)p->options +
                                                             i * p->option_size);
}

/* What FILE options hold. */
static char files[OPTIONS_MAX][FILE_MAX + 1];

static bool read_file(const char *path, struct acme_value *v, char *room)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return false;
    }
    v->len = fread(room, 1, FILE_MAX, file);
    room[v->len] = '\0';
    v->text = room;
    (void)fclose(file);
    return true;
}

/* Appends one more value of a repeatable option. */
static bool repeat_value(struct acme_value *v, char *room, const char *text)
{
    size_t add = strlen(text) + 1;

    if (add > REPEAT_MAX - v->len) {
        return false;
    }
    memcpy(room + v->len, text, add);
    v->text = room;
    v->len += add;
    v->number++;
    return true;
}

static bool set_value(struct driver *d, size_t i, const char *text)
{
    const struct acme_plugin_option *o = option_at(d->plugin, i);
    struct acme_value *v = &d->values[i];
    char *end = NULL;

    if (o->type == ACME_OPTION_FILE) {
        return read_file(text, v, files[i]);
    }
    if ((o->flags & ACME_OPTION_REPEAT) != 0) {
        return repeat_value(v, d->repeated[i], text);
    }
    v->text = text;
    v->len = strlen(text);
    if (o->type == ACME_OPTION_BOOL) {
        v->number = strcmp(text, "yes") == 0 ? 1 : 0;
    } else if (o->type == ACME_OPTION_INT || o->type == ACME_OPTION_DURATION) {
        v->number = strtoll(text, &end, 10);
        v->number *= *end == 'm' ? 60 : *end == 'h' ? 3600 : 1;
    }
    return true;
}

/* Finds the option of NAME=VALUE. */
static bool take_argument(struct driver *d, const char *argument)
{
    const char *equals = strchr(argument, '=');

    for (size_t i = 0; equals != NULL && i < d->plugin->n_options; i++) {
        const struct acme_plugin_option *o = option_at(d->plugin, i);
        size_t len = (size_t)(equals - argument);

        if (strlen(o->name) == len && memcmp(o->name, argument, len) == 0) {
            return set_value(d, i, equals + 1);
        }
    }
    return false;
}

static void fill_fallbacks(struct driver *d)
{
    for (size_t i = 0; i < d->plugin->n_options; i++) {
        const struct acme_plugin_option *o = option_at(d->plugin, i);

        if (d->values[i].text == NULL && o->fallback != NULL) {
            (void)set_value(d, i, o->fallback);
        }
    }
    d->open = (struct acme_open){
        .size = sizeof(d->open),
        .n_values = d->plugin->n_options,
        .value_size = sizeof(d->values[0]),
        .values = d->values,
        .instance = "test",
    };
}

static void describe(const struct acme_plugin *p)
{
    printf("plugin\t%s\t%s\t%s\n", p->name, p->version, p->summary);
    printf("min-ttl\t%u\n", p->min_ttl_s);
    for (size_t i = 0; i < p->n_options; i++) {
        const struct acme_plugin_option *o = option_at(p, i);

        printf("option\t%s\t%u\t%u\t%s\t%s\n", o->name, o->type, o->flags,
               o->fallback == NULL ? "" : o->fallback, o->env == NULL ? "" : o->env);
    }
}

/* Reads "FQDN ZONE VALUE TTL [RECEIPT]"; the words live as long as their line. */
static struct acme_record make_record(char **words, size_t n)
{
    return (struct acme_record){
        .size = sizeof(struct acme_record),
        .ttl_s = n > 4 ? (uint32_t)strtoul(words[4], NULL, 10) : 60,
        .type = ACME_RECORD_TXT,
        .flags = ACME_RECORD_WILDCARD,
        .fqdn = words[1],
        .zone = words[2],
        .value = words[3],
        .value_len = strlen(words[3]),
        .receipt = n > 5 ? words[5] : NULL,
        .receipt_len = n > 5 ? strlen(words[5]) : 0,
        .identifier = "example.com",
        .token = "a-token",
        .key_authorization = "a-token.a-thumbprint",
    };
}

static int32_t call_one(struct driver *d, struct acme_call *call, char **words, size_t n)
{
    struct acme_record record = make_record(words, n);

    if (strcmp(words[0], "add") == 0) {
        return d->plugin->add(call, d->instance, &record);
    }
    if (strcmp(words[0], "remove") == 0) {
        return d->plugin->remove(call, d->instance, &record);
    }
    return d->plugin->settled == NULL ? ACME_OK : d->plugin->settled(call, d->instance, &record);
}

static int32_t call_without_record(struct driver *d, struct acme_call *call, const char *verb)
{
    int32_t status = ACME_OK;

    if (strcmp(verb, "check") == 0) {
        return d->plugin->check == NULL ? ACME_OK : d->plugin->check(call, &d->open);
    }
    if (strcmp(verb, "open") == 0) {
        status = d->plugin->open == NULL ? ACME_OK : d->plugin->open(call, &d->open, &d->instance);
        d->is_open = status == ACME_OK;
        return status;
    }
    if (strcmp(verb, "close") == 0) {
        if (d->plugin->close != NULL) {
            d->plugin->close(call, d->instance);
        }
        d->is_open = false;
        return ACME_OK;
    }
    if (strcmp(verb, "commit") == 0) {
        status = d->plugin->apply(call, d->instance, d->list, d->n_changes);
        while (d->n_changes > 0) {
            free(d->lines[--d->n_changes]);
        }
        d->is_gathering = false;
        return status;
    }
    if (strcmp(verb, "zones") == 0) {
        return d->plugin->zones == NULL ? ACME_UNSUPPORTED : d->plugin->zones(call, d->instance);
    }
    describe(d->plugin);
    return ACME_OK;
}

static void gather(struct driver *d, char **words, size_t n)
{
    size_t i = d->n_changes;

    if (i == CHANGES_MAX) {
        abort();
    }
    d->records[i] = make_record(words, n);
    d->changes[i] = (struct acme_change){
        .size = sizeof(d->changes[i]),
        .what = strcmp(words[0], "add") == 0 ? ACME_ADD : ACME_REMOVE,
        .record = &d->records[i],
    };
    d->list[i] = &d->changes[i];
    d->n_changes++;
}

static void run_line(struct driver *d, char *line)
{
    struct acme_call call = {.host = &host};
    char *words[WORDS_MAX] = {NULL};
    size_t n = 0;
    int32_t status = ACME_OK;

    for (char *rest = line; rest != NULL && n < WORDS_MAX;) {
        words[n++] = strsep(&rest, "\t");
    }
    if (strcmp(words[0], "begin") == 0) {
        d->is_gathering = true;
        return;
    }
    if (strcmp(words[0], "clock") == 0 && n > 1) {
        clock_offset_s = strtoll(words[1], NULL, 10);
        return;
    }
    if (n >= 4 && d->is_gathering) { /* main() keeps the line */
        gather(d, words, n);
        return;
    }
    call_began_us = now_us();
    status = n >= 4 ? call_one(d, &call, words, n) : call_without_record(d, &call, words[0]);
    printf("returned\t%s\t%d\t%lld\n", words[0], status, (long long)(now_us() - call_began_us));
    (void)fflush(stdout);
}

static bool take_arguments(struct driver *d, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--deadline") == 0 && i + 1 < argc) {
            deadline_ms = strtoll(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--cancel-after") == 0 && i + 1 < argc) {
            cancel_after_ms = strtoll(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--clock-offset") == 0 && i + 1 < argc) {
            clock_offset_s = strtoll(argv[++i], NULL, 10);
        } else if (!take_argument(d, argv[i])) {
            fprintf(stderr, "drive: cannot take '%s'\n", argv[i]);
            return false;
        }
    }
    fill_fallbacks(d);
    return true;
}

int main(int argc, char **argv)
{
    static struct driver d;
    const struct acme_plugin *(*entry)(void) = NULL;
    void *so = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = so != NULL ? dlsym(so, "acme_plugin_v1") : NULL;
    char *line = NULL;
    size_t size = 0;

    if (symbol == NULL) {
        fprintf(stderr, "drive: %s\n", argc > 1 ? dlerror() : "no plug-in given");
        return 2;
    }
    entry = (const struct acme_plugin *(*)(void))(uintptr_t)symbol;
    d.plugin = entry();
    if (!take_arguments(&d, argc, argv)) {
        return 2;
    }
    for (ssize_t len; (len = getline(&line, &size, stdin)) > 0;) {
        line[len - 1] = '\0';
        run_line(&d, line);
        if (d.is_gathering && d.n_changes > 0) {
            d.lines[d.n_changes - 1] = line; /* a gathered record points into it */
            line = NULL;
            size = 0;
        }
    }
    free(line);
    return 0;
}
