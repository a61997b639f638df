/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A state folder of its own for each test, with a loop, two keys and a little CA. For programs that
 * have included cmocka.h.
 */
#ifndef TESTS_STORE_LAB_H
#define TESTS_STORE_LAB_H

#include "../keys/fixtures.h"
#include "../keys/test_ca.h"
#include "base/fs.h"
#include "base/loop.h"
#include "base/mem.h"
#include "store/store.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct lab {
    char dir[64];
    struct loop *loop;
    struct store *store;
    struct key *key;
    struct key *other_key;
    struct test_cert root;
    unsigned n_done;
    struct err err; /* of the last job */
};

static inline void lab_open(struct lab *lab)
{
    struct err err = ERR_INIT;

    if (loop_new(&lab->loop, &err) < 0 ||
        store_open(lab->loop, lab->dir, false, &lab->store, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static inline void lab_close(struct lab *lab)
{
    store_free(TAKE(lab->store));
    loop_free(TAKE(lab->loop));
}

static inline int lab_setup(void **state)
{
    struct lab *lab = NEW(struct lab);
    struct err err = ERR_INIT;

    (void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/acme-dns-store-XXXXXX");
    assert_non_null(mkdtemp(lab->dir));
    lab_open(lab);
    assert_int_equal(key_from_pem(rfc7515_pem, strlen(rfc7515_pem), &lab->key, &err), 0);
    assert_int_equal(key_from_pem(short_p256_pem, strlen(short_p256_pem), &lab->other_key, &err),
                     0);
    lab->root = test_cert_make(&(struct test_cert_plan){.cn = "Lab CA", .is_ca = true});
    *state = lab;
    return 0;
}

static inline int lab_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline int lab_teardown(void **state)
{
    struct lab *lab = *state;

    lab_close(lab);
    key_unref(lab->key);
    key_unref(lab->other_key);
    test_cert_done(&lab->root);
    (void)nftw(lab->dir, lab_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    mem_free(lab);
    return 0;
}

static inline void lab_turn(struct lab *lab)
{
    struct err err = ERR_INIT;

    if (loop_run(lab->loop, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

/* A store_done_fn. */
static inline void lab_on_done(void *arg, const struct err *err)
{
    struct lab *lab = arg;

    lab->n_done++;
    lab->err = err == NULL ? (struct err)ERR_INIT : *err;
}

/* STATE/path, to mem_free. */
static inline char *lab_path(const struct lab *lab, const char *path)
{
    return fs_join(lab->dir, path);
}

static inline void lab_write(const struct lab *lab, const char *path, const char *text)
{
    AUTO_FREE char *full = lab_path(lab, path);
    struct err err = ERR_INIT;

    if (fs_write_atomic(full, text, strlen(text), 0600, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static inline void lab_assert_mode(const struct lab *lab, const char *path, mode_t wanted)
{
    AUTO_FREE char *full = lab_path(lab, path);
    struct stat st;

    if (stat(full, &st) < 0 || (st.st_mode & 07777) != wanted) {
        fail_msg("%s: mode is not %04o", full, (unsigned)wanted);
    }
}

static inline void lab_assert_says(const struct err *err, const char *what)
{
    if (strstr(err->text, what) == NULL) {
        fail_msg("'%s' does not say '%s'", err->text, what);
    }
}

#define LAB_TEST(f) cmocka_unit_test_setup_teardown(f, lab_setup, lab_teardown)

#endif
