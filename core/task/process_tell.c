/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What process says of each certificate, and at the end. */
#include "base/event.h"
#include "base/mem.h"
#include "task/process_impl.h"

void process_add_status(struct process *process, enum task_exit status)
{
    enum task_exit *sum = &process->tally.status;

    *sum = *sum == EXIT_DONE || *sum == status ? status : EXIT_FAILED;
}

void process_count_failure(struct process *process, enum task_exit status)
{
    process->tally.n_failed++;
    process_add_status(process, status);
}

static void tell(const char *subject, enum task_exit status, enum err_class class, const char *text)
{
    event_emit(EVENT_ERROR, EVENT_RESULT, subject, FIELD_INT("exit", status),
               FIELD("class", err_class_name(class)), FIELD("text", text));
}

static void tell_failure(struct process *process, const char *subject, enum task_exit status,
                         enum err_class class, const char *text)
{
    process_count_failure(process, status);
    tell(subject, status, class, text);
}

void process_tell_failure(struct process *process, const char *subject, const struct err *err)
{
    tell_failure(process, subject, task_exit_for(err->class), err->class, err->text);
}

void process_tell_post(struct process *process, const struct err *err)
{
    tell_failure(process, process->request->command, EXIT_DEPLOY, err->class, err->text);
}

/* Who named it, a script perhaps, would take it for renewed. */
static void tell_left(struct process *process, const struct plan_item *item)
{
    AUTO_FREE char *text = str_fmt("not renewed: %s", item->why);

    if (process->request->names->n > 0 && !item->is_hidden) {
        tell_failure(process, item->name, EXIT_HUMAN, ERR_HUMAN, text);
    } else {
        process->tally.n_left++;
        event_log(EVENT_WARNING, item->name, "%s", text);
    }
}

/* The same: with 7, as 'issue' has it. */
static void tell_waiting(struct process *process, const struct plan_item *item)
{
    *(item->is_paced ? &process->tally.n_paced : &process->tally.n_waiting) += 1;
    if (process->request->names->n > 0) {
        process_add_status(process, EXIT_LATER);
        tell(item->name, EXIT_LATER, ERR_LATER, item->why);
    } else {
        event_log(item->is_paced ? EVENT_DEBUG : EVENT_NOTICE, item->name, "%s", item->why);
    }
}

void process_tell_item(struct process *process, const struct plan_item *item)
{
    switch (item->action) {
    case PLAN_WAIT:
        tell_waiting(process, item);
        break;
    case PLAN_LEAVE:
        tell_left(process, item);
        break;
    case PLAN_BROKEN:
        tell_failure(process, item->name, task_exit_for(item->class), item->class, item->why);
        break;
    default:
        break;
    }
    if (item->is_request_lost && plan_is_order(item->action)) {
        event_log(EVENT_WARNING, item->name,
                  "its request.conf cannot be used: it is renewed as the one in force is, for its "
                  "names, from its CA, through its provider; 'acme-dns issue' with all its options "
                  "writes a new one");
    }
    if (item->is_disabled) {
        event_log(EVENT_WARNING, item->name,
                  "its section in the configuration is wrong and counts for nothing: it goes on as "
                  "it was before");
    }
    if (item->is_new_owner) {
        event_log(
            EVENT_NOTICE, item->name,
            "the configuration has a section for it: what that says counts from now on, before "
            "what 'acme-dns issue' was told");
    }
}

static void add_count(struct strv *to, size_t n, const char *what)
{
    if (n > 0) {
        strv_take(to, str_fmt("%zu %s", n, what));
    }
}

static char *summarise(const struct tally *tally, bool is_trial)
{
    AUTO(strv_done) struct strv parts = STRV_INIT;

    add_count(&parts, tally->n_installed, is_trial ? "tried" : "issued");
    add_count(&parts, tally->n_failed, "failed");
    add_count(&parts, tally->n_postponed, "for the next run (max-orders)");
    add_count(&parts, tally->n_paced, "for the next runs (more are due at once than usual)");
    add_count(&parts, tally->n_waiting, "to be tried again later");
    add_count(&parts, tally->n_left, "left alone");
    add_count(&parts, tally->n_unchanged, "not due");
    return parts.n == 0 ? str_dup("there is no certificate") : strv_join(&parts, ", ");
}

enum task_exit process_tell_end(const struct process *process)
{
    const struct tally *tally = &process->tally;
    AUTO_FREE char *text = summarise(tally, process->request->is_trial);
    enum task_exit status = tally->status;

    if (status == EXIT_DONE && tally->n_installed == 0 && process->request->is_unchanged_told) {
        status = EXIT_UNCHANGED;
    }
    event_emit(tally->status != EXIT_DONE ? EVENT_ERROR : EVENT_NOTICE, EVENT_RESULT,
               process->request->command, FIELD_INT("exit", status), FIELD("text", text),
               FIELD_INT("issued", (int64_t)tally->n_installed),
               FIELD_INT("failed", (int64_t)tally->n_failed),
               FIELD_INT("postponed", (int64_t)(tally->n_postponed + tally->n_paced)),
               FIELD_INT("waiting", (int64_t)tally->n_waiting),
               FIELD_INT("left", (int64_t)tally->n_left),
               FIELD_INT("unchanged", (int64_t)tally->n_unchanged));
    return status;
}
