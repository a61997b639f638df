# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A real systemd with what register-autorenew wrote: the manager that users have, run by root in namespaces of
its own with root's units for its own. It sets up the sandbox as the system's does."""

import json
import os
import re

import pytest
from autorenew_scene import Machine
from lab import Ca, World, Zone

# The system manager is not there to be asked; this one has its units.
SYSTEMCTL = """#!/bin/sh
shift
exec /usr/bin/systemctl --user "$@"
"""

START = """
mount --bind '{folder}' /mnt
mount --bind '{build}' /opt
mkdir -m 700 /run/user-bus
ln -s /run/user-bus/systemd/inaccessible /run/systemd/  # root's is made by process 1
export XDG_RUNTIME_DIR=/run/user-bus SYSTEMD_LOG_TARGET=console DBUS_SESSION_BUS_ADDRESS=
for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ ! -w "$tree/cgroup.procs" ] || {{ mkdir -p "$tree/{cgroup}"; echo $$ >"$tree/{cgroup}/cgroup.procs"; }}
done
"""

# Ends by itself with the namespace's first process.
RUN = """
/usr/lib/systemd/systemd --user >/mnt/systemd.log 2>&1 &
for i in $(seq 1200); do [ ! -S /run/user-bus/systemd/private ] || break; sleep 0.05; done
await() { for i in $(seq 600); do ! "$@" 2>/dev/null || return 0; sleep 0.05; done; return 1; }
"""

CONFIGURATION = """[acme-dns]
email = admin@example.test
agree-tos = yes
state-dir = /mnt/state
ca-bundle = /mnt/roots.pem
resolver = {resolver}
[provider lab]
plugin = rfc2136
key-file = /mnt/tsig.key
[provider off]
plugin = rfc2136
key-file = /mnt/wrong.key
[certificate example.test]
domains = *.example.test, example.test
provider = lab
server = {server}
deploy-hook = /mnt/hook
[certificate other.example]
domains = b.example.test
provider = off
server = {server}
"""

HOOK = """#!/bin/sh
basename "$RENEWED_LINEAGE" >/mnt/deployed
"""


def cgroup_folders(name):
    return [os.path.join(tree, name) for tree in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified")
            if os.path.isdir(os.path.join(tree, name))]


@pytest.fixture
def make_machine(build, tmp_path):
    """make_machine() has a systemd; run(script) runs a script on it beside that."""
    if os.geteuid() != 0:
        pytest.skip("a systemd of one's own needs root")
    name = "acme-dns-test-%d" % os.getpid()

    def make():
        machine = Machine(tmp_path / "machine", "/opt/acme-dns")
        machine.boot()
        machine.fake("systemctl", SYSTEMCTL)
        os.symlink("system", machine.path("etc", "systemd", "user"))
        machine.state = "/mnt/state"
        mounts = START.format(folder=machine.folder, build=os.path.abspath(build), cgroup=name)

        def run(script, around=(), **more):
            return machine.execute("unshare", "--pid", "--fork", "--mount-proc", *around, "sh", "-c", RUN + script,
                                   mounts=mounts, **more)

        return machine, run

    yield make
    for folder in cgroup_folders(name):
        for path, _, _ in os.walk(folder, topdown=False):
            os.rmdir(path)


def read_json(machine, name):
    return json.loads(machine.read("state", "logs", "autorenew", name))


def test_systemd_runs_what_was_registered_and_forgets_it(make_machine):
    machine, run = make_machine()
    result = run("""
