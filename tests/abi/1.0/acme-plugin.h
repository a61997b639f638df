/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-plugin.h: the interface between acme-dns and a DNS provider plug-in, version 1.0.
 *
 * A plug-in is a shared object, NAME.so, that exports one function, acme_plugin_v1(). It returns a
 * constant description: who the plug-in is, which options it takes, and the functions that add one
 * TXT value to a name and remove one again. acme-dns loads it into a process of its own, calls one
 * function at a time, and ends that process when a call takes too long. A callback may therefore
 * block, sleep, use any library and start programs; it is never given a private key.
 *
 *     cc -shared -fPIC -o NAME.so NAME.c      build
 *     acme-dns plugin show ./NAME.so          see whether acme-dns takes it
 *     acme-dns plugin show rfc2136            its line file= shows where the plug-in folder is
 *
 * To try it, give its folder by --plugin-dir; to install it, copy it into the plug-in folder. Run
 * by root, acme-dns takes only a file that is root's and that group and others cannot write.
 *
 *     loaded:   acme_plugin_v1()                the description is read, nothing else happens
 *     used:     check()?  open()  { add() | remove() | apply() | settled() | zones() }*  close()
 *
 * The smallest useful plug-in is a description with name, version, summary, add and remove.
 *
 * The process is confined. It runs as an unprivileged user when acme-dns is run by root, and where
 * the kernel has Landlock it reaches only these files: those of the system (programs, libraries, CA
 * certificates, resolver settings) to read, /tmp and /var/tmp to write, what its PATH options name,
 * and what the user allows by core-allow-path. To create files, take a folder as a PATH option. The
 * network is open. Its environment holds PATH, HOME, USER, LOGNAME, TZ, TMPDIR, the locale, the
 * usual variables for proxies and CA certificates, and, from open() on, the variables that its
 * options declare and that the user passes. What it prints goes to the log at -v.
 *
 * Rules that hold for ever:
 *  - Structures only grow, at their end. Either side reads a field only if it lies wholly inside
 *    the `size` that the other side wrote: ACME_PLUGIN_HAS().
 *  - What a field means never changes. Reserved fields are zero.
 *  - Nobody frees the other side's memory. What a callback is given lives until it returns (option
 *    values: until close() returns); what it hands out is copied before the host function returns.
 *  - Every text is UTF-8 and ends with a NUL byte. Every name in the DNS is absolute and ends with
 *    a dot, in lower case, with A-labels (RFC 5890), in presentation format (RFC 1035 section 5.1).
 *
 * This header needs C99 or C++11 and nothing but the compiler's own headers.
 */
#ifndef ACME_PLUGIN_H
#define ACME_PLUGIN_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The minor version of the interface that this header describes; the major one is in the name of
 * acme_plugin_v1(). A new minor version only adds at the end of structures. */
#define ACME_PLUGIN_MINOR 0

/* Whether `field` lies wholly inside the structure that the other side filled; p points to a
 * structure of this header that has a member `size`. */
#define ACME_PLUGIN_HAS(p, field) \
    ((size_t)(p)->size >=         \
     (size_t)((const char *)&(p)->field - (const char *)(p)) + sizeof((p)->field))

/* Marks acme_plugin_v1() for export, whatever the compiler's visibility switch says. */
#ifdef __cplusplus
#define ACME_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define ACME_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/*
 * What a callback returns. Any other value counts as permanent failure; a negative one, or one
 * between 1 and 99, is reported as a bug of the plug-in ("returned -1").
 */
#define ACME_OK 0            /* done, or nothing was to be done */
#define ACME_RETRY 100       /* may well work later; for settled(): not yet */
#define ACME_DENIED 101      /* the provider refuses this credential, or refuses it this */
#define ACME_NO_ZONE 102     /* this credential reaches no zone that holds the name */
#define ACME_REJECTED 103    /* the provider understood and refuses the change */
#define ACME_BAD_CONFIG 104  /* the settings cannot work */
#define ACME_UNSUPPORTED 105 /* this plug-in does not do that */
#define ACME_CANCELLED 106   /* gave up because acme-dns asked it to */
#define ACME_BUG 107         /* the plug-in found a fault of its own */

