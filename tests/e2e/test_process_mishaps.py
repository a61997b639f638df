# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""process where something is wrong with some of the certificates: the others lose nothing by it, and nobody is left
to expire unsaid."""

import json
import os
import re
import re

import pytest
from lab import Ca, Host, World, Zone
from test_list import events_of
from test_process import many, results, section, serial, with_partner

ZONE = Zone("example.test", records='@ 60 IN TXT "not ours"')


@pytest.fixture
def lab(make_lab):
    return make_lab(World(zones=[ZONE], cas=[Ca(calm=True)], in_step=True, cache_s=0))


@pytest.fixture
def two_cas(make_lab):
    return make_lab(World(zones=[ZONE], cas=[Ca(calm=True), Ca(name="trial", calm=True)], in_step=True, cache_s=0))


@pytest.fixture
def client(lab, make_client):
    return make_client(lab)


def test_what_is_refused_at_once_takes_no_place_from_others(lab, client):
    """It would do so run after run, and those behind it would never be renewed."""
    other = "[provider other]\nplugin = rfc2136\nkey-file = %s\nttl = 1\n" % lab.key_file()
    client.configure(sections=other + many(client, "ab", "provider = other\n") + many(client, "c"))
    assert client.run("process").code == 0
    first = serial(client, "c")
    client.configure(sections=many(client, "ab", "provider = other\n") + many(client, "c"))
    run = client.run("renew", "--force", "--max-orders", "1", "--json")
    ends = results(run)
    assert run.code == 3 and serial(client, "c") != first, run.out
    assert "there is no provider 'other'" in ends["a"]["text"]
    assert (ends["renew"]["issued"], ends["renew"]["failed"], ends["renew"]["postponed"]) == (1, 2, 0)


def test_what_fails_each_time_takes_no_place_from_others(make_lab, make_client):
    """Its order begins, so that a place is used up; what is wrong somebody has to mend, so that nothing is waited
    after. By the names alone it would be tried in each run, and nothing else ever."""
    zone = Zone("example.test", records="_acme-challenge.a 60 IN CNAME a.example.org.")
    lab = make_lab(World(zones=[zone, Zone("example.org")], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    client.configure(settings="max-orders = 1\n", sections=many(client, "abc"))
    runs = [client.run("process", "--scheduled", "--json") for _ in range(4)]
    tried = [sorted(set(results(run)) & set("abc")) for run in runs]
    assert tried == [["a"], ["b"], ["c"], ["a"]], [run.out for run in runs]
    assert "nothing says that we may write there" in results(runs[0])["a"]["text"]
    assert runs[1].code == 0 and runs[2].code == 0 and client.certificate("b") and client.certificate("c")


def test_a_timer_waits_after_a_failure_also_with_an_order_that_was_begun(lab, client):
    """By hand it is gone on with at once. A certificate that is not there yet waits as one that is."""
    broken = many(client, "ab", "provider = no\n") + "[provider no]\nplugin = exec-hook\ncommand = /bin/false\n"
    assert client.issue("b.example.test", options=["--name", "b"]).code == 0
    client.configure(sections=broken)
    run = client.run("renew", "b", "--force")
    assert run.code == 4 and client.run("process").code == 4, run.err
    before = lab.request_counts()
    plan = client.run("process", "--scheduled", "--plan")
    assert re.findall(r"^([ab]) .* wait +not before ", plan.out, re.M) == ["b", "a"], plan.out
    run = client.run("process", "--scheduled")
    assert run.code == 0 and "2 to be tried again later" in run.out + run.err, run.err
    assert lab.request_counts() == before
    client.configure(sections=many(client, "ab", "provider = lab\n"))
    assert client.run("process").code == 0 and client.certificate("a") and client.certificate("b")
    assert lab.request_counts()["newOrder"] == before["newOrder"]


def test_what_was_never_issued_does_not_go_on_as_before(lab, client):
    client.configure(sections=section(client, "a", "a.example.test", "provider = nobody\n"))
    run = client.run("process")
    assert run.code == 3 and "goes on as it was before" not in run.err, run.err
    assert "its section is wrong" not in client.run("process", "--plan").out


def test_a_real_certificate_behind_a_section_for_trials_is_told(two_cas, make_client):
    lab, client = two_cas, make_client(two_cas)
    client.configure(sections=with_partner(lab))
    assert client.run("issue", "-d", "a.example.test", "--name", "a", "--ca", "one", "--provider", "lab").code == 0
    trial = "[certificate a]\ndomains = a.example.test\nca = one\nstaging = yes\nprovider = lab\n"
    client.configure(sections=with_partner(lab, trial))
    plan = client.run("process", "--plan")
    assert "STAGING" in plan.out and "STAGING:" not in plan.out, plan.out
    for command in (["process"], ["renew", "--force", "a"], ["process", "--scheduled"]):
        run = client.run(*command)
        assert run.code == 0, run.err
        assert "a: not renewed: the section of its name is for trials" in run.err, run.err
    client.configure(settings="staging = yes\n", sections=with_partner(lab))
    run = client.run("process")
    assert run.code == 0 and "1 certificates that are no trials are not renewed" in run.err, run.err
    assert "acme-dns.conf:" in run.err


def test_trials_that_cannot_be_kept_stop_nothing_else(two_cas, make_client):
    lab, client = two_cas, make_client(two_cas)
    trial = "[certificate t]\ndomains = t.example.test\nca = one\nstaging = yes\nprovider = lab\n"
    real = "[certificate a]\ndomains = a.example.test\nca = one\nprovider = lab\n"
    client.configure(sections=with_partner(lab, real + trial))
    os.makedirs(client.state)
    with open(os.path.join(client.state, "staging"), "w", encoding="utf-8"):
        pass
    run = client.run("process", "--json")
    ends = results(run)
    assert run.code == 1 and ends["a"]["exit"] == 0 and ends["t"]["exit"] == 1, run.out
    assert os.path.join(client.state, "staging") in ends["t"]["text"]


def test_what_a_killed_trial_left_is_removed_by_any_run(two_cas, make_client):
    lab, client = two_cas, make_client(two_cas)
    client.configure(sections=with_partner(lab))
    before = lab.transfer("example.test")
    killed = lab.run(client.command("issue", "--dry-run", "-d", "a.example.test", "--ca", "one", "--provider", "lab"),
                     env={"ACME_DNS_CRASH_AT": "provider-add-after"})
    assert killed.code != 0 and lab.transfer("example.test") != before, killed.err
    run = client.run("process")
    assert run.code == 0 and lab.transfer("example.test") == before, run.err


def test_what_a_killed_run_left_does_not_wait_for_a_hook(lab, client):
    """Its own order would take it away, but comes not even to its beginning."""
    before = lab.transfer("example.test")
    client.configure(sections=many(client, "ab"))
    assert client.run("process", env={"ACME_DNS_CRASH_AT": "provider-call-after"}).code != 0
    assert lab.transfer("example.test") != before
    client.configure(sections=many(client, "a", "provider = lab\npre-hook = false\n") + many(client, "b"))
    run = client.run("process")
    assert run.code == 1 and "pre-hook 'false': exit status 1" in run.err, run.err
    assert lab.transfer("example.test") == before
    # The order that was begun is still good.
    asked = lab.request_counts()["newOrder"]
    client.configure(sections=many(client, "ab"))
    run = client.run("process")
    assert run.code == 0 and "going on with the order of an earlier run" in run.err, run.err
    assert lab.request_counts()["newOrder"] == asked and lab.transfer("example.test") == before


def test_a_second_provider_takes_the_first_from_no_certificate(lab, client):
    """It was chosen because there was no other. A section that names none says that the configuration chooses."""
    issue = ["issue", "--server", client.server, "--name", "a", "-d", "a.example.test"]
    assert client.run(*issue).code == 0
    client.configure(sections=many(client, "b", ""))
    assert client.run("process").code == 0
    client.configure(sections=many(client, "b", "") + "[provider other]\nplugin = rfc2136\nserver = 127.0.0.1:9\n")
    obstacles = {event["subject"]: event["obstacles"] for event in events_of(client)}
    assert obstacles == {"a": [], "b": ["no-provider"]}
    assert "provider = lab\n" in client.run("adopt", "a").out
    for _ in range(2):
        run = client.run("renew", "--force", "--json")
        ends = results(run)
        assert run.code == 3 and (ends["a"]["exit"], ends["b"]["exit"]) == (0, 3), run.out
    assert "no provider is configured" in ends["b"]["text"]
    plan = client.run("renew", "--force", "--plan").out
    assert re.search("^a .* renew +--force$", plan, re.M), plan
    assert re.search("^b .* broken +no provider is configured for _acme-challenge.b.example.test.*provider = NAME",
                     plan, re.M), plan


def test_a_private_key_of_another_certificate_is_replaced_and_one_that_others_read_told(lab, client):
    """The first serves nobody; where a hook opens the second to others, a new one would be opened as well."""
    client.configure(sections=many(client, "ab"))
    assert client.run("process").code == 0
    with open(client.path("b", "privkey.pem"), encoding="ascii") as file:
        other = file.read()
    with open(client.path("a", "privkey.pem"), "w", encoding="ascii") as file:
        file.write(other)
    os.chmod(client.path("b", "privkey.pem"), 0o644)
    kept = serial(client, "b")
    assert client.run("list", "--check").code == 1 and client.run("list").out.count("DAMAGED") == 2
    run = client.run("process", "--json")
    assert run.code == 0 and results(run)["process"]["issued"] == 1, run.out
    assert client.certificate("a") and serial(client, "b") == kept  # which checks the key, too
    assert "has mode 0644, want 0640 or stricter" in client.run("process").err
    os.chmod(client.path("b", "privkey.pem"), 0o640)
    assert client.run("list", "--check").code == 0


@pytest.mark.parametrize("point", ["order-new-after", "provider-add-after"])
def test_a_first_order_of_a_command_is_gone_on_with(lab, client, point):
    """By whoever comes next, who was not told what was asked for."""
    before = lab.transfer("example.test")
    words = ["issue", "--name", "a", "-d", "a.example.test", "--key-type", "ec384", "--server", client.server]
    killed = lab.run(client.command(*words), env={"ACME_DNS_CRASH_AT": point})
    assert killed.code != 0 and client.run("list").out.count("not issued yet, order waits") == 1, killed.err
    assert "key-type = ec384\n" in client.run("adopt", "a").out and "begun" not in client.run("adopt", "a").out
    asked = lab.request_counts()["newOrder"]
    run = client.run("process", "--scheduled")
    assert run.code == 0, run.err
    assert client.certificate("a")[2].curve.key_size == 384 and lab.transfer("example.test") == before
    assert lab.request_counts()["newOrder"] - asked == (1 if point == "order-new-after" else 0), run.err
    with open(client.path("a", "request.conf"), encoding="utf-8") as file:
        assert "begun" not in file.read()


def test_a_first_order_that_failed_is_left_to_who_asked_for_it(lab, client, tmp_path):
    """The name may be misspelt: nobody tries that for ever, and nothing says that somebody does."""
    told = tmp_path / "told"
    client.configure(settings="failure-hook = sh -c '{ env; cat; } >%s'\n" % told)
    words = ["issue", "--name", "a", "--server", client.server]
    run = client.run(*words, "-d", "a.nowhere.test")
    assert run.code == 3, run.err
    assert "tries again by itself" not in told.read_text() and "nothing does so by itself" in told.read_text()
    assert "ACME_DNS_FAILED=a\n" in told.read_text()
    run = client.run("process")
    assert run.code == 0 and "acme-dns issue --name a tries again, acme-dns delete a forgets it" in run.err, run.err
    # What was wrong then says nothing to a command that says it right.
    assert client.run(*words, "-d", "a.example.test").code == 0
    assert client.run("process").code == 0 and "a.nowhere.test" not in client.run("adopt", "a").out
    os.makedirs(client.path("b", ""))
    run = client.run("adopt", "b")
    assert run.code == 3 and "nothing but its folder is there" in run.err and "did you mean" not in run.err


def test_orders_are_put_aside_amid_the_answers_of_the_ca(make_lab, make_client):
    """Of each order one name is proven while the CA takes its time over the other, in whatever order it says so."""
    lab = make_lab(World(zones=[ZONE], cas=[Ca(calm=True, proxy=True)], in_step=True, cache_s=0))
    client = make_client(lab, proxied=True)
    slow = r'"identifier": \{[^}]*"slow-'
    lab.set_proxy_rules([
        # The first eight are the CA's own: there is nothing to be seen in them before they are answered.
        {"path": "^/authZ/", "skip": 8, "do": "replace", "patterns": [
            [r'(?s)"status": "valid"(?=,\s*%s)' % slow, '"status": "pending"'],
            [r'(?s)(%s.*?"status": )"(pending|valid)"' % slow, r'\1"processing"']]},
        {"path": "^/my-order/", "do": "replace", "pattern": '"status": "ready"', "with": '"status": "pending"'}])
    client.configure(settings="validation-timeout = 1s\n", sections="".join(
        section(client, name, "slow-%s.example.test, %s.example.test" % (name, name)) for name in "abcd"))
    run = client.run("process")
    assert run.code == 7 and "the CA is still processing the order" in run.err, run.err
    lab.set_proxy_rules([])
    assert client.run("process").code == 0 and lab.request_counts()["newOrder"] == 4


def test_an_order_that_somebody_has_to_mend_is_not_kept(make_lab, make_client, tmp_path):
    """What is wrong is found when the CA has made the order: it is left as one that was found wrong before."""
    late = Zone("auth.test", secondary=False, hidden_primary=True,
                hosts=[Host("ns7", rules=[{"do": "delay", "seconds": 1}])])
    zone = Zone("example.test", records="_acme-challenge.a 60 IN CNAME a.auth.test.")
    lab = make_lab(World(zones=[zone, late], cas=[Ca(calm=True)], cache_s=0))
    client = make_client(lab)
    told = tmp_path / "told"
    client.configure(settings="failure-hook = sh -c 'cat >%s'\n" % told)
    run = client.issue("a.example.test", options=["--name", "a"])
    assert run.code == 3 and "nothing says that we may write there" in run.err, run.err
    assert "tries again by itself" not in told.read_text() and "nothing does so by itself" in told.read_text()
    run = client.run("process")
    assert run.code == 0 and "acme-dns issue --name a tries again, acme-dns delete a forgets it" in run.err, run.err
    assert lab.request_counts()["newOrder"] == 1


def test_a_zone_for_others_leaves_nobody_unnoticed(lab, client):
    """Some names have somebody to publish for them, so that others might by a CNAME; these never had one."""
    sections = many(client, "b", "")
    client.configure(sections=sections)
    assert client.run("process").code == 0
    run = client.run("provider add", "other", "--plugin", "rfc2136", "--no-check", "server=127.0.0.1:9")
    assert run.code == 0 and re.search(r"who publishes for b: write 'provider = lab'", run.err), run.err
    os.unlink(os.path.join(client.folder, "conf.d", "provider-other.conf"))
    sections += "[provider other]\nplugin = rfc2136\nserver = 127.0.0.1:9\n[zone hook.example.test]\nprovider = other\n"
    client.configure(sections=sections)
    assert {event["subject"]: event["obstacles"] for event in events_of(client)} == {"b": ["no-provider"]}
    assert client.run("list", "--check").code == 1
    # One whose CNAME led to whoever has that zone loses nothing.
    client.configure(sections=sections + "[zone example.org]\nprovider = lab\n")
    assert {event["subject"]: event["obstacles"] for event in events_of(client)} == {"b": []}
    assert client.run("list", "--check").code == 0


def test_a_ca_that_is_down_is_waited_for_once(lab, client):
    """Not by each of a hundred certificates: other CAs' would wait behind them."""
    client.configure(sections=many(client, "abc"))
    assert client.run("process").code == 0
    for name in "abc":
        with open(client.path(name, "renewal.json"), encoding="utf-8") as file:
            kept = json.load(file)
        kept["ari"].update({"asked": "2001-01-01T00:00:00Z", "next": "2001-01-01T00:00:01Z"})
        with open(client.path(name, "renewal.json"), "w", encoding="utf-8") as file:
            json.dump(kept, file)
    lab.stop_server("pebble-ca")
    run = client.run("process", "--parallel-orders", "1", "-vv")
    assert run.code == 0 and "3 not due" in run.out, run.err
    assert run.err.count("the CA did not say when to renew") == 1, run.err
    assert run.err.count("has not answered earlier in this run") == 2, run.err
    run = client.run("renew", "--force", "--parallel-orders", "1", "--json")
    ends = results(run)
    assert run.code == 1 and ends["renew"]["failed"] == 3, run.out
    assert all("cannot connect" in ends[name]["text"] for name in "abc")
    told = [name for name in "abc" if "was met earlier in this run" in ends[name]["text"]]
    assert len(told) == 2, run.out
