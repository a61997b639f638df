#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A pretend @NAME@, as small as it can be: what its API says to the plug-in. Make it answer as the real one does.

`make check` tries the plug-in on it; `make serve` leaves it running, to try things by hand.
"""
import plugincheck
from fakeapi import FakeApi, Reply, route


class Api(FakeApi):
    def authorize(self, request):
        if request.headers.get("Authorization") != "Bearer good-token":
            return Reply(401, {"error": "this token is not known"})

    @route("GET", r"/zones")
    def list_zones(self, request):
        zones = [{"id": "z%d" % i, "name": name} for i, name in enumerate(self.zones)]
        return Reply(200, {"zones": self.on_page(request, zones)})

    @route("GET", r"/zones/z(\d+)/records")
    def list_records(self, request, zone):
        found = [{"id": key, **record} for key, record in self.records.items()
                 if record["zone"] == self.zones[int(zone)]
                 and record["name"] == request.query.get("name", record["name"])
                 and record["type"] == request.query.get("type", record["type"])]
        return Reply(200, {"records": self.on_page(request, found)})

    @route("POST", r"/zones/z(\d+)/records")
    def create_record(self, request, zone):
        record = {key: request.json[key] for key in ("type", "name", "content", "ttl")}
        if not record["name"].endswith(self.zones[int(zone)]):
            return Reply(422, {"error": "the name is not in this zone"})
        key = self.new_id()
        self.records[key] = {"zone": self.zones[int(zone)], **record}
        return Reply(201, {"record": {"id": key, **record}})

    @route("DELETE", r"/zones/z(\d+)/records/(\w+)")
    def delete_record(self, request, zone, key):
        return Reply(204) if self.records.pop(key, None) else Reply(404, {"error": "there is no such record"})


if __name__ == "__main__":
    plugincheck.main(Api, options={"api-url": "{url}", "token": "good-token"}, secret="good-token",
                     wrong={"token": "bad-token"})
