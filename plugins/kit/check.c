/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* kit_check() alone: it is the one piece of the kit that needs the plug-in around it, and what does
 * not call it links without one. */
#include "kit_impl.h"

int32_t kit_check(struct acme_call *call, const struct acme_open *o)
{
    const struct acme_plugin *plugin = acme_plugin_v1();
    void *instance = NULL;
    int32_t status = plugin->open(call, o, &instance);

    if (status == ACME_OK && plugin->close != NULL) {
        plugin->close(call, instance);
    }
    return status;
}
