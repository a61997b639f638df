/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The moving lines:
 *
 *     example.com            PROPAGATE
 *       *.example.com        PROPAGATE  3/4 servers, waiting for ns2.example.net (12 s)
 *       example.com          RESPOND
 *
 * They are drawn below everything else and redrawn in place. The cursor always stands at the start
 * of the line behind the last one. Nothing is assumed about the terminal's size from one draw to
 * the next.
 */
#include "base/escape.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"
#include "task/task.h"

#include <string.h>

enum {
    REDRAW_SOON_MS = 40,  /* a burst of events is one redraw */
    REDRAW_IDLE_MS = 500, /* the seconds that a name waits go on */
    STATE_WIDTH = 10,
    FROZEN_ROWS = 10,
};

struct live_row {
    char *subject;
    char *certificate; /* NULL: the order itself */
    char *state;
    char *detail;
    int64_t since_ms; /* in this state */
};

struct live {
    struct sink *sink;
    struct loop *loop;
    struct loop_timer *timer;
    bool is_soon;          /* the timer that runs is the short one */
    struct live_row *rows; /* an order's names behind it */
    size_t n_rows, cap_rows;
    bool has_several; /* orders at once */
    size_t *drawn;    /* the columns of each line that is on the screen */
    size_t n_drawn, cap_drawn;
};

struct live *live_new(struct sink *sink)
{
    struct live *live = NEW(struct live);

    live->sink = sink;
    return live;
}

static void row_done(struct live_row *row)
{
    mem_free(row->subject);
    mem_free(row->certificate);
    mem_free(row->state);
    mem_free(row->detail);
}

static void forget_rows(struct live *live)
{
    for (size_t i = 0; i < live->n_rows; i++) {
        row_done(&live->rows[i]);
    }
    live->n_rows = 0;
}

void live_free(struct live *live)
{
    if (live == NULL) {
        return;
    }
    loop_timer_cancel(&live->timer);
    forget_rows(live);
    mem_free(live->rows);
    mem_free(live->drawn);
    mem_free(live);
}

void live_set_loop(struct live *live, struct loop *loop)
{
    loop_timer_cancel(&live->timer);
    live->loop = loop;
}

static struct sink_size measure(const struct live *live)
{
    const struct sink_io *io = &live->sink->settings.io;
    struct sink_size size = io->measure(io->arg);

    size.columns = size.columns < 20 ? 20 : size.columns;
    size.rows = size.rows < 4 ? 4 : size.rows;
    return size;
}

/* Moves up over the lines. Where the terminal has become narrower since, it has broken long ones,
 * and each counts as often as it was broken. */
static void add_move_up(const struct live *live, unsigned columns, struct buf *to)
{
    size_t rows = 0;

    for (size_t i = 0; i < live->n_drawn; i++) {
        rows += live->drawn[i] == 0 ? 1 : (live->drawn[i] + columns - 1) / columns;
    }
    if (rows > 0) {
        buf_addf(to, "\r\033[%zuA", rows);
    }
}

void live_erase(struct live *live)
{
    AUTO(buf_done) struct buf text = BUF(64);

    if (live->n_drawn == 0) {
        return;
    }
    add_move_up(live, measure(live).columns, &text);
    buf_add_str(&text, "\033[J");
    sink_write(live->sink, SINK_ERR, buf_str(&text), text.len);
    live->n_drawn = 0;
}

/* As if what was typed had been drawn: the next draw goes up over it. */
void live_note_enter(struct live *live, size_t columns)
{
    if (live->n_drawn > 0) {
        VEC_PUSH(live->drawn, live->n_drawn, live->cap_drawn) = columns;
    }
}

static bool is_finished(const struct live_row *row)
{
    return str_eq(row->state, "DONE") || str_eq(row->state, "VALID") ||
           str_eq(row->state, "LIVE") || str_eq(row->state, "PUBLISHED") ||
           str_eq(row->state, "FAILED");
}

