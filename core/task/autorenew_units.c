/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The texts of units and crontabs.
 *
 *     acme-dns-renew.timer -> acme-dns-renew.service -> acme-dns-deploy.service
 *                             process --no-deploy       deploy --pending
 *
 * The first service talks to CAs, name servers and providers, in a sandbox. Deploy hooks restart
 * servers and write anywhere: they cannot run in there, and what the sandbox's own ExecStopPost=+
 * starts keeps its file systems. So they are a service of their own, started by OnSuccess= and
 * OnFailure= both: when one certificate failed the others' hooks run all the same.
 */
#include "task/autorenew_impl.h"

#include "base/fs.h"
#include "base/mem.h"

#define MANUAL "Documentation=man:acme-dns(1)\n"
#define OURS                                                                                   \
    "# Changes of your own belong in a drop-in ('systemctl edit %s'), which stays when this\n" \
    "# file is written anew.\n"

/* What is not in @system-service: without Landlock plug-ins would be shut in less than by hand.
 * AF_NETLINK: the C library asks which addresses the machine has, and answers in their order.
 * Capabilities: workers become another user, keys get a group, workers of another user are killed,
 * and what root may read by its rights only. */
static const char SANDBOX[] = "ProtectSystem=strict\n"
                              "ProtectHome=read-only\n"
                              "PrivateTmp=yes\n"
                              "PrivateDevices=yes\n"
                              "ProtectClock=yes\n"
                              "ProtectControlGroups=yes\n"
                              "ProtectHostname=yes\n"
                              "ProtectKernelLogs=yes\n"
                              "ProtectKernelModules=yes\n"
                              "ProtectKernelTunables=yes\n"
                              "ProtectProc=invisible\n"
                              "PrivateMounts=yes\n"
                              "LockPersonality=yes\n"
                              "RestrictNamespaces=yes\n"
                              "RestrictRealtime=yes\n"
                              "KeyringMode=private\n"
                              "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"
                              "SystemCallArchitectures=native\n"
                              "SystemCallFilter=@system-service\n"
                              "SystemCallFilter=landlock_create_ruleset landlock_add_rule "
                              "landlock_restrict_self\n"
                              "SystemCallErrorNumber=EPERM\n";

static const char NO_PRIVILEGES[] =
    "NoNewPrivileges=yes\n"
    "RestrictSUIDSGID=yes\n"
    "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL CAP_DAC_READ_SEARCH\n";

