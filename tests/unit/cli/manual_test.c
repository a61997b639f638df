/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The manual pages say what the tables say: no option, command or key too few, none too many. */
#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/args.h"
#include "config/keys.h"
#include "task/task.h"

#include <stdlib.h>

static char *read_page(const char *name)
{
    AUTO_FREE char *path = str_fmt("%s/docs/%s", SOURCE_DIR, name);
    AUTO(buf_done) struct buf text = BUF(1 << 20);
    struct err err = ERR_INIT;

    assert_int_equal(fs_read(path, &text, &err), 0);
    return buf_take(&text);
}

/* The text between a section's or subsection's line and the next such line, to mem_free. */
static char *part_of(const char *page, const char *heading)
{
    const char *start = strstr(page, heading);
    const char *next = NULL;
    const char *other = NULL;

    assert_non_null(start);
    start += strlen(heading);
    next = strstr(start, "\n.Sh ");
    other = strstr(start, "\n.Ss ");
    if (other != NULL && (next == NULL || other < next)) {
        next = other;
    }
    return str_dup_len(start, next == NULL ? strlen(start) : (size_t)(next - start) + 1);
}

static bool has_row(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(option_row((enum option_id)i)->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The heading that an option's item stands under: its first command's, or that of all commands. */
static char *heading_of(enum option_id id)
{
    for (size_t i = 0; !option_is_general(id) && i < COMMAND_COUNT; i++) {
        const struct command_row *command = command_row((enum command_id)i);

        if (command_takes(command, id)) {
            return str_fmt("\n.Ss Options of %s\n", command->words);
        }
    }
    return str_dup("\n.Ss Options of every command\n");
}

static void every_option_has_an_item_under_its_command(void **state)
{
    AUTO_FREE char *page = read_page("acme-dns.1");

    (void)state;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = option_row((enum option_id)i);
        AUTO_FREE char *heading = heading_of((enum option_id)i);
        AUTO_FREE char *part = part_of(page, heading);
        AUTO_FREE char *front = row->letter == 0 ? str_dup("\n.It Fl")
                                : row->value == NULL
                                    ? str_fmt("\n.It Fl %c , Fl", row->letter)
                                    : str_fmt("\n.It Fl %c Ar %s , Fl", row->letter,
                                              row->letter == 'd' ? "NAME" : row->value);
        AUTO_FREE char *item =
            str_fmt("%s -%s%s", front, row->name, row->value == NULL ? "\n" : " Ar ");

        if (strstr(part, item) == NULL) {
            fail_msg("acme-dns.1 lacks '%s' under '%s'", item + 1, heading + 1);
        }
    }
}

static void no_option_is_documented_that_does_not_exist(void **state)
{
    static const char MARK[] = "Fl -";
    AUTO_FREE char *page = read_page("acme-dns.1");
    size_t n = 0;

    (void)state;
    for (const char *at = strstr(page, MARK); at != NULL; at = strstr(at + 1, MARK)) {
        size_t len = strspn(at + strlen(MARK), "abcdefghijklmnopqrstuvwxyz-");
        AUTO_FREE char *name = str_dup_len(at + strlen(MARK), len);

        if (!has_row(name)) {
            fail_msg("acme-dns.1 knows an option --%s", name);
        }
        n++;
    }
    assert_true(n >= OPTION_COUNT);
}

static void every_command_is_documented(void **state)
{
    AUTO_FREE char *page = read_page("acme-dns.1");
    AUTO_FREE char *commands = part_of(page, "\n.Ss Commands\n");

    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        AUTO_FREE char *item = str_fmt("\n.It Cm %s\n", command_row((enum command_id)i)->words);

        assert_non_null(strstr(commands, item));
    }
}

static void every_exit_status_is_documented(void **state)
{
    AUTO_FREE char *page = read_page("acme-dns.1");
    AUTO_FREE char *statuses = part_of(page, "\n.Sh EXIT STATUS\n");

    (void)state;
    for (int i = EXIT_DONE; i <= EXIT_HUMAN; i++) {
        AUTO_FREE char *item = str_fmt("\n.It %d\n", i);

        assert_non_null(strstr(statuses, item));
    }
}

