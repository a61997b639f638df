/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The options of the plug-in, and what a region means for where requests go. */
#ifndef ROUTE53_SETTINGS_H
#define ROUTE53_SETTINGS_H

#include <acme-kit.h>

#include <stdint.h>

enum option {
    OPTION_ACCESS_KEY_ID,
    OPTION_SECRET_ACCESS_KEY,
    OPTION_SESSION_TOKEN,
    OPTION_PROFILE,
    OPTION_CREDENTIALS_FILE,
    OPTION_CONFIG_FILE,
    OPTION_ROLE_ARN,
    OPTION_EXTERNAL_ID,
    OPTION_ROLE_SESSION_NAME,
    OPTION_WEB_IDENTITY_TOKEN_FILE,
    OPTION_WEB_IDENTITY_ROLE_ARN,
    OPTION_CONTAINER_PATH,
    OPTION_CONTAINER_URL,
    OPTION_CONTAINER_TOKEN,
    OPTION_POD_IDENTITY_TOKEN_FILE,
    OPTION_IMDS_DISABLED,
    OPTION_IMDS_URL,
    OPTION_REGION,
    OPTION_HOSTED_ZONE_ID,
    OPTION_ENDPOINT_URL,
    OPTION_STS_ENDPOINT_URL,
    OPTION_CA_FILE,
    N_OPTIONS
};

extern const struct acme_plugin_option settings_options[N_OPTIONS];

/* The text of an option, NULL if it is not set or empty. Lives until close(). */
const char *settings_text(const struct acme_open *o, enum option which);

/* A part of AWS that shares nothing with the others, not even identities. */
struct partition {
    const char *region_prefix; /* of its regions' names */
    const char *domain;        /* of its services: "amazonaws.com" */
    const char *route53_url;
    const char *route53_region; /* that requests to Route 53 are signed for */
    const char *sts_region;     /* of the STS to ask when no region is set */
    bool has_global_sts;        /* sts.DOMAIN, without a region */
};

/* region may be NULL. */
const struct partition *settings_partition(const char *region);

#endif
