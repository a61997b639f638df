/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the user is told at the end of a job. */
#include "task/job_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

#define STAGING_WARNING "STAGING: a trial that nobody trusts, kept apart from real certificates"
#define NEXT_STEP                                                                           \
    "'acme-dns register-autorenew', once, has this and all others renewed; so has running " \
    "'acme-dns process' regularly"
#define NEXT_STEP_STAGING \
    "trials are not renewed: run the same command without --staging for a real one"
#define NEXT_STEP_ATTENDED "run the same command again after that day"

/* What a timer cannot do. False: it can. */
static bool warn_of_attendance(const struct job *job)
{
    const struct provider *provider = job->order == NULL ? NULL : order_find_attended(job->order);

    if (provider == NULL) {
        return false;
    }
    event_log(EVENT_WARNING, job->wanted->name,
              "this certificate cannot renew unattended: %s (provider '%s')\n"
              "A provider with a plug-in, or a CNAME to a zone that has one, does without",
              provider_is_by_hand(provider) ? "each time somebody must create the records"
                                            : "each time the program at the other end is needed",
              provider_name(provider));
    return true;
}

static enum task_exit tell_error(const char *subject, const struct err *err)
{
    enum task_exit status = task_exit_for(err->class);

    event_emit(EVENT_ERROR, EVENT_RESULT, subject, FIELD_INT("exit", status),
               FIELD("class", err_class_name(err->class)), FIELD("text", err->text),
               err->retry_after_s > 0 ? FIELD_INT("retry-after", err->retry_after_s)
                                      : FIELD("retry-after", NULL));
    return status;
}

/* When it will be, and how not to wait. due_s is in the future. */
static char *describe_idleness(const struct job *job, int64_t due_s)
{
    char due[CLOCK_TEXT_MAX];
    char span[CLOCK_TEXT_MAX];

    if (!job->request->is_following) {
        return job->change == NULL
                   ? str_dup("not due yet; nothing was done (--force issues all the same)")
                   : str_fmt("not due yet; remembered for its renewals (--force issues now): %s",
                             job->change);
    }
    clock_format(due_s, due);
    clock_format_span(due_s - clock_wall_s(), span);
    return str_fmt("not due before %s (in %s); 'acme-dns renew --force %s' renews it now", due,
                   span, job->wanted->name);
}

/* NULL where the state says it all. */
static char *describe_state(const struct job *job, int64_t due_s)
{
    if (job->deploy_err.class != ERR_NONE) {
        return str_fmt("%s\nThe next run repeats what failed, and so does: acme-dns deploy %s",
                       job->deploy_err.text, job->wanted->name);
    }
    if (job->post_err.class != ERR_NONE) {
        return str_fmt("%s\nNobody repeats that: see to what it was to do", job->post_err.text);
    }
    if (job->after != NULL) {
        return NULL;
    }
    return describe_idleness(job, due_s);
}

static enum task_exit status_of(const struct job *job)
{
    if (job->deploy_err.class != ERR_NONE || job->post_err.class != ERR_NONE) {
        return EXIT_DEPLOY;
    }
    return job->request->is_unchanged_told && job->after == NULL ? EXIT_UNCHANGED : EXIT_DONE;
}

static enum task_exit tell_success(const struct job *job)
{
    const struct store_cert *cert = job->after != NULL ? job->after : job->before;
    enum task_exit status = status_of(job);
    AUTO_FREE char *path = store_cert_path(job->store, cert->name, NULL);
    AUTO_FREE char *names = strv_join(&cert->domains, ", ");
    char not_after[CLOCK_TEXT_MAX];
    char renew_after[CLOCK_TEXT_MAX];
    const struct err *blamed =
        job->deploy_err.class != ERR_NONE ? &job->deploy_err : &job->post_err;
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    AUTO_FREE char *text = NULL;
    AUTO_FREE char *why = NULL;
    bool is_attended = false;

    clock_format(cert->not_after_s, not_after);
    job_judge(job, cert, &verdict);
    clock_format(verdict.due.at_s, renew_after);
    text = describe_state(job, verdict.due.at_s);
    why = renewal_explain(&verdict);
    if (job->after != NULL) {
        event_emit(EVENT_NOTICE, EVENT_INSTALLED, cert->name, FIELD("path", path),
                   FIELD("not-after", not_after), FIELD("names", names));
        job_keep_credentials(job);
        is_attended = warn_of_attendance(job);
    }
    event_emit(status == EXIT_DEPLOY ? EVENT_ERROR : EVENT_NOTICE, EVENT_RESULT, cert->name,
               FIELD_INT("exit", status), FIELD("class", err_class_name(blamed->class)),
               FIELD("state", job->state), FIELD("text", text),
               FIELD("warning", store_is_staging(job->store) ? STAGING_WARNING : NULL),
               FIELD("names", names), FIELD("path", path), FIELD("not-after", not_after),
               FIELD("renew-after", renew_after), FIELD("renew-why", why),
               FIELD("next", job->request->is_following     ? NULL
                             : store_is_staging(job->store) ? NEXT_STEP_STAGING
                             : is_attended                  ? NEXT_STEP_ATTENDED
                                                            : NEXT_STEP));
    return status;
}

static enum task_exit tell_trial(const struct job *job)
{
    AUTO_FREE char *names = strv_join(&job->wanted->now.names, ", ");
    AUTO_FREE char *text =
        str_fmt("%s has issued it; nothing was installed or changed", job->wanted->ca->title);

    event_emit(EVENT_NOTICE, EVENT_RESULT, job->wanted->name, FIELD_INT("exit", EXIT_DONE),
               FIELD("class", err_class_name(ERR_NONE)), FIELD("state", job->state),
               FIELD("text", text), FIELD("names", names));
    return EXIT_DONE;
}

enum task_exit job_tell(const struct job *job)
{
    if (job_has_tried(job)) {
        return tell_trial(job);
    }

    return job->state != NULL ? tell_success(job) : tell_error(job->wanted->name, &job->err);
}

/* What the user calls it, where it is not known yet what it is. */
static char *name_request(const struct issue_request *request)
{
    const char *first = request->domains.n > 0 ? request->domains.items[0] : "issue";

    return request->name != NULL ? str_dup(request->name)
                                 : str_dup_len(first, strcspn(first, ", "));
}

enum task_exit job_tell_refusal(const struct issue_request *request, const struct err *err)
{
    AUTO_FREE char *subject = name_request(request);

    return tell_error(subject, err);
}
