# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Disks that are full or cannot be written to (real ones, mounted in the test's own namespace), and runs
beside one another."""

import os
import re
import subprocess
import time

import pytest
from lab import Ca, World, Zone
from lab.client import Client, names_of
from test_revoke import status_at_ca

NAMES = ("*.example.test", "example.test")
NAME = "example.test"
PAGE_KB = 4


class MountedClient(Client):
    """Its STATE is a mount that only the lab sees; read through the lab's root folder."""

    def path(self, name, file):
        return "/proc/%d/root%s" % (self.lab.pid, super().path(name, file))

    def sh(self, script):
        result = self.lab.run(["/bin/sh", "-ec", script])
        assert result.code == 0, result.err
        return result.out.strip()

    def leave_free(self, kb):
        """Fills the disk up to so much."""
        self.sh("rm -f {0}/fill; free=$(df -k --output=avail {0} | tail -1); "
                "dd if=/dev/zero of={0}/fill bs=1024 count=$((free - {1})) 2>&1".format(self.state, kb))

    def make_room(self):
        self.sh("rm -f %s/fill" % self.state)


@pytest.fixture
def scene(make_lab, build, tmp_path):
    lab = make_lab(World(zones=[Zone(NAME, records='_acme-challenge 60 IN TXT "not ours"')],
                         cas=[Ca(calm=True)], in_step=True, cache_s=0))
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    client = MountedClient(lab, build, tmp_path / "client")
    os.makedirs(client.state)
    client.sh("mount -t tmpfs -o size=600k,mode=0711 tmpfs %s" % client.state)
    return lab, client, lab.zones()


def served(client):
    certificate, _, _ = client.certificate(NAME)
    assert names_of(certificate) == sorted(NAMES)
    return certificate


def test_a_full_disk_at_every_step_of_a_renewal(scene):
    """A page more each time: journal, key of the order, each file of the version, request.conf."""
    lab, client, zones = scene
    assert client.issue(*NAMES).code == 0
    told = set()
    for pages in range(40):
        before = served(client)
        client.leave_free(pages * PAGE_KB)
        result = client.issue(*NAMES, options=["--force"])
        assert result.code in (0, 1), result.err
        after = served(client)
        client.make_room()
        if result.code == 0:
            break
        assert "No space left on device" in result.err, result.err
        told.update(re.findall(r"/([^/\n]+)/[^/\n]+: No space left", result.err))
        assert after == before, "another certificate after a failure\n" + result.err
        again = client.issue(*NAMES)
        assert again.code == 0, again.err
        served(client)
        assert lab.zones() == zones
    assert told >= {"journal", "pending", ".new"}, told
    assert result.code == 0 and served(client) != before


def test_a_full_disk_revokes_nothing_that_would_stay_in_use(scene):
    """The CA's word cannot be taken back: what is needed to obey it is on disk before it is asked."""
    lab, client, _ = scene
    assert client.issue(*NAMES).code == 0
    leaf = served(client)
    n_refused = 0
    for pages in range(20):
        client.leave_free(pages * PAGE_KB)
        result = client.run("revoke", "--name", NAME, "--yes")
        client.make_room()
        if result.code == 0:
            break
        n_refused += 1
        assert "nothing was revoked" in result.err and "No space left on device" in result.err, result.err
        assert status_at_ca(lab, leaf)["Status"] == "Valid" and served(client) == leaf
    assert n_refused > 0 and result.code == 0 and status_at_ca(lab, leaf)["Status"] == "Revoked"
    assert "revoked" in client.run("list").out


def test_a_disk_that_is_full_from_the_start(scene):
    lab, client, zones = scene
    client.leave_free(0)
    result = client.issue(*NAMES)
    assert result.code == 1 and "No space left on device" in result.err and client.state in result.err, result.err
    client.make_room()
    assert client.issue(*NAMES).code == 0
    served(client)
    assert lab.zones() == zones


def test_a_disk_that_cannot_be_written_to(scene):
    """Those who only look are served; the others name it and leave the CA alone."""
    lab, client, zones = scene
    assert client.issue(*NAMES).code == 0
    before, n_requests = served(client), sum(lab.request_counts().values())
    client.sh("mount -o remount,ro %s" % client.state)
    for verb, *words in (["list"], ["show", NAME], ["deploy", "--pending"], ["process", "--plan"]):
        result = client.run(verb, *words)
        assert result.code == 0, result.err
    assert NAME in client.run("list").out
    result = client.run("process")  # nothing is due; that it could not write is told before something is
    assert result.code == 0 and "1 not due" in result.out and "Read-only file system" in result.err, result.err
    for command in (client.issue_command(*NAMES), client.issue_command(*NAMES, options=["--force"]),
                    client.command("renew", "--force"),
                    client.command("delete", NAME, "--yes"),
                    client.command("revoke", "--name", NAME, "--yes"),
                    client.command("revoke", "--name", NAME, "--yes", "--reissue")):
        result = lab.run(command)
        assert result.code == 1, (command, result.err)
        assert "Read-only file system" in result.err and client.state in result.err
    assert served(client) == before and sum(lab.request_counts().values()) == n_requests
    client.sh("mount -o remount,rw %s" % client.state)
    assert client.issue(*NAMES, options=["--force"]).code == 0
    assert served(client) != before and lab.zones() == zones


