/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A [provider] section that the program writes for its user: conf.d/provider-NAME.conf beside the
 * configuration, its secrets in files of their own, secrets/NAME.OPTION (0600). Nothing that is
 * there is ever overwritten.
 *
 *     credentials_new()  credentials_add() ...  credentials_store()
 *         -> credentials_format(), try it -> credentials_commit(), or credentials_withdraw()
 */
#ifndef TASK_CREDENTIALS_H
#define TASK_CREDENTIALS_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct provider_description;
struct provider_option;
struct credentials;

/* config_path: the main configuration file, there or not. */
struct credentials *credentials_new(const char *config_path, const char *name, const char *plugin);
void credentials_free(struct credentials *credentials); /* wipes */
DEFINE_AUTO_PTR(credentials, credentials_free);

/* conf.d/provider-NAME.conf */
const char *credentials_path(const struct credentials *credentials);

/* One value, as a user would write it. is_content: not the value itself but what the file that it
 * names holds, for FILE options. Secrets and contents go to files; other values must fit a line.
 * ERR_CONFIG: this one does not. */
int credentials_add(struct credentials *credentials, const struct provider_option *option,
                    const char *text, size_t len, bool is_content, struct err *err);

/* Every option that the environment has a value for, as a plug-in without a section would take it,
 * but for those in is_given (by place in the table; NULL: none), and for all parts of a credential
 * of which one is given. What was taken goes to taken: "api-token (CF_DNS_API_TOKEN)". */
int credentials_add_environment(struct credentials *credentials,
                                const struct provider_description *plugin, const bool *is_given,
                                struct strv *taken, struct err *err);

/* Appends the section, whether it is written already or not. */
int credentials_format(const struct credentials *credentials, struct buf *to, struct err *err);

/* Writes the secrets. What was written is withdrawn when one fails. ERR_CONFIG also for a
 * configuration that would begin where others than root can write, when root runs this. */
int credentials_store(struct credentials *credentials, struct strv *left, struct err *err);

/* Writes the section, and the main file if there is none. */
int credentials_commit(struct credentials *credentials, struct err *err);

/* Both; withdrawn when one fails. */
int credentials_write(struct credentials *credentials, struct strv *left, struct err *err);

/* The main file, if it was made; else NULL. */
const char *credentials_made(const struct credentials *credentials);

/* Removes what was written, and the folders that were made. Files that cannot be removed are
 * appended to left. */
void credentials_withdraw(struct credentials *credentials, struct strv *left);

#endif
