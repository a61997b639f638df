/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* metadata.json: what the certificate itself does not say (by whom, how, for which request). */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_internal.h"

/* The text members, read and written by one table so that the two cannot differ. */
static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"ca", offsetof(struct store_cert, ca_name)},
    {"directory", offsetof(struct store_cert, directory_url)},
    {"account", offsetof(struct store_cert, account_id)},
    {"profile", offsetof(struct store_cert, profile)},
    {"serial", offsetof(struct store_cert, serial)},
    {"issuer", offsetof(struct store_cert, issuer)},
    {"sha256", offsetof(struct store_cert, sha256_hex)},
    {"order", offsetof(struct store_cert, order_url)},
    {"certificate", offsetof(struct store_cert, certificate_url)},
    {"default-provider", offsetof(struct store_cert, default_provider)},
    {"previous", offsetof(struct store_cert, previous_version)},
};

static const struct {
    const char *key;
    size_t offset;
} times[] = {
    {"issued", offsetof(struct store_cert, issued_s)},
    {"not-before", offsetof(struct store_cert, not_before_s)},
    {"not-after", offsetof(struct store_cert, not_after_s)},
};

static char **text_at(struct store_cert *cert, size_t offset)
{
    return (char **)(void *)((char *)cert + offset);
}

static int64_t *time_at(struct store_cert *cert, size_t offset)
{
    return (int64_t *)(void *)((char *)cert + offset);
}

char *store_meta_format(const struct store_cert *cert)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);

    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "name", cert->name);
    json_out_kstrv(out, "domains", &cert->domains);
    json_out_kstr(out, "key-type", key_type_name(cert->key_type));
    json_out_kstrv(out, "providers", &cert->providers);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        char date[CLOCK_TEXT_MAX];

        clock_format(*(const int64_t *)(const void *)((const char *)cert + times[i].offset), date);
        json_out_kstr(out, times[i].key, date);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        json_out_kstr(out, texts[i].key,
                      *(char *const *)(const void *)((const char *)cert + texts[i].offset));
    }
    json_out_end(out);
    return json_out_take(out);
}

static int refuse(struct err *err, const char *path, const char *key)
{
    return err_set(err, ERR_MALFORMED, "'%s' is damaged: no usable \"%s\"", path, key);
}

int store_meta_load(const char *path, const char *sha256_hex, struct store_cert *cert,
                    struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    AUTO(strv_done) struct strv domains = STRV_INIT;
    enum key_type type = KEY_EC256;
    const char *type_name = NULL;
    int64_t seconds[ARRAY_LEN(times)];

    if (store_json_load(path, &json, err) < 0) {
        return err_code(err);
    }
    if (!str_eq(json_get_str(json, "sha256"), sha256_hex)) {
        return err_set(err, ERR_MALFORMED, "'%s' is about another certificate", path);
    }
    store_json_get_strv(json, "domains", &domains);
    if (domains.n == 0) {
        return refuse(err, path, "domains");
    }
    type_name = json_get_str(json, "key-type");
    if (type_name == NULL || key_type_parse(type_name, &type, err) < 0) {
        return refuse(err, path, "key-type");
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        const char *date = json_get_str(json, times[i].key);

        if (date == NULL || !clock_parse(date, &seconds[i])) {
            return refuse(err, path, times[i].key);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        *time_at(cert, times[i].offset) = seconds[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        str_set(text_at(cert, texts[i].offset), json_get_str(json, texts[i].key));
    }
    cert->key_type = type;
    strv_copy(&cert->domains, &domains);
    store_json_get_strv(json, "providers", &cert->providers);
    return 0;
}
