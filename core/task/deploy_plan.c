/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is to be done when a certificate is new: which copies, which hooks. */
#include "task/deploy.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/sections.h"
#include "config/settings.h"
#include "store/store_deploy.h"
#include "task/wanted.h"

#include <ctype.h>
#include <string.h>

struct deploy_common {
    const struct task_env *env;
    struct strv hooks;  /* the settings', then hooks.d/ */
    struct strv copies; /* the settings' */
    struct err err;     /* why hooks.d/ cannot be read, if so */
};

/* ---- What all certificates have ---- */

/* Names as run-parts(8) takes them, and dots: no editor's backup, no package manager's leftover. */
static bool is_hook_name(const char *name)
{
    static const char *const LEFTOVERS[] = {".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp",
                                            ".rpmsave",  ".rpmnew",    ".bak"};

    for (size_t i = 0; name[i] != '\0'; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(LEFTOVERS); i++) {
        if (str_has_suffix(name, LEFTOVERS[i])) {
            return false;
        }
    }
    return true;
}

/* In single quotes a path is one word, whatever is in it but a single quote. */
static int add_program(const char *path, struct strv *to, struct err *err)
{
    if (strchr(path, '\'') != NULL) {
        return err_set(err, ERR_CONFIG, "'%s': a hook's path cannot have a quote in it", path);
    }
    strv_take(to, str_fmt("'%s'", path));
    return 0;
}

static int add_folder(const char *config_path, struct strv *to, struct err *err)
{
    AUTO_FREE char *beside = config_folder(config_path);
    AUTO_FREE char *folder = beside == NULL ? NULL : fs_join(beside, "hooks.d");
    AUTO(strv_done) struct strv names = STRV_INIT;
    int code = folder == NULL ? -ERR_NOT_FOUND : fs_list(folder, &names, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
        return 0;
    }
    for (size_t i = 0; code == 0 && i < names.n; i++) {
        AUTO_FREE char *path = fs_join(folder, names.items[i]);

        if (is_hook_name(names.items[i]) && !fs_is_dir(path)) {
            code = add_program(path, to, err);
        }
    }
    return code;
}

/* "copy-privkey PATH owner=...", one a rule. */
static void add_copies(const struct strv by_piece[static COPY_PIECES], struct strv *to)
{
    for (int piece = 0; piece < COPY_PIECES; piece++) {
        for (size_t i = 0; i < by_piece[piece].n; i++) {
            strv_take(to, str_fmt("%s %s", copy_piece_key((enum copy_piece)piece),
                                  by_piece[piece].items[i]));
        }
    }
}

struct deploy_common *deploy_common_new(const struct task_env *env)
{
    struct deploy_common *common = NEW(struct deploy_common);

    common->env = env;
    strv_copy(&common->hooks, &env->settings->deploy_hooks);
    add_copies(env->settings->copies, &common->copies);
    (void)add_folder(env->settings->config_path, &common->hooks, &common->err);
    return common;
}

void deploy_common_free(struct deploy_common *common)
{
    if (common == NULL) {
        return;
    }
    strv_done(&common->hooks);
    strv_done(&common->copies);
    mem_free(common);
}

/* ---- What one has ---- */

void deploy_plan_done(struct deploy_plan *plan)
{
    strv_done(&plan->hooks);
    strv_done(&plan->own);
    strv_done(&plan->copies);
}

int deploy_plan_make(const struct deploy_common *common, const struct strv *own_hooks,
                     const struct strv own_copies[static COPY_PIECES], struct deploy_plan *ret_plan,
                     struct err *err)
{
    if (common->err.class != ERR_NONE) {
        *err = common->err;
        return err_code(err);
    }
    add_copies(own_copies, &ret_plan->copies);
    strv_add_all_unique(&ret_plan->copies, &common->copies);
    strv_copy(&ret_plan->own, own_hooks);
    strv_add_all_unique(&ret_plan->hooks, own_hooks);
    strv_add_all_unique(&ret_plan->hooks, &common->hooks);
    return 0;
}

/* What the last request had, of either. */
struct remembered {
    struct strv hooks;
    struct strv copies[COPY_PIECES];
};

