# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Broken connections, servers in trouble, limits: nothing is created twice, nothing of ours stays."""
import json
import threading

import pytest

from changing import NAME, OWNER, add, owners, remove
from driving import BAD_CONFIG, CANCELLED, OK, REJECTED, RETRY

HTML = "<!DOCTYPE html><html><head><title>502: Bad gateway</title></head></html>"
PAGE = {"headers": {"content-type": "text/html; charset=UTF-8"}, "body": HTML}
FAULTS = {
    "reset before": {"do": "drop-request"},
    "reset after": {"do": "drop-reply"},
    "half a reply": {"do": "cut", "bytes": 40},
    "truncated JSON": {"do": "truncate", "bytes": 40},
    "empty": {"do": "truncate", "bytes": 0},
    "502 before": {"do": "refuse", "status": 502, **PAGE},
    "502 after": {"do": "replace", "status": 502, **PAGE},
    "500 after": {"do": "replace", "status": 500, "body": json.dumps(
        {"success": False, "errors": [{"code": 10500, "message": "internal"}], "result": None})},
    "409 after": {"do": "replace", "status": 409, "body": json.dumps(
        {"success": False, "errors": [{"code": 1, "message": "lock"}], "result": None})},
    "page instead, after": {"do": "replace", "status": 200, **PAGE},
    "other JSON, after": {"do": "replace", "status": 200, "body": "[1, 2]"},
    "429": {"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "body": json.dumps(
        {"success": False, "errors": [{"code": 971, "message": "throttle"}], "result": None})},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_change_that_met_a_fault_is_made_once(api, fault):
    """Once in a single addition, in a batch of both, in a single removal."""
    api = api()
    one = {**FAULTS[fault], "method": "POST|DELETE", "times": 1}
    with api.plugin() as p:
        for changes, n_after in (([add("a")], 1), ([add("b"), remove("x"), remove("a"), add("c")], 2),
                                 ([remove("c")], 1)):
            api.set_rules([one])
            result = p.apply(*changes)
            assert (result.status, result.fails) == (OK, {}), result.text
            assert len(api.added()) == n_after
    assert api.added() == [(NAME, '"b"')]


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in ("page instead, after", "other JSON, after",
                                                                   "409 after")])
def test_a_question_that_met_a_fault_is_asked_again(api, fault):
    api = api()
    with api.plugin() as p:
        api.set_rules([{**FAULTS[fault], "method": "GET", "times": 1}])
        assert p.call(*add("a")).status == OK and len(api.added()) == 1
        api.set_rules([{**FAULTS[fault], "method": "GET", "times": 1}])
        assert p.call(*remove("a")).status == OK
    assert api.contents() == api.before


def test_a_part_that_was_carried_out_is_not_sent_again(api):
    """Of a server whose batches are no transactions."""
    api = api()
    with api.plugin() as p:
        p.call(*add("v", owners(6)[2]))
        p.call(*add("v", owners(6)[4]))
        n = len(api.requests("POST"))
        api.set_rules([{"method": "POST", "do": "drop-request", "times": 1}])
        assert p.apply(*[add("v", owner) for owner in owners(6)]).status == OK
    assert len(api.added()) == 6
    bodies = [r["body"] for r in api.requests("POST")[n:]]
    assert len(bodies) == 2 and "h2." in bodies[0] and "h2." not in bodies[1] and "h4." not in bodies[1]


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_refused_look_does_not_say_that_nothing_was_changed(api, status):
    """The addition may stand: so the core must hear RETRY, and remove it."""
    api = api()
    body = json.dumps({"success": False, "errors": [{"code": 10000, "message": "Authentication error"}]})
    with api.plugin() as p:
        for changes in [add("a")], [add("b"), add("c")]:
            api.set_rules([{"method": "POST", "do": "drop-reply", "times": 1},
                          {"method": "GET", "path": "dns_records", "do": "refuse", "status": status, "body": body}])
            result = p.apply(*changes)
            assert [f[0] for f in result.fails.values()] == [RETRY] * len(changes), result.text
        assert len(api.added()) == 3
        api.set_rules([])
        assert p.apply(remove("a"), remove("b"), remove("c")).status == OK
    assert api.contents() == api.before


def test_a_server_that_stays_away_is_left_to_the_core(api):
    api = api()
    with api.plugin("--deadline", "15000") as p:
        assert p.call(*add("a")).status == OK
        api.set_rules([{"method": "POST", "do": "drop-reply"}])
        result = p.call(*add("b"))
        assert result.status == OK and len(api.added()) == 2  # the look saw it
        api.set_rules([{"do": "drop-request"}])
        result = p.apply(add("c"), add("d"))
        assert {f[0] for f in result.fails.values()} == {RETRY} and len(result.fails) == 2
        assert "not known" in result.text or "cannot be reached" in result.text or "broke off" in result.text
        api.set_rules([])
        assert p.apply(*[remove(v) for v in "abcd"]).status == OK
    assert api.contents() == api.before


