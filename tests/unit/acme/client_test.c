/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The calls against a scripted server over TLS: what each sends, and what it makes of every way in
 * which an answer can go wrong. The server verifies all signatures. */
#include "lab.h"

#include "base/event.h"
#include "base/str.h"

static struct lab lab;
static char port[16];

static void start_server(void)
{
    int ends[2];
    char *argv[] = {(char *)LAB_PYTHON, (char *)LAB_SCRIPT, (char *)"serve", lab.folder, NULL};
    size_t len = 0;

    assert_int_equal(pipe(ends), 0);
    lab.server = lab_spawn(argv, NULL, ends[1]);
    close(ends[1]);
    while (len < sizeof(port) - 1 && read(ends[0], port + len, 1) == 1 && port[len] != '\n') {
        len++;
    }
    port[len] = '\0';
    close(ends[0]);
    assert_true(len > 0);
}

static int set_up(void **state)
{
    (void)state;
    lab_make_folder(&lab);
    start_server();
    lab_open(&lab);
    lab_make_csr(&lab, lab.key, "example.com");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_close(&lab);
    return 0;
}

/* segment: NAME and rules. */
static void use(const char *segment)
{
    AUTO_FREE char *url = str_fmt("https://127.0.0.1:%s/%s/directory", port, segment);

    lab_client(&lab, url, NULL);
}

/* How often a line of NAME.log begins with that word. */
static size_t count(const char *name, const char *word)
{
    AUTO_FREE char *path = str_fmt("%s/%s.log", lab.folder, name);
    FILE *log = fopen(path, "r");
    char line[256];
    size_t n = 0;

    assert_non_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        n += strncmp(line, word, strlen(word)) == 0 && strchr(" \n", line[strlen(word)]) != NULL;
    }
    fclose(log);
    return n;
}

/* The way to an authorization that waits for its answer. */
static void reach_authz(const char *segment)
{
    AUTO_FREE char *url = NULL;

    use(segment);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    url = str_dup(lab.order->authz_urls.items[0]);
    assert_int_equal(LAB_CALL(&lab, acme_authz_get(lab.client, url, lab_on_authz, &lab)), ERR_NONE);
    assert_non_null(lab.authz);
}

static enum err_class answer(void)
{
    struct acme_authz *authz = TAKE(lab.authz);
    const struct acme_challenge *challenge = acme_authz_find(authz, "dns-01");
    enum err_class class = ERR_NONE;

    assert_non_null(challenge);
    class = LAB_CALL(&lab, acme_challenge_answer(lab.client, authz, challenge, lab_on_authz, &lab));
    acme_authz_free(authz);
    return class;
}

/* The way to an order that is ready; the caller frees it. */
static struct acme_order *reach_ready(const char *segment)
{
    AUTO_FREE char *order_url = NULL;

    use(segment);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    order_url = str_dup(lab.order->url);
    {
        AUTO_FREE char *url = str_dup(lab.order->authz_urls.items[0]);
        assert_int_equal(LAB_CALL(&lab, acme_authz_get(lab.client, url, lab_on_authz, &lab)),
                         ERR_NONE);
    }
    assert_int_equal(answer(), ERR_NONE);
    assert_int_equal(LAB_CALL(&lab, acme_order_get(lab.client, order_url, lab_on_order, &lab)),
                     ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_READY);
    return TAKE(lab.order);
}

static enum err_class finalize(struct acme_order *order)
{
    return LAB_CALL(&lab, acme_order_finalize(lab.client, order, lab.csr.bytes, lab.csr.len,
                                              lab_on_order, &lab));
}

