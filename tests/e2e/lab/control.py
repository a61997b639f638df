# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Runs a lab from outside its namespaces: Lab(World(...)) as a context manager, and commands inside it."""

import contextlib
import ctypes
import dataclasses
import functools
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter

from . import pebble_log
from .world import CA_PORT, PRIMARY, RESOLVER, SECONDARY, TSIG_ALGORITHMS, World, tsig_name, tsig_secret

_E2E = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PYTHON = "/usr/bin/python3"
_LIBC = ctypes.CDLL(None)


class LabError(Exception):
    """The lab did not do what it was asked for."""


@dataclasses.dataclass
class Result:
    code: int  # as subprocess: negative for a signal
    out: str
    err: str
    seconds: float


def cache_dir():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("ACME_LAB_CACHE") or os.path.join(cache, "acme-dns-lab")


@functools.lru_cache(maxsize=None)
def _root_is_no_mount_point():
    """In a plain chroot mounts cannot be kept apart as they are: the root has to become a mount first."""
    return os.geteuid() == 0 and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0


def _die_with_parent():
    _LIBC.prctl(1, signal.SIGKILL)


class Lab:
    """One running lab. folder is its own scratch folder (configurations, logs/NAME.log, keys)."""

    def __init__(self, world=None):
        self.world = world or World()
        self.folder = None
        self._holder = None
        self._is_user_namespace = os.geteuid() != 0
        self._root = None

    # Life

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        cache = cache_dir()
        for part in ("servers", "pebble-new", "hooks", "acme-sh", "tls", "clock"):
            if not os.path.exists(os.path.join(cache, part, ".ready")):
                raise LabError("the lab's servers are not unpacked yet: run scripts/lab-packages")
        self.folder = tempfile.mkdtemp(prefix="acme-lab-")
        os.chmod(self.folder, 0o755)
        if self.world.rtt_ms is not None:
            shutil.copy(build_relay(cache), os.path.join(self.folder, "relay"))
        self._write_keys()
        command = ["unshare", "-n", "-m", "-p", "--fork", "--kill-child"]
        command += ["-r"] if self._is_user_namespace else []
        if _root_is_no_mount_point():
            self._root = tempfile.mkdtemp(prefix="acme-lab-root-")
            subprocess.run(["mount", "--bind", "/", self._root], check=True)
            for folder in ("/proc", "/sys", "/dev"):  # not all mounts: other labs have theirs below /tmp
                subprocess.run(["mount", "--rbind", folder, self._root + folder], check=True)
            subprocess.run(["mount", "--make-rslave", self._root], check=True)
            command = ["chroot", self._root] + command
        self._holder_log = open(os.path.join(self.folder, "holder.log"), "w", encoding="utf-8")
        self._holder = subprocess.Popen(
            command + [_PYTHON, "-m", "lab.holder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._holder_log,
            text=True,
            env={**os.environ, "PYTHONPATH": _E2E, "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )
        try:
            started = self._ask(
                {"world": dataclasses.asdict(self.world), "folder": self.folder, "cache": cache})
        except BaseException:
            self.stop()
            raise
        self.pid = started["pid"]
        self.client_pid = started["client_pid"]
        self.start_seconds = started["seconds"]

    def stop(self):
        """Ends every process of the lab; whatever a command left in its namespace too."""
        if self._holder is not None:
            for pid in self.processes() if hasattr(self, "client_pid") else []:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._holder.kill()
            self._holder.stdin.close()
            self._holder.stdout.close()
            self._holder.wait()
            self._holder_log.close()
            self._holder = None
        if self._root is not None:
            subprocess.run(["umount", "-l", self._root], check=False)
            with contextlib.suppress(OSError):
                os.rmdir(self._root)
            self._root = None
        if self.folder and not os.environ.get("ACME_LAB_KEEP_FILES"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def _ask(self, request):
        try:
            self._holder.stdin.write(json.dumps(request) + "\n")
            self._holder.stdin.flush()
            line = self._holder.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            with open(os.path.join(self.folder, "holder.log"), encoding="utf-8") as log:
                raise LabError("the lab is gone: " + log.read()[-2000:])
        answer = json.loads(line)
        if "error" in answer:
            raise LabError(answer["error"])
        return answer["ok"]

    def _write_keys(self):
        for algorithm in TSIG_ALGORITHMS:
            with open(self.key_file(algorithm), "w", encoding="ascii") as file:
                file.write('key "%s" {\n    algorithm %s;\n    secret "%s";\n};\n' % (
                    tsig_name(algorithm), algorithm, tsig_secret(algorithm)))
            os.chmod(self.key_file(algorithm), 0o600)

    # What is where

    @property
    def resolver(self):
        return self.world.ip4(RESOLVER)

    @property
    def primary(self):
        return self.world.ip4(PRIMARY)

    @property
    def secondary(self):
        return self.world.ip4(SECONDARY)

    @property
    def ca_bundle(self):
        return os.path.join(self.folder, "ca-bundle.pem")

    def key_file(self, algorithm="hmac-sha256"):
        """A BIND key file for updates at the primary."""
        return os.path.join(self.folder, "tsig-%s.key" % algorithm)

    def directory(self, ca=None, proxied=False):
        name = ca or self.world.cas[0].name
        return "https://%s%s.test:%d/dir" % (name, "-proxy" if proxied else "", CA_PORT)

    def log(self, server):
        with open(os.path.join(self.folder, "logs", server + ".log"), errors="replace") as file:
            return file.read()

    # Commands inside

    def enter(self):
        """The words before a command that make it run inside, in the client's network."""
        words = ["nsenter", "-t", str(self.pid), "-m", "-r", "--net=/proc/%d/ns/net" % self.client_pid]
        if self._is_user_namespace:
            words += ["-U", "--preserve-credentials"]
        return words

    def popen(self, command, env=None, cwd=None, **more):
        """A process inside; its pid is the command's own. It dies with this one."""
        enter = self.enter() + ["env", "-C", str(cwd or self.folder)]
        return subprocess.Popen(
            enter + [str(word) for word in command],
            env={**os.environ, **(env or {})},
            preexec_fn=_die_with_parent,
            start_new_session=True,
            **more,
        )

    def run(self, command, env=None, cwd=None, timeout=120, stdin=None):
        """Runs a command inside to its end. At the timeout its whole session is killed and
        TimeoutExpired raised, with what it had said."""
        begun = time.monotonic()
        process = self.popen(
            command, env, cwd,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        try:
            out, err = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired as expired:
            os.killpg(process.pid, signal.SIGKILL)
            expired.output, expired.stderr = process.communicate()
            raise
        return Result(process.returncode, out, err, time.monotonic() - begun)

    def run_on_terminal(self, command, env=None, cwd=None, timeout=120, columns=100, answers=()):
        """Runs a command on a terminal of its own; out is all that the terminal was sent. answers is a
        list of (regular expression, text): the text is typed when the expression has appeared. In place of
        the text there may be a function of the match, which does what it likes and returns a text or None."""
        begun = time.monotonic()
        master, slave = pty.openpty()
        _set_columns(slave, columns)
        enter = self.enter() + ["env", "-C", str(cwd or self.folder), "setsid", "--ctty", "--wait"]
        process = subprocess.Popen(
            enter + [str(word) for word in command],
            env={**os.environ, "TERM": "xterm", **(env or {})},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            preexec_fn=_die_with_parent,
        )
        os.close(slave)
        try:
            text = _converse(master, list(answers), begun + timeout)
            code = process.wait(max(0.1, begun + timeout - time.monotonic()))
        finally:
            process.kill()
            process.wait()
            os.close(master)
        return Result(code, text, "", time.monotonic() - begun)

    def processes(self):
        """Numbers of the processes in the client's network namespace that commands left behind."""
        wanted = os.stat("/proc/%d/ns/net" % self.client_pid).st_ino
        own = {self._holder.pid, *self._lab_processes()}
        found = []
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.stat("/proc/%s/ns/net" % name).st_ino == wanted:
                    found.append(int(name))
        return [pid for pid in found if pid not in own]

    def _lab_processes(self):
        """Those of the lab's own process namespace."""
        wanted = os.readlink("/proc/%d/ns/pid" % self.pid)
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.readlink("/proc/%s/ns/pid" % name) == wanted:
                    yield int(name)

    # Zones and servers

    def transfer(self, zone, place=PRIMARY):
        return self._ask({"op": "transfer", "zone": zone, "place": place})

    def zones(self):
        """Every zone of the primary as text lines: compare before and after."""
        return {zone.name: self.transfer(zone.name) for zone in self.world.zones}

    def secondary_zones(self):
        return {z.name: self.transfer(z.name, SECONDARY) for z in self.world.zones if z.secondary}

    def wait_for_secondary(self, timeout=30):
        """Until the secondary has what the primary has."""
        deadline = time.monotonic() + timeout
        while any(self.transfer(name) != lines for name, lines in self.secondary_zones().items()):
            if time.monotonic() > deadline:
                raise LabError("the secondary is still behind after %g s" % timeout)
            time.sleep(0.05)

    def wait_for_zone(self, zone, place):
        """Until a server that a test started itself answers for it."""
        self._ask({"op": "wait_for_zone", "zone": zone, "place": place})

    def query(self, name, rdtype="TXT", place=RESOLVER, recursive=None, tcp=False):
        """Asks one server; recursion is desired of the resolver only, unless told."""
        wanted = place == RESOLVER if recursive is None else recursive
        return self._ask({"op": "query", "place": place, "name": name, "rdtype": rdtype,
                          "recursive": wanted, "tcp": tcp})

    def update(self, zone, *lines, algorithm="hmac-sha256"):
        """An RFC 2136 update by nsupdate: "add NAME TTL TYPE VALUE", "del NAME TXT" ..."""
        text = "server %s\nzone %s\n" % (self.primary, zone)
        text += "".join("update %s\n" % line for line in lines) + "send\n"
        result = self.run([os.path.join(cache_dir(), "servers/usr/bin/nsupdate"), "-v", "-k",
                           self.key_file(algorithm)], stdin=text, env={"LD_LIBRARY_PATH": library_path()})
        if result.code != 0:
            raise LabError("nsupdate: " + result.err)

    def run_server(self, name, command, env=None, ready=None):
        """A further server, in the servers' namespaces: it is none of processes(), and ends with the lab.
        ready: a file that appears when it answers."""
        self._ask({"op": "run_server", "name": name, "command": command, "env": env, "ready": ready})

    def stop_server(self, name):
        """name as in logs/: primary, secondary, resolver, root, tld, dnsd, pebble-CA, proxy-CA."""
        self._ask({"op": "stop", "server": name})

    def start_server(self, name):
        self._ask({"op": "start", "server": name})

    def pause_server(self, name):
        """SIGSTOP: its sockets stay, nothing is answered."""
        self._ask({"op": "pause", "server": name})

    def resume_server(self, name):
        self._ask({"op": "resume", "server": name})

    def set_resolv_conf(self, text):
        """Written in place: it is mounted over /etc/resolv.conf."""
        with open(os.path.join(self.folder, "resolv.conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def flush_resolver(self):
        """Makes the resolver forget, as time would: between two orders of the same names."""
        self._ask({"op": "flush_resolver"})

    def set_host_rules(self, host, rules):
        """host: "LABEL.ZONE" of a scripted name server; rules as in dnsd.py."""
        self._write_rules(host, rules)

    def set_proxy_rules(self, rules, ca=None):
        self._write_rules("proxy-" + (ca or self.world.cas[0].name), rules)

    def _write_rules(self, name, rules):
        path = os.path.join(self.folder, "rules", name + ".json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.rename(path + ".new", path)

    # What was seen

    def requests(self, ca=None):
        """What reached the CA, in order: pebble_log.Request items."""
        return pebble_log.parse(self.log("pebble-" + (ca or self.world.cas[0].name)))

    def request_counts(self, ca=None):
        """Counter of request kinds ("newOrder", "authorization" ...)."""
        return Counter(request.kind for request in self.requests(ca))

    def hiccups(self):
        """What its CAs did that they should not, in one of hundreds of orders (pebble_log.py)."""
        found = []
        for ca in self.world.cas:
            with contextlib.suppress(FileNotFoundError):  # it never came up
                log = self.log("pebble-" + ca.name)
                found += ["lost certificate " + serial for serial in pebble_log.lost_serials(log)]
                if ca.calm and "PEBBLE_AUTHZREUSE" not in ca.env:
                    found += ["reused authorization of order " + order for order in pebble_log.reused_orders(log)]
        return found

    def proxied(self, ca=None):
        """What passed the proxy: list of {method, path, status, rule, seconds, payload}."""
        path = os.path.join(self.folder, "logs", "proxy-%s.jsonl" % (ca or self.world.cas[0].name))
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def resolver_questions(self):
        """(seconds since the epoch, name, type) the resolver was asked, in order."""
        pattern = re.compile(r"^\[(\d+)\] unbound\[[^]]*\] query: \S+ (\S+) (\S+) IN$", re.M)
        return [(int(m[1]), m[2].lower(), m[3]) for m in pattern.finditer(self.log("resolver"))]

    @contextlib.contextmanager
    def capture(self):
        """Records every DNS message the client's network sends meanwhile. Gives a list that is filled
        at the end: dicts with time, source, server, tcp, opcode, name, type."""
        path = os.path.join(self.folder, "capture-%d.jsonl" % time.monotonic_ns())
        netns = None if self.client_pid == self.pid else "/proc/%d/ns/net" % self.client_pid
        self._ask({"op": "capture", "path": path, "client_netns": netns})
        seen = []
        try:
            yield seen
        finally:
            self._ask({"op": "capture_end"})
            with open(path, encoding="utf-8") as file:
                seen.extend(json.loads(line) for line in file)


def library_path():
    """LD_LIBRARY_PATH for the unpacked tools (dig, nsupdate, knotc)."""
    root = os.path.join(cache_dir(), "servers", "usr", "lib")
    return ":".join(os.path.join(root, name) for name in os.listdir(root) if "-linux-" in name)


@functools.lru_cache(maxsize=None)
def _build_tool(cache, name, target, *options):
    """Compiles NAME.c beside this file into the cache, when it is not there or older than its source."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".c")
    target = os.path.join(cache, target)
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(source):
        fresh = "%s.%d" % (target, os.getpid())
        subprocess.run(["cc", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", fresh, source, *options],
                       check=True)
        os.rename(fresh, target)
    return target


def build_relay(cache):
    """The wire's relay."""
    return _build_tool(cache, "relay", "relay")


def preload_faults(below, **settings):
    """The environment in which acme-dns has the faults that faults.c knows, in files below a folder:
    preload_faults(state, calls="fsync,rename", at=3, errno=errno.EIO), preload_faults(state, now=0)."""
    library = _build_tool(cache_dir(), "faults", "faults.so", "-shared", "-fPIC", "-ldl")
    variables = {"FAULTS_" + name.upper(): str(value) for name, value in settings.items()}
    sanitizers = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
    return {"LD_PRELOAD": library, "ASAN_OPTIONS": sanitizers, "FAULTS_PROGRAM": "acme-dns",
            "FAULTS_BELOW": str(below), **variables}


def _set_columns(descriptor, columns):
    import fcntl
    import struct
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))


def _converse(master, answers, deadline):
    """Reads until the other side hangs up; types each answer when its question has come."""
    text = ""
    looked_at = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([master], [], [], left)[0]:
            raise LabError("no end on the terminal; so far:\n" + text)
        try:
            chunk = os.read(master, 65536)
        except OSError:  # EIO: the last process closed it
            chunk = b""
        if not chunk:
            return text
        text += chunk.decode("utf-8", "replace")
        while answers:
            found = re.search(answers[0][0], text[looked_at:])
            if not found:
                break
            looked_at += found.end()
            answer = answers.pop(0)[1]
            os.write(master, ((answer(found) if callable(answer) else answer) or "").encode())


if __name__ == "__main__":
    sys.exit("run python3 -m lab")
