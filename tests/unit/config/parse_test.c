/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The grammar, and what is told of everything that is not in it. */
#include "config/config.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Parses len bytes of text as "a.conf". */
static struct config *parse_len(const char *text, size_t len, struct config_errors *errors)
{
    return config_parse("a.conf", text, len, errors);
}

static const char *value_of(const struct config *config, const char *kind, const char *name,
                            const char *key)
{
    const struct config_section *section = config_section_find(config, kind, name);
    const struct config_value *value = section == NULL ? NULL : config_value_find(section, key);

    return value == NULL ? NULL : value->text;
}

static void keeps_values_literal_to_the_end_of_the_line(void **state)
{
    static const char TEXT[] = "# comment\n"
                               "  ; another\n"
                               "[ca  corp ]\n"
                               "eab-kid =  a ; b # c = \"d\"  \n"
                               "\taccount\t=\tx\ty\t\n"
                               "email=\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);

    (void)state;
    assert_int_equal(errors.n, 0);
    assert_string_equal(value_of(config, "ca", "corp", "eab-kid"), "a ; b # c = \"d\"");
    assert_string_equal(value_of(config, "ca", "corp", "account"), "x\ty");
    assert_string_equal(value_of(config, "ca", "corp", "email"), "");
}

static void remembers_places_in_characters(void **state)
{
    static const char TEXT[] = "[zone example.com]\n\n  pr\xc3\xb6 = 1\n provider = \xc3\xa4 b\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);
    const struct config_section *section = config_section_find(config, "zone", "EXAMPLE.com");
    const struct config_value *value = config_value_find(section, "provider");

    (void)state;
    assert_int_equal(errors.n, 1); /* the key with an umlaut */
    assert_string_equal(errors.items[0].err.text,
                        "a.conf:3:3: a key is made of lower-case letters, digits and hyphens");
    assert_int_equal(section->place.line, 1);
    assert_int_equal(value->place.line, 4);
    assert_int_equal(value->key_column, 2);
    assert_int_equal(value->place.column, 13);
    assert_true(section->is_wrong);
}

static void keeps_repeated_keys_in_order(void **state)
{
    static const char TEXT[] = "[provider hook]\nenv = A=1\nother = x\nenv = B=2\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);
    const struct config_section *section = config_section_find(config, "provider", "hook");
    const struct config_value *first = config_value_next(section, "env", NULL);
    const struct config_value *second = config_value_next(section, "env", first);

    (void)state;
    assert_string_equal(first->text, "A=1");
    assert_string_equal(second->text, "B=2");
    assert_null(config_value_next(section, "env", second));
    assert_ptr_equal(config_value_find(section, "env"), second);
}

static void accepts_a_byte_order_mark_and_crlf(void **state)
{
    static const char TEXT[] = "\xef\xbb\xbf[acme-dns]\r\nemail = a@example.com\r\nca = x";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);

    (void)state;
    assert_int_equal(errors.n, 0);
    assert_string_equal(value_of(config, "acme-dns", "", "email"), "a@example.com");
    assert_string_equal(value_of(config, "acme-dns", "", "ca"), "x");
    assert_int_equal(errors.n_warnings, 2);
    assert_string_equal(errors.warnings[0].err.text,
                        "a.conf:1:1: a byte order mark, which is left out");
    assert_string_equal(errors.warnings[1].err.text,
                        "a.conf:1:11: the file has Windows line ends (CR LF); the CRs are left "
                        "out");
}

static void warns_of_a_tab_that_is_part_of_a_value(void **state)
{
    static const char TEXT[] = "[zone a]\n\tprovider\t=\tx,\ty\t\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);

    (void)state;
    assert_string_equal(value_of(config, "zone", "a", "provider"), "x,\ty");
    assert_int_equal(errors.n, 0);
    assert_int_equal(errors.n_warnings, 1);
    assert_string_equal(errors.warnings[0].err.text, "a.conf:2:15: a tab within a value");
}

