/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What is kept of a wish: request.conf. For a certificate that the configuration has a section for,
 * what that section says now comes first, for the day when it is wrong; which keys those are is
 * said by the key `configured`. What commands said stays behind them.
 */
#include "task/wanted_impl.h"

#include "base/mem.h"

static void add_all(struct store_pairs *pairs, const char *key, const struct strv *values)
{
    for (size_t i = 0; i < values->n; i++) {
        store_pairs_add(pairs, key, values->items[i]);
    }
}

static void add_text(struct store_pairs *pairs, const char *key, const char *text)
{
    if (text != NULL) {
        store_pairs_add(pairs, key, text);
    }
}

static void add_wish(struct store_pairs *pairs, const struct wish *kept)
{
    AUTO_FREE char *mode = kept->mode == 0 ? NULL : str_fmt("%04o", (unsigned)kept->mode);
    AUTO_FREE char *renew_before = margin_format(&kept->renew_before);
    AUTO_FREE char *keep = kept->keep == 0 ? NULL : str_fmt("%u", kept->keep);

    add_all(pairs, "domains", &kept->names);
    add_text(pairs, kept->is_server ? "server" : "ca", kept->ca_spec);
    add_text(pairs, "key-type", kept->key_type_text);
    add_all(pairs, "provider", &kept->providers);
    add_all(pairs, "allow-alias", &kept->allow_aliases);
    add_all(pairs, "deploy-hook", &kept->deploy_hooks);
    add_all(pairs, "pre-hook", &kept->pre_hooks);
    add_all(pairs, "post-hook", &kept->post_hooks);
    for (int piece = 0; piece < COPY_PIECES; piece++) {
        add_all(pairs, copy_piece_key((enum copy_piece)piece), &kept->copies[piece]);
    }
    add_text(pairs, "email", kept->email);
    add_text(pairs, "profile", kept->profile);
    add_text(pairs, "group", kept->group);
    add_text(pairs, "mode", mode);
    add_text(pairs, "renew-before", renew_before);
    add_text(pairs, "keep", keep);
}

/* Each of them says which CA. */
static bool is_same_key(const char *a, const char *b)
{
    bool is_ca = str_eq(a, "ca") || str_eq(a, "server");

    return str_eq(a, b) || (is_ca && (str_eq(b, "ca") || str_eq(b, "server")));
}

static bool has_key(const struct store_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->n; i++) {
        if (is_same_key(pairs->items[i].key, key)) {
            return true;
        }
    }
    return false;
}

/* "domains, ca": what the section says. */
static char *list_keys(const struct store_pairs *section)
{
    AUTO(strv_done) struct strv keys = STRV_INIT;

    for (size_t i = 0; i < section->n; i++) {
        strv_add_unique(&keys, section->items[i].key);
    }
    return strv_join(&keys, ", ");
}

/* ... and of what commands said, only what it does not say. */
static void merge(const struct store_pairs *section, const struct store_pairs *commands,
                  struct store_pairs *to)
{
    AUTO_FREE char *keys = list_keys(section);

    store_pairs_add(to, STORE_REQUEST_CONFIGURED, keys);
    for (size_t i = 0; i < section->n; i++) {
        store_pairs_add(to, section->items[i].key, section->items[i].value);
    }
    for (size_t i = 0; i < commands->n; i++) {
        if (!has_key(section, commands->items[i].key)) {
            store_pairs_add(to, commands->items[i].key, commands->items[i].value);
        }
    }
}

static void add_section(struct store_pairs *pairs, const struct certificate_section *section)
{
    struct wish wish = {.ca_spec = NULL};

    wish_take_section(&wish, section);
    add_wish(pairs, &wish);
    wish_done(&wish);
}

