/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/run_log.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"
#include "store/store.h"
#include "store/store_last_run.h"
#include "store/store_log.h"

#include <string.h>
#include <unistd.h>

struct run_log {
    char *id;
    char *state_dir;
    struct store_log *files[2]; /* every run's; scheduled runs' too, or NULL */
    struct store_last_run last; /* of scheduled runs */
    int64_t started_ms;
    bool has_failed; /* and that was told */
    bool has_lines;
};

bool run_log_wants(enum command_id command)
{
    switch (command) {
    case COMMAND_LIST:
    case COMMAND_SHOW:
    case COMMAND_PLUGIN_LIST:
    case COMMAND_PLUGIN_SHOW:
    case COMMAND_PLUGIN_NEW:
    case COMMAND_CONFIG_CHECK:
    case COMMAND_AUTORENEW_STATUS:
    case COMMAND_OPEN_LOGS:
    case COMMAND_OPEN_STATE:
    case COMMAND_CONFIG_SHOW:
    case COMMAND_ADOPT:
        return false;
    default:
        return true;
    }
}

/* "20261122T054510Z-4711": sorts by time, and is one word for grep. */
static char *make_id(void)
{
    char now[CLOCK_TEXT_MAX];
    char *id = NULL;
    char *to = NULL;

    clock_format(clock_wall_s(), now);
    id = str_fmt("%s-%ld", now, (long)getpid());
    to = id;
    for (const char *at = now; *at != '\0'; at++) {
        if (*at != '-' && *at != ':') {
            *to++ = *at;
        }
    }
    memmove(to, id + strlen(now), strlen(id + strlen(now)) + 1);
    return id;
}

struct run_log *run_log_new(const struct run_log_plan *plan)
{
    struct run_log *log = NEW(struct run_log);

    log->id = make_id();
    log->state_dir = str_dup(plan->state_dir);
    log->started_ms = clock_mono_ms();
    log->files[0] = store_log_new(plan->state_dir, false, plan->max_bytes, plan->n_kept);
    if (plan->scheduled != NULL) {
        log->last = (struct store_last_run){.command = str_dup(plan->scheduled),
                                            .run = str_dup(log->id),
                                            .pid = getpid(),
                                            .started_s = clock_wall_s(),
                                            .status = -1};
        log->files[1] = store_log_new(plan->state_dir, true, plan->max_bytes, plan->n_kept);
    }
    return log;
}

void run_log_free(struct run_log *log)
{
    if (log == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(log->files); i++) {
        store_log_free(log->files[i]);
    }
    store_last_run_done(&log->last);
    mem_free(log->id);
    mem_free(log->state_dir);
    mem_free(log);
}

/* ---- Lines ---- */

static void tell_failure(struct run_log *log, const struct err *err)
{
    if (!log->has_failed) {
        log->has_failed = true; /* before the event comes back here */
        event_log(EVENT_WARNING, "", "%s; the run goes on without its log", err->text);
    }
}

static void append(struct run_log *log, const struct buf *lines)
{
    for (size_t i = 0; i < ARRAY_LEN(log->files) && log->files[i] != NULL; i++) {
        struct err err = ERR_INIT;

        if (store_log_append(log->files[i], buf_str(lines), lines->len, &err) < 0) {
            tell_failure(log, &err);
        } else {
            log->has_lines = true;
        }
    }
}

/* Each line of a text, behind what all lines begin with. */
static void write_lines(struct run_log *log, enum event_level level, const char *certificate,
                        const char *text)
{
    AUTO(buf_done) struct buf clean = BUF(SINK_TEXT_MAX);
    AUTO(buf_done) struct buf lines = BUF(2 * SINK_TEXT_MAX);
    AUTO(buf_done) struct buf head = BUF(SINK_TEXT_MAX);
    char now[CLOCK_TEXT_MAX];

    clock_format(clock_wall_s(), now);
    buf_addf(&head, "%s %s %s ", now, log->id, event_level_name(level));
    text_add_clean(&head, certificate == NULL || *certificate == '\0' ? "-" : certificate, false);
    text_add_clean(&clean, text, true);
    for (const char *at = buf_str(&clean); at != NULL;) {
        size_t len = strcspn(at, "\n");

        buf_addf(&lines, "%s %.*s\n", buf_str(&head), (int)len, at);
        at = at[len] == '\0' || at[len + 1] == '\0' ? NULL : at + len + 1;
    }
    append(log, &lines);
}

/* Unreadable, it is not known. */
static void note_run_before(struct run_log *log)
{
    AUTO(store_last_run_done) struct store_last_run before = {.status = -1};
    struct err ignored = ERR_INIT;

    if (log->last.command != NULL &&
        store_last_run_load(log->state_dir, log->last.command, &before, &ignored) == 0) {
        log->last.before_s = before.started_s;
    }
}

