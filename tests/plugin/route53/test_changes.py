# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Values put beside other people's and taken away again, whoever else writes."""
import threading

import pytest

from conftest import ZONE
from driving import NO_ZONE, OK, REJECTED, RETRY
from standins.route53 import refusal_rule

SHARED, SHARED2, FRESH = ("_acme-challenge.%s%s" % (label, ZONE) for label in ("shared.", "shared2.", ""))
ONE, TWO = "one-" + "x" * 39, "two-" + "y" * 39


def posts(api):
    return [r for r in api.requests("POST") if "/rrset" in r["path"]]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("owner", [SHARED, SHARED2, FRESH])
def test_two_values_beside_foreign_ones(api, owner):
    foreign = api.txt().get(owner, [60, []])
    with api.plugin().open() as p:
        for value in (ONE, TWO, ONE):
            assert p.call("add", owner, ZONE, value, 60).status == OK
        assert api.txt()[owner] == [foreign[0], foreign[1] + ['"%s"' % ONE, '"%s"' % TWO]]
        assert p.call("remove", owner, ZONE, ONE, 60).status == OK
        assert api.txt()[owner] == [foreign[0], foreign[1] + ['"%s"' % TWO]]
        for _ in range(2):
            assert p.call("remove", owner, ZONE, TWO, 60).status == OK
    assert len(posts(api)) == 4, "what is there already, or gone, is not sent again"


@pytest.mark.usefixtures("untouched")
def test_a_value_of_any_bytes(api):
    value = b'\xc3\xa4 "q" \\ &<>\' \x01' + b"z" * 200
    with api.plugin().open() as p:
        assert p.call("add", SHARED, ZONE, value, 60).status == OK
        assert api.txt()[SHARED][1][-1] == r'"\303\244 \"q\" \\ &<>' + "'" + r' \001' + "z" * 200 + '"'
        assert p.call("remove", SHARED, ZONE, value, 60).status == OK


@pytest.mark.usefixtures("untouched")
def test_an_order_s_changes_go_in_one_batch(api):
    owners = ["_acme-challenge.n%d.%s" % (n, ZONE) for n in range(20)] + [SHARED, FRESH]
    changes = [(owner, ZONE, value, 60) for owner in owners for value in (ONE, TWO)]
    with api.plugin().open() as p:
        added = p.apply(*(("add", *change) for change in changes))
        assert added.status == OK and set(added.receipts) == set(range(len(changes)))
        assert len(set(added.receipts.values())) == 1 and len(posts(api)) == 1
        assert len(api.requests("GET", "/rrset")) == 1, "owners that lie side by side are read at once"
        assert all(len(api.txt()[owner][1]) >= 2 for owner in owners)
        assert p.apply(*(("remove", *change) for change in changes)).status == OK


@pytest.mark.usefixtures("untouched")
def test_owners_far_apart_are_found_with_small_pages(make_api):
    api = make_api(page=2)
    before = api.txt()
    owners = ["_acme-challenge.%s.%s" % (label, ZONE) for label in "abmz"] + [SHARED, SHARED2]
    with api.plugin().open() as p:
        assert p.apply(*(("add", owner, ZONE, ONE, 60) for owner in owners)).status == OK
        assert all('"%s"' % ONE in api.txt()[owner][1] for owner in owners)
        assert api.txt()[SHARED][1][:-1] == before[SHARED][1]
        assert p.apply(*(("remove", owner, ZONE, ONE, 60) for owner in owners)).status == OK
    assert api.txt() == before


