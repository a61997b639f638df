# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Failure hooks: who is told of what, how often, and by which run."""

import json
import os
import re
import time

import pytest
from lab import Ca, World, Zone
from lab.control import preload_faults

DAY = 86400
FAILS = "pre-hook = sh -c 'printf \"no network\\033[31m\" >&2; exit 1'\n"


@pytest.fixture
def scene(make_lab, make_client, tmp_path):
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    return Scene(lab, make_client(lab), tmp_path)


class Scene:
    """Certificates "a", "b", ... whose renewal may fail, and a hook that writes down what it was told."""

    def __init__(self, lab, client, folder):
        self.lab, self.client, self.folder = lab, client, folder
        self.calls, self.gate = folder / "calls", folder / "gate"
        self.calls.mkdir()
        self.gate.write_text("")
        hook = folder / "hook"
        hook.write_text("#!/bin/sh\nn=$(ls '%s' | wc -l)\nenv >'%s'/$n.env\ncat >'%s'/$n.txt\n[ -e '%s' ]\n" % (
            self.calls, folder, folder, self.gate))
        hook.write_text(hook.read_text() + "code=$?\n: >'%s'/$n\nexit $code\n" % self.calls)
        hook.chmod(0o755)
        self.hook = str(hook)

    def configure(self, *names, settings=""):
        self.client.configure(settings="failure-hook = %s\n%s" % (self.hook, settings), sections="".join(
            "[certificate %s]\ndomains = %s.example.test\nserver = %s\n" % (name, name, self.client.server)
            for name in names))

    def run(self, *command, days=0):
        """The clock is so many days ahead."""
        now = preload_faults(self.client.state, now=int(time.time()) + int(days * DAY)) if days else None
        return self.client.run(*(command or ["process"]), env=now)

    def heard(self):
        """What each call was told: {"FAILED": [...], "DANGER": [...], "RECOVERED": [...]} without empty ones."""
        told = []
        for number in sorted(os.listdir(self.calls), key=int):
            lines = (self.folder / (number + ".env")).read_text().splitlines()
            variables = dict(line.split("=", 1) for line in lines)
            assert variables["ACME_DNS_EVENT"] == "failure"
            told.append({kind: variables["ACME_DNS_" + kind].split() for kind in ("FAILED", "DANGER", "RECOVERED")
                         if variables["ACME_DNS_" + kind]})
        return told

    def text(self, number):
        return (self.folder / ("%d.txt" % number)).read_text()

    def variable(self, number, name):
        lines = (self.folder / ("%d.env" % number)).read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)[name]

    def kept(self, name):
        with open(self.client.path(name, "renewal.json"), encoding="utf-8") as file:
            return json.load(file)["told"]


def test_what_is_in_order_is_nobodys_news(scene):
    scene.configure("a", "b")
    assert scene.run().code == 0 and scene.run().code == 0
    assert scene.heard() == []


def test_the_first_failure_is_told_and_the_recovery(scene):
    scene.configure("a", "b")
    assert scene.run().code == 0
    scene.configure("a", "b", settings=FAILS)
    for _ in range(2):
        assert scene.run("renew", "--force", "a").code == 1
    assert scene.heard() == [{"FAILED": ["a"]}]
    assert scene.variable(0, "ACME_DNS_SUMMARY") == "1 certificate failed"
    for part in ("Failed; acme-dns tries again by itself:\n  a (a.example.test)", "valid for another 89 days",
                 "    failed on 20", "      it said: no network\\x1b[31m\n"):
        assert part in scene.text(0), scene.text(0)
    assert scene.run("renew", "--force").code == 1
    assert scene.heard()[1:] == [{"FAILED": ["b"]}]
    scene.configure("a", "b")
    assert scene.run("renew", "--force", "a").code == 0
    assert scene.heard()[2:] == [{"RECOVERED": ["a"]}]
    assert scene.run("renew", "--force").code == 0
    assert scene.heard()[3:] == [{"RECOVERED": ["b"]}]


