/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "live_lab.h"

#include "base/mem.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct loop *live_loop;
struct dns *live_dns;

static FILE *to_servers;
static FILE *from_servers;
static pid_t servers_pid;

long live_tell(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    (void)vfprintf(to_servers, format, args);
    va_end(args);
    (void)fputc('\n', to_servers);
    (void)fflush(to_servers);
    assert_non_null(fgets(line, sizeof(line), from_servers));
    return strtol(line, NULL, 10);
}

int live_set_up(void **state)
{
    struct err err = ERR_INIT;
    struct dns_settings settings = {.resolvers = STRV_INIT};

    (void)state;
    strv_add(&settings.resolvers, "127.0.0.53");
    assert_int_equal(loop_new(&live_loop, &err), 0);
    assert_int_equal(dns_new(live_loop, &settings, &live_dns, &err), 0);
    strv_done(&settings.resolvers);
    return 0;
}

int live_tear_down(void **state)
{
    (void)state;
    dns_free(live_dns);
    loop_free(live_loop);
    return 0;
}

void live_on_found(void *arg, struct dns_place *place, const struct err *err)
{
    struct live_outcome *outcome = arg;

    assert_true((place == NULL) != (err == NULL));
    dns_place_free(outcome->place);
    outcome->place = place;
    if (err != NULL) {
        outcome->err = *err;
    }
    if (++outcome->n_done == outcome->n_wanted) {
        loop_stop(live_loop);
    }
}

struct live_outcome live_find(const char *name)
{
    struct live_outcome outcome = {.err = ERR_INIT, .n_wanted = 1};
    struct err err = ERR_INIT;

    (void)dns_find_start(live_dns, name, live_on_found, &outcome);
    assert_int_equal(loop_run(live_loop, &err), 0);
    assert_int_equal(outcome.n_done, 1);
    return outcome;
}

struct dns_place *live_find_place(const char *name)
{
    struct live_outcome outcome = live_find(name);

    if (outcome.place == NULL) {
        fail_msg("%s: %s", name, outcome.err.text);
    }
    return outcome.place;
}

static void stop(void *arg)
{
    *(struct loop_timer **)arg = NULL;
    loop_stop(live_loop);
}

void live_run_for(int64_t ms)
{
    struct err err = ERR_INIT;
    struct loop_timer *timer = loop_timer_start(live_loop, ms, stop, &timer);

    assert_int_equal(loop_run(live_loop, &err), 0);
    loop_timer_cancel(&timer);
}

/* Starts servers.py with pipes at both ends; false if it does not say "ready". */
static bool start_servers(void)
{
    int to[2], from[2];
    char line[64];

    if (pipe(to) < 0 || pipe(from) < 0) {
        return false;
    }
    servers_pid = fork();
    if (servers_pid == 0) {
        (void)dup2(to[0], STDIN_FILENO);
        (void)dup2(from[1], STDOUT_FILENO);
        (void)close(to[1]);
        (void)close(from[0]);
        (void)execl("/usr/bin/python3", "python3", SOURCE_DIR "/tests/unit/dns/servers.py",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    to_servers = fdopen(to[1], "w");
    from_servers = fdopen(from[0], "r");
    return fgets(line, sizeof(line), from_servers) != NULL && strcmp(line, "ready\n") == 0;
}

/* In a fresh namespace with lo up, and the same program again; 77 where that is not allowed. Root
 * needs no user namespace for it, and could not have one in a chroot. */
static int run_inside(char **argv)
{
    static const char SCRIPT[] =
        "how=-rn; [ \"$(id -u)\" -ne 0 ] || how=-n;"
        "unshare $how true 2>/dev/null && /usr/bin/python3 -c 'import dns.message' || exit 77;"
        "exec unshare $how sh -c 'ip link set lo up && exec \"$0\" inside' \"$0\"";

    (void)execl("/bin/sh", "sh", "-c", SCRIPT, argv[0], (char *)NULL);
    return 77;
}

bool live_begin(int argc, char **argv, int *ret_status)
{
    if (argc < 2) {
        *ret_status = run_inside(argv);
        return false;
    }
    if (!start_servers()) {
        *ret_status = 1;
        return false;
    }
    return true;
}

void live_end(void)
{
    (void)fclose(to_servers); /* its end of input: servers.py leaves */
    (void)fclose(from_servers);
    (void)waitpid(servers_pid, NULL, 0);
}
