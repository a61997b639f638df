# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""powerdns against a real PowerDNS, call by call, with a proxy between that spoils what it is told to."""

import json
import os

import pdns_scene
import pytest
from driving import BAD_CONFIG, CANCELLED, DENIED, NO_ZONE, OK, REJECTED, RETRY, UNSUPPORTED, Plugin
from servers import free_port
from standins import Traffic, serve
from standins.powerdns import PowerDns

ZONE = "example.test."
OWNER = "_acme-challenge.example.test."
TEXT = """$ORIGIN example.test.
$TTL 3600
@ SOA ns hostmaster 1 60 60 3600 60
@ NS ns
ns A 127.0.0.1
alias CNAME www
_acme-challenge 300 TXT "somebody else's"
_acme-challenge 300 TXT "one string" "and another"
"""


def records(*values, disabled=()):
    """The foreign ones and these, as the API tells them."""
    found = [{"content": '"somebody else\'s"', "disabled": False},
             {"content": '"one string" "and another"', "disabled": False}]
    found += [{"content": '"%s"' % value, "disabled": False} for value in values]
    found += [{"content": '"%s"' % value, "disabled": True} for value in disabled]
    return sorted(found, key=lambda record: record["content"])


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("powerdns"))
    paths = pdns_scene.paths()
    if not os.access(paths["program"], os.X_OK):
        pytest.skip("%s is not unpacked: scripts/lab-packages" % paths["program"])
    server = PowerDns({"api_key": pdns_scene.API_KEY, "server": {
        **paths, "folder": os.path.join(folder, "server"), "listen": ["127.0.0.1"], "port": free_port(),
        "api_port": free_port()}})
    server.folder = folder
    yield server
    server.stop()


class Scene(Traffic):
    def __init__(self, server, folder):
        self.server = server
        self.folder = str(folder)
        self.front = serve(server, self.folder)
        self.url = "http://127.0.0.1:%d" % self.front.port
        self.plugins = []
        self.create()

    def create(self, kind="Native", soa_edit_api="", text=TEXT):
        self.server.delete(ZONE)
        self.server.create(ZONE, text, kind, soa_edit_api)
        self.before = self.server.rrsets(ZONE)

    def plugin(self, *flags, **options):
        plugin = Plugin("powerdns", *flags, **{"api_url": self.url, "api_key": pdns_scene.API_KEY, **options}).open()
        self.plugins.append(plugin)
        return plugin

    def close(self):
        for plugin in self.plugins:
            plugin.close()
        self.front.close()

    def rrset(self, name=OWNER):
        return next((r for r in self.server.rrsets(ZONE) if r["name"] == name and r["type"] == "TXT"), None)

    def values(self, name=OWNER):
        return sorted(r["content"] for r in (self.rrset(name) or {"records": []})["records"])

    def is_untouched(self):
        return self.server.rrsets(ZONE) == self.before


@pytest.fixture
def scene(server, tmp_path):
    scene = Scene(server, tmp_path)
    yield scene
    server.prefix, server.rivals = "", []
    scene.close()


# What is done


def test_a_value_is_added_beside_others_and_taken_away_alone(scene):
    plugin = scene.plugin()
    for value in ("first", "second", "first"):
        assert plugin.call("add", OWNER, ZONE, value, 60).status == OK
    assert scene.rrset()["records"] == records("first", "second")
    assert scene.rrset()["ttl"] == 300  # a set has one, and it is not ours
    for value in ("first", "second", "first", "never there"):
        assert plugin.call("remove", OWNER, ZONE, value, 60).status == OK
    assert scene.is_untouched()


@pytest.mark.parametrize("body", ["{}", "[]", '{"name": "example.test."}'])
def test_an_answer_of_another_shape_is_no_empty_set(scene, body):
    """Else the values of others would be overwritten."""
    scene.set_rules([{"method": "GET", "path": "/zones/", "do": "replace", "body": body}])
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == REJECTED and "rrsets" in result.text and "another shape" in result.text
    assert scene.requests("PATCH") == [] and scene.is_untouched()


