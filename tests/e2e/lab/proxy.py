# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A fault proxy before a CA: ends TLS, speaks HTTP/1.1, passes requests on and spoils what its rules say.

The CA follows the Host header, so every URL it hands out leads through here again. A rule may name
"method" and "path" (regular expressions; "skip" and "times" as in rules.py) and do:

    delay         seconds=N           pass, but later
    stall                             pass the request on, never answer
    drop-request                      hang up; the CA never hears of it
    drop-reply                        the CA has applied it; hang up
    cut           bytes=N             hang up after N bytes of the reply
    refuse        status=N, headers={}, body=TEXT   answer so, the CA never hears of it
    replace       status=N, headers={}, body=TEXT, pattern=/with=   change the CA's reply;
                                                patterns=[[PATTERN, WITH], ...] for several

Every request is one JSON line of the log, with what a JWS in it says.
"""

import asyncio
import base64
import json
import re
import ssl
import sys
import time

from .rules import Rules

_MAX_HEAD = 64 * 1024


class Message:
    """Start line, headers (last one of a name wins, names in lower case) and body."""

    def __init__(self, start, headers, body):
        self.start = start
        self.headers = headers
        self.body = body

    def to_bytes(self, with_length=True):
        headers = dict(self.headers)
        headers.pop("transfer-encoding", None)
        if with_length:
            headers["content-length"] = str(len(self.body))
        lines = [self.start] + ["%s: %s" % item for item in headers.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


async def read_message(reader, has_body=True):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        # Several Link headers are one list (RFC 9110, 5.3).
        headers[name] = headers[name] + ", " + value if name in headers else value
    body = b""
    if not has_body:
        pass
    elif headers.get("transfer-encoding") == "chunked":
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            body += await reader.readexactly(size)
            await reader.readline()
            if size == 0:
                break
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    return Message(head[0], headers, body)


def payload_of(request):
    """What a JWS says, or None."""
    try:
        text = json.loads(request.body)["payload"]
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, KeyError, TypeError):
        return None


class Proxy:
    def __init__(self, spec):
        self.spec = spec
        self.rules = Rules(spec["rules"], ("method", "path"))
        self.log = open(spec["log"], "a", encoding="utf-8", buffering=1)
        # Both ends are the lab's: nothing to verify.
        self.to_ca = ssl.create_default_context()
        self.to_ca.check_hostname = False
        self.to_ca.verify_mode = ssl.CERT_NONE

    async def serve(self, reader, writer):
        upstream = None
        try:
            while True:
                request = await read_message(reader)
                if upstream is None:
                    upstream = await asyncio.open_connection(
                        self.spec["upstream"], self.spec["port"], ssl=self.to_ca)
                if not await self.exchange(request, upstream, writer):
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError):
            pass
        finally:
            for stream in [writer] + ([upstream[1]] if upstream else []):
                stream.transport.abort()

    async def exchange(self, request, upstream, writer):
        """One request; false when the connection is to be cut."""
        method, path, _ = request.start.split(" ", 2)
        begun = time.monotonic()
        rule = self.rules.find(method=method, path=path) or {"do": "pass"}
        what = rule["do"]
        reply = None
        if what not in ("drop-request", "refuse"):
            upstream[1].write(request.to_bytes())
            await upstream[1].drain()
            reply = await read_message(upstream[0], has_body=method != "HEAD")
        self.note(method, path, request, reply, what, begun)
        if what in ("drop-request", "drop-reply"):
            return False
        if what == "stall":
            await asyncio.sleep(3600)
        if what == "delay":
            await asyncio.sleep(rule["seconds"])
        if what in ("refuse", "replace"):
            reply = self.spoil(rule, reply)
        wire = reply.to_bytes(with_length=method != "HEAD")
        if what == "cut":
            writer.write(wire[: rule["bytes"]])
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return False
        writer.write(wire)
        await writer.drain()
        return True

    def spoil(self, rule, reply):
        reply = reply or Message("HTTP/1.1 500 lab", {"content-type": "text/plain"}, b"")
        if "status" in rule:
            reply.start = "HTTP/1.1 %d lab" % rule["status"]
        for name, value in rule.get("headers", {}).items():
            reply.headers.pop(name.lower(), None)
            if value is not None:
                reply.headers[name.lower()] = value
        if "body" in rule:
            reply.body = rule["body"].encode()
        if "pattern" in rule:
            reply.body = re.sub(rule["pattern"].encode(), rule["with"].encode(), reply.body)
        for pattern, text in rule.get("patterns", ()):
            reply.body = re.sub(pattern.encode(), text.encode(), reply.body)
        return reply

    def note(self, method, path, request, reply, what, begun):
        status = int(reply.start.split(" ")[1]) if reply else None
        line = {"time": time.time(), "seconds": time.monotonic() - begun, "method": method,
                "path": path, "status": status, "rule": what, "payload": payload_of(request)}
        self.log.write(json.dumps(line) + "\n")


async def main(path):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(spec["certificate"], spec["key"])
    context.set_alpn_protocols(["http/1.1"])
    proxy = Proxy(spec)
    server = await asyncio.start_server(
        proxy.serve, spec["listen"], spec["port"], ssl=context, limit=_MAX_HEAD)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
