# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The provider manual: a person, played here, is told what to create, and the name servers are watched."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
from dns_scene import OWNER, assert_refused, said, world
from lab import Zone
from lab.client import names_of

NAMES = ("example.test", "*.example.test")
CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# From the head of a block to the line that ends it, as a terminal shows it.
BLOCK = r"(?s)Please create.*?with the same values\.\r?\n"
# acme-dns(1), JSON OUTPUT, but for alias-of, which stands only where there is one.
KEYS = {"event", "level", "time", "subject", "action", "provider", "zone", "type", "value", "ttl", "identifier",
        "index", "count", "known", "waited-for", "attended"}


@pytest.fixture
def quick(make_lab):
    return make_lab(world(Zone("example.test", records='@ 60 IN TXT "not ours"'),
                          Zone("second.test", records="www 60 IN A 192.0.2.1")))


@pytest.fixture
def client(quick, make_client):
    made = make_client(quick)
    made.configure("plugin-user = nobody")
    return made


def command(client, *names, options=("--provider", "manual")):
    domains = [word for name in names for word in ("-d", name)]
    return client.command("issue", *domains, "--server", client.server, *options)


def plain(client, *names, options=()):
    return client.lab.run(command(client, *names, options=["--provider", "manual", *options]))


def values_in(text):
    """All values of a text with blocks, in their order."""
    return re.findall(r"^  value  ([A-Za-z0-9_-]{43})\r?$", CODES.sub("", text), re.M)


def create(lab, values, owner=OWNER, zone="example.test"):
    lab.update(zone, *["add %s 1 TXT %s" % (owner, value) for value in values])


def delete(lab, values, owner=OWNER, zone="example.test"):
    lab.update(zone, *["del %s TXT %s" % (owner, value) for value in values])


def records(out):
    return [event for event in map(json.loads, out.splitlines()) if event["event"] == "record"]


# With somebody at the terminal

@pytest.mark.parametrize("columns, env", [(60, {}), (120, {"NO_COLOR": "1"})])
def test_a_person_creates_what_is_shown(quick, client, columns, env):
    before = quick.zones()
    shown = []

    def do_as_told(found):
        shown.append(found.group(0))
        create(quick, values_in(found.group(0)))

    result = quick.run_on_terminal(command(client, *NAMES), columns=columns, env=env, answers=[(BLOCK, do_as_told)])
    assert result.code == 0, result.out
    assert names_of(client.certificate("example.test")[0]) == sorted(NAMES)
    lines = CODES.sub("", shown[0]).splitlines()
    values = values_in(shown[0])
    assert len(values) == 2 and len(set(values)) == 2
    assert lines[0] == "Please create 2 TXT records in the zone example.test:"
    assert lines.count("  name   _acme-challenge.example.test") == 1 and "Both values" in shown[0]
    assert any(line.startswith("  or     _acme-challenge, ") for line in lines)
    assert max(len(line) for line in lines) <= 60, "a narrow terminal breaks no line"
    assert "\x1b[" not in re.sub(r"\x1b\[\d*m", "", shown[0]), "the moving lines are drawn into the block"
    assert env == {} or "\x1b[1m" not in shown[0]
    after = result.out[result.out.index("You may delete"):]
    assert sorted(values_in(after)) == sorted(values)
    assert "cannot renew unattended" in " ".join(after.split()) and "manual" in after
    assert "by a timer" not in after and result.out.count("Please create") == 1
    delete(quick, values)
    assert quick.zones() == before and quick.processes() == []
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


def test_enter_and_idle_typing_leave_the_screen_whole(quick, client):
    """Enter makes the terminal go down a line; the moving lines are drawn over that, not below it."""
    def do_as_told(found):
        values = values_in(found.group(0))
        threading.Thread(target=lambda: (time.sleep(3), create(quick, values))).start()
        return "\n\nis it there?\n"

    result = quick.run_on_terminal(command(client, *NAMES), columns=80, answers=[(BLOCK, do_as_told)])
    assert result.code == 0, result.out
    screen = replay(result.out, 80)
    assert len([line for line in screen if line.startswith("example.test ")]) == 1, "\n".join(screen)
    assert len([line for line in screen if line.startswith("  *.example.test ")]) == 1, "\n".join(screen)


