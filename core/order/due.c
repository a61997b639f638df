/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/due.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define SHORT_LIVED_S (10 * DAY_S)

/* Longer than any certificate's; times DUE_LOTS it still fits. */
#define SPAN_MAX_S ((int64_t)1000000000000)

/* Shares, in thousandths of the lifetime. First: 36 of the 60 days that 90-day certificates have
 * until the rule, so that what was issued in one day comes at less than twice the mean rate. Later:
 * about as long as the time between outages, or these would drive all renewals together. */
#define FIRST_SHARE 400
#define LATER_SHARE 60
#define LATER_SHARE_SHORT 100

/* Whatever renew-before says: a tenth of the lifetime has to be over, or each run would renew. */
#define LEAST_LIFE 10

/* What comes earlier than the rule by that part of the lifetime is hurried. */
#define HURRY 10

/* A CA whose every new certificate should be replaced at once gets one a day. */
#define ARI_LEAD_S DAY_S

/* Long, since there are weeks: what an outage has put together is taken apart by its waits. With
 * nothing installed somebody is waiting. */
#define FIRST_WAIT_S DAY_S
#define LONGEST_WAIT_S (2 * DAY_S)
#define FIRST_WAIT_ABSENT_S HOUR_S
#define LONGEST_WAIT_ABSENT_S DAY_S
#define SHORTEST_WAIT_S 60
#define TRIES_LEFT 4
/* Near the end waits would shrink to nothing: they stop at this part of the lifetime, or an hour.
 */
#define LAST_WAITS 32
/* Behind the end servers fail until a try succeeds. After weeks of that nobody waits for it. */
#define LONGEST_WAIT_EXPIRED_S (4 * HOUR_S)
#define MISSED_FOR_S (30 * DAY_S)

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t lifetime_of(int64_t not_before_s, int64_t not_after_s)
{
    return least(most(not_after_s - not_before_s, 0), SPAN_MAX_S);
}

/* lot of DUE_LOTS parts of it */
static int64_t part_of(int64_t span_s, uint32_t lot)
{
    return least(span_s, SPAN_MAX_S) * (int64_t)(lot % DUE_LOTS) / DUE_LOTS;
}

int64_t due_renew_after_s(int64_t not_before_s, int64_t not_after_s)
{
    int64_t lifetime_s = lifetime_of(not_before_s, not_after_s);

    return not_after_s - (lifetime_s <= SHORT_LIVED_S ? lifetime_s / 2 : lifetime_s / 3);
}

int64_t due_moment(int64_t start_s, int64_t end_s, uint32_t lot)
{
    return start_s + part_of(most(end_s - start_s, 0), lot);
}

static int64_t share_of(const struct due_facts *facts, int64_t lifetime_s)
{
    int64_t thousandths = facts->is_first               ? FIRST_SHARE
                          : lifetime_s <= SHORT_LIVED_S ? LATER_SHARE_SHORT
                                                        : LATER_SHARE;

    return part_of(lifetime_s * thousandths / 1000, facts->share_lot);
}

static bool has_window(const struct due_facts *facts)
{
    return facts->ari_start_s > 0 && facts->ari_end_s > facts->ari_start_s &&
           facts->ari_start_s < facts->not_after_s;
}

/* A file may hold any moment; one outside its window was not drawn there. */
static int64_t moment_of(const struct due_facts *facts)
{
    bool is_inside =
        facts->ari_moment_s >= facts->ari_start_s && facts->ari_moment_s <= facts->ari_end_s;
    int64_t at_s = is_inside ? facts->ari_moment_s
                             : due_moment(facts->ari_start_s, facts->ari_end_s, facts->share_lot);

    return facts->ari_led_s > 0 && facts->ari_led_s <= facts->not_after_s
               ? most(at_s, facts->ari_led_s + ARI_LEAD_S)
               : at_s;
}

static void obey_ari(const struct due_facts *facts, int64_t net_s, struct due *due)
{
    int64_t at_s = moment_of(facts);

    due->at_s = least(at_s, net_s);
    due->reason = at_s > net_s ? DUE_BY_NET : DUE_BY_ARI;
}

