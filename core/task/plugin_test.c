/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/plugin_test.h"

#include "base/clock.h"
#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "task/plugin_test_impl.h"
#include "task/signals.h"

#include <stdlib.h>
#include <string.h>

void plugin_test_finish(struct plugin_test *test)
{
    test->is_over = true;
    loop_stop(test->env->loop);
}

static void cancel(void *arg, const char *reason)
{
    (void)reason;
    plugin_test_cancel(arg);
}

/* ---- What is tested ---- */

/* The name of an instance in the journal must mean the same to a run elsewhere. */
static char *name_of(const char *plugin)
{
    char *real = strchr(plugin, '/') != NULL ? realpath(plugin, NULL) : NULL;
    char *name = str_dup(real != NULL ? real : plugin);

    free(real);
    return name;
}

static int read_request(struct plugin_test *test, struct err *err)
{
    const struct strv *domains = &test->request->domains;
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (domains->n > 0 && domain_normalize_all(domains, &names, err) < 0) {
        return err_code(err);
    }
    if (names.n != 1 || domain_is_wildcard(names.items[0])) {
        (void)err_set(err, ERR_CONFIG, "%s",
                      names.n == 0  ? "no zone was given"
                      : names.n > 1 ? "only one zone can be tested at once"
                                    : "a wildcard is no zone");
        return err_hint(err, "say -d ZONE: a zone that may be written to, or a name in it");
    }
    test->domain = str_dup(names.items[0]);
    test->label = str_fmt("acme-dns-test-%08x", (unsigned)clock_random(UINT32_MAX));
    if (test->request->debugger != NULL) {
        strv_add_split(&test->debugger, test->request->debugger, " ");
    }
    return 0;
}

static int open_rooms(struct plugin_test *test, struct err *err)
{
    const struct provider_hooks hooks = {
        .arg = test, .about_to_call = changes_prepare, .receipt = changes_keep_receipt};
    const struct journal_scope nobody = {.certificate = NULL};
    AUTO_FREE char *name = name_of(test->request->plugin);
    AUTO(strv_done) struct strv providers = STRV_INIT;
    AUTO_PTR(provider_set) struct provider_set *idle = NULL;
    struct rooms_request request = {
        .command = "plugin test",
        .scope = &nobody, /* what other runs left is theirs, or cleanup's */
        .providers = &providers,
        .allow_aliases = &test->request->allow_aliases,
        .hooks = &hooks,
        .debugger = &test->debugger,
    };

    strv_add(&providers, name);
    if (rooms_open_idle(test->env, &providers, &idle, err) < 0 ||
        store_open(test->env->loop, test->env->settings->state_dir, false, &test->store, err) < 0) {
        return err_code(err);
    }
    store_set_command(test->store, "plugin test");
    request.store = test->store;
    rooms_leave_output(test->env, idle, NULL);
    if (rooms_open(test->env, &request, &test->rooms, err) < 0) {
        return err_code(err);
    }
    return provider_get(test->rooms->providers, name, &test->provider, err);
}

/* ---- The end ---- */

static enum task_exit judge(const struct plugin_test *test, const struct err *err)
{
    if (err->class != ERR_NONE) {
        return task_exit_for(err->class);
    }
    if (test->first_failed == NULL) {
        return test->is_cancelled ? EXIT_FAILED : EXIT_DONE;
    }
    return test->has_mixed ? EXIT_FAILED : task_exit_for(test->class);
}

/* To mem_free. */
static char *sum_up(const struct plugin_test *test)
{
    AUTO_FREE char *failed =
        test->first_failed == NULL
            ? str_dup("")
            : str_fmt("%zu failed (first: %s), ", test->n_verdicts[PLUGIN_TEST_FAILED],
                      test->first_failed);

    return str_fmt("%s%s%zu passed, %zu skipped", test->is_cancelled ? "interrupted: " : "", failed,
                   test->n_verdicts[PLUGIN_TEST_PASSED], test->n_verdicts[PLUGIN_TEST_SKIPPED]);
}

static enum task_exit tell(const struct plugin_test *test, const struct err *err)
{
    enum task_exit status = judge(test, err);
    AUTO_FREE char *sum = sum_up(test);

    event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, "plugin test",
               FIELD_INT("exit", status),
               FIELD("class", err_class_name(err->class != ERR_NONE ? err->class : test->class)),
               FIELD("text", err->class != ERR_NONE ? err->text : sum));
    return status;
}

static void tell_left(const struct plugin_test *test)
{
    size_t n = marks_count_left(test);

    if (n > 0) {
        event_log(EVENT_WARNING, "",
                  "%zu %s of the test may still stand in the DNS; 'acme-dns "
                  "cleanup' tries again",
                  n, n == 1 ? "value" : "values");
    }
}

/* The workers' end comes from the loop; what is still borrowed from the test is ended before. */
static void close_all(struct plugin_test *test)
{
    loop_timer_cancel(&test->next);
    loop_timer_cancel(&test->cancel_deadline);
    ask_cancel(test);
    attended_end_patience(test);
    look_cancel(test);
    scene_done(test);
    marks_done(test);
    rooms_close(test->rooms);
    signals_close(test->signals);
    store_free(test->store);
    buf_done(&test->text);
    strv_done(&test->debugger);
    mem_free(test->first_failed);
    mem_free(test->domain);
    mem_free(test->label);
}

enum task_exit task_plugin_test(struct task_env *env, const struct plugin_test_request *request,
                                const struct plugin_test_listener *listener)
{
    AUTO(close_all)
    struct plugin_test test = {.env = env, .request = request, .listener = listener};
    struct err err = ERR_INIT;

    if (read_request(&test, &err) < 0 || open_rooms(&test, &err) < 0) {
        return tell(&test, &err);
    }
    test.signals = signals_open(env, cancel, &test);
    plugin_test_begin(&test);
    if (loop_run(env->loop, &err) == 0 && !test.is_over && env->caught_signal != 0) {
        (void)err_set(&err, ERR_CANCELLED, "ended at once");
    }
    tell_left(&test);
    return tell(&test, &err);
}
