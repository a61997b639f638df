/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Options that come from files: which keys there are, and whose files are believed. */
#include "describe_lab.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "config/config.h"
#include "provider/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const struct lab_option TABLE[] = {
    {"key-file", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL, NULL, NULL},
    {"token", ACME_OPTION_STRING, ACME_OPTION_SECRET, NULL, NULL, NULL},
    {"login-file", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL, "~/demo/login", NULL},
    {"pass", ACME_OPTION_STRING, ACME_OPTION_SECRET, "DEMO_PASS", NULL, NULL},
    {"pass-words", ACME_OPTION_FILE, 0, "DEMO_PASS_FILE", NULL, NULL},
    {"wait", ACME_OPTION_DURATION, 0, NULL, NULL, NULL},
    {"pin", ACME_OPTION_INT, ACME_OPTION_SECRET, NULL, NULL, NULL},
};

enum { KEY_FILE, TOKEN, LOGIN_FILE, PASS, PASS_WORDS };

struct bed {
    char path[64];
    struct provider_description *plugin;
    struct option_values values;
    struct err err;
};

static int set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof(*bed));
    struct err err = ERR_INIT;

    if (bed == NULL || lab_parse(TABLE, ARRAY_LEN(TABLE), &bed->plugin, &err) < 0) {
        return -1;
    }
    (void)snprintf(bed->path, sizeof(bed->path), "/tmp/acme-dns-options-XXXXXX");
    int fd = mkstemp(bed->path);
    if (fd < 0 || write(fd, "secret-of-bind\n", 15) != 15) {
        return -1;
    }
    (void)close(fd);
    *state = bed;
    return 0;
}

static int tear_down(void **state)
{
    struct bed *bed = *state;

    (void)unlink(bed->path);
    option_values_done(&bed->values);
    provider_description_free(bed->plugin);
    free(bed);
    return 0;
}

/* Reads "[provider demo]" with one line; %s in it is the file. */
static int read_with(struct bed *bed, const char *key, const char *value)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    char *text = str_fmt("[provider demo]\n%s = %s\n", key, value);
    struct config *config = config_parse("test.conf", text, strlen(text), &errors);
    int result;

    option_values_done(&bed->values);
    bed->err = (struct err)ERR_INIT;
    result = option_values_read(config_section_find(config, "provider", "demo"), "demo",
                                bed->plugin, false, &bed->values, &bed->err);
    config_errors_done(&errors);
    config_free(config);
    mem_free(text);
    return result;
}

static void a_file_of_a_daemons_group_is_taken(void **state)
{
    struct bed *bed = *state;

    /* As BIND's keys are: root:bind 0640. */
    assert_int_equal(chmod(bed->path, 0640), 0);
    if (geteuid() == 0) {
        (void)!chown(bed->path, 0, 1); /* a user namespace may have no such group */
    }
    assert_int_equal(read_with(bed, "key-file", bed->path), 0);
    assert_string_equal(bed->values.items[KEY_FILE].text, "secret-of-bind\n");
    assert_int_equal(read_with(bed, "token-file", bed->path), 0);
    assert_string_equal(bed->values.items[TOKEN].text, "secret-of-bind"); /* a line's end is none */
}

static void a_file_that_others_can_touch_is_not(void **state)
{
    static const mode_t MODES[] = {0644, 0660, 0604, 0602};
    struct bed *bed = *state;

    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        assert_int_equal(chmod(bed->path, MODES[i]), 0);
        assert_true(read_with(bed, "key-file", bed->path) < 0);
        assert_non_null(strstr(bed->err.text, "test.conf:2"));
        assert_non_null(strstr(bed->err.text, "want 0640 or stricter"));
    }
}

static void a_file_of_someone_else_is_not(void **state)
{
    struct bed *bed = *state;

    assert_int_equal(chmod(bed->path, 0600), 0);
    if (chown(bed->path, 12345, 0) < 0) {
        return; /* only the system's root can give a file away */
    }
    assert_true(read_with(bed, "key-file", bed->path) < 0);
    assert_non_null(strstr(bed->err.text, "12345"));
}

static void an_option_that_names_a_file_has_no_twins(void **state)
{
    static const char *const KEYS[] = {"key-file-file", "key-file-command"};
    struct bed *bed = *state;

    for (size_t i = 0; i < ARRAY_LEN(KEYS); i++) {
        assert_true(read_with(bed, KEYS[i], bed->path) < 0);
        assert_non_null(strstr(bed->err.text, "has no option"));
        assert_non_null(strstr(bed->err.text, KEYS[i]));
    }
    assert_int_equal(read_with(bed, "token-command", "true"), 0);
    assert_non_null(bed->values.items[TOKEN].command);
    bed->values.items[TOKEN].command = NULL; /* the configuration is gone */
}

