# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What is asked of the API for which changes, and what stands there afterwards."""
import json

import pytest

from changing import NAME, OWNER, ZONE, add, owners, remove
from driving import BAD_CONFIG, OK, REJECTED


def test_one_value_beside_those_of_others(api):
    api = api()
    with api.plugin() as p:
        result = p.call(*add("value-a"))
        assert result.status == OK and api.added() == [(NAME, '"value-a"')]
        (posted,) = api.requests("POST")
        assert json.loads(posted["body"]) == {"type": "TXT", "name": NAME, "content": '"value-a"', "ttl": 60}
        assert len(api.requests()) == 2 and "name=example.test&" in api.requests()[0]["path"]
        assert p.call(*add("value-a")).status == OK and len(api.added()) == 1
        assert p.call(*remove("value-a", OWNER, "example.test.", result.receipts[0])).status == OK
        assert api.contents() == api.before
        assert p.call(*remove("value-a")).status == OK
    assert api.contents() == api.before


def test_apex_and_wildcard_go_in_one_request_and_come_back_in_one(api):
    api = api()
    with api.plugin() as p:
        result = p.apply(add("value-a"), add("value-b"))
        assert result.status == OK and sorted(result.receipts) == [0, 1] and not result.fails
        assert api.added() == [(NAME, '"value-a"'), (NAME, '"value-b"')]
        assert [r["path"].rsplit("/", 1)[1] for r in api.requests("POST")] == ["batch"]
        result = p.apply(remove("value-a"), remove("value-b", OWNER, "example.test.", result.receipts[1]))
    assert result.status == OK and api.contents() == api.before
    assert len(api.requests("POST")) == 2 and len(api.requests("GET")) == 2


def test_additions_and_removals_in_one_transaction(api):
    api = api()
    with api.plugin() as p:
        p.call(*add("old"))
        assert p.apply(remove("old"), add("new"), add("newer", "_acme-challenge.www.example.test.")).status == OK
    assert api.added() == [(NAME, '"new"'), ("_acme-challenge.www." + ZONE, '"newer"')]


def test_values_are_compared_by_case_and_without_quotes(api):
    """FOREIGN has VALUE-A and one with quotes inside; another program stores without quotes."""
    api = api()
    with api.plugin() as p:
        api.server.put_unquoted(NAME, "bare")
        assert p.call(*remove("value-a")).status == OK
        assert p.call(*remove("BARE")).status == OK
        assert p.apply(remove("foreign", "_acme-challenge.none.example.test."), remove("two")).status == OK
        assert (NAME, "bare") in api.added()
        assert p.call(*remove("bare")).status == OK
    assert api.contents() == api.before


@pytest.mark.parametrize("value", [b'with "quotes" and \\', b"\xc3\xa9\xff\x01", b"a" * 255, b" blank ", b'"'])
def test_any_bytes_are_a_value(api, value):
    api = api()
    with api.plugin() as p:
        assert p.call(*add(value)).status == OK and len(api.added()) == 1
        assert p.call(*add(value)).status == OK and len(api.added()) == 1
        assert p.call(*remove(value)).status == OK
    assert api.contents() == api.before


def test_a_receipt_that_is_wrong_deletes_nothing_of_others(api):
    api = api()
    victim = next(r for r in api.server.records.values() if r["content"] == '"foreign"')
    zone_id = api.server.zone_ids(ZONE)[0]
    with api.plugin() as p:
        for receipt in ["%s/%s" % (zone_id, victim["id"]), "%s/%s" % ("0" * 32, victim["id"]), "/", "x" * 200,
                        "../%s" % zone_id, "no slash"]:
            p.call(*add("value-a"))
            assert p.call(*remove("value-a", OWNER, "example.test.", receipt)).status == OK, receipt
            assert api.contents() == api.before, receipt


def test_the_receipt_spares_the_question_for_the_zone(api):
    api = api()
    with api.plugin() as p:
        receipt = p.call(*add("value-a")).receipts[0]
    n = len(api.requests())
    with api.plugin() as p:
        assert p.call(*remove("value-a", OWNER, "example.test.", receipt)).status == OK
    assert [r["method"] for r in api.requests()[n:]] == ["GET", "DELETE"] and api.contents() == api.before


def test_the_ttl_stays_in_bounds(api):
    api = api()
    with api.plugin() as p:
        assert p.call("add", OWNER, "example.test.", "long", 1000000).status == OK
    assert json.loads(api.requests("POST")[0]["body"])["ttl"] == 86400


def test_one_of_twenty_is_refused_and_the_rest_succeeds_in_a_dozen_requests(api):
    api = api(others=[{"zone": ZONE, "type": "CNAME", "name": "_acme-challenge.h7.example.test",
                       "content": "elsewhere.other.test"}])
    with api.plugin() as p:
        result = p.apply(*[add("v", owner) for owner in owners(20)])
        status, _, text = result.fails[7]
        assert result.status == OK and list(result.fails) == [7] and status == REJECTED
        assert "CNAME" in text and "elsewhere.other.test" in text and owners(20)[7] in text
        assert len(api.added()) == 19 and len(api.requests()) <= 12
        n = len(api.requests())
        assert p.apply(*[remove("v", owner) for owner in owners(20)]).status == OK
    assert api.contents() == api.before and len(api.requests()) - n <= 12


