# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns and a CA through simulated months: the program under libfaketime, the stand-in CA with the same clock, a
provider that writes files which the CA reads. A run every four hours, as the timer starts it."""

import collections
import glob
import os

from lab import World, Zone
from lab.control import cache_dir
from standins import StandIn

HOUR = 3600
DAY = 24 * HOUR
EVERY_S = 4 * HOUR
HASTE = 400
LIVES = {"classic": 90 * DAY, "shortlived": 160 * HOUR}
CA_HOST = "acme.example.com"
HOOK = """#!/bin/sh
owner=$TXT_FOLDER/${2%.}
case $1 in
add) [ -d "$owner" ] || mkdir "$owner"; : >"$owner/$3" ;;
remove) rm -f "$owner/$3" ;;
*) exit 2 ;;
esac
"""


def world(n_zones):
    """Several, since one may have so many certificates in a week."""
    return World(zones=[Zone("d%d.test" % n, secondary=False) for n in range(n_zones)], cas=[], standins=[CA_HOST])


def is_down(step):
    return step * EVERY_S // DAY % 5 == 4


def faketime_library():
    return glob.glob(os.path.join(cache_dir(), "clock", "usr", "lib", "*", "faketime", "libfaketime.so.1"))[0]


class Year:
    """counts: {profile: how many certificates}. The first is in the first zone, the next in the next."""

    def __init__(self, lab, make_client, counts, **ca):
        self.lab = lab
        self.txt = os.path.join(lab.folder, "txt")
        os.mkdir(self.txt)
        os.chmod(self.txt, 0o777)
        self.ca = StandIn(lab, "acme_ca", CA_HOST, zones=[], url="https://" + CA_HOST, txt=self.txt, profiles=LIVES, **ca)
        self.client = make_client(lab, directory=self.ca.url + "/directory")
        hook = os.path.join(lab.folder, "hook.sh")
        with open(hook, "w", encoding="ascii") as file:
            file.write(HOOK)
        os.chmod(hook, 0o755)
        self.provider = "[provider files]\nplugin = exec-hook\ncommand = %s\nenv = TXT_FOLDER=%s\ncore-allow-path = %s\n" % (
            hook, self.txt, self.txt)
        self.names = {"c%d-%s" % (n, profile): "c%d-%s.%s" % (n, profile, lab.world.zones[n % len(lab.world.zones)].name)
                      for profile, count in counts.items() for n in range(count)}
        self.offset_s = 0
        self.is_down = False
        self.configure()

    def sections(self):
        """{name: the text of its section}"""
        return {name: "[certificate %s]\ndomains = %s\nprofile = %s\nprovider = files\ndeploy-hook = /bin/true\n" % (
            name, domain, name.partition("-")[2]) for name, domain in self.names.items()}

    def configure(self, max_orders=1000, is_split=False):
        """is_split: each section in a file of conf.d."""
        sections = self.sections()
        for name in sections if is_split else ():
            self.write_part(name, sections[name])
        self.client.configure(
            settings="ca = year\nkey-type = ec256\npropagation = wait:0s\nmax-orders = %d\n" % max_orders,
            sections=self.provider + "[ca year]\ndirectory = %s/directory\n" % self.ca.url
            + "".join(() if is_split else sections.values()))

    def write_part(self, name, text):
        folder = os.path.join(self.client.folder, "conf.d")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *words):
        """One command at the simulated time. While the CA is down, time goes faster: what the program would wait
        for it in vain is not waited for here."""
        env = {"LD_PRELOAD": faketime_library(), "FAKETIME": "+%d" % self.offset_s, "NO_FAKE_STAT": "1"}
        if self.is_down:
            env["FAKETIME"] += " x%d" % HASTE
        else:
            env["FAKETIME_DONT_FAKE_MONOTONIC"] = env["DONT_FAKE_MONOTONIC"] = "1"
        return self.client.run(*words, env=env, timeout=600)

    def set_time(self, offset_s):
        self.offset_s = offset_s
        self.ca.ask("set_offset", offset_s)

    def timer(self):
        """What the timer does. The first command's Result."""
        result = self.run("process", "--scheduled", "--no-deploy")
        deployed = self.run("deploy", "--pending")
        assert deployed.code == 0, deployed.err
        return result

    def be_down(self, is_down, kind):
        self.is_down = is_down
        rules = {"refused": {"do": "refuse", "status": 503}, "reset": {"do": "drop-request"}}
        self.ca.set_rules([rules[kind]] if is_down else [])

    def grow(self, steps):
        """From nothing to all certificates, some a run."""
        self.configure(max_orders=-(-len(self.names) // steps))
        for step in range(steps):
            self.set_time(step * EVERY_S)  # fewer than four days: the CA is up
            assert self.timer().code == 0
        self.configure()
        assert self.ca.ask("numbers")["issued"] == len(self.names)

    def simulate(self, days):
        """From where it is, that many days. One day in five the CA is down: it refuses, or its connections break, by
        turns."""
        begun = self.offset_s // EVERY_S
        for step in range(begun + 1, begun + days * DAY // EVERY_S + 1):
            if is_down(step) != self.is_down:
                self.be_down(is_down(step), "refused" if step * EVERY_S // DAY % 10 == 4 else "reset")
                os.truncate(os.path.join(self.ca.folder, "requests.jsonl"), 0)
            self.set_time(step * EVERY_S)
            result = self.timer()
            assert self.is_down or result.code == 0, "after %d h: %s" % (step * EVERY_S // HOUR, result.err)

    # What came of it

    def judge(self, begun_s, skipped):
        """Facts of what the CA saw. begun_s: when the simulation began. skipped: how many runs do not count for how
        the orders are spread."""
        journal = self.ca.ask("orders")
        slots = collections.Counter()
        issued = collections.defaultdict(list)
        kinds = collections.Counter(event[2] for event in journal)
        for when, names, what, _ in journal:
            slots[int((when - begun_s) // EVERY_S)] += what == "ordered"
            if what == "issued":
                issued[names[0]].append(when)
        end = self.offset_s // EVERY_S + 1
        up = [slots[n] for n in range(skipped, end) if not is_down(n)]
        return Facts(kinds, up, issued, begun_s + self.offset_s)


class Facts:
    """slots: how many orders each run had in which the CA was up."""

    def __init__(self, kinds, slots, issued, end):
        self.kinds = kinds
        self.issued = issued
        self.orders = kinds["ordered"]
        self.renewed = sum(len(moments) - 1 for moments in issued.values())
        self.most = max(slots)
        self.mean = sum(slots) / len(slots)
        self.least_left_s = min(
            LIVES[name.partition(".")[0].partition("-")[2]] - HOUR - (after - before)
            for name, moments in issued.items() for before, after in zip(moments, moments[1:] + [end]))

    def __str__(self):
        return "%s; %d renewed; at most %d orders in four hours, mean %.2f (%.2f times); %.1f h were left at least" % (
            dict(self.kinds), self.renewed, self.most, self.mean, self.most / self.mean, self.least_left_s / HOUR)
