# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""STATE as releases before wrote it (tests/fixtures/state-N, made by make_state.py) is read and carried on;
what a release after this one wrote is named and never written over."""

import datetime
import glob
import json
import os
import re
import shutil

import pytest
from lab import Ca, World, Zone
from lab.client import names_of
from lab.control import preload_faults

FIXTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fixtures")
SECRETS = re.compile(r"(key|privkey)\.pem|.*\.key|account\.json|request\.conf|deploy\.json")
PRIVATE = ("accounts", "journal", "pending", "archived", "revoked", "logs")
NEWER = 99


def unpack(fixture, state):
    """git keeps neither owners nor modes nor empty folders."""
    shutil.copytree(os.path.join(FIXTURES, fixture), state, symlinks=True)
    for folder, _, names in os.walk(state):
        is_private = any(part in PRIVATE for part in os.path.relpath(folder, state).split(os.sep))
        os.chmod(folder, 0o700 if is_private else 0o711)
        for name in names:
            if not os.path.islink(os.path.join(folder, name)):
                os.chmod(os.path.join(folder, name), 0o600 if SECRETS.fullmatch(name) else 0o444)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.fixture(params=sorted(os.listdir(FIXTURES)))
def old(request, make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    unpack(request.param, client.state)
    return lab, client


def at_its_time(client):
    """The environment of the day after the fixture was made."""
    issued = json.loads(read(client.path("good", "metadata.json")))["issued"]
    made = datetime.datetime.strptime(issued, "%Y-%m-%dT%H:%M:%S%z")
    return preload_faults(client.state, now=int(made.timestamp()) + 86400)


def test_it_is_shown(old):
    _, client = old
    result = client.run("list", "--json", env=at_its_time(client))
    assert result.code == 0, result.err
    rows = {row["subject"]: row for row in map(json.loads, result.out.splitlines()) if row["event"] == "certificate"}
    assert {name: row["health"] for name, row in rows.items()} == {
        "good": "good", "undeployed": "good", "trial": "good", "revoked": "absent", "begun": "absent"}
    assert rows["good"]["names"] == ["good.example.test"] and rows["good"]["key-type"] == "rsa2048"
    assert rows["good"]["providers"] == ["lab"] and rows["trial"]["staging"] is True
    assert rows["undeployed"]["deploy-pending"] is True and rows["good"]["deploy-pending"] is False
    result = client.run("show", "good", env=at_its_time(client))
    assert result.code == 0 and "warning" not in result.err.replace("warning: provider", ""), result.err


def test_it_is_carried_on(old):
    """Today, whatever day that is: by the account that this CA has never heard of."""
    lab, client = old
    before, zones = client.certificate("good")[0], lab.zones()
    result = client.run("renew", "--force", "good")
    assert result.code == 0, result.err
    after = client.certificate("good")[0]
    assert after.serial_number != before.serial_number and names_of(after) == ["good.example.test"]
    assert after.public_key().key_size == 2048
    assert len(os.listdir(client.path("good", "archived"))) == 2
    assert "deploy-hook = /bin/true" in read(client.path("good", "request.conf"))
    assert json.loads(read(client.path("good", "deploy.json")))["version"] == os.readlink(client.path("good", "current"))

    result = client.issue("begun.example.test", options=["--name", "begun"])
    assert result.code == 0, result.err
    assert [path for path in os.listdir(os.path.join(client.state, "journal"))] == []
    assert os.listdir(client.path("begun", "pending")) == []

    result = client.run("process")
    assert result.code == 8, result.err
    assert not os.path.exists(client.path("revoked", "cert.pem"))
    assert lab.zones() == zones
    assert client.run("revoke", "--cert", glob.glob(client.path("good", "archived/*/cert.pem"))[0],
                      "--reason", "keyCompromise", "--yes").code in (0, 6)


def set_newer(path):
    text = read(path)
    if path.endswith(".conf"):
        new = re.sub(r"^# format \d+", "# format %d" % NEWER, text)
    else:
        new = re.sub(r'"format": ?\d+', '"format": %d' % NEWER, text)
    assert new != text
    os.chmod(path, 0o600)
    with open(path, "w", encoding="utf-8") as file:
        file.write(new)
    return new


def forced(client):
    return client.issue_command("good.example.test", options=["--name", "good", "--force"])


# Which file, and what fails because of it.
REFUSED = {
    "metadata": ("certs/good/current/metadata.json", 1, [
        forced, lambda client: client.command("renew", "--force", "good")]),
    "request": ("certs/good/request.conf", 1, [
        forced, lambda client: client.command("renew", "--force", "good")]),
    "account": ("accounts/*/default/account.json", 1, [
        forced, lambda client: client.command("revoke", "--name", "good", "--yes")]),
    "deploy": ("certs/good/deploy.json", 1, [lambda client: client.command("deploy", "good")]),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_newer_is_refused_unwritten(old, kind):
    lab, client = old
    pattern, code, commands = REFUSED[kind]
    (path,) = glob.glob(os.path.join(client.state, pattern))
    text, before = set_newer(path), client.certificate("good")[0]
    for command in commands:
        result = lab.run(command(client))
        assert result.code == code, result.err
        for words in (os.path.basename(path), "newer acme-dns (format %d, this one knows" % NEWER,
                      "use that release again"):
            assert words in result.err, result.err
        assert read(path) == text
        assert client.certificate("good")[0] == before


def test_a_newer_journal_is_left_to_its_release(old):
    _, client = old
    (path,) = glob.glob(os.path.join(client.state, "journal", "*"))
    text = set_newer(path)
    for result in (client.run("cleanup"), client.issue("good.example.test", options=["--name", "good", "--force"])):
        assert result.code == 0, result.err
        assert path in result.err and "newer acme-dns (format %d)" % NEWER in result.err
        assert read(path) == text


def test_newer_notes_are_not_written_over(old):
    """Those that can be done without: the run goes on."""
    _, client = old
    paths = [client.path("good", "renewal.json"),
             os.path.join(client.state, "logs", "autorenew", "last-renew.json")]
    texts = [set_newer(path) for path in paths]
    before = client.certificate("good")[0]
    result = client.run("renew", "--scheduled", "--force")
    assert "'%s'" % paths[0] in result.err and "newer acme-dns (format %d" % NEWER in result.err, result.err
    assert [read(path) for path in paths] == texts
    assert client.certificate("good")[0] != before
