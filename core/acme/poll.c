/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/poll.h"

/* Growing by half meets an answer, however long it takes, within half of that time again. */
#define GROWTH_NUM 3
#define GROWTH_DEN 2
#define PAUSE_MAX_MS 5000
#define PAUSE_UNANSWERED_MS 5000
#define VALIDATION_FIRST_MS 20
#define FINALIZE_FIRST_MS 20

void acme_poll_init_validation(struct acme_poll *poll)
{
    *poll = (struct acme_poll){.next_ms = VALIDATION_FIRST_MS, .max_ms = PAUSE_MAX_MS};
}

void acme_poll_init_finalize(struct acme_poll *poll)
{
    *poll = (struct acme_poll){.next_ms = FINALIZE_FIRST_MS, .max_ms = PAUSE_MAX_MS};
}

static int64_t grow(struct acme_poll *poll)
{
    int64_t pause = poll->next_ms;

    poll->next_ms = poll->next_ms * GROWTH_NUM / GROWTH_DEN;
    if (poll->next_ms > poll->max_ms) {
        poll->next_ms = poll->max_ms;
    }
    return pause;
}

int64_t acme_poll_next_ms(struct acme_poll *poll, int64_t retry_after_s, bool has_unanswered,
                          int64_t left_ms)
{
    int64_t pause = 0;

    if (retry_after_s > 0) {
        /* Compared in seconds: a CA may send any number, and a product could overflow. */
        pause = retry_after_s > left_ms / 1000 ? left_ms : retry_after_s * 1000;
    } else if (has_unanswered) {
        pause = PAUSE_UNANSWERED_MS;
    } else {
        pause = grow(poll);
    }
    if (pause > left_ms) {
        pause = left_ms;
    }
    return pause < 0 ? 0 : pause;
}
