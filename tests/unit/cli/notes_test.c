/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One line for all that say the same, in the order in which the first of them came. */
#include "cli/notes.h"

#include "../base/cmocka_all.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>

static void take(void *arg, const char *line)
{
    buf_add_str(arg, line);
}

static void assert_lines(struct notes *notes, const char *lines)
{
    AUTO(buf_done) struct buf text = BUF(65536);

    notes_tell(notes, take, &text);
    assert_string_equal(buf_str(&text), lines);
    notes_done(notes);
    assert_int_equal(notes->n, 0);
}

static void nothing_is_said_of_nobody(void **state)
{
    struct notes notes = {.items = NULL};

    (void)state;
    assert_lines(&notes, "");
}

static void each_has_its_line(void **state)
{
    struct notes notes = {.items = NULL};

    (void)state;
    notes_add(&notes, "b", 1700000000, "no route to b");
    notes_add(&notes, "a", 1700000060, "no route to a");
    notes_add(&notes, "a", 0, "not deployed: no disk");
    assert_lines(&notes, "b: failed at 2023-11-14T22:13:20Z: no route to b\n"
                         "a: failed at 2023-11-14T22:14:20Z: no route to a\n"
                         "a: not deployed: no disk\n");
}

static void those_that_say_the_same_share_one(void **state)
{
    struct notes notes = {.items = NULL};

    (void)state;
    notes_add(&notes, "a", 1700000000, "the CA is away");
    notes_add(&notes, "b", 1700000000, "no route");
    notes_add(&notes, "c", 1700000060, "the CA is away");
    notes_add(&notes, "d", 0, "the CA is away"); /* no failure: another thing */
    notes_add(&notes, "e", 1700000020, "the CA is away");
    assert_lines(&notes, "a, c, e: failed, last at 2023-11-14T22:14:20Z: the CA is away\n"
                         "b: failed at 2023-11-14T22:13:20Z: no route\n"
                         "d: the CA is away\n");
}

static void of_many_three_are_named(void **state)
{
    struct notes notes = {.items = NULL};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "n%d", i);
        notes_add(&notes, name, 0, "not deployed: it hangs");
    }
    assert_lines(&notes, "n0, n1, n2 and 997 more: not deployed: it hangs\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_nobody),
        cmocka_unit_test(each_has_its_line),
        cmocka_unit_test(those_that_say_the_same_share_one),
        cmocka_unit_test(of_many_three_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
