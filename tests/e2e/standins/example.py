# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The smallest stand-in: an API that no provider has, for the tests of base.py and to write others after.

    GET    /zones/ZONE/txt/OWNER            {"ttl": 60, "values": ["one", "two"]}
    POST   /zones/ZONE/txt/OWNER  "VALUE"   adds a value
    DELETE /zones/ZONE/txt/OWNER  "VALUE"   removes one

settings: token, and ttl_s of the sets it makes.
"""

from .base import Refusal, Reply, Server, on, quote, unquote


class Example(Server):
    def prepare(self):
        self.token = self.settings["token"]

    def set_of(self, request, zone, owner):
        """(TTL, [RDATA]) of a TXT set that may be empty, for who may see it."""
        if request.headers.get("authorization") != "Bearer " + self.token:
            raise Refusal(Reply.json(401, {"error": "wrong token"}))
        if zone not in self.zones:
            raise Refusal(Reply.json(404, {"error": "no such zone"}))
        return self.zones[zone].get(owner, (self.settings.get("ttl_s", 60), []))

    @on("GET", "/zones/([^/]+)/txt/([^/]+)")
    def show(self, request, zone, owner):
        ttl_s, rdatas = self.set_of(request, zone, owner)
        return Reply.json(200, {"ttl": ttl_s, "values": [unquote(rdata).decode() for rdata in rdatas]})

    @on("POST|DELETE", "/zones/([^/]+)/txt/([^/]+)")
    def change(self, request, zone, owner):
        ttl_s, rdatas = self.set_of(request, zone, owner)
        rdata = quote(request.json())
        rdatas = [known for known in rdatas if known != rdata]
        self.write(zone, owner, ttl_s, rdatas + ([rdata] if request.method == "POST" else []))
        return Reply.json(200, {})


SERVER = Example
