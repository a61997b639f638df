# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Values that a killed run left, and what the next one makes of them. Needs a build with
ACME_CRASH_POINTS."""

import os
import re
import signal

from dns_scene import assert_clean, world
from lab import Zone

ALIAS = "_acme-challenge 60 IN CNAME example-test.auth.test."
LEAVE = "[zone auth.test]\nprovider = lab\n"


def leave_values(client, *names):
    """A run that is killed once its values are live."""
    result = client.issue(*names, env={"ACME_DNS_CRASH_AT": "order-answer-before:1"})
    assert result.code == -signal.SIGKILL, result.out + result.err


def standing(lab, zone):
    return [line for line in lab.transfer(zone) if "TXT" in line]


def spoil_key(client):
    """Another secret under the same name: the primary refuses what it signs. What was there before."""
    with open(client.config, encoding="utf-8") as file:
        text = file.read()
    path = re.search(r"key-file = (\S+)", text).group(1)
    with open(path, encoding="utf-8") as file:
        key = re.sub(r'secret "[^"]*"', 'secret "%s="' % ("A" * 43), file.read())
    spoilt = os.path.join(client.folder, "spoilt.key")
    with open(spoilt, "w", encoding="utf-8") as file:
        file.write(key)
    os.chmod(spoilt, 0o600)
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(text.replace(path, spoilt))
    return text


def test_values_behind_an_alias_are_taken_back(make_lab, make_client):
    """Where the alias leads no label says that it is a challenge: the mapped zone does."""
    lab = make_lab(world(Zone("example.test", records=ALIAS), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=LEAVE)
    leave_values(client, "example.test", "*.example.test")
    assert len(standing(lab, "auth.test")) == 2
    result = client.run("cleanup")
    assert result.code == 0 and "2 removed" in result.out + result.err, result.out + result.err
    assert_clean(lab, before)


def test_taking_back_needs_the_leave_that_publishing_needs(make_lab, make_client):
    lab = make_lab(world(Zone("example.test", records=ALIAS), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=LEAVE)
    leave_values(client, "example.test")
    client.configure()
    result = client.run("cleanup")
    told = result.out + result.err
    assert result.code == 4 and "example-test.auth.test" in told and "--allow-alias auth.test" in told, told
    assert len(standing(lab, "auth.test")) == 1
    result = client.run("cleanup", "--allow-alias", "auth.test")
    assert result.code == 0, result.out + result.err
    assert_clean(lab, before)


def test_a_refused_credential_forgets_nothing(make_lab, make_client):
    """The next run wants the same value again and is refused: that says nothing of the value that stands."""
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    client = make_client(lab)
    leave_values(client, "example.test")
    good = spoil_key(client)
    result = client.issue("example.test")
    assert result.code == 4, result.out + result.err
    assert len(standing(lab, "example.test")) == 1
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(good)
    result = client.run("cleanup")
    assert result.code == 0, result.out + result.err
    assert_clean(lab, before)


def test_each_value_that_cannot_be_removed_is_named_with_the_way_out(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    client = make_client(lab)
    leave_values(client, "*.example.test", "www.example.test")
    good = spoil_key(client)
    result = client.run("cleanup")
    assert result.code == 4 and "0 removed, 2 could not be" in result.err, result.err
    for owner in ("_acme-challenge.example.test.", "_acme-challenge.www.example.test."):
        line = [line for line in result.err.splitlines() if line.startswith("warning: %s: " % owner)]
        assert len(line) == 1 and line[0].count("provider 'lab' cannot remove") == 1, result.err
        assert "it refuses this credential" in line[0]
    entries = re.findall(r"\(entry (\S+)\)", result.err)
    assert len(set(entries)) == 2 and "cleanup --forget ID" in result.err
    assert client.run("cleanup", "--forget", entries[0]).code == 0
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(good)
    assert "1 removed" in client.run("cleanup").out
    assert len(standing(lab, "example.test")) == 1, "the one that was forgotten"
    assert client.run("cleanup").code == 0 and lab.processes() == []
    assert len(lab.zones()["example.test"]) == len(before["example.test"]) + 1


def test_a_reason_that_names_share_is_told_once(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    client = make_client(lab)
    spoil_key(client)
    result = client.issue("example.test", "*.example.test", "www.example.test", options=["-n"])
    assert result.code == 4
    assert "\nerror: example.test: example.test, *.example.test: provider 'lab' cannot add" in result.err
    final = result.err[result.err.index("\nerror: "):]
    assert final.count("cannot add _acme-challenge.example.test.") == 1, result.err
    assert final.count("cannot add _acme-challenge.www.example.test.") == 1, result.err
