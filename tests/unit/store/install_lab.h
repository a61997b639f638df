/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What an installation needs, in one line: a certificate of the lab's CA, installed, and looked at
 * through the links that servers use. */
#ifndef TESTS_STORE_INSTALL_LAB_H
#define TESTS_STORE_INSTALL_LAB_H

#include "store_lab.h"

#include "store/store_cert.h"

#define LAB_NAME "example.com"
#define LAB_CERTS "certs/" LAB_NAME "/"

static inline void lab_on_installed(void *arg, const struct store_cert *cert, const struct err *err)
{
    struct lab *lab = arg;

    assert_true((cert == NULL) != (err == NULL));
    lab_on_done(lab, err);
}

/* The serial is 5a00nn. With a key, so that tests can make it not fit. */
static inline void lab_make_chain(const struct lab *lab, uint8_t number, const struct key *key,
                                  struct buf *pem)
{
    const char serial[3] = {0x5a, 0, (char)number};
    struct test_cert leaf =
        test_cert_make(&(struct test_cert_plan){.names = {"*.example.com", "example.com"},
                                                .key = key,
                                                .issuer = &lab->root,
                                                .begin_s = -3600,
                                                .serial = serial,
                                                .serial_len = 3});
    test_cert_add(&leaf, pem);
    test_cert_done(&leaf);
}

/* Installs and returns the error's class. */
static inline int lab_install_with(struct lab *lab, const struct store_install *wanted)
{
    lab->n_done = 0;
    assert_non_null(store_cert_install(lab->store, wanted, lab_on_installed, lab));
    assert_int_equal(lab->n_done, 0);
    lab_turn(lab);
    assert_int_equal(lab->n_done, 1);
    return (int)lab->err.class;
}

static inline struct store_install lab_wanted(const struct strv *names, const struct buf *pem,
                                              struct key *key)
{
    return (struct store_install){
        .name = LAB_NAME,
        .chain_pem = pem->bytes,
        .chain_len = pem->len,
        .key = key,
        .domains = names,
        .ca_name = "lab",
        .directory_url = "https://ca.example/dir",
        .account_id = "default",
        .order_url = "https://ca.example/order/1",
        .privkey_gid = STORE_GID_NONE,
    };
}

static inline int lab_install_chain(struct lab *lab, const struct buf *pem, struct key *key)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    strv_add(&names, "*.example.com");
    strv_add(&names, "example.com");
    const struct store_install wanted = lab_wanted(&names, pem, key);
    return lab_install_with(lab, &wanted);
}

static inline void lab_install(struct lab *lab, uint8_t number, struct key *key)
{
    AUTO(buf_done) struct buf pem = BUF(65536);

    lab_make_chain(lab, number, key, &pem);
    if (lab_install_chain(lab, &pem, key) != ERR_NONE) {
        fail_msg("%s", lab->err.text);
    }
}

/* What a server sees: key and chain through the links, fitting; the serial is given back, to
 * mem_free. */
static inline char *lab_look(const struct lab *lab)
{
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO(buf_done) struct buf key_pem = BUF_SECRET(KEY_FILE_MAX);
    AUTO_FREE char *chain_path = lab_path(lab, LAB_CERTS "fullchain.pem");
    AUTO_FREE char *key_path = lab_path(lab, LAB_CERTS "privkey.pem");
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    AUTO_PTR(key) struct key *key = NULL;
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    strv_add(&names, "example.com");
    if (fs_read(chain_path, &pem, &err) < 0 || fs_read(key_path, &key_pem, &err) < 0 ||
        cert_chain_parse(pem.bytes, pem.len, &chain, &err) < 0 ||
        key_from_pem(key_pem.bytes, key_pem.len, &key, &err) < 0 ||
        cert_chain_verify(chain, key, &names, clock_wall_s(), &err) < 0) {
        fail_msg("%s", err.text);
    }
    return str_dup(cert_chain_leaf(chain)->serial_hex);
}

static inline void lab_assert_live(const struct lab *lab, const char *serial)
{
    AUTO_FREE char *found = lab_look(lab);

    assert_string_equal(found, serial);
}

/* Entries of a folder below STATE, joined by blanks, to mem_free. Hidden ones count too. */
static inline char *lab_list(const struct lab *lab, const char *path)
{
    AUTO_FREE char *full = lab_path(lab, path);
    AUTO_FREE char *staged = fs_join(full, ".new");
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(fs_list(full, &names, &err), 0);
    if (fs_exists(staged)) {
        strv_add(&names, ".new");
    }
    return strv_join(&names, " ");
}

#endif
