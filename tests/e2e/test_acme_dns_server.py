# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Certificates through joohoi's acme-dns: registered, the CNAME created by a person (played here), issued."""

import json
import os
import shutil
import tempfile
import time

import pytest
from dns_scene import assert_issued, assert_refused, said, world
from lab import Host, Zone
from standins import StandIn

HOST = "auth.example.com"
DOMAIN = "auth.test"
CNAME = "_acme-challenge.example.test. CNAME "


class Scene:
    """A lab, a server whose zone is DOMAIN, and a client. folder: the storage."""

    def __init__(self, make_lab, make_client, settings="", domain=Zone(DOMAIN)):
        zone = Zone("example.test", records='www 60 IN TXT "foreign"')
        self.lab = make_lab(world(zone, domain, standins=[HOST]))
        self.api = StandIn(self.lab, "acme_dns_server", HOST, zones=[DOMAIN], domain=DOMAIN)
        self.client = make_client(self.lab)
        # As root, plug-ins run as somebody else, who does not reach the client's folder.
        self.folder = tempfile.mkdtemp(prefix="acme-storage-")
        os.chmod(self.folder, 0o777)
        self.configure(settings)
        self.env = {"SSL_CERT_FILE": self.lab.ca_bundle}

    def configure(self, settings="", sections="[zone %s]\nprovider = auth\n" % DOMAIN):
        self.client.configure(sections="[provider auth]\nplugin = acme-dns-server\napi-url = %s\nstorage = %s\n%s\n"
                              "[zone example.test]\nprovider = auth\n%s" % (
                                  self.api.url, self.folder, settings, sections))

    def command(self, *names, options=()):
        domains = [word for name in names for word in ("-d", name)]
        return self.client.command("issue", *domains, "--server", self.client.server, *options)

    def issue(self, *names, options=()):
        return self.lab.run(self.command(*names, options=options), env=self.env)

    def accounts(self):
        with open(os.path.join(self.folder, "accounts.json"), encoding="utf-8") as file:
            return json.load(file)

    def create_cname(self, name="example.test", of=None):
        target = self.accounts()[of or name]["fulldomain"]
        self.lab.update("example.test", "add _acme-challenge.%s. 1 CNAME %s." % (name, target))

    def values(self):
        (subdomain,) = self.api.ask("subdomains")
        return {value for value, _ in self.api.ask("rows", subdomain)} - {""}


@pytest.fixture
def make_scene(make_lab, make_client):
    scenes = []

    def make(**more):
        scenes.append(Scene(make_lab, make_client, **more))
        return scenes[-1]

    yield make
    for scene in scenes:
        shutil.rmtree(scene.folder, ignore_errors=True)


def wait_until(is_true, seconds=20):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_first_run_registers_waits_for_the_cname_and_issues(make_scene):
    scene = make_scene()
    before = scene.lab.zones()["example.test"]
    log = os.path.join(scene.client.folder, "stderr")
    with open(log, "w", encoding="utf-8") as err:
        run = scene.lab.popen(scene.command("example.test", "*.example.test"), env=scene.env, stderr=err)
    wait_until(lambda: len(scene.api.requests("POST", "/update")) == 2)
    assert scene.lab.zones()["example.test"] == before and run.poll() is None
    scene.create_cname()
    assert run.wait(30) == 0
    with open(log, encoding="utf-8") as err:
        told = err.read()
    target = scene.accounts()["example.test"]["fulldomain"] + "."
    assert told.count(CNAME + target) == 1 and "[zone %s]" % DOMAIN in told, told
    assert told.count("no request for that") == 1, told
    assert len(scene.values()) == 2 and len(scene.api.requests("POST", "/update")) == 2
    after = scene.lab.zones()["example.test"]
    assert [line for line in after if line not in before] == [
        "_acme-challenge.example.test. 1 IN CNAME " + target] and not set(before) - set(after)
    assert scene.lab.processes() == []
    cleanup = scene.lab.run(scene.client.command("cleanup"), env=scene.env)
    assert cleanup.code == 0 and "remov" not in cleanup.err, said(cleanup)

    first = scene.values()
    scene.lab.flush_resolver()
    again = scene.issue("example.test", "*.example.test", options=["--force"])
    assert_issued(again)
    assert CNAME not in again.err
    assert len(scene.api.requests("POST", "/register")) == 1
    assert len(scene.values()) == 2 and not scene.values() & first
    assert scene.lab.zones()["example.test"] == after


