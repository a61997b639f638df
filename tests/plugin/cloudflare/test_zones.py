# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Which zone of the API's a name is in, and who may know of it."""
import re

import pytest

from changing import OWNER, ZONE, add, remove
from driving import BAD_CONFIG, DENIED, NO_ZONE, OK

EDIT = "EditsRecordsOnly_0123456789_abcdefghijkl"
READ = "ReadsZonesOnly_0123456789_abcdefghijklmn"
NARROW = {EDIT: {"permissions": ["zone:read", "dns:edit"], "zones": [ZONE]}}


def asked(api):
    """The names that zones were asked for by."""
    return [re.search("name=([^&]*)", r["path"])[1] for r in api.requests("GET", r"/zones\?")]


def names_of(p):
    result = p.call("zones")
    return result.status, result.zones


def test_the_zone_of_the_dns_is_asked_for_first_and_once(api):
    api = api(elsewhere=[{"name": "www.example.test"}])
    owner = "_acme-challenge.www.example.test."
    with api.plugin() as p:
        assert p.call(*add("a", owner)).status == OK and p.call(*add("b")).status == OK
        assert p.call(*remove("a", owner)).status == OK
    assert asked(api) == [ZONE]


def test_names_above_the_owner_follow_from_the_longest(api):
    """Here the DNS shows a cut that the API knows nothing of."""
    api = api()
    with api.plugin() as p:
        result = p.call(*add("a", "_acme-challenge.a.www.example.test.", "a.www.example.test."))
        assert result.status == OK and "example.test" in result.log and "a.www.example.test." in result.log
        assert asked(api) == ["a.www.example.test", "www.example.test", ZONE]
        assert p.call(*add("b", "_acme-challenge.a.www.example.test.", "a.www.example.test.")).status == OK
        assert len(asked(api)) == 3 and len(api.added()) == 2


def test_a_name_of_challenges_may_be_a_zone(api):
    api = api(elsewhere=[{"name": "_acme-challenge.www.example.test"}])
    with api.plugin() as p:
        assert p.call(*add("a", "_acme-challenge.www.example.test.", "_acme-challenge.www.example.test.")).status == OK
    assert len(asked(api)) == 1 and len(api.added()) == 1


def test_a_zone_below_the_cut_of_the_dns_is_found(api):
    api = api(zones=["other.test."], elsewhere=[{"name": "sub.example.test"}])
    with api.plugin() as p:
        assert p.call(*add("a", "_acme-challenge.x.sub.example.test.", ZONE + ".")).status == OK
    assert asked(api)[0] == ZONE and asked(api)[-1] == "sub.example.test" and len(api.added()) == 1


def test_a_zone_id_spares_every_question_for_zones(api):
    api = api(tokens={EDIT: {"permissions": ["dns:edit"], "zones": [ZONE]}})
    with api.plugin(api_token=EDIT, zone_id=api.server.zone_ids(ZONE)[0]) as p:
        result = p.apply(add("a"), add("b"))
        assert result.status == OK and len(api.added()) == 2
        assert p.apply(remove("a"), remove("b")).status == OK
    assert not api.requests("", "/zones(/[0-9a-f]*)?(\\?|$)") and api.contents() == api.before


def test_another_token_finds_the_zones(api):
    api = api(tokens={EDIT: {"permissions": ["dns:edit"], "zones": [ZONE]},
                      READ: {"permissions": ["zone:read"], "zones": None}})
    with api.plugin(api_token=EDIT, zone_api_token=READ) as p:
        assert p.call(*add("a")).status == OK and p.call(*remove("a")).status == OK
    for request in api.requests():
        is_about_zones = "/dns_records" not in request["path"]
        assert request["headers"]["authorization"] == "Bearer " + (READ if is_about_zones else EDIT)
        assert not [name for name in request["headers"] if name.startswith("x-auth")]


def test_the_key_goes_with_its_address_and_without_a_token(api):
    key = "0123456789abcdef0123456789abcdef01234"
    api = api(keys={"ops@example.test": key})
    with api.plugin(api_key=key, email="ops@example.test") as p:
        assert p.call(*add("a")).status == OK
    for request in api.requests():
        headers = request["headers"]
        assert headers["x-auth-key"] == key and headers["x-auth-email"] == "ops@example.test"
        assert "authorization" not in headers


def test_a_name_that_may_not_be_asked_for_is_not_the_zone(api):
    api = api(tokens=NARROW, old_scope=True)
    with api.plugin(api_token=EDIT) as p:
        assert p.call(*add("a", "_acme-challenge.www.example.test.", "www.example.test.")).status == OK
        assert [r["status"] for r in api.requests("GET")] == [403, 200]
        result = p.apply(add("a", "_acme-challenge.other.test.", "other.test."),
                         add("b", "_acme-challenge.other.test.", "other.test."))
    assert [f[0] for f in result.fails.values()] == [DENIED, DENIED]
    assert "Zone > Zone > Read" in result.text and "other.test" in result.text and "zone-id" in result.text
    assert len(api.requests("GET")) == 2 + 1


