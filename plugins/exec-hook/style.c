/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a program is called with. A convention is one row of this table and nothing else. */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 4096 /* arguments or variables: far above what a system has */
#define FIELD_MAX 8192

extern char **environ;

static const char *const fqdn_and_value[] = {"{FQDN}", "{VALUE}", NULL};

static const char *const native_environment[] = {
    "ACME_DNS_VERB={VERB}",
    "ACME_DNS_FQDN={FQDN}",
    "ACME_DNS_VALUE={VALUE}",
    "ACME_DNS_ZONE={ZONE}",
    "ACME_DNS_TTL={TTL}",
    "ACME_DNS_IDENTIFIER={IDENTIFIER}",
    "ACME_DNS_WILDCARD={WILDCARD}",
    "ACME_DNS_TOKEN={TOKEN}",
    "ACME_DNS_KEY_AUTHORIZATION={KEY_AUTHORIZATION}",
    "ACME_DNS_RECEIPT={RECEIPT}",
    NULL,
};

static const char *const nothing[] = {NULL};

static const struct style styles[] = {
    {.name = "native",
     .add = "add",
     .remove = "remove",
     .settled = "settled",
     .has_native_codes = true,
     .arguments = fqdn_and_value,
     .environment = native_environment},
    {.name = "lego",
     .add = "present",
     .remove = "cleanup",
     .settled = NULL,
     .has_native_codes = false,
     .arguments = fqdn_and_value,
     .environment = nothing},
};

const struct style *style_find(const char *name)
{
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(styles[i].name, name) == 0) {
            return &styles[i];
        }
    }
    return NULL;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The text of a field; numbers are written into `number`. A receipt is the text that a hook gave,
 * so it has no NUL byte, but the ABI promises none behind it either. */
static const char *field(const char *name, size_t len, const char *verb,
                         const struct acme_record *r, char *scratch, size_t size)
{
    const struct {
        const char *name;
        const char *text;
    } texts[] = {{"VERB", verb},
                 {"FQDN", r->fqdn},
                 {"VALUE", r->value},
                 {"ZONE", r->zone},
                 {"IDENTIFIER", r->identifier},
                 {"WILDCARD", (r->flags & ACME_RECORD_WILDCARD) != 0 ? "1" : "0"},
                 {"TOKEN", r->token},
                 {"KEY_AUTHORIZATION", r->key_authorization}};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strlen(texts[i].name) == len && memcmp(texts[i].name, name, len) == 0) {
            return or_empty(texts[i].text);
        }
    }
    scratch[0] = '\0';
    if (len == 3 && memcmp(name, "TTL", 3) == 0) {
        (void)snprintf(scratch, size, "%u", (unsigned)r->ttl_s);
    } else if (len == 7 && memcmp(name, "RECEIPT", 7) == 0 && r->receipt != NULL) {
        (void)snprintf(scratch, size, "%.*s", (int)r->receipt_len, (const char *)r->receipt);
    }
    return scratch;
}

/* Writes a template with the "{FIELD}" at its end replaced behind the other texts of the call.
 * NULL: there is no room. */
static char *expand(struct style_call *c, const char *template, const char *verb,
                    const struct acme_record *r)
{
    const char *open = strchr(template, '{');
    char scratch[FIELD_MAX];
    const char *text = "";
    char *begin = c->text + c->text_len;
    size_t head = open == NULL ? strlen(template) : (size_t)(open - template);
    size_t len = 0;

    if (open != NULL) {
        text = field(open + 1, strlen(open) - 2, verb, r, scratch, sizeof(scratch));
    }
    len = strlen(text) + 1;
    if (head + len > STYLE_TEXT_MAX - c->text_len) {
        return NULL;
    }
    (void)snprintf(begin, STYLE_TEXT_MAX - c->text_len, "%.*s%s", (int)head, template, text);
    c->text_len += head + len;
    return begin;
}

/* Adds a text that outlives the list. false: there is none, or no room for it. */
static bool add(char **list, size_t *n, const char *text)
{
    if (text == NULL || *n == LIST_MAX) {
        return false;
    }
    list[(*n)++] = (char *)(uintptr_t)text; /* execve() wants it so, and changes nothing */
    return true;
}

const char *style_verb(const struct style *s, const char *verb)
{
    const char *ours[] = {"add", "remove", "settled"};
    const char *theirs[] = {s->add, s->remove, s->settled};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(ours[i], verb) == 0 && theirs[i] != NULL) {
            return theirs[i];
        }
    }
    return verb;
}

static bool fill_argv(struct style_call *c, const struct hook *h, const char *verb,
                      const struct acme_record *record)
{
    const struct acme_value *before = &h->arguments;
    size_t n = 0;
    bool fits = add(c->argv, &n, h->command);

    for (size_t pos = 0; fits && before->text != NULL && pos < before->len;
         pos += strlen(before->text + pos) + 1) {
        fits = add(c->argv, &n, before->text + pos);
    }
    fits = fits && add(c->argv, &n, style_verb(h->style, verb));
    for (size_t i = 0; fits && record != NULL && h->style->arguments[i] != NULL; i++) {
        fits = add(c->argv, &n, expand(c, h->style->arguments[i], verb, record));
    }
    return fits;
}

static bool fill_envp(struct style_call *c, const struct style *s, const char *verb,
                      const struct acme_record *record)
{
    static const struct acme_record none = {.size = sizeof(none)};
    size_t n = 0;
    bool fits = true;

    for (size_t i = 0; fits && environ[i] != NULL; i++) {
        /* Ours are never inherited: a variable left over would be taken for this change's. */
        if (strncmp(environ[i], "ACME_DNS_", strlen("ACME_DNS_")) != 0) {
            fits = add(c->envp, &n, environ[i]);
        }
    }
    if (fits && record == NULL) {
        fits = add(c->envp, &n, expand(c, "ACME_DNS_VERB={VERB}", verb, &none));
    }
    for (size_t i = 0; fits && record != NULL && s->environment[i] != NULL; i++) {
        fits = add(c->envp, &n, expand(c, s->environment[i], verb, record));
    }
    return fits;
}

bool style_call_init(struct style_call *c, const struct hook *h, const char *verb,
                     const struct acme_record *record)
{
    *c = (struct style_call){.argv = calloc(LIST_MAX + 1, sizeof(char *)),
                             .envp = calloc(LIST_MAX + 1, sizeof(char *)),
                             .text = malloc(STYLE_TEXT_MAX)};
    return c->argv != NULL && c->envp != NULL && c->text != NULL && fill_argv(c, h, verb, record) &&
           fill_envp(c, h->style, verb, record);
}

void style_call_done(struct style_call *c)
{
    free(c->argv);
    free(c->envp);
    free(c->text);
    *c = (struct style_call){.argv = NULL};
}
