# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A scene is one installation that is killed and started again, and what must hold at its end: zones as
before, key and certificate fit, nothing lies about in STATE, and the CA was not asked for more orders
than needed. Needs a build with ACME_CRASH_POINTS."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
from lab import Ca, World, Zone
from lab.client import Client, names_of

NAMES = ("*.example.test", "example.test")
NAME = "example.test"
IS_LONG = os.environ.get("ACME_DNS_LONG") == "1"

# Foreign values where ours go, and beside them.
FOREIGN = '@ 60 IN TXT "not ours"\n_acme-challenge 60 IN TXT "not ours either"'

# All that may be in STATE once a certificate is installed and nothing is under way.
_EXPECTED = re.compile(
    r"accounts/[a-z.-]+-[0-9a-f]{8}/default/(key\.pem|account\.json)"
    r"|certs/example\.test/((cert|chain|fullchain|privkey)\.pem|metadata\.json|renewal\.json|request\.conf|current)"
    r"|certs/example\.test/(archived/)?\d{8}-[0-9a-f]+(-\d+|\.\d+)?/"
    r"((cert|chain|fullchain|privkey)\.pem|metadata\.json)"
    r"|locks/[^/]+\.lock|logs/logs\.txt")

# What may also lie there when a kill came in the middle of writing a file: a name nobody reads.
_TORN = re.compile(r"(.*/)?\.[^/]+\.[0-9a-f]{16}")


def make_world(**more):
    """One CA without waits or refusals, servers in step, a resolver that forgets at once: what is issued
    again a moment later must be validated again."""
    ca = Ca(calm=True, proxy=True)
    return World(zones=[Zone(NAME, records=FOREIGN)], cas=[ca], **{"in_step": True, "cache_s": 0, **more})


@pytest.fixture
def make_scene(make_lab, build, tmp_path):
    """make_scene() is a new installation in this test's lab; make_scene(copy_of=SCENE) one that begins
    where SCENE stands; make_scene(world={...}) changes the lab that the first one starts."""
    labs = []
    n_scenes = 0

    def make(world=None, **more):
        nonlocal n_scenes
        if not labs:
            labs.append(make_lab(make_world(**(world or {}))))
            for folder in (tmp_path, *list(tmp_path.parents)[:2]):
                folder.chmod(0o755)
        n_scenes += 1
        return Scene(labs[0], build, tmp_path / ("scene%d" % n_scenes), **more)

    return make


