# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""PowerDNS is no stand-in: each request goes on to a real pdns_server, and only what base.py's rules do to it is
not the server's own doing. Two programs at one name are played here.

settings: api_key, and
    server     {"program", "schema", "modules", "libraries", "folder", "listen": [addresses], "port" (53),
               "api_port" (8081), "also_notify" ("")}: what to start
    texts      {zone: zone file}, which the server gets
    zone_kind  of those zones: "Native", or "Master" with soa_edit_api
    prefix     in front of /api, which the server does not see: as a proxy has it
    hidden     zones that are kept from whoever asks, as proxies with rights of their own do
"""

import ctypes
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import time

from .base import Reply, Server

API_PORT = 8081
START_S = 20

CONFIGURATION = """launch=gsqlite3
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8,::/0
gsqlite3-database={folder}/pdns.db
gsqlite3-pragma-synchronous=0
module-dir={modules}
socket-dir={folder}
local-address={listen}
local-port={port}
api=yes
api-key={api_key}
webserver-address=127.0.0.1
webserver-port={api_port}
webserver-allow-from=127.0.0.0/8
allow-axfr-ips=0.0.0.0/0,::/0
primary=yes
only-notify={notify}
also-notify={notify}
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
receiver-threads=1
distributor-threads=1
daemon=no
guardian=no
setuid=
setgid=
"""


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class PowerDns(Server):
    def prepare(self):
        self.rivals = []
        self.prefix = self.settings.get("prefix", "")
        self.start(**self.settings["server"])
        for zone, text in self.settings.get("texts", {}).items():
            self.create(zone, text, self.settings.get("zone_kind", "Native"), self.settings.get("soa_edit_api", ""))

    def start(self, program, schema, modules, libraries, folder, listen, port=53, api_port=API_PORT, also_notify=""):
        os.makedirs(folder)
        with open(schema, encoding="utf-8") as file, sqlite3.connect(os.path.join(folder, "pdns.db")) as db:
            db.executescript(file.read())
        db.close()
        with open(os.path.join(folder, "pdns.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                folder=folder, modules=modules, listen=",".join(listen), port=port, api_port=api_port,
                api_key=self.settings["api_key"], notify=also_notify))
        self.upstream = "127.0.0.1:%d" % api_port
        self.process = subprocess.Popen([program, "--config-dir=" + folder], preexec_fn=_die_with_parent,
                                        env={**os.environ, "LD_LIBRARY_PATH": libraries})
        deadline = time.monotonic() + START_S
        while not self.is_up():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError("PowerDNS does not start")
            time.sleep(0.02)

    def is_up(self):
        try:
            return self.api("GET", "/servers/localhost")[0] == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()

    # The API, as another program uses it

    def send(self, method, target, headers, body):
        connection = http.client.HTTPConnection(self.upstream, timeout=30)
        try:
            connection.request(method, target, body, headers)
            reply = connection.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read()
        finally:
            connection.close()

    def api(self, method, path, tree=None):
        status, _, body = self.send(method, "/api/v1" + path, {"X-API-Key": self.settings["api_key"]},
                                    None if tree is None else json.dumps(tree))
        return status, body.decode()

    def create(self, zone, text, kind, soa_edit_api):
        status, body = self.api("POST", "/servers/localhost/zones", {
            "name": zone, "kind": kind, "zone": text, "soa_edit_api": soa_edit_api, "nameservers": []})
        if status != 201:
            raise RuntimeError("zone %s: %d %s" % (zone, status, body))

    def delete(self, zone):
        self.api("DELETE", "/servers/localhost/zones/" + zone)

    def metadata(self, zone, kind, values):
        """Sets a zone's metadata, as pdnsutil set-meta does."""
        return self.api("PUT", "/servers/localhost/zones/%s/metadata/%s" % (zone, kind),
                        {"kind": kind, "metadata": values})

    def put(self, zone, rrset):
        """Makes one RRset what this says."""
        status, body = self.api("PATCH", "/servers/localhost/zones/" + zone,
                                {"rrsets": [{"changetype": "REPLACE", **rrset}]})
        if status != 204:
            raise RuntimeError("%d %s" % (status, body))

    def rrsets(self, zone):
        """Everything the API tells of a zone but its SOA record, disabled records and comments too."""
        status, body = self.api("GET", "/servers/localhost/zones/" + zone)
        if status != 200:
            raise RuntimeError("%d %s" % (status, body))
        rrsets = [rrset for rrset in json.loads(body)["rrsets"] if rrset["type"] != "SOA"]
        for rrset in rrsets:
            rrset["records"].sort(key=lambda record: record["content"])
        return sorted(rrsets, key=lambda rrset: (rrset["name"], rrset["type"]))

    def rival(self, zone, *rrsets):
        """After each of the next PATCHes another program, which had read before it, writes the next of these."""
        self.rivals = [(zone, rrset) for rrset in rrsets]

    # The one in between

    def answer(self, request):
        if not request.target.startswith(self.prefix + "/"):
            return Reply(404, "no such place behind this proxy\n")
        hidden = self.settings.get("hidden", ())
        if any("/zones/" + zone in request.path for zone in hidden):
            return Reply(404, "Not Found")
        headers = {name: text for name, text in request.headers.items() if name not in ("host", "connection")}
        with self.lock:
            status, head, body = self.send(request.method, request.target[len(self.prefix):], headers,
                                           request.body or None)
            if request.method == "PATCH" and self.rivals:
                self.put(*self.rivals.pop(0))
        if hidden and request.path.endswith("/zones"):
            body = json.dumps([zone for zone in json.loads(body) if zone["name"] not in hidden]).encode()
        kept = {name.lower(): text for name, text in head.items()
                if name.lower() not in ("content-length", "connection", "transfer-encoding", "content-type")}
        return Reply(status, body, head.get("Content-Type", "text/plain"), kept)


SERVER = PowerDns
