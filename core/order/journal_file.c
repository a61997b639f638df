/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/journal_file.h"

#include "base/b64.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Far above what a run writes; a larger file is not one of ours. */
#define JOURNAL_FILE_MAX ((size_t)64 << 20)
#define JOURNAL_LINE_MAX ((size_t)64 << 10)
#define JOURNAL_FORMAT 1

static const char *const KIND_NAMES[] = {
    [JOURNAL_ORDER] = "order",
    [JOURNAL_LEASE] = "lease",
    [JOURNAL_PERMANENT] = "permanent",
};

void journal_entry_free(struct journal_entry *entry)
{
    if (entry == NULL) {
        return;
    }
    mem_free(entry->id);
    mem_free(entry->certificate);
    mem_free(entry->provider);
    mem_free(entry->owner);
    mem_free(entry->zone);
    mem_free(entry->identifier);
    mem_free(entry->value);
    mem_free(entry->receipt);
    mem_free(entry);
}

void journal_order_free(struct journal_order *order)
{
    if (order == NULL) {
        return;
    }
    mem_free(order->certificate);
    mem_free(order->directory);
    mem_free(order->account);
    mem_free(order->url);
    mem_free(order->key_tag);
    mem_free(order->profile);
    strv_done(&order->names);
    mem_free(order);
}

void journal_file_free(struct journal_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->n_entries; i++) {
        journal_entry_free(file->entries[i]);
    }
    for (size_t i = 0; i < file->n_orders; i++) {
        journal_order_free(file->orders[i]);
    }
    cleanup_fd(&file->fd);
    cleanup_fd(&file->lock_fd);
    mem_free(file->entries);
    mem_free(file->orders);
    mem_free(file->path);
    mem_free(file->run);
    mem_free(file);
}

struct journal_entry *journal_file_add_entry(struct journal_file *file)
{
    struct journal_entry *entry = NEW(struct journal_entry);

    entry->file = file;
    entry->is_adopted = file->is_adopted;
    VEC_PUSH(file->entries, file->n_entries, file->cap_entries) = entry;
    return entry;
}

struct journal_order *journal_file_add_order(struct journal_file *file)
{
    struct journal_order *order = NEW(struct journal_order);

    order->file = file;
    VEC_PUSH(file->orders, file->n_orders, file->cap_orders) = order;
    return order;
}

bool journal_file_is_needed(const struct journal_file *file)
{
    if (file->has_surprises) {
        return true;
    }
    for (size_t i = 0; i < file->n_entries; i++) {
        if (!file->entries[i]->is_removed) {
            return true;
        }
    }
    for (size_t i = 0; i < file->n_orders; i++) {
        if (!file->orders[i]->is_over) {
            return true;
        }
    }
    return false;
}

/* ---- Writing ---- */

struct json_out *journal_record_new(const char *what)
{
    struct json_out *record = json_out_new(false);

    json_out_object(record);
    json_out_kstr(record, "record", what);
    return record;
}

void journal_record_end(struct json_out *record, struct buf *lines)
{
    AUTO_FREE char *line = NULL;

    json_out_end(record);
    line = json_out_take(record);
    json_out_free(record);
    buf_add_str(lines, line);
    buf_add_char(lines, '\n');
}

void journal_format_intent(const struct journal_entry *entry, uint64_t number, struct buf *lines)
{
    struct json_out *record = journal_record_new("intent");

    json_out_kint(record, "number", (int64_t)number);
    json_out_kstr(record, "kind", KIND_NAMES[entry->kind]);
    json_out_kstr(record, "certificate", entry->certificate);
    json_out_kstr(record, "provider", entry->provider);
    json_out_kstr(record, "owner", entry->owner);
    json_out_kstr(record, "zone", entry->zone);
    json_out_kstr(record, "identifier", entry->identifier);
    json_out_kstr(record, "value", entry->value);
    json_out_kint(record, "until", entry->until_s);
    if (entry->is_awaited) {
        json_out_kbool(record, "awaited", true);
    }
    journal_record_end(record, lines);
}

void journal_format_order(const struct journal_order *order, struct buf *lines)
{
    struct json_out *record = journal_record_new("order");

    json_out_kstr(record, "certificate", order->certificate);
    json_out_kstr(record, "directory", order->directory);
    json_out_kstr(record, "account", order->account);
    json_out_kstr(record, "url", order->url);
    json_out_kstr(record, "key", order->key_tag);
    json_out_kstr(record, "profile", order->profile);
    json_out_kstrv(record, "names", &order->names);
    json_out_kint(record, "expires", order->expires_s);
    json_out_kint(record, "parked", order->parked_s);
    journal_record_end(record, lines);
}