def test_a_name_of_its_own_has_the_ttl_that_was_wished(scene):
    plugin = scene.plugin()
    owner = "_acme-challenge.www.example.test."
    assert plugin.call("add", owner, ZONE, "value", 17).status == OK
    assert scene.rrset(owner)["ttl"] == 17
    assert plugin.call("remove", owner, ZONE, "value", 17).status == OK
    assert scene.is_untouched()


def test_disabled_records_and_comments_of_others_stay(scene):
    plugin = scene.plugin()
    comments = [{"content": "ask Bob", "account": "bob", "modified_at": 1700000000}]
    for owner, standing in ((OWNER, records(disabled=["switched off"])),
                           ("_acme-challenge.off.example.test.", [{"content": '"x"', "disabled": True}]),
                           ("_acme-challenge.none.example.test.", [])):
        scene.server.put(ZONE, {"name": owner, "type": "TXT", "ttl": 77, "records": standing, "comments": comments})
        before = scene.server.rrsets(ZONE)
        assert plugin.call("add", owner, ZONE, "value", 60).status == OK
        assert '"value"' in scene.values(owner) and scene.rrset(owner)["comments"] == comments
        assert plugin.call("remove", owner, ZONE, "value", 60).status == OK
        assert scene.server.rrsets(ZONE) == before


def test_a_disabled_record_of_the_same_value_is_in_force_afterwards(scene):
    plugin = scene.plugin()
    switched_off = records(disabled=["value"])
    scene.server.put(ZONE, {"name": OWNER, "type": "TXT", "ttl": 300, "records": switched_off})
    assert plugin.call("remove", OWNER, ZONE, "value", 60).status == OK
    assert scene.rrset()["records"] == switched_off
    assert plugin.call("add", OWNER, ZONE, "value", 60).status == OK
    assert scene.rrset()["records"] == records("value")


@pytest.mark.parametrize("value", [b'quo"te', b"back\\slash", b"\xff\x80\x01 \x7f", b"semi;colon", b"v" * 255, b"\\065",
                                   "\u00fcml\u00e4ut".encode()])
def test_every_byte_comes_through(scene, value):
    plugin = scene.plugin()
    assert plugin.call("add", OWNER, ZONE, value, 60).status == OK
    assert plugin.call("add", OWNER, ZONE, value, 60).status == OK
    assert len(scene.rrset()["records"]) == 3
    assert plugin.call("remove", OWNER, ZONE, value, 60).status == OK
    assert scene.is_untouched()


