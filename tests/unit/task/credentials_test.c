/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Sections that are written for a user: which files come, and which go again. */
#include "../base/cmocka_all.h"
#include "base/fs.h"
#include "base/mem.h"
#include "provider/describe.h"
#include "task/credentials.h"

#include "acme-plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct bed {
    char root[64];
    char *config;
    struct credentials *credentials;
    struct strv left;
    struct err err;
};

static int set_up(void **state)
{
    static struct provider_option token = {.name = (char *)(uintptr_t) "token",
                                           .type = ACME_OPTION_STRING,
                                           .flags = ACME_OPTION_SECRET};
    struct bed *bed = NEW(struct bed);

    (void)snprintf(bed->root, sizeof(bed->root), "/tmp/acme-dns-credentials-XXXXXX");
    if (mkdtemp(bed->root) == NULL) {
        return -1;
    }
    bed->config = str_fmt("%s/etc/deep/acme.conf", bed->root);
    bed->credentials = credentials_new(bed->config, "mine", "demo");
    *state = bed;
    return credentials_add(bed->credentials, &token, "t0p", 3, false, &bed->err);
}

static int tear_down(void **state)
{
    struct bed *bed = *state;
    struct err err = ERR_INIT;

    (void)fs_remove_tree(bed->root, &err);
    credentials_free(bed->credentials);
    strv_done(&bed->left);
    mem_free(bed->config);
    mem_free(bed);
    return 0;
}

static unsigned mode_of(const struct bed *bed, const char *name)
{
    AUTO_FREE char *path = str_fmt("%s/etc/deep%s", bed->root, name);
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void a_configuration_begins_where_it_is_named(void **state)
{
    struct bed *bed = *state;

    assert_int_equal(credentials_write(bed->credentials, &bed->left, &bed->err), 0);
    assert_string_equal(credentials_made(bed->credentials), bed->config);
    assert_int_equal(mode_of(bed, ""), 0755);
    assert_int_equal(mode_of(bed, "/acme.conf"), 0644);
    assert_int_equal(mode_of(bed, "/conf.d/provider-mine.conf"), 0644);
    assert_int_equal(mode_of(bed, "/secrets"), 0700);
    assert_int_equal(mode_of(bed, "/secrets/mine.token"), 0600);
}

static void one_that_is_there_is_left_alone(void **state)
{
    struct bed *bed = *state;
    AUTO_FREE char *dir = str_fmt("%s/etc/deep", bed->root);
    AUTO(buf_done) struct buf text = BUF(4096);

    assert_int_equal(fs_mkdir_all(dir, 0755, &bed->err), 0);
    assert_int_equal(fs_write_new(bed->config, "# mine\n", 7, 0600, &bed->err), 0);
    assert_int_equal(credentials_write(bed->credentials, &bed->left, &bed->err), 0);
    assert_null(credentials_made(bed->credentials));
    assert_int_equal(fs_read(bed->config, &text, &bed->err), 0);
    assert_string_equal(buf_str(&text), "# mine\n");
}

static void what_is_withdrawn_leaves_nothing(void **state)
{
    struct bed *bed = *state;
    AUTO_FREE char *etc = str_fmt("%s/etc", bed->root);

    assert_int_equal(credentials_write(bed->credentials, &bed->left, &bed->err), 0);
    assert_int_equal(unlink(credentials_path(bed->credentials)), 0);
    credentials_withdraw(bed->credentials, &bed->left);
    assert_false(fs_exists(etc));
    assert_int_equal(bed->left.n, 0);
}

static void what_cannot_be_removed_is_named(void **state)
{
    struct bed *bed = *state;
    AUTO_FREE char *secret = str_fmt("%s/etc/deep/secrets/mine.token", bed->root);

    assert_int_equal(credentials_store(bed->credentials, &bed->left, &bed->err), 0);
    assert_int_equal(unlink(secret), 0);
    assert_int_equal(mkdir(secret, 0700), 0); /* no unlink() takes that */
    credentials_withdraw(bed->credentials, &bed->left);
    assert_int_equal(bed->left.n, 1);
    assert_string_equal(bed->left.items[0], secret);
}

static void roots_configuration_begins_nowhere_that_others_write(void **state)
{
    struct bed *bed = *state;
    AUTO_FREE char *dir = str_fmt("%s/etc/deep", bed->root);
    int result = 0;

    assert_int_equal(fs_mkdir_all(dir, 0777, &bed->err), 0);
    result = credentials_write(bed->credentials, &bed->left, &bed->err);
    if (geteuid() != 0) {
        assert_int_equal(result, 0); /* it is the user's own business */
        return;
    }
    assert_int_equal(result, -ERR_CONFIG);
    assert_non_null(strstr(bed->err.text, dir));
    assert_non_null(strstr(bed->err.text, "--config FILE"));
    assert_false(fs_exists(bed->config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_configuration_begins_where_it_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_there_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_withdrawn_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_removed_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roots_configuration_begins_nowhere_that_others_write,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