/* One section less, and the others go on; unless it may have been the one of all settings. */
static void a_header_that_cannot_be_read_costs_its_section(void **state)
{
    static const char TEXT[] = "[acme-dns]\nca = x\n[certificate a\ndomains = a.test\n"
                               "[certificate b]\ndomains = b.test\n";
    static const char BARE[] = "[acme-dns\nca = x\n[certificate b]\ndomains = b.test\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);

    (void)state;
    assert_int_equal(errors.n, 1);
    assert_int_equal(errors.n_general, 0);
    assert_string_equal(config_lost(config), "a.conf:3:15: a section ends with ']'");
    assert_string_equal(value_of(config, "certificate", "b", "domains"), "b.test");
    assert_string_equal(value_of(config, "acme-dns", "", "ca"), "x");
    AUTO_PTR(config) struct config *bare = parse_len(BARE, strlen(BARE), &errors);

    assert_non_null(bare);
    assert_int_equal(errors.n, 2);
    assert_int_equal(errors.n_general, 1);
}

static void errors_are_sorted_by_place(void **state)
{
    static const char TEXT[] = "[zone a]\nx\n[zone b]\nprovider = x\n[zone c]\ny\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct config_place places[] = {
        {.origin = CONFIG_FILE, .path = "a.conf", .line = 6, .column = 9},
        {.origin = CONFIG_FILE, .path = "a.conf", .line = 4, .column = 1},
        {.origin = CONFIG_FLAG, .path = "--ca"},
        {.origin = CONFIG_FILE, .path = "a", .line = 99, .column = 1},
    };
    static const char *const WANTED[] = {
        "--ca: z", "a:99:1: z", "a.conf:2:1: ", "a.conf:4:1: z", "a.conf:6:1: ", "a.conf:6:9: z"};

    (void)state;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);
    assert_non_null(config);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        config_errors_add(&errors, NULL, &places[i], "z");
    }
    config_errors_sort(&errors);
    assert_int_equal(errors.n, ARRAY_LEN(WANTED));
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        assert_true(str_has_prefix(errors.items[i].err.text, WANTED[i]));
    }
    assert_string_equal(errors.items[1].err.text + errors.items[1].what, "z");
}

/* Each text has exactly one fault; the error must name its place and what it is. */
static void tells_each_fault_with_its_place(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *error;
    } CASES[] = {
#define CASE(text_, error_) {text_, sizeof(text_) - 1, error_}
        CASE("\xff\xfe[\0a\0]\0", "a.conf:1:1: UTF-16; save the file as UTF-8"),
        CASE("[acme-dns]\nemail = a\0b\n", "a.conf:2:10: control byte 0x00"),
        CASE("[acme-dns]\nemail = a\x1b[2J\n", "a.conf:2:10: control byte 0x1b"),
        CASE("[acme-dns]\nemail = \xe4\n", "a.conf:2:9: not UTF-8; save the file in that encoding"),
        CASE("[acme-dns]\nemail = \xc3\xa4\xc0\xaf\n",
             "a.conf:2:10: not UTF-8; save the file in that encoding"),
        CASE("[acme-dns]\nca = a\rkey-type = b\n", "a.conf:2:7: a carriage return inside a line"),
        CASE("email = x\n", "a.conf:1:1: a key before the first [section]"),
        CASE("[acme-dns\n", "a.conf:1:10: a section ends with ']'"),
        CASE("[acme-dns] # mine\nemail = x\n",
             "a.conf:1:11: nothing may follow a section's ']', not even a comment"),
        CASE("[ ]\n", "a.conf:1:3: a section without a name"),
        CASE("[acme-dns]\nemail\n",
             "a.conf:2:1: neither a [section], nor 'key = value', nor a comment"),
        CASE("[acme-dns]\nE-Mail = x\n",
             "a.conf:2:1: a key is made of lower-case letters, digits and hyphens"),
        CASE("[zone a]\nprovider = x\n[zone a]\nprovider = y\n",
             "a.conf:3:1: section [zone a] is already at a.conf:1:1\n"
             "neither is used: put all its keys into one of them"),
        CASE("[zone a]\nprovider = x\n[zone A]\n",
             "a.conf:3:1: section [zone A] differs only in case from the one at a.conf:1:1\n"
             "neither is used: put all its keys into one of them"),
        CASE("[acme-dns]\n[acme-dns]\n", "a.conf:2:1: section [acme-dns] is already at a.conf:1:1\n"
                                         "neither is used: put all its keys into one of them"),
        CASE("[acme-dns]\nca = x\ninclude conf.d/*\n",
             "a.conf:3:1: neither a [section], nor 'key = value', nor a comment\n"
             "there are no includes: every conf.d/*.conf beside the main file is read"),
        CASE("include = conf.d/a.conf\n",
             "a.conf:1:1: a key before the first [section]\n"
             "there are no includes: every conf.d/*.conf beside the main file is read"),
#undef CASE
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
        AUTO_PTR(config) struct config *config = parse_len(CASES[i].text, CASES[i].len, &errors);

        assert_non_null(config);
        assert_int_equal(errors.n, 1);
        assert_string_equal(errors.items[0].err.text, CASES[i].error);
        assert_int_equal(errors.items[0].err.class, ERR_CONFIG);
    }
}

