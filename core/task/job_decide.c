/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Whether to issue now: by names and dates, and by what an earlier run has begun. What such a run
 * left and nobody needs is taken away, even where nothing is due.
 */
#include "task/job_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"

#include <string.h>

#define REQUEST_CONF_MAX 65536

/* ---- Is anything due? ---- */

static int refuse_other_names(const struct job *job, struct err *err)
{
    AUTO_FREE char *old_names = strv_join(&job->before->domains, ", ");
    AUTO_FREE char *new_names = strv_join(&job->wanted->now.names, ", ");

    (void)err_set(err, ERR_CONFIG,
                  "certificate '%s' is for other names\n  it has:    %s\n  asked for: %s",
                  job->wanted->name, old_names, new_names);
    return err_hint(
        err, "--expand issues one for all of them, --replace for exactly the names asked for; "
             "--name gives the new one a name of its own");
}

static char *read_request_conf(const struct job *job)
{
    AUTO_FREE char *path = store_cert_path(job->store, job->wanted->name, "request.conf");
    AUTO(buf_done) struct buf text = BUF(REQUEST_CONF_MAX);
    struct err ignored = ERR_INIT;

    return fs_read(path, &text, &ignored) < 0 ? NULL : buf_take(&text);
}

static bool is_setting(const char *line)
{
    return strchr(line, '=') != NULL && *line != '#' &&
           !str_has_prefix(line, STORE_REQUEST_CONFIGURED " ");
}

/* The settings that are new in request.conf: "key-type = rsa2048, ca = zerossl"; or NULL. */
static char *describe_change(const char *old_text, const char *new_text)
{
    AUTO(strv_done) struct strv old_lines = STRV_INIT;
    AUTO(strv_done) struct strv new_lines = STRV_INIT;
    AUTO(strv_done) struct strv fresh = STRV_INIT;

    strv_add_split(&old_lines, old_text, "\n");
    strv_add_split(&new_lines, new_text, "\n");
    for (size_t i = 0; i < new_lines.n; i++) {
        if (is_setting(new_lines.items[i]) && !strv_has(&old_lines, new_lines.items[i])) {
            strv_add(&fresh, new_lines.items[i]);
        }
    }
    return fresh.n == 0 ? NULL : strv_join(&fresh, ", ");
}

/* Nothing is issued now; what was asked for counts from the next renewal on. */
static int remember(struct job *job, struct err *err)
{
    AUTO_FREE char *old_text = read_request_conf(job);
    AUTO_FREE char *new_text = NULL;

    if (wanted_save(job->wanted, job->store, err) < 0) {
        return err_code(err);
    }
    new_text = read_request_conf(job);
    if (old_text == NULL || new_text == NULL || str_eq(old_text, new_text)) {
        job->state = "unchanged";
    } else {
        job->change = describe_change(old_text, new_text);
        job->state = job->change == NULL && job->wanted->is_configured ? "unchanged" : "remembered";
        if (job->change == NULL && !job->wanted->is_configured) {
            job->change = str_dup("options of earlier runs, which are forgotten");
        }
    }
    return 0;
}

/* ---- What earlier runs left ---- */

static bool has_leftovers(const struct job *job)
{
    AUTO(strv_done) struct strv found = STRV_INIT;
    struct err ignored = ERR_INIT;

    (void)store_pending_key_list(job->store, job->wanted->name, &found, &ignored);
    if (found.n == 0) {
        (void)fs_list(store_folder(job->store, STORE_JOURNAL), &found, &ignored);
    }
    return found.n > 0;
}

/* Nothing is issued; hooks that failed before are run again. */
static void end_unchanged(struct job *job)
{
    struct err err = ERR_INIT;

    if (remember(job, &err) < 0) {
        job_finish(job, &err);
    } else {
        job_deploy(job);
    }
}

static void finish_tidying(void *arg)
{
    struct job *job = arg;

    order_drop_keys(job->store, job->rooms->journal, job->wanted->name);
    end_unchanged(job);
}

