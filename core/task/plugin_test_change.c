/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The changes to the test's values. Each add is in the journal before the provider hears
 * of it, as a lease that ends with this run: what a test that was killed left behind is removed by
 * the next run, or by cleanup. Not so for the two that cannot come to stand, whatever the plug-in
 * says: their removal could not succeed either.
 */
#include "task/plugin_test_impl.h"

#include "acme-plugin.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

#define LONG_SHOWN 8

/* ---- The journal ---- */

void mark_forget(struct mark *mark)
{
    struct err err = ERR_INIT;

    if (mark->entry != NULL && journal_mark_removed(mark->entry, &err) < 0) {
        event_log(EVENT_WARNING, "journal", "%s", err.text);
    }
    mark->entry = NULL;
}

static int write_intents(struct plugin_test *test, struct mark *const *marks, size_t n,
                         struct err *err)
{
    char no_certificate[] = "";
    struct journal_entry intents[MARK_COUNT];
    struct journal_entry *entries[MARK_COUNT];

    for (size_t i = 0; i < n; i++) {
        intents[i] = (struct journal_entry){
            .kind = JOURNAL_LEASE,
            .certificate = no_certificate,
            .provider = (char *)(uintptr_t)provider_name(test->provider),
            .owner = marks[i]->owner,
            .zone = marks[i]->zone,
            .identifier = marks[i]->identifier,
            .value = marks[i]->text,
            .until_s = clock_wall_s(),
        };
    }
    if (n > 0 && journal_add_intents(test->rooms->journal, intents, n, entries, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < n; i++) {
        marks[i]->entry = entries[i];
    }
    return 0;
}

int changes_prepare(void *arg, const struct provider *provider,
                    const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                    struct err *err)
{
    struct plugin_test *test = arg;
    struct mark *marks[MARK_COUNT];
    size_t n_marks = 0;

    (void)provider;
    (void)ret_dropped;
    for (size_t i = 0; i < n; i++) {
        struct mark *mark = changes[i]->user;

        if (changes[i]->verb == PROVIDER_ADD && mark->entry == NULL &&
            mark_is_public((enum mark_id)(mark - test->marks))) {
            marks[n_marks++] = mark;
        }
    }
    return write_intents(test, marks, n_marks, err);
}

void changes_keep_receipt(void *arg, const struct provider *provider,
                          const struct provider_change *change, const void *bytes, size_t len)
{
    struct mark *mark = change->user;
    struct err err = ERR_INIT;

    (void)arg;
    (void)provider;
    mem_free(mark->receipt);
    mark->receipt = mem_copy(bytes, len);
    mark->receipt_len = len;
    if (mark->entry != NULL && journal_set_receipt(mark->entry, bytes, len, &err) < 0) {
        event_log(EVENT_WARNING, "journal", "%s", err.text);
    }
}

/* ---- Judging ---- */

/* What is known of the value now. */
static void note_result(struct change *change, bool may_be_in_force)
{
    struct mark *mark = &change->test->marks[change->mark];

    if (change->verb == PROVIDER_REMOVE) {
        mark->is_leaving = change->is_ok && mark->entry != NULL;
        mark->is_wanted = mark->is_wanted && !change->is_ok;
    } else if (change->is_ok) {
        mark->is_wanted = true;
        mark->is_leaving = false;
    } else if (!may_be_in_force && !mark->is_wanted) {
        mark_forget(mark);
    }
}

/* A refusal that says for sure that nothing was changed, and that trying again is of no use. */
static bool is_plain_refusal(int32_t status)
{
    return status == ACME_NO_ZONE || status == ACME_DENIED || status == ACME_REJECTED ||
           status == ACME_BAD_CONFIG || status == ACME_UNSUPPORTED;
}

/* The labels that make the long name long say nothing. */
static void add_squeezed(const char *text, struct buf *to)
{
    for (size_t run = 0; *text != '\0'; text += run == 0 ? 1 : run) {
        run = strspn(text, MARK_LONG_FILL);
        if (run > LONG_SHOWN) {
            buf_add_str(to, MARK_LONG_FILL "..");
        } else if (run > 0) {
            buf_add(to, text, run);
        } else {
            buf_add_char(to, *text);
        }
    }
}

static int judge_refusal(const struct change *change, struct err *err)
{
    const struct mark *mark = &change->test->marks[change->mark];

    if (change->is_ok) {
        return change->mark == MARK_LONG
                   ? err_set(err, ERR_PROVIDER,
                             "the plug-in says that it added a value at a name of %zu bytes, which "
                             "no name can have",
                             strlen(mark->owner))
                   : err_set(err, ERR_PROVIDER,
                             "the plug-in says that it added a value at %s, which is in no zone "
                             "that there is",
                             mark->owner);
    }
    if (change->mark == MARK_NOWHERE && !is_plain_refusal(change->status)) {
        *err = change->err;
        /* One that crashed, hung or returned nonsense needs other advice, which stands there. */
        return change->status != ACME_RETRY
                   ? err_code(err)
                   : err_hint(err, "ACME_NO_ZONE would say what is wrong, and that another try is "
                                   "of no use");
    }
    buf_add_str(&change->test->text, "refused, as it should be: ");
    add_squeezed(change->err.text, &change->test->text);
    return 0;
}

/* The first thing that is wrong with what the provider said. */
static int judge_changes(struct plugin_test *test, struct err *err)
{
    int result = 0;

    for (size_t i = 0; i < test->n_changes; i++) {
        const struct change *change = &test->changes[i];

        if (change->is_refusal_expected) {
            result = judge_refusal(change, err);
        } else if (!change->is_ok && mark_is_public(change->mark)) {
            *err = change->err;
            result = err_code(err);
        }
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

/* A provider may be unable to remove anything: the first time it is asked tells. */
static bool is_unable_to_remove(const struct plugin_test *test)
{
    return test->n_changes == 1 && test->changes[0].verb == PROVIDER_REMOVE &&
           test->changes[0].status == ACME_UNSUPPORTED;
}

/* Who is not let in at all is not let into an unknown zone either: that shows nothing. */
static bool is_refused_for_credential(const struct plugin_test *test)
{
    return test->n_changes == 1 && test->changes[0].mark == MARK_NOWHERE &&
           test->changes[0].status == ACME_DENIED;
}

/* Where the credential is refused in the zone itself, the other steps would say the same. */
static bool is_any_denied(const struct plugin_test *test)
{
    for (size_t i = 0; i < test->n_changes; i++) {
        if (!test->changes[i].is_refusal_expected && test->changes[i].status == ACME_DENIED) {
            return true;
        }
    }
    return false;
}

static void skip_for_credential(struct plugin_test *test)
{
    AUTO_FREE char *why = str_fmt("the credential was refused, which says nothing of the zone: %s",
                                  test->changes[0].err.text);

    plugin_test_skip(test, why);
}

static void skip_removal(struct plugin_test *test)
{
    AUTO_FREE char *why = str_fmt("this provider removes nothing: %s", test->changes[0].err.text);

    test->cannot_remove = true;
    plugin_test_skip(test, why);
}

static void finish_changes(struct plugin_test *test)
{
    struct err err = ERR_INIT;

    if (is_unable_to_remove(test)) {
        skip_removal(test);
    } else if (is_refused_for_credential(test)) {
        skip_for_credential(test);
    } else if (judge_changes(test, &err) < 0) {
        test->is_broken = test->is_broken || is_any_denied(test);
        plugin_test_end(test, &err);
    } else {
        look_start(test);
    }
}

static void finish_change(void *arg, const struct provider_result *result)
{
    struct change *change = arg;

    change->job = NULL;
    change->is_ok = result->is_ok;
    change->status = result->status;
    if (!result->is_ok) {
        change->err = *result->err;
    }
    note_result(change, result->may_be_in_force);
    if (--change->test->n_open == 0 && !attended_take_changes(change->test)) {
        finish_changes(change->test);
    }
}

/* ---- Handing them in ---- */

void mark_fill_change(const struct plugin_test *test, enum mark_id id,
                      struct provider_change *ret_change)
{
    const struct mark *mark = &test->marks[id];

    *ret_change = (struct provider_change){
        .fqdn = mark->owner,
        .zone = mark->zone,
        .value = mark->text,
        .value_len = strlen(mark->text),
        .identifier = mark->identifier,
        .key_authorization = mark->key_authorization,
        .is_known = mark->entry != NULL,
        .is_awaited = mark->entry != NULL && !test->is_cancelled,
        .receipt = mark->receipt,
        .receipt_len = mark->receipt_len,
    };
}

struct change *changes_add(struct plugin_test *test, enum mark_id mark, enum provider_verb verb)
{
    struct change *change = &test->changes[test->n_changes++];

    *change = (struct change){.test = test, .mark = mark, .verb = verb};
    return change;
}

void changes_start(struct plugin_test *test)
{
    test->n_open = test->n_changes;
    for (size_t i = 0; i < test->n_changes; i++) {
        struct change *change = &test->changes[i];
        struct provider_change wanted;

        mark_fill_change(test, change->mark, &wanted);
        wanted.verb = change->verb;
        wanted.user = &test->marks[change->mark];
        if (change->verb == PROVIDER_ADD || change->is_receipt_lost) {
            wanted.receipt = NULL;
            wanted.receipt_len = 0;
        }
        change->job = provider_submit(test->provider, &wanted, finish_change, change);
    }
    attended_start_patience(test);
    provider_release(test->provider);
}
