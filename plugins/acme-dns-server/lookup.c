/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which account a name belongs to; where there is none yet, and can be one, it is registered. */
#include "acme-dns-server.h"

#include <string.h>
#include <unistd.h>

int32_t lookup_read(struct acme_call *call, const struct plugin *p, const struct kit_json *member,
                    struct account *ret_account)
{
    const char *problem = NULL;

    if (!account_read(member, ret_account, &problem)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s: account of '%s': %s", p->accounts,
                         kit_json_key(member), problem);
    }
    if (!account_is_at(ret_account, p->api.url)) {
        int32_t status =
            acme_fail(call, ACME_BAD_CONFIG, 0,
                      "%s: the account of '%s' is one of %s, and its password is not shown to "
                      "%s: change api-url, or take the account out",
                      p->accounts, kit_json_key(member), ret_account->server_url, p->api.url);

        account_wipe(ret_account);
        return status;
    }
    return ACME_OK;
}

const struct kit_json *lookup_target(const struct kit_json *known, const char *fqdn)
{
    KIT_JSON_EACH(member, known, NULL)
    {
        const char *fulldomain = kit_json_str(member, "fulldomain");

        if (fulldomain != NULL && kit_name_equals(fulldomain, fqdn)) {
            return member;
        }
    }
    return NULL;
}

const char *lookup_zone(const struct kit_json *member)
{
    const char *fulldomain = kit_json_str(member, "fulldomain");
    const char *dot = fulldomain != NULL ? strchr(fulldomain, '.') : NULL;

    return dot != NULL && dot[1] != '\0' ? dot + 1 : NULL;
}

/* Names where nobody can create a CNAME are not worth an account: those below "invalid" (RFC 6761
 * section 6.4) and those in the server's own zone. */
static bool can_have_cname(const struct kit_json *known, const char *fqdn)
{
    KIT_JSON_EACH(member, known, NULL)
    {
        if (lookup_zone(member) != NULL && kit_name_is_in(fqdn, lookup_zone(member))) {
            return false;
        }
    }
    return !kit_name_is_in(fqdn, "invalid.");
}

/* ---- Registering ---- */

static int32_t register_new(struct acme_call *call, struct plugin *p, const struct kit_json *known,
                            const char *key, struct account *ret_account)
{
    struct account account;
    int file = -1;
    int32_t status = storage_prepare(call, &p->storage, &file);

    if (status != ACME_OK) {
        return status;
    }
    status = api_register(call, &p->api, &account);
    if (status != ACME_OK) {
        (void)close(file);
        return status;
    }
    status = storage_save(call, &p->storage, file, known, key, &account);
    if (status == ACME_OK) {
        acme_log(call, ACME_LOG_NOTICE, "%s is registered at %s; its account is in %s", key,
                 p->api.url, p->accounts);
        *ret_account = account;
    }
    account_wipe(&account);
    return status;
}

/* The account filed under key; where there is none, a new one. One process at a time does that. */
static int32_t get_account(struct acme_call *call, struct plugin *p, const char *key,
                           struct account *ret_account)
{
    struct kit_json *known = NULL;
    const struct kit_json *member = NULL;
    int lock = -1;
    int32_t status = storage_lock(call, &p->storage, "lock", &lock);

    if (status != ACME_OK) {
        return status;
    }
    status = storage_load(call, &p->storage, &known);
    member = kit_json_member(known, key);
    if (status == ACME_OK) {
        status = member != NULL ? lookup_read(call, p, member, ret_account)
                                : register_new(call, p, known, key, ret_account);
    }
    kit_json_free(known);
    (void)close(lock);
    return status;
}

int32_t lookup_account(struct acme_call *call, struct plugin *p, const char *fqdn,
                       struct account *ret_account, bool *ret_is_target)
{
    struct kit_json *known = NULL;
    const struct kit_json *member = NULL;
    int32_t status = storage_load(call, &p->storage, &known);
    KIT_TEXT(key);

    member = lookup_target(known, fqdn);
    account_add_key(&key, fqdn);
    if (status != ACME_OK) {
        return status;
    }
    *ret_is_target = member != NULL;
    if (member != NULL) {
        status = lookup_read(call, p, member, ret_account);
    } else if (fqdn[0] == '_' && !can_have_cname(known, fqdn)) {
        status =
            acme_fail(call, ACME_NO_ZONE, 0,
                      "values go where a CNAME at the name leads, and nobody can create one at "
                      "%s",
                      fqdn);
    } else if (fqdn[0] == '_') {
        status = get_account(call, p, kit_text_str(&key), ret_account);
    } else {
        status = acme_fail(call, ACME_NO_ZONE, 0,
                           "a CNAME leads to %s, but %s has no account for that: put it there, or "
                           "take the CNAME away to have another account registered",
                           fqdn, p->accounts);
    }
    kit_json_free(known);
    return status;
}