/* The CA has had its time: the order's own, or what its section or preset grants. */
static bool has_outlasted(const struct journal_order *order, const struct ca *ca)
{
    int64_t now_s = clock_wall_s();

    return (order->expires_s != 0 && order->expires_s <= now_s) ||
           (str_eq(order->directory, ca->directory) && ca->park_limit_s > 0 &&
            now_s - order->parked_s >= ca->park_limit_s);
}

static int refuse_to_drop(const struct journal_order *order, struct err *err)
{
    AUTO_FREE char *names = strv_join(&order->names, ", ");
    char since[CLOCK_TEXT_MAX];

    clock_format(order->parked_s, since);
    (void)err_set(
        err, ERR_LATER,
        "an order that the CA is still processing, since %s, is not for what is asked for "
        "now\n  it is for %s, at %s",
        since, names, order->directory);
    return err_hint(err, "ask for the same as then to go on with it; --force gives it up");
}

/* A parked order that is in the way: 0 when it has been ended, or may be by who issues now. */
static int judge_parked(const struct job *job, struct journal_order *order, bool is_fitting,
                        struct err *err)
{
    char since[CLOCK_TEXT_MAX];

    if (has_outlasted(order, job->wanted->ca)) {
        clock_format(order->parked_s, since);
        event_log(EVENT_WARNING, job->wanted->name,
                  "the CA has been processing the order since %s; it is given up", since);
        return journal_end_order(order, err);
    }
    return is_fitting || job->request->is_forced ? 0 : refuse_to_drop(order, err);
}

/* 1: an order that an earlier run began is to be ended, whatever the dates say. 0: there is none,
 * or none that can be. */
static int judge_order(const struct job *job, bool is_due, struct err *err)
{
    const struct order_wish wish = {
        .certificate = job->wanted->name,
        .directory = job->wanted->ca->directory,
        .profile = job->wanted->ca->profile,
        .names = &job->wanted->now.names,
        .key_type = job->wanted->key_type,
    };
    struct journal *journal = job->rooms->journal;
    bool is_fitting = order_can_resume(journal, job->store, &wish);
    struct journal_order *order = journal_find_order(journal, wish.certificate);

    if (order != NULL && order->parked_s != 0 && judge_parked(job, order, is_fitting, err) < 0) {
        return err_code(err);
    }
    order = journal_find_order(journal, wish.certificate);
    if (order != NULL && is_fitting) {
        return 1;
    }
    while (order != NULL && !is_due) {
        if (journal_end_order(order, err) < 0) {
            return err_code(err);
        }
        order = journal_find_order(journal, wish.certificate);
    }
    return 0;
}

/* ---- What is done ---- */

/* A run that waited for the lock may find nothing where it had planned to renew. Who deleted or
 * revoked it meanwhile did not do so to have it back at once. */
static bool judge_gone(struct job *job, struct err *err)
{
    const char *name = job->wanted->name;
    AUTO_FREE char *folder = store_cert_path(job->store, name, NULL);
    bool is_asked_for = job->wanted->is_configured && !job->request->is_renewal;
    bool is_retired = store_cert_is_retired(job->store, name);

    if (!job->request->is_following || (!is_retired && (is_asked_for || fs_is_dir(folder)))) {
        return false;
    }
    job->is_gone = true;
    (void)err_set(err, ERR_HUMAN, "certificate '%s' was %s meanwhile: it is left alone", name,
                  is_retired ? "revoked" : "deleted");
    return true;
}

/* Whoever revoked it did not want it: a timer must not bring it back. */
static int judge_absent(struct job *job, struct err *err)
{
    const char *name = job->wanted->name;

    if (judge_gone(job, err)) {
        return err_code(err);
    }
    if (job->request->is_forced || !store_cert_is_retired(job->store, name)) {
        return 1;
    }
    (void)err_set(err, ERR_HUMAN, "certificate '%s' was revoked", name);
    return err_hint(err, "--force issues a new one, with a new key");
}

static bool lacks_names(const struct store_cert *cert, const struct strv *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (!strv_has(&cert->domains, names->items[i])) {
            return true;
        }
    }
    return false;
}