/* Levels of log texts: host->log(). */
#define ACME_LOG_ERROR 0
#define ACME_LOG_WARNING 1
#define ACME_LOG_NOTICE 2
#define ACME_LOG_DEBUG 3

/* Types of options: acme_plugin_option.type. The core parses and checks; the plug-in reads `number`
 * or `text` of the struct acme_value at the option's place in its table. */
#define ACME_OPTION_STRING 0   /* text */
#define ACME_OPTION_INT 1      /* number, decimal */
#define ACME_OPTION_BOOL 2     /* number: 0 or 1; written yes, no, true, false, on, off, 1, 0 */
#define ACME_OPTION_DURATION 3 /* number: seconds; written 90, 90s, 5m, 2h, 1d */
#define ACME_OPTION_PATH 4     /* text: absolute; a relative path starts at the file's folder (*) */
#define ACME_OPTION_FILE 5     /* text and len: the content of the file named, up to 64 KiB */
#define ACME_OPTION_HOSTPORT 6 /* text: HOST, HOST:PORT, [IPv6]:PORT, as written */
#define ACME_OPTION_CHOICE 7   /* text: one of `choices` */

/* (*) The file or folder need not exist, but only one that exists when the process starts can be
 * reached: a folder to read and write in, a file to read and write, a program to run. */

/* Flags of options. */
#define ACME_OPTION_REQUIRED 0x1u /* must be set */
#define ACME_OPTION_SECRET 0x2u   /* never shown; may be given by file, command or environment */
#define ACME_OPTION_REPEAT 0x4u   /* may be given several times; see struct acme_value */
#define ACME_OPTION_GROUP 0x8u    /* belongs to the credential: all of these come from one source */

/*
 * One option. The core writes its name in configuration files as it stands here, finds it in the
 * environment under the names in `env`, and shows `help` to users. name and help are required.
 *
 * The core's own names: plugin, zone, ttl, parallel, call-timeout, propagation-timeout, interval,
 * settle, env, pass-env, user, new-privileges, log-level, and all that begin with core-; see
 * [provider NAME] in acme-dns.conf(5). A SECRET or GROUP option x that is no FILE may also be given
 * as x-file and x-command: no other option may be called so.
 */
struct acme_plugin_option {
    const char *name; /* [a-z][a-z0-9-]*, at most 32 bytes, unique, none of the core's own names */
    const char *fallback; /* the value when none is given, written as a user would; NULL: none */
    const char *help;     /* one sentence, without a full stop; required */
    const char *env; /* names of environment variables, best first, divided by commas; or NULL */
    const char *choices; /* for CHOICE: the permitted values, divided by commas; else NULL */
    uint32_t type;       /* ACME_OPTION_STRING... */
    uint32_t flags;      /* ACME_OPTION_REQUIRED... */
};

/*
 * The value of one option. text is NULL when the option is not set and has no fallback. With
 * ACME_OPTION_REPEAT, text holds all values, one after the other, each ended by a NUL byte; len
 * counts all those bytes, and number the values.
 */
struct acme_value {
    int64_t number;   /* for INT, BOOL, DURATION; the count for REPEAT; else 0 */
    const char *text; /* NUL-terminated, for every type (numbers: as written) */
    size_t len;       /* bytes of text without the NUL */
};

/* What open() and check() are given: the instance's settings. */
struct acme_open {
    uint32_t size;       /* of this structure, as the core has it */
    uint32_t n_values;   /* as many as the option table has entries */
    uint32_t value_size; /* the distance in bytes from one value to the next: use acme_value_at() */
    uint32_t reserved;
    const struct acme_value
        *values;          /* in the order of the option table; valid until close() returns */
    const char *instance; /* the name of the instance: [provider NAME] */
};

