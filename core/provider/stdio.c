/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * stdio: acme-client's dialogue with a program at the other end of a pipe. Name after name:
 *
 *     we, on standard output     dns-01 example.com TOKEN.THUMBPRINT
 *     they, on standard input    the same line, once it is published
 *
 * Anything else ends it: a dialogue that is out of step must not be read on. There is no word for
 * taking a value away.
 */
#include "provider/console.h"

#include "base/mem.h"
#include "provider/set.h"

#include "acme-plugin.h"

static char *make_line(const struct provider_job *job)
{
    return str_fmt("dns-01 %s %s", job->change.identifier, job->change.key_authorization);
}

/* What is wrong with it now is wrong with all that would follow. */
static void break_off(struct call *c, const struct err *why)
{
    c->provider->broken = *why;
    console_fail(c, why);
}

static void take_answer(void *arg, const char *line)
{
    struct call *c = arg;
    AUTO_FREE char *wanted = make_line(c->jobs[0]);
    struct err why = ERR_INIT;

    if (str_eq(line, wanted)) {
        call_finish(c, ACME_OK);
        return;
    }
    if (line == NULL) {
        (void)err_set(&why, ERR_PROVIDER, "standard input ended before the line '%s' came back",
                      wanted);
    } else {
        (void)err_set(&why, ERR_PROVIDER, "standard input says '%.200s' instead of '%s'", line,
                      wanted);
    }
    (void)err_hint(&why, "the program at the other end repeats the line when it has published the "
                         "value, and closes its end when it cannot");
    break_off(c, &why);
}

static void ask(struct call *c)
{
    const struct provider_console *console = &c->provider->set->console;
    const struct provider_change *change = &c->jobs[0]->change;
    const struct provider *other = console_find_speaker(c);
    struct err why = ERR_INIT;

    if (c->provider->broken.class != ERR_NONE) {
        console_fail(c, &c->provider->broken);
        return;
    }
    if (other != NULL) {
        (void)err_set(&why, ERR_CONFIG,
                      "provider '%s' waits for an answer on standard input: only one can speak "
                      "there, and this is another",
                      other->name);
        console_fail(c, &why);
        return;
    }
    if (change->identifier == NULL || change->key_authorization == NULL) {
        (void)err_set(&why, ERR_PROVIDER,
                      "the dialogue is about a CA's challenge, and the value "
                      "for %s belongs to none",
                      change->fqdn);
        console_fail(c, &why);
        return;
    }
    AUTO_FREE char *line = make_line(c->jobs[0]);
    if (console_check_output(c->provider, &why) < 0 || console->say(console->arg, line, &why) < 0) {
        break_off(c, &why);
        return;
    }
    console_await(c->provider, take_answer, c);
}

/* Counts as done, and is said once a run. */
static void leave_standing(struct call *c)
{
    c->text = str_dup("the dialogue has no word for it; whoever published a value takes it away");
    call_finish(c, ACME_UNSUPPORTED);
}

static void start(struct call *c)
{
    if (c->jobs[0]->change.verb == PROVIDER_ADD) {
        ask(c);
    } else {
        leave_standing(c);
    }
}

const struct console_kind CONSOLE_STDIO = {
    .name = "stdio",
    .summary = "Any DNS, by a program at the other end of a pipe: acme-client's -t dns-01",
    .callbacks = PROVIDER_HAS_ADD | PROVIDER_HAS_REMOVE,
    .has_dialogue = true,
    .start = start,
};
