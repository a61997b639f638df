/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Plug-ins that are wrong in one way each: compiled once a way, with BROKEN_NAME as its name and
 * one of the switches below. What each does is what the ring's test expects to be told.
 */
#include <acme-plugin.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int crash(void)
{
    raise(SIGSEGV);
    return ACME_OK;
}

/* A grandchild that ignores SIGTERM, holds standard output, and outlives its parent if it may. */
static void leave_grandchild(void)
{
    if (fork() == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        (void)signal(SIGHUP, SIG_IGN);
        for (;;) {
            (void)sleep(1);
        }
    }
}

/* The same, in a session of its own, where the parent's name does not lead to it. */
static void leave_daemon(void)
{
    if (fork() == 0) {
        (void)setsid();
        leave_grandchild();
        _exit(0);
    }
}

static void *scribble(void *arg)
{
    struct acme_call *call = arg;

    for (;;) {
        call->host->log(call, ACME_LOG_ERROR, "from another thread");
        (void)usleep(1000);
    }
    return NULL;
}

static int32_t misbehave(struct acme_call *call)
{
    (void)call;
    (void)scribble;
    (void)leave_grandchild;
    (void)leave_daemon;
    (void)crash;
#if defined(BROKEN_ONE)
    return 1;
#elif defined(BROKEN_MINUS)
    return -1;
#elif defined(BROKEN_UNKNOWN)
    return 4711;
#elif defined(BROKEN_HANG)
    for (;;) {
        pause();
    }
#elif defined(BROKEN_SPIN)
    for (volatile unsigned i = 0;; i++) {
    }
#elif defined(BROKEN_OUTPUT)
    for (;;) {
        (void)!write(1, "all work and no play makes a dull plug-in\n", 42);
    }
#elif defined(BROKEN_LOGS)
    static char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    for (;;) {
        call->host->log(call, ACME_LOG_DEBUG, text);
    }
#elif defined(BROKEN_EXIT)
    exit(3);
#elif defined(BROKEN_EXIT0)
    exit(0);
#elif defined(BROKEN_GRANDCHILD)
    leave_grandchild();
    return ACME_OK;
#elif defined(BROKEN_GRANDCHILD_CRASH)
    leave_grandchild();
    return crash();
#elif defined(BROKEN_DAEMON)
    leave_daemon();
    for (;;) {
        pause();
    }
#elif defined(BROKEN_DAEMON_CRASH)
    /* Nobody below the worker shall take in what it leaves. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    leave_daemon();
    (void)usleep(50000); /* until the daemon has left for good */
    return crash();
#elif defined(BROKEN_CRASH_ADD)
    return crash();
#elif defined(BROKEN_FAIL_OK)
    (void)acme_fail(call, ACME_DENIED, 0, "no, says the provider");
    return ACME_OK;
#elif defined(BROKEN_INDEX)
    call->host->done(call, 77);
    return ACME_OK;
#elif defined(BROKEN_RAW)
    /* The frame socket is open to this code; so it may write anything. */
    (void)!write(3, "\xff\xff\xff\xff", 4);
    return ACME_OK;
#elif defined(BROKEN_TWICE)
    /* Two results for this call: a whole frame of kind RESULT with this call's number is easiest
     * forged by answering for the next call too. */
    static const unsigned char result[] = {0, 0, 0, 13, 71,  0,   0,   0,  99,
                                           0, 0, 0, 0,  255, 255, 255, 255};
    (void)!write(3, result, sizeof(result));
    return ACME_OK;
#elif defined(BROKEN_CLOSE_FDS)
    for (int fd = 0; fd < 64; fd++) {
        (void)close(fd);
    }
    for (;;) {
        pause();
    }
#elif defined(BROKEN_TEXT)
    {
        char *text = malloc(1 << 20);
        memset(text, 'x', 1 << 20);
        text[(1 << 20) - 1] = '\0';
        return call->host->fail(call, 0, ACME_REJECTED, 0, text);
    }
#endif
    return ACME_OK;
}

static int32_t broken_check(struct acme_call *call, const struct acme_open *o)
{
    (void)call;
    (void)o;
#ifdef BROKEN_CRASH_CHECK
    return crash();
#endif
    return ACME_OK;
}

static int32_t broken_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    (void)o;
    (void)call;
    *ret_instance = NULL;
#ifdef BROKEN_CRASH_OPEN
    return crash();
#endif
#ifdef BROKEN_HANG_OPEN
    for (;;) {
        pause();
    }
