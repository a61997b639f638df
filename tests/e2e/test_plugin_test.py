# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns plugin test: good plug-ins pass, each kind of fault is found by the step that is there for it, and
nothing is left behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from dns_scene import assert_clean, said, world
from lab import Zone
from lab.world import tsig_secret
from test_dns_providers import E2E, Hook, one_value  # noqa: F401

RECORDS = '@ 60 IN TXT "v=spf1 -all"\nwww 60 IN A 192.0.2.1\n_acme-challenge 60 IN TXT "foreign"\n'
MULTI_STEPS = ["open", "find", "zones", "unknown-zone", "remove-absent", "add", "settled", "add-again", "neighbour",
               "remove-other", "remove", "remove-again", "lost-receipt", "batch", "clean-up", "untouched"]


def steps_of(result):
    """{step: verdict} of a --json report."""
    objects = [json.loads(line) for line in result.out.splitlines()]
    return {o["subject"]: o["verdict"] for o in objects if o["event"] == "plugin-test-step"}


def failed_steps(result):
    return [name for name, verdict in steps_of(result).items() if verdict == "failed"]


def text_of(result, step):
    objects = [json.loads(line) for line in result.out.splitlines()]
    return next(o["text"] for o in objects if o["subject"] == step)


def journals(client):
    folder = os.path.join(client.state, "journal")
    return os.listdir(folder) if os.path.exists(folder) else []


@pytest.fixture
def faulty(make_lab):
    """A lab with faulty_hook.py in it: (lab, section(fault, ...))."""
    lab = make_lab(world(Zone("example.test", records=RECORDS), Zone("other.test", records=RECORDS)))
    hook = Hook(lab)
    sibling = hook.program
    hook.program = os.path.join(lab.folder, "faulty_hook.py")
    shutil.copy(os.path.join(E2E, "hooks", "faulty_hook.py"), hook.program)

    def section(fault, *lines, **settings):
        return hook.section("hook", "core-allow-path = " + sibling, *lines, HOOK_FAULT=fault, **settings)

    return lab, section


def test_a_good_plugin_passes(make_lab, make_client):
    """Primary and secondary a second apart: what a step did is seen before the next begins."""
    lab = make_lab(world(Zone("example.test", records=RECORDS), in_step=False))
    before = lab.zones()
    client = make_client(lab)
    result = client.run("plugin test", "lab", "-d", "Example.Test.")
    assert result.code == 0, said(result)
    for word in ("Test of provider 'lab' on example.test", "rfc2136", "interface 1.0", client.config, "plugin=rfc2136",
                 "key-file=[secret]", "Isolation", "runs as", "ns2.example.test (%s)" % lab.secondary,
                 "the plug-in has no zones()", "plugin test: 14 passed, 2 skipped"):
        assert word in result.out, (word, said(result))
    assert re.findall(r"^  (?:ok|skipped) +([a-z-]+):", result.out, re.M) == MULTI_STEPS
    assert tsig_secret("hmac-sha256") not in result.out + result.err
    assert_clean(lab, before)
    assert journals(client) == []


def test_the_report_for_programs(make_lab, make_client, build):
    """A plug-in by its file, with options from the environment; the name of a host inside the zone."""
    lab = make_lab(world(Zone("example.test", records=RECORDS)))
    before = lab.zones()
    client = make_client(lab)
    env = {"RFC2136_NAMESERVER": lab.primary, "RFC2136_TSIG_FILE": "", "RFC2136_TSIG_KEY": "lab-hmac-sha256",
           "RFC2136_TSIG_SECRET": tsig_secret("hmac-sha256"), "RFC2136_TSIG_ALGORITHM": "hmac-sha256"}
    plugin = os.path.join(build, "plugins", "rfc2136.so")
    result = client.run("plugin test", plugin, "-d", "www.example.test", "--json", env=env)
    assert result.code == 0, said(result)
    objects = [json.loads(line) for line in result.out.splitlines()]
    head = next(o for o in objects if o["event"] == "plugin-test")
    assert head["subject"] == os.path.realpath(plugin) and head["domain"] == "www.example.test"
    assert any(s.startswith("key-secret=[secret] (RFC2136_TSIG_SECRET)") for s in head["settings"]), head
    assert next(o for o in objects if o["event"] == "plugin")["isolation"]["process"] == "own"
    assert list(steps_of(result)) == MULTI_STEPS
    assert objects[-1]["event"] == "result" and objects[-1]["exit"] == 0
    assert tsig_secret("hmac-sha256") not in result.out + result.err
    assert_clean(lab, before)


