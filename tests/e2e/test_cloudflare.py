# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Certificates through Cloudflare's API, at its real name, as its stand-in plays it."""

import json
import os

import pytest
from dns_scene import OWNER, assert_clean, assert_issued, assert_refused, said, world
from lab import Zone
from standins import StandIn

HOST = "api.cloudflare.com"
TOKEN = "TokenThatMayDoAnything_0123456789abcdefg"
NARROW = "TokenForOneZone_0123456789_abcdefghijklm"
KEY = "0123456789abcdef0123456789abcdef01234"
NAMES = ("*.example.test", "example.test")
FOREIGN = '_acme-challenge 1 IN TXT "foreign"\n_acme-challenge 1 IN TXT "two" "strings"\n@ 60 IN TXT "v=spf1 -all"'


class Scene:
    """A lab, its stand-in, a client whose provider `cf` is the plug-in."""

    def __init__(self, make_lab, make_client, *lines, zones=(), **settings):
        self.lab = make_lab(world(Zone("example.test", records=FOREIGN), *zones, standins=[HOST]))
        self.before = self.lab.zones()
        self.api = StandIn(self.lab, "cloudflare", HOST, dns_ttl_s=1, **settings)
        self.stored = self.api.ask("everything")
        self.client = make_client(self.lab)
        self.environment = {"SSL_CERT_FILE": self.lab.ca_bundle}
        self.configure(*(lines or ["api-token = " + TOKEN]))

    def configure(self, *lines):
        section = "[provider cf]\nplugin = cloudflare\nsettle = 0\n"
        self.client.configure(sections=section + "".join(line + "\n" for line in lines))

    def issue(self, *names, provider="cf", **run):
        domains = [word for name in names or NAMES for word in ("-d", name)]
        return self.client.run("issue", *domains, "--provider", provider, "--server", self.client.server, "-vv",
                               env=self.environment, **run)

    def assert_nothing_left(self, *results):
        assert_clean(self.lab, self.before)
        assert self.api.ask("everything") == self.stored
        for secret in (TOKEN, NARROW, KEY):
            for result in results:
                assert secret not in result.out + result.err, said(result)
            for folder, _, files in os.walk(self.client.state):
                for name in files:
                    with open(os.path.join(folder, name), "rb") as file:
                        assert secret.encode() not in file.read(), name


@pytest.fixture
def scene(make_lab, make_client):
    def make(*lines, **settings):
        return Scene(make_lab, make_client, *lines, **settings)

    return make


def test_wildcard_and_apex_take_few_requests(scene):
    scene = scene()
    result = scene.issue()
    assert_issued(result)
    scene.assert_nothing_left(result)
    sent = [(r["method"], r["path"].split("?")[0].split("/client/v4")[1]) for r in scene.api.requests()]
    (zone_id,) = scene.api.ask("zone_ids", "example.test")
    records = "/zones/%s/dns_records" % zone_id
    assert sent == [("GET", "/zones"), ("POST", records + "/batch"), ("GET", records), ("POST", records + "/batch")]
    posts = json.loads(scene.api.requests("POST")[0]["body"])["posts"]
    assert {post["name"] for post in posts} == {OWNER[:-1]} and len(posts) == 2
    assert all(post["content"].startswith('"') and post["ttl"] == 60 for post in posts)


def test_several_zones_and_tokens_with_few_rights(scene):
    scene = scene("api-token = " + NARROW, "zone-api-token = " + TOKEN, zones=[Zone("other.test")], tokens={
        NARROW: {"permissions": ["dns:edit"], "zones": None}, TOKEN: {"permissions": ["zone:read"], "zones": None}})
    result = scene.issue("a.example.test", "b.example.test", "*.other.test", "other.test")
    assert_issued(result)
    scene.assert_nothing_left(result)
    assert len(scene.api.requests("GET", "/zones\\?")) <= 4 and len(scene.api.requests("POST")) <= 4


def test_a_token_for_one_zone_and_its_id_asks_for_no_zone(scene):
    scene = scene(tokens={NARROW: {"permissions": ["dns:edit"], "zones": ["example.test"]}})
    scene.configure("api-token = " + NARROW, "zone-id = " + scene.api.ask("zone_ids", "example.test")[0])
    result = scene.issue()
    assert_issued(result)
    scene.assert_nothing_left(result)
    assert not [r for r in scene.api.requests() if "/dns_records" not in r["path"]]


