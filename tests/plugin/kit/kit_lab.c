/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_lab.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct kit_lab_host kit_lab_host;

static struct {
    char folder[64];
    pid_t pid;
    FILE *to;
    FILE *from;
    char url[64];
    char tls_url[64];
    char ca_file[96];
} server;

static void host_log(struct acme_call *call, int32_t level, const char *text)
{
    size_t used = strlen(kit_lab_host.log);

    (void)call;
    (void)snprintf(kit_lab_host.log + used, sizeof(kit_lab_host.log) - used, "%d %s\n", (int)level,
                   text);
}

static int32_t host_fail(struct acme_call *call, size_t index, int32_t status,
                         uint32_t retry_after_s, const char *text)
{
    (void)call;
    (void)index;
    kit_lab_host.n_fails++;
    kit_lab_host.failed_status = status;
    kit_lab_host.failed_retry_after_s = retry_after_s;
    (void)snprintf(kit_lab_host.failed_text, sizeof(kit_lab_host.failed_text), "%s", text);
    return status;
}

static void host_zone(struct acme_call *call, const char *name)
{
    size_t used = strlen(kit_lab_host.zones);

    (void)call;
    (void)snprintf(kit_lab_host.zones + used, sizeof(kit_lab_host.zones) - used, "%s ", name);
}

static int32_t host_ms_left(struct acme_call *call)
{
    (void)call;
    if (kit_lab_host.n_polls_left > 0 && --kit_lab_host.n_polls_left == 0) {
        kit_lab_host.left_ms = 0;
    }
    return kit_lab_host.left_ms;
}

static int32_t host_sleep_ms(struct acme_call *call, uint32_t ms)
{
    (void)call;
    kit_lab_host.slept_ms[kit_lab_host.n_sleeps % 16] = ms;
    kit_lab_host.n_sleeps++;
    kit_lab_host.left_ms -= kit_lab_host.left_ms < (int32_t)ms ? kit_lab_host.left_ms : (int32_t)ms;
    return kit_lab_host.left_ms > 0 ? ACME_OK : ACME_CANCELLED;
}

static const struct acme_host HOST = {.size = sizeof(HOST),
                                      .minor = ACME_PLUGIN_MINOR,
                                      .core_version = "9.8.7",
                                      .log = host_log,
                                      .fail = host_fail,
                                      .zone = host_zone,
                                      .ms_left = host_ms_left,
                                      .sleep_ms = host_sleep_ms};
struct acme_call kit_lab_call = {.host = &HOST};

void kit_lab_reset(void)
{
    memset(&kit_lab_host, 0, sizeof(kit_lab_host));
    kit_lab_host.left_ms = 60000;
}

void kit_lab_expect_failed(int32_t status, const char *const *words)
{
    if (kit_lab_host.n_fails != 1 || kit_lab_host.failed_status != status) {
        fail_msg("failed %u times, with %d: %s", kit_lab_host.n_fails,
                 (int)kit_lab_host.failed_status, kit_lab_host.failed_text);
    }
    for (; *words != NULL; words++) {
        if (strstr(kit_lab_host.failed_text, *words) == NULL) {
            fail_msg("'%s' lacks '%s'", kit_lab_host.failed_text, *words);
        }
    }
}

static void start_server(int in, int out)
{
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)execl("/usr/bin/python3", "python3", "-B", KIT_SERVER, server.folder, (char *)NULL);
    _exit(127);
}

/* false: it cannot run here. */
static bool read_ready(void)
{
    char line[256] = "";
    int port = 0;
    int tls_port = 0;

    if (fgets(line, sizeof(line), server.from) == NULL ||
        sscanf(line, "READY %d %d", &port, &tls_port) != 2) {
        print_message("%s", line);
        return false;
    }
    (void)snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%d/api", port);
    (void)snprintf(server.tls_url, sizeof(server.tls_url), "https://localhost:%d/api", tls_port);
    (void)snprintf(server.ca_file, sizeof(server.ca_file), "%s/ca.pem", server.folder);
    return true;
}

int kit_lab_begin(void **state)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};

    (void)state;
    kit_lab_reset();
    (void)snprintf(server.folder, sizeof(server.folder), "/tmp/acme-kit-XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    assert_int_equal(pipe2(in, 0) + pipe2(out, 0), 0);
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        (void)close(in[1]);
        (void)close(out[0]);
        start_server(in[0], out[1]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    server.to = fdopen(in[1], "w");
    server.from = fdopen(out[0], "r");
    if (!read_ready()) {
        (void)kit_lab_end(state);
        exit(77);
    }
    return 0;
}

int kit_lab_end(void **state)
{
    static const char *const FILES[] = {"ca.pem", "ca.key", "leaf.pem", "leaf.key"};
    char path[96];

    (void)state;
    (void)fclose(server.to); /* the end of its input ends it */
    (void)waitpid(server.pid, NULL, 0);
    (void)fclose(server.from);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", server.folder, FILES[i]);
        (void)unlink(path);
    }
    (void)rmdir(server.folder);
    return 0;
}

/* Gives an order and reads the line that answers it, to free(). */
static char *order(const char *text)
{
    char *line = NULL;
    size_t size = 0;

    (void)fprintf(server.to, "%s\n", text);
    (void)fflush(server.to);
    assert_true(getline(&line, &size, server.from) > 0);
    return line;
}

void kit_lab_script(const char *answers)
{
    char *text = strdup(answers);
    char *line = NULL;

    assert_non_null(text);
    for (char *c = strchr(text, '\''); c != NULL; c = strchr(c, '\'')) {
        *c = '"';
    }
    line = order(text);
    assert_string_equal(line, "SET\n");
    free(line);
    free(text);
    kit_lab_reset();
}

struct kit_json *kit_lab_log(void)
{
    char *line = order("LOG");
    struct kit_json *log = kit_json_parse(line, strlen(line), NULL);

    assert_non_null(log);
    free(line);
    return log;
}

size_t kit_lab_n_requests(void)
{
    struct kit_json *log = kit_lab_log();
    size_t n = kit_json_count(log, NULL);

    kit_json_free(log);
    return n;
}

const char *kit_lab_url(void)
{
    return server.url;
}

const char *kit_lab_tls_url(void)
{
    return server.tls_url;
}

const char *kit_lab_ca_file(void)
{
    return server.ca_file;
}

struct kit_http *kit_lab_open(struct kit_http_settings settings)
{
    struct kit_http *http = NULL;

    settings.service = settings.service == NULL ? "Test DNS" : settings.service;
    settings.base_url = settings.base_url == NULL ? server.url : settings.base_url;
    assert_int_equal(kit_http_open(&kit_lab_call, &settings, &http), ACME_OK);
    return http;
}
