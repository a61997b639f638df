# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Where a challenge name lives: aliases, delegations, empty names, wildcards, and zones that are not ours."""

import pytest
from dns_scene import (
    OWNER,
    assert_clean,
    assert_issued,
    assert_quiet,
    assert_refused,
    updated_zones,
    world,
)
from lab import Host, Zone

ALIAS = "_acme-challenge 60 IN CNAME example-test.auth.test."
LEAVE = "[zone auth.test]\nprovider = lab\n"


def chain(n):
    """n CNAMEs, the last to a name that does not exist."""
    lines = ["_acme-challenge 60 IN CNAME c1"]
    lines += ["c%d 60 IN CNAME c%d" % (i, i + 1) for i in range(1, n)]
    return "\n".join(lines)


# Aliases


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["same-server", "other-server"])
def test_an_alias_into_a_mapped_zone_is_followed(make_lab, make_client, is_elsewhere):
    auth = Zone("auth.test", records='@ 60 IN TXT "foreign"')
    if is_elsewhere:
        auth.hidden_primary, auth.secondary, auth.hosts = True, False, [Host("ns7")]
    lab = make_lab(world(Zone("example.test", records=ALIAS), auth))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=LEAVE, server=lab.primary)
    with lab.capture() as seen:
        assert_issued(client.issue("*.example.test", "example.test"), "example-test.auth.test")
    assert updated_zones(seen) == {"auth.test."}
    assert_quiet(lab, seen)
    assert_clean(lab, before)


