# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns-server over its stand-in, with a domain that is registered and whose CNAME stands."""

import json
import os

from lab import Zone
from standins import StandIn

from . import FOREIGN, UNSERVED, ZONE, Rig

DOMAIN = "auth.test"


class AcmeDnsServerRig(Rig):
    name = "acme-dns-server"
    plugin = "acme-dns-server"
    standins = ("auth.example.com",)

    @classmethod
    def world(cls):
        world = super().world()
        # A CNAME stands alone: nothing of others' at the owner of the tests.
        records = "".join(line + "\n" for line in FOREIGN.splitlines() if not line.startswith("_acme-challenge "))
        world.zones = [Zone(ZONE, records=records), Zone(UNSERVED), Zone(DOMAIN)]
        return world

    def start(self):
        self.api = StandIn(self.lab, "acme_dns_server", self.standins[0], zones=[DOMAIN], domain=DOMAIN)
        self.account = self.api.ask("new_account")
        self.lab.update(ZONE, "add _acme-challenge.%s. 1 CNAME %s." % (ZONE, self.account["fulldomain"]))
        self.secrets = [self.account["password"]]

    def storage(self, name, account):
        """A folder that the workers' user may change, with one account."""
        folder = os.path.join(self.lab.folder, name)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "accounts.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({ZONE: account}, file)
        os.chmod(folder, 0o777)
        os.chmod(path, 0o666)
        return folder

    def section(self):
        return ["api-url = " + self.api.url, "storage = " + self.storage("storage", self.account)]

    def more_sections(self):
        return "[zone %s]\nprovider = rig\n" % DOMAIN

    def wrong_section(self):
        wrong = {**self.account, "password": "x" * 40}
        return ["api-url = " + self.api.url, "storage = " + self.storage("wrong", wrong)]

    def wrong_words(self):
        return ["401", "accounts.json"]

    def snapshot(self):
        """Not the values of its own zone, which stay until later ones push them out."""
        return {name: lines for name, lines in self.lab.zones().items() if name != DOMAIN}


RIGS = [AcmeDnsServerRig]
