/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * When a certificate is to be renewed. Arithmetic only: no clock, no disk, no dice; what is random
 * is drawn by the caller, a lot, and kept. In seconds, never in days: a six-day certificate has no
 * day to lose.
 *
 *     notBefore                        rule       net = danger       notAfter
 *     |------------------------ - - - --|-------------|----------------|
 *                     share of the rule |             '- half of what the rule left is gone:
 *              [---- may be due ----]---'                ARI cannot make it later than this
 *
 * The rule leaves a third of the lifetime, or half of ten days and less. The share makes it earlier
 * by a part of the lifetime: a small one, so that what was renewed together does not stay together,
 * and for a name's first certificate a large one, so that what was issued in one day is renewed
 * over weeks. ARI (RFC 9773), where the CA has it, counts instead of rule and share.
 */
#ifndef ORDER_DUE_H
#define ORDER_DUE_H

#include <stdbool.h>
#include <stdint.h>

/* A lot is uniform between 0 and DUE_LOTS - 1. */
#define DUE_LOTS 1000000u

/* A third of the lifetime before the end; half of it for certificates of ten days and less. */
int64_t due_renew_after_s(int64_t not_before_s, int64_t not_after_s);

/* What a judgement stands on. Moments in seconds since 1970; 0: there is none. */
struct due_facts {
    int64_t not_before_s, not_after_s;
    uint32_t share_lot;     /* drawn once for this certificate */
    bool is_first;          /* it was not issued as the renewal of one that was due */
    int64_t renew_before_s; /* the user's: that long before the end at the latest; 0: not set */
    int64_t ari_start_s, ari_end_s; /* the CA's window */
    int64_t ari_moment_s;           /* drawn in it once: due_moment() */
    int64_t ari_led_s; /* when ARI has last led to a renewal that the rule did not want yet */
};

enum due_reason {
    DUE_BY_LIFETIME, /* rule and share */
    DUE_BY_ARI,      /* the moment in the CA's window */
    DUE_BY_NET,      /* the CA's moment is too late to be safe */
    DUE_BY_SETTING,  /* renew-before */
};

struct due {
    int64_t at_s; /* from then on it is due */
    enum due_reason reason;
    int64_t danger_s; /* half of the time for renewing is gone: somebody should look */
    /* From one renewal to the next in the long run, without what the share makes of a first one. */
    int64_t interval_s;
    bool is_hurried; /* much earlier than the rule: by the CA, which may be about to revoke it, or
                        by the user */
};

/* Facts that make no sense are left out: an end before the beginning, a window that does not end
 * after its start or begins when the certificate is over. */
struct due due_find(const struct due_facts *facts);

/* "ARI", "lifetime", ...: for a table. */
const char *due_reason_name(enum due_reason reason);
/* "the CA suggests it (ARI)": why it is due then, for people. */
const char *due_reason_text(enum due_reason reason);

/* The moment in a window for a lot. */
int64_t due_moment(int64_t start_s, int64_t end_s, uint32_t lot);

/* The certificate says that this clock is wrong: it begins more than a day from now. */
bool due_is_clock_behind(int64_t not_before_s, int64_t now_s);

/*
 * How long to leave a certificate alone after its nth failure in a row: longer each time, up to two
 * days, but never so long that fewer than four tries were left before the end; the nearer the end,
 * before or behind, the shorter, and at most four hours for the 30 days behind it. Nothing
 * installed yet (no lifetime): an hour, up to a day. The lot makes it an eighth of that to all of
 * it, which takes those apart that failed together.
 */
int64_t due_back_off_s(const struct due_facts *facts, int64_t n_failures, int64_t now_s,
                       uint32_t lot);

/* Until when a wait that was written down holds; 0: it is over, or was written by a wrong clock: it
 * began in the future, ends before it began, or is longer than any that this program writes. */
int64_t due_wait_until_s(int64_t since_s, int64_t until_s, int64_t now_s);

/* No wait that a CA asks for is taken for longer than this. */
#define DUE_WAIT_MAX_S ((int64_t)30 * 86400)

#endif
