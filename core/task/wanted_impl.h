/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Between the files of wanted; nobody else includes it. */
#ifndef TASK_WANTED_IMPL_H
#define TASK_WANTED_IMPL_H

#include "task/wanted.h"

void wish_done(struct wish *wish);

/* Takes over what the section has and nobody before it said. */
void wish_take_section(struct wish *wish, const struct certificate_section *section);

/* Takes over what an earlier command said, and what a section said when it was last right if the
 * section is set aside now. None is no error. */
int wanted_take_remembered(const struct task_env *env, const struct issue_request *request,
                           struct store *store, struct wanted *wanted, struct err *err);

/* When it is renewed, how many versions are kept, who may read the key. ERR_CONFIG: there is no
 * such group. */
int wanted_choose_life(const struct settings *settings, struct wanted *wanted, struct err *err);

/* Whether it can be remembered: a certificate whose request is not kept is not renewed as it should
 * be, and that must not show when it is there. ERR_CONFIG. */
int wanted_check_kept(const struct wanted *wanted, struct err *err);

#endif
