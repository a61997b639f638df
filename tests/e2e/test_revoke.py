# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""revoke: which certificate, whose signature, what the CA says, and what becomes of the files."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from lab import Ca, World, Zone
from lab.world import CA_MANAGEMENT_PORT

NAMES = ("*.example.test", "example.test")
# Pebble's management interface has a certificate of its own making.
FETCH = ("import ssl, sys, urllib.request as u; c = ssl._create_unverified_context(); "
         "print(u.urlopen(sys.argv[1], context=c).read().decode())")


@pytest.fixture
def installed(make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    assert client.issue(*NAMES).code == 0
    return lab, client


def status_at_ca(lab, certificate):
    """{"Status": "Valid"} or {"Status": "Revoked", "Reason": N}."""
    url = "https://%s:%d/cert-status-by-serial/%x" % (
        lab.world.ip4(lab.world.ca_place(0)), CA_MANAGEMENT_PORT, certificate.serial_number)
    return json.loads(lab.run(["/usr/bin/python3", "-c", FETCH, url]).out)


def certificate(client, name="example.test"):
    return client.certificate(name)[0]


def folder(client, *parts):
    return os.path.join(client.state, "certs", "example.test", *parts)


@pytest.mark.parametrize("reason, number", [
    ("4", 4), ("superseded", 4), ("keycompromise", 1), ("cessationOfOperation", 5), (None, 0)])
def test_by_name_and_reason(installed, reason, number):
    lab, client = installed
    leaf = certificate(client)
    options = ["--reason", reason] if reason else []
    result = client.run("revoke", "--name", "example.test", "--yes", *options)
    assert result.code == 0, result.err
    assert "revoked" in result.out and "--force" in result.out
    status = status_at_ca(lab, leaf)
    assert status["Status"] == "Revoked" and status.get("Reason", 0) == number
    (version,) = os.listdir(folder(client, "revoked"))
    assert set(os.listdir(folder(client, "revoked", version))) >= {
        "cert.pem", "privkey.pem", "revoked.json", "metadata.json"}
    assert not os.path.exists(folder(client, "fullchain.pem"))


def test_what_was_renewed_meanwhile_is_not_taken_out_of_use(installed):
    """It waits for the certificate's lock, and whoever had that has installed another one."""
    lab, client = installed
    leaf = certificate(client)
    version = os.readlink(folder(client, "current"))
    with client.hold("example.test"):
        process = lab.popen(client.command("revoke", "--name", "example.test", "--yes"),
                            stderr=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        shutil.copytree(folder(client, version), folder(client, version + "1"))
        os.symlink(version + "1", folder(client, "new"))
        os.rename(folder(client, "new"), folder(client, "current"))
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and "'example.test'" in told and "nothing was revoked" in told, told
    assert status_at_ca(lab, leaf)["Status"] == "Valid"
    assert os.readlink(folder(client, "current")) == version + "1"


def test_another_account_may_not_and_the_remedies_are_told(installed):
    """What a restore of certs/ alone leads to."""
    lab, client = installed
    shutil.rmtree(os.path.join(client.state, "accounts"))
    assert client.issue("www.example.test").code == 0
    result = client.run("revoke", "--name", "example.test", "--yes")
    assert result.code == 6 and "restore that of then in %s/accounts" % client.state in result.err, result.err
    assert "--reason keyCompromise" in result.err
    assert client.run("revoke", "--name", "example.test", "--yes", "--reason", "keyCompromise").code == 0


def test_it_is_not_issued_again_by_itself(installed):
    lab, client = installed
    before = client.run("show", "example.test").out
    serial = re.search(r"^serial=(\S+)$", before, re.M).group(1)
    assert "\nrevoked=no\n" in before and "revoked-at" not in before
    assert client.run("revoke", "--name", "example.test", "--yes").code == 0
    assert re.search(r"^example\.test +revoked +\*\.example\.test", client.run("list").out, re.M)
    shown = client.run("show", "example.test").out
    assert "\nhealth=absent\nrevoked=yes\n" in shown and "\nnames=*.example.test,example.test\n" in shown, shown
    assert "\nserial=%s\n" % serial in shown and "\nrevoked-reason=unspecified\n" in shown, shown
    assert re.search(r"^revoked-at=\d{4}-", shown, re.M) and re.search(r"^not-after=\d{4}-", shown, re.M), shown
    result = client.issue(*NAMES)
    assert result.code == 10 and "was revoked" in result.err and "--force" in result.err
    old = os.listdir(folder(client, "revoked"))
    assert client.issue(*NAMES, options=["--force"]).code == 0
    assert status_at_ca(lab, certificate(client))["Status"] == "Valid"
    assert os.listdir(folder(client, "revoked")) == old
    assert "\nhealth=good\nrevoked=no\n" in client.run("show", "example.test").out
    assert client.issue(*NAMES).code == 0


def test_by_a_name_it_is_for(installed):
    lab, client = installed
    assert client.issue("www.example.test", "example.test", options=["--name", "two"]).code == 0
    result = client.run("revoke", "--name", "EXAMPLE.test", "--yes")
    assert result.code == 3, result.err
    for text in ("several certificates", "example.test", "two", "--name NAME"):
        assert text in result.err
    leaf = certificate(client, "two")
    assert client.run("revoke", "--name", "www.example.test", "--yes").code == 0
    assert status_at_ca(lab, leaf)["Status"] == "Revoked"
    assert status_at_ca(lab, certificate(client))["Status"] == "Valid"


def test_it_asks_first(installed):
    lab, client = installed
    result = client.run("revoke", "--name", "example.test")
    assert result.code == 10, result.err
    for text in ("--yes", folder(client), "unspecified", "cannot be undone"):
        assert text in result.err
    command = client.command("revoke", "--name", "example.test")
    assert lab.run_on_terminal(command, answers=[(r"\[y/N\]", "\n")]).code == 10
    assert status_at_ca(lab, certificate(client))["Status"] == "Valid"
    leaf = certificate(client)
    assert lab.run_on_terminal(command, answers=[(r"\[y/N\]", "yes\n")]).code == 0
    assert status_at_ca(lab, leaf)["Status"] == "Revoked"


def test_already_revoked_is_what_was_wanted(installed, tmp_path):
    _, client = installed
    copy = tmp_path / "copy.pem"
    shutil.copyfile(folder(client, "cert.pem"), copy)
    assert client.run("revoke", "--name", "example.test", "--yes").code == 0
    result = client.run("revoke", "--cert", str(copy), "--server", client.server, "--yes")
    assert result.code == 0, result.err
    # Said again here, by each way to say it, with what is needed still at hand.
    before = os.listdir(folder(client, "revoked"))
    for words in (["--name", "example.test"], ["--name", NAMES[0]],
                  ["--cert", folder(client, "revoked", *before, "cert.pem")]):
        result = client.run("revoke", "--yes", *words)
        assert result.code == 0 and "It was revoked before" in result.err, result.err
    result = client.run("revoke", "--name", "example.test", "--yes", "--reissue")
    assert result.code == 3 and "leave --reissue out" in result.err
    assert os.listdir(folder(client, "revoked")) == before and not os.path.exists(folder(client, "fullchain.pem"))
    # Another one in its place is meant before it.
    assert client.issue(*NAMES, options=["--force"]).code == 0
    assert client.run("revoke", "--name", "example.test", "--yes").code == 0
    assert len(os.listdir(folder(client, "revoked"))) == 2


def test_a_compromised_key_signs_for_itself(installed):
    """Also where the account is gone."""
    lab, client = installed
    leaf = certificate(client)
    shutil.rmtree(os.path.join(client.state, "accounts"))
    result = client.run("revoke", "--name", "example.test", "--yes", "--reason", "superseded")
    assert result.code == 3 and "--reason keyCompromise" in result.err, result.err
    assert status_at_ca(lab, leaf)["Status"] == "Valid" and os.path.exists(folder(client, "privkey.pem"))
    assert client.run("revoke", "--name", "example.test", "--yes", "--reason", "keyCompromise").code == 0
    assert status_at_ca(lab, leaf)["Reason"] == 1


@pytest.mark.parametrize("words, told", [
    (["--name", "example.test", "--reason", "2"], ["'2' is not a reason", "4 superseded"]),
    (["--name", "exmple.test"], ["'exmple.test'", "acme-dns list"]),
    ([], ["--name NAME or --cert FILE"]),
    (["--cert", "/nonexistent"], ["/nonexistent"]),
    (["--cert", "/etc/hostname"], ["/etc/hostname"]),
])
def test_what_makes_no_sense_revokes_nothing(installed, words, told):
    lab, client = installed
    result = client.run("revoke", "--yes", *words)
    assert result.code == 3, result.err
    for text in told:
        assert text in result.err, result.err
    assert status_at_ca(lab, certificate(client))["Status"] == "Valid"


def test_a_ca_that_is_away_changes_nothing(installed):
    lab, client = installed
    lab.stop_server("pebble-ca")
    result = client.run("revoke", "--name", "example.test", "--yes", timeout=200)
    assert result.code == 1, result.err
    assert os.path.exists(folder(client, "fullchain.pem"))


@pytest.mark.parametrize("point", ["store-retire-before", "store-retire-noted", "store-retire-between"])
def test_killed_on_the_way_out_of_use(installed, point):
    """What the CA was told is carried out: by the same command said again, or by the next run."""
    _, client = installed
    killed = client.run("revoke", "--name", "example.test", "--yes", env={"ACME_DNS_CRASH_AT": point})
    assert killed.code == -signal.SIGKILL, killed.err
    if point == "store-retire-before":
        assert client.run("revoke", "--name", "example.test", "--yes").code == 0
    result = client.issue(*NAMES)
    assert result.code == 10 and "was revoked" in result.err, result.err
    (version,) = os.listdir(folder(client, "revoked"))
    assert "revoked.json" in os.listdir(folder(client, "revoked", version))
    assert os.listdir(folder(client, "archived")) == []
    assert not os.path.exists(folder(client, "fullchain.pem"))


def test_an_order_that_was_not_told_to_be_over_brings_nothing_back(installed):
    """Killed between the installation and the journal's word of it: the CA would hand the same certificate
    out again, for the same key."""
    lab, client = installed
    killed = client.issue(*NAMES, options=["--force"], env={"ACME_DNS_CRASH_AT": "store-switch-after"})
    assert killed.code == -signal.SIGKILL, killed.err
    leaf = certificate(client)
    assert client.run("revoke", "--name", "example.test", "--yes", "--reason", "keyCompromise").code == 0
    assert status_at_ca(lab, leaf)["Status"] == "Revoked"
    result = client.issue(*NAMES, options=["--force"])
    assert result.code == 0, result.err
    fresh = certificate(client)
    assert fresh.serial_number != leaf.serial_number
    assert fresh.public_key() != leaf.public_key()
    assert status_at_ca(lab, fresh)["Status"] == "Valid"


def test_another_one_takes_its_place_first(installed, tmp_path):
    lab, client = installed
    old = certificate(client)
    told = tmp_path / "told"
    client.configure(settings="deploy-hook = /bin/sh -c 'cat $ACME_DNS_CERT >>%s'" % told)
    result = client.run("revoke", "--name", "example.test", "--reason", "keyCompromise", "--reissue", "--yes")
    assert result.code == 0, result.err
    new = certificate(client)
    assert new.serial_number != old.serial_number and new.public_key() != old.public_key()
    assert told.read_text() == open(folder(client, "cert.pem"), encoding="ascii").read()
    assert status_at_ca(lab, old)["Reason"] == 1 and status_at_ca(lab, new)["Status"] == "Valid"
    (version,) = os.listdir(folder(client, "revoked"))
    assert "revoked.json" in os.listdir(folder(client, "revoked", version))
    assert os.listdir(folder(client, "archived")) == []
    assert "--force" not in result.out
    assert client.issue(*NAMES).code == 0 and certificate(client) == new


def test_without_another_one_nothing_is_revoked(installed):
    lab, client = installed
    old = certificate(client)
    lab.stop_server("primary")
    result = client.run("revoke", "--name", "example.test", "--reissue", "--yes", timeout=200)
    assert result.code in (4, 5), result.err
    assert "nothing was revoked" in result.err and "still the old one" in result.err
    assert status_at_ca(lab, old)["Status"] == "Valid" and certificate(client) == old


def test_a_server_that_was_not_told_keeps_its_certificate(installed, tmp_path):
    """The hook fails: the old one stays good until it has been mended, and the words say how to go on."""
    lab, client = installed
    old = certificate(client)
    mended = tmp_path / "mended"
    client.configure(settings="deploy-hook = test -e %s" % mended)
    result = client.run("revoke", "--name", "example.test", "--reissue", "--yes")
    assert result.code == 8, result.err
    assert certificate(client) != old and status_at_ca(lab, old)["Status"] == "Valid"
    path = re.search(r"acme-dns revoke --cert '([^']+)'", result.err).group(1)
    assert "nothing was revoked; deploy the new one (acme-dns deploy example.test)" in result.err
    mended.touch()
    assert client.run("deploy", "example.test").code == 0
    result = client.run("revoke", "--cert", path, "--yes", "--reason", "superseded")
    assert result.code == 0, result.err
    assert status_at_ca(lab, old)["Reason"] == 4
    assert len(os.listdir(folder(client, "revoked"))) == 1 and os.listdir(folder(client, "archived")) == []
    assert status_at_ca(lab, certificate(client))["Status"] == "Valid"


def test_an_old_version_is_revoked_by_its_own_key(installed, tmp_path):
    """--cert FILE of one that was replaced: its key, its CA and its account are in archived/."""
    lab, client = installed
    old = certificate(client)
    copy = tmp_path / "copy.pem"
    shutil.copyfile(folder(client, "cert.pem"), copy)
    assert client.issue(*NAMES, options=["--force"]).code == 0
    new = certificate(client)
    shutil.rmtree(os.path.join(client.state, "accounts"))
    result = client.run("revoke", "--cert", str(copy), "--reissue", "--yes")
    assert result.code == 3 and "--reissue" in result.err, result.err
    result = client.run("revoke", "--cert", str(copy), "--reason", "1", "--yes")
    assert result.code == 0, result.err
    assert status_at_ca(lab, old)["Reason"] == 1 and status_at_ca(lab, new)["Status"] == "Valid"
    assert certificate(client) == new and len(os.listdir(folder(client, "revoked"))) == 1


@pytest.mark.parametrize("options, texts", [
    ([], ["go to revoked/", "servers that use them will fail"]),
    (["--reissue"], ["takes its place"])])
def test_it_says_first_what_servers_lose(installed, options, texts):
    _, client = installed
    for more, code in (([], 10), (["--yes"], 0)):
        result = client.run("revoke", "--name", "example.test", *options, *more)
        assert result.code == code, result.err
        for text in (folder(client), *texts):
            assert text in result.err
