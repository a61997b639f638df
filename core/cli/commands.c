/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/commands.h"

#include "base/event.h"
#include "task/autorenew.h"
#include "task/cleanup.h"
#include "task/delete.h"
#include "task/deploy.h"
#include "task/dns.h"
#include "task/issue.h"
#include "task/plugin_new.h"
#include "task/provider_add.h"
#include "task/revoke.h"

enum task_exit command_issue(struct task_env *env, const struct args *args)
{
    /* The lists are borrowed: args lives until the task is over. */
    struct issue_request request = {
        .domains = args->values[OPTION_DOMAIN],
        .name = args_text(args, OPTION_NAME),
        .providers = args->values[OPTION_PROVIDER],
        .server = args_text(args, OPTION_SERVER),
        .ca = args_text(args, OPTION_CA),
        .is_staging = args_has(args, OPTION_STAGING),
        .email = args_text(args, OPTION_EMAIL),
        .has_agreed_tos = args_has(args, OPTION_AGREE_TOS),
        .key_type = args_text(args, OPTION_KEY_TYPE),
        .profile = args_text(args, OPTION_PROFILE),
        .eab = {.kid = args_text(args, OPTION_EAB_KID),
                .hmac_key_file = args_text(args, OPTION_EAB_HMAC_KEY_FILE),
                .alg = args_text(args, OPTION_EAB_ALG)},
        .allow_aliases = args->values[OPTION_ALLOW_ALIAS],
        .deploy_hooks = args->values[OPTION_DEPLOY_HOOK],
        .is_forced = args_has(args, OPTION_FORCE),
        .is_expanding = args_has(args, OPTION_EXPAND),
        .is_replacing = args_has(args, OPTION_REPLACE),
        .is_unchanged_told = args_has(args, OPTION_EXIT_UNCHANGED),
        .is_saving_credentials = args_has(args, OPTION_SAVE_CREDENTIALS),
        .is_trial = args_has(args, OPTION_DRY_RUN),
    };

    return task_issue(env, &request);
}

enum task_exit command_cleanup(struct task_env *env, const struct args *args)
{
    struct cleanup_request request = {
        .is_dry_run = args_has(args, OPTION_DRY_RUN),
        .forget = args_text(args, OPTION_FORGET),
        .allow_aliases = args->values[OPTION_ALLOW_ALIAS],
    };

    return task_cleanup(env, &request);
}

static enum task_exit command_plugin_new(struct task_env *env, const struct args *args)
{
    const struct strv *operands = &args->operands;
    struct plugin_new_request request = {
        .name = operands->items[0],
        .folder = operands->n > 1 ? operands->items[1] : NULL,
    };

    return task_plugin_new(env, &request);
}

static enum task_exit command_provider_add(struct task_env *env, const struct args *args)
{
    const struct strv *operands = &args->operands;
    struct provider_add_request request = {
        .name = operands->items[0],
        .plugin = args_text(args, OPTION_PLUGIN),
        /* Borrowed, without the name. */
        .answers = {.items = operands->items + 1, .n = operands->n - 1},
        .is_untried = args_has(args, OPTION_NO_CHECK),
    };

    return task_provider_add(env, &request);
}

static enum task_exit command_delete(struct task_env *env, const struct args *args)
{
    const struct delete_request request = {
        .name = args->operands.items[0],
        .is_staging = args_has(args, OPTION_STAGING),
        .is_confirmed = args_has(args, OPTION_YES),
    };

    return task_delete(env, &request);
}

static enum task_exit command_deploy(struct task_env *env, const struct args *args)
{
    const struct deploy_request request = {
        .name = args->operands.n > 0 ? args->operands.items[0] : NULL,
        .is_pending = args_has(args, OPTION_PENDING),
    };

    return task_deploy(env, &request);
}

static enum task_exit command_revoke(struct task_env *env, const struct args *args)
{
    const char *server = args_text(args, OPTION_SERVER);
    const struct revoke_request request = {
        .name = args_text(args, OPTION_NAME),
        .file = args_text(args, OPTION_CERT),
        .reason = args_text(args, OPTION_REASON),
        .ca = server != NULL ? server : args_text(args, OPTION_CA),
        .is_staging = args_has(args, OPTION_STAGING),
        .is_confirmed = args_has(args, OPTION_YES),
        .is_reissuing = args_has(args, OPTION_REISSUE),
    };

    return task_revoke(env, &request);
}

enum task_exit command_tell_end(struct sink *sink, const char *subject, enum task_exit status)
{
    if (sink_is_json(sink)) {
        event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, subject,
                   FIELD_INT("exit", status));
    }
    return status;
}

static enum task_exit command_dns(struct task_env *env, const struct args *args,
                                  enum lease_verb verb)
{
    struct dns_request request = {
        .verb = verb,
        .name = args->operands.items[0],
        .value = args->operands.items[1],
        .lease = args_text(args, OPTION_LEASE),
        .is_watched = args_has(args, OPTION_WAIT),
        .providers = args->values[OPTION_PROVIDER],
        .allow_aliases = args->values[OPTION_ALLOW_ALIAS],
    };

    return task_dns(env, &request);
}

enum task_exit command_run(struct task_env *env, const struct args *args, struct sink *sink)
{
    switch (args->command) {
    case COMMAND_ISSUE:
        return command_issue(env, args);
    case COMMAND_CLEANUP:
        return command_cleanup(env, args);
    case COMMAND_PLUGIN_LIST:
        return command_plugin_list(env, sink);
    case COMMAND_PLUGIN_SHOW:
        return command_plugin_show(env, args, sink);
    case COMMAND_PLUGIN_NEW:
        return command_plugin_new(env, args);
    case COMMAND_PLUGIN_TEST:
        return command_plugin_test(env, args, sink);
    case COMMAND_PROVIDER_ADD:
        return command_provider_add(env, args);
    case COMMAND_LIST:
        return command_list(env, args, sink);
    case COMMAND_SHOW:
        return command_show(env, args, sink);
    case COMMAND_DELETE:
        return command_delete(env, args);
    case COMMAND_REVOKE:
        return command_revoke(env, args);
    case COMMAND_DNS_ADD:
        return command_dns(env, args, LEASE_PUBLISH);
    case COMMAND_DNS_WAIT:
        return command_dns(env, args, LEASE_WATCH);
    case COMMAND_DNS_REMOVE:
        return command_dns(env, args, LEASE_TAKE_BACK);
    case COMMAND_DEPLOY:
        return command_deploy(env, args);
    case COMMAND_CONFIG_CHECK:
        return command_config_check(env);
    case COMMAND_REGISTER_AUTORENEW:
        return command_register(env, args, sink);
    case COMMAND_DEREGISTER_AUTORENEW:
        return task_autorenew_deregister(env);
    case COMMAND_AUTORENEW_STATUS:
        return command_autorenew_status(env, sink);
    case COMMAND_OPEN_LOGS:
        return command_open_logs(env, args, sink);
    case COMMAND_OPEN_STATE:
        return command_open_state(env, args, sink);
    case COMMAND_PROCESS:
    case COMMAND_RENEW:
        return command_process(env, args, sink);
    case COMMAND_CONFIG_SHOW:
        return command_config_show(env, args, sink);
    case COMMAND_ADOPT:
        return command_adopt(env, args, sink);
    case COMMAND_COUNT:
        break;
    }
    return EXIT_USAGE;
}
