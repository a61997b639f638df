# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Pre- and post-hooks: when they run, how often, what they are told, and what a failed one does."""

import os
import signal
import subprocess
import time

import pytest
from lab import Ca, World, Zone

NAME = "example.test"
NAMES = ("*.example.test", "example.test")


@pytest.fixture
def lab(make_lab):
    return make_lab(World(zones=[Zone(NAME)], cas=[Ca(calm=True)], in_step=True, cache_s=0))


@pytest.fixture
def scene(lab, make_client, tmp_path):
    return Scene(lab, make_client(lab), tmp_path)


class Scene:
    """Hooks that write down that they ran, and what they were told."""

    def __init__(self, lab, client, folder):
        self.lab, self.client, self.folder = lab, client, folder
        self.log = folder / "log"

    def hook(self, name, more=""):
        path = self.folder / name
        path.write_text("#!/bin/sh\necho %s >>'%s'\nenv >'%s/%s.env'\n%s\n" % (name, self.log, self.folder, name, more))
        path.chmod(0o755)
        return str(path)

    def ran(self):
        return self.log.read_text().split() if self.log.exists() else []

    def told(self, name):
        lines = (self.folder / (name + ".env")).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def configure(self, settings=(), section=()):
        self.client.configure(
            settings="".join("%s = %s\n" % pair for pair in settings),
            sections="[certificate %s]\ndomains = %s\nprovider = lab\n%s" % (
                NAME, ", ".join(NAMES), "".join("%s = %s\n" % pair for pair in section)))

    def issue(self, *options, **run):
        return self.client.issue(*NAMES, options=list(options), **run)


def test_around_an_order(scene):
    scene.configure([("pre-hook", scene.hook("pre")), ("post-hook", scene.hook("post"))],
                    [("pre-hook", scene.hook("own-pre")), ("post-hook", scene.hook("own-post")),
                     ("deploy-hook", scene.hook("deploy"))])
    result = scene.issue(env={"SECRET": "x"})
    assert result.code == 0, result.err
    assert scene.ran() == ["pre", "own-pre", "deploy", "own-post", "post"]
    for name in ("pre", "own-pre"):
        told = scene.told(name)
        assert told["ACME_DNS_EVENT"] == "pre" and "SECRET" not in told and told["PATH"].startswith("/usr/local/sbin:")
    told = scene.told("post")
    assert told["ACME_DNS_EVENT"] == "post" and told["ACME_DNS_ISSUED"] == NAME and told["ACME_DNS_FAILED"] == ""
    assert told["RENEWED_DOMAINS"] == " ".join(NAMES) and told["FAILED_DOMAINS"] == ""


def test_nothing_is_run_when_nothing_is_due(scene):
    assert scene.issue().code == 0
    scene.configure([("pre-hook", scene.hook("pre")), ("post-hook", scene.hook("post"))])
    result = scene.issue()
    assert result.code == 0 and "not due yet" in result.out and scene.ran() == []


def test_equal_commands_are_one_hook(scene):
    pre, post = scene.hook("pre"), scene.hook("post")
    scene.configure([("pre-hook", pre), ("post-hook", post)], [("pre-hook", pre), ("post-hook", post)])
    assert scene.issue().code == 0
    assert scene.ran() == ["pre", "post"]


def test_the_first_request_comes_after_the_pre_hook(scene):
    """A hook may be what opens the network."""
    scene.configure([("pre-hook", scene.hook("pre", "sleep 1; echo ended >>'%s'" % scene.log))])
    process = scene.lab.popen(scene.client.issue_command(*NAMES), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True)
    while "pre" not in scene.ran():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    asked = scene.lab.request_counts()
    if scene.ran() == ["pre"]:
        assert not asked, asked
    assert process.wait(60) == 0, process.stderr.read()
    assert scene.ran() == ["pre", "ended"] and scene.lab.request_counts()


def test_a_failed_pre_hook_keeps_the_order_from_beginning(scene):
    pre = scene.hook("pre", "echo 'no network' >&2; exit 3")
    scene.configure([("pre-hook", pre), ("pre-hook", scene.hook("second")), ("post-hook", scene.hook("post"))])
    result = scene.issue()
    assert result.code == 1, result.err
    for text in ("pre-hook '%s'" % pre, "exit status 3", "no network", "no order was begun"):
        assert text in result.err, result.err
    assert scene.ran() == ["pre", "post"] and not scene.lab.request_counts()
    told = scene.told("post")
    assert told["ACME_DNS_FAILED"] == NAME and told["FAILED_DOMAINS"] == " ".join(NAMES)
    assert told["ACME_DNS_ISSUED"] == told["RENEWED_DOMAINS"] == ""


@pytest.mark.parametrize("line, told", [
    ("no-such-program-here", ["no program 'no-such-program-here'", "sh -c"]),
    ("sh -c 'exec sleep 60'", ["did not end within 1 s", "hook-timeout"]),
], ids=["missing", "slow"])
def test_a_pre_hook_that_cannot_be_run(scene, line, told):
    scene.configure([("pre-hook", line), ("hook-timeout", "1s")])
    result = scene.issue()
    assert result.code == 1, result.err
    for text in ["pre-hook '%s'" % line, *told]:
        assert text in result.err, result.err


def test_post_hooks_are_run_when_the_order_fails(scene):
    scene.configure([("pre-hook", scene.hook("pre")), ("post-hook", scene.hook("post"))])
    result = scene.client.run("issue", "--name", NAME, "--server", "https://127.0.0.1:1/dir")
    assert result.code == 1, result.err
    assert scene.ran() == ["pre", "post"] and scene.told("post")["ACME_DNS_FAILED"] == NAME


def test_a_failed_post_hook_is_told_and_not_repeated(scene):
    post = scene.hook("post", "exit 4")
    scene.configure([("post-hook", post), ("post-hook", scene.hook("second"))])
    result = scene.issue()
    assert result.code == 8, result.err
    for text in ("installed, but", "post-hook '%s': exit status 4" % post, "Nobody repeats that"):
        assert text in result.err, result.err
    assert scene.ran() == ["post", "second"]
    scene.client.certificate(NAME)
    assert scene.issue().code == 0 and scene.ran() == ["post", "second"]
    assert "deploy pending" not in scene.client.run("list").out


@pytest.mark.parametrize("name", ["pre", "deploy"])
def test_post_hooks_are_run_after_a_signal(scene, name):
    waiting = scene.folder / "waiting"
    more = {name: "echo >'%s'; exec sleep 60" % waiting}
    scene.configure([(kind + "-hook", scene.hook(kind, more.get(kind, ""))) for kind in ("pre", "deploy", "post")])
    process = scene.lab.popen(scene.client.issue_command(*NAMES), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not waiting.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
    assert scene.ran()[-1] == "post" and scene.lab.processes() == []


def test_a_second_signal_ends_a_post_hook(scene):
    waiting = scene.folder / "waiting"
    scene.configure([("post-hook", scene.hook("post", "echo >'%s'; exec sleep 60" % waiting))])
    process = scene.lab.popen(scene.client.issue_command(*NAMES), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not waiting.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM and scene.lab.processes() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="the rule is for root")
def test_root_runs_only_what_is_roots(scene):
    pre = scene.hook("pre")
    os.chmod(pre, 0o777)
    scene.configure([("pre-hook", pre)])
    result = scene.issue()
    assert result.code == 1 and "'%s' has mode 0777" % pre in result.err and "chmod go-w" in result.err
    assert scene.ran() == []
