/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Texts to pointers, for lookups among thousands. It owns its keys, not what they lead to. Nothing
 * is ever taken out. Keys are the user's own (names in files): there is no guard against somebody
 * who chooses them so that they collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/cleanup.h"

#include <stddef.h>

struct map;

struct map *map_new(void);
void map_free(struct map *map); /* takes NULL */
DEFINE_AUTO_PTR(map, map_free);

/* NULL if there is none. */
void *map_find(const struct map *map, const char *key);

/* Adds, or replaces what the key led to. value is not NULL. */
void map_set(struct map *map, const char *key, void *value);

#endif
