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
    struct store *store;
};

static void scene_configure(struct scene *s, const char *general, const char *sections)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_FREE char *text = str_fmt(CONFIG, s->state_dir, general, sections);

    settings_free(s->settings);
    config_free(s->config);
    s->config = config_parse("/etc/x/a.conf", text, strlen(text), &errors);
    s->settings = settings_new(s->config, "/etc/x/a.conf", NULL, 0, &errors);
    assert_int_equal(errors.n, 0);
    s->env = (struct task_env){.loop = s->loop, .config = s->config, .settings = s->settings};
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
    store_free(TAKE(s->store));
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
    assert_int_equal(wanted_make(&s->env, &request, &s->wanted, &s->store, &err), 0);
}

static int make_fails(struct scene *s)
{
    const struct issue_request request = {.name = "a.test"};
    struct err err = ERR_INIT;

    scene_forget(s);
    return wanted_make(&s->env, &request, &s->wanted, &s->store, &err);
}

static void expect_tree(const struct scene *s, bool is_staging)
{
    assert_string_equal(s->wanted->ca->name, is_staging ? "trial" : "one");
    assert_string_equal(s->wanted->ca_spec, "one");
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

/* A trial that the section asked for is nothing that a later real run would take up. */
static void staging_is_not_remembered(void **state)
{
    struct scene *s = *state;
    AUTO(buf_done) struct buf text = BUF(4096);
    AUTO_FREE char *path = NULL;
    struct err err = ERR_INIT;

    scene_configure(s, "", "[certificate a.test]\ndomains = a.test\nstaging = yes\n");
    make(s, (struct issue_request){.name = NULL});
    assert_int_equal(wanted_save(s->wanted, s->store, &err), 0);
    path = store_cert_path(s->store, "a.test", "request.conf");
    assert_int_equal(fs_read(path, &text, &err), 0);
    assert_non_null(strstr(buf_str(&text), "ca = one\n"));
    assert_null(strstr(buf_str(&text), "staging ="));

    scene_configure(s, "", "");
    make(s, (struct issue_request){.is_staging = true});
    expect_tree(s, true);
    assert_string_equal(s->wanted->names.items[0], "a.test");
    assert_int_equal(make_fails(s), -ERR_CONFIG); /* nothing is known of it in the real tree */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_section_of_a_certificate_can_ask_for_staging,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_certificate_says_more_of_staging_than_the_general_section,
                                        scene_open, scene_close),
        cmocka_unit_test_setup_teardown(staging_is_not_remembered, scene_open, scene_close),
        cmocka_unit_test_setup_teardown(a_ca_has_what_its_section_says, scene_open, scene_close),
    };

    return cmocka_run_group_tests_name("task/wanted", tests, NULL, NULL);
}
