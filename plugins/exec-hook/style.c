/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Whose conventions a program can follow. A convention is one row of the table at the end and
 * nothing else: what is run, with which arguments and variables, what its exit codes and its output
 * mean. The manual page has a section for each.
 */
#include "exec-hook.h"

#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- Exit codes ---- */

#define FAILED "failed"
#define RESERVED "used an exit code that is reserved"
#define NOT_EXECUTABLE "could not run something (not executable)"
#define NOT_FOUND "did not find a command that it needs"
#define MEANINGLESS "used an exit code that has no meaning here"

/* The table of the manual page. 65, 75, 77 and 78 are those of sysexits.h. Other codes most often
 * come from a command that a script ran, such as curl's when its time is up, or from an exception
 * that nobody caught (1), and 126 and 127 from the shell behind any number of commands that did
 * run: nobody thought of a promise then. */
static const struct style_codes native_codes = {
    .rows = {{1, 1, CODE_VAGUE, FAILED},
             {2, 2, ACME_UNSUPPORTED, "does not support this verb"},
             {3, 3, CODE_VAGUE, "says 'not yet' (3), which only 'settled' may"},
             {4, 64, CODE_VAGUE, RESERVED},
             {65, 65, ACME_REJECTED, "refuses the change"},
             {66, 74, CODE_VAGUE, RESERVED},
             {75, 75, ACME_RETRY, "asks to come back later"},
             {76, 76, CODE_VAGUE, MEANINGLESS},
             {77, 77, ACME_DENIED, "says that its credential was refused"},
             {78, 78, ACME_BAD_CONFIG, "says that its settings are wrong"},
             {79, 125, CODE_VAGUE, MEANINGLESS},
             {126, 126, CODE_VAGUE, NOT_EXECUTABLE},
             {127, 127, CODE_VAGUE, NOT_FOUND},
             {128, 255, CODE_VAGUE, MEANINGLESS}}};

/* Nothing is changed by asking: here a code without a meaning is no reason to ask again. */
static const struct style_codes native_settled_codes = {
    .rows = {{1, 1, ACME_REJECTED, FAILED},
             {3, 3, ACME_RETRY, "says that it is not live yet"},
             {4, 64, ACME_REJECTED, RESERVED},
             {66, 74, ACME_REJECTED, RESERVED},
             {76, 76, ACME_REJECTED, MEANINGLESS},
             {79, 125, ACME_REJECTED, MEANINGLESS},
             {126, 126, ACME_BAD_CONFIG, NOT_EXECUTABLE},
             {127, 127, ACME_BAD_CONFIG, NOT_FOUND},
             {128, 255, ACME_REJECTED, MEANINGLESS}},
    .rest = &native_codes};

/* A program of another client's may have published the value and failed behind that: unlike ours,
 * its codes promise nothing. */
static const struct style_codes all_but_zero = {.rule = "every code but 0 is a failure",
                                                .rows = {{1, 255, CODE_VAGUE, FAILED}}};

static const struct style_codes certbot_codes = {
    .rule = "certbot takes no notice of exit codes, so the name servers decide",
    .rows = {{1, 255, ACME_OK, FAILED}}};

static const struct style_codes acme_sh_codes = {
    .rule = "dnsapi functions return 0 or 1",
    .rows = {{78, 78, ACME_BAD_CONFIG, "cannot be called"}, {1, 255, CODE_VAGUE, FAILED}}};

/* A declined challenge gets neither `done` nor `failed`: the program has left nothing behind. */
static const struct style_codes uacme_begin_codes = {
    .rule = "every code but 0 declines",
    .rows = {{1, 255, ACME_REJECTED, "declines the challenge"}}};

static const struct style_codes uacme_done_codes = {
    .rule = "uacme takes no notice of this exit code", .rows = {{1, 255, ACME_OK, FAILED}}};

static const struct style_codes getssl_del_codes = {
    .rule = "getssl takes no notice of the exit code of DNS_DEL_COMMAND",
    .rows = {{1, 255, ACME_OK, FAILED}}};

/* ---- acme.sh ---- */

/* acme.sh ends by running its arguments as one of its functions: with `true` it only defines them.
 * Logs would go to where its account.conf says. What is read here is the home of this run. */
static const char acme_sh_call[] = "_ad_script=$1 _ad_verb=$2 _ad_name=$3 _ad_value=$4\n"
                                   "set -- true\n"
                                   ". \"$0\" || exit 78\n"
                                   "_initpath || exit 78\n"
                                   "LOG_FILE= SYS_LOG=0\n"
                                   "DOMAIN_CONF=$LE_CONFIG_HOME/domain.conf\n"
                                   ". \"$_ad_script\" || exit 78\n"
                                   "_ad_function=${_ad_script##*/}\n"
                                   "_ad_function=${_ad_function%.sh}_$_ad_verb\n"
                                   "if ! _exists \"$_ad_function\"; then\n"
                                   "    echo \"$_ad_script has no function $_ad_function\" >&2\n"
                                   "    exit 78\n"
                                   "fi\n"
                                   "\"$_ad_function\" \"$_ad_name\" \"$_ad_value\"\n";