# Which step finds which fault, the exit status, and what the report says.
FAULTS = {
    "forgets": (["add"], 5, "0 of 4 have it"),
    "replaces": (["add"], 5, "1 of 2 values"),
    "any-zone": (["unknown-zone"], 4, "in no zone that there is"),
    "absent-fails": (["remove-absent", "remove-other", "remove-again"], 4, "no such record"),
    "again-fails": (["add-again"], 4, "the record exists"),
    "takes-all": (["remove-other"], 4, "what the change had to leave alone is gone"),
    "blind-to-case": (["remove"], 4, "what the change had to leave alone is gone"),
    "everywhere": (["remove"], 4, "_acme-challenge.neighbour."),
    "needs-receipt": (["lost-receipt"], 5, "but a server still has it"),
    "all-fall": (["batch"], 4, "_acme-challenge.one."),
}


def test_each_fault_is_found(faulty, make_client):
    lab, section = faulty
    before = lab.zones()
    clients = {fault: make_client(lab) for fault in FAULTS}

    def run(fault):
        clients[fault].configure(sections=section(fault, *(["batch = yes"] if fault == "all-fall" else [])))
        return clients[fault].run("plugin test", "hook", "-d", "example.test", "--json",
                                  "--propagation-timeout", "3")

    with ThreadPoolExecutor(4) as pool:
        results = dict(zip(FAULTS, pool.map(run, FAULTS)))
    for fault, (steps, code, words) in FAULTS.items():
        result = results[fault]
        assert failed_steps(result) == steps, (fault, said(result))
        assert result.code == code, (fault, said(result))
        assert words in text_of(result, steps[0]), (fault, text_of(result, steps[0]))
        assert "1 failed (first: %s)" % steps[0] in result.out or len(steps) > 1, fault
        assert journals(clients[fault]) == [], fault
    assert_clean(lab, before)


def test_what_a_plugin_breaks_elsewhere_is_found(faulty, make_client):
    lab, section = faulty
    client = make_client(lab)
    client.configure(sections=section("wipes"))
    result = client.run("plugin test", "hook", "-d", "example.test", "--json")
    assert result.code == 4 and failed_steps(result) == ["untouched"], said(result)
    assert "lost: www.example.test A 192.0.2.1" in text_of(result, "untouched")


def test_what_cannot_be_removed_stays_in_the_journal(faulty, make_client):
    lab, section = faulty
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=section("keeps"))
    result = client.run("plugin test", "hook", "-d", "example.test", "--json", "--propagation-timeout", "2")
    assert result.code == 5 and failed_steps(result) == ["remove", "clean-up"], said(result)
    assert "3 values of the test may still stand" in result.out and "acme-dns cleanup" in result.out
    client.configure(sections=section("none"))  # mended
    cleaned = client.run("cleanup")
    assert cleaned.code == 0 and "3 removed" in cleaned.out, said(cleaned)
    assert_clean(lab, before)
    assert journals(client) == []


def test_a_test_that_was_killed_is_cleaned_up_later(faulty, make_client):
    lab, section = faulty
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=section("sleeps", HOOK_SLEEP=1))
    process = lab.popen(client.command("plugin test", "hook", "-d", "example.test"), stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: lab.zones() != before)
    process.kill()
    process.wait()
    assert lab.zones() != before
    wait_until(lambda: lab.processes() == [])
    cleaned = client.run("cleanup")
    assert cleaned.code == 0 and "acme-dns-test-" in cleaned.err + cleaned.out, said(cleaned)
    assert_clean(lab, before)
    assert journals(client) == []


