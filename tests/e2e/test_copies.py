# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Copies of a new certificate: what is in them, whose they are, and what becomes of those that cannot be made."""

import errno
import json
import os
import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from lab import Ca, World, Zone
from lab.control import preload_faults

NAME = "example.test"
NAMES = ("*.example.test", "example.test")


@pytest.fixture
def lab(make_lab):
    return make_lab(World(zones=[Zone(NAME)], cas=[Ca(calm=True)], in_step=True, cache_s=0))


@pytest.fixture
def place(tmp_path):
    """A folder to copy to, of the user's and closed to others."""
    folder = tmp_path / "servers tls"
    folder.mkdir(mode=0o755)
    return folder


def section(*lines):
    return "[certificate %s]\ndomains = %s\nprovider = lab\n%s\n" % (NAME, ", ".join(NAMES), "\n".join(lines))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def identity(path):
    found = os.stat(path)
    return found.st_ino, found.st_mtime_ns


def state_of(client):
    return json.loads(read(client.path(NAME, "deploy.json")))


def run_issue(client, *options, **run):
    return client.lab.run(client.issue_command(*NAMES, options=options), **run)


def test_every_piece_is_copied(lab, make_client, place):
    client = make_client(lab)
    client.configure(sections=section(*("copy-%s = %s/%s.pem" % (piece, place, piece)
                                        for piece in ("cert", "chain", "fullchain", "privkey", "combined"))))
    result = run_issue(client)
    assert result.code == 0, result.err
    for piece in ("cert", "chain", "fullchain", "privkey"):
        assert read(place / (piece + ".pem")) == read(client.path(NAME, piece + ".pem"))
        assert "copied to %s/%s.pem" % (place, piece) in result.err
    key, chain = read(client.path(NAME, "privkey.pem")), read(client.path(NAME, "fullchain.pem"))
    assert read(place / "combined.pem") == key + chain
    assert {name: mode_of(place / name) for name in sorted(os.listdir(place))} == {
        "cert.pem": 0o644, "chain.pem": 0o644, "combined.pem": 0o600, "fullchain.pem": 0o644, "privkey.pem": 0o600}
    assert state_of(client)["copies"] == ["copy-%s %s/%s.pem mode=%04o" % (
        piece, place, piece, mode_of(place / (piece + ".pem")))
        for piece in ("cert", "chain", "fullchain", "privkey", "combined")]


def test_a_copy_is_there_before_the_hook_and_follows_each_renewal(lab, make_client, place, tmp_path):
    client = make_client(lab)
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\ncat '%s/%s.key' >>'%s/seen'\n" % (place, NAME, tmp_path))
    hook.chmod(0o755)
    client.configure(settings="copy-privkey = %s/{name}.key\ndeploy-hook = %s\n" % (place, hook))
    for _ in range(2):
        assert run_issue(client, "--force").code == 0
    assert read(place / (NAME + ".key")) == read(client.path(NAME, "privkey.pem"))
    seen = read(tmp_path / "seen").split(b"-----END PRIVATE KEY-----\n")
    assert len(seen) == 3 and seen[0] != seen[1]
    assert seen[1] + b"-----END PRIVATE KEY-----\n" == read(client.path(NAME, "privkey.pem"))


