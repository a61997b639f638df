/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which renewals a timer's run leaves to the next ones, see order/pace.h. */
#include "base/mem.h"
#include "base/str.h"
#include "order/pace.h"
#include "task/plan.h"

#include <stdlib.h>

/* It will be renewed, again and again. */
static bool is_living(const struct plan_item *item)
{
    return item->interval_s != 0 && !item->is_staging && item->action != PLAN_LEAVE &&
           item->action != PLAN_BROKEN;
}

/* What is not there, has other names, was begun, or is late, waits for nothing. */
static bool can_wait(const struct plan_item *item)
{
    return item->action == PLAN_RENEW && is_living(item) && !item->is_urgent;
}

static int compare_left(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static size_t find_most(const struct plan *plan, int64_t gap_s, int64_t now_s)
{
    AUTO_FREE int64_t *left_s = mem_alloc(plan->n + 1, sizeof(*left_s));
    struct pace pace = {.micro_per_hour = 0};
    size_t n = 0;

    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];

        if (is_living(item)) {
            pace_add(&pace, item->interval_s);
        }
        if (can_wait(item)) {
            left_s[n++] = item->danger_s - now_s;
        }
    }
    qsort(left_s, n, sizeof(*left_s), compare_left);
    return pace_find(&pace, gap_s, left_s, n);
}

void plan_pace(struct plan *plan, int64_t gap_s, int64_t now_s)
{
    size_t n_left = find_most(plan, gap_s, now_s);

    for (size_t i = 0; i < plan->n; i++) {
        struct plan_item *item = &plan->items[i];

        if (can_wait(item) && n_left > 0) {
            n_left--;
        } else if (can_wait(item)) {
            item->action = PLAN_WAIT;
            item->is_paced = true;
            mem_free(item->why);
            item->why = str_dup("due, and renewed in one of the next runs: more are due than "
                                "usual, and not all come to the CA in one hour");
        }
    }
}
