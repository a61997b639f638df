# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Rigs: for each bundled plug-in, and each kind of server it speaks to, what the conformance suite
needs to know. A module of this package lists its classes in RIGS; the suite finds them.

    class ExampleRig(Rig):
        name = "example"
        plugin = "example"
        standins = ("api.example.com",)
        is_batching = True

        def start(self):
            self.api = StandIn(self.lab, "example", self.standins[0], zones=["example.test"], token=SECRET)
            self.secrets = [SECRET]

        def section(self):
            return ["api-url = " + self.api.url, "api-token-file = " + self.file("token", SECRET)]

A rig whose server takes fault rules (base.py of standins/) says so by set_rules; the suite then spoils requests in every
way there is. What a rig cannot do it leaves as it is here, and the suite leaves those tests out.
"""

import importlib
import os
import pkgutil

from lab import Ca, World, Zone

ZONE = "example.test"  # the zone that every rig serves
UNSERVED = "unserved.test"  # a zone of the lab that the rig's credential does not reach, where that can be
# Of other people: nothing here may ever change. TTL 1 as ours, since an RRset has one.
FOREIGN = """@ 60 IN TXT "v=spf1 -all"
_acme-challenge 1 IN TXT "foreign"
_acme-challenge.www 1 IN TXT "foreign" "of two strings"
www 60 IN A 192.0.2.1
"""


class Rig:
    """One plug-in over its server or stand-in, in a running lab. The lab holds ZONE and UNSERVED."""

    name = None  # of the test: "rfc2136-knot"
    plugin = None  # "rfc2136"
    standins = ()  # for World(standins=...)
    in_step = True  # for World(in_step=...): a BIND instead of the Knot
    is_multi_value = True  # a name holds several values
    is_batching = False  # 20 changes of one zone take at most a dozen requests
    lists_zones = False  # the plug-in has zones(), and names ZONE
    is_attended = False  # a part of acme-dns, with a person or a program at its other end: no --json
    skips = {}  # of one that is attended: which steps of `plugin test` cannot apply, and a part of the reason

    def __init__(self, lab, folder):
        """folder: for the rig's own files, which only the user of the test reads."""
        self.lab = lab
        self.folder = str(folder)
        self.secrets = []  # none of them may ever be seen in output, log or journal
        self.start()

    @classmethod
    def world(cls):
        """The lab: ZONE with foreign values, one of them at the owner of the tests, and UNSERVED. Its resolver forgets
        at once: the CA may ask for an owner again that had another run's value alone a moment before."""
        return World(zones=[Zone(ZONE, records=FOREIGN), Zone(UNSERVED)], cas=[Ca(calm=True)],
                     standins=list(cls.standins), in_step=cls.in_step, cache_s=0)

    def snapshot(self):
        """All that the provider holds, as something to compare before and after."""
        return self.lab.zones()

    def start(self):
        """Starts servers, prepares self.secrets."""

    def file(self, name, text):
        """The path of a private file with this text."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)
        return path

    def section(self):
        """Lines of [provider NAME] below "plugin =". They publish with the shortest TTL that there is."""
        raise NotImplementedError

    def more_sections(self):
        """Sections beside [provider rig] and [zone ZONE]."""
        return ""

    def run(self, command, env, **more):
        """Runs acme-dns, and whoever has to be at its other end."""
        return self.lab.run(command, env=env, **more)

    def environment(self):
        """Environment of acme-dns."""
        return {"SSL_CERT_FILE": self.lab.ca_bundle} if self.standins else {}

    def wrong_section(self):
        """section() with a credential that the provider refuses; None where there is none."""
        return None

    def wrong_words(self):
        """What the error for wrong_section() must say: culprit and remedy."""
        return []

    def refuse(self, owner):
        """From now on the provider refuses every change of this owner for good, also as a part of a batch. False:
        this rig cannot."""
        return False

    def count(self):
        """Requests so far that read or change record sets, for measure(). Finding the zone does not count: once a
        process, whatever the number of orders."""
        raise NotImplementedError

    def measure(self, action):
        """How many requests action() takes, for rigs with is_batching."""
        before = self.count()
        action()
        return self.count() - before

    def set_rules(self, rules):
        """Fault rules as of standins/base.py, for the requests that change records. False: this rig has no faults."""
        return False


def found():
    """Every rig's class, by name."""
    classes = []
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        classes += importlib.import_module("rigs." + module).RIGS
    return sorted(classes, key=lambda rig: rig.name)
