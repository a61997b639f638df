#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A small internet of name servers on 127.0.0.0/8, port 53, for live_lab.c; some of them hostile.

Run inside a network namespace of its own. Commands come on stdin, a line each, and are answered with
a line: "add ADDRESS NAME VALUE", "drop ADDRESS NAME", "mode ADDRESS MODE", "cname ADDRESS NAME TARGET",
"count ADDRESS" (questions it got), "asked ADDRESS NAME" (how often for exactly that name).
"""
import asyncio
import collections
import struct
import sys

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

RESOLVER = "127.0.0.53"
# zone -> (addresses that serve it, delegations below it: child -> {server name: addresses})
ZONES = {
    ".": ["127.0.0.1"],
    "test.": ["127.0.0.2"],
    "example.test.": ["127.0.0.11", "127.0.0.12"],
    "broken.test.": ["127.0.0.11", "127.0.0.21", "127.0.0.22"],
    "alias.test.": ["127.0.0.13"],
    "third.test.": ["127.0.0.14"],
    "wild.test.": ["127.0.0.13"],
    "same.test.": ["127.0.0.11"],
    "below.same.test.": ["127.0.0.11"],
    "_acme-challenge.own.example.test.": ["127.0.0.15"],
    "caught.test.": ["127.0.0.16"],
    "odd.test.": ["127.0.0.17"],
    "lost.test.": ["127.0.0.18"],
    "notcp.test.": ["127.0.0.19"],
}
NAMES = {
    "127.0.0.1": "a.root-servers.test.", "127.0.0.2": "ns.nic.test.",
    "127.0.0.11": "ns1.example.test.", "127.0.0.12": "ns2.example.test.",
    "127.0.0.13": "ns.alias.test.", "127.0.0.14": "ns.third.test.", "127.0.0.15": "ns.own.test.",
    "127.0.0.16": "ns.caught.test.", "127.0.0.17": "ns.odd.test.", "127.0.0.18": "ns.lost.test.",
    "127.0.0.19": "ns.notcp.test.",
    "127.0.0.21": "lame.broken.test.", "127.0.0.22": "dead.broken.test.",
}
RECORDS = [  # name, type, text: served by every server of the name's zone
    ("_acme-challenge.chain.example.test.", "CNAME", "a.alias.test."),
    ("a.alias.test.", "CNAME", "b.third.test."),
    ("_acme-challenge.loop.example.test.", "CNAME", "x.alias.test."),
    ("x.alias.test.", "CNAME", "_acme-challenge.loop.example.test."),
    ("*.wild.test.", "CNAME", "parking.third.test."),
    ("_acme-challenge.real.wild.test.", "CNAME", "parking.third.test."),
    ("moved.example.test.", "DNAME", "alias.test."),
    ("_acme-challenge.full.example.test.", "TXT", '"left" "over"'),
] + [("c%d.alias.test." % i, "CNAME", "c%d.alias.test." % (i + 1)) for i in range(20)]
MODES = {"127.0.0.21": "refuse", "127.0.0.22": "silent", "127.0.0.16": "recursive"}


class Server:
    def __init__(self, address):
        self.address = address
        self.mode = MODES.get(address, "good")
        self.zones = [z for z, served in ZONES.items() if address in served]
        self.asked = collections.Counter()
        self.records = collections.defaultdict(list)
        for name, rdtype, text in RECORDS:
            if zone_of(name, list(ZONES)) in self.zones:
                self.records[name.lower(), rdtype].append(text)
        for zone in self.zones:
            self.records[zone, "SOA"] = ["ns. root. 1 2 3 4 60"]
            self.records[zone, "NS"] = [NAMES[a] for a in ZONES[zone]]
            if zone == "example.test.":  # IPv6 that this host cannot reach
                self.records[zone, "NS"].append("ns6.example.test.")
                self.records["ns6.example.test.", "AAAA"] = ["2001:db8:53::1"]
        for address, name in NAMES.items():
            if zone_of(name, list(ZONES)) in self.zones:
                self.records[name, "A"] = [address]

    def find(self, qname, rdtype):
        """Records of that type, by the name itself or the wildcard that covers it."""
        names = {name for name, _ in self.records}
        if any(n == qname or n.endswith("." + qname) for n in names):
            return self.records.get((qname, rdtype), [])
        return self.records.get(("*." + parent(qname), rdtype), [])

    def answer(self, query):
        question = query.question[0]
        qname, rdtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        reply = dns.message.make_response(query)
        zone = zone_of(qname, self.zones)
        if zone is None:
            reply.set_rcode(dns.rcode.REFUSED)
            return reply
        below = [z for z in ZONES if z != zone and within(z, zone) and within(qname, z)]
        child = min(below, key=len, default=None)
        if child is not None:
            return self.refer(reply, child)
        reply.flags |= dns.flags.AA
        dname = next((n for (n, t) in self.records if t == "DNAME" and qname.endswith("." + n)), None)
        if dname is not None:
            add(reply.answer, dname, "DNAME", self.records[dname, "DNAME"])
            return reply
        cname = self.find(qname, "CNAME")
        found = self.find(qname, rdtype)
        if cname and rdtype != "CNAME":
            add(reply.answer, qname, "CNAME", cname)
        elif found:
            add(reply.answer, qname, rdtype, found)
        else:
            names = {n for n, _ in self.records}
            if not any(n == qname or n.endswith("." + qname) for n in names):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            add(reply.authority, zone, "SOA", self.records[zone, "SOA"])
        return reply

    def refer(self, reply, child):
        servers = ZONES[child]
        if child != "lost.test.":
            add(reply.authority, child, "NS", [NAMES[a] for a in servers])
            for address in servers:
                if within(NAMES[address], child):
                    add(reply.additional, NAMES[address], "A", [address])
        else:
            add(reply.authority, child, "NS", ["nowhere.example.test."])
        return reply

    def wires(self, data, is_tcp):
        """The packets this server sends back for one question."""
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text().lower()
        self.asked[name] += 1
        mode = self.mode
        if mode == "silent" or (mode == "tcp-only" and not is_tcp):
            return []
        reply = self.answer(query)
        if mode == "refuse":
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.REFUSED)
        elif mode == "servfail":
            reply = dns.message.make_response(query)
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif mode == "recursive":
            reply.flags = (reply.flags & ~dns.flags.AA) | dns.flags.RA
        elif mode == "no-edns" and query.edns >= 0:
            reply = dns.message.make_response(query)
            reply.use_edns(-1)
            reply.set_rcode(dns.rcode.FORMERR)
        elif mode == "truncate" and not is_tcp:
            reply.answer = []
            reply.flags |= dns.flags.TC
        wire = reply.to_wire()
        if mode == "decoys":
            fake = bytearray(wire)
            fake[0] ^= 1
            other = dns.message.make_query("other.test.", "TXT")
            other.id = query.id
            foreign = dns.message.make_response(other).to_wire()
            return [bytes(fake), foreign, data, b"", b"\x00" * 5, wire]
        if mode == "garbage":
            return [data[:2] + b"\x84\x00" + data[4:12] + b"\xff" * 30]
        if mode == "tsig":
            return [wire[:10] + struct.pack("!H", len(reply.additional) + 1 + (reply.edns >= 0)) + wire[12:] + b"\0\x00\xfa\x00\xff" + b"\0" * 6]
        if mode == "pointer-loop":
            head = wire[:6] + struct.pack("!HHH", 1, 0, 0)
            end = 12 + len(query.question[0].name.to_wire()) + 4
            loop = struct.pack("!H", 0xC000 | end)
            return [head + wire[12:end] + loop + b"\0\x10\0\1\0\0\0\0\0\0"]
        return [wire]


class Resolver(Server):
    """Knows the root and the addresses of name servers, as a recursive resolver would find them."""

    def answer(self, query):
        question = query.question[0]
        qname, rdtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if (qname, rdtype) == (".", "NS"):
            add(reply.answer, ".", "NS", [NAMES["127.0.0.1"]])
            return reply
        address = [a for a, n in NAMES.items() if n == qname]
        if not address:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif rdtype == "A":
            add(reply.answer, qname, "A", address)
        return reply


def add(section, name, rdtype, texts):
    section.append(dns.rrset.from_text(name, 60, "IN", rdtype, *texts))


def parent(name):
    return name.partition(".")[2] or "."


def within(name, zone):
    return zone == "." or name == zone or name.endswith("." + zone)


def zone_of(name, zones):
    fitting = [z for z in zones if within(name, z)]
    return max(fitting, key=len, default=None)


class Udp(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        for wire in self.server.wires(data, False):
            self.transport.sendto(wire, addr)


async def serve_tcp(server, reader, writer):
    try:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
        for wire in server.wires(await reader.readexactly(size), True):
            writer.write(struct.pack("!H", len(wire)) + wire)
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


def obey(servers, line):
    verb, address, *rest = line.split()
    server = servers[address]
    if verb == "add":
        server.records[rest[0], "TXT"].append('"%s"' % rest[1])
    elif verb == "drop":
        server.records.pop((rest[0], "TXT"), None)
    elif verb == "cname":
        server.records[rest[0], "CNAME"] = [rest[1]]
    elif verb == "mode":
        server.mode = rest[0]
    elif verb == "count":
        return str(sum(server.asked.values()))
    elif verb == "asked":
        return str(server.asked[rest[0]])
    return "ok"


async def main():
    loop = asyncio.get_running_loop()
    servers = {address: Server(address) for address in NAMES}
    servers[RESOLVER] = Resolver(RESOLVER)
    no_tcp = {"127.0.0.19"}
    for address, server in servers.items():
        await loop.create_datagram_endpoint(lambda s=server: Udp(s), local_addr=(address, 53))
        if address not in no_tcp:
            await asyncio.start_server(lambda r, w, s=server: serve_tcp(s, r, w), address, 53)
    print("ready", flush=True)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        print(obey(servers, line.decode()), flush=True)


asyncio.run(main())