static void issues_with_the_least_requests(void **state)
{
    AUTO_PTR(acme_order) struct acme_order *order = reach_ready("least");
    AUTO_FREE char *url = NULL;

    (void)state;
    assert_int_equal(finalize(order), ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_VALID);
    url = str_dup(lab.order->certificate);
    assert_int_equal(LAB_CALL(&lab, acme_chain_get(lab.client, url, lab_on_chain, &lab)), ERR_NONE);
    assert_non_null(strstr(lab.chain->pem, "BEGIN CERTIFICATE"));
    /* Itself and the one elsewhere are left out. */
    assert_int_equal(lab.chain->alternates.n, 1);
    assert_true(str_has_suffix(lab.chain->alternates.items[0], "-b"));

    /* One request of each kind; one nonce begins the chain, then each answer feeds the next. */
    assert_int_equal(count("least", "directory"), 1);
    assert_int_equal(count("least", "newNonce"), 1);
    assert_int_equal(acme_count(lab.client, ACME_KIND_NONCE), 1);
    assert_int_equal(count("least", "newOrder"), 1);
    assert_int_equal(count("least", "finalize"), 1);
    assert_int_equal(acme_count(lab.client, ACME_KIND_CERTIFICATE), 1);
}

static void reads_the_directory(void **state)
{
    const struct acme_directory *directory = NULL;

    (void)state;
    use("dir");
    assert_null(acme_client_directory(lab.client));
    assert_int_equal(LAB_CALL(&lab, acme_start(lab.client, lab_on_start, &lab)), ERR_NONE);
    directory = acme_client_directory(lab.client);
    assert_string_equal(directory->terms, "https://terms.example/v1");
    assert_int_equal(directory->n_profiles, 2);
    assert_true(strv_has(&directory->caa_identities, "ca.example"));
    assert_null(directory->renewal_info);
    assert_int_equal(LAB_CALL(&lab, acme_start(lab.client, lab_on_start, &lab)), ERR_NONE);
    assert_int_equal(count("dir", "directory"), 1);
}

static void refuses_a_directory_that_points_elsewhere(void **state)
{
    (void)state;
    use("evil,evil");
    assert_int_equal(LAB_CALL(&lab, acme_start(lab.client, lab_on_start, &lab)), ERR_CA);
    assert_non_null(strstr(lab.err.text, "169.254.169.254"));
    assert_non_null(strstr(lab.err.text, "newOrder"));
}

static void fails_all_calls_that_wait_for_a_lost_directory(void **state)
{
    (void)state;
    use("nodir,directory.all=404");
    assert_int_equal(lab_register(&lab), ERR_CA);
    assert_non_null(strstr(lab.err.text, "directory"));
    assert_non_null(strstr(lab.err.text, "404"));
}

static void creates_an_account_once_and_finds_it(void **state)
{
    AUTO_FREE char *first = NULL;

    (void)state;
    use("account");
    assert_int_equal(LAB_CALL(&lab, acme_account_find(lab.client, lab_on_account, &lab)),
                     ERR_NOT_FOUND);
    assert_string_equal(lab.problem, "accountDoesNotExist");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_true(lab.is_created);
    first = str_dup(lab.account);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_false(lab.is_created);
    assert_string_equal(lab.account, first);
    assert_int_equal(LAB_CALL(&lab, acme_account_find(lab.client, lab_on_account, &lab)), ERR_NONE);
    assert_string_equal(acme_account_url(lab.client), first);
}

static void asks_for_agreement_before_the_ca_does(void **state)
{
    struct acme_account_request request = {.has_agreed = false};

    (void)state;
    use("terms");
    assert_int_equal(LAB_CALL(&lab, acme_account_new(lab.client, &request, lab_on_account, &lab)),
                     ERR_HUMAN);
    assert_non_null(strstr(lab.err.text, "https://terms.example/v1"));
    assert_non_null(strstr(lab.err.text, "--agree-tos"));
    assert_int_equal(count("terms", "newAccount"), 0);
}

