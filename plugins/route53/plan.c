/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "plan.h"

#include "alloc.h"
#include "aws.h"
#include "settings.h"

#include <string.h>

#define ECS_AGENT_URL "http://169.254.170.2"

void keys_done(struct keys *keys)
{
    free(keys->access_key_id);
    alloc_free_secret(keys->secret_access_key);
    alloc_free_secret(keys->session_token);
    *keys = (struct keys){.access_key_id = NULL};
}

void plan_done(struct plan *plan)
{
    keys_done(&plan->keys);
    profiles_done(&plan->profiles);
    *plan = (struct plan){.source = PLAN_KEYS};
}

/* ---- Keys, tokens and services that the options name ---- */

static int32_t use_option_keys(const struct acme_open *o, struct plan *plan, struct kit_fault *f)
{
    const char *id = settings_text(o, OPTION_ACCESS_KEY_ID);
    const char *secret = settings_text(o, OPTION_SECRET_ACCESS_KEY);

    if (id == NULL || secret == NULL) {
        return kit_fault_set(f, ACME_BAD_CONFIG, "%s is given, but not %s",
                             id != NULL ? "access-key-id" : "secret-access-key",
                             id != NULL ? "secret-access-key" : "access-key-id");
    }
    plan->source = PLAN_KEYS;
    plan->keys = (struct keys){
        .access_key_id = alloc_copy(id),
        .secret_access_key = alloc_copy(secret),
        .session_token = alloc_copy_or_null(settings_text(o, OPTION_SESSION_TOKEN)),
    };
    return ACME_OK;
}

static int32_t use_option_token(const struct acme_open *o, struct plan *plan, struct kit_fault *f)
{
    const char *own = settings_text(o, OPTION_WEB_IDENTITY_ROLE_ARN);

    plan->source = PLAN_WEB_IDENTITY;
    plan->token = settings_text(o, OPTION_WEB_IDENTITY_TOKEN_FILE);
    plan->web = (struct plan_role){
        .arn = own != NULL ? own : settings_text(o, OPTION_ROLE_ARN),
        .session_name = settings_text(o, OPTION_ROLE_SESSION_NAME),
    };
    if (plan->web.arn == NULL) {
        return kit_fault_set(f, ACME_BAD_CONFIG,
                             "web-identity-token-file is given, but not web-identity-role-arn, the "
                             "role that the token is for");
    }
    return ACME_OK;
}

static void use_container(const struct acme_open *o, struct plan *plan)
{
    const char *token = settings_text(o, OPTION_POD_IDENTITY_TOKEN_FILE);
    const char *url = settings_text(o, OPTION_CONTAINER_URL);
    const char *path = settings_text(o, OPTION_CONTAINER_PATH);

    plan->source = PLAN_CONTAINER;
    plan->url = path != NULL ? ECS_AGENT_URL : url;
    plan->url_path = path;
    plan->authorization = token != NULL ? token : settings_text(o, OPTION_CONTAINER_TOKEN);
}

static bool has_container(const struct acme_open *o)
{
    return settings_text(o, OPTION_CONTAINER_PATH) != NULL ||
           settings_text(o, OPTION_CONTAINER_URL) != NULL;
}

static int32_t use_imds(const struct acme_open *o, struct plan *plan, struct kit_fault *f)
{
    plan->source = PLAN_IMDS;
    plan->url = settings_text(o, OPTION_IMDS_URL);
    if (acme_value_at(o, OPTION_IMDS_DISABLED)->number == 0) {
        return ACME_OK;
    }
    return kit_fault_set(f, ACME_BAD_CONFIG,
                         "%s; and the metadata service is not to be asked (imds-disabled)",
                         PLAN_NOTHING_ELSE);
}

/* ---- Profiles ---- */

static int32_t fail_profile(struct kit_fault *f, const char *profile, const char *what)
{
    return kit_fault_set(f, ACME_BAD_CONFIG, "profile '%s' %s", profile, what);
}

