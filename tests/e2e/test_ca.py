# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""CAs that lose answers, lie, are busy, forget, or want something of a person: what acme-dns does then.

Every test ends with the zones as they were. A fault is put between client and CA by the proxy, but for
those that Pebble can be asked for.
"""

import json
import os
import re
import time
from email.utils import formatdate

import pytest
from lab import Ca, World, Zone
from lab.client import names_of

NAMES = ("*.example.test", "example.test")
PROBLEM = "application/problem+json"
URN = "urn:ietf:params:acme:error:"


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


@pytest.fixture
def proxied(make_lab, make_client):
    """(lab, client): a CA behind the proxy. The zones must be at the end as they are now."""
    lab = make_lab(World(zones=[Zone("example.test", records='@ 60 IN TXT "not ours"')],
                         cas=[Ca(calm=True, proxy=True)], in_step=True))
    before = lab.zones()
    client = make_client(lab, proxied=True)
    yield lab, client
    lab.set_proxy_rules([])
    assert lab.zones() == before
    assert lab.processes() == []


def problem(type_, detail, **more):
    return json.dumps({"type": URN + type_, "detail": detail, **more})


def serial(client):
    return client.certificate("example.test")[0].serial_number


def has_certificate(client):
    return os.path.exists(client.path("example.test", "cert.pem"))


# Answers that get lost, and busy servers

EACH = ["/dir", "/nonce-plz", "/sign-me-up", "/order-plz", "/authZ/", "/chalZ/", "/my-order/", "/finalize-order/",
        "/certZ/"]


@pytest.mark.parametrize("path", EACH)
@pytest.mark.parametrize("fault", [
    {"do": "drop-reply"}, {"do": "drop-request"}, {"do": "cut", "bytes": 250},
    {"do": "refuse", "status": 502, "headers": {"content-type": "text/html"}, "body": "<html>Bad gateway"},
], ids=["reply", "request", "cut", "502"])
def test_a_single_loss_is_borne(proxied, path, fault):
    lab, client = proxied
    lab.set_proxy_rules([{"path": path, "times": 1, **fault}])
    succeed(client.issue(*NAMES))
    assert any(line["rule"] == fault["do"] for line in lab.proxied()), "the fault was never met"
    assert names_of(client.certificate("example.test")[0]) == sorted(NAMES)
    # libcurl repeats by itself what a kept connection lost; that one bears a used nonce and does nothing.
    made = [line for line in lab.proxied() if line["path"] == "/order-plz" and line["status"] == 201]
    done = [line for line in lab.proxied() if "/finalize-order/" in line["path"] and line["status"] == 200]
    assert len(made) <= 2 and len(done) == 1


def test_a_silent_ca_is_asked_again(proxied):
    lab, client = proxied
    client.configure("request-timeout = 1s")
    lab.set_proxy_rules([{"path": "/order-plz", "do": "stall", "times": 1}])
    assert succeed(client.issue("example.test")).seconds < 40


@pytest.mark.parametrize("percent", [50, 90])
def test_storms_of_bad_nonces(make_lab, make_client, percent):
    lab = make_lab(World(cas=[Ca(calm=True, env={"PEBBLE_WFE_NONCEREJECT": percent})], in_step=True))
    client = make_client(lab)
    result = client.issue("example.test")
    if percent == 50:
        succeed(result)
    else:  # ten tries are not always enough; then it says so, and the next run goes on
        assert result.code in (0, 6, 7), result.err
        assert result.code == 0 or "badNonce" in result.err
    assert lab.processes() == []


@pytest.mark.parametrize("value", ["1", "1.5", "date", None], ids=["number", "fraction", "date", "none"])
def test_a_busy_ca_is_waited_for(proxied, value):
    lab, client = proxied
    if value == "date":
        value = formatdate(time.time() + 2, usegmt=True)
    headers = {"content-type": PROBLEM, "retry-after": value}
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 503, "times": 1,
                          "headers": {k: v for k, v in headers.items() if v},
                          "body": problem("serverInternal", "busy")}])
    assert succeed(client.issue("example.test")).seconds < 40


def test_a_date_counts_by_the_clock_of_the_ca(proxied):
    """A CA whose clock is an hour ahead and that asks for a second does not ask for an hour."""
    lab, client = proxied
    ahead = time.time() + 3600
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 503, "times": 1, "headers": {
        "content-type": PROBLEM, "date": formatdate(ahead, usegmt=True),
        "retry-after": formatdate(ahead + 1, usegmt=True)}, "body": problem("serverInternal", "busy")}])
    assert succeed(client.issue("example.test")).seconds < 40


def test_a_rate_limit_is_told_and_kept(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 429, "headers": {
        "content-type": PROBLEM, "retry-after": "86400", "link": '<https://limits.example/>;rel="help"'},
        "body": problem("rateLimited", "too many certificates (5) already issued")}])
    result = succeed(client.issue("example.test"), 7)
    assert result.seconds < 40
    for word in ("rateLimited", "too many certificates (5)", "https://limits.example/", "1 day|24 h|86400"):
        assert re.search(word, result.err.replace("(5)", "(5)")) or word in result.err, result.err
    assert len([r for r in lab.proxied() if r["path"] == "/order-plz"]) == 1


def test_an_outage_is_not_told_as_json_trouble(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 500, "headers": {
        "content-type": "text/html", "retry-after": "7200"},
        "body": "<html>\x1b[31mOops\x07</html>" + "x" * 5000}])
    result = succeed(client.issue("example.test"), 7)
    assert "500" in result.err and "\x1b" not in result.err and "\x07" not in result.err
    assert "xxxx" * 100 not in result.err


@pytest.mark.parametrize("server, said", [
    ("https://nowhere.invalid/dir", "nowhere.invalid"),
    ("https://ca.test:9/dir", "ca.test"),
])
def test_a_ca_that_is_not_there(make_lab, make_client, server, said):
    lab = make_lab(World(cas=[Ca(calm=True)], in_step=True))
    client = make_client(lab)
    result = lab.run(client.command("issue", "-d", "example.test", "--provider", "lab", "--server", server))
    assert result.code in (1, 7) and said in result.err, result.err
    assert result.seconds < 60
    assert result.err.count(said) <= 3, result.err


# Answers that lie

def url_rule(path, key, url):
    return {"path": path, "do": "replace", "pattern": r'"%s":\s*"[^"]*"' % key, "with": '"%s": "%s"' % (key, url)}


@pytest.mark.parametrize("path, key, url", [
    ("/dir", "newOrder", "http://ca-proxy.test:14000/order-plz"),
    ("/dir", "newAccount", "https://169.254.169.254/latest"),
    ("/dir", "newNonce", "file:///etc/passwd"),
    ("/order-plz", "finalize", "https://evil.example/finalize"),
    ("/my-order/", "certificate", "https://127.0.0.1/cert"),
    ("/authZ/", "url", "http://ca-proxy.test:14000/chalZ/1"),
])
def test_urls_that_lead_away_are_refused(proxied, path, key, url):
    lab, client = proxied
    lab.set_proxy_rules([url_rule(path, key, url)])
    result = client.issue("example.test")
    assert result.code == 6 and url in result.err, "%d %s" % (result.code, result.err)
    assert not has_certificate(client)


@pytest.mark.parametrize("path", ["/dir", "/order-plz", "/authZ/"])
@pytest.mark.parametrize("body", [
    "[" * 100000, "not json", "", '{"status":"pending"', '{"status":7,"identifiers":{},"authorizations":"x"}',
    '["a"]', "null", '{"status":"pend\\u0000ing","authorizations":[]}', "\xff\xfe"],
    ids=["deep", "text", "empty", "torn", "types", "array", "null", "nul", "bytes"])
def test_malformed_answers_are_errors(proxied, path, body):
    lab, client = proxied
    client.configure("issuance-timeout = 8s")
    lab.set_proxy_rules([{"path": path, "do": "replace", "body": body}])
    result = client.issue("example.test")
    assert result.code in (1, 6, 7), "%d %s" % (result.code, result.err)
    assert "error: " in result.err or "not yet: " in result.err
    assert result.seconds < 30 and not has_certificate(client)


def test_endless_answers_are_cut(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/order-plz", "do": "replace", "body": "x" * 30_000_000}])
    result = client.issue("example.test")
    assert result.code in (1, 6) and "too large" in result.err, result.err
    assert result.seconds < 30


@pytest.mark.parametrize("token", ["../../etc/passwd", "a;b", "a b", "x" * 10000, ""])
def test_tokens_that_are_none_are_refused(proxied, token):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/authZ/", "do": "replace", "pattern": r'"token":\s*"[^"]*"',
                          "with": '"token": "%s"' % token}])
    result = succeed(client.issue("example.test"), 6)
    assert "token" in result.err or "dns-01" in result.err, result.err
    assert len(result.err) < 6000


def test_redirects_are_not_followed(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/dir", "do": "refuse", "status": 301,
                          "headers": {"location": "https://elsewhere.example/dir"}}])
    result = client.issue("example.test")
    assert result.code in (1, 6) and "https://elsewhere.example/dir" in result.err, result.err
    assert result.seconds < 40


def test_a_wrong_content_type_is_no_matter(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": path, "do": "replace", "headers": {"content-type": "text/html"}}
                         for path in ("/dir", "/order-plz", "/authZ/", "/my-order/", "/certZ/")])
    succeed(client.issue(*NAMES))


# Orders and authorizations

def test_an_order_that_stays_in_processing_is_parked(proxied):
    lab, client = proxied
    client.configure("issuance-timeout = 2s")
    stuck = [{"path": path, "do": "replace", "pattern": r'"status":\s*"(valid|ready|processing)"',
              "with": '"status": "processing"'} for path in ("/finalize-order/",)]
    polls = {"path": "/my-order/", "do": "replace", "pattern": r'"status":\s*"(valid|processing)"',
             "with": '"status": "processing"'}
    lab.set_proxy_rules(stuck + [polls])
    result = succeed(client.issue(*NAMES), 7)
    assert "processing" in result.err and "next run" in result.err
    asked = len(lab.proxied())
    client.configure("issuance-timeout = 60s")
    again = succeed(client.issue(*NAMES), 7)
    assert again.seconds < 30
    assert len([r for r in lab.proxied()[asked:] if "/my-order/" in r["path"]]) == 1
    lab.set_proxy_rules([])
    succeed(client.issue(*NAMES))
    assert lab.request_counts()["newOrder"] == lab.request_counts()["finalize"] == 1
    client.certificate("example.test")


def failed_authz(name, detail):
    return json.dumps({
        "status": "invalid", "identifier": {"type": "dns", "value": name},
        "challenges": [{"type": "dns-01", "status": "invalid", "token": "a" * 43,
                        "url": "https://ca-proxy.test:14000/chalZ/1",
                        "error": {"type": URN + "caa", "detail": detail, "status": 403}}]})


def test_the_words_of_a_refusal_are_shown(proxied):
    lab, client = proxied
    lab.set_proxy_rules([
        {"path": "/authZ/", "do": "replace", "body": failed_authz(
            "example.test", "CAA record for example.test prevents issuance\x1b[2J")}])
    result = succeed(client.issue("example.test"), 6)
    assert "CAA record for example.test prevents issuance" in result.err
    assert "\x1b" not in result.err
    assert not has_certificate(client)


def test_each_rejected_name_is_told(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 400, "headers": {"content-type": PROBLEM},
                          "body": problem("rejectedIdentifier", "two names", subproblems=[
                              {"type": URN + "rejectedIdentifier", "detail": "on a list",
                               "identifier": {"type": "dns", "value": "a.example.test"}},
                              {"type": URN + "caa", "detail": "forbidden",
                               "identifier": {"type": "dns", "value": "b.example.test"}}])}])
    result = succeed(client.issue("a.example.test", "b.example.test"), 6)
    assert re.search("a.example.test: .*on a list", result.err)
    assert re.search("b.example.test: .*forbidden", result.err)


def test_a_name_on_the_list_of_the_ca(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(calm=True, config={"domainBlocklist": ["example.test"]})], in_step=True))
    result = succeed(make_client(lab).issue("example.test"), 6)
    assert "rejectedIdentifier" in result.err and "example.test" in result.err


def test_a_ca_without_dns_01_is_told_as_such(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/authZ/", "do": "replace", "pattern": '"dns-01"', "with": '"dns-09"'}])
    result = succeed(client.issue("example.test"), 6)
    assert "dns-01" in result.err and "http-01" in result.err


def test_an_unknown_profile_lists_those_there_are(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(calm=True, profiles={"short": {"description": "six days", "validityPeriod": 518400}})],
                         in_step=True))
    client = make_client(lab)
    client.configure(sections="[ca one]\ndirectory = %s\nprofile = long\n" % client.server)
    result = client.run("issue", "-d", "example.test", "--ca", "one")
    assert result.code in (3, 6) and "long" in result.err and "short" in result.err, result.err
    client.configure(sections="[ca one]\ndirectory = %s\nprofile = short\n" % client.server)
    succeed(client.run("issue", "-d", "example.test", "--ca", "one"))
    certificate = client.certificate("example.test")[0]
    assert (certificate.not_valid_after - certificate.not_valid_before).days <= 6


# Terms and accounts

def test_changed_terms_are_for_a_person(proxied):
    lab, client = proxied
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 403, "headers": {
        "content-type": PROBLEM, "link": '<https://terms.example/v2>;rel="terms-of-service"'},
        "body": problem("userActionRequired", "new terms", instance="https://act.example/now")}])
    result = succeed(client.issue("example.test"), 10)
    for word in ("new terms", "https://act.example/now", "https://terms.example/v2"):
        assert word in result.err


def restart_ca(lab):
    """Pebble keeps nothing."""
    lab.stop_server("pebble-ca")
    lab.start_server("pebble-ca")
    lab.flush_resolver()


def accounts(client):
    folder = os.path.join(client.state, "accounts")
    return [os.path.join(path, "account.json") for path, _, files in os.walk(folder) if "account.json" in files]


def test_a_forgotten_account_is_made_anew_with_its_key(make_lab, make_client, pebble):
    lab = make_lab(World(cas=[Ca(version=pebble, calm=True)], in_step=True))
    client = make_client(lab)
    succeed(client.issue("example.test"))
    path, = accounts(client)
    old = json.load(open(path, encoding="utf-8"))
    key = open(os.path.join(os.path.dirname(path), "key.pem"), "rb").read()
    restart_ca(lab)
    result = succeed(client.issue("example.test", options=["--force"]))
    new = json.load(open(path, encoding="utf-8"))
    assert old["url"] in result.err and "warning" in result.err
    assert new["url"] != old["url"] and new["url"] in result.err
    assert open(os.path.join(os.path.dirname(path), "key.pem"), "rb").read() == key
    lab.flush_resolver()
    assert "does not know" not in succeed(client.issue("example.test", options=["--force"])).err


def test_a_forgotten_account_with_new_terms_is_for_a_person(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(calm=True, proxy=True)], in_step=True))
    client = make_client(lab, proxied=True)
    succeed(client.issue("example.test"))
    text = open(client.config, encoding="utf-8").read().replace("agree-tos = yes\n", "")
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(text)
    restart_ca(lab)
    lab.set_proxy_rules([{"path": "/dir", "do": "replace", "pattern": r'"termsOfService":\s*"[^"]*"',
                          "with": '"termsOfService": "https://terms.example/v2"'}])
    result = succeed(client.issue("example.test", options=["--force"]), 10)
    path, = accounts(client)
    for word in ("accountDoesNotExist", json.load(open(path, encoding="utf-8"))["url"],
                 os.path.join(os.path.dirname(path), "key.pem"), "--agree-tos"):
        assert word in result.err, result.err
    succeed(client.issue("example.test", options=["--force", "--agree-tos"]))


def test_a_key_that_is_not_the_accounts_is_named(proxied):
    lab, client = proxied
    succeed(client.issue("example.test"))
    path, = accounts(client)
    key = os.path.join(os.path.dirname(path), "key.pem")
    with open(client.path("example.test", "privkey.pem"), "rb") as file:
        other = file.read()
    os.rename(key, key + ".old")
    with open(key, "wb") as file:
        file.write(other)
    os.chmod(key, 0o600)
    lab.flush_resolver()
    result = client.issue("example.test", options=["--force"])
    assert result.code == 6 and key in result.err, "%d %s" % (result.code, result.err)


# Chains

def self_signed(name):
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(7).not_valid_before(now - datetime.timedelta(1))
                   .not_valid_after(now + datetime.timedelta(60))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
                   .sign(key, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("chain", [
    "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "other key", "private key"])
def test_a_chain_that_does_not_fit_is_not_installed(proxied, chain):
    lab, client = proxied
    succeed(client.issue("example.test"))
    before = serial(client)
    lab.flush_resolver()
    if chain == "other key":
        chain = self_signed("example.test")
    elif chain == "private key":
        chain = open(client.path("example.test", "privkey.pem"), encoding="ascii").read()
    lab.set_proxy_rules([{"path": "/certZ/", "do": "replace", "body": chain}])
    result = client.issue("example.test", options=["--force"])
    assert result.code in (1, 6) and "error: " in result.err, "%d %s" % (result.code, result.err)
    assert serial(client) == before
    assert "PRIVATE KEY" not in result.err
    # What cannot be read may be better next time, and is fetched again; what does not fit never will.
    lab.set_proxy_rules([])
    lab.flush_resolver()
    succeed(client.issue("example.test", options=["--force"]))
    assert serial(client) != before
    # The order whose chain was spoilt has replaced the first certificate, as far as the CA knows: the next is
    # refused once for that.
    assert lab.request_counts()["newOrder"] <= 4
