# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""process and renew: all certificates in one run; who says what each is to be; what is left alone."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from lab import Ca, World, Zone
from lab.client import names_of
from test_ca import restart_ca


@pytest.fixture
def lab(make_lab):
    zones = [Zone("example.test", records='@ 60 IN TXT "not ours"'), Zone("example.org")]
    return make_lab(World(zones=zones, cas=[Ca(calm=True)], in_step=True, cache_s=0))


@pytest.fixture
def client(lab, make_client):
    return make_client(lab)


def section(client, name, domains, more=""):
    return "[certificate %s]\ndomains = %s\nserver = %s\n%s" % (name, domains, client.server, more)


def results(run):
    """What --json said of each subject at the end."""
    events = [json.loads(line) for line in run.out.splitlines()]
    return {event["subject"]: event for event in events if event["event"] == "result"}


def serial(client, name):
    return client.certificate(name)[0].serial_number


def request_conf(client, name):
    with open(client.path(name, "request.conf"), encoding="utf-8") as file:
        return file.read()


def test_all_that_is_configured_and_all_that_is_remembered(lab, client):
    client.configure(sections=section(client, "one", "one.example.test, *.one.example.test")
                     + section(client, "two", "two.example.org"))
    assert client.issue("three.example.test").code == 0
    before = lab.transfer("example.test")
    plan = client.run("process", "--plan")
    assert plan.code == 0 and re.search(r"^one +- +issue", plan.out, re.M), plan.out
    assert "nothing to do for 1 of 3 certificates" in plan.out
    assert not os.path.exists(client.path("one", "cert.pem"))
    assert re.search(r"^one +.*not issued yet.*one\.example\.test", client.run("list").out, re.M)
    run = client.run("process")
    assert run.code == 0, run.err
    assert "2 issued, 1 not due" in run.out
    assert names_of(client.certificate("one")[0]) == ["*.one.example.test", "one.example.test"]
    assert names_of(client.certificate("two")[0]) == ["two.example.org"]
    assert lab.transfer("example.test") == before
    again = client.run("process")
    assert (again.code, "3 not due" in again.out) == (0, True), again.out
    assert client.run("process", "--exit-unchanged").code == 2
    # One account for all.
    accounts = os.listdir(os.path.join(client.state, "accounts"))
    assert len(accounts) == 1 and os.listdir(os.path.join(client.state, "accounts", accounts[0])) == ["default"]


def test_one_failure_stops_no_other(lab, client):
    refused = "[provider nobody]\nplugin = rfc2136\nserver = 127.0.0.99\nkey-file = %s\ncall-timeout = 5s\n" \
        % lab.key_file("hmac-sha256")
    client.configure(settings="propagation-timeout = 20s\n", sections=refused + "".join(
        section(client, name, name + ".example.test", "provider = %s\n" % provider)
        for name, provider in (("a", "lab"), ("b", "nobody"), ("c", "lab"))))
    run = client.run("process", "--json")
    ends = results(run)
    assert run.code == 4, run.out
    assert ends["a"]["exit"] == ends["c"]["exit"] == 0 and ends["b"]["exit"] == 4
    assert "nobody" in ends["b"]["text"]
    assert (ends["process"]["issued"], ends["process"]["failed"], ends["process"]["exit"]) == (2, 1, 4)