/* Set in acme_record.flags when the identifier that is being validated is a wildcard. */
#define ACME_RECORD_WILDCARD 0x1u

/* The type of record in this version (RFC 1035 section 3.3.14). Others: return ACME_UNSUPPORTED. */
#define ACME_RECORD_TXT 16u

/*
 * One value at one name. A name may hold other values, of other programs too: they are not the
 * plug-in's to touch. Nothing may be assumed about the name's first label, nor about the value's
 * length: a value is up to 255 raw bytes (one character-string).
 */
struct acme_record {
    uint32_t size;    /* of this structure, as the core has it */
    uint32_t ttl_s;   /* wished time to live, in seconds, not below the plug-in's min_ttl_s */
    uint32_t type;    /* ACME_RECORD_TXT */
    uint32_t flags;   /* ACME_RECORD_WILDCARD */
    const char *fqdn; /* where the value belongs, CNAMEs followed: "_acme-challenge.example.com." */
    const char *zone; /* the zone that holds fqdn, found by the core: "example.com." */
    const void *value;   /* the value, not quoted, not escaped; followed by a NUL byte */
    size_t value_len;    /* its length in bytes, without the NUL */
    const void *receipt; /* for remove and settled: what host->receipt() was given, or NULL: lost */
    size_t receipt_len;  /* in bytes; 0 without a receipt */
    const char
        *identifier;   /* the name as the certificate will have it, without "*."; may be NULL */
    const char *token; /* the challenge's token (RFC 8555 section 8.4); may be NULL */
    const char *key_authorization; /* RFC 8555 section 8.1; public; for bridges; may be NULL */
    void *reserved;
};

/* What a change does. */
#define ACME_ADD 1u
#define ACME_REMOVE 2u

/* For host->fail(): not one change of apply() but the whole call; outside apply() nothing else is
 * meant. */
#define ACME_WHOLE_CALL ((size_t)-1)

/* One change of several that apply() makes in one call. */
struct acme_change {
    uint32_t size; /* of this structure, as the core has it */
    uint32_t what; /* ACME_ADD or ACME_REMOVE */
    const struct acme_record *record;
    uintptr_t reserved;
};

struct acme_host;

/* The call that is being made. Every callback is given one; it is valid until the callback returns.
 */
struct acme_call {
    const struct acme_host *host;
};

/*
 * What the core does for a plug-in. Reached by call->host, only inside a callback and only from the
 * thread that the callback runs in. The inline functions below are the comfortable way to call
 * these.
 */
struct acme_host {
    uint32_t size;            /* of this structure, as the core has it */
    uint32_t minor;           /* the core's ACME_PLUGIN_MINOR */
    const char *core_version; /* for a user agent: "0.1.0" */

    /* Writes one line to the log, at most 8 KiB; secrets of this instance are masked. */
    void (*log)(struct acme_call *, int32_t level, const char *text);

    /* Says why the change at index fails, or, with ACME_WHOLE_CALL, all that were not named, and
     * returns status. text: one sentence or several lines, at most 8 KiB, for the user.
     * retry_after_s: what the provider asked for, or 0. Changes failed so remain failed even if the
     * call then returns ACME_OK. */
    int32_t (*fail)(struct acme_call *, size_t index, int32_t status, uint32_t retry_after_s,
                    const char *text);

    /* Keeps bytes (at most 4 KiB, opaque to the core) for the change at index: they go to disk at
     * once and come back in record->receipt. A record id, a change id. A later call replaces. */
    void (*receipt)(struct acme_call *, size_t index, const void *bytes, size_t len);

    /* Says that the change at index is in force, though the call may fail later. */
    void (*done)(struct acme_call *, size_t index);

    /* For zones(): reports one zone that this credential can change. */
    void (*zone)(struct acme_call *, const char *name);

    /* How long this call may still take, in milliseconds; 0 when it is over or cancelled. */
    int32_t (*ms_left)(struct acme_call *);

