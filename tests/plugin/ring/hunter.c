/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A plug-in that looks for what it must not have: add() tries each way and fails with the list of
 * those that worked, or succeeds with none. Files are hunted here, processes in hunter_process.c.
 * The names of what it hunts are no secret: the layout of STATE is documented.
 */
#include "hunter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static char folders[8][256], files[8][256], refuge[256];
static size_t n_folders, n_files;
static char found[3000]; /* for the error; the log has them all */
static struct acme_call *current;
char hunter_word[64], hunter_socket[64];
int hunter_may_signal;

static const struct acme_plugin_option options[] = {
    /* STRING, not PATH: a PATH would be opened for the plug-in on purpose. */
    {"folder", NULL, "nothing in it may be read", NULL, NULL, ACME_OPTION_STRING,
     ACME_OPTION_REPEAT},
    {"file", NULL, "may not be read", NULL, NULL, ACME_OPTION_STRING, ACME_OPTION_REPEAT},
    {"other", NULL, "a word that must not be found anywhere", NULL, NULL, ACME_OPTION_STRING, 0},
    {"socket", NULL, "an abstract socket of the core", NULL, NULL, ACME_OPTION_STRING, 0},
    {"refuge", "/tmp", "a folder that it may write to", NULL, NULL, ACME_OPTION_STRING, 0},
    {"signals", "yes", "whether it should be kept from signalling", NULL, NULL, ACME_OPTION_BOOL,
     0},
};

void hunter_got(const char *format, ...)
{
    size_t len = strlen(found);
    char way[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(way, sizeof(way), format, args);
    va_end(args);
    acme_log(current, ACME_LOG_DEBUG, "found: %s;", way);
    (void)snprintf(found + len, sizeof(found) - len, "%s; ", way);
}

/* Whether a descriptor gives a byte away. */
static int is_readable(int fd)
{
    char byte;
    int is_good = fd >= 0 && read(fd, &byte, 1) == 1;

    if (fd >= 0) {
        (void)close(fd);
    }
    return is_good;
}

static void try_open(const char *path, const char *what)
{
    if (is_readable(open(path, O_RDONLY | O_CLOEXEC))) {
        hunter_got("%s %s", what, path);
    }
}

/* A descriptor that says only where the file is, turned into one that reads it. */
static void try_reopening(const char *path)
{
    char self[64];
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd >= 0) {
        (void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
        if (is_readable(open(self, O_RDONLY | O_CLOEXEC))) {
            hunter_got("reopened %s", path);
        }
        (void)close(fd);
    }
}

static void try_inode(const char *path)
{
    struct {
        struct file_handle head;
        unsigned char bytes[MAX_HANDLE_SZ];
    } handle;
    int mount_id;
    int root = open(refuge, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* of the same file system */

    handle.head.handle_bytes = MAX_HANDLE_SZ;
    if (root >= 0 && name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0) == 0 &&
        is_readable(open_by_handle_at(root, &handle.head, O_RDONLY | O_CLOEXEC))) {
        hunter_got("opened by inode %s", path);
    }
    if (root >= 0) {
        (void)close(root);
    }
}

/* Under another name, where reading is allowed. */
static void try_other_names(const char *path)
{
    char name[300];

    (void)snprintf(name, sizeof(name), "%s/hunter-link-%d", refuge, (int)getpid());
    if (link(path, name) == 0) {
        try_open(name, "read by a hard link");
        (void)unlink(name);
    }
    if (symlink(path, name) == 0) {
        try_open(name, "read by a symlink");
        (void)unlink(name);
    }
    if (rename(path, name) == 0) {
        hunter_got("moved %s", path);
        (void)rename(name, path);
    }
}

static void try_roots(const char *path)
{
    static const char *const WAYS[] = {"/proc/self/root", "/proc/thread-self/root",
                                       "/proc/self/cwd/../../../../../../../.."};
    char name[600];

    for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        (void)snprintf(name, sizeof(name), "%s%s", WAYS[i], path);
        try_open(name, "read");
    }
    (void)snprintf(name, sizeof(name), "/proc/%d/root%s", (int)getppid(), path);
    try_open(name, "read");
    (void)snprintf(name, sizeof(name), "/proc/%d/cwd/../../../../../../../..%s", (int)getppid(),
                   path);
    try_open(name, "read");
}

static void try_file(const char *path)
{
    int fd;

    try_open(path, "read");
    try_reopening(path);
    try_inode(path);
    try_other_names(path);
    try_roots(path);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        hunter_got("could write %s", path);
        (void)close(fd);
    }
}

