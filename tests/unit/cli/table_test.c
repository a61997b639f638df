/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Tables on terminals that are wide enough, and that are not. */
#include "cli/table.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"

static const char *const LIST_HEADINGS[] = {"NAME", "LEFT", "STATE", "KEY", "FOR"};
static const unsigned char LIST_RANKS[] = {0, 0, 0, 2, 1};
static const char *const LIST_ROWS[][5] = {
    {"web", "89 days", NULL, "ec256", "web.example.com, www.example.com"},
    {"mail.example.com", "3 days", "due, failing", "rsa2048", "mail.example.com"},
    {"a-name-that-is-longer.example.com", NULL, "not issued yet", NULL, "x.example.com"},
};

static void assert_table(const struct table *table, size_t columns, const char *wanted)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    table_format(table, false, columns, &text);
    assert_string_equal(buf_str(&text), wanted);
}

static void make_list(struct table *table)
{
    table_init(table, LIST_HEADINGS, ARRAY_LEN(LIST_HEADINGS));
    table->ranks = LIST_RANKS;
    for (size_t i = 0; i < ARRAY_LEN(LIST_ROWS); i++) {
        table_add(table, COLOUR_NONE, LIST_ROWS[i]);
    }
}

static void all_is_shown_where_there_is_room(void **state)
{
    struct table table;

    (void)state;
    make_list(&table);
    assert_table(&table, 0,
                 "NAME                               LEFT     STATE           KEY      FOR\n"
                 "web                                89 days                  ec256    "
                 "web.example.com, www.example.com\n"
                 "mail.example.com                   3 days   due, failing    rsa2048  "
                 "mail.example.com\n"
                 "a-name-that-is-longer.example.com           not issued yet           "
                 "x.example.com\n");
    assert_table(&table, 90,
                 "NAME                               LEFT     STATE           KEY      FOR\n"
                 "web                                89 days                  ec256    "
                 "web.example.com, w...\n"
                 "mail.example.com                   3 days   due, failing    rsa2048  "
                 "mail.example.com\n"
                 "a-name-that-is-longer.example.com           not issued yet           "
                 "x.example.com\n");
    table_done(&table);
}

/* The name of one is no reason to leave out what there is to be said of all. */
static void a_long_name_has_a_line_of_its_own(void **state)
{
    struct table table;

    (void)state;
    make_list(&table);
    assert_table(&table, 66,
                 "NAME                    LEFT     STATE           KEY      FOR\n"
                 "web                     89 days                  ec256    web.e...\n"
                 "mail.example.com        3 days   due, failing    rsa2048  mail....\n"
                 "a-name-that-is-longer.example.com\n"
                 "                                 not issued yet           x.exa...\n");
    table_done(&table);
}

static void columns_are_left_out_as_they_rank(void **state)
{
    struct table table;

    (void)state;
    make_list(&table);
    assert_table(&table, 56,
                 "NAME                   LEFT     STATE           FOR\n"
                 "web                    89 days                  web.e...\n"
                 "mail.example.com       3 days   due, failing    mail....\n"
                 "a-name-that-is-longer.example.com\n"
                 "                                not issued yet  x.exa...\n");
    assert_table(&table, 40,
                 "NAME             LEFT     STATE\n"
                 "web              89 days\n"
                 "mail.example.com\n"
                 "                 3 days   due, failing\n"
                 "a-name-that-is-longer.example.com\n"
                 "                          not issued yet\n");
    /* What must not be left out goes on below. */
    assert_table(&table, 24,
                 "NAME  LEFT     STATE\n"
                 "web   89 days\n"
                 "mail.example.com\n"
                 "      3 days   due,\n"
                 "               failing\n"
                 "a-name-that-is-longer.example.com\n"
                 "               not\n"
                 "               issued\n"
                 "               yet\n");
    table_done(&table);
}

static void a_reason_is_wrapped_in_its_column(void **state)
{
    static const char *const HEADINGS[] = {"NAME", "ACTION", "WHY"};
    static const char *const FIRST[] = {"web", "wait",
                                        "not before 2027-01-01T00:00:00Z: it failed before"};
    static const char *const SECOND[] = {"mail", "renew", NULL};
    struct table table;

    (void)state;
    table_init(&table, HEADINGS, ARRAY_LEN(HEADINGS));
    table.is_last_wrapped = true;
    table_add(&table, COLOUR_NONE, FIRST);
    table_add(&table, COLOUR_NONE, SECOND);
    assert_table(&table, 50,
                 "NAME  ACTION  WHY\n"
                 "web   wait    not before 2027-01-01T00:00:00Z: it\n"
                 "              failed before\n"
                 "mail  renew\n");
    table_done(&table);
}

static void one_column_is_no_table(void **state)
{
    static const char *const HEADINGS[] = {"NAME", "STATE"};
    static const char *const ROW[] = {"a-name-that-is-longer.example.com", NULL};
    struct table table;

    (void)state;
    table_init(&table, HEADINGS, ARRAY_LEN(HEADINGS));
    table_add(&table, COLOUR_NONE, ROW);
    assert_table(&table, 20, "NAME\na-name-that-is-longer.example.com\n");
    table_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_shown_where_there_is_room),
        cmocka_unit_test(a_long_name_has_a_line_of_its_own),
        cmocka_unit_test(columns_are_left_out_as_they_rank),
        cmocka_unit_test(a_reason_is_wrapped_in_its_column),
        cmocka_unit_test(one_column_is_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