/* credential_source: whose keys assume the profile's role. */
static int32_t use_named_source(const struct acme_open *o, const char *profile, const char *name,
                                struct plan *plan, struct kit_fault *f)
{
    if (strcmp(name, "Environment") == 0) {
        return use_option_keys(o, plan, f) == ACME_OK
                   ? ACME_OK
                   : fail_profile(f, profile,
                                  "has credential_source = Environment, but neither access-key-id "
                                  "nor AWS_ACCESS_KEY_ID is set, or its secret is not");
    }
    if (strcmp(name, "Ec2InstanceMetadata") == 0) {
        return use_imds(o, plan, f);
    }
    if (strcmp(name, "EcsContainer") != 0) {
        return fail_profile(f, profile,
                            "has a credential_source that is none of Environment, "
                            "Ec2InstanceMetadata, EcsContainer");
    }
    if (!has_container(o)) {
        return fail_profile(f, profile,
                            "has credential_source = EcsContainer, but "
                            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set");
    }
    use_container(o, plan);
    return ACME_OK;
}

static struct plan_role role_of(const struct acme_open *o, const struct profiles *all,
                                const char *profile)
{
    const char *name = profiles_find(all, profile, "role_session_name");

    return (struct plan_role){
        .arn = profiles_find(all, profile, "role_arn"),
        .external_id = profiles_find(all, profile, "external_id"),
        .session_name = name != NULL ? name : settings_text(o, OPTION_ROLE_SESSION_NAME),
        .duration_s = profiles_find(all, profile, "duration_seconds"),
    };
}

/* The keys of a profile that assumes no role. *ret_is_found: it had any. */
static int32_t use_profile_keys(struct plan *plan, const char *profile, bool *ret_is_found,
                                struct kit_fault *f)
{
    const struct profiles *all = &plan->profiles;
    const char *id = profiles_find(all, profile, "aws_access_key_id");
    const char *secret = profiles_find(all, profile, "aws_secret_access_key");

    *ret_is_found = true;
    if (id != NULL && secret != NULL) {
        plan->source = PLAN_KEYS;
        plan->keys = (struct keys){
            .access_key_id = alloc_copy(id),
            .secret_access_key = alloc_copy(secret),
            .session_token = alloc_copy_or_null(profiles_find(all, profile, "aws_session_token")),
        };
        return ACME_OK;
    }
    if (id != NULL || secret != NULL) {
        return fail_profile(f, profile,
                            id != NULL ? "has aws_access_key_id, but not aws_secret_access_key"
                                       : "has aws_secret_access_key, but not aws_access_key_id");
    }
    plan->process = profiles_find(all, profile, "credential_process");
    if (plan->process != NULL) {
        plan->source = PLAN_PROCESS;
        return ACME_OK;
    }
    if (profiles_find(all, profile, "sso_session") != NULL ||
        profiles_find(all, profile, "sso_start_url") != NULL) {
        return fail_profile(f, profile,
                            "signs in by IAM Identity Center (sso_...), which needs a browser; a "
                            "profile with credential_process = aws configure export-credentials "
                            "--profile ... --format process uses what 'aws sso login' left");
    }
    *ret_is_found = false;
    return ACME_OK;
}

/* The role of a profile and whose keys assume it. *ret_next: the profile that has them, or NULL if
 * plan says it already. */
static int32_t use_profile_role(const struct acme_open *o, struct plan *plan, const char *profile,
                                const char **ret_next, struct kit_fault *f)
{
    const struct profiles *all = &plan->profiles;
    const char *source = profiles_find(all, profile, "credential_source");
    const char *token_path = profiles_find(all, profile, "web_identity_token_file");
    struct plan_role role = role_of(o, all, profile);

    *ret_next = NULL;
    if (token_path != NULL) {
        plan->source = PLAN_WEB_IDENTITY;
        plan->token_path = token_path;
        plan->web = role;
        return ACME_OK;
    }
    if (profiles_find(all, profile, "mfa_serial") != NULL) {
        return fail_profile(f, profile,
                            "wants a one-time password (mfa_serial), which a renewal has not");
    }
    if (plan->n_roles == PLAN_ROLES_MAX) {
        return fail_profile(f, profile, "is one too many in a chain of source_profile");
    }
    plan->roles[plan->n_roles++] = role;
    if (source != NULL) {
        return use_named_source(o, profile, source, plan, f);
    }
    *ret_next = profiles_find(all, profile, "source_profile");
    if (*ret_next == NULL) {
        return fail_profile(f, profile,
                            "has role_arn, but neither source_profile nor credential_source, which "
                            "say whose keys may assume it");
    }
    return ACME_OK;
}

static void reverse_roles(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_roles / 2; i++) {
        struct plan_role first = plan->roles[i];

        plan->roles[i] = plan->roles[plan->n_roles - 1 - i];
        plan->roles[plan->n_roles - 1 - i] = first;
    }
}

/* Follows source_profile to where keys are. *ret_is_found: the profile says anything of them. */
static int32_t use_profile(const struct acme_open *o, struct plan *plan, const char *profile,
                           bool *ret_is_found, struct kit_fault *f)
{
    const char *next = profile;
    bool is_own = false; /* a profile may name itself: its own keys then assume its role */

    while (profiles_find(&plan->profiles, next, "role_arn") != NULL && !is_own) {
        const char *from = next;

        if (use_profile_role(o, plan, from, &next, f) != ACME_OK) {
            return f->status;
        }
        if (next == NULL) {
            *ret_is_found = true;
            reverse_roles(plan);
            return ACME_OK;
        }
        if (!profiles_have(&plan->profiles, next)) {
            return kit_fault_set(f, ACME_BAD_CONFIG,
                                 "profile '%s' has source_profile = %s, but there is no such "
                                 "profile",
                                 from, next);
        }
        is_own = strcmp(from, next) == 0;
    }
    reverse_roles(plan);
    if (use_profile_keys(plan, next, ret_is_found, f) != ACME_OK) {
        return f->status;
    }
    return *ret_is_found || plan->n_roles == 0
               ? ACME_OK
               : fail_profile(f, next, "is a source_profile, but has no credentials");
}

