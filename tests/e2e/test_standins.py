# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The stand-ins' base: what a test writes through one is in the DNS, and each fault does what it says."""

import json

from dns_scene import world
from lab import Zone
from lab.world import PRIMARY
from standins import StandIn, serve
from standins.base import quote, unquote
from standins.example import Example

PYTHON = "/usr/bin/python3"
HOST = "api.example.com"
PATH = "/zones/example.test./txt/_acme-challenge.example.test."
# Sends [[method, URL, body] ...] of stdin; prints [status, headers, body], or the error's class, of each.
ASK = """
import http.client, json, ssl, sys, time, urllib.parse
results = []
for method, url, body in json.load(sys.stdin):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.netloc, timeout=20, context=ssl.create_default_context(cafile=sys.argv[1]))
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    begun = time.monotonic()
    try:
        connection.request(method, parts.path, json.dumps(body), {"Authorization": "Bearer secret"})
        reply = connection.getresponse()
        head = {name.lower(): text for name, text in reply.getheaders()}
        results.append([reply.status, head, reply.read().decode(), time.monotonic() - begun])
    except (OSError, http.client.HTTPException) as error:
        results.append(type(error).__name__)
print(json.dumps(results))
"""


def start(make_lab, *zones, **more):
    lab = make_lab(world(*zones, standins=[HOST]))
    return lab, StandIn(lab, "example", HOST, token="secret", **more)


def send(lab, api, *requests):
    """Each request is (method, body) for PATH, or (method, body, path)."""
    sent = [[r[0], api.url + (r[2] if len(r) > 2 else PATH), r[1]] for r in requests]
    result = lab.run([PYTHON, "-c", ASK, lab.ca_bundle], stdin=json.dumps(sent))
    assert result.code == 0, result.err
    return json.loads(result.out)


def txt(lab):
    return sorted(lab.query("_acme-challenge.example.test.", "TXT", PRIMARY)["answer"])


def test_what_is_written_through_a_stand_in_is_in_the_zone(make_lab):
    lab, api = start(make_lab, Zone("example.test", records='_acme-challenge 60 IN TXT "not" "ours"'))
    before = lab.zones()
    replies = send(lab, api, ("GET", None), ("POST", 'o"n\\e'), ("GET", None),
                   ("POST", "x", "/zones/other.test./txt/a.other.test."), ("PUT", "x", "/nowhere"))
    assert [reply[0] for reply in replies] == [200, 200, 200, 404, 404]
    assert json.loads(replies[0][2])["values"] == ["notours"]
    assert json.loads(replies[2][2])["values"] == ["notours", 'o"n\\e']
    owner = "_acme-challenge.example.test. 60 IN TXT "
    assert txt(lab) == [owner + '"not" "ours"', owner + r'"o\"n\\e"']
    assert send(lab, api, ("DELETE", 'o"n\\e'))[0][0] == 200
    assert lab.zones() == before
    api.write("example.test.", "www.example.test.", 5, ['"foreign"'])
    assert lab.query("www.example.test.", "TXT", PRIMARY)["answer"] == ['www.example.test. 5 IN TXT "foreign"']
    assert api.ask("zone_of", "a.www.example.test.") == "example.test."
    assert lab.processes() == []


def test_each_fault_does_what_it_says(make_lab):
    # Python's TLS tells no reset from an end.
    lab, api = start(make_lab, Zone("example.test"), tls=False)
    slow = {"retry-after": "7", "content-type": "text/html"}
    api.set_rules([
        {"method": "POST", "containing": "late", "do": "delay", "seconds": 0.5},
        {"method": "POST", "containing": "unheard", "do": "drop-request"},
        {"method": "POST", "containing": "unanswered", "do": "drop-reply"},
        {"method": "POST", "containing": "second", "do": "refuse", "status": 429, "headers": slow, "body": "<html>",
         "skip": 1, "times": 1},
        {"method": "POST", "containing": "hidden", "do": "replace", "status": 502, "body": "<html>"},
        {"method": "GET", "path": "txt/_acme", "do": "cut", "bytes": 3, "times": 1},
        {"method": "GET", "path": "txt/_acme", "do": "truncate", "bytes": 3, "times": 1},
    ])
    replies = send(lab, api, *[("POST", body) for body in (
        "late", "unheard", "unanswered", "second", "second", "second", "hidden")], ("GET", None), ("GET", None),
        ("GET", None))
    late, unheard, unanswered, first, refused, third, hidden, cut, truncated, last = replies
    assert late[0] == 200 and late[3] >= 0.5
    assert unheard == unanswered == "ConnectionResetError"
    assert [r[0] for r in (first, refused, third, hidden)] == [200, 429, 200, 502]
    assert refused[1]["retry-after"] == "7" and refused[2] == "<html>"
    assert cut == "IncompleteRead" and truncated[2] == '{"t'
    assert json.loads(last[2])["values"] == ["late", "unanswered", "second", "hidden"]
    assert len(txt(lab)) == 4
    assert [r["status"] for r in api.requests("POST", rule="drop|refuse")] == [None, 200, 429]
    assert json.loads(api.requests("POST")[0]["body"]) == "late"


def test_a_stand_in_can_go_and_come_back(make_lab):
    lab, api = start(make_lab, Zone("example.test"), tls=False, port=8080)
    assert send(lab, api, ("POST", "kept"))[0][0] == 200
    api.stop()
    assert send(lab, api, ("POST", "lost")) == ["ConnectionRefusedError"]
    lab.start_server(api.name)
    assert json.loads(send(lab, api, ("GET", None))[0][2])["values"] == ["kept"]


def test_a_stand_in_serves_without_a_lab(tmp_path):
    front = serve(Example({"token": "secret", "zones": ["example.test."]}), str(tmp_path))
    try:
        front.server.write("example.test.", "a.example.test.", 60, [quote("x" * 300)])
        rdata = front.server.zones["example.test."]["a.example.test."][1][0]
        assert rdata.count('"') == 4 and unquote(rdata) == b"x" * 300
        assert front.port > 0
    finally:
        front.close()
