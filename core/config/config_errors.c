/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The list of everything that is wrong, each with its place and, where one is near, the right word.
 */
#include "config/config.h"

#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void config_errors_done(struct config_errors *errors)
{
    mem_free(errors->items);
    *errors = (struct config_errors)CONFIG_ERRORS_INIT;
}

char *config_place_format(const struct config_place *place)
{
    switch (place->origin) {
    case CONFIG_FILE:
        return place->line == 0 ? str_dup(place->path)
                                : str_fmt("%s:%u:%u", place->path, place->line, place->column);
    case CONFIG_ENVIRONMENT:
        return str_fmt("environment variable %s", place->path);
    case CONFIG_FLAG:
        return str_dup(place->path);
    case CONFIG_DEFAULT:
        break;
    }
    return str_dup("default");
}

static struct err *push(struct config_errors *errors, const struct config_place *place,
                        const char *text)
{
    AUTO_FREE char *where = config_place_format(place);
    struct err *err = NULL;

    if (errors->n == CONFIG_ERRORS_MAX) {
        errors->n_left_out++;
        return NULL;
    }
    err = &VEC_PUSH(errors->items, errors->n, errors->cap);
    err_set(err, ERR_CONFIG, "%s: %s", where, text);
    return err;
}

struct err *config_errors_add_local(struct config_errors *errors, const struct config_place *place,
                                    const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return push(errors, place, text);
}

struct err *config_errors_add(struct config_errors *errors, struct config_section *section,
                              const struct config_place *place, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (section != NULL) {
        section->is_wrong = true;
    }
    if (section == NULL || strcmp(section->kind, "acme-dns") == 0) {
        errors->n_general++;
    }
    return push(errors, place, text);
}

void config_hint_nearest(struct err *err, const char *text, const char *const *names,
                         size_t n_names)
{
    /* A third of the word may be mistyped: beyond that the guess is as wrong as the word. */
    size_t best = strlen(text) / 3 + 2;
    const char *nearest = NULL;

    for (size_t i = 0; i < n_names; i++) {
        size_t distance = str_eq_nocase(text, names[i]) ? 0 : str_distance(text, names[i]);

        if (distance < best && distance < strlen(names[i])) {
            best = distance;
            nearest = names[i];
        }
    }
    if (nearest != NULL && err != NULL) {
        err_hint(err, "did you mean '%s'?", nearest);
    }
}