/* A home folder with demo/login in it, of that mode; text NULL: without. */
static void make_home(char home[64], const char *text, mode_t mode)
{
    char path[128];

    (void)snprintf(home, 64, "/tmp/acme-dns-home-XXXXXX");
    assert_non_null(mkdtemp(home));
    (void)snprintf(path, sizeof(path), "%s/demo", home);
    assert_int_equal(mkdir(path, 0700), 0);
    if (text != NULL) {
        (void)snprintf(path, sizeof(path), "%s/demo/login", home);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, mode), 0);
    }
    assert_int_equal(setenv("HOME", home, 1), 0);
}

static void remove_home(const char *home)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/demo/login", home);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/demo", home);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(home), 0);
}

/* denied: a folder that is kept from plug-ins, or NULL. */
static int check_beside(struct bed *bed, const char *denied)
{
    AUTO(strv_done) struct strv folders = STRV_INIT;
    AUTO(reach_done) struct reach reach = {.rules = NULL};

    if (denied != NULL) {
        strv_add(&folders, denied);
    }
    reach_init(&reach, &folders);
    bed->err = (struct err)ERR_INIT;
    return option_values_check(&bed->values, NULL, "demo", bed->plugin, &reach, &bed->err);
}

static int check(struct bed *bed)
{
    return check_beside(bed, NULL);
}

static void a_default_file_is_read_if_it_is_there(void **state)
{
    static const struct {
        const char *text;
        mode_t mode;
        const char *wanted;
    } CASES[] = {{"a login", 0600, "a login"}, {"a login", 0644, NULL}, {NULL, 0, NULL}};
    struct bed *bed = *state;
    char *before = str_dup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    char home[64];

    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        make_home(home, CASES[i].text, CASES[i].mode);
        assert_int_equal(read_with(bed, "token", "t"), 0);
        assert_int_equal(check(bed), 0);
        if (CASES[i].wanted == NULL) {
            assert_null(bed->values.items[LOGIN_FILE].text);
        } else {
            assert_string_equal(bed->values.items[LOGIN_FILE].text, CASES[i].wanted);
        }
        remove_home(home);
    }
    assert_int_equal(setenv("HOME", before, 1), 0);
    mem_free(before);
}

/* A plug-in chooses its defaults, and the core reads them with more rights than it has. */
static void a_default_file_is_not_read_where_plug_ins_may_not(void **state)
{
    struct bed *bed = *state;
    char *before = str_dup(getenv("HOME") != NULL ? getenv("HOME") : "/");
    char home[64];

    make_home(home, "a key", 0600);
    assert_int_equal(read_with(bed, "token", "t"), 0);
    assert_int_equal(check_beside(bed, home), 0);
    assert_null(bed->values.items[LOGIN_FILE].text);
    remove_home(home);
    assert_int_equal(setenv("HOME", before, 1), 0);
    mem_free(before);
}

static void a_variable_that_an_option_names_is_no_other_ones_file(void **state)
{
    struct bed *bed = *state;

    /* Others may read it: as the file of a secret it would be refused. */
    assert_int_equal(chmod(bed->path, 0644), 0);
    assert_int_equal(setenv("DEMO_PASS_FILE", bed->path, 1), 0);
    assert_int_equal(option_values_read(NULL, "demo", bed->plugin, true, &bed->values, &bed->err),
                     0);
    assert_int_equal(unsetenv("DEMO_PASS_FILE"), 0);
    assert_null(bed->values.items[PASS].text);
    assert_string_equal(bed->values.items[PASS_WORDS].text, "secret-of-bind\n");
}

static void a_wrong_value_is_quoted_unless_it_is_a_secret(void **state)
{
    struct bed *bed = *state;

    assert_true(read_with(bed, "wait", "soon") < 0);
    assert_non_null(strstr(bed->err.text, "test.conf:2:8: wait: 'soon' is not a time"));
    assert_int_equal(chmod(bed->path, 0600), 0);
    assert_true(read_with(bed, "pin-file", bed->path) < 0);
    assert_non_null(strstr(bed->err.text, "pin-file: is not a whole number"));
    assert_null(strstr(bed->err.text, "secret-of-bind"));
}

/* It may be a token whose variable was forgotten. */
static void what_lacks_its_variable_is_not_quoted(void **state)
{
    struct config_errors errors = CONFIG_ERRORS_INIT;
    const char *text = "[provider demo]\nplugin = demo\nenv = t0p-s3cret\n";
    struct config *config = config_parse("test.conf", text, strlen(text), &errors);
    struct instance_keys keys = {.plugin = NULL};
    struct err err = ERR_INIT;

    (void)state;
    assert_true(instance_keys_read(config_section_find(config, "provider", "demo"), "demo", &keys,
                                   &err) < 0);
    assert_non_null(strstr(err.text, "env: is not NAME=value"));
    assert_null(strstr(err.text, "t0p-s3cret"));
    config_errors_done(&errors);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_of_a_daemons_group_is_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_others_can_touch_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_someone_else_is_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_option_that_names_a_file_has_no_twins, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_default_file_is_read_if_it_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_default_file_is_not_read_where_plug_ins_may_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_variable_that_an_option_names_is_no_other_ones_file,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_value_is_quoted_unless_it_is_a_secret, set_up,
                                        tear_down),
        cmocka_unit_test(what_lacks_its_variable_is_not_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
