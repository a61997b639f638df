/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The calls against Pebble, Let's Encrypt's test CA, with 0, 5 and 50 % of the nonces refused:
 * account, order, authorizations side by side, answers, finalize, download. Validation is switched
 * off, there is no DNS here. Skipped (77) without a `pebble` in the folder that ACME_DNS_LAB_BIN
 * names, or in PATH.
 */
#include "lab.h"

#include "acme/poll.h"
#include "base/str.h"
#include "keys/cert.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define NAMES "*.example.com,example.com,a.example.org,b.example.org,c.example.org"
#define N_NAMES 5
#define EAB_KEY "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
#define SKIPPED 77

static struct lab lab;
static char *pebble;
static struct key *certificate_key; /* of the last certificate */

static char *find_in(const char *folder)
{
    char *path = fs_join(folder, "pebble");

    if (access(path, X_OK) == 0) {
        return path;
    }
    mem_free(path);
    return NULL;
}

static char *find_pebble(void)
{
    AUTO(strv_done) struct strv folders = STRV_INIT;
    char *path = NULL;

    strv_add_split(&folders, getenv("ACME_DNS_LAB_BIN") ?: "", ":");
    strv_add_split(&folders, getenv("PATH") ?: "", ":");
    for (size_t i = 0; i < folders.n && path == NULL; i++) {
        path = find_in(folders.items[i]);
    }
    return path;
}

enum { PORT_ACME, PORT_MANAGEMENT, N_PORTS };

/* All are held until all are known: else one may be given out twice. */
static void find_free_ports(int *ret_ports)
{
    int fds[N_PORTS];

    for (int i = 0; i < N_PORTS; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(address);

        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fds[i], (struct sockaddr *)&address, len), 0);
        assert_int_equal(getsockname(fds[i], (struct sockaddr *)&address, &len), 0);
        ret_ports[i] = ntohs(address.sin_port);
    }
    for (int i = 0; i < N_PORTS; i++) {
        close(fds[i]);
    }
}

static void write_config(const char *path, const int *ports, bool wants_eab)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "{\"pebble\":{\"listenAddress\":\"127.0.0.1:%d\",\"managementListenAddress\":\"127.0.0."
            "1:%d\","
            "\"certificate\":\"%s/cert.pem\",\"privateKey\":\"%s/key.pem\",\"httpPort\":5002,"
            "\"tlsPort\":5001,\"ocspResponderURL\":\"\",\"externalAccountBindingRequired\":%s,"
            "\"externalAccountMACKeys\":{\"kid-1\":\"%s\"}}}",
            ports[PORT_ACME], ports[PORT_MANAGEMENT], lab.folder, lab.folder,
            wants_eab ? "true" : "false", EAB_KEY);
    assert_int_equal(fclose(file), 0);
}

static bool is_listening(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

    close(fd);
    return is_there;
}

/* It makes keys first, which takes a busy machine longer than the client's patience lasts. */
static bool comes_up(int port)
{
    for (int ms = 0; ms < 30000; ms += 10) {
        if (is_listening(port)) {
            return true;
        }
        if (waitpid(lab.server, NULL, WNOHANG) != 0) {
            lab.server = 0;
            return false;
        }
        usleep(10000);
    }
    return false;
}

/* Starts Pebble and makes a client for it. */
static void start(const char *bad_nonces, bool wants_eab)
{
    AUTO_FREE char *config = fs_join(lab.folder, "pebble.json");
    AUTO_FREE char *reject = str_fmt("PEBBLE_WFE_NONCEREJECT=%s", bad_nonces);
    AUTO_FREE char *url = NULL;
    int ports[N_PORTS];
    int null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *argv[] = {pebble, (char *)"-strict", (char *)"-config", config, NULL};
    char *env[] = {reject, (char *)"PEBBLE_VA_ALWAYS_VALID=1", (char *)"PEBBLE_VA_NOSLEEP=1",
                   (char *)"PEBBLE_AUTHZREUSE=0", NULL};

    find_free_ports(ports);
    write_config(config, ports, wants_eab);
    lab_end(lab.server);
    lab.server = lab_spawn(argv, env, null_fd);
    close(null_fd);
    assert_true(comes_up(ports[PORT_ACME]));
    url = str_fmt("https://127.0.0.1:%d/dir", ports[PORT_ACME]);
    lab_client(&lab, url, NULL);
    assert_int_equal(LAB_CALL(&lab, acme_start(lab.client, lab_on_start, &lab)), ERR_NONE);
}