/* A line that was written in part goes again, so that what follows it can be read. */
static void cut_torn(const struct journal_file *file, ssize_t written)
{
    off_t end = lseek(file->fd, 0, SEEK_END);

    if (end < written || ftruncate(file->fd, end - written) < 0) {
        (void)!write(file->fd, "\n", 1);
    }
}

int journal_file_open(struct journal_file *file, struct err *err)
{
    AUTO_FD int fd = open(file->path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return err_set_errno(err, "cannot open the journal '%s'", file->path);
    }
    if (ftruncate(fd, (off_t)file->whole_len) < 0) {
        return err_set_errno(err, "cannot cut the torn end of the journal '%s'", file->path);
    }
    file->fd = TAKE_FD(fd);
    return 0;
}

int journal_file_append(struct journal_file *file, const struct buf *lines, bool is_synced,
                        struct err *err)
{
    ssize_t written = 0;

    if (buf_check(lines, "a journal record", err) < 0) {
        return err_code(err);
    }
    do {
        written = write(file->fd, lines->bytes, lines->len);
    } while (written < 0 && errno == EINTR);
    if (written < 0) {
        return err_set_errno(err, "cannot write the journal '%s'", file->path);
    }
    if ((size_t)written != lines->len) {
        cut_torn(file, written);
        return err_set(err, ERR_FAILED, "cannot write the journal '%s': the disk is full",
                       file->path);
    }
    if (is_synced && fdatasync(file->fd) < 0) {
        return err_set_errno(err, "cannot sync the journal '%s'", file->path);
    }
    return 0;
}

/* ---- Reading ---- */

static struct journal_entry *find_by_number(struct journal_file *file, int64_t number)
{
    AUTO_FREE char *id = str_fmt("%s.%lld", file->run, (long long)number);

    for (size_t i = file->n_entries; i-- > 0;) {
        if (str_eq(file->entries[i]->id, id)) {
            return file->entries[i];
        }
    }
    return NULL;
}

static struct journal_order *find_order(struct journal_file *file, const char *certificate)
{
    for (size_t i = 0; i < file->n_orders; i++) {
        if (str_eq(file->orders[i]->certificate, certificate)) {
            return file->orders[i];
        }
    }
    return NULL;
}

static bool read_begin(struct journal_file *file, const struct json *record)
{
    int64_t format = json_get_int(record, "format", 0);

    file->format = format;
    file->is_newer = format > JOURNAL_FORMAT;
    return format == JOURNAL_FORMAT;
}

static bool read_intent(struct journal_file *file, const struct json *record)
{
    const char *kind = json_get_str(record, "kind");
    int64_t number = json_get_int(record, "number", -1);
    struct journal_entry *entry = NULL;
    int kind_index = -1;

    if (number < 0 || kind == NULL || json_get_str(record, "provider") == NULL ||
        json_get_str(record, "owner") == NULL || json_get_str(record, "zone") == NULL ||
        json_get_str(record, "value") == NULL) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(KIND_NAMES) && kind_index < 0; i++) {
        kind_index = str_eq(kind, KIND_NAMES[i]) ? (int)i : -1;
    }
    if (kind_index < 0) {
        return false; /* of a newer release: not ours to remove */
    }
    entry = journal_file_add_entry(file);
    entry->kind = (enum journal_kind)kind_index;
    entry->id = str_fmt("%s.%lld", file->run, (long long)number);
    entry->certificate = str_dup(json_get_str(record, "certificate"));
    entry->provider = str_dup(json_get_str(record, "provider"));
    entry->owner = str_dup(json_get_str(record, "owner"));
    entry->zone = str_dup(json_get_str(record, "zone"));
    entry->identifier = str_dup(json_get_str(record, "identifier"));
    entry->value = str_dup(json_get_str(record, "value"));
    entry->until_s = json_get_int(record, "until", 0);
    entry->is_awaited = json_get_bool(record, "awaited", false);
    if ((uint64_t)number > file->last_number) {
        file->last_number = (uint64_t)number;
    }
    return true;
}

