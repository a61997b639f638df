/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/options.h"

#include "base/cleanup.h"

#include <string.h>

/* clang-format off: one row an option reads better than what the tool makes of it */
static const struct option_row OPTIONS[OPTION_COUNT] = {
    [OPTION_DOMAIN] =
        {'d', "domain", "NAME[,NAME...]", true, NULL,
         "a domain name, *.NAME for a wildcard, or the zone to test in; may be repeated"},
    [OPTION_NAME] = {0, "name", "NAME", false, NULL,
                     "the certificate on disk; a new one is called by its first name, without *."},
    [OPTION_PROVIDER] = {0, "provider", "[ZONE=]PROVIDER", true, NULL,
                         "who changes the DNS: a [provider] section or a plug-in; may be repeated"},
    [OPTION_CHALLENGE] = {'t', "challenge", "TYPE", false, NULL,
                          "dns-01: a program at standard input and output publishes"},
    [OPTION_CA] = {0, "ca", "NAME", false, "ca",
                   "the CA: letsencrypt, another built-in name, or a [ca] section"},
    [OPTION_SERVER] = {0, "server", "URL", false, NULL,
                       "the URL of an ACME directory, instead of --ca"},
    [OPTION_STAGING] = {0, "staging", NULL, false, "staging",
                        "the CA's staging service, and its certificates, which nobody trusts"},
    [OPTION_EMAIL] = {'m', "email", "ADDRESS", false, "email",
                      "where the CA may write about expiry and incidents"},
    [OPTION_AGREE_TOS] = {0, "agree-tos", NULL, false, "agree-tos",
                          "you agree to the CA's terms of service"},
    [OPTION_KEY_TYPE] = {0, "key-type", "TYPE", false, "key-type",
                         "ec256, ec384, rsa2048, rsa3072 or rsa4096 (ec256)"},
    [OPTION_PROFILE] = {0, "profile", "NAME", false, NULL,
                        "the certificate profile to order, one that the CA's directory lists"},
    [OPTION_EAB_KID] = {0, "eab-kid", "ID", false, NULL,
                        "external account binding: the key identifier that the CA gave you"},
    [OPTION_EAB_HMAC_KEY_FILE] =
        {0, "eab-hmac-key-file", "FILE", false, NULL,
         "external account binding: a file with the key, or - for standard input"},
    [OPTION_EAB_ALG] = {0, "eab-alg", "ALG", false, NULL,
                        "external account binding: HS256, HS384 or HS512 (HS256)"},
    [OPTION_ALLOW_ALIAS] = {0, "allow-alias", "ZONE", true, NULL,
                            "follow a CNAME of a challenge name into this zone; may be repeated"},
    [OPTION_FORCE] = {0, "force", NULL, false, NULL, "issue now, though nothing is due"},
    [OPTION_EXPAND] = {0, "expand", NULL, false, NULL,
                       "add the names to those that the certificate has, and issue now"},
    [OPTION_REPLACE] = {0, "replace", NULL, false, NULL,
                        "exactly these names instead of those that the certificate has, now"},
    [OPTION_EXIT_UNCHANGED] = {0, "exit-unchanged", NULL, false, NULL,
                               "exit with 2 instead of 0 when nothing was due"},
    [OPTION_DEPLOY_HOOK] = {0, "deploy-hook", "COMMAND", true, NULL,
                            "a program to run when the certificate is new; may be repeated"},
    [OPTION_RENEW_BEFORE] =
        {0, "renew-before", "TIME", false, "renew-before",
         "renew it so long before its end at the latest: 20d, 12h, or a share, 30%"},
    [OPTION_KEEP] = {0, "keep", "NUMBER", false, "keep",
                     "how many older versions of the certificate are kept (3)"},
    [OPTION_SAVE_CREDENTIALS] =
        {0, "save-credentials", NULL, false, NULL,
         "write what a provider got from the environment into the configuration"},
    [OPTION_RESOLVER] = {0, "resolver", "ADDRESS[:PORT]", true, "resolver",
                         "the recursive resolver for DNS checks; may be repeated"},
    [OPTION_PROPAGATION_TIMEOUT] =
        {0, "propagation-timeout", "DURATION", false, "propagation-timeout",
         "how long the name servers may take: 90, 90s, 5m (the provider's, or 5m)"},
    [OPTION_CA_BUNDLE] = {0, "ca-bundle", "FILE", false, "ca-bundle",
                          "the one file of root certificates to trust for the CA"},
    [OPTION_DRY_RUN] = {0, "dry-run", NULL, false, NULL,
                        "try it, or say what would be done, and change nothing"},
    [OPTION_FORGET] = {0, "forget", "ID", false, NULL,
                       "drop this entry of the journal without removing its value"},
    [OPTION_DEBUG] = {0, "debug", "COMMAND", false, NULL,
                      "run the plug-in's process under this command, without deadlines"},
    [OPTION_PLUGIN] = {0, "plugin", "NAME", false, NULL,
                       "the plug-in that serves it (the one called like the provider)"},
    [OPTION_NO_CHECK] = {0, "no-check", NULL, false, NULL, "write it without opening the plug-in"},
    [OPTION_CHECK] = {0, "check", NULL, false, NULL,
                      "exit with 1 if somebody should look at a certificate"},
    [OPTION_METRICS] = {0, "metrics", "FILE", false, "metrics",
                        "write the state of all for Prometheus' node exporter (textfile)"},
    [OPTION_PENDING] = {0, "pending", NULL, false, NULL,
                        "all certificates whose copies or hooks failed or are still to come"},
    [OPTION_SCHEDULED] = {0, "scheduled", NULL, false, NULL,
                          "a timer calls: wait for no lock, tell logs/autorenew/logs.txt too"},
    [OPTION_EVERY] = {0, "every", "DURATION", false, NULL,
                      "again and again, for containers: 4h, 90m; ends by SIGTERM"},
    [OPTION_PRINT] = {0, "print", NULL, false, NULL, "show it only: write and open nothing"},
    [OPTION_PLAN] = {0, "plan", NULL, false, NULL,
                     "show what would be done and why; asks nobody, changes nothing"},
    [OPTION_NO_DEPLOY] = {0, "no-deploy", NULL, false, NULL,
                          "leave copies, deploy and failure hooks to 'acme-dns deploy --pending'"},
    [OPTION_MAX_ORDERS] = {0, "max-orders", "NUMBER", false, "max-orders",
                           "begin at most so many orders, the nearest ends first (100)"},
    [OPTION_PARALLEL_ORDERS] = {0, "parallel-orders", "NUMBER", false, "parallel-orders",
                                "how many orders go at once (10)"},
    [OPTION_REASON] = {0, "reason", "CODE", false, NULL,
                       "0 unspecified, 1 keyCompromise, 4 superseded, 5 cessationOfOperation (0)"},
    [OPTION_REISSUE] = {0, "reissue", NULL, false, NULL,
                        "first issue and deploy another one, with a new key, in its place"},
    [OPTION_CERT] = {0, "cert", "FILE", false, NULL,
                     "a file with the certificate, instead of --name"},
    [OPTION_YES] = {0, "yes", NULL, false, NULL, "do it without asking"},
    [OPTION_LEASE] = {0, "lease", "DURATION", false, NULL,
                      "how long the value may stand: 90s, 5m, 2h, 1d (1d)"},
    [OPTION_WAIT] = {0, "wait", NULL, false, NULL,
                     "come back when all name servers serve it, not when it is published"},
    [OPTION_CONFIG] = {0, "config", "FILE", false, NULL,
                       "the configuration file; conf.d/*.conf beside it is read too"},
    [OPTION_STATE_DIR] = {0, "state-dir", "FOLDER", false, "state-dir",
                          "where certificates, accounts and journals are kept"},
    [OPTION_ALLOW_NETWORK_FS] = {0, "allow-network-fs", NULL, false, "allow-network-fs",
                                 "that folder may lie on a file system of another host"},
    [OPTION_PLUGIN_DIR] = {0, "plugin-dir", "FOLDER", true, "plugin-dir",
                           "look for plug-ins here first; may be repeated"},
    [OPTION_NON_INTERACTIVE] = {'n', "non-interactive", NULL, false, NULL,
                                "never ask; implied without a terminal"},
    [OPTION_JSON] = {0, "json", NULL, false, NULL,
                     "write one JSON object a line to standard output"},
    [OPTION_VERBOSE] = {'v', "verbose", NULL, true, NULL,
                        "tell more; twice: trace requests and DNS questions"},
    [OPTION_QUIET] = {'q', "quiet", NULL, false, NULL, "tell warnings and errors only"},
    [OPTION_HELP] = {'h', "help", NULL, false, NULL, "show this help"},
    [OPTION_VERSION] = {0, "version", NULL, false, NULL, "show the program's version"},
};

