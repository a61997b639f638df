# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The text of every configuration and zone file of a lab, from its World."""

import json
import os

from .world import (
    CA_MANAGEMENT_PORT,
    CA_PORT,
    NOTIFY_DELAYER,
    PRIMARY,
    RESOLVER,
    ROOT,
    SECONDARY,
    TLD,
    TSIG_ALGORITHMS,
    tsig_name,
    tsig_secret,
)

SERIAL = 1
_SOA = "@ 60 IN SOA {mname} hostmaster.lab. {serial} 3600 600 86400 {minimum}\n"


def _address_lines(world, owner, place, ipv6=True):
    lines = ["%s 60 IN A %s" % (owner, world.ip4(place))]
    if ipv6:
        lines.append("%s 60 IN AAAA %s" % (owner, world.ip6(place)))
    return lines


def zone_servers(world, zone):
    """(label, place, ipv6) of each name server the zone lists."""
    servers = []
    if not zone.hidden_primary:
        servers.append(("ns1", PRIMARY, zone.ipv6))
    if zone.secondary:
        servers.append(("ns2", SECONDARY, zone.ipv6))
    servers.extend((host.label, place, host.ipv6) for place, of, host in world.hosts() if of is zone)
    return servers


def _delegation(world, zone):
    """NS and glue with absolute names: the same lines in the parent and in the zone itself."""
    lines = []
    for label, place, ipv6 in zone_servers(world, zone):
        owner = "%s.%s." % (label, zone.name)
        lines.append("%s. 60 IN NS %s" % (zone.name, owner))
        lines.extend(_address_lines(world, owner, place, ipv6))
        if label == "ns1":
            lines.extend("%s 60 IN AAAA %s" % (owner, dead) for dead in zone.dead_ipv6)
    return lines


def zone_text(world, zone, ds):
    """ds: {zone name: [DS lines]} of signed zones."""
    lines = _delegation(world, zone)
    for child in world.zones:
        if world.parent_of(child) == zone.name:
            lines += _delegation(world, child)
            lines += ds.get(child.name, [])
    head = "$ORIGIN %s.\n$TTL 60\n" % zone.name
    soa = _SOA.format(mname="ns1", serial=SERIAL, minimum=zone.minimum_s)
    return head + soa + "\n".join(lines) + "\n" + zone.records.strip() + "\n"


def tld_text(world, tld, ds):
    lines = ["@ 60 IN NS a.nic"] + _address_lines(world, "a.nic", TLD)
    for name, address in sorted(world.host_names().items()):
        if name.endswith("." + tld):
            lines.append("%s. 60 IN A %s" % (name, address))
    for zone in world.zones:
        if world.parent_of(zone) == tld:
            lines += _delegation(world, zone) + ds.get(zone.name, [])
    soa = _SOA.format(mname="a.nic", serial=SERIAL, minimum=60)
    return "$ORIGIN %s.\n$TTL 60\n" % tld + soa + "\n".join(lines) + "\n"


def root_text(world, ds):
    lines = [". 60 IN NS a.rootserver."] + _address_lines(world, "a.rootserver.", ROOT)
    for tld in world.tlds():
        lines.append("%s. 60 IN NS a.nic.%s." % (tld, tld))
        lines += _address_lines(world, "a.nic.%s." % tld, TLD) + ds.get(tld, [])
    return "$ORIGIN .\n$TTL 60\n" + _SOA.format(mname="a.rootserver.", serial=SERIAL, minimum=60) + (
        "\n".join(lines) + "\n"
    )


def root_hints(world):
    return "\n".join([". 60 IN NS a.rootserver."] + _address_lines(world, "a.rootserver.", ROOT)) + "\n"


def knot(world, folder, place, zones, is_primary):
    """zones: [(name, is_signed)]. Everyone may transfer, as the tests compare whole zones; the TSIG keys
    may update the primary's."""
    zones_folder = os.path.join(folder, "zones")
    text = """server:
    rundir: "%(folder)s"
    listen: ["%(ip4)s@53", "%(ip6)s@53"]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "%(folder)s/db"
    journal-db-mode: asynchronous
    journal-db-max-size: 32M
    kasp-db-max-size: 16M
    timer-db-max-size: 1M
""" % {"folder": folder, "ip4": world.ip4(place), "ip6": world.ip6(place)}
    text += "key:\n"
    for algorithm in TSIG_ALGORITHMS:
        text += "  - id: %s\n    algorithm: %s\n    secret: %s\n" % (
            tsig_name(algorithm), algorithm, tsig_secret(algorithm))
    told = NOTIFY_DELAYER if world.lag_s else SECONDARY
    text += """remote:
  - id: secondary
    address: "%s@53"
    via: "%s"
acl:
  - id: anyone
    address: [0.0.0.0/0, "::/0"]
    action: transfer
  - id: updaters
    key: [%s]
    action: [update, transfer]
policy:
  - id: lab
    manual: on
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: off
  - id: lab-nsec3
    manual: on
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
""" % (world.ip4(told), world.ip4(place), ", ".join(tsig_name(a) for a in TSIG_ALGORITHMS))
    text += """template:
  - id: default
    storage: "%s"
    file: "%%s.zone"
    acl: [updaters, anyone]
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
""" % zones_folder
    for name, is_signed in zones:
        text += "  - domain: \"%s.\"\n    file: \"%s.zone\"\n" % (name, name or "root")
        if is_signed:
            is_nsec3 = any(z.name == name and z.nsec3 for z in world.zones)
            text += "    dnssec-signing: on\n    dnssec-policy: lab%s\n" % ("-nsec3" if is_nsec3 else "")
        if is_primary and any(z.name == name and z.secondary for z in world.zones):
            text += "    notify: secondary\n"
    return text


