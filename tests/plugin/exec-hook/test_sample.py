# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The sample program, with a real nsupdate against a real Knot DNS."""
import os
import shutil

import pytest

import servers
from driving import DENIED, OK, REJECTED, RETRY, Plugin

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../../plugins/exec-hook/sample-hook.sh")
Z = "example.test."
FQDN = "_acme-challenge.sample.example.test."
VALUE = "-aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ"


@pytest.fixture(scope="module")
def knot():
    if servers.find(servers.Knot.path)[0] is None or servers.find("usr/bin/nsupdate")[0] is None:
        pytest.skip("knotd and nsupdate are not unpacked: scripts/lab-packages")
    running = servers.Knot()
    yield running
    running.stop()


@pytest.fixture
def sample(knot, tmp_path):
    program = shutil.copy(SAMPLE, tmp_path / "hook")
    os.chmod(program, 0o755)
    nsupdate, env = servers.find("usr/bin/nsupdate")

    def open_plugin(secret=servers.SECRET, **options):
        key = tmp_path / "a key"
        key.write_text('key "key-sha256" { algorithm hmac-sha256; secret "%s"; };\n' % secret)
        return Plugin("exec-hook", command=program, arg=["-k", str(key), "-v"],
                      env={"NSUPDATE": nsupdate, "LD_LIBRARY_PATH": env["LD_LIBRARY_PATH"],
                           "NSUPDATE_SERVER": "127.0.0.1 %d" % knot.port}, **options).open()
    return open_plugin


def test_adds_beside_and_removes_its_own(knot, sample):
    before = knot.zone()
    with sample() as p:
        assert p.call("add", FQDN, Z, VALUE, 60).status == OK
        assert p.call("add", FQDN, Z, "other", 60).status == OK
        assert p.call("settled", FQDN, Z, VALUE, 60).status == OK
        assert p.call("remove", FQDN, Z, VALUE, 60).status == OK
        assert [line for line in knot.zone() if line.startswith(FQDN)] == ['%s 60 "other"' % FQDN]
        assert p.call("remove", FQDN, Z, "other", 60).status == OK
    assert knot.zone() == before


def test_wrong_key_is_denied_with_nsupdates_words(sample):
    with sample(secret="d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA==") as p:
        result = p.call("add", FQDN, Z, VALUE, 60)
    assert result.status == DENIED and "BADSIG" in result.text


def test_a_value_that_would_be_a_command_is_not_sent(knot, sample):
    before = knot.zone()
    with sample() as p:
        result = p.call("add", FQDN, Z, 'x"; update delete www.example.test.', 60)
    assert result.status == REJECTED and knot.zone() == before


def test_bad_key_file_is_not_taken_for_a_refusal(sample):
    with sample(secret="") as p:
        assert p.call("add", FQDN, Z, VALUE, 60).status == RETRY
