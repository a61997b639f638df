/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What is left of the configuration when parts of it are wrong: of each certificate, whether its
 * section can be gone by, and if not, why.
 *
 *     [certificate]  ->  [ca]  ->  [ca] that it names as its staging partner
 *                    ->  [provider], by its own key, or by the [zone] of each of its names, or
 *                        because there is but one
 *
 * A section that is wrong disables what leads to it; [acme-dns] all. A name's [zone] is the longest
 * that it lies in: a wrong one is not passed over for a shorter, which has another provider.
 */
#ifndef CONFIG_STANDING_H
#define CONFIG_STANDING_H

#include "config/config.h"
#include "config/sections.h"
#include "config/settings.h"

#include "base/cleanup.h"
#include "base/err.h"

enum standing {
    STANDING_GOOD,     /* it has a section, and all that it needs */
    STANDING_DISABLED, /* it has a section, which is wrong, or leads to one that is */
    STANDING_LOST,     /* it has none that could be read, but something could not be read */
    STANDING_ABSENT,   /* it has none, and all of the configuration was read */
};

struct standings;

/* For many questions. Both are borrowed for as long as it lives; the settings have been made of
 * this configuration before, which marked the sections that are wrong. */
struct standings *standings_new(const struct config *config, const struct settings *settings);
void standings_free(struct standings *standings); /* takes NULL */
DEFINE_AUTO_PTR(standings, standings_free);

/* ret_why, ERR_CONFIG with the place of the first mistake, is set for DISABLED and LOST only. Such
 * a certificate, if it was issued before, is to be renewed as request.conf has it.
 *
 * What the section says is put into *ret_section, which must be empty, if the section itself is
 * right, whatever it leads to; else its member `section` stays NULL. */
enum standing standing_find(const struct standings *standings, const char *certificate,
                            struct certificate_section *ret_section, struct err *ret_why);

#endif
