/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/cert_text.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/json_line.h"

#include <inttypes.h>

/* ---- A row of the table ---- */

enum {
    COLUMN_NAME,
    COLUMN_LEFT,
    COLUMN_RENEWS,
    COLUMN_STATUS,
    COLUMN_CA,
    COLUMN_KEY,
    COLUMN_PROVIDER,
    COLUMN_NAMES,
    COLUMN_COUNT
};

void cert_table_init(struct table *table)
{
    /* What goes first where a terminal is narrow; 'show' has all of it. */
    static const unsigned char RANKS[COLUMN_COUNT] = {
        [COLUMN_KEY] = 4, [COLUMN_PROVIDER] = 3, [COLUMN_CA] = 2, [COLUMN_NAMES] = 1};
    static const char *const HEADINGS[COLUMN_COUNT] = {
        [COLUMN_NAME] = "NAME",     [COLUMN_LEFT] = "LEFT",
        [COLUMN_RENEWS] = "RENEWS", [COLUMN_STATUS] = "STATE",
        [COLUMN_CA] = "CA",         [COLUMN_KEY] = "KEY",
        [COLUMN_NAMES] = "FOR",     [COLUMN_PROVIDER] = "PROVIDER",
    };

    table_init(table, HEADINGS, COLUMN_COUNT);
    table->ranks = RANKS;
}

static const char *health_word(const struct list_row *row)
{
    static const char *const WORDS[] = {"",       "due",     "not issued yet",
                                        "DANGER", "EXPIRED", "DAMAGED"};

    return row->is_retired ? "revoked" : WORDS[row->health];
}

static enum colour health_colour(enum list_health health)
{
    return health >= LIST_DANGER ? COLOUR_RED : health >= LIST_DUE ? COLOUR_YELLOW : COLOUR_NONE;
}

/* "due, STAGING", to mem_free. */
static char *describe_status(const struct list_row *row)
{
    AUTO(strv_done) struct strv words = STRV_INIT;

    if (row->health != LIST_GOOD) {
        strv_add(&words, health_word(row));
    }
    if (row->has_order) {
        strv_add(&words, "order waits");
    }
    if (row->renewal->kept.n_failures > 0) {
        strv_add(&words, "failing");
    }
    if (row->renewal->limited_s != 0) {
        strv_add(&words, "limited by the CA");
    }
    if (row->is_deploy_pending) {
        strv_add(&words, "deploy pending");
    }
    prospects_list(row->prospects, &words);
    if (row->is_staging) {
        strv_add(&words, "STAGING");
    }
    return strv_join(&words, ", ");
}

static const char *ca_of(const struct store_cert *cert)
{
    return cert->ca_name != NULL ? cert->ca_name : cert->directory_url;
}

void cert_table_add(struct table *table, const struct list_row *row, int64_t wall_s)
{
    AUTO_FREE char *status = describe_status(row);
    AUTO_FREE char *names = row->names == NULL ? NULL : strv_join(row->names, ", ");
    const char *cells[COLUMN_COUNT] = {
        [COLUMN_NAME] = row->name, [COLUMN_STATUS] = status, [COLUMN_NAMES] = names};
    char left[CLOCK_TEXT_MAX] = "-";
    char renews[CLOCK_TEXT_MAX] = "now";

    if (row->cert == NULL) {
        table_add(table, health_colour(row->health), cells);
        return;
    }
    AUTO_FREE char *providers = strv_join(row->providers, ", ");
    if (row->cert->not_after_s > wall_s) {
        clock_format_span(row->cert->not_after_s - wall_s, left);
    }
    if (row->renew_after_s > wall_s) {
        clock_format(row->renew_after_s, renews);
        renews[10] = '\0'; /* the day */
    }
    AUTO_FREE char *renewal =
        row->renewal->due.reason == DUE_BY_LIFETIME
            ? str_dup(renews)
            : str_fmt("%s, %s", renews, due_reason_name(row->renewal->due.reason));
    cells[COLUMN_LEFT] = left;
    cells[COLUMN_RENEWS] = renewal;
    cells[COLUMN_CA] = ca_of(row->cert);
    cells[COLUMN_KEY] = key_type_name(row->cert->key_type);
    cells[COLUMN_PROVIDER] = providers;
    table_add(table, health_colour(row->health), cells);
}

/* To mem_free. */
static char *join_lines(const char *text)
{
    AUTO(strv_done) struct strv lines = STRV_INIT;

    strv_add_split(&lines, text, "\n");
    return strv_join(&lines, "; ");
}

static void add_note(struct notes *notes, const char *name, int64_t failed_s, const char *what,
                     const char *text)
{
    if (text != NULL) {
        AUTO_FREE char *line = join_lines(text);
        AUTO_FREE char *note = str_fmt("%s%s", what, line);

        notes_add(notes, name, failed_s, note);
    }
}

void cert_list_notes(const struct list_row *row, struct notes *notes)
{
    const struct store_renewal *kept = &row->renewal->kept;

    add_note(notes, row->name, 0, "", row->trouble);
    if (kept->n_failures > 0) {
        add_note(notes, row->name, kept->failed_s, "", kept->error);
    }
    add_note(notes, row->name, 0, "not deployed: ", row->deploy_error);
}

/* ---- All facts ---- */

/* Texts by name, so that both forms say the same. */
struct fact {
    const char *key, *text;
};

enum { FACTS_MAX = 30, FACTS_TIMES_MAX = 10 };

struct facts {
    struct fact items[FACTS_MAX];
    size_t n;
    char times[FACTS_TIMES_MAX][CLOCK_TEXT_MAX];
    size_t n_times;
};