static enum colour state_colour(const char *state)
{
    static const struct {
        const char *state;
        enum colour colour;
    } COLOURS[] = {{"DONE", COLOUR_GREEN},  {"VALID", COLOUR_GREEN},
                   {"LIVE", COLOUR_GREEN},  {"PUBLISHED", COLOUR_GREEN},
                   {"FAILED", COLOUR_RED},  {"PARKED", COLOUR_YELLOW},
                   {"HOLD", COLOUR_YELLOW}, {"PROPAGATE", COLOUR_YELLOW}};

    for (size_t i = 0; i < ARRAY_LEN(COLOURS); i++) {
        if (str_eq(state, COLOURS[i].state)) {
            return COLOURS[i].colour;
        }
    }
    return COLOUR_BOLD;
}

/* The name as it is shown, indented below its order. */
static void add_name(const struct live_row *row, struct buf *to)
{
    buf_add_str(to, row->certificate == NULL ? "" : "  ");
    text_add_clean(to, row->subject, false);
}

/* The column where states begin: behind the longest name, but not beyond two fifths of the line. */
static size_t name_width(const struct live *live, unsigned columns)
{
    size_t width = 0;
    size_t most = (size_t)columns * 2 / 5;

    for (size_t i = 0; i < live->n_rows; i++) {
        AUTO(buf_done) struct buf name = BUF(SINK_TEXT_MAX);
        size_t one = 0;

        add_name(&live->rows[i], &name);
        one = escape_columns(buf_str(&name));
        width = one > width ? one : width;
    }
    return width < most ? width : most;
}

static void add_padded(struct buf *to, const char *text, size_t columns)
{
    size_t used = escape_columns(text);

    text_add_cut(to, text, columns);
    buf_addf(to, "%*s", (int)(used < columns ? columns - used : 0), "");
}

/* What stands behind the state: the detail, and how long it has been so. */
static void add_detail(const struct live *live, const struct live_row *row, struct buf *to)
{
    const struct sink_io *io = &live->sink->settings.io;
    int64_t waited_s = (io->now_ms(io->arg) - row->since_ms) / 1000;

    if (row->detail != NULL) {
        text_add_clean(to, row->detail, false);
    }
    if (waited_s > 0 && !is_finished(row)) {
        buf_addf(to, "%s(%lld s)", to->len == 0 ? "" : " ", (long long)waited_s);
    }
}

static void draw_row(struct live *live, const struct live_row *row, size_t width, unsigned columns,
                     struct buf *to)
{
    AUTO(buf_done) struct buf name = BUF(SINK_TEXT_MAX);
    AUTO(buf_done) struct buf state = BUF(SINK_TEXT_MAX);
    AUTO(buf_done) struct buf detail = BUF(SINK_TEXT_MAX);
    AUTO(buf_done) struct buf shown = BUF(SINK_TEXT_MAX);
    bool has_colour = live->sink->settings.has_colour[SINK_ERR];
    size_t front = width + 2 + STATE_WIDTH;

    add_name(row, &name);
    add_padded(to, buf_str(&name), width);
    buf_add_str(to, "  ");
    text_add_clean(&state, row->state == NULL ? "" : row->state, false);
    colour_begin(has_colour, state_colour(row->state), to);
    add_padded(to, buf_str(&state), STATE_WIDTH - 1);
    colour_end(has_colour, state_colour(row->state), to);
    add_detail(live, row, &detail);
    if (detail.len > 0 && columns > front + 1) {
        /* One column stays free: writing the last one makes some terminals begin a new line. */
        text_add_cut(&shown, buf_str(&detail), columns - front - 1);
        buf_addf(to, " %s", buf_str(&shown));
    }
    buf_add_str(to, "\033[K\n");
    VEC_PUSH(live->drawn, live->n_drawn, live->cap_drawn) = front + escape_columns(buf_str(&shown));
}

static void draw_rest(struct live *live, size_t n_hidden, size_t n_finished, unsigned columns,
                      struct buf *to)
{
    AUTO_FREE char *text = str_fmt("  ... and %zu more, %zu done", n_hidden, n_finished);
    AUTO(buf_done) struct buf cut = BUF(SINK_TEXT_MAX);

    text_add_cut(&cut, text, columns - 1);
    buf_addf(to, "%s\033[K\n", buf_str(&cut));
    VEC_PUSH(live->drawn, live->n_drawn, live->cap_drawn) = escape_columns(buf_str(&cut));
}