    /* Sleeps, at most until the call's end. Returns ACME_OK, or ACME_CANCELLED when the call is
     * over or cancelled: then clean up and return ACME_CANCELLED. */
    int32_t (*sleep_ms)(struct acme_call *, uint32_t ms);
};

/* Values of acme_plugin.serial: how many calls may run at once, each in a process of its own. */
#define ACME_SERIAL_PLUGIN 0u /* one at a time */
#define ACME_SERIAL_ZONE 1u   /* several, but one at a time in each zone */
#define ACME_SERIAL_FREE 2u   /* several, anywhere */

/* Bits of acme_plugin.traits: permissions, so that zero is the strictest reading. */
#define ACME_TRAIT_MULTI_VALUE 0x1u    /* a name can hold several values at once */
#define ACME_TRAIT_BATCH_ANY_ZONE 0x2u /* one apply() may hold changes of several zones */
#define ACME_TRAIT_SERVES 0x4u         /* values live only as long as the process that added them */

/*
 * The description. It is read once, in the order of its fields, and must not change.
 */
struct acme_plugin {
    uint32_t size;  /* sizeof(struct acme_plugin): ACME_PLUGIN_HEAD sets both */
    uint32_t minor; /* ACME_PLUGIN_MINOR of the header that the plug-in was built with */

    uint32_t needs;       /* what the core must understand, bit by bit; none is defined in 1.0: 0 */
    uint32_t serial;      /* ACME_SERIAL_PLUGIN... */
    uint32_t traits;      /* ACME_TRAIT_MULTI_VALUE... */
    uint32_t n_options;   /* entries in `options`, at most 64 */
    uint32_t option_size; /* sizeof(struct acme_plugin_option): ACME_PLUGIN_HEAD sets it */
    uint32_t min_ttl_s;   /* the shortest time to live that the provider takes; 0: any */

    /* The provider's habits, in seconds; 0: the core's defaults. */
    uint32_t propagation_timeout_s; /* how long until a value is on all its servers, at the worst */
    uint32_t poll_interval_s;       /* how often it is worth asking them */
    uint32_t settle_s;              /* how long to wait after they all answered (anycast) */
    uint32_t call_timeout_s;        /* how long one call may take */

    const char *name;    /* [a-z][a-z0-9-]{0,31}, the same as the file's: NAME.so */
    const char *version; /* the plug-in's own version, for people */
    const char *summary; /* one line: whose DNS this is for */

    const struct acme_plugin_option *options; /* n_options of them; NULL when 0 */

    /* Optional. Are the settings sound? Nothing is sent anywhere. Without it: they are. */
    int32_t (*check)(struct acme_call *, const struct acme_open *);

    /* Optional. Makes ready for calls and sets *ret_instance, which the other callbacks get.
     * Without it: instance is NULL, and the option values cannot be had. Called once in a process,
     * and unless ACME_SERIAL_PLUGIN there may be several processes at once, each with its own. */
    int32_t (*open)(struct acme_call *, const struct acme_open *, void **ret_instance);

    /* Optional. Ends what open() began; called once for each open() that returned ACME_OK. */
    void (*close)(struct acme_call *, void *instance);

    /* Adds one value beside whatever the name holds. A value that is there already: ACME_OK.
     *
     * DENIED, NO_ZONE, REJECTED, BAD_CONFIG and UNSUPPORTED promise that nothing was changed: then
     * remove() is not called, unless an earlier try may have left the value. After RETRY,
     * CANCELLED, BUG, an unknown status, a crash or a timeout it is called, since the value may be
     * there.
     *
     * RETRY of a change is tried again up to 5 times, after what host->fail() was given as
     * retry_after_s, or else after half a second and twice as long each time, as long as that
     * begins before call_timeout_s has passed since the first try. */
    int32_t (*add)(struct acme_call *, void *instance, const struct acme_record *);

