# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The API for which `acme-dns plugin new` writes a plug-in (plugins/kit/template/fake_api.py), with the lab's zones
behind it. A record's id is made of what it holds.

settings: token.
"""

from .base import Refusal, Reply, Server, on, quote, unquote


def id_of(owner, rdata):
    return (owner + " " + rdata).encode().hex()


class Begun(Server):
    def zone_of(self, request, number):
        """The name of a zone, for who may see it."""
        if request.headers.get("authorization") != "Bearer " + self.settings["token"]:
            raise Refusal(Reply.json(401, {"error": "this token is not known"}))
        return sorted(self.zones)[int(number)]

    @on("GET", "/zones")
    def list_zones(self, request):
        self.zone_of(request, 0)
        zones = [{"id": "z%d" % i, "name": zone.rstrip(".")} for i, zone in enumerate(sorted(self.zones))]
        return Reply.json(200, {"zones": zones if request.argument("page") == "1" else []})

    @on("GET", r"/zones/z(\d+)/records")
    def list_records(self, request, number):
        owner = request.argument("name") + "."
        _, rdatas = self.zones[self.zone_of(request, number)].get(owner, (0, []))
        return Reply.json(200, {"records": [{"id": id_of(owner, rdata), "name": owner.rstrip("."), "type": "TXT",
                                             "content": rdata} for rdata in rdatas]})

    @on("POST", r"/zones/z(\d+)/records")
    def create_record(self, request, number):
        zone, record = self.zone_of(request, number), request.json()
        owner, rdata = record["name"] + ".", quote(unquote(record["content"]))
        ttl_s, rdatas = self.zones[zone].get(owner, (record["ttl"], []))
        if rdata in rdatas:
            return Reply.json(409, {"error": "the record exists"})
        self.write(zone, owner, ttl_s, rdatas + [rdata])
        return Reply.json(201, {"record": {"id": id_of(owner, rdata)}})

    @on("DELETE", r"/zones/z(\d+)/records/([0-9a-f]+)")
    def delete_record(self, request, number, key):
        zone = self.zone_of(request, number)
        owner, rdata = bytes.fromhex(key).decode().split(" ", 1)
        ttl_s, rdatas = self.zones[zone].get(owner, (0, []))
        if rdata not in rdatas:
            return Reply.json(404, {"error": "there is no such record"})
        self.write(zone, owner, ttl_s, [other for other in rdatas if other != rdata])
        return Reply(204)


SERVER = Begun
