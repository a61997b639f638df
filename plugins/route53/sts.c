/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "alloc.h"
#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_MAX 65536

static int32_t open_client(struct credentials *c, struct acme_call *call, struct kit_fault *f)
{
    const struct aws_client_settings s = {
        .name = "AWS STS",
        .service = "sts",
        .url = c->sts_url,
        .region = c->sts_region,
        .ca_file = c->ca_file,
        .clock = c->clock,
    };
    int32_t status = ACME_OK;

    if (c->sts.http != NULL) {
        return ACME_OK;
    }
    status = aws_client_open(call, &s, &c->sts);
    if (status != ACME_OK) {
        aws_client_close(&c->sts);
        return kit_fault_set(f, status, "cannot open the connection to %s", c->sts_url);
    }
    return ACME_OK;
}

/* Takes the keys out of <ACTIONResponse><ACTIONResult><Credentials>. */
static int32_t take_keys(const struct aws_answer *answer, const char *result, struct keys *ret_keys,
                         struct kit_fault *f)
{
    const struct xml *found = xml_find(xml_find(answer->root, result), "Credentials");
    const char *id = xml_text(found, "AccessKeyId");
    const char *secret = xml_text(found, "SecretAccessKey");
    const char *token = xml_text(found, "SessionToken");
    const char *expires = xml_text(found, "Expiration");
    int64_t expires_s = expires != NULL ? aws_date_parse(expires) : -1;

    if (id == NULL || secret == NULL || token == NULL || expires_s < 0) {
        return kit_fault_set(f, ACME_RETRY, "AWS STS: its answer has no whole credentials");
    }
    *ret_keys = (struct keys){
        .access_key_id = alloc_copy(id),
        .secret_access_key = alloc_copy(secret),
        .session_token = alloc_copy(token),
        .expires_s = expires_s,
    };
    return ACME_OK;
}

static int32_t send_form(struct credentials *c, struct acme_call *call,
                         const struct sigv4_keys *keys, const struct kit_request *request,
                         const char *result, const char *arn, struct keys *ret_keys,
                         struct kit_fault *f)
{
    AWS_ANSWER(answer);

    if (open_client(c, call, f) != ACME_OK) {
        return f->status;
    }
    if (aws_send(call, &c->sts, keys, request, &answer, f) != ACME_OK ||
        take_keys(&answer, result, ret_keys, f) != ACME_OK) {
        return aws_fault_prefix(f, "cannot assume role %.300s", arn);
    }
    return ACME_OK;
}

int32_t sts_assume(struct credentials *c, struct acme_call *call, const struct plan_role *role,
                   const struct keys *with, struct keys *ret_keys, struct kit_fault *f)
{
    const struct sigv4_keys keys = {with->access_key_id, with->secret_access_key,
                                    with->session_token};
    const struct kit_request request = {
        .path = "/",
        .form = {{"Action", "AssumeRole"},
                 {"Version", "2011-06-15"},
                 {"RoleArn", role->arn},
                 {"RoleSessionName", role->session_name},
                 {"ExternalId", role->external_id},
                 {"DurationSeconds", role->duration_s}},
        .repeat = KIT_REPEAT_SAFE,
    };

    return send_form(c, call, &keys, &request, "AssumeRoleResult", role->arn, ret_keys, f);
}

/* Without the line end that a text file has. */
static void trim_end(char *text)
{
    size_t len = strlen(text);

    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
}

/* A profile names the token by its path only; this process has to be able to read it. */
static int32_t read_token(const struct plan *plan, char **ret_token, struct kit_fault *f)
{
    FILE *file = plan->token == NULL ? fopen(plan->token_path, "re") : NULL;
    char *token = NULL;

    if (plan->token != NULL) {
        token = alloc_copy(plan->token);
    } else if (file == NULL) {
        return kit_fault_set(
            f, ACME_BAD_CONFIG,
            "cannot read %s, which the profile names as web_identity_token_file: "
            "%s; web-identity-token-file, an option of acme-dns, is read with more "
            "rights, and core-allow-path opens a path",
            plan->token_path, strerror(errno));
    } else {
        token = alloc_zero(TOKEN_MAX + 1, 1);
        (void)fread(token, 1, TOKEN_MAX, file);
        (void)fclose(file);
    }
    trim_end(token);
    *ret_token = token;
    return ACME_OK;
}

int32_t sts_assume_by_token(struct credentials *c, struct acme_call *call, struct keys *ret_keys,
                            struct kit_fault *f)
{
    char *token = NULL;
    int32_t status = ACME_OK;

    if (read_token(&c->plan, &token, f) != ACME_OK || open_client(c, call, f) != ACME_OK) {
        alloc_free_secret(token);
        return f->status;
    }
    const struct kit_request request = {
        .path = "/",
        .form = {{"Action", "AssumeRoleWithWebIdentity"},
                 {"Version", "2011-06-15"},
                 {"RoleArn", c->plan.web.arn},
                 {"RoleSessionName", c->plan.web.session_name},
                 {"WebIdentityToken", token},
                 {"DurationSeconds", c->plan.web.duration_s}},
        .repeat = KIT_REPEAT_SAFE,
    };
    kit_http_hide(c->sts.http, token);
    status = send_form(c, call, NULL, &request, "AssumeRoleWithWebIdentityResult", c->plan.web.arn,
                       ret_keys, f);
    alloc_free_secret(token);
    return status;
}