static void draw_rows(struct live *live, struct sink_size size, struct buf *to)
{
    size_t width = name_width(live, size.columns);
    size_t room = live->n_rows <= size.rows - 2 ? live->n_rows : size.rows - 3;
    size_t n_shown = 0;
    size_t n_finished = 0;

    for (size_t i = 0; i < live->n_rows; i++) {
        n_finished += is_finished(&live->rows[i]) ? 1 : 0;
    }
    /* Where not all fit, those that are done step back first. */
    for (size_t i = 0; i < live->n_rows && n_shown < room; i++) {
        if (room == live->n_rows || !is_finished(&live->rows[i])) {
            draw_row(live, &live->rows[i], width, size.columns, to);
            n_shown++;
        }
    }
    if (n_shown < live->n_rows) {
        draw_rest(live, live->n_rows - n_shown, n_finished, size.columns, to);
    }
}

static void schedule(struct live *live, bool is_soon);

static void redraw_now(void *arg)
{
    struct live *live = arg;

    live->timer = NULL;
    live_draw(live);
}

static void schedule(struct live *live, bool is_soon)
{
    if (live->loop == NULL || live->n_rows == 0) {
        return;
    }
    if (live->timer != NULL && (live->is_soon || !is_soon)) {
        return;
    }
    loop_timer_cancel(&live->timer);
    live->is_soon = is_soon;
    live->timer =
        loop_timer_start(live->loop, is_soon ? REDRAW_SOON_MS : REDRAW_IDLE_MS, redraw_now, live);
}

/* One write a draw, each line overwritten where it stands, so that nothing flickers. */
void live_draw(struct live *live)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);
    struct sink_size size = measure(live);

    if (live->n_rows == 0) {
        return;
    }
    add_move_up(live, size.columns, &text);
    live->n_drawn = 0;
    draw_rows(live, size, &text);
    buf_add_str(&text, "\033[J");
    sink_write(live->sink, SINK_ERR, buf_str(&text), text.len);
    schedule(live, false);
}

static bool is_of(const struct live_row *row, const char *certificate)
{
    return str_eq(row->certificate == NULL ? row->subject : row->certificate, certificate);
}

/* Drops what is not worth to stay on the screen for good: of many names, or where many
 * certificates end one after the other, all that went well. */
static void drop_good_rows(struct live *live, bool is_one_of_many)
{
    size_t n = 0;

    if (live->n_rows <= FROZEN_ROWS && !is_one_of_many) {
        return;
    }
    for (size_t i = 0; i < live->n_rows; i++) {
        struct live_row *row = &live->rows[i];

        if (is_one_of_many ? is_finished(row) && !str_eq(row->state, "FAILED")
                           : row->certificate != NULL && str_eq(row->state, "VALID")) {
            row_done(row);
        } else {
            live->rows[n++] = *row;
        }
    }
    live->n_rows = n;
}

static void mark_failed(struct live *live, const struct event *result)
{
    int64_t status = event_number(result, "exit", EXIT_DONE);

    for (size_t i = 0; i < live->n_rows; i++) {
        struct live_row *row = &live->rows[i];

        if (row->certificate == NULL && str_eq(row->state, "DONE") && status != EXIT_DONE &&
            status != EXIT_UNCHANGED && status != EXIT_DEPLOY &&
            str_eq(row->subject, result->subject)) {
            str_set(&row->state, status == EXIT_LATER ? "PARKED" : "FAILED");
        }
    }
}

/* Takes the rows that go on out of live; they come back by live->rows once the others stand. */
static struct live_row *take_others(struct live *live, const char *certificate, size_t *ret_n)
{
    struct live_row *others = mem_alloc(live->n_rows, sizeof(*others));
    size_t n_others = 0;
    size_t n = 0;

    for (size_t i = 0; i < live->n_rows; i++) {
        if (is_of(&live->rows[i], certificate)) {
            live->rows[n++] = live->rows[i];
        } else {
            others[n_others++] = live->rows[i];
        }
    }
    live->n_rows = n;
    *ret_n = n_others;
    return others;
}