set -e
/opt/acme-dns register-autorenew --state-dir /mnt/state
/opt/acme-dns register-autorenew --state-dir /mnt/state
/opt/acme-dns autorenew status --json --state-dir /mnt/state
mkdir /etc/systemd/system/acme-dns-renew.timer.d
printf '[Timer]\\nOnCalendar=\\nOnCalendar=2099-01-02 03:04:05 UTC\\n' >/etc/systemd/system/acme-dns-renew.timer.d/mine.conf
systemctl --user daemon-reload
systemctl --user restart acme-dns-renew.timer
/opt/acme-dns autorenew status --state-dir /mnt/state
rm -r /etc/systemd/system/acme-dns-renew.timer.d
systemctl --user start acme-dns-renew.service || :
await grep -q '"ended": *"' /mnt/state/logs/autorenew/last-deploy.json
# While it runs it is "activating", which is not active either.
await sh -c 'case $(systemctl --user is-active acme-dns-deploy.service) in inactive | failed) ;; *) false ;; esac'
systemctl --user show acme-dns-deploy.service --property=Result,ExecMainStatus
/opt/acme-dns deregister-autorenew --state-dir /mnt/state
systemctl --user list-unit-files 'acme-dns*' || :
""")
    assert result.code == 0, "%s\n%s" % (result, machine.read("systemd.log"))
    assert "register-autorenew: registered" in result.out and "already registered" in result.out
    status = json.loads(re.search(r"^\{.*\"event\":\"autorenew\".*\}$", result.out, flags=re.M)[0])
    assert status["findings"] == [] and status["next-run"]
    assert "Next run     2099-01-02T03:04:05Z" in result.out  # as a drop-in has it
    assert "Result=success" in result.out and "ExecMainStatus=0" in result.out
    assert read_json(machine, "last-deploy.json")["exit"] == 0
    assert "register-autorenew: removed" not in result.err and "0 unit files listed" in result.out
    assert os.listdir(machine.path("etc", "systemd", "system")) == []


def test_renewal_works_in_its_sandbox_and_hooks_outside(make_lab, make_machine):
    """A certificate that is issued and one that fails: the hook of the first runs all the same, and writes where
    the sandbox would not let it. Plug-ins are shut in as tightly as when somebody calls."""
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    machine, run = make_machine()
    for name, path in (("tsig.key", lab.key_file()), ("roots.pem", lab.ca_bundle)):
        with open(path, encoding="ascii") as file:
            machine.write(file.read(), name)
    machine.write(machine.read("tsig.key").replace('secret "', 'secret "AAAA'), "wrong.key")
    machine.write(HOOK, "hook")
    machine.write(CONFIGURATION.format(resolver=lab.resolver, server=lab.directory()), "acme-dns.conf")
    machine.write("[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\nExecStartPre=-sh -c '/opt/acme-dns plugin show rfc2136 >/mnt/state/inside; "
                  "touch /mnt/not-here'\n", "mine.conf")
    for name, mode in (("tsig.key", 0o600), ("wrong.key", 0o600), ("acme-dns.conf", 0o600), ("hook", 0o700)):
        os.chmod(machine.path(name), mode)
    result = run("""
set -e
/opt/acme-dns plugin show rfc2136 >/mnt/outside
/opt/acme-dns register-autorenew --config /mnt/acme-dns.conf
mkdir /etc/systemd/system/acme-dns-renew.service.d
cp /mnt/mine.conf /etc/systemd/system/acme-dns-renew.service.d/
systemctl --user daemon-reload
systemctl --user start acme-dns-renew.service || :
await test -s /mnt/deployed
systemctl --user show acme-dns-renew.service --property=ExecMainStatus
""", lab=lab)
    told = "%s\n%s\n%s" % (result, machine.read("systemd.log"), machine.read("state", "logs", "autorenew", "logs.txt"))
    assert result.code == 0, told
    assert os.path.exists(machine.path("state", "certs", "example.test", "fullchain.pem")), told
    assert machine.read("deployed") == "example.test\n"
    last = read_json(machine, "last-process.json")
    assert last["exit"] == 4 and "other.example" in last["text"], told
    assert "ExecMainStatus=4" in result.out
    assert machine.read("state", "inside") == machine.read("outside")
    assert not os.path.exists(machine.path("not-here"))
