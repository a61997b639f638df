/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_renewal.h"

#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <stddef.h>
#include <string.h>

#define FILE_MODE 0600
#define FILE_NAME "renewal.json"

/* The members, read and written by one table: the object they stand in, their key, their field. */
enum member_kind { MEMBER_TEXT, MEMBER_TIME, MEMBER_COUNT, MEMBER_FLAG };

static const struct member {
    const char *object;
    const char *key;
    enum member_kind kind;
    size_t offset;
} MEMBERS[] = {
#define MEMBER(object_, key_, kind_, field_)                         \
    {                                                                \
        object_, key_, kind_, offsetof(struct store_renewal, field_) \
    }
    MEMBER("turn", "certificate", MEMBER_TEXT, in_turn_sha256),
    MEMBER("ari", "certificate", MEMBER_TEXT, ari_sha256),
    MEMBER("ari", "start", MEMBER_TIME, ari_start_s),
    MEMBER("ari", "end", MEMBER_TIME, ari_end_s),
    MEMBER("ari", "moment", MEMBER_TIME, ari_moment_s),
    MEMBER("ari", "explanation", MEMBER_TEXT, ari_explanation_url),
    MEMBER("ari", "asked", MEMBER_TIME, ari_asked_s),
    MEMBER("ari", "next", MEMBER_TIME, ari_next_s),
    MEMBER("ari", "led", MEMBER_TIME, ari_led_s),
    MEMBER("failures", "count", MEMBER_COUNT, n_failures),
    MEMBER("failures", "last", MEMBER_TIME, failed_s),
    MEMBER("failures", "retry", MEMBER_TIME, retry_s),
    MEMBER("failures", "class", MEMBER_TEXT, error_class),
    MEMBER("failures", "text", MEMBER_TEXT, error),
    MEMBER("failures", "staging-next", MEMBER_FLAG, is_staging_next),
    MEMBER("told", "failure", MEMBER_TIME, failure_told_s),
    MEMBER("told", "danger", MEMBER_TIME, danger_told_s),
#undef MEMBER
};

void store_renewal_done(struct store_renewal *renewal)
{
    mem_free(renewal->in_turn_sha256);
    mem_free(renewal->ari_sha256);
    mem_free(renewal->ari_explanation_url);
    mem_free(renewal->error_class);
    mem_free(renewal->error);
    mem_free(renewal->warning);
    *renewal = (struct store_renewal){.n_failures = 0};
}

/* ---- Reading ---- */

static void take_member(const struct json *object, const struct member *member, void *field)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        str_set(field, json_get_str(object, member->key));
        break;
    case MEMBER_TIME:
        store_json_take_time(object, member->key, field);
        break;
    case MEMBER_COUNT:
        store_json_take_count(object, member->key, field);
        break;
    case MEMBER_FLAG:
        *(bool *)field = json_get_bool(object, member->key, false);
        break;
    }
}

int store_renewal_load(struct store *store, const char *name, struct store_renewal *ret_renewal,
                       struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, FILE_NAME);
    AUTO_PTR(json) struct json *json = NULL;
    int code = store_json_load(path, &json, err);

    *ret_renewal = (struct store_renewal){.n_failures = 0};
    if (code == -ERR_MALFORMED) {
        ret_renewal->warning =
            str_fmt("%s; what was remembered of renewals is forgotten", err->text);
    }
    if (code == -ERR_NOT_FOUND || code == -ERR_MALFORMED) {
        err_clear(err);
        return 0;
    }
    for (size_t i = 0; code == 0 && i < ARRAY_LEN(MEMBERS); i++) {
        take_member(json_get(json, MEMBERS[i].object), &MEMBERS[i],
                    (char *)ret_renewal + MEMBERS[i].offset);
    }
    return code;
}

/* ---- Writing ---- */

static void add_member(struct json_out *out, const struct member *member, const void *field)
{
    switch (member->kind) {
    case MEMBER_TEXT:
        json_out_kstr(out, member->key, *(char *const *)field);
        break;
    case MEMBER_TIME:
        json_out_ktime(out, member->key, *(const int64_t *)field);
        break;
    case MEMBER_COUNT:
        json_out_kint(out, member->key, *(const int64_t *)field);
        break;
    case MEMBER_FLAG:
        json_out_kbool(out, member->key, *(const bool *)field);
        break;
    }
}

static char *format_renewal(const struct store_renewal *renewal)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    const char *object = NULL;

    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    for (size_t i = 0; i < ARRAY_LEN(MEMBERS); i++) {
        if (!str_eq(object, MEMBERS[i].object)) {
            if (object != NULL) {
                json_out_end(out);
            }
            object = MEMBERS[i].object;
            json_out_key(out, object);
            json_out_object(out);
        }
        add_member(out, &MEMBERS[i], (const char *)renewal + MEMBERS[i].offset);
    }
    json_out_end(out);
    json_out_end(out);
    return json_out_take(out);
}

int store_renewal_save(struct store *store, const char *name, const struct store_renewal *renewal,
                       struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO_FREE char *path = store_cert_path(store, name, FILE_NAME);
    AUTO_FREE char *text = format_renewal(renewal);

    if (store_name_check(name, err) < 0) {
        return err_code(err);
    }
    if (!fs_is_dir(folder)) {
        return 0;
    }
    if (store_json_check_writable(path, err) < 0) {
        return err_code(err);
    }
    crash_point("store-renewal-before");
    /* Three times in each renewal. What a power cut puts back has been true before: at worst, one
     * question to the CA or one try after a failure comes early. */
    if (fs_write_atomic_unsynced(path, text, strlen(text), FILE_MODE, err) < 0) {
        return err_code(err);
    }
    crash_point("store-renewal-after");
    return 0;
}
