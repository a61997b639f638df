# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""cloudflare over its stand-in, which answers at the API's real name."""

from standins import StandIn

from . import ZONE, Rig

TOKEN = "TokenOfTheRig_0123456789_abcdefghijklmno"
WRONG = "TokenOfNobody_0123456789_abcdefghijklmno"


class CloudflareRig(Rig):
    name = "cloudflare"
    plugin = "cloudflare"
    standins = ("api.cloudflare.com",)
    is_batching = True
    lists_zones = True

    def start(self):
        rights = {"permissions": ["zone:read", "account.zone:list", "dns:edit"], "zones": None}
        self.api = StandIn(self.lab, "cloudflare", self.standins[0], zones=[ZONE], tokens={TOKEN: rights}, dns_ttl_s=1)
        self.secrets = [TOKEN, WRONG]

    def section(self):
        return ["api-token-file = " + self.file("token", TOKEN), "settle = 0"]

    def wrong_section(self):
        return ["api-token-file = " + self.file("wrong", WRONG), "settle = 0"]

    def wrong_words(self):
        return ["9109", "https://dash.cloudflare.com/profile/api-tokens"]

    def snapshot(self):
        return [self.lab.zones(), self.api.ask("everything")]

    def refuse(self, owner):
        self.api.ask("add_other", ZONE, {"type": "CNAME", "name": owner.rstrip("."), "content": "elsewhere.test"})
        return True

    def count(self):
        return len(self.api.requests())

    def set_rules(self, rules):
        self.api.set_rules([{"path": "/dns_records", **rule} for rule in rules])
        return True


RIGS = [CloudflareRig]