def test_all_changes_of_a_call_go_in_one_request(scene):
    plugin = scene.plugin()
    changes = [("add", "_acme-challenge.n%d.example.test." % (i // 2), ZONE, "value%d" % i, 60) for i in range(40)]
    result = plugin.apply(*changes)
    assert result.status == OK and not result.fails
    assert len(scene.requests("PATCH")) == 1 and len(scene.requests()) <= 6
    assert scene.values("_acme-challenge.n3.example.test.") == ['"value6"', '"value7"']
    assert plugin.apply(*[("remove", *change[1:]) for change in changes]).status == OK
    assert len(scene.requests("PATCH")) == 2 and scene.is_untouched()


@pytest.mark.parametrize("n", [3, 19])
def test_one_refused_name_does_not_hold_the_others_up(scene, n):
    plugin = scene.plugin()
    names = ["_acme-challenge.n%d.example.test." % i for i in range(n)]
    result = plugin.apply(*[("add", name, ZONE, "value", 60) for name in names],
                          ("add", "alias.example.test.", ZONE, "value", 60))
    assert result.status == OK and list(result.fails) == [n]
    status, _, text = result.fails[n]
    assert status == REJECTED and "alias.example.test." in text and "CNAME" in text
    assert all(scene.values(name) == ['"value"'] for name in names)
    assert len(scene.requests()) <= (6 if n > 4 else 30) and len(scene.requests("PATCH")) == 2
    assert plugin.apply(*[("remove", name, ZONE, "value", 60) for name in names]).status == OK
    assert scene.is_untouched()


def test_a_name_that_is_too_long_fails_alone(scene):
    plugin = scene.plugin()
    names = ["_acme-challenge.%s.example.test." % label for label in ("a", "b" * 64, ".".join("c" * 60 for _ in range(4)))]
    result = plugin.apply(*[("add", name, ZONE, "value", 60) for name in names])
    assert result.status == OK and {i: f[0] for i, f in result.fails.items()} == {1: REJECTED, 2: REJECTED}
    assert "longer than a name can be" in result.text and scene.values(names[0]) == ['"value"']


def test_it_names_the_zones_that_it_can_change(scene):
    scene.server.delete("copied.test.")
    scene.server.api("POST", "/servers/localhost/zones", {
        "name": "copied.test.", "kind": "Slave", "masters": ["127.0.0.1"]})
    try:
        plugin = scene.plugin()
        result = plugin.call("zones")
        assert result.status == OK and result.zones == [ZONE]
        result = plugin.call("add", "_acme-challenge.copied.test.", "copied.test.", "value", 60)
        assert result.status == REJECTED and "primary" in result.text
    finally:
        scene.server.delete("copied.test.")


def test_a_primary_notifies_and_is_warned_of_its_serial(scene):
    scene.create("Master")
    plugin = scene.plugin()
    result = plugin.call("add", OWNER, ZONE, "value", 60)
    assert result.status == OK and result.log.count("SOA-EDIT-API") == 1
    again = plugin.call("remove", OWNER, ZONE, "value", 60)
    assert again.status == OK and "SOA-EDIT-API" not in again.log
    assert [r["status"] for r in scene.requests("PUT", "/notify")] == [200, 200]
    scene.create("Master", "INCREASE")
    assert "SOA-EDIT-API" not in scene.plugin().call("add", OWNER, ZONE, "value", 60).log


def test_a_notify_that_fails_is_a_warning(scene):
    scene.create("Master", "INCREASE")
    scene.set_rules([{"path": "/notify", "do": "refuse", "status": 422, "body": '{"error": "Failed to add to the queue"}'}])
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == OK
    assert [level for level, text in result.logs if "Failed to add to the queue" in text and ZONE in text][-1:] == [1]


def test_a_native_zone_notifies_nobody_and_rectifies_on_demand(scene):
    assert scene.plugin().call("add", OWNER, ZONE, "value", 60).status == OK
    assert not scene.requests("PUT")
    assert scene.plugin(rectify="yes").call("remove", OWNER, ZONE, "value", 60).status == OK
    assert [r["path"].rsplit("/", 1)[1] for r in scene.requests("PUT")] == ["rectify"]


@pytest.mark.parametrize("tail", ["", "/", "/api/v1", "/api/v1/"])
def test_the_api_may_be_below_a_path(scene, tail):
    scene.server.prefix = "/dns/east"
    plugin = scene.plugin(api_url=scene.url + "/dns/east" + tail)
    assert plugin.call("add", OWNER, ZONE, "value", 60).status == OK
    assert plugin.call("remove", OWNER, ZONE, "value", 60).status == OK
    assert scene.is_untouched()
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == BAD_CONFIG and "api-url" in result.text and "server-id" in result.text


def test_a_zone_of_a_slash_can_be_asked_for(scene):
    zone = "0/25.2.0.192.in-addr.arpa."
    scene.server.create(zone, "$ORIGIN %s\n@ 60 SOA ns.test. a.test. 1 60 60 60 60\n@ 60 NS ns.test.\n" % zone, "Native", "")
    try:
        assert scene.plugin().call("add", "_acme-challenge." + zone, zone, "value", 60).status == OK
    finally:
        scene.server.delete("0=2F25.2.0.192.in-addr.arpa.")


# Servers that are different


def test_a_server_that_ignores_the_filter_sends_the_zone_once(scene):
    whole = scene.server.api("GET", "/servers/localhost/zones/" + ZONE)[1]
    scene.set_rules([{"method": "GET", "path": "rrset_name", "do": "refuse", "status": 200, "body": whole, "times": 1,
                 "headers": {"content-type": "application/json"}}])
    names = ["_acme-challenge.n%d.example.test." % i for i in range(3)] + [OWNER]
    assert scene.plugin().apply(*[("add", name, ZONE, "value", 60) for name in names]).status == OK
    assert len(scene.requests("GET", "rrset_name")) == 1 + len(names)  # read once, looked at one by one
    assert not scene.requests("GET", "search-data")
    assert scene.rrset()["records"] == records("value") and scene.values(names[0]) == ['"value"']


@pytest.mark.parametrize("rrsets", ["0," * 2200000, "0," * 110000], ids=["too large", "too many values"])
def test_a_zone_that_is_too_much_for_one_answer_is_read_name_by_name(scene, rrsets):
    scene.set_rules([{"method": "GET", "path": "/zones/[^?]*$", "do": "replace", "status": 200,
                 "headers": {"content-type": "application/json"}, "body": '{"rrsets": [%s0]}' % rrsets}])
    names = ["_acme-challenge.n%d.example.test." % i for i in range(5)] + [OWNER]
    plugin = scene.plugin()
    assert plugin.apply(*[("add", name, ZONE, "value", 60) for name in names]).status == OK
    assert scene.rrset()["records"] == records("value") and scene.values(names[0]) == ['"value"']
    assert plugin.apply(*[("remove", name, ZONE, "value", 60) for name in names]).status == OK
    assert scene.is_untouched()


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_set_of_which_a_part_is_not_shown_is_left_alone(scene, verb):
    body = json.dumps({"rrsets": [{"name": OWNER, "type": "TXT", "ttl": 300, "records": [{"disabled": False}]}]})
    scene.set_rules([{"method": "GET", "path": "rrset_name", "do": "replace", "status": 200, "body": body}])
    result = scene.plugin().call(verb, OWNER, ZONE, "value", 60)
    assert result.status == RETRY and "only in part" in result.text
    assert scene.requests("PATCH") == [] and scene.is_untouched()


def test_a_newer_server_is_not_searched(scene):
    scene.set_rules([{"path": "localhost$", "do": "replace", "status": 200, "body": '{"version": "5.1.0"}',
                 "headers": {"content-type": "application/json"}}])
    assert scene.plugin().call("add", OWNER, ZONE, "value", 60).status == OK
    assert not scene.requests("GET", "search-data")
    assert "include_disabled=true" in scene.requests("GET", "rrset_name")[0]["path"]


def test_a_server_without_a_search_is_taken_as_it_is(scene):
    scene.set_rules([{"path": "search-data", "do": "refuse", "status": 404, "body": "Not Found"}])
    plugin = scene.plugin()
    assert plugin.call("add", OWNER, ZONE, "value", 60).status == OK
    assert plugin.call("remove", OWNER, ZONE, "value", 60).status == OK
    assert scene.is_untouched()


# Two programs at one name


def test_a_value_that_another_program_took_away_is_written_again(scene):
    theirs = {"name": OWNER, "type": "TXT", "ttl": 300, "records": records("their new one")}
    scene.server.rival(ZONE, theirs)
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == OK and "writing it again" in result.log
    assert scene.rrset()["records"] == records("their new one", "value")


def test_a_removed_value_that_another_program_brought_back_is_removed_again(scene):
    plugin = scene.plugin()
    assert plugin.call("add", OWNER, ZONE, "value", 60).status == OK
    scene.server.rival(ZONE, {"name": OWNER, "type": "TXT", "ttl": 300, "records": scene.rrset()["records"]})
    assert plugin.call("remove", OWNER, ZONE, "value", 60).status == OK
    assert scene.is_untouched()


def test_it_gives_up_where_another_program_always_wins(scene):
    scene.server.rival(ZONE, *[{"name": OWNER, "type": "TXT", "ttl": 300, "records": records()}] * 10)
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == RETRY and "somebody else" in result.text and ZONE in result.text
    assert len(scene.requests("PATCH")) == 5


# Faults


@pytest.mark.parametrize("rule", [
    {"do": "drop-reply"}, {"do": "drop-request"}, {"do": "refuse", "status": 503, "body": "<html>busy</html>"},
    {"do": "replace", "status": 502, "body": "<html>Bad gateway</html>"}, {"do": "replace", "status": 500},
    {"do": "refuse", "status": 429, "headers": {"retry-after": "1"}},
])
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_change_is_made_once_whatever_became_of_its_reply(scene, rule, verb):
    plugin = scene.plugin()
    if verb == "remove":
        assert plugin.call("add", OWNER, ZONE, "value", 60).status == OK
    scene.set_rules([{"method": "PATCH", "times": 1, **rule}])
    assert plugin.call(verb, OWNER, ZONE, "value", 60).status == OK
    if verb == "add":
        assert scene.rrset()["records"] == records("value")
    else:
        assert scene.is_untouched()


@pytest.mark.parametrize("rule", [{"do": "cut", "bytes": 30}, {"do": "truncate", "bytes": 30},
                                  {"do": "drop-reply"}, {"do": "refuse", "status": 500}])
def test_answers_that_break_off_are_asked_for_again(scene, rule):
    scene.set_rules([{"method": "GET", "path": "zones", "times": 1, **rule}])
    assert scene.plugin().call("add", OWNER, ZONE, "value", 60).status == OK
    assert scene.rrset()["records"] == records("value")


@pytest.mark.parametrize("status, expected", [(401, DENIED), (403, DENIED), (404, NO_ZONE), (409, REJECTED),
                                              (422, REJECTED)])
def test_refusals_are_refusals_and_change_nothing(scene, status, expected):
    scene.set_rules([{"method": "PATCH", "do": "refuse", "status": status, "body": '{"error": "the words of it"}'}])
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == expected and "the words of it" in result.text
    assert len(scene.requests("PATCH")) == 1 and scene.is_untouched()


def test_a_refusal_after_a_change_that_may_have_been_made_promises_nothing(scene):
    scene.set_rules([{"method": "PATCH", "do": "drop-reply", "times": 1}, {"method": "GET", "path": "zones", "skip": 1,
                                                                      "do": "refuse", "status": 401}])
    assert scene.plugin().call("add", OWNER, ZONE, "value", 60).status == RETRY
    assert '"value"' in scene.values()


@pytest.mark.parametrize("words, status, remedy", [
    ("RRset %s IN TXT: Conflicts with pre-existing RRset" % OWNER, REJECTED, "CNAME"),
    ("Hosting backend does not support editing records.", BAD_CONFIG, "read-only"),
    ("Failed to rectify 'example.test.' broken", REJECTED, "pdnsutil rectify-zone"),
])
def test_what_the_server_says_is_explained(scene, words, status, remedy):
    scene.set_rules([{"method": "PATCH", "do": "refuse", "status": 422, "body": json.dumps({"error": words}),
                 "headers": {"content-type": "application/json"}}])
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == status and remedy in result.text and ZONE in result.text


def test_settings_that_cannot_work_are_named(scene):
    result = scene.plugin(api_key="wrong").call("add", OWNER, ZONE, "value", 60)
    assert result.status == DENIED and "api-key" in result.text and "pdns.conf" in result.text
    result = scene.plugin(server_id="other").call("add", OWNER, ZONE, "value", 60)
    assert result.status == BAD_CONFIG and "server-id" in result.text
    result = scene.plugin().call("add", "_acme-challenge.nowhere.test.", "nowhere.test.", "value", 60)
    assert result.status == NO_ZONE and "nowhere.test." in result.text
    assert scene.plugin().call("remove", "_acme-challenge.nowhere.test.", "nowhere.test.", "value", 60).status == OK
    result = scene.plugin().call("add", "_acme-challenge.example.org.", ZONE, "value", 60)
    assert result.status == REJECTED and "does not lie in zone" in result.text
    for options, words in (({"api_url": "http://192.0.2.1:8081"}, "api-url"), ({"api_url": "8081"}, "api-url"),
                           ({"api_key": "a\nb"}, "api-key")):
        with Plugin("powerdns", **{"api_url": scene.url, "api_key": "x", **options}) as plugin:
            result = plugin.call("check")
            assert result.status == BAD_CONFIG and words in result.text, result.text
    with Plugin("powerdns", api_url="http://192.0.2.1:8081", api_key="x", plain_http="yes") as plugin:
        assert plugin.call("check").status == OK


def test_a_cancelled_call_leaves_at_once(scene):
    scene.set_rules([{"method": "PATCH", "do": "stall"}])
    result = scene.plugin("--cancel-after", "200").call("add", OWNER, ZONE, "value", 60)
    assert result.status == CANCELLED and result.us < 8000000


def test_the_key_is_in_no_text(scene):
    scene.set_rules([{"method": "PATCH", "do": "refuse", "status": 422, "body": json.dumps({"error": pdns_scene.API_KEY})}])
    result = scene.plugin().call("add", OWNER, ZONE, "value", 60)
    assert result.status == REJECTED and pdns_scene.API_KEY not in result.text + result.log
