/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One parser a type of value. Each says what would be right, since the writer has only its words.
 */
#include "config/keys.h"

#include "base/domain.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/words.h"
#include "config/copy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

int propagation_parse(const char *text, struct propagation_policy *ret_policy, struct err *err)
{
    static const struct {
        const char *word;
        enum propagation_kind kind;
    } WORDS[] = {{"known-broken", PROPAGATION_KNOWN_BROKEN},
                 {"all", PROPAGATION_ALL},
                 {"any", PROPAGATION_ANY}};
    int64_t wait_ms = 0;

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (strcmp(text, WORDS[i].word) == 0) {
            *ret_policy = (struct propagation_policy){.kind = WORDS[i].kind};
            return 0;
        }
    }
    if (str_has_prefix(text, "wait:") && duration_parse(text + strlen("wait:"), &wait_ms)) {
        *ret_policy = (struct propagation_policy){.kind = PROPAGATION_WAIT, .wait_ms = wait_ms};
        return 0;
    }
    return err_set(err, ERR_CONFIG,
                   "'%s' is none of all, known-broken, any, wait:DURATION (as in wait:120s)", text);
}

static int parse_text(const struct config_key *key, const char *text, void *field, struct err *err)
{
    (void)key;
    (void)err;
    str_set(field, text);
    return 0;
}

static int parse_choice(const struct config_key *key, const char *text, void *field,
                        struct err *err)
{
    AUTO(strv_done) struct strv choices = STRV_INIT;
    AUTO_FREE char *shown = NULL;

    strv_add_split(&choices, key->choices, ",");
    if (strv_has(&choices, text)) {
        str_set(field, text);
        return 0;
    }
    shown = strv_join(&choices, ", ");
    err_set(err, ERR_CONFIG, "'%s' is none of %s", text, shown);
    config_hint_nearest(err, text, (const char *const *)choices.items, choices.n);
    return err_code(err);
}

static int parse_email(const struct config_key *key, const char *text, void *field, struct err *err)
{
    const char *at = strchr(text, '@');

    (void)key;
    /* RFC 8555 section 7.3 forbids header fields and several addresses in a contact. */
    if (at == NULL || at == text || at[1] == '\0' || strpbrk(text, " \t,;?<>") != NULL ||
        strchr(at + 1, '@') != NULL) {
        return err_set(err, ERR_CONFIG, "'%s' is not an e-mail address like ops@example.com", text);
    }
    str_set(field, text);
    return 0;
}

static int parse_url(const struct config_key *key, const char *text, void *field, struct err *err)
{
    (void)key;
    if (!http_url_split(text, NULL, NULL, NULL)) {
        return err_set(err, ERR_CONFIG, "'%s' is not a URL that begins with https:// and a host",
                       text);
    }
    str_set(field, text);
    return 0;
}

static int parse_yes_or_no(const char *text, bool *ret_is_yes, struct err *err)
{
    static const char *const WORDS[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq_nocase(text, WORDS[i])) {
            *ret_is_yes = i % 2 == 1;
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "'%s' is neither yes nor no", text);
}

static int parse_bool(const struct config_key *key, const char *text, void *field, struct err *err)
{
    (void)key;
    return parse_yes_or_no(text, field, err);
}

static int parse_answer(const struct config_key *key, const char *text, void *field,
                        struct err *err)
{
    bool is_yes = false;

    (void)key;
    if (parse_yes_or_no(text, &is_yes, err) < 0) {
        return err_code(err);
    }
    *(enum config_answer *)field = is_yes ? ANSWER_YES : ANSWER_NO;
    return 0;
}

static int parse_count(const struct config_key *key, const char *text, void *field, struct err *err)
{
    int64_t count = 0;

    if (!str_parse_int(text, key->min, key->max, &count)) {
        return err_set(err, ERR_CONFIG, "'%s' is not a number from %lld to %lld", text,
                       (long long)key->min, (long long)key->max);
    }
    *(uint32_t *)field = (uint32_t)count;
    return 0;
}

static int parse_duration(const struct config_key *key, const char *text, void *field,
                          struct err *err)
{
    int64_t ms = 0;