def wait_until(is_true, seconds=20):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.mark.parametrize("fault", ["sleeps", "forgets"], ids=["in a call", "while waiting"])
def test_an_interrupted_test_cleans_up(faulty, make_client, fault):
    lab, section = faulty
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=section(fault, HOOK_SLEEP=30))
    log = os.path.join(lab.folder, "hook.log")
    process = lab.popen(client.command("plugin test", "hook", "-d", "example.test"), stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: journals(client) != [] and b"intent" in journal_bytes(client))
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT, (process.returncode, out, err)
    assert "interrupted" in out + err and os.path.exists(log), (out, err)
    assert_clean(lab, before)
    assert journals(client) == []


def journal_bytes(client):
    text = b""
    for name in journals(client):
        with open(os.path.join(client.state, "journal", name), "rb") as file:
            text += file.read()
    return text


def test_one_value_a_name_has_rules_of_its_own(make_lab, make_client, one_value):  # noqa: F811
    lab = make_lab(world(Zone("example.test", records=RECORDS)))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    client.configure("plugin-dir = " + one_value, "[provider one]\nplugin = one-value\nprogram = %s\nttl = 1\n"
                     "pass-env = %s\n" % (hook.program, ", ".join([*hook.settings, "HOOK_ONE_VALUE"])))
    result = client.run("plugin test", "one", "-d", "example.test", "--json",
                        env={**hook.settings, "HOOK_ONE_VALUE": "1"})
    assert result.code == 0, said(result)
    steps = list(steps_of(result))
    assert "replace" in steps and steps_of(result)["batch"] == "skipped"
    adds = {}
    for call in hook.calls():
        standing = adds.setdefault(call["fqdn"], set())
        (standing.add if call["verb"] == "add" else standing.discard)(call["value"])
        assert len(standing) <= 1, "two values at once at a name that holds one"
    assert_clean(lab, before)


def test_one_value_that_another_run_has_is_left_alone(make_lab, make_client, one_value):  # noqa: F811
    lab = make_lab(world(Zone("example.test", records="_acme-challenge 60 IN CNAME one.alias.test."),
                         Zone("alias.test")))
    hook = Hook(lab)
    client = make_client(lab)
    client.configure("plugin-dir = " + one_value, "[provider one]\nplugin = one-value\nprogram = %s\nttl = 1\n"
                     "pass-env = %s\n" % (hook.program, ", ".join([*hook.settings, "HOOK_ONE_VALUE"])))
    more = {"env": {**hook.settings, "HOOK_ONE_VALUE": "1"}}
    leave = ["--allow-alias", "alias.test"]
    added = client.run("dns add", "example.test", "v" * 43, "--provider", "one", *leave, **more)
    assert added.code == 0, said(added)
    before = lab.zones()
    refused = client.run("plugin test", "one", "-d", "example.test", *leave, **more)
    assert refused.code == 9, said(refused)
    for told in ("one.alias.test", "provider 'one'", "a lease until 2", "dns remove"):
        assert told in refused.out, said(refused)
    assert_clean(lab, before)


def test_an_alias_is_tested_where_it_leads(make_lab, make_client):
    zones = [Zone("example.test", records="_acme-challenge 60 IN CNAME example.alias.test."),
             Zone("alias.test", records='example 1 IN TXT "foreign"')]
    lab = make_lab(world(*zones))
    before = lab.zones()
    client = make_client(lab)
    refused = client.run("plugin test", "lab", "-d", "example.test")
    assert refused.code == 3, said(refused)
    assert "--allow-alias alias.test" in refused.out and "find" in refused.err
    result = client.run("plugin test", "lab", "-d", "example.test", "--json", "--allow-alias", "alias.test")
    assert result.code == 0, said(result)
    assert "_acme-challenge.example.test -> example.alias.test (CNAME)" in text_of(result, "find")
    skipped = [name for name, verdict in steps_of(result).items() if verdict == "skipped"]
    assert skipped == ["zones", "settled", "neighbour", "batch"]
    assert_clean(lab, before)


