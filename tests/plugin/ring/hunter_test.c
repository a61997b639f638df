/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The hunter against the isolation, and, so that its finding nothing proves something, the same
 * hunter without it. Run by root (workers become another user), as root of a user namespace that
 * has no other user, and by an ordinary user: there Landlock alone stands between.
 */
#include "ring_bench.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OWNER "_acme-challenge.x.example.com."
#define LANDLOCK_HAS_SCOPES 6

/* Another instance, whose secret comes from a file and, in its own environment, under a name. */
static const char MEM[] = "[provider mem]\ndir = %s/mem\ntoken-file = %s/elsewhere/token\n"
                          "env = SECRET=prey-of-mem\n";
static const char PREY[] =
    "folder = %s/state\nfolder = %s/state/certs/a\nfolder = %s/state/accounts/a\n"
    "folder = %s/state/journal\nfolder = %s/etc\nfolder = %s/etc/conf.d\nfolder = /etc/acme-dns\n"
    "file = %s/state/certs/a/privkey.pem\nfile = %s/state/accounts/a/key.pem\n"
    "file = %s/state/journal/run\nfile = %s/etc/acme-dns.conf\nfile = %s/etc/conf.d/a.conf\n"
    "file = %s/elsewhere/token\nrefuge = %s/mem\nother = prey-of-mem\n";

static long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* Whether this is the system's root, and not that of a user namespace. */
static bool is_true_root(void)
{
    FILE *map = fopen("/proc/self/uid_map", "re");
    unsigned long inside = 1, outside = 1, count = 0;
    bool is_whole = map != NULL && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 &&
                    inside == 0 && outside == 0 && count > 65536;

    if (map != NULL) {
        (void)fclose(map);
    }
    return is_whole && geteuid() == 0;
}

/* An abstract socket of this process, as a bus or an agent has one. */
static int listen_abstract(char *name, size_t size)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t len;

    (void)snprintf(name, size, "acme-dns-ring-%d", (int)getpid());
    len = strlen(name);
    memcpy(at.sun_path + 1, name, len);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)),
                     0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* Whether a process is a child of this one: other tests have workers of the same name. */
static bool is_child(const char *pid)
{
    char path[300], text[300] = "";
    int parent = 0;

    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");

    if (file == NULL) {
        return false;
    }
    (void)fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    const char *behind_name = strrchr(text, ')');

    return behind_name != NULL && sscanf(behind_name, ") %*c %d", &parent) == 1 &&
           parent == (int)getpid();
}

/* The worker of an instance, by its command line: the program's name, then the instance's. */
static pid_t worker_of(const char *instance)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    pid_t found = 0;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        char path[300], text[300];

        (void)snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        size_t len = file != NULL ? fread(text, 1, sizeof(text) - 2, file) : 0;

        if (file != NULL) {
            (void)fclose(file);
        }
        text[len] = text[len + 1] = '\0';
        if (strcmp(text, "acme-dns-worker") == 0 &&
            strcmp(text + strlen(text) + 1, instance) == 0 && is_child(entry->d_name)) {
            found = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    if (proc != NULL) {
        (void)closedir(proc);
    }
    return found;
}

static char *config_of(const char *instance, const char *more, const char *socket_name)
{
    bool has_scopes = landlock_version() >= LANDLOCK_HAS_SCOPES;

    return str_fmt("%s[provider %s]\nplugin = hunter\n%s%s%s%s\nsignals = %s\n", MEM, instance,
                   PREY, more, has_scopes ? "socket = " : "", has_scopes ? socket_name : "",
                   has_scopes || is_true_root() ? "yes" : "no");
}

