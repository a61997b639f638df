/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Credentials that only the environment of this run has: they will be missing when a timer renews.
 */
#include "task/job_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/settings.h"
#include "task/credentials.h"

static void warn(const struct job *job, const struct provider *provider)
{
    AUTO_FREE char *options = strv_join(provider_facts(provider)->from_environment, ", ");

    event_log(EVENT_WARNING, job->wanted->name,
              "a renewal will lack what provider '%s' got from the environment: %s\n"
              "Put it into the configuration (--save-credentials does it):\n"
              "  [provider %s]\n  plugin = %s\n  OPTION = VALUE",
              provider_name(provider), options, provider_name(provider), provider_plugin(provider));
}

/* A section that is there cannot be written a second time. */
static int refuse_section(const struct job *job, const struct provider *provider, struct err *err)
{
    const struct config_section *section =
        config_section_find(run_env(job->run)->config, "provider", provider_name(provider));

    if (run_env(job->run)->settings->config_path == NULL) {
        return err_set(err, ERR_CONFIG, "no configuration folder is known: --config names it");
    }
    if (section != NULL) {
        AUTO_FREE char *place = config_place_format(&section->place);

        return err_set(err, ERR_CONFIG, "%s: add to this section what it lacks", place);
    }
    return 0;
}

static int save(const struct job *job, const struct provider *provider, struct err *err)
{
    AUTO_PTR(credentials) struct credentials *credentials = NULL;
    AUTO(strv_done) struct strv taken = STRV_INIT;
    AUTO(strv_done) struct strv left = STRV_INIT;

    if (refuse_section(job, provider, err) < 0) {
        return err_code(err);
    }
    credentials = credentials_new(run_env(job->run)->settings->config_path, provider_name(provider),
                                  provider_plugin(provider));
    if (credentials_add_environment(credentials, provider_facts(provider)->plugin, NULL, &taken,
                                    err) < 0) {
        return err_code(err);
    }
    if (credentials_write(credentials, &left, err) < 0) {
        AUTO_FREE char *names = strv_join(&left, ", ");

        return left.n == 0 ? err_code(err) : err_hint(err, "could not be removed again: %s", names);
    }
    AUTO_FREE char *options = strv_join(&taken, ", ");
    event_log(EVENT_NOTICE, job->wanted->name, "kept for renewals in %s: %s",
              credentials_path(credentials), options);
    return 0;
}

void job_keep_credentials(const struct job *job)
{
    size_t cursor = 0;
    struct provider *provider = NULL;

    while (job->rooms != NULL &&
           (provider = provider_next(job->rooms->providers, &cursor)) != NULL) {
        const struct provider_facts *facts = provider_facts(provider);
        struct err err = ERR_INIT;

        if (facts == NULL || !provider_is_wanted(provider) || facts->from_environment->n == 0) {
            continue;
        }
        if (!job->request->is_saving_credentials) {
            warn(job, provider);
        } else if (save(job, provider, &err) < 0) {
            event_log(EVENT_WARNING, job->wanted->name, "credentials were not kept: %s", err.text);
            warn(job, provider);
        }
    }
}
