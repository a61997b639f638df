/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The arguments and the environment of one run. A template is a text with fields: "{FQDN}" becomes
 * the change's name, "CERTBOT_DOMAIN={DOMAIN}" a variable; what is no field stays as it is.
 * "{ARGS}" and "{CLEANUP_ARGS}", alone, become as many arguments as the user gave.
 */
#include "exec-hook.h"

#include <stdio.h>
#include <string.h>

#define LABEL "_acme-challenge."
#define OURS "ACME_DNS_" /* never inherited: one left over would be taken for this change's */

extern char **environ;

static const struct acme_record no_record = {.size = sizeof(no_record)};

bool invoke_domain(const struct acme_record *r, char ret_domain[256])
{
    const char *rest = NULL;
    size_t len = 0;

    if (strncmp(r->fqdn, LABEL, strlen(LABEL)) != 0) {
        return false;
    }
    rest = r->fqdn + strlen(LABEL);
    len = strlen(rest);
    len -= len > 0 && rest[len - 1] == '.' ? 1 : 0;
    if (len == 0 || len >= 256) {
        return false;
    }
    memcpy(ret_domain, rest, len);
    ret_domain[len] = '\0';
    return true;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

const char *invoke_program(const struct hook *h, enum verb verb)
{
    const char *const *argv = h->style->verbs[verb].argv;

    if (argv != NULL && strcmp(argv[0], "{CLEANUP}") == 0 && h->cleanup != NULL) {
        return base_name(h->cleanup);
    }
    return base_name(h->command);
}

/* ---- Fields ---- */

static void put_command(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    text_puts(t, f->hook->command);
}

static void put_cleanup(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    text_puts(t, f->hook->cleanup);
}

static void put_acme_sh(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    text_puts(t, f->hook->acme_sh);
}

static void put_home(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    text_puts(t, f->home);
}

static void put_verb(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    text_puts(t, f->hook->style->verbs[f->verb].name);
}

static void put_fqdn(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_puts(t, r->fqdn);
}

/* The same without the final dot. */
static void put_name(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    size_t len = r->fqdn == NULL ? 0 : strlen(r->fqdn);

    (void)f;
    text_put(t, r->fqdn, len > 1 && r->fqdn[len - 1] == '.' ? len - 1 : len);
}

static void put_domain(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    char domain[256];

    (void)f;
    if (r->fqdn != NULL && invoke_domain(r, domain)) {
        text_puts(t, domain);
    }
}

static void put_all_domains(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    for (size_t i = 0; i < f->n_all; i++) {
        text_puts(t, i == 0 ? "" : ",");
        put_domain(t, f, f->all[i]);
    }
}

static void put_number(struct text *t, size_t n)
{
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%zu", n);
    text_puts(t, digits);
}

static void put_n_left(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)r;
    put_number(t, f->n_left);
}

static void put_value(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_put(t, r->value, r->value_len);
}

static void put_zone(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_puts(t, r->zone);
}

static void put_ttl(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    put_number(t, r->ttl_s);
}

static void put_identifier(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_puts(t, r->identifier);
}

static void put_wildcard(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_puts(t, (r->flags & ACME_RECORD_WILDCARD) != 0 ? "1" : "0");
}

static void put_token(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_puts(t, r->token);
}

static void put_key_authorization(struct text *t, const struct invoke_for *f,
                                  const struct acme_record *r)
{
    (void)f;
    text_puts(t, r->key_authorization);
}

/* A receipt is the text that a hook gave, so it has no NUL byte, but the ABI promises none behind
 * it either. */
static void put_receipt(struct text *t, const struct invoke_for *f, const struct acme_record *r)
{
    (void)f;
    text_put(t, r->receipt, r->receipt == NULL ? 0 : strnlen(r->receipt, r->receipt_len));
}

typedef void put_fn(struct text *t, const struct invoke_for *f, const struct acme_record *r);

static const struct {
    const char *name;
    put_fn *put;
} fields[] = {
    {"{COMMAND}", put_command},
    {"{CLEANUP}", put_cleanup},
    {"{ACME_SH}", put_acme_sh},
    {"{HOME}", put_home},
    {"{VERB}", put_verb},
    {"{FQDN}", put_fqdn},
    {"{NAME}", put_name},
    {"{DOMAIN}", put_domain},
    {"{ALL_DOMAINS}", put_all_domains},
    {"{N_LEFT}", put_n_left},
    {"{VALUE}", put_value},
    {"{ZONE}", put_zone},
    {"{TTL}", put_ttl},
    {"{IDENTIFIER}", put_identifier},
    {"{WILDCARD}", put_wildcard},
    {"{TOKEN}", put_token},
    {"{KEY_AUTHORIZATION}", put_key_authorization},
    {"{RECEIPT}", put_receipt},
};

