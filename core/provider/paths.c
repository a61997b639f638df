/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/paths.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char WORKER_NAME[] = "acme-dns-worker";

/* The executable's folder, to mem_free; NULL: nobody says. */
static char *own_dir_find(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    const char *slash = len <= 0 ? NULL : memrchr(path, '/', (size_t)len);

    return slash == NULL ? NULL : str_dup_len(path, (size_t)(slash - path));
}

/* The nearest folder at or above the executable's (a unit test's lies three below) that holds a
 * build's files; NULL when installed. To mem_free. */
static char *build_dir_find(void)
{
    AUTO_FREE char *dir = own_dir_find();

    for (int up = 0; dir != NULL && *dir != '\0' && up < 4; up++) {
        AUTO_FREE char *worker = fs_join(dir, WORKER_NAME);
        AUTO_FREE char *cache = fs_join(dir, "CMakeCache.txt");

        if (fs_exists(worker) && fs_exists(cache)) {
            return TAKE(dir);
        }
        *strrchr(dir, '/') = '\0';
    }
    return NULL;
}

/* The folder at the end of the way from the executable's, if the tree that was installed is whole
 * there; else where it was built to be. To mem_free. */
static char *installed_dir_find(const char *way, const char *otherwise)
{
    AUTO_FREE char *own = own_dir_find();
    AUTO_FREE char *worker =
        own == NULL ? NULL : str_fmt("%s/%s/%s", own, ACME_LIBEXEC_WAY, WORKER_NAME);
    AUTO_FREE char *path = own == NULL ? NULL : fs_join(own, way);
    char real[PATH_MAX];

    return worker != NULL && fs_exists(worker) && realpath(path, real) != NULL ? str_dup(real)
                                                                               : str_dup(otherwise);
}

void paths_plugin_dirs(const struct strv *given, struct strv *to)
{
    AUTO_FREE char *build = build_dir_find();

    if (given != NULL) {
        strv_add_all_unique(to, given);
    }
    if (build != NULL) {
        strv_take(to, fs_join(build, "plugins"));
    } else {
        AUTO_FREE char *installed = installed_dir_find(ACME_PLUGIN_WAY, ACME_PLUGIN_DIR);

        strv_add_unique(to, installed);
    }
}

char *paths_worker(void)
{
    AUTO_FREE char *build = build_dir_find();
    AUTO_FREE char *dir =
        build != NULL ? TAKE(build) : installed_dir_find(ACME_LIBEXEC_WAY, ACME_LIBEXEC_DIR);

    return fs_join(dir, WORKER_NAME);
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
