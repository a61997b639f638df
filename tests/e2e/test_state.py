# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What becomes of STATE between runs: files damaged, edited, taken away, folders that are somebody else's,
clocks that are wrong. What servers read stays, the words name the file and what to do."""

import glob
import os
import shutil
import time

import pytest
from lab import Ca, World, Zone
from lab.client import names_of
from lab.control import preload_faults

NAMES = ("*.example.test", "example.test")
NAME = "example.test"


class Place:
    """An installed certificate, renewed once, and where things are."""

    def __init__(self, lab, client):
        self.lab = lab
        self.client = client
        self.zones = lab.zones()
        assert client.issue(*NAMES).code == 0
        assert client.issue(*NAMES, options=["--force"]).code == 0
        self.account = glob.glob(client.state + "/accounts/*/default")[0]
        self.leaf = self.served()

    def path(self, *parts):
        return os.path.join(self.client.state, "certs", NAME, *parts)

    def served(self):
        """The certificate that servers read, which is whole."""
        certificate, _, _ = self.client.certificate(NAME)
        assert names_of(certificate) == sorted(NAMES)
        return certificate

    def issue(self, *options, **more):
        result = self.client.issue(*NAMES, options=options, **more)
        assert self.lab.zones() == self.zones
        return result

    def write(self, path, content):
        """In the file's place, whatever its mode was."""
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, 0o600)

    def n_orders(self):
        return self.lab.request_counts()["newOrder"]


