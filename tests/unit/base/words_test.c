/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/words.h"

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka_all.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void divides_as_documented(void **state)
{
    /* The words as they must come out, each in brackets. */
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"true", "[true]"},
        {"  pass \t show\r\nkey  ", "[pass][show][key]"},
        {"a 'b c' \"d e\"", "[a][b c][d e]"},
        {"a'b c'd\"e f\"g", "[ab cde fg]"},
        {"a '' \"\" b", "[a][][][b]"},
        {"'a\\b \"c\"'", "[a\\b \"c\"]"},
        {"\"a\\\"b\\\\c\\d 'e'\"", "[a\"b\\c\\d 'e']"},
        {"a\\ b \\'c \\\\ \\\"d", "[a b]['c][\\][\"d]"},
        {"\\\n", "[\n]"},
        {"sh -c 'a | b > \"$C\"; d *'", "[sh][-c][a | b > \"$C\"; d *]"},
        {"a $B ~ * | ; # &", "[a][$B][~][*][|][;][#][&]"},
        {"\xc3\xa4 '\xc3\xb6'", "[\xc3\xa4][\xc3\xb6]"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(strv_done) struct strv words = STRV_INIT;
        AUTO_FREE char *joined = NULL;
        AUTO_FREE char *shown = NULL;
        struct err err = ERR_INIT;

        assert_int_equal(words_split(CASES[i].text, &words, &err), 0);
        joined = strv_join(&words, "][");
        shown = str_fmt("[%s]", joined);
        assert_string_equal(shown, CASES[i].words);
    }
}