static void save_last(struct run_log *log)
{
    struct err err = ERR_INIT;

    if (log->last.command != NULL && store_last_run_save(log->state_dir, &log->last, &err) < 0) {
        tell_failure(log, &err);
    }
}

void run_log_begin(struct run_log *log, int argc, char *const *argv, bool has_values)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (log == NULL) {
        return;
    }
    buf_addf(&text, "begin acme-dns %s, process %ld of user %ld:", ACME_VERSION, (long)getpid(),
             (long)geteuid());
    for (int i = 0; i < argc; i++) {
        size_t key_len = strcspn(argv[i], "=");
        bool is_cut = has_values && argv[i][0] != '-' && argv[i][key_len] == '=';

        buf_addf(&text, " %.*s%s", is_cut ? (int)key_len : (int)strlen(argv[i]), argv[i],
                 is_cut ? "=..." : "");
    }
    write_lines(log, EVENT_NOTICE, NULL, buf_str(&text));
    note_run_before(log);
    save_last(log);
}

void run_log_end(struct run_log *log, int status)
{
    AUTO_FREE char *text = NULL;
    int64_t took_ms = 0;

    if (log == NULL) {
        return;
    }
    took_ms = clock_mono_ms() - log->started_ms;
    text = str_fmt("end exit status %d after %lld.%03lld s", status, (long long)(took_ms / 1000),
                   (long long)(took_ms % 1000));
    write_lines(log, EVENT_NOTICE, NULL, text);
    log->last.ended_s = clock_wall_s();
    log->last.status = status;
    save_last(log);
}

/* ---- Events ---- */

/* A certificate's own events, and those that say whose they are. What is said in words has for its
 * subject whatever it is about: it is a certificate's if there is one called so. */
static const char *certificate_of(const struct run_log *log, const struct event *event)
{
    const char *named = event_text(event, "certificate");

    switch (event->kind) {
    case EVENT_ORDER:
    case EVENT_INSTALLED:
    case EVENT_RESULT:
        return event->subject;
    default:
        return named == NULL && event->kind == EVENT_LOG &&
                       store_has_certificate(log->state_dir, event->subject)
                   ? event->subject
                   : named;
    }
}

/* "result: exit status 6 (ca): text", and what else the result says. */
static void add_result(const struct event *event, struct buf *to)
{
    const char *class = event_text(event, "class");
    const char *state = event_text(event, "state");
    const char *text = event_text(event, "text");
    const char *path = event_text(event, "path");

    buf_addf(to, "result: exit status %lld", (long long)event_number(event, "exit", 0));
    if (class != NULL && *class != '\0' && event_number(event, "exit", 0) != 0) {
        buf_addf(to, " (%s)", class);
    }
    buf_addf(to, "%s%s", state == NULL ? "" : ", ", state == NULL ? "" : state);
    buf_addf(to, "%s%s", text == NULL ? "" : ": ", text == NULL ? "" : text);
    if (path != NULL) {
        buf_addf(to, "\nfiles in %s, valid until %s", path,
                 event_text(event, "not-after") == NULL ? "?" : event_text(event, "not-after"));
    }
}

/* What a person is asked to create or delete, in one line. */
static void add_record(const struct event *event, struct buf *to)
{
    const char *action = event_text(event, "action");
    const char *type = event_text(event, "type");
    const char *value = event_text(event, "value");

    buf_addf(to, "asked to %s: %s %s \"%s\"", action == NULL ? "change" : action, event->subject,
             type == NULL ? "TXT" : type, value == NULL ? "" : value);
}

static void note_failure(struct run_log *log, const struct event *event)
{
    int64_t status = event_number(event, "exit", 0);
    const char *text = event_text(event, "text");

    if (event->kind == EVENT_RESULT && status != 0 && status != 2 && log->last.text == NULL) {
        AUTO_FREE char *whole = str_fmt("%s: %s", event->subject, text == NULL ? "failed" : text);
        AUTO(buf_done) struct buf clean = BUF(SINK_TEXT_MAX);

        text_add_clean(&clean, whole, true);
        log->last.text = buf_take(&clean);
    }
}

void run_log_event(struct run_log *log, const struct event *event)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (log == NULL) {
        return;
    }
    if (event->kind == EVENT_RESULT) {
        add_result(event, &text);
    } else if (event->kind == EVENT_RECORD) {
        add_record(event, &text);
    } else {
        line_add_text(event, &text);
    }
    note_failure(log, event);
    write_lines(log, event->level, certificate_of(log, event), buf_str(&text));
}

/* ---- Where it is ---- */

const char *run_log_path(const struct run_log *log)
{
    return log == NULL || !log->has_lines ? NULL : store_log_path(log->files[0]);
}

const char *run_log_id(const struct run_log *log)
{
    return log == NULL || !log->has_lines ? NULL : log->id;
}

char *run_log_describe(const struct run_log *log)
{
    return run_log_path(log) == NULL ? NULL : str_fmt("%s (run %s)", run_log_path(log), log->id);
}
