# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns dns add | wait | remove: what another ACME client's hook publishes, watches and takes away. Each test
compares the whole zone before and after."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time

import pytest
from dns_scene import assert_clean, assert_refused, said, world
from lab import Ca, Host, World, Zone

NAME = "example.test"
OWNER = "_acme-challenge.example.test."
FOREIGN = '_acme-challenge 60 IN TXT "foreign"'
VALUE = "-" + "v" * 42  # as one in 64 is: it looks like an option
OTHER = "o" * 43


@pytest.fixture
def scene(make_lab, make_client):
    """(lab, client, the zones before)"""
    lab = make_lab(world(Zone(NAME, records=FOREIGN)))
    return lab, make_client(lab), lab.zones()


def values_at(lab, owner=OWNER, zone=NAME):
    return sorted(re.findall(r'^%s \S+ IN TXT "(.*)"$' % re.escape(owner), "\n".join(lab.transfer(zone)), re.M))


def done(result, state):
    assert result.code == 0 and state in result.out, said(result)
    return result


def journals(client):
    folder = os.path.join(client.state, "journal")
    return os.listdir(folder) if os.path.exists(folder) else []


def result_of(result):
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [event["event"] for event in events].count("result") == 1 and events[-1]["event"] == "result"
    return events[-1]


# One value


@pytest.mark.parametrize("name", [NAME, "*." + NAME, "Example.TEST.", OWNER, "_Acme-Challenge.example.test"])
def test_a_name_is_a_domain_or_its_owner(scene, name):
    lab, client, before = scene
    done(client.run("dns add", name, VALUE), "published")
    assert values_at(lab) == sorted(["foreign", VALUE])
    done(client.run("dns wait", NAME, VALUE), "live")
    done(client.run("dns remove", OWNER, VALUE), "removed")
    assert journals(client) == []
    assert_clean(lab, before)


@pytest.mark.parametrize("words, told", [
    (["a..b", "v"], "empty label"),
    (["_acme-challenge.*.example.test", "v"], "wildcard"),
    (["_x.example.test", "v"], "underscore"),
    ([NAME, "v" * 256], "256 bytes"),
    ([NAME, "vé"], "printable ASCII"),
    ([NAME, "v", "--lease", "31d"], "30d"),
    ([NAME, "v", "--lease", "soon"], "--lease"),
    ([NAME, "v", "--provider", "nobody"], "configured: lab"),
    ([NAME], "NAME VALUE"),
])
def test_what_makes_no_sense_is_refused(scene, words, told):
    lab, client, before = scene
    result = client.run("dns add", *words)
    assert result.code == 3 and told in result.err, said(result)
    assert journals(client) == []
    assert_clean(lab, before)


def test_added_and_removed_twice_is_once(scene):
    lab, client, before = scene
    for _ in range(2):
        done(client.run("dns add", NAME, VALUE), "published")
    assert values_at(lab) == sorted(["foreign", VALUE])
    for _ in range(2):
        done(client.run("dns remove", NAME, VALUE), "removed")
    assert journals(client) == []
    assert_clean(lab, before)


def test_two_values_of_one_name_do_not_know_each_other(scene):
    """An apex and its wildcard, as certbot asks for them."""
    lab, client, before = scene
    done(client.run("dns add", NAME, VALUE, "--wait"), "live")
    done(client.run("dns add", NAME, OTHER, "--wait"), "live")
    done(client.run("dns remove", NAME, VALUE), "removed")
    assert values_at(lab) == sorted(["foreign", OTHER])
    done(client.run("dns remove", NAME, OTHER), "removed")
    assert_clean(lab, before)


def test_what_no_journal_knows_is_removed_all_the_same(scene, make_client):
    """Published on another host, or before the state was lost."""
    lab, client, before = scene
    done(client.run("dns add", NAME, VALUE), "published")
    stranger = make_client(lab)
    result = done(stranger.run("dns remove", NAME, VALUE, "--json"), '"state":"removed"')
    assert result_of(result)["owner"] == OWNER
    assert journals(stranger) == []
    assert_clean(lab, before)


