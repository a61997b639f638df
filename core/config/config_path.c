/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What relative paths count from: a value's from its file, the rest from where we were started. */
#include "config/config.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The working directory in front of a relative path; without one the path stays as it is, and
 * opening it says what is wrong. */
static char *absolute(const char *path)
{
    char *here = *path == '/' ? NULL : getcwd(NULL, 0);
    char *whole = here == NULL ? str_dup(path) : str_fmt("%s/%s", here, path);

    free(here);
    return whole;
}

char *config_value_path(const struct config_value *value)
{
    const char *home = fs_home();
    const char *slash = NULL;
    AUTO_FREE char *joined = NULL;

    if (str_has_prefix(value->text, "~/") && home != NULL) {
        joined = str_fmt("%s%s", home, value->text + 1);
        return absolute(joined);
    }
    slash = value->place.origin == CONFIG_FILE ? strrchr(value->place.path, '/') : NULL;
    if (*value->text == '/' || slash == NULL) {
        return absolute(value->text);
    }
    joined = str_fmt("%.*s/%s", (int)(slash - value->place.path), value->place.path, value->text);
    return absolute(joined);
}

char *config_folder(const char *path)
{
    char *whole = path == NULL ? NULL : absolute(path);
    char *slash = whole == NULL ? NULL : strrchr(whole, '/');

    if (slash != NULL) {
        slash[slash == whole ? 1 : 0] = '\0'; /* "/acme-dns.conf" stands in "/" */
    }
    return whole;
}
