/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where credentials are found: the order of sources, profiles and their chains, and what is said
 * where something is missing. */
#include "plan.h"
#include "settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char CREDENTIALS[] = "# a comment\n"
                                  "[default]\n"
                                  "aws_access_key_id = AKIDDEFAULT\n"
                                  "aws_secret_access_key=s3cr#t/ab=\n"
                                  "\n"
                                  "[base] ; another\n"
                                  "AWS_ACCESS_KEY_ID = AKIDBASE # who\n"
                                  "aws_secret_access_key = base-secret\r\n"
                                  "aws_session_token = base-token\n"
                                  "[half]\n"
                                  "aws_access_key_id = AKIDHALF\n";

static const char CONFIG[] = "[default]\n"
                             "region = eu-central-1\n"
                             "s3 =\n"
                             "  addressing_style = path\n"
                             "  nothing here\n"
                             "[profile role]\n"
                             "role_arn = arn:aws:iam::1:role/inner\n"
                             "source_profile = base\n"
                             "external_id = e1\n"
                             "region = cn-north-1\n"
                             "[profile \"outer role\"]\n"
                             "role_arn = arn:aws:iam::2:role/outer\n"
                             "role_session_name = me\n"
                             "duration_seconds = 900\n"
                             "source_profile = role\n"
                             "[profile self]\n"
                             "role_arn = arn:aws:iam::3:role/self\n"
                             "source_profile = self\n"
                             "aws_access_key_id = AKIDSELF\n"
                             "aws_secret_access_key = self-secret\n"
                             "[profile program]\n"
                             "credential_process = /bin/keys --json\n"
                             "[profile instance]\n"
                             "role_arn = arn:aws:iam::4:role/i\n"
                             "credential_source = Ec2InstanceMetadata\n"
                             "[profile task]\n"
                             "role_arn = arn:aws:iam::4:role/t\n"
                             "credential_source = EcsContainer\n"
                             "[profile odd]\n"
                             "role_arn = arn:aws:iam::4:role/o\n"
                             "credential_source = Moon\n"
                             "[profile pod]\n"
                             "role_arn = arn:aws:iam::5:role/pod\n"
                             "web_identity_token_file = /run/token\n"
                             "[profile loop]\n"
                             "role_arn = arn:aws:iam::6:role/l\n"
                             "source_profile = loop2\n"
                             "[profile loop2]\n"
                             "role_arn = arn:aws:iam::6:role/l2\n"
                             "source_profile = loop\n"
                             "[profile nobody]\n"
                             "role_arn = arn:aws:iam::6:role/n\n"
                             "source_profile = absent\n"
                             "[profile alone]\n"
                             "role_arn = arn:aws:iam::6:role/a\n"
                             "[profile otp]\n"
                             "role_arn = arn:aws:iam::6:role/a\n"
                             "mfa_serial = arn:aws:iam::1:mfa/me\n"
                             "source_profile = base\n"
                             "[profile browser]\n"
                             "sso_session = corp\n"
                             "[sso-session corp]\n"
                             "sso_start_url = https://corp.example\n"
                             "[profile empty]\n"
                             "output = json\n";

struct bed {
    struct acme_value values[N_OPTIONS];
    struct acme_open open;
    struct plan plan;
    struct kit_fault fault;
};

static void give(struct bed *bed, enum option option, const char *text)
{
    bed->values[option] = (struct acme_value){.text = text, .len = strlen(text)};
}

static void begin(struct bed *bed)
{
    *bed = (struct bed){.fault = {.status = 0}};
    bed->open = (struct acme_open){
        .size = sizeof(bed->open),
        .n_values = N_OPTIONS,
        .value_size = sizeof(bed->values[0]),
        .values = bed->values,
        .instance = "test",
    };
    give(bed, OPTION_ROLE_SESSION_NAME, "acme-dns");
    give(bed, OPTION_IMDS_URL, "http://169.254.169.254");
    give(bed, OPTION_CREDENTIALS_FILE, CREDENTIALS);
    give(bed, OPTION_CONFIG_FILE, CONFIG);
}

static int32_t plan(struct bed *bed)
{
    plan_done(&bed->plan);
    return plan_make(&bed->open, &bed->plan, &bed->fault);
}

static void begin_profile(struct bed *bed, const char *profile)
{
    begin(bed);
    give(bed, OPTION_PROFILE, profile);
}

