# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Scripted name servers, over UDP and TCP, and the device that makes a secondary hear of changes late.

A host of kind "forward" hands each question to the primary and its answer back, "lame" answers REFUSED,
"silent" nothing. Its rules come first; they may name "name", "type", "proto" (regular expressions), and do:

    drop                      no answer
    rcode     rcode=NAME      that, without answer
    truncate                  TC set, nothing else
    delay     seconds=N       the primary's answer, late
    answer    records=[...], rcode=NAME, aa=BOOL, ra=BOOL
    no-aa                     the primary's answer without AA, with RA: an intercepting resolver
    wrong-id, wrong-question  the primary's answer, falsified
    bytes     hex=TEXT        these bytes after the question's id
    close                     TCP: hang up
"""

import asyncio
import json
import sys

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from .rules import Rules


class Host:
    def __init__(self, spec, upstream):
        self.kind = spec["kind"]
        self.upstream = upstream
        self.rules = Rules(spec["rules"], ("name", "type", "proto"))

    async def answer(self, wire, proto):
        """The answer's bytes; None for silence; b"" to hang up."""
        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
        except Exception:  # a hostile client's packet: not worth an answer
            return None
        rule = self.rules.find(
            name=question.name.to_text(omit_final_dot=True).lower(),
            type=dns.rdatatype.to_text(question.rdtype),
            proto=proto,
        )
        if rule is None:
            rule = {"lame": {"do": "rcode", "rcode": "REFUSED"}, "silent": {"do": "drop"}}.get(self.kind)
        if rule is None:
            return await self.forward(wire, proto)
        return await self.apply(rule, query, wire, proto)

    async def apply(self, rule, query, wire, proto):
        what = rule["do"]
        if what == "drop":
            return None
        if what == "close":
            return b""
        if what == "bytes":
            return wire[:2] + bytes.fromhex(rule["hex"])
        if what in ("rcode", "answer", "truncate"):
            return self.invent(rule, query).to_wire()
        if what == "delay":
            await asyncio.sleep(rule["seconds"])
        reply = await self.forward(wire, proto)
        if reply is None:
            return None
        if what == "no-aa":
            return reply[:2] + bytes([reply[2] & ~0x04, reply[3] | 0x80]) + reply[4:]
        if what == "wrong-id":
            return bytes([reply[0] ^ 0xFF]) + reply[1:]
        if what == "wrong-question":  # the first letter of the question
            return reply[:13] + bytes([reply[13] ^ 0x01]) + reply[14:]
        return reply

    def invent(self, rule, query):
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.from_text(rule.get("rcode", "NOERROR")))
        if rule.get("aa", rule["do"] == "answer"):
            reply.flags |= dns.flags.AA
        if rule.get("ra"):
            reply.flags |= dns.flags.RA
        if rule["do"] == "truncate":
            reply.flags |= dns.flags.TC
        for line in rule.get("records", ()):
            owner, ttl, _, rdtype, value = line.split(None, 4)
            reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, value))
        return reply

    async def forward(self, wire, proto):
        def ask():
            message = dns.message.from_wire(wire)
            send = dns.query.tcp if proto == "tcp" else dns.query.udp
            return send(message, self.upstream, timeout=2).to_wire()

        try:
            return await asyncio.get_running_loop().run_in_executor(None, ask)
        except Exception:  # the primary is paused or gone: then so are we
            return None


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, host):
        self.host = host

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, wire, peer):
        asyncio.ensure_future(self.reply(wire, peer))

    async def reply(self, wire, peer):
        answer = await self.host.answer(wire, "udp")
        if answer:
            self.transport.sendto(answer, peer)


async def serve_stream(host, reader, writer):
    try:
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = await host.answer(await reader.readexactly(length), "tcp")
            if answer == b"":
                return
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


class NotifyDelayer:
    """Answers a NOTIFY (Knot sends it over TCP) at once, and sends it on to the secondary later."""

    def __init__(self, spec):
        self.spec = spec

    async def answer(self, wire, _):
        loop = asyncio.get_running_loop()
        loop.call_later(self.spec["delay_s"], lambda: asyncio.ensure_future(self.send(wire)))
        return dns.message.make_response(dns.message.from_wire(wire)).to_wire()

    async def send(self, wire):
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(self.spec["to"], 53))
        transport.sendto(wire)
        await asyncio.sleep(1)  # its answer would meet a closed port
        transport.close()


async def main(path):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    loop = asyncio.get_running_loop()
    for entry in spec["hosts"]:
        host = Host(entry, spec["upstream"])
        for address in entry["addresses"]:
            await loop.create_datagram_endpoint(lambda host=host: Datagrams(host), (address, 53))
            await asyncio.start_server(
                lambda reader, writer, host=host: serve_stream(host, reader, writer), address, 53)
    if "notify" in spec:
        delayer = NotifyDelayer(spec["notify"])
        await asyncio.start_server(
            lambda reader, writer: serve_stream(delayer, reader, writer), spec["notify"]["listen"], 53)
    with open(path + ".ready", "w", encoding="ascii"):
        pass
    await loop.create_future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
