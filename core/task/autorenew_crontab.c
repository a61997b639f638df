/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A user's crontab: our block in it, and all the rest as it was. */
#include "task/autorenew_impl.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The block ---- */

const char *autorenew_block_find(const char *table, size_t *ret_len)
{
    for (const char *at = strstr(table, AUTORENEW_FRONT); at != NULL;
         at = strstr(at + 1, AUTORENEW_FRONT)) {
        const char *end = strstr(at, AUTORENEW_END);

        if (at != table && at[-1] != '\n') {
            continue; /* quoted in somebody's comment */
        }
        /* Without its end only the first line is known to be ours. */
        *ret_len = end != NULL ? (size_t)(end - at) + strlen(AUTORENEW_END) : strcspn(at, "\n");
        return at;
    }
    return NULL;
}

char *autorenew_block_put(const char *table, const char *block)
{
    size_t len = 0;
    const char *old = autorenew_block_find(table, &len);
    bool is_last_open = *table != '\0' && !str_has_suffix(table, "\n");

    block = block == NULL ? "" : block;
    return old != NULL
               ? str_fmt("%.*s%s%s", (int)(old - table), table, block, old + len)
               : str_fmt("%s%s%s", table, is_last_open && *block != '\0' ? "\n" : "", block);
}

/* ---- The table ---- */

int autorenew_crontab_read(struct task_env *env, char **ret_table, struct err *err)
{
    static const char *const LIST[] = {"crontab", "-l", NULL};
    AUTO(autorenew_said_done) struct autorenew_said said = {.status = -1};

    if (autorenew_run(env, LIST, &said, err) < 0) {
        return err_code(err);
    }
    if (said.status == 0 && said.is_cut) {
        /* It would be written back without the rest. */
        (void)err_set(err, ERR_CONFIG, "the crontab is too long, or has a NUL byte in it");
        return err_hint(err, "nothing was changed; call 'acme-dns process --scheduled' otherwise");
    }
    if (said.status == 0) {
        *ret_table = TAKE(said.output);
        return 0;
    }
    /* "no crontab for USER" of Vixie's and its heirs, "can't open 'USER'" of BusyBox. */
    if (strstr(said.errors, "no crontab for") != NULL ||
        strstr(said.errors, "No such file or directory") != NULL) {
        *ret_table = str_dup("");
        return 0;
    }
    return err_set(err, ERR_FAILED, "'crontab -l' ended with %d: %s", said.status, said.errors);
}

/* word: the file with the new table, or -r. */
static int put(struct task_env *env, const char *word, struct err *err)
{
    const char *const words[] = {"crontab", word, NULL};
    AUTO(autorenew_said_done) struct autorenew_said said = {.status = -1};

    if (autorenew_run(env, words, &said, err) < 0) {
        return err_code(err);
    }
    return said.status == 0
               ? 0
               : err_set(err, ERR_FAILED, "crontab does not take the table: %s", said.errors);
}

int autorenew_crontab_write(struct task_env *env, const char *table, struct err *err)
{
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT;
    int code = 0;

    if (*table == '\0') {
        return put(env, "-r", err);
    }
    /* A file, since programs that we start read no standard input; crontab opens it as its caller.
     */
    path = str_fmt("/tmp/acme-dns-crontab-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0) {
        return err_set_errno(err, "cannot make a file in /tmp");
    }
    (void)close(fd);
    code = fs_write_atomic(path, table, strlen(table), 0600, err);
    code = code < 0 ? code : put(env, path, err);
    (void)fs_unlink(path, &ignored);
    return code;
}