/* The item of a key, from its line to the next item, to mem_free; NULL if there is none. */
static char *item_of(const char *part, const char *key)
{
    AUTO_FREE char *front = str_fmt("\n.It Ic %s Ar ", key);
    const char *start = strstr(part, front);
    const char *end = start == NULL ? NULL : strstr(start + 1, "\n.It ");

    if (start == NULL) {
        return NULL;
    }
    return str_dup_len(start, end == NULL ? strlen(start) : (size_t)(end - start) + 1);
}

static void every_key_is_documented_with_its_default(void **state)
{
    AUTO_FREE char *page = read_page("acme-dns.conf.5");
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);

    (void)state;
    for (size_t i = 0; i < n_keys; i++) {
        bool is_general = strcmp(keys[i].section, "acme-dns") == 0;
        AUTO_FREE char *heading =
            str_fmt("\n.Ss Section [%s%s]\n", keys[i].section, is_general ? "" : " NAME");
        AUTO_FREE char *part = part_of(page, heading);
        AUTO_FREE char *item = item_of(part, keys[i].name);
        AUTO_FREE char *wanted = str_fmt("\n.Li %s .\n", keys[i].fallback);

        if (item == NULL) {
            fail_msg("acme-dns.conf.5 lacks %s of [%s]", keys[i].name, keys[i].section);
        }
        if (keys[i].fallback != NULL && strstr(item, wanted) == NULL) {
            fail_msg("acme-dns.conf.5: the default of %s is not %s", keys[i].name,
                     keys[i].fallback);
        }
    }
}

static void no_key_is_documented_that_does_not_exist(void **state)
{
    static const char *const SECTIONS[] = {"acme-dns", "zone", "ca", "certificate"};
    static const char MARK[] = "\n.It Ic ";
    AUTO_FREE char *page = read_page("acme-dns.conf.5");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(SECTIONS); i++) {
        AUTO_FREE char *heading =
            str_fmt("\n.Ss Section [%s%s]\n", SECTIONS[i], i == 0 ? "" : " NAME");
        AUTO_FREE char *part = part_of(page, heading);

        for (const char *at = strstr(part, MARK); at != NULL; at = strstr(at + 1, MARK)) {
            AUTO_FREE char *name =
                str_dup_len(at + strlen(MARK), strcspn(at + strlen(MARK), " \n"));

            if (key_find(SECTIONS[i], name) == NULL) {
                fail_msg("acme-dns.conf.5 knows a key %s of [%s]", name, SECTIONS[i]);
            }
        }
    }
}

/* The example lines, as a shell would split them, are accepted. */
static void every_example_is_accepted(void **state)
{
    static const char MARK[] = "\n.Dl $ ";
    AUTO_FREE char *page = read_page("acme-dns.1");
    size_t n = 0;

    (void)state;
    for (const char *at = strstr(page, MARK); at != NULL; at = strstr(at + 1, MARK)) {
        AUTO_FREE char *line = str_dup_len(at + strlen(MARK), strcspn(at + strlen(MARK), "\n"));
        AUTO(strv_done) struct strv words = STRV_INIT;
        AUTO(args_done) struct args args = {0};
        struct err err = ERR_INIT;

        strv_add_split(&words, line, " '");
        assert_int_equal(args_parse((int)words.n, words.items, &args, &err), 0);
        n++;
    }
    assert_true(n >= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_has_an_item_under_its_command),
        cmocka_unit_test(no_option_is_documented_that_does_not_exist),
        cmocka_unit_test(every_command_is_documented),
        cmocka_unit_test(every_exit_status_is_documented),
        cmocka_unit_test(every_key_is_documented_with_its_default),
        cmocka_unit_test(no_key_is_documented_that_does_not_exist),
        cmocka_unit_test(every_example_is_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
