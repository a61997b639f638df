# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""joohoi's acme-dns (v1.0 and its main branch of 2024), after its source: what it takes, what it answers, and how it
forgets. Its zone is one of the lab's.

settings: domain                 the server's zone, without a dot at the end
          registers (True)       False is disable_registration
          client ("192.0.2.1")   where all requests come from, for allowfrom
          clock (None)           seconds, in place of the time, until tick() moves it on
"""

import ipaddress
import json
import re
import time
import uuid
from secrets import token_urlsafe

from .base import Refusal, Reply, Server, on, quote

_JSON = "application/json"
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_SUBDOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def failure(status, code):
    return Refusal(Reply(status, '{"error": "%s"}' % code, _JSON))


def is_of_alphabet(text, length):
    return isinstance(text, str) and len(text) == length and _ALPHABET.fullmatch(text) is not None


class AcmeDnsServer(Server):
    def prepare(self):
        self.domain = self.settings["domain"]
        self.accounts = {}  # username -> account
        self.clock = self.settings.get("clock")

    def now(self):
        return int(time.time() if self.clock is None else self.clock)

    # For tests

    def tick(self, seconds):
        self.clock += seconds

    def rows(self, subdomain):
        """The two rows of a name, as [value, time]."""
        return next(a["rows"] for a in self.accounts.values() if a["subdomain"] == subdomain)

    def subdomains(self):
        """In the order of registration."""
        return [account["subdomain"] for account in self.accounts.values()]

    def allowed(self):
        return [account["allowfrom"] for account in self.accounts.values()]

    def forget(self):
        """As after a database was lost. What stands in the zone goes on standing."""
        self.accounts = {}

    def set_registers(self, registers):
        self.settings["registers"] = registers

    # The API

    def unknown(self, request):
        if request.path in ("/register", "/update", "/health"):
            return Reply(405, "Method Not Allowed\n", "text/plain; charset=utf-8")
        return Reply(404, "404 page not found\n", "text/plain; charset=utf-8")

    @on("GET", "/health")
    def health(self, request):
        return Reply(200)

    @on("POST", "/register")
    def register(self, request):
        if not self.settings.get("registers", True):
            return Reply(404, "404 page not found\n", "text/plain; charset=utf-8")
        return Reply.json(201, self.new_account(self.allowed_by(request)))

    def new_account(self, allowed=()):
        """What a client is told of it."""
        account = {"username": str(uuid.uuid4()), "password": token_urlsafe(30), "subdomain": str(uuid.uuid4()),
                   "allowfrom": list(allowed), "rows": [["", 0], ["", 0]]}
        account["fulldomain"] = "%s.%s" % (account["subdomain"], self.domain)
        self.accounts[account["username"]] = account
        return {key: account[key] for key in ("username", "password", "fulldomain", "subdomain", "allowfrom")}

    def allowed_by(self, request):
        networks = []
        if request.body:
            try:
                # Go's decoder takes keys in any case, and null for anything.
                tree = {key.lower(): value for key, value in json.loads(request.body).items()}
                networks = tree.get("allowfrom") or []
            except (ValueError, AttributeError):
                raise failure(400, "malformed_json_payload") from None
            if not isinstance(networks, list) or not all(isinstance(n, str) for n in networks):
                raise failure(400, "malformed_json_payload")
        for network in networks:
            try:
                if "/" not in network:
                    raise ValueError(network)
                ipaddress.ip_network(re.sub(r"[\[\]]", "", network), strict=False)
            except ValueError:
                raise failure(400, "invalid_allowfrom_cidr") from None
        return networks

    @on("POST", "/update")
    def update(self, request):
        account = self.account_of(request)
        try:
            tree = json.loads(request.body)
        except ValueError:  # logged there, and an empty subdomain then
            tree = {}
        if tree.get("subdomain") != account["subdomain"]:
            raise failure(401, "forbidden")
        if not _SUBDOMAIN.fullmatch(tree["subdomain"]):
            raise failure(400, "bad_subdomain")
        if not is_of_alphabet(tree.get("txt"), 43):
            raise failure(400, "bad_txt")
        self.put(account, tree["txt"])
        return Reply(200, '{"txt": "%s"}' % tree["txt"], _JSON)

    def account_of(self, request):
        try:
            user = str(uuid.UUID(request.headers.get("x-api-user", "")))
        except ValueError:
            raise failure(401, "forbidden") from None
        key = request.headers.get("x-api-key", "")
        account = self.accounts.get(user)
        if not is_of_alphabet(key, 40) or account is None or account["password"] != key:
            raise failure(401, "forbidden")
        client = ipaddress.ip_address(self.settings.get("client", "192.0.2.1"))
        networks = [ipaddress.ip_network(network, strict=False) for network in account["allowfrom"]]
        if networks and not any(client in network for network in networks):
            raise failure(401, "forbidden")
        return account

    def put(self, account, value):
        """Into the row with the older time; of two with one time, the first."""
        row = min(account["rows"], key=lambda r: r[1])
        row[:] = [value, self.now()]
        # Each row is a record: two of one value are one in the DNS.
        rdatas = sorted({quote(text) for text, _ in account["rows"] if text})
        zone = self.zone_of(account["fulldomain"] + ".")
        if zone is not None:
            self.write(zone, account["fulldomain"] + ".", 1, rdatas)


SERVER = AcmeDnsServer