def _bind_options(world, folder, places):
    return """options {
    directory "%(folder)s";
    pid-file none; session-keyfile "%(folder)s/session.key"; managed-keys-directory "%(folder)s";
    listen-on port 53 { %(ip4)s };
    listen-on-v6 port 53 { %(ip6)s };
    transfer-source %(source)s; notify-source %(source)s; query-source %(source)s;
    recursion no; dnssec-validation no; notify no; querylog no;
    allow-query { any; }; allow-transfer { any; }; allow-notify { any; };
    min-refresh-time 1; serial-query-rate 1000; transfers-in 100; transfers-per-ns 100;
    empty-zones-enable no; check-names primary ignore; check-integrity no;
};
controls { };
""" % {
        "folder": folder,
        "source": world.ip4(places[0]),
        "ip4": " ".join(world.ip4(place) + ";" for place in places),
        "ip6": " ".join(world.ip6(place) + ";" for place in places),
    }


def bind_secondary(world, folder):
    text = _bind_options(world, folder, [SECONDARY])
    for zone in world.zones:
        if zone.secondary:
            text += 'zone "%s" { type secondary; primaries { %s; }; file "%s.zone"; ' % (
                zone.name, world.ip4(PRIMARY), zone.name)
            text += "masterfile-format text; };\n"
    return text


def bind_primary(world, folder):
    """One BIND at the addresses of primary and secondary: see World.in_step."""
    text = _bind_options(world, folder, [PRIMARY, SECONDARY])
    for algorithm in TSIG_ALGORITHMS:
        text += 'key "%s" { algorithm %s; secret "%s"; };\n' % (
            tsig_name(algorithm), algorithm, tsig_secret(algorithm))
    keys = " ".join('key "%s";' % tsig_name(algorithm) for algorithm in TSIG_ALGORITHMS)
    for zone in world.zones:
        text += 'zone "%s" { type primary; file "zones/%s.zone"; allow-update { %s }; };\n' % (
            zone.name, zone.name, keys)
    return text


def unbound(world, folder, anchors):
    """anchors: DS lines of the root, or none; then nothing is validated."""
    text = """server:
    interface: %(ip4)s
    interface: %(ip6)s
    outgoing-interface: %(ip4)s
    outgoing-interface: %(ip6)s
    port: 53
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "%(folder)s"
    pidfile: ""
    use-syslog: no
    logfile: ""
    log-queries: yes
    log-tag-queryreply: yes
    log-time-ascii: no
    root-hints: "%(folder)s/root.hints"
    do-not-query-localhost: no
    num-threads: 1
    msg-cache-size: 1m
    rrset-cache-size: 1m
    key-cache-size: 1m
    neg-cache-size: 1m
    module-config: "%(modules)s"
""" % {
        "ip4": world.ip4(RESOLVER),
        "ip6": world.ip6(RESOLVER),
        "folder": folder,
        "modules": "validator iterator" if anchors else "iterator",
    }
    if world.cache_s is not None:
        text += "    cache-max-ttl: %d\n    cache-max-negative-ttl: %d\n" % (world.cache_s, world.cache_s)
    for tld in world.tlds():
        text += '    local-zone: "%s." nodefault\n' % tld
    for line in anchors:
        text += '    trust-anchor: "%s"\n' % line
    return text + "remote-control:\n    control-enable: no\n"


def pebble(world, index, folder, certificate, key):
    ca = world.cas[index]
    address = world.ip4(world.ca_place(index))
    settings = {
        "listenAddress": "%s:%d" % (address, CA_PORT),
        "managementListenAddress": "%s:%d" % (address, CA_MANAGEMENT_PORT),
        "certificate": certificate,
        "privateKey": key,
        "httpPort": 5002,
        "tlsPort": 5001,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": bool(ca.eab),
    }
    if ca.eab:
        settings["externalAccountMACKeys"] = ca.eab
    if ca.profiles:
        settings["profiles"] = ca.profiles
    settings.update(ca.config)
    return json.dumps({"pebble": settings}, indent=2)


def pebble_env(ca):
    env = {}
    if ca.calm:
        env = {
            "PEBBLE_VA_NOSLEEP": "1",
            "PEBBLE_WFE_NONCEREJECT": "0",
            "PEBBLE_AUTHZREUSE": "0",
        }
    env.update({key: str(value) for key, value in ca.env.items()})
    return env