static const enum option_id ISSUE_OPTIONS[] = {
    OPTION_DOMAIN,
    OPTION_NAME,
    OPTION_PROVIDER,
    OPTION_CHALLENGE,
    OPTION_CA,
    OPTION_SERVER,
    OPTION_STAGING,
    OPTION_EMAIL,
    OPTION_AGREE_TOS,
    OPTION_KEY_TYPE,
    OPTION_PROFILE,
    OPTION_RENEW_BEFORE,
    OPTION_KEEP,
    OPTION_EAB_KID,
    OPTION_EAB_HMAC_KEY_FILE,
    OPTION_EAB_ALG,
    OPTION_ALLOW_ALIAS,
    OPTION_FORCE,
    OPTION_EXPAND,
    OPTION_REPLACE,
    OPTION_EXIT_UNCHANGED,
    OPTION_DEPLOY_HOOK,
    OPTION_SAVE_CREDENTIALS,
    OPTION_RESOLVER,
    OPTION_PROPAGATION_TIMEOUT,
    OPTION_CA_BUNDLE,
    OPTION_DRY_RUN,
};
static const enum option_id CLEANUP_OPTIONS[] = {
    OPTION_DRY_RUN,
    OPTION_FORGET,
    OPTION_ALLOW_ALIAS,
    OPTION_RESOLVER,
};

