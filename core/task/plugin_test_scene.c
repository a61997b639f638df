/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where the values go, and what others have around them. Usually that is a name that nobody has,
 * "_acme-challenge.LABEL.DOMAIN". Where a CNAME leads the challenges of the domain elsewhere, the
 * test goes the same way: such providers know that one name only.
 */
#include "task/plugin_test_impl.h"

#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

#define CHANGES_SHOWN 20

/* ---- What stands there ---- */

static void list_names(const struct plugin_test *test, struct strv *to)
{
    strv_add_unique(to, test->place->zone);
    strv_add_unique(to, test->domain);
    strv_take(to, str_fmt("www.%s", test->domain));
    strv_take(to, domain_challenge_owner(test->domain));
    if (test->is_alias) {
        strv_add_unique(to, test->place->owner);
    }
}

static void start_survey(struct plugin_test *test, dns_survey_fn *done)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    list_names(test, &names);
    test->survey = dns_survey_start(test->rooms->dns, test->place, &names, done, test);
}

/* ---- Finding ---- */

static void tell_place(struct plugin_test *test)
{
    const struct dns_place *place = test->place;

    if (place->n_hops > 0) {
        AUTO_FREE char *path = dns_place_path(place);

        buf_addf(&test->text, "%s\n", path);
    }
    buf_addf(&test->text, "%s in the zone %s, on ", place->owner, test->zone);
    for (size_t i = 0; i < place->n_servers; i++) {
        buf_addf(&test->text, "%s%s", i == 0 ? "" : ", ", place->servers[i].text);
    }
    for (size_t i = 0; i < place->warnings.n; i++) {
        buf_addf(&test->text, "\nwarning: %s", place->warnings.items[i]);
    }
}

static void finish_first_survey(void *arg, const struct strv *lines)
{
    struct plugin_test *test = arg;

    test->survey = NULL;
    test->has_surveyed = true;
    strv_copy(&test->before, lines);
    tell_place(test);
    plugin_test_end(test, NULL);
}

/* May we write there, and which zone is the provider told? */
static int choose_zone(struct plugin_test *test, struct err *err)
{
    const struct dns_place *place = test->place;
    struct provider_choices choices = PROVIDER_CHOICES_INIT;
    AUTO_FREE char *name = str_fmt("%s.", place->name);
    AUTO_FREE char *owner = str_fmt("%s.", place->owner);
    AUTO_FREE char *zone = str_fmt("%s.", place->zone);
    AUTO_FREE char *path = place->n_hops > 0 ? dns_place_path(place) : NULL;

    if (provider_may_write(test->rooms->providers, NULL, name, owner, path, err) < 0 ||
        provider_find(test->rooms->providers, NULL, owner, zone, &choices, err) < 0) {
        return err_code(err);
    }
    test->zone = str_dup(choices.items[0].zone);
    provider_choices_done(&choices);
    return 0;
}

/* Names of the test's own are free. Where a CNAME leads, another run may have its only value. */
static int check_is_free(const struct plugin_test *test, struct err *err)
{
    const struct journal *journal = test->rooms->journal;
    const char *provider = provider_name(test->provider);
    AUTO_FREE char *owner = str_fmt("%s.", test->place->owner);
    AUTO_FREE char *lease = NULL;

    if (!test->is_alias || provider_facts(test->provider)->can_hold_several) {
        return 0;
    }
    lease = journal_find_lease(journal, provider, owner, "");
    if (lease == NULL && !journal_owner_is_taken(journal, provider, owner, "")) {
        return 0;
    }
    (void)err_set(err, ERR_LOCKED,
                  "%s: provider '%s' holds one value a name, and %s%s has one there", owner,
                  provider, lease == NULL ? "another run" : "a lease ", lease == NULL ? "" : lease);
    return err_hint(err, lease == NULL ? "try again when it is over"
                                       : "'acme-dns dns remove' ends a lease");
}

