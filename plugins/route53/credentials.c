/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "credentials.h"

#include "alloc.h"
#include "settings.h"

#include <stdio.h>
#include <string.h>

#define EARLY_MAX_S 300 /* how long before their end keys are renewed, at most */
#define EARLY_PART 10   /* or a tenth of their life */

/* ---- Life ---- */

static void choose_sts(struct credentials *c, const struct acme_open *o)
{
    const struct partition *p = settings_partition(c->plan.region);
    const char *given = settings_text(o, OPTION_STS_ENDPOINT_URL);
    bool is_global = c->plan.region == NULL && p->has_global_sts;
    const char *region = c->plan.region != NULL ? c->plan.region : p->sts_region;
    KIT_TEXT(url);

    kit_text_addf(&url, "https://sts%s%s.%s", is_global ? "" : ".", is_global ? "" : region,
                  p->domain);
    c->sts_url = alloc_copy(given != NULL ? given : kit_text_str(&url));
    c->sts_region = alloc_copy(region);
}

int32_t credentials_init(struct credentials *c, const struct acme_open *o, struct aws_clock *clock,
                         struct kit_fault *f)
{
    *c = (struct credentials){.clock = clock};
    if (plan_make(o, &c->plan, f) != ACME_OK) {
        return f->status;
    }
    c->ca_file = settings_text(o, OPTION_CA_FILE);
    choose_sts(c, o);
    return ACME_OK;
}

void credentials_done(struct credentials *c)
{
    keys_done(&c->keys);
    plan_done(&c->plan);
    aws_client_close(&c->sts);
    free(c->sts_url);
    free(c->sts_region);
    *c = (struct credentials){.has_keys = false};
}

/* ---- Getting keys ---- */

static struct keys copy_keys(const struct keys *from)
{
    return (struct keys){
        .access_key_id = alloc_copy(from->access_key_id),
        .secret_access_key = alloc_copy(from->secret_access_key),
        .session_token = alloc_copy_or_null(from->session_token),
        .expires_s = from->expires_s,
    };
}

/* Whoever reads "the metadata service does not answer" on a machine that has none looks in the
 * wrong place: the last resort's failure says first that there was nothing else. */
static int32_t fail_last_resort(struct kit_fault *f)
{
    f->status = ACME_BAD_CONFIG;
    return aws_fault_prefix(f, "%s; and this is no EC2 instance with a role", PLAN_NOTHING_ELSE);
}

static int32_t ask_source(struct credentials *c, struct acme_call *call, struct keys *ret_keys,
                          struct kit_fault *f)
{
    int32_t status = ACME_OK;

    switch (c->plan.source) {
    case PLAN_KEYS:
        *ret_keys = copy_keys(&c->plan.keys);
        return ACME_OK;
    case PLAN_WEB_IDENTITY:
        return sts_assume_by_token(c, call, ret_keys, f);
    case PLAN_PROCESS:
        return process_run(call, c->plan.process, ret_keys, f);
    case PLAN_CONTAINER:
        return metadata_ask_container(c, call, ret_keys, f);
    case PLAN_IMDS:
        break;
    }
    status = metadata_ask_instance(c, call, ret_keys, f);
    if (status != ACME_OK && status != ACME_CANCELLED && c->plan.is_last_resort && !c->has_keys) {
        return fail_last_resort(f);
    }
    return status;
}

static int32_t fetch(struct credentials *c, struct acme_call *call, struct keys *ret_keys,
                     struct kit_fault *f)
{
    struct keys keys = {.access_key_id = NULL};

    if (ask_source(c, call, &keys, f) != ACME_OK) {
        return f->status;
    }
    for (size_t i = 0; i < c->plan.n_roles; i++) {
        struct keys next = {.access_key_id = NULL};

        if (sts_assume(c, call, &c->plan.roles[i], &keys, &next, f) != ACME_OK) {
            keys_done(&keys);
            return f->status;
        }
        keys_done(&keys);
        keys = next;
    }
    *ret_keys = keys;
    return ACME_OK;
}

static void put_in_force(struct credentials *c, struct keys *take_keys, int64_t now_s)
{
    int64_t early_s = (take_keys->expires_s - now_s) / EARLY_PART;

    keys_done(&c->keys);
    c->keys = *take_keys;
    c->has_keys = true;
    c->renew_s = take_keys->expires_s == 0
                     ? 0
                     : take_keys->expires_s - (early_s < EARLY_MAX_S ? early_s : EARLY_MAX_S);
}

static int32_t renew(struct credentials *c, struct acme_call *call, int64_t now_s,
                     struct kit_fault *f)
{
    struct keys keys = {.access_key_id = NULL};

    if (fetch(c, call, &keys, f) == ACME_OK) {
        put_in_force(c, &keys, now_s);
        return ACME_OK;
    }
    if (c->has_keys && c->keys.expires_s > now_s && f->status != ACME_CANCELLED) {
        acme_log(call, ACME_LOG_WARNING,
                 "credentials could not be renewed; those there are good for %lld s more: %s",
                 (long long)(c->keys.expires_s - now_s), f->text);
        c->renew_s = now_s + (c->keys.expires_s - now_s) / 2 + 1;
        return ACME_OK;
    }
    return f->status;
}

int32_t credentials_get(struct credentials *c, struct acme_call *call, struct sigv4_keys *ret_keys,
                        struct kit_fault *f)
{
    int64_t now_s = aws_now_s(c->clock);

    if ((!c->has_keys || (c->renew_s != 0 && now_s >= c->renew_s)) &&
        renew(c, call, now_s, f) != ACME_OK) {
        return f->status;
    }
    *ret_keys = (struct sigv4_keys){
        .access_key_id = c->keys.access_key_id,
        .secret_access_key = c->keys.secret_access_key,
        .session_token = c->keys.session_token,
    };
    return ACME_OK;
}

bool credentials_forget(struct credentials *c)
{
    if (c->plan.source == PLAN_KEYS && c->plan.n_roles == 0) {
        return false;
    }
    keys_done(&c->keys);
    c->has_keys = false;
    return true;
}

/* ---- Keys in JSON ---- */

int32_t keys_from_json(const char *text, size_t len, const char *token_name, const char *who,
                       struct keys *ret_keys, struct kit_fault *f)
{
    const char *problem = NULL;
    struct kit_json *json = kit_json_parse(text, len, &problem);
    const char *id = kit_json_str(json, "AccessKeyId");
    const char *secret = kit_json_str(json, "SecretAccessKey");
    const char *token = kit_json_str(json, token_name);
    const char *expires = kit_json_str(json, "Expiration");
    int64_t expires_s = expires != NULL ? aws_date_parse(expires) : 0;
    int32_t status = ACME_OK;

    if (json == NULL) {
        status = kit_fault_set(f, ACME_RETRY, "%s: its answer is no JSON: %s", who, problem);
    } else if (id == NULL || secret == NULL || expires_s < 0) {
        const char *said = kit_json_str(json, "Message");

        status = kit_fault_set(f, ACME_DENIED, "%s: its answer has no usable %s%s%.200s", who,
                               id == NULL       ? "AccessKeyId"
                               : secret == NULL ? "SecretAccessKey"
                                                : "Expiration",
                               said != NULL ? ": " : "", said != NULL ? said : "");
    } else {
        *ret_keys = (struct keys){
            .access_key_id = alloc_copy(id),
            .secret_access_key = alloc_copy(secret),
            .session_token = alloc_copy_or_null(token),
            .expires_s = expires_s,
        };
    }
    kit_json_free(json);
    return status;
}
