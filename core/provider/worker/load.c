/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Opens the plug-in and reads its description, field by field in the header's order, copying what
 * both sides know. Only what would make reading unsafe or impossible is judged here; whether names
 * are legal and numbers sensible is for the core, which cannot be corrupted by what is loaded here.
 */
#include "provider/worker/worker.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 8192u
#define OPTIONS_MAX 64u
#define OPTION_SIZE_MAX 4096u

/* Texts that are longer than any legal one go out cut, and are refused by the core. */
static void add_text(struct frame_out *out, const char *text)
{
    frame_add_bytes(out, text, text != NULL ? strnlen(text, TEXT_MAX) : 0);
}

static void add_option(struct frame_out *out, const struct acme_plugin_option *option)
{
    add_text(out, option->name);
    add_text(out, option->fallback);
    add_text(out, option->help);
    add_text(out, option->env);
    add_text(out, option->choices);
    frame_add_u32(out, option->type);
    frame_add_u32(out, option->flags);
}

static void add_options(struct frame_out *out, const struct acme_plugin *p)
{
    frame_add_u32(out, p->n_options);
    for (uint32_t i = 0; i < p->n_options; i++) {
        const char *at = (const char *)p->options + (size_t)i * p->option_size;
        struct acme_plugin_option option;

        memcpy(&option, at, sizeof(option));
        add_option(out, &option);
    }
}

static uint32_t callback_bits(const struct acme_plugin *p)
{
    return (p->check != NULL ? 1u << 0 : 0) | (p->open != NULL ? 1u << 1 : 0) |
           (p->close != NULL ? 1u << 2 : 0) | (p->add != NULL ? 1u << 3 : 0) |
           (p->remove != NULL ? 1u << 4 : 0) | (p->apply != NULL ? 1u << 5 : 0) |
           (p->settled != NULL ? 1u << 6 : 0) | (p->zones != NULL ? 1u << 7 : 0);
}

static void describe(const struct worker *w)
{
    const struct acme_plugin *p = &w->plugin;
    struct frame_out out = {.bytes = NULL};

    frame_begin(&out, FRAME_DESCRIBE, 0);
    frame_add_u32(&out, p->size);
    frame_add_u32(&out, p->minor);
    frame_add_u32(&out, p->serial);
    frame_add_u32(&out, p->traits);
    frame_add_u32(&out, p->min_ttl_s);
    frame_add_u32(&out, p->propagation_timeout_s);
    frame_add_u32(&out, p->poll_interval_s);
    frame_add_u32(&out, p->settle_s);
    frame_add_u32(&out, p->call_timeout_s);
    frame_add_u32(&out, callback_bits(p));
    add_text(&out, p->name);
    add_text(&out, p->version);
    add_text(&out, p->summary);
    add_options(&out, p);
    pipe_send(&out);
    frame_out_done(&out);
}

static const struct acme_plugin *find(void)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", FRAME_FD_PLUGIN);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        /* The loader begins with the name it was given, which says nothing to anybody. */
        const char *why = dlerror();
        size_t len = strlen(path);
        bool is_ours = strncmp(why, path, len) == 0 && strncmp(why + len, ": ", 2) == 0;

        pipe_refuse(ACME_BUG, "cannot be loaded: %s", is_ours ? why + len + 2 : why);
    }
    /* POSIX lets a function's address pass through void *; ISO C does not, hence the union. */
    const union {
        void *address;
        const struct acme_plugin *(*describe)(void);
    } symbol = {.address = dlsym(library, "acme_plugin_v1")};
    if (symbol.describe == NULL) {
        pipe_refuse(ACME_BUG, "exports no acme_plugin_v1(): it is not a provider plug-in, or one "
                              "for another major version of the interface");
    }
    const struct acme_plugin *p = symbol.describe();
    if (p == NULL) {
        pipe_refuse(ACME_BUG, "acme_plugin_v1() returned NULL");
    }
    return p;
}

void load(struct worker *w)
{
    const struct acme_plugin *p = find();

    if (p->size < sizeof(w->plugin)) {
        pipe_refuse(ACME_BUG,
                    "its description has %u bytes, %zu are needed: it was not built with "
                    "acme-plugin.h 1.0 or later",
                    p->size, sizeof(w->plugin));
    }
    memcpy(&w->plugin, p, sizeof(w->plugin));
    if (w->plugin.needs != 0) {
        pipe_refuse(ACME_UNSUPPORTED,
                    "needs features of interface 1.%u (bits 0x%x) that this "
                    "acme-dns does not have: use a newer acme-dns",
                    w->plugin.minor, w->plugin.needs);
    }
    if (w->plugin.n_options > OPTIONS_MAX) {
        pipe_refuse(ACME_BUG, "says it has %u options; at most %u are possible",
                    w->plugin.n_options, OPTIONS_MAX);
    }
    if (w->plugin.n_options > 0 &&
        (w->plugin.option_size < sizeof(struct acme_plugin_option) ||
         w->plugin.option_size > OPTION_SIZE_MAX || w->plugin.option_size % sizeof(void *) != 0)) {
        pipe_refuse(ACME_BUG,
                    "says an option has %u bytes, which cannot be (ACME_PLUGIN_HEAD sets "
                    "it)",
                    w->plugin.option_size);
    }
    if (w->plugin.n_options > 0 && w->plugin.options == NULL) {
        pipe_refuse(ACME_BUG, "says it has %u options and gives none", w->plugin.n_options);
    }
    describe(w);
}