struct fan {
    struct acme_authz *authzs[N_NAMES];
    size_t n, n_answered;
};

static void on_answered(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct fan *fan = arg;

    assert_null(reply->err);
    acme_authz_free(authz);
    if (++fan->n_answered == N_NAMES) {
        loop_stop(lab.loop);
    }
}

static void on_fetched(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct fan *fan = arg;
    const struct acme_challenge *challenge = NULL;

    assert_null(reply->err);
    fan->authzs[fan->n++] = authz;
    challenge = acme_authz_find(authz, "dns-01");
    assert_non_null(challenge);
    if (authz->status != ACME_STATUS_PENDING) { /* Pebble reuses some in spite of AUTHZREUSE=0 */
        on_answered(fan, NULL, reply);
        return;
    }
    acme_challenge_answer(lab.client, authz, challenge, on_answered, fan);
}

static void authorize_all(const struct acme_order *order)
{
    struct fan fan = {.n = 0};
    struct err err = ERR_INIT;
    size_t n_wildcards = 0;

    assert_int_equal(order->authz_urls.n, N_NAMES);
    for (size_t i = 0; i < N_NAMES; i++) {
        acme_authz_get(lab.client, order->authz_urls.items[i], on_fetched, &fan);
    }
    assert_int_equal(loop_run(lab.loop, &err), 0);
    assert_int_equal(fan.n_answered, N_NAMES);
    for (size_t i = 0; i < N_NAMES; i++) {
        AUTO_FREE char *name = acme_authz_name(fan.authzs[i]);

        assert_true(strv_has(&order->identifiers, name));
        n_wildcards += fan.authzs[i]->is_wildcard;
        acme_authz_free(fan.authzs[i]);
    }
    assert_int_equal(n_wildcards, 1);
}

/* Polls until the order leaves that state; lab.order is what it became. */
static void poll_while(const char *url, enum acme_status state, struct acme_poll *poll)
{
    int64_t end_ms = loop_now_ms(lab.loop) + 30000;

    do {
        assert_true(loop_now_ms(lab.loop) < end_ms);
        lab_sleep(&lab, acme_poll_next_ms(poll, -1, false, 30000));
        assert_int_equal(LAB_CALL(&lab, acme_order_get(lab.client, url, lab_on_order, &lab)),
                         ERR_NONE);
    } while (lab.order->status == state);
}

static void issue(void)
{
    AUTO_PTR(acme_order) struct acme_order *order = NULL;
    AUTO_FREE char *certificate = NULL;
    struct acme_poll poll;
    struct key *account = lab.key;
    struct err err = ERR_INIT;

    acme_prefetch_nonces(lab.client, N_NAMES);
    assert_int_equal(lab_new_order(&lab, NAMES), ERR_NONE);
    order = TAKE(lab.order);
    authorize_all(order);
    acme_poll_init_validation(&poll);
    poll_while(order->url, ACME_STATUS_PENDING, &poll);
    assert_int_equal(lab.order->status, ACME_STATUS_READY);

    key_generate(lab.loop, KEY_EC256, lab_key_done, &lab);
    assert_int_equal(loop_run(lab.loop, &err), 0);
    lab_make_csr(&lab, lab.key, NAMES);
    key_unref(certificate_key);
    certificate_key = lab.key;
    lab.key = account;
    assert_int_equal(LAB_CALL(&lab, acme_order_finalize(lab.client, order, lab.csr.bytes,
                                                        lab.csr.len, lab_on_order, &lab)),
                     ERR_NONE);
    acme_poll_init_finalize(&poll);
    poll_while(order->url, ACME_STATUS_PROCESSING, &poll);
    assert_int_equal(lab.order->status, ACME_STATUS_VALID);
    certificate = str_dup(lab.order->certificate);
    assert_int_equal(LAB_CALL(&lab, acme_chain_get(lab.client, certificate, lab_on_chain, &lab)),
                     ERR_NONE);
    assert_non_null(strstr(lab.chain->pem, "-----END CERTIFICATE-----"));
}

