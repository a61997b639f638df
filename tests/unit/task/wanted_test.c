/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whose word counts: the command line, the [certificate] section, what was asked for last, the
 * general settings. */
#include "task/wanted.h"

#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two CAs, the second for trials; %s are the state's folder and more of [acme-dns], then sections.
 */
#define CONFIG                                                                       \
    "[acme-dns]\nstate-dir = %s\nca = one\n%s"                                       \
    "[ca one]\ndirectory = https://one.test/dir\nstaging = trial\nprofile = short\n" \
    "[ca trial]\ndirectory = https://trial.test/dir\nis-staging = yes\nca-bundle = trial.pem\n%s"

struct scene {
    char state_dir[32];
    struct loop *loop;
    struct config *config;
    struct settings *settings;
    struct task_env env;
    struct wanted *wanted;
    struct trees trees;
    struct store *store; /* the trees' */
};

static size_t scene_read(struct scene *s, const char *general, const char *sections)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_FREE char *text = str_fmt(CONFIG, s->state_dir, general, sections);

    settings_free(s->settings);
    config_free(s->config);
    s->config = config_parse("/etc/x/a.conf", text, strlen(text), &errors);
    s->settings = settings_new(s->config, "/etc/x/a.conf", NULL, 0, &errors);
    s->env = (struct task_env){.loop = s->loop, .config = s->config, .settings = s->settings};
    s->trees.env = &s->env;
    s->trees.command = "test";
    return errors.n;
}

static void scene_configure(struct scene *s, const char *general, const char *sections)
{
    assert_int_equal(scene_read(s, general, sections), 0);
}

static void scene_configure_badly(struct scene *s, const char *sections)
{
    assert_int_equal(scene_read(s, "", sections), 1);
}

static int scene_open(void **state)
{
    struct scene *s = NEW(struct scene);
    struct err err = ERR_INIT;

    *s = (struct scene){.state_dir = "/tmp/wanted_test.XXXXXX"};
    assert_non_null(mkdtemp(s->state_dir));
    assert_int_equal(loop_new(&s->loop, &err), 0);
    *state = s;
    return 0;
}

static void scene_forget(struct scene *s)
{
    wanted_free(TAKE(s->wanted));
    trees_close(&s->trees);
    s->store = NULL;
}