def test_pkcs12_is_read_by_others(lab, make_client, place, tmp_path):
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    client = make_client(lab)
    client.configure(sections=section("copy-pkcs12 = %s/with.p12 password-file=%s" % (place, password),
                                      "copy-pkcs12 = %s/without.p12" % place))
    result = run_issue(client)
    assert result.code == 0, result.err
    certificate, chain, key = client.certificate(NAME)
    for name, secret in (("with.p12", "correct horse"), ("without.p12", "")):
        found = pkcs12.load_pkcs12(read(place / name), secret.encode())
        assert found.cert.certificate == certificate and found.cert.friendly_name == NAME.encode()
        assert [one.certificate for one in found.additional_certs] == chain
        assert found.key.private_numbers() == key.private_numbers()
        done = subprocess.run(["openssl", "pkcs12", "-in", place / name, "-noenc", "-passin", "pass:" + secret,
                               "-info"], capture_output=True, text=True)
        assert done.returncode == 0 and "AES-256-CBC" in done.stderr and "MAC: sha256" in done.stderr, done.stderr
        assert "BEGIN PRIVATE KEY" in done.stdout and done.stdout.count("BEGIN CERTIFICATE") == 1 + len(chain)
    if shutil.which("keytool"):
        done = subprocess.run(["keytool", "-list", "-keystore", place / "with.p12", "-storepass", "correct horse"],
                              capture_output=True, text=True)
        assert done.returncode == 0 and "PrivateKeyEntry" in done.stdout, done.stdout + done.stderr
    for name in os.listdir(place):
        assert mode_of(place / name) == 0o600
    assert "correct horse" not in result.err + result.out


def test_what_is_there_already_is_left_alone(lab, make_client, place):
    client = make_client(lab)
    names = ["fullchain.pem", "privkey.pem", "both.p12"]
    lines = ["copy-fullchain = %s/fullchain.pem" % place, "copy-privkey = %s/privkey.pem" % place,
             "copy-pkcs12 = %s/both.p12" % place]
    client.configure(sections=section(*lines))
    assert run_issue(client).code == 0
    before = [identity(place / name) for name in names]
    result = client.run("deploy", NAME)
    assert result.code == 0 and "copied to" not in result.err, result.err
    assert [identity(place / name) for name in names] == before
    # Somebody edited one, and opened another.
    (place / "fullchain.pem").write_text("not ours\n")
    (place / "privkey.pem").chmod(0o644)
    result = client.run("deploy", NAME)
    assert result.code == 0 and result.err.count("copied to") == 2, result.err
    assert read(place / "fullchain.pem") == read(client.path(NAME, "fullchain.pem"))
    assert mode_of(place / "privkey.pem") == 0o600 and identity(place / "both.p12") == before[2]


def test_a_copy_that_is_added_is_made_without_a_new_certificate(lab, make_client, place):
    client = make_client(lab)
    assert run_issue(client).code == 0
    serial = client.certificate(NAME)[0].serial_number
    client.configure(sections=section("copy-fullchain = %s/a.pem" % place))
    assert "deploy pending" in client.run("list").out
    assert client.run("deploy", "--pending").code == 0
    client.configure(sections=section("copy-fullchain = %s/a.pem" % place, "copy-privkey = %s/b.pem" % place))
    assert run_issue(client).code == 0
    assert sorted(os.listdir(place)) == ["a.pem", "b.pem"]
    assert client.certificate(NAME)[0].serial_number == serial
    assert "nothing is pending" in client.run("deploy", "--pending").out


def test_copies_that_outlive_their_certificate_are_named(lab, make_client, place):
    """Those of before, too, but none that somebody removed."""
    client = make_client(lab)
    client.configure(sections=section("copy-privkey = %s/old.pem" % place, "copy-chain = %s/gone.pem" % place))
    assert run_issue(client).code == 0
    os.unlink(place / "gone.pem")
    client.configure(sections=section("copy-combined = %s/new.pem" % place, "deploy-hook = false"))
    assert run_issue(client, "--force").code == 8
    stay = "'%s/old.pem' (with the private key), '%s/new.pem' (with the private key)" % (place, place)
    result = client.run("revoke", "--name", NAME)
    assert result.code == 10 and "Copies stay, and servers that use those go on with what is revoked: " + stay in result.err
    result = client.run("delete", NAME, "--yes")
    assert result.code == 0 and "copies of it stay until you remove them: " + stay in result.err, result.err
    assert sorted(os.listdir(place)) == ["new.pem", "old.pem"]


