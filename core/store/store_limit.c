/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_limit.h"

#include "base/b64.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0600
#define HASH_DIGITS 32
#define SUFFIX ".json"

void store_limit_done(struct store_limit *limit)
{
    strv_done(&limit->names);
    mem_free(limit->text);
    *limit = (struct store_limit){.text = NULL};
}

void store_limits_done(struct store_limits *limits)
{
    for (size_t i = 0; i < limits->n; i++) {
        store_limit_done(&limits->items[i]);
    }
    mem_free(limits->items);
    *limits = (struct store_limits){.items = NULL};
}

/* "account-" or "names-HASH-": whatever the order that names are given in. */
static char *format_prefix(const struct strv *names)
{
    AUTO(strv_done) struct strv sorted = STRV_INIT;
    AUTO_FREE char *joined = NULL;
    AUTO_FREE char *hash = NULL;

    if (names->n == 0) {
        return str_dup("account-");
    }
    strv_copy(&sorted, names);
    strv_sort(&sorted);
    joined = strv_join(&sorted, "\n");
    hash = hex_sha256(joined, HASH_DIGITS);
    return str_fmt("names-%s-", hash);
}

/* ---- Writing ---- */

static char *format_limit(const struct store_limit *limit)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);

    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstrv(out, "names", &limit->names);
    json_out_ktime(out, "noted", limit->noted_s);
    json_out_ktime(out, "until", limit->until_s);
    json_out_kstr(out, "text", limit->text);
    json_out_end(out);
    return json_out_take(out);
}

int store_limit_save(struct store *store, const char *directory_url, const char *account_id,
                     const struct store_limit *limit, struct err *err)
{
    AUTO_FREE char *prefix = format_prefix(&limit->names);
    AUTO_FREE char *file = str_fmt("%s%" PRId64 SUFFIX, prefix, limit->until_s);
    AUTO_FREE char *text = format_limit(limit);
    AUTO_FREE char *folder = NULL;
    AUTO_FREE char *path = NULL;

    if (store_account_path(store, directory_url, account_id, "limits", &folder, err) < 0 ||
        fs_mkdir(folder, 0700, err) < 0) {
        return err_code(err);
    }
    path = fs_join(folder, file);
    return fs_write_atomic(path, text, strlen(text), FILE_MODE, err);
}

/* ---- Reading ---- */

/* The moment in the name of a limit's file; false for any other file. */
static bool parse_until(const char *file, int64_t *ret_until_s)
{
    const char *digits = strrchr(file, '-');
    AUTO_FREE char *number = NULL;

    if (digits == NULL || !str_has_suffix(file, SUFFIX)) {
        return false;
    }
    number = str_dup_len(digits + 1, strlen(digits + 1) - strlen(SUFFIX));
    return str_parse_int(number, 0, INT64_MAX, ret_until_s);
}

static int read_limit(const char *path, struct store_limits *to, struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct store_limit limit = {.text = NULL};
    int code = store_json_load(path, &json, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err); /* another run has found it to be over */
        return 0;
    }
    if (code == -ERR_MALFORMED) {
        err_clear(err);
        return fs_unlink(path, err);
    }
    if (code < 0) {
        return code;
    }
    store_json_get_strv(json, "names", &limit.names);
    store_json_take_time(json, "noted", &limit.noted_s);
    store_json_take_time(json, "until", &limit.until_s);
    limit.text = str_dup(json_get_str(json, "text"));
    VEC_PUSH(to->items, to->n, to->cap) = limit;
    return 0;
}

/* prefix: of those that are for the names. */
static int read_limits(const char *folder, const struct strv *files, const char *prefix,
                       int64_t now_s, struct store_limits *to, struct err *err)
{
    for (size_t i = 0; i < files->n; i++) {
        const char *file = files->items[i];
        AUTO_FREE char *path = fs_join(folder, file);
        int64_t until_s = 0;

        if (!parse_until(file, &until_s)) {
            continue;
        }
        if (until_s <= now_s) {
            (void)unlink(path); /* by its name it is the one that is over: nobody's fresh one */
        } else if ((str_has_prefix(file, prefix) || str_has_prefix(file, "account-")) &&
                   read_limit(path, to, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

int store_limits_load(struct store *store, const char *directory_url, const char *account_id,
                      const struct strv *names, int64_t now_s, struct store_limits *ret_limits,
                      struct err *err)
{
    AUTO(store_limits_done) struct store_limits found = {.items = NULL};
    AUTO(strv_done) struct strv files = STRV_INIT;
    AUTO_FREE char *folder = NULL;

    if (store_account_path(store, directory_url, account_id, "limits", &folder, err) < 0) {
        return err_code(err);
    }
    if (fs_list(folder, &files, err) < 0) {
        if (err->class != ERR_NOT_FOUND) {
            return err_code(err);
        }
        err_clear(err);
    }
    if (files.n > 0) {
        AUTO_FREE char *prefix = format_prefix(names);

        if (read_limits(folder, &files, prefix, now_s, &found, err) < 0) {
            return err_code(err);
        }
    }
    *ret_limits = found;
    found = (struct store_limits){.items = NULL};
    return 0;
}
