# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""powerdns over a real PowerDNS that has taken the primary's place."""

import re

from pdns_scene import API_KEY, replace_primary

from . import UNSERVED, Rig


class PowerDnsRig(Rig):
    name = "powerdns"
    plugin = "powerdns"
    standins = ("pdns.example.com",)
    is_batching = True
    lists_zones = True

    def start(self):
        self.api = replace_primary(self.lab, self.standins[0], hidden=[UNSERVED + "."])
        self.secrets = [API_KEY]
        self.refusals = []

    def snapshot(self):
        return self.lab.zones(), [self.api.ask("rrsets", zone.name + ".") for zone in self.lab.world.zones]

    def section(self):
        return ["api-url = " + self.api.url, "api-key-file = " + self.file("key", API_KEY), "ttl = 1"]

    def wrong_section(self):
        return ["api-url = " + self.api.url, "api-key-file = " + self.file("wrong", "not-" + API_KEY)]

    def wrong_words(self):
        return ["HTTP 401", "api-key", "pdns.conf"]

    def refuse(self, owner):
        words = '{"error": "RRset %s IN TXT: Conflicts with pre-existing RRset"}' % owner
        self.refusals.append({"method": "PATCH", "containing": re.escape('"%s"' % owner), "do": "refuse", "status": 422,
                              "headers": {"content-type": "application/json"}, "body": words})
        return self.set_rules([])

    def count(self):
        return len(self.api.requests())

    def set_rules(self, rules):
        self.api.set_rules(self.refusals + [{"method": "PATCH", **rule} for rule in rules])
        return True


RIGS = [PowerDnsRig]
