# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Killed at every named point, and once more while it recovers: the next run must put all right.
ACME_DNS_LONG=1 runs every pair of points instead of a sample."""

import pytest
from crash_scene import IS_LONG, Scene, world

SHARDS = 4
TRIES = 3


@pytest.fixture
def make_scene(make_lab, build, tmp_path):
    """make_scene() is a new installation in this test's lab; make_scene(copy_of=SCENE) one that begins
    where SCENE stands."""
    labs = []
    n_scenes = 0

    def make(**more):
        nonlocal n_scenes
        if not labs:
            labs.append(make_lab(world()))
            tmp_path.chmod(0o755)
            for parent in list(tmp_path.parents)[:2]:
                parent.chmod(0o755)
        n_scenes += 1
        return Scene(labs[0], build, tmp_path / ("scene%d" % n_scenes), **more)

    return make


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
