/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* deregister-autorenew: what is ours goes, wherever an earlier command may have put it, and nothing
 * else. */
#include "task/autorenew_impl.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"

#include <string.h>
#include <unistd.h>

static const char *const TIMER_OFF[] = {"disable", "--now", AUTORENEW_TIMER, NULL};
static const char *const READ_AGAIN[] = {"daemon-reload", NULL};

#define ASIDES_MAX 100

/* A name that neither systemd nor any cron reads: Debian's wants no dot in it, but cronie takes all
 * of /etc/cron.d that neither begins with a dot nor ends in '~'. What was put aside earlier stays.
 */
static char *find_aside(const char *path)
{
    char *aside = str_fmt("%s.saved~", path);

    for (unsigned i = 2; i <= ASIDES_MAX && fs_exists(aside); i++) {
        mem_free(aside);
        aside = str_fmt("%s.%u.saved~", path, i);
    }
    return aside;
}

/* What somebody made of our text is theirs. */
static int put_aside(const char *path, struct err *err)
{
    AUTO_FREE char *aside = find_aside(path);

    if (fs_rename(path, aside, err) < 0) {
        return err_code(err);
    }
    event_log(EVENT_WARNING, "", "%s was changed by hand: put aside as %s", path, aside);
    return 0;
}

static int remove_file(const char *path, bool *has_removed, struct err *err)
{
    AUTO_FREE char *text = NULL;
    enum autorenew_stamp stamp = STAMP_ABSENT;

    if (autorenew_stamp_read(path, &stamp, &text, err) < 0) {
        return err_code(err);
    }
    switch (stamp) {
    case STAMP_ABSENT:
        return 0;
    case STAMP_FOREIGN:
        event_log(EVENT_WARNING, "", "%s is not of our making, and stays", path);
        return 0;
    case STAMP_CHANGED:
        *has_removed = true;
        return put_aside(path, err);
    case STAMP_OURS:
        break;
    }
    if (fs_unlink(path, err) < 0) {
        return err_code(err);
    }
    *has_removed = true;
    event_log(EVENT_NOTICE, "", "removed %s", path);
    return 0;
}

static int remove_units(struct task_env *env, enum autorenew_method method, const char *folder,
                        bool *has_removed, struct err *err)
{
    static const char *const NAMES[] = {AUTORENEW_TIMER, "acme-dns-renew.service",
                                        "acme-dns-deploy.service"};
    AUTO_FREE char *timer = fs_join(folder, AUTORENEW_TIMER);
    AUTO_FREE char *text = NULL;
    enum autorenew_stamp stamp = STAMP_ABSENT;
    bool is_ours = false;

    if (autorenew_stamp_read(timer, &stamp, &text, err) < 0) {
        return err_code(err);
    }
    is_ours = stamp == STAMP_OURS || stamp == STAMP_CHANGED;
    if (is_ours && autorenew_has_systemd() &&
        autorenew_systemctl(env, method, TIMER_OFF, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        AUTO_FREE char *path = fs_join(folder, NAMES[i]);

        if (remove_file(path, has_removed, err) < 0) {
            return err_code(err);
        }
    }
    return *has_removed && autorenew_has_systemd()
               ? autorenew_systemctl(env, method, READ_AGAIN, err)
               : 0;
}

static int save_block(const struct task_env *env, const char *block, struct err *err)
{
    AUTO_FREE char *folder = fs_join(env->settings->state_dir, "logs/autorenew");
    AUTO_FREE char *table = fs_join(folder, "crontab");
    AUTO_FREE char *path = find_aside(table);

    if (fs_mkdir_all(folder, 0700, err) < 0 || /* a timer that never came made none */
        fs_write_atomic(path, block, strlen(block), 0600, err) < 0) {
        return err_code(err);
    }
    event_log(EVENT_WARNING, "", "our lines in the crontab were changed by hand: put aside as %s",
              path);
    return 0;
}

static int remove_block(struct task_env *env, bool *has_removed, struct err *err)
{
    AUTO_FREE char *table = NULL;
    AUTO_FREE char *folder = NULL;
    size_t len = 0;
    const char *old = NULL;

    if (!autorenew_has_program("crontab")) {
        return 0;
    }
    if (autorenew_crontab_read(env, &table, err) < 0) {
        if (autorenew_find_method(&folder) == AUTORENEW_CRONTAB) {
            return err_code(err);
        }
        event_log(EVENT_DEBUG, "", "%s", err->text); /* who may not use it has nothing there */
        err_clear(err);
        return 0;
    }
    old = autorenew_block_find(table, &len);
    if (old == NULL) {
        return 0;
    }
    AUTO_FREE char *block = str_dup_len(old, len);
    if (autorenew_stamp_judge(block) != STAMP_OURS && save_block(env, block, err) < 0) {
        return err_code(err);
    }
    AUTO_FREE char *rest = autorenew_block_put(table, NULL);
    if (autorenew_crontab_write(env, rest, err) < 0) {
        return err_code(err);
    }
    *has_removed = true;
    event_log(EVENT_NOTICE, "", "removed our lines from the crontab");
    return 0;
}

int autorenew_remove_all(struct task_env *env, enum autorenew_method except, bool *ret_has_removed,
                         struct err *err)
{
    AUTO_FREE char *units = autorenew_unit_folder();
    enum autorenew_method user = geteuid() == 0 ? AUTORENEW_SYSTEMD : AUTORENEW_USER;
    bool has_removed = false;

    if ((units != NULL && user != except &&
         remove_units(env, user, units, &has_removed, err) < 0) ||
        (geteuid() == 0 && except != AUTORENEW_CRON &&
         remove_file(AUTORENEW_CRON_FILE, &has_removed, err) < 0) ||
        (except != AUTORENEW_CRONTAB && remove_block(env, &has_removed, err) < 0)) {
        return err_code(err);
    }
    *ret_has_removed = has_removed;
    return 0;
}

enum task_exit task_autorenew_deregister(struct task_env *env)
{
    bool has_removed = false;
    struct err err = ERR_INIT;

    if (autorenew_remove_all(env, AUTORENEW_NONE, &has_removed, &err) < 0) {
        return autorenew_tell_error("deregister-autorenew", &err);
    }
    event_emit(EVENT_NOTICE, EVENT_RESULT, "deregister-autorenew", FIELD_INT("exit", EXIT_DONE),
               FIELD("class", err_class_name(ERR_NONE)),
               FIELD("state", has_removed ? "removed" : "not registered"),
               FIELD("text", has_removed ? "nothing is renewed by itself any more" : NULL));
    return EXIT_DONE;
}