def replay(text, columns):
    """What stays on a terminal: lines, returns, moves up, erasures. A line that is too long is broken."""
    screen, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.", text, re.S):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
        elif part.startswith("\x1b[") and part[-1] == "A":
            row = max(0, row - int(part[2:-1] or 1))
        elif part == "\x1b[J":
            del screen[row + 1:]
            screen[row] = screen[row][:column]
        elif part == "\x1b[K":
            screen[row] = screen[row][:column]
        elif not part.startswith("\x1b"):
            if column == columns:
                row, column = row + 1, 0
            while len(screen) <= row:
                screen.append("")
            screen[row] = screen[row][:column].ljust(column) + part + screen[row][column + 1:]
            column += 1
        while len(screen) <= row:
            screen.append("")
    return screen


def test_what_is_typed_beside_a_background_job_is_not_taken(quick, client):
    """The person sent it to the background and types into the shell: reading that would stop it (SIGTTIN)."""
    def do_as_told(found):
        values = values_in(found.group(0))
        threading.Thread(target=lambda: (time.sleep(2), create(quick, values))).start()
        return "for the shell\n"

    script = 'set -m; "$@" & wait $!; code=$?; read -r line; echo "shell: $line"; exit $code'
    result = quick.run_on_terminal(["bash", "-c", script, "bash", *command(client, "example.test")], timeout=60,
                                   answers=[(BLOCK, do_as_told)])
    assert result.code == 0, result.out
    assert "shell: for the shell" in result.out


def test_a_person_comes_back_later(quick, client):
    """Ctrl-C keeps what was asked for; the next run asks for the same, and takes what is there."""
    first = quick.run_on_terminal(command(client, *NAMES), answers=[(BLOCK, "\x03")])
    assert first.code == -signal.SIGINT, first.out
    assert "still wanted" in first.out and "You may delete" not in first.out
    asked = sorted(values_in(first.out))
    create(quick, asked[:1])
    second = quick.run_on_terminal(command(client, *NAMES),
                                   answers=[(BLOCK, lambda found: create(quick, asked[1:]))])
    assert second.code == 0, second.out
    assert "Please create, unless it is done, 2 TXT records" in second.out
    assert sorted(values_in(second.out[:second.out.index("You may delete")])) == asked
    assert "going on with the order of an earlier run" in second.out


def test_the_wait_may_be_bounded(quick, client):
    result = quick.run_on_terminal(command(client, "example.test", options=["--provider", "manual",
                                                                            "--propagation-timeout", "3s"]))
    assert result.code == 10, result.out
    assert "your turn: " in result.out and "run the same command again" in result.out


# Without

def test_without_a_terminal_the_next_run_goes_on(quick, client):
    before = quick.zones()
    first = plain(client, *NAMES, options=["--propagation-timeout", "1s"])
    assert_refused(first, 10, "your turn: ", "_acme-challenge.example.test", "by hand",
                   "0 of 4 name servers", "run the same command again", within_s=20)
    values = values_in(first.err)
    assert len(values) == 2 and first.out == ""
    second = plain(client, *NAMES)
    assert second.code == 10 and values_in(second.err) == values, said(second)
    assert "Ctrl-C" not in second.err, "nobody is there to press it"
    create(quick, values)
    third = plain(client, *NAMES)
    assert third.code == 0 and "Please create" not in third.err, said(third)
    assert sorted(values_in(third.err)) == sorted(values) and "cannot renew unattended" in third.err
    delete(quick, values)
    assert quick.zones() == before
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


def test_quiet_still_says_what_to_do(quick, client):
    first = plain(client, "example.test", options=["-q", "--propagation-timeout", "1s"])
    assert first.code == 10 and len(values_in(first.err)) == 1, said(first)