@pytest.mark.parametrize("is_split", [False, True])
def test_a_deploy_hook_that_fails_is_told_and_the_recovery(scene, is_split):
    """The certificate is good, and its server has the old one: nobody else would say so."""
    commands = [("process", "--no-deploy"), ("deploy", "--pending")] if is_split else [("process",)]
    scene.configure("a", settings="deploy-hook = sh -c 'echo no such server >&2; exit 1'\n")
    for _ in range(2):
        for command in commands:
            scene.run(*command)
    assert scene.heard() == [{"FAILED": ["a"]}]
    for part in ("Failed; acme-dns tries again by itself:\n  a (a.example.test)", "it was renewed, and not deployed:",
                 "no such server"):
        assert part in scene.text(0), scene.text(0)
    scene.configure("a", settings="deploy-hook = true\n")
    for command in commands:
        scene.run(*command)
    assert scene.heard()[1:] == [{"RECOVERED": ["a"]}]


def test_a_deploy_that_fails_is_danger_when_the_old_certificate_ends(scene):
    """It is what the server goes on with, and the new one is good for long."""
    scene.configure("a", settings="deploy-hook = true\n")
    assert scene.run().code == 0
    scene.configure("a", settings="deploy-hook = false\n")
    assert scene.run("renew", "--force").code == 8
    assert scene.heard() == [{"FAILED": ["a"]}]
    for days in (1, 44, 46, 46.2, 47.1):
        assert scene.run("deploy", "--pending", days=days).code == 8
    assert scene.heard()[1:] == [{"DANGER": ["a"]}, {"DANGER": ["a"]}]
    assert "it was renewed, and not deployed:" in scene.text(1), scene.text(1)
    scene.configure("a", settings="deploy-hook = true\n")
    assert scene.run("deploy", "--pending", days=47.2).code == 0
    assert scene.heard()[3:] == [{"RECOVERED": ["a"]}]


def test_issue_without_a_terminal_tells_too(scene):
    """Run by cron it is what renews."""
    scene.configure("a")
    assert scene.run().code == 0
    scene.configure("a", settings=FAILS)
    assert scene.run("issue", "--name", "a", "--force").code == 1
    assert scene.heard() == [{"FAILED": ["a"]}]


def test_one_that_is_not_even_ordered_has_failed_too(scene):
    """What somebody put in the place of a link would not be replaced: nothing is ordered, and it ends some day."""
    scene.configure("a")
    assert scene.run().code == 0
    link = scene.client.path("a", "privkey.pem")
    os.unlink(link)
    with open(link, "w", encoding="utf-8") as file:
        file.write("mine\n")
    before = scene.lab.request_counts()["newOrder"]
    result = scene.run("process", "--scheduled", days=65)
    assert result.code == 1 and link in result.err, result.err
    assert scene.lab.request_counts()["newOrder"] == before
    assert scene.heard() == [{"FAILED": ["a"]}] and link in scene.text(0)
    os.unlink(link)
    assert scene.run(days=65).code == 0
    assert scene.heard()[1:] == [{"RECOVERED": ["a"]}]


def test_one_that_nobody_can_publish_for_has_failed_too(scene):
    """As after an upgrade that left a plug-in behind. What is not due yet has not failed."""
    scene.configure("a")
    assert scene.run().code == 0
    with open(scene.client.config, encoding="utf-8") as file:
        good = file.read()
    gone = re.sub("plugin = .*", "plugin = gone", good)
    assert gone != good
    for text, days, heard in ((gone, 0, []), (gone, 65, [{"FAILED": ["a"]}]), (good, 65, [{"RECOVERED": ["a"]}])):
        with open(scene.client.config, "w", encoding="utf-8") as file:
            file.write(text)
        n_heard = len(scene.heard())
        result = scene.run(days=days)
        print(days, result)
        assert scene.heard()[n_heard:] == heard, result.err


def test_danger_is_told_once_a_day_and_recovery_once(scene):
    scene.configure("a", "b")
    assert scene.run().code == 0
    scene.configure("a", "b", settings=FAILS)
    assert scene.run(days=80).code != 0
    assert scene.heard() == [{"DANGER": ["a", "b"]}]
    assert scene.variable(0, "ACME_DNS_SUMMARY") == "2 certificates in danger"
    text = scene.text(0)
    for part in ("2 certificates in danger", "In danger: half of", "a (a.example.test)", "b (b.example.test)",
                 "valid for another 9 days", "acme-dns show NAME"):
        assert part in text, text
    for days in (80.2, 80.5, 80.9):
        assert scene.run(days=days).code in (0, 1)
    assert len(scene.heard()) == 1
    assert scene.run(days=81.1).code in (0, 1)
    assert scene.heard()[1:] == [{"DANGER": ["a", "b"]}]
    # The network is back. By the real clock both are in order.
    scene.configure("a", "b")
    assert scene.run("renew", "--force").code == 0
    assert scene.heard()[2:] == [{"RECOVERED": ["a", "b"]}]
    assert "In order again:\n  a (a.example.test)" in scene.text(2)
    assert scene.kept("a") == {"failure": None, "danger": None}
    assert scene.run().code == 0 and len(scene.heard()) == 3


