/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is wanted -> the certificate's lock -> is anything due? -> account and order side by side ->
 * hooks. */
#include "task/job_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "task/around.h"
#include "task/deploy.h"

/* No order came to look at what earlier runs published. That may be what a CA looks at which did
 * not answer today. But where there is no order to go on with, or the CA was not even asked, by a
 * hook that fails each time, nobody would ever take the values away. */
static void give_up_claim(struct job *job)
{
    enum err_class class = job->err.class;
    const char *name = job->wanted->name;
    const struct journal_order *order =
        job->rooms == NULL ? NULL : journal_find_order(job->rooms->journal, name);
    bool has_asked = job->member != NULL;

    if (job->order == NULL && class != ERR_NONE && class != ERR_LOCKED && class != ERR_CANCELLED &&
        !(has_asked && order != NULL && journal_order_is_resumable(order))) {
        run_disclaim(job->run, job->store, name);
    }
}

void job_finish(struct job *job, const struct err *err)
{
    if (job->is_over) {
        return;
    }
    job->is_over = true;
    if (err != NULL) {
        job->err = *err;
    }
    if (err != NULL && job->is_trying) {
        job_note_failure(job);
    }
    give_up_claim(job);
    renewal_ask_cancel(&job->ask);
    store_job_cancel(&job->lock_job);
    around_leave(&job->around_wait);
    if (job->has_entered) {
        around_note(run_around(job->run), job->wanted->name, &job->wanted->now.names,
                    job->after != NULL);
    }
    if (job->rooms != NULL) {
        values_wait_cancel(job->rooms->values, job);
    }
    if (job->order == NULL) {
        run_leave_account(&job->member);
    }
    job->done(job->arg);
}

/* ---- Copies and hooks ---- */

static void finish_deploy(void *arg, const struct err *err)
{
    struct job *job = arg;

    job->deploy = NULL;
    if (err != NULL) {
        job->deploy_err = *err;
    }
    job_end(job);
}

void job_deploy(struct job *job)
{
    const struct store_cert *cert = job->after != NULL ? job->after : job->before;
    bool is_left = job->request->is_deploy_left || cert == NULL;
    AUTO(deploy_plan_done) struct deploy_plan plan = DEPLOY_PLAN_INIT;
    struct err err = ERR_INIT;

    if (!is_left && deploy_plan_make(run_deploy_common(job->run), &job->wanted->now.deploy_hooks,
                                     job->wanted->now.copies, &plan, &err) < 0) {
        job->deploy_err = err;
        job_end(job);
    } else if (is_left || !deploy_is_pending(job->store, cert, &plan)) {
        job_end(job);
    } else {
        job->deploy = deploy_start(run_env(job->run), job->store, cert, &plan, finish_deploy, job);
    }
}

/* ---- The order ---- */

int job_load_installed(struct job *job, struct store_cert **ret_cert, struct err *err)
{
    int code = store_cert_load(job->store, job->wanted->name, ret_cert, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
        return 0;
    }
    if (code == 0 && (*ret_cert)->warning != NULL) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", (*ret_cert)->warning);
    }
    return code;
}

/* A key that stays for one more version is no failure. */
static void prune(const struct job *job)
{
    struct err err = ERR_INIT;

    if (store_cert_prune(job->store, job->wanted->name, job->wanted->keep, &err) < 0) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", err.text);
    }
}

static void finish_order(void *arg, const struct order_result *result)
{
    struct job *job = arg;
    struct err err = ERR_INIT;

    if (result->end == ORDER_END_PARKED && !job->request->is_trial && job->before != NULL &&
        wanted_save(job->wanted, job->store, &err) < 0) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", err.text);
    }
    job->is_trying = job->is_trying && result->end == ORDER_END_FAILED;
    if (result->end != ORDER_END_INSTALLED) {
        job->is_validation = result->is_validation;
        job_note_refusal(job, result);
        job->has_met_limit = result->refusal != NULL && renewal_is_limited(result->refusal);
        job->is_trying = job->is_trying && !job->has_met_limit;
        job_finish(job, result->err);
        return;
    }
    if (job->request->is_trial) {
        job->state = "tried";
        job_finish(job, NULL);
        return;
    }
    if (job_load_installed(job, &job->after, &err) < 0) {
        job_finish(job, &err);
        return;
    }
    job_note_success(job);
    if (wanted_save(job->wanted, job->store, &err) < 0) {
        job_finish(job, &err);
        return;
    }
    job->state = "issued";
    prune(job);
    job_deploy(job);
}