static int scene_close(void **state)
{
    struct scene *s = *state;
    char *const argv[] = {(char *)"rm", (char *)"-rf", s->state_dir, NULL};
    pid_t pid = 0;

    scene_forget(s);
    settings_free(s->settings);
    config_free(s->config);
    loop_free(s->loop);
    pid = fork();
    if (pid == 0) {
        (void)execvp(argv[0], argv);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
    mem_free(s);
    return 0;
}

/* What `issue --name a.test` wants now. */
static void make(struct scene *s, struct issue_request request)
{
    struct err err = ERR_INIT;

    scene_forget(s);
    request.name = "a.test";
    assert_int_equal(wanted_make(&s->env, &request, &s->trees, &s->wanted, &s->store, &err), 0);
}

static int make_fails(struct scene *s)
{
    const struct issue_request request = {.name = "a.test"};
    struct err err = ERR_INIT;

    scene_forget(s);
    return wanted_make(&s->env, &request, &s->trees, &s->wanted, &s->store, &err);
}

static void expect_tree(const struct scene *s, bool is_staging)
{
    assert_string_equal(s->wanted->ca->name, is_staging ? "trial" : "one");
    assert_string_equal(s->wanted->now.ca_spec, "one");
    assert_true(store_is_staging(s->store) == is_staging);
}

static void the_section_of_a_certificate_can_ask_for_staging(void **state)
{
    struct scene *s = *state;

    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\n");
    make(s, (struct issue_request){.name = NULL});
    expect_tree(s, false);
    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\nstaging = yes\n");
    make(s, (struct issue_request){.name = NULL});
    expect_tree(s, true);
    make(s, (struct issue_request){.ca = "one"});
    expect_tree(s, true);
}

static void a_certificate_says_more_of_staging_than_the_general_section(void **state)
{
    struct scene *s = *state;

    scene_configure(s, "staging = yes\n", "[certificate a.test]\ndomains = a.test\n");
    make(s, (struct issue_request){.name = NULL});
    expect_tree(s, true);
    scene_configure(s, "staging = yes\n", "[certificate a.test]\ndomains = a.test\nstaging = no\n");
    make(s, (struct issue_request){.name = NULL});
    expect_tree(s, false);
    make(s, (struct issue_request){.is_staging = true});
    expect_tree(s, true);
}

static char *read_kept(struct scene *s)
{
    AUTO_FREE char *path = store_cert_path(s->store, "a.test", "request.conf");
    AUTO(buf_done) struct buf text = BUF(4096);
    struct err err = ERR_INIT;

    assert_int_equal(wanted_save(s->wanted, s->store, &err), 0);
    assert_int_equal(fs_read(path, &text, &err), 0);
    return buf_take(&text);
}

static struct strv one(const char *text)
{
    struct strv list = STRV_INIT;

    strv_add(&list, text);
    return list;
}

/* A trial that the command line asked for is nothing that a later real run would take up. */
static void staging_is_not_remembered(void **state)
{
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");

    scene_configure(s, "", "");
    make(s, (struct issue_request){.domains = domains, .ca = "one", .is_staging = true});
    AUTO_FREE char *text = read_kept(s);
    assert_non_null(strstr(text, "ca = one\n"));
    assert_null(strstr(text, "staging ="));

    make(s, (struct issue_request){.is_staging = true});
    expect_tree(s, true);
    assert_string_equal(s->wanted->now.names.items[0], "a.test");
    assert_int_equal(make_fails(s), -ERR_CONFIG); /* nothing is known of it in the real tree */
}

/* What a section says is not what issue was told: taken out of the section, it is gone. */
/* For the day when the section holds a mistake. */
static void of_a_section_its_own_words_are_remembered(void **state)
{
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");

    scene_configure(s, "email = x@a.test\n",
                    "[certificate a.test]\ndomains = a.test, b.test\nkey-type = rsa2048\n"
                    "provider = far\nca = one\n");
    make(s, (struct issue_request){.domains = domains, .key_type = "ec384"});
    assert_int_equal(s->wanted->key_type, KEY_EC384); /* this time */
    assert_string_equal(s->wanted->now.email, "x@a.test");
    AUTO_FREE char *first = read_kept(s);
    assert_non_null(strstr(first, "configured = domains, ca, key-type, provider\ndomains = "
                                  "a.test\ndomains = b.test\nca = one\n"
                                  "key-type = rsa2048\nprovider = far\n"));
    assert_null(strstr(first, "email"));

    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\n");
    make(s, (struct issue_request){.name = NULL}); /* what it does not say any more is gone */
    assert_int_equal(s->wanted->now.providers.n, 0);
    assert_int_equal(s->wanted->key_type, KEY_EC256);
}

static void a_section_that_went_wrong_is_set_aside_when_nobody_watches(void **state)
{
    static const char WRONG[] = "[certificate a.test]\ndomains = a.test, b.test\nkey-type = dsa\n";
    struct scene *s = *state;
    struct err err = ERR_INIT;

    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\nkey-type = ec384\n");
    make(s, (struct issue_request){.name = NULL});
    AUTO_FREE char *before = read_kept(s);

    scene_configure_badly(s, WRONG);
    scene_forget(s);
    assert_true(wanted_make(&s->env, &(struct issue_request){.name = "a.test"}, &s->trees,
                            &s->wanted, &s->store, &err) < 0);
    assert_non_null(strstr(err.text, "a.conf:"));
    err_clear(&err);
    assert_int_equal(wanted_make(&s->env,
                                 &(struct issue_request){.name = "a.test", .is_set_aside = true},
                                 &s->trees, &s->wanted, &s->store, &err),
                     0);
    assert_true(s->wanted->is_disabled);
    assert_int_equal(s->wanted->now.names.n, 1);
    assert_int_equal(s->wanted->key_type, KEY_EC384);
    AUTO_FREE char *after = read_kept(s); /* saving does not touch it */
    assert_string_equal(after, before);
}

static void what_the_environment_said_is_remembered(void **state)
{
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");

    assert_int_equal(setenv("ACME_DNS_KEY_TYPE", "ec384", 1), 0);
    scene_configure(s, "", "");
    assert_int_equal(unsetenv("ACME_DNS_KEY_TYPE"), 0);
    make(s, (struct issue_request){.domains = domains});
    AUTO_FREE char *text = read_kept(s);
    assert_non_null(strstr(text, "key-type = ec384\n"));
    assert_null(strstr(text, "ca ="));
}

static void two_providers_of_one_zone_come_back_as_they_were(void **state)
{
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");
    AUTO(strv_done) struct strv providers = one("a.test=near,far");

    strv_add(&providers, "other");
    scene_configure(s, "", "");
    make(s, (struct issue_request){.domains = domains, .providers = providers});
    AUTO_FREE char *text = read_kept(s);
    assert_non_null(strstr(text, "provider = a.test=near,far\nprovider = other\n"));
    make(s, (struct issue_request){.name = NULL});
    assert_int_equal(s->wanted->now.providers.n, 2);
    assert_string_equal(s->wanted->now.providers.items[0], "a.test=near,far");
    assert_string_equal(s->wanted->now.providers.items[1], "other");
}

/* Any directory may be another's partner for trials; it need not say so of itself. */
static void a_staging_partner_counts_as_staging(void **state)
{
    struct scene *s = *state;

    scene_configure(s, "",
                    "[ca corp]\ndirectory = https://corp.test/dir\n"
                    "staging = https://try.corp.test/dir\n"
                    "[certificate a.test]\ndomains = a.test\nca = corp\n");
    make(s, (struct issue_request){.is_staging = true});
    assert_string_equal(s->wanted->ca->directory, "https://try.corp.test/dir");
    assert_true(s->wanted->ca->is_staging);
    assert_true(store_is_staging(s->store));
}

/* Whoever can write there can have root run a program. */
static void root_refuses_what_others_can_write(void **state)
{
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");
    AUTO_FREE char *path = NULL;

    if (geteuid() != 0) {
        skip();
    }
    scene_configure(s, "", "");
    make(s, (struct issue_request){.domains = domains});
    mem_free(read_kept(s));
    path = store_cert_path(s->store, "a.test", "request.conf");
    assert_int_equal(chmod(path, 0622), 0);
    assert_int_equal(make_fails(s), -ERR_CONFIG);
    assert_int_equal(chmod(path, 0600), 0);
    make(s, (struct issue_request){.name = NULL});
}

static void a_ca_has_what_its_section_says(void **state)
{
    struct scene *s = *state;

    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\n");
    make(s, (struct issue_request){.name = NULL});
    assert_string_equal(s->wanted->ca->profile, "short");
    assert_null(s->wanted->ca->ca_file);
    make(s, (struct issue_request){.is_staging = true});
    assert_null(s->wanted->ca->profile);
    assert_string_equal(s->wanted->ca->ca_file, "/etc/x/trial.pem");
}

static void a_key_is_its_owners_unless_a_group_is_named(void **state)
{
    struct scene *s = *state;

    if (geteuid() != 0) {
        skip();
    }
    scene_configure(s, "keep = 5\n", "[certificate a.test]\ndomains = a.test\n");
    make(s, (struct issue_request){.name = NULL});
    assert_int_equal(s->wanted->privkey_mode, 0600);
    assert_true(s->wanted->privkey_gid == STORE_GID_NONE);
    assert_int_equal(s->wanted->keep, 5);
    scene_configure(s, "keep = 5\n",
                    "[certificate a.test]\ndomains = a.test\ngroup = 12\nkeep = 2\n");
    make(s, (struct issue_request){.name = NULL});
    assert_int_equal(s->wanted->privkey_mode, 0640);
    assert_int_equal(s->wanted->privkey_gid, 12);
    assert_int_equal(s->wanted->keep, 2);
    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\ngroup = 12\nmode = 0440\n");
    make(s, (struct issue_request){.name = NULL});
    assert_int_equal(s->wanted->privkey_mode, 0440);
}

/* What only one command line said would be missed by the next renewal. */
static void a_life_that_the_command_line_wants_is_remembered(void **state)
{
    static const struct settings_override FLAGS[] = {{"renew-before", "--renew-before", "20d"},
                                                     {"keep", "--keep", "9"}};
    struct scene *s = *state;
    AUTO(strv_done) struct strv domains = one("a.test");
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;

    scene_configure(s, "renew-before = 10d\n", "");
    settings_free(s->settings);
    s->settings = settings_new(s->config, "/etc/x/a.conf", FLAGS, ARRAY_LEN(FLAGS), &errors);
    s->env.settings = s->settings;
    make(s, (struct issue_request){.domains = domains, .profile = "long"});
    assert_string_equal(s->wanted->ca->profile, "long");
    AUTO_FREE char *text = read_kept(s);
    assert_non_null(strstr(text, "profile = long\nrenew-before = 20d\nkeep = 9\n"));

    scene_configure(s, "renew-before = 10d\nkeep = 1\n", "");
    make(s, (struct issue_request){.name = NULL});
    assert_string_equal(s->wanted->ca->profile, "long");
    assert_int_equal(s->wanted->renew_before.ms, (int64_t)20 * 86400000);
    assert_int_equal(s->wanted->keep, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_section_of_a_certificate_can_ask_for_staging,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_certificate_says_more_of_staging_than_the_general_section,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(staging_is_not_remembered, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_section_that_went_wrong_is_set_aside_when_nobody_watches,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(of_a_section_its_own_words_are_remembered, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(what_the_environment_said_is_remembered, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(two_providers_of_one_zone_come_back_as_they_were,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_staging_partner_counts_as_staging, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(root_refuses_what_others_can_write, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(a_ca_has_what_its_section_says, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_key_is_its_owners_unless_a_group_is_named, scene_open,
                                        scene_close),
        cmocka_unit_test_setup_teardown(a_life_that_the_command_line_wants_is_remembered,
                                        scene_open, scene_close),
    };

    return cmocka_run_group_tests_name("task/wanted", tests, NULL, NULL);
}