/* Of several certificates only the one that has ended; the summary ends all. */
void live_freeze(struct live *live, const struct event *result)
{
    bool is_one_of_many = live->has_several && !result_is_summary(result);
    AUTO_FREE struct live_row *others = NULL;
    size_t n_others = 0;

    mark_failed(live, result);
    if (is_one_of_many) {
        others = take_others(live, result->subject, &n_others);
    }
    drop_good_rows(live, is_one_of_many);
    if (live->n_rows == 0) {
        live_erase(live);
    }
    live_draw(live);
    loop_timer_cancel(&live->timer);
    forget_rows(live);
    live->n_drawn = 0;
    for (size_t i = 0; i < n_others; i++) {
        live->rows[i] = others[i];
    }
    live->n_rows = n_others;
    schedule(live, true);
}

/* The certificate that an event of a name belongs to; events that do not say belong to any. */
static struct live_row *find_row(struct live *live, const char *subject, const char *certificate,
                                 bool is_order)
{
    for (size_t i = 0; i < live->n_rows; i++) {
        struct live_row *row = &live->rows[i];

        if (strcmp(row->subject, subject) == 0 && (row->certificate == NULL) == is_order &&
            (certificate == NULL || is_order || str_eq(row->certificate, certificate))) {
            return row;
        }
    }
    return NULL;
}

/* A name goes behind the last of its order's; anything else to the end. */
static struct live_row *add_row(struct live *live, const char *certificate)
{
    size_t at = live->n_rows;

    while (certificate != NULL && at > 0 && !is_of(&live->rows[at - 1], certificate)) {
        at--;
    }
    at = at == 0 ? live->n_rows : at;
    (void)VEC_PUSH(live->rows, live->n_rows, live->cap_rows);
    memmove(&live->rows[at + 1], &live->rows[at],
            (live->n_rows - 1 - at) * sizeof(struct live_row));
    return &live->rows[at];
}

static struct live_row *get_row(struct live *live, const struct event *event)
{
    const char *certificate = event_text(event, "certificate");
    bool is_order = event->kind == EVENT_ORDER;
    struct live_row *row = find_row(live, event->subject, certificate, is_order);

    if (row != NULL) {
        return row;
    }
    for (size_t i = 0; is_order && i < live->n_rows; i++) {
        live->has_several = live->has_several || live->rows[i].certificate == NULL;
    }
    row = add_row(live, is_order ? NULL : certificate);
    *row = (struct live_row){.subject = str_dup(event->subject)};
    if (!is_order) {
        row->certificate = str_dup(certificate == NULL ? "" : certificate);
    }
    return row;
}

static void take_servers(struct live_row *row, const struct event *event)
{
    const char *waiting = event_text(event, "waiting");
    bool is_waiting = waiting != NULL && *waiting != '\0';
    AUTO_FREE char *detail =
        str_fmt("%lld/%lld servers%s%s", (long long)event_number(event, "good", 0),
                (long long)event_number(event, "total", 0), is_waiting ? ", waiting for " : "",
                is_waiting ? waiting : "");

    str_set(&row->detail, detail);
}

static void take_state(struct live *live, struct live_row *row, const struct event *event)
{
    const struct sink_io *io = &live->sink->settings.io;
    const char *state = event_text(event, "state");

    if (state != NULL && !str_eq(state, row->state)) {
        str_set(&row->state, state);
        row->since_ms = io->now_ms(io->arg);
    }
    str_set(&row->detail, event_text(event, "text"));
}

bool live_take(struct live *live, const struct event *event)
{
    if (event->kind == EVENT_INSTALLED) {
        return true; /* the result that follows says the same, and more */
    }
    if (event->kind != EVENT_ORDER && event->kind != EVENT_NAME && event->kind != EVENT_SERVERS) {
        return false;
    }
    if (event->kind == EVENT_SERVERS) {
        take_servers(get_row(live, event), event);
    } else {
        take_state(live, get_row(live, event), event);
    }
    if (live->loop == NULL) {
        live_draw(live);
    } else {
        schedule(live, true);
    }
    return true;
}
