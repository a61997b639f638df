# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""manual and stdio, which are in acme-dns itself: a person at a terminal and a program behind a pipe, both played
here, publish in the lab's primary."""

import os
import re
from collections import namedtuple

from lab.control import cache_dir, library_path

from . import Rig

E2E = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PUBLISHER = os.path.join(E2E, "hooks", "stdio_publish.sh")
# From the head of what a person is asked for to its last value: they are counted in the head. No value is skipped: with
# that choice nineteen of twenty, all that the terminal has shown so far, would be tried in half a million ways.
ASKED = "(?s)(?:%s)" % "|".join(
    r"(?:Please create|Please delete|You may delete)(?:, unless it is done,)? %d TXT records? in"
    r"(?:(?:(?!  value  ).)*  value  [\w-]{43}\r?\n){%d}" % (n, n) for n in range(1, 21))
CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

Record = namedtuple("Record", "verb zone owner value")


def records_in(text):
    """The records of one question to a person."""
    text = CODES.sub("", text)
    verb = "add" if text.startswith("Please create") else "del"
    zone = re.search(r"in the zone (\S+):", text).group(1)
    records, owner = [], None
    for label, word in re.findall(r"^  (name|value)   ?(\S+)\r?$", text, re.M):
        if label == "name":
            owner = word
        else:
            records.append(Record(verb, zone, owner, word))
    return records


class Person:
    """Does as told, in the way of a class below."""

    def __init__(self, lab):
        self.lab = lab
        self.asked = []  # every question's records

    def answer(self, found):
        records = records_in(found.group(0))
        self.asked.append(records)
        return self.act(records)

    def act(self, records):
        """Returns what is typed."""
        for zone in dict.fromkeys(record.zone for record in records):
            # One message for all of them: one each, and the first of twenty could time out before the last.
            self.lab.update(zone, *[self.line(record) for record in records if record.zone == zone])
        return "\n"

    def line(self, record):
        """How they change it, as nsupdate is told."""
        return "%s %s. %sTXT %s" % (
            record.verb, record.owner, "1 " if record.verb == "add" else "", record.value)


class ManualRig(Rig):
    name = "manual"
    plugin = "manual"
    is_attended = True
    skips = {"zones": "has no zones()", "unknown-zone": "refuses nothing", "settled": "has no settled()"}

    def section(self):
        return ["ttl = 1"]

    def run(self, command, env, person=None, questions=60, **more):
        person = person or Person(self.lab)
        return self.lab.run_on_terminal(command, env={**env, "NO_COLOR": "1"},
                                        answers=[(ASKED, person.answer)] * questions, **more)


class StdioRig(Rig):
    name = "stdio"
    plugin = "stdio"
    is_attended = True
    skips = {"zones": "has no zones()", "unknown-zone": "no word for a refusal", "remove-absent": "no word for it",
             "settled": "has no settled()", "remove-other": "removes nothing", "remove": "removes nothing",
             "remove-again": "removes nothing", "lost-receipt": "removes nothing", "batch": "has no apply()",
             "clean-up": "3 values stay"}

    def section(self):
        return []

    def run(self, command, env, publisher=PUBLISHER, **more):
        """publisher removes what it published when the dialogue ends, and is waited for."""
        script = ('d=$(mktemp -d "$1/fifo-XXXXXX") && mkfifo "$d/answers" && p=$2 && shift 2 &&'
                  ' { "$@" <"$d/answers"; echo $? >"$d/code"; } | "$p" "$SERVER" example.test "$KEY" >"$d/answers";'
                  ' exit "$(cat "$d/code")"')
        tools = {"SERVER": self.lab.primary, "KEY": self.lab.key_file(), "LD_LIBRARY_PATH": library_path(),
                 "NSUPDATE": os.path.join(cache_dir(), "servers/usr/bin/nsupdate")}
        return self.lab.run(["sh", "-c", script, "sh", self.folder, publisher, *command], env={**env, **tools},
                            **more)


RIGS = [ManualRig, StdioRig]