def test_a_refusal_that_no_look_explains_is_found_in_halves(api):
    api = api()
    body = json.dumps({"success": False, "errors": [{"code": 9999, "message": "not this one"}], "result": None})
    with api.plugin() as p:
        api.set_rules([{"method": "POST", "containing": "h11", "do": "refuse", "status": 400, "body": body,
                       "headers": {"content-type": "application/json"}}])
        result = p.apply(*[add("v", owner) for owner in owners(20)])
    assert result.status == OK and list(result.fails) == [11] and len(api.added()) == 19


def test_a_zone_that_is_full_is_not_asked_for_ever(api):
    api = api(record_quota=6)
    with api.plugin() as p:
        result = p.apply(*[add("v", owner) for owner in owners(100)])
        assert {f[0] for f in result.fails.values()} == {REJECTED} and len(result.fails) == 100
        assert "full" in result.fails[99][2] and len(api.requests()) < 40
    assert api.contents() == api.before


def test_several_of_many_are_refused(api):
    api = api(others=[{"zone": ZONE, "type": "NS", "name": "_acme-challenge.h%d.example.test" % i, "content": "ns.test"}
                      for i in (0, 1, 50, 99)])
    body = json.dumps({"success": False, "errors": [{"code": 9999, "message": "not this one"}], "result": None})
    with api.plugin() as p:
        api.set_rules([{"method": "POST", "containing": r"h(0|1|50|99)\.", "do": "refuse", "status": 400, "body": body}])
        result = p.apply(*[add("v", owner) for owner in owners(100)])
    assert sorted(result.fails) == [0, 1, 50, 99] and len(api.added()) == 96


def test_what_stands_there_already_is_done_though_the_batch_is_refused(api):
    api = api()
    with api.plugin() as p:
        p.apply(*[add("v", owner) for owner in owners(3)])
        result = p.apply(*[add("v", owner) for owner in owners(6)])
        assert result.status == OK and not result.fails and sorted(result.receipts) == list(range(6))
        assert len(api.added()) == 6


def test_more_changes_than_a_batch_may_hold(api):
    api = api()
    with api.plugin() as p:
        assert p.apply(*[add("v", owner) for owner in owners(450)]).status == OK
        assert len(api.added()) == 450 and len(api.requests("POST")) == 3
        assert p.apply(*[remove("v", owner) for owner in owners(450)]).status == OK
    assert api.contents() == api.before


@pytest.mark.parametrize("settings, rules", [
    ({"batch": 0}, []),
    ({}, [{"path": "batch$", "do": "refuse", "status": 404, "body": "no such page"}]),
    ({}, [{"path": "batch$", "do": "refuse", "status": 403, "body": ""}]),
    ({}, [{"path": "batch$", "do": "refuse", "status": 501, "body": ""}]),
])
def test_where_batches_are_refused_changes_go_one_by_one(api, settings, rules):
    api = api(**settings)
    with api.plugin() as p:
        api.set_rules([*rules])
        assert p.apply(add("a"), add("b"), add("c")).status == OK and len(api.added()) == 3
        assert p.apply(remove("a"), remove("b"), add("d")).status == OK and len(api.added()) == 2
        assert len(api.requests("POST", "batch$")) == 1
        assert p.apply(remove("c"), remove("d")).status == OK
    assert api.contents() == api.before


def test_a_smaller_limit_of_a_batch_is_found(api):
    api = api(batch=4)
    with api.plugin() as p:
        assert p.apply(*[add("v", owner) for owner in owners(10)]).status == OK
    assert len(api.added()) == 10


def test_a_zone_id_of_another_zone_leaves_nothing_behind(api):
    """The API would take the name for one relative to that zone."""
    api = api()
    with api.plugin(zone_id=api.server.zone_ids("other.test")[0]) as p:
        result = p.call(*add("value-a"))
        assert result.status == BAD_CONFIG and "example.test.other.test" in result.text and "zone-id" in result.text
        assert api.contents() == api.before
        result = p.apply(add("value-a"), add("value-b"))
    assert [f[0] for f in result.fails.values()] == [BAD_CONFIG] * 2 and api.contents() == api.before


def test_a_name_in_another_form_is_not_taken_for_another_place(api):
    api = api()
    record = {"id": "ab" * 16, "type": "TXT", "name": "_acme-challenge.b\u00fccher.example.test", "content": '"a"'}
    body = json.dumps({"success": True, "errors": [], "messages": [], "result": record})
    with api.plugin() as p:
        api.set_rules([{"method": "POST", "do": "refuse", "status": 200, "body": body}])
        result = p.call(*add("a", "_acme-challenge.xn--bcher-kva.example.test."))
    assert result.status == OK and result.receipts[0].endswith("/" + "ab" * 16) and not api.requests("DELETE")


def test_records_are_found_on_any_page(api):
    api = api(per_page_max=7)
    with api.plugin() as p:
        assert p.apply(*[add("v%d" % i) for i in range(30)]).status == OK
        assert p.call(*remove("v29")).status == OK and len(api.added()) == 29
        assert p.apply(*[remove("v%d" % i) for i in range(30)]).status == OK
    assert api.contents() == api.before
