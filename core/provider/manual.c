/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * manual: a person changes the DNS. They are told what is wanted, an event a record, and that is
 * the whole call: whether it was done is for the name servers to say, and the watch on them is what
 * waits. While it does, Enter makes it look at once.
 */
#include "provider/console.h"

#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "provider/set.h"

#include "acme-plugin.h"

#include <string.h>

/* Without the dot at the end: people paste it into forms. */
static char *bare(const char *name)
{
    size_t len = strlen(name);

    return str_dup_len(name, len > 1 && name[len - 1] == '.' ? len - 1 : len);
}

/* The name that the CA asks for, where a CNAME leads from it to the one that is written; or NULL.
 */
static char *find_alias(const struct provider_change *change)
{
    char *owner = change->identifier == NULL || change->identifier[0] == '\0'
                      ? NULL
                      : domain_challenge_owner(change->identifier);
    AUTO_FREE char *fqdn = bare(change->fqdn);

    if (str_eq(owner, fqdn)) {
        mem_free(owner);
        owner = NULL;
    }
    return owner;
}

static bool is_waited_for(const struct provider_job *job)
{
    const struct provider_change *change = &job->change;

    return provider_has_time_for_person(job->provider) &&
           (change->verb == PROVIDER_ADD ? !change->is_unwatched : change->is_awaited);
}

/* The index-th of count records of one kind, from 1. */
static void tell(const struct provider_job *job, size_t index, size_t count)
{
    const struct provider_change *change = &job->change;
    const struct provider *p = job->provider;
    bool is_add = change->verb == PROVIDER_ADD;
    AUTO_FREE char *owner = bare(change->fqdn);
    AUTO_FREE char *zone = bare(change->zone);
    AUTO_FREE char *alias = find_alias(change);
    AUTO_FREE char *value = str_dup_len(change->value, change->value_len);
    AUTO_FREE char *identifier = str_fmt("%s%s", change->is_wildcard ? "*." : "",
                                         change->identifier == NULL ? "" : change->identifier);

    event_emit(EVENT_NOTICE, EVENT_RECORD, owner, FIELD("action", is_add ? "create" : "delete"),
               FIELD("provider", p->name), FIELD("zone", zone), FIELD("type", "TXT"),
               FIELD("value", value),
               FIELD_INT("ttl", change->ttl_s != 0 ? change->ttl_s : p->facts.ttl_s),
               FIELD("identifier", *identifier == '\0' ? NULL : identifier),
               FIELD("alias-of", alias), FIELD_INT("index", (int64_t)index),
               FIELD_INT("count", (int64_t)count), FIELD_INT("known", change->is_known ? 1 : 0),
               FIELD_INT("waited-for", is_waited_for(job) ? 1 : 0),
               FIELD_INT("attended", p->set->console.is_attended ? 1 : 0));
}

static size_t tell_all(const struct call *c, enum provider_verb verb)
{
    size_t count = 0;
    size_t index = 0;

    for (size_t i = 0; i < c->n; i++) {
        count += c->jobs[i]->change.verb == verb ? 1 : 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (c->jobs[i]->change.verb == verb) {
            tell(c->jobs[i], ++index, count);
        }
    }
    return count;
}

/* Whatever was typed before Enter. */
static void take_enter(void *arg, const char *line)
{
    struct provider *p = arg;
    const struct provider_console *console = &p->set->console;

    if (line == NULL) {
        return;
    }
    if (console->look != NULL) {
        console->look(console->arg);
    }
    console_await(p, take_enter, p);
}

/* Whether Enter is of use now. */
static bool is_any_looked_for(const struct call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct provider_change *change = &c->jobs[i]->change;

        if (change->verb == PROVIDER_ADD || change->is_awaited) {
            return true;
        }
    }
    return false;
}

static void start(struct call *c)
{
    struct provider *p = c->provider;

    (void)tell_all(c, PROVIDER_REMOVE);
    (void)tell_all(c, PROVIDER_ADD);
    if (is_any_looked_for(c) && p->set->console.is_attended) {
        console_await(p, take_enter, p);
    }
    call_finish(c, ACME_OK);
}

const struct console_kind CONSOLE_MANUAL = {
    .name = "manual",
    .summary = "Any DNS, by a person who is told what to create",
    .callbacks = PROVIDER_HAS_APPLY,
    .poll_interval_s = 10,
    .is_by_hand = true,
    .start = start,
};
