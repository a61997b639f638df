/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Frames between the core and a worker, compiled into both: libc only, nothing of base/.
 *
 *     u32 length of all that follows   u8 kind   u32 call   payload
 *
 * Numbers are big-endian. A text or byte string is u32 length and bytes; FRAME_NULL as the length
 * is NULL. Either side judges what it reads as a stranger's: reading past the end, a text with a
 * NUL inside, or bytes that are left over make the whole frame bad.
 */
#ifndef PROVIDER_FRAME_H
#define PROVIDER_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX (1024u * 1024u)
#define FRAME_HEAD 9u /* bytes before the payload, the length included */
#define FRAME_NULL UINT32_MAX

/* Descriptors that a worker finds open. */
#define FRAME_FD_CORE 3
#define FRAME_FD_PLUGIN 4
#define FRAME_FD_INHERIT 5 /* the journal's lock, or closed */

/* What the parts mean stands beside them: u number, s text or NULL, b bytes or NULL. */
enum frame_kind {
    /* core -> worker */
    FRAME_SETUP = 1, /* see struct frame_setup */
    FRAME_OPEN,      /* s instance, u n, n * (u64 number, b text), u n, n * s "NAME=value" */
    FRAME_CALL,      /* u verb, u ms, u n, n * record */
    FRAME_CANCEL,    /* the call in hand is to end */
    FRAME_CLOSE,     /* close() and leave */

    /* worker -> core */
    FRAME_REFUSED = 64, /* u status, s why: it did not come to a description; then it ends */
    FRAME_CONFINED,     /* u Landlock's version or 0, u FRAME_ISOLATED_...: before it loads */
    FRAME_DESCRIBE,     /* see describe.c: ready for FRAME_OPEN */
    FRAME_LOG,          /* u level, s text */
    FRAME_FAIL,         /* u index, u status, u retry_after_s, s text */
    FRAME_RECEIPT,      /* u index, b bytes */
    FRAME_DONE,         /* u index */
    FRAME_ZONE,         /* s name */
    FRAME_RESULT,       /* u status, s why or NULL: ends the call (FRAME_OPEN's too) */
};

enum frame_verb {
    FRAME_VERB_ADD = 1,
    FRAME_VERB_REMOVE,
    FRAME_VERB_APPLY,
    FRAME_VERB_SETTLED,
    FRAME_VERB_ZONES,
};

/* The index that stands for the whole call. */
#define FRAME_INDEX_CALL UINT32_MAX

/* Bits of the flags in FRAME_SETUP. */
#define FRAME_SETUP_SWITCH_USER 0x1u
#define FRAME_SETUP_NEW_PRIVS 0x2u /* setuid programs may work: no Landlock, no no_new_privs */
#define FRAME_SETUP_KEEP_CAPS 0x4u /* it is to be root in earnest, because the user said so */

/* Bits of what FRAME_CONFINED says of the isolation. */
#define FRAME_ISOLATED_NO_NEW_PRIVS 0x1u
#define FRAME_ISOLATED_SIGNAL_SCOPE 0x2u
#define FRAME_ISOLATED_NOT_DUMPABLE 0x4u
#define FRAME_ISOLATED_USER 0x8u
#define FRAME_ISOLATED_NO_CAPS 0x10u

/* A frame that is being written. Memory that runs out shows as is_bad. */
struct frame_out {
    uint8_t *bytes;
    size_t len, cap;
    bool is_bad;
};

void frame_begin(struct frame_out *out, enum frame_kind kind, uint32_t call);
void frame_add_u32(struct frame_out *out, uint32_t v);
void frame_add_u64(struct frame_out *out, uint64_t v);
void frame_add_bytes(struct frame_out *out, const void *bytes, size_t len); /* bytes may be NULL */
void frame_add_text(struct frame_out *out, const char *text);               /* may be NULL */

/* Puts the length in front. False: too long, or no memory. */
bool frame_end(struct frame_out *out);
void frame_out_done(struct frame_out *out); /* wipes: values may be secrets */

/* A frame that is being read; points into someone else's bytes. */
struct frame_in {
    uint8_t kind;
    uint32_t call;
    const uint8_t *at;
    size_t left;
    bool is_bad;
};

/* Looks at the front of a stream. 1: a whole frame, *ret_in its payload, *ret_used its bytes;
 * 0: more is needed; -1: not a frame. */
int frame_open(const void *bytes, size_t len, struct frame_in *ret_in, size_t *ret_used);

/* After a bad read all return 0, NULL or "". */
uint32_t frame_get_u32(struct frame_in *in);
uint64_t frame_get_u64(struct frame_in *in);

/* Borrowed from the stream; not NUL-terminated. */
const void *frame_get_bytes(struct frame_in *in, size_t *ret_len);

/* To free(); NULL for NULL, and for bad frames. Longer than max or with a NUL inside: bad. */
char *frame_get_text(struct frame_in *in, size_t max);

/* Everything was read and nothing was wrong. */
bool frame_is_whole(const struct frame_in *in);

#endif