def test_no_zone_at_all(api):
    api = api(tokens=NARROW)
    with api.plugin(api_token=EDIT) as p:
        result = p.call(*add("a", "_acme-challenge.other.test.", "other.test."))
        assert result.status == NO_ZONE and "_acme-challenge.other.test" in result.text
        assert "zone resources" in result.text
        result = p.call(*remove("a", "_acme-challenge.other.test.", "other.test."))
        assert result.status == OK and "other.test" in result.log
        result = p.call(*add("a", "_acme-challenge.test.", "test."))
        assert result.status == NO_ZONE and asked(api).count("test") == 1


@pytest.mark.parametrize("status", ["pending", "initializing", "moved", "deactivated"])
def test_a_zone_that_is_not_active_is_told(api, status):
    api = api(zones=["other.test."], elsewhere=[{"name": ZONE, "status": status}])
    with api.plugin() as p:
        result = p.call(*add("a"))
        assert result.status == NO_ZONE and "not active" in result.text and status in result.text
        assert "zone-id" in result.text and not api.added()
        assert p.call(*remove("a")).status == OK
    with api.plugin(zone_id=api.server.zone_ids(ZONE)[0]) as p:
        assert p.call(*add("a")).status == OK and len(api.added()) == 1
    with api.plugin() as p:
        assert p.call(*remove("a")).status == OK and not api.added()


def test_a_zone_whose_servers_are_elsewhere_is_told_once(api):
    api = api(details={ZONE: {"type": "partial"}})
    with api.plugin() as p:
        result = p.apply(add("a"), add("b"))
    assert result.status == OK and result.log.count("partial setup") == 1


def test_one_name_in_several_accounts(api):
    api = api(elsewhere=[{"name": ZONE, "account": "Second"}, {"name": "twice.test", "account": "A", "status": "pending"},
                         {"name": "twice.test", "account": "B", "status": "pending"},
                         {"name": "once.test", "account": "A", "status": "moved"},
                         {"name": "once.test", "account": "B"}])
    with api.plugin() as p:
        result = p.call(*add("a"))
        assert result.status == BAD_CONFIG and "account-id" in result.text and "zone-id" in result.text
        for account, account_id in zip(["Main account", "Second"], api.server.account_ids(ZONE)):
            assert "'%s'" % account in result.text and account_id in result.text
        result = p.call(*add("a", "_acme-challenge.twice.test.", "twice.test."))
        assert result.status == BAD_CONFIG and "pending" in result.text
        assert p.call(*add("a", "_acme-challenge.once.test.", "once.test.")).status == OK
    with api.plugin(account_id=api.server.account_ids(ZONE)[1]) as p:
        result = p.call(*add("b"))
        assert result.status == OK and result.receipts[0].startswith(api.server.zone_ids(ZONE)[1] + "/")


def test_a_receipt_of_a_zone_that_was_made_anew(api):
    api = api()
    with api.plugin() as p:
        receipt = "%s/%s" % ("ab" * 16, "cd" * 16)
        assert p.call(*add("a")).status == OK
        assert p.apply(remove("a", OWNER, "example.test.", receipt), add("b")).status == OK
        assert [content for _, content in api.added()] == ['"b"']
        assert p.call(*remove("b", OWNER, "example.test.", receipt)).status == OK
    assert api.contents() == api.before


def test_zones_are_listed_on_all_pages(api):
    more = ["z%d.test" % i for i in range(120)]
    api = api(elsewhere=[{"name": name} for name in more] + [{"name": "waits.test", "status": "pending"}])
    with api.plugin() as p:
        assert names_of(p) == (OK, [ZONE, "other.test"] + more)
    assert len(api.requests()) == 3
    with api.plugin(zone_id=api.server.zone_ids("other.test")[0]) as p:
        assert names_of(p) == (OK, ["other.test"])
    with api.plugin(account_id="0" * 32) as p:
        assert names_of(p) == (OK, [])


def test_zones_that_may_be_read_only_are_not_listed(api):
    api = api(tokens={READ: {"permissions": ["zone:read", "account.zone:list"], "zones": None}, **NARROW})
    with api.plugin(api_token=READ) as p:
        assert names_of(p) == (OK, [])
    with api.plugin(api_token=EDIT, zone_api_token=READ) as p:
        assert names_of(p) == (OK, [ZONE, "other.test"])
    with api.plugin(api_token=EDIT) as p:
        status, names = names_of(p)
        assert status == DENIED and names == []