def test_json_tells_where_and_until_when(scene):
    lab, client, _ = scene
    added = result_of(client.run("dns add", NAME, VALUE, "--wait", "--lease", "2h", "--json"))
    assert added["exit"] == 0 and added["state"] == "live" and added["subject"] == NAME
    assert added["owner"] == OWNER and added["zone"] == "example.test."
    ends = time.mktime(time.strptime(added["until"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    assert 7000 < ends - time.time() < 7300
    assert result_of(client.run("dns remove", NAME, VALUE, "--json"))["state"] == "removed"
    assert lab.processes() == []


# Waiting


def test_a_value_that_does_not_appear_is_5_with_the_table(scene):
    lab, client, before = scene
    result = client.run("dns wait", NAME, VALUE, "--propagation-timeout", "4")
    assert_refused(result, 5, "0 of 4 have it", "ns1.example.test", "127.0.", '"foreign"')
    assert_clean(lab, before)


def test_added_with_wait_is_watched_and_stays_leased(make_lab, make_client):
    """A server that never has it: 5, and the value stands until it is removed."""
    stale = Host("stale", rules=[{"do": "answer", "type": "TXT", "records": []}])
    lab = make_lab(world(Zone(NAME, hosts=[stale])))
    before = lab.zones()
    client = make_client(lab)
    result = client.run("dns add", NAME, VALUE, "--wait", "--propagation-timeout", "1")
    assert_refused(result, 5, "stale.example.test", "dns remove")
    assert values_at(lab) == [VALUE]
    done(client.run("dns remove", NAME, VALUE), "removed")
    assert_clean(lab, before)


def test_a_secondary_that_lags_is_waited_for(make_lab, make_client):
    lab = make_lab(world(Zone(NAME), lag_s=2))
    client = make_client(lab)
    done(client.run("dns add", NAME, VALUE), "published")
    waited = done(client.run("dns wait", NAME, VALUE), "live")
    assert waited.seconds > 0.5, "the secondary was behind"
    done(client.run("dns remove", NAME, VALUE), "removed")


# Where, and through whom


def test_an_alias_is_followed_where_it_may_be(make_lab, make_client):
    lab = make_lab(world(Zone(NAME, records="_acme-challenge 60 IN CNAME x.auth.test."), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    assert_refused(client.run("dns add", NAME, VALUE), 3, "--allow-alias auth.test", "x.auth.test")
    assert_clean(lab, before)
    leave = ["--allow-alias", "auth.test"]
    done(client.run("dns add", NAME, VALUE, "--wait", *leave), "live")
    assert values_at(lab, "x.auth.test.", "auth.test") == [VALUE]
    refused = client.run("dns remove", NAME, VALUE)
    assert refused.code == 3 and "--allow-alias auth.test" in refused.err, said(refused)
    done(client.run("dns remove", NAME, VALUE, *leave), "removed")
    assert_clean(lab, before)


def test_a_zone_chooses_its_provider_and_a_refusal_leaves_nothing(scene):
    lab, client, before = scene
    client.configure(sections="[provider other]\nplugin = nosuch\n[zone example.test]\nprovider = other\n")
    assert_refused(client.run("dns add", NAME, VALUE), 3, "[provider other] is not used", "nosuch")
    # What is asked for is done; that the configuration has a mistake shows in the exit status.
    for verb, state in (("dns add", "published"), ("dns remove", "removed")):
        result = client.run(verb, NAME, VALUE, "--provider", "lab")
        assert result.code == 3 and state in result.out, said(result)
    assert journals(client) == []
    assert_clean(lab, before)


def test_a_resolver_that_is_not_there_is_named_with_its_port(scene):
    result = scene[1].run("dns add", NAME, VALUE, "--resolver", "127.0.0.1:5399")
    assert result.code != 0 and "127.0.0.1:5399" in result.err, said(result)
    assert "nobody listens on port 5399" in result.err, said(result)


# Leases


def test_no_run_touches_a_lease_in_force(scene):
    lab, client, before = scene
    done(client.run("dns add", NAME, VALUE), "published")
    cleaned = client.run("cleanup")
    assert cleaned.code == 0 and "1 stay" in cleaned.out and "leased until" in cleaned.err, said(cleaned)
    issued = client.issue(NAME)
    assert issued.code == 0, said(issued)
    done(client.run("dns add", NAME, OTHER), "published")
    done(client.run("dns remove", NAME, OTHER), "removed")
    assert values_at(lab) == sorted(["foreign", VALUE])
    result = done(client.run("dns remove", NAME, VALUE), "removed")
    assert "that was leased" in result.err and "is over" not in result.err, said(result)
    assert journals(client) == []
    assert_clean(lab, before)


@pytest.mark.parametrize("verb", ["cleanup", "issue", "dns add", "dns remove"])
def test_a_lease_that_has_ended_goes_with_the_next_run(scene, verb):
    lab, client, before = scene
    done(client.run("dns add", NAME, VALUE, "--lease", "1s"), "published")
    time.sleep(1.2)
    if verb == "issue":
        assert client.issue("www.example.test").code == 0
    elif verb == "cleanup":
        assert "1 removed" in client.run("cleanup").out
    else:
        done(client.run(verb, "www.example.test", OTHER), "example.test")
        assert values_at(lab) == ["foreign"]
        done(client.run("dns remove", "www.example.test", OTHER), "removed")
    assert journals(client) == []
    assert_clean(lab, before)


def test_a_killed_run_leaves_a_lease_or_nothing(scene):
    """At each point between the journal and the provider."""
    lab, client, before = scene
    for point in ("journal-intent-before", "journal-intent-after", "provider-add-after"):
        killed = client.run("dns add", NAME, VALUE, env={"ACME_DNS_CRASH_AT": point})
        assert killed.code == -signal.SIGKILL, said(killed)
        assert values_at(lab) == sorted(["foreign", VALUE] if point == "provider-add-after" else ["foreign"])
        done(client.run("dns remove", NAME, VALUE), "removed")
        assert journals(client) == [], point
        assert_clean(lab, before)


def test_a_killed_removal_is_ended_by_the_next(scene):
    lab, client, before = scene
    for point in ("provider-remove-before", "provider-remove-after", "journal-removed-before"):
        done(client.run("dns add", NAME, VALUE), "published")
        killed = client.run("dns remove", NAME, VALUE, env={"ACME_DNS_CRASH_AT": point})
        assert killed.code == -signal.SIGKILL, said(killed)
        done(client.run("dns remove", NAME, VALUE), "removed")
        assert journals(client) == [], point
        assert_clean(lab, before)


def test_a_signal_while_it_waits_keeps_the_lease(scene):
    lab, client, before = scene
    process = lab.popen(client.command("dns add", NAME, VALUE, "--wait", "--propagation-timeout", "60", "--json"),
                        env={"ACME_DNS_PROPAGATION": "wait:60"}, stdout=subprocess.PIPE, text=True)
    # Before that the value may stand already, and yet would be taken back.
    assert any(json.loads(line).get("state") == "PROPAGATE" for line in process.stdout), "it ended by itself"
    process.terminate()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, out
    assert values_at(lab) == sorted(["foreign", VALUE])
    done(client.run("dns remove", NAME, VALUE), "removed")
    assert_clean(lab, before)


@pytest.fixture
def held(scene):
    """A lease whose journal is in other hands until the returned function lets it go."""
    lab, client, _ = scene
    done(client.run("dns add", NAME, VALUE), "published")
    run, = [name for name in journals(client) if not name.endswith(".lock")]
    with open(os.path.join(client.state, "journal", run + ".lock"), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield run, lambda: fcntl.flock(lock, fcntl.LOCK_UN)


def test_a_journal_that_another_run_looks_at_is_waited_for(scene, held):
    lab, client, before = scene
    _, let_go = held
    process = lab.popen(client.command("dns remove", NAME, VALUE))
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    assert values_at(lab) == sorted(["foreign", VALUE])
    let_go()
    assert process.wait(60) == 0
    assert journals(client) == []
    assert_clean(lab, before)


def test_a_journal_that_stays_in_other_hands_is_9(scene, held):
    lab, client, before = scene
    run, let_go = held
    client.configure("lock-timeout = 1s")
    assert_refused(client.run("dns remove", NAME, VALUE), 9, run, "lock-timeout")
    assert values_at(lab) == sorted(["foreign", VALUE])
    let_go()
    done(client.run("dns remove", NAME, VALUE), "removed")
    assert journals(client) == []
    assert_clean(lab, before)


def test_many_hooks_at_once(make_lab, make_client):
    """Several names and values side by side, each a process of its own."""
    lab = make_lab(world(Zone(NAME)))
    before = lab.zones()
    client = make_client(lab)
    wanted = [("n%d.example.test" % (i % 4), chr(ord("a") + i) * 43) for i in range(8)]
    for verb in (["dns add", "--wait"], ["dns remove"]):
        running = [lab.popen(client.command(verb[0], name, value, *verb[1:])) for name, value in wanted]
        assert [process.wait(60) for process in running] == [0] * len(wanted)
        if verb[0] == "dns add":
            assert all(value in "\n".join(lab.transfer(NAME)) for _, value in wanted)
    assert journals(client) == []
    assert_clean(lab, before)
