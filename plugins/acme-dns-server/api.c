/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The two requests of https://github.com/joohoi/acme-dns: POST /register and POST /update. */
#include "acme-dns-server.h"

#include <stdio.h>
#include <string.h>

#define REGISTER "/register"

/* The server's own words, which are a code more than a text, and what is meant. */
static const struct kit_meaning REFUSALS[] = {
    {"bad_txt", ACME_REJECTED, "it takes values of 43 base64url characters only"},
    {"bad_subdomain", ACME_BAD_CONFIG, "the account's subdomain is not one that it gives out"},
    {"invalid_allowfrom_cidr", ACME_BAD_CONFIG,
     "allow-from must list networks, as 192.0.2.0/24 or 2001:db8::/32"},
};

void api_judge(void *context, const struct kit_request *request, const struct kit_answer *answer,
               struct kit_verdict *v)
{
    const struct api *api = context;
    bool is_register = strcmp(request->path, REGISTER) == 0;

    if (answer->status == 400) {
        kit_verdict_explain(v, REFUSALS, sizeof(REFUSALS) / sizeof(REFUSALS[0]));
    } else if (answer->status == 401 && !is_register) {
        (void)snprintf(v->hint, sizeof(v->hint),
                       "it does not know this account, or takes no updates from this address "
                       "(allow-from). If it has lost the account, take that out of %.200s: the "
                       "next run registers another, which needs another CNAME",
                       api->accounts);
    } else if (answer->status == 404 && is_register) {
        v->status = ACME_BAD_CONFIG;
        (void)snprintf(v->hint, sizeof(v->hint),
                       "it does not register anybody (disable_registration), or api-url is wrong: "
                       "ask its operator for an account and write that into %.200s",
                       api->accounts);
    } else if (answer->status == 404 || answer->status == 405) {
        v->status = ACME_BAD_CONFIG;
        (void)snprintf(v->hint, sizeof(v->hint),
                       "api-url must be what stands before /register and /update");
    }
}

/* A second account, when the first's answer was lost, is one that nobody uses. */
int32_t api_register(struct acme_call *call, struct api *api, struct account *ret_account)
{
    const char *problem = NULL;
    KIT_TEXT(body);
    KIT_ANSWER(answer);
    int32_t status = ACME_OK;

    kit_json_open(&body, '{');
    if (api->allow_from.len > 0) {
        kit_json_add_key(&body, "allowfrom");
        kit_text_add(&body, api->allow_from.bytes, api->allow_from.len);
    }
    kit_json_close(&body, '}');
    status = kit_send(
        call, api->http,
        &(struct kit_request){.path = REGISTER, .json = &body, .repeat = KIT_REPEAT_SAFE}, &answer);
    if (status != ACME_OK) {
        return status;
    }
    if (!account_read(answer.json, ret_account, &problem)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "%s%s answered, but with no account: %s; is that an acme-dns server?",
                         api->url, REGISTER, problem);
    }
    (void)snprintf(ret_account->server_url, sizeof(ret_account->server_url), "%s", api->url);
    return ACME_OK;
}

/* Never repeated here: a second copy of a value may push out the other one; see window.c. */
int32_t api_update(struct acme_call *call, struct api *api, const struct account *account,
                   const char *value)
{
    const char *taken = NULL;
    KIT_TEXT(body);
    KIT_ANSWER(answer);
    int32_t status = ACME_OK;

    kit_http_hide(api->http, account->password);
    kit_json_addf(&body, "{'subdomain': %s, 'txt': %s}", account->subdomain, value);
    status = kit_send(call, api->http,
                      &(struct kit_request){.path = "/update",
                                            .headers = {{"X-Api-User", account->username},
                                                        {"X-Api-Key", account->password}},
                                            .json = &body,
                                            .repeat = KIT_REPEAT_NEVER},
                      &answer);
    if (status != ACME_OK) {
        return status;
    }
    taken = kit_json_str(answer.json, "txt");
    if (taken == NULL || strcmp(taken, value) != 0) {
        return acme_fail(call, ACME_RETRY, 0,
                         "%s/update did not answer with the value that it was sent: is that an "
                         "acme-dns server?",
                         api->url);
    }
    return ACME_OK;
}