static bool read_receipt(struct journal_file *file, const struct json *record)
{
    struct journal_entry *entry = find_by_number(file, json_get_int(record, "number", -1));
    const char *text = json_get_str(record, "bytes");
    AUTO(buf_done) struct buf bytes = BUF(JOURNAL_LINE_MAX);

    if (entry == NULL || text == NULL || !b64url_decode(text, strlen(text), &bytes)) {
        return false;
    }
    mem_free(entry->receipt);
    entry->receipt_len = bytes.len;
    entry->receipt = buf_take(&bytes);
    return true;
}

static bool read_removed(struct journal_file *file, const struct json *record)
{
    struct journal_entry *entry = find_by_number(file, json_get_int(record, "number", -1));

    if (entry == NULL) {
        return false;
    }
    entry->is_removed = true;
    return true;
}

static bool read_leaving(struct journal_file *file, const struct json *record)
{
    struct journal_entry *entry = find_by_number(file, json_get_int(record, "number", -1));

    if (entry == NULL) {
        return false;
    }
    entry->is_leaving = true;
    return true;
}

static bool read_order(struct journal_file *file, const struct json *record)
{
    const char *certificate = json_get_str(record, "certificate");
    const struct json *names = json_get(record, "names");
    struct journal_order *order = NULL;

    if (certificate == NULL || json_get_str(record, "directory") == NULL) {
        return false;
    }
    order = find_order(file, certificate);
    if (order == NULL) {
        order = journal_file_add_order(file);
        order->certificate = str_dup(certificate);
    }
    str_set(&order->directory, json_get_str(record, "directory"));
    str_set(&order->account, json_get_str(record, "account"));
    str_set(&order->url, json_get_str(record, "url"));
    str_set(&order->key_tag, json_get_str(record, "key"));
    str_set(&order->profile, json_get_str(record, "profile"));
    strv_done(&order->names);
    for (size_t i = 0; i < json_len(names); i++) {
        const char *name = json_str(json_at(names, i));

        if (name != NULL) {
            strv_add(&order->names, name);
        }
    }
    order->expires_s = json_get_int(record, "expires", 0);
    order->parked_s = json_get_int(record, "parked", 0);
    order->is_over = false;
    return true;
}

static bool read_order_over(struct journal_file *file, const struct json *record)
{
    const char *certificate = json_get_str(record, "certificate");
    struct journal_order *order = certificate == NULL ? NULL : find_order(file, certificate);

    if (order == NULL) {
        return false;
    }
    order->is_over = true;
    return true;
}

static const struct {
    const char *what;
    bool (*read)(struct journal_file *file, const struct json *record);
} RECORDS[] = {
    {"begin", read_begin},           {"intent", read_intent},   {"receipt", read_receipt},
    {"leaving", read_leaving},       {"removed", read_removed}, {"order", read_order},
    {"order-over", read_order_over},
};

static bool read_line(struct journal_file *file, const char *line, size_t len)
{
    struct err err = ERR_INIT;
    AUTO_PTR(json) struct json *record = NULL;
    const char *what = NULL;

    if (json_parse(line, len, &record, &err) < 0) {
        return false;
    }
    what = json_get_str(record, "record");
    for (size_t i = 0; what != NULL && i < ARRAY_LEN(RECORDS); i++) {
        if (strcmp(RECORDS[i].what, what) == 0) {
            return RECORDS[i].read(file, record);
        }
    }
    return false;
}

int journal_file_load(const char *dir, const char *run, struct journal_file **ret_file,
                      struct err *err)
{
    AUTO_FREE char *path = fs_join(dir, run);
    AUTO(buf_done) struct buf text = BUF(JOURNAL_FILE_MAX);
    struct journal_file *file = NULL;
    const char *at = NULL;
    const char *end = NULL;

    if (fs_read(path, &text, err) < 0) {
        return err_wrap(err, "cannot read the journal '%s'", path);
    }
    file = NEW(struct journal_file);
    file->fd = -1;
    file->lock_fd = -1;
    file->path = TAKE(path);
    file->run = str_dup(run);
    at = buf_str(&text);
    end = at + text.len;
    while (at < end && !file->is_newer) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (stop == NULL) {
            break; /* torn: what it was to say had not taken effect */
        }
        if (stop > at && !read_line(file, at, (size_t)(stop - at))) {
            file->has_surprises = true;
        }
        at = stop + 1;
        file->whole_len = (size_t)(at - buf_str(&text));
    }
    *ret_file = file;
    return 0;
}