def test_an_expired_certificate_says_so(scene):
    scene.configure("a")
    assert scene.run().code == 0
    scene.configure("a", settings=FAILS)
    assert scene.run(days=100).code != 0
    assert scene.heard() == [{"DANGER": ["a"]}] and "EXPIRED 10 days ago" in scene.text(0)
    assert scene.variable(0, "ACME_DNS_SUMMARY") == "1 certificate expired" and "\nExpired:\n  a (" in scene.text(0)


def test_what_a_hook_failed_to_tell_is_told_by_the_next_run(scene):
    scene.configure("a")
    assert scene.run().code == 0
    scene.configure("a", settings=FAILS)
    scene.gate.unlink()
    result = scene.run(days=80)
    assert "failure-hook '%s': exit status 1" % scene.hook in result.err, result.err
    scene.gate.write_text("")
    scene.run(days=80.1)
    scene.run(days=80.2)
    assert scene.heard() == [{"DANGER": ["a"]}] * 2
    # Nothing is due any more, and yet there is something to tell.
    scene.gate.unlink()
    scene.configure("a")
    assert scene.run("renew", "--force").code == 0
    scene.gate.write_text("")
    assert scene.run().code == 0 and scene.run().code == 0
    assert scene.heard()[2:] == [{"RECOVERED": ["a"]}] * 2


def test_a_run_that_leaves_hooks_leaves_these_to_deploy(scene):
    """As the units do: the renewal is in a sandbox, where no mail can be sent."""
    scene.configure("a")
    assert scene.run().code == 0
    scene.configure("a", settings=FAILS)
    assert scene.run("process", "--scheduled", "--no-deploy", days=80).code != 0
    assert scene.heard() == []
    for _ in range(2):
        assert scene.run("deploy", "--pending", "--scheduled", days=80).code == 0
    assert scene.heard() == [{"DANGER": ["a"]}]


def test_what_is_left_alone_is_no_news(scene):
    """Taken out of the configuration on purpose."""
    scene.configure("a", "b")
    assert scene.run().code == 0
    scene.configure("b", settings=FAILS)
    scene.run(days=80)
    assert scene.heard() == [{"DANGER": ["b"]}]


def test_a_terminal_tells_by_itself(scene):
    scene.configure("a")
    assert scene.run().code == 0
    scene.configure("a", settings=FAILS)
    env = preload_faults(scene.client.state, now=int(time.time()) + 80 * DAY)
    assert scene.lab.run_on_terminal(scene.client.command("process"), env=env).code != 0
    assert scene.heard() == []


def test_pre_and_post_hooks_are_run_once_for_all(scene):
    log = scene.folder / "log"
    hooks = "".join("%s-hook = sh -c 'echo %s $ACME_DNS_ISSUED >>%s'\n" % (kind, kind, log) for kind in ("pre", "post"))
    scene.configure("a", "b", "c", settings=hooks)
    assert scene.run().code == 0
    pre, post = log.read_text().splitlines()
    assert pre == "pre" and sorted(post.split()) == ["a", "b", "c", "post"]
    assert scene.run().code == 0 and len(log.read_text().splitlines()) == 2


def test_a_failed_pre_hook_stops_all_orders_and_a_failed_post_hook_is_the_runs_failure(scene):
    scene.configure("a", "b", settings="pre-hook = false\n")
    result = scene.run()
    assert result.code == 1 and result.err.count("pre-hook 'false': exit status 1") >= 2, result.err
    assert not scene.lab.request_counts()
    scene.configure("a", "b", settings="post-hook = sh -c 'exit 5'\n")
    result = scene.run()
    assert result.code == 8 and "post-hook 'sh -c 'exit 5'': exit status 5" in result.err, result.err