static void knows_what_only_a_shell_understands(void **state)
{
    static const struct {
        const char *text, *word;
    } CASES[] = {
        {"systemctl reload nginx && echo done", "&&"},
        {"a | b", "|"},
        {"a |b 'c'", "|b"},
        {"a > /tmp/x", ">"},
        {"a >>/tmp/x", ">>/tmp/x"},
        {"a 2>&1", "2>&1"},
        {"a < x", "<"},
        {"cp a b; cp c d", "b;"},
        {"a &", "&"},
        {"cp $RENEWED_LINEAGE/x y", "$RENEWED_LINEAGE/x"},
        {"cp ${A} y", "${A}"},
        {"kill $(cat pid)", "$(cat"},
        {"kill `cat pid`", "`cat"},
        {"~/bin/hook", "~/bin/hook"},
        {"sh -c 'a && b > c; d $E'", NULL},
        {"sh -c \"a | b\"", NULL},
        {"sh -c \"a \\\"b\\\" | c\"", NULL},
        {"find x -exec rm {} \\;", NULL},
        {"curl http://x/?a=1&b=2", NULL},
        {"a '|' \">\" 5 a>b a$ $ x~", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_FREE char *word = words_find_shell_syntax(CASES[i].text);

        if (CASES[i].word == NULL) {
            assert_null(word);
        } else {
            assert_non_null(word);
            assert_string_equal(word, CASES[i].word);
        }
    }
}

static void refuses_what_is_not_whole(void **state)
{
    static const struct {
        const char *text, *error;
    } CASES[] = {
        {"a 'b c", "a single quote is not closed"},
        {"a \"b c", "a double quote is not closed"},
        {"a \"b\\\"", "a double quote"},
        {"it's", "a single quote"},
        {"\"b\\", "a double quote"},
        {"a\\", "a backslash at the end"},
        {"a \\", "a backslash at the end"},
        {"", "no command"},
        {" \t\n", "no command"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct strv words = STRV_INIT;
        struct err err = ERR_INIT;

        assert_int_equal(words_split(CASES[i].text, &words, &err), -ERR_CONFIG);
        assert_non_null(strstr(err.text, CASES[i].error));
        assert_int_equal(words.n, 0);
        assert_null(words.items);
    }
}

static void finds_programs_by_path_and_by_name(void **state)
{
    AUTO_FREE char *by_path = NULL;
    AUTO_FREE char *by_name = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(words_find_program("/bin/sh", &by_path, &err), 0);
    assert_string_equal(by_path, "/bin/sh");
    assert_int_equal(words_find_program("sh", &by_name, &err), 0);
    assert_int_equal(by_name[0], '/');
    assert_true(str_has_suffix(by_name, "bin/sh"));
}

static void does_not_take_what_is_no_program(void **state)
{
    static const struct {
        const char *name, *error;
    } CASES[] = {
        {"no-such-program", "no program 'no-such-program' in /usr/local/sbin:"},
        {"no-such-program", "sh -c"},
        {"", "no program ''"},
        {"bin/sh", "'bin/sh' is a relative path"},
        {"./sh", "'./sh' is a relative path"},
        {"/etc/passwd", "'/etc/passwd' is not a program"},
        {"/usr/bin", "'/usr/bin' is not a program"},
        {"/no/such", "'/no/such' is not a program"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        char *path = NULL;
        struct err err = ERR_INIT;

        assert_int_equal(words_find_program(CASES[i].name, &path, &err), -ERR_CONFIG);
        assert_non_null(strstr(err.text, CASES[i].error));
        assert_null(path);
    }
}

static void as_root_runs_nothing_that_others_could_have_written(void **state)
{
    char path[] = "/tmp/words_test.XXXXXX";
    AUTO_FD int fd = mkstemp(path);
    AUTO_FREE char *found = NULL;
    struct err err = ERR_INIT;

    (void)state;
    if (geteuid() != 0) {
        (void)unlink(path);
        skip();
    }
    assert_int_equal(fchmod(fd, 0775), 0);
    assert_int_equal(words_find_program(path, &found, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "mode 0775"));
    assert_null(found);
    assert_int_equal(fchmod(fd, 0711), 0);
    assert_int_equal(words_find_program(path, &found, &err), 0);
    assert_string_equal(found, path);
    (void)unlink(path);
}

/* Checked and run are two steps: whose folder it is can put another one there in between. */
static void as_root_runs_nothing_that_others_could_exchange(void **state)
{
    char folder[] = "/tmp/words_test.XXXXXX";
    AUTO_FREE char *path = NULL;
    AUTO_FREE char *link = NULL;
    AUTO_FREE char *found = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path = str_fmt("%s/hook", folder);
    link = str_fmt("%s/link", folder);
    assert_int_equal(fs_write_new(path, "", 0, 0755, &err), 0);
    assert_int_equal(symlink("/bin/sh", link), 0);
    if (geteuid() == 0 && chown(folder, 12345, 0) == 0) {
        assert_int_equal(words_find_program(path, &found, &err), -ERR_CONFIG);
        assert_non_null(strstr(err.text, "it belongs to user 12345"));
        assert_non_null(strstr(err.text, path));
        assert_int_equal(words_find_program(link, &found, &err), -ERR_CONFIG);
        assert_null(found);
        assert_int_equal(chown(folder, 0, 0), 0);
        assert_int_equal(chmod(folder, 0777), 0);
        assert_int_equal(words_find_program(path, &found, &err), -ERR_CONFIG);
        assert_non_null(strstr(err.text, "it has mode 0777"));
        assert_int_equal(chmod(folder, 02775), 0); /* Debian's /usr/local/bin, of the group staff */
    }
    assert_int_equal(words_find_program(path, &found, &err), 0);
    assert_string_equal(found, path);
    assert_int_equal(fs_remove_tree(folder, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_as_documented),
        cmocka_unit_test(knows_what_only_a_shell_understands),
        cmocka_unit_test(refuses_what_is_not_whole),
        cmocka_unit_test(finds_programs_by_path_and_by_name),
        cmocka_unit_test(does_not_take_what_is_no_program),
        cmocka_unit_test(as_root_runs_nothing_that_others_could_have_written),
        cmocka_unit_test(as_root_runs_nothing_that_others_could_exchange),
    };

    return cmocka_run_group_tests_name("base/words", tests, NULL, NULL);
}
