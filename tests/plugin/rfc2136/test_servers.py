# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What real servers accept, refuse and ignore, and what the plug-in says about it."""
import pytest

from driving import DENIED, NO_ZONE, OK, REJECTED, Plugin
from servers import KEYS, SECRET

Z = "example.test."
OWNER = "_acme-challenge.www.example.test."


def plugin(server, *flags, env=None, **options):
    options = {"server": "127.0.0.1:%d" % server.port, "key_name": "key-sha256",
               "key_secret": SECRET, **options}
    return Plugin("rfc2136", *flags, env=env, **{k: v for k, v in options.items() if v is not None})


@pytest.mark.parametrize("key", sorted(KEYS))
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_every_algorithm_adds_and_removes(server, untouched, key, transport):
    with plugin(server, key_name=key, key_algorithm=KEYS[key], transport=transport).open() as p:
        assert p.call("add", OWNER, Z, "value of " + key, 60).status == OK
        assert '%s 60 "value of %s"' % (OWNER, key) in server.zone()
        assert p.call("remove", OWNER, Z, "value of " + key, 60).status == OK


def test_add_and_remove_are_idempotent(server, untouched):
    with plugin(server).open() as p:
        for verb in ("remove", "add", "add", "remove", "remove"):
            assert p.call(verb, OWNER, Z, "twice", 60).status == OK


def test_two_values_share_an_owner_and_leave_one_by_one(server, untouched):
    with plugin(server).open() as p:
        assert p.apply(("add", OWNER, Z, "apex", 60), ("add", OWNER, Z, "wildcard", 60)).status == OK
        assert {'%s 60 "apex"' % OWNER, '%s 60 "wildcard"' % OWNER} <= set(server.zone())
        assert p.call("remove", OWNER, Z, "apex", 60).status == OK
        left = [line for line in server.zone() if line.startswith(OWNER)]
        assert left == ['%s 60 "wildcard"' % OWNER]
        assert p.call("remove", OWNER, Z, "wildcard", 60).status == OK


def test_foreign_values_keep_their_time_to_live(server, untouched):
    owner = "_acme-challenge.example.test."
    with plugin(server).open() as p:
        assert p.call("add", owner, Z, "ours", 60).status == OK
        assert {'%s 3600 "ours"' % owner, '%s 3600 "somebody else\'s"' % owner} <= set(server.zone())
        assert p.call("remove", owner, Z, "ours", 60).status == OK


def test_a_value_in_two_strings_is_not_ours(server, untouched):
    with plugin(server).open() as p:
        owner = "_acme-challenge.two.example.test."
        assert p.call("remove", owner, Z, "one stringand another", 60).status == OK


