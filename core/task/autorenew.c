/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* register-autorenew. */
#include "task/autorenew_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define UNIT_MODE 0644
#define FOLDER_MODE 0755

static const char *const TIMER_ON[] = {"enable", "--now", AUTORENEW_TIMER, NULL};
static const char *const TIMER_AGAIN[] = {"restart", AUTORENEW_TIMER, NULL};
static const char *const READ_AGAIN[] = {"daemon-reload", NULL};
static const char *const IS_ENABLED[] = {"is-enabled", AUTORENEW_TIMER, NULL};
static const char *const IS_ACTIVE[] = {"is-active", AUTORENEW_TIMER, NULL};

bool autorenew_is_on(struct task_env *env, enum autorenew_method method)
{
    struct err ignored = ERR_INIT;

    return autorenew_systemctl(env, method, IS_ENABLED, &ignored) == 0 &&
           autorenew_systemctl(env, method, IS_ACTIVE, &ignored) == 0;
}

enum task_exit autorenew_tell_error(const char *command, const struct err *err)
{
    enum task_exit status = task_exit_for(err->class);

    event_emit(EVENT_ERROR, EVENT_RESULT, command, FIELD_INT("exit", status),
               FIELD("class", err_class_name(err->class)), FIELD("text", err->text));
    return status;
}

/* ---- Registering ---- */

struct changes {
    bool has_written; /* something that was not there */
    bool has_updated;
};

/* Before anything is written: what bears one of our names may be somebody else's. */
static int refuse_foreign(const struct autorenew_files *files, struct err *err)
{
    for (size_t i = 0; i < files->n; i++) {
        AUTO_FREE char *text = NULL;
        enum autorenew_stamp stamp = STAMP_ABSENT;

        if (autorenew_stamp_read(files->items[i].path, &stamp, &text, err) < 0) {
            return err_code(err);
        }
        if (stamp == STAMP_FOREIGN) {
            (void)err_set(err, ERR_CONFIG, "'%s' is there, and not of our making",
                          files->items[i].path);
            return err_hint(err, "remove it, or leave the renewal to it");
        }
    }
    return 0;
}

/* "--config /a --state-dir /b" of the line that calls us, to mem_free; NULL: there is none. */
static char *find_installation(const char *text)
{
    const char *call = text == NULL ? NULL : strstr(text, " process --scheduled");
    size_t len = call == NULL ? 0 : strcspn(call, "\n");
    AUTO_FREE char *line = call == NULL ? NULL : str_dup_len(call, len);
    char *config = line == NULL ? NULL : strstr(line, "--config ");
    char *from = config != NULL || line == NULL ? config : strstr(line, "--state-dir ");
    char *behind = from == NULL ? NULL : strstr(from, " --plugin-dir ");

    if (behind != NULL) {
        *behind = '\0';
    }
    return from == NULL ? NULL : str_dup(from);
}

/* One is called by a user's timer or cron, not each. */
static void warn_of_replaced(const char *old_text, const char *new_text)
{
    AUTO_FREE char *before = find_installation(old_text);
    AUTO_FREE char *now = find_installation(new_text);

    if (before != NULL && now != NULL && !str_eq(before, now)) {
        event_log(EVENT_WARNING, "",
                  "what was registered before is called no longer: %s\n"
                  "only one can be registered; for another, have 'acme-dns process --scheduled' "
                  "with these options called by a timer or a cron line of your own",
                  before);
    }
}

static int write_file(const struct autorenew_file *file, struct changes *changes, struct err *err)
{
    AUTO_FREE char *text = NULL;
    enum autorenew_stamp stamp = STAMP_ABSENT;

    if (autorenew_stamp_read(file->path, &stamp, &text, err) < 0) {
        return err_code(err);
    }
    if (stamp == STAMP_CHANGED) {
        event_log(EVENT_WARNING, "",
                  "'%s' was changed by hand, and stays as it is; 'acme-dns deregister-autorenew' "
                  "puts it aside",
                  file->path);
        return 0;
    }
    if (str_eq(text, file->text)) {
        return 0;
    }
    if (fs_write_atomic(file->path, file->text, strlen(file->text), UNIT_MODE, err) < 0) {
        return err_code(err);
    }
    event_log(EVENT_NOTICE, "", "%s %s", stamp == STAMP_ABSENT ? "wrote" : "updated", file->path);
    warn_of_replaced(text, file->text);
    changes->has_written = changes->has_written || stamp == STAMP_ABSENT;
    changes->has_updated = changes->has_updated || stamp != STAMP_ABSENT;
    return 0;
}

