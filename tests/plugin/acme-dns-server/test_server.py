# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns-server against the stand-in of joohoi's server, call by call."""

import json
import os
import time

import pytest
from driving import BAD_CONFIG, DENIED, NO_ZONE, OK, REJECTED, RETRY, UNSUPPORTED, Plugin
from standins import Traffic, serve
from standins.acme_dns_server import AcmeDnsServer

A, B, C = ("a" * 43, "b" * 43, "c" * 43)
OWNER = "_acme-challenge.example.com."
DOMAIN = "auth.example.org"


class Scene(Traffic):
    """A server, a folder, and processes of the plug-in that share it. The server's clock stands still."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.storage = os.path.join(self.folder, "storage")
        os.mkdir(self.storage, 0o700)
        self.server = AcmeDnsServer({"domain": DOMAIN, "zones": [DOMAIN + "."], "clock": 1000})
        self.front = serve(self.server, self.folder)
        self.url = "http://127.0.0.1:%d" % self.front.port
        self.plugins = []

    def plugin(self, *flags, **options):
        plugin = Plugin("acme-dns-server", *flags, **{"api_url": self.url, "storage": self.storage, **options})
        self.plugins.append(plugin)
        return plugin

    def close(self):
        for plugin in self.plugins:
            plugin.close()
        self.front.close()

    def accounts(self):
        with open(os.path.join(self.storage, "accounts.json"), encoding="utf-8") as file:
            return json.load(file)

    def values(self):
        """What the only name has now."""
        (subdomain,) = self.server.subdomains()
        return {value for value, _ in self.server.rows(subdomain)} - {""}

    def target(self, name="example.com"):
        return self.accounts()[name]["fulldomain"] + "."

    def registered(self):
        """A plug-in, and the name that was given to example.com: the CNAME is there already."""
        plugin = self.plugin().open()
        assert plugin.call("add", OWNER, "example.com.", C, 60).status == OK
        plugin.call("remove", OWNER, "example.com.", C, 60)
        self.server.tick(60)
        self.forget_times()
        return plugin, self.target()

    def window(self):
        return os.path.join(self.storage, self.target().split(".")[0] + ".window")

    def forget_times(self):
        """As if the last update had been long ago."""
        with open(self.window(), "w", encoding="utf-8"):
            pass

    def change_run(self, run):
        """As if another run of acme-dns had sent what is there."""
        with open(self.window(), encoding="utf-8") as file:
            window = json.load(file)
        for slot in window["values"]:
            slot["run"] = run
        with open(self.window(), "w", encoding="utf-8") as file:
            json.dump(window, file)


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    scene.close()


# Registering


def test_a_name_is_registered_once_and_its_cname_shown_once(scene):
    plugin = scene.plugin().open()
    first = plugin.call("add", OWNER, "example.com.", A, 60)
    assert first.status == OK, first.text
    target = scene.target()
    assert "%s CNAME %s" % (OWNER, target) in first.log and "[zone %s]" % DOMAIN in first.log
    second = plugin.call("add", OWNER, "example.com.", B, 60)
    assert second.status == OK and "CNAME" not in second.log
    third = scene.plugin().open().call("add", target, DOMAIN + ".", B, 60)
    assert third.status == OK and third.log.count("CNAME") == 0
    assert scene.values() == {A, B}
    assert len(scene.requests(path="/register")) == 1 and len(scene.requests(path="/update")) == 2
    assert os.stat(os.path.join(scene.storage, "accounts.json")).st_mode & 0o777 == 0o600


def test_without_waiting_it_fails_with_the_cname_and_keeps_the_account(scene):
    plugin = scene.plugin(await_cname="no").open()
    for _ in range(2):
        result = plugin.call("add", OWNER, "example.com.", A, 60)
        assert result.status == NO_ZONE
        assert "    %s CNAME %s\n" % (OWNER, scene.target()) in result.text
        assert "[zone %s]\n    provider = " % DOMAIN in result.text
    assert len(scene.requests(path="/register")) == 1 and not scene.requests(path="/update")
    assert plugin.call("add", scene.target(), DOMAIN + ".", A, 60).status == OK
    assert scene.values() == {A}


def test_two_processes_register_a_name_once(scene):
    scene.set_rules([{"path": "/register", "do": "delay", "seconds": 0.3}])
    one, other = scene.plugin().open(), scene.plugin().open()
    one.send("add", OWNER, "example.com.", A, 60)
    one.process.stdin.flush()
    other.send("add", OWNER, "example.com.", B, 60)
    assert other.wait().status == OK and one.wait().status == OK
    assert len(scene.requests(path="/register")) == 1 and scene.values() == {A, B}


def test_accounts_of_other_programs_are_taken_over_and_kept_as_they_are(scene):
    account = scene.server.answer(Asked("POST", "/register")).body.decode()
    theirs = {"example.com": json.loads(account), "other.example": {"fulldomain": "x.y", "more": [1, {"a": None}]}}
    with open(os.path.join(scene.storage, "accounts.json"), "w", encoding="utf-8") as file:
        json.dump(theirs, file)
    os.chmod(os.path.join(scene.storage, "accounts.json"), 0o644)
    plugin = scene.plugin().open()
    result = plugin.call("add", scene.target(), DOMAIN + ".", A, 60)
    assert result.status == OK and "chmod 600" in result.log
    assert plugin.call("add", "_acme-challenge.www.example.com.", "example.com.", A, 60).status == OK
    accounts = scene.accounts()
    assert set(accounts) == {"example.com", "other.example", "www.example.com"}
    assert {key: accounts[key] for key in theirs} == theirs
    assert accounts["www.example.com"]["server_url"] == scene.url


class Asked:
    """A request that came from elsewhere."""

    def __init__(self, method, path, body=b""):
        self.method, self.path, self.target, self.body = method, path, path, body
        self.headers, self.query = {}, {}


def test_networks_are_sent_and_checked(scene):
    plugin = scene.plugin(allow_from=["192.0.2.0/24,198.51.100.0/24", "2001:db8::/32"]).open()
    assert plugin.call("add", OWNER, "example.com.", A, 60).status == OK
    assert scene.server.allowed() == [["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]]
    wrong = scene.plugin(allow_from="192.0.2.1").open().call("add", "_acme-challenge.b.example.", "b.example.", A, 60)
    assert wrong.status == BAD_CONFIG and "allow-from" in wrong.text and "192.0.2.0/24" in wrong.text
    assert set(scene.accounts()) == {"example.com"}


def test_an_address_that_may_not_update_is_told_why(scene):
    plugin = scene.plugin(allow_from="203.0.113.0/24").open()
    result = plugin.call("add", OWNER, "example.com.", A, 60)
    assert result.status == DENIED and "allow-from" in result.text and "accounts.json" in result.text


def test_a_server_that_registers_nobody(scene):
    scene.server.set_registers(False)
    result = scene.plugin().open().call("add", OWNER, "example.com.", A, 60)
    assert result.status == BAD_CONFIG and "disable_registration" in result.text
    assert not os.path.exists(os.path.join(scene.storage, "accounts.json"))


def test_a_server_that_lost_the_account(scene):
    plugin, target = scene.registered()
    scene.server.forget()
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == DENIED and "accounts.json" in result.text and "another CNAME" in result.text


@pytest.mark.parametrize("body", [
    "{}", "[]", '"x"', '{"fulldomain": "../../etc.auth.example.org", "subdomain": "../../etc"}',
    '{"fulldomain": "a b.auth.example.org", "subdomain": "a b", "username": "u", "password": "p"}',
    '{"fulldomain": "a.auth.example.org", "subdomain": "b", "username": "u", "password": "p"}',
    '{"fulldomain": "a.auth.example.org", "subdomain": "a", "username": "u\\r\\nX: y", "password": "p"}',
    '{"fulldomain": "a.%s", "subdomain": "a", "username": "u", "password": "p"}' % ("x" * 300),
])
def test_an_answer_that_is_no_account_is_not_kept(scene, body):
    scene.set_rules([{"path": "/register", "do": "replace", "status": 201, "body": body}])
    result = scene.plugin().open().call("add", OWNER, "example.com.", A, 60)
    assert result.status == BAD_CONFIG and "/register" in result.text, result.text
    assert not os.path.exists(os.path.join(scene.storage, "accounts.json"))


# The folder


def test_a_folder_that_cannot_be_used_is_told_before_anything_is_sent(scene):
    file = os.path.join(scene.folder, "lego.json")
    open(file, "w", encoding="utf-8").close()
    for storage, words in ((os.path.join(scene.folder, "nowhere"), "install -d -m 700"),
                           (file, "put a file of accounts that you have already into it as accounts.json")):
        plugin = scene.plugin(storage=storage)
        for call in ("check", "open"):
            result = plugin.call(call)
            assert result.status == BAD_CONFIG and words in result.text and storage in result.text


def test_accounts_that_cannot_be_kept_are_not_made(scene):
    os.mkdir(os.path.join(scene.storage, "accounts.json.new"))
    result = scene.plugin().open().call("add", OWNER, "example.com.", A, 60)
    assert result.status == BAD_CONFIG and scene.storage in result.text
    assert not os.path.exists(os.path.join(scene.folder, "requests.jsonl")) or not scene.requests()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"example.com": 1}', '{"example.com": {}}', '{"a": 1, "a": 2}'])
def test_a_broken_file_of_accounts_is_named_and_left_alone(scene, text):
    path = os.path.join(scene.storage, "accounts.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = scene.plugin().open().call("add", OWNER, "example.com.", A, 60)
    assert result.status == BAD_CONFIG and path in result.text
    with open(path, encoding="utf-8") as file:
        assert file.read() == text


def test_a_password_goes_to_its_own_server_only(scene):
    plugin, target = scene.registered()
    accounts = scene.accounts()
    accounts["example.com"]["server_url"] = "https://elsewhere.example"
    with open(os.path.join(scene.storage, "accounts.json"), "w", encoding="utf-8") as file:
        json.dump(accounts, file)
    seen = len(scene.requests())
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == BAD_CONFIG and "https://elsewhere.example" in result.text and scene.url in result.text
    assert len(scene.requests()) == seen


def test_a_cname_to_somebody_elses_name_is_explained(scene):
    plugin, _ = scene.registered()
    result = plugin.call("add", "elsewhere.%s." % DOMAIN, DOMAIN + ".", A, 60)
    assert result.status == NO_ZONE and "accounts.json" in result.text and "elsewhere" in result.text


def test_its_zone_is_the_servers(scene):
    plugin, _ = scene.registered()
    assert plugin.call("add", "_acme-challenge.b.example.", "b.example.", C, 60).status == OK
    result = plugin.call("zones")
    assert result.status == OK and result.zones == [DOMAIN + "."]


@pytest.mark.parametrize("owner", ["_acme-challenge.nowhere.invalid.", "_acme-challenge.new.%s." % DOMAIN])
def test_where_nobody_can_create_a_cname_nothing_is_registered(scene, owner):
    plugin, _ = scene.registered()
    result = plugin.call("add", owner, "invalid.", A, 60)
    assert result.status == NO_ZONE and "CNAME" in result.text and owner in result.text
    assert set(scene.accounts()) == {"example.com"} and len(scene.requests(path="/register")) == 1


# The window


def test_nothing_can_be_removed_and_that_is_said(scene):
    plugin, target = scene.registered()
    plugin.call("add", target, DOMAIN + ".", A, 60)
    result = plugin.call("remove", target, DOMAIN + ".", A, 60)
    assert result.status == UNSUPPORTED and "two newer ones" in result.text
    assert plugin.call("remove", "_acme-challenge.www.example.com.", "example.com.", A, 60).status == OK
    assert scene.values() == {A, C}


def test_the_window_is_replaced_as_a_whole(scene):
    """Whoever is killed while writing leaves the one before, and half of a new one that nobody reads."""
    plugin, target = scene.registered()
    assert plugin.call("add", target, DOMAIN + ".", A, 60).status == OK
    with open(scene.window(), encoding="utf-8") as before:
        scene.server.tick(1)
        with open(scene.window() + ".new", "w", encoding="utf-8") as half:
            half.write('{"values":[{"va')
        assert plugin.call("add", target, DOMAIN + ".", B, 60).status == OK
        held = [slot["value"] for slot in json.load(before)["values"]]
    assert A in held and B not in held, "it was written over"
    with open(scene.window(), encoding="utf-8") as file:
        assert {slot["value"] for slot in json.load(file)["values"]} == {A, B}
    assert plugin.call("add", target, DOMAIN + ".", C, 60).status == REJECTED, "the values were forgotten"
    assert scene.values() == {A, B}


def test_a_window_that_is_torn_is_not_taken_for_an_empty_one(scene):
    plugin, target = scene.registered()
    for value in (A, B):
        assert plugin.call("add", target, DOMAIN + ".", value, 60).status == OK
        scene.server.tick(1)
    with open(scene.window(), encoding="utf-8") as file:
        text = file.read()
    with open(scene.window(), "w", encoding="utf-8") as file:
        file.write(text[:40])
    result = plugin.call("add", target, DOMAIN + ".", C, 60)
    assert result.status == BAD_CONFIG and scene.window() in result.text and "remove it" in result.text
    assert scene.values() == {A, B}


def test_a_third_value_of_one_run_is_refused(scene):
    plugin, target = scene.registered()
    for value in (A, B):
        assert plugin.call("add", target, DOMAIN + ".", value, 60).status == OK
        scene.server.tick(1)
    result = plugin.call("add", target, DOMAIN + ".", C, 60)
    assert result.status == REJECTED and target[:-1] in result.text and "account of its own" in result.text
    assert scene.values() == {A, B}


def test_a_third_value_waits_for_another_run(scene):
    plugin, target = scene.registered()
    for value in (A, B):
        assert plugin.call("add", target, DOMAIN + ".", value, 60).status == OK
        scene.server.tick(1)
    scene.change_run(1)
    result = plugin.call("add", target, DOMAIN + ".", C, 60)
    assert result.status == RETRY and ".window" in result.text and result.fails[2**64 - 1][1] > 0
    assert scene.values() == {A, B}
    plugin.call("remove", target, DOMAIN + ".", A, 60)
    scene.server.tick(60)
    # B is the newer one, but who knows how the server's seconds fell: it is sent once more.
    assert plugin.call("add", target, DOMAIN + ".", C, 60).status == OK
    assert scene.values() == {B, C}


def test_the_older_value_stays_when_only_it_is_needed(scene):
    plugin, target = scene.registered()
    plugin.call("add", target, DOMAIN + ".", A, 60)
    scene.server.tick(1)
    begun = time.monotonic()
    plugin.call("add", target, DOMAIN + ".", B, 60)
    plugin.call("remove", target, DOMAIN + ".", B, 60)
    scene.server.tick(2)
    # The stand-in's clock is ours to move: the plug-in waits, so that the server's moves, too.
    scene.set_rules([{"path": "/update", "containing": A, "do": "delay", "seconds": 0}])
    plugin.send("add", target, DOMAIN + ".", C, 60)
    plugin.process.stdin.flush()
    while len(scene.requests(path="/update")) < 4:
        time.sleep(0.01)
    scene.server.tick(1)
    assert plugin.wait().status == OK and time.monotonic() - begun >= 1.0, "a second from B on"
    assert scene.values() == {A, C}


def test_only_what_such_a_server_takes_is_sent(scene):
    plugin, target = scene.registered()
    seen = len(scene.requests())
    for value in ("short", "x" * 42 + "=", "x" * 44):
        result = plugin.call("add", target, DOMAIN + ".", value, 60)
        assert result.status == REJECTED and "43" in result.text
    assert len(scene.requests()) == seen


# Faults


@pytest.mark.parametrize("rule", [
    {"do": "drop-reply"}, {"do": "drop-request"}, {"do": "refuse", "status": 500, "body": '{"error": "db_error"}'},
    {"do": "replace", "status": 502, "body": "<html>Bad gateway</html>"}, {"do": "truncate", "bytes": 5},
    {"do": "cut", "bytes": 5},
])
@pytest.mark.parametrize("hit", [A, B])
def test_both_values_are_there_whatever_became_of_a_reply(scene, rule, hit):
    plugin, target = scene.registered()
    scene.server.clock = None  # the real one, as the waiting is for that
    scene.set_rules([{"path": "/update", "containing": hit, "times": 1, **rule}])
    for value in (A, B):
        for _ in range(5):
            result = plugin.call("add", target, DOMAIN + ".", value, 60)
            if result.status != RETRY:
                break
        assert result.status == OK, result.text
    assert scene.values() == {A, B}


@pytest.mark.parametrize("status, expected", [(401, DENIED), (403, DENIED), (404, BAD_CONFIG), (409, REJECTED),
                                              (422, REJECTED), (405, BAD_CONFIG)])
def test_refusals_are_refusals(scene, status, expected):
    plugin, target = scene.registered()
    scene.set_rules([{"path": "/update", "do": "refuse", "status": status, "body": '{"error": "the words of it"}'}])
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == expected and "the words of it" in result.text
    assert len(scene.requests(path="/update")) == 2


def test_too_many_requests_is_waited_for(scene):
    plugin, target = scene.registered()
    scene.set_rules([{"path": "/update", "do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "times": 1}])
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == OK and result.us > 900000 and scene.values() == {A, C}


def test_a_web_page_instead_of_the_api(scene):
    plugin, target = scene.registered()
    scene.set_rules([{"path": "/update", "do": "refuse", "status": 200, "body": "<html>Welcome</html>",
                 "headers": {"content-type": "text/html"}}])
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == RETRY and "is that the URL of its API" in result.text


def test_a_cancelled_call_leaves_at_once(scene):
    _, target = scene.registered()
    scene.set_rules([{"path": "/update", "do": "stall"}])
    plugin = scene.plugin("--cancel-after", "200").open()
    begun = time.monotonic()
    assert plugin.call("add", target, DOMAIN + ".", A, 60).status == 106
    assert time.monotonic() - begun < 10


def test_passwords_are_in_no_text(scene):
    plugin, target = scene.registered()
    password = scene.accounts()["example.com"]["password"]
    scene.set_rules([{"path": "/update", "do": "refuse", "status": 400, "body": json.dumps({"error": "so " + password})}])
    result = plugin.call("add", target, DOMAIN + ".", A, 60)
    assert result.status == REJECTED and password not in result.text + result.log
    assert all(password not in r["body"] and password not in r["path"] for r in scene.requests())
