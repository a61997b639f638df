/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One option's text, parsed by its type. Errors quote it unless it may be a secret. */
#ifndef PROVIDER_OPTION_PARSE_H
#define PROVIDER_OPTION_PARSE_H

#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"
#include "provider/describe.h"

#include <stdbool.h>
#include <stdint.h>

#define OPTION_FILE_MAX 65536u

/* Appends what the plug-in gets to `to`; *ret_number for numbers. value is where the text stands,
 * or NULL outside files: then paths must be absolute. */
int option_parse(const struct provider_option *option, const char *text,
                 const struct config_value *value, struct buf *to, int64_t *ret_number,
                 struct err *err);

/* yes, no, true, false, on, off, 1, 0 */
bool option_parse_bool(const char *text, bool *ret);

/* Whole seconds. */
bool option_parse_seconds(const char *text, int64_t *ret_s);

/* A secret out of a file of its own: checked, one line end taken off its end. */
int option_read_secret_file(const char *path, struct buf *to, struct err *err);

#endif
