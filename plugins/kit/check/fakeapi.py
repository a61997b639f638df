# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A pretend DNS host: the half of it that is the same for every API. Python's own library is enough.

    from fakeapi import FakeApi, Reply, route

    class Api(FakeApi):
        @route("GET", r"/zones")
        def list_zones(self, request):
            return Reply(200, {"zones": self.zones})

page_size is the most that a page of a list holds, and on_page() is one such page.

Zones are names without a dot at the end. Records are kept in self.records by their id, as dicts of zone, name
(without a dot at the end), type and content, the content as the API was given it; keep others beside them as you
need them. What plugincheck.py does to the host goes through values(), put() and faults.
"""
import json
import re
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def unquote(content):
    """The value that a content means: quotes, escapes and several strings resolved (RFC 1035 section 5.1)."""
    if not re.fullmatch(r'\s*("(\\.|[^"\\])*"\s*)+', content, re.S):
        return content
    joined = "".join(m[0][1:-1] for m in re.finditer(r'"(?:\\.|[^"\\])*"', content, re.S))
    return re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if m[1].isdigit() and len(m[1]) == 3 else m[1],
                  joined, flags=re.S)


def route(method, path):
    """Marks what answers a request; path is a regular expression, whose groups become arguments."""
    def mark(function):
        function.route = (method, re.compile(path))
        return function
    return mark


class Reply:
    """body: text, or what becomes JSON; None: no body."""

    def __init__(self, status, body=None, headers=None):
        self.status, self.headers = status, dict(headers or {})
        if body is None:
            self.body = b""
        elif isinstance(body, str):
            self.body = body.encode()
        else:
            self.body = json.dumps(body).encode()
            self.headers.setdefault("Content-Type", "application/json")


class Request:
    def __init__(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        self.method, self.path, self.headers = handler.command, url.path, handler.headers
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()

    @property
    def json(self):
        return json.loads(self.body)


class Fault:
    """What goes wrong with the next `times` requests that match, after `skip` of them went well.

    reply: sent instead of the host's own. is_applied: the request is carried out all the same. is_dropped: the
    connection ends without an answer. cut: so many bytes of the body are missing, though its length agrees."""

    def __init__(self, reply=None, is_applied=False, is_dropped=False, cut=0, times=1, skip=0,
                 changes_only=False, reads_only=False):
        self.reply, self.is_applied, self.is_dropped, self.cut = reply, is_applied, is_dropped, cut
        self.times, self.skip, self.n_hits = times, skip, 0
        self.changes_only, self.reads_only = changes_only, reads_only

    def hits(self, request):
        is_read = request.method in ("GET", "HEAD")
        if (self.changes_only and is_read) or (self.reads_only and not is_read):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.n_hits >= self.times:
            return False
        self.n_hits += 1
        return True


class FakeApi:
    zones = ["example.test", "other.test"]
    page_size = 100

    def __init__(self):
        self.records, self.next_id, self.faults, self.log = {}, 1, [], []
        self.lock = threading.RLock()
        marked = [getattr(self, name) for name in dir(type(self)) if hasattr(getattr(type(self), name), "route")]
        self.routes = [(*function.route, function) for function in marked]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.make_handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    # ---- for the API ----

    def new_id(self):
        self.next_id += 1
        return "r%d" % self.next_id

    def on_page(self, request, things, number="page", size="per_page"):
        """Those of a list that stand on the page that the query asks for."""
        n = min(int(request.query.get(size, self.page_size)), self.page_size)
        first = (int(request.query.get(number, 1)) - 1) * n
        return things[first:first + n]

    def authorize(self, request):
        """A Reply that refuses the request, or None. Called first."""

    # ---- for plugincheck.py ----

    def values(self, fqdn):
        """What TXT values stand at a name, in any order."""
        with self.lock:
            return sorted(unquote(r["content"]) for r in self.records.values()
                          if r["type"] == "TXT" and r["name"].lower() == fqdn.rstrip(".").lower())

    def put(self, fqdn, content, kind="TXT"):
        """A record of somebody else's."""
        name = fqdn.rstrip(".")
        zone = max((z for z in self.zones if ("." + name).endswith("." + z)), key=len)
        with self.lock:
            self.records[self.new_id()] = {"zone": zone, "name": name, "type": kind, "content": content, "ttl": 300}

    def snapshot(self):
        """All records, to be compared."""
        with self.lock:
            return sorted((r["name"], r["type"], r["content"]) for r in self.records.values())

    # ---- the server ----

    def answer(self, request):
        refusal = self.authorize(request)
        if refusal is not None:
            return refusal
        for method, path, function in self.routes:
            found = path.fullmatch(request.path)
            if found and method == request.method:
                return function(request, *(urllib.parse.unquote(group) for group in found.groups()))
        return Reply(404, {"error": "there is nothing at %s %s" % (request.method, request.path)})

    def handle(self, handler):
        request = Request(handler)
        with self.lock:
            self.log.append(request)
            fault = next((f for f in self.faults if f.hits(request)), None)
            reply = self.answer(request) if fault is None or fault.is_applied or fault.cut else None
        if fault is not None and fault.is_dropped:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        if fault is not None and fault.reply is not None:
            reply = fault.reply
        body = reply.body[:len(reply.body) - fault.cut] if fault is not None and fault.cut else reply.body
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def make_handler(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                api.handle(self)

            def log_message(self, *_):
                pass

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, "do_" + method, Handler.handle_any)
        return Handler

    def serve_for_ever(self):
        """To try the plug-in by hand."""
        print("serving %s, zones %s; stop with Ctrl-C" % (self.url, ", ".join(self.zones)), flush=True)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
