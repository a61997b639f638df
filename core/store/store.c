/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* STATE itself: folders, the rule for names, and jobs. */
#include "store/store.h"

#include "base/b64.h"
#include "base/domain.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <errno.h>
#include <string.h>

#define NAME_MAX_BYTES 128
#define NAME_HASH_DIGITS 12
#define NAME_RULE \
    "names are 1 to 128 of a-z, 0-9, '.', '_', '-', and begin with neither '.' nor '-'"

static int make_folders(const struct store *store, struct err *err)
{
    /* 0711: servers that do not run as root pass through to their certificate, and list nothing. */
    const struct {
        enum store_folder folder;
        mode_t mode;
    } wanted[] = {{STORE_CERTS, 0711},
                  {STORE_ACCOUNTS, 0700},
                  {STORE_JOURNAL, 0700},
                  {STORE_LOCKS, 0700},
                  {STORE_LOGS, 0700}};
    AUTO_FREE char *autorenew = fs_join(store->folders[STORE_LOGS], "autorenew");

    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        if (fs_mkdir_all(store->folders[wanted[i].folder], wanted[i].mode, err) < 0 ||
            fs_check_folder(store->folders[wanted[i].folder], err) < 0) {
            return err_code(err);
        }
    }
    return fs_mkdir_all(autorenew, 0700, err);
}

static struct store *store_new(struct loop *loop, const char *state_dir, bool is_staging)
{
    struct store *store = NEW(struct store);
    AUTO_FREE char *tree = is_staging ? fs_join(state_dir, "staging") : str_dup(state_dir);

    store->loop = loop;
    store->is_staging = is_staging;
    store->command = str_dup(program_invocation_short_name);
    store->folders[STORE_STATE] = str_dup(state_dir);
    store->folders[STORE_CERTS] = fs_join(tree, "certs");
    store->folders[STORE_ACCOUNTS] = fs_join(tree, "accounts");
    store->folders[STORE_JOURNAL] = fs_join(tree, "journal");
    store->folders[STORE_LOCKS] = fs_join(state_dir, "locks");
    store->folders[STORE_LOGS] = fs_join(state_dir, "logs");
    return store;
}

int store_open(struct loop *loop, const char *state_dir, bool is_staging, struct store **ret_store,
               struct err *err)
{
    AUTO_PTR(store) struct store *store = store_new(loop, state_dir, is_staging);

    if (fs_mkdir_all(state_dir, 0711, err) < 0 || fs_check_folder(state_dir, err) < 0 ||
        make_folders(store, err) < 0) {
        return err_wrap(err, "cannot prepare the state folder '%s'", state_dir);
    }
    *ret_store = TAKE(store);
    return 0;
}

int store_look(struct loop *loop, const char *state_dir, bool is_staging, struct store **ret_store,
               struct err *err)
{
    AUTO_PTR(store) struct store *store = store_new(loop, state_dir, is_staging);
    const char *const looked_at[] = {state_dir, store->folders[STORE_CERTS]};

    for (size_t i = 0; i < ARRAY_LEN(looked_at); i++) {
        if (fs_exists(looked_at[i]) && fs_check_folder(looked_at[i], err) < 0) {
            return err_wrap(err, "cannot look at the state folder '%s'", state_dir);
        }
    }
    *ret_store = TAKE(store);
    return 0;
}

bool store_has_staging(const char *state_dir)
{
    AUTO_FREE char *tree = fs_join(state_dir, "staging");

    return fs_is_dir(tree);
}

bool store_has_certificate(const char *state_dir, const char *name)
{
    AUTO_FREE char *real = str_fmt("%s/certs/%s", state_dir, name);
    AUTO_FREE char *trial = str_fmt("%s/staging/certs/%s", state_dir, name);
    struct err ignored = ERR_INIT;

    return store_name_check(name, &ignored) == 0 && (fs_is_dir(real) || fs_is_dir(trial));
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(store->folders); i++) {
        mem_free(store->folders[i]);
    }
    mem_free(store->command);
    mem_free(store);
}

bool store_is_staging(const struct store *store)
{
    return store->is_staging;
}

const char *store_folder(const struct store *store, enum store_folder folder)
{
    return store->folders[folder];
}

void store_set_command(struct store *store, const char *command)
{
    str_set(&store->command, command);
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

int store_name_check(const char *name, struct err *err)
{
    size_t len = strlen(name);
    size_t n = 0;

    while (is_name_char(name[n])) {
        n++;
    }
    if (len == 0 || len > NAME_MAX_BYTES || n != len || name[0] == '.' || name[0] == '-') {
        err_set(err, ERR_CONFIG, "'%.140s' cannot be a name here", name);
        return err_hint(err, "%s", NAME_RULE);
    }
    return 0;
}

char *store_name_for(const char *domain)
{
    const char *base = domain_base(domain);

    if (strlen(base) <= NAME_MAX_BYTES) {
        return str_dup(base);
    }
    AUTO_FREE char *hash = hex_sha256(base, NAME_HASH_DIGITS);
    return str_fmt("%.*s-%s", NAME_MAX_BYTES - NAME_HASH_DIGITS - 1, base, hash);
}

void store_job_start(struct store_job *job, struct store *store, loop_timer_fn *run,
                     void (*drop)(struct store_job *job))
{
    job->store = store;
    job->drop = drop;
    job->turn = loop_timer_start(store->loop, 0, run, job);
}

void store_job_cancel(struct store_job **job)
{
    struct store_job *ended = TAKE(*job);

    if (ended != NULL) {
        loop_timer_cancel(&ended->turn);
        ended->drop(ended);
    }
}