def test_the_section_wins_and_says_so_once(lab, client):
    assert client.issue("a.example.test", options=["--name", "a", "--key-type", "rsa2048"]).code == 0
    first = serial(client, "a")
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n"))
    run = client.run("process")
    assert run.code == 0 and "the configuration has a section for it" in run.err, run.err
    # What it does not say, the command still does.
    assert serial(client, "a") == first and "key-type = rsa2048" in request_conf(client, "a")
    assert "has a section for it" not in client.run("process").err
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\nkey-type = ec384\n"))
    assert client.run("process").code == 0 and "rsa2048" not in request_conf(client, "a")
    run = client.run("issue", "--name", "a", "--key-type", "rsa2048", "--force")
    assert "the configuration says of it too: key-type; what the command says counts this time" in run.err
    assert "rsa2048" not in request_conf(client, "a")
    first = serial(client, "a")
    # A name more counts now, a name less from the next renewal on.
    client.configure(sections=section(client, "a", "a.example.test, b.example.test", "provider = lab\n"))
    assert "the configuration adds b.example.test" in client.run("process", "--plan").out
    assert client.run("renew").code == 0 and serial(client, "a") == first
    assert client.run("process").code == 0 and serial(client, "a") != first
    assert names_of(client.certificate("a")[0]) == ["a.example.test", "b.example.test"]
    second = serial(client, "a")
    client.configure(sections=section(client, "a", "b.example.test", "provider = lab\n"))
    assert client.run("process").code == 0 and serial(client, "a") == second
    assert client.run("issue", "--name", "a").code == 0 and serial(client, "a") == second
    assert client.run("renew", "--force", "a").code == 0
    assert names_of(client.certificate("a")[0]) == ["b.example.test"]
    # issue without names means those of the section, and hears of no conflict that nobody made.
    client.configure(sections=section(client, "a", "c.example.test, b.example.test", "provider = lab\n"))
    run = client.run("issue", "--name", "a")
    assert run.code == 0 and "says of it too" not in run.err, run.err
    assert names_of(client.certificate("a")[0]) == ["b.example.test", "c.example.test"]
    assert client.run("issue", "--name", "a", "--deploy-hook", "/bin/true").code == 0
    client.configure(sections=section(client, "a", "b.example.test, c.example.test",
                                      "provider = lab\ndeploy-hook = /bin/true -\n"))
    run = client.run("process")
    assert run.code == 0 and "says of it too" not in run.err, run.err


def test_a_section_that_was_taken_away(lab, client):
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n"))
    assert client.run("process").code == 0
    first = serial(client, "a")
    client.configure()
    for command, code in ((["process"], 0), (["renew"], 0), (["renew", "--force", "a"], 10)):
        run = client.run(*command)
        assert run.code == code and serial(client, "a") == first, run.err
        for words in ("a: not renewed", "taken out of the configuration", "acme-dns adopt a", "acme-dns delete a"):
            assert words in run.err, run.err
    assert "section-removed" in client.run("list").out
    # Who asks for it says again what it is to be.
    assert client.issue("a.example.test", options=["--name", "a", "--force"]).code == 0
    assert serial(client, "a") != first and "taken out" not in client.run("process").err


def test_a_broken_section_keeps_its_certificate_alive(lab, client):
    good = section(client, "a", "a.example.test", "provider = lab\n")
    client.configure(sections=good)
    assert client.run("process").code == 0
    first = serial(client, "a")
    client.configure(sections=good + "key-type = dsa\n" + section(client, "b", "b.example.test", "key-tpye = x\n")
                     + section(client, "c", "c.example.test", "provider = lab\n"))
    run = client.run("renew", "--force", "--json", "a")
    assert run.code == 3 and serial(client, "a") != first, run.out
    run = client.run("process", "--json")
    ends = results(run)
    assert run.code == 3, run.out
    assert ends["c"]["exit"] == 0 and ends["b"]["exit"] == 3
    assert "acme-dns.conf:" in ends["b"]["text"]
    assert "its section in the configuration is wrong" in run.out
    assert "key-type" not in request_conf(client, "a")


def test_the_nearest_ends_first_and_no_more_than_allowed(lab, client):
    client.configure(settings="max-orders = 2\n", sections="".join(
        section(client, name, name + ".example.test", "provider = lab\n") for name in "abcde"))
    run = client.run("process")
    assert run.code == 0 and "2 issued, 3 for the next run (max-orders)" in run.out, run.out
    assert "3 certificates more are to be ordered" in run.err
    assert client.run("process", "--max-orders", "9").code == 0
    assert "5 not due" in client.run("process").out


def test_one_that_is_named_and_not_due_says_until_when(lab, client):
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n")
                     + section(client, "b", "b.example.test", "provider = lab\n"))
    assert client.run("process").code == 0
    run = client.run("renew", "a")
    assert run.code == 0 and "b.example.test" not in run.out + run.err, run.err
    assert re.search(r"^a: unchanged, valid until 2.*\n  not due before 2[^ ]*Z \(in [0-9]+ days\); "
                     "'acme-dns renew --force a' renews it now$", run.out, re.M), run.out
    assert "1 not due" in run.out + run.err
    assert "not due before" not in client.run("renew").out


def test_one_that_is_named_and_left_alone_is_a_failure(lab, client):
    """A script would take it for renewed."""
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n")
                     + section(client, "b", "b.example.test", "provider = lab\n"))
    assert client.run("process").code == 0
    assert client.run("revoke", "--name", "a", "--yes").code == 0
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n"))
    for name, why in (("a", "it was revoked"), ("b", "its section was taken out")):
        run = client.run("renew", name, "--force")
        assert run.code == 10 and "%s: not renewed: %s" % (name, why) in run.err, run.err
    run = client.run("renew", "--force")
    assert run.code == 0 and "2 left alone" in run.out, run.err


