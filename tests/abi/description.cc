/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A plug-in with options in C++11, as the header tells to write one. */
#include <acme-plugin.h>

static const struct acme_plugin_option options[] = {
    {"token", nullptr, "The provider's token", "CXX_TOKEN", nullptr, ACME_OPTION_STRING,
     ACME_OPTION_REQUIRED | ACME_OPTION_SECRET},
    {"server", "ns.example.net", "Where changes go", nullptr, nullptr, ACME_OPTION_HOSTPORT, 0},
};

static int32_t change(struct acme_call *call, void *, const struct acme_record *record)
{
    acme_log(call, ACME_LOG_DEBUG, "%s", record->fqdn);
    return ACME_OK;
}

static struct acme_plugin describe()
{
    struct acme_plugin p = acme_plugin_head();

    p.name = "cxx";
    p.version = "1";
    p.summary = "a plug-in in C++";
    p.options = options;
    p.n_options = sizeof(options) / sizeof(options[0]);
    p.add = change;
    p.remove = change;
    return p;
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1()
{
    static const struct acme_plugin plugin = describe();

    return &plugin;
}
