/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The directory (RFC 8555 section 7.1.1): the one object that is fetched without a signature. */
#include "acme/call.h"

#include "base/event.h"
#include "base/mem.h"

#include <string.h>

#define PROFILES_MAX 64
#define CAA_IDENTITIES_MAX 64
#define TEXT_MAX 512

void directory_free(struct acme_directory *directory)
{
    if (directory == NULL) {
        return;
    }
    mem_free(directory->new_nonce);
    mem_free(directory->new_account);
    mem_free(directory->new_order);
    mem_free(directory->revoke_cert);
    mem_free(directory->key_change);
    mem_free(directory->renewal_info);
    mem_free(directory->terms);
    mem_free(directory->website);
    strv_done(&directory->caa_identities);
    for (size_t i = 0; i < directory->n_profiles; i++) {
        mem_free(directory->profiles[i].name);
        mem_free(directory->profiles[i].description);
    }
    mem_free(directory->profiles);
    mem_free(directory);
}

/* These two are for people to read, so they may be anywhere, and of any scheme: terms that could
 * not be shown would be terms that nobody is asked to agree to. */
static char *page_url(const struct json *meta, const char *key)
{
    const char *url = json_get_str(meta, key);

    return url == NULL || *url == '\0' || strlen(url) > ACME_URL_MAX ? NULL : str_dup(url);
}

static void parse_profiles(const struct json *object, struct acme_directory *directory)
{
    size_t n = json_type(object) == JSON_OBJECT ? json_len(object) : 0;

    if (n > PROFILES_MAX) {
        n = PROFILES_MAX;
    }
    directory->profiles = mem_alloc(n + 1, sizeof(*directory->profiles));
    for (size_t i = 0; i < n; i++) {
        const struct json *value = NULL;
        const char *name = json_key_at(object, i, &value);
        const char *text = json_str(value);

        if (name == NULL || strlen(name) > TEXT_MAX) {
            continue;
        }
        directory->profiles[directory->n_profiles++] = (struct acme_profile){
            .name = str_dup(name), .description = str_fmt("%.512s", text == NULL ? "" : text)};
    }
}

static void parse_meta(const struct json *meta, struct acme_directory *directory)
{
    const struct json *identities = json_get(meta, "caaIdentities");
    size_t n = json_type(identities) == JSON_ARRAY ? json_len(identities) : 0;

    directory->terms = page_url(meta, "termsOfService");
    directory->website = page_url(meta, "website");
    directory->is_eab_required = json_get_bool(meta, "externalAccountRequired", false);
    for (size_t i = 0; i < n && i < CAA_IDENTITIES_MAX; i++) {
        const char *name = json_str(json_at(identities, i));

        if (name != NULL && strlen(name) < 256) {
            strv_add_unique(&directory->caa_identities, name);
        }
    }
    parse_profiles(json_get(meta, "profiles"), directory);
}

int directory_parse(const struct json *json, const struct acme_urls *urls,
                    struct acme_directory **ret_directory, struct err *err)
{
    struct acme_directory *directory = NEW(struct acme_directory);
    const struct endpoint {
        const char *key;
        char **to;
        bool is_needed;
    } endpoints[] = {
        {"newNonce", &directory->new_nonce, true},
        {"newAccount", &directory->new_account, true},
        {"newOrder", &directory->new_order, true},
        {"revokeCert", &directory->revoke_cert, false},
        {"keyChange", &directory->key_change, false},
        {"renewalInfo", &directory->renewal_info, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
        const char *url = json_get_str(json, endpoints[i].key);

        if ((url != NULL || endpoints[i].is_needed) &&
            acme_url_check(urls, endpoints[i].key, url, err) < 0) {
            directory_free(directory);
            return err_hint(err, "Is '%.200s' the directory of an ACME (RFC 8555) server?",
                            urls->directory);
        }
        *endpoints[i].to = str_dup(url);
    }
    parse_meta(json_get(json, "meta"), directory);
    *ret_directory = directory;
    return 0;
}

/* The request */

static int prepare_fetch(struct acme_call *call, struct err *err)
{
    (void)err;
    call_request(call, ACME_KIND_DIRECTORY, "directory", call->client->urls.directory, NULL);
    call->max_body = CALL_DIRECTORY_MAX;
    return CALL_AGAIN;
}

static int accept_fetch(struct acme_call *call, const struct http_response *response,
                        const struct json *json, struct err *err)
{
    struct acme_client *client = call->client;

    (void)response;
    if (directory_parse(json, &client->urls, &client->directory, err) < 0) {
        return err_code(err);
    }
    nonce_pool_set_url(client->nonces, client->directory->new_nonce);
    return CALL_DONE;
}

/* Wakes all that wait. None of them calls its user back from inside, so the list stays as it is. */
static void deliver_fetch(struct acme_call *call, const struct acme_reply *reply)
{
    struct acme_call *next = NULL;

    for (struct acme_call *waiting = call->client->calls; waiting != NULL; waiting = next) {
        next = waiting->next;
        call_go_on(waiting, reply->err);
    }
}

static const struct call_ops FETCH_OPS = {
    .prepare = prepare_fetch, .accepted = accept_fetch, .deliver = deliver_fetch};

void directory_fetch(struct acme_client *client)
{
    struct acme_call *call = call_new(client, sizeof(*call), &FETCH_OPS, NULL);

    client->fetch = call;
    call_launch(call);
    call_go_on(call, NULL);
}

struct start_call {
    struct acme_call base;
    acme_start_fn *done;
};

static int prepare_start(struct acme_call *call, struct err *err)
{
    (void)call;
    (void)err;
    return CALL_DONE;
}

static void deliver_start(struct acme_call *call, const struct acme_reply *reply)
{
    acme_start_fn *done = ((struct start_call *)call)->done;

    done(call->arg, reply->err == NULL ? call->client->directory : NULL, reply);
}

static const struct call_ops START_OPS = {.prepare = prepare_start, .deliver = deliver_start};

struct acme_call *acme_start(struct acme_client *client, acme_start_fn *done, void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct start_call), &START_OPS, arg);

    call->what = "directory";
    ((struct start_call *)call)->done = done;
    return call_launch(call);
}