def test_the_limit_is_waited_for_and_told_to_the_core(api):
    api = api(rate=[5, 2])
    with api.plugin("--deadline", "20000") as p:
        for value in "abcdefgh":
            result = p.call(*add(value))
            assert result.status == OK, result.text
    assert len(api.added()) == 8 and not [r for r in api.requests() if r["status"] == 429]
    api = api.__class__(api.folder, rate=[1, 200])
    with api.plugin("--deadline", "3000") as p:
        result = p.apply(add("a"), add("b"))
    assert {f[0] for f in result.fails.values()} == {RETRY}
    assert all(100 < f[1] <= 201 for f in result.fails.values()), result.fails
    api.front.close()


def test_429_with_the_limit_header_alone(api):
    api = api()
    with api.plugin() as p:
        api.set_rules([{"do": "refuse", "status": 429, "body": "", "times": 1,
                       "headers": {"ratelimit": '"default";r=0;t=1'}}])
        assert p.call(*add("a")).status == OK
    assert len(api.added()) == 1


def test_a_call_that_is_over_ends(api):
    api = api()
    with api.plugin("--cancel-after", "300") as p:
        api.set_rules([{"method": "POST", "do": "delay", "seconds": 5}])
        result = p.apply(add("a"), add("b"))
        assert result.status == CANCELLED and result.us < 3000000
    assert {f[0] for f in result.fails.values()} <= {CANCELLED, RETRY}


def test_two_writers_at_one_name(api):
    api = api()
    with api.plugin() as one, api.plugin() as other:
        def work(p, values):
            for value in values:
                assert p.call(*add(value)).status == OK
                assert p.apply(add(value + "1"), add(value + "2")).status == OK

        threads = [threading.Thread(target=work, args=(p, [letter + str(i) for i in range(8)]))
                   for p, letter in ((one, "a"), (other, "b"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(api.added()) == 48 and {name for name, _ in api.added()} == {NAME}
        assert one.apply(*[remove("a%d%s" % (i, x)) for i in range(8) for x in ("", "1", "2")]).status == OK
        assert len(api.added()) == 24
        assert one.apply(*[remove("b%d%s" % (i, x)) for i in range(8) for x in ("", "1", "2")]).status == OK
    assert api.contents() == api.before


def test_a_record_that_goes_between_look_and_removal_is_gone(api):
    api = api()
    gone = json.dumps({"success": False, "errors": [{"code": 81044, "message": "Record does not exist."}]})
    with api.plugin() as p:
        p.apply(add("a"), add("b"), add("c"))
        api.set_rules([{"method": "POST", "path": "batch$", "do": "replace", "status": 404, "body": gone, "times": 1}])
        assert p.apply(remove("a"), remove("b")).status == OK
        api.set_rules([{"method": "DELETE", "do": "replace", "status": 404, "body": gone, "times": 1}])
        assert p.call(*remove("c")).status == OK
    assert api.contents() == api.before


@pytest.mark.parametrize("code, status", [(81057, 400), (81058, 400), (81058, 409)])
def test_a_record_that_exists_is_done(api, code, status):
    api = api()
    body = json.dumps({"success": False, "errors": [{"code": code, "message": "exists"}], "result": None})
    with api.plugin() as p:
        api.set_rules([{"method": "POST", "do": "replace", "status": status, "body": body, "times": 2}])
        result = p.call(*add("a"))
        assert result.status == OK and p.apply(add("b"), add("c")).status == OK
        assert len(api.added()) == 3
        assert p.apply(remove("a"), remove("b"), remove("c")).status == OK
    assert api.contents() == api.before


@pytest.mark.parametrize("path", ["/zones\\?", "dns_records"])
@pytest.mark.parametrize("result", [{}, {"result": None}, {"result": "no"}])
def test_a_look_that_shows_nothing_is_no_empty_list(api, path, result):
    """Else a removal would be done, and the value would stay."""
    api = api()
    body = json.dumps({"success": True, "errors": [], "messages": [], **result})
    with api.plugin() as p:
        assert p.call(*add("a")).status == OK
    before = api.contents()
    api.set_rules([{"method": "GET", "path": path, "do": "replace", "status": 200, "body": body}])
    with api.plugin("--deadline", "1500") as p:
        result = p.call(*remove("a"))
        assert result.status == RETRY and "no result" in result.text
    assert api.contents() == before


def test_bodies_without_end_are_refused(api):
    api = api()
    with api.plugin() as p:
        api.set_rules([{"method": "GET", "path": "/zones\\?", "do": "replace", "status": 200,
                       "headers": {"content-type": "application/json"}, "body": "[" * 6000000}])
        result = p.call(*add("a"))
        assert result.status == REJECTED and "too large" in result.text
        api.set_rules([{"method": "GET", "do": "replace", "status": 200, "body": "[" * 3000}])
        assert p.call(*add("a")).status == RETRY
        api.set_rules([{"method": "GET", "do": "replace", "status": 200, "body": '{"result": []}'}])
        result = p.call(*add("a"))
        assert result.status == BAD_CONFIG and "api-url" in result.text
        api.set_rules([{"method": "GET", "do": "replace", "status": 200, **PAGE}])
        result = p.call(*add("a"))
        assert result.status == BAD_CONFIG and "api-url" in result.text and api.contents() == api.before
    assert OWNER not in str(api.requests("POST"))
