# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Process 1 of a lab: sets the namespaces up, starts every server, answers requests, and takes all of them
with it when it ends, which is at the latest when its standard input does.

Speaks JSON lines: the first line in is {"world": ..., "folder": ..., "cache": ...}; the first line out
says that all servers answer. Then each request {"op": NAME, ...} brings one answer, {"ok": ...} or
{"error": text}.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
import traceback

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone

from . import config, minica
from .world import (
    BLACK_HOLE6,
    CA_PORT,
    NOTIFY_DELAYER,
    PRIMARY,
    RESOLVER,
    ROOT,
    SECONDARY,
    TLD,
    Ca,
    Host,
    World,
    Zone,
    is_address,
)

READY_TIMEOUT_S = 20
# What signing and serial numbers change in a zone.
_SIGNING = (dns.rdatatype.SOA, dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)
# Wire lab to client, where one is wanted: two TUN devices, relay.c between them.
LAB_END, CLIENT_END = "10.54.0.1", "10.54.0.2"


def world_from_json(tree):
    zones = []
    for zone in tree.pop("zones"):
        hosts = [Host(**host) for host in zone.pop("hosts")]
        zones.append(Zone(hosts=hosts, **zone))
    return World(zones=zones, cas=[Ca(**ca) for ca in tree.pop("cas")], **tree)


