# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT

from standins import StandIn, npm_folder, without

from . import ZONE, Rig

_KEY, _SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
_ZONE_ID = "Z0RIGLAB"


class Route53Rig(Rig):
    name = "route53"
    plugin = "route53"
    standins = ("route53.amazonaws.com",)  # where the plug-in goes by itself
    is_batching = True
    lists_zones = True

    def start(self):
        self.api = StandIn(self.lab, "route53", self.standins[0], zones=[ZONE], npm=npm_folder(),
                           keys={_KEY: {"secret": _SECRET}}, sync_s=0, hosted=[{"id": _ZONE_ID, "name": ZONE + "."}])
        self.secrets = [_SECRET]

    def section(self, secret=_SECRET):
        return ["access-key-id = " + _KEY, "secret-access-key-file = " + self.file("secret-%d" % len(secret), secret),
                "ttl = 1"]

    def environment(self):
        return {**without("AWS_"), **super().environment()}

    def wrong_section(self):
        return self.section("wr0ng-secret-of-nobody")

    def wrong_words(self):
        return ["Route 53", "SignatureDoesNotMatch", "secret access key"]

    def refuse(self, owner):
        self.api.ask("put", _ZONE_ID, {"name": owner.rstrip(".") + ".", "type": "CNAME", "ttl": 60,
                                       "values": ["elsewhere.test."]})
        return True

    def count(self):
        return len(self.api.requests(path="/rrset"))

    def set_rules(self, rules):
        self.api.set_rules([{"method": "POST", "path": "/rrset", **rule} for rule in rules])
        return True


RIGS = [Route53Rig]
