# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Disks that fail at any moment of a renewal: what servers read stays whole, the words name the file and
the reason, and the next run puts all right."""

import errno
import os

import pytest
from crash_scene import NAME, make_scene  # noqa: F401
from lab.client import names_of
from lab.control import preload_faults

SHARDS = 3
# What a disk can refuse. Locks are signed for people only, what a closed file lost is the file's business.
SYNCS = "fsync,fdatasync,rename,symlink"
WRITES = "open,write,mkdir,unlink,rmdir"


def count_calls(scene, calls):
    trace = os.path.join(scene.folder, "calls")
    result = scene.run("--force", env=preload_faults(scene.client.state, calls=calls, trace=trace))
    assert result.code == 0, scene.story()
    with open(trace, encoding="utf-8") as file:
        return [line.split(" ", 2)[1:] for line in file.read().splitlines()]


def fail_at(scene, calls, number, cause, at):
    """One forced renewal in which the call fails, and the run after it."""
    result = scene.run("--force", n_more_orders=1,
                       env=preload_faults(scene.client.state, calls=calls, at=number, errno=cause))
    # What is served is whole at once, not after the next run.
    certificate, _, _ = scene.client.certificate(NAME)
    assert names_of(certificate), scene.story()
    if result.code != 0:
        assert result.code == 1, "exit %d when %s failed\n%s" % (result.code, at, scene.story())
        assert os.strerror(cause) in result.err and scene.client.state in result.err, (
            "no reason or place when %s failed\n%s" % (at, scene.story()))
    again = scene.run()
    assert again.code == 0, "%s failed, and the next run too\n%s" % (at, scene.story())
    scene.judge(was_torn=True)


def fail_everywhere(scene, calls, shard, cause):
    scene.run()
    places = count_calls(scene, calls)
    assert len(places) > 10, places
    failures = []
    for number, (call, path) in enumerate(places, 1):
        if number % SHARDS != shard:
            continue
        at = "%s of %s (%d)" % (call, os.path.relpath(path, scene.client.state), number)
        scene.log.clear()
        try:
            fail_at(scene, calls, number, cause, at)
        except AssertionError as error:
            failures.append("== %s\n%s" % (at, error))
    assert failures == [], "\n".join(failures)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_disk_that_loses_what_it_was_given(make_scene, shard):  # noqa: F811
    fail_everywhere(make_scene(), SYNCS, shard, errno.EIO)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_disk_that_is_full_for_a_moment(make_scene, shard):  # noqa: F811
    fail_everywhere(make_scene(), WRITES, shard, errno.ENOSPC)