def test_wrong_arguments_and_settings(make_lab, make_client):
    lab = make_lab(world(Zone("example.test", records=RECORDS)))
    before = lab.zones()
    client = make_client(lab)
    for words, wanted in (
            (["lab"], ["-d ZONE"]),
            (["lab", "-d", "*.example.test"], ["wildcard", "-d ZONE"]),
            (["lab", "-d", "example.test,other.test"], ["only one zone"]),
            (["lab", "-d", "a..b"], ["a..b"]),
            (["nobody", "-d", "example.test"], ["'nobody'", "lab"]),
            (["./nothing.so", "-d", "example.test"], ["nothing.so"])):
        result = client.run("plugin test", *words)
        assert result.code == 3, (words, said(result))
        assert all(word in result.err for word in wanted), (words, said(result))
    for words in ([], ["--json"]):
        result = client.run("plugin test", "manual", "-d", "example.test", *words)
        assert result.code == 10 and "'manual' asks a person" in result.out, said(result)
        assert "on a terminal" in result.out and "--propagation-timeout" in result.out, said(result)
    result = client.run("plugin test", "stdio", "-d", "example.test", "--json")
    assert result.code == 3 and "speaks on standard output" in result.out, said(result)
    client.configure(sections="[provider bad]\nplugin = rfc2136\nkey-name = k\n")
    result = client.run("plugin test", "bad", "-d", "example.test")
    assert result.code == 3 and "FAILED    open" in result.out, said(result)
    with open(lab.key_file("hmac-sha512"), "r+", encoding="ascii") as file:
        text = file.read().replace('secret "', 'secret "AAAA')
        file.seek(0)
        file.write(text)
    client.configure(algorithm="hmac-sha512")
    result = client.run("plugin test", "lab", "-d", "example.test", "--json")
    assert result.code == 4 and failed_steps(result)[0] == "remove-absent", said(result)
    assert "secret" in text_of(result, "remove-absent")
    assert_clean(lab, before)


def test_the_advice_on_unknown_zones_is_for_those_who_would_try_again(make_lab, make_client, build,
                                                                          let_signals_kill):
    """Not for a plug-in that crashed, hung or returned nonsense."""
    lab = make_lab(world(Zone("example.test", records=RECORDS)))
    before = lab.zones()
    client = make_client(lab)
    folder = os.path.join(build, "tests", "plugin", "ring", "plugins")
    told = {"minus": "returned -1,", "crash-add": "signal 11", "hang": "(call-timeout)"}
    client.configure("plugin-dir = " + folder, "".join("[provider %s]\nplugin = %s\ncall-timeout = 1\n" % (name, name)
                                                       for name in told))
    for name, words in told.items():
        result = client.run("plugin test", name, "-d", "example.test", "--json", "--propagation-timeout", "2")
        assert result.code != 0 and "unknown-zone" in failed_steps(result), said(result)
        assert words in text_of(result, "unknown-zone") and "NO_ZONE" not in result.out, said(result)
    assert_clean(lab, before)


DEBUGGER = """#!/bin/sh
test -t 0 && test -t 1 && echo "has a terminal"
echo "$@" >> {folder}/debugged
shift; sleep 2
exec "$@"
"""


def test_a_debugger_has_the_terminal_and_no_deadline(faulty, make_client):
    """The call-timeout is a second; debugger and plug-in take longer."""
    lab, section = faulty
    before = lab.zones()
    debugger = os.path.join(lab.folder, "debugger")
    with open(debugger, "w", encoding="ascii") as file:
        file.write(DEBUGGER.format(folder=lab.folder))
    os.chmod(debugger, 0o755)
    client = make_client(lab)
    client.configure(sections=section("sleeps", "call-timeout = 1", HOOK_SLEEP=1.2))
    command = client.command("plugin test", "hook", "-d", "example.test", "--debug", debugger + " --args")
    result = lab.run_on_terminal(command, timeout=120)
    assert result.code == 0, said(result)
    # Its server refuses the key for an unknown zone, which shows nothing of the zone.
    assert re.search(r"skipped\S* +unknown-zone", result.out), said(result)
    assert "has a terminal" in result.out and "14 passed, 2 skipped" in result.out
    with open(os.path.join(lab.folder, "debugged"), encoding="ascii") as file:
        lines = file.read().splitlines()
    assert len(lines) == 1 and re.match(r"--args \S*acme-dns-worker hook$", lines[0]), lines
    assert_clean(lab, before)