static void binds_an_external_account(void **state)
{
    static const char *const ALGS[] = {NULL, "HS256", "HS384", "HS512"};
    static const char KEY[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEy"
                              "MzQ1Njc4OTo7PD0-Pw";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ALGS); i++) {
        AUTO_FREE char *segment = str_fmt("eab%zu,eab", i);
        AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
        struct acme_account_request request = {.has_agreed = true};
        struct err err = ERR_INIT;

        assert_int_equal(acme_eab_new("kid-1", KEY, ALGS[i], &eab, &err), 0);
        request.eab = eab;
        use(segment);
        assert_int_equal(
            LAB_CALL(&lab, acme_account_new(lab.client, &request, lab_on_account, &lab)), ERR_NONE);
        assert_true(lab.is_created);
    }
}

static void explains_a_missing_and_a_wrong_binding(void **state)
{
    static const char WRONG[] = "d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc";
    AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
    struct acme_account_request request = {.has_agreed = true};
    struct err err = ERR_INIT;

    (void)state;
    use("noeab,eab");
    assert_int_equal(lab_register(&lab), ERR_HUMAN);
    assert_non_null(strstr(lab.err.text, "--eab-kid"));
    assert_int_equal(count("noeab", "newAccount"), 0);

    assert_int_equal(acme_eab_new("kid-1", WRONG, NULL, &eab, &err), 0);
    request.eab = eab;
    assert_int_equal(LAB_CALL(&lab, acme_account_new(lab.client, &request, lab_on_account, &lab)),
                     ERR_HUMAN);
    assert_non_null(strstr(lab.err.text, "binding is wrong"));
    assert_non_null(strstr(lab.err.text, "kid-1"));
    assert_null(strstr(lab.err.text, WRONG));
}

static void repeats_what_may_be_repeated(void **state)
{
    (void)state;
    use("repeat,directory.1=cut,newNonce.1=cut,newAccount.1=lost,newOrder.1=lost,newOrder.2=half");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_false(lab.is_created); /* the lost one made it */
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    assert_int_equal(count("repeat", "newOrder"), 3);
}

static void resigns_after_bad_nonces(void **state)
{
    (void)state;
    use("bad,newOrder.1=refuse-badNonce-400,newOrder.2=refuse-badNonce-400,"
        "newOrder.3=refuse-badNonce-400,newOrder.4=refuse-badNonce-400");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    assert_int_equal(count("bad", "newOrder"), 5);
    assert_int_equal(acme_count_bad_nonces(lab.client), 4);
    /* Each refusal brought the nonce for the next try. */
    assert_int_equal(count("bad", "newNonce"), 1);
}

static void gives_up_after_a_bounded_number_of_bad_nonces(void **state)
{
    (void)state;
    use("storm,newOrder.all=refuse-badNonce-400");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_CA);
    assert_string_equal(lab.problem, "badNonce");
    assert_int_equal(count("storm", "newOrder"), 22);
}

static void gets_nonces_where_answers_bring_none(void **state)
{
    (void)state;
    use("nononce,newAccount.all=nononce,newOrder.all=nononce");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    assert_int_equal(count("nononce", "newNonce"), 2);
}

static void ends_when_there_are_no_nonces(void **state)
{
    (void)state;
    use("dry,newNonce.all=503-86400");
    assert_int_equal(lab_register(&lab), ERR_LATER);
    assert_int_equal(lab.err.retry_after_s, 86400);
    assert_non_null(strstr(lab.err.text, "newNonce"));
    assert_int_equal(count("dry", "newAccount"), 0);
    assert_int_equal(count("dry", "newNonce"), 1);
}

static void waits_when_asked_and_not_longer_than_it_may(void **state)
{
    int64_t began_ms = 0;

    (void)state;
    use("busy,newOrder.1=503-1,newOrder.2=503,newOrder.3=429-86400");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    began_ms = loop_now_ms(lab.loop);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_LATER);
    assert_true(loop_now_ms(lab.loop) - began_ms >= 1900);
    assert_int_equal(count("busy", "newOrder"), 3);
    assert_int_equal(lab.err.retry_after_s, 86400);
    assert_int_equal(lab.retry_after_s, 86400);
    assert_non_null(strstr(lab.err.text, "too many"));
}

