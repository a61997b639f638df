# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What manual and stdio do when the other end does not do as told: `plugin test` finds it, certificates fail with the
reason, and whatever was published is named or taken away."""

import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest
from dns_scene import said
from rigs import ZONE
from rigs.attended import ASKED, ManualRig, Person, StdioRig
from test_conformance import make_scene, steps_of  # noqa: F401

NAMES = ["order%02d.%s" % (number, ZONE) for number in range(20)]


def failed_steps(result):
    return [name for name, (verdict, _) in steps_of(result).items() if verdict == "FAILED"]


def assert_nothing_left(scene, before):
    scene.assert_clean(before)
    cleaned = scene.client.run("cleanup")
    assert cleaned.out.startswith("cleanup: nothing was left behind"), said(cleaned)


# A person

class Idle(Person):
    def act(self, records):
        return "\n"


class Half(Person):
    """Creates one value of two; deletes all."""

    def act(self, records):
        return super().act(records if records[0].verb == "del" else records[:1])


class CarelessWithCase(Person):
    """Their form makes capitals of all letters."""

    def line(self, record):
        return super().line(record._replace(value=record.value.upper()))


class TakesAll(Person):
    """Deletes the whole record set, as some forms do."""

    def line(self, record):
        return super().line(record) if record.verb == "add" else "del %s. TXT" % record.owner


class NeverDeletes(Person):
    def act(self, records):
        return super().act([record for record in records if record.verb == "add"])


PERSONS = {
    Idle: (["add"], 5, "0 of 4 have it"),
    Half: (["add"], 5, "1 of 2 values"),
    CarelessWithCase: (["add"], 5, "0 of 4 have it"),
    TakesAll: (["remove-other"], 4, "what the change had to leave alone is gone"),
    NeverDeletes: (["remove", "clean-up"], 5, "but a server still has it"),
}


@pytest.mark.parametrize("kind", PERSONS, ids=[kind.__name__ for kind in PERSONS])
def test_what_a_person_does_wrong_is_found(make_scene, kind):  # noqa: F811
    scene = make_scene(ManualRig)
    before = scene.rig.snapshot()
    person = kind(scene.lab)
    steps, code, words = PERSONS[kind]
    result = scene.run("plugin test", "rig", "-d", ZONE, "--propagation-timeout", "2", person=person)
    assert result.code == code and failed_steps(result) == steps, said(result)
    assert words in steps_of(result)[steps[0]][1], said(result)
    for record in {record for records in person.asked for record in records}:
        scene.lab.update(ZONE, "del %s. TXT %s" % (record.owner, record.value),
                         "del %s. TXT %s" % (record.owner, record.value.upper()))
    cleaned = scene.client.run("cleanup")
    assert cleaned.code == 0, said(cleaned)
    assert_nothing_left(scene, before)


def test_a_person_may_be_slow(make_scene):  # noqa: F811
    """Nobody presses Enter; the calls of other providers would be over."""
    class Slow(Person):
        def act(self, records):
            time.sleep(2.5 if len(self.asked) in (2, 5) else 0)
            super().act(records)

    scene = make_scene(ManualRig)
    before = scene.rig.snapshot()
    scene.configure("call-timeout = 1", "interval = 1")
    result = scene.run("plugin test", "rig", "-d", ZONE, person=Slow(scene.lab))
    assert result.code == 0, said(result)
    assert_nothing_left(scene, before)


def hang_up(lab):
    """As the terminal does it to the program when its window is closed."""
    for pid in lab.processes():
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            if file.read().split(b"\0")[0].endswith(b"/acme-dns"):
                os.kill(pid, signal.SIGHUP)


@pytest.mark.parametrize("leave, code", [(lambda lab: "\x03", -signal.SIGINT), (hang_up, -signal.SIGHUP)],
                         ids=["Ctrl-C", "hang-up"])
def test_a_person_ends_the_test(make_scene, leave, code):  # noqa: F811
    """They are told what to delete, and nothing waits for that."""
    class Leaves(Person):
        def act(self, records):
            # The third question: two values stand, and one is asked for again.
            return leave(self.lab) if len(self.asked) == 3 else super().act(records)

    scene = make_scene(ManualRig)
    before = scene.rig.snapshot()
    person = Leaves(scene.lab)
    result = scene.run("plugin test", "rig", "-d", ZONE, person=person)
    assert result.code in (code, 128 - code), said(result)
    assert scene.rig.snapshot() == before, "the last question was not about what stands"
    assert {record.value for record in person.asked[-1]} == {record.value for record in person.asked[1]}
    assert_nothing_left(scene, before)


def test_one_of_twenty_is_not_created(make_scene):  # noqa: F811
    """One block for all; the next run asks for the twentieth alone."""
    class Forgets(Person):
        def act(self, records):
            return super().act([record for record in records if record.owner != "_acme-challenge." + NAMES[6]])

    scene = make_scene(ManualRig)
    before = scene.rig.snapshot()
    person = Forgets(scene.lab)
    words = [word for name in NAMES for word in ("-d", name)] + ["--name", "twenty", "--server", scene.client.server]
    first = scene.run("issue", *words, "--propagation-timeout", "6s", person=person)
    assert first.code == 10 and len(person.asked[0]) == 20, said(first)
    end = first.out[first.out.rindex("your turn"):]
    assert NAMES[6] in end and NAMES[7] not in end, said(first)
    diligent = Person(scene.lab)
    second = scene.run("issue", *words, person=diligent)
    assert second.code == 0, said(second)
    created = [record for records in diligent.asked for record in records if record.verb == "add"]
    assert [record.owner for record in created] == ["_acme-challenge." + NAMES[6]], created
    told = {record for records in diligent.asked + person.asked for record in records}
    scene.lab.update(ZONE, *["del %s. TXT %s" % (record.owner, record.value) for record in told])
    assert_nothing_left(scene, before)


def test_a_program_may_be_the_person(make_scene):  # noqa: F811
    """--json and a time to wait."""
    scene = make_scene(ManualRig)
    before = scene.rig.snapshot()
    process = scene.lab.popen(
        scene.client.command("plugin test", "rig", "-d", ZONE, "--json", "--propagation-timeout", "1m"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    verdicts = {}
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "record":
            verb = {"create": "add %s. 1 TXT %s", "delete": "del %s. TXT %s"}[event["action"]]
            scene.lab.update(ZONE, verb % (event["subject"], event["value"]))
        elif event["event"] == "plugin-test-step":
            verdicts[event["subject"]] = event["verdict"]
    assert process.wait(60) == 0, verdicts
    assert {name for name, verdict in verdicts.items() if verdict == "skipped"} == set(ManualRig.skips)
    assert_nothing_left(scene, before)


# A program behind a pipe: each is a shell function `answer`, called for each line, of a copy of the publisher.

PROGRAMS = {
    "it dies": ("kill -9 $$", "standard input ended"),
    "it ends its output": ("exec >&-; while read -r line; do :; done", "standard input ended"),
    "it says another line": ("echo 'dns-01 elsewhere.test x.y'; cat >&2", "says 'dns-01 elsewhere.test x.y'"),
    "it says the line before": ('echo "$type $domain"; cat >&2', "instead of 'dns-01 "),
    "it says half a line": ('printf "dns-01 "; exit', "standard input ended"),
}


@pytest.fixture
def make_program(tmp_path):
    """A publisher that does `what` at the number-th line, and else as it should."""
    def make(what, number=3):
        with open(os.path.join(os.path.dirname(__file__), "hooks", "stdio_publish.sh"), encoding="utf-8") as file:
            text = file.read()
        head = "while read -r type domain token; do\n"
        assert head in text
        path = tmp_path / "publisher"
        path.write_text(text.replace(head, "n=0\n%s    n=$((n + 1))\n    if [ $n = %d ]; then %s; fi\n" % (
            head, number, what)))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_does_wrong_is_found(make_scene, make_program, name):  # noqa: F811
    """Both values stand when it happens: nobody is asked for more, and nobody waits."""
    what, words = PROGRAMS[name]
    scene = make_scene(StdioRig)
    program = make_program(what)
    result = scene.run("plugin test", "rig", "-d", ZONE, publisher=program)
    assert result.code == 4 and failed_steps(result) == ["add-again"], said(result)
    assert words in steps_of(result)["add-again"][1], said(result)
    assert "repeats the line" in result.err
    assert scene.client.run("cleanup").out.startswith("cleanup: nothing was left behind")
    issued = scene.run("issue", "-d", "one." + ZONE, "-d", "two." + ZONE, "-d", ZONE, "--server", scene.client.server,
                       publisher=program)
    assert issued.code == 4 and words in issued.err, said(issued)


def test_a_silent_program_is_not_waited_for_for_ever(make_scene, make_program):  # noqa: F811
    scene = make_scene(StdioRig)
    before = scene.rig.snapshot()
    result = scene.run("plugin test", "rig", "-d", ZONE, "--propagation-timeout", "5s",
                       publisher=make_program("continue"))
    assert result.code == 4 and failed_steps(result) == ["add-again"], said(result)
    assert "no answer on standard input within 5 s (propagation-timeout)" in result.err
    assert_nothing_left(scene, before)


def test_a_program_may_be_slow(make_scene, make_program):  # noqa: F811
    scene = make_scene(StdioRig)
    before = scene.rig.snapshot()
    scene.configure("call-timeout = 1")
    result = scene.run("plugin test", "rig", "-d", ZONE, publisher=make_program("sleep 3"))
    assert result.code == 0, said(result)
    assert_nothing_left(scene, before)


def test_a_program_takes_twenty_and_refuses_one(make_scene, make_program):  # noqa: F811
    """It can only hang up: those before are taken back by it, those behind were never asked for."""
    scene = make_scene(StdioRig)
    before = scene.rig.snapshot()
    names = [word for name in NAMES for word in ("-d", name)]
    first = scene.run("issue", *names, "--server", scene.client.server, "--name", "twenty",
                      publisher=make_program("break", number=7))
    assert first.code == 4 and "standard input ended" in first.err, said(first)
    scene.assert_clean(before)
    second = scene.run("issue", *names, "--server", scene.client.server, "--name", "twenty")
    assert second.code == 0, said(second)
    assert_nothing_left(scene, before)


def test_a_signal_ends_the_dialogue(make_scene):  # noqa: F811
    """In the middle of the test: the program sees the end, and what was published stays with it."""
    scene = make_scene(StdioRig)
    before = scene.rig.snapshot()
    process = scene.lab.popen(scene.client.command("plugin test", "rig", "-d", ZONE), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    assert re.fullmatch(r"dns-01 acme-dns-test-[0-9a-f]{8}\.example\.test [\w-]{43}\.[\w-]{43}\n", line), line
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM and out == "", (out, err)
    assert "interrupted" in err
    assert_nothing_left(scene, before)


def test_the_questions_are_read_as_they_are_shown():
    """The expression that plays the person takes whole questions."""
    text = "\nPlease create 2 TXT records in the zone z:\r\n\r\n  name   a\r\n  value  %s\r\n  value  %s\r\n"
    assert re.search(ASKED, text % ("x" * 43, "y" * 43))
    assert not re.search(ASKED, text % ("x" * 43, "y" * 42))
