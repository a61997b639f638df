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
#include <stdlib.h>
#include <string.h>

static void free_list(struct config_error *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        mem_free(items[i].path);
    }
    mem_free(items);
}

void config_errors_done(struct config_errors *errors)
{
    free_list(errors->items, errors->n);
    free_list(errors->warnings, errors->n_warnings);
    *errors = (struct config_errors)CONFIG_ERRORS_INIT;
}

const char *config_origin_name(enum config_origin origin)
{
    static const char *const NAMES[] = {"default", "file", "environment", "flag"};

    return NAMES[origin];
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

static void fill(struct config_error *item, const struct config_place *place, const char *text)
{
    AUTO_FREE char *where = config_place_format(place);

    *item = (struct config_error){.path = str_dup(place->path),
                                  .line = place->line,
                                  .column = place->column,
                                  .what = strlen(where) + 2};
    err_set(&item->err, ERR_CONFIG, "%s: %s", where, text);
}

static struct err *push(struct config_errors *errors, const struct config_place *place,
                        const char *text)
{
    struct config_error *item = NULL;

    if (errors->n == CONFIG_ERRORS_MAX) {
        errors->n_left_out++;
        return NULL;
    }
    item = &VEC_PUSH(errors->items, errors->n, errors->cap);
    fill(item, place, text);
    return &item->err;
}

void config_lose(struct config *config, const char *why)
{
    if (config->lost == NULL) {
        config->lost = str_dup(why);
    }
}

bool config_is_unread(const struct config *config)
{
    return config->is_unread;
}

const char *config_lost(const struct config *config)
{
    return config->lost;
}

struct err *config_errors_add_lost(struct config *config, struct config_errors *errors,
                                   const struct config_place *place, const char *format, ...)
{
    AUTO_FREE char *where = config_place_format(place);
    AUTO_FREE char *why = NULL;
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    why = str_fmt("%s: %s", where, text);
    config_lose(config, why);
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
    if (section != NULL && section->why == NULL) {
        AUTO_FREE char *where = config_place_format(place);

        section->is_wrong = true;
        section->why = str_fmt("%s: %s", where, text);
    }
    errors->n_fatal += section == NULL ? 1 : 0;
    errors->n_general += section == NULL || strcmp(section->kind, "acme-dns") == 0 ? 1 : 0;
    return push(errors, place, text);
}

void config_errors_warn(struct config_errors *errors, const struct config_place *place,
                        const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (errors->n_warnings < CONFIG_ERRORS_MAX) {
        fill(&VEC_PUSH(errors->warnings, errors->n_warnings, errors->cap_warnings), place, text);
    }
}

/* What is in no file comes first: flags and variables. */
static int compare(const void *one, const void *other)
{
    const struct config_error *a = one;
    const struct config_error *b = other;
    int by_path = strcmp(a->path == NULL ? "" : a->path, b->path == NULL ? "" : b->path);

    if ((a->line == 0) != (b->line == 0)) {
        return a->line == 0 ? -1 : 1;
    }
    if (by_path != 0 || a->line != b->line) {
        return by_path != 0 ? by_path : a->line < b->line ? -1 : 1;
    }
    return a->column < b->column ? -1 : a->column > b->column ? 1 : 0;
}

void config_errors_sort(struct config_errors *errors)
{
    if (errors->n > 0) {
        qsort(errors->items, errors->n, sizeof(errors->items[0]), compare);
    }
    if (errors->n_warnings > 0) {
        qsort(errors->warnings, errors->n_warnings, sizeof(errors->warnings[0]), compare);
    }
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
