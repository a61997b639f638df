/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* JSON files with a format number. */
#include "base/clock.h"
#include "base/fs.h"
#include "store/store_internal.h"

int store_refuse_newer(const char *path, int64_t format, struct err *err)
{
    (void)err_set(err, ERR_FAILED,
                  "'%s' was written by a newer acme-dns (format %lld, this one knows %d)", path,
                  (long long)format, STORE_FORMAT);
    return err_hint(err, "use that release again, or one after it; nothing was changed");
}

int store_json_check_writable(const char *path, struct err *err)
{
    AUTO_PTR(json) struct json *before = NULL;
    struct err why = ERR_INIT;

    if (store_json_load(path, &before, &why) == 0 || why.class == ERR_NOT_FOUND ||
        why.class == ERR_MALFORMED) {
        return 0;
    }
    *err = why;
    return err_code(err);
}

int store_json_load(const char *path, struct json **ret_json, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(STORE_JSON_MAX);
    AUTO_PTR(json) struct json *json = NULL;
    int64_t format = 0;

    if (fs_read(path, &text, err) < 0) {
        err->class = text.has_overflown ? ERR_MALFORMED : err->class;
        return err_code(err);
    }
    if (text.len == 0) {
        /* What a power cut leaves of a file that somebody else wrote without fsync. */
        return err_set(err, ERR_MALFORMED, "'%s' is empty", path);
    }
    if (json_parse(text.bytes, text.len, &json, err) < 0) {
        err_wrap(err, "'%s' is damaged", path);
        err->class = ERR_MALFORMED;
        return err_code(err);
    }
    format = json_get_int(json, "format", 0);
    if (format < 1) {
        return err_set(err, ERR_MALFORMED, "'%s' has no format number", path);
    }
    if (format > STORE_FORMAT) {
        return store_refuse_newer(path, format, err);
    }
    *ret_json = TAKE(json);
    return 0;
}

void store_json_get_strv(const struct json *object, const char *key, struct strv *to)
{
    const struct json *array = json_get(object, key);

    for (size_t i = 0; i < json_len(array); i++) {
        const char *item = json_str(json_at(array, i));

        if (item != NULL) {
            strv_add(to, item);
        }
    }
}

void store_json_take_count(const struct json *object, const char *key, int64_t *to)
{
    int64_t count = json_get_int(object, key, 0);

    *to = count < 0 ? 0 : count > STORE_COUNT_MAX ? STORE_COUNT_MAX : count;
}

void store_json_take_time(const struct json *object, const char *key, int64_t *to)
{
    const char *text = json_get_str(object, key);

    if (text != NULL) {
        (void)clock_parse(text, to);
    }
}
