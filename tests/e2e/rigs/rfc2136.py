# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""rfc2136 over Knot, BIND and PowerDNS, as the lab's primary."""

from lab.world import tsig_name, tsig_secret
from pdns_scene import replace_primary

from . import ZONE, Rig

ALGORITHM = "hmac-sha256"


class Rfc2136Rig(Rig):
    plugin = "rfc2136"
    is_batching = True

    def start(self):
        self.secrets = [tsig_secret(ALGORITHM), tsig_secret("hmac-sha512")]

    def section(self):
        return ["key-file = " + self.lab.key_file(ALGORITHM), "ttl = 1"]

    def wrong_section(self):
        return ["server = " + self.lab.primary, "key-name = " + tsig_name(ALGORITHM),
                "key-secret-file = " + self.file("secret", tsig_secret("hmac-sha512")), "ttl = 1"]

    def wrong_words(self):
        return [self.lab.primary, tsig_name(ALGORITHM), "secret"]

    def refuse(self, owner):
        """The servers ignore a TXT beside a CNAME, and say NOERROR."""
        self.lab.update(ZONE, "add %s 60 CNAME elsewhere.test." % owner)
        return True

    def measure(self, action):
        with self.lab.capture() as seen:
            action()
        return sum(message["opcode"] == "UPDATE" for message in seen)


class KnotRig(Rfc2136Rig):
    name = "rfc2136-knot"
    in_step = False


class BindRig(Rfc2136Rig):
    name = "rfc2136-bind"


class PowerDnsRig(Rfc2136Rig):
    name = "rfc2136-powerdns"
    standins = ("pdns.example.com",)

    def start(self):
        super().start()
        self.api = replace_primary(self.lab, self.standins[0])
        for algorithm in (ALGORITHM, "hmac-sha512"):
            self.api.ask("api", "POST", "/servers/localhost/tsigkeys", {
                "name": tsig_name(algorithm), "algorithm": algorithm, "key": tsig_secret(algorithm)})
        self.api.ask("metadata", ZONE + ".", "TSIG-ALLOW-DNSUPDATE", [tsig_name(ALGORITHM)])

    def refuse(self, owner):
        """PowerDNS refuses the whole message, and does not say whose fault it is."""
        self.api.ask("put", ZONE + ".", {"name": owner, "type": "CNAME", "ttl": 60, "records": [
            {"content": "elsewhere.test.", "disabled": False}]})
        return True


RIGS = [KnotRig, BindRig, PowerDnsRig]
