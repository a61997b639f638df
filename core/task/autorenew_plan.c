/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is to be called, by whom, and what it may reach. */
#include "task/autorenew_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "config/settings.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- By whom ---- */

/* sd_booted(3). */
bool autorenew_has_systemd(void)
{
    return fs_is_dir("/run/systemd/system");
}

bool autorenew_has_program(const char *name)
{
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT;

    return words_find_program(name, &path, &ignored) == 0;
}

/* systemd.unit(5) says where a user's own units are. */
char *autorenew_unit_folder(void)
{
    const char *base = getenv("XDG_CONFIG_HOME");
    const char *home = fs_home();

    if (geteuid() == 0) {
        return str_dup("/etc/systemd/system");
    }
    if (base != NULL && *base == '/') {
        return fs_join(base, "systemd/user");
    }
    return home == NULL ? NULL : fs_join(home, ".config/systemd/user");
}

enum autorenew_method autorenew_find_method(char **ret_folder)
{
    char *units = autorenew_unit_folder();
    bool has_cron = autorenew_has_program("crontab"); /* every cron comes with it */

    if (autorenew_has_systemd() && units != NULL && autorenew_has_program("systemctl")) {
        *ret_folder = units;
        return geteuid() == 0 ? AUTORENEW_SYSTEMD : AUTORENEW_USER;
    }
    mem_free(units);
    *ret_folder = NULL;
    /* The folder alone tells nothing: other packages put files there for a cron that may come. */
    if (has_cron && geteuid() == 0 && fs_is_dir(AUTORENEW_CRON_FOLDER)) {
        *ret_folder = str_dup(AUTORENEW_CRON_FOLDER);
        return AUTORENEW_CRON;
    }
    return has_cron ? AUTORENEW_CRONTAB : AUTORENEW_NONE;
}

const char *autorenew_method_name(enum autorenew_method method)
{
    static const char *const NAMES[] = {
        [AUTORENEW_NONE] = NULL,
        [AUTORENEW_SYSTEMD] = "systemd timer",
        [AUTORENEW_USER] = "systemd timer of the user",
        [AUTORENEW_CRON] = "cron file",
        [AUTORENEW_CRONTAB] = "crontab",
    };

    return NAMES[method];
}

/* ---- What ---- */

static bool is_same_file(const char *a, const char *b)
{
    AUTO_FREE char *real_a = realpath(a, NULL);
    AUTO_FREE char *real_b = realpath(b, NULL);

    return real_a != NULL && real_b != NULL && strcmp(real_a, real_b) == 0;
}

/* The name by which it would be found rather than the file that this leads to today: an upgrade
 * may put another in its place. */
static int find_program(char **ret_path, struct err *err)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    AUTO_FREE char *found = NULL;
    struct err ignored = ERR_INIT;

    if (len <= 0) {
        return err_set_errno(err, "cannot find out which file this program is");
    }
    self[len] = '\0';
    if (words_find_program("acme-dns", &found, &ignored) == 0 && is_same_file(found, self)) {
        *ret_path = TAKE(found);
        return 0;
    }
    AUTO_FD int fd = open(self, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        (void)err_set_errno(err, "cannot open this program's file '%s'", self);
        return err_hint(err, "if it was replaced just now, run the command again");
    }
    if (fs_check_trusted(fd, self, err) < 0) {
        return err_hint(err, "a timer of root's runs only what is root's: install acme-dns first");
    }
    *ret_path = str_dup(self);
    return 0;
}

static void add_option(struct strv *options, const char *option, const char *value)
{
    strv_add(options, option);
    strv_add(options, value);
}

/* Absolute, and without a file that need not be there: naming it would make it a must. */
static void add_options(const struct settings *settings, struct strv *options)
{
    AUTO_FREE char *folder = config_folder(settings->config_path);

    if (folder != NULL && fs_exists(settings->config_path)) {
        const char *slash = strrchr(settings->config_path, '/');

        strv_add(options, "--config");
        strv_take(options, fs_join(folder, slash == NULL ? settings->config_path : slash + 1));
    }
    add_option(options, "--state-dir", settings->state_dir);
    for (size_t i = 0; i < settings->plugin_dirs.n; i++) {
        enum config_origin origin = settings_place(settings, "plugin-dir").origin;

        if (origin == CONFIG_FLAG || origin == CONFIG_ENVIRONMENT) {
            add_option(options, "--plugin-dir", settings->plugin_dirs.items[i]);
        }
    }
}

