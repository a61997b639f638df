# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Run by test_zones.py in namespaces of its own: port 53 of loopback and /etc/resolv.conf are ours. Two public
hosted zones have one name; the DNS delegates to the server that the first argument names. Prints one JSON object."""
import json
import socket
import subprocess
import sys
import tempfile
import threading

import dns.message
import dns.rrset

from conftest import ZONE, Api

SERVERS = {"ZA": "ns-1.aws.test", "ZB": "ns-2.aws.test"}


def answer(listener, delegated):
    while True:
        packet, peer = listener.recvfrom(4096)
        question = dns.message.from_wire(packet)
        reply = dns.message.make_response(question)
        names = SERVERS.values() if delegated == "both" else [delegated]
        reply.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "NS",
                                                *["%s." % name.upper() for name in names]))
        listener.sendto(reply.to_wire(), peer)


def main(delegated, folder):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.socket(type=socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 53))
    threading.Thread(target=answer, args=(listener, delegated), daemon=True).start()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write("nameserver 127.0.0.1\noptions timeout:5 attempts:2\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        api = Api(folder, hosted=[{"id": zone_id, "name": ZONE, "servers": [server]}
                                  for zone_id, server in SERVERS.items()])
        with api.plugin().open() as p:
            result = p.call("add", "_acme-challenge." + ZONE, ZONE, "v", 60)
        print(json.dumps({"status": result.status, "text": result.text,
                          "posts": [r["path"] for r in api.requests("POST")]}))
        api.close()


main(*sys.argv[1:])
