# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A host unlike that of `plugin new`: zones asked for by name, names relative to the zone and null at its top, lists
in three by a cursor, no filter on records, other words for everything."""
import plugincheck
from fakeapi import FakeApi, Reply, route


class Api(FakeApi):
    page_size = 3

    def authorize(self, request):
        if request.headers.get("X-API-Key") != "good-token":
            return Reply(401, {"message": "this key is not known"})

    def some(self, request, things):
        first = int(request.query.get("after", 0))
        behind = first + self.page_size
        return Reply(200, {"data": things[first:behind],
                           "meta": {"next": str(behind) if behind < len(things) else None}})

    @route("GET", r"/domains")
    def list_domains(self, request):
        return self.some(request, [{"uuid": "z%d" % i, "domain": name} for i, name in enumerate(self.zones)
                                   if name == request.query["name"]])

    @route("GET", r"/domains/z(\d+)/rr")
    def list_records(self, request, zone):
        zone = self.zones[int(zone)]
        return self.some(request, [{"rr": key, "kind": record["type"], "rdata": record["content"],
                                    "host": record["name"][:-len(zone)].rstrip(".") or None}
                                   for key, record in self.records.items() if record["zone"] == zone])

    @route("POST", r"/domains/z(\d+)/rr")
    def create_record(self, request, zone):
        key, sent, zone = self.new_id(), request.json, self.zones[int(zone)]
        self.records[key] = {"zone": zone, "type": sent["kind"], "content": sent["rdata"], "ttl": sent["ttl"],
                             "name": zone if sent["host"] == "@" else sent["host"] + "." + zone}
        return Reply(201, {"rr": key})

    @route("DELETE", r"/domains/z(\d+)/rr/(\w+)")
    def delete_record(self, request, zone, key):
        return Reply(204) if self.records.pop(key, None) else Reply(404, {"message": "there is no such record"})


if __name__ == "__main__":
    plugincheck.main(Api, options={"api-url": "{url}", "token": "good-token"}, secret="good-token",
                     wrong={"token": "bad-token"})