/* Where the configuration has us write, or lets plug-ins: they are shut in by Landlock as always,
 * but a file system that is read-only would be stronger. */
static void add_reach(const struct task_env *env, struct autorenew_plan *plan)
{
    const struct config_section *section = NULL;
    const char *metrics = env->settings->metrics;

    if (metrics != NULL) { /* written anew beside itself, so the folder */
        strv_take(&plan->writable,
                  str_dup_len(metrics, (size_t)(strrchr(metrics, '/') - metrics) + 1));
    }
    while ((section = config_section_next(env->config, "provider", section)) != NULL) {
        const struct config_value *value = NULL;
        const struct config_value *sudo = config_value_find(section, "new-privileges");

        while ((value = config_value_next(section, "core-allow-path", value)) != NULL) {
            strv_take(&plan->writable, config_value_path(value));
        }
        plan->may_gain_privileges = plan->may_gain_privileges ||
                                    (sudo != NULL && !str_eq_nocase(sudo->text, "no") &&
                                     !str_eq_nocase(sudo->text, "false") &&
                                     !str_eq_nocase(sudo->text, "off") && !str_eq(sudo->text, "0"));
    }
}

/* ---- When ---- */

int autorenew_read_registered(struct task_env *env, enum autorenew_method method,
                              const char *folder, char **ret_path, char **ret_text, struct err *err)
{
    enum autorenew_stamp stamp = STAMP_ABSENT;

    if (method == AUTORENEW_CRONTAB) {
        AUTO_FREE char *table = NULL;
        size_t len = 0;
        const char *block = NULL;

        if (autorenew_crontab_read(env, &table, err) < 0) {
            return err_code(err);
        }
        block = autorenew_block_find(table, &len);
        *ret_text = block == NULL ? NULL : str_dup_len(block, len);
        return 0;
    }
    AUTO_FREE char *path =
        method == AUTORENEW_CRON ? str_dup(AUTORENEW_CRON_FILE) : fs_join(folder, AUTORENEW_TIMER);
    if (autorenew_stamp_read(path, &stamp, ret_text, err) < 0) {
        return err_code(err);
    }
    *ret_path = TAKE(path);
    return 0;
}

static int choose_minute(struct task_env *env, struct autorenew_plan *plan, struct err *err)
{
    AUTO_FREE char *path = NULL;
    AUTO_FREE char *text = NULL;

    if (autorenew_read_registered(env, plan->method, plan->folder, &path, &text, err) < 0) {
        return err_code(err);
    }
    if (text == NULL || !autorenew_parse_minute(text, &plan->minute)) {
        plan->minute = (unsigned)clock_random(AUTORENEW_PERIOD_MIN);
    }
    return 0;
}

int autorenew_plan_make(struct task_env *env, struct autorenew_plan *ret_plan, struct err *err)
{
    AUTO(autorenew_plan_done) struct autorenew_plan plan = {.method = AUTORENEW_NONE};

    plan.method = autorenew_find_method(&plan.folder);
    if (plan.method == AUTORENEW_NONE) {
        (void)err_set(err, ERR_CONFIG, "neither systemd nor cron is here to call acme-dns");
        return err_hint(err, "in a container 'acme-dns process --every 4h' does without");
    }
    if (find_program(&plan.program, err) < 0) {
        return err_code(err);
    }
    plan.state_dir = str_dup(env->settings->state_dir);
    add_options(env->settings, &plan.options);
    add_reach(env, &plan);
    if (choose_minute(env, &plan, err) < 0) {
        return err_code(err);
    }
    *ret_plan = plan;
    plan = (struct autorenew_plan){.method = AUTORENEW_NONE};
    return 0;
}

void autorenew_plan_done(struct autorenew_plan *plan)
{
    mem_free(plan->folder);
    mem_free(plan->program);
    mem_free(plan->state_dir);
    strv_done(&plan->options);
    strv_done(&plan->writable);
    *plan = (struct autorenew_plan){.method = AUTORENEW_NONE};
}