static void uses_neither_of_two_sections_of_one_name(void **state)
{
    static const char TEXT[] = "[zone a]\nprovider = x\n[zone A]\nprovider = y\n[zone b]\n";
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = parse_len(TEXT, strlen(TEXT), &errors);

    (void)state;
    assert_true(config_section_find(config, "zone", "a")->is_wrong);
    assert_string_equal(value_of(config, "zone", "a", "provider"), "x");
    assert_false(config_section_find(config, "zone", "b")->is_wrong);
    assert_int_equal(errors.n_general, 0);
}

/* Each found by its name, and those of a kind walked past the others. */
static void finds_each_of_ten_thousand_sections(void **state)
{
    enum { MANY = 10000 };
    AUTO(buf_done) struct buf text = BUF(CONFIG_FILE_MAX);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct config_section *zone = NULL;
    const struct config_section *any = NULL;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        buf_addf(&text, "[certificate host-%d]\n", i);
        if (i % 100 == 0) {
            buf_addf(&text, "[zone Z%d.example]\n", i);
        }
    }
    AUTO_PTR(config) struct config *config = parse_len(buf_str(&text), text.len, &errors);

    assert_int_equal(errors.n, 0);
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *name = str_fmt("HOST-%d", i);

        assert_int_equal(config_section_find(config, "certificate", name)->place.line,
                         i + 1 + (i + 99) / 100);
        any = config_section_next(config, NULL, any);
        if (i % 100 == 0) {
            zone = config_section_next(config, "zone", zone);
            assert_ptr_equal(zone, config_section_find(config, "zone", zone->name));
            any = config_section_next(config, NULL, any);
            assert_ptr_equal(any, zone);
        }
    }
    assert_null(config_section_next(config, NULL, any));
    assert_null(config_section_next(config, "zone", zone));
    assert_null(config_section_find(config, "certificate", "host-10000"));
    assert_null(config_section_find(config, "ca", "host-1"));
    assert_null(config_section_find(config, "certificate", ""));
}

static void takes_lines_as_long_as_the_file(void **state)
{
    AUTO(buf_done) struct buf text = BUF(CONFIG_FILE_MAX + 16);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    (void)state;
    buf_add_str(&text, "[provider p]\nkey = ");
    while (text.len < CONFIG_FILE_MAX) {
        buf_add_char(&text, 'x');
    }
    {
        AUTO_PTR(config) struct config *config = parse_len(buf_str(&text), text.len, &errors);

        assert_int_equal(errors.n, 0);
        assert_int_equal(strlen(value_of(config, "provider", "p", "key")),
                         CONFIG_FILE_MAX - strlen("[provider p]\nkey = "));
    }
    buf_add_char(&text, 'x');
    {
        AUTO_PTR(config) struct config *config = parse_len(buf_str(&text), text.len, &errors);

        assert_int_equal(errors.n, 1);
        assert_string_equal(errors.items[0].err.text, "a.conf:1:1: larger than 16 MiB");
        assert_int_equal(config_section_count(config), 0);
    }
}

