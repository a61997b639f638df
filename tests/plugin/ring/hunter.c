/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A plug-in that looks for what it must not have: add() tries each way and fails with the list of
 * those that worked, or succeeds with none. `prey` names files that must stay closed, `folder` a
 * folder whose files must all be.
 */
#include <acme-plugin.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char folders[8][256];
static size_t n_folders;
static char found[4000];

static const struct acme_plugin_option options[] = {
    /* STRING, not PATH: a PATH would be opened for the plug-in on purpose. */
    {"folder", NULL, "nothing in it may be read", NULL, NULL, ACME_OPTION_STRING,
     ACME_OPTION_REPEAT},
    {"other", NULL, "a word that must not be found anywhere", NULL, NULL, ACME_OPTION_STRING, 0},
};
static char word[64];

static void got(const char *what, const char *where)
{
    size_t len = strlen(found);

    (void)snprintf(found + len, sizeof(found) - len, "%s %s; ", what, where);
}

static void try_file(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        if (read(fd, &byte, 1) >= 0) {
            got("read", path);
        }
        close(fd);
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        got("could write", path);
        close(fd);
    }
}

static void try_folder(const char *path, int depth)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char below[1024];

    if (dir != NULL) {
        got("listed", path);
        while (depth < 4 && (entry = readdir(dir)) != NULL) {
            if (entry->d_name[0] != '.') {
                (void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
                try_folder(below, depth + 1);
            }
        }
        closedir(dir);
    } else if (errno == ENOTDIR) {
        try_file(path);
    }
    /* Names that are no secret: the layout of STATE is documented. */
    static const char *const KNOWN[] = {"key.pem",     "certs/a/privkey.pem", "accounts/a/key.pem",
                                        "journal/run", "acme-dns.conf",       "conf.d/a.conf"};
    for (size_t i = 0; depth == 0 && i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++) {
        (void)snprintf(below, sizeof(below), "%s/%s", path, KNOWN[i]);
        try_file(below);
    }
    (void)snprintf(below, sizeof(below), "%s/planted", path);
    int fd = depth == 0 ? open(below, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        got("created", below);
        close(fd);
    }
}

static void try_process(pid_t pid)
{
    static const char *const ENTRIES[] = {"environ", "mem",  "maps",      "fd/0",
                                          "fd/3",    "fd/4", "fd/5",      "fd/6",
                                          "fd/7",    "fd/8", "cwd/.",     "root/etc/shadow",
                                          "stack",   "auxv", "map_files", "syscall"};
    char path[128];
    char bytes[16];
    struct iovec local = {bytes, sizeof(bytes)}, remote = {(void *)&word, sizeof(bytes)};

    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(ENTRIES[0]); i++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, ENTRIES[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            if (read(fd, bytes, 1) > 0 || errno == EISDIR) {
                got("opened", path);
            }
            close(fd);
        }
    }
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0) {
        got("traced", path);
        (void)waitpid(pid, NULL, __WALL);
        (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    }
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) > 0) {
        got("read the memory of", path);
    }
    if (kill(pid, 0) == 0) {
        got("could signal", path);
    }
}

static void try_descriptors(void)
{
    char name[32], path[64], target[256];

    for (int fd = 0; fd < 256; fd++) {
        struct stat st;

        if (fd <= 4 || fstat(fd, &st) < 0) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        (void)snprintf(name, sizeof(name), "descriptor %d", fd);
        got(name, target);
    }
}

static void try_environment(void)
{
    for (char **at = environ; word[0] != '\0' && *at != NULL; at++) {
        if (strstr(*at, word) != NULL) {
            got("environment has", *at);
        }
    }
}

static void try_privileges(void)
{
    if (getuid() != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
        got("became", "root");
    }
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        execl("/bin/cat", "cat", folders[0], (char *)NULL);
        _exit(9);
    }
    (void)waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        got("read by another program", folders[0]);
    }
}

static int32_t hunter_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    const struct acme_value *list = acme_value_at(o, 0);

    (void)call;
    *ret_instance = NULL;
    for (size_t at = 0; list->text != NULL && at < list->len && n_folders < 8;) {
        (void)snprintf(folders[n_folders++], sizeof(folders[0]), "%s", list->text + at);
        at += strlen(list->text + at) + 1;
    }
    if (acme_value_at(o, 1)->text != NULL) {
        (void)snprintf(word, sizeof(word), "%s", acme_value_at(o, 1)->text);
    }
    return ACME_OK;
}

static int32_t hunter_add(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)instance;
    found[0] = '\0';
    for (size_t i = 0; i < n_folders; i++) {
        try_folder(folders[i], 0);
    }
    try_process(getppid());
    if (r->token != NULL) {
        try_process((pid_t)strtol(r->token, NULL, 10)); /* another instance's worker */
    }
    try_descriptors();
    try_environment();
    try_privileges();
    return found[0] == '\0' ? ACME_OK : acme_fail(call, ACME_REJECTED, 0, "the hunter: %s", found);
}

static int32_t hunter_remove(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)call;
    (void)instance;
    (void)r;
    return ACME_OK;
}

static const struct acme_plugin plugin = {
    ACME_PLUGIN_HEAD,
    .n_options = sizeof(options) / sizeof(options[0]),
    .name = "hunter",
    .version = "1",
    .summary = "looks for secrets",
    .options = options,
    .open = hunter_open,
    .add = hunter_add,
    .remove = hunter_remove,
};

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    return &plugin;
}