/* The hunter hunts while the other instance's worker sits beside it, opened with its secret. */
static void hunt(const char *more, const char *secret_in_options)
{
    struct bench b;
    char name[64];
    int fd = listen_abstract(name, sizeof(name));
    char *config = config_of("hunting", more, name);

    bench_open(&b, config);
    struct outcome *beside = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    assert_true(beside->is_ok);
    assert_non_null(strstr(bench_read(&b, "calls"), secret_in_options));
    b.hunted = worker_of("mem");
    assert_true(b.hunted > 0);
    struct outcome *o = bench_change(&b, "hunting", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    if (!o->is_ok) {
        fail_msg("%s", o->err.text);
    }
    assert_int_equal(worker_of("mem"), b.hunted); /* it lived through all of it */
    bench_close(&b);
    (void)close(fd);
    mem_free(config);
}

static void the_hunter_finds_nothing(void **state)
{
    (void)state;
    if (landlock_version() < 1 && !is_true_root()) {
        skip(); /* an old kernel has nothing that would keep a user from his own files */
    }
    hunt("", "token=prey");
}

static void the_hunter_finds_nothing_even_as_root(void **state)
{
    (void)state;
    if (landlock_version() < LANDLOCK_HAS_SCOPES) {
        skip(); /* nothing then keeps root from signalling others */
    }
    hunt("user = root\n", "token=prey");
}

/* ---- Without isolation ---- */

/* An ordinary process beside: nothing protects it. */
static pid_t start_decoy(void)
{
    int ready[2];
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        (void)!write(ready[1], "r", 1);
        for (;;) {
            (void)pause();
        }
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return pid;
}

static const char *const WAYS[] = {
    "listed %s/state;",
    "created %s/state/planted;",
    "made %s/state/planted-folder;",
    "linked %s/etc/planted-link;",
    "read %s/state/certs/a/privkey.pem;",
    "reopened %s/state/accounts/a/key.pem;",
    "read by a hard link",
    "read by a symlink",
    "moved %s/state/journal/run;",
    "read /proc/self/root%s/etc/acme-dns.conf;",
    "read /proc/self/cwd/../../../../../../../..%s/etc/acme-dns.conf;",
    "could write %s/etc/conf.d/a.conf;",
    "read by another program %s/elsewhere/token;",
    "opened /proc/%d/environ;",
    "opened /proc/%d/mem;",
    "opened /proc/%d/maps;",
    "took descriptor 0 of %d;",
    "could read the memory of %d;",
    "could write the memory of %d;",
    "traced %d;",
    "could signal %d;",
    "could signal by descriptor %d;",
    "connected to acme-dns-ring-",
};

static const char *const WAYS_OF_ROOT[] = {"opened by inode %s/etc/acme-dns.conf;",
                                           "made a device;"};

static void expect_way(const struct bench *b, const char *way)
{
    char pid[16];
    const char *at = strchr(way, '%');
    char *text;

    (void)snprintf(pid, sizeof(pid), "%d", (int)b->hunted);
    if (at == NULL) {
        text = str_dup(way);
    } else {
        text = str_fmt("%.*s%s%s", (int)(at - way), way, at[1] == 'd' ? pid : b->dir, at + 2);
    }
    if (strstr(buf_str(&b->log), text) == NULL) {
        fail_msg("the hunter did not find '%s' in:\n%s", text, buf_str(&b->log));
    }
    mem_free(text);
}

/* What the hunter tries does work where it is let: each way, or the tests above prove nothing. */
static void the_hunter_finds_its_prey_where_it_may(void **state)
{
    struct bench b;
    char name[64];
    int fd = listen_abstract(name, sizeof(name));
    char *more = str_fmt("new-privileges = yes\n%s", geteuid() == 0 ? "user = root\n" : "");
    char *config = str_fmt("[provider hunter]\n%s%ssocket = %s\n", PREY, more, name);

    (void)state;
    bench_open(&b, config);
    b.hunted = start_decoy();
    struct outcome *o = bench_change(&b, "hunter", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    assert_false(o->is_ok);
    for (size_t i = 0; i < ARRAY_LEN(WAYS); i++) {
        expect_way(&b, WAYS[i]);
    }
    for (size_t i = 0; is_true_root() && i < ARRAY_LEN(WAYS_OF_ROOT); i++) {
        expect_way(&b, WAYS_OF_ROOT[i]);
    }
    (void)kill(b.hunted, SIGKILL);
    (void)waitpid(b.hunted, NULL, 0);
    bench_close(&b);
    (void)close(fd);
    mem_free(more);
    mem_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hunter_finds_nothing),
        cmocka_unit_test(the_hunter_finds_its_prey_where_it_may),
    };
    const struct CMUnitTest of_root[] = {
        cmocka_unit_test(the_hunter_finds_nothing_even_as_root),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);

    if (geteuid() == 0) {
        n_failed += cmocka_run_group_tests(of_root, NULL, NULL);
    }
    return n_failed;
}
