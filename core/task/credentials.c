/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/credentials.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "config/config.h"
#include "provider/describe.h"
#include "provider/option_parse.h"
#include "provider/option_variable.h"

#include "acme-plugin.h"

#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SECRET_MODE 0600
#define SECRET_FOLDER_MODE 0700
#define SECTION_MODE 0644
#define FOLDER_MODE 0755
#define SECTION_MAX (64 * 1024)

struct entry {
    char *key, *text; /* what stands in the section */
    char *path;       /* the secret's file, or NULL */
    char *content;
    size_t len;
    bool is_written;
};

struct credentials {
    char *name, *plugin;
    char *main_path, *dir, *conf_dir, *secret_dir, *path;
    struct strv made; /* folders that were not there before, outer ones first */
    bool has_made_main;
    struct entry *entries;
    size_t n, cap;
};

struct credentials *credentials_new(const char *config_path, const char *name, const char *plugin)
{
    struct credentials *c = NEW(struct credentials);
    AUTO_FREE char *file = str_fmt("provider-%s.conf", name);

    c->name = str_dup(name);
    c->plugin = str_dup(plugin);
    c->main_path = str_dup(config_path);
    c->dir = config_folder(config_path);
    c->conf_dir = fs_join(c->dir, "conf.d");
    c->secret_dir = fs_join(c->dir, "secrets");
    c->path = fs_join(c->conf_dir, file);
    return c;
}

void credentials_free(struct credentials *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        mem_free(c->entries[i].key);
        mem_free(c->entries[i].text);
        mem_free(c->entries[i].path);
        mem_free_secret(c->entries[i].content, c->entries[i].len);
    }
    mem_free(c->entries);
    mem_free(c->name);
    mem_free(c->plugin);
    mem_free(c->main_path);
    mem_free(c->dir);
    strv_done(&c->made);
    mem_free(c->conf_dir);
    mem_free(c->secret_dir);
    mem_free(c->path);
    mem_free(c);
}

const char *credentials_path(const struct credentials *c)
{
    return c->path;
}

/* ---- Values ---- */

/* What the configuration can hold as one value and give back as it was. */
static int check_value(const char *key, const char *text, size_t len, struct err *err)
{
    AUTO(buf_done) struct buf scratch = BUF_SECRET(SECTION_MAX);

    if (len == 0 || strlen(text) != len) {
        return err_set(err, ERR_CONFIG, "%s: empty, or bytes that are no text", key);
    }
    if (config_format_value(&scratch, key, text, err) < 0) {
        return err_code(err);
    }
    return buf_check(&scratch, key, err);
}

static size_t count_key(const struct credentials *c, const char *key)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n; i++) {
        n += str_eq(c->entries[i].key, key) ? 1 : 0;
    }
    return n;
}

/* "../secrets/NAME.OPTION", since a relative path counts from the section's folder; the second
 * value of a repeated option is NAME.OPTION.2. */
static void add_file(struct credentials *c, char *take_key, const char *option, const char *text,
                     size_t len)
{
    size_t before = count_key(c, take_key);
    AUTO_FREE char *file = before == 0 ? str_fmt("%s.%s", c->name, option)
                                       : str_fmt("%s.%s.%zu", c->name, option, before + 1);

    VEC_PUSH(c->entries, c->n, c->cap) = (struct entry){
        .key = take_key,
        .text = str_fmt("../secrets/%s", file),
        .path = fs_join(c->secret_dir, file),
        .content = str_dup_len(text, len),
        .len = len,
    };
}

int credentials_add(struct credentials *c, const struct provider_option *option, const char *text,
                    size_t len, bool is_content, struct err *err)
{
    bool is_secret = (option->flags & ACME_OPTION_SECRET) != 0;

    if (is_content) {
        add_file(c, str_dup(option->name), option->name, text, len);
        return 0;
    }
    if (check_value(option->name, text, len, err) < 0) {
        return err_code(err);
    }
    if (is_secret && option->type != ACME_OPTION_FILE) {
        secret_register(text, len);
        add_file(c, str_fmt("%s-file", option->name), option->name, text, len);
        return 0;
    }
    VEC_PUSH(c->entries, c->n, c->cap) =
        (struct entry){.key = str_dup(option->name), .text = str_dup_len(text, len)};
    return 0;
}

/* ---- The environment ---- */

/* A relative path would count from the section's folder, not from where the user stands. */
static int add_variable(struct credentials *c, const struct provider_option *option,
                        const char *text, struct err *err)
{
    bool is_path = option->type == ACME_OPTION_PATH || option->type == ACME_OPTION_FILE;

    if (is_path && text[0] != '/') {
        return err_set(err, ERR_CONFIG, "is not an absolute path");
    }
    return credentials_add(c, option, text, strlen(text), false, err);
}

static int add_variable_file(struct credentials *c, const struct provider_option *option,
                             const char *path, struct err *err)
{
    AUTO(buf_done) struct buf content = BUF_SECRET(OPTION_FILE_MAX);

    if (option_read_secret_file(path, &content, err) < 0) {
        return err_code(err);
    }
    return credentials_add(c, option, buf_str(&content), content.len, false, err);
}

static int add_from_environment(struct credentials *c, const struct provider_description *plugin,
                                size_t index, struct strv *taken, struct err *err)
{
    const struct provider_option *option = &plugin->options[index];
    AUTO(option_variable_done)
    struct option_variable variable = option_variable_find(plugin, index);

    if (variable.name == NULL) {
        return 0;
    }
    if ((variable.is_file ? add_variable_file(c, option, variable.text, err)
                          : add_variable(c, option, variable.text, err)) < 0) {
        return err_wrap(err, "environment variable %s", variable.name);
    }
    strv_take(taken, str_fmt("%s (%s)", option->name, variable.name));
    return 0;
}