static int32_t read_files(const struct acme_open *o, struct plan *plan, struct kit_fault *f)
{
    static const struct {
        enum option option;
        enum profile_file kind;
    } FILES[] = {{OPTION_CREDENTIALS_FILE, PROFILE_CREDENTIALS},
                 {OPTION_CONFIG_FILE, PROFILE_CONFIG}};

    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        const struct acme_value *v = acme_value_at(o, (size_t)FILES[i].option);

        if (v->text != NULL &&
            profiles_read(&plan->profiles, FILES[i].kind, settings_options[FILES[i].option].name,
                          v->text, v->len, f) != ACME_OK) {
            return f->status;
        }
    }
    return ACME_OK;
}

/* ---- The whole ---- */

static int32_t choose_source(const struct acme_open *o, struct plan *plan, const char *named,
                             struct kit_fault *f)
{
    const char *profile = named != NULL ? named : "default";
    bool is_found = false;

    if (settings_text(o, OPTION_ACCESS_KEY_ID) != NULL ||
        settings_text(o, OPTION_SECRET_ACCESS_KEY) != NULL) {
        return use_option_keys(o, plan, f);
    }
    if (settings_text(o, OPTION_WEB_IDENTITY_TOKEN_FILE) != NULL) {
        return use_option_token(o, plan, f);
    }
    if (named != NULL && !profiles_have(&plan->profiles, named)) {
        return fail_profile(f, named, "is in neither credentials-file nor config-file");
    }
    if (use_profile(o, plan, profile, &is_found, f) != ACME_OK) {
        return f->status;
    }
    if (is_found) {
        return ACME_OK;
    }
    if (named != NULL) {
        return fail_profile(f, named, "has no credentials");
    }
    if (has_container(o)) {
        use_container(o, plan);
        return ACME_OK;
    }
    plan->is_last_resort = true;
    return use_imds(o, plan, f);
}

/* role-arn: one more role, unless it is the one that the web identity is for. */
static int32_t add_option_role(const struct acme_open *o, struct plan *plan, struct kit_fault *f)
{
    const char *arn = settings_text(o, OPTION_ROLE_ARN);

    if (arn == NULL) {
        return settings_text(o, OPTION_EXTERNAL_ID) == NULL
                   ? ACME_OK
                   : kit_fault_set(f, ACME_BAD_CONFIG, "external-id is given, but not role-arn");
    }
    if (plan->source == PLAN_WEB_IDENTITY && plan->web.arn == arn) {
        return ACME_OK;
    }
    if (plan->n_roles == PLAN_ROLES_MAX) {
        return kit_fault_set(f, ACME_BAD_CONFIG, "role-arn is one role too many");
    }
    plan->roles[plan->n_roles++] = (struct plan_role){
        .arn = arn,
        .external_id = settings_text(o, OPTION_EXTERNAL_ID),
        .session_name = settings_text(o, OPTION_ROLE_SESSION_NAME),
    };
    return ACME_OK;
}

static int32_t choose_region(const struct acme_open *o, struct plan *plan, const char *named,
                             struct kit_fault *f)
{
    plan->region = settings_text(o, OPTION_REGION);
    if (plan->region == NULL) {
        plan->region = profiles_find(&plan->profiles, named != NULL ? named : "default", "region");
    }
    if (plan->region != NULL &&
        plan->region[strspn(plan->region, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
        return kit_fault_set(f, ACME_BAD_CONFIG,
                             "region: '%.64s' is no region's name, such as us-east-1",
                             plan->region);
    }
    return ACME_OK;
}

int32_t plan_make(const struct acme_open *o, struct plan *ret_plan, struct kit_fault *f)
{
    struct plan plan = {.source = PLAN_KEYS};
    const char *named = settings_text(o, OPTION_PROFILE);

    if (read_files(o, &plan, f) != ACME_OK || choose_source(o, &plan, named, f) != ACME_OK ||
        add_option_role(o, &plan, f) != ACME_OK || choose_region(o, &plan, named, f) != ACME_OK) {
        plan_done(&plan);
        return f->status;
    }
    *ret_plan = plan;
    return ACME_OK;
}
