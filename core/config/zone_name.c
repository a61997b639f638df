/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/zone_name.h"

#include "base/cleanup.h"
#include "base/domain.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

/* Limits of RFC 1035 section 2.3.4, for a name without its last dot. */
enum { LABEL_MAX = 63, NAME_MAX_BYTES = 253 };

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

static int check_labels(const char *name, struct err *err)
{
    size_t label_len = 0;

    for (const char *c = name;; c++) {
        if (*c == '.' || *c == '\0') {
            if (label_len == 0 || label_len > LABEL_MAX) {
                return err_set(err, ERR_CONFIG, "'%s' is not a zone: a label is %s", name,
                               label_len == 0 ? "empty" : "longer than 63 bytes");
            }
            label_len = 0;
            if (*c == '\0') {
                return 0;
            }
            continue;
        }
        if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_') {
            return err_set(err, ERR_CONFIG, "'%s' is not a zone: '%c' has no place in a name", name,
                           *c);
        }
        label_len++;
    }
}

int zone_name_normalize(const char *text, char **ret_name, struct err *err)
{
    AUTO_FREE char *name = str_dup(text);
    size_t len = strlen(name);

    if (!is_ascii(name)) {
        return domain_normalize(text, ret_name, err);
    }
    if (len > 0 && name[len - 1] == '.') {
        name[--len] = '\0';
    }
    if (len == 0) {
        return err_set(err, ERR_CONFIG, "a zone without a name");
    }
    if (len > NAME_MAX_BYTES) {
        return err_set(err, ERR_CONFIG, "'%s' is longer than %d bytes", name, NAME_MAX_BYTES);
    }
    if (check_labels(name, err) < 0) {
        return err_code(err);
    }
    str_lower(name);
    *ret_name = TAKE(name);
    return 0;
}
