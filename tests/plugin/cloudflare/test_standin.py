# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The stand-in against Cloudflare's own client, from npm: what that client sends is understood, and what it gets is
what it expects. So the plug-in is not only tested against what we believe of the API."""
import json
import os
import subprocess

from changing import NAME, ZONE
from standins.cloudflare import TOKEN

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("ACME_LAB_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "acme-dns-lab")
READ = "ReadsZonesOnly_0123456789_abcdefghijklmn"


def official(api, *steps, **options):
    """What each (method, arguments) led to; a step may have options of its own in front."""
    options = options or {"apiToken": TOKEN}
    steps = [step if isinstance(step[0], dict) else [options, *step] for step in steps]
    result = subprocess.run(
        ["node", os.path.join(HERE, "official.js"), api.url], input=json.dumps(steps), capture_output=True, text=True,
        timeout=60, env={**os.environ, "NODE_PATH": os.path.join(CACHE, "npm", "node_modules")}, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def txt(value, name=NAME, **more):
    return {"type": "TXT", "name": name, "content": value, "ttl": 60, **more}


def test_zones(api):
    api = api(elsewhere=[{"name": "z%d.test" % i} for i in range(45)] + [{"name": ZONE, "account": "Second"}])
    mine = api.server.zone_ids(ZONE)
    everything, named, of_account, one, unknown = official(
        api, ["zones.list", [{}]], ["zones.list", [{"name": ZONE}]],
        ["zones.list", [{"name": ZONE, "account": {"id": api.server.account_ids(ZONE)[1]}}]],
        ["zones.get", [{"zone_id": mine[0]}]], ["zones.list", [{"name": "nowhere.test"}]])
    assert len(everything) == 48 and len(api.requests("GET", "page=3")) == 1
    assert [z["id"] for z in named] == mine and [z["id"] for z in of_account] == mine[1:]
    assert one["name"] == ZONE and one["status"] == "active" and one["account"]["name"] == "Main account"
    assert unknown == []


def test_records(api):
    api = api()
    zone = {"zone_id": api.server.zone_ids(ZONE)[0]}
    made, again, low_ttl, outside, exact, by_content, prefix, shown, edited, deleted, gone, gone_again = official(
        api, ["dns.records.create", [{**zone, **txt('"Value"')}]], ["dns.records.create", [{**zone, **txt('"Value"')}]],
        ["dns.records.create", [{**zone, **txt('"x"', ttl=30)}]],
        ["dns.records.create", [{**zone, **txt('"x"', "elsewhere.example")}]],
        ["dns.records.list", [{**zone, "type": "TXT", "name": {"exact": NAME.upper()}}]],
        ["dns.records.list", [{**zone, "content": {"exact": '"vALUE"'}}]],
        ["dns.records.list", [{**zone, "name": {"startswith": "_ACME-challenge."}, "per_page": 2}]],
        ["dns.records.get", ["$0.id", zone]],
        ["dns.records.edit", ["$0.id", {**zone, **txt("bare")}]],
        ["dns.records.delete", ["$0.id", zone]], ["dns.records.get", ["$0.id", zone]],
        ["dns.records.delete", ["$0.id", zone]])
    assert (made["name"], made["content"], made["ttl"]) == (NAME, '"Value"', 60) and len(made["id"]) == 32
    assert again == {"failed": [400, [81058]]} and low_ttl == {"failed": [400, [1004]]}
    assert outside["name"] == "elsewhere.example." + ZONE
    assert made["id"] in [r["id"] for r in exact] and len(exact) == 5
    assert [r["id"] for r in by_content] == [made["id"]] and len(prefix) == 6 and shown["content"] == '"Value"'
    assert edited["content"] == "bare" and deleted == {"id": made["id"]}
    assert gone == gone_again == {"failed": [404, [81044]]}


def test_batches(api):
    api = api(others=[{"zone": ZONE, "type": "CNAME", "name": "alias." + ZONE, "content": ZONE}])
    zone = {"zone_id": api.server.zone_ids(ZONE)[0]}
    steps = [
        {"posts": [txt('"a"'), txt('"b"')]},
        {"deletes": [{"id": "$0.posts.0.id"}], "posts": [txt('"c"'), txt('"v"', "alias." + ZONE)]},
        {"deletes": [{"id": "$0.posts.0.id"}], "posts": [txt('"b"')]},
        {"deletes": [{"id": "ab" * 16}], "posts": [txt('"c"')]},
        {"posts": [txt('"%d"' % i) for i in range(201)]},
        {"posts": [txt('"a"')], "deletes": [{"id": "$0.posts.0.id"}],
         "patches": [{"id": "$0.posts.1.id", "content": '"B"'}]},
    ]
    made, *refused, mixed = official(api, *[["dns.records.batch", [{**zone, **step}]] for step in steps])
    assert [r["content"] for r in made["posts"]] == ['"a"', '"b"']
    assert [r["failed"][1] for r in refused] == [[81053], [81058], [81044], [9400]]
    assert mixed["deletes"][0]["id"] == made["posts"][0]["id"] and mixed["patches"][0]["content"] == '"B"'
    assert [content for _, content in api.added()] == ['"B"', '"a"']  # and nothing of those that were refused


def test_credentials(api):
    key = "0123456789abcdef0123456789abcdef01234"
    api = api(keys={"ops@example.test": key}, tokens={READ: {"permissions": ["zone:read"], "zones": ["other.test"]}})
    zone = {"zone_id": api.server.zone_ids(ZONE)[0]}
    steps = [["zones.list", [{"name": ZONE}]], ["zones.list", [{}]],
             ["dns.records.create", [{**zone, **txt('"v"')}]]]
    credentials = [{"apiKey": key, "apiEmail": "ops@example.test"}, {"apiToken": READ}, {"apiToken": TOKEN},
                   {"apiToken": "short"}, {"apiKey": key, "apiEmail": "x@example.test"}]
    results = official(api, *[[credential, *step] for credential in credentials[:2] for step in steps],
                       *[[credential, *steps[0]] for credential in credentials[2:]])
    assert len(results[0]) == 1 and results[2]["content"] == '"v"'
    assert results[3:] == [[], {"failed": [403, [0]]}, {"failed": [403, [10000]]}, {"failed": [403, [9109]]},
                           {"failed": [400, [6003]]}, {"failed": [403, [9103]]}]


def test_the_limit_and_what_it_says(api):
    """The client waits as Retry-After says."""
    api = api(rate=[2, 1])
    step = ["zones.get", [{"zone_id": api.server.zone_ids(ZONE)[0]}]]
    results = official(api, *[step] * 4, apiToken=TOKEN, maxRetries=3)
    refused = [r for r in api.requests() if r["status"] == 429]
    assert [z["name"] for z in results] == [ZONE] * 4 and refused and len(api.requests()) == 4 + len(refused)
