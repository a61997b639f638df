# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What a lab looks like: zones, hosts, CAs and the addresses they live at. No process is started here."""

import base64
import hashlib
from dataclasses import dataclass, field

# (third, fourth) part of an IPv4 address below the world's prefix; IPv6 is 2001:db8:53::third:fourth.
# Ranges for documentation and benchmarks: acme-dns warns of name servers with private addresses.
RESOLVER = (0, 53)
ROOT = (1, 1)
TLD = (2, 1)
PRIMARY = (3, 1)
SECONDARY = (4, 1)
NOTIFY_DELAYER = (4, 9)
HOSTS = 5  # the third part of scripted hosts
CAS = 6
PROXIES = 7
STANDINS = 8

CA_PORT = 14000
CA_MANAGEMENT_PORT = 15000

TSIG_ALGORITHMS = (
    "hmac-md5",
    "hmac-sha1",
    "hmac-sha224",
    "hmac-sha256",
    "hmac-sha384",
    "hmac-sha512",
)

# An IPv6 net whose packets leave and never arrive anywhere; 2001:db8::/32 beside it has no route.
BLACK_HOLE6 = "2001:db8:dead::"


@dataclass
class Host:
    """A further name server of a zone, run by dnsd.py.

    kind: "lame" answers REFUSED, "silent" nothing, "closed" has no socket, "forward" behaves like the
    primary. rules are tried first (see dnsd.py) and can be changed while the lab runs.
    """

    label: str
    kind: str = "forward"
    rules: list = field(default_factory=list)
    ipv6: bool = False


@dataclass
class Zone:
    """A zone on the primary, delegated from the longest other zone of the world that holds it.

    records are zone-file lines relative to the zone. dead_ipv6 lists further AAAA of ns1 that lead
    nowhere. hosts are further name servers. nsec3: how a signed zone proves that a name is not there.
    """

    name: str
    records: str = ""
    secondary: bool = True
    signed: bool = False
    nsec3: bool = False
    hosts: list = field(default_factory=list)
    hidden_primary: bool = False
    ipv6: bool = True
    dead_ipv6: tuple = ()
    minimum_s: int = 60
    ds_at_parent: bool = True


@dataclass
class Ca:
    """A Pebble. version: "new" (Debian's newest) or "2.4" (Debian 12's).

    Without calm it keeps its hostile defaults: 5 % bad nonces, waits up to 5 s in validation, half of
    the valid authorizations reused. env overrides single knobs (PEBBLE_WFE_NONCEREJECT=50). proxy
    puts the fault proxy before it (see proxy.py).
    """

    name: str = "ca"
    version: str = "new"
    calm: bool = False
    env: dict = field(default_factory=dict)
    eab: dict = field(default_factory=dict)
    profiles: dict = field(default_factory=dict)
    config: dict = field(default_factory=dict)
    strict: bool = False
    proxy: bool = False


@dataclass
class World:
    """A whole lab. lag_s: how long the secondary hears of a change too late, beside the second that Knot
    waits before each NOTIFY. in_step: one BIND at the addresses of primary and secondary, for labs that
    measure, since Knot also lets some updates wait until a second after the one before. cache_s: the
    longest that the resolver keeps an answer; None leaves it to TTLs. rtt_ms: None leaves client and
    servers on one loopback interface; a number puts a wire of that round trip between them. standins:
    host names or IPv4 addresses that stand-ins of providers will answer at (see standins/)."""

    zones: list = field(default_factory=lambda: [Zone("example.test")])
    cas: list = field(default_factory=lambda: [Ca()])
    lag_s: float = 0
    in_step: bool = False
    cache_s: int = None
    rtt_ms: float = None
    standins: list = field(default_factory=list)

    @property
    def prefix(self):
        return "127.0" if self.rtt_ms is None else "198.18"

    def ip4(self, place):
        return "%s.%d.%d" % (self.prefix, place[0], place[1])

    def ip6(self, place):
        return "2001:db8:53::%x:%x" % place

    def hosts(self):
        """(place, zone, host) of every scripted host."""
        found = []
        for zone in self.zones:
            for host in zone.hosts:
                found.append(((HOSTS, len(found) + 1), zone, host))
        return found

    def ca_place(self, index):
        return (CAS, index + 1)

    def proxy_place(self, index):
        return (PROXIES, index + 1)

    def standin_address(self, host):
        return host if is_address(host) else self.ip4((STANDINS, self.standins.index(host) + 1))

    def host_names(self):
        """name -> address, for /etc/hosts: each CA is NAME.test, its proxy NAME-proxy.test, and the stand-ins."""
        names = {"localhost": "127.0.0.1"}
        for index, ca in enumerate(self.cas):
            names[ca.name + ".test"] = self.ip4(self.ca_place(index))
            if ca.proxy:
                names[ca.name + "-proxy.test"] = self.ip4(self.proxy_place(index))
        names.update((host, self.standin_address(host)) for host in self.standins if not is_address(host))
        return names

    def tlds(self):
        return sorted({zone.name.split(".")[-1] for zone in self.zones})

    def parent_of(self, zone):
        """The zone of the world, or the TLD, that delegates it."""
        best = zone.name.split(".")[-1]
        for other in self.zones:
            if other is not zone and zone.name.endswith("." + other.name):
                if len(other.name) > len(best):
                    best = other.name
        return best

    @property
    def is_signed(self):
        return any(zone.signed for zone in self.zones)


def is_address(text):
    return all(part.isdigit() for part in text.split("."))


def tsig_name(algorithm):
    return "lab-" + algorithm


def tsig_secret(algorithm):
    """Base64; long enough for the algorithm, the same in every lab (it guards nothing)."""
    return base64.b64encode(hashlib.sha512(algorithm.encode()).digest()).decode()
