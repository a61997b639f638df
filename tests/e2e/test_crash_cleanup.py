# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What a killed run left, seen from the command line: cleanup in all its forms, journals that were damaged,
and orders that the CA keeps waiting."""

import json
import os
import re
import signal
import time

import pytest
from crash_scene import Run, make_scene, wait_for_no_processes  # noqa: F401

OWNER = "_acme-challenge.example.test."
PUBLISHED = ("provider-call-after", 1)


@pytest.fixture
def killed(make_scene):  # noqa: F811
    """Killed when both values stood; nothing has been removed."""
    scene = make_scene()
    assert scene.killed_run(PUBLISHED), scene.story()
    assert len(scene.standing()) == 2
    assert scene.lab.zones() != scene.before
    return scene


def finish(scene):
    assert scene.run().code == 0, scene.story()
    scene.judge()


# ---- cleanup ----


def test_cleanup_says_what_it_would_remove(killed):
    zones = killed.lab.zones()
    told = killed.client.run("cleanup --dry-run")
    assert told.code == 0, told.err
    for entry in killed.standing().values():
        assert OWNER in told.err and entry["value"] in told.err
    assert "2 would be removed" in told.out + told.err
    assert killed.lab.zones() == zones and len(killed.standing()) == 2
    finish(killed)


def test_cleanup_removes_and_keeps_the_order(killed):
    done = killed.client.run("cleanup")
    assert done.code == 0, done.err
    assert killed.lab.zones() == killed.before
    assert killed.standing() == {}
    assert killed.has_order(), "the order can still be gone on with"
    again = killed.client.run("cleanup")
    assert again.code == 0 and "nothing was left behind" in again.out + again.err
    finish(killed)


def test_cleanup_as_json(killed):
    done = killed.client.run("cleanup", "--json")
    events = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0 and events[-1]["subject"] == "cleanup", done.out
    assert killed.lab.zones() == killed.before


def test_a_forgotten_entry_is_left_alone(killed):
    told = killed.client.run("cleanup --dry-run")
    ids = re.findall(r"\(entry (\S+)\)", told.err)
    assert len(ids) == 2, told.err
    unknown = killed.client.run("cleanup", "--forget", "nonsense.1")
    assert unknown.code == 3 and "nonsense.1" in unknown.err
    values = {entry["value"] for entry in killed.standing().values()}
    assert killed.client.run("cleanup", "--forget", ids[0]).code == 0
    (kept,) = killed.standing().values()
    (forgotten,) = values - {kept["value"]}
    assert killed.client.run("cleanup").code == 0
    text = "\n".join(killed.lab.zones()["example.test"])
    assert forgotten in text and kept["value"] not in text
    killed.lab.update("example.test", 'del %s TXT "%s"' % (OWNER, forgotten))
    finish(killed)


@pytest.mark.parametrize("lacks", ["credential", "instance"])
def test_an_entry_waits_for_its_provider(killed, lacks):
    """Without the key, or without the provider's section: kept, named, exit 4."""
    configuration = killed.client.config
    with open(configuration, encoding="utf-8") as file:
        whole = file.read()
    spoilt = (re.sub(r"key-file = .*", "key-file = /nonexistent/key", whole) if lacks == "credential"
              else whole.replace("[provider lab]", "[provider other]"))
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(spoilt)
    failed = killed.client.run("cleanup")
    assert failed.code == 4, "%d %s" % (failed.code, failed.err)
    assert OWNER in failed.err and "lab" in failed.err
    assert len(killed.standing()) == 2
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(whole)
    assert killed.client.run("cleanup").code == 0
    assert killed.lab.zones() == killed.before
    finish(killed)


def test_an_interrupted_cleanup_keeps_what_it_has_not_done(killed):
    killed.lab.pause_server("primary")
    try:
        run = Run(killed.lab, killed.client.command("cleanup"), os.path.join(killed.folder, "cleanup"))
        time.sleep(0.5)
        run.process.send_signal(signal.SIGTERM)
        code = run.process.wait(8)
    finally:
        killed.lab.resume_server("primary")
    assert code == -signal.SIGTERM, run.text()
    wait_for_no_processes(killed.lab)
    assert len(killed.standing()) == 2, run.text()
    assert killed.client.run("cleanup").code == 0
    finish(killed)


