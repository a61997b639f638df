/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_deploy.h"

#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <string.h>

#define FILE_MODE 0600

void store_deploy_done(struct store_deploy *deploy)
{
    mem_free(deploy->version);
    strv_done(&deploy->copies);
    strv_done(&deploy->hooks);
    mem_free(deploy->error);
    *deploy = (struct store_deploy){.version = NULL};
}

int store_deploy_load(struct store *store, const char *name, struct store_deploy *ret_deploy,
                      struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "deploy.json");
    AUTO_PTR(json) struct json *json = NULL;
    int code = store_json_load(path, &json, err);

    if (code == -ERR_NOT_FOUND || code == -ERR_MALFORMED) {
        err_clear(err);
        *ret_deploy = (struct store_deploy){.version = NULL};
        return 0;
    }
    if (code < 0) {
        return code;
    }
    *ret_deploy = (struct store_deploy){
        .version = str_dup(json_get_str(json, "version")),
        .error = str_dup(json_get_str(json, "error")),
    };
    store_json_take_count(json, "failures", &ret_deploy->n_failures);
    store_json_get_strv(json, "copies", &ret_deploy->copies);
    store_json_get_strv(json, "hooks", &ret_deploy->hooks);
    store_json_take_time(json, "done", &ret_deploy->done_s);
    store_json_take_time(json, "failed", &ret_deploy->failed_s);
    return 0;
}

int store_deploy_save(struct store *store, const char *name, const struct store_deploy *deploy,
                      struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "deploy.json");
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);

    if (store_json_check_writable(path, err) < 0) {
        return err_code(err);
    }
    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "version", deploy->version);
    json_out_kstrv(out, "copies", &deploy->copies);
    json_out_kstrv(out, "hooks", &deploy->hooks);
    json_out_ktime(out, "done", deploy->done_s);
    json_out_kstr(out, "error", deploy->error);
    json_out_ktime(out, "failed", deploy->failed_s);
    json_out_kint(out, "failures", deploy->n_failures);
    json_out_end(out);
    AUTO_FREE char *text = json_out_take(out);
    /* What a power cut puts back has the hooks run again, as they are after a kill on the way. */
    return fs_write_atomic_unsynced(path, text, strlen(text), FILE_MODE, err);
}
