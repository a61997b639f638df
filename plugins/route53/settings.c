/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "settings.h"

#include <string.h>

#define CREDENTIAL ACME_OPTION_GROUP

/* The variables are those of AWS's own programs, and lego's for what these lack. The files are of
 * the type FILE, so that acme-dns, which may be root, reads them for a worker that may not. The
 * token files are no SECRETs for that reason alone: Kubernetes makes them readable to all. */
const struct acme_plugin_option settings_options[N_OPTIONS] = {
    [OPTION_ACCESS_KEY_ID] = {.name = "access-key-id",
                              .help = "The id of an access key",
                              .env = "AWS_ACCESS_KEY_ID",
                              .flags = CREDENTIAL},
    [OPTION_SECRET_ACCESS_KEY] = {.name = "secret-access-key",
                                  .help = "The secret of that access key",
                                  .env = "AWS_SECRET_ACCESS_KEY",
                                  .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_SESSION_TOKEN] = {.name = "session-token",
                              .help = "The session token, where the access key is a temporary one",
                              .env = "AWS_SESSION_TOKEN",
                              .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_PROFILE] = {.name = "profile",
                        .help = "The profile to use of credentials-file and config-file",
                        .env = "AWS_PROFILE,AWS_DEFAULT_PROFILE",
                        .flags = CREDENTIAL},
    [OPTION_CREDENTIALS_FILE] = {.name = "credentials-file",
                                 .fallback = "~/.aws/credentials",
                                 .help = "A file with credentials by profile",
                                 .env = "AWS_SHARED_CREDENTIALS_FILE",
                                 .type = ACME_OPTION_FILE,
                                 .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_CONFIG_FILE] = {.name = "config-file",
                            .fallback = "~/.aws/config",
                            .help = "A file with settings by profile",
                            .env = "AWS_CONFIG_FILE",
                            .type = ACME_OPTION_FILE,
                            .flags = CREDENTIAL},
    [OPTION_ROLE_ARN] = {.name = "role-arn",
                         .help = "A role to assume with the credentials found",
                         .env = "AWS_ASSUME_ROLE_ARN"},
    [OPTION_EXTERNAL_ID] = {.name = "external-id",
                            .help = "The external id that the role asks for",
                            .env = "AWS_EXTERNAL_ID"},
    [OPTION_ROLE_SESSION_NAME] = {.name = "role-session-name",
                                  .fallback = "acme-dns",
                                  .help = "What AWS's logs call a session of an assumed role",
                                  .env = "AWS_ROLE_SESSION_NAME"},
    [OPTION_WEB_IDENTITY_TOKEN_FILE] = {.name = "web-identity-token-file",
                                        .help = "A file with a token of an identity provider",
                                        .env = "AWS_WEB_IDENTITY_TOKEN_FILE",
                                        .type = ACME_OPTION_FILE,
                                        .flags = CREDENTIAL},
    [OPTION_WEB_IDENTITY_ROLE_ARN] = {.name = "web-identity-role-arn",
                                      .help = "The role to assume with that token",
                                      .env = "AWS_ROLE_ARN",
                                      .flags = CREDENTIAL},
    [OPTION_CONTAINER_PATH] = {.name = "container-path",
                               .help = "The path of credentials at the agent of ECS",
                               .env = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                               .flags = CREDENTIAL},
    [OPTION_CONTAINER_URL] = {.name = "container-url",
                              .help = "The URL of credentials at an agent of ECS, EKS or another",
                              .env = "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                              .flags = CREDENTIAL},
    [OPTION_CONTAINER_TOKEN] = {.name = "container-token",
                                .help = "What that agent wants in the Authorization header",
                                .env = "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                .flags = CREDENTIAL | ACME_OPTION_SECRET},
    [OPTION_POD_IDENTITY_TOKEN_FILE] = {.name = "pod-identity-token-file",
                                        .help = "A file with that, as EKS Pod Identity makes one",
                                        .env = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                        .type = ACME_OPTION_FILE,
                                        .flags = CREDENTIAL},
    [OPTION_IMDS_DISABLED] = {.name = "imds-disabled",
                              .fallback = "no",
                              .help = "Do not ask an EC2 instance's metadata service",
                              .env = "AWS_EC2_METADATA_DISABLED",
                              .type = ACME_OPTION_BOOL},
    [OPTION_IMDS_URL] = {.name = "imds-url",
                         .fallback = "http://169.254.169.254",
                         .help = "Where the metadata service is",
                         .env = "AWS_EC2_METADATA_SERVICE_ENDPOINT"},
    [OPTION_REGION] = {.name = "region",
                       .help = "The region: chooses among AWS, AWS China and AWS GovCloud, and the "
                               "STS to ask for roles",
                       .env = "AWS_REGION,AWS_DEFAULT_REGION"},
    [OPTION_HOSTED_ZONE_ID] = {.name = "hosted-zone-id",
                               .help = "The id of the hosted zone, or ZONE=ID; no zone is looked "
                                       "up then",
                               .env = "AWS_HOSTED_ZONE_ID",
                               .flags = ACME_OPTION_REPEAT},
    [OPTION_ENDPOINT_URL] = {.name = "endpoint-url",
                             .help = "Another address of Route 53",
                             .env = "AWS_ENDPOINT_URL_ROUTE_53,AWS_ENDPOINT_URL"},
    [OPTION_STS_ENDPOINT_URL] = {.name = "sts-endpoint-url",
                                 .help = "Another address of STS",
                                 .env = "AWS_ENDPOINT_URL_STS,AWS_ENDPOINT_URL"},
    [OPTION_CA_FILE] = {.name = "ca-file",
                        .help = "The certificates to trust instead of the system's",
                        .env = "AWS_CA_BUNDLE",
                        .type = ACME_OPTION_PATH},
};

const char *settings_text(const struct acme_open *o, enum option which)
{
    const struct acme_value *v = acme_value_at(o, (size_t)which);

    return v->text != NULL && v->len > 0 ? v->text : NULL;
}

const struct partition *settings_partition(const char *region)
{
    static const struct partition PARTITIONS[] = {
        {"cn-", "amazonaws.com.cn", "https://route53.amazonaws.com.cn", "cn-northwest-1",
         "cn-north-1", false},
        {"us-gov-", "amazonaws.com", "https://route53.us-gov.amazonaws.com", "us-gov-west-1",
         "us-gov-west-1", false},
        {"", "amazonaws.com", "https://route53.amazonaws.com", "us-east-1", "us-east-1", true},
    };
    size_t i = 0;

    while (strncmp(region != NULL ? region : "", PARTITIONS[i].region_prefix,
                   strlen(PARTITIONS[i].region_prefix)) != 0) {
        i++;
    }
    return &PARTITIONS[i];
}
