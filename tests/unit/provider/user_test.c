/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/user.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Whether this process could become uid at all: its user namespace may not have it. */
static bool has_uid(unsigned long uid)
{
    FILE *map = fopen("/proc/self/uid_map", "re");
    unsigned long inside, outside, count;
    bool is_found = false;

    while (map != NULL && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3) {
        is_found = is_found || (uid >= inside && uid - inside < count);
    }
    if (map != NULL) {
        (void)fclose(map);
    }
    return is_found;
}

static void an_unknown_user_is_an_error(void **state)
{
    struct user user = {.name = NULL};
    struct err err = ERR_INIT;

    (void)state;
    assert_true(user_find("no-such-user-here", &user, &err) < 0);
    assert_non_null(strstr(err.text, "no-such-user-here"));
    assert_null(user.name);
}

static void only_root_becomes_someone_else(void **state)
{
    const struct passwd *nobody = getpwnam("nobody");
    const char *name = nobody != NULL && nobody->pw_uid == geteuid() ? "daemon" : "nobody";
    const struct passwd *other = getpwnam(name);
    struct user user = {.name = NULL};
    struct err err = ERR_INIT;

    (void)state;
    assert_non_null(other);
    uid_t uid = other->pw_uid;
    bool is_possible = geteuid() == 0 && has_uid(uid);
    assert_true((user_find(name, &user, &err) == 0) == is_possible);
    if (is_possible) {
        assert_true(user.is_switched && user.is_asked);
        assert_int_equal(user.uid, uid);
        assert_true(user.n_groups >= 1);
    } else {
        assert_non_null(strstr(err.text, name));
    }
    user_done(&user);
}

static void whoever_asks_for_himself_stays_himself(void **state)
{
    const struct passwd *self = getpwuid(geteuid());
    struct user user = {.name = NULL};
    struct err err = ERR_INIT;

    (void)state;
    if (self == NULL) {
        return; /* a number without a name: there is nothing to ask for */
    }
    AUTO_FREE char *name = str_dup(self->pw_name);
    assert_int_equal(user_find(name, &user, &err), 0);
    assert_false(user.is_switched);
    assert_true(user.is_asked);
    user_done(&user);
}

static void the_default_is_never_root_where_another_can_be_had(void **state)
{
    const struct passwd *nobody = getpwnam("nobody");
    struct user user;
    AUTO_FREE char *warning = NULL;

    (void)state;
    user_find_default("no-such-user-here", &user, &warning);
    if (geteuid() == 0 && nobody != NULL && has_uid(nobody->pw_uid)) {
        assert_int_equal(user.uid, nobody->pw_uid);
        assert_true(user.is_switched);
        assert_non_null(strstr(warning, "no-such-user-here"));
        assert_int_equal(user.n_groups, 0);
    } else {
        assert_int_equal(user.uid, geteuid());
        assert_false(user.is_switched);
        assert_null(warning);
    }
    assert_false(user.is_asked);
    user_done(&user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_user_is_an_error),
        cmocka_unit_test(only_root_becomes_someone_else),
        cmocka_unit_test(whoever_asks_for_himself_stays_himself),
        cmocka_unit_test(the_default_is_never_root_where_another_can_be_had),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