static void add_fact(struct facts *facts, const char *key, const char *text)
{
    if (facts->n < FACTS_MAX) {
        facts->items[facts->n++] = (struct fact){.key = key, .text = text};
    }
}

/* 0: there is nothing to say. */
static void add_time(struct facts *facts, const char *key, int64_t wall_s)
{
    if (wall_s == 0) {
        add_fact(facts, key, NULL);
    } else if (facts->n_times < FACTS_TIMES_MAX) {
        clock_format(wall_s, facts->times[facts->n_times]);
        add_fact(facts, key, facts->times[facts->n_times++]);
    }
}

static void gather_cert(const struct list_row *row, struct facts *facts)
{
    static const struct store_cert NONE = {.name = NULL};
    const struct store_cert *cert = row->cert != NULL      ? row->cert
                                    : row->revoked != NULL ? row->revoked
                                                           : &NONE;

    add_time(facts, "not-before", cert->not_before_s);
    add_time(facts, "not-after", cert->not_after_s);
    add_time(facts, "renew-after", row->cert == NULL ? 0 : row->renew_after_s);
    add_time(facts, "danger-after", row->cert == NULL ? 0 : row->renewal->due.danger_s);
    add_time(facts, "issued", cert->issued_s);
    add_time(facts, "revoked-at", cert->revoked_s);
    add_fact(facts, "revoked-reason", cert->revoked_reason);
    add_fact(facts, "ca", cert->ca_name);
    add_fact(facts, "directory", cert->directory_url);
    add_fact(facts, "account", cert->account_id);
    add_fact(facts, "profile", cert->profile);
    add_fact(facts, "key-type", cert == &NONE ? NULL : key_type_name(cert->key_type));
    add_fact(facts, "issuer", cert->issuer);
    add_fact(facts, "serial", cert->serial);
    add_fact(facts, "sha256", cert->sha256_hex);
    add_fact(facts, "version", cert->version);
    add_fact(facts, "previous", cert->previous_version);
}

/* What stands in the way of a renewal, and what failed. */
static void gather_renewal(const struct list_row *row, struct facts *facts)
{
    const struct renewal_verdict *renewal = row->renewal;

    add_fact(facts, "renew-why", *row->renew_why == '\0' ? NULL : row->renew_why);
    add_time(facts, "retry-after", renewal->retry_s);
    add_time(facts, "limited-until", renewal->limited_s);
    add_fact(facts, "limit", renewal->limit_text);
    add_time(facts, "last-failure", renewal->kept.failed_s);
    add_fact(facts, "last-error-class", renewal->kept.error_class);
    add_fact(facts, "last-error", renewal->kept.error);
    add_fact(facts, "ari-explanation", renewal->kept.ari_explanation_url);
}

static void gather(const struct list_row *row, struct facts *facts)
{
    facts->n = 0;
    facts->n_times = 0;
    add_fact(facts, "trouble", row->trouble);
    add_fact(facts, "deploy-error", row->deploy_error);
    gather_cert(row, facts);
    gather_renewal(row, facts);
}

static void add_list(struct buf *to, const char *key, const struct strv *items)
{
    AUTO_FREE char *text = strv_join(items, ",");

    buf_addf(to, "%s=%s\n", key, text);
}

/* One line, whatever the text has. */
static void add_line(struct buf *to, const char *key, const char *text)
{
    AUTO_FREE char *joined = join_lines(text);

    buf_addf(to, "%s=%s\n", key, joined);
}

void cert_format_keys(const struct list_row *row, struct buf *to)
{
    AUTO(strv_done) struct strv obstacles = STRV_INIT;
    struct facts facts;

    gather(row, &facts);
    buf_addf(to,
             "name=%s\npath=%s\nhealth=%s\nrevoked=%s\nstaging=%s\norder-waits=%s\n"
             "deploy-pending=%s\nfailures=%" PRId64 "\n",
             row->name, row->path, list_health_name(row->health), row->is_retired ? "yes" : "no",
             row->is_staging ? "yes" : "no", row->has_order ? "yes" : "no",
             row->is_deploy_pending ? "yes" : "no", row->renewal->kept.n_failures);
    if (row->names != NULL) {
        add_list(to, "names", row->names);
    }
    if (row->cert != NULL) {
        prospects_list(row->prospects, &obstacles);
        add_list(to, "providers", row->providers);
        add_list(to, "obstacles", &obstacles);
    }
    for (size_t i = 0; i < facts.n; i++) {
        if (facts.items[i].text != NULL) {
            add_line(to, facts.items[i].key, facts.items[i].text);
        }
    }
}

char *cert_format_json(const struct list_row *row, int64_t wall_s)
{
    AUTO_PTR(json_out) struct json_out *out = json_line_begin("certificate", row->name, wall_s);
    AUTO(strv_done) struct strv obstacles = STRV_INIT;
    struct facts facts;

    gather(row, &facts);
    json_out_kstr(out, "path", row->path);
    json_out_kstr(out, "health", list_health_name(row->health));
    json_out_kbool(out, "revoked", row->is_retired);
    json_out_kbool(out, "staging", row->is_staging);
    json_out_kbool(out, "order-waits", row->has_order);
    json_out_kbool(out, "deploy-pending", row->is_deploy_pending);
    json_out_kint(out, "failures", row->renewal->kept.n_failures);
    json_out_kstrv(out, "names", row->names);
    json_out_kstrv(out, "providers", row->providers);
    prospects_list(row->prospects, &obstacles);
    json_out_kstrv(out, "obstacles", &obstacles);
    for (size_t i = 0; i < facts.n; i++) {
        json_out_kstr(out, facts.items[i].key, facts.items[i].text);
    }
    json_out_end(out);
    return json_out_take(out);
}