static const enum option_id PLUGIN_TEST_OPTIONS[] = {
    OPTION_DOMAIN, OPTION_ALLOW_ALIAS, OPTION_RESOLVER, OPTION_PROPAGATION_TIMEOUT, OPTION_DEBUG,
};

static const enum option_id PROVIDER_ADD_OPTIONS[] = {
    OPTION_PLUGIN,
    OPTION_NO_CHECK,
};

static const enum option_id LIST_OPTIONS[] = {OPTION_CHECK, OPTION_METRICS};
static const enum option_id REVOKE_OPTIONS[] = {OPTION_NAME,    OPTION_REASON, OPTION_CERT,
                                                OPTION_REISSUE, OPTION_CA,     OPTION_SERVER,
                                                OPTION_STAGING, OPTION_YES,    OPTION_CA_BUNDLE};
static const enum option_id DEPLOY_OPTIONS[] = {OPTION_PENDING, OPTION_SCHEDULED};
static const enum option_id PRINT_OPTIONS[] = {OPTION_PRINT};
static const enum option_id PROCESS_OPTIONS[] = {
    OPTION_DRY_RUN,
    OPTION_METRICS,
    OPTION_PLAN,
    OPTION_MAX_ORDERS,
    OPTION_PARALLEL_ORDERS,
    OPTION_SCHEDULED,
    OPTION_NO_DEPLOY,
    OPTION_EXIT_UNCHANGED,
    OPTION_STAGING,
    OPTION_AGREE_TOS,
    OPTION_EMAIL,
    OPTION_RESOLVER,
    OPTION_CA_BUNDLE,
    OPTION_PROPAGATION_TIMEOUT,
    OPTION_EVERY,
};
static const enum option_id RENEW_OPTIONS[] = {
    OPTION_DRY_RUN,
    OPTION_METRICS,
    OPTION_PLAN,
    OPTION_FORCE,
    OPTION_MAX_ORDERS,
    OPTION_PARALLEL_ORDERS,
    OPTION_SCHEDULED,
    OPTION_NO_DEPLOY,
    OPTION_EXIT_UNCHANGED,
    OPTION_STAGING,
    OPTION_RESOLVER,
    OPTION_CA_BUNDLE,
    OPTION_PROPAGATION_TIMEOUT,
};
static const enum option_id ADOPT_OPTIONS[] = {OPTION_STAGING};
static const enum option_id DELETE_OPTIONS[] = {OPTION_YES, OPTION_STAGING};
static const enum option_id DNS_ADD_OPTIONS[] = {
    OPTION_LEASE,       OPTION_WAIT,     OPTION_PROVIDER,
    OPTION_ALLOW_ALIAS, OPTION_RESOLVER, OPTION_PROPAGATION_TIMEOUT,
};
static const enum option_id DNS_WAIT_OPTIONS[] = {
    OPTION_PROVIDER,
    OPTION_ALLOW_ALIAS,
    OPTION_RESOLVER,
    OPTION_PROPAGATION_TIMEOUT,
};
static const enum option_id DNS_REMOVE_OPTIONS[] = {
    OPTION_PROVIDER,
    OPTION_ALLOW_ALIAS,
    OPTION_RESOLVER,
};