static void stops_at_the_deadline_and_says_what_was_in_the_way(void **state)
{
    (void)state;
    use("late,newOrder.all=hang");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    acme_set_deadline(lab.client, loop_now_ms(lab.loop) + 600);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_TIMEOUT);
    assert_non_null(strstr(lab.err.text, "newOrder"));
}

static void shows_a_refusal_whole(void **state)
{
    (void)state;
    use("whole,newOrder.all=refuse-rejectedIdentifier-400");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_CA);
    assert_non_null(strstr(lab.err.text, "newOrder: rejectedIdentifier: refused by the script"));
    assert_non_null(strstr(lab.err.text, "bad.example: caa: CAA forbids"));
    assert_non_null(strstr(lab.err.text, "https://help.example/"));
    assert_non_null(strstr(lab.err.text, "Leave it out"));
    assert_int_equal(count("whole", "newOrder"), 1);

    /* As an answer this is about the account, not about a TXT record. */
    use("unauth,newOrder.all=refuse-unauthorized-403");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_CA);
    assert_non_null(strstr(lab.err.text, "The account may be deactivated"));
}

static void orders_again_without_replaces(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names, .replaces = "aaaa.bbbb"};

    (void)state;
    strv_add(&names, "example.com");
    use("ari,ari");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&lab, acme_order_new(lab.client, &request, lab_on_order, &lab)),
                     ERR_NONE);
    assert_true(lab.order->is_replaces_refused);
    assert_int_equal(count("ari", "newOrder"), 2);

    use("noari"); /* a CA without renewal information is not told */
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&lab, acme_order_new(lab.client, &request, lab_on_order, &lab)),
                     ERR_NONE);
    assert_false(lab.order->is_replaces_refused);
    assert_int_equal(count("noari", "newOrder"), 1);
}

static void sends_only_profiles_on_offer(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names, .profile = "short"};

    (void)state;
    strv_add(&names, "example.com");
    use("profile");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&lab, acme_order_new(lab.client, &request, lab_on_order, &lab)),
                     ERR_NONE);
    assert_string_equal(lab.order->profile, "short");
    request.profile = "shrt";
    assert_int_equal(LAB_CALL(&lab, acme_order_new(lab.client, &request, lab_on_order, &lab)),
                     ERR_CONFIG);
    assert_non_null(strstr(lab.err.text, "classic, short"));
}

static void answers_a_challenge_once(void **state)
{
    (void)state;
    reach_authz("answer");
    assert_int_equal(lab.authz->n_challenges, 2); /* the one without a token does not harm */
    assert_int_equal(answer(), ERR_NONE);
    assert_null(lab.authz);
    assert_int_equal(count("answer", "challenge"), 1);
    assert_int_equal(count("answer", "authz"), 1);
}

static void looks_before_it_answers_again(void **state)
{
    (void)state;
    /* The answer arrived, its reply did not. ("lost" would not do to count by: libcurl itself sends
     * a request again when a connection that was in use before dies without a byte.) */
    reach_authz("lostchall,challenge.1=half");
    assert_int_equal(answer(), ERR_NONE);
    assert_int_equal(lab.authz->status, ACME_STATUS_VALID);
    assert_int_equal(count("lostchall", "challenge"), 1);
    /* The answer did not arrive. */
    reach_authz("cutchall,challenge.1=cut");
    assert_int_equal(answer(), ERR_NONE);
    assert_int_equal(count("cutchall", "challenge"), 2);
}