def test_batches_keep_to_aws_s_limits(api):
    before = api.txt()
    values = ["%03d" % n + "v" * 230 for n in range(300)]  # 70 000 characters
    changes = [("_acme-challenge.n%03d.%s" % (n, ZONE), ZONE, value, 60) for n, value in enumerate(values)]
    with api.plugin().open() as p:
        assert p.apply(*(("add", *change) for change in changes)).status == OK
        assert [r["status"] for r in posts(api)] == [200, 200, 200]
        assert p.apply(*(("remove", *change) for change in changes)).status == OK
    assert api.txt() == before


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("shape", ["own", "common"])
def test_somebody_else_is_faster_again_and_again(make_api, shape):
    api = make_api(shape=shape)
    before = api.txt()
    api.server.meddle("Z1LAB", SHARED, 3)
    with api.plugin().open() as p:
        assert p.call("add", SHARED, ZONE, ONE, 60).status == OK
    assert [r["status"] for r in posts(api)] == [400, 400, 400, 200]
    meddled = ['"meddler %d"' % n for n in (3, 2, 1)]
    assert api.txt() == {**before, SHARED: [777, before[SHARED][1] + meddled + ['"%s"' % ONE]]}


def test_somebody_who_is_always_faster_ends_with_retry(api):
    api.server.meddle("Z1LAB", SHARED, 1000)
    with api.plugin().open() as p:
        result = p.call("add", SHARED, ZONE, ONE, 60)
    assert result.status == RETRY and "others changed the same record sets" in result.text
    assert len(posts(api)) == 8


def test_a_set_that_comes_into_being_meanwhile_is_kept(api):
    api.server.meddle("Z1LAB", FRESH, 1)
    with api.plugin().open() as p:
        assert p.call("add", FRESH, ZONE, ONE, 60).status == OK
    assert api.txt()[FRESH] == [123, ['"meddler 1"', '"%s"' % ONE]]


def test_many_writers_at_one_name_lose_nothing(api):
    before = api.txt()
    failed = []

    def write(n):
        with api.plugin().open() as p:
            for k in range(3):
                if p.call("add", SHARED, ZONE, "value-%d-%d" % (n, k), 60).status != OK:
                    failed.append((n, k))
            for k in range(2):
                if p.call("remove", SHARED, ZONE, "value-%d-%d" % (n, k), 60).status != OK:
                    failed.append((n, k))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    ttl_s, values = api.txt()[SHARED]
    assert values[:2] == before[SHARED][1] and ttl_s == 777
    assert sorted(values[2:]) == ['"value-%d-2"' % n for n in range(3)]


# One owner that is refused


def orders(n):
    return ["_acme-challenge.order%02d.%s" % (k, ZONE) for k in range(n)]


def check_one_refused(api, result, guilty, words, owners):
    assert list(result.fails) == [owners.index(guilty)], result.fails
    assert words in result.text
    assert sorted(result.done) == [n for n, owner in enumerate(owners) if owner != guilty]
    assert all(('"%s"' % ONE in api.txt().get(owner, [0, []])[1]) == (owner != guilty) for owner in owners)
    assert len(api.requests()) <= 12


@pytest.mark.parametrize("place", [0, 7, 19])
def test_nineteen_orders_survive_the_twentieth_that_has_a_cname(make_api, place):
    owners = orders(20)
    cname = {"name": owners[place], "type": "CNAME", "ttl": 60, "values": ["elsewhere.test."]}
    api = make_api(sets={"Z1LAB": [cname]})
    with api.plugin().open() as p:
        result = p.apply(*(("add", owner, ZONE, ONE, 60) for owner in owners))
    check_one_refused(api, result, owners[place], "conflicting RRSet of type CNAME", owners)
    assert result.fails[place][0] == REJECTED


@pytest.mark.parametrize("place", [0, 7, 19])
def test_nineteen_orders_survive_the_twentieth_that_a_policy_forbids(make_api, place):
    owners = orders(20)
    api = make_api(deny_names=[owners[place]])
    with api.plugin().open() as p:
        result = p.apply(*(("add", owner, ZONE, ONE, 60) for owner in owners))
    check_one_refused(api, result, owners[place], "not authorized to perform: route53:ChangeResourceRecordSets", owners)


def test_several_refused_owners_leave_the_others_alone(make_api):
    owners = orders(20)
    guilty = {owners[n] for n in (1, 2, 11, 19)}
    api = make_api(deny_names=sorted(guilty))
    with api.plugin().open() as p:
        result = p.apply(*(("add", owner, ZONE, ONE, 60) for owner in owners))
    assert {owners[n] for n in result.fails} == guilty
    assert {owner for owner in owners if owner in api.txt()} == set(owners) - guilty


