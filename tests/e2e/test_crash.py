# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Killed at every named point, and once more while it recovers: the next run must put all right.
ACME_DNS_LONG=1 runs every pair of points instead of a sample."""

import os
import random
import signal
import time

import pytest
from crash_scene import IS_LONG, make_scene, wait_for_no_processes  # noqa: F401

SHARDS = 4
TRIES = 3
RANDOM_KILLS = 28  # a shard
RANDOM_KILLS_LONG = 500


def recover(scene):
    trace = scene.traced_run()
    scene.judge()
    return trace


def second_kills(index, recovery):
    """Where the recovery is killed: everywhere, or at every other first point somewhere else."""
    if IS_LONG:
        return recovery
    return [recovery[index * 7 % len(recovery)]] if recovery and index % 2 == 0 else []


def kill(begin, first, *points):
    """A scene that was killed at the first point and, while it recovered, at the next ones."""
    for _ in range(TRIES):
        scene = begin()
        if all(scene.killed_run(point, *(first if index == 0 else ()))
               for index, point in enumerate(points)):
            return scene
    raise AssertionError("%s was not passed in %d runs\n%s" % (points, TRIES, scene.story()))


def try_every_point(points, shard, begin, first):
    """begin() makes a scene, first are the options of the run that is killed. Failures are gathered, so
    that one run tells all of them."""
    assert points, "this build has no crash points: cmake -DACME_CRASH_POINTS=ON"
    failures = []
    for index, point in enumerate(points):
        if index % SHARDS != shard:
            continue
        try:
            recovery = recover(kill(begin, first, point))
            for second in second_kills(index, recovery):
                recover(kill(begin, first, point, second))
        except AssertionError as error:
            failures.append("== %s:%d\n%s" % (*point, error))
    assert failures == [], "\n".join(failures)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_first_issue_killed_at_every_point(make_scene, shard):
    points = make_scene().traced_run()
    try_every_point(points, shard, make_scene, ())


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_renewal_killed_at_every_point(make_scene, shard):
    installed = make_scene()
    installed.traced_run()
    points = make_scene(copy_of=installed).traced_run("--force")
    try_every_point(points, shard, lambda: make_scene(copy_of=installed), ("--force",))


# What of the CA's replies can be lost, and how many orders that costs beside the one.
REPLIES = {
    "directory": ("GET", "^/dir", 0),
    "newNonce": ("HEAD", "^/nonce-plz", 0),
    "newAccount": ("POST", "^/sign-me-up", 0),
    "newOrder": ("POST", "^/order-plz", 1),
    "authorization": ("POST", "^/authZ/", 0),
    "challenge": ("POST", "^/chalZ/", 0),
    "order": ("POST", "^/my-order/", 0),
    "finalize": ("POST", "^/finalize-order/", 0),
    "certificate": ("POST", "^/certZ/", 0),
}


def spoil(scene, reply, what):
    """The next reply of that kind gets lost: "drop-reply" hangs up, "stall" says nothing. Either way
    the CA has done what it was asked for."""
    method, path, _ = REPLIES[reply]
    scene.lab.set_proxy_rules([{"method": method, "path": path, "do": what, "times": 1}])


@pytest.mark.parametrize("reply", REPLIES)
def test_a_lost_reply_is_borne(make_scene, reply):
    scene = make_scene(proxied=True)
    spoil(scene, reply, "drop-reply")
    result = scene.run(n_more_orders=REPLIES[reply][2])
    assert result.code == 0, scene.story()
    assert scene.spoilt() == ["drop-reply"]
    scene.judge()


@pytest.mark.parametrize("reply", REPLIES)
def test_a_kill_while_the_ca_answers(make_scene, reply):
    """Killed once, and killed again while the recovery waits for the same; a recovery that need not ask
    ends by itself."""
    for n_kills in (1, 2):
        scene = make_scene(proxied=True)
        for n in range(n_kills):
            spoil(scene, reply, "stall")
            was_killed = scene.kill_when(lambda: scene.spoilt() == ["stall"])
            assert was_killed or n == 1, scene.story()
        scene.lab.set_proxy_rules([])
        recover(scene)


@pytest.fixture
def dice():
    seed = int(os.environ.get("ACME_DNS_SEED") or time.time_ns() % 2**32)
    print("ACME_DNS_SEED=%d repeats the delays" % seed)
    return random.Random(seed)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_random_kills(make_scene, dice, shard):
    """Most of a hundred kills, four shards of them, hit something that is under way; four in a row
    without a rest between."""
    scene = make_scene()
    assert scene.run().code == 0, scene.story()
    n_killed = 0
    while n_killed < (RANDOM_KILLS_LONG if IS_LONG else RANDOM_KILLS):
        for _ in range(4):
            n_killed += scene.kill_after(dice.uniform(0, scene.usual_seconds), "--force")
        assert scene.run().code == 0, scene.story()
        scene.judge(was_torn=True)
        scene.log.clear()


def test_two_runs_at_once_killed_at_random(make_scene, dice):
    """The second waits for the first's lock; whichever is killed, whichever is left, all ends well."""
    scene = make_scene()
    assert scene.run().code == 0, scene.story()
    for _ in range(100 if IS_LONG else 10):
        runs = [scene.start("--force"), scene.start("--force")]
        kill_some(scene, dice, runs)
        scene.end_run(len(runs))
        assert scene.run().code == 0, scene.story()
        scene.judge(was_torn=True)
        scene.log.clear()


def test_two_certificates_at_one_owner_killed_at_random(make_scene, dice):
    """Their values stand side by side, and neither takes away what is the other's."""
    scene = make_scene()
    others = {"options": ["--name", "second"], "names": ["*.example.test"]}
    assert scene.run().code == 0, scene.story()
    for _ in range(100 if IS_LONG else 8):
        kill_some(scene, dice, [
            scene.start("--force"), scene.start("--force", *others["options"], names=others["names"])])
        for command in (scene.command(), scene.command(*others["options"], names=others["names"])):
            result = scene.lab.run(command)
            scene.note("recovery", result)
            assert result.code == 0, scene.story()
        assert scene.lab.zones() == scene.before, scene.story()
        assert scene.journal_files() == [], scene.story()
        scene.log.clear()


def kill_some(scene, dice, runs):
    """Kills one or both at random moments; what is left must end well."""
    for run in dice.sample(runs, dice.choice((1, 2, 2))):
        time.sleep(dice.uniform(0, scene.usual_seconds))
        run.process.kill()
    for run in runs:
        assert scene.end_started(run) in (0, -signal.SIGKILL), scene.story()
    wait_for_no_processes(scene.lab)
    scene.let_the_ca_end()
