/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Another certificate first: servers are never without one. It is issued as 'issue --force' does
 * it; that one was told of by its own events before this says more.
 */
#include "task/revoke_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "store/store_cert.h"
#include "task/issue.h"

/* "acme-dns revoke --cert 'archived/...'", to mem_free. */
static char *describe_rest(const struct revoke_target *target)
{
    AUTO_FREE char *path =
        store_cert_shelf_path(target->store, target->cert, target->shelf, "cert.pem");

    return target->shelf == STORE_ARCHIVED
               ? str_fmt("deploy the new one (acme-dns deploy %s), then revoke the old one: "
                         "acme-dns revoke --cert '%s'",
                         target->cert->name, path)
               : str_dup("the certificate in force is still the old one");
}

/* Where the old one lies now. */
static void find_again(struct revoke_target *target)
{
    struct store_cert *archived = NULL;
    struct err ignored = ERR_INIT; /* it is where it was */

    if (store_cert_find_shelved(target->store, target->cert->name, STORE_ARCHIVED,
                                target->cert->sha256_hex, &archived, &ignored) == 0) {
        store_cert_free(target->cert);
        target->cert = archived;
        target->shelf = STORE_ARCHIVED;
    }
}

static enum task_exit refuse(const struct revoke_target *target, enum task_exit status)
{
    AUTO_FREE char *rest = describe_rest(target);

    event_log(EVENT_WARNING, target->cert->name, "nothing was revoked; %s", rest);
    return status;
}

enum task_exit revoke_reissue(struct task_env *env, struct revoke_target *target)
{
    AUTO_FREE char *name = str_dup(target->cert->name);
    const struct issue_request request = {
        .name = name,
        .is_staging = store_is_staging(target->store),
        .is_forced = true,
        .is_following = true, /* whatever its names are to be by now */
    };
    enum task_exit status = EXIT_FAILED;
    struct err err = ERR_INIT;

    if (revoke_forget_orders(target, &err) < 0) {
        event_log(EVENT_ERROR, name, "%s", err.text);
        return refuse(target, task_exit_for(err.class));
    }
    status = task_issue(env, &request);
    find_again(target);
    if (status == EXIT_DONE && target->shelf == STORE_ARCHIVED) {
        return EXIT_DONE;
    }
    return refuse(target, status == EXIT_DONE ? EXIT_FAILED : status);
}