def test_renew_issues_nothing_new_and_knows_its_names(lab, client):
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\n"))
    run = client.run("renew")
    assert run.code == 0 and "not issued yet: acme-dns process does that" in run.err
    assert not os.path.exists(client.path("a", "cert.pem"))
    run = client.run("renew", "b")
    assert run.code == 3 and "there is no certificate 'b'" in run.err


def test_two_of_the_same_names_follow_each_other(lab, client):
    """A CA hands the same order out twice; two certificates must not share it."""
    client.configure(sections="".join(section(client, name, "a.example.test, b.example.test", "provider = lab\n")
                                      for name in ("one", "two", "three")))
    run = client.run("process")
    assert run.code == 0, run.err
    assert len({serial(client, name) for name in ("one", "two", "three")}) == 3


def test_hooks_may_be_left_to_another_run(lab, client, tmp_path):
    told = tmp_path / "told"
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\necho $ACME_DNS_NAME >>'%s'\n" % told)
    hook.chmod(0o755)
    client.configure(sections=section(client, "a", "a.example.test", "provider = lab\ndeploy-hook = %s\n" % hook))
    assert client.run("process", "--scheduled", "--no-deploy").code == 0
    assert not told.exists() and client.run("process", "--no-deploy").code == 0 and not told.exists()
    assert "hooks failed, or were not run yet" in client.run("process", "--plan").out
    assert client.run("process").code == 0 and told.read_text() == "a\n"
    assert "1 not due" in client.run("process").out and told.read_text() == "a\n"


def test_each_run_writes_the_metrics(lab, client, tmp_path):
    path = tmp_path / "acme.prom"
    client.configure(settings="metrics = %s\n" % path,
                     sections=section(client, "a", "a.example.test", "provider = lab\n"))
    assert client.run("process").code == 0
    assert 'name="a"' in path.read_text()
    assert client.run("delete", "a", "--yes").code == 0
    assert 'health{name="a",staging="no"} 2' in path.read_text() and "not_after_seconds{" not in path.read_text()