def test_programs_read_the_records_and_publish(quick, client):
    """--json with a time to wait: whoever reads the events is the person."""
    process = quick.popen(command(client, *NAMES, options=["--provider", "manual", "--json",
                                                           "--propagation-timeout", "1m"]),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    seen = []
    for line in process.stdout:
        event = json.loads(line)
        seen.append(event)
        if event["event"] == "record" and event["action"] == "create":
            create(quick, [event["value"]], event["subject"] + ".", event["zone"])
    assert process.wait(60) == 0 and seen[-1]["event"] == "result" and seen[-1]["state"] == "issued"
    told = [event for event in seen if event["event"] == "record"]
    assert [event["action"] for event in told] == ["create", "create", "delete", "delete"]
    assert all(set(event) == KEYS for event in told), told
    assert sorted(event["identifier"] for event in told[:2]) == sorted(NAMES)
    assert [(event["index"], event["count"]) for event in told[:2]] == [(1, 2), (2, 2)]
    assert all((event["type"], event["ttl"], event["waited-for"], event["attended"], event["known"])
               == ("TXT", 60, 1, 0, 0) for event in told[:2])


def test_json_without_a_time_to_wait(quick, client):
    first = plain(client, "example.test", options=["--json"])
    again = plain(client, "example.test", options=["--json"])
    assert first.code == again.code == 10
    (one,), (other,) = records(first.out), records(again.out)
    assert one["value"] == other["value"] and (one["known"], other["known"]) == (0, 1)
    assert one["waited-for"] == 0
    final = json.loads(first.out.splitlines()[-1])
    assert final["exit"] == 10 and final["class"] == "human" and "example.test" in final["text"]


# What is asked for

def test_each_zone_has_its_block_and_an_alias_its_reason(make_lab, make_client):
    lab = make_lab(world(
        Zone("example.test", records="_acme-challenge 60 IN CNAME example-test.challenges.test."),
        Zone("challenges.test"), Zone("second.test")))
    client = make_client(lab)
    client.configure("plugin-user = nobody", "[provider person]\nplugin = manual\nttl = 120\n")
    options = ["--provider", "person", "--allow-alias", "challenges.test", "--propagation-timeout", "1s"]
    result = lab.run(command(client, "example.test", "www.second.test", options=options))
    assert result.code == 10, said(result)
    blocks = result.err.split("Please create ")[1:]
    assert len(blocks) == 2 and all(len(values_in(block)) == 1 for block in blocks), result.err
    alias, second = sorted(blocks, key=lambda block: "second.test" in block.splitlines()[0])
    for word in ("1 TXT record in the zone challenges.test:", "  name   example-test.challenges.test\n",
                 "  for    _acme-challenge.example.test", "TTL    120"):
        assert word in alias, alias
    for word in ("1 TXT record in the zone second.test:", "  name   _acme-challenge.www.second.test\n",
                 "  or     _acme-challenge.www,"):
        assert word in second, second
    assert "for  " not in second and "Both" not in second


def test_beside_another_provider_only_the_rest_is_asked_for(quick, client):
    """What a program publishes is validated meanwhile, and not asked for again."""
    before = quick.zones()
    options = ["--provider", "example.test=lab", "--provider", "second.test=manual", "--propagation-timeout", "2s"]
    first = quick.run(command(client, "example.test", "www.second.test", options=options))
    assert first.code == 10, said(first)
    values = values_in(first.err)
    assert len(values) == 1 and quick.zones() == before, "the other provider's value was not taken back"
    create(quick, values, "_acme-challenge.www.second.test.", "second.test")
    second = quick.run(command(client, "example.test", "www.second.test", options=options))
    assert second.code == 0 and "_acme-challenge.example.test" not in second.err, said(second)
    delete(quick, values, "_acme-challenge.www.second.test.", "second.test")
    assert quick.zones() == before


# What becomes of it

def journals(client):
    folder = os.path.join(client.state, "journal")
    return [os.path.join(folder, name) for name in os.listdir(folder) if not name.endswith(".lock")]


def test_cleanup_leaves_a_person_at_work_alone_and_names_the_rest_once(quick, client):
    first = plain(client, "example.test", options=["--propagation-timeout", "1s"])
    values = values_in(first.err)
    kept = client.run("cleanup")
    assert kept.code == 0 and "1 stay" in kept.out and values_in(kept.err) == [], said(kept)
    again = plain(client, "example.test", options=["--propagation-timeout", "1s"])
    assert values_in(again.err) == values
    for path in journals(client):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r'"expires":\d+', '"expires":%d' % (time.time() - 60), text))
    over = client.run("cleanup")
    assert over.code == 0 and "1 left to others" in over.out and values_in(over.err) == values, said(over)
    assert "You may delete" in over.err
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


