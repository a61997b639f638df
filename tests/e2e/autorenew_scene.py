# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A machine of one's own for what register-autorenew writes: /etc, /run and /usr/local/sbin are a test's folders
in a mount namespace, so that nothing of this system is touched and nothing of it, systemd or not, shows.

    machine = Machine(folder, program)          # as root; user=True: as a user with a home
    machine.boot()                              # systemd runs here
    machine.fake("systemctl", SYSTEMCTL)        # a program that keeps state and writes down how it was called
    machine.run("register-autorenew")
"""

import os
import shutil
import subprocess

_OWN = ("group", "nsswitch.conf", "ld.so.cache", "ssl", "ca-certificates", "alternatives")
_UID = 1000

# Enabled or not, as systemctl(1) has it: exit status 0 or not.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/calls
shift
case "$1" in
list-timers) echo '[]' ;;
enable) touch /run/enabled ;;
disable) rm -f /run/enabled ;;
is-enabled | is-active) [ -e /run/enabled ] ;;
esac
"""

# crontab(1) without its checks: a table for everybody.
CRONTAB = """#!/bin/sh
echo "$*" >>/run/calls
case "$1" in
-l) cat /run/table 2>/dev/null || { echo "no crontab for $USER" >&2; exit 1; } ;;
-r) rm -f /run/table ;;
*) cat "$1" >/run/table ;;
esac
"""


class Machine:
    def __init__(self, folder, program, user=False):
        self.folder, self.program, self.user = str(folder), program, user
        self.home = os.path.join(self.folder, "home")
        self.state = os.path.join(self.folder, "state")
        for name in ("etc/systemd/system", "etc/cron.d", "run", "sbin", "home"):
            os.makedirs(os.path.join(self.folder, name))
        for name in _OWN:
            _copy(os.path.join("/etc", name), self.path("etc", name))
        self.write("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/false\n"
                   "tester:x:%d:%d::%s:/bin/sh\n" % (_UID, _UID, self.home), "etc", "passwd")
        os.chmod(self.folder, 0o755)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def write(self, text, *names):
        with open(self.path(*names), "w", encoding="utf-8") as file:
            file.write(text)

    def boot(self):
        os.makedirs(self.path("run", "systemd", "system"))

    def fake(self, name, script):
        self.write(script, "sbin", name)
        os.chmod(self.path("sbin", name), 0o755)

    def calls(self):
        """How the fakes were called, but for mere looks at the crontab."""
        try:
            return [call for call in self.read("run", "calls").splitlines() if call != "-l"]
        except FileNotFoundError:
            return []

    @property
    def units(self):
        return self.path("home", ".config", "systemd", "user") if self.user else self.path("etc", "systemd", "system")

    def unit(self, name):
        with open(os.path.join(self.units, name), encoding="utf-8") as file:
            return file.read()

    def execute(self, *command, mounts="", env=None, lab=None):
        """Runs a command on the machine, on a lab's network if there is one. mounts: lines of shell before."""
        script = "set -e\nmount --make-rprivate / 2>/dev/null || :\n"
        if lab:
            script += "cp /etc/resolv.conf /etc/hosts '%s/'\n" % self.path("etc")
        for name, place in (("sbin", "/usr/local/sbin"), ("run", "/run"), ("etc", "/etc")):
            script += "mount --bind '%s' %s\n" % (self.path(name), place)
        script += mounts + "\n"
        become = "unshare --user --map-user=%d --map-group=%d -- " % (_UID, _UID) if self.user else ""
        script += 'exec %s"$@"' % become
        around = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        variables = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.home, "LANG": "C.UTF-8",
                     "USER": "tester" if self.user else "root", "TZ": "UTC"}
        variables.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        variables.update(env or {})
        whole = around + ["sh", "-c", script, "sh", *command]
        if lab:
            return lab.run(["env", "-i", *("%s=%s" % pair for pair in variables.items()), *whole])
        done = subprocess.run(whole, capture_output=True, text=True, errors="replace", timeout=120,
                              stdin=subprocess.DEVNULL, env=variables, check=False)
        return Result(done)

    def run(self, verb, *words, **more):
        return self.execute(self.program, *verb.split(), "--state-dir", self.state, *words, **more)


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return "%d\n%s\n%s" % (self.code, self.out, self.err)


def _copy(source, target):
    if os.path.isdir(source):
        shutil.copytree(source, target, symlinks=True, ignore_dangling_symlinks=True,
                        ignore=shutil.ignore_patterns("private"))
    elif os.path.exists(source):
        shutil.copyfile(source, target)
