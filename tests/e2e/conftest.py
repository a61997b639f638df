# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What every end-to-end test shares. The program comes from the folder that ACME_DNS_BUILD names (build/dev
when it names none). Tests that take `pebble` run once for each Pebble."""

import os
import sys

import pytest
from _pytest.runner import runtestprotocol

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Ca, Lab, World, Zone  # noqa: E402
from lab.client import Client  # noqa: E402

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_HICCUPS = pytest.StashKey[list]()


def pytest_configure(config):
    config.addinivalue_line("markers", "memcheck: under valgrind, which a sanitized program does not bear")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    """A test that failed at a Pebble that was not itself gets another one, once."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    hiccups = item.stash.get(_HICCUPS, [])
    if hiccups and any(report.failed for report in reports):
        item.warn(pytest.PytestWarning("run again, for Pebble's sake: " + ", ".join(hiccups)))
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.fixture(params=["2.4", "new"], ids=["pebble-2.4", "pebble-new"])
def pebble(request):
    return request.param


@pytest.fixture
def make_lab(request):
    """make_lab(World(...)) starts a lab that ends with the test."""
    labs = []

    def make(world):
        lab = Lab(world)
        labs.append(lab)
        lab.start()
        return lab

    yield make
    for lab in labs:
        request.node.stash.setdefault(_HICCUPS, []).extend(lab.hiccups())
        lab.stop()


@pytest.fixture
def lab(make_lab, pebble):
    """The plain one: example.test with a foreign record, one CA with its hostile defaults."""
    zone = Zone("example.test", records='@ 60 IN TXT "not ours"')
    return make_lab(World(zones=[zone], cas=[Ca(version=pebble)]))


@pytest.fixture(scope="session")
def build():
    return os.environ.get("ACME_DNS_BUILD") or os.path.join(_ROOT, "build", "dev")


@pytest.fixture
def make_client(build, tmp_path_factory):
    """make_client(lab) is an acme-dns with a configuration and state of its own."""

    def make(lab, **more):
        folder = tmp_path_factory.mktemp("client")
        folder.chmod(0o755)
        return Client(lab, build, folder, **more)

    return make


@pytest.fixture
def let_signals_kill(monkeypatch):
    """A sanitizer would turn the signals that are expected into exits."""
    options = [os.environ.get("ASAN_OPTIONS"), "handle_segv=0"]
    monkeypatch.setenv("ASAN_OPTIONS", ":".join(option for option in options if option))
