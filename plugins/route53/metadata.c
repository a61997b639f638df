/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Credentials that a machine or container is lent by what runs it, from link-local addresses over
 * plain HTTP and never through a proxy.
 */
#include "alloc.h"
#include "credentials.h"

#include <stdio.h>
#include <string.h>

#define TRIES 3
#define CONTAINER_MS 5000
#define IMDS_MS 1000 /* it is on the same host; where there is none, nothing answers at all */
#define IMDS_TOKEN_LIFE_S "300"
#define NAME_MAX_LEN 128

static int32_t open_client(struct acme_call *call, const char *name, const char *url,
                           uint32_t flags, uint32_t timeout_ms, struct kit_http **ret_http,
                           struct kit_fault *f)
{
    const struct kit_http_settings s = {
        .service = name,
        .base_url = url,
        .accept = "*/*",
        .tries = TRIES,
        .timeout_ms = timeout_ms,
        .max_body = 65536,
        .flags = flags,
    };
    int32_t status = kit_http_open(call, &s, ret_http);

    return status == ACME_OK
               ? ACME_OK
               : kit_fault_set(
                     f, status,
                     "%s: cannot use %.300s: it must be https, or http to this machine or "
                     "to an agent of ECS or EKS",
                     name, url);
}

/* ---- Containers ---- */

/* Whether url's host is one of the addresses that agents have and that no network routes. Elsewhere
 * plain HTTP would send the token and bring the keys in the open. */
static bool is_agent(const char *url)
{
    static const char *const HOSTS[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    const char *host = strstr(url, "://");

    for (size_t i = 0; host != NULL && i < sizeof(HOSTS) / sizeof(HOSTS[0]); i++) {
        size_t len = strlen(HOSTS[i]);

        if (strncmp(host + 3, HOSTS[i], len) == 0 && strchr("/:?", host[3 + len]) != NULL) {
            return true;
        }
    }
    return false;
}

static const char CONTAINER[] = "the container's credentials";

static int32_t ask_container(const struct plan *plan, struct acme_call *call, struct kit_http *http,
                             struct keys *ret_keys, struct kit_fault *f)
{
    const struct kit_request request = {
        .path = plan->url_path != NULL ? plan->url_path : "",
        .fault = f,
    };
    KIT_ANSWER(answer);

    if (kit_send(call, http, &request, &answer) != ACME_OK) {
        return f->status;
    }
    return keys_from_json(answer.body, answer.body_len, "Token", CONTAINER, ret_keys, f);
}

int32_t metadata_ask_container(const struct credentials *c, struct acme_call *call,
                               struct keys *ret_keys, struct kit_fault *f)
{
    const struct plan *plan = &c->plan;
    struct kit_http *http = NULL;
    uint32_t flags = is_agent(plan->url) ? KIT_HTTP_PLAIN | KIT_HTTP_DIRECT : KIT_HTTP_DIRECT;
    int32_t status = open_client(call, CONTAINER, plan->url, flags, CONTAINER_MS, &http, f);

    if (status == ACME_OK && plan->authorization != NULL) {
        char *token = alloc_copy(plan->authorization);

        token[strcspn(token, "\r\n")] = '\0'; /* it may come from a file */
        kit_http_hide(http, token);
        status =
            kit_http_header(call, http, "Authorization", token); /* "Bearer ...", with a blank */
        alloc_free_secret(token);
        if (status != ACME_OK) {
            (void)kit_fault_set(f, status, "container-token holds what no header can");
        }
    }
    if (status == ACME_OK) {
        status = ask_container(plan, call, http, ret_keys, f);
    }
    kit_http_close(http);
    return status;
}

/* ---- EC2 ---- */

static const char IMDS[] = "the EC2 metadata service";
static const char ROLES_PATH[] = "/latest/meta-data/iam/security-credentials/";

/* The first line of an answer, as a text of visible characters; false if it is none. */
static bool take_line(const struct kit_answer *answer, char *to, size_t size)
{
    size_t len = answer->body != NULL ? strcspn(answer->body, "\r\n") : 0;

    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(to, answer->body, len);
    to[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (to[i] <= ' ' || to[i] > '~') {
            return false;
        }
    }
    return true;
}

static int32_t begin_session(struct acme_call *call, struct kit_http *http, struct kit_fault *f)
{
    const struct kit_request request = {
        .method = "PUT",
        .path = "/latest/api/token",
        .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", IMDS_TOKEN_LIFE_S}},
        .fault = f,
    };
    char token[1024];
    KIT_ANSWER(answer);

    if (kit_send(call, http, &request, &answer) != ACME_OK) {
        return f->status;
    }
    if (!take_line(&answer, token, sizeof(token)) ||
        kit_http_credential(call, http,
                            &(struct kit_credential){.option = "imds-url",
                                                     .secret = token,
                                                     .header = "X-aws-ec2-metadata-token"}) !=
            ACME_OK) {
        return kit_fault_set(f, ACME_RETRY, "%s: its answer is no token", IMDS);
    }
    return ACME_OK;
}

static int32_t find_role(struct acme_call *call, struct kit_http *http, char *to, size_t size,
                         struct kit_fault *f)
{
    const struct kit_request request = {.path = ROLES_PATH, .allow = {404}, .fault = f};
    KIT_ANSWER(answer);

    if (kit_send(call, http, &request, &answer) != ACME_OK) {
        return f->status;
    }
    if (answer.status == 404) {
        return kit_fault_set(f, ACME_BAD_CONFIG, "%s: this instance has no role", IMDS);
    }
    return take_line(&answer, to, size)
               ? ACME_OK
               : kit_fault_set(f, ACME_RETRY, "%s: its answer names no role", IMDS);
}

static int32_t ask_instance(struct acme_call *call, struct kit_http *http, struct keys *ret_keys,
                            struct kit_fault *f)
{
    char role[NAME_MAX_LEN];
    char path[sizeof(ROLES_PATH) + 2];
    KIT_ANSWER(answer);

    if (begin_session(call, http, f) != ACME_OK ||
        find_role(call, http, role, sizeof(role), f) != ACME_OK) {
        return f->status;
    }
    (void)snprintf(path, sizeof(path), "%s{}", ROLES_PATH);
    const struct kit_request request = {.path = path, .parts = {role}, .fault = f};
    if (kit_send(call, http, &request, &answer) != ACME_OK) {
        return f->status;
    }
    return keys_from_json(answer.body, answer.body_len, "Token", IMDS, ret_keys, f);
}

int32_t metadata_ask_instance(const struct credentials *c, struct acme_call *call,
                              struct keys *ret_keys, struct kit_fault *f)
{
    struct kit_http *http = NULL;
    int32_t status =
        open_client(call, IMDS, c->plan.url, KIT_HTTP_PLAIN | KIT_HTTP_DIRECT, IMDS_MS, &http, f);

    if (status == ACME_OK) {
        f->status = ACME_OK;
        status = ask_instance(call, http, ret_keys, f);
    }
    kit_http_close(http);
    return status;
}