static const struct command_row COMMANDS[COMMAND_COUNT] = {
    [COMMAND_ISSUE] =
        {"issue", "", 0, 0, "obtain a certificate, unless there is a good one already",
         "# a wildcard and its base name, through the [provider] section or plug-in rfc2136\n"
         "acme-dns issue -d example.com -d '*.example.com' --provider rfc2136\n"
         "# try it first, against the staging service of Let's Encrypt\n"
         "acme-dns issue -d example.com --provider rfc2136 --staging -m ops@example.com "
         "--agree-tos\n"
         "# one certificate over two DNS hosts\n"
         "acme-dns issue -d example.com,example.net --provider example.com=cf --provider "
         "example.net=bind\n"
         "# without a provider that can be talked to: a person creates the records\n"
         "acme-dns issue -d example.com --provider manual\n"
         "# one name more\n"
         "acme-dns issue --name example.com -d www.example.com --expand\n",
         ISSUE_OPTIONS, ARRAY_LEN(ISSUE_OPTIONS)},
    [COMMAND_CLEANUP] = {"cleanup", "", 0, 0,
                         "remove what runs that were cut short left in the DNS",
                         "# what is there to remove?\n"
                         "acme-dns cleanup --dry-run\n"
                         "acme-dns cleanup\n",
                         CLEANUP_OPTIONS, ARRAY_LEN(CLEANUP_OPTIONS)},
    [COMMAND_PLUGIN_LIST] = {"plugin list", "", 0, 0, "list the plug-ins that can be found",
                             "acme-dns plugin list\n"
                             "acme-dns plugin list --plugin-dir ./build/plugins\n",
                             NULL, 0},
    [COMMAND_PLUGIN_SHOW] = {"plugin show", "NAME", 1, 0,
                             "show a plug-in's options, and what keeps it from your keys",
                             "acme-dns plugin show rfc2136\n"
                             "# for a script\n"
                             "acme-dns plugin show rfc2136 --json\n",
                             NULL, 0},
    [COMMAND_PLUGIN_NEW] = {"plugin new", "NAME [FOLDER]", 1, 1,
                            "begin to write a plug-in: a folder that builds and checks itself",
                            "# into the folder my-dns; then: make -C my-dns check\n"
                            "acme-dns plugin new my-dns\n",
                            NULL, 0},
    [COMMAND_PLUGIN_TEST] = {"plugin test", "NAME", 1, 0,
                             "try a plug-in on a zone of yours, without any CA",
                             "# the section [provider bind], in a zone that it may change\n"
                             "acme-dns plugin test bind -d example.com\n"
                             "# a plug-in that you are writing, its options from the environment\n"
                             "acme-dns plugin test ./mine.so -d example.com\n"
                             "# the same under a debugger (see the manual for gdb)\n"
                             "acme-dns plugin test ./mine.so -d example.com --debug valgrind\n",
                             PLUGIN_TEST_OPTIONS, ARRAY_LEN(PLUGIN_TEST_OPTIONS)},
    [COMMAND_PROVIDER_ADD] =
        {"provider add", "NAME [OPTION=VALUE...]", 1, 64,
         "write a [provider] section, its secrets in files of their own, and try it",
         "# asks for what the plug-in needs\n"
         "acme-dns provider add bind --plugin rfc2136\n"
         "# without a terminal: @FILE or - (standard input) for secrets\n"
         "acme-dns provider add bind --plugin rfc2136 server=192.0.2.1 key-file=@/root/tsig.key\n",
         PROVIDER_ADD_OPTIONS, ARRAY_LEN(PROVIDER_ADD_OPTIONS)},
    [COMMAND_LIST] = {"list", "", 0, 0, "list the certificates, and how they stand",
                      "acme-dns list\n"
                      "# for monitoring: exit status 1 when one is in danger\n"
                      "acme-dns list --check -q\n"
                      "acme-dns list --metrics /var/lib/prometheus/node-exporter/acme-dns.prom\n",
                      LIST_OPTIONS, ARRAY_LEN(LIST_OPTIONS)},
    [COMMAND_SHOW] = {"show", "NAME", 1, 0, "show all that is known of a certificate",
                      "acme-dns show example.com\n"
                      "# for a script\n"
                      "acme-dns show example.com --json\n",
                      NULL, 0},
    [COMMAND_DELETE] = {"delete", "NAME", 1, 0,
                        "forget a certificate, its key and its versions; it is not revoked",
                        "acme-dns delete old.example.com\n"
                        "# in a script\n"
                        "acme-dns delete old.example.com --yes\n",
                        DELETE_OPTIONS, ARRAY_LEN(DELETE_OPTIONS)},
    [COMMAND_DEPLOY] = {"deploy", "[NAME]", 0, 1,
                        "run the deploy hooks of a certificate, or those that failed",
                        "acme-dns deploy example.com\n"
                        "# what a run before could not do\n"
                        "acme-dns deploy --pending\n",
                        DEPLOY_OPTIONS, ARRAY_LEN(DEPLOY_OPTIONS)},
    [COMMAND_CONFIG_CHECK] = {"config check", "", 0, 0,
                              "say everything that is wrong with the configuration",
                              "acme-dns config check\n"
                              "# one that is not in force yet\n"
                              "acme-dns config check --config ./acme-dns.conf\n",
                              NULL, 0},
    [COMMAND_PROCESS] = {"process", "", 0, 0,
                         "issue what is missing and renew what is due, of all certificates",
                         "# what would it do?\n"
                         "acme-dns process --plan\n"
                         "acme-dns process\n",
                         PROCESS_OPTIONS, ARRAY_LEN(PROCESS_OPTIONS)},
    [COMMAND_RENEW] = {"renew", "[NAME...]", 0, 1000, "renew what is due, or what is named and due",
                       "acme-dns renew\n"
                       "# now, though it is not due\n"
                       "acme-dns renew --force example.com\n",
                       RENEW_OPTIONS, ARRAY_LEN(RENEW_OPTIONS)},
    [COMMAND_ADOPT] = {"adopt", "NAME", 1, 0,
                       "print a certificate's section, to be put into the configuration",
                       "acme-dns adopt example.com\n", ADOPT_OPTIONS, ARRAY_LEN(ADOPT_OPTIONS)},
    [COMMAND_CONFIG_SHOW] = {"config show", "[KIND [NAME]]", 0, 2,
                             "show the settings in force, and where each comes from",
                             "acme-dns config show\n"
                             "# what counts for one certificate\n"
                             "acme-dns config show certificate example.com\n"
                             "acme-dns config show provider cf --json\n",
                             NULL, 0},
    [COMMAND_REVOKE] =
        {"revoke", "", 0, 0, "have the CA revoke a certificate, and take its files out of use",
         "# somebody got hold of the private key\n"
         "acme-dns revoke --name example.com --reason keyCompromise --reissue\n"
         "# one that is not installed here\n"
         "acme-dns revoke --cert old.pem --ca letsencrypt --reason superseded --yes\n",
         REVOKE_OPTIONS, ARRAY_LEN(REVOKE_OPTIONS)},
    [COMMAND_DNS_ADD] = {"dns add", "NAME VALUE", 2, 0,
                         "publish a challenge value, for the hook of another ACME client",
                         "# in a hook of certbot's\n"
                         "acme-dns dns add --wait -- \"$CERTBOT_DOMAIN\" \"$CERTBOT_VALIDATION\"\n",
                         DNS_ADD_OPTIONS, ARRAY_LEN(DNS_ADD_OPTIONS)},
    [COMMAND_DNS_WAIT] = {"dns wait", "NAME VALUE", 2, 0,
                          "wait until all name servers serve a challenge value",
                          "acme-dns dns wait --propagation-timeout 10m -- \"$NAME\" \"$VALUE\"\n",
                          DNS_WAIT_OPTIONS, ARRAY_LEN(DNS_WAIT_OPTIONS)},
    [COMMAND_DNS_REMOVE] = {"dns remove", "NAME VALUE", 2, 0,
                            "remove this challenge value, and no other",
                            "acme-dns dns remove -- \"$CERTBOT_DOMAIN\" \"$CERTBOT_VALIDATION\"\n",
                            DNS_REMOVE_OPTIONS, ARRAY_LEN(DNS_REMOVE_OPTIONS)},
    [COMMAND_REGISTER_AUTORENEW] = {"register-autorenew", "", 0, 0,
                                    "have systemd or cron renew what is due, every four hours",
                                    "acme-dns register-autorenew\n"
                                    "# what would be written?\n"
                                    "acme-dns register-autorenew --print\n",
                                    PRINT_OPTIONS, ARRAY_LEN(PRINT_OPTIONS)},
    [COMMAND_DEREGISTER_AUTORENEW] = {"deregister-autorenew", "", 0, 0,
                                      "take away what register-autorenew wrote",
                                      "acme-dns deregister-autorenew\n", NULL, 0},
    [COMMAND_AUTORENEW_STATUS] = {"autorenew status", "", 0, 0,
                                  "show when renewal ran, how it ended, and when it runs next",
                                  "# for monitoring: exit status 1 when somebody should look\n"
                                  "acme-dns autorenew status\n",
                                  NULL, 0},
    [COMMAND_OPEN_LOGS] = {"open-logs", "", 0, 0, "show the logs, or where they are",
                           "acme-dns open-logs\n"
                           "# for a script: two paths, the logs of all runs and of scheduled ones\n"
                           "acme-dns open-logs --print\n",
                           PRINT_OPTIONS, ARRAY_LEN(PRINT_OPTIONS)},
    [COMMAND_OPEN_STATE] = {"open-state", "", 0, 0,
                            "show where certificates, accounts and journals are",
                            "acme-dns open-state\n", PRINT_OPTIONS, ARRAY_LEN(PRINT_OPTIONS)},
};
/* clang-format on */