/* A first order that is cut short is another run's to end, which must know what was asked for. */
static void note_begun(const struct job *job)
{
    struct err err = ERR_INIT;

    if (job->before == NULL && !job->request->is_trial &&
        wanted_save_begun(job->wanted, job->store, &err) < 0) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", err.text);
    }
}

static void begin_order(void *arg, const struct account_parts *parts)
{
    struct job *job = arg;
    struct task_env *task = run_env(job->run);
    AUTO_FREE char *replaces = job_replaces(job);
    const struct order_env env = {
        .loop = task->loop,
        .acme = parts->client,
        .ca = job->wanted->ca,
        .account_key = parts->key,
        .providers = job->rooms->providers,
        .dns = job->rooms->dns,
        .store = job->store,
        .journal = job->rooms->journal,
        .values = job->rooms->values,
        .siblings = job->rooms->siblings,
        .settings = task->settings,
        .account_refused = run_account_refused,
        .account_arg = job->member,
    };
    const struct order_request request = {
        .certificate = job->wanted->name,
        .names = &job->wanted->now.names,
        .key_type = job->wanted->key_type,
        .account_id = run_account_id(job->member),
        .profile = job->wanted->ca->profile,
        .replaces = replaces,
        .providers = &job->wanted->now.providers,
        .privkey_mode = job->wanted->privkey_mode,
        .privkey_gid = job->wanted->privkey_gid,
        .is_trial = job->request->is_trial,
        .map = job->map,
    };

    note_begun(job);
    job->client = parts->client;
    job->order = order_start(&env, &request, finish_order, job);
}

static void begin_ordering(void *arg, const struct err *err)
{
    struct job *job = arg;

    if (job->order == NULL) {
        job_finish(job, err);
    } else {
        order_account_ready(job->order, err);
    }
}

int job_open_rooms(struct job *job, struct err *err)
{
    if (job->rooms != NULL) {
        return 0;
    }
    if (run_open_rooms(job->run, job->store, &job->rooms, err) < 0) {
        return err_code(err);
    }
    /* What an earlier run wrote for it, where CNAMEs lead, may be removed. */
    provider_set_allow(job->rooms->providers, &job->wanted->now.allow_aliases);
    return 0;
}

static int open_all(struct job *job, struct err *err)
{
    static const struct account_callbacks CALLBACKS = {.has_client = begin_order,
                                                       .ready = begin_ordering};
    const struct wanted *wanted = job->wanted;

    if (job_open_rooms(job, err) < 0 ||
        rooms_start_providers(job->rooms, &wanted->now.providers, err) < 0) {
        return err_code(err);
    }
    return run_join_account(job->run, job->store, wanted->ca, wanted->now.email, &CALLBACKS, job,
                            &job->member, err);
}

static void finish_pre(void *arg, const struct err *err)
{
    struct job *job = arg;
    struct err failure = ERR_INIT;

    job->around_wait = NULL;
    if (err != NULL) {
        job_finish(job, err);
    } else if (open_all(job, &failure) < 0) {
        job_finish(job, &failure);
    }
}

/* The pre-hooks, then the order: a hook may be what opens the network. */
static int begin(struct job *job, struct err *err)
{
    int code = 0;

    job->has_entered = true;
    code = around_enter(run_around(job->run), &job->wanted->now.pre_hooks,
                        &job->wanted->now.post_hooks, finish_pre, job, &job->around_wait, err);
    return code == 0 ? open_all(job, err) : code;
}

void job_begin(struct job *job)
{
    struct err err = ERR_INIT;
    int is_now = job_decide(job, &err);

    job->is_trying = job->is_trying || (is_now > 0 && !job->request->is_trial);
    if (is_now < 0 || (is_now > 0 && begin(job, &err) < 0)) {
        job_finish(job, &err);
    }
}

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct job *job = arg;
    struct err failure = ERR_INIT;

    job->lock_job = NULL;
    if (err != NULL) {
        job_finish(job, err);
        return;
    }
    job->lock = lock;
    store_cert_tidy(job->store, job->wanted->name);
    if (job_look(job, &failure) < 0) {
        job_finish(job, &failure);
    } else if (!job_end_by_trial(job) && !job_ask_first(job)) {
        job_begin(job);
    }
}

void job_cancel(struct job *job, const char *reason)
{
    struct err err = ERR_INIT;

    if (job->is_over) {
        return;
    }
    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    if (job->deploy != NULL) {
        deploy_cancel(&job->deploy); /* they are run again by the next run */
        job->deploy_err = err;
        job_finish(job, NULL);
    } else if (job->after != NULL) {
        job_finish(job, NULL); /* only a question was left */
    } else if (job->order != NULL) {
        order_cancel(job->order, reason);
    } else {
        job_finish(job, &err);
    }
}

