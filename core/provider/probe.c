/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/probe.h"

#include "provider/set.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "provider/paths.h"

#include <string.h>

/* Stands for the file of a provider inside the core, so that it is listed among the others. */
#define BUILT_IN "built-in/"

/* One question after the other: the files that are still to be asked, and the one in hand. */
struct probe {
    struct provider_set *set;
    struct probe *next;
    struct strv paths;
    size_t at;
    bool is_list; /* ends with a call without a path */
    provider_described_fn *seen;
    void *arg;
    struct loop_timer *timer;
    struct lane *lane;
    struct provider_description *description;
    struct err failure;
};

static void probe_free(struct probe *probe)
{
    struct probe **link = &probe->set->probes;

    while (*link != probe) {
        link = &(*link)->next;
    }
    *link = probe->next;
    loop_timer_cancel(&probe->timer);
    lane_free(probe->lane);
    provider_description_free(probe->description);
    strv_done(&probe->paths);
    mem_free(probe);
}

void probe_free_all(struct provider_set *set)
{
    while (set->probes != NULL) {
        probe_free(set->probes);
    }
}

static void on_turn(void *arg);

static void next_turn(struct probe *probe)
{
    probe->timer = loop_timer_start(probe->set->loop, 0, on_turn, probe);
}

/* Tells of the file in hand, and goes on to the next. */
static void tell(struct probe *probe, const struct err *err)
{
    AUTO_PTR(provider_description)
    struct provider_description *description = TAKE(probe->description);

    const char *path = probe->paths.items[probe->at++];
    probe->seen(probe->arg, path, err == NULL ? description : NULL, err);
    next_turn(probe);
}

static void on_described(void *arg, struct provider_description *take_description)
{
    struct probe *probe = arg;

    probe->description = take_description;
    lane_close(probe->lane);
}

static bool on_frame(void *arg, struct frame_in *in)
{
    (void)arg;
    (void)in;
    return false;
}

/* A description that came is good, however its worker ended afterwards. */
static void on_ended(void *arg, const struct err *why)
{
    struct probe *probe = arg;
    struct err reason = *why;

    lane_free(probe->lane);
    probe->lane = NULL;
    tell(probe, probe->description != NULL ? NULL : &reason);
}

/* NULL: a file. */
static const struct console_kind *find_built_in(const char *path)
{
    return str_has_prefix(path, BUILT_IN) ? console_find(path + strlen(BUILT_IN)) : NULL;
}

/* One inside the core needs no worker to be described. True: that is done. */
static bool tell_built_in(struct probe *probe)
{
    AUTO_FREE char *name = paths_plugin_name(probe->paths.items[probe->at]);
    const struct console_kind *kind = find_built_in(probe->paths.items[probe->at]);
    struct err err = ERR_INIT;

    if (kind != NULL) {
        probe->description = console_describe(kind, probe->set->core_version);
        tell(probe, NULL);
        return true;
    }
    kind = probe->is_list ? console_find(name) : NULL;
    if (kind != NULL && console_check_files(probe->set, kind, &err) < 0) {
        tell(probe, &err);
        return true;
    }
    return false;
}

static void on_turn(void *arg)
{
    struct probe *probe = arg;
    struct err err = ERR_INIT;
    struct lane_events events = {
        .arg = probe, .described = on_described, .frame = on_frame, .ended = on_ended};

    probe->timer = NULL;
    if (probe->failure.class != ERR_NONE) {
        probe->seen(probe->arg, NULL, NULL, &probe->failure);
        probe_free(probe);
        return;
    }
    if (probe->at >= probe->paths.n) {
        if (probe->is_list) {
            probe->seen(probe->arg, NULL, NULL, NULL);
        }
        probe_free(probe);
        return;
    }
    if (tell_built_in(probe)) {
        return;
    }
    confine_set(probe->set);
    AUTO_FREE char *name = paths_plugin_name(probe->paths.items[probe->at]);
    struct lane_plan plan = {
        .executable = probe->set->worker_path,
        .plugin_path = probe->paths.items[probe->at],
        .core_version = probe->set->core_version,
        .label = name,
        .user = &probe->set->user,
        .reach = &probe->set->reach,
        .inherit_fd = -1,
        .log_up_to = EVENT_DEBUG,
    };
    if (lane_start(probe->set->loop, &plan, &events, &probe->lane, &err) < 0) {
        tell(probe, &err);
    }
}

static struct probe *probe_new(struct provider_set *set, provider_described_fn *seen, void *arg)
{
    struct probe *probe = NEW(struct probe);

    probe->set = set;
    probe->seen = seen;
    probe->arg = arg;
    probe->next = set->probes;
    set->probes = probe;
    next_turn(probe);
    return probe;
}

void provider_describe(struct provider_set *set, const char *plugin, provider_described_fn *seen,
                       void *arg)
{
    struct probe *probe = probe_new(set, seen, arg);
    const struct console_kind *kind = console_find(plugin);
    char *path = NULL;

    if (kind != NULL) {
        if (console_check_files(set, kind, &probe->failure) == 0) {
            strv_take(&probe->paths, str_fmt(BUILT_IN "%s", kind->name));
        }
        return;
    }
    if (paths_plugin_find(&set->plugin_dirs, plugin, &path, &probe->failure) == 0) {
        strv_take(&probe->paths, path);
    }
}

/* By name, so that the first folder's wins. */
static void add_folder(struct probe *probe, const char *folder, struct strv *names)
{
    struct strv files = STRV_INIT;
    struct err err = ERR_INIT;

    if (fs_list(folder, &files, &err) < 0) {
        return;
    }
    for (size_t i = 0; i < files.n; i++) {
        AUTO_FREE char *name = paths_plugin_name(files.items[i]);

        if (str_has_suffix(files.items[i], ".so") && !strv_has(names, name)) {
            strv_add(names, name);
            strv_take(&probe->paths, fs_join(folder, files.items[i]));
        }
    }
    strv_done(&files);
}

/* "/b/x.so" before "/a/y.so": by what stands behind the last slash. */
static void sort_by_name(struct strv *paths)
{
    for (size_t i = 1; i < paths->n; i++) {
        for (size_t k = i;
             k > 0 && strcmp(strrchr(paths->items[k - 1], '/'), strrchr(paths->items[k], '/')) > 0;
             k--) {
            char *swap = paths->items[k];

            paths->items[k] = paths->items[k - 1];
            paths->items[k - 1] = swap;
        }
    }
}

void provider_list(struct provider_set *set, provider_described_fn *seen, void *arg)
{
    struct probe *probe = probe_new(set, seen, arg);
    struct strv names = STRV_INIT;

    probe->is_list = true;
    for (size_t i = 0; console_at(i) != NULL; i++) {
        strv_take(&probe->paths, str_fmt(BUILT_IN "%s", console_at(i)->name));
    }
    for (size_t i = 0; i < set->plugin_dirs.n; i++) {
        add_folder(probe, set->plugin_dirs.items[i], &names);
    }
    sort_by_name(&probe->paths);
    strv_done(&names);
}
