# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What acme-dns issue is told, remembers and takes up again: request.conf, orders that an earlier run began,
the account that several runs want at once, deadlines of plug-ins."""

import contextlib
import json
import os
import shutil
import signal
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from crash_scene import Run
from lab import Ca, World, Zone
from lab.client import names_of

ACROSS = {"calm": True, "proxy": True}


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


@pytest.fixture
def quick(make_lab):
    return make_lab(World(cas=[Ca(**ACROSS)], in_step=True, cache_s=0))


@pytest.fixture
def two(make_lab):
    cas = [Ca("ca", **ACROSS), Ca("trial", **ACROSS)]
    return make_lab(World(zones=[Zone("example.test"), Zone("other.test")], cas=cas, in_step=True, cache_s=0))


def final(result):
    return json.loads(result.out.splitlines()[-1])


def kept(client, name="example.test"):
    with open(client.path(name, "request.conf"), encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if not line.startswith("#")]


def journal_files(client):
    folder = os.path.join(client.state, "journal")
    return [name for name in os.listdir(folder) if not name.endswith(".lock")] if os.path.isdir(folder) else []


def hook(lab, text):
    """A program where every user can run it."""
    path = os.path.join(lab.folder, "hook")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


# What is remembered

def test_only_what_was_said_is_remembered(quick, make_client):
    client = make_client(quick)
    section = "[certificate example.test]\ndomains = example.test, *.example.test\nprovider = lab\nkey-type = %s\n"
    client.configure(sections=section % "rsa2048")
    succeed(client.run("issue", "--name", "example.test", "--server", client.server))
    # Behind what the section says, for the day when that is wrong, and told apart from it.
    assert kept(client) == ["[certificate example.test]", "configured = domains, key-type, provider",
                            "domains = example.test", "domains = *.example.test", "key-type = rsa2048",
                            "provider = lab", "server = " + client.server]
    # What the section does not say any more is not in force any more.
    client.configure()
    gone = succeed(client.run("issue", "--name", "example.test"), 3)
    assert "-d" in gone.err
    client.configure(sections="[certificate example.test]\ndomains = example.test, *.example.test\n")
    assert final(client.run("issue", "--name", "example.test", "--json"))["state"] == "unchanged"
    succeed(client.run("issue", "--name", "example.test", "--force"))
    key = client.certificate("example.test")[2]
    assert key.key_size == 256 and names_of(client.certificate("example.test")[0]) == ["*.example.test", "example.test"]


@pytest.mark.parametrize("both", ["example.test=lab,notes", "lab,notes"])
def test_both_providers_of_a_zone_are_remembered(quick, make_client, both):
    client = make_client(quick)
    note = os.path.join(quick.folder, "notes")
    os.mkdir(note)
    os.chmod(note, 0o777)
    program = hook(quick, 'echo "$ACME_DNS_VERB" >> %s/calls\n' % note)
    client.configure(sections="[provider notes]\nplugin = exec-hook\ncommand = %s\ncore-allow-path = %s\n"
                     % (program, note))
    succeed(client.run("issue", "-d", "example.test", "--provider", both, "--server", client.server))
    with open(os.path.join(note, "calls"), encoding="ascii") as file:
        assert [verb for verb in file.read().split() if verb != "settled"] == ["add", "remove"]
    assert "provider = " + both in kept(client)
    succeed(client.run("issue", "--name", "example.test", "--force"))
    with open(os.path.join(note, "calls"), encoding="ascii") as file:
        assert [verb for verb in file.read().split() if verb != "settled"] == ["add", "remove"] * 2


@pytest.mark.parametrize("wrong", ["nobody", "lab,nobody", "example.test=nobody", "example.test=lab,nobody"])
def test_a_provider_that_does_not_exist_is_not_remembered(quick, make_client, wrong):
    client = make_client(quick)
    succeed(client.issue("example.test"))
    before = kept(client)
    refused = succeed(client.run("issue", "-d", "example.test", "--provider", wrong, "--server", client.server), 3)
    assert "'nobody'" in refused.err and "configured: lab" in refused.err
    assert kept(client) == before


@pytest.mark.parametrize("command", [" true", "sh -c 'true\ntrue'", b"echo caf\xe9"])
def test_what_cannot_be_kept_for_renewals_is_not_ordered(quick, make_client, command):
    """A certificate whose renewals would not be known, or whose request could not be read again."""
    client = make_client(quick)
    client.configure()
    refused = succeed(client.run("issue", "-d", "example.test", "--server", client.server, "--deploy-hook",
                                 os.fsdecode(command)), 3)
    assert "'deploy-hook' does not fit a line of text" in refused.err, refused.err
    assert not quick.request_counts() and not os.path.exists(client.path("example.test", ""))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs what others may have written")
def test_root_does_not_follow_what_others_can_write(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("example.test"))
    path = client.path("example.test", "request.conf")
    os.chmod(path, 0o622)
    refused = succeed(client.run("issue", "--name", "example.test"), 3)
    assert "request.conf" in refused.err and "writ" in refused.err
    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
    succeed(client.run("issue", "--name", "example.test"))


def test_a_bare_url_as_partner_keeps_trials_apart(two, make_client):
    client = make_client(two)
    client.configure(sections="[ca corp]\ndirectory = %s\nstaging = %s\n"
                     % (two.directory("ca"), two.directory("trial")))
    result = succeed(client.run("issue", "-d", "example.test", "--provider", "lab", "--ca", "corp", "--staging"))
    assert "STAGING" in result.out + result.err
    assert two.request_counts("trial")["newOrder"] == 1 and two.request_counts("ca")["newOrder"] == 0
    assert not os.path.exists(os.path.join(client.state, "certs", "example.test"))
    assert os.path.exists(os.path.join(client.state, "staging", "certs", "example.test", "cert.pem"))


@pytest.mark.parametrize("way", ["flag", "zone", "only"])
def test_credentials_of_the_environment_are_spoken_of_however_chosen(quick, make_client, way):
    client = make_client(quick)
    with open(client.config, encoding="utf-8") as file:
        text = file.read()
    with open(quick.key_file("hmac-sha256"), encoding="ascii") as file:
        words = file.read().replace(";", " ").replace('"', " ").split()
    key, secret = words[1], words[words.index("secret") + 1]
    text = text[:text.index("[provider lab]")] + "[provider lab]\nplugin = rfc2136\nttl = 1\n"
    if way == "zone":
        text += "[zone example.test]\nprovider = lab\n[provider more]\nplugin = exec-hook\ncommand = /bin/true\n"
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(text)
    options = ["--provider", "lab"] if way == "flag" else []
    env = {"RFC2136_TSIG_KEY": key, "RFC2136_TSIG_SECRET": secret, "RFC2136_TSIG_ALGORITHM": "hmac-sha256"}
    command = client.command("issue", "-d", "example.test", "--server", client.server, *options)
    result = succeed(quick.run(command, env=env))
    assert "a renewal will lack what provider 'lab' got from the environment" in result.err
    assert "[provider lab]" in result.err and secret not in result.err + result.out


# Orders that an earlier run began

def begin(client, quick, *options, point="order-download-before:1"):
    """A run that dies once its order is valid."""
    result = quick.run(client.issue_command("example.test", options=options), env={"ACME_DNS_CRASH_AT": point})
    assert result.code == -signal.SIGKILL, result.err
    assert journal_files(client)


def test_an_order_that_cannot_be_gone_on_with_makes_nothing_due(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("example.test"))
    begin(client, quick, "--force", "--key-type", "ec384")
    orders = quick.request_counts()["newOrder"]
    result = succeed(client.issue("example.test", options=["--key-type", "ec256", "--exit-unchanged"]), 2)
    assert "not due" in result.out
    assert quick.request_counts()["newOrder"] == orders and journal_files(client) == []
    pending = client.path("example.test", "pending")
    assert not os.path.exists(pending) or os.listdir(pending) == []


def test_an_order_that_fits_is_ended_whatever_the_dates_say(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("example.test"))
    before = client.certificate("example.test")[0].serial_number
    begin(client, quick, "--force")
    orders = quick.request_counts()["newOrder"]
    succeed(client.issue("example.test"))
    assert quick.request_counts()["newOrder"] == orders
    assert client.certificate("example.test")[0].serial_number != before


PROCESSING = [{"path": "^/(my-order|finalize-order)/", "do": "replace", "pattern": '"status": "valid"',
               "with": '"status": "processing"'}]


@pytest.fixture
def parked(quick, make_client):
    """An installation whose first order the CA keeps processing; make(sections) begins it."""

    def make(sections="", settings=""):
        with_proxy = make_client(quick, proxied=True)
        with_proxy.configure("issuance-timeout = 1s\n" + settings,
                             "[ca slow]\ndirectory = %s\n%s" % (with_proxy.server, sections))
        quick.set_proxy_rules(PROCESSING)
        result = slow(with_proxy)
        assert "processing" in succeed(result, 7).err
        return with_proxy

    return make


def slow(client, *options):
    return client.run("issue", "-d", "example.test", "--provider", "lab", "--ca", "slow", *options)


def new_orders(lab):
    return sum(line["path"] == "/order-plz" and line["status"] == 201 for line in lab.proxied())


def test_a_parked_order_is_found_again_without_its_options(quick, parked):
    client = parked()
    assert "ca = slow" in kept(client)
    again = succeed(client.run("issue", "--name", "example.test"), 7)
    assert "processing" in again.err
    quick.set_proxy_rules([])
    succeed(client.run("issue", "--name", "example.test"))
    assert new_orders(quick) == 1


def test_a_parked_order_is_given_up_only_by_force(quick, parked):
    client = parked()
    other = ("--key-type", "rsa2048")
    for options in (other, ("-d", "www.example.test")):
        refused = succeed(slow(client, *options), 7)
        assert "--force" in refused.err and "since 20" in refused.err and client.server in refused.err
        assert "it is for example.test" in refused.err
    assert new_orders(quick) == 1
    assert "ca = slow" in kept(client) and "key-type = rsa2048" not in kept(client)
    quick.set_proxy_rules([])
    succeed(slow(client, "--force", *other))
    assert new_orders(quick) == 2
    assert client.certificate("example.test")[2].key_size == 2048
    assert journal_files(client) == []


def test_a_parked_order_is_given_up_after_its_limit(quick, parked):
    client = parked("park-limit = 2s\n")
    time.sleep(2.5)
    quick.set_proxy_rules([])
    result = succeed(slow(client))
    assert "given up" in result.err
    assert new_orders(quick) == 2


# The account

def test_first_runs_of_one_account_do_not_wait_for_each_other(two, make_client):
    """Each issuance takes longer than the lock is waited for."""
    client = make_client(two, proxied=True)
    client.configure("lock-timeout = 4s\n")
    two.set_proxy_rules([{"path": "^/finalize-order/", "do": "delay", "seconds": 8}])
    names = ["example.test", "other.test", "www.example.test"]
    commands = [client.issue_command(name) for name in names]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(two.run, commands))
    assert [result.code for result in results] == [0, 0, 0], [result.err for result in results]
    made = [line for line in two.proxied() if line["path"] == "/sign-me-up" and line["status"] == 201]
    assert len(made) == 1
    assert max(result.seconds for result in results) < 30


def test_a_key_without_an_end_is_refused(quick, make_client):
    client = make_client(quick)
    command = client.issue_command("example.test", options=["--eab-kid", "k", "--eab-hmac-key-file", "-"])
    with open("/dev/zero", "rb") as endless:
        process = quick.popen(command, stdin=endless, stdout=-3, stderr=-1)
        err = process.communicate(timeout=20)[1]
    assert process.returncode == 3 and b"larger than" in err, err
    # A pipe that is open and silent does not keep Ctrl-C away.
    client.configure()
    shutil.rmtree(client.state)
    reader, writer = os.pipe()
    process = quick.popen(command, stdin=reader, stdout=-3, stderr=-1)
    time.sleep(2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    os.close(reader)
    os.close(writer)
    assert process.returncode == -signal.SIGINT and time.monotonic() - began < 15


# Deadlines and signals

@pytest.mark.parametrize("settings, code", [("hook-timeout = 1s\n", 4), ("call-timeout = 4s\n", 0)])
def test_the_deadline_of_hooks_is_theirs(quick, make_client, settings, code):
    client = make_client(quick)
    program = hook(quick, "sleep 6\n")
    client.configure(settings, "[provider slow]\nplugin = exec-hook\ncommand = %s\n"
                     "[provider both]\nplugin = exec-hook\ncommand = %s\ncall-timeout = 20\n" % (program, program))
    run = client.run("issue", "-d", "example.test", "--provider", "example.test=lab,slow", "--server", client.server)
    assert run.code == code, run.err
    if code != 0:
        assert "within 1 s (hook-timeout)" in run.err and "'slow'" in run.err, run.err
        succeed(client.run("issue", "-d", "example.test", "--provider", "example.test=lab,both", "--server",
                           client.server))


def test_call_timeout_holds_for_plug_ins(make_lab, make_client):
    """The provider's server is silent; all others answer, so that the place is found."""
    lab = make_lab(World(cas=[Ca(**ACROSS)], cache_s=0))
    client = make_client(lab)
    client.configure("call-timeout = 1s\n", server=lab.secondary)
    lab.pause_server("secondary")
    try:
        run = client.issue("example.test")
    finally:
        lab.resume_server("secondary")
    assert run.code == 4 and "within 1 s (call-timeout)" in run.err, run.err


def worker_of(lab, plugin):
    """The process that has loaded the plug-in."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for pid in lab.processes():
            with contextlib.suppress(OSError), open("/proc/%d/maps" % pid, encoding="utf-8") as file:
                if plugin + ".so" in file.read():
                    return pid
        time.sleep(0.005)
    raise AssertionError("nobody has loaded " + plugin)


def test_a_signal_at_the_very_end_meets_no_order(quick, make_client):
    """A worker that does not leave keeps the end open for a while, after all has been told."""
    client = make_client(quick)
    # The settling gives time to find the worker before the order is through.
    client.configure(
        sections="settle = 2\n[provider idle]\nplugin = exec-hook\ncommand = /bin/true\n")
    command = client.issue_command("example.test", options=["--provider", "other.test=idle"])
    run = Run(quick, command, os.path.join(client.folder, "said"))
    run.wait_for("published")  # by then it is open: the one before it, which only described, is gone
    os.kill(worker_of(quick, "exec-hook"), signal.SIGSTOP)
    run.wait_for(os.path.join(client.state, "certs", "example.test"))
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(10) == -signal.SIGINT, run.text()
    assert "interrupted" in run.text()
    client.certificate("example.test")
