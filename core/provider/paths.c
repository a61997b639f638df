/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/paths.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static const char WORKER_NAME[] = "acme-dns-worker";

/* The nearest folder at or above the executable's (a unit test's lies three below) that holds a
 * build's files; NULL when installed. To mem_free. */
static char *build_dir_find(void)
{
    char dir[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

    if (len <= 0) {
        return NULL;
    }
    dir[len] = '\0';
    for (int up = 0; up < 4; up++) {
        char *slash = strrchr(dir, '/');

        if (slash == NULL || slash == dir) {
            return NULL;
        }
        *slash = '\0';
        AUTO_FREE char *worker = fs_join(dir, WORKER_NAME);
        AUTO_FREE char *cache = fs_join(dir, "CMakeCache.txt");
        if (fs_exists(worker) && fs_exists(cache)) {
            return str_dup(dir);
        }
    }
    return NULL;
}

void paths_plugin_dirs(const struct strv *given, struct strv *to)
{
    AUTO_FREE char *build = build_dir_find();

    for (size_t i = 0; given != NULL && i < given->n; i++) {
        strv_add_unique(to, given->items[i]);
    }
    if (build != NULL) {
        strv_take(to, fs_join(build, "plugins"));
    } else {
        strv_add_unique(to, ACME_PLUGIN_DIR);
    }
}

char *paths_worker(void)
{
    AUTO_FREE char *build = build_dir_find();

    return fs_join(build != NULL ? build : ACME_LIBEXEC_DIR, WORKER_NAME);
}

bool paths_is_plugin_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= 32 && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

char *paths_plugin_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t len = strlen(base);

    return str_dup_len(base, len > 3 && str_has_suffix(base, ".so") ? len - 3 : len);
}

int paths_plugin_find(const struct strv *dirs, const char *plugin, char **ret_path, struct err *err)
{
    if (strchr(plugin, '/') != NULL) {
        if (!fs_exists(plugin)) {
            return err_set(err, ERR_CONFIG, "there is no plug-in '%s'", plugin);
        }
        *ret_path = str_dup(plugin);
        return 0;
    }
    if (!paths_is_plugin_name(plugin)) {
        return err_set(err, ERR_CONFIG,
                       "'%s' cannot be a plug-in's name (lower-case letters, digits, hyphens)",
                       plugin);
    }
    AUTO_FREE char *file = str_fmt("%s.so", plugin);
    for (size_t i = 0; i < dirs->n; i++) {
        char *path = fs_join(dirs->items[i], file);

        if (fs_exists(path)) {
            *ret_path = path;
            return 0;
        }
        mem_free(path);
    }
    AUTO_FREE char *searched = strv_join(dirs, ", ");
    (void)err_set(err, ERR_CONFIG, "there is no plug-in '%s' in %s", plugin, searched);
    return err_hint(err, "'acme-dns plugin list' shows those that are there; --plugin-dir DIR adds "
                         "a folder");
}
