/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/due.h"

#define SHORT_LIVED_S ((int64_t)10 * 86400)

int64_t due_renew_after_s(int64_t not_before_s, int64_t not_after_s)
{
    int64_t lifetime_s = not_after_s - not_before_s;

    return not_after_s - (lifetime_s <= SHORT_LIVED_S ? lifetime_s / 2 : lifetime_s / 3);
}