class Holder:
    def __init__(self, start):
        self.world = world_from_json(start["world"])
        self.folder = start["folder"]
        self.cache = start["cache"]
        self.servers = {}
        self.commands = {}
        self.ready = {}  # of servers that a test added: the file that says that they answer

    # Namespaces

    def set_up_network(self):
        lines = ["link set lo up"]
        world = self.world
        places = [RESOLVER, ROOT, TLD, PRIMARY, SECONDARY]
        places += [place for place, _, host in world.hosts() if host.ipv6]
        lines += ["addr add %s/128 dev lo nodad" % world.ip6(place) for place in places]
        # BIND listens only where an interface has the very address.
        lines += ["addr add %s/32 dev lo" % world.ip4(place) for place in (PRIMARY, SECONDARY)]
        lines += ["addr add %s/32 dev lo" % host for host in world.standins if is_address(host)]
        if world.rtt_ms is not None:
            lines.append("route add local %s.0.0/16 dev lo" % world.prefix)
        else:
            # Not an address of ours: what goes there comes back over lo and is dropped.
            lines.append("route add %s/48 dev lo" % BLACK_HOLE6)
        self.ip(lines)
        if world.rtt_ms is not None:
            self.start_wire()

    def ip(self, lines, *enter):
        done = subprocess.run(
            list(enter) + ["ip", "-force", "-batch", "-"],
            input="\n".join(lines) + "\n",
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError("ip: " + done.stderr.strip())

    def start_wire(self):
        """The relay makes the client's network namespace itself and lives in it."""
        relay = subprocess.Popen(
            [os.path.join(self.folder, "relay"), str(int(self.world.rtt_ms * 500))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.relay_pid = relay.stdout.readline().strip()
        if not self.relay_pid:
            raise RuntimeError("the wire's relay did not start (it needs /dev/net/tun)")
        up = "link set %s up mtu 1500 txqueuelen 10000"
        self.ip(["addr add %s peer %s dev lab0" % (LAB_END, CLIENT_END), up % "lab0",
                 "addr add fd54::1/128 peer fd54::2 dev lab0 nodad"])
        self.ip(
            ["link set lo up", "addr add %s peer %s dev client0" % (CLIENT_END, LAB_END),
             "addr add fd54::2/128 peer fd54::1 dev client0 nodad", up % "client0",
             "route add default dev client0", "route add 2001:db8:53::/64 dev client0",
             "route add %s/48 dev client0" % BLACK_HOLE6],
            "nsenter", "--net=/proc/%s/ns/net" % self.relay_pid,
        )

    def set_up_names(self):
        names = dict(self.world.host_names())
        names.setdefault(os.uname().nodename, "127.0.0.1")  # servers look their own host up
        self.write("hosts", "".join("%s %s\n" % (ip, name) for name, ip in names.items()))
        self.write("resolv.conf", "nameserver %s\n" % self.world.ip4(RESOLVER))
        for name in ("hosts", "resolv.conf"):
            if os.path.exists("/etc/" + name):
                self.tool("mount", "--bind", os.path.join(self.folder, name), "/etc/" + name)

    # Servers

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def tool(self, *command):
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(), check=False)
        if done.returncode != 0:
            raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))
        return done.stdout

    def environment(self, extra=None):
        lib = os.path.join(self.cache, "servers")
        folders = []
        for root in (os.path.join(lib, "usr", "lib"), os.path.join(lib, "lib")):
            folders.append(root)
            if os.path.isdir(root):
                folders += [os.path.join(root, name) for name in os.listdir(root) if "-linux-" in name]
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LD_LIBRARY_PATH": ":".join(folders)}
        env.update({key: os.environ[key] for key in ("HOME", "PYTHONPATH") if key in os.environ})
        env.update(extra or {})
        return env

    def start(self, name, command, env=None):
        """Starts a server; its output goes to logs/NAME.log."""
        self.commands[name] = (command, env)
        with open(self.path("logs", name + ".log"), "ab") as log:
            self.servers[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(env),
                cwd=self.folder,
            )

    def is_ready(self, name):
        return not self.ready.get(name) or os.path.exists(self.ready[name])

    def stop(self, name):
        server = self.servers.pop(name)
        server.kill()
        server.wait()

    def daemon(self, *parts):
        return os.path.join(self.cache, "servers", "usr", *parts)

    def knot_zones(self):
        signed = self.world.is_signed
        return {
            "root": (ROOT, [("", signed)]),
            "tld": (TLD, [(tld, signed) for tld in self.world.tlds()]),
            "primary": (PRIMARY, [(zone.name, zone.signed) for zone in self.world.zones]),
        }

    def prepare_knot(self):
        """Writes configurations and zones; makes the keys of the signed ones and returns their DS."""
        ds = {}
        for name, (place, zones) in self.knot_zones().items():
            os.makedirs(self.path(name, "db"))
            os.makedirs(self.path(name, "zones"))
            text = config.knot(self.world, self.path(name), place, zones, name == "primary")
            conf = self.write(name + "/knot.conf", text)
            for zone, is_signed in zones:
                if is_signed:
                    ds[zone] = self.make_zone_key(conf, zone)
        shown = {z.name: z.ds_at_parent for z in self.world.zones}
        given = {zone: lines for zone, lines in ds.items() if shown.get(zone, True)}
        self.write("root/zones/root.zone", config.root_text(self.world, given))
        for tld in self.world.tlds():
            self.write("tld/zones/%s.zone" % tld, config.tld_text(self.world, tld, given))
        for zone in self.world.zones:
            text = config.zone_text(self.world, zone, given)
            self.write("primary/zones/%s.zone" % zone.name, text)
            if not self.world.is_signed and zone.secondary:
                self.write("secondary/%s.zone" % zone.name, text)
        return ds.get("", [])

    def make_zone_key(self, conf, zone):
        keymgr = self.daemon("sbin", "keymgr")
        self.tool(keymgr, "-c", conf, zone + ".", "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes")
        lines = self.tool(keymgr, "-c", conf, zone + ".", "ds").splitlines()
        return [line.replace(" DS ", " 60 IN DS ", 1) for line in lines if line.split()[4] == "2"]

    def start_dns(self):
        if self.world.in_step and self.world.is_signed:
            raise ValueError("in_step labs have no signed zones: only Knot signs")
        anchors = self.prepare_knot()
        for name in self.knot_zones():
            if name != "primary" or not self.world.in_step:
                self.start(name, [self.daemon("sbin", "knotd"), "-c", self.path(name, "knot.conf")])
        if self.world.in_step:
            self.start_bind("primary", config.bind_primary)
        self.write("resolver/root.hints", config.root_hints(self.world))
        text = config.unbound(self.world, self.path("resolver"), anchors)
        conf = self.write("resolver/unbound.conf", text)
        self.start("resolver", [self.daemon("sbin", "unbound"), "-d", "-c", conf])
        self.start_scripted_hosts()
        if self.world.is_signed:  # the secondary has no file to begin with: it must find the primary up
            self.wait_for_zones(PRIMARY, [zone.name for zone in self.world.zones])
        if not self.world.in_step and any(zone.secondary for zone in self.world.zones):
            self.start_bind("secondary", config.bind_secondary)

    def start_bind(self, name, make_text):
        conf = self.write(name + "/named.conf", make_text(self.world, self.path(name)))
        self.start(name, [self.daemon("sbin", "named"), "-g", "-n", "1", "-c", conf])

    def start_scripted_hosts(self):
        spec = {"upstream": self.world.ip4(PRIMARY), "hosts": []}
        for place, zone, host in self.world.hosts():
            if host.kind == "closed":
                continue
            addresses = [self.world.ip4(place)] + ([self.world.ip6(place)] if host.ipv6 else [])
            name = "%s.%s" % (host.label, zone.name)
            rules = self.write("rules/%s.json" % name, json.dumps(host.rules))
            spec["hosts"].append(
                {"name": name, "addresses": addresses, "kind": host.kind, "rules": rules})
        if self.world.lag_s:
            spec["notify"] = {
                "listen": self.world.ip4(NOTIFY_DELAYER),
                "to": self.world.ip4(SECONDARY),
                "delay_s": self.world.lag_s,
            }
        if spec["hosts"] or self.world.lag_s:
            path = self.write("dnsd.json", json.dumps(spec))
            self.start("dnsd", [sys.executable, "-m", "lab.dnsd", path])

    def start_cas(self):
        world = self.world
        names = [name for name in world.host_names()]
        addresses = ["127.0.0.1"]
        for index in range(len(world.cas)):
            addresses += [world.ip4(world.ca_place(index)), world.ip4(world.proxy_place(index))]
        addresses += [world.standin_address(host) for host in world.standins]
        certificate, key = self.path("server.pem"), self.path("server.key")
        minica.write(self.path("ca-bundle.pem"), certificate, key, names, addresses)
        for index, ca in enumerate(world.cas):
            text = config.pebble(world, index, self.folder, certificate, key)
            conf = self.write("pebble-%s.json" % ca.name, text)
            root = "pebble-new" if ca.version == "new" else "servers"
            binary = os.path.join(self.cache, root, "usr", "bin", "pebble")
            command = [binary, "-config", conf, "-dnsserver", world.ip4(RESOLVER) + ":53"]
            command += ["-strict"] if ca.strict else []
            self.start("pebble-" + ca.name, command, config.pebble_env(ca))
            if ca.proxy:
                self.start_proxy(index, ca, certificate, key)

    def start_proxy(self, index, ca, certificate, key):
        spec = {
            "listen": self.world.ip4(self.world.proxy_place(index)),
            "upstream": self.world.ip4(self.world.ca_place(index)),
            "port": CA_PORT,
            "certificate": certificate,
            "key": key,
            "rules": self.write("rules/proxy-%s.json" % ca.name, "[]"),
            "log": self.path("logs", "proxy-%s.jsonl" % ca.name),
        }
        path = self.write("proxy-%s.json" % ca.name, json.dumps(spec))
        self.start("proxy-" + ca.name, [sys.executable, "-m", "lab.proxy", path])

    # Readiness

    def wait_until(self, what, is_true):
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not is_true():
            for name, server in self.servers.items():
                if server.poll() is not None:
                    with open(self.path("logs", name + ".log"), errors="replace") as log:
                        raise RuntimeError("%s died: %s" % (name, log.read()[-2000:]))
            if time.monotonic() > deadline:
                raise RuntimeError("%s: not ready after %d s" % (what, READY_TIMEOUT_S))
            time.sleep(0.005)

    def answers(self, place, name, rdtype="SOA"):
        query = dns.message.make_query(name + ".", rdtype)
        try:
            reply = dns.query.udp(query, self.world.ip4(place), timeout=0.2)
        except (OSError, dns.exception.DNSException):
            return False
        return reply.rcode() == dns.rcode.NOERROR and bool(reply.answer)

    def wait_for_zones(self, place, names):
        for name in names:
            self.wait_until("%s at %s" % (name or ".", self.world.ip4(place)),
                            lambda name=name: self.answers(place, name))

    def is_listening(self, address, port):
        """Seen in /proc, so that nothing is sent to the server."""
        packed = "%08X:%04X" % (int.from_bytes(bytes(map(int, address.split("."))), "little"), port)
        with open("/proc/net/tcp", encoding="ascii") as table:
            return any(line.split()[1] == packed and line.split()[3] == "0A" for line in table)

    def wait_for_all(self):
        for _, (place, zones) in self.knot_zones().items():
            self.wait_for_zones(place, [name for name, _ in zones])
        self.wait_for_zones(SECONDARY, [zone.name for zone in self.world.zones if zone.secondary])
        self.wait_until("resolver", lambda: self.answers(RESOLVER, self.world.tlds()[0]))
        for index, ca in enumerate(self.world.cas):
            places = [self.world.ca_place(index)] + ([self.world.proxy_place(index)] if ca.proxy else [])
            for place in places:
                address = self.world.ip4(place)
                self.wait_until(ca.name, lambda address=address: self.is_listening(address, CA_PORT))
        if "dnsd" in self.servers:
            self.wait_until("dnsd", lambda: os.path.exists(self.path("dnsd.json.ready")))

    def start_all(self):
        for name in ("logs", "primary", "secondary", "resolver", "tmp"):
            os.makedirs(self.path(name), exist_ok=True)
        self.set_up_network()
        self.set_up_names()
        self.start_cas()
        self.start_dns()
        self.wait_for_all()

    # Requests

    def op_transfer(self, zone, place):
        """The whole zone as sorted lines, without what signing and serial numbers change."""
        answers = dns.query.xfr(self.world.ip4(tuple(place)), zone + ".", relativize=False, lifetime=10)
        lines = set()
        for message in answers:
            for rrset in message.answer:
                if rrset.rdtype in _SIGNING:
                    continue
                lines.update(line for line in rrset.to_text().splitlines())
        return sorted(lines)

    def op_query(self, place, name, rdtype, recursive, tcp):
        query = dns.message.make_query(name, rdtype)
        query.flags |= dns.flags.AD  # so that a validating resolver says what it found
        if not recursive:
            query.flags &= ~dns.flags.RD
        ask = dns.query.tcp if tcp else dns.query.udp
        reply = ask(query, self.world.ip4(tuple(place)), timeout=10)
        return {
            "rcode": dns.rcode.to_text(reply.rcode()),
            "flags": dns.flags.to_text(reply.flags).split(),
            "answer": [line for rrset in reply.answer for line in rrset.to_text().splitlines()],
            "authority": [line for rrset in reply.authority for line in rrset.to_text().splitlines()],
        }

    def op_wait_for_zone(self, zone, place):
        self.wait_for_zones(tuple(place), [zone])

    def op_run_server(self, name, command, env, ready):
        self.ready[name] = ready
        self.start(name, command, env)
        self.wait_until(name, lambda: self.is_ready(name))

    def op_stop(self, server):
        self.stop(server)
        if self.ready.get(server):
            os.unlink(self.ready[server])

    def op_start(self, server):
        self.start(server, *self.commands[server])
        self.wait_until(server, lambda: self.is_ready(server))
        self.wait_for_all()

    def op_pause(self, server):
        self.servers[server].send_signal(signal.SIGSTOP)

    def op_resume(self, server):
        self.servers[server].send_signal(signal.SIGCONT)

    def op_flush_resolver(self):
        self.servers["resolver"].send_signal(signal.SIGHUP)
        time.sleep(0.05)  # the old sockets must be gone before an answer proves anything
        self.wait_for_zones(RESOLVER, self.world.tlds()[:1])

    def op_capture(self, path, client_netns):
        command = [sys.executable, "-m", "lab.sniff", path]
        if client_netns:
            command = ["nsenter", "--net=" + client_netns] + command
        self.start("capture", command)
        self.wait_until("capture", lambda: os.path.exists(path))

    def op_capture_end(self):
        capture = self.servers.pop("capture")
        capture.send_signal(signal.SIGTERM)
        capture.wait()


def answer(holder, request):
    try:
        op = getattr(holder, "op_" + request.pop("op"))
        return {"ok": op(**request)}
    except Exception as error:  # whatever it was, the other side must hear of it
        traceback.print_exc()
        return {"error": "%s: %s" % (type(error).__name__, error)}


def reply(tree):
    sys.stdout.write(json.dumps(tree) + "\n")
    sys.stdout.flush()


def main():
    start = json.loads(sys.stdin.readline())
    holder = Holder(start)
    begun = time.monotonic()
    try:
        holder.start_all()
    except Exception as error:  # told to whoever wanted the lab
        traceback.print_exc()
        reply({"error": "%s: %s" % (type(error).__name__, error)})
        return 1
    # /proc is the outer one: this is our number outside.
    pid = int(os.readlink("/proc/self"))
    relay = getattr(holder, "relay_pid", None)
    reply({"ok": {"pid": pid, "client_pid": int(relay or pid), "seconds": time.monotonic() - begun}})
    for line in sys.stdin:
        reply(answer(holder, json.loads(line)))
    return 0


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    sys.exit(main())
