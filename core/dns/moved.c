/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/moved.h"

#include "base/mem.h"

#include <string.h>

struct moved {
    char *owner;
    char *target;
    int64_t seen_ms;
    struct moved *next;
};

static struct moved *find(struct dns *dns, const char *owner)
{
    for (struct moved *moved = dns->moved; moved != NULL; moved = moved->next) {
        if (strcmp(moved->owner, owner) == 0) {
            return moved;
        }
    }
    return NULL;
}

void moved_note(struct dns *dns, const char *owner, const char *target)
{
    struct moved *moved = find(dns, owner);

    if (moved == NULL) {
        moved = NEW(struct moved);
        moved->owner = str_dup(owner);
        moved->next = dns->moved;
        dns->moved = moved;
    }
    str_set(&moved->target, target);
    moved->seen_ms = loop_now_ms(dns->loop);
}

const char *moved_find(struct dns *dns, const char *owner)
{
    const struct moved *moved = find(dns, owner);

    return moved != NULL && loop_now_ms(dns->loop) - moved->seen_ms < DNS_CACHE_MS ? moved->target
                                                                                   : NULL;
}

void moved_free_all(struct dns *dns)
{
    while (dns->moved != NULL) {
        struct moved *moved = dns->moved;

        dns->moved = moved->next;
        mem_free(moved->owner);
        mem_free(moved->target);
        mem_free(moved);
    }
}