    /* Removes this value and no other. A value, name or zone that is not there: ACME_OK. Must work
     * without a receipt, and in another process than add(): after a crash it is a later run that
     * removes. */
    int32_t (*remove)(struct acme_call *, void *instance, const struct acme_record *);

    /* Optional. Makes n changes, all of one zone unless ACME_TRAIT_BATCH_ANY_ZONE. ACME_OK: each
     * one that fail() did not name is in force. Another status: so is each that done() named, the
     * others failed with this status. Without it: add and remove, one by one. */
    int32_t (*apply)(struct acme_call *, void *instance, const struct acme_change *const *changes,
                     size_t n);

    /* Optional. Does the provider itself say that the value is live? ACME_RETRY: not yet, ask again
     * after poll_interval_s. Asked once for each distinct receipt. Without it: no word from the
     * provider, the name servers decide. */
    int32_t (*settled)(struct acme_call *, void *instance, const struct acme_record *);

    /* Optional. Names every zone that this credential can change through host->zone(). */
    int32_t (*zones)(struct acme_call *, void *instance);
};

/* The three fields that describe the header itself, in C: struct acme_plugin p = {ACME_PLUGIN_HEAD,
 * .name = ...}. In C++, where designators must follow the order of the members or are unknown:
 * struct acme_plugin p = acme_plugin_head(); p.name = ... */
#define ACME_PLUGIN_HEAD                                                      \
    .size = (uint32_t)sizeof(struct acme_plugin), .minor = ACME_PLUGIN_MINOR, \
    .option_size = (uint32_t)sizeof(struct acme_plugin_option)

/*
 * The one symbol that a plug-in exports, with ACME_PLUGIN_EXPORT. Returns the description, which
 * stays valid and unchanged until the process ends. Does nothing else.
 */
#ifdef __cplusplus
__attribute__((visibility("default"))) const struct acme_plugin *acme_plugin_v1(void);
#else
const struct acme_plugin *acme_plugin_v1(void);
#endif

/* ---- Conveniences, compiled into the plug-in ----
 * Members are called in parentheses, since test frameworks like to define macros named fail(). */

#define ACME_INLINE static inline __attribute__((unused))

#ifdef __cplusplus
/* A description with the three fields of ACME_PLUGIN_HEAD set and all others zero. */
ACME_INLINE struct acme_plugin acme_plugin_head()
{
    struct acme_plugin p = acme_plugin();

    p.size = static_cast<uint32_t>(sizeof(struct acme_plugin));
    p.minor = ACME_PLUGIN_MINOR;
    p.option_size = static_cast<uint32_t>(sizeof(struct acme_plugin_option));
    return p;
}
#endif

/* The value of option number `index` of the table. */
ACME_INLINE const struct acme_value *acme_value_at(const struct acme_open *o, size_t index)
{
    return (const struct acme_value *)(const void *)((const char *)(const void *)o->values +
                                                     index * o->value_size);
}

/* Writes a line to the log, at level ACME_LOG_... */
__attribute__((format(printf, 3, 4))) ACME_INLINE void
acme_log(struct acme_call *call, int32_t level, const char *format, ...)
{
    char text[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (call->host->log)(call, level, text);
}

/* Says why change number `index` of apply() fails, and returns status. */
__attribute__((format(printf, 5, 6))) ACME_INLINE int32_t acme_fail_at(struct acme_call *call,
                                                                       size_t index, int32_t status,
                                                                       uint32_t retry_after_s,
                                                                       const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return (call->host->fail)(call, index, status, retry_after_s, text);
}

/* Says why the whole call fails, and returns status: return acme_fail(call, ACME_RETRY, 30, "HTTP
 * %d", code); */
__attribute__((format(printf, 4, 5))) ACME_INLINE int32_t acme_fail(struct acme_call *call,
                                                                    int32_t status,
                                                                    uint32_t retry_after_s,
                                                                    const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return (call->host->fail)(call, ACME_WHOLE_CALL, status, retry_after_s, text);
}

#ifdef __cplusplus
}
#endif

#endif