    if (!duration_parse(text, &ms)) {
        return err_set(err, ERR_CONFIG, "'%s' is not a duration like 90, 90s, 500ms, 5m, 2h or 1d",
                       text);
    }
    if (ms < key->min || ms > key->max) {
        return err_set(err, ERR_CONFIG, "'%s' is not between %lld ms and %lld s", text,
                       (long long)key->min, (long long)(key->max / 1000));
    }
    *(int64_t *)field = ms;
    return 0;
}

/* Powers of 1000, as disks are sold and df -H counts. */
static int parse_size(const struct config_key *key, const char *text, void *field, struct err *err)
{
    static const struct {
        const char *suffix;
        int64_t bytes;
    } UNITS[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}};
    size_t digits = strspn(text, "0123456789");
    AUTO_FREE char *number = str_dup_len(text, digits);
    int64_t count = 0;

    for (size_t i = 0; str_parse_int(number, 0, INT64_MAX, &count) && i < ARRAY_LEN(UNITS); i++) {
        if (str_eq_nocase(text + digits, UNITS[i].suffix) && count <= key->max / UNITS[i].bytes &&
            count * UNITS[i].bytes >= key->min) {
            *(int64_t *)field = count * UNITS[i].bytes;
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "'%s' is not a size from %lld to %lld bytes, like 500k or 5M",
                   text, (long long)key->min, (long long)key->max);
}

static int parse_propagation(const struct config_key *key, const char *text, void *field,
                             struct err *err)
{
    (void)key;
    return propagation_parse(text, field, err);
}

static int parse_mode(const struct config_key *key, const char *text, void *field, struct err *err)
{
    static const char *const MODES[] = {"0400", "0440", "0600", "0640"};

    (void)key;
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        if (strcmp(text, MODES[i]) == 0 || strcmp(text, MODES[i] + 1) == 0) {
            *(mode_t *)field = (mode_t)strtoul(MODES[i], NULL, 8);
            return 0;
        }
    }
    return err_set(
        err, ERR_CONFIG,
        "'%s' is none of 0400, 0440, 0600 and 0640: a private key is for its owner, and for a "
        "group to read",
        text);
}

static int parse_margin(const struct config_key *key, const char *text, void *field,
                        struct err *err)
{
    (void)key;
    return margin_parse(text, field)
               ? 0
               : err_set(err, ERR_CONFIG,
                         "'%s' is neither a duration like 20d or 12h (1m to 3650d) nor a share of "
                         "the lifetime like 30%% (1%% to %d%%)",
                         text, MARGIN_PERCENT_MAX);
}

static int parse_list(const struct config_key *key, const char *text, void *field, struct err *err)
{
    struct strv *list = field;
    size_t before = list->n;

    (void)key;
    strv_add_split(list, text, ",");
    return list->n > before ? 0 : err_set(err, ERR_CONFIG, "an empty list");
}

static int parse_line(const struct config_key *key, const char *text, void *field, struct err *err)
{
    (void)key;
    (void)err;
    strv_add(field, text);
    return 0;
}

/* Only its form: the program may come later. */
static int parse_command(const struct config_key *key, const char *text, void *field,
                         struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;

    return words_split(text, &words, err) < 0 ? err_code(err) : parse_line(key, text, field, err);
}

/* A folder that is not there would be searched without a word, and what it was to hold be missed.
 */
static int parse_folder(const struct config_key *key, const char *text, void *field,
                        struct err *err)
{
    (void)key;
    if (!fs_is_dir(text)) {
        return err_set(err, ERR_CONFIG, "%s '%s'",
                       fs_exists(text) ? "not a folder:" : "there is no folder", text);
    }
    strv_add(field, text);
    return 0;
}

static int parse_domains(const struct config_key *key, const char *text, void *field,
                         struct err *err)
{
    AUTO(strv_done) struct strv typed = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (parse_list(key, text, &typed, err) < 0 || domain_normalize_all(&typed, &names, err) < 0) {
        return err_code(err);
    }
    strv_add_all_unique(field, &names);
    return 0;
}