static void issue_with(const char *bad_nonces)
{
    start(bad_nonces, false);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_true(lab.is_created);
    issue();
}

static void issues_with_few_requests(void **state)
{
    uint64_t total = 0;

    (void)state;
    issue_with("0");
    assert_int_equal(acme_count_bad_nonces(lab.client), 0);
    for (int kind = 0; kind < ACME_KIND_COUNT; kind++) {
        total += acme_count(lab.client, (enum acme_kind)kind);
    }
    /* How often an order is asked for hangs on how fast Pebble is, nonces on who comes first. */
    uint64_t n_orders = acme_count(lab.client, ACME_KIND_ORDER);
    uint64_t n_nonces = acme_count(lab.client, ACME_KIND_NONCE);
    uint64_t n_directories = acme_count(lab.client, ACME_KIND_DIRECTORY);
    assert_in_range(n_orders, 2, 14);
    assert_in_range(n_nonces, 1, N_NAMES + 2);
    assert_int_equal(n_directories, 1);
    /* Each authorization and its answer, which one that Pebble reuses does not need; account,
     * order, finalize, certificate. */
    assert_in_range(total - n_orders - n_nonces - n_directories, N_NAMES + 4, 2 * N_NAMES + 4);
}

static void issues_with_some_bad_nonces(void **state)
{
    (void)state;
    issue_with("5");
}

static void issues_with_half_of_the_nonces_bad(void **state)
{
    (void)state;
    issue_with("50");
    assert_true(acme_count_bad_nonces(lab.client) > 0);
}

static void binds_an_external_account(void **state)
{
    static const char *const ALGS[] = {"HS256", "HS384"};
    struct acme_account_request request = {.has_agreed = true};
    struct err err = ERR_INIT;

    (void)state;
    start("5", true);
    assert_int_equal(lab_register(&lab), ERR_HUMAN);
    for (size_t i = 0; i < ARRAY_LEN(ALGS); i++) {
        AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;

        assert_int_equal(acme_eab_new("kid-1", EAB_KEY, ALGS[i], &eab, &err), 0);
        request.eab = eab;
        assert_int_equal(
            LAB_CALL(&lab, acme_account_new(lab.client, &request, lab_on_account, &lab)), ERR_NONE);
        assert_int_equal(lab.is_created, i == 0);
    }
    assert_int_equal(LAB_CALL(&lab, acme_account_find(lab.client, lab_on_account, &lab)), ERR_NONE);
}

static void refuses_a_wrong_binding_in_clear_words(void **state)
{
    AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
    struct acme_account_request request = {.has_agreed = true};
    struct err err = ERR_INIT;

    (void)state;
    start("0", true);
    assert_int_equal(acme_eab_new("kid-2", EAB_KEY, NULL, &eab, &err), 0);
    request.eab = eab;
    assert_int_equal(LAB_CALL(&lab, acme_account_new(lab.client, &request, lab_on_account, &lab)),
                     ERR_HUMAN);
    assert_non_null(strstr(lab.err.text, "kid-2"));
    assert_non_null(strstr(lab.err.text, "expired"));
}

static void knows_a_ca_that_forgot_the_account(void **state)
{
    AUTO_FREE char *url = NULL;
    struct err err = ERR_INIT;

    (void)state;
    start("0", false);
    url = str_fmt("%s/my-account/77", lab.ca->directory);
    assert_int_equal(acme_set_account_url(lab.client, url, &err), 0);
    assert_int_not_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    assert_non_null(lab.problem);
    assert_int_equal(LAB_CALL(&lab, acme_account_find(lab.client, lab_on_account, &lab)),
                     ERR_NOT_FOUND);
}

static void gives_an_authorization_up(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    start("5", false);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    url = str_dup(lab.order->authz_urls.items[0]);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(LAB_CALL(&lab, acme_authz_deactivate(lab.client, url, lab_on_authz, &lab)),
                         ERR_NONE);
        assert_int_equal(lab.authz->status, ACME_STATUS_DEACTIVATED);
    }
}

/* The certificate in lab.chain, to be freed. */
static struct cert_chain *parse_chain(void)
{
    struct cert_chain *chain = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(cert_chain_parse(lab.chain->pem, strlen(lab.chain->pem), &chain, &err), 0);
    return chain;
}

static void on_revoked(void *arg, const struct acme_reply *reply)
{
    lab_note(arg, reply);
}

