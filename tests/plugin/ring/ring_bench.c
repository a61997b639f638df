/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "ring_bench.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Until a call that never ends fails its case; a machine with other work is slow, not stuck. */
#define STUCK_MS 60000

static void on_event(void *arg, const struct event *event)
{
    struct bench *b = arg;
    const char *text = event_text(event, "text");

    if (event->kind == EVENT_LOG && text != NULL && b->log.len < 60000) {
        buf_addf(&b->log, "%s: %s\n", event->subject, text);
    }
}

static int about_to_call(void *arg, const struct provider *provider,
                         const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                         struct err *err)
{
    struct bench *b = arg;

    (void)provider;
    b->n_told += n;
    for (size_t i = 0; i < n; i++) {
        ret_dropped[i] = strstr(changes[i]->fqdn, ".unwanted.") != NULL;
    }
    if (strstr(changes[0]->fqdn, ".forbidden.") != NULL) {
        return err_set(err, ERR_FAILED, "the disk is full");
    }
    return 0;
}

static void on_receipt(void *arg, const struct provider *provider,
                       const struct provider_change *change, const void *bytes, size_t len)
{
    struct bench *b = arg;

    (void)provider;
    (void)change;
    (void)bytes;
    b->n_receipts += len > 0 ? 1 : 0;
}

struct bench_lock {
    struct bench *bench;
    struct loop_timer *timer;
    provider_locked_fn *locked;
    void *arg;
    bool is_held, is_refused;
};

static void on_lock_turn(void *arg)
{
    struct bench_lock *lock = arg;
    struct err err = ERR_INIT;

    lock->timer = NULL;
    if (lock->is_refused) {
        (void)err_set(&err, ERR_LOCKED, "another run holds the lock");
        lock->locked(lock->arg, &err);
        return;
    }
    lock->is_held = true;
    lock->bench->n_locked++;
    if (lock->bench->n_locked > lock->bench->n_locked_max) {
        lock->bench->n_locked_max = lock->bench->n_locked;
    }
    lock->locked(lock->arg, NULL);
}

static void *take_lock(void *arg, const char *plugin, const char *zone, provider_locked_fn *locked,
                       void *locked_arg)
{
    struct bench_lock *lock = NEW(struct bench_lock);

    (void)plugin;
    *lock = (struct bench_lock){.bench = arg, .locked = locked, .arg = locked_arg};
    lock->is_refused = str_has_prefix(zone, "locked.");
    lock->bench->n_handles++;
    lock->timer = loop_timer_start(lock->bench->loop, 0, on_lock_turn, lock);
    return lock;
}

static void release_lock(void *arg, void *handle)
{
    struct bench_lock *lock = handle;

    (void)arg;
    lock->bench->n_handles--;
    lock->bench->n_locked -= lock->is_held ? 1 : 0;
    loop_timer_cancel(&lock->timer);
    mem_free(lock);
}

/* Every "%s" of the text becomes the folder. */
static char *fill_in(const char *text, const char *dir)
{
    struct buf out = BUF(65536);

    while (*text != '\0') {
        if (text[0] == '%' && text[1] == 's') {
            buf_add_str(&out, dir);
            text += 2;
        } else {
            buf_add_char(&out, *text++);
        }
    }
    return buf_take(&out);
}

static void plant(struct bench *b, const char *path)
{
    char *whole = fs_join(b->dir, path);
    char *slash = strrchr(whole, '/');
    struct err err = ERR_INIT;

    *slash = '\0';
    assert_int_equal(fs_mkdir_all(whole, 0755, &err), 0);
    *slash = '/';
    /* Readable for all, so that nothing but the isolation stands before it; a secret cannot be. */
    assert_int_equal(
        fs_write_new(whole, "prey", 4, str_has_suffix(path, "token") ? 0600 : 0644, &err), 0);
    mem_free(whole);
}

void bench_open(struct bench *b, const char *config_text)
{
    struct err err = ERR_INIT;
    struct config_errors errors = CONFIG_ERRORS_INIT;
    struct strv dirs = STRV_INIT, denied = STRV_INIT;
    char mem_dir[96];

    memset(b, 0, sizeof(*b));
    (void)snprintf(b->dir, sizeof(b->dir), "/tmp/acme-dns-ring-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    assert_int_equal(chmod(b->dir, 0777), 0);
    plant(b, "state/certs/a/privkey.pem");
    plant(b, "state/accounts/a/key.pem");
    plant(b, "state/journal/run");
    plant(b, "etc/acme-dns.conf");
    plant(b, "etc/conf.d/a.conf");
    plant(b, "elsewhere/token");
    buf_init(&b->log, 65536);
    plant(b, "mem/empty");
    (void)snprintf(mem_dir, sizeof(mem_dir), "%s/mem", b->dir);
    assert_int_equal(chmod(mem_dir, 0777), 0);
    event_set_sink(on_event, b, EVENT_DEBUG);
    loop_block_signals();
    assert_int_equal(loop_new(&b->loop, &err), 0);
    char *text = fill_in(config_text, b->dir);
    b->config = config_parse("test.conf", text, strlen(text), &errors);
    assert_int_equal(errors.n, 0);
    config_errors_done(&errors);
    mem_free(text);
    /* For plug-ins that were built with an older header: searched first. */
    if (getenv("RING_PLUGIN_DIR") != NULL) {
        strv_add(&dirs, getenv("RING_PLUGIN_DIR"));
    }
    strv_add(&dirs, RING_PLUGINS);
    strv_take(&denied, fs_join(b->dir, "state"));
    strv_take(&denied, fs_join(b->dir, "etc"));
    struct provider_settings settings = {
        .plugin_dirs = &dirs,
        .deny_paths = &denied,
        .worker_path = RING_WORKER,
        .hooks = {.arg = b,
                  .about_to_call = about_to_call,
                  .receipt = on_receipt,
                  .lock = take_lock,
                  .unlock = release_lock},
    };
    assert_int_equal(provider_set_new(b->loop, b->config, &settings, &b->set, &err), 0);
    strv_done(&dirs);
    strv_done(&denied);
}

void bench_close(struct bench *b)
{
    char *command = str_fmt("rm -rf '%s'", b->dir);
    pid_t pid;

    provider_set_free(b->set);
    loop_timer_cancel(&b->guard);
    config_free(b->config);
    loop_free(b->loop);
    event_set_sink(NULL, NULL, EVENT_ERROR);
    buf_done(&b->log);
    pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(1);
    }
    while (pid > 0 && access(b->dir, F_OK) == 0) {
        (void)usleep(1000);
    }
    mem_free(command);
}

