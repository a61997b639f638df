/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Open addressing with steps of one; never more than half full, so that a free slot ends each
 * search. */
#include "base/map.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdint.h>
#include <string.h>

#define FIRST_SLOTS 32 /* a power of two, as all sizes */

struct slot {
    char *key; /* NULL: free */
    void *value;
};

struct map {
    struct slot *slots;
    size_t n, n_slots;
};

struct map *map_new(void)
{
    struct map *map = NEW(struct map);

    map->n_slots = FIRST_SLOTS;
    map->slots = mem_alloc(map->n_slots, sizeof(map->slots[0]));
    return map;
}

void map_free(struct map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->n_slots; i++) {
        mem_free(map->slots[i].key);
    }
    mem_free(map->slots);
    mem_free(map);
}

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *key)
{
    uint64_t sum = 0xcbf29ce484222325u;

    for (; *key != '\0'; key++) {
        sum = (sum ^ (unsigned char)*key) * 0x100000001b3u;
    }
    return sum ^ (sum >> 32); /* the low bits choose the slot: let the high ones in */
}

/* The slot that holds the key, or the free one where it belongs. */
static struct slot *slot_for(const struct map *map, const char *key)
{
    size_t mask = map->n_slots - 1;
    size_t at = (size_t)hash(key) & mask;

    while (map->slots[at].key != NULL && strcmp(map->slots[at].key, key) != 0) {
        at = (at + 1) & mask;
    }
    return &map->slots[at];
}

static void grow(struct map *map)
{
    struct map larger = {.n_slots = map->n_slots * 2, .n = map->n};

    larger.slots = mem_alloc(larger.n_slots, sizeof(larger.slots[0]));
    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->slots[i].key != NULL) {
            *slot_for(&larger, map->slots[i].key) = map->slots[i];
        }
    }
    mem_free(map->slots);
    *map = larger;
}

void *map_find(const struct map *map, const char *key)
{
    return slot_for(map, key)->value;
}

void map_set(struct map *map, const char *key, void *value)
{
    struct slot *slot = slot_for(map, key);

    if (slot->key == NULL) {
        if (map->n * 2 >= map->n_slots) {
            grow(map);
            slot = slot_for(map, key);
        }
        slot->key = str_dup(key);
        map->n++;
    }
    slot->value = value;
}
