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

/* Replaces the "{FIELD}" at the end of a template. */
static char *expand(const char *template, const char *verb, const struct acme_record *r)
{
    const char *open = strchr(template, '{');
    char scratch[FIELD_MAX];
    const char *text = "";
    char *expanded = NULL;
    size_t head = open == NULL ? strlen(template) : (size_t)(open - template);
    size_t len = 0;

    if (open != NULL) {
        text = field(open + 1, strlen(open) - 2, verb, r, scratch, sizeof(scratch));
    }
    len = strlen(text);
    expanded = malloc(head + len + 1);
    if (expanded != NULL) {
        memcpy(expanded, template, head);
        memcpy(expanded + head, text, len + 1);
    }
    return expanded;
}

/* A list of owned texts that grows to its ceiling. */
struct list {
    char **items;
    size_t n;
    bool has_failed;
};

static struct list list_new(void)
{
    struct list l = {.items = calloc(LIST_MAX + 1, sizeof(char *))};

    l.has_failed = l.items == NULL;
    return l;
}

/* Owns take_text, whatever comes of it. */
static void list_add(struct list *l, char *take_text)
{
    if (l->has_failed || take_text == NULL || l->n == LIST_MAX) {
        free(take_text);
        l->has_failed = true;
        return;
    }
    l->items[l->n++] = take_text;
}

static char **list_take(struct list *l)
{
    if (l->has_failed) {
        style_free(l->items);
        return NULL;
    }
    return l->items;
}

void style_free(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        free(list[i]);
    }
    free(list);
}

static const char *verb_in(const struct style *s, const char *verb)
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

char **style_argv(const struct style *s, const char *command, const struct acme_value *arguments,
                  const char *verb, const struct acme_record *record)
{
    struct list l = list_new();

    list_add(&l, strdup(command));
    for (size_t pos = 0; arguments->text != NULL && pos < arguments->len;
         pos += strlen(arguments->text + pos) + 1) {
        list_add(&l, strdup(arguments->text + pos));
    }
    list_add(&l, strdup(verb_in(s, verb)));
    for (size_t i = 0; record != NULL && s->arguments[i] != NULL; i++) {
        list_add(&l, expand(s->arguments[i], verb, record));
    }
    return list_take(&l);
}

char **style_envp(const struct style *s, const char *verb, const struct acme_record *record)
{
    struct list l = list_new();

    for (size_t i = 0; environ[i] != NULL; i++) {
        /* Ours are never inherited: a variable left over would be taken for this change's. */
        if (strncmp(environ[i], "ACME_DNS_", strlen("ACME_DNS_")) != 0) {
            list_add(&l, strdup(environ[i]));
        }
    }
    if (record == NULL) {
        char text[64];

        (void)snprintf(text, sizeof(text), "ACME_DNS_VERB=%s", verb);
        list_add(&l, strdup(text));
    }
    for (size_t i = 0; record != NULL && s->environment[i] != NULL; i++) {
        list_add(&l, expand(s->environment[i], verb, record));
    }
    return list_take(&l);
}
