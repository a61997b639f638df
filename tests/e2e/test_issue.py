# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns issue against real servers: what must be on disk and in the zones afterwards."""

import json
import os
import stat

import pytest
from lab import Ca, Host, World, Zone
from lab.client import names_of

NAMES = ("*.example.test", "example.test")


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def succeed(result):
    assert result.code == 0, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


def assert_clean(lab, before):
    """Every zone as it was, and no process of ours left."""
    assert lab.zones() == before
    assert lab.processes() == []


def test_a_wildcard_and_its_base_end_as_files(lab, make_client):
    before = lab.zones()
    client = make_client(lab)
    result = succeed(client.issue(*NAMES))
    certificate, chain, _ = client.certificate("example.test")
    assert names_of(certificate) == sorted(NAMES) and chain
    for name in ("cert", "chain", "fullchain", "privkey"):
        assert os.path.islink(client.path("example.test", name + ".pem"))
        assert not os.readlink(client.path("example.test", name + ".pem")).startswith("/")
    assert mode_of(client.path("example.test", "privkey.pem")) == 0o600
    assert mode_of(client.path("example.test", "fullchain.pem")) == 0o444
    assert "\x1b" not in result.out + result.err, "control sequences without a terminal"
    assert_clean(lab, before)


def test_both_values_stand_before_the_resolver_is_asked(lab, make_client):
    """The owner is never asked of the resolver by us: only the CA asks, when the values are live."""
    client = make_client(lab)
    with lab.capture() as seen:
        succeed(client.issue(*NAMES))
    # The CA's questions and ours share an address here; the CA asks for TXT alone, and after the last
    # authoritative answer. A question of ours would be the first.
    asked = [m for m in seen if m["server"] == lab.resolver and "_acme-challenge" in m["name"]]
    authoritative = [m for m in seen if m["server"] != lab.resolver and m["type"] == "TXT"
                     and m["name"].startswith("_acme-challenge")]
    updates = [m for m in seen if m["opcode"] == "UPDATE"]
    assert updates and authoritative
    assert all(m["type"] == "TXT" for m in asked)
    assert min(m["time"] for m in asked) > min(m["time"] for m in updates)


def test_a_second_run_changes_nothing(lab, make_client):
    client = make_client(lab)
    succeed(client.issue(*NAMES))
    orders = lab.request_counts()["newOrder"]
    serial = client.certificate("example.test")[0].serial_number
    succeed(client.issue(*NAMES))
    assert client.issue(*NAMES, options=["--exit-unchanged"]).code == 2
    assert lab.request_counts()["newOrder"] == orders
    assert client.certificate("example.test")[0].serial_number == serial


def test_requests_stay_within_the_budget(make_lab, make_client, pebble):
    lab = make_lab(World(cas=[Ca(version=pebble, calm=True)], in_step=True))
    client = make_client(lab)
    names = [name for i in range(5) for name in ("n%d.example.test" % i, "*.n%d.example.test" % i)]
    succeed(client.issue(*names))
    counts = lab.request_counts()
    assert sum(counts.values()) - counts["newNonce"] <= 2 * len(names) + 10, counts


@pytest.mark.parametrize("knobs", [{"PEBBLE_WFE_NONCEREJECT": 50}, {"PEBBLE_AUTHZREUSE": 100}])
def test_a_hostile_ca_is_borne(make_lab, make_client, pebble, knobs):
    lab = make_lab(World(cas=[Ca(version=pebble, calm=True, env=knobs)], in_step=True))
    before = lab.zones()
    client = make_client(lab)
    succeed(client.issue(*NAMES))
    lab.flush_resolver()
    succeed(client.issue(*NAMES, options=["--force"]))
    assert_clean(lab, before)


def test_a_lagging_secondary_is_waited_for(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(calm=True)], lag_s=3))
    before = lab.zones()
    result = succeed(make_client(lab).issue(*NAMES))
    assert result.seconds > 3
    lab.wait_for_secondary()
    assert_clean(lab, before)


# A CA that looks for nothing: its resolver now and then gives up at a dead server, which is not what is tested.
TRUSTING = {"PEBBLE_VA_ALWAYS_VALID": 1}


