# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What every stand-in of a provider's API is made of: a threaded HTTP server that spoils what its rules say, and
zones whose TXT sets also stand in the lab's real primary, so that `acme-dns issue` works through the stand-in.

A stand-in is a subclass with a method for each request:

    class Example(Server):
        def prepare(self):                                  # the zones are loaded; self.settings is what the test gave
            self.token = self.settings["token"]

        @on("DELETE", r"/v1/zones/([^/]+)/records/([^/]+)")
        def delete(self, request, zone, record):            # one at a time, whatever the threads do
            if request.headers.get("authorization") != "Bearer " + self.token:
                return Reply.json(401, {"error": "no"})
            ...
            self.write(zone, owner, ttl_s, rdatas)          # into the primary, before the reply leaves
            return Reply.json(200, {})

Names are absolute, in lower case, with a dot at the end. A TXT set is (TTL in seconds, list of RDATA as zone files
have them: '"one"', '"two" "strings"'); quote() and unquote() translate. A test starts it by standins.StandIn.

A rule may name "method", "path" (with the query) and "containing" (the body), regular expressions, has "skip" and
"times" as in lab/rules.py, and does, in the words of lab/proxy.py:

    delay         seconds=N                         answer, but later
    stall                                           apply the request, never answer
    drop-request                                    reset the connection; nothing is applied
    drop-reply                                      apply the request, then reset the connection
    refuse        status=N, headers={}, body=TEXT   answer so; nothing is applied
    replace       status=N, headers={}, body=TEXT   apply the request, but answer so
    cut           bytes=N                           apply; hang up after N bytes of the reply's body
    truncate      bytes=N                           apply; a whole reply whose body ends after N bytes

