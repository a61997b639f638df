# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Real name servers on loopback, on high ports: BIND, Knot DNS, PowerDNS, each with the same zone, the
same keys and the same rules. They run from where scripts/lab-packages unpacked them (PowerDNS from
there, or from where ACME_PDNS_ROOT says)."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

import dns.message
import dns.query
import dns.tsigkeyring
import dns.zone

ALGORITHMS = ["hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
SECRET = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="
KEYS = {"key-" + a[5:]: a for a in ALGORITHMS}
ZONE = """$ORIGIN example.test.
$TTL 3600
@ SOA ns hostmaster 1 60 60 3600 60
@ NS ns
ns A 127.0.0.1
www A 127.0.0.1
alias CNAME www
sub NS ns.sub
ns.sub A 127.0.0.1
_acme-challenge TXT "somebody else's"
_acme-challenge.two 300 TXT "one string" "and another"
"""


def roots():
    cache = os.environ.get("ACME_LAB_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "acme-dns-lab")
    return [r for r in (os.environ.get("ACME_PDNS_ROOT"), os.path.join(cache, "servers")) if r]


def find(path):
    """The unpacked program, and the environment with its libraries; None if it is not there."""
    for root in roots():
        program = os.path.join(root, path)
        if os.access(program, os.X_OK):
            libs = ":".join(os.path.join(r, "usr/lib/%s-linux-gnu" % os.uname().machine)
                            for r in roots())
            return program, {**os.environ, "LD_LIBRARY_PATH": libs}
    return None, None


def free_port():
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]


class Server:
    """One running server; stop() ends it."""
    name = None
    path = None

    def __init__(self):
        self.program, self.env = find(self.path)
        self.folder = tempfile.mkdtemp(prefix="acme-dns-%s-" % self.name)
        self.port = free_port()
        self.write("example.test.zone", ZONE)
        argv = self.configure()
        self.output = open(os.path.join(self.folder, "output"), "wb")
        self.process = subprocess.Popen(argv, env=self.env, cwd=self.folder, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        self.wait()

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return os.path.join(self.folder, name)

    def wait(self):
        query = dns.message.make_query("example.test.", "SOA", flags=0)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if dns.query.tcp(query, "127.0.0.1", port=self.port, timeout=1).answer:
                    return
            except (OSError, EOFError, dns.exception.DNSException):
                pass
            time.sleep(0.05)
        with open(os.path.join(self.folder, "output"), encoding="utf-8", errors="replace") as file:
            raise RuntimeError("%s did not start: %s" % (self.name, file.read()[-2000:]))

    def zone(self):
        """The whole zone but its SOA record, as text, for comparing."""
        ring = dns.tsigkeyring.from_text({"key-sha256": SECRET})
        transfer = dns.query.xfr("127.0.0.1", "example.test.", port=self.port, keyring=ring,
                                 keyname="key-sha256", keyalgorithm="hmac-sha256", lifetime=10,
                                 relativize=False)
        zone = dns.zone.from_xfr(transfer, relativize=False)
        return sorted("%s %d %s" % (name, ttl, rdata.to_text())
                      for name, ttl, rdata in zone.iterate_rdatas() if rdata.rdtype != 6)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Knot(Server):
    name, path = "knot", "usr/sbin/knotd"

    def configure(self):
        keys = "".join("  - id: %s\n    algorithm: %s\n    secret: %s\n" % (k, a, SECRET)
                       for k, a in {**KEYS, "stranger": "hmac-sha256"}.items())
        conf = self.write("knot.conf", """server:
    listen: 127.0.0.1@%d
    rundir: %s
log:
  - target: stderr
    any: warning
database:
    storage: %s
key:
%sacl:
  - id: update
    key: [%s]
    action: [update, transfer]
zone:
  - domain: example.test
    storage: %s
    file: example.test.zone
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    acl: update
""" % (self.port, self.folder, self.folder, keys, ", ".join(KEYS), self.folder))
        return [self.program, "-c", conf]


class Bind(Server):
    name, path = "bind", "usr/sbin/named"

    def configure(self):
        keys = "".join('key "%s" { algorithm %s; secret "%s"; };\n' % (k, a, SECRET)
                       for k, a in {**KEYS, "stranger": "hmac-sha256"}.items())
        allowed = " ".join('key "%s";' % k for k in KEYS)
        conf = self.write("named.conf", keys + """
options {
    directory "%s"; pid-file "%s/pid"; session-keyfile "%s/session.key";
    listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; };
    recursion no; allow-transfer { %s }; dnssec-validation no; notify no;
    managed-keys-directory "%s";
};
controls { };
zone "example.test" { type primary; file "example.test.zone"; allow-update { %s }; };
""" % (self.folder, self.folder, self.folder, self.port, allowed, self.folder, allowed))
        return [self.program, "-g", "-n", "1", "-c", conf]


class PowerDns(Server):
    name, path = "pdns", "usr/sbin/pdns_server"

    def configure(self):
        schema = os.path.join(os.path.dirname(self.program),
                              "../share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
        modules = [os.path.join(r, p) for r in roots()
                   for p in ("usr/lib/%s-linux-gnu/pdns" % os.uname().machine,)]
        self.modules = [m for m in modules if os.path.exists(m + "/libgsqlite3backend.so")][0]
        self.fill(schema)
        self.write("pdns.conf", """launch=gsqlite3
gsqlite3-database=%s/pdns.db
module-dir=%s
socket-dir=%s
local-address=127.0.0.1
local-port=%d
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
allow-axfr-ips=127.0.0.0/8
disable-axfr=no
daemon=no
guardian=no
setuid=
setgid=
""" % (self.folder, self.modules, self.folder, self.port))
        return [self.program, "--config-dir=" + self.folder]

    def fill(self, schema):
        import sqlite3
        db = sqlite3.connect(os.path.join(self.folder, "pdns.db"))
        with open(schema, encoding="utf-8") as file:
            db.executescript(file.read())
        db.execute("INSERT INTO domains(name, type) VALUES ('example.test', 'NATIVE')")
        zone = dns.zone.from_text(ZONE, "example.test.", relativize=False)
        for name, ttl, rdata in zone.iterate_rdatas():
            kind = dns.rdatatype.to_text(rdata.rdtype)
            db.execute("INSERT INTO records(domain_id, name, type, content, ttl, auth) "
                       "VALUES (1, ?, ?, ?, ?, ?)",
                       (str(name).rstrip("."), kind, rdata.to_text().replace("test.", "test"), ttl,
                        0 if "sub" in str(name) else 1))
        for key, algorithm in {**KEYS, "stranger": "hmac-sha256"}.items():
            db.execute("INSERT INTO tsigkeys(name, algorithm, secret) VALUES (?, ?, ?)",
                       (key, algorithm, SECRET))
        for kind in ("TSIG-ALLOW-DNSUPDATE", "TSIG-ALLOW-AXFR"):
            for key in KEYS:
                db.execute("INSERT INTO domainmetadata(domain_id, kind, content) VALUES (1, ?, ?)",
                           (kind, key))
        db.commit()
        db.close()


class PowerDnsApi(PowerDns):
    """The same with its HTTP API, at url, for whoever has API_KEY."""
    name, API_KEY = "pdns-api", "an-api-key"

    def configure(self):
        argv = super().configure()
        api_port = free_port()
        self.url = "http://127.0.0.1:%d" % api_port
        return [*argv, "--api=yes", "--api-key=" + self.API_KEY, "--webserver=yes", "--webserver-address=127.0.0.1",
                "--webserver-port=%d" % api_port, "--webserver-allow-from=127.0.0.0/8"]


SERVERS = {s.name: s for s in (Knot, Bind, PowerDns)}
