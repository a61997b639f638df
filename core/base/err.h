/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What went wrong, for the user and for the program. A function that can fail takes a struct err
 * last, fills it, and returns a negative number (the class). Context is added on the way up, in
 * front:
 *
 *     if (fs_read(path, &text, err) < 0)
 *         return err_wrap(err, "cannot read account key '%s'", path);
 *
 * A struct err needs no clean-up and may be copied by assignment.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>

/* The reader's next step, not the place of the fault, makes the class: it decides the exit status
 * and what may be tried again. */
enum err_class {
    ERR_NONE = 0,
    ERR_FAILED,      /* anything else: the system, a file, a bug */
    ERR_CONFIG,      /* usage or configuration: exit 3 */
    ERR_PROVIDER,    /* a DNS provider or its plug-in: exit 4 */
    ERR_PROPAGATION, /* values did not appear in time, or DNS stands in the way: exit 5 */
    ERR_CA,          /* the CA refused: exit 6 */
    ERR_LATER,       /* told to come back later, or still processing: exit 7 */
    ERR_LOCKED,      /* another run holds the lock: exit 9 */
    ERR_HUMAN,       /* a person must act first: exit 10 */
    ERR_TIMEOUT,     /* a deadline passed; which one is in the text */
    ERR_CANCELLED,   /* the user or a signal ended it */
    ERR_NETWORK,     /* no connection, or a broken one; worth another try */
    ERR_NOT_FOUND,   /* the thing asked for is not there */
    ERR_MALFORMED,   /* input from outside is not what its standard says */
};

#define ERR_TEXT_MAX 4096

struct err {
    enum err_class class;
    uint32_t retry_after_s; /* what the other side asked for, or 0 */
    char text[ERR_TEXT_MAX];
};

#define ERR_INIT                                          \
    {                                                     \
        .class = ERR_NONE, .retry_after_s = 0, .text = "" \
    }

/* Sets class and text, drops what was there. Returns -class. */
int err_set(struct err *err, enum err_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set with ERR_FAILED, and adds ": " and the words of errno. */
int err_set_errno(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "text: " before what is there. Returns -class, so: return err_wrap(err, ...). */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a line below what is there: what would be right, what to do. Returns -class. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As it stands: return err_code(err). */
int err_code(const struct err *err);

void err_clear(struct err *err);

/* The word for a class in events and --json: "provider", "propagation", ... */
const char *err_class_name(enum err_class class);

#endif
