/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which files no worker may reach. */
#include "provider/set.h"

#include "../base/cmocka_all.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/acme-dns-set-XXXXXX";

/* A file of the folder, to mem_free. */
static char *make_file(const char *name, mode_t mode)
{
    char *path = fs_join(folder, name);
    struct err err = ERR_INIT;

    assert_int_equal(fs_write_new(path, "x", 1, mode, &err), 0);
    return path;
}

static void every_file_that_may_hold_a_secret_is_denied(void **state)
{
    AUTO_FREE char *token = make_file("token", 0600);
    AUTO_FREE char *group = make_file("group", 0640);
    AUTO_FREE char *bundle = make_file("bundle", 0644);
    AUTO_FREE char *hmac = make_file("hmac", 0400);
    AUTO_FREE char *absent = fs_join(folder, "absent");
    AUTO_FREE char *text = str_fmt("[provider a]\ntoken-file = %s\nca-file = %s\n"
                                   "[provider b]\nkey-file = %s\nother-file = %s\nplace = %s\n"
                                   "[ca c]\neab-hmac-key-file = %s\n",
                                   token, bundle, group, absent, bundle, hmac);
    struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO_PTR(config) struct config *config = config_parse("a.conf", text, strlen(text), &errors);
    AUTO_PTR(provider_set) struct provider_set *set = NULL;
    const struct provider_settings settings = {.worker_path = NULL};
    struct loop *loop = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(provider_set_new(loop, config, &settings, &set, &err), 0);
    assert_int_equal(set->reach.n, 0); /* nothing is looked for before a worker is to start */
    confine_set(set);
    assert_true(set->reach.n > 0);
    assert_true(strv_has(&set->reach.denied, token));
    assert_true(strv_has(&set->reach.denied, group));
    assert_true(strv_has(&set->reach.denied, absent));
    assert_true(strv_has(&set->reach.denied, hmac));
    assert_false(strv_has(&set->reach.denied, bundle));
    provider_set_free(TAKE(set));
    loop_free(loop);
    config_errors_done(&errors);
    (void)unlink(token);
    (void)unlink(group);
    (void)unlink(bundle);
    (void)unlink(hmac);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_that_may_hold_a_secret_is_denied),
    };

    assert_non_null(mkdtemp(folder));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