/* ---- Life ---- */

static void tell_passing(const struct wanted *wanted)
{
    AUTO_FREE char *keys = wanted_find_passing(wanted);

    if (keys != NULL) {
        event_log(EVENT_NOTICE, wanted->name,
                  "the configuration says of it too: %s; what the command says counts this time, "
                  "the next renewal follows the configuration",
                  keys);
    }
}

/* A section that names nobody follows the configuration; what a command was told once, and what
 * goes on as it was, keeps to whom it had. */
static void remember_provider(const struct job *job)
{
    AUTO_PTR(store_cert) struct store_cert *before = NULL;
    struct err ignored = ERR_INIT; /* told when it is needed */

    if (!job->wanted->is_configured && job->wanted->now.providers.n == 0 &&
        store_cert_load(job->store, job->wanted->name, &before, &ignored) == 0) {
        provider_map_remember(job->map, before->default_provider);
    }
}

int job_new(struct run *run, const struct issue_request *request, struct job **ret_job,
            struct err *err)
{
    AUTO_PTR(job) struct job *job = NEW(struct job);
    struct task_env *env = run_env(run);
    struct provider_set *idle = NULL;

    job->run = run;
    job->request = request;
    if (wanted_make(env, request, run_trees(run), &job->wanted, &job->store, err) < 0 ||
        provider_map_new(&job->wanted->now.providers, &job->wanted->now.allow_aliases, &job->map,
                         err) < 0) {
        return err_code(err);
    }
    remember_provider(job);
    if (run_get_idle(run, &idle, err) < 0 ||
        rooms_check_providers(idle, &job->wanted->now.providers, job->map,
                              job->wanted->now.names.items[0], err) < 0) {
        return err_code(err);
    }
    tell_passing(job->wanted);
    rooms_leave_output(env, idle, job->map);
    run_claim(run, job->store, job->wanted->name);
    *ret_job = TAKE(job);
    return 0;
}

void job_start(struct job *job, job_done_fn *done, void *arg)
{
    job->done = done;
    job->arg = arg;
    job->lock_job = store_lock_start(
        job->store, STORE_LOCK_CERT, job->wanted->name, false,
        job->request->is_impatient ? 0 : run_env(job->run)->settings->lock_timeout_ms, finish_lock,
        job);
}

void job_stop(struct job *job)
{
    store_job_cancel(&job->lock_job);
    around_leave(&job->around_wait);
    deploy_cancel(&job->deploy);
    renewal_ask_cancel(&job->ask);
    if (job->rooms != NULL) {
        values_wait_cancel(job->rooms->values, job);
    }
    order_free(TAKE(job->order));
    run_leave_account(&job->member);
    if (job->request->is_trial && job->lock != NULL) {
        store_cert_drop_empty(job->store, job->wanted->name);
    }
    store_lock_release(TAKE(job->lock));
    job->rooms = NULL;
}

void job_free(struct job *job)
{
    if (job == NULL) {
        return;
    }
    job_stop(job);
    store_cert_free(job->before);
    store_cert_free(job->after);
    provider_map_free(job->map);
    mem_free(job->change);
    wanted_free(job->wanted);
    mem_free(job);
}

/* ---- What became of it ---- */

const char *job_name(const struct job *job)
{
    return job->wanted->name;
}

struct store *job_store(const struct job *job)
{
    return job->store;
}

bool job_is_over(const struct job *job)
{
    return job->is_over;
}

bool job_is_twin(const struct job *a, const struct job *b)
{
    const struct wanted *x = a->wanted;
    const struct wanted *y = b->wanted;

    return str_eq(x->ca->directory, y->ca->directory) && str_eq(x->ca->account, y->ca->account) &&
           strv_is_same_set(&x->now.names, &y->now.names);
}

bool job_has_installed(const struct job *job)
{
    return job->after != NULL;
}

bool job_is_gone(const struct job *job)
{
    return job->is_gone;
}

bool job_has_met_limit(const struct job *job)
{
    return job->has_met_limit;
}

bool job_is_held_back(const struct job *job)
{
    return job->is_held_back;
}

bool job_has_tried(const struct job *job)
{
    return job->request->is_trial && job->state != NULL;
}

void job_blame_post(struct job *job, const struct err *err)
{
    job->post_err = *err;
}

const struct err *job_error(const struct job *job)
{
    return job->state == NULL ? &job->err : &job->deploy_err;
}