def test_without_waiting_every_cname_is_told_and_the_accounts_are_kept(make_scene):
    scene = make_scene(settings="await-cname = no")
    names = ["example.test", "www.example.test"]
    result = scene.issue(*names)
    accounts = scene.accounts()
    assert sorted(accounts) == names
    assert_refused(result, 4, "'auth'", "[zone %s]" % DOMAIN, "--allow-alias " + DOMAIN,
                   *["_acme-challenge.%s. CNAME %s." % (name, accounts[name]["fulldomain"]) for name in names])
    assert not scene.api.requests("POST", "/update")
    for name in names:
        scene.create_cname(name)
    scene.lab.flush_resolver()
    assert_issued(scene.issue(*names))
    assert len(scene.api.requests("POST", "/register")) == 2 and scene.accounts() == accounts
    assert all(account["password"] not in result.out + result.err for account in accounts.values())


def test_the_servers_own_way_to_answer_in_the_dns_is_understood(make_scene):
    # For its names it denies that they exist, whatever is asked for but TXT, and has no SOA record in that.
    manners = [{"name": r"^[0-9a-f-]{36}\.", "type": "^(?!TXT$)", "do": "answer", "rcode": "NXDOMAIN"}]
    domain = Zone(DOMAIN, hidden_primary=True, secondary=False, hosts=[Host("ns5", rules=manners)])
    scene = make_scene(settings="await-cname = no", domain=domain)
    assert scene.issue("example.test").code == 4
    scene.create_cname()
    scene.lab.flush_resolver()
    assert_issued(scene.issue("example.test", "*.example.test"))
    assert len(scene.values()) == 2


def test_the_plug_ins_own_test_passes_and_registers_nothing(make_scene):
    scene = make_scene(settings="await-cname = no")
    assert scene.issue("example.test").code == 4
    scene.create_cname()
    result = scene.lab.run(scene.client.command("plugin test", "auth", "-d", "example.test"), env=scene.env)
    assert result.code == 0 and "removes nothing" in result.out, said(result)
    assert len(scene.api.requests("POST", "/register")) == 1


def test_a_cname_that_never_comes_ends_the_wait(make_scene):
    scene = make_scene()
    before = scene.lab.zones()["example.test"]
    result = scene.issue("example.test", options=["--propagation-timeout", "2s"])
    assert_refused(result, 5, CNAME + scene.accounts()["example.test"]["fulldomain"], "_acme-challenge.example.test")
    assert scene.lab.zones()["example.test"] == before


def test_a_zone_that_nobody_said_to_follow_is_told(make_scene):
    scene = make_scene(settings="await-cname = no")
    scene.configure("await-cname = no", sections="")
    assert scene.issue("example.test").code == 4
    scene.create_cname()
    scene.lab.flush_resolver()
    assert_refused(scene.issue("example.test"), 3, "--allow-alias " + DOMAIN, "[zone %s]" % DOMAIN)
    assert_issued(scene.issue("example.test", options=["--allow-alias", DOMAIN, "--provider", "auth"]))


def test_three_names_with_one_target_are_refused_and_nothing_is_pushed_out(make_scene):
    scene = make_scene(settings="await-cname = no")
    names = ["example.test", "a.example.test", "b.example.test"]
    assert scene.issue(names[0]).code == 4
    for name in names:
        scene.create_cname(name, of=names[0])
    scene.lab.flush_resolver()
    target = scene.accounts()[names[0]]["fulldomain"]
    assert_refused(scene.issue(*names), 4, target, "account of its own")
    assert len(scene.api.requests("POST", "/update")) == 2 and len(scene.values()) == 2
    # What was refused is over: its values need not be kept.
    scene.lab.flush_resolver()
    assert_issued(scene.issue(*names[:2]))


@pytest.mark.parametrize("rule", [
    {"do": "drop-reply", "skip": 1, "times": 1}, {"do": "refuse", "status": 500, "times": 1},
    {"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "times": 1},
    {"do": "replace", "status": 502, "body": "<html>bad gateway</html>", "skip": 1, "times": 1},
])
def test_both_values_are_there_when_the_ca_looks_whatever_happened(make_scene, rule):
    scene = make_scene(settings="await-cname = no")
    assert scene.issue("example.test").code == 4
    scene.create_cname()
    scene.lab.flush_resolver()
    scene.api.set_rules([{"path": "/update", **rule}])
    assert_issued(scene.issue("example.test", "*.example.test"), within_s=30)
    assert len(scene.values()) == 2


def test_a_lost_account_is_explained(make_scene):
    scene = make_scene(settings="await-cname = no")
    assert scene.issue("example.test").code == 4
    scene.create_cname()
    scene.lab.flush_resolver()
    scene.api.ask("forget")
    assert_refused(scene.issue("example.test"), 4, "HTTP 401", "accounts.json", "another CNAME")


def test_a_folder_that_the_plug_in_cannot_reach_costs_no_order(make_scene):
    scene = make_scene()
    os.rmdir(scene.folder)
    result = scene.issue("example.test")
    assert_refused(result, 3, scene.folder, "install -d -m 700")
    assert not scene.api.requests() and not scene.lab.request_counts()["newOrder"], said(result)