struct provider *bench_provider(struct bench *b, const char *instance)
{
    struct provider *p = NULL;
    struct err err = ERR_INIT;

    if (provider_get(b->set, instance, &p, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return p;
}

static void on_done(void *arg, const struct provider_result *result)
{
    struct outcome *o = arg;
    struct bench *b = o->bench;

    assert_false(o->is_finished);
    o->is_finished = true;
    o->is_ok = result->is_ok;
    o->may_be_in_force = result->may_be_in_force;
    o->status = result->status;
    o->at_ms = loop_now_ms(b->loop);
    if (result->receipt != NULL) {
        (void)snprintf(o->receipt, sizeof(o->receipt), "%.*s", (int)result->receipt_len,
                       (const char *)result->receipt);
    }
    if (result->err != NULL) {
        o->err = *result->err;
    }
    assert_true(result->is_ok == (result->err == NULL));
    if (++b->n_finished == b->n_outcomes) {
        loop_stop(b->loop);
    }
}

static struct outcome *new_outcome(struct bench *b)
{
    struct outcome *o = &b->outcomes[b->n_outcomes++];

    assert_true(b->n_outcomes <= BENCH_RESULTS_MAX);
    o->bench = b;
    return o;
}

/* The zone is what stands behind the last but one dot: "example.com." */
static const char *zone_of(const char *fqdn)
{
    const char *at = fqdn + strlen(fqdn) - 1;
    int dots = 0;

    while (at > fqdn && (at[-1] != '.' || ++dots < 2)) {
        at--;
    }
    return at;
}

struct outcome *bench_change(struct bench *b, const char *instance, enum provider_verb verb,
                             const char *fqdn, const char *value)
{
    struct outcome *o = new_outcome(b);
    char token[16];
    struct provider_change change = {.verb = verb,
                                     .fqdn = fqdn,
                                     .zone = zone_of(fqdn),
                                     .value = value,
                                     .value_len = strlen(value),
                                     .token = token};

    (void)snprintf(token, sizeof(token), "%d", (int)(b->hunted != 0 ? b->hunted : getpid()));
    o->provider = bench_provider(b, instance);
    o->job = provider_submit(o->provider, &change, on_done, o);
    return o;
}

struct outcome *bench_settled(struct bench *b, const char *instance, const char *fqdn,
                              const char *receipt)
{
    struct outcome *o = new_outcome(b);
    struct provider_change change = {.fqdn = fqdn,
                                     .zone = zone_of(fqdn),
                                     .value = "v",
                                     .value_len = 1,
                                     .receipt = receipt,
                                     .receipt_len = receipt != NULL ? strlen(receipt) : 0};

    o->provider = bench_provider(b, instance);
    o->job = provider_settled(o->provider, &change, on_done, o);
    return o;
}

static char zones_text[ERR_TEXT_MAX];

static void on_zones(void *arg, const struct strv *zones, const struct provider_result *result)
{
    struct bench *b = arg;
    char *joined = zones != NULL ? strv_join(zones, ", ") : NULL;

    assert_true((zones == NULL) == (result->err != NULL));
    (void)snprintf(zones_text, sizeof(zones_text), "%s",
                   joined != NULL ? joined : result->err->text);
    mem_free(joined);
    loop_stop(b->loop);
}

const char *bench_zones(struct bench *b, const char *instance)
{
    zones_text[0] = '\0';
    (void)provider_zones(bench_provider(b, instance), on_zones, b);
    bench_turn(b, STUCK_MS);
    return zones_text;
}

static void on_guard(void *arg)
{
    struct bench *b = arg;

    b->guard = NULL;
    loop_stop(b->loop);
}

void bench_turn(struct bench *b, int64_t ms)
{
    struct err err = ERR_INIT;

    b->guard = loop_timer_start(b->loop, ms, on_guard, b);
    assert_int_equal(loop_run(b->loop, &err), 0);
    loop_timer_cancel(&b->guard);
}

void bench_run(struct bench *b)
{
    for (size_t i = 0; i < b->n_outcomes; i++) {
        provider_release(b->outcomes[i].provider);
    }
    if (b->n_finished < b->n_outcomes) {
        bench_turn(b, STUCK_MS);
    }
    if (b->n_finished != b->n_outcomes) {
        fail_msg("%zu of %zu changes came back; log:\n%s", b->n_finished, b->n_outcomes,
                 buf_str(&b->log));
    }
}

const char *bench_read(struct bench *b, const char *name)
{
    static char text[65536];
    char *path = str_fmt("%s/mem/%s", b->dir, name);
    FILE *file = fopen(path, "re");
    size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

    text[len] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
    mem_free(path);
    return text;
}

size_t bench_count(const char *text, const char *word)
{
    size_t n = 0;

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        n++;
    }
    return n;
}