static int write_files(const struct autorenew_plan *plan, struct changes *changes, struct err *err)
{
    AUTO(autorenew_files_done) struct autorenew_files files = {.items = NULL};

    if (autorenew_files_make(plan, &files, err) < 0 || refuse_foreign(&files, err) < 0 ||
        fs_mkdir_all(plan->folder, FOLDER_MODE, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < files.n; i++) {
        if (write_file(&files.items[i], changes, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

static int write_block(struct task_env *env, const struct autorenew_plan *plan,
                       struct changes *changes, struct err *err)
{
    AUTO_FREE char *table = NULL;
    AUTO_FREE char *block = NULL;
    AUTO_FREE char *before = NULL;
    size_t len = 0;

    if (autorenew_crontab_read(env, &table, err) < 0 ||
        autorenew_block_make(plan, &block, err) < 0) {
        return err_code(err);
    }
    const char *old = autorenew_block_find(table, &len);
    before = old == NULL ? NULL : str_dup_len(old, len);
    if (before != NULL && autorenew_stamp_judge(before) != STAMP_OURS) {
        event_log(EVENT_WARNING, "",
                  "our lines in the crontab were changed by hand, and stay as they are; 'acme-dns "
                  "deregister-autorenew' puts them aside");
        return 0;
    }
    if (str_eq(before, block)) {
        return 0;
    }
    AUTO_FREE char *next = autorenew_block_put(table, block);
    if (autorenew_crontab_write(env, next, err) < 0) {
        return err_code(err);
    }
    event_log(EVENT_NOTICE, "", "%s in the crontab:\n%s", before == NULL ? "wrote" : "updated",
              block);
    warn_of_replaced(before, block);
    changes->has_written = before == NULL;
    changes->has_updated = before != NULL;
    return 0;
}

static int switch_on(struct task_env *env, const struct autorenew_plan *plan,
                     struct changes *changes, struct err *err)
{
    bool has_changed = changes->has_written || changes->has_updated;

    if (plan->method != AUTORENEW_SYSTEMD && plan->method != AUTORENEW_USER) {
        return 0;
    }
    if (has_changed && autorenew_systemctl(env, plan->method, READ_AGAIN, err) < 0) {
        return err_code(err);
    }
    if (!autorenew_is_on(env, plan->method)) {
        if (autorenew_systemctl(env, plan->method, TIMER_ON, err) < 0) {
            return err_code(err);
        }
        changes->has_updated = changes->has_updated || !changes->has_written;
        event_log(EVENT_NOTICE, "", "switched on " AUTORENEW_TIMER);
    } else if (has_changed && autorenew_systemctl(env, plan->method, TIMER_AGAIN, err) < 0) {
        return err_code(err);
    }
    return 0;
}

/* logind's own note of it; asking loginctl would need a bus. */
static void warn_of_linger(const struct autorenew_plan *plan)
{
    const struct passwd *user = getpwuid(geteuid());
    AUTO_FREE char *path =
        user == NULL ? NULL : str_fmt("/var/lib/systemd/linger/%s", user->pw_name);

    if (plan->method == AUTORENEW_USER && path != NULL && !fs_exists(path)) {
        event_log(EVENT_WARNING, "",
                  "nothing is renewed while %s is not logged in, unless this was run once: "
                  "loginctl enable-linger %s",
                  user->pw_name, user->pw_name);
    }
}

static void tell_registered(const struct autorenew_plan *plan, const struct changes *changes)
{
    int64_t now_s = clock_wall_s();
    int64_t next_s = autorenew_next_s(plan->minute, now_s);
    char next[CLOCK_TEXT_MAX];
    char span[CLOCK_TEXT_MAX];

    clock_format(next_s, next);
    clock_format_span(next_s - now_s, span);
    AUTO_FREE char *text =
        str_fmt("every %d hours, next at %s (in %s)", AUTORENEW_PERIOD_H, next, span);
    event_emit(EVENT_NOTICE, EVENT_RESULT, "register-autorenew", FIELD_INT("exit", EXIT_DONE),
               FIELD("class", err_class_name(ERR_NONE)),
               FIELD("state", changes->has_written   ? "registered"
                              : changes->has_updated ? "updated"
                                                     : "already registered"),
               FIELD("method", autorenew_method_name(plan->method)), FIELD("next-run", next),
               FIELD("text", text));
}

static int show(const struct autorenew_plan *plan, const struct autorenew_request *request,
                struct err *err)
{
    AUTO(autorenew_files_done) struct autorenew_files files = {.items = NULL};
    AUTO_FREE char *block = NULL;

    if (plan->method == AUTORENEW_CRONTAB) {
        if (autorenew_block_make(plan, &block, err) < 0) {
            return err_code(err);
        }
        request->shown(request->arg, "crontab", block);
        return 0;
    }
    if (autorenew_files_make(plan, &files, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < files.n; i++) {
        request->shown(request->arg, files.items[i].path, files.items[i].text);
    }
    return 0;
}

/* Before anything is written for it. su and sudo -u come without a session of the user's. */
static int check_user_manager(struct task_env *env, const struct autorenew_plan *plan,
                              struct err *err)
{
    static const char *const LOOK[] = {"show-environment", NULL};

    if (plan->method != AUTORENEW_USER || autorenew_systemctl(env, plan->method, LOOK, err) == 0) {
        return 0;
    }
    (void)err_wrap(err, "your systemd cannot be reached");
    return err_hint(err, "log in as this user instead of using su or sudo, or have root run "
                         "'loginctl enable-linger USER' first");
}

static int write_all(struct task_env *env, const struct autorenew_plan *plan,
                     struct changes *changes, struct err *err)
{
    bool has_removed = false;

    if (check_user_manager(env, plan, err) < 0 || autorenew_check(env, err) < 0) {
        return err_code(err);
    }
    if ((plan->method == AUTORENEW_CRONTAB ? write_block(env, plan, changes, err)
                                           : write_files(plan, changes, err)) < 0 ||
        switch_on(env, plan, changes, err) < 0) {
        return err_code(err);
    }
    warn_of_linger(plan);
    /* A system that has changed from cron to systemd must not renew twice. */
    return autorenew_remove_all(env, plan->method, &has_removed, err);
}

enum task_exit task_autorenew_register(struct task_env *env,
                                       const struct autorenew_request *request)
{
    AUTO(autorenew_plan_done) struct autorenew_plan plan = {.method = AUTORENEW_NONE};
    struct changes changes = {.has_written = false};
    struct err err = ERR_INIT;
    int code = autorenew_plan_make(env, &plan, &err);

    if (code == 0) {
        code = request->is_printed ? show(&plan, request, &err)
                                   : write_all(env, &plan, &changes, &err);
    }
    if (code < 0) {
        return autorenew_tell_error("register-autorenew", &err);
    }
    if (!request->is_printed) {
        tell_registered(&plan, &changes);
    }
    return EXIT_DONE;
}