@pytest.fixture
def place(make_lab, make_client):
    lab = make_lab(World(zones=[Zone(NAME)], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    return Place(lab, make_client(lab))


def assert_says(result, *texts):
    for text in texts:
        assert text in result.err, "no '%s' in\n%s%s" % (text, result.err, result.out)


def read(path):
    with open(path, "rb") as file:
        return file.read()


DAMAGES = {
    "empty": lambda old: b"",
    "truncated": lambda old: old[:len(old) // 2],
    "binary": lambda old: bytes(range(256)) * 16,
    "huge": lambda old: b"[1," * 400000,
    "another": lambda old: b'{"format": 1}\n',
}


# Files that can be done without

@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_metadata_are_replaced_by_the_certificate(place, damage):
    path = place.path("current", "metadata.json")
    place.write(path, DAMAGES[damage](read(path)))
    os.chmod(path, 0o644)
    result = place.issue()
    assert result.code == 0, result.err
    assert_says(result, "metadata.json", "what the certificate itself says is used instead")
    assert place.served() == place.leaf
    assert place.client.run("list").code == 0
    assert place.issue("--force").code == 0
    assert place.served() != place.leaf
    assert "metadata.json" not in place.issue().err


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_account_is_asked_for_again(place, damage):
    path = os.path.join(place.account, "account.json")
    place.write(path, DAMAGES[damage](read(path)))
    result = place.issue("--force")
    assert result.code == 0, result.err
    assert_says(result, "account.json", "account found")
    assert "account.json" not in place.issue("--force").err


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_notes_on_hooks_run_them_once_more(place, damage, tmp_path):
    told = tmp_path / "told"
    hook = "/bin/sh -c 'echo $ACME_DNS_NAME >>%s'" % told
    assert place.issue("--deploy-hook", hook).code == 0
    assert told.read_text().split() == [NAME]
    path = place.path("deploy.json")
    place.write(path, DAMAGES[damage](read(path)))
    assert place.issue().code == 0 and place.issue().code == 0
    assert told.read_text().split() == [NAME] * 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_journal_stops_nobody(place, damage):
    old = b'{"record":"begin","format":1,"command":"issue","pid":1,"began":"2026-01-01T00:00:00Z"}\n'
    path = os.path.join(place.client.state, "journal", "2026-01-01T00:00:00Z-1-abcdef")
    place.write(path, DAMAGES[damage](old))
    result = place.issue("--force")
    assert result.code == 0, result.err
    if damage in ("binary", "another"):  # lines with an end: they may have meant something
        assert_says(result, path, "cannot read")
        assert os.path.exists(path)


# Files that cannot

@pytest.mark.parametrize("damage", ["truncated", "binary", "huge"])
def test_a_damaged_request_is_named(place, damage):
    path = place.path("request.conf")
    old = read(path)
    place.write(path, (b"[certificate example.test]\nprovid" if damage == "truncated" else DAMAGES[damage](old)))
    result = place.issue("--force")
    assert result.code == 3, result.err
    assert_says(result, path, "correct the file, or remove it")
    assert place.served() == place.leaf
    os.unlink(path)
    assert place.issue("--force").code == 0
    assert read(path) == old


@pytest.mark.parametrize("file", ["cert.pem", "privkey.pem", "fullchain.pem"])
@pytest.mark.parametrize("damage", ["empty", "truncated", "gone"])
def test_a_damaged_certificate_is_replaced(place, file, damage):
    """What serves nobody is not kept because a new one is not due."""
    path = place.path("current", file)
    if damage == "gone":
        os.unlink(path)
    else:
        place.write(path, DAMAGES[damage](read(path)))
    result = place.issue()
    assert result.code == 0, result.err
    if (file, damage) != ("cert.pem", "gone"):
        assert_says(result, file, "a new one is issued")
    assert place.served() != place.leaf
    n_orders = place.n_orders()
    assert place.issue().code == 0 and place.n_orders() == n_orders


@pytest.mark.parametrize("verb", ["process", "renew"])
@pytest.mark.parametrize("file, damage", [("cert.pem", "truncated"), ("privkey.pem", "empty"), ("privkey.pem", "gone")])
def test_unattended_runs_replace_it_too(place, verb, file, damage):
    path = place.path("current", file)
    if damage == "gone":
        os.unlink(path)
    else:
        place.write(path, DAMAGES[damage](read(path)))
    result = place.client.run(verb)
    assert result.code == 0, result.err
    assert place.served() != place.leaf
    n_orders = place.n_orders()
    assert place.client.run(verb).code == 0 and place.n_orders() == n_orders


def test_a_key_of_another_certificate_is_replaced(place):
    place.write(place.path("current", "privkey.pem"), read(glob.glob(place.path("archived", "*", "privkey.pem"))[0]))
    result = place.issue()
    assert result.code == 0
    assert_says(result, "is not the key of the certificate", "a new one is issued")
    assert place.served() != place.leaf


# Old keys

def test_old_versions_lose_their_keys(place):
    """Renewed once; three more make four that are old."""
    def keys():
        return sorted(path for path in os.listdir(place.path("archived"))
                      if os.path.exists(place.path("archived", path, "privkey.pem")))

    first = keys()
    for _ in range(2):
        assert place.issue("--force").code == 0
    assert len(keys()) == 3 and set(first) <= set(keys())
    assert place.issue("--force").code == 0
    assert len(keys()) == 3 and not set(first) <= set(keys())
    assert set(os.listdir(place.path("archived", first[0]))) == {
        "cert.pem", "chain.pem", "fullchain.pem", "metadata.json"}
    assert place.issue("--force", "--keep", "1").code == 0
    assert len(keys()) == 1 and len(os.listdir(place.path("archived"))) == 5
    place.served()


# The account's key

def test_a_lost_account_key_is_told_and_replaced(place):
    """The terms were agreed to: in the configuration."""
    key = os.path.join(place.account, "key.pem")
    os.unlink(key)
    result = place.issue("--force")
    assert result.code == 0, result.err
    assert_says(result, "the key of the account https://", key, "another account is registered", "account made")
    assert place.served() != place.leaf
    assert "is gone" not in place.issue("--force").err


def test_a_lost_account_key_makes_no_account_unasked(place):
    with open(place.client.config, encoding="utf-8") as file:
        text = file.read().replace("agree-tos = yes\n", "")
    place.write(place.client.config, text.encode())
    os.unlink(os.path.join(place.account, "key.pem"))
    n_accounts = place.lab.request_counts()["newAccount"]
    result = place.issue("--force")
    assert result.code == 10, result.err
    assert_says(result, "is gone", "terms of service", "--agree-tos")
    assert place.lab.request_counts()["newAccount"] == n_accounts
    assert place.served() == place.leaf


@pytest.mark.parametrize("damage", ["empty", "truncated", "binary"])
def test_a_damaged_account_key_is_not_replaced(place, damage):
    key = os.path.join(place.account, "key.pem")
    place.write(key, DAMAGES[damage](read(key)))
    result = place.issue("--force")
    assert result.code == 3, result.err
    assert_says(result, key, "from a backup")
    assert place.served() == place.leaf


# Links that a person edited

def relink(place, target):
    os.unlink(place.path("current"))
    os.symlink(target, place.path("current"))


@pytest.mark.parametrize("target", ["archived", "absolute", "elsewhere", "folder"])
def test_a_link_that_leads_elsewhere_is_named_before_the_ca_is_asked(place, target):
    version = os.readlink(place.path("current"))
    if target == "folder":
        os.unlink(place.path("current"))
        shutil.copytree(place.path(version), place.path("current"))
    else:
        relink(place, {"archived": "archived/" + os.listdir(place.path("archived"))[0],
                       "absolute": place.path(version), "elsewhere": "/etc"}[target])
    n_orders = place.n_orders()
    for options in ((), ("--force",)):
        result = place.issue(*options)
        assert result.code == 1, result.err
        assert_says(result, place.path("current"), "nothing was changed")
        if target != "folder":
            assert_says(result, "ln -sfn %s '%s'" % (version, place.path("current")))
    assert place.n_orders() == n_orders
    assert "not issued" not in place.client.run("list").out
    if target != "elsewhere":
        place.served()
    if target == "folder":
        shutil.rmtree(place.path("current"))
    assert place.lab.run(["ln", "-sfn", version, place.path("current")]).code == 0
    assert place.issue("--force").code == 0
    place.served()


@pytest.mark.parametrize("file", ["cert.pem", "privkey.pem"])
def test_a_file_in_the_place_of_a_link_is_named_before_the_ca_is_asked(place, file):
    content = read(place.path(file))
    place.write(place.path(file), content)
    n_orders = place.n_orders()
    result = place.issue()
    assert result.code == 0
    assert_says(result, "warning", place.path(file), "not the link")
    result = place.issue("--force")
    assert result.code == 1
    assert_says(result, place.path(file), "not the link", "move it elsewhere")
    assert place.n_orders() == n_orders and read(place.path(file)) == content
    assert place.served() == place.leaf
    os.unlink(place.path(file))
    assert place.issue("--force").code == 0
    assert place.served() != place.leaf


def test_a_folder_that_is_a_link_is_used_and_deleted_wholly(place, tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    shutil.move(place.path(), elsewhere)
    os.symlink(elsewhere, place.path().rstrip("/"))
    assert place.issue("--force").code == 0
    assert place.served() != place.leaf
    assert place.client.run("delete", NAME, "--yes").code == 0
    assert not os.path.lexists(place.path().rstrip("/")) and not os.path.exists(elsewhere)


# Folders of others

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("folder", ["", "certs", "certs/example.test", "accounts", "journal", "locks"])
@pytest.mark.parametrize("owner, mode, told", [(1000, 0o711, "chown root"), (0, 0o777, "chmod go-w")])
def test_folders_in_which_others_could_write_are_refused(place, folder, owner, mode, told):
    path = os.path.join(place.client.state, folder).rstrip("/")
    os.chown(path, owner, 0)
    os.chmod(path, mode)
    n_orders = place.n_orders()
    result = place.issue("--force")
    assert result.code == 3, result.err
    assert_says(result, "%s '%s'" % (told, path))
    assert place.n_orders() == n_orders and place.served() == place.leaf


# Other hosts' disks

# What statfs() says: from linux/magic.h, and Lustre, GPFS, BeeGFS.
REMOTE = {"6969": "NFS", "517b": "SMB", "fe534d42": "SMB", "ff534d42": "CIFS", "5346414f": "AFS", "6b414653": "AFS",
          "73757245": "Coda", "564c": "NCP", "1021997": "9P", "c36400": "Ceph", "bd00bd0": "Lustre", "47504653": "GPFS",
          "19830326": "BeeGFS"}


def test_locks_that_other_hosts_may_not_see_are_not_trusted(place):
    client = place.client
    for magic, name in REMOTE.items():
        result = place.issue("--force", env=preload_faults(client.state, fs_type=magic))
        assert result.code == 3, (name, result.err)
        assert_says(result, "'%s'" % client.state, "(%s)" % name, "allow-network-fs = yes", "acme-dns.conf:")
    assert place.served() == place.leaf
    far = preload_faults(client.state, fs_type="6969")
    for verb, *words in (["process"], ["renew"], ["delete", NAME, "--yes"], ["revoke", "--name", NAME, "--yes"],
                         ["cleanup"], ["deploy", NAME], ["config check"]):
        assert client.run(verb, *words, env=far).code == 3, verb
    for verb in (["list"], ["show", NAME]):  # to look needs no lock
        assert client.run(*verb, env=far).code == 0
    assert place.served() == place.leaf
    assert place.issue("--force", "--allow-network-fs", env=far).code == 0
    assert place.served() != place.leaf
    client.configure(settings="allow-network-fs = yes")
    assert place.issue(env=far).code == 0


@pytest.mark.parametrize("part", ["certs", "locks", "journal", "accounts"])
def test_a_part_of_state_on_another_host_counts_as_all_of_it(place, part):
    path = os.path.join(place.client.state, part)
    result = place.issue("--force", env=preload_faults(path, fs_type="6969"))
    assert result.code == 3, result.err
    assert_says(result, "'%s'" % path, "(NFS)")


def test_a_disk_of_this_host_behind_fuse_is_one(place):
    assert place.issue("--force", env=preload_faults(place.client.state, fs_type="65735546")).code == 0


def test_nothing_is_made_on_another_hosts_disk(make_lab, make_client):
    lab = make_lab(World(zones=[Zone(NAME)], cas=[Ca(calm=True)]))
    client = make_client(lab)
    result = client.issue(*NAMES, env=preload_faults(client.folder, fs_type="6969"))
    assert result.code == 3, result.err
    assert_says(result, "(NFS)", client.state)
    assert not os.path.exists(client.state) and lab.request_counts()["newOrder"] == 0


# Clocks

def test_a_clock_that_was_never_set_is_named(place):
    now = preload_faults(place.client.state, now=100)
    for options in ((), ("--force",)):
        result = place.issue(*options, env=now)
        assert result.code == 1, result.err
        assert_says(result, "the clock says 1970-01-01T00:0", "set it")
    for verb in ("process", "renew"):
        result = place.client.run(verb, env=now)
        assert result.code == 1, result.err
        assert_says(result, "the clock says 1970-01-01T00:0", "set it")
    result = place.client.run("list", env=now)
    assert result.code == 0
    assert_says(result, "the clock says 1970-01-01T00:0")
    assert place.client.run("list", "--check", env=now).code == 1
    assert place.served() == place.leaf
    assert place.issue("--force").code == 0


@pytest.mark.parametrize("shift_days", [800, -200])
def test_a_clock_that_is_wrong_is_a_cause_that_is_named(place, shift_days):
    now = int(time.time()) + shift_days * 86400
    result = place.issue("--force", env=preload_faults(place.client.state, now=now))
    assert result.code == 1, result.err
    assert_says(result, "this machine's clock says %s" % time.strftime("%Y-%m-%dT", time.gmtime(now)), "is it right?")
    assert place.served() == place.leaf
    assert place.issue().code == 0 and place.served() == place.leaf
    assert place.issue("--force").code == 0