#endif
#ifdef BROKEN_THREAD
    pthread_t thread;
    (void)pthread_create(&thread, NULL, scribble, call);
#endif
    return ACME_OK;
}

static void broken_close(struct acme_call *call, void *instance)
{
    (void)call;
    (void)instance;
#ifdef BROKEN_CRASH_CLOSE
    (void)crash();
#endif
#ifdef BROKEN_HANG_CLOSE
    for (;;) {
        pause();
    }
#endif
}

static int32_t broken_add(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)instance;
    (void)r;
    return misbehave(call);
}

static int32_t broken_remove(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)call;
    (void)instance;
    (void)r;
#ifdef BROKEN_CRASH_REMOVE
    return crash();
#endif
    return ACME_OK;
}

#ifdef BROKEN_CRASH_APPLY
static int32_t broken_apply(struct acme_call *call, void *instance,
                            const struct acme_change *const *changes, size_t n)
{
    (void)call;
    (void)instance;
    (void)changes;
    (void)n;
    return crash();
}
#endif

static int32_t broken_settled(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)call;
    (void)instance;
    (void)r;
#ifdef BROKEN_CRASH_SETTLED
    return crash();
#endif
    return ACME_OK;
}

static int32_t broken_zones(struct acme_call *call, void *instance)
{
    (void)call;
    (void)instance;
#ifdef BROKEN_CRASH_ZONES
    return crash();
#endif
    return ACME_OK;
}

static const struct acme_plugin_option options[] = {
#if defined(BROKEN_CORE_KEY)
    {"ttl", NULL, "collides", NULL, NULL, ACME_OPTION_INT, 0},
#elif defined(BROKEN_DOUBLE)
    {"x", NULL, "one", NULL, NULL, ACME_OPTION_INT, 0},
    {"x", NULL, "two", NULL, NULL, ACME_OPTION_INT, 0},
#elif defined(BROKEN_SUFFIX)
    {"key", NULL, "one", NULL, NULL, ACME_OPTION_STRING, ACME_OPTION_SECRET},
    {"key-file", NULL, "two", NULL, NULL, ACME_OPTION_PATH, 0},
#elif defined(BROKEN_FALLBACK)
    {"x", "soon", "one", NULL, NULL, ACME_OPTION_DURATION, 0},
#elif defined(BROKEN_TYPE)
    {"x", NULL, "one", NULL, NULL, 99, 0},
#else
    {"x", NULL, "one", NULL, NULL, ACME_OPTION_STRING, 0},
#endif
};

static struct acme_plugin plugin = {
    ACME_PLUGIN_HEAD,
    .serial = ACME_SERIAL_PLUGIN,
    .n_options = sizeof(options) / sizeof(options[0]),
    .name = BROKEN_NAME,
    .version = "1",
    .summary = "wrong in one way",
    .options = options,
    .check = broken_check,
    .open = broken_open,
    .close = broken_close,
    .add = broken_add,
    .remove = broken_remove,
#ifdef BROKEN_CRASH_APPLY
    .apply = broken_apply,
#endif
    .settled = broken_settled,
    .zones = broken_zones,
};

#ifdef BROKEN_SYMBOL
#define acme_plugin_v1 acme_plugin_v9
const struct acme_plugin *acme_plugin_v9(void);
#endif

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
#if defined(BROKEN_SIZE)
    plugin.size = 40;
#elif defined(BROKEN_NEEDS)
    plugin.needs = 0x8;
#elif defined(BROKEN_NULL_NAME)
    plugin.name = NULL;
#elif defined(BROKEN_OTHER_NAME)
    plugin.name = "someone-else";
#elif defined(BROKEN_STRIDE)
    plugin.option_size = 0x7fffffff;
#elif defined(BROKEN_MANY)
    plugin.n_options = 0xffffffff;
#elif defined(BROKEN_NO_ADD)
    plugin.add = NULL;
#elif defined(BROKEN_SERIAL)
    plugin.serial = 7;
#elif defined(BROKEN_NULL)
    return NULL;
#elif defined(BROKEN_CRASH_DESCRIBE)
    (void)crash();
#elif defined(BROKEN_NEWER)
    /* Longer than what this core knows: what it knows counts. */
    static struct {
        struct acme_plugin known;
        char more[64];
    } newer;
    newer.known = plugin;
    newer.known.size = sizeof(newer);
    newer.known.minor = 5;
    return &newer.known;
#endif
    return &plugin;
}
