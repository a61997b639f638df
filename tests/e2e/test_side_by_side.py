# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Certificates, and runs, that are at work at the same time on what belongs to both."""

import json
import os
import signal
import subprocess

import pytest
from lab import Ca, World, Zone
from test_process import many, results, section, serial
from test_wishes import worker_of
from year_scene import Year, world

# Longer than an order takes to ask again for what became of its names (5 s), by far.
SLOW_HOOK = """#!/bin/sh
case $1$2 in add*.shared.*) sleep 9 ;; esac
exec %s "$@"
"""


def use_hook(year, name, text):
    """Around the scene's own, whose path it has in place of %s."""
    path = os.path.join(year.lab.folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text % os.path.join(year.lab.folder, "hook.sh"))
    os.chmod(path, 0o755)


def test_an_order_that_fails_takes_no_authorization_from_another(make_lab, make_client):
    """The CA lists one pending authorization in both. The first order is lost by a name of its own, before anybody has
    answered for the name that they share."""
    year = Year(make_lab(world(2)), make_client, {}, shares_pending=True, failure="caa", has_limits=False)
    use_hook(year, "slow.sh", SLOW_HOOK)
    year.client.configure(
        settings="ca = year\nkey-type = ec256\npropagation = wait:0s\n",
        sections="[ca year]\ndirectory = %s/directory\n" % year.ca.url
        + year.provider.replace("hook.sh", "slow.sh")
        + "[provider nothing]\nplugin = exec-hook\ncommand = /bin/true\n"
        + "[zone d0.test]\nprovider = files\n[zone d1.test]\nprovider = nothing\n"
        + "[certificate a]\ndomains = shared.d0.test, bad.d1.test\n"
        + "[certificate b]\ndomains = shared.d0.test, good.d0.test\n")
    run = year.client.run("process")
    assert run.code == 6 and "1 issued, 1 failed" in run.err and "bad.d1.test" in run.err, run.err
    assert year.client.certificate("b")
    numbers = year.ca.ask("numbers")
    assert (numbers["ordered"], numbers["issued"], numbers.get("deactivated", 0)) == (2, 1, 0), run.err
    # Alone it leaves nothing open.
    assert year.client.run("process").code == 6
    assert year.ca.ask("numbers")["deactivated"] == 1


@pytest.fixture
def lab(make_lab):
    zones = [Zone("example.test", records='@ 60 IN TXT "not ours"')]
    return make_lab(World(zones=zones, cas=[Ca(calm=True)], in_step=True, cache_s=0))


def journals(client):
    return [name for name in os.listdir(os.path.join(client.state, "journal")) if not name.endswith(".lock")]


def start(lab, client, *words):
    return lab.popen(client.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


DEADLY_HOOK = """#!/bin/sh
case $1$2 in add*.c4-classic.*)
    if mkdir "$TXT_FOLDER/died"; then kill -9 $PPID; sleep 60; fi ;;
esac
exec %s "$@"
"""


def test_a_worker_that_dies_amid_ten_orders(make_lab, make_client):
    """Some have their value by then, some have not. Whatever that came to, no value stays and no order is lost."""
    year = Year(make_lab(world(1)), make_client, {"classic": 10}, has_limits=False)
    use_hook(year, "deadly.sh", DEADLY_HOOK)
    with open(year.client.config, encoding="utf-8") as file:
        text = file.read()
    with open(year.client.config, "w", encoding="utf-8") as file:
        file.write(text.replace("hook.sh", "deadly.sh"))
    run = year.client.run("process", "--json")
    ends = results(run)
    failed = [name for name in year.names if ends[name]["exit"] != 0]
    assert run.code == 4 and failed and ends["process"]["failed"] == len(failed), run.out
    assert all("killed by signal 9" in ends[name]["text"] for name in failed), run.out
    again = year.client.run("process")
    assert again.code == 0, again.err
    numbers = year.ca.ask("numbers")
    assert (numbers["ordered"], numbers["issued"]) == (10, 10), numbers
    assert [name for _, _, names in os.walk(year.txt) for name in names] == [] and journals(year.client) == []


def test_one_zone_through_different_providers(lab, make_client):
    """Each certificate has its own; they meet at the same owner, and each takes back what it put there."""
    client = make_client(lab)
    before = lab.transfer("example.test")
    other = "[provider other]\nplugin = rfc2136\nkey-file = %s\nttl = 1\n" % lab.key_file()
    client.configure(sections=other + section(client, "a", "shared.example.test", "provider = lab\n")
                     + section(client, "b", "shared.example.test, b.example.test", "provider = other\n")
                     + section(client, "c", "*.shared.example.test", "provider = lab, other\n")
                     + section(client, "d", "shared.example.test, d.example.test",
                               "provider = shared.example.test=other\nprovider = lab\n"))
    run = client.run("process", "--json")
    ends = results(run)
    assert run.code == 0 and all(ends[name]["state"] == "issued" for name in "abcd"), run.out
    assert lab.transfer("example.test") == before and journals(client) == []


def test_two_runs_beside_revoke_and_delete(lab, make_client):
    """Who comes second finds another state than the one it planned for: nothing comes back that was taken away."""
    client = make_client(lab)
    before = lab.transfer("example.test")
    for name in "abcd":
        assert client.issue(name + ".example.test", options=["--name", name]).code == 0
    first = {name: serial(client, name) for name in "abcd"}
    lab.pause_server("primary")
    runs = [start(lab, client, "renew", "--force") for _ in range(2)]
    worker_of(lab, "rfc2136")
    revoke = start(lab, client, "revoke", "--name", "a", "--yes")
    delete = start(lab, client, "delete", "b", "--yes")
    lab.resume_server("primary")
    told = [run.communicate(timeout=120) for run in (*runs, revoke, delete)]
    codes = [run.returncode for run in (*runs, revoke, delete)]
    assert codes[:2] == [0, 0] and codes[3] == 0, (codes, told)
    # Either it was renewed before, and is not what was to be revoked, or it is revoked for good.
    assert codes[2] == 1 and "nothing was revoked" in told[2][1] or (
        codes[2] == 0 and not os.path.exists(client.path("a", "cert.pem"))), (codes, told)
    assert not os.path.exists(client.path("b", "")), told
    assert all(serial(client, name) != first[name] for name in "cd")
    assert lab.transfer("example.test") == before and journals(client) == []


@pytest.mark.parametrize("take", [["revoke", "--name", "a", "--yes"], ["delete", "a", "--yes"]], ids=["revoke", "delete"])
def test_what_was_taken_away_meanwhile_is_left_alone(lab, make_client, take):
    """The run has planned to renew it, and waits for the lock that the other one has."""
    client = make_client(lab)
    assert client.issue("a.example.test", options=["--name", "a"]).code == 0
    with client.hold("a"):
        run = start(lab, client, "renew", "--force")
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(2)
        # Its own lock would have it wait, too: it is taken away as that command does, under the lock of the test.
        # The run must not look meanwhile: nobody holds what it would find in the lock's place.
        run.send_signal(signal.SIGSTOP)
        hidden = os.path.join(client.state, "locks", "certificate-a.lock")
        os.rename(hidden, hidden + ".held")
        assert client.run(*take).code == 0
        os.rename(hidden + ".held", hidden)
        run.send_signal(signal.SIGCONT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0 and "1 left alone" in out + err and "%sd meanwhile" % take[0] in err, out + err
    assert not os.path.exists(client.path("a", "cert.pem")) and lab.request_counts()["newOrder"] == 1