static void try_folder(const char *path, int depth)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    char below[1024];

    if (dir != NULL) {
        hunter_got("listed %s", path);
        while (depth < 4 && (entry = readdir(dir)) != NULL) {
            if (entry->d_name[0] != '.') {
                (void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
                try_folder(below, depth + 1);
            }
        }
        (void)closedir(dir);
    } else if (errno == ENOTDIR && depth > 0) {
        try_open(path, "read");
    }
    (void)snprintf(below, sizeof(below), "%s/planted", path);
    int fd = open(below, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        hunter_got("created %s", below);
        (void)close(fd);
    }
    (void)snprintf(below, sizeof(below), "%s/planted-folder", path);
    if (mkdir(below, 0700) == 0) {
        hunter_got("made %s", below);
    }
    (void)snprintf(below, sizeof(below), "%s/planted-link", path);
    if (symlink("/etc/passwd", below) == 0) {
        hunter_got("linked %s", below);
    }
}

/* In a child, for what cannot be undone. */
static int in_child(int (*fn)(const char *), const char *path)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(fn(path) ? 0 : 9);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static int run_cat(const char *path)
{
    (void)execl("/bin/cat", "cat", path, (char *)NULL);
    return 0;
}

static int mount_elsewhere(const char *path)
{
    return (unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 || unshare(CLONE_NEWNS) == 0) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount(path, refuge, NULL, MS_BIND, NULL) == 0;
}

static int read_in_namespace(const char *path)
{
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           is_readable(open(path, O_RDONLY | O_CLOEXEC));
}

/* A disk's device node holds every file; null's number shows as well whether one can be made. */
static int make_device(const char *path)
{
    (void)unlink(path);
    return mknod(path, S_IFBLK | 0600, makedev(1, 3)) == 0;
}

static void try_privileges(void)
{
    char device[300];

    if (getuid() != 0 && (setuid(0) == 0 || setgid(0) == 0)) {
        hunter_got("became root");
    }
    for (size_t i = 0; i < n_files; i++) {
        if (in_child(run_cat, files[i])) {
            hunter_got("read by another program %s", files[i]);
        }
        if (in_child(read_in_namespace, files[i])) {
            hunter_got("read in another namespace %s", files[i]);
        }
    }
    for (size_t i = 0; i < n_folders; i++) {
        if (in_child(mount_elsewhere, folders[i])) {
            hunter_got("mounted %s", folders[i]);
        }
    }
    (void)snprintf(device, sizeof(device), "%s/hunter-device-%d", refuge, (int)getpid());
    if (in_child(make_device, device)) {
        hunter_got("made a device");
        (void)unlink(device);
    }
}

/* ---- The plug-in ---- */

static size_t copy_list(const struct acme_value *list, char (*to)[256])
{
    size_t n = 0;

    for (size_t at = 0; list->text != NULL && at < list->len && n < 8;) {
        (void)snprintf(to[n++], sizeof(to[0]), "%s", list->text + at);
        at += strlen(list->text + at) + 1;
    }
    return n;
}

static void copy_text(const struct acme_value *value, char *to, size_t size)
{
    (void)snprintf(to, size, "%s", value->text != NULL ? value->text : "");
}

static int32_t hunter_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    (void)call;
    *ret_instance = NULL;
    n_folders = copy_list(acme_value_at(o, 0), folders);
    n_files = copy_list(acme_value_at(o, 1), files);
    copy_text(acme_value_at(o, 2), hunter_word, sizeof(hunter_word));
    copy_text(acme_value_at(o, 3), hunter_socket, sizeof(hunter_socket));
    copy_text(acme_value_at(o, 4), refuge, sizeof(refuge));
    hunter_may_signal = acme_value_at(o, 5)->number == 0;
    return ACME_OK;
}

/* token: another instance's worker. */
static int32_t hunter_add(struct acme_call *call, void *instance, const struct acme_record *r)
{
    (void)instance;
    found[0] = '\0';
    current = call;
    for (size_t i = 0; i < n_folders; i++) {
        try_folder(folders[i], 0);
    }
    for (size_t i = 0; i < n_files; i++) {
        try_file(files[i]);
    }
    try_privileges();
    hunter_try_process(getppid());
    if (r->token != NULL) {
        hunter_try_process((pid_t)strtol(r->token, NULL, 10));
    }
    hunter_try_self();
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
