# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What a user reads when Cloudflare refuses: culprit, zone and remedy, and never the credential."""
import json

import pytest

from changing import OWNER, ZONE, add, remove
from driving import BAD_CONFIG, DENIED, NO_ZONE, OK, REJECTED

EDIT = "EditsRecordsOnly_0123456789_abcdefghijkl"
KEY = "0123456789abcdef0123456789abcdef01234"
PERMISSION = ["Zone > DNS > Edit", "example.test"]
TOKENS_PAGE = ["https://dash.cloudflare.com/profile/api-tokens"]


def envelope(*errors):
    return json.dumps({"success": False, "messages": [], "result": None, "errors": [
        {"code": code, "message": message, "error_chain": [{"code": c, "message": m} for c, m in chain]}
        for code, message, chain in errors]})


@pytest.mark.parametrize("tokens, options, status, words", [
    ({}, {"api_token": EDIT}, DENIED, ["9109", "wrong", "expired"] + TOKENS_PAGE),
    ({}, {"api_token": "too-short"}, DENIED, ["6111", "copied whole", "Global API Key"]),
    ({EDIT: {"permissions": [], "zones": None, "location": True}}, {"api_token": EDIT}, DENIED,
     ["192.0.2.77", "Client IP Address Filtering"]),
    ({}, {"api_key": KEY, "email": "ops@example.test"}, DENIED, ["9103", "api-key and email"]),
    ({}, {"api_key": EDIT, "email": "ops@example.test"}, DENIED, ["6103", "api-token"]),
    ({EDIT: {"permissions": ["zone:read"], "zones": None}}, {"api_token": EDIT}, DENIED, ["10000"] + PERMISSION),
    ({EDIT: {"permissions": ["zone:read", "dns:read"], "zones": None}}, {"api_token": EDIT}, DENIED,
     ["not allowed"] + PERMISSION),
    ({EDIT: {"permissions": ["dns:edit"], "zones": ["other.test"]}}, {"api_token": EDIT}, NO_ZONE,
     ["zone resources", "_acme-challenge.example.test"]),
    ({EDIT: {"permissions": ["dns:edit"], "zones": ["other.test"]}}, {"api_token": EDIT, "zone_id": "me"}, DENIED,
     PERMISSION),
    ({EDIT: {"permissions": ["dns:edit"], "zones": None}}, {"api_token": EDIT, "zone_id": "ab" * 16}, DENIED,
     PERMISSION),
    ({EDIT: {"permissions": ["dns:edit"], "zones": None}}, {"api_token": EDIT, "zone_id": "nonsense"}, NO_ZONE,
     ["7003", "zone-id"]),
])
def test_credentials_that_do_not_do(api, tokens, options, status, words):
    api = api(tokens=tokens)
    if options.get("zone_id") == "me":
        options = {**options, "zone_id": api.server.zone_ids(ZONE)[0]}
    with api.plugin(**options) as p:
        result = p.apply(add("a"), add("b"), add("c", "_acme-challenge.www.example.test."))
        assert [f[0] for f in result.fails.values()] == [status] * 3, result.text
        assert not [word for word in words if word not in result.text], result.text
        assert len(api.requests()) <= 4
        one = p.call(*add("a"))
    assert one.status == status and api.contents() == api.before
    assert not [text for text in (result.text, result.log, one.text, one.log) if EDIT in text or KEY in text]


@pytest.mark.parametrize("http, errors, status, words", [
    (400, [(81053, "An A, AAAA, or CNAME record with that host already exists.", [])], REJECTED, ["CNAME"]),
    (400, [(81056, "NS records with that host already exist.", [])], REJECTED, ["delegated"]),
    (400, [(81045, "Record quota exceeded.", [])], REJECTED, ["full", "example.test"]),
    (403, [(1038, "You cannot use this API for domains with a .tk TLD", [])], REJECTED, ["dashboard"]),
    (400, [(1004, "DNS Validation Error", [(9021, "Invalid TTL.")])], REJECTED, ["9021", "ttl"]),
    (400, [(1004, "DNS Validation Error", [(9999, "bad \x1b[31m thing")])], REJECTED, ["bad", "thing", "9999"]),
    (403, [(10000, "PUT method not allowed for the api_token authentication scheme", [])], DENIED, PERMISSION),
    (403, [(10001, "Unable to authenticate request", [])], DENIED, PERMISSION),
    (403, [(1009, "Unauthorized", [])], DENIED, PERMISSION),
    (403, [(9109, "Unauthorized to access requested resource", [])], DENIED, PERMISSION),
    (200, [(7777, "no", [])], REJECTED, ["no (7777)"]),
    (422, [], REJECTED, ["422"]),
    (409, [(81053, "exists", [])], REJECTED, ["CNAME"]),
    (404, [(7003, "Could not route to /x", [(7000, "No route")])], NO_ZONE, ["zone-id"]),
])
def test_refusals_of_a_record(api, http, errors, status, words):
    api = api()
    with api.plugin() as p:
        api.set_rules([{"method": "POST", "do": "refuse", "status": http, "body": envelope(*errors)}])
        result = p.call(*add("a"))
        assert result.status == status, result.text
        assert not [word for word in words if word not in result.text] and "\x1b" not in result.text, result.text
        api.set_rules([])
        assert p.call(*remove("a")).status == OK
    assert api.contents() == api.before


def test_messages_are_no_errors(api):
    """In `messages`, 10000 stands for a token that is valid."""
    api = api()
    with api.plugin() as p:
        body = json.dumps({"success": True, "errors": [], "messages": [{"code": 10000, "message": "valid"}],
                           "result": [], "result_info": {"total_pages": 0}})
        api.set_rules([{"method": "GET", "path": "/zones\\?", "do": "replace", "status": 200, "body": body}])
        assert p.call(*add("a")).status == NO_ZONE


@pytest.mark.parametrize("http, body, status", [
    (403, "<html><title>Attention Required! | Cloudflare</title></html>", DENIED),
    (401, "no", DENIED),
    (400, "", REJECTED),
    (302, "", BAD_CONFIG),
])
def test_answers_of_somebody_else(api, http, body, status):
    api = api()
    with api.plugin() as p:
        api.set_rules([{"do": "refuse", "status": http, "body": body, "headers": {
            "content-type": "text/html", "location": "https://login.example/"}}])
        result = p.call(*add("a"))
        assert result.status == status and ("api-url" in result.text or http == 302), result.text
    assert OWNER[:-1] not in [r["body"] for r in api.requests()] and api.contents() == api.before


def test_a_cname_is_named_for_a_single_value_too(api):
    api = api(others=[{"zone": ZONE, "type": "CNAME", "name": "_acme-challenge.alias.example.test",
                       "content": "target.other.test"}])
    with api.plugin() as p:
        result = p.call(*add("a", "_acme-challenge.alias.example.test."))
    assert result.status == REJECTED and "CNAME" in result.text and "target.other.test" in result.text