def test_a_signal_ends_all_and_the_next_run_goes_on(lab, client):
    before = lab.transfer("example.test")
    client.configure(settings="propagation = wait:30s\n", sections="".join(
        section(client, name, name + ".example.test", "provider = lab\n") for name in "abc"))
    process = lab.popen(client.command("process"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(lab.transfer("example.test")) < len(before) + 3:
        assert time.monotonic() < deadline and process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, err
    assert lab.transfer("example.test") == before
    client.configure(sections="".join(
        section(client, name, name + ".example.test", "provider = lab\n") for name in "abc"))
    run = client.run("process")
    assert run.code == 0 and "3 issued" in run.out, run.err
    assert lab.transfer("example.test") == before


# Trials

@pytest.fixture
def two_cas(make_lab):
    zones = [Zone("example.test", records='@ 60 IN TXT "not ours"')]
    return make_lab(World(zones=zones, cas=[Ca(calm=True), Ca(name="trial", calm=True)], in_step=True, cache_s=0))


def with_partner(lab, more=""):
    return ("[ca one]\ndirectory = %s\nstaging = two\n[ca two]\ndirectory = %s\nis-staging = yes\n%s"
            % (lab.directory(lab.world.cas[0].name), lab.directory("trial"), more))


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, folders, names in os.walk(folder) for name in names + folders)


def test_a_dry_run_keeps_nothing_but_an_account(two_cas, make_client):
    lab, client = two_cas, make_client(two_cas)
    client.configure(sections=with_partner(lab, "[certificate a]\ndomains = a.example.test\nca = one\nprovider = lab\n"))
    before = lab.transfer("example.test")
    assert client.run("process").code == 0
    told = ["--name", "c", "--ca", "one", "--provider", "lab"]
    assert client.run("issue", "-d", "c.example.test", *told).code == 0
    first, certs = serial(client, "a"), files_below(os.path.join(client.state, "certs"))
    for command, tried in ((["process", "--dry-run"], "ac"), (["renew", "--dry-run", "a"], "a"),
                           (["renew", "--dry-run", "c"], "c"), (["issue", "--dry-run", "--name", "c"], "c"),
                           (["issue", "--dry-run", "-d", "x.c.example.test", "--expand", *told], "c"),
                           (["issue", "--dry-run", "-d", "b.example.test", "--ca", "one", "--provider", "lab"],
                            ["b.example.test"])):
        run = client.run(*command)
        assert run.code == 0 and "has issued it; nothing was installed" in run.out, run.err
        assert sorted(re.findall(r"^(\S+): tried$", run.out, re.M)) == list(tried), run.out
        assert "--expand" not in command or "x.c.example.test, c.example.test" in run.out, run.out
    assert serial(client, "a") == first and files_below(os.path.join(client.state, "certs")) == certs
    assert files_below(os.path.join(client.state, "staging", "certs")) == []
    assert [name for name in os.listdir(os.path.join(client.state, "staging", "journal")) if "lock" not in name] == []
    assert lab.transfer("example.test") == before


def failures(client, name):
    with open(client.path(name, "renewal.json"), encoding="utf-8") as file:
        return json.load(file)["failures"]


def test_a_failed_validation_sends_the_next_try_to_the_partner(make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")],
                         cas=[Ca(calm=True, proxy=True), Ca(name="trial", calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    sections = with_partner(lab, "[certificate a]\ndomains = a.example.test\nca = one\nprovider = lab\n").replace(
        lab.directory(lab.world.cas[0].name), lab.directory(proxied=True))
    client.configure("lock-timeout = 1s\n", sections)
    authz = {"status": "invalid", "identifier": {"type": "dns", "value": "a.example.test"},
             "challenges": [{"type": "dns-01", "status": "invalid", "token": "a" * 43,
                             "url": "https://ca-proxy.test:14000/chalZ/1",
                             "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden"}}]}
    lab.set_proxy_rules([{"path": "/authZ/", "do": "replace", "body": json.dumps(authz)}])
    assert client.run("process").code == 6
    assert lab.request_counts("trial")["newOrder"] == 0
    # The partner is content, so the CA is asked again.
    run = client.run("process")
    assert run.code == 6 and "first at the CA's staging partner" in run.err, run.err
    assert lab.request_counts("trial")["newOrder"] == 1
    asked = lab.request_counts()["newOrder"]
    assert asked >= 2
    # A timer waits, and says until when and why.
    run = client.run("process", "--scheduled")
    assert lab.request_counts()["newOrder"] == asked and lab.request_counts("trial")["newOrder"] == 1, run.err
    # What a trial has come to is noted by who holds the certificate, and nobody else.
    lab.set_proxy_rules([])
    before = failures(client, "a")
    assert before["staging-next"] and before["count"] == 2
    with client.hold("a"):
        run = client.run("process")
    assert run.code == 9 and "first at the CA's staging partner" in run.err, run.err
    assert failures(client, "a") == before
    # One that fails is a failure of the certificate, and no order follows it.
    client.configure("lock-timeout = 1s\n", sections.replace("provider = lab", "provider = no")
                     + "[provider no]\nplugin = exec-hook\ncommand = /bin/false\n")
    asked = lab.request_counts()["newOrder"]
    run = client.run("process")
    assert run.code == 4 and lab.request_counts()["newOrder"] == asked, run.err
    assert failures(client, "a")["count"] == 3 and failures(client, "a")["staging-next"]
    client.configure("lock-timeout = 1s\n", sections)
    # A partner that is not there keeps nobody from the CA.
    lab.set_proxy_rules([])
    lab.stop_server("pebble-trial")
    run = client.run("process")
    assert run.code == 0 and "no trial at the CA's staging partner" in run.err, run.err
    assert serial(client, "a")


def test_what_only_issue_was_told_of_is_tried_at_the_partner_too(make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")],
                         cas=[Ca(calm=True, proxy=True), Ca(name="trial", calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    client.configure(sections=with_partner(lab).replace(
        lab.directory(lab.world.cas[0].name), lab.directory(proxied=True)))
    assert client.run("issue", "-d", "a.example.test", "--ca", "one", "--provider", "lab").code == 0
    authz = {"status": "invalid", "identifier": {"type": "dns", "value": "a.example.test"},
             "challenges": [{"type": "dns-01", "status": "invalid", "token": "a" * 43,
                             "url": "https://ca-proxy.test:14000/chalZ/1",
                             "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden"}}]}
    lab.set_proxy_rules([{"path": "/authZ/", "do": "replace", "body": json.dumps(authz)}])
    assert client.run("renew", "--force").code == 6
    assert lab.request_counts("trial")["newOrder"] == 0
    run = client.run("renew", "--force")
    assert run.code == 6 and lab.request_counts("trial")["newOrder"] == 1, run.err


def test_a_dry_run_needs_a_partner(lab, client):
    run = client.issue("a.example.test", options=["--dry-run"])
    assert run.code == 3 and "no staging partner is known" in run.err
    assert "acme-dns plugin test" in run.err


# What goes wrong in the middle

def many(client, names="abcde", more="provider = lab\n"):
    return "".join(section(client, name, name + ".example.test", more) for name in names)


def test_an_account_that_the_ca_forgot_is_mended_once_for_all(lab, client):
    client.configure(sections=many(client))
    assert client.run("process").code == 0
    restart_ca(lab)
    run = client.run("renew", "--force", "--json")
    assert run.code == 0, run.out
    told = [line for line in run.out.splitlines() if "does not know the account" in line]
    assert len(told) == 1 and results(run)["renew"]["issued"] == 5


@pytest.mark.parametrize("point", ["order-new-after", "provider-add-after", "order-install-before:2", "cleanup-before:2", "store-switch-before"])
def test_a_run_that_is_killed_is_gone_on_with(lab, client, point):
    """Killed where the first of several certificates gets to; the next run needs no more than what was lost."""
    before = lab.transfer("example.test")
    client.configure(sections=many(client, "abc"))
    killed = lab.run(client.command("process"), env={"ACME_DNS_CRASH_AT": point})
    assert killed.code != 0, killed.err
    run = client.run("process")
    assert run.code == 0, run.err
    for name in "abc":
        assert names_of(client.certificate(name)[0]) == [name + ".example.test"]
    assert lab.transfer("example.test") == before
    assert not [name for name in os.listdir(os.path.join(client.state, "journal")) if not name.endswith(".lock")]


def test_a_certificate_that_another_run_holds_is_left_to_it_by_a_timer(lab, client):
    client.configure(sections=many(client, "ab"))
    assert client.run("process").code == 0
    with client.hold("a"):
        run = client.run("renew", "--force", "--scheduled", "--json")
        ends = results(run)
        waiting = client.run("renew", "--force", "a", "--scheduled")
    assert run.code == 9 and ends["a"]["exit"] == 9 and ends["b"]["exit"] == 0, run.out
    assert (ends["renew"]["failed"], ends["renew"]["waiting"]) == (0, 1), run.out
    assert waiting.code == 9
    assert re.search(r"the certificate 'a' is held by another run \(host [^,]+, pid \d+, ",
                     waiting.err), waiting.err


@pytest.mark.parametrize("damage", [b"\xff\x00 nonsense\n", b"[certificate a]\nkey-typ = rsa2048\n"], ids=["bytes", "key"])
@pytest.mark.parametrize("is_configured", [True, False], ids=["configured", "remembered"])
def test_a_request_that_is_wrong_costs_no_certificate(lab, client, is_configured, damage):
    """Of a section only what commands said is lost; without one the certificate in force tells."""
    assert client.issue("a.example.test", options=["--name", "a"]).code == 0
    if is_configured:
        client.configure(sections=section(client, "a", "a.example.test, b.example.test", "provider = lab\n"))
    first, path = serial(client, "a"), client.path("a", "request.conf")
    with open(path, "wb") as file:
        file.write(damage)
    run = client.run("process" if is_configured else "renew", *([] if is_configured else ["--force"]))
    assert run.code == 0 and serial(client, "a") != first, run.err
    assert "request.conf" in run.err and names_of(client.certificate("a")[0]) == sorted(
        ["a.example.test"] + (["b.example.test"] if is_configured else []))
    with open(path, "rb") as file:
        assert file.read() == damage
    # Who attends is to mend it.
    run = client.run("issue", "--name", "a", "--force")
    assert run.code == 3 and path in run.err, run.err


@pytest.mark.parametrize("damage", ["nonsense\n", "", None])
def test_a_lost_request_costs_no_certificate(lab, client, damage):
    assert client.issue("a.example.test", options=["--name", "a", "--key-type", "rsa2048"]).code == 0
    first, path = serial(client, "a"), client.path("a", "request.conf")
    if damage is None:
        os.unlink(path)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(damage)
    run = client.run("renew", "--force")
    assert run.code == 0 and serial(client, "a") != first, run.err
    assert "its request.conf cannot be used" in run.err
    cert, _, key = client.certificate("a")
    assert names_of(cert) == ["a.example.test"] and key.key_size == 2048
    # What somebody wrote there is his to correct.
    assert os.path.exists(path) == (damage is not None)