static void remembered_done(struct remembered *remembered)
{
    strv_done(&remembered->hooks);
    for (size_t i = 0; i < COPY_PIECES; i++) {
        strv_done(&remembered->copies[i]);
    }
}

/* is_whole: with what the certificate's section said, when it was last right. */
static void take_remembered(const struct store_pairs *request, bool is_whole,
                            struct remembered *remembered)
{
    AUTO(store_pairs_done) struct store_pairs commands = STORE_PAIRS_INIT;
    const struct store_pairs *said = is_whole ? request : &commands;

    wanted_add_commands(&commands, request);
    for (size_t i = 0; i < said->n; i++) {
        const struct store_pair *pair = &said->items[i];

        if (str_eq(pair->key, "deploy-hook")) {
            strv_add(&remembered->hooks, pair->value);
        } else if (str_has_prefix(pair->key, "copy-")) {
            strv_add(&remembered->copies[copy_piece_of(pair->key)], pair->value);
        }
    }
}

/* What commands said counts where the section says nothing. */
static void prefer_section(const struct certificate_section *section, struct remembered *remembered)
{
    if (section->deploy_hooks.n > 0) {
        strv_copy(&remembered->hooks, &section->deploy_hooks);
    }
    for (size_t i = 0; i < COPY_PIECES; i++) {
        if (section->copies[i].n > 0) {
            strv_copy(&remembered->copies[i], &section->copies[i]);
        }
    }
}

/* Without a section, or where it is wrong (NULL), it is as it last was. */
static int find_among(const struct deploy_common *common, const struct certificate_section *section,
                      const struct store_pairs *request, struct deploy_plan *ret_plan,
                      struct err *err)
{
    AUTO(remembered_done) struct remembered remembered = {.hooks = STRV_INIT};

    take_remembered(request, section == NULL, &remembered);
    if (section != NULL) {
        prefer_section(section, &remembered);
    }
    return deploy_plan_make(common, &remembered.hooks, remembered.copies, ret_plan, err);
}

int deploy_plan_find(const struct deploy_common *common, struct store *store, const char *name,
                     struct deploy_plan *ret_plan, struct err *err)
{
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;
    AUTO(certificate_section_done) struct certificate_section section = {.section = NULL};
    struct err ignored = ERR_INIT; /* of a section that is wrong */
    bool is_right = certificate_section_get(common->env->config, name, &section, &ignored) == 0;
    int code = store_request_load(store, name, &request, err);

    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    err_clear(err);
    return find_among(common, is_right ? &section : NULL, &request, ret_plan, err);
}

bool deploy_plan_is_empty(const struct deploy_plan *plan)
{
    return plan->hooks.n + plan->copies.n == 0;
}

static bool has_all(const struct strv *done, const struct strv *wanted)
{
    for (size_t i = 0; i < wanted->n; i++) {
        if (!strv_has(done, wanted->items[i])) {
            return false;
        }
    }
    return true;
}

bool deploy_is_pending(struct store *store, const struct store_cert *cert,
                       const struct deploy_plan *plan)
{
    AUTO(store_deploy_done) struct store_deploy state = {.version = NULL};
    struct err err = ERR_INIT;

    if (deploy_plan_is_empty(plan) || store_is_staging(store)) {
        return false;
    }
    if (store_deploy_load(store, cert->name, &state, &err) < 0) {
        event_log(EVENT_WARNING, cert->name, "%s", err.text);
        return false;
    }
    /* A hook of all certificates that was added or changed waits for each to be renewed: else one
     * edited line would have a server reloaded a thousand times in a row. */
    return !str_eq(state.version, cert->version) || !has_all(&state.copies, &plan->copies) ||
           !has_all(&state.hooks, &plan->own);
}

bool deploy_is_due(const struct deploy_common *common, struct store *store,
                   const struct store_cert *cert, const struct certificate_section *section,
                   const struct store_pairs *request)
{
    AUTO(deploy_plan_done) struct deploy_plan plan = DEPLOY_PLAN_INIT;
    struct err ignored = ERR_INIT;

    return request != NULL && find_among(common, section, request, &plan, &ignored) == 0 &&
           deploy_is_pending(store, cert, &plan);
}