static int add_words(const struct strv *words, struct buf *to, struct err *err)
{
    for (size_t i = 0; i < words->n; i++) {
        buf_add_char(to, ' ');
        if (autorenew_quote_unit(words->items[i], to, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

/* ':' keeps $ from meaning variables. */
static int add_exec(const struct autorenew_plan *plan, const char *command, struct buf *to,
                    struct err *err)
{
    buf_add_str(to, "ExecStart=:");
    if (autorenew_quote_unit(plan->program, to, err) < 0) {
        return err_code(err);
    }
    buf_addf(to, " %s", command);
    if (add_words(&plan->options, to, err) < 0) {
        return err_code(err);
    }
    buf_add_char(to, '\n');
    return 0;
}

static void add_file(struct autorenew_files *files, const struct autorenew_plan *plan,
                     const char *name, const struct buf *text)
{
    VEC_PUSH(files->items, files->n, files->cap) = (struct autorenew_file){
        .path = fs_join(plan->folder, name), .text = autorenew_stamp_add(buf_str(text))};
}

static void add_timer(const struct autorenew_plan *plan, struct autorenew_files *files)
{
    AUTO(buf_done) struct buf text = BUF(AUTORENEW_TEXT_MAX);

    buf_addf(&text, OURS, AUTORENEW_TIMER);
    buf_add_str(&text, "[Unit]\nDescription=Renewal of certificates by acme-dns\n" MANUAL
                       "\n[Timer]\nOnCalendar=");
    autorenew_format_calendar(plan->minute, &text);
    buf_add_str(&text, "\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n");
    add_file(files, plan, AUTORENEW_TIMER, &text);
}

static int add_sandbox(const struct autorenew_plan *plan, struct buf *to, struct err *err)
{
    buf_add_str(to, SANDBOX);
    if (plan->may_gain_privileges) {
        buf_add_str(to, "# A [provider] section has new-privileges = yes.\nNoNewPrivileges=no\n");
    } else {
        buf_add_str(to, NO_PRIVILEGES);
    }
    buf_add_str(to, "ReadWritePaths=");
    if (autorenew_quote_unit(plan->state_dir, to, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < plan->writable.n; i++) {
        AUTO_FREE char *optional = str_fmt("-%s", plan->writable.items[i]);

        buf_add_char(to, ' ');
        if (autorenew_quote_unit(optional, to, err) < 0) {
            return err_code(err);
        }
    }
    buf_add_char(to, '\n');
    return 0;
}

/* 7: the CA will have it later; 9: another run is at it. Neither is worth an alarm. */
static void add_service_head(const char *description, const char *more, struct buf *to)
{
    buf_addf(to, "[Unit]\nDescription=%s\n" MANUAL "%s\n[Service]\nType=oneshot\n", description,
             more);
    buf_add_str(to, "SuccessExitStatus=7 9\nTimeoutStartSec=6h\nUMask=0077\n");
}

/* A state folder that is not mounted yet would be found empty, and all be issued anew. */
static int add_mounts(const struct autorenew_plan *plan, struct buf *to, struct err *err)
{
    buf_add_str(to, "RequiresMountsFor=");
    if (autorenew_quote_unit(plan->state_dir, to, err) < 0) {
        return err_code(err);
    }
    buf_add_char(to, '\n');
    return 0;
}

static int add_system_services(const struct autorenew_plan *plan, struct autorenew_files *files,
                               struct err *err)
{
    AUTO(buf_done) struct buf mounts = BUF(AUTORENEW_TEXT_MAX);
    AUTO(buf_done) struct buf renew = BUF(AUTORENEW_TEXT_MAX);
    AUTO(buf_done) struct buf deploy = BUF(AUTORENEW_TEXT_MAX);

    if (add_mounts(plan, &mounts, err) < 0) {
        return err_code(err);
    }
    AUTO_FREE char *before = str_fmt("Wants=network-online.target\n"
                                     "After=network-online.target\n"
                                     "OnSuccess=acme-dns-deploy.service\n"
                                     "OnFailure=acme-dns-deploy.service\n%s",
                                     buf_str(&mounts));
    buf_addf(&renew, OURS, "acme-dns-renew.service");
    add_service_head("Renewal of certificates by acme-dns", before, &renew);
    if (add_exec(plan, "process --scheduled --no-deploy", &renew, err) < 0 ||
        add_sandbox(plan, &renew, err) < 0) {
        return err_code(err);
    }
    add_file(files, plan, "acme-dns-renew.service", &renew);
    buf_addf(&deploy, OURS, "acme-dns-deploy.service");
    add_service_head("Deploy hooks of certificates that acme-dns renewed", buf_str(&mounts),
                     &deploy);
    if (add_exec(plan, "deploy --pending --scheduled", &deploy, err) < 0) {
        return err_code(err);
    }
    add_file(files, plan, "acme-dns-deploy.service", &deploy);
    return 0;
}

/* A user's systemd can shut in little, and what it can would keep hooks from using sudo: one
 * service does all. */
static int add_user_service(const struct autorenew_plan *plan, struct autorenew_files *files,
                            struct err *err)
{
    AUTO(buf_done) struct buf renew = BUF(AUTORENEW_TEXT_MAX);

    buf_addf(&renew, OURS, "--user acme-dns-renew.service");
    add_service_head("Renewal of certificates by acme-dns", "", &renew);
    if (add_exec(plan, "process --scheduled", &renew, err) < 0) {
        return err_code(err);
    }
    add_file(files, plan, "acme-dns-renew.service", &renew);
    return 0;
}

/* cron mails what is said: with -q that is what went wrong. */
static int add_cron_command(const struct autorenew_plan *plan, struct buf *to, struct err *err)
{
    if (autorenew_quote_cron(plan->program, to, err) < 0) {
        return err_code(err);
    }
    buf_add_str(to, " process --scheduled -q");
    for (size_t i = 0; i < plan->options.n; i++) {
        buf_add_char(to, ' ');
        if (autorenew_quote_cron(plan->options.items[i], to, err) < 0) {
            return err_code(err);
        }
    }
    buf_add_char(to, '\n');
    return 0;
}

static int add_cron_file(const struct autorenew_plan *plan, struct autorenew_files *files,
                         struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(AUTORENEW_TEXT_MAX);

    autorenew_format_cron(plan->minute, &text);
    buf_add_str(&text, " root ");
    if (add_cron_command(plan, &text, err) < 0) {
        return err_code(err);
    }
    add_file(files, plan, "acme-dns", &text);
    return 0;
}

int autorenew_files_make(const struct autorenew_plan *plan, struct autorenew_files *ret_files,
                         struct err *err)
{
    struct autorenew_files files = {.items = NULL};
    int code = 0;

    if (plan->method == AUTORENEW_SYSTEMD) {
        add_timer(plan, &files);
        code = add_system_services(plan, &files, err);
    } else if (plan->method == AUTORENEW_USER) {
        add_timer(plan, &files);
        code = add_user_service(plan, &files, err);
    } else if (plan->method == AUTORENEW_CRON) {
        code = add_cron_file(plan, &files, err);
    }
    if (code < 0) {
        autorenew_files_done(&files);
        return code;
    }
    *ret_files = files;
    return 0;
}

void autorenew_files_done(struct autorenew_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        mem_free(files->items[i].path);
        mem_free(files->items[i].text);
    }
    mem_free(files->items);
    *files = (struct autorenew_files){.items = NULL};
}

int autorenew_block_make(const struct autorenew_plan *plan, char **ret_block, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(AUTORENEW_TEXT_MAX);

    autorenew_format_cron(plan->minute, &text);
    buf_add_char(&text, ' ');
    if (add_cron_command(plan, &text, err) < 0) {
        return err_code(err);
    }
    buf_add_str(&text, AUTORENEW_END);
    *ret_block = autorenew_stamp_add(buf_str(&text));
    return 0;
}