def test_what_a_new_order_makes_useless_is_named_once(quick, client):
    first = plain(client, "example.test", options=["--propagation-timeout", "1s"])
    values = values_in(first.err)
    issued = client.issue("example.test", "www.example.test")
    assert issued.code == 0 and values_in(issued.err) == values and "You may delete" in issued.err, said(issued)
    assert "cannot renew unattended" not in issued.err, "the new certificate needs nobody"
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


def test_a_killed_run_is_gone_on_with(quick, client):
    process = quick.popen(command(client, "example.test", options=["--provider", "manual", "--json",
                                                                   "--propagation-timeout", "1m"]),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    value = None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "record":
            value = event["value"]
            break
    process.kill()
    process.communicate()
    create(quick, [value])
    result = plain(client, "example.test")
    assert result.code == 0 and values_in(result.err) == [value], said(result)


# By its name

def test_plugin_commands_know_those_that_are_built_in(quick, client):
    listed = client.run("plugin list")
    assert listed.code == 0
    names = [line.split()[0] for line in listed.out.splitlines()]
    assert names == sorted(names) and {"manual", "stdio", "rfc2136"} <= set(names)
    for name in ("manual", "stdio"):
        shown = client.run("plugin show", name)
        assert shown.code == 0 and "name=%s\n" % name in shown.out and "built-in=yes\n" in shown.out
        assert "file=" not in shown.out and "isolation.process=core" in shown.out
        facts = json.loads(client.run("plugin show", name, "--json").out.splitlines()[0])
        assert facts["built-in"] is True and facts["file"] is None and facts["isolation"] == {"process": "core"}
    assert "built-in=no\n" in client.run("plugin show", "rfc2136").out


def test_a_plug_in_of_the_same_name_is_refused(quick, client, build, tmp_path):
    tmp_path.chmod(0o755)
    theirs = tmp_path / "manual.so"
    shutil.copy(os.path.join(build, "plugins", "rfc2136.so"), theirs)
    folder = ["--plugin-dir", str(tmp_path)]
    result = plain(client, "example.test", options=folder)
    assert_refused(result, 3, str(theirs), "'manual'", "another name")
    assert quick.request_counts() == {}
    listed = client.run("plugin list", *folder)
    assert listed.code == 4 and str(theirs) in listed.err and "another name" in listed.err
    assert "by a person who is told what to create" in listed.out
    shown = client.run("plugin show", "manual", *folder)
    assert shown.code != 0 and str(theirs) in shown.err


def test_options_that_it_has_not_are_refused(quick, client):
    client.configure("plugin-user = nobody", "[provider person]\nplugin = manual\ntoken = x\n")
    result = quick.run(command(client, "example.test", options=["--provider", "person"]))
    assert_refused(result, 3, "acme-dns.conf:", "token")


# Other programs' hooks

def test_a_lease_is_asked_for_too(quick, client):
    """dns add looks at no name server unless told to: what is wanted is shown all the same."""
    options = ["--provider", "manual", "-n"]
    added = client.run("dns add", "example.test", "a-value-of-another-program", *options)
    assert_refused(added, 10, "your turn: example.test: not published yet", "by hand", "dns wait", "leased")
    assert added.out == "" and "watched" not in added.err
    assert "  value  a-value-of-another-program\n" in added.err
    waited = client.run("dns add", "example.test", "a-value-of-another-program", "--wait", *options,
                        "--propagation-timeout", "1s")
    assert waited.code == 10 and "the value stands" not in waited.err, said(waited)
    watched = client.run("dns wait", "example.test", "a-value-of-another-program", *options)
    assert watched.code == 5, said(watched)
    create(quick, ["a-value-of-another-program"])
    assert client.run("dns wait", "example.test", "a-value-of-another-program", *options).code == 0
    removed = client.run("dns remove", "example.test", "a-value-of-another-program", *options)
    assert removed.code == 0 and "You may delete" in removed.err, said(removed)
    assert "removed" not in removed.out and "released" in removed.out and "until it is deleted" in removed.out
    delete(quick, ["a-value-of-another-program"])


def test_the_dialogue_is_not_for_leases(quick, client):
    client.configure("plugin-user = nobody", "[provider pipe]\nplugin = stdio\n")
    result = client.run("dns add", "example.test", "a-value", "--provider", "pipe", "-n")
    assert_refused(result, 4, "belongs to none", "pipe")
    assert client.run("dns wait", "example.test", "a-value", "--provider", "lab", "--propagation-timeout", "1s",
                      "-n").code == 5