def test_one_message_carries_a_hundred_changes(server, untouched):
    changes = [("add", "_acme-challenge.n%d.example.test." % i, Z, "v%d" % (i // 2), 60)
               for i in range(100)]
    with plugin(server).open() as p:
        assert p.apply(*changes).status == OK
        assert sum(line.startswith("_acme-challenge.n") for line in server.zone()) == 100
        assert p.apply(*[("remove",) + c[1:] for c in changes]).status == OK


def test_batches_over_64_kib_are_split(server, untouched):
    value = "x" * 255
    changes = [("add", "_acme-challenge.big%d.example.test." % i, Z, value, 60) for i in range(300)]
    with plugin(server).open() as p:
        result = p.apply(*changes)
        assert result.status == OK, result.text
        assert sum(line.startswith("_acme-challenge.big") for line in server.zone()) == 300
        assert p.apply(*[("remove",) + c[1:] for c in changes]).status == OK


def test_adds_and_removes_go_together(server, untouched):
    with plugin(server).open() as p:
        assert p.call("add", OWNER, Z, "old", 60).status == OK
        assert p.apply(("remove", OWNER, Z, "old", 60), ("add", OWNER, Z, "new", 60)).status == OK
        assert [line for line in server.zone() if line.startswith(OWNER)] == ['%s 60 "new"' % OWNER]
        assert p.call("remove", OWNER, Z, "new", 60).status == OK


def test_raw_bytes_and_long_values_survive(server, untouched):
    value = b'a "quoted" \\ back;slash \xc3\xa4' + b"z" * 200
    with plugin(server).open() as p:
        assert p.call("add", OWNER, Z, value, 60).status == OK
        assert p.call("remove", OWNER, Z, value, 60).status == OK


def test_a_value_at_a_cname_is_rejected_with_the_target(server, untouched):
    with plugin(server).open() as p:
        result = p.call("add", "alias.example.test.", Z, "v", 60)
    if server.name == "pdns":
        assert result.status == DENIED and "CNAME" in result.text
    else:
        assert result.status == REJECTED
        assert "alias.example.test. " in result.text and "www.example.test." in result.text


def test_a_cname_does_not_keep_the_rest_of_a_batch_from_its_place(server):
    before = server.zone()
    with plugin(server).open() as p:
        result = p.apply(("add", "alias.example.test.", Z, "v", 60), ("add", OWNER, Z, "v", 60))
        if server.name == "pdns":  # refuses the message as a whole
            assert result.status == DENIED and server.zone() == before
            return
        assert result.status == OK and list(result.fails) == [0]
        assert '%s 60 "v"' % OWNER in server.zone()
        assert p.call("remove", OWNER, Z, "v", 60).status == OK


def test_a_value_below_a_delegation_is_rejected_with_the_zone(server):
    owner = "_acme-challenge.x.sub.example.test."
    with plugin(server).open() as p:
        result = p.call("add", owner, Z, "v", 60)
        assert result.status == REJECTED and "sub.example.test. is delegated" in result.text
        assert p.call("remove", owner, Z, "v", 60).status == OK


def test_an_owner_outside_the_zone_never_leaves_the_house(server, untouched):
    with plugin(server).open() as p:
        result = p.call("add", "_acme-challenge.example.org.", Z, "v", 60)
    assert result.status == REJECTED and "does not lie in zone example.test." in result.text


def test_wrong_secret(server, untouched):
    with plugin(server, key_secret="d3Jvbmcgc2VjcmV0IHdyb25nIHNlY3JldA==").open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == DENIED
    want = ("REFUSED", "wrong key name, secret") if server.name == "pdns" else ("BADSIG", "secret")
    assert all(w in result.text for w in want) and "key-sha256" in result.text


@pytest.mark.parametrize("options", [{"key_name": "unknown"}, {"key_algorithm": "hmac-sha512"}])
def test_unknown_key_or_algorithm(server, untouched, options):
    with plugin(server, **options).open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == DENIED
    assert ("wrong key name" if server.name == "pdns" else "BADKEY") in result.text


@pytest.mark.parametrize("offset", ["-3600", "3600"])
def test_wrong_clock_prints_the_offset(server, untouched, offset):
    with plugin(server, "--clock-offset", offset).open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == DENIED
    if server.name == "pdns":
        assert "clock" in result.text
    else:
        side = "ahead of" if offset[0] == "-" else "behind"
        assert "BADTIME" in result.text and side in result.text
        assert any("%d s" % n in result.text for n in range(3595, 3606))


def test_no_key_where_one_is_wanted(server, untouched):
    with plugin(server, key_name=None, key_secret=None).open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == DENIED and "no key is configured" in result.text


def test_key_without_permission(server, untouched):
    with plugin(server, key_name="stranger").open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == DENIED
    hint = {"knot": "acl", "bind": "update-policy", "pdns": "TSIG-ALLOW-DNSUPDATE"}[server.name]
    assert hint in result.text


@pytest.mark.parametrize("owner, zone", [("_acme-challenge.example.org.", "example.org."),
                                         ("_acme-challenge.www.example.test.", "www.example.test."),
                                         ("_acme-challenge.www.example.test.", "test.")])
def test_zone_that_is_not_there(server, untouched, owner, zone):
    with plugin(server).open() as p:
        result = p.call("add", owner, zone, "v", 60)
    assert result.status in (NO_ZONE, DENIED)
    assert zone in result.text and "zone" in result.text


def test_refused_batch_reports_nothing_as_done(server, untouched):
    with plugin(server, key_name="stranger").open() as p:
        result = p.apply(("add", OWNER, Z, "a", 60), ("add", OWNER, Z, "b", 60))
    assert result.status == DENIED and result.done == [] and list(result.fails) == [2**64 - 1]  # the whole call


def test_signed_questions(server, untouched):
    with plugin(server, sign_queries="yes").open() as p:
        assert p.call("add", OWNER, Z, "v", 60).status == OK
        assert p.call("remove", OWNER, Z, "v", 60).status == OK


def test_upper_case_server_name_and_second_server(server, untouched):
    with Plugin("rfc2136", server=["127.0.0.1:1, LOCALHOST:%d" % server.port], timeout="1",
                key_name="KEY-SHA256.", key_secret=SECRET).open() as p:
        assert p.call("add", OWNER, Z, "v", 60).status == OK
        assert p.call("remove", OWNER, Z, "v", 60).status == OK


def connections(port):
    """TCP connections with this port at either end, those that have just ended included."""
    hexed = ":%04X" % port
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split()[1:4] for line in file.readlines()[1:]]
    listening = "0A"
    return {tuple(sorted(row[:2])) for row in rows if row[2] != listening and hexed in row[0][8:] + row[1][8:]}


def test_the_connection_stays_from_update_to_update(knot):
    with plugin(knot).open() as p:
        before = connections(knot.port)
        for i in range(12):
            assert p.apply(("add" if i % 2 == 0 else "remove", OWNER, Z, "v", 60)).status == OK
        assert len(connections(knot.port) - before) <= 1