static void obey_setting(const struct due_facts *facts, int64_t lifetime_s, struct due *due)
{
    int64_t at_s = most(facts->not_after_s - least(facts->renew_before_s, SPAN_MAX_S),
                        facts->not_before_s + lifetime_s / LEAST_LIFE);

    if (at_s < due->at_s) {
        due->at_s = at_s;
        due->reason = DUE_BY_SETTING;
    }
}

struct due due_find(const struct due_facts *facts)
{
    int64_t lifetime_s = lifetime_of(facts->not_before_s, facts->not_after_s);
    int64_t rule_s = due_renew_after_s(facts->not_before_s, facts->not_after_s);
    int64_t net_s = rule_s + (facts->not_after_s - rule_s) / 2;
    struct due due = {
        .at_s = rule_s - share_of(facts, lifetime_s),
        .reason = DUE_BY_LIFETIME,
        .danger_s = net_s,
    };

    if (has_window(facts)) {
        obey_ari(facts, net_s, &due);
    }
    if (facts->renew_before_s > 0) {
        obey_setting(facts, lifetime_s, &due);
    }
    /* Where the CA's moment is late, what is left from then on counts. */
    due.danger_s = most(due.danger_s, due.at_s + (facts->not_after_s - due.at_s) / 2);
    due.interval_s = (due.reason == DUE_BY_LIFETIME ? rule_s : due.at_s) - facts->not_before_s;
    due.is_hurried = due.reason != DUE_BY_LIFETIME && due.at_s < rule_s - lifetime_s / HURRY;
    return due;
}

const char *due_reason_name(enum due_reason reason)
{
    static const char *const NAMES[] = {"lifetime", "ARI", "net", "setting"};

    return NAMES[reason];
}

const char *due_reason_text(enum due_reason reason)
{
    static const char *const TEXTS[] = {
        "its lifetime, less a random share",
        "the CA suggests it (ARI)",
        "the CA suggests a time (ARI) that is too late to be safe",
        "renew-before",
    };

    return TEXTS[reason];
}

bool due_is_clock_behind(int64_t not_before_s, int64_t now_s)
{
    return not_before_s > now_s + DAY_S;
}

/* What the nth wait grows to. */
static int64_t grown_wait_s(int64_t first_s, int64_t longest_s, int64_t n_failures)
{
    int64_t wait_s = first_s;

    for (int64_t i = 1; i < n_failures && wait_s < longest_s; i++) {
        wait_s *= 2;
    }
    return least(wait_s, longest_s);
}

/* So long that some tries are left until the end, and, right behind it, no longer. */
static int64_t bearable_wait_s(const struct due_facts *facts, int64_t lifetime_s, int64_t now_s)
{
    int64_t expired_s = now_s - facts->not_after_s;
    int64_t from_end_s = most(-expired_s, expired_s);
    int64_t wait_s = most(from_end_s / TRIES_LEFT, least(HOUR_S, lifetime_s / LAST_WAITS));

    return expired_s >= 0 && expired_s < MISSED_FOR_S ? least(wait_s, LONGEST_WAIT_EXPIRED_S)
                                                      : wait_s;
}

int64_t due_back_off_s(const struct due_facts *facts, int64_t n_failures, int64_t now_s,
                       uint32_t lot)
{
    int64_t lifetime_s = lifetime_of(facts->not_before_s, facts->not_after_s);
    int64_t wait_s = 0;

    if (lifetime_s == 0) {
        wait_s = grown_wait_s(FIRST_WAIT_ABSENT_S, LONGEST_WAIT_ABSENT_S, n_failures);
    } else {
        wait_s = least(grown_wait_s(FIRST_WAIT_S, LONGEST_WAIT_S, n_failures),
                       bearable_wait_s(facts, lifetime_s, now_s));
    }
    return most(wait_s / 8 + part_of(wait_s - wait_s / 8, lot), SHORTEST_WAIT_S);
}

int64_t due_wait_until_s(int64_t since_s, int64_t until_s, int64_t now_s)
{
    bool is_ours = since_s <= now_s && until_s >= since_s && until_s <= since_s + DUE_WAIT_MAX_S;

    return is_ours && until_s > now_s ? until_s : 0;
}
