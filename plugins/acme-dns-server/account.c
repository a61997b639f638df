/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The JSON is that of lego, goacmedns and acme-dns-client, so that their files can be taken over.
 */
#include "acme-dns-server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CHALLENGE_LABEL "_acme-challenge."
#define NAME_ALPHABET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* A string that fits; absent is "". */
static bool read_text(const struct kit_json *json, const char *key, char *to, size_t size)
{
    const char *text = kit_json_str(json, key);

    if (text != NULL && strlen(text) >= size) {
        return false;
    }
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
    return true;
}

/* One line of visible characters, as a header can carry. */
static bool is_visible(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~') {
            return false;
        }
    }
    return text[0] != '\0';
}

/* A server's name is shown to people, and its first label names a file: nothing else may pass. */
static bool is_host_name(const char *name, const char *first_label)
{
    size_t len = strlen(first_label);

    return len > 0 && strspn(first_label, NAME_ALPHABET) == len &&
           strncasecmp(name, first_label, len) == 0 && name[len] == '.' && name[len + 1] != '\0' &&
           strspn(name, NAME_ALPHABET "._") == strlen(name) && strstr(name, "..") == NULL;
}

bool account_read(const struct kit_json *json, struct account *ret_account,
                  const char **ret_problem)
{
    struct account a = {.fulldomain = ""};
    size_t len = 0;

    *ret_problem = NULL;
    if (!read_text(json, "fulldomain", a.fulldomain, sizeof(a.fulldomain)) ||
        !read_text(json, "subdomain", a.subdomain, sizeof(a.subdomain)) ||
        !read_text(json, "username", a.username, sizeof(a.username)) ||
        !read_text(json, "password", a.password, sizeof(a.password)) ||
        !read_text(json, "server_url", a.server_url, sizeof(a.server_url))) {
        *ret_problem = "one of its texts is too long";
        return false;
    }
    len = strlen(a.fulldomain);
    if (len > 0 && a.fulldomain[len - 1] == '.') {
        a.fulldomain[len - 1] = '\0';
    }
    if (!is_host_name(a.fulldomain, a.subdomain)) {
        *ret_problem = "fulldomain is not a host name that begins with subdomain";
    } else if (!is_visible(a.username) || !is_visible(a.password)) {
        *ret_problem = "username or password is missing, or no header can carry it";
    } else {
        *ret_account = a;
    }
    account_wipe(&a);
    return *ret_problem == NULL;
}

void account_write(struct kit_text *t, const struct account *account)
{
    kit_json_addf(t,
                  "{'fulldomain': %s, 'subdomain': %s, 'username': %s, 'password': %s, "
                  "'server_url': %s}",
                  account->fulldomain, account->subdomain, account->username, account->password,
                  account->server_url);
}

void account_wipe(struct account *account)
{
    explicit_bzero(account, sizeof(*account));
}

bool account_is_at(const struct account *account, const char *url)
{
    size_t len = strlen(account->server_url);

    while (len > 0 && account->server_url[len - 1] == '/') {
        len--;
    }
    return len == 0 || (len == strlen(url) && strncasecmp(account->server_url, url, len) == 0);
}

void account_add_key(struct kit_text *t, const char *fqdn)
{
    const size_t label_len = strlen(CHALLENGE_LABEL);

    if (strncasecmp(fqdn, CHALLENGE_LABEL, label_len) == 0) {
        fqdn += label_len;
    }
    kit_name_add_plain(t, fqdn);
}