static void stops_counting_at_a_ceiling_but_says_how_many(void **state)
{
    AUTO(buf_done) struct buf text = BUF(1 << 16);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    (void)state;
    buf_add_str(&text, "[acme-dns]\n");
    for (int i = 0; i < CONFIG_ERRORS_MAX + 7; i++) {
        buf_add_str(&text, "no value here\n");
    }
    AUTO_PTR(config) struct config *config = parse_len(buf_str(&text), text.len, &errors);

    assert_non_null(config);
    assert_int_equal(errors.n, CONFIG_ERRORS_MAX);
    assert_int_equal(errors.n_left_out, 7);
    assert_int_equal(errors.n_general, CONFIG_ERRORS_MAX + 7);
}

/* ---- Files ---- */

static void write_file(const char *dir, const char *name, const char *text, mode_t mode)
{
    AUTO_FREE char *path = str_fmt("%s/%s", dir, name);
    AUTO_FD int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
}

static int make_folder(void **state)
{
    char template[] = "/tmp/config_test.XXXXXX";
    char *dir = str_dup(mkdtemp(template));
    AUTO_FREE char *below = str_fmt("%s/conf.d", dir);

    *state = dir;
    return dir == NULL || mkdir(below, 0700) < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
    AUTO_FREE char *dir = *state;
    static const char *const NAMES[] = {"acme-dns.conf",      "conf.d/10-a.conf",
                                        "conf.d/20-b.conf",   "conf.d/notes.txt",
                                        "conf.d/30-dir.conf", "conf.d"};

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        AUTO_FREE char *path = str_fmt("%s/%s", dir, NAMES[i]);

        (void)remove(path);
    }
    return rmdir(dir);
}

static void reads_the_folder_in_the_order_of_names(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = str_fmt("%s/acme-dns.conf", dir);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_FREE char *relative = NULL;

    write_file(dir, "acme-dns.conf", "[acme-dns]\nstate-dir = state\n", 0644);
    write_file(dir, "conf.d/20-b.conf", "[zone b]\nprovider = x\n", 0644);
    write_file(dir, "conf.d/10-a.conf", "[zone a]\nprovider = x\n", 0600);
    write_file(dir, "conf.d/notes.txt", "not ours\n", 0644);
    AUTO_PTR(config)
    struct config *config = config_load(
        &(struct config_source){.path = path, .is_required = true, .has_folder = true}, &errors);
    const struct config_section *zone = config_section_next(config, "zone", NULL);
    const struct config_section *general = config_section_find(config, "acme-dns", "");

    assert_int_equal(errors.n, 0);
    assert_string_equal(zone->name, "a");
    assert_false(config_value_is_exposed(config_value_find(zone, "provider")));
    zone = config_section_next(config, "zone", zone);
    assert_string_equal(zone->name, "b");
    assert_true(config_value_is_exposed(config_value_find(zone, "provider")));
    assert_null(config_section_next(config, "zone", zone));
    relative = config_value_path(config_value_find(general, "state-dir"));
    assert_true(str_has_prefix(relative, dir));
    assert_true(str_has_suffix(relative, "/state"));
}

static void a_file_that_cannot_be_read_costs_only_itself(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = str_fmt("%s/acme-dns.conf", dir);
    AUTO_FREE char *folder = str_fmt("%s/conf.d/30-dir.conf", dir);
    AUTO_FREE char *wanted = str_fmt("%s: not a regular file", folder);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    write_file(dir, "conf.d/10-a.conf", "[zone a]\nprovider = x\n", 0644);
    assert_int_equal(mkdir(folder, 0700), 0);
    AUTO_PTR(config)
    struct config *config =
        config_load(&(struct config_source){.path = path, .has_folder = true}, &errors);

    assert_int_equal(errors.n, 1);
    assert_string_equal(errors.items[0].err.text, wanted);
    assert_int_equal(errors.n_general, 0);
    assert_non_null(config_section_find(config, "zone", "a"));
    assert_string_equal(config_lost(config), wanted);
}