static void take_place(struct plugin_test *test, struct dns_place *take_place)
{
    struct err err = ERR_INIT;

    test->place = take_place;
    if (choose_zone(test, &err) < 0 || check_is_free(test, &err) < 0) {
        plugin_test_end(test, &err);
        return;
    }
    dns_probe_start(test->rooms->dns, test->place);
    marks_init(test);
    start_survey(test, finish_first_survey);
}

static void finish_find_own(void *arg, struct dns_place *place, const struct err *err)
{
    struct plugin_test *test = arg;

    test->find = NULL;
    if (err != NULL) {
        plugin_test_end(test, err);
    } else {
        test->is_alias = place->n_hops > 0; /* a DNAME */
        take_place(test, place);
    }
}

static void finish_find_domain(void *arg, struct dns_place *place, const struct err *err)
{
    struct plugin_test *test = arg;
    AUTO_FREE char *own = str_fmt(DOMAIN_CHALLENGE_LABEL "%s.%s", test->label, test->domain);

    test->find = NULL;
    if (err != NULL) {
        plugin_test_end(test, err);
    } else if (place->n_hops > 0) {
        test->is_alias = true;
        take_place(test, place);
    } else {
        dns_place_free(place);
        test->find = dns_find_start(test->rooms->dns, own, finish_find_own, test);
    }
}

void scene_find(struct plugin_test *test)
{
    AUTO_FREE char *name = domain_challenge_owner(test->domain);

    test->find = dns_find_start(test->rooms->dns, name, finish_find_domain, test);
}

/* ---- Comparing ---- */

/* Where nothing is removed newer values push older ones out, and the test's own stay. */
static bool is_pushed_out(const struct plugin_test *test, const char *line)
{
    AUTO_FREE char *front = str_fmt("%s TXT ", test->place->owner);

    return test->cannot_remove && str_has_prefix(line, front);
}

/* Appends each line of `lines` that others lacks; how many. */
static size_t list_missing(const struct plugin_test *test, const struct strv *lines,
                           const struct strv *others, const char *what, struct buf *to)
{
    size_t n = 0;

    for (size_t i = 0; i < lines->n; i++) {
        if (!strv_has(others, lines->items[i]) && !is_pushed_out(test, lines->items[i]) &&
            n++ < CHANGES_SHOWN) {
            buf_addf(to, "\n  %s %s", what, lines->items[i]);
        }
    }
    if (n > CHANGES_SHOWN) {
        buf_addf(to, "\n  and %zu more", n - CHANGES_SHOWN);
    }
    return n;
}

static void finish_last_survey(void *arg, const struct strv *lines)
{
    struct plugin_test *test = arg;
    AUTO(buf_done) struct buf changes = BUF(ERR_TEXT_MAX / 2);
    struct err err = ERR_INIT;
    size_t n_changes = 0;

    test->survey = NULL;
    n_changes = list_missing(test, &test->before, lines, "lost:", &changes);
    n_changes += list_missing(test, lines, &test->before, "new:", &changes);
    if (n_changes == 0) {
        plugin_test_end(test, NULL);
        return;
    }
    (void)err_set(&err, ERR_PROVIDER, "%s changed that %s not the test's:%s",
                  n_changes == 1 ? "a record" : "records", n_changes == 1 ? "is" : "are",
                  buf_str(&changes));
    (void)err_hint(&err, "unless somebody else changed them meanwhile, the plug-in did");
    plugin_test_end(test, &err);
}

void scene_compare(struct plugin_test *test)
{
    start_survey(test, finish_last_survey);
}

void scene_cancel(struct plugin_test *test)
{
    dns_find_cancel(&test->find);
    dns_survey_cancel(&test->survey);
}

void scene_done(struct plugin_test *test)
{
    scene_cancel(test);
    dns_place_free(test->place);
    strv_done(&test->before);
    mem_free(test->zone);
}
