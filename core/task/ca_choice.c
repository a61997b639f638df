/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/ca_choice.h"

#include "config/sections.h"
#include "config/settings.h"

int ca_choice_make(const struct config *config, const char *spec, struct ca **ret_ca,
                   struct err *err)
{
    AUTO(ca_section_done) struct ca_section section = {.section = NULL};
    int code = ca_section_get(config, spec, &section, err);

    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    err_clear(err);
    return ca_resolve(spec, code < 0 ? NULL : &section, ret_ca, err);
}

const char *ca_choice_bundle(const struct settings *settings, const struct ca *ca)
{
    if (settings_place(settings, "ca-bundle").origin == CONFIG_FLAG || ca->ca_file == NULL) {
        return settings->ca_bundle;
    }
    return ca->ca_file;
}