def test_if_one_cannot_be_made_none_is(lab, make_client, place, tmp_path):
    """A key and a certificate that do not fit are worse than two old ones."""
    client = make_client(lab)
    missing = tmp_path / "missing"
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\necho ran >>'%s/ran'\n" % tmp_path)
    hook.chmod(0o755)
    client.configure(sections=section("copy-fullchain = %s/a.pem" % place, "copy-privkey = %s/b.pem" % missing,
                                      "deploy-hook = %s" % hook))
    result = run_issue(client)
    assert result.code == 8, result.err
    for text in ("copy-privkey", "'%s'" % missing, "make it first", "acme-dns deploy %s" % NAME):
        assert text in result.err, result.err
    assert os.listdir(place) == [] and not (tmp_path / "ran").exists()
    assert state_of(client)["failures"] == 1 and client.run("list", "--check").code == 1
    serial = client.certificate(NAME)[0].serial_number
    missing.mkdir(mode=0o755)
    result = client.run("deploy", "--pending")
    assert result.code == 0, result.err
    assert (missing / "b.pem").exists() and (place / "a.pem").exists() and (tmp_path / "ran").exists()
    assert client.certificate(NAME)[0].serial_number == serial


@pytest.mark.parametrize("prepare, line, told", [
    (lambda place: os.symlink("elsewhere", place / "a"), "copy-cert = %s/a",
     ["copy-cert", "/a' is a symlink to 'elsewhere'", "path of the file itself"]),
    (lambda place: os.mkdir(place / "a"), "copy-cert = %s/a", ["copy-cert", "/a' is a folder"]),
    (lambda place: None, "copy-cert = %s/a owner=no-such-user", ["owner=no-such-user", "no such user"]),
    (lambda place: None, "copy-cert = %s/a group=no-such-group", ["group=no-such-group", "no such group"]),
    (lambda place: None, "copy-pkcs12 = %s/a password-file=/nonexistent", ["password-file", "/nonexistent"]),
    (lambda place: (place / "pw").write_text("x") and (place / "pw").chmod(0o644),
     "copy-pkcs12 = {0}/a password-file={0}/pw", ["password-file", "has mode 0644", "chmod 0640"]),
], ids=["symlink", "folder", "user", "group", "no password file", "open password file"])
def test_a_copy_that_cannot_be_made(lab, make_client, tmp_path, prepare, line, told):
    place = tmp_path / "tls"
    place.mkdir(mode=0o755)
    prepare(place)
    before = sorted(os.listdir(place))
    client = make_client(lab)
    client.configure(sections=section(line.format(place) if "{0}" in line else line % place))
    result = run_issue(client)
    assert result.code == 8, result.err
    for text in told:
        assert text in result.err, result.err
    assert sorted(os.listdir(place)) == before
    client.certificate(NAME)


@pytest.mark.parametrize("settings, sections, told", [
    ("copy-privkey = /etc/x/server.key\n", "", [":7:16: copy-privkey", "each over the other", "{name}"]),
    ("", section("copy-privkey = /etc/x/server.key mode=0644"), [":15:16: copy-privkey", "group=GROUP mode=0640"]),
    ("", section("copy-key = /etc/x/server.key"), [":15:1: unknown key 'copy-key'", "did you mean"]),
    ("", section("copy-cert = /etc/x/"), [":15:13: copy-cert", "names a folder"]),
], ids=["general", "open key", "unknown", "folder"])
def test_mistakes_are_told_with_their_place(lab, make_client, settings, sections, told):
    client = make_client(lab)
    client.configure(settings=settings, sections=sections)
    result = run_issue(client)
    assert result.code == 3, result.err
    for text in told:
        assert text in result.err, result.err


def test_two_copies_to_one_place(lab, make_client, place):
    client = make_client(lab)
    client.configure(settings="copy-combined = %s/{name}\n" % place,
                     sections=section("copy-privkey = %s/%s" % (place, NAME)))
    result = run_issue(client)
    assert result.code == 8 and "copy-combined: '%s/%s' is where copy-privkey copies to" % (place, NAME) in result.err
    assert os.listdir(place) == []