def test_a_run_for_another_name_leaves_the_order_alone(killed):
    """The certificate's own run can go on with it, and needs its values."""
    standing = killed.standing()
    other = killed.lab.run(killed.command(names=["other.example.test"]))
    assert other.code == 0, other.err
    assert killed.standing() == standing and killed.has_order()
    killed.n_orders = killed.count_orders()
    assert killed.run().code == 0, killed.story()
    assert killed.lab.zones() == killed.before
    assert os.listdir(os.path.join(killed.client.state, "journal")) == []


# ---- Damaged journals ----


def append(scene, text):
    (path,) = scene.journal_files()
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
    return path


@pytest.mark.parametrize(
    "torn", ['{"record":"removed","numb', "\0" * 300, "{"], ids=["half", "zeros", "brace"])
def test_a_torn_last_line_is_nothing(killed, torn):
    append(killed, torn)
    finish(killed)


def test_records_after_a_torn_line_are_read(killed):
    """The run that recovers writes into the same file, and is killed as well."""
    append(killed, '{"record":"removed","numb')
    assert killed.killed_run(("journal-removed-after", 1)), killed.story()
    assert len(killed.standing()) == 1
    finish(killed)


def test_a_line_that_cannot_be_read_is_kept(killed):
    path = append(killed, "what is this?\n")
    result = killed.run()
    assert result.code == 0, killed.story()
    assert path in result.err, "the user is told which file"
    assert killed.lab.zones() == killed.before
    assert killed.journal_files() == [path] and killed.standing() == {}
    os.unlink(path)
    os.unlink(path + ".lock")
    killed.judge()


def test_a_newer_releases_journal_is_left_alone(killed):
    (path,) = killed.journal_files()
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace('"format":1', '"format":2'))
    zones = killed.lab.zones()
    result = killed.client.run("cleanup")
    assert path in result.err and "newer" in result.err, result.err
    assert killed.lab.zones() == zones and len(killed.standing()) == 2
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    finish(killed)


def test_a_lock_without_a_journal_is_litter(killed):
    """Killed between making the lock and making the journal."""
    path = os.path.join(killed.client.state, "journal", "20260101T000000Z-1-abcdef.lock")
    with open(path, "w", encoding="utf-8"):
        pass
    finish(killed)


# ---- Orders that wait for the CA ----


def processing(path, pattern):
    return {"path": path, "do": "replace", "pattern": pattern, "with": '"status": "processing"'}


def parked(scene, rules, settings):
    scene.client.configure(settings)
    scene.lab.set_proxy_rules(rules)
    result = scene.run()
    assert result.code == 7, scene.story()
    assert "processing" in result.err
    return result


def test_a_parked_order_is_asked_for_once_a_run(make_scene):  # noqa: F811
    scene = make_scene(proxied=True)
    rules = [processing("^/(my-order|finalize-order)/", '"status": "valid"')]
    parked(scene, rules, "issuance-timeout = 1s\n")
    assert scene.lab.zones() == scene.before, "the CA has validated: nothing need stand"
    for _ in range(2):
        result = scene.run()
        assert result.code == 7, scene.story()
        asked = [line["path"] for line in scene.lab.proxied()[scene.n_proxied:]
                 if line["method"] == "POST"]
        assert len(asked) == 1 and asked[0].startswith("/my-order/"), asked
    assert scene.client.run("cleanup").code == 0
    scene.lab.set_proxy_rules([])
    finish(scene)