static const enum option_id GENERAL_OPTIONS[] = {
    OPTION_CONFIG,     OPTION_STATE_DIR,       OPTION_ALLOW_NETWORK_FS,
    OPTION_PLUGIN_DIR, OPTION_NON_INTERACTIVE, OPTION_JSON,
    OPTION_VERBOSE,    OPTION_QUIET,           OPTION_HELP,
    OPTION_VERSION,
};

const struct option_row *option_row(enum option_id id)
{
    return &OPTIONS[id];
}

const struct command_row *command_row(enum command_id id)
{
    return &COMMANDS[id];
}

static bool is_among(const enum option_id *ids, size_t n, enum option_id id)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

bool option_is_general(enum option_id id)
{
    return is_among(GENERAL_OPTIONS, ARRAY_LEN(GENERAL_OPTIONS), id);
}

bool command_takes(const struct command_row *command, enum option_id id)
{
    return option_is_general(id) || is_among(command->options, command->n_options, id);
}

const char *option_refusal(const char *name)
{
    static const struct {
        const char *name, *reason;
    } REFUSALS[] = {
        {"eab-hmac-key",
         "use --eab-hmac-key-file FILE, or --eab-hmac-key-file - and standard input"},
        {"eab-key", "use --eab-hmac-key-file FILE, or --eab-hmac-key-file - and standard input"},
        {"token", "put it into a [provider] section, a file, or the environment"},
        {"api-token", "put it into a [provider] section, a file, or the environment"},
        {"api-key", "put it into a [provider] section, a file, or the environment"},
        {"password", "put it into a [provider] section, a file, or the environment"},
        {"secret", "put it into a [provider] section, a file, or the environment"},
        {"tsig-secret", "put it into a [provider] section, a file, or the environment"},
    };

    for (size_t i = 0; i < ARRAY_LEN(REFUSALS); i++) {
        if (strcmp(name, REFUSALS[i].name) == 0) {
            return REFUSALS[i].reason;
        }
    }
    return NULL;
}