/* What an include loop is elsewhere: a link to what is read anyway, or to itself. */
static void a_link_to_a_file_that_was_read_is_told(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = str_fmt("%s/acme-dns.conf", dir);
    AUTO_FREE char *same = str_fmt("%s/conf.d/10-a.conf", dir);
    AUTO_FREE char *loop = str_fmt("%s/conf.d/20-b.conf", dir);
    AUTO_FREE char *other = str_fmt("%s/conf.d/notes.txt", dir);
    AUTO_FREE char *wanted = str_fmt("%s: the same file as '%s'\nit was read already: remove one "
                                     "of the two names",
                                     same, path);
    AUTO_FREE char *looped = str_fmt("%s: cannot open it: Too many levels of symbolic links", loop);
    AUTO_FREE char *unread = str_fmt("%s: not read: only names that end with .conf are", other);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    write_file(dir, "acme-dns.conf", "[zone a]\nprovider = x\n", 0644);
    write_file(dir, "conf.d/notes.txt", "mine\n", 0644);
    assert_int_equal(symlink("../acme-dns.conf", same), 0);
    assert_int_equal(symlink("20-b.conf", loop), 0);
    AUTO_PTR(config)
    struct config *config =
        config_load(&(struct config_source){.path = path, .has_folder = true}, &errors);

    assert_int_equal(errors.n, 2);
    assert_string_equal(errors.items[0].err.text, wanted);
    assert_string_equal(errors.items[1].err.text, looped);
    assert_false(config_section_find(config, "zone", "a")->is_wrong);
    assert_int_equal(errors.n_warnings, 1);
    assert_string_equal(errors.warnings[0].err.text, unread);
}

/* However the main file was named, its neighbours are found. */
static void knows_the_folder_of_the_configuration(void **state)
{
    static const struct {
        const char *path, *folder;
    } CASES[] = {
        {"acme-dns.conf", "HERE"},         {"./acme-dns.conf", "HERE/."},
        {"sub/acme-dns.conf", "HERE/sub"}, {"/etc/acme-dns/acme-dns.conf", "/etc/acme-dns"},
        {"../acme-dns.conf", "HERE/.."},   {"/acme-dns.conf", "/"},
        {"a b/acme-dns.conf", "HERE/a b"},
    };
    char *here = getcwd(NULL, 0);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_FREE char *folder = config_folder(CASES[i].path);
        bool is_relative = str_has_prefix(CASES[i].folder, "HERE");
        AUTO_FREE char *wanted =
            str_fmt("%s%s", is_relative ? here : "", CASES[i].folder + (is_relative ? 4 : 0));

        assert_string_equal(folder, wanted);
    }
    assert_null(config_folder(NULL));
    free(here);
}

static void reads_the_folder_beside_a_bare_file_name(void **state)
{
    const char *dir = *state;
    char *here = getcwd(NULL, 0);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    write_file(dir, "conf.d/10-a.conf", "[zone a]\nprovider =\n[oops\n", 0644);
    assert_int_equal(chdir(dir), 0);
    AUTO_PTR(config)
    struct config *config =
        config_load(&(struct config_source){.path = "acme-dns.conf", .has_folder = true}, &errors);
    AUTO_FREE char *place = str_fmt("%s/conf.d/10-a.conf:3:6: ", dir);

    assert_int_equal(chdir(here), 0);
    free(here);
    assert_non_null(config_section_find(config, "zone", "a"));
    assert_int_equal(errors.n, 1);
    assert_true(str_has_prefix(errors.items[0].err.text, place));
}