static void assert_refused(struct bed *bed, const char *words)
{
    assert_int_equal(plan(bed), ACME_BAD_CONFIG);
    if (strstr(bed->fault.text, words) == NULL) {
        fail_msg("'%s' lacks '%s'", bed->fault.text, words);
    }
    assert_null(strstr(bed->fault.text, "secret/"));
}

static void given_keys_come_first(void **state)
{
    struct bed bed;

    (void)state;
    begin(&bed);
    give(&bed, OPTION_ACCESS_KEY_ID, "AKIDOPTION");
    give(&bed, OPTION_SECRET_ACCESS_KEY, "s");
    give(&bed, OPTION_WEB_IDENTITY_TOKEN_FILE, "t");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_KEYS);
    assert_string_equal(bed.plan.keys.access_key_id, "AKIDOPTION");
    assert_int_equal(bed.plan.n_roles, 0);
    assert_string_equal(bed.plan.region, "eu-central-1"); /* of the default profile */
    give(&bed, OPTION_SECRET_ACCESS_KEY, "");
    assert_refused(&bed, "access-key-id is given, but not secret-access-key");
    plan_done(&bed.plan);
}

static void a_web_identity_comes_second(void **state)
{
    struct bed bed;

    (void)state;
    begin(&bed);
    give(&bed, OPTION_WEB_IDENTITY_TOKEN_FILE, "t0k3n\n");
    assert_refused(&bed, "web-identity-role-arn");
    give(&bed, OPTION_ROLE_ARN, "arn:aws:iam::1:role/second");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_WEB_IDENTITY);
    assert_string_equal(bed.plan.web.arn, "arn:aws:iam::1:role/second");
    assert_int_equal(bed.plan.n_roles, 0);
    give(&bed, OPTION_WEB_IDENTITY_ROLE_ARN, "arn:aws:iam::1:role/first");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_string_equal(bed.plan.web.arn, "arn:aws:iam::1:role/first");
    assert_int_equal(bed.plan.n_roles, 1);
    plan_done(&bed.plan);
}

static void the_default_profile_needs_no_name(void **state)
{
    struct bed bed;

    (void)state;
    begin(&bed);
    assert_int_equal(plan(&bed), ACME_OK);
    assert_string_equal(bed.plan.keys.access_key_id, "AKIDDEFAULT");
    assert_string_equal(bed.plan.keys.secret_access_key, "s3cr#t/ab=");
    plan_done(&bed.plan);
}

static void a_chain_of_profiles_is_followed(void **state)
{
    struct bed bed;

    (void)state;
    begin_profile(&bed, "outer role");
    give(&bed, OPTION_ROLE_ARN, "arn:aws:iam::9:role/last");
    give(&bed, OPTION_EXTERNAL_ID, "e9");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_string_equal(bed.plan.keys.access_key_id, "AKIDBASE");
    assert_string_equal(bed.plan.keys.secret_access_key, "base-secret");
    assert_string_equal(bed.plan.keys.session_token, "base-token");
    assert_int_equal(bed.plan.n_roles, 3);
    assert_string_equal(bed.plan.roles[0].arn, "arn:aws:iam::1:role/inner");
    assert_string_equal(bed.plan.roles[0].external_id, "e1");
    assert_string_equal(bed.plan.roles[0].session_name, "acme-dns");
    assert_string_equal(bed.plan.roles[1].arn, "arn:aws:iam::2:role/outer");
    assert_string_equal(bed.plan.roles[1].session_name, "me");
    assert_string_equal(bed.plan.roles[1].duration_s, "900");
    assert_string_equal(bed.plan.roles[2].arn, "arn:aws:iam::9:role/last");
    assert_string_equal(bed.plan.roles[2].external_id, "e9");
    plan_done(&bed.plan);
}

static void a_profile_may_name_itself(void **state)
{
    struct bed bed;

    (void)state;
    begin_profile(&bed, "self");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_string_equal(bed.plan.keys.access_key_id, "AKIDSELF");
    assert_int_equal(bed.plan.n_roles, 1);
    plan_done(&bed.plan);
}