static enum err_class end_certificate(const struct cert_chain *chain, enum acme_reason reason,
                                      bool is_by_key)
{
    AUTO(buf_done) struct buf der = BUF(65536);
    struct acme_revocation revocation = {.reason = reason, .is_by_certificate_key = is_by_key};
    struct err err = ERR_INIT;

    assert_int_equal(cert_chain_add_der(chain, 0, &der, &err), 0);
    revocation.der = der.bytes;
    revocation.der_len = der.len;
    return LAB_CALL(&lab, acme_revoke(lab.client, &revocation, on_revoked, &lab));
}

static void revokes_and_does_not_mind_to_repeat_it(void **state)
{
    (void)state;
    issue_with("50");
    AUTO_PTR(cert_chain) struct cert_chain *chain = parse_chain();
    assert_int_equal(end_certificate(chain, ACME_REASON_SUPERSEDED, false), ERR_NONE);
    assert_int_equal(end_certificate(chain, ACME_REASON_SUPERSEDED, false), ERR_NONE);
    assert_int_equal(acme_count(lab.client, ACME_KIND_REVOCATION) >= 2, true);
}

/* Whoever holds a compromised key need not have the account. */
static void revokes_with_the_certificates_own_key(void **state)
{
    struct key *account = lab.key;
    AUTO_FREE char *url = NULL;

    (void)state;
    issue_with("5");
    AUTO_PTR(cert_chain) struct cert_chain *chain = parse_chain();
    url = str_dup(lab.ca->directory);
    lab.key = certificate_key;
    lab_client(&lab, url, NULL);
    assert_int_equal(LAB_CALL(&lab, acme_start(lab.client, lab_on_start, &lab)), ERR_NONE);
    assert_int_equal(end_certificate(chain, ACME_REASON_KEY_COMPROMISE, false), ERR_FAILED);
    assert_int_equal(end_certificate(chain, ACME_REASON_KEY_COMPROMISE, true), ERR_NONE);
    lab.key = account;
}

static void does_not_revoke_another_accounts_certificate(void **state)
{
    struct key *account = lab.key;
    struct err err = ERR_INIT;

    (void)state;
    issue_with("0");
    AUTO_PTR(cert_chain) struct cert_chain *chain = parse_chain();
    AUTO_FREE char *url = str_dup(lab.ca->directory);
    key_generate(lab.loop, KEY_EC256, lab_key_done, &lab);
    assert_int_equal(loop_run(lab.loop, &err), 0);
    lab_client(&lab, url, NULL);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_not_equal(end_certificate(chain, ACME_REASON_UNSPECIFIED, false), ERR_NONE);
    assert_string_equal(lab.problem, "unauthorized");
    key_unref(lab.key);
    lab.key = account;
}

static int set_up(void **state)
{
    char *argv[] = {(char *)LAB_PYTHON, (char *)LAB_SCRIPT, (char *)"mint", lab.folder, NULL};
    int status = -1;

    (void)state;
    lab_make_folder(&lab);
    waitpid(lab_spawn(argv, NULL, -1), &status, 0);
    assert_int_equal(status, 0);
    lab_open(&lab);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    key_unref(certificate_key);
    lab_close(&lab);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issues_with_few_requests),
        cmocka_unit_test(issues_with_some_bad_nonces),
        cmocka_unit_test(issues_with_half_of_the_nonces_bad),
        cmocka_unit_test(revokes_and_does_not_mind_to_repeat_it),
        cmocka_unit_test(revokes_with_the_certificates_own_key),
        cmocka_unit_test(does_not_revoke_another_accounts_certificate),
        cmocka_unit_test(binds_an_external_account),
        cmocka_unit_test(refuses_a_wrong_binding_in_clear_words),
        cmocka_unit_test(knows_a_ca_that_forgot_the_account),
        cmocka_unit_test(gives_an_authorization_up),
    };
    int n_failed = 0;

    pebble = find_pebble();
    if (pebble == NULL) {
        fprintf(stderr, "no pebble in $ACME_DNS_LAB_BIN or $PATH\n");
        return SKIPPED;
    }
    n_failed = cmocka_run_group_tests_name("acme/pebble", tests, set_up, tear_down);
    mem_free(pebble);
    return n_failed;
}
