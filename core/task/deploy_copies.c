/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Copies outlive their certificate: other servers may use them, and only their owner knows. */
#include "task/deploy.h"

#include "base/fs.h"
#include "base/mem.h"
#include "store/store_deploy.h"

#include <string.h>

int deploy_parse_copy(const char *line, struct copy_rule *ret_rule, struct err *err)
{
    size_t len = strcspn(line, " ");
    AUTO_FREE char *key = str_dup_len(line, len);

    return copy_rule_parse(copy_piece_of(key), line + len + 1, ret_rule, err);
}

/* "'/etc/tls/a.pem' (with the private key)", if the file is there. */
static void describe_copy(const char *line, const char *name, struct strv *to)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};
    AUTO_FREE char *path = NULL;
    AUTO_FREE char *text = NULL;
    struct err ignored = ERR_INIT;

    if (deploy_parse_copy(line, &rule, &ignored) < 0) {
        return;
    }
    path = copy_rule_path(&rule, name);
    if (fs_exists(path)) {
        text = str_fmt("'%s'%s", path,
                       copy_piece_is_secret(rule.piece) ? " (with the private key)" : "");
        strv_add_unique(to, text);
    }
}

char *deploy_describe_copies(const struct task_env *env, struct store *store, const char *name)
{
    AUTO_PTR(deploy_common) struct deploy_common *common = deploy_common_new(env);
    AUTO(deploy_plan_done) struct deploy_plan plan = DEPLOY_PLAN_INIT;
    AUTO(store_deploy_done) struct store_deploy made = {.version = NULL};
    AUTO(strv_done) struct strv found = STRV_INIT;
    struct err ignored = ERR_INIT; /* what cannot be read names no copies */

    (void)store_deploy_load(store, name, &made, &ignored);
    (void)deploy_plan_find(common, store, name, &plan, &ignored);
    for (size_t i = 0; i < made.copies.n; i++) {
        describe_copy(made.copies.items[i], name, &found);
    }
    for (size_t i = 0; i < plan.copies.n; i++) {
        describe_copy(plan.copies.items[i], name, &found);
    }
    return found.n == 0 ? NULL : strv_join(&found, ", ");
}
