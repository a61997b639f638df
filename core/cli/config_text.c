/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/config_text.h"

#include "base/json.h"
#include "base/mem.h"
#include "cli/json_line.h"
#include "cli/table.h"
#include "task/config_view.h"

#include <string.h>

#define HIDDEN "[secret]"

void config_text_tell(const struct config_error *error, enum event_level level)
{
    if (error->line == 0) {
        event_emit(level, EVENT_LOG, "", FIELD("text", error->err.text), FIELD("file", error->path),
                   FIELD("what", error->err.text + error->what));
        return;
    }
    event_emit(level, EVENT_LOG, "", FIELD("text", error->err.text), FIELD("file", error->path),
               FIELD_INT("line", error->line), FIELD_INT("column", error->column),
               FIELD("what", error->err.text + error->what));
}

/* "kind name", to mem_free. */
static char *title_of(const struct config_view *view)
{
    return str_fmt("%s%s%s", view->kind, *view->name == '\0' ? "" : " ", view->name);
}

static char *origin_of(const struct config_fact *fact)
{
    return fact->source != NULL ? str_dup(fact->source) : config_place_format(&fact->place);
}

static void add_title(const struct config_view *view, bool has_colour, struct buf *to)
{
    AUTO_FREE char *title = title_of(view);

    colour_begin(has_colour, COLOUR_BOLD, to);
    buf_add_char(to, '[');
    text_add_clean(to, title, false);
    buf_add_char(to, ']');
    colour_end(has_colour, COLOUR_BOLD, to);
    buf_add_char(to, '\n');
    if (view->why != NULL) {
        colour_begin(has_colour, COLOUR_RED, to);
        buf_add_str(to, "not used: ");
        text_add_clean(to, view->why, true);
        colour_end(has_colour, COLOUR_RED, to);
        buf_add_char(to, '\n');
    }
}

void config_text_add_view(const struct config_view *view, bool has_colour, size_t columns,
                          struct buf *to)
{
    static const char *const NO_HEADINGS[] = {"", "", ""};
    AUTO(buf_done) struct buf rows = BUF(to->max);
    struct table table;

    table_init(&table, NO_HEADINGS, ARRAY_LEN(NO_HEADINGS));
    for (size_t i = 0; i < view->n; i++) {
        const struct config_fact *fact = &view->facts[i];
        AUTO_FREE char *origin = origin_of(fact);
        const char *cells[] = {fact->key, origin, fact->text == NULL ? HIDDEN : fact->text};

        table_add(&table, COLOUR_NONE, cells);
    }
    table_format(&table, has_colour, columns, &rows);
    table_done(&table);
    add_title(view, has_colour, to);
    /* Behind the line that has no headings. */
    buf_add_str(to, strchr(buf_str(&rows), '\n') + 1);
}

static void add_place_json(struct json_out *out, const struct config_place *place)
{
    if (place->origin != CONFIG_DEFAULT && place->path != NULL) {
        json_out_kstr(out, place->origin == CONFIG_FILE ? "file" : "by", place->path);
    }
    if (place->line != 0) {
        json_out_kint(out, "line", place->line);
        json_out_kint(out, "column", place->column);
    }
}

static void add_fact_json(struct json_out *out, const struct config_fact *fact)
{
    json_out_object(out);
    json_out_kstr(out, "key", fact->key);
    json_out_kstr(out, "value", fact->text);
    json_out_kbool(out, "secret", fact->text == NULL);
    json_out_kstr(out, "from",
                  fact->source != NULL ? fact->source : config_origin_name(fact->place.origin));
    add_place_json(out, &fact->place);
    json_out_end(out);
}

char *config_text_format_json(const struct config_view *view, int64_t wall_s)
{
    AUTO_FREE char *title = title_of(view);
    AUTO_PTR(json_out) struct json_out *out = json_line_begin("section", title, wall_s);

    json_out_kstr(out, "kind", view->kind);
    json_out_kstr(out, "name", view->name);
    add_place_json(out, &view->place);
    json_out_kstr(out, "disabled", view->why);
    json_out_key(out, "values");
    json_out_array(out);
    for (size_t i = 0; i < view->n; i++) {
        add_fact_json(out, &view->facts[i]);
    }
    json_out_end(out);
    json_out_end(out);
    return json_out_take(out);
}
