/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Fields back to what a user would write: the reverse of keys_parse.c. */
#include "config/keys.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"

static char *format_propagation(struct propagation_policy policy)
{
    AUTO_FREE char *wait = NULL;

    switch (policy.kind) {
    case PROPAGATION_ALL:
        return str_dup("all");
    case PROPAGATION_ANY:
        return str_dup("any");
    case PROPAGATION_WAIT:
        wait = duration_format(policy.wait_ms);
        return str_fmt("wait:%s", wait);
    case PROPAGATION_KNOWN_BROKEN:
        break;
    }
    return str_dup("known-broken");
}

/* In the largest unit that divides it. */
static char *size_format(int64_t bytes)
{
    static const char *const SUFFIXES[] = {"", "k", "M", "G"};
    size_t unit = 0;

    while (unit + 1 < ARRAY_LEN(SUFFIXES) && bytes != 0 && bytes % 1000 == 0) {
        bytes /= 1000;
        unit++;
    }
    return str_fmt("%lld%s", (long long)bytes, SUFFIXES[unit]);
}

/* Zero is a value only where the row has a default: elsewhere it is what nobody said. */
static char *format_number(const struct config_key *key, int64_t number)
{
    if (number == 0 && key->fallback == NULL) {
        return NULL;
    }
    return key->type == KEY_DURATION ? duration_format(number)
           : key->type == KEY_SIZE   ? size_format(number)
                                     : str_fmt("%lld", (long long)number);
}

static char *format_single(const struct config_key *key, const void *field)
{
    const struct config_value *raw = NULL;
    mode_t mode = 0;

    switch (key->type) {
    case KEY_TEXT:
    case KEY_EMAIL:
    case KEY_CHOICE:
    case KEY_URL:
    case KEY_PATH:
        return str_dup(*(char *const *)field);
    case KEY_RAW:
        raw = *(const struct config_value *const *)field;
        return raw == NULL ? NULL : str_dup(raw->text);
    case KEY_BOOL:
        return str_dup(*(const bool *)field ? "yes" : "no");
    case KEY_ANSWER:
        return *(const enum config_answer *)field == ANSWER_NONE  ? NULL
               : *(const enum config_answer *)field == ANSWER_YES ? str_dup("yes")
                                                                  : str_dup("no");
    case KEY_COUNT:
        return format_number(key, *(const uint32_t *)field);
    case KEY_DURATION:
    case KEY_SIZE:
        return format_number(key, *(const int64_t *)field);
    case KEY_PROPAGATION:
        return format_propagation(*(const struct propagation_policy *)field);
    case KEY_MODE:
        mode = *(const mode_t *)field;
        return mode == 0 ? NULL : str_fmt("%04o", (unsigned)mode);
    case KEY_MARGIN:
        return margin_format(field);
    case KEY_LIST:
    case KEY_FOLDERS:
    case KEY_LINES:
    case KEY_COMMANDS:
    case KEY_DOMAINS:
    case KEY_RESOLVERS:
    case KEY_COPY:
        break;
    }
    return NULL;
}

bool key_is_one_a_line(const struct config_key *key)
{
    return key->type == KEY_LINES || key->type == KEY_COMMANDS || key->type == KEY_COPY ||
           key->type == KEY_FOLDERS;
}

static void format_list(const struct config_key *key, const struct strv *list, struct strv *to)
{
    if (list->n > 0 && !key_is_one_a_line(key)) {
        strv_take(to, strv_join(list, ", "));
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        strv_add(to, list->items[i]);
    }
}

void key_format(const struct config_key *key, const void *fields, struct strv *to)
{
    const void *field = (const char *)fields + key->offset;
    char *text = NULL;

    if (key_is_repeatable(key)) {
        format_list(key, field, to);
        return;
    }
    text = format_single(key, field);
    if (text != NULL) {
        strv_take(to, text);
    }
}
