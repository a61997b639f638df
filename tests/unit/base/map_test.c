/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/map.h"

#include "base/mem.h"
#include "base/str.h"
#include "cmocka_all.h"

static void finds_what_was_set_and_nothing_else(void **state)
{
    AUTO_PTR(map) struct map *map = map_new();
    int one = 1;
    int two = 2;

    (void)state;
    assert_null(map_find(map, "a"));
    map_set(map, "a", &one);
    map_set(map, "", &two);
    assert_ptr_equal(map_find(map, "a"), &one);
    assert_ptr_equal(map_find(map, ""), &two);
    assert_null(map_find(map, "A"));
    map_set(map, "a", &two);
    assert_ptr_equal(map_find(map, "a"), &two);
}

static void keeps_copies_of_its_keys(void **state)
{
    AUTO_PTR(map) struct map *map = map_new();
    char key[] = "first";
    int value = 0;

    (void)state;
    map_set(map, key, &value);
    key[0] = 'F';
    assert_ptr_equal(map_find(map, "first"), &value);
    assert_null(map_find(map, key));
}

static void grows_over_many_and_loses_none(void **state)
{
    enum { MANY = 20000 };
    static int values[MANY];
    AUTO_PTR(map) struct map *map = map_new();

    (void)state;
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *key = str_fmt("certificate host-%d.example.com", i);

        map_set(map, key, &values[i]);
    }
    for (int i = 0; i < MANY; i++) {
        AUTO_FREE char *key = str_fmt("certificate host-%d.example.com", i);

        assert_ptr_equal(map_find(map, key), &values[i]);
    }
    assert_null(map_find(map, "certificate host-20000.example.com"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_set_and_nothing_else),
        cmocka_unit_test(keeps_copies_of_its_keys),
        cmocka_unit_test(grows_over_many_and_loses_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
