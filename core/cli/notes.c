/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/notes.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* Names of those that share a line; the table says which have failed, 'show' how each did. */
enum { NAMES_MAX = 3 };

struct note {
    char *name;
    char *text;
    int64_t failed_s;
    size_t place;
};

void notes_add(struct notes *notes, const char *name, int64_t failed_s, const char *text)
{
    struct note note = {
        .name = str_dup(name), .text = str_dup(text), .failed_s = failed_s, .place = notes->n};

    VEC_PUSH(notes->items, notes->n, notes->cap) = note;
}

void notes_done(struct notes *notes)
{
    for (size_t i = 0; i < notes->n; i++) {
        mem_free(notes->items[i].name);
        mem_free(notes->items[i].text);
    }
    mem_free(notes->items);
    *notes = (struct notes){.items = NULL};
}

/* 0: both say the same, whenever it was. */
static int compare_texts(const struct note *a, const struct note *b)
{
    int failures = (a->failed_s != 0) - (b->failed_s != 0);

    return failures != 0 ? failures : strcmp(a->text, b->text);
}

static int compare(const void *a, const void *b)
{
    const struct note *first = a;
    const struct note *second = b;
    int texts = compare_texts(first, second);

    return texts != 0 ? texts : first->place < second->place ? -1 : 1;
}

/* "a, b, c and 7 more", to mem_free. */
static char *join_names(const struct note *notes, size_t n)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    for (size_t i = 0; i < n; i++) {
        strv_add(&names, notes[i].name);
    }
    return strv_join_first(&names, NAMES_MAX);
}

/* The line of n that say the same, to mem_free. */
static char *format(const struct note *notes, size_t n)
{
    AUTO_FREE char *names = join_names(notes, n);
    int64_t last_s = 0;
    char when[CLOCK_TEXT_MAX];

    for (size_t i = 0; i < n; i++) {
        last_s = notes[i].failed_s > last_s ? notes[i].failed_s : last_s;
    }
    if (last_s == 0) {
        return str_fmt("%s: %s\n", names, notes[0].text);
    }
    clock_format(last_s, when);
    return str_fmt("%s: failed%s at %s: %s\n", names, n > 1 ? ", last" : "", when, notes[0].text);
}

/* lines[i]: of the ith note and all like it, NULL where one before it tells of it. */
static void format_all(struct note *notes, size_t n, char **lines)
{
    size_t n_alike = 0;

    qsort(notes, n, sizeof(*notes), compare);
    for (size_t i = 0; i < n; i += n_alike) {
        n_alike = 1;
        while (i + n_alike < n && compare_texts(&notes[i], &notes[i + n_alike]) == 0) {
            n_alike++;
        }
        lines[notes[i].place] = format(&notes[i], n_alike);
    }
}

void notes_tell(const struct notes *notes, notes_line_fn *tell, void *arg)
{
    if (notes->n == 0) {
        return;
    }
    /* Names and texts stay the notes' own. */
    struct note *sorted = mem_copy(notes->items, notes->n * sizeof(*sorted));
    char **lines = mem_alloc(notes->n, sizeof(*lines));

    format_all(sorted, notes->n, lines);
    for (size_t i = 0; i < notes->n; i++) {
        if (lines[i] != NULL) {
            tell(arg, lines[i]);
        }
        mem_free(lines[i]);
    }
    mem_free(lines);
    mem_free(sorted);
}