static void judges_malformed_by_the_authorization(void **state)
{
    struct acme_authz *authz = NULL;

    (void)state;
    reach_authz("twice");
    authz = TAKE(lab.authz);
    for (int i = 0; i < 2; i++) {
        const struct acme_challenge *challenge = acme_authz_find(authz, "dns-01");
        assert_int_equal(
            LAB_CALL(&lab, acme_challenge_answer(lab.client, authz, challenge, lab_on_authz, &lab)),
            ERR_NONE);
    }
    assert_int_equal(lab.authz->status, ACME_STATUS_VALID);
    acme_authz_free(authz);

    /* Still pending there: then it was about our request. */
    reach_authz("mal,challenge.all=refuse-malformed-400");
    assert_int_equal(answer(), ERR_CA);
    assert_string_equal(lab.problem, "malformed");
    assert_int_equal(count("mal", "challenge"), 1);
}

static void gives_authorizations_up(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    reach_authz("giveup,authz.2=lost");
    url = str_dup(lab.authz->url);
    for (int i = 0; i < 2; i++) { /* the second time it is refused, and no error */
        assert_int_equal(LAB_CALL(&lab, acme_authz_deactivate(lab.client, url, lab_on_authz, &lab)),
                         ERR_NONE);
        assert_int_equal(lab.authz->status, ACME_STATUS_DEACTIVATED);
    }
}

static void reads_the_order_after_a_lost_finalize(void **state)
{
    AUTO_PTR(acme_order) struct acme_order *lost = NULL;
    AUTO_PTR(acme_order) struct acme_order *cut = NULL;

    (void)state;
    lost = reach_ready("lostfin,finalize.1=half");
    assert_int_equal(finalize(lost), ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_VALID);
    assert_int_equal(count("lostfin", "finalize"), 1);
    cut = reach_ready("cutfin,finalize.1=cut");
    assert_int_equal(finalize(cut), ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_VALID);
    assert_int_equal(count("cutfin", "finalize"), 2);
}

/* When the connection dies without a byte, libcurl repeats the very message: the CA has seen its
 * nonce. */
static void copes_with_a_message_that_was_sent_twice(void **state)
{
    AUTO_PTR(acme_order) struct acme_order *order = reach_ready("replay,finalize.1=lost");

    (void)state;
    assert_int_equal(finalize(order), ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_VALID);
    reach_authz("replay2,challenge.1=lost");
    assert_int_equal(answer(), ERR_NONE);
}

static void hands_the_order_back_when_it_is_not_ready(void **state)
{
    struct acme_order *order = NULL;

    (void)state;
    use("notready");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    order = TAKE(lab.order);
    assert_int_equal(finalize(order), ERR_NONE);
    assert_int_equal(lab.order->status, ACME_STATUS_PENDING);
    acme_order_free(order);
}

static void reports_a_refused_csr(void **state)
{
    AUTO_PTR(acme_order)
    struct acme_order *order = reach_ready("badcsr,finalize.1=refuse-badCSR-400");

    (void)state;
    assert_int_equal(finalize(order), ERR_CA);
    assert_string_equal(lab.problem, "badCSR");
    assert_non_null(strstr(lab.err.text, "--key-type"));
}

static void polls_past_a_hung_connection(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    use("hung,order.1=hang-60");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    url = str_dup(lab.order->url);
    assert_int_equal(LAB_CALL(&lab, acme_order_get(lab.client, url, lab_on_order, &lab)), ERR_NONE);
    assert_int_equal(count("hung", "order"), 2);
}

static void survives_garbage(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    use("garbage,order.1=garbage,order.2=half");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    url = str_dup(lab.order->url);
    assert_int_equal(LAB_CALL(&lab, acme_order_get(lab.client, url, lab_on_order, &lab)), ERR_NONE);
    assert_int_equal(count("garbage", "order"), 3);
}

struct fan {
    struct acme_call *calls[20];
    size_t n_left;
};

static void on_fan(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct fan *fan = arg;

    assert_null(reply->err);
    acme_authz_free(authz);
    if (--fan->n_left == 0) {
        loop_stop(lab.loop);
    }
}

