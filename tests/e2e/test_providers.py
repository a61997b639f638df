# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns with plug-ins that are wrong in one way each (tests/plugin/ring/broken.c): one name of the order is
theirs, the other rfc2136's. One clear error names the plug-in and the cause; what was published for the other
name is taken away again; nothing is left running, and no certificate or value in STATE."""

import contextlib
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab import Ca, World, Zone

# What cannot be loaded, described or opened.
UNUSABLE = {
    "size": "its description has 40 bytes",
    "needs": "use a newer acme-dns",
    "null-name": "has no name",
    "other-name": "calls itself 'someone-else'",
    "stride": "says an option has 2147483647 bytes",
    "many": "says it has 4294967295 options",
    "no-add": "has no add() function",
    "serial": "says serial 7",
    "null": "acme_plugin_v1() returned NULL",
    "crash-describe": "signal 11",
    "symbol": "exports no acme_plugin_v1()",
    "core-key": "which is a key of acme-dns itself",
    "double": "has the option 'x' twice",
    "suffix": "'key' and 'key-file'",
    "fallback": "whose default 'soon' is not a time",
    "type": "unknown type 99",
}
OPENS_BADLY = {"crash-check": "signal 11", "crash-open": "signal 11"}
MISBEHAVES = {
    "one": "returned 1,",
    "minus": "returned -1,",
    "unknown": "returned 4711,",
    "hang": "within 1 s (call-timeout)",
    "spin": "within 1 s (call-timeout)",
    "output": "printed more than 8 MiB",
    "logs": "sent more than 8 MiB",
    "exit": "with status 3",
    "exit0": "with status 0",
    "grandchild-crash": "signal 11",
    "daemon": "within 1 s (call-timeout)",
    "daemon-crash": "signal 11",
    "crash-add": "signal 11",
    "fail-ok": "no, says the provider",
    "index": "a frame that the interface does not have",
    "raw": "bytes that are no frame",
    "twice": "answered a call that nobody made",
    "close-fds": "within 1 s (call-timeout)",
    "text": "refuses the change: xxx",
}
# Their add() says that it worked, though nothing is published: no server ever has the value.
PUBLISHES_NOTHING = ("grandchild", "newer", "thread", "crash-close", "hang-close", "crash-zones")


pytestmark = pytest.mark.usefixtures("let_signals_kill")


def plugin_dir(build):
    return os.path.join(build, "tests", "plugin", "ring", "plugins")


@pytest.fixture
def two_zones(make_lab):
    return make_lab(World(zones=[Zone("good.test"), Zone("bad.test")], cas=[Ca(calm=True)], in_step=True))


def issue_with(client, build, plugin, number=0):
    """An order of two names of their own, so that several can run beside one another."""
    # Short only for those that are to run into it: starting a worker takes a while on a slow machine.
    timeout_s = 1 if "within 1 s" in MISBEHAVES.get(plugin, "") else 20
    client.configure(sections="[provider %s]\ncall-timeout = %d\n[zone good.test]\nprovider = lab\n"
                     "[zone bad.test]\nprovider = %s\n" % (plugin, timeout_s, plugin))
    domains = ["n%d.good.test" % number, "n%d.bad.test" % number]
    result = client.run("issue", "-d", domains[0], "-d", domains[1], "--server", client.server,
                        "--plugin-dir", plugin_dir(build), "--propagation-timeout", "2")
    return result


def issue_with_all(lab, make_client, build, plugins):
    """{plugin: (client, result)}, several at once."""
    clients = {plugin: make_client(lab) for plugin in plugins}
    with ThreadPoolExecutor(6) as pool:
        runs = {plugin: pool.submit(issue_with, clients[plugin], build, plugin, number)
                for number, plugin in enumerate(plugins)}
    return {plugin: (clients[plugin], run.result()) for plugin, run in runs.items()}


def values_left(client):
    """Owners of the values that the journal does not know to be removed. (An order that the CA still holds open
    stays in it too: a next run resumes it.)"""
    journal = os.path.join(client.state, "journal")
    left = []
    for name in os.listdir(journal) if os.path.exists(journal) else []:
        with open(os.path.join(journal, name), encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        removed = {record["number"] for record in records if record["record"] == "removed"}
        left += [record["owner"] for record in records
                 if record["record"] == "intent" and record["number"] not in removed]
    return left


def assert_state_is_clean(client):
    """No certificate, and no value that a next run would have to remove."""
    assert values_left(client) == []
    for folder, _, files in os.walk(os.path.join(client.state, "certs")):
        assert not [file for file in files if file.endswith("cert.pem")], (folder, files)


def errors_of(result):
    return [line for line in result.err.splitlines() if line.startswith("error")]


@pytest.mark.parametrize("broken", [UNUSABLE, OPENS_BADLY, MISBEHAVES], ids=["load", "open", "call"])
def test_a_broken_plugin_fails_its_name_and_leaves_nothing(two_zones, make_client, build, broken):
    before = two_zones.zones()
    runs = issue_with_all(two_zones, make_client, build, broken)
    for plugin, (client, result) in runs.items():
        shown = "%s: %d\n%s" % (plugin, result.code, result.err[:4000])
        assert result.code == 4, shown
        assert "'%s'" % plugin in result.err and broken[plugin] in result.err, shown
        assert len(errors_of(result)) == 1, shown
        assert "Traceback" not in result.err and "Sanitizer" not in result.err, shown
        assert_state_is_clean(client)
    assert two_zones.zones() == before
    assert two_zones.processes() == []


def test_a_plugin_that_only_says_that_it_published_runs_out_of_time(two_zones, make_client, build):
    before = two_zones.zones()
    runs = issue_with_all(two_zones, make_client, build, PUBLISHES_NOTHING)
    for plugin, (client, result) in runs.items():
        assert result.code == 5, "%s: %d\n%s" % (plugin, result.code, result.err)
        assert "bad.test" in result.err
        assert_state_is_clean(client)
    assert two_zones.zones() == before
    assert two_zones.processes() == []


@pytest.mark.parametrize("plugin", ["crash-remove", "crash-apply"])
def test_what_cannot_be_removed_stays_in_the_journal(two_zones, make_client, build, plugin):
    """The plug-in crashes whenever it is to remove: the value may stand, so it is not forgotten."""
    before = two_zones.zones()
    client = make_client(two_zones)
    result = issue_with(client, build, plugin)
    assert result.code == (5 if plugin == "crash-remove" else 4), result.err
    assert "n0.bad.test" in result.err and "signal 11" in result.err
    assert values_left(client) == ["_acme-challenge.n0.bad.test."]
    assert two_zones.zones() == before
    assert two_zones.processes() == []
    again = client.run("cleanup", "--plugin-dir", plugin_dir(build))
    assert again.code == 4 and plugin in again.err, again.err
    assert values_left(client) == ["_acme-challenge.n0.bad.test."]


def test_a_list_shows_good_and_bad_plugins(two_zones, make_client, build):
    """plugin list over a folder of broken ones: the good are listed, each bad one has its reason."""
    client = make_client(two_zones)
    listed = client.run("plugin list", "--plugin-dir", plugin_dir(build))
    text = listed.out + listed.err
    for plugin, error in UNUSABLE.items():
        assert plugin in text and error in text, (plugin, text)
    for plugin in ("mem", "newer", "rfc2136", "exec-hook"):
        assert plugin in listed.out
    assert two_zones.processes() == []


def test_showing_a_broken_plugin_says_why_it_cannot_be_used(two_zones, make_client, build):
    client = make_client(two_zones)
    for plugin in ("needs", "crash-describe", "double"):
        shown = client.run("plugin show", plugin, "--plugin-dir", plugin_dir(build))
        assert shown.code == 4, (plugin, shown.code, shown.err)
        assert UNUSABLE[plugin] in shown.err and plugin in shown.err
    shown = client.run("plugin show", "newer", "--json", "--plugin-dir", plugin_dir(build))
    assert shown.code == 0
    assert json.loads(shown.out.splitlines()[0])["interface"] == "1.5", shown.out


def workers_of(lab):
    found = []
    for pid in lab.processes():
        with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid, "rb") as file:
            if file.read().startswith(b"acme-dns-worker\0"):
                found.append(pid)
    return found


def wait_until(is_true, seconds=20):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def test_no_worker_survives_its_core(two_zones, make_client, build):
    """kill -9 of the program in the middle of a call: the workers end with it, and the journal is free."""
    client = make_client(two_zones)
    client.configure(sections="[provider hang]\n[zone good.test]\nprovider = hang\n")
    command = client.command("issue", "-d", "good.test", "--server", client.server,
                             "--plugin-dir", plugin_dir(build))
    process = two_zones.popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    wait_until(lambda: values_left(client) != [] and workers_of(two_zones) != [])
    process.kill()
    process.wait()
    wait_until(lambda: two_zones.processes() == [])
    client.configure(sections="[provider hang]\nplugin = newer\n")  # mended meanwhile
    cleaned = client.run("cleanup", "--plugin-dir", plugin_dir(build))
    assert cleaned.code == 0, cleaned.err
    assert values_left(client) == []


HOOK = """#!/bin/sh
mkdir {folder}/inside 2>/dev/null || echo twice >> {folder}/collisions
sleep 0.4
rmdir {folder}/inside
echo "$1" >> {folder}/calls
exit 1
"""


def test_two_runs_never_call_one_plugin_for_one_zone_at_once(two_zones, make_client):
    """A hook is of serial 0 or 1: the lock of plug-in and zone holds between runs of one STATE too."""
    folder = os.path.join(two_zones.folder, "shared")
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    hook = os.path.join(two_zones.folder, "hook")
    with open(hook, "w", encoding="ascii") as file:
        file.write(HOOK.format(folder=folder))
    os.chmod(hook, 0o755)
    client = make_client(two_zones)
    client.configure(sections="[provider hook]\nplugin = exec-hook\ncommand = %s\n"
                     "core-allow-path = %s\n" % (hook, folder))
    commands = [client.command("issue", "-d", "n%d.good.test" % i, "--provider", "hook",
                               "--server", client.server) for i in range(3)]
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(two_zones.run, commands))
    assert [result.code for result in results] == [4, 4, 4], [result.err for result in results]
    with open(os.path.join(folder, "calls"), encoding="ascii") as file:
        assert len(file.read().split()) >= 3
    assert not os.path.exists(os.path.join(folder, "collisions"))
    assert two_zones.processes() == []


# What is known before anything is ordered

MISTAKES = {
    "settings": ("plugin = exec-hook\ncommand = /nonexistent/hook\n", ["wrong settings", "/nonexistent/hook"]),
    "typo": ("plugin = rfc2136\nkeyfile = x\n", ["has no option 'keyfile'", "key-file"]),
    "missing": ("plugin = nosuch\n", ["[provider wrong] is not used", "there is no plug-in 'nosuch'"]),
    "user": ("plugin = rfc2136\nuser = nobody-at-all\n", ["no user 'nobody-at-all'"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("way", ["option", "zone", "alone"])
def test_a_mistake_of_a_provider_costs_the_ca_no_order(two_zones, make_client, mistake, way):
    client = make_client(two_zones)
    section, words = MISTAKES[mistake]
    zone = "[zone good.test]\nprovider = wrong\n" if way == "zone" else ""
    client.configure(sections="[provider wrong]\n%s%s" % (section, zone))
    if way == "alone":
        with open(client.config, encoding="utf-8") as file:
            text = file.read()
        with open(client.config, "w", encoding="utf-8") as file:
            file.write(text.replace(text[text.index("[provider lab]"):text.index("[provider wrong]")], ""))
    result = client.run("issue", "-d", "a.good.test", "-d", "*.a.good.test", "--server", client.server,
                        *(["--provider", "wrong"] if way == "option" else []))
    assert result.code == 3 and all(word in result.err for word in words), result.err
    # What is wrong whatever is asked for is told at once, too.
    n_errors = 2 if mistake == "missing" else 1
    assert len(errors_of(result)) == n_errors and result.err.count(words[-1]) >= n_errors, result.err
    assert two_zones.request_counts()["newOrder"] == 0
    assert_state_is_clean(client)


def test_a_mistake_where_an_alias_leads_away_stops_nothing(make_lab, make_client):
    """The name's own zone is that of a provider with a mistake, which is not asked."""
    lab = make_lab(World(zones=[Zone("good.test"), Zone("bad.test", records="_acme-challenge CNAME x.good.test.")],
                         cas=[Ca(calm=True)], in_step=True))
    client = make_client(lab)
    client.configure(sections="[provider wrong]\nplugin = nosuch\n[zone bad.test]\nprovider = wrong\n"
                     "[zone good.test]\nprovider = lab\nalias = yes\n")
    result = client.run("issue", "-d", "bad.test", "--server", client.server)
    # It is issued; that the configuration has a mistake shows in the exit status.
    assert result.code == 3 and "bad.test: issued" in result.out, result.err


def test_a_provider_that_does_not_open_holds_an_order_for_a_moment(two_zones, make_client, build):
    client = make_client(two_zones)
    client.configure(sections="[provider hang-open]\n[zone bad.test]\nprovider = hang-open\n"
                     "[zone good.test]\nprovider = lab\n")
    command = client.command("issue", "-d", "x.good.test", "-d", "x.bad.test", "--server", client.server,
                             "--plugin-dir", plugin_dir(build))
    process = two_zones.popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while two_zones.request_counts()["newOrder"] == 0:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    assert two_zones.processes() == []