def test_a_folder_that_cannot_be_written_to(scene):
    lab, client, _ = scene
    assert client.issue(*NAMES).code == 0
    before, n_orders = served(client), lab.request_counts()["newOrder"]
    folder = os.path.join(client.state, "certs", NAME)
    client.sh("mount --bind {0} {0}; mount -o remount,bind,ro {0}".format(folder))
    assert client.issue(*NAMES).code == 0  # nothing is due, nothing is written
    result = client.issue(*NAMES, options=["--force"])
    assert result.code == 1 and "Read-only file system" in result.err and folder in result.err, result.err
    assert served(client) == before and lab.request_counts()["newOrder"] == n_orders
    client.sh("umount %s" % folder)
    assert client.issue(*NAMES, options=["--force"]).code == 0


def test_delete_on_an_overlay(scene):
    """Whose files are of other devices than its folders: containers have such disks."""
    lab, client, _ = scene
    disks = os.path.join(client.folder, "disks")
    client.sh("umount {1}; mkdir {0}; mount -t tmpfs tmpfs {0}; cd {0}; mkdir lower upper; mount -t tmpfs a lower; "
              "mount -t tmpfs b upper; mkdir upper/up upper/work; mount -t overlay o "
              "-o lowerdir=lower,upperdir=upper/up,workdir=upper/work,xino=off {1}".format(disks, client.state))
    assert client.issue(*NAMES).code == 0
    folder = os.path.join(client.state, "certs", NAME)
    devices = client.sh("stat -Lc %%d %s %s/current/privkey.pem" % (folder, folder)).split()
    assert devices[0] != devices[1], devices
    client.sh("mkdir {0}/other && mount -t tmpfs c {0}/other && touch {0}/other/foreign".format(folder))
    result = client.run("delete", NAME, "--yes")
    assert result.code == 1 and "'%s/other'" % folder in result.err and "unmount" in result.err, result.err
    client.sh("test -e {0}/other/foreign; umount {0}/other".format(folder))
    result = client.run("delete", NAME, "--yes")
    assert result.code == 0, result.err
    client.sh("test ! -e %s" % folder)


# Side by side

@pytest.fixture
def busy(make_lab, make_client, tmp_path):
    """A renewal that holds the certificate's lock and waits in its pre-hook until the gate is there; the certificate
    before it. Its servers would wait for no more than some seconds."""
    lab = make_lab(World(zones=[Zone(NAME)], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    assert client.issue(*NAMES).code == 0
    before = served(client)
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    client.configure(settings="pre-hook = sh -c 'touch %s; while ! [ -e %s ]; do sleep 0.05; done'" % (begun, gate))
    run = lab.popen(client.issue_command(*NAMES, options=["--force"]), stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE, text=True)
    while not begun.exists():
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.02)
    yield lab, client, run, before, gate
    run.kill()
    run.wait()
    run.stderr.close()


SECOND = {
    "issue": lambda client: client.issue_command(*NAMES),
    "revoke": lambda client: client.command("revoke", "--name", NAME, "--yes"),
    "delete": lambda client: client.command("delete", NAME, "--yes"),
    "deploy": lambda client: client.command("deploy", NAME),
}


@pytest.mark.parametrize("verb", SECOND)
def test_beside_a_run_that_holds_the_lock_too_long(busy, verb):
    lab, client, run, before, gate = busy
    client.configure(settings="lock-timeout = 300ms\ndeploy-hook = /bin/true")
    result = lab.run(SECOND[verb](client))
    assert result.code == 9, result.err
    for text in ("the certificate '%s' is held by another run" % NAME, "pid %d" % run.pid, "command issue"):
        assert text in result.err, result.err
    assert served(client) == before
    gate.touch()
    assert run.wait(60) == 0
    assert served(client) != before


@pytest.mark.parametrize("verb, code", [("issue", 0), ("revoke", 1), ("delete", 0), ("deploy", 0)])
def test_beside_a_run_that_ends_meanwhile(busy, verb, code):
    """Each waits, then judges what is there now."""
    lab, client, run, before, gate = busy
    client.configure(settings="deploy-hook = /bin/true")
    second = lab.popen(SECOND[verb](client), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(2)
    gate.touch()
    told = second.communicate(timeout=60)[1]
    assert run.wait(60) == 0 and second.returncode == code, told
    if verb == "delete":
        assert not os.path.exists(client.path(NAME, "cert.pem"))
        return
    assert served(client) != before
    assert lab.request_counts()["newOrder"] == 2
    if verb == "revoke":
        assert "nothing was revoked" in told