static bool is_due(const struct job *job)
{
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};

    job_judge(job, job->before, &verdict);
    if (verdict.warning != NULL) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", verdict.warning);
    }
    if (verdict.is_clock_behind) {
        AUTO_FREE char *why = renewal_explain(&verdict);

        event_log(EVENT_WARNING, job->wanted->name, "%s", why);
    }
    return verdict.is_due;
}

/* Names that nobody gave on this command's line are the section's, or those remembered: what the
 * configuration adds counts now, what it took out from the next renewal on. */
static bool follows_names(const struct issue_request *request)
{
    return request->is_following ||
           (request->domains.n == 0 && !request->is_expanding && !request->is_replacing);
}

/* By names and dates alone: 1, 0, or negative. */
static int judge_installed(struct job *job, struct err *err)
{
    const struct issue_request *request = job->request;
    const struct store_cert *before = job->before;
    bool is_now = request->is_forced;

    if (request->is_trial) {
        return 1;
    }
    if (before == NULL) {
        return judge_absent(job, err);
    }
    if (!strv_is_same_set(&job->wanted->now.names, &before->domains)) {
        if (!request->is_expanding && !request->is_replacing && !follows_names(request)) {
            return refuse_other_names(job, err);
        }
        if (request->is_expanding) {
            wanted_add_names(job->wanted, &before->domains);
        }
        is_now =
            is_now || (follows_names(request)
                           ? !request->is_renewal && lacks_names(before, &job->wanted->now.names)
                           : !strv_is_same_set(&job->wanted->now.names, &before->domains));
        if (is_now && ca_check_names(job->wanted->ca, &job->wanted->now.names, err) < 0) {
            return err_code(err);
        }
    }
    return is_now || is_due(job);
}

/* What is damaged serves nobody: that a new one is not due is no reason to keep it. */
static int load_before(struct job *job, struct err *err)
{
    const char *name = job->wanted->name;
    int code = job_load_installed(job, &job->before, err);

    if (code == -ERR_MALFORMED) {
        event_log(EVENT_WARNING, name, "%s; a new one is issued", err->text);
        err_clear(err);
        return 0;
    }
    return code;
}

int job_look(struct job *job, struct err *err)
{
    return clock_check(err) < 0 ? err_code(err) : load_before(job, err);
}

static bool is_damaged(const struct job *job)
{
    struct err err = ERR_INIT;

    if (job->before == NULL || store_cert_check(job->store, job->before, &err) == 0) {
        return false;
    }
    event_log(EVENT_WARNING, job->wanted->name, "%s; a new one is issued", err.text);
    return true;
}

/* An installation that would be refused is not ordered. */
static int check_layout(const struct job *job, bool is_now, struct err *err)
{
    if (store_cert_check_layout(job->store, job->wanted->name, err) == 0) {
        return 0;
    }
    if (is_now) {
        return err_code(err);
    }
    event_log(EVENT_WARNING, job->wanted->name, "%s", err->text);
    err_clear(err);
    return 0;
}

int job_decide(struct job *job, struct err *err)
{
    int is_now = 0;
    int is_begun = 0;

    is_now = judge_installed(job, err);
    is_now = is_now == 0 ? is_damaged(job) : is_now;
    job->is_trying = is_now > 0 && !job->request->is_trial;
    if (is_now >= 0 && check_layout(job, is_now > 0, err) < 0) {
        return err_code(err);
    }
    if (is_now >= 0 && has_leftovers(job)) {
        if (job_open_rooms(job, err) < 0) {
            return err_code(err);
        }
        is_begun = judge_order(job, is_now > 0, err);
        job->is_trying = job->is_trying && is_begun >= 0; /* the CA is still at it */
    }
    if (is_now > 0 && is_begun == 0 && job_check_limits(job, err) < 0) {
        job->is_trying = false;
        job->is_held_back = true;
        return err_code(err);
    }
    if (is_now != 0 || is_begun != 0) {
        return is_now < 0 || is_begun < 0 ? err_code(err) : 1;
    }
    if (job->rooms != NULL) {
        values_sweep(job->rooms->values, job->wanted->name);
        values_wait_idle(job->rooms->values, job->wanted->name, finish_tidying, job);
        return 0;
    }
    end_unchanged(job);
    return 0;
}
