# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Writes down every DNS message that leaves this network namespace for port 53, one JSON line each.

UDP packets, and the messages inside TCP streams (in order; loopback loses nothing). Ends at SIGTERM
after what the kernel still held has been read.
"""

import json
import signal
import socket
import struct
import sys
import time

import dns.message
import dns.opcode
import dns.rdatatype

_ETH_P_ALL = 3
_OUTGOING = 4
_TCP, _UDP = 6, 17


class Sniffer:
    def __init__(self, out):
        self.out = out
        self.streams = {}

    def packet(self, packet):
        if len(packet) < 40:
            return
        if packet[0] >> 4 == 4:
            header, protocol = (packet[0] & 15) * 4, packet[9]
            source, target = packet[12:16], packet[16:20]
            family = socket.AF_INET
            end = struct.unpack("!H", packet[2:4])[0]
        else:
            header, protocol = 40, packet[6]
            source, target = packet[8:24], packet[24:40]
            family = socket.AF_INET6
            end = 40 + struct.unpack("!H", packet[4:6])[0]
        segment = packet[header:end]
        if protocol not in (_TCP, _UDP) or struct.unpack("!H", segment[2:4])[0] != 53:
            return
        ends = (socket.inet_ntop(family, source), socket.inet_ntop(family, target))
        if protocol == _UDP:
            self.message(ends, segment[8:], False)
        else:
            self.segment(ends, segment)

    def segment(self, ends, segment):
        """Gathers a TCP stream. A segment sent twice is told by its sequence number."""
        port, _, sequence, _, offset, flags = struct.unpack("!HHIIBB", segment[:14])
        key = (ends, port)
        if flags & 2:
            self.streams[key] = [(sequence + 1) & 0xFFFFFFFF, b""]
            return
        stream = self.streams.get(key)
        body = segment[(offset >> 4) * 4 :]
        if stream is None or not body or sequence != stream[0]:
            return
        stream[0] = (sequence + len(body)) & 0xFFFFFFFF
        stream[1] += body
        while len(stream[1]) >= 2:
            length = struct.unpack("!H", stream[1][:2])[0]
            if len(stream[1]) < 2 + length:
                break
            self.message(ends, stream[1][2 : 2 + length], True)
            stream[1] = stream[1][2 + length :]

    def message(self, ends, wire, is_tcp):
        try:
            message = dns.message.from_wire(wire, question_only=True, ignore_trailing=True)
            question = message.question[0]
        except Exception:  # not DNS after all
            return
        if wire[2] & 0x80:
            return
        line = {
            "time": time.time(),
            "source": ends[0],
            "server": ends[1],
            "tcp": is_tcp,
            "opcode": dns.opcode.to_text(message.opcode()),
            "name": question.name.to_text().lower(),
            "type": dns.rdatatype.to_text(question.rdtype),
        }
        self.out.write(json.dumps(line) + "\n")


def main(path):
    has_ended = []
    signal.signal(signal.SIGTERM, lambda *_: has_ended.append(True))
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.settimeout(0.05)
    with open(path, "w", encoding="utf-8") as out:
        sniffer = Sniffer(out)
        while True:
            try:
                packet, address = wire.recvfrom(65536)
            except socket.timeout:
                if has_ended:
                    return
                continue
            if address[2] == _OUTGOING:
                sniffer.packet(packet)


if __name__ == "__main__":
    main(sys.argv[1])