def test_what_a_parked_validation_needs_stands(make_scene):  # noqa: F811
    """The CA has not finished its validation: the values stay, whoever else runs meanwhile."""
    scene = make_scene(proxied=True)
    # The first two authorizations are the CA's own; only once they are answered it seems to take its time.
    rules = [
        {"path": "^/authZ/", "skip": 2, "do": "replace", "patterns": [
            ['"status": "(pending|valid)"', '"status": "processing"'],
            ['"status": "processing"(?=,\\s*"identifier")', '"status": "pending"']]},
        {"path": "^/my-order/", "do": "replace", "pattern": '"status": "ready"', "with": '"status": "pending"'},
    ]
    parked(scene, rules, "validation-timeout = 1s\n")
    zones = scene.lab.zones()
    assert zones != scene.before and len(scene.standing()) == 2, scene.story()
    done = scene.client.run("cleanup")
    assert done.code == 0 and "2 stay" in done.out + done.err, done.err
    other = scene.lab.run(scene.command(names=["other.example.test"]))
    assert scene.lab.zones() == zones, other.err
    scene.n_orders = scene.count_orders()
    assert scene.run().code == 7, scene.story()
    assert scene.lab.zones() == zones, scene.story()
    scene.lab.set_proxy_rules([])
    assert scene.run().code == 0, scene.story()
    assert scene.lab.zones() == scene.before and scene.standing() == {}, scene.story()



@pytest.mark.parametrize("fault", [
    {"do": "drop-request"},
    {"do": "refuse", "status": 503, "headers": {"Retry-After": "7200"}, "body": "maintenance"},
    {"do": "refuse", "status": 429, "headers": {"Retry-After": "7200"}, "body": "too many"},
], ids=["away", "maintenance", "limit"])
def test_a_ca_that_is_away_costs_no_order(make_scene, fault):  # noqa: F811
    """The run that was to go on with an order cannot look at it: the CA may be looking at its values, so
    both are kept for the next one."""
    scene = make_scene(proxied=True)
    assert scene.killed_run(PUBLISHED), scene.story()
    scene.lab.set_proxy_rules([{"method": "POST", **fault}])
    result = scene.run()
    assert result.code in (1, 6, 7), scene.story()
    assert scene.has_order() and len(scene.standing()) == 2, scene.story()
    scene.lab.set_proxy_rules([])
    finish(scene)


# ---- What outlives a kill ----

HOOK = """#!/bin/sh
# Values are files. An add is done by a child that takes its time, whatever becomes of who asked for it.
case $1 in
add)
    (touch "%(folder)s/begun"; sleep 8; touch "%(folder)s/$3") &
    wait
    ;;
remove) rm -f "%(folder)s/$3" ;;
*) exit 2 ;;
esac
"""


def test_what_a_hook_leaves_running_is_waited_for(make_scene, tmp_path):  # noqa: F811
    """Its journal is left alone until it has ended: only then is it known what it has done."""
    scene = make_scene()
    values = tmp_path / "values"
    values.mkdir()
    values.chmod(0o777)
    hook = tmp_path / "hook"
    hook.write_text(HOOK % {"folder": values})
    hook.chmod(0o755)
    with open(scene.client.config, encoding="utf-8") as file:
        text = file.read()
    with open(scene.client.config, "w", encoding="utf-8") as file:
        file.write(re.sub(r"(?s)\[provider lab\].*", "", text))
        file.write("[provider lab]\nplugin = exec-hook\ncommand = %s\nuser = root\n" % hook)
    run = scene.start()
    wait_until(lambda: (values / "begun").exists())
    run.process.kill()
    assert scene.end_started(run) == -signal.SIGKILL
    assert scene.lab.processes(), "the hook's child was to live on"
    early = scene.client.run("cleanup")
    assert early.code == 0 and len(scene.standing()) == 2, early.err
    wait_until(lambda: not scene.lab.processes())
    assert len(list(values.iterdir())) > 1, "the hook's child was to end its work"
    late = scene.client.run("cleanup")
    assert late.code == 0, late.err
    assert scene.standing() == {} and [path.name for path in values.iterdir()] == ["begun"]


def wait_until(has_come, seconds=40):
    deadline = time.monotonic() + seconds
    while not has_come():
        assert time.monotonic() < deadline
        time.sleep(0.01)
