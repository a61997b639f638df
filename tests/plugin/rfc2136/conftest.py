# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "provider-tests"))
import servers  # noqa: E402


@pytest.fixture(scope="session", params=sorted(servers.SERVERS))
def server(request):
    kind = servers.SERVERS[request.param]
    if servers.find(kind.path)[0] is None:
        pytest.skip("%s is not unpacked: scripts/lab-packages" % kind.path)
    running = kind()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def knot():
    running = servers.Knot()
    yield running
    running.stop()


@pytest.fixture
def untouched(server):
    """The zone must be the same after the test as before: other people's values and TTLs included."""
    before = server.zone()
    yield
    assert server.zone() == before