static void fetches_side_by_side_with_prefetched_nonces(void **state)
{
    struct acme_order *order = NULL;
    struct fan fan = {.n_left = ARRAY_LEN(fan.calls)};
    AUTO(buf_done) struct buf names = BUF(1024);
    struct err err = ERR_INIT;

    (void)state;
    use("fan");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    for (size_t i = 0; i < fan.n_left; i++) {
        buf_addf(&names, "n%zu.example.com,", i);
    }
    acme_prefetch_nonces(lab.client, fan.n_left);
    assert_int_equal(lab_new_order(&lab, buf_str(&names)), ERR_NONE);
    lab_sleep(&lab, 400); /* the prefetched ones arrive */
    order = TAKE(lab.order);
    for (size_t i = 0; i < ARRAY_LEN(fan.calls); i++) {
        fan.calls[i] = acme_authz_get(lab.client, order->authz_urls.items[i], on_fan, &fan);
    }
    assert_int_equal(loop_run(lab.loop, &err), 0);
    assert_int_equal(fan.n_left, 0);
    assert_int_equal(acme_count(lab.client, ACME_KIND_AUTHZ), 20);
    /* One for the account; 19 ahead, as its answer left one that newOrder took and gave back. */
    assert_in_range(acme_count(lab.client, ACME_KIND_NONCE), 19, 21);
    acme_order_free(order);
}

static void keeps_to_the_window_for_nonces(void **state)
{
    AUTO_FREE char *url = str_fmt("https://127.0.0.1:%s/window/directory", port);
    const struct ca_section section = {.nonce_window = 2};
    struct acme_order *order = NULL;
    struct fan fan = {.n_left = ARRAY_LEN(fan.calls)};
    struct err err = ERR_INIT;
    int64_t began_ms = 0;
    uint64_t n_seconds = 0;

    (void)state;
    lab_client(&lab, url, &section);
    assert_int_equal(lab_register(&lab), ERR_NONE);
    acme_prefetch_nonces(lab.client, 50);
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_NONE);
    order = TAKE(lab.order);
    began_ms = loop_now_ms(lab.loop);
    for (size_t i = 0; i < ARRAY_LEN(fan.calls); i++) {
        fan.calls[i] = acme_authz_get(lab.client, order->authz_urls.items[0], on_fan, &fan);
    }
    assert_int_equal(loop_run(lab.loop, &err), 0);
    n_seconds = (uint64_t)(loop_now_ms(lab.loop) - began_ms) / 1000 + 1;
    /* The answers feed the line; newNonce is asked twice a second at most. */
    assert_true(count("window", "newNonce") <= 2 * (n_seconds + 1));
    assert_int_equal(count("window", "authz"), 20);
    acme_order_free(order);
}

static void on_never(void *arg, struct acme_order *order, const struct acme_reply *reply)
{
    (void)arg;
    (void)order;
    (void)reply;
    fail_msg("a cancelled call called back");
}

static void cancels_at_any_moment(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names};

    (void)state;
    strv_add(&names, "example.com");
    use("cancel,newOrder.all=hang-1");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    for (int64_t ms = 0; ms < 30; ms += 3) {
        struct acme_call *call = acme_order_new(lab.client, &request, on_never, NULL);

        lab_sleep(&lab, ms);
        acme_call_cancel(&call);
        assert_null(call);
    }
    /* Still usable, and the client may go while something runs. */
    acme_order_new(lab.client, &request, on_never, NULL);
    lab_sleep(&lab, 5);
    lab_close_client(&lab);
    lab_sleep(&lab, 30);
}

static void on_free_client(void *arg, struct acme_order *order, const struct acme_reply *reply)
{
    (void)reply;
    acme_order_free(order);
    acme_free(TAKE(((struct lab *)arg)->client));
    loop_stop(lab.loop);
}