static void profiles_may_name_other_sources(void **state)
{
    struct bed bed;

    (void)state;
    begin_profile(&bed, "program");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_PROCESS);
    assert_string_equal(bed.plan.process, "/bin/keys --json");
    give(&bed, OPTION_PROFILE, "instance");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_IMDS);
    assert_false(bed.plan.is_last_resort);
    assert_int_equal(bed.plan.n_roles, 1);
    give(&bed, OPTION_PROFILE, "pod");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_WEB_IDENTITY);
    assert_string_equal(bed.plan.token_path, "/run/token");
    give(&bed, OPTION_PROFILE, "task");
    assert_refused(&bed, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    give(&bed, OPTION_CONTAINER_PATH, "/v2/x");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_CONTAINER);
    assert_string_equal(bed.plan.url, "http://169.254.170.2");
    plan_done(&bed.plan);
}

static void without_files_containers_and_instances_are_asked(void **state)
{
    struct bed bed;

    (void)state;
    begin(&bed);
    give(&bed, OPTION_CREDENTIALS_FILE, "");
    give(&bed, OPTION_CONFIG_FILE, "");
    give(&bed, OPTION_CONTAINER_URL, "http://169.254.170.23/v1/credentials");
    give(&bed, OPTION_CONTAINER_TOKEN, "weaker");
    give(&bed, OPTION_POD_IDENTITY_TOKEN_FILE, "jwt\n");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_CONTAINER);
    assert_string_equal(bed.plan.authorization, "jwt\n");
    give(&bed, OPTION_CONTAINER_URL, "");
    assert_int_equal(plan(&bed), ACME_OK);
    assert_int_equal(bed.plan.source, PLAN_IMDS);
    assert_true(bed.plan.is_last_resort);
    bed.values[OPTION_IMDS_DISABLED].number = 1;
    assert_refused(&bed, "there are no credentials");
    assert_non_null(strstr(bed.fault.text, "AWS_ACCESS_KEY_ID"));
    plan_done(&bed.plan);
}

static void what_is_wrong_in_a_profile_is_said(void **state)
{
    static const struct {
        const char *profile, *words;
    } CASES[] = {
        {"absent", "in neither credentials-file nor config-file"},
        {"half", "'half' has aws_access_key_id, but not aws_secret_access_key"},
        {"loop", "one too many in a chain"},
        {"nobody", "source_profile = absent, but there is no such profile"},
        {"alone", "neither source_profile nor credential_source"},
        {"odd", "credential_source that is none of"},
        {"otp", "one-time password"},
        {"browser", "aws configure export-credentials"},
        {"empty", "'empty' has no credentials"},
    };
    struct bed bed;

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        begin_profile(&bed, CASES[i].profile);
        assert_refused(&bed, CASES[i].words);
    }
    begin(&bed);
    give(&bed, OPTION_EXTERNAL_ID, "e");
    assert_refused(&bed, "external-id is given, but not role-arn");
    begin(&bed);
    give(&bed, OPTION_REGION, "us east");
    assert_refused(&bed, "region: 'us east' is no region's name");
}

static void broken_files_are_told_by_line(void **state)
{
    struct bed bed;

    (void)state;
    begin(&bed);
    give(&bed, OPTION_CREDENTIALS_FILE, "[default]\naws_secret_access_key secret/word\n");
    assert_refused(&bed, "credentials-file: line 2 is neither");
    give(&bed, OPTION_CREDENTIALS_FILE, "\n\n[default\n");
    assert_refused(&bed, "credentials-file: line 3");
}

static void regions_choose_partitions(void **state)
{
    (void)state;
    assert_string_equal(settings_partition(NULL)->route53_url, "https://route53.amazonaws.com");
    assert_string_equal(settings_partition("eu-west-1")->route53_region, "us-east-1");
    assert_string_equal(settings_partition("cn-north-1")->route53_url,
                        "https://route53.amazonaws.com.cn");
    assert_string_equal(settings_partition("cn-north-1")->route53_region, "cn-northwest-1");
    assert_string_equal(settings_partition("us-gov-east-1")->route53_url,
                        "https://route53.us-gov.amazonaws.com");
    assert_string_equal(settings_partition("us-gov-east-1")->route53_region, "us-gov-west-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(given_keys_come_first),
        cmocka_unit_test(a_web_identity_comes_second),
        cmocka_unit_test(the_default_profile_needs_no_name),
        cmocka_unit_test(a_chain_of_profiles_is_followed),
        cmocka_unit_test(a_profile_may_name_itself),
        cmocka_unit_test(profiles_may_name_other_sources),
        cmocka_unit_test(without_files_containers_and_instances_are_asked),
        cmocka_unit_test(what_is_wrong_in_a_profile_is_said),
        cmocka_unit_test(broken_files_are_told_by_line),
        cmocka_unit_test(regions_choose_partitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
