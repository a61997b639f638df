/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is wished for a certificate's files and its years to come. */
#include "task/wanted_impl.h"

#include "base/group.h"
#include "config/settings.h"

/* A group without a mode is one that is to read the key. */
static int choose_files(struct wanted *wanted, struct err *err)
{
    const struct wish *now = &wanted->now;

    wanted->privkey_gid = STORE_GID_NONE;
    wanted->privkey_mode = now->mode != 0 ? now->mode : now->group != NULL ? 0640 : 0600;
    return now->group == NULL ? 0 : group_find(now->group, &wanted->privkey_gid, err);
}

/* The command line speaks of this certificate; the environment of those that do not say. Either
 * would be gone at the next renewal. */
static void choose_margin(const struct settings *settings, struct wanted *wanted)
{
    enum config_origin origin = settings_place(settings, "renew-before").origin;

    if (origin == CONFIG_FLAG) {
        wanted->now.renew_before = settings->renew_before;
        wanted->kept.renew_before = settings->renew_before;
    } else if (origin == CONFIG_ENVIRONMENT && margin_is_unsaid(&wanted->now.renew_before)) {
        wanted->kept.renew_before = settings->renew_before;
    }
    wanted->renew_before = margin_is_unsaid(&wanted->now.renew_before) ? settings->renew_before
                                                                       : wanted->now.renew_before;
}

static void choose_keep(const struct settings *settings, struct wanted *wanted)
{
    enum config_origin origin = settings_place(settings, "keep").origin;

    if (origin == CONFIG_FLAG) {
        wanted->now.keep = settings->keep;
        wanted->kept.keep = settings->keep;
    } else if (origin == CONFIG_ENVIRONMENT && wanted->now.keep == 0) {
        wanted->kept.keep = settings->keep;
    }
    wanted->keep = wanted->now.keep != 0 ? wanted->now.keep : settings->keep;
}

int wanted_choose_life(const struct settings *settings, struct wanted *wanted, struct err *err)
{
    choose_margin(settings, wanted);
    choose_keep(settings, wanted);
    return choose_files(wanted, err);
}