Every request is one JSON line of the log, and is written there before its reply leaves.
"""

import json
import re
import socket
import socketserver
import ssl
import struct
import threading
import time
import traceback
import urllib.parse
from http.server import BaseHTTPRequestHandler

import dns.query
import dns.rdata
import dns.rdataset
import dns.tsigkeyring
import dns.update

from lab.rules import Rules
from lab.world import tsig_name, tsig_secret

_ALGORITHM = "hmac-sha256"
_BODY_MAX = 4 * 1024 * 1024
_STALL_S = 3600


class Request:
    """method, path (without the query), query ({name: [values]}), headers (names in lower case), body (bytes),
    target (path and query as sent)."""

    def __init__(self, method, target, headers, body):
        parts = urllib.parse.urlsplit(target)
        self.method = method
        self.target = target
        self.path = parts.path
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        self.headers = headers
        self.body = body

    def argument(self, name, fallback=None):
        """The first value that the query has for a name."""
        return self.query.get(name, [fallback])[0]

    def json(self):
        return json.loads(self.body)


class Reply:
    def __init__(self, status, body=b"", content_type="text/plain", headers=None):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = {"content-type": content_type, **(headers or {})}

    @classmethod
    def json(cls, status, tree, headers=None):
        return cls(status, json.dumps(tree), "application/json", headers)

    @classmethod
    def xml(cls, status, text, headers=None):
        return cls(status, text, "text/xml", headers)

    def changed(self, rule):
        """What a rule makes of this reply. Its headers stand beside the reply's; null takes one away."""
        headers = {**self.headers, **{name.lower(): text for name, text in rule.get("headers", {}).items()}}
        changed = Reply(rule.get("status", self.status), rule.get("body", self.body))
        changed.headers = {name: text for name, text in headers.items() if text is not None}
        return changed

    def to_bytes(self, length=None):
        lines = ["HTTP/1.1 %d stand-in" % self.status]
        lines += ["%s: %s" % item for item in self.headers.items()]
        lines += ["content-length: %d" % (len(self.body) if length is None else length)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class Refusal(Exception):
    """Ends a request with this reply, from wherever it is raised."""

    def __init__(self, reply):
        super().__init__("HTTP %d" % reply.status)
        self.reply = reply


def on(method, pattern):
    """Marks the method of a stand-in that answers such requests: both are regular expressions that must match
    all of the method and of the path, whose groups become arguments."""
    def mark(function):
        function.answers = (re.compile(method), re.compile(pattern))
        return function

    return mark


# TXT


def quote(value):
    """The RDATA of one value (str or bytes): strings of up to 255 bytes."""
    value = value.encode() if isinstance(value, str) else value
    parts = [value[at:at + 255] for at in range(0, len(value), 255)] or [b""]
    return " ".join('"%s"' % "".join(_escaped(byte) for byte in part) for part in parts)


def _escaped(byte):
    if byte in b'"\\':
        return "\\" + chr(byte)
    return chr(byte) if 0x20 <= byte < 0x7f else "\\%03d" % byte


def unquote(rdata):
    """The value of an RDATA, as bytes: its strings joined."""
    return b"".join(dns.rdata.from_text("IN", "TXT", rdata).strings)


class Mirror:
    """The lab's primary, as a stand-in sees it."""

    def __init__(self, address):
        self._address = address
        self._keyring = dns.tsigkeyring.from_text({tsig_name(_ALGORITHM): (_ALGORITHM, tsig_secret(_ALGORITHM))})

    def load(self, zone):
        """{owner: (TTL, [RDATA])} of a zone's TXT sets."""
        sets = {}
        for message in dns.query.xfr(self._address, zone, relativize=False, lifetime=10):
            for rrset in message.answer:
                if rrset.rdtype == dns.rdatatype.TXT:
                    known = sets.setdefault(rrset.name.to_text().lower(), (rrset.ttl, []))
                    known[1].extend(rdata.to_text() for rdata in rrset)
        return sets

    def write(self, zone, owner, ttl_s, rdatas):
        """Makes these the owner's TXT values. The primary's refusal is a RuntimeError."""
        update = dns.update.UpdateMessage(
            zone, keyring=self._keyring, keyname=tsig_name(_ALGORITHM), keyalgorithm=_ALGORITHM)
        update.delete(owner, "TXT")
        if rdatas:
            update.add(owner, dns.rdataset.from_text_list("IN", "TXT", ttl_s, rdatas))
        answer = dns.query.tcp(update, self._address, timeout=10)
        if answer.rcode() != dns.rcode.NOERROR:
            raise RuntimeError("the primary says %s to an update of %s" % (dns.rcode.to_text(answer.rcode()), owner))


# The server


class Server:
    """settings: what the test gave. zones: {zone: {owner: (TTL, [RDATA])}}, the TXT sets of the zones that this
    provider holds (settings["zones"]); changed by write() alone. Without a mirror they are nowhere else.

    Besides requests, a test calls any public method by StandIn.ask(NAME, arguments as JSON has them)."""

    def __init__(self, settings, mirror=None):
        self.settings = settings
        self.mirror = mirror
        self.lock = threading.RLock()
        self.zones = {zone: {} for zone in settings.get("zones", ())}
        self.load()
        self.prepare()

    def prepare(self):
        """For subclasses: once, before the first request."""

    def load(self):
        """Reads the zones from the primary again, where something else changed them."""
        with self.lock:
            for zone in self.zones if self.mirror else ():
                self.zones[zone] = self.mirror.load(zone)

    def write(self, zone, owner, ttl_s, rdatas):
        """Makes these the owner's TXT values, here and in the primary."""
        with self.lock:
            if self.mirror:
                self.mirror.write(zone, owner, ttl_s, rdatas)
            if rdatas:
                self.zones[zone][owner] = (ttl_s, list(rdatas))
            else:
                self.zones[zone].pop(owner, None)

    def zone_of(self, name):
        """The longest of the zones that holds a name, or None."""
        fitting = [zone for zone in self.zones if name == zone or name.endswith("." + zone)]
        return max(fitting, key=len, default=None)

    def answer(self, request):
        """The Reply of one request."""
        handler, arguments = self._handler(request)
        if handler is None:
            return self.unknown(request)
        try:
            with self.lock:
                return handler(request, *arguments)
        except Refusal as refusal:
            return refusal.reply
        except Exception:  # the reply shows it to whoever looks why a test failed
            traceback.print_exc()
            return Reply(500, traceback.format_exc())

    def unknown(self, request):
        """For subclasses: a request that no method answers."""
        return Reply(404, "the stand-in does not know %s %s\n" % (request.method, request.path))

    def _handler(self, request):
        for name in dir(type(self)):
            handler = getattr(type(self), name)
            if hasattr(handler, "answers"):
                method, pattern = handler.answers
                found = pattern.fullmatch(request.path)
                if found and method.fullmatch(request.method):
                    return getattr(self, name), [urllib.parse.unquote(group or "") for group in found.groups()]
        return None, ()


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *_):
        pass

    def _answer(self):
        length = int(self.headers.get("content-length") or 0)
        if length > _BODY_MAX:
            self.close_connection = True
            return
        headers = {name.lower(): text for name, text in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        front = self.server.front
        rule = front.find_rule(request)
        reply = None
        if rule["do"] not in ("drop-request", "refuse"):
            reply = front.server.answer(request)
        if rule["do"] in ("refuse", "replace"):
            reply = (reply or Reply(500)).changed(rule)
        front.note(request, reply, rule["do"])
        self._send(rule, reply)

    def _send(self, rule, reply):
        what = rule["do"]
        if what == "stall":
            time.sleep(_STALL_S)
        if what == "delay":
            time.sleep(rule["seconds"])
        if what in ("drop-request", "drop-reply", "stall"):
            self.close_connection = True
            self.server.reset(self.connection)
            return
        length = len(reply.body)
        if what in ("cut", "truncate"):
            reply.body = reply.body[:rule["bytes"]]
        if self.command == "HEAD":
            reply.body = b""
        self.close_connection = self.close_connection or what == "cut"
        self.wfile.write(reply.to_bytes(len(reply.body) if what == "truncate" else length))


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Not http.server's own: that looks its address up in the DNS."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, front, address, context):
        self.front = front
        self._context = context
        super().__init__(address, _Connection)

    def finish_request(self, request, client_address):
        if self._context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(30)
        try:
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except (OSError, ssl.SSLError):  # somebody who does not trust us, or left
            pass

    def reset(self, connection):
        """Makes the connection's end a reset instead of an orderly close."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def shutdown_request(self, request):
        is_reset = request.fileno() >= 0 and request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[:1] == b"\1"
        (self.close_request if is_reset else super().shutdown_request)(request)

    def handle_error(self, request, client_address):
        pass  # a client that hung up


class Front:
    """A Server on the network. address: (host, port), port 0 for any. rules: a file with a JSON list. log: a
    file. context: an ssl.SSLContext, or None for plain HTTP."""

    def __init__(self, server, address, rules, log, context=None):
        self.server = server
        self._rules = Rules(rules, ("method", "path", "containing"))
        self._log = open(log, "a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()
        self._listener = _Listener(self, address, context)
        self.port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._listener.shutdown()
        self._listener.server_close()
        self._log.close()

    def find_rule(self, request):
        with self._lock:
            rule = self._rules.find(method=request.method, path=request.target,
                                    containing=request.body.decode("utf-8", "replace"))
        return rule or {"do": "pass"}

    def note(self, request, reply, what):
        line = {"time": time.time(), "method": request.method, "path": request.target, "headers": request.headers,
                "body": request.body.decode("utf-8", "replace"), "status": reply.status if reply else None,
                "rule": what}
        with self._lock:
            self._log.write(json.dumps(line) + "\n")


def context_of(certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context
