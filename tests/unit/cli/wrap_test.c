/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Long lines on a terminal. */
#include "../base/cmocka_all.h"
#include "cli/sink_impl.h"

#include <string.h>

static void lines_are_broken_between_words(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *wanted;
    } CASES[] = {
        {"a line that is not broken", 0, "a line that is not broken"},
        {"just as long as it is wide", 26, "just as long as it is wide"},
        {"error: one two three four five", 16, "error: one two\n  three four\n  five"},
        {"first\nsecond is longer than that\n", 16, "first\nsecond is longer\n  than that\n"},
        {"see https://example.com/a/long/path for it", 20,
         "see\n  https://example.com/a/long/path\n  for it"},
        /* A column of its own, of an option or a result. */
        {"  -x, --opt A  what it does when it is given", 32,
         "  -x, --opt A  what it does when\n               it is given"},
        {"  Next         acme-dns list says when it ends", 32,
         "  Next         acme-dns list\n               says when it ends"},
        /* Too narrow for that column. */
        {"  -x, --opt A  what it does when it is given", 24,
         "  -x, --opt A  what it\n  does when it is given"},
        {"            a text below a step", 28, "            a text below a\n            step"},
        /* What people copy. */
        {"try 'acme-dns plugin list' now", 24, "try\n  'acme-dns plugin list'\n  now"},
        {"  acme-dns issue -d example.com -d www.example.com", 20,
         "  acme-dns issue -d example.com -d www.example.com"},
        {"  # a comment on an example", 20, "  # a comment on an example"},
        /* Colours take no room, wide characters do. */
        {"\033[31merror: \033[0mone two three", 21, "\033[31merror: \033[0mone two three"},
        {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e word and more", 16,
         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e word and\n  more"},
        {"much too narrow for any of it", 10, "much too narrow for any of it"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(buf_done) struct buf text = BUF(4096);

        text_wrap(CASES[i].text, CASES[i].columns, &text);
        if (strcmp(buf_str(&text), CASES[i].wanted) != 0) {
            fail_msg("case %zu:\n%s", i, buf_str(&text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines_are_broken_between_words)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