def test_credentials_of_the_environment(scene):
    """Under the names that people have from other clients; renewing will miss them, and that is said."""
    scene = scene(keys={"ops@example.test": KEY})
    scene.client.configure()
    scene.environment.update({"CF_Key": KEY, "CF_Email": "ops@example.test"})
    result = scene.issue("www.example.test", provider="cloudflare")
    assert_issued(result, "warning", "environment", within_s=40)
    scene.assert_nothing_left(result)
    assert {r["headers"].get("x-auth-email") for r in scene.api.requests()} == {"ops@example.test"}


def test_wrong_and_narrow_tokens_name_what_is_missing(scene):
    scene = scene(tokens={NARROW: {"permissions": ["zone:read"], "zones": None}})
    wrong = scene.issue()
    assert_refused(wrong, 4, "cf", "9109", "https://dash.cloudflare.com/profile/api-tokens")
    scene.configure("api-token = " + NARROW)
    narrow = scene.issue()
    assert_refused(narrow, 4, "cf", "Zone > DNS > Edit", "example.test")
    scene.configure("api-key = " + KEY, "email = ops@example.test", "api-token = " + TOKEN)
    both = scene.issue()
    assert_refused(both, 3, "cf", "both")
    scene.assert_nothing_left(wrong, narrow, both)


@pytest.mark.parametrize("fault", [
    {"method": "POST", "do": "drop-reply", "times": 2},
    {"method": "POST", "do": "replace", "status": 502, "body": "<html><title>Bad gateway</title></html>",
     "headers": {"content-type": "text/html"}, "times": 2},
    {"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "body": "", "times": 2},
    {"path": "/batch$", "do": "refuse", "status": 404, "body": ""},
], ids=["replies lost", "bad gateway", "429", "no batches"])
def test_faults_cost_time_alone(scene, fault):
    scene = scene()
    scene.api.set_rules([fault])
    result = scene.issue()
    assert_issued(result, within_s=40)
    scene.assert_nothing_left(result)


def test_a_value_that_cannot_be_placed_leaves_nothing(scene):
    scene = scene(others=[{"zone": "example.test", "type": "CNAME", "name": "_acme-challenge.www.example.test",
                           "content": "_acme-challenge.other.test"}])
    result = scene.issue("example.test", "www.example.test")
    assert_refused(result, 4, "_acme-challenge.www.example.test", "CNAME", "_acme-challenge.other.test")
    scene.assert_nothing_left(result)


@pytest.mark.parametrize("point", ["provider-call-sent", "journal-receipt-before", "provider-add-after",
                                   "order-answer-before"])
def test_what_a_killed_run_left_is_found_with_and_without_receipts(scene, point):
    scene = scene()
    scene.environment["ACME_DNS_CRASH_AT"] = point + ":1"
    killed = scene.issue()
    assert killed.code != 0, said(killed)
    del scene.environment["ACME_DNS_CRASH_AT"]
    had_receipts = point in ("provider-add-after", "order-answer-before")
    n = len(scene.api.requests())
    result = scene.client.run("cleanup", env=scene.environment)
    assert result.code == 0, said(result)
    scene.assert_nothing_left(result)
    if had_receipts:
        assert not [r for r in scene.api.requests()[n:] if "/dns_records" not in r["path"]]


def test_provider_add_and_plugin_test(scene, tmp_path):
    scene = scene()
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    token.chmod(0o600)
    added = scene.client.run("provider add", "mine", "--plugin", "cloudflare", "api-token=@%s" % token,
                             env=scene.environment)
    assert added.code == 0 and "example.test" in added.err, said(added)
    tested = scene.client.run("plugin test", "cf", "-d", "example.test", env=scene.environment, timeout=100)
    assert tested.code == 0 and "FAILED" not in tested.out, said(tested)
    assert_clean(scene.lab, scene.before)
    assert scene.api.ask("everything") == scene.stored
    assert TOKEN not in tested.out + tested.err + added.out + added.err