void wanted_add_commands(struct store_pairs *pairs, const struct store_pairs *request)
{
    AUTO(strv_done) struct strv keys = STRV_INIT;
    const char *configured = store_pairs_find(request, STORE_REQUEST_CONFIGURED);

    strv_add(&keys, STORE_REQUEST_CONFIGURED);
    strv_add(&keys, STORE_REQUEST_BEGUN);
    strv_add_split(&keys, configured == NULL ? "" : configured, ", ");
    for (size_t i = 0; i < request->n; i++) {
        if (!strv_has(&keys, request->items[i].key)) {
            store_pairs_add(pairs, request->items[i].key, request->items[i].value);
        }
    }
}

static void list_values(const struct store_pairs *pairs, const char *key, struct strv *ret_values)
{
    for (size_t i = 0; i < pairs->n; i++) {
        if (is_same_key(pairs->items[i].key, key)) {
            strv_add(ret_values, pairs->items[i].value);
        }
    }
}

static bool is_same_value(const struct store_pairs *a, const struct store_pairs *b, const char *key)
{
    AUTO(strv_done) struct strv of_a = STRV_INIT;
    AUTO(strv_done) struct strv of_b = STRV_INIT;

    list_values(a, key, &of_a);
    list_values(b, key, &of_b);
    return strv_is_same_set(&of_a, &of_b);
}

char *wanted_find_passing(const struct wanted *wanted)
{
    AUTO(store_pairs_done) struct store_pairs section = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs now = STORE_PAIRS_INIT;
    AUTO(strv_done) struct strv keys = STRV_INIT;

    add_wish(&section, &wanted->section);
    add_wish(&now, &wanted->now);
    for (size_t i = 0; i < section.n; i++) {
        if (!is_same_value(&section, &now, section.items[i].key)) {
            strv_add_unique(&keys, section.items[i].key);
        }
    }
    return keys.n == 0 ? NULL : strv_join(&keys, ", ");
}

bool wanted_was_configured(const struct store_pairs *request)
{
    return store_pairs_find(request, STORE_REQUEST_CONFIGURED) != NULL;
}

bool wanted_is_kept(const struct certificate_section *section, const struct store_pairs *request)
{
    AUTO(store_pairs_done) struct store_pairs said = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs commands = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs merged = STORE_PAIRS_INIT;

    add_section(&said, section);
    wanted_add_commands(&commands, request);
    merge(&said, &commands, &merged);
    return store_pairs_are_equal(&merged, request);
}

/* All of request.conf. */
static void make_request(const struct wanted *wanted, struct store_pairs *ret_pairs)
{
    AUTO(store_pairs_done) struct store_pairs section = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs commands = STORE_PAIRS_INIT;

    if (!wanted->is_configured) {
        add_wish(ret_pairs, &wanted->kept);
        return;
    }
    add_wish(&section, &wanted->section);
    add_wish(&commands, &wanted->kept);
    merge(&section, &commands, ret_pairs);
}

int wanted_check_kept(const struct wanted *wanted, struct err *err)
{
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;

    make_request(wanted, &request);
    return wanted->is_disabled ? 0 : store_request_check_pairs(wanted->name, &request, err);
}

int wanted_save(const struct wanted *wanted, struct store *store, struct err *err)
{
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;

    make_request(wanted, &request);
    /* What counts while a section is set aside is what is there already. */
    return wanted->is_disabled ? 0 : store_request_save(store, wanted->name, &request, err);
}

int wanted_save_begun(const struct wanted *wanted, struct store *store, struct err *err)
{
    AUTO(store_pairs_done) struct store_pairs before = STORE_PAIRS_INIT;
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;
    int code = store_request_load(store, wanted->name, &before, err);

    if (wanted->is_disabled || wanted->is_configured ||
        (code == 0 && store_pairs_find(&before, STORE_REQUEST_BEGUN) == NULL)) {
        return 0;
    }
    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    err_clear(err);
    make_request(wanted, &request);
    store_pairs_add(&request, STORE_REQUEST_BEGUN, "yes");
    return store_request_save(store, wanted->name, &request, err);
}
