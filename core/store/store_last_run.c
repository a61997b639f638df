/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_last_run.h"

#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <string.h>

#define FILE_MODE 0600
#define TEXT_MAX 1024 /* the log has all of it */

void store_last_run_done(struct store_last_run *last)
{
    mem_free(last->command);
    mem_free(last->run);
    mem_free(last->text);
    *last = (struct store_last_run){.status = -1};
}

static char *path_of(const char *state_dir, const char *command)
{
    return str_fmt("%s/logs/autorenew/last-%s.json", state_dir, command);
}

int store_last_run_load(const char *state_dir, const char *command, struct store_last_run *ret_last,
                        struct err *err)
{
    AUTO_FREE char *path = path_of(state_dir, command);
    AUTO_PTR(json) struct json *json = NULL;
    struct store_last_run last = {.status = -1};

    if (store_json_load(path, &json, err) < 0) {
        return err_code(err);
    }
    last.command = str_dup(command);
    last.run = str_dup(json_get_str(json, "run"));
    last.pid = (pid_t)json_get_int(json, "pid", 0);
    last.status = (int)json_get_int(json, "exit", -1);
    last.text = str_dup(json_get_str(json, "text"));
    store_json_take_time(json, "started", &last.started_s);
    store_json_take_time(json, "ended", &last.ended_s);
    store_json_take_time(json, "before", &last.before_s);
    *ret_last = last;
    return 0;
}

int store_last_run_save(const char *state_dir, const struct store_last_run *last, struct err *err)
{
    AUTO_FREE char *path = path_of(state_dir, last->command);
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    AUTO_FREE char *cut =
        last->text == NULL ? NULL : str_dup_len(last->text, strnlen(last->text, TEXT_MAX));

    if (store_json_check_writable(path, err) < 0) {
        return err_code(err);
    }
    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "run", last->run);
    json_out_kint(out, "pid", last->pid);
    json_out_ktime(out, "started", last->started_s);
    json_out_ktime(out, "ended", last->ended_s);
    json_out_ktime(out, "before", last->before_s);
    json_out_kint(out, "exit", last->status);
    json_out_kstr(out, "text", cut);
    json_out_end(out);
    AUTO_FREE char *text = json_out_take(out);
    return fs_write_atomic(path, text, strlen(text), FILE_MODE, err);
}
