/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The files that AWS's own programs share: ~/.aws/credentials, with sections [NAME], and
 * ~/.aws/config, with sections [profile NAME] and [default]. Where both have a key, the first file
 * read wins.
 */
#ifndef ROUTE53_PROFILE_H
#define ROUTE53_PROFILE_H

#include <acme-kit.h>

#include <stdbool.h>
#include <stddef.h>

struct profile_key;

struct profiles {
    struct profile_key *keys;
    size_t n, cap;
};

enum profile_file { PROFILE_CREDENTIALS, PROFILE_CONFIG };

/* Adds what a file says. On failure f names option and line. */
int32_t profiles_read(struct profiles *profiles, enum profile_file kind, const char *option,
                      const char *text, size_t len, struct kit_fault *f);
void profiles_done(struct profiles *profiles);

/* Whether a section of that name was read, even an empty one. */
bool profiles_have(const struct profiles *profiles, const char *profile);

/* The value, not empty, or NULL; lives as long as profiles. */
const char *profiles_find(const struct profiles *profiles, const char *profile, const char *key);

#endif
