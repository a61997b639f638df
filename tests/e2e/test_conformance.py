# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What the interface asks of every plug-in, of each that comes with acme-dns, over the servers it is for (rigs/):
by `plugin test`, by certificates, and through a provider that fails in every way there is. Whatever happens, all
that others have is as before."""

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import rigs
from dns_scene import said
from rigs import ZONE

RIGS = rigs.found()
SCRIPTED = [rig for rig in RIGS if rig.set_rules is not rigs.Rig.set_rules]
BATCHING = [rig for rig in RIGS if rig.is_batching]
OWNERS = ["_acme-challenge.one.%s." % ZONE, "_acme-challenge.two.%s." % ZONE]
OK, RETRY = 0, 100


class Scene:
    """A rig in its lab, with an acme-dns that is configured for it."""

    def __init__(self, rig, client, build):
        self.rig = rig
        self.lab = rig.lab
        self.client = client
        self.crowd = os.path.join(os.path.abspath(build), "tests", "plugin", "crowd", "crowd")
        self.configure()

    def configure(self, *lines, section=None):
        lines = [*(section or self.rig.section()), *lines]
        text = "[provider rig]\nplugin = %s\n%s\n[zone %s]\nprovider = rig\n" % (
            self.rig.plugin, "\n".join(lines), ZONE) + self.rig.more_sections()
        self.client.configure(sections=text)

    def run(self, verb, *words, **more):
        result = self.rig.run(self.client.command(verb, *words), self.rig.environment(), **more)
        self.assert_no_secret(result)
        return result

    def issue(self, *names, name="the-certificate"):
        domains = [word for name in names for word in ("-d", name)]
        return self.run("issue", *domains, "--name", name, "--server", self.client.server, "-vv")

    def change(self, verb, value, *owners):
        """Each owner is an order of its own: their results as crowd.c tells them, in the order of owners."""
        result = self.lab.run([self.crowd, self.client.config, "rig", verb, ZONE + ".", value, *owners],
                              env=self.rig.environment())
        self.assert_no_secret(result)
        assert result.code == 0, said(result)
        told = [json.loads(line) for line in result.out.splitlines()]
        by_owner = {line["owner"]: line for line in told if "owner" in line}
        return [by_owner[owner] for owner in owners]

    def assert_no_secret(self, result):
        for secret in self.rig.secrets:
            assert secret not in result.out + result.err, "a secret was told"

    def assert_clean(self, before):
        assert self.rig.snapshot() == before
        assert self.lab.processes() == []
        for folder, _, files in os.walk(self.client.state):
            for name in files:
                with open(os.path.join(folder, name), "rb") as file:
                    text = file.read()
                assert not [s for s in self.rig.secrets if s.encode() in text], os.path.join(folder, name)


@pytest.fixture
def make_scene(make_lab, make_client, build, tmp_path_factory):
    def make(rig):
        lab = make_lab(rig.world())
        return Scene(rig(lab, tmp_path_factory.mktemp("rig")), make_client(lab), build)

    return make


def each(classes):
    return pytest.mark.parametrize("rig", classes, ids=[rig.name for rig in classes])


def test_every_plugin_has_a_rig(build):
    plugins = {name[:-3] for name in os.listdir(os.path.join(build, "plugins")) if name.endswith(".so")}
    assert plugins == {rig.plugin for rig in RIGS if not rig.is_attended}


def steps_of(result):
    """{name: (verdict, text)} of a report for people."""
    found = re.findall(r"^  (ok|FAILED|skipped) +([a-z-]+): .*? \(\d+ ms\)\n((?: {12}.*\n)*)",
                       result.out.replace("\r", "") + result.err, re.M)
    return {name: (verdict, text) for verdict, name, text in found}


@each([rig for rig in RIGS if rig.is_attended])
def test_it_passes_the_test_but_for_what_cannot_apply(make_scene, rig):
    """The same report; what a console has no word for is told with the reason."""
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    result = scene.run("plugin test", "rig", "-d", ZONE)
    steps = steps_of(result)
    assert result.code == 0 and "a part of acme-dns" in result.out + result.err, said(result)
    assert {name for name, (verdict, _) in steps.items() if verdict == "skipped"} == set(rig.skips), said(result)
    assert not [name for name, (verdict, _) in steps.items() if verdict == "FAILED"], said(result)
    for name, reason in rig.skips.items():
        assert reason in steps[name][1], (name, steps[name])
    assert "%d passed, %d skipped" % (len(steps) - len(rig.skips), len(rig.skips)) in result.out + result.err
    scene.assert_clean(before)


@each([rig for rig in RIGS if not rig.is_attended])
def test_it_passes_the_test_for_plugins(make_scene, rig):
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    result = scene.run("plugin test", "rig", "-d", ZONE, "--json")
    steps = {o["subject"]: o for o in map(json.loads, result.out.splitlines()) if o["event"] == "plugin-test-step"}
    assert result.code == 0, said(result)
    assert [s["verdict"] for s in steps.values()].count("failed") == 0, said(result)
    if rig.lists_zones:
        assert ZONE in steps["zones"]["text"] and steps["zones"]["verdict"] == "passed", steps["zones"]
    if rig.is_batching:
        assert steps["batch"]["verdict"] == "passed", steps["batch"]
    scene.assert_clean(before)


@each(RIGS)
def test_a_wildcard_and_its_base_name(make_scene, rig):
    """Two values at one name, where somebody else has one."""
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    result = scene.issue("*." + ZONE, ZONE)
    assert result.code == 0, said(result)
    scene.assert_clean(before)


@each([rig for rig in RIGS if rig.is_multi_value])
def test_two_runs_at_one_name(make_scene, rig):
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda name, to: scene.issue(name, name=to), ["*." + ZONE, ZONE], ["one", "two"]))
    assert [result.code for result in results] == [0, 0], said(results[0]) + said(results[1])
    scene.assert_clean(before)


@each(RIGS)
def test_a_wrong_credential_is_explained(make_scene, rig):
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    section = scene.rig.wrong_section()
    if section is None:
        return  # it knows no credential
    scene.configure(section=section)
    result = scene.issue(ZONE)
    assert result.code in (3, 4), said(result)
    error = next(line for line in result.err.split("\n\n")[-1].splitlines() if line.startswith("error"))
    for word in ["'rig'", *scene.rig.wrong_words()]:
        assert word in result.err[result.err.index(error):], (word, said(result))
    scene.assert_clean(before)


@each(BATCHING)
def test_twenty_orders_in_one_zone(make_scene, rig):
    """One owner is refused: the other nineteen succeed, in at most a dozen requests, and come away again."""
    scene = make_scene(rig)
    owners = ["_acme-challenge.order%02d.%s." % (number, ZONE) for number in range(20)]
    refused = owners[6]
    assert scene.rig.refuse(refused)
    scene.configure()
    before = scene.rig.snapshot()
    told = []
    n_requests = scene.rig.measure(lambda: told.extend(scene.change("add", "value", *owners)))
    assert [line["owner"] for line in told if not line["ok"]] == [refused], told
    assert refused in told[6]["text"] or refused.rstrip(".") in told[6]["text"], told[6]
    assert n_requests <= 12, n_requests
    standing = [line for line in scene.lab.zones()[ZONE] if line.endswith('"value"')]
    assert len(standing) == 19
    assert all(line["ok"] for line in scene.change("remove", "value", *[o for o in owners if o != refused]))
    scene.assert_clean(before)


# Faults that pass: rules for requests that change records, and whether all is well in the end.
HTML = {"headers": {"content-type": "text/html"}, "body": "<html><h1>Bad Gateway</h1></html>"}
PASSING = {
    "a slow answer": [{"do": "delay", "seconds": 0.5, "times": 2}],
    "too many requests": [{"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "body": "", "times": 1}],
    "an error of the server": [{"do": "refuse", "status": 500, "body": "", "times": 1}],
    "a page of a proxy": [{"do": "refuse", "status": 502, **HTML, "times": 1}],
    "no service": [{"do": "refuse", "status": 503, "headers": {"retry-after": "1"}, "body": "", "times": 1}],
    "a reset before the request": [{"do": "drop-request", "times": 1}],
    "a reset after it was applied": [{"do": "drop-reply", "times": 1}],
    "an error after it was applied": [{"do": "replace", "status": 502, **HTML, "times": 1}],
    "an answer that is cut off": [{"do": "cut", "bytes": 9, "times": 1}],
    "half an answer": [{"do": "truncate", "bytes": 9, "times": 1}],
}


@each(SCRIPTED)
def test_faults_that_pass(make_scene, rig):
    """Add and remove succeed, and nothing is there twice: one removal takes it away."""
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    for fault, rules in PASSING.items():
        scene.rig.set_rules(rules)
        added = scene.change("add", "value", *OWNERS)
        assert all(line["ok"] for line in added), (fault, added)
        standing = [line for line in scene.lab.zones()[ZONE] if line.endswith('"value"')]
        assert len(standing) == 2, (fault, standing)
        scene.rig.set_rules(rules)
        removed = scene.change("remove", "value", *OWNERS)
        assert all(line["ok"] for line in removed), (fault, removed)
        scene.rig.set_rules([])
        assert scene.rig.snapshot() == before, fault
    scene.assert_clean(before)


# Faults that stay: what the error has to say.
STAYING = {
    "refused": ([{"do": "refuse", "status": 401, **HTML}], "401"),
    "forbidden": ([{"do": "refuse", "status": 403, **HTML}], "403"),
    "broken": ([{"do": "refuse", "status": 500, **HTML}], "500"),
    "a page instead of an answer": ([{"do": "refuse", "status": 200, **HTML}], ""),
    "silence": ([{"do": "stall"}], ""),
}


@each(SCRIPTED)
def test_faults_that_stay(make_scene, rig):
    """The error says which, within call-timeout; what may stand is taken away once the provider works again."""
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    # Once as it should be: what a stand-in starts for its first request is not to count against call-timeout.
    for verb in ("add", "remove"):
        told = scene.change(verb, "value", *OWNERS)
        assert all(line["ok"] for line in told), told
    for fault, (rules, word) in STAYING.items():
        scene.rig.set_rules(rules)
        scene.configure("call-timeout = 2")
        begun = time.monotonic()
        added = scene.change("add", "value", *OWNERS)
        # In silence the change was made, and a plug-in may look for itself.
        assert fault == "silence" or not any(line["ok"] for line in added), (fault, added)
        assert all(line["ok"] or "'rig'" in line["text"] for line in added), (fault, added)
        assert any(word in line["text"] or "rate limit" in line["text"] for line in added), (fault, added)
        assert "<h1>" not in added[0]["text"], "the whole page is in the error"
        assert time.monotonic() - begun < 30, fault
        scene.rig.set_rules([])
        scene.configure()
        removed = scene.change("remove", "value", *OWNERS)
        assert all(line["ok"] for line in removed), (fault, removed)
        assert scene.rig.snapshot() == before, fault
    scene.assert_clean(before)


@each(SCRIPTED)
def test_a_cancelled_call_leaves_nothing(make_scene, rig):
    """SIGINT while the provider is silent, having applied what it was asked for."""
    scene = make_scene(rig)
    before = scene.rig.snapshot()
    scene.rig.set_rules([{"do": "stall", "times": 1, "containing": "."}])
    process = scene.lab.popen(
        scene.client.command("issue", "-d", ZONE, "--server", scene.client.server),
        env=scene.rig.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while scene.rig.snapshot() == before:
        assert time.monotonic() < deadline, "nothing was published"
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT, (out, err)
    scene.assert_clean(before)
