/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Whose turn it is when a run may not order all that it would: the nearest end first, but every
 * second place is for those whose last try failed, the one that has waited longest since.
 *
 *     not failed, by end     a b c d ...
 *     failed, by last try    x y z
 *     ------------------->   a x b y c z d ...
 *
 * By the end alone, a run full of certificates that cannot be had keeps all others waiting, run
 * after run, since many failures are not waited after. Behind all others, one that failed once
 * would expire waiting for a thousand that have weeks. So neither kind gets less than half, and
 * among those that failed none can stay in front: each try sends it to the back.
 */
#include "base/mem.h"
#include "task/plan.h"

#include <stdlib.h>

/* What is not there yet comes last. */
static int compare_ends(const void *a, const void *b)
{
    const struct plan_item *x = a;
    const struct plan_item *y = b;
    bool is_x_there = x->not_after_s != 0;
    bool is_y_there = y->not_after_s != 0;

    if (is_x_there != is_y_there) {
        return is_x_there ? -1 : 1;
    }
    return (x->not_after_s > y->not_after_s) - (x->not_after_s < y->not_after_s);
}

static int compare_tries(const void *a, const void *b)
{
    const struct plan_item *x = a;
    const struct plan_item *y = b;
    int by_try = (x->failed_s > y->failed_s) - (x->failed_s < y->failed_s);

    return by_try != 0 ? by_try : compare_ends(a, b);
}

static bool is_failed_order(const struct plan_item *item)
{
    return plan_is_order(item->action) && item->failed_s != 0;
}

/* Takes the orders that failed out of the plan, into a list of their own by their last tries. */
static struct plan_item *take_failed(struct plan *plan, size_t *ret_n)
{
    struct plan_item *failed = mem_alloc(plan->n, sizeof(*failed));
    size_t n_failed = 0;
    size_t n_kept = 0;

    for (size_t i = 0; i < plan->n; i++) {
        if (is_failed_order(&plan->items[i])) {
            failed[n_failed++] = plan->items[i];
        } else {
            plan->items[n_kept++] = plan->items[i];
        }
    }
    if (n_failed > 0) {
        qsort(failed, n_failed, sizeof(*failed), compare_tries);
    }
    plan->n = n_kept;
    *ret_n = n_failed;
    return failed;
}

/* Puts them back, one behind each of the other orders. */
static void weave(struct plan *plan, const struct plan_item *failed, size_t n_failed)
{
    size_t n = plan->n + n_failed;
    struct plan_item *woven = mem_alloc(n, sizeof(*woven));
    size_t at = 0;
    size_t next = 0;

    for (size_t i = 0; i < plan->n; i++) {
        woven[at++] = plan->items[i];
        if (plan_is_order(plan->items[i].action) && next < n_failed) {
            woven[at++] = failed[next++];
        }
    }
    while (next < n_failed) {
        woven[at++] = failed[next++];
    }
    mem_free(plan->items);
    plan->items = woven;
    plan->n = n;
    plan->cap = n;
}

void plan_sort(struct plan *plan)
{
    AUTO_FREE struct plan_item *failed = NULL;
    size_t n_failed = 0;

    if (plan->n == 0) {
        return;
    }
    qsort(plan->items, plan->n, sizeof(plan->items[0]), compare_ends);
    failed = take_failed(plan, &n_failed);
    if (n_failed > 0) {
        weave(plan, failed, n_failed);
    }
}