@pytest.mark.parametrize("kind", ["lame", "silent", "closed"])
def test_a_broken_server_beside_good_ones_does_not_stop_it(make_lab, make_client, kind):
    zone = Zone("example.test", hosts=[Host("broken", kind)])
    lab = make_lab(World(zones=[zone], cas=[Ca(calm=True, env={} if kind == "lame" else TRUSTING)], in_step=True))
    result = succeed(make_client(lab).issue("example.test"))
    assert "broken.example.test" in result.out + result.err
    assert result.seconds < 40


def test_an_unreachable_ipv6_address_does_not_stop_it(make_lab, make_client):
    zone = Zone("example.test", dead_ipv6=("2001:db8::1", "2001:db8:dead::1"))
    lab = make_lab(World(zones=[zone], cas=[Ca(calm=True, env=TRUSTING)], in_step=True))
    assert succeed(make_client(lab).issue("example.test")).seconds < 40


def test_a_delegated_challenge_is_found(make_lab, make_client):
    zones = [Zone("example.test"), Zone("_acme-challenge.example.test")]
    lab = make_lab(World(zones=zones, cas=[Ca(calm=True)], in_step=True))
    before = lab.zones()
    succeed(make_client(lab).issue(*NAMES))
    assert_clean(lab, before)


def test_cnames_over_three_zones_need_leave(make_lab, make_client):
    zones = [
        Zone("example.test", records="_acme-challenge 60 IN CNAME one.second.test."),
        Zone("second.test", records="one 60 IN CNAME _acme-challenge.two.third.test."),
        Zone("third.test"),
    ]
    lab = make_lab(World(zones=zones, cas=[Ca(calm=True)], in_step=True))
    before = lab.zones()
    client = make_client(lab)
    refused = client.issue("example.test")
    assert refused.code != 0
    assert "third.test" in refused.err and "--allow-alias" in refused.err
    assert lab.zones() == before
    succeed(client.issue("example.test", options=["--allow-alias", "third.test"]))
    assert_clean(lab, before)


def test_a_wildcard_cname_is_not_followed(make_lab, make_client):
    zones = [Zone("example.test", records="* 60 IN CNAME web.second.test."), Zone("second.test")]
    lab = make_lab(World(zones=zones, cas=[Ca(calm=True)], in_step=True))
    before = lab.zones()
    succeed(make_client(lab).issue("example.test"))
    assert_clean(lab, before)


def test_a_signed_zone_and_an_empty_parent(make_lab, make_client):
    zone = Zone("example.test", signed=True, records="www.deep 60 IN A 192.0.2.1")
    lab = make_lab(World(zones=[zone], cas=[Ca(calm=True)]))
    before = lab.zones()
    succeed(make_client(lab).issue("www.deep.example.test"))
    assert_clean(lab, before)


def test_external_account_binding(make_lab, make_client, pebble, tmp_path):
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    lab = make_lab(World(cas=[Ca(version=pebble, calm=True, eab={"kid-1": secret})], in_step=True))
    client = make_client(lab)
    without = client.issue("example.test")
    assert without.code == 10 and "--eab-kid" in without.err
    key = tmp_path / "hmac"
    key.write_text(secret + "\n")
    key.chmod(0o600)
    options = ["--eab-kid", "kid-1", "--eab-hmac-key-file", str(key)]
    succeed(client.issue("example.test", options=options))


def test_json_is_one_object_a_line(lab, make_client):
    result = succeed(make_client(lab).issue(*NAMES, options=["--json"]))
    events = [json.loads(line) for line in result.out.splitlines()]
    assert events and all(isinstance(event, dict) for event in events)


def test_a_terminal_sees_the_states(lab, make_client):
    client = make_client(lab)
    result = lab.run_on_terminal(client.issue_command(*NAMES))
    assert result.code == 0, result.out
    assert "*.example.test" in result.out and "\x1b[" in result.out


def test_a_wrong_key_is_named(lab, make_client):
    before = lab.zones()
    client = make_client(lab)
    with open(lab.key_file("hmac-sha256"), encoding="ascii") as file:
        text = file.read()
    with open(lab.key_file("hmac-sha512"), "w", encoding="ascii") as file:
        file.write(text.replace('secret "', 'secret "AAAA'))
    client.configure(algorithm="hmac-sha512")
    result = client.issue("example.test")
    assert result.code == 4
    assert "secret" in result.err and "lab" in result.err
    assert_clean(lab, before)