def test_an_alias_needs_leave(make_lab, make_client):
    lab = make_lab(world(Zone("example.test", records=ALIAS), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    assert_refused(client.issue("example.test"), 3, "example-test.auth.test",
                   "_acme-challenge.example.test", "--allow-alias auth.test", "[zone auth.test]")
    client.configure(sections=LEAVE + "alias = no\n")
    assert_refused(client.issue("example.test"), 3, "example-test.auth.test")
    assert lab.request_counts()["challenge"] == 0
    assert_issued(client.issue("example.test", options=["--allow-alias", "auth.test"]))
    assert_clean(lab, before)


def test_an_alias_to_an_apex_asks_for_no_more_than_that(make_lab, make_client):
    lab = make_lab(world(Zone("example.test", records="_acme-challenge 60 IN CNAME auth.test."),
                         Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    assert_refused(client.issue("example.test"), 3, "--allow-alias auth.test", "[zone auth.test]")
    assert_issued(client.issue("example.test", options=["--allow-alias", "auth.test"]))
    assert_clean(lab, before)


def test_two_names_share_one_alias(make_lab, make_client):
    """Four values of two names at one owner, all of them there before any is answered."""
    records = "_acme-challenge.a 60 IN CNAME shared.auth.test.\n_acme-challenge.b 60 IN CNAME shared.auth.test."
    lab = make_lab(world(Zone("example.test", records=records), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=LEAVE)
    names = ["%s%s.example.test" % (star, label) for label in "ab" for star in ("", "*.")]
    with lab.capture() as seen:
        assert_issued(client.issue(*names))
    assert updated_zones(seen) == {"auth.test."}
    assert_clean(lab, before)


def test_a_chain_over_three_zones_is_followed(make_lab, make_client):
    zones = [
        Zone("example.test", records="_acme-challenge 60 IN CNAME one.second.test."),
        Zone("second.test", records="one 60 IN CNAME two.third.example."),
        Zone("third.example"),
    ]
    lab = make_lab(world(*zones))
    before = lab.zones()
    client = make_client(lab)
    with lab.capture() as seen:
        assert_issued(client.issue("example.test", options=["--allow-alias", "third.example"]),
                      "one.second.test", "two.third.example")
    assert updated_zones(seen) == {"third.example."}
    assert_quiet(lab, seen)
    assert_clean(lab, before)


def test_a_long_chain_is_warned_of_and_a_longer_one_refused(make_lab, make_client):
    lab = make_lab(world(Zone("example.test", records=chain(9)), Zone("other.test", records=chain(17))))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections="[zone example.test]\nprovider = lab\n")
    assert_issued(client.issue("example.test"), "chain of 9 CNAMEs")
    assert_refused(client.issue("other.test"), 5, "longer than 16", "c1.other.test")
    assert_clean(lab, before)


@pytest.mark.parametrize("records, code, words", [
    ("_acme-challenge 60 IN CNAME a\na 60 IN CNAME b\nb 60 IN CNAME a", 5,
     ["loop", "-> a.example.test (CNAME) -> b.example.test"]),
    ("_acme-challenge 60 IN CNAME _acme-challenge", 5, ["loop"]),
    ("_acme-challenge 60 IN CNAME x.nosuchtld.", 5, ["knows no 'nosuchtld'", "x.nosuchtld"]),
    ("_acme-challenge 60 IN CNAME x.nobody.test.", 3, ["x.nobody.test"]),
    ("_acme-challenge 60 IN CNAME .", 5, ["cannot hold values"]),
], ids=["loop", "self", "no-tld", "no-zone", "root"])
def test_an_alias_that_leads_nowhere_is_shown(make_lab, make_client, records, code, words):
    lab = make_lab(world(Zone("example.test", records=records)))
    before = lab.zones()
    result = make_client(lab).issue("example.test")
    assert_refused(result, code, "_acme-challenge.example.test", *words)
    assert_clean(lab, before)


@pytest.mark.parametrize("records, words", [
    ("sub 60 IN NS broken", ["no server of 'sub.example.test' answers", "broken.example.test"]),
    ("sub 60 IN NS broken\nsub 60 IN NS ns.late\nlate 60 IN NS slow",  # the walk ends before what it could go on with
     ["no server of 'sub.example.test' answers", "broken.example.test"]),
    ("sub 60 IN NS ns.nowhere.test.", ["name servers of 'sub.example.test' have no address"]),
], ids=["closed", "closed-and-late", "no-address"])
def test_a_zone_that_nobody_answers_for_is_a_matter_of_dns(make_lab, make_client, records, words):
    """The exit status is that of values that do not appear: a script does the same about both."""
    hosts = [Host("broken", "closed"), Host("slow", rules=[{"name": "late", "do": "delay", "seconds": 0.4}])]
    lab = make_lab(world(Zone("example.test", records=records, hosts=hosts)))
    before = lab.zones()
    result = make_client(lab).issue("www.sub.example.test")
    assert_refused(result, 5, "_acme-challenge.www.sub.example.test", *words)
    assert_clean(lab, before)


def test_a_dname_is_followed(make_lab, make_client):
    zones = [Zone("example.test", records="sub 60 IN DNAME sub.auth.test."), Zone("auth.test")]
    lab = make_lab(world(*zones))
    before = lab.zones()
    client = make_client(lab)
    assert_refused(client.issue("www.sub.example.test"), 3, "_acme-challenge.www.sub.auth.test", "DNAME")
    client.configure(sections=LEAVE)
    with lab.capture() as seen:
        assert_issued(client.issue("www.sub.example.test"), "_acme-challenge.www.sub.auth.test")
    assert updated_zones(seen) == {"auth.test."}
    assert_quiet(lab, seen)
    assert_clean(lab, before)


# Cuts


@pytest.mark.parametrize("is_signed", [False, True], ids=["plain", "signed"])
def test_the_deepest_delegation_holds_the_name(make_lab, make_client, is_signed):
    names = ["example.test", "b.dev.example.test", "_acme-challenge.www.b.dev.example.test"]
    lab = make_lab(world(*(Zone(name, signed=is_signed) for name in names)))
    before = lab.zones()
    client = make_client(lab)
    wanted = ["a.b.dev.example.test", "www.b.dev.example.test", "dev.example.test"]
    with lab.capture() as seen:
        assert_issued(client.issue(*wanted))
    assert updated_zones(seen) == {name + "." for name in names}
    assert_quiet(lab, seen)
    assert_clean(lab, before)


@pytest.mark.parametrize("is_signed", [False, True], ids=["plain", "signed"])
def test_names_that_are_not_there_hold_values_all_the_same(make_lab, make_client, is_signed):
    """Empty non-terminals, above the owner and at it, and ancestors that do not exist."""
    records = "www.deep 60 IN A 192.0.2.1\nx._acme-challenge 60 IN A 192.0.2.1"
    lab = make_lab(world(Zone("example.test", signed=is_signed, records=records)))
    before = lab.zones()
    client = make_client(lab)
    with lab.capture() as seen:
        assert_issued(client.issue("example.test", "www.deep.example.test", "deep.example.test",
                                   "no.such.names.example.test"))
    assert_quiet(lab, seen)
    assert_clean(lab, before)


@pytest.mark.parametrize("proof", ["nsec", "nsec3"])
def test_a_signed_child_of_an_empty_signed_parent(make_lab, make_client, proof):
    zones = [Zone("example.test", signed=True, nsec3=proof == "nsec3"),
             Zone("child.example.test", signed=True, nsec3=proof == "nsec3"),
             Zone("plain.example.test")]
    lab = make_lab(world(*zones))
    before = lab.zones()
    client = make_client(lab)
    with lab.capture() as seen:
        assert_issued(client.issue("*.child.example.test", "www.child.example.test",
                                   "www.plain.example.test", "www.example.test"))
    assert_quiet(lab, seen)
    assert_clean(lab, before)


# Wildcards


@pytest.mark.parametrize("records, names", [
    ("* 60 IN CNAME web.second.test.", ["*.example.test", "www.example.test"]),
    ("* 60 IN CNAME web\nweb 60 IN A 192.0.2.1", ["example.test"]),
    ("*.sub 60 IN CNAME _acme-challenge.second.test.", ["sub.example.test", "a.b.sub.example.test"]),
    ('* 60 IN TXT "for all"', ["example.test", "*.www.example.test"]),
    ("* 60 IN A 192.0.2.1", ["example.test"]),
], ids=["cname", "cname-within", "cname-below", "txt", "a"])
def test_what_a_wildcard_answers_is_not_taken_for_the_name(make_lab, make_client, records, names):
    lab = make_lab(world(Zone("example.test", records=records),
                         Zone("second.test", records='_acme-challenge 60 IN TXT "foreign"')))
    before = lab.zones()
    client = make_client(lab)
    with lab.capture() as seen:
        assert_issued(client.issue(*names))
    assert updated_zones(seen) == {"example.test."}
    assert_quiet(lab, seen)
    assert_clean(lab, before)


def test_an_alias_hides_a_wildcard(make_lab, make_client):
    records = "* 60 IN CNAME web.second.test.\n" + ALIAS
    lab = make_lab(world(Zone("example.test", records=records), Zone("second.test"), Zone("auth.test")))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections=LEAVE)
    with lab.capture() as seen:
        assert_issued(client.issue("example.test"))
    assert updated_zones(seen) == {"auth.test."}
    assert_clean(lab, before)


# Zones that are nobody's


def test_a_domain_that_is_not_delegated_is_not_written_into_its_parent(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    client = make_client(lab)
    with lab.capture() as seen:
        assert_refused(client.issue("www.nowhere.test"), 3, "_acme-challenge.www.nowhere.test.",
                       "'test.'", "top-level domain", "[zone test]")
    assert not any(m["opcode"] == "UPDATE" for m in seen)
    assert_refused(client.issue("www.nosuchtld"), 5, "knows no 'nosuchtld'")


def test_a_public_suffix_is_nobodys_zone(make_lab, make_client):
    """co.uk as a zone of the lab's: its own key may write there, which is not leave enough."""
    lab = make_lab(world(Zone("co.uk"), Zone("example.co.uk")))
    before = lab.zones()
    client = make_client(lab)
    assert_refused(client.issue("www.example.co.uk", "nobody.co.uk"), 3, "_acme-challenge.nobody.co.uk.",
                   "public suffix", "[zone co.uk]")
    assert_clean(lab, before)
    assert_issued(client.issue("example.co.uk"))
    client.configure(sections="[zone co.uk]\nprovider = lab\n")
    assert_issued(client.issue("nobody.co.uk"))
    assert_clean(lab, before)


def test_foreign_values_of_the_name_stay(make_lab, make_client):
    records = '_acme-challenge 60 IN TXT "foreign"\n_acme-challenge 60 IN TXT "another"'
    lab = make_lab(world(Zone("example.test", records=records)))
    before = lab.zones()
    assert sum(line.startswith(OWNER) for line in before["example.test"]) == 2
    assert_issued(make_client(lab).issue("*.example.test", "example.test"))
    assert_clean(lab, before)