static void client_may_be_freed_in_its_callback(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names};
    struct err err = ERR_INIT;

    (void)state;
    strv_add(&names, "example.com");
    use("freed");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    acme_order_new(lab.client, &request, on_free_client, &lab);
    assert_int_equal(loop_run(lab.loop, &err), 0);
    assert_null(lab.client);
}

static void needs_an_account(void **state)
{
    (void)state;
    use("noaccount");
    assert_int_equal(lab_new_order(&lab, "example.com"), ERR_FAILED);
    assert_non_null(strstr(lab.err.text, "no account"));
}

static void on_event(void *arg, const struct event *event)
{
    struct buf *seen = arg;

    if (event->kind == EVENT_HTTP) {
        buf_addf(seen, "%s %lld\n", event->subject, (long long)event_number(event, "status", -1));
    }
}

static void traces_requests_without_their_bodies(void **state)
{
    AUTO(buf_done) struct buf seen = BUF(65536);

    (void)state;
    event_set_sink(on_event, &seen, EVENT_TRACE);
    use("trace");
    assert_int_equal(lab_register(&lab), ERR_NONE);
    event_set_sink(NULL, NULL, EVENT_ERROR);
    assert_non_null(strstr(buf_str(&seen), "GET https://127.0.0.1"));
    assert_non_null(strstr(buf_str(&seen), "/newNonce 200\n"));
    assert_non_null(strstr(buf_str(&seen), "/newAccount 201\n"));
    assert_null(strstr(buf_str(&seen), "protected"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issues_with_the_least_requests),
        cmocka_unit_test(reads_the_directory),
        cmocka_unit_test(refuses_a_directory_that_points_elsewhere),
        cmocka_unit_test(fails_all_calls_that_wait_for_a_lost_directory),
        cmocka_unit_test(creates_an_account_once_and_finds_it),
        cmocka_unit_test(asks_for_agreement_before_the_ca_does),
        cmocka_unit_test(binds_an_external_account),
        cmocka_unit_test(explains_a_missing_and_a_wrong_binding),
        cmocka_unit_test(repeats_what_may_be_repeated),
        cmocka_unit_test(resigns_after_bad_nonces),
        cmocka_unit_test(gives_up_after_a_bounded_number_of_bad_nonces),
        cmocka_unit_test(gets_nonces_where_answers_bring_none),
        cmocka_unit_test(ends_when_there_are_no_nonces),
        cmocka_unit_test(waits_when_asked_and_not_longer_than_it_may),
        cmocka_unit_test(stops_at_the_deadline_and_says_what_was_in_the_way),
        cmocka_unit_test(shows_a_refusal_whole),
        cmocka_unit_test(orders_again_without_replaces),
        cmocka_unit_test(sends_only_profiles_on_offer),
        cmocka_unit_test(answers_a_challenge_once),
        cmocka_unit_test(looks_before_it_answers_again),
        cmocka_unit_test(judges_malformed_by_the_authorization),
        cmocka_unit_test(gives_authorizations_up),
        cmocka_unit_test(reads_the_order_after_a_lost_finalize),
        cmocka_unit_test(copes_with_a_message_that_was_sent_twice),
        cmocka_unit_test(hands_the_order_back_when_it_is_not_ready),
        cmocka_unit_test(reports_a_refused_csr),
        cmocka_unit_test(polls_past_a_hung_connection),
        cmocka_unit_test(survives_garbage),
        cmocka_unit_test(fetches_side_by_side_with_prefetched_nonces),
        cmocka_unit_test(keeps_to_the_window_for_nonces),
        cmocka_unit_test(cancels_at_any_moment),
        cmocka_unit_test(client_may_be_freed_in_its_callback),
        cmocka_unit_test(needs_an_account),
        cmocka_unit_test(traces_requests_without_their_bodies),
    };

    return cmocka_run_group_tests_name("acme/client", tests, set_up, tear_down);
}
