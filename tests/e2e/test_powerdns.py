# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Certificates through the HTTP API of a real PowerDNS, which is the lab's primary then; its secondary is BIND."""

import pytest
from dns_scene import assert_clean, assert_issued, assert_refused, world
from lab import Zone
from pdns_scene import API_KEY, replace_primary

HOST = "pdns.example.com"
FOREIGN = '_acme-challenge 1 IN TXT "foreign"\n_acme-challenge 1 IN TXT "of two" "strings"\n@ 60 IN TXT "v=spf1 -all"'
NAMES = ("example.test", "*.example.test", "www.example.test")


def start(make_lab, make_client, settings=None, **more):
    """The lab, the API, and a client that uses it; the zone has a secondary unless servers are in step."""
    lab = make_lab(world(Zone("example.test", records=FOREIGN), standins=[HOST], **more))
    api = replace_primary(lab, HOST, **(settings or {}))
    client = make_client(lab)
    client.configure(sections="[provider pdns]\nplugin = powerdns\napi-url = %s\napi-key = %s\nttl = 1\n" % (
        api.url, API_KEY))
    return lab, api, client


def issue(client, *names, options=(), env=None):
    domains = [word for name in names for word in ("-d", name)]
    return client.run("issue", *domains, "--provider", "pdns", "--server", client.server, *options,
                      env={"SSL_CERT_FILE": client.lab.ca_bundle, **(env or {})})


def test_issues_with_a_secondary_that_is_notified(make_lab, make_client):
    lab, api, client = start(make_lab, make_client, {"zone_kind": "Master", "soa_edit_api": "INCREASE"}, lag_s=0)
    before, rrsets = lab.zones(), api.ask("rrsets", "example.test.")
    result = issue(client, *NAMES)
    assert_issued(result, "issued", within_s=30)
    assert_clean(lab, before)
    assert api.ask("rrsets", "example.test.") == rrsets
    lab.wait_for_secondary()
    assert len(api.requests("PATCH")) == 2 and len(api.requests("PUT", "/notify$")) >= 2
    assert "SOA-EDIT-API" not in result.err and API_KEY not in result.err + result.out


def test_takes_the_names_that_other_programs_use_from_the_environment(make_lab, make_client):
    lab, api, client = start(make_lab, make_client)
    before = lab.zones()
    client.configure()
    for variables in ({"PDNS_API_URL": api.url, "PDNS_API_KEY": API_KEY},
                      {"PDNS_Url": api.url, "PDNS_Token": API_KEY, "PDNS_ServerId": "localhost"}):
        result = client.run("issue", "-d", "example.test", "--provider", "powerdns", "--server", client.server,
                            "--force", env={"SSL_CERT_FILE": lab.ca_bundle, **variables})
        assert_issued(result, "[provider powerdns]")
        assert API_KEY not in result.err + result.out
        lab.flush_resolver()
    assert lab.zones() == before


@pytest.mark.parametrize("rule", [
    {"method": "PATCH", "do": "drop-reply", "times": 2}, {"method": "PATCH", "do": "drop-request", "times": 2},
    {"method": "GET", "do": "truncate", "bytes": 20, "times": 2},
    {"method": "PATCH", "do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "times": 1},
    {"do": "refuse", "status": 502, "body": "<html>bad gateway</html>", "headers": {"content-type": "text/html"},
     "times": 1},
])
def test_issues_through_faults_and_leaves_the_zone_as_it_was(make_lab, make_client, rule):
    lab, api, client = start(make_lab, make_client)
    before, rrsets = lab.zones(), api.ask("rrsets", "example.test.")
    api.set_rules([rule])
    assert_issued(issue(client, *NAMES), within_s=30)
    assert_clean(lab, before)
    assert api.ask("rrsets", "example.test.") == rrsets


def test_two_runs_and_a_stranger_write_the_same_name(make_lab, make_client):
    lab, api, client = start(make_lab, make_client)
    other = make_client(lab)
    with open(client.config, encoding="utf-8") as file, open(other.config, "w", encoding="utf-8") as copy:
        copy.write(file.read().replace(client.folder, other.folder))
    before = lab.zones()
    foreign = [{"content": content, "disabled": False} for content in ('"foreign"', '"of two" "strings"')]
    api.ask("rival", "example.test.", {"name": "_acme-challenge.example.test.", "type": "TXT", "ttl": 1,
                                       "records": foreign})
    commands = [c.command("issue", "-d", "example.test", "-d", "*.example.test", "--provider", "pdns", "--server",
                          c.server) for c in (client, other)]
    running = [lab.popen(command, env={"SSL_CERT_FILE": lab.ca_bundle}) for command in commands]
    assert [process.wait(60) for process in running] == [0, 0]
    assert_clean(lab, before)


def test_the_plug_ins_own_test_passes(make_lab, make_client):
    lab, api, client = start(make_lab, make_client)
    before = lab.zones()
    result = client.run("plugin test", "pdns", "-d", "example.test", env={"SSL_CERT_FILE": lab.ca_bundle})
    assert result.code == 0, result.out + result.err
    assert_clean(lab, before)


def test_a_wrong_key_is_told_with_culprit_and_remedy(make_lab, make_client):
    lab, api, client = start(make_lab, make_client)
    before = lab.zones()
    client.configure(sections="[provider pdns]\nplugin = powerdns\napi-url = %s\napi-key = wrong-key\n" % api.url)
    assert_refused(issue(client, "example.test"), 4, "'pdns'", "HTTP 401", "api-key", "pdns.conf")
    assert_clean(lab, before)
    client.configure(sections="[provider pdns]\nplugin = powerdns\napi-url = http://192.0.2.1:8081\napi-key = k3y\n")
    assert_refused(issue(client, "example.test"), 3, "api-url", "http")