/* ---- Arguments and variables ---- */

#define COMMAND_AND_VERB LIST("{COMMAND}", "{ARGS}", "{VERB}")
#define COMMAND_ALONE LIST("{COMMAND}", "{ARGS}")
#define CLEANUP_ALONE LIST("{CLEANUP}", "{CLEANUP_ARGS}")
#define FQDN_AND_VALUE LIST("{FQDN}", "{VALUE}")
#define ACME_SH_ARGV LIST("/bin/sh", "-c", acme_sh_call, "{ACME_SH}", "{COMMAND}", "{VERB}")

#define NATIVE_ENVIRONMENT                                                                 \
    LIST("ACME_DNS_VERB={VERB}", "ACME_DNS_FQDN={FQDN}", "ACME_DNS_VALUE={VALUE}",         \
         "ACME_DNS_ZONE={ZONE}", "ACME_DNS_TTL={TTL}", "ACME_DNS_IDENTIFIER={IDENTIFIER}", \
         "ACME_DNS_WILDCARD={WILDCARD}", "ACME_DNS_TOKEN={TOKEN}",                         \
         "ACME_DNS_KEY_AUTHORIZATION={KEY_AUTHORIZATION}", "ACME_DNS_RECEIPT={RECEIPT}")

/* CERTBOT_TOKEN is for http-01 and not there; CERTBOT_IDENTIFIER and _ALL_IDENTIFIERS are what
 * newer certbots say beside DOMAIN. */
#define CERTBOT_ENVIRONMENT                                                                 \
    "CERTBOT_DOMAIN={DOMAIN}", "CERTBOT_IDENTIFIER={DOMAIN}", "CERTBOT_VALIDATION={VALUE}", \
        "CERTBOT_ALL_DOMAINS={ALL_DOMAINS}", "CERTBOT_ALL_IDENTIFIERS={ALL_DOMAINS}",       \
        "CERTBOT_REMAINING_CHALLENGES={N_LEFT}"

#define UACME_ENVIRONMENT                                                    \
    LIST("UACME_METHOD={VERB}", "UACME_TYPE=dns-01", "UACME_IDENT={DOMAIN}", \
         "UACME_TOKEN={TOKEN}", "UACME_AUTH={VALUE}")

#define ACME_SH_ENVIRONMENT                                                                  \
    LIST("LE_WORKING_DIR={HOME}", "LE_CONFIG_HOME={HOME}", "HTTP_HEADER={HOME}/http.header", \
         "TMPDIR={HOME}", "LE_TEMP_DIR={HOME}", "ACCOUNT_CONF_PATH={HOME}/account.conf")

/* ---- The table ---- */