class Scene:
    def __init__(self, lab, build, folder, proxied=False, copy_of=None):
        self.lab = lab
        self.build = build
        self.folder = str(folder)
        self.proxied = proxied
        if copy_of:
            shutil.copytree(copy_of.folder, self.folder, symlinks=True)
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.client = Client(lab, build, self.folder, proxied=proxied)
        self.before = copy_of.before if copy_of else lab.zones()
        self.n_orders = self.count_orders()
        self.n_proxied = len(lab.proxied())
        self.n_started = 0
        self.usual_seconds = 0
        self.log = []

    # What is there

    def count_orders(self):
        """Those that the CA has made. It refuses requests: with a nonce that it has seen before, when libcurl
        sends one again whose connection broke; to replace a certificate twice, when scenes are copies."""
        if self.proxied:
            return sum(1 for line in self.lab.proxied()
                       if line["path"] == "/order-plz" and line["status"] == 201)
        return self.ca_log().count(" orders in the db")

    def ca_log(self):
        return self.lab.log("pebble-" + self.lab.world.cas[0].name)

    def journal_files(self):
        folder = os.path.join(self.client.state, "journal")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [os.path.join(folder, name) for name in sorted(names) if not name.endswith(".lock")]

    def journal_records(self):
        records = []
        for path in self.journal_files():
            with open(path, encoding="utf-8") as file:
                for line in file.read().split("\n")[:-1]:
                    with contextlib.suppress(ValueError):
                        records.append({**json.loads(line), "file": path})
        return records

    def has_order(self):
        """Whether the journal knows the URL of an order that is not over, and its key is there."""
        last = {}
        for record in self.journal_records():
            if record["record"] in ("order", "order-over"):
                last[record["file"], record["certificate"]] = record
        pending = os.path.join(self.client.state, "certs", NAME, "pending")
        return any(record.get("url") and os.path.exists(os.path.join(pending, record["key"] + ".key"))
                   for record in last.values())

    def standing(self):
        """Values that journals say may stand: (file, number) -> intent."""
        found = {}
        for record in self.journal_records():
            key = (record["file"], record.get("number"))
            if record["record"] == "intent":
                found[key] = record
            elif record["record"] == "removed":
                found.pop(key, None)
        return found

    # Runs

    def command(self, *options, names=NAMES):
        return self.client.issue_command(*names, options=options)

    def note(self, what, result):
        self.log.append("%s: exit %s, %.2f s\n%s%s" % (
            what, result.code, result.seconds, result.out, result.err))

    def run(self, *options, crash_at=None, trace=None, n_more_orders=0, timeout=90, env=None):
        """One issue. It makes no order where the journal knows one, and at most one elsewhere;
        n_more_orders: what a fault may cost."""
        env = dict(env or {})
        if crash_at:
            env["ACME_DNS_CRASH_AT"] = "%s:%d" % crash_at
        if trace:
            env["ACME_DNS_CRASH_TRACE"] = trace
        allowed = self.begin_run() + n_more_orders
        result = self.lab.run(self.command(*options), env=env, timeout=timeout)
        self.note("issue %s%s" % (" ".join(options), " killed at %s:%d" % crash_at if crash_at else ""), result)
        self.usual_seconds = self.usual_seconds or result.seconds
        self.end_run(allowed)
        return result

    def begin_run(self):
        """How many orders the run that begins now may make."""
        self.n_proxied = len(self.lab.proxied())
        return 0 if self.has_order() else 1

    def spoilt(self):
        """The rules that the proxy applied since the last run began."""
        return [line["rule"] for line in self.lab.proxied()[self.n_proxied:] if line["rule"] != "pass"]

    def end_run(self, allowed):
        wait_for_no_processes(self.lab)
        made, self.n_orders = self.count_orders() - self.n_orders, self.count_orders()
        assert made <= allowed, "%d new orders where %d was enough\n%s" % (made, allowed, self.story())

    def start(self, *options, names=NAMES):
        self.n_started += 1
        return Run(self.lab, self.command(*options, names=names), os.path.join(self.folder, "run%d" % self.n_started))

    def kill_when(self, has_come, *options, timeout=30):
        """A run that is killed when has_come(); false when it ended before that."""
        allowed = self.begin_run()
        deadline = time.monotonic() + timeout
        run = self.start(*options)
        while run.process.poll() is None and not has_come():
            assert time.monotonic() < deadline, self.story()
            time.sleep(0.005)
        return self.end_killed(run, allowed)

    def kill_after(self, seconds, *options):
        """A run that is killed after so long; false when it was over by then."""
        allowed = self.begin_run()
        run = self.start(*options)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.process.wait(seconds)
        return self.end_killed(run, allowed)

    def end_killed(self, run, allowed):
        run.process.kill()
        code = self.end_started(run)
        assert code in (0, -signal.SIGKILL), self.story()
        self.let_the_ca_end()
        self.end_run(allowed)
        return code != 0

    def let_the_ca_end(self, seconds=5):
        """What it was asked for last it may do, and log, only after the program was killed. What came that late would
        count as the next run's."""
        deadline = time.monotonic() + seconds
        before = None
        while before != (now := self.ca_log()) and time.monotonic() < deadline:
            before = now
            time.sleep(0.1)

    def end_started(self, run, timeout=60):
        code = run.process.wait(timeout)
        self.log.append("exit %s\n%s" % (code, run.text()))
        return code

    def killed_run(self, point, *options):
        """False when the point was not passed: Pebble reuses an authorization now and then, whatever it
        was told."""
        result = self.run(*options, crash_at=point)
        assert result.code in (0, -signal.SIGKILL), self.story()
        return result.code != 0

    def traced_run(self, *options):
        """Runs to the end; gives the points that were passed, each as (name, n-th pass)."""
        path = os.path.join(self.folder, "trace")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        result = self.run(*options, trace=path)
        assert result.code == 0, self.story()
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return number_passes(file.read().split())

    def story(self):
        return "\n".join(self.log)[-6000:]

    # Judgement

    def judge(self, was_torn=False):
        """All is well and nothing is left. was_torn: kills came anywhere, also while a file was written."""
        assert self.lab.zones() == self.before, self.story()
        certificate, _, _ = self.client.certificate(NAME)
        assert names_of(certificate) == sorted(NAMES)
        strays = [path for path in self.files() if not _EXPECTED.fullmatch(path)
                  and not (was_torn and _TORN.fullmatch(path))]
        assert strays == [], "left in STATE: %s\n%s" % (strays, self.story())
        versions = [name for name in os.listdir(os.path.join(self.client.state, "certs", NAME))
                    if re.match(r"\d{8}-", name)]
        assert len(versions) == 1, "versions beside the one in force: %s\n%s" % (versions, self.story())

    def files(self):
        found = []
        for folder, _, names in os.walk(self.client.state):
            if not os.path.islink(folder):
                found += [os.path.relpath(os.path.join(folder, name), self.client.state) for name in names]
        links = [entry.path for entry in os.scandir(os.path.join(self.client.state, "certs", NAME))
                 if entry.is_symlink()]
        return sorted({*found, *(os.path.relpath(path, self.client.state) for path in links)})


class Run:
    """A run that is under way; what it prints goes to a file."""

    def __init__(self, lab, command, path):
        self.path = path
        with open(path, "w", encoding="utf-8") as out:
            self.process = lab.popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def text(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_for(self, *texts, timeout=20):
        """Until it has printed all of them."""
        deadline = time.monotonic() + timeout
        while not all(text in self.text() for text in texts):
            assert self.process.poll() is None, "ended before %s\n%s" % (texts, self.text())
            assert time.monotonic() < deadline, "no %s\n%s" % (texts, self.text())
            time.sleep(0.005)


def wait_for_no_processes(lab, seconds=15):
    """Workers die with the core, within moments."""
    deadline = time.monotonic() + seconds
    while lab.processes():
        assert time.monotonic() < deadline, "processes outlive the program: %s" % [
            _command_line(pid) for pid in lab.processes()]
        time.sleep(0.01)


def _command_line(pid):
    with contextlib.suppress(OSError), open("/proc/%d/cmdline" % pid, encoding="utf-8") as file:
        return file.read().replace("\0", " ")
    return "?"


def number_passes(names):
    passes = Counter()
    numbered = []
    for name in names:
        passes[name] += 1
        numbered.append((name, passes[name]))
    return numbered