def test_a_name_that_is_too_long_is_refused_alone(api):
    owners = ["_acme-challenge.%s.%s" % (".".join(["x" * 60] * 4), ZONE), FRESH, "_acme-challenge.%s.%s" % ("y" * 64, ZONE)]
    with api.plugin().open() as p:
        result = p.apply(*(("add", owner, ZONE, ONE, 60) for owner in owners))
    assert sorted(result.fails) == [0, 2] and result.done == [1]
    assert "is no name that the DNS can hold" in result.text and len(posts(api)) == 1


@pytest.mark.parametrize("special, words", [
    ({"identifier": "blue", "ttl": 60, "values": ['"v"']}, "set identifier 'blue'"),
    ({"alias": "elsewhere.test."}, "is an alias"),
    ({"policy": "p-1", "ttl": 60, "values": ['"v"']}, "traffic policy"),
])
def test_sets_that_are_not_simple_are_explained_and_left(make_api, special, words):
    api = make_api(sets={"Z1LAB": [{"name": FRESH, "type": "TXT", **special}]})
    before = api.txt()
    with api.plugin().open() as p:
        result = p.apply(("add", FRESH, ZONE, ONE, 60), ("add", SHARED, ZONE, ONE, 60), ("remove", FRESH, ZONE, TWO, 60))
        assert list(result.fails) == [0] and sorted(result.done) == [1, 2]
        assert words in result.text and "simple record sets only" in result.text
        assert p.call("remove", FRESH, ZONE, ONE, 60).status == OK
        assert p.call("remove", SHARED, ZONE, ONE, 60).status == OK
    key = (FRESH, "TXT", special.get("identifier"))
    assert api.txt() == before and api.server.hosted["Z1LAB"].sets[key] == {"name": FRESH, "type": "TXT", **special}


# Requests whose fate is not known


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("what", [
    {"do": "drop-reply"}, {"do": "drop-request"}, {"do": "cut", "bytes": 150}, {"do": "truncate", "bytes": 150},
    {"do": "replace", "status": 500, "body": "<html>oops</html>", "headers": {"content-type": "text/html"}},
    {"do": "replace", "status": 200, "body": "<html>hello</html>", "headers": {"content-type": "text/html"}},
    {"do": "replace", "status": 200, "body": "<?xml version='1.0'?><html>hello</html>"},
    {"do": "refuse", "status": 503, "body": "busy"},
], ids=lambda rule: "%s-%s" % (rule["do"], rule.get("status", "")))
def test_a_change_whose_answer_is_lost_is_made_once(api, what):
    with api.plugin().open() as p:
        api.set_rules([{"method": "POST", "times": 1, **what}])
        assert p.call("add", SHARED, ZONE, ONE, 60).status == OK
        assert api.txt()[SHARED][1].count('"%s"' % ONE) == 1
        api.set_rules([{"method": "POST", "times": 1, **what}])
        assert p.call("remove", SHARED, ZONE, ONE, 60).status == OK


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("code", ["Throttling", "PriorRequestNotComplete"])
def test_aws_asks_for_patience(api, code):
    api.set_rules([refusal_rule(code, "Rate exceeded", times=2, path="rrset")])
    with api.plugin().open() as p:
        result = p.call("add", SHARED, ZONE, ONE, 60)
        assert result.status == OK and result.receipts
        assert p.call("remove", SHARED, ZONE, ONE, 60).status == OK
    assert len([r for r in api.requests() if r["status"] == 400]) == 2


@pytest.mark.usefixtures("untouched")
def test_lists_that_break_off_are_asked_for_again(api):
    with api.plugin().open() as p:
        for rule in ({"do": "cut", "bytes": 60}, {"do": "truncate", "bytes": 60}, {"do": "drop-reply"},
                     {"do": "refuse", "status": 500, "body": "<html>"}):
            api.set_rules([{"method": "GET", "times": 1, **rule}])
            assert p.call("remove", SHARED, ZONE, ONE, 60).status == OK


