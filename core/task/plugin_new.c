/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/plugin_new.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"
#include "provider/paths.h"

#include <ctype.h>
#include <string.h>

#define FILE_SIZE_MAX ((size_t)256 * 1024)

/* A name for the environment: "my-dns" becomes MY_DNS. To mem_free. */
static char *make_env_name(const char *name)
{
    char *env_name = str_dup(name);

    for (char *c = env_name; *c != '\0'; c++) {
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
    }
    return env_name;
}

static void fill_in(const char *text, const char *name, const char *env_name, struct buf *to)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "@");

        buf_add(to, text, len);
        text += len;
        if (str_has_prefix(text, "@NAME@")) {
            buf_add_str(to, name);
            text += strlen("@NAME@");
        } else if (str_has_prefix(text, "@ENV@")) {
            buf_add_str(to, env_name);
            text += strlen("@ENV@");
        } else if (*text != '\0') {
            buf_add_char(to, *text++);
        }
    }
}

/* "plugin.c" becomes NAME.c, "provider.conf" NAME.conf; the others keep their names. To mem_free.
 */
static char *make_path(const char *folder, const char *template_name, const char *name)
{
    bool is_named =
        str_has_prefix(template_name, "plugin.") || str_has_prefix(template_name, "provider.");
    AUTO_FREE char *file =
        is_named ? str_fmt("%s%s", name, strrchr(template_name, '.')) : str_dup(template_name);

    return fs_join(folder, file);
}

static int write_file(const char *folder, const struct plugin_template_file *file, const char *name,
                      struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(FILE_SIZE_MAX);
    AUTO_FREE char *path = make_path(folder, file->name, name);
    AUTO_FREE char *env_name = make_env_name(name);

    fill_in(file->text, name, env_name, &text);
    return fs_write_new(path, buf_str(&text), text.len, 0644, err);
}

/* What stands in the folder already would be mixed up with what is written. */
static int check_folder(const char *folder, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (!fs_exists(folder)) {
        return 0;
    }
    if (!fs_is_dir(folder)) {
        return err_set(err, ERR_CONFIG, "'%s' is there and is no folder", folder);
    }
    if (fs_list(folder, &names, err) < 0) {
        return err_code(err);
    }
    if (names.n > 0) {
        (void)err_set(err, ERR_CONFIG, "the folder '%s' is not empty", folder);
        return err_hint(err, "name another one behind the plug-in's name");
    }
    return 0;
}

/* A name that is taken would replace the other plug-in when this one is installed. */
static int check_name(const struct task_env *env, const char *name, struct err *err)
{
    AUTO(strv_done) struct strv dirs = STRV_INIT;
    AUTO_FREE char *path = NULL;
    struct err absent = ERR_INIT;

    if (!paths_is_plugin_name(name)) {
        return err_set(err, ERR_CONFIG,
                       "'%s' cannot be a plug-in's name: a small letter, then up to 31 small "
                       "letters, digits and hyphens",
                       name);
    }
    paths_plugin_dirs(&env->settings->plugin_dirs, &dirs);
    if (paths_plugin_find(&dirs, name, &path, &absent) == 0) {
        (void)err_set(err, ERR_CONFIG, "there is a plug-in of that name already: %s", path);
        return err_hint(err, "choose another name");
    }
    return 0;
}

static int write_all(const struct task_env *env, const char *folder, const char *name,
                     struct err *err)
{
    if (check_name(env, name, err) < 0) {
        return err_code(err);
    }
    if (check_folder(folder, err) < 0 || fs_mkdir_all(folder, 0755, err) < 0) {
        return err_code(err);
    }
    for (const struct plugin_template_file *file = plugin_template; file->name != NULL; file++) {
        if (write_file(folder, file, name, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

enum task_exit task_plugin_new(struct task_env *env, const struct plugin_new_request *request)
{
    const char *folder = request->folder == NULL ? request->name : request->folder;
    AUTO_FREE char *next = str_fmt("cd %s && make && make check", folder);
    AUTO_FREE char *text = str_fmt("written to %s", folder);
    struct err err = ERR_INIT;

    if (write_all(env, folder, request->name, &err) < 0) {
        event_emit(EVENT_ERROR, EVENT_RESULT, request->name,
                   FIELD_INT("exit", task_exit_for(err.class)),
                   FIELD("class", err_class_name(err.class)), FIELD("text", err.text));
        return task_exit_for(err.class);
    }
    event_emit(EVENT_NOTICE, EVENT_RESULT, request->name, FIELD_INT("exit", EXIT_DONE),
               FIELD("class", err_class_name(ERR_NONE)), FIELD("text", text),
               FIELD("folder", folder), FIELD("next", next));
    return EXIT_DONE;
}