static void misses_a_file_only_if_the_user_named_it(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = str_fmt("%s/acme-dns.conf", dir);
    AUTO_FREE char *wanted = str_fmt("%s: cannot open it: No such file or directory", path);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config)
    struct config *quiet = config_load(&(struct config_source){.path = path}, &errors);

    assert_non_null(quiet);
    assert_int_equal(errors.n, 0);
    AUTO_PTR(config)
    struct config *told =
        config_load(&(struct config_source){.path = path, .is_required = true}, &errors);

    assert_non_null(told);
    assert_int_equal(errors.n, 1);
    assert_int_equal(errors.n_general, 1);
    assert_string_equal(errors.items[0].err.text, wanted);
}

static void takes_the_null_device_for_no_configuration(void **state)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config)
    struct config *config = config_load(
        &(struct config_source){
            .path = "/dev/null", .is_required = true, .has_folder = true, .is_trust_checked = true},
        &errors);

    (void)state;
    assert_int_equal(errors.n, 0);
    assert_int_equal(config_section_count(config), 0);
}

static void refuses_what_others_can_write_when_trust_is_checked(void **state)
{
    const char *dir = *state;
    AUTO_FREE char *path = str_fmt("%s/acme-dns.conf", dir);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    if (geteuid() != 0) {
        skip(); /* the check is root's */
    }
    write_file(dir, "acme-dns.conf", "[acme-dns]\nca = x\n", 0666);
    AUTO_PTR(config)
    struct config *config = config_load(
        &(struct config_source){.path = path, .is_required = true, .is_trust_checked = true},
        &errors);

    assert_int_equal(errors.n, 1);
    assert_non_null(strstr(errors.items[0].err.text, path));
    assert_int_equal(config_section_count(config), 0);
}

static void writes_what_it_reads(void **state)
{
    AUTO(buf_done) struct buf text = BUF(4096);
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    struct err err = ERR_INIT;

    (void)state;
    config_format_section(&text, "certificate", "example.com");
    assert_int_equal(config_format_value(&text, "domains", "example.com, *.example.com", &err), 0);
    assert_int_equal(config_format_value(&text, "email", "a\nca = evil", &err), -ERR_CONFIG);
    assert_int_equal(config_format_value(&text, "email", " a", &err), -ERR_CONFIG);
    AUTO_PTR(config) struct config *config = parse_len(buf_str(&text), text.len, &errors);

    assert_int_equal(errors.n, 0);
    assert_string_equal(value_of(config, "certificate", "example.com", "domains"),
                        "example.com, *.example.com");
    assert_null(value_of(config, "certificate", "example.com", "email"));
    assert_null(value_of(config, "certificate", "example.com", "ca"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_values_literal_to_the_end_of_the_line),
        cmocka_unit_test(remembers_places_in_characters),
        cmocka_unit_test(keeps_repeated_keys_in_order),
        cmocka_unit_test(accepts_a_byte_order_mark_and_crlf),
        cmocka_unit_test(tells_each_fault_with_its_place),
        cmocka_unit_test(warns_of_a_tab_that_is_part_of_a_value),
        cmocka_unit_test(a_header_that_cannot_be_read_costs_its_section),
        cmocka_unit_test(errors_are_sorted_by_place),
        cmocka_unit_test_setup_teardown(a_link_to_a_file_that_was_read_is_told, make_folder,
                                        remove_folder),
        cmocka_unit_test(uses_neither_of_two_sections_of_one_name),
        cmocka_unit_test(finds_each_of_ten_thousand_sections),
        cmocka_unit_test(takes_lines_as_long_as_the_file),
        cmocka_unit_test(knows_the_folder_of_the_configuration),
        cmocka_unit_test(stops_counting_at_a_ceiling_but_says_how_many),
        cmocka_unit_test_setup_teardown(reads_the_folder_in_the_order_of_names, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(reads_the_folder_beside_a_bare_file_name, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_costs_only_itself, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(misses_a_file_only_if_the_user_named_it, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(refuses_what_others_can_write_when_trust_is_checked,
                                        make_folder, remove_folder),
        cmocka_unit_test(takes_the_null_device_for_no_configuration),
        cmocka_unit_test(writes_what_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