@pytest.mark.parametrize("path, body", [
    ("/rrset", "<Error><Code>Odd</Code></Error>"),
    ("/rrset", '<?xml version="1.0"?><html><body>Sign in</body></html>'),
    ("/rrset", "<ListResourceRecordSetsResponse><IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>"),
    ("/rrset", "<ListResourceRecordSetsResponse><ResourceRecordSets/></ListResourceRecordSetsResponse>"),
    ("/hostedzonesbyname", "<ListHostedZonesByNameResponse/>"),
])
def test_other_xml_is_no_empty_list(api, path, body):
    """Else the removal would be done, and the value would stay."""
    with api.plugin().open() as p:
        assert p.call("add", SHARED, ZONE, ONE, 60).status == OK
    before = api.txt()
    api.set_rules([{"method": "GET", "path": path, "do": "refuse", "status": 200, "body": body}])
    with api.plugin("--deadline", "1500").open() as p:
        assert p.call("remove", SHARED, ZONE, ONE, 60).status == RETRY
    assert api.txt() == before


@pytest.mark.usefixtures("untouched")
def test_the_end_of_the_call_ends_the_waiting(api):
    api.set_rules([refusal_rule("Throttling", "Rate exceeded")])
    with api.plugin("--deadline", "1500").open() as p:
        result = p.call("add", SHARED, ZONE, ONE, 60)
    assert result.status == RETRY and "Throttling: Rate exceeded" in result.text
    assert result.us < 10e6


def test_no_promise_is_made_where_a_change_cannot_be_looked_up(api):
    """DENIED would mean that there is nothing to clean up."""
    api.set_rules([{"method": "POST", "do": "drop-reply", "times": 1},
                  refusal_rule("AccessDenied", "no more", status=403, method="GET", path="/rrset", skip=1)])
    with api.plugin().open() as p:
        result = p.call("add", SHARED, ZONE, ONE, 60)
    assert result.status == RETRY and "AccessDenied: no more" in result.text
    assert '"%s"' % ONE in api.txt()[SHARED][1]


def test_a_server_that_stays_broken_is_not_asked_for_ever(api):
    api.set_rules([{"method": "POST", "do": "refuse", "status": 500, "body": "oops"}])
    with api.plugin().open() as p:
        result = p.call("add", SHARED, ZONE, ONE, 60)
    assert result.status == RETRY and "HTTP 500" in result.text and len(posts(api)) == 3


# Other answers


def test_there_is_no_such_zone(api):
    with api.plugin().open() as p:
        added = p.call("add", "_acme-challenge.example.org.", "example.org.", ONE, 60)
        assert added.status == NO_ZONE and "no hosted zone example.org." in added.text
        assert p.call("remove", "_acme-challenge.example.org.", "example.org.", ONE, 60).status == OK


def test_a_change_is_settled_when_aws_says_so(make_api):
    api = make_api(sync_s=60)
    with api.plugin().open() as p:
        receipt = p.call("add", FRESH, ZONE, ONE, 60).receipts[0]
        assert p.call("settled", FRESH, ZONE, ONE, 60, receipt).status == RETRY
        api.server.settings["clock_s"] = 61  # AWS bears with signatures up to five minutes old
        assert p.call("settled", FRESH, ZONE, ONE, 60, receipt).status == OK
        assert p.call("settled", FRESH, ZONE, ONE, 60).status == OK, "without a receipt the name servers decide"
        api.server.drop_changes()
        lost = p.call("settled", FRESH, ZONE, ONE, 60, receipt)
        assert lost.status == OK and "NoSuchChange" in lost.log
        api.server.settings["deny"] = ["GetChange"]
        forbidden = p.call("settled", FRESH, ZONE, ONE, 60, receipt)
        assert forbidden.status == OK and "route53:GetChange" in forbidden.log