static const struct style styles[] = {
    {.name = "native",
     .verbs = {[VERB_ADD] = {.name = "add",
                             .argv = COMMAND_AND_VERB,
                             .each = FQDN_AND_VALUE,
                             .environment = NATIVE_ENVIRONMENT,
                             .codes = &native_codes,
                             .output = OUTPUT_NATIVE},
               [VERB_REMOVE] = {.name = "remove",
                                .argv = COMMAND_AND_VERB,
                                .each = FQDN_AND_VALUE,
                                .environment = NATIVE_ENVIRONMENT,
                                .codes = &native_codes,
                                .output = OUTPUT_NATIVE},
               [VERB_SETTLED] = {.name = "settled",
                                 .argv = COMMAND_AND_VERB,
                                 .each = FQDN_AND_VALUE,
                                 .environment = NATIVE_ENVIRONMENT,
                                 .codes = &native_settled_codes,
                                 .output = OUTPUT_NATIVE},
               [VERB_BATCH] = {.name = "batch",
                               .argv = COMMAND_AND_VERB,
                               .environment = LIST("ACME_DNS_VERB={VERB}"),
                               .codes = &native_codes,
                               .output = OUTPUT_NATIVE}},
     .takes = STYLE_TAKES_BATCH | STYLE_TAKES_ARGUMENTS},

    {.name = "lego",
     .verbs = {[VERB_ADD] = {.name = "present",
                             .argv = COMMAND_AND_VERB,
                             .each = FQDN_AND_VALUE,
                             .codes = &all_but_zero},
               [VERB_REMOVE] = {.name = "cleanup",
                                .argv = COMMAND_AND_VERB,
                                .each = FQDN_AND_VALUE,
                                .codes = &all_but_zero}},
     .takes = STYLE_TAKES_ARGUMENTS},

    {.name = "lego-raw",
     .verbs = {[VERB_ADD] = {.name = "present",
                             .argv = COMMAND_AND_VERB,
                             .each = LIST("--", "{DOMAIN}", "{TOKEN}", "{KEY_AUTHORIZATION}"),
                             .codes = &all_but_zero},
               [VERB_REMOVE] = {.name = "cleanup",
                                .argv = COMMAND_AND_VERB,
                                .each = LIST("--", "{DOMAIN}", "{TOKEN}", "{KEY_AUTHORIZATION}"),
                                .codes = &all_but_zero}},
     .takes = STYLE_TAKES_ARGUMENTS,
     .is_at_label = true},

    {.name = "certbot",
     .verbs = {[VERB_ADD] = {.name = "auth hook",
                             .argv = COMMAND_ALONE,
                             .environment = LIST(CERTBOT_ENVIRONMENT),
                             .codes = &certbot_codes,
                             .output = OUTPUT_RECEIPT},
               [VERB_REMOVE] = {.name = "cleanup hook",
                                .argv = CLEANUP_ALONE,
                                .environment =
                                    LIST(CERTBOT_ENVIRONMENT, "CERTBOT_AUTH_OUTPUT={RECEIPT}"),
                                .codes = &certbot_codes}},
     .drops = "CERTBOT_",
     .takes = STYLE_TAKES_CLEANUP | STYLE_TAKES_ARGUMENTS,
     .is_at_label = true},

    {.name = "dehydrated",
     .verbs = {[VERB_ADD] = {.name = "deploy_challenge",
                             .argv = COMMAND_AND_VERB,
                             .each = LIST("{DOMAIN}", "{TOKEN}", "{VALUE}"),
                             .codes = &all_but_zero},
               [VERB_REMOVE] = {.name = "clean_challenge",
                                .argv = COMMAND_AND_VERB,
                                .each = LIST("{DOMAIN}", "{TOKEN}", "{VALUE}"),
                                .codes = &all_but_zero},
               [VERB_STARTUP] = {.name = "startup_hook",
                                 .argv = COMMAND_AND_VERB,
                                 .codes = &all_but_zero},
               [VERB_EXIT] = {.name = "exit_hook",
                              .argv = COMMAND_AND_VERB,
                              .codes = &all_but_zero}},
     .unless_set =
         LIST("CONFIG=/etc/dehydrated/config", "BASEDIR=/etc/dehydrated",
              "CERTDIR=/etc/dehydrated/certs", "ALPNCERTDIR=/etc/dehydrated/alpn-certs",
              "WELLKNOWN=/var/www/dehydrated", "COMMAND=sign_domains", "CHALLENGETYPE=dns-01"),
     .takes = STYLE_TAKES_CHAIN | STYLE_TAKES_ARGUMENTS,
     .is_at_label = true},

    {.name = "acme.sh",
     .verbs = {[VERB_ADD] = {.name = "add",
                             .argv = ACME_SH_ARGV,
                             .each = LIST("{NAME}", "{VALUE}"),
                             .environment = ACME_SH_ENVIRONMENT,
                             .codes = &acme_sh_codes},
               [VERB_REMOVE] = {.name = "rm",
                                .argv = ACME_SH_ARGV,
                                .each = LIST("{NAME}", "{VALUE}"),
                                .environment = ACME_SH_ENVIRONMENT,
                                .codes = &acme_sh_codes}},
     .unless_set = LIST("NO_TIMESTAMP=1"),
     .drops = "LE_",
     .takes = STYLE_TAKES_ACME_SH},

    {.name = "uacme",
     .verbs = {[VERB_ADD] = {.name = "begin",
                             .argv = COMMAND_AND_VERB,
                             .each = LIST("dns-01", "{DOMAIN}", "{TOKEN}", "{VALUE}"),
                             .environment = UACME_ENVIRONMENT,
                             .codes = &uacme_begin_codes},
               [VERB_REMOVE] = {.name = "done",
                                .argv = COMMAND_AND_VERB,
                                .each = LIST("dns-01", "{DOMAIN}", "{TOKEN}", "{VALUE}"),
                                .environment = UACME_ENVIRONMENT,
                                .codes = &uacme_done_codes}},
     .unless_set = LIST("UACME_CONFDIR=/etc/ssl/uacme", "UACME_VERBOSE=0"),
     .takes = STYLE_TAKES_ARGUMENTS,
     .is_at_label = true},

    {.name = "getssl",
     .verbs = {[VERB_ADD] = {.name = "DNS_ADD_COMMAND",
                             .argv = COMMAND_ALONE,
                             .each = LIST("{DOMAIN}", "{VALUE}"),
                             .codes = &all_but_zero},
               [VERB_REMOVE] = {.name = "DNS_DEL_COMMAND",
                                .argv = CLEANUP_ALONE,
                                .each = LIST("{DOMAIN}", "{VALUE}"),
                                .codes = &getssl_del_codes}},
     .takes = STYLE_TAKES_CLEANUP | STYLE_TAKES_ARGUMENTS,
     .is_at_label = true},
};

const struct style *style_find(const char *name)
{
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(styles[i].name, name) == 0) {
            return &styles[i];
        }
    }
    return NULL;
}