/* Puts the field that p begins with. How long its name is; 0: none begins here. */
static size_t put_field(struct text *t, const char *p, const struct invoke_for *f,
                        const struct acme_record *r)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strncmp(p, fields[i].name, strlen(fields[i].name)) == 0) {
            fields[i].put(t, f, r);
            return strlen(fields[i].name);
        }
    }
    return 0;
}

/* Adds a template with its fields replaced. */
static void add_template(struct words *w, const char *template, const struct invoke_for *f,
                         const struct acme_record *r)
{
    struct text t = {.bytes = NULL};
    const char *p = template;

    while (*p != '\0') {
        size_t len = put_field(&t, p, f, r);

        if (len == 0) {
            len = 1 + strcspn(p + 1, "{");
            text_put(&t, p, len);
        }
        p += len;
    }
    words_add(w, t.len == 0 ? "" : t.bytes, t.len);
    w->is_short = w->is_short || t.is_short;
    text_done(&t);
}

/* ---- Arguments ---- */

static void add_values(struct words *w, const struct acme_value *values)
{
    for (size_t at = 0; values->text != NULL && at < values->len;
         at += strlen(values->text + at) + 1) {
        words_add(w, values->text + at, strlen(values->text + at));
    }
}

static void fill_argv(struct words *argv, const struct invoke_for *f)
{
    const struct style_verb *verb = &f->hook->style->verbs[f->verb];

    for (size_t i = 0; verb->argv[i] != NULL; i++) {
        if (strcmp(verb->argv[i], "{ARGS}") == 0) {
            add_values(argv, &f->hook->arguments);
        } else if (strcmp(verb->argv[i], "{CLEANUP_ARGS}") == 0) {
            add_values(argv, &f->hook->cleanup_arguments);
        } else {
            add_template(argv, verb->argv[i], f, &no_record);
        }
    }
    for (size_t i = 0; verb->each != NULL && i < f->n; i++) {
        for (size_t j = 0; verb->each[j] != NULL; j++) {
            add_template(argv, verb->each[j], f, f->records[i]);
        }
    }
}

/* ---- Environment ---- */

/* Whether a list of "NAME=..." has the name that a variable begins with. */
static bool has_name(const char *const *list, const char *variable)
{
    size_t len = strcspn(variable, "=") + 1;

    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (strncmp(list[i], variable, len) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_inherited(const struct invoke_for *f, const char *variable)
{
    const struct style *s = f->hook->style;

    return strncmp(variable, OURS, strlen(OURS)) != 0 &&
           (s->drops == NULL || strncmp(variable, s->drops, strlen(s->drops)) != 0) &&
           !has_name(s->verbs[f->verb].environment, variable);
}

static void add_env_file(struct words *envp, const struct invoke_for *f)
{
    const char *at = f->hook->env_file.text;
    unsigned number = 0;
    struct env_line line;

    while (env_file_next(&at, &number, &line)) {
        struct text variable = {.bytes = NULL};

        text_put(&variable, line.name, line.name_len);
        text_puts(&variable, "=");
        text_put(&variable, line.value, line.value_len);
        if (variable.is_short || is_inherited(f, variable.bytes)) {
            envp->is_short = envp->is_short || variable.is_short;
            words_add(envp, variable.len == 0 ? "" : variable.bytes, variable.len);
        }
        text_done(&variable);
    }
}

static void fill_envp(struct words *envp, const struct invoke_for *f)
{
    const struct style *s = f->hook->style;
    const char *const *own = s->verbs[f->verb].environment;
    const struct acme_record *first = f->n > 0 ? f->records[0] : &no_record;

    for (size_t i = 0; environ[i] != NULL; i++) {
        if (is_inherited(f, environ[i]) && !env_file_has(&f->hook->env_file, environ[i])) {
            words_add(envp, environ[i], strlen(environ[i]));
        }
    }
    add_env_file(envp, f);
    for (size_t i = 0; s->unless_set != NULL && s->unless_set[i] != NULL; i++) {
        if (!has_name((const char *const *)environ, s->unless_set[i]) &&
            !env_file_has(&f->hook->env_file, s->unless_set[i])) {
            words_add(envp, s->unless_set[i], strlen(s->unless_set[i]));
        }
    }
    for (size_t i = 0; own != NULL && own[i] != NULL; i++) {
        add_template(envp, own[i], f, first);
    }
}

bool invoke_init(struct invoke *v, const struct invoke_for *what)
{
    *v = (struct invoke){.argv = {.n = 0}};
    fill_argv(&v->argv, what);
    fill_envp(&v->envp, what);
    return !v->argv.is_short && !v->envp.is_short && v->envp.items != NULL;
}

void invoke_done(struct invoke *v)
{
    words_done(&v->argv);
    words_done(&v->envp);
}
