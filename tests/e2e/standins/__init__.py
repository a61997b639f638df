# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Stand-ins of providers' APIs, inside a lab. base.py says how one is written; a module of this package is one,
and names its class SERVER. Here is what a test holds in its hands.

    lab = make_lab(World(standins=["api.example.com"]))
    api = StandIn(lab, "example", "api.example.com", token="secret")     # https, port 443
    api.set_rules([{"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "times": 1}])
    ... options: api-url = {api.url}; environment: SSL_CERT_FILE = {lab.ca_bundle}
    assert len(api.requests("POST")) == 2 and api.ask("zone_of", "www.example.test.") == "example.test."
"""

import json
import os
import re
import socket
import sys

from lab.control import cache_dir

from .base import Front, Mirror, context_of


class Traffic:
    """The folder of a stand-in: its rules, and what has arrived."""

    folder = None

    def _path(self, name):
        return os.path.join(self.folder, name)

    def set_rules(self, rules):
        """From the next request on; all counts begin anew."""
        with open(self._path("rules.json.new"), "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.rename(self._path("rules.json.new"), self._path("rules.json"))

    def requests(self, method="", path="", rule=""):
        """What arrived, in order: dicts with time, method, path (with the query), headers, body, status (None: no
        reply was made), rule (what was done to it, or "pass"). The arguments are regular expressions."""
        if not os.path.exists(self._path("requests.jsonl")):
            return []
        with open(self._path("requests.jsonl"), encoding="utf-8") as file:
            seen = [json.loads(line) for line in file if line.endswith("\n")]
        return [r for r in seen if re.search(method, r["method"]) and re.search(path, r["path"])
                and re.search(rule, r["rule"])]


class StandIn(Traffic):
    """A running stand-in. host: of World(standins=...). zones: those that the provider holds; None: all that the
    lab has. port: None is the usual one. Further settings, as JSON has them, are the stand-in's own."""

    def __init__(self, lab, kind, host, zones=None, tls=True, port=None, rules=(), **settings):
        self.lab = lab
        self.name = "standin-%s-%s" % (kind, host)
        self.host = host
        self.port = port or (443 if tls else 80)
        self.is_tls = tls
        settings["zones"] = [name + "." for name in ([z.name for z in lab.world.zones] if zones is None else zones)]
        self.folder = os.path.join(lab.folder, self.name)
        os.mkdir(self.folder)
        self.set_rules(list(rules))
        spec = {"kind": kind, "address": [lab.world.standin_address(host), self.port], "settings": settings,
                "primary": lab.primary, "folder": self.folder, "control": self._path("control")}
        if tls:
            spec["certificate"] = [os.path.join(lab.folder, name) for name in ("server.pem", "server.key")]
        with open(self._path("spec.json"), "w", encoding="utf-8") as file:
            json.dump(spec, file)
        lab.run_server(self.name, [sys.executable, "-m", "standins", self._path("spec.json")],
                       ready=self._path("control"))

    @property
    def url(self):
        usual = self.port == (443 if self.is_tls else 80)
        return "http%s://%s%s" % ("s" if self.is_tls else "", self.host, "" if usual else ":%d" % self.port)

    def ask(self, method, *arguments):
        """Calls a method of the stand-in: its answer, or a RuntimeError with its words."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(self._path("control"))
            connection.sendall(json.dumps([method, arguments]).encode() + b"\n")
            with connection.makefile("rb") as replies:
                answer = json.loads(replies.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["ok"]

    def write(self, zone, owner, ttl_s, rdatas):
        """Another customer's program: makes these the owner's TXT values, at the provider and in the DNS."""
        self.ask("write", zone, owner, ttl_s, rdatas)

    def stop(self):
        self.lab.stop_server(self.name)


def npm_folder():
    """Where scripts/lib/packages.sh puts npm packages, for node."""
    return os.path.join(cache_dir(), "npm")


def without(prefix):
    """Environment that hides the variables of whoever runs the tests, such as AWS_CA_BUNDLE."""
    return {name: "" for name in os.environ if name.startswith(prefix)}


def serve(server, folder, context=None):
    """A Server in this very process, for tests without a lab: a Front whose port the system chose."""
    rules = os.path.join(folder, "rules.json")
    if not os.path.exists(rules):
        with open(rules, "w", encoding="utf-8") as file:
            file.write("[]")
    return Front(server, ("127.0.0.1", 0), rules, os.path.join(folder, "requests.jsonl"), context)


__all__ = ["Front", "Mirror", "StandIn", "Traffic", "context_of", "npm_folder", "serve", "without"]