@pytest.mark.parametrize("calls, cause", [("write", errno.ENOSPC), ("fsync", errno.EIO)])
def test_a_disk_that_fails_changes_no_copy(lab, make_client, place, calls, cause):
    client = make_client(lab)
    client.configure(sections=section("copy-fullchain = %s/a.pem" % place, "copy-privkey = %s/b.pem" % place))
    assert run_issue(client).code == 0
    before = [read(place / name) for name in ("a.pem", "b.pem")]
    for number in (1, 2):
        result = run_issue(client, "--force", env=preload_faults(place, calls=calls, at=number, errno=cause))
        assert result.code == 8, result.err
        for text in (os.strerror(cause), "'%s/%s.pem'" % (place, "ab"[number - 1])):
            assert text in result.err, result.err
        assert [read(place / name) for name in sorted(os.listdir(place))] == before
    assert client.run("deploy", "--pending").code == 0
    assert read(place / "b.pem") == read(client.path(NAME, "privkey.pem"))


@pytest.mark.parametrize("point", ["store-copy-before", "store-copy-after"])
def test_a_kill_while_copying_is_made_good_by_the_next_run(lab, make_client, place, point):
    client = make_client(lab)
    client.configure(sections=section("copy-fullchain = %s/a.pem" % place, "copy-privkey = %s/b.pem" % place))
    assert run_issue(client, env={"ACME_DNS_CRASH_AT": point}).code < 0
    assert any(name.startswith(".") for name in os.listdir(place))
    serial = client.certificate(NAME)[0].serial_number
    assert client.run("deploy", "--pending").code == 0
    assert sorted(os.listdir(place)) == ["a.pem", "b.pem"]
    assert client.certificate(NAME)[0].serial_number == serial
    for piece, name in (("fullchain", "a.pem"), ("privkey", "b.pem")):
        assert read(place / name) == read(client.path(NAME, piece + ".pem"))


@pytest.mark.skipif(os.geteuid() != 0, reason="the rule is for root")
def test_root_copies_only_to_folders_that_nobody_else_writes(lab, make_client, place):
    client = make_client(lab)
    client.configure(sections=section("copy-privkey = %s/a.key" % place))
    place.chmod(0o777)
    result = run_issue(client)
    assert result.code == 8, result.err
    for text in ("copy-privkey", "'%s': it has mode 0777" % place, "must belong to root"):
        assert text in result.err, result.err
    assert os.listdir(place) == []
    place.chmod(0o755)
    assert client.run("deploy", "--pending").code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="the rule is for root")
def test_the_owner_of_a_file_may_own_its_folder(lab, make_client, place):
    client = make_client(lab)
    os.chown(place, 4711, 4711)
    client.configure(sections=section("copy-privkey = %s/a.key" % place))
    result = run_issue(client)
    assert result.code == 8 and "'%s': it belongs to user 4711" % place in result.err, result.err
    client.configure(sections=section("copy-privkey = %s/a.key owner=4711 group=4712" % place))
    assert client.run("deploy", "--pending").code == 0
    found = os.stat(place / "a.key")
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4711, 4712, 0o640)


def test_a_section_that_is_wrong_is_deployed_as_it_was(lab, make_client, place, tmp_path):
    """Renewed as it was, with its hooks and copies: servers go on getting their files."""
    client = make_client(lab)
    log = tmp_path / "log"
    lines = ["server = %s" % client.server, "copy-fullchain = %s/a.pem" % place] + [
        "%s-hook = sh -c 'echo %s >>%s'" % (kind, kind, log) for kind in ("pre", "deploy", "post")]
    client.configure(sections=section(*lines))
    assert client.run("process").code == 0
    log.unlink()
    client.configure(sections=section("key-tpye = ec384", *lines))
    result = client.run("renew", "--force")
    assert result.code == 3 and "did you mean 'key-type'?" in result.err, result.err
    assert read(place / "a.pem") == read(client.path(NAME, "fullchain.pem"))
    assert log.read_text().split() == ["pre", "deploy", "post"]