/* ADDRESS, IPv4:PORT, [IPv6], [IPv6]:PORT: names are not taken, since a resolver finds those. */
static bool is_resolver(const char *text)
{
    struct in6_addr six;
    struct in_addr four;
    const char *colon = strrchr(text, ':');
    const char *bracket = strchr(text, ']');
    AUTO_FREE char *host = NULL;
    int64_t port = 0;

    if (inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1) {
        return true;
    }
    if (*text == '[' && bracket != NULL) {
        host = str_dup_len(text + 1, (size_t)(bracket - text - 1));
        return inet_pton(AF_INET6, host, &six) == 1 &&
               (bracket[1] == '\0' ||
                (bracket[1] == ':' && str_parse_int(bracket + 2, 1, 65535, &port)));
    }
    if (colon == NULL || !str_parse_int(colon + 1, 1, 65535, &port)) {
        return false;
    }
    host = str_dup_len(text, (size_t)(colon - text));
    return inet_pton(AF_INET, host, &four) == 1;
}

static int parse_resolvers(const struct config_key *key, const char *text, void *field,
                           struct err *err)
{
    AUTO(strv_done) struct strv pieces = STRV_INIT;
    struct strv *list = field;

    if (parse_list(key, text, &pieces, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < pieces.n; i++) {
        if (!is_resolver(pieces.items[i])) {
            return err_set(err, ERR_CONFIG,
                           "'%s' is not an address like 192.0.2.53, 192.0.2.53:5353 or "
                           "[2001:db8::53]:5353",
                           pieces.items[i]);
        }
    }
    strv_add_all_unique(list, &pieces);
    return 0;
}

typedef int parse_fn(const struct config_key *key, const char *text, void *field, struct err *err);

static parse_fn *const PARSERS[] = {
    [KEY_TEXT] = parse_text,
    [KEY_EMAIL] = parse_email,
    [KEY_CHOICE] = parse_choice,
    [KEY_URL] = parse_url,
    [KEY_PATH] = parse_text,
    [KEY_BOOL] = parse_bool,
    [KEY_ANSWER] = parse_answer,
    [KEY_COUNT] = parse_count,
    [KEY_DURATION] = parse_duration,
    [KEY_SIZE] = parse_size,
    [KEY_LIST] = parse_list,
    [KEY_FOLDERS] = parse_folder,
    [KEY_LINES] = parse_line,
    [KEY_COMMANDS] = parse_command,
    [KEY_DOMAINS] = parse_domains,
    [KEY_RESOLVERS] = parse_resolvers,
    [KEY_PROPAGATION] = parse_propagation,
    [KEY_MODE] = parse_mode,
    [KEY_MARGIN] = parse_margin,
};

/* Absolute, by the value's own file. A path that could not be read back is refused. */
static int resolve(const struct config_value *value, const char *among, char **path,
                   struct err *err)
{
    struct config_value part = *value;

    part.text = *path;
    AUTO_FREE char *absolute = config_value_path(&part);
    if (strpbrk(absolute, among) != NULL) {
        return err_set(err, ERR_CONFIG, "'%s' cannot be given here", absolute);
    }
    str_set(path, absolute);
    return 0;
}

static int parse_copy(const struct config_key *key, const struct config_value *value, void *field,
                      struct err *err)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};

    if (copy_rule_parse(copy_piece_of(key->name), value->text, &rule, err) < 0 ||
        resolve(value, "\n", &rule.path, err) < 0 ||
        (rule.password_file != NULL && resolve(value, " \t\n", &rule.password_file, err) < 0)) {
        return err_code(err);
    }
    if (str_eq(key->section, "acme-dns") && strstr(rule.path, "{name}") == NULL) {
        (void)err_set(err, ERR_CONFIG,
                      "all certificates would be written to '%s', each over the "
                      "other",
                      rule.path);
        return err_hint(err, "put {name} into the path, or the key into a [certificate] section");
    }
    strv_take(field, copy_rule_format(&rule));
    return 0;
}

int key_parse(const struct config_key *key, const struct config_value *value, void *into,
              struct err *err)
{
    void *field = (char *)into + key->offset;
    AUTO_FREE char *path = NULL;
    const char *text = value->text;

    if (*text == '\0') {
        return err_set(err, ERR_CONFIG, "no value");
    }
    if (key->type == KEY_RAW) {
        *(const struct config_value **)field = value;
        return 0;
    }
    if (key->type == KEY_COPY) {
        return parse_copy(key, value, field, err);
    }
    if (key->type == KEY_PATH || key->type == KEY_FOLDERS) {
        path = config_value_path(value);
        text = path;
    }
    return PARSERS[key->type](key, text, field, err);
}