int credentials_add_environment(struct credentials *c, const struct provider_description *plugin,
                                const bool *is_given, struct strv *taken, struct err *err)
{
    bool has_part = false;

    for (size_t i = 0; is_given != NULL && i < plugin->n_options; i++) {
        has_part = has_part || (is_given[i] && (plugin->options[i].flags & ACME_OPTION_GROUP) != 0);
    }
    for (size_t i = 0; i < plugin->n_options; i++) {
        const struct provider_option *option = &plugin->options[i];

        if ((is_given != NULL && is_given[i]) ||
            (has_part && (option->flags & ACME_OPTION_GROUP) != 0)) {
            continue;
        }
        if (add_from_environment(c, plugin, i, taken, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

int credentials_format(const struct credentials *c, struct buf *to, struct err *err)
{
    config_format_section(to, "provider", c->name);
    if (config_format_value(to, "plugin", c->plugin, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < c->n; i++) {
        if (config_format_value(to, c->entries[i].key, c->entries[i].text, err) < 0) {
            return err_code(err);
        }
    }
    return buf_check(to, "the section", err);
}

/* ---- Files ---- */

/* False: it is still there. */
static bool take_back(const char *path, struct strv *left)
{
    struct err ignored = ERR_INIT; /* what failed before is what the user must hear */

    if (fs_unlink(path, &ignored) < 0) {
        strv_add(left, path);
        return false;
    }
    return true;
}

void credentials_withdraw(struct credentials *c, struct strv *left)
{
    for (size_t i = 0; i < c->n; i++) {
        struct entry *entry = &c->entries[i];

        entry->is_written = entry->is_written && !take_back(entry->path, left);
    }
    c->has_made_main = c->has_made_main && !take_back(c->main_path, left);
    for (size_t i = c->made.n; i > 0; i--) {
        (void)rmdir(c->made.items[i - 1]); /* only while it is empty */
    }
    strv_done(&c->made);
}

static int make_folder(struct credentials *c, const char *path, mode_t mode, struct err *err)
{
    const char *slash = strrchr(path, '/');
    AUTO_FREE char *above =
        slash == NULL || slash == path ? NULL : str_dup_len(path, (size_t)(slash - path));

    if (fs_is_dir(path)) {
        return 0;
    }
    if ((above != NULL && make_folder(c, above, FOLDER_MODE, err) < 0) ||
        fs_mkdir(path, mode, err) < 0) {
        return err_code(err);
    }
    strv_add(&c->made, path);
    return 0;
}

static int refuse_existing(const char *path, struct err *err)
{
    (void)err_set(err, ERR_CONFIG, "'%s' is there already", path);
    return err_hint(err, "choose another name, or remove that file first");
}

static int write_secrets(struct credentials *c, struct err *err)
{
    for (size_t i = 0; i < c->n; i++) {
        struct entry *entry = &c->entries[i];

        if (entry->path == NULL) {
            continue;
        }
        if (make_folder(c, c->secret_dir, SECRET_FOLDER_MODE, err) < 0) {
            return err_code(err);
        }
        if (fs_exists(entry->path)) {
            return refuse_existing(entry->path, err);
        }
        if (fs_write_new(entry->path, entry->content, entry->len, SECRET_MODE, err) < 0) {
            return err_code(err);
        }
        entry->is_written = true;
    }
    return 0;
}

/* A configuration of root's begins nowhere that others can put files. */
static int check_folder(const struct credentials *c, struct err *err)
{
    AUTO_FD int fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err why = ERR_INIT;

    if (fd < 0 || fs_exists(c->main_path) || fs_check_trusted(fd, c->dir, &why) == 0) {
        return 0;
    }
    (void)err_set(err, ERR_CONFIG,
                  "'%s' cannot be made: others than root can write to the folder '%s'",
                  c->main_path, c->dir);
    return err_hint(err, "name a file in a folder that only root can write to: --config FILE");
}

int credentials_store(struct credentials *c, struct strv *left, struct err *err)
{
    if (fs_exists(c->path)) {
        return refuse_existing(c->path, err);
    }
    if (check_folder(c, err) < 0) {
        return err_code(err);
    }
    /* The section's folder too: its relative paths begin there, written or not. */
    if (make_folder(c, c->conf_dir, FOLDER_MODE, err) < 0 || write_secrets(c, err) < 0) {
        credentials_withdraw(c, left);
        return err_code(err);
    }
    return 0;
}

/* Who named a file that is not there names it again, when it has to be. */
static int write_main(struct credentials *c, struct err *err)
{
    static const char TEXT[] = "# acme-dns.conf(5). The files conf.d/*.conf beside this one are "
                               "read, too.\n";

    if (fs_exists(c->main_path)) {
        return 0;
    }
    if (fs_write_new(c->main_path, TEXT, strlen(TEXT), SECTION_MODE, err) < 0) {
        return err_code(err);
    }
    c->has_made_main = true;
    return 0;
}

int credentials_commit(struct credentials *c, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(SECTION_MAX);

    if (credentials_format(c, &text, err) < 0 || write_main(c, err) < 0) {
        return err_code(err);
    }
    return fs_write_new(c->path, buf_str(&text), text.len, SECTION_MODE, err);
}

int credentials_write(struct credentials *c, struct strv *left, struct err *err)
{
    if (credentials_store(c, left, err) < 0) {
        return err_code(err);
    }
    if (credentials_commit(c, err) < 0) {
        credentials_withdraw(c, left);
        return err_code(err);
    }
    return 0;
}

const char *credentials_made(const struct credentials *c)
{
    return c->has_made_main ? c->main_path : NULL;
}
