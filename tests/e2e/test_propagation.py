# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Waiting for name servers: who counts, who does not, what is said, and when it is enough."""

import threading
import time

import pytest
from dns_scene import (
    OWNER,
    assert_clean,
    assert_issued,
    assert_quiet,
    assert_refused,
    host_address,
    world,
)
from lab import Ca, Host, Zone

NAMES = ("*.example.test", "example.test")
BROKEN = "broken.example.test"
QUICK = ["--propagation-timeout", "2"]


def with_host(*rules, kind="forward", label="broken", **more):
    return Zone("example.test", hosts=[Host(label, kind, list(rules))], **more)


def always_valid():
    """A CA that validates without looking: who waited for whom is then ours alone."""
    return [Ca(calm=True, env={"PEBBLE_VA_ALWAYS_VALID": 1})]


def wait_until(is_true, timeout_s=10):
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, "did not happen within %g s" % timeout_s
        time.sleep(0.02)


def challenge_lines(lab):
    return [line for line in lab.transfer("example.test") if line.startswith(OWNER)]


# Broken servers beside good ones


@pytest.mark.parametrize("host, words", [
    (Host("broken", "lame"), ["REFUSED"]),
    (Host("broken", rules=[{"do": "rcode", "rcode": "SERVFAIL"}]), ["SERVFAIL"]),
    (Host("broken", rules=[{"do": "rcode", "rcode": "NOTAUTH"}]), ["NOTAUTH"]),
    (Host("broken", rules=[{"do": "no-aa"}]), []),
    (Host("broken", rules=[{"do": "answer", "aa": False}]), []),
    (Host("broken", rules=[{"do": "answer", "rcode": "NXDOMAIN"}]), []),
    (Host("broken", rules=[{"do": "bytes", "hex": "8400ffffffffffffffff"}]), []),
    (Host("broken", rules=[{"do": "bytes", "hex": ""}]), []),
    (Host("broken", rules=[{"do": "wrong-question"}]), []),
    (Host("broken", rules=[{"do": "wrong-id"}]), []),
    (Host("broken", "closed"), ["did not answer"]),
    (Host("broken", "silent"), []),
], ids=["refused", "servfail", "notauth", "recursive", "empty", "nxdomain", "garbage", "short",
        "wrong-question", "wrong-id", "closed", "silent"])
def test_a_broken_server_beside_good_ones_has_no_vote(make_lab, make_client, host, words):
    # The CA would believe some of it, and Pebble hangs at an answer that is no DNS message, and where its resolver
    # gives up, which unbound now and then does at a server that is dead.
    is_sane = host.kind == "lame" or host.rules[:1] and all(rule["do"] == "rcode" for rule in host.rules)
    lab = make_lab(world(Zone("example.test", hosts=[host]), cas=[Ca(calm=True)] if is_sane else always_valid()))
    client = make_client(lab)
    client.configure(server=lab.primary)  # the resolver, too, believes some of it
    before = lab.zones()
    with lab.capture() as seen:
        result = client.issue(*NAMES)
    assert_issued(result, BROKEN, host_address(lab, 1), "no vote", *words)
    assert result.err.count("no vote") == 1
    if is_sane:
        assert_quiet(lab, seen)
    assert_clean(lab, before)


@pytest.mark.parametrize("rules", [
    [{"do": "drop", "proto": "udp"}],
    [{"do": "truncate", "proto": "udp"}],
    [{"do": "close", "proto": "tcp"}],
    [{"do": "delay", "seconds": 0.6, "times": 6}],
    [{"do": "wrong-id", "proto": "udp"}],
    [{"do": "wrong-question", "proto": "udp"}],
    [{"do": "bytes", "hex": "840000010000000000000000010001", "proto": "udp"}],
    [{"do": "drop", "proto": "udp", "times": 2}],
], ids=["tcp-only", "truncates", "udp-only", "late", "wrong-id", "wrong-question", "foreign", "lossy"])
def test_a_server_that_is_hard_to_ask_still_counts(make_lab, make_client, rules):
    """The only server of the zone: without it nothing passes. (What the CA makes of it is not ours.)"""
    zone = with_host(*rules, hidden_primary=True, secondary=False, label="ns1")
    lab = make_lab(world(zone, cas=always_valid()))
    before = lab.zones()
    client = make_client(lab)
    client.configure(server=lab.primary)
    result = client.issue(*NAMES)
    assert_issued(result)
    assert "no vote" not in result.err
    assert_clean(lab, before)


def test_truncation_without_tcp_is_never_passed_over(make_lab, make_client):
    """The CA would need TCP too."""
    rules = [{"do": "truncate", "proto": "udp", "type": "TXT"}, {"do": "close", "proto": "tcp"}]
    lab = make_lab(world(with_host(*rules)))
    before = lab.zones()
    result = make_client(lab).issue("example.test", options=QUICK)
    assert_refused(result, 5, BROKEN, "truncated over UDP, and TCP fails", "the CA needs it")
    assert lab.request_counts()["challenge"] == 0
    assert_clean(lab, before)


def test_dead_ipv6_addresses_cost_no_time(make_lab, make_client):
    """One that this host has no route to is not even news; a black hole has no vote."""
    zone = Zone("example.test", dead_ipv6=("2001:db8:ffff::1", "2001:db8:dead::1"))
    lab = make_lab(world(zone, cas=always_valid()))
    before = lab.zones()
    result = make_client(lab).issue(*NAMES)
    assert_issued(result, "2001:db8:dead::1")
    assert "2001:db8:ffff::1" not in result.err
    assert_clean(lab, before)


def test_all_servers_broken_is_an_error_that_names_them(make_lab, make_client):
    lab = make_lab(world(with_host(kind="lame", hidden_primary=True, secondary=False)))
    result = make_client(lab).issue("example.test")
    assert_refused(result, 5, BROKEN, host_address(lab, 1), "REFUSED", "example.test")


def test_a_server_that_fails_while_we_wait_is_out_after_half_the_time(make_lab, make_client):
    rules = [{"do": "rcode", "rcode": "SERVFAIL", "type": "TXT"}]
    lab = make_lab(world(with_host(*rules)))
    before = lab.zones()
    result = make_client(lab).issue("example.test", options=["--propagation-timeout", "4"])
    assert_issued(result, BROKEN, "no vote", "SERVFAIL")
    assert result.seconds > 2
    assert_clean(lab, before)


# Servers that are behind


def test_a_secondary_seconds_behind_is_waited_for(make_lab, make_client):
    lab = make_lab(world(Zone("example.test"), lag_s=2))
    before = lab.zones()
    with lab.capture() as seen:
        result = make_client(lab).issue(*NAMES)
    assert_issued(result)
    assert result.seconds > 2
    lab.wait_for_secondary()
    assert_quiet(lab, seen)
    assert_clean(lab, before)


def test_the_table_says_who_is_behind(make_lab, make_client):
    lab = make_lab(world(Zone("example.test"), lag_s=20))
    before = lab.zones()
    result = make_client(lab).issue(*NAMES, options=QUICK)
    assert_refused(result, 5, "not served by all servers of zone 'example.test' after 2 s", "2 of 4")
    rows = {line.split()[1].strip("()"): line for line in result.err.splitlines()
            if line.startswith("  ") and "s ago" in line}
    for address in (lab.primary, lab.world.ip6((3, 1))):
        assert "ns1.example.test" in rows[address] and "has it" in rows[address]
    for address in (lab.secondary, lab.world.ip6((4, 1))):
        assert "ns2.example.test" in rows[address] and "NXDOMAIN" in rows[address]
    assert lab.request_counts()["challenge"] == 0
    assert_clean(lab, before)


# Policies


@pytest.mark.parametrize("policy, code", [("known-broken", 0), ("all", 5), ("any", 0)])
def test_policies_on_a_broken_server(make_lab, make_client, policy, code):
    lab = make_lab(world(with_host(kind="lame"), cas=always_valid()))
    before = lab.zones()
    client = make_client(lab)
    client.configure("propagation = " + policy)
    result = client.issue("example.test", options=QUICK)
    if code == 0:
        assert_issued(result)
    else:
        assert_refused(result, 5, BROKEN, "REFUSED")
    assert_clean(lab, before)


@pytest.mark.parametrize("policy, code", [("known-broken", 5), ("all", 5), ("any", 0), ("wait:1s", 0)])
def test_policies_on_a_server_that_is_behind(make_lab, make_client, policy, code):
    lab = make_lab(world(Zone("example.test"), lag_s=20, cas=always_valid()))
    before = lab.zones()
    client = make_client(lab)
    client.configure("propagation = " + policy)
    with lab.capture() as seen:
        result = client.issue("example.test", options=QUICK)
    if code == 0:
        assert_issued(result)
    else:
        assert_refused(result, 5, "ns2.example.test", lab.secondary)
    if policy == "wait:1s":
        assert result.seconds > 1
        published = [m["time"] for m in seen if m["opcode"] == "UPDATE"][0]
        ours = [m for m in seen if m["type"] == "TXT" and m["name"] == OWNER
                and m["server"] in (lab.secondary, lab.world.ip6((4, 1)))]
        assert [m for m in ours if published < m["time"] < published + 1] == []
    assert_clean(lab, before)


# What stands there already


def test_leftovers_are_warned_of_and_left_alone(make_lab, make_client):
    """Sixty of them need TCP, of us and of the CA."""
    lines = ['_acme-challenge 60 IN TXT "%s"' % (("leftover-%02d-" % i) + "x" * 31) for i in range(60)]
    lab = make_lab(world(Zone("example.test", records="\n".join(lines))))
    before = lab.zones()
    with lab.capture() as seen:
        result = make_client(lab).issue(*NAMES)
    assert_issued(result, "60 TXT values", "_acme-challenge.example.test")
    assert result.err.count("60 TXT values") == 1
    assert any(m["tcp"] and m["type"] == "TXT" for m in seen)
    assert_clean(lab, before)


# Owners that turn into aliases meanwhile


def issue_in_background(client, *names, options=()):
    results = []
    thread = threading.Thread(target=lambda: results.append(client.issue(*names, options=options)))
    thread.start()

    def join():
        thread.join()
        return results[0]

    return join


def test_an_alias_that_appears_while_we_wait_is_followed(make_lab, make_client):
    lab = make_lab(world(Zone("example.test"), Zone("auth.test"), lag_s=1.5, cas=always_valid()))
    before = lab.zones()
    client = make_client(lab)
    client.configure(sections="[zone auth.test]\nprovider = lab\n")
    join = issue_in_background(client, *NAMES)
    wait_until(lambda: len(challenge_lines(lab)) == 2)
    lab.update("example.test", "del %s TXT" % OWNER, "add %s 60 CNAME moved.auth.test." % OWNER)
    result = join()
    assert_issued(result, "became a CNAME", "moved.auth.test")
    lab.update("example.test", "del %s CNAME" % OWNER)
    assert_clean(lab, before)


def test_a_server_that_lies_about_an_alias_does_not_lead_us_away(make_lab, make_client):
    """It knows the zone, and only when values are awaited it says that their owner is a CNAME."""
    rules = [{"do": "answer", "type": "TXT", "name": "^_acme-challenge", 
              "records": [OWNER + " 60 IN CNAME elsewhere.second.test."]}]
    lab = make_lab(world(with_host(label="ns5"), Zone("second.test")))
    before = lab.zones()
    client = make_client(lab)
    lab.set_host_rules("ns5.example.test", rules)
    result = client.issue("example.test", options=["--propagation-timeout", "10"])
    assert_refused(result, 3, "elsewhere.second.test", "--allow-alias second.test")
    assert_clean(lab, before)


# Names of servers


def test_parent_and_child_that_name_other_servers(make_lab, make_client):
    """Both sets are asked, and the difference is said: ns8 is named by the zone alone, ns5 by its parent."""
    zone = Zone("example.test", records="@ 60 IN NS ns8\nns8 60 IN A 127.0.5.2",
                hosts=[Host("ns5", "lame")])
    lab = make_lab(world(zone, Zone("other.test", hosts=[Host("ns8", "lame")])))
    lab.update("example.test", "del example.test. NS ns5.example.test.")
    before = lab.zones()
    result = make_client(lab).issue("www.example.test")
    assert_issued(result, "delegates to 'ns5.example.test', which the zone itself does not name",
                  "names the server 'ns8.example.test', which its parent does not delegate to",
                  "ns5.example.test (127.0.5.1) of zone", "ns8.example.test (127.0.5.2) of zone")
    assert_clean(lab, before)


# Resolvers


def set_resolvers(client, *resolvers):
    """The last word on it in the configuration is ours."""
    with open(client.config, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("resolver = ")]
    new = "".join("resolver = %s\n" % resolver for resolver in resolvers)
    with open(client.config, "w", encoding="utf-8") as file:
        file.write("".join(lines).replace("[acme-dns]\n", "[acme-dns]\n" + new, 1))


DEAD = "127.0.9.9"


def test_resolvers_of_all_kinds(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    client = make_client(lab)
    ipv6 = lab.world.ip6((0, 53))
    kinds = [[ipv6], ["[%s]:53" % ipv6, lab.resolver + ":53"], [DEAD, lab.resolver],
             [lab.primary, lab.resolver], []]
    for number, resolvers in enumerate(kinds):
        set_resolvers(client, *resolvers)
        assert_issued(client.issue("n%d.example.test" % number))
    assert_clean(lab, before)


def test_resolvers_that_do_not_help(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    client = make_client(lab)
    set_resolvers(client, DEAD)
    assert_refused(client.issue("example.test"), 5, DEAD, "resolver")
    set_resolvers(client, lab.primary)
    assert_refused(client.issue("example.test"), 5, lab.primary, "REFUSED")
    set_resolvers(client)
    assert_refused(client.issue("example.test", options=["--resolver", "dns.example"]), 3, "dns.example")
    for text in ("", "# nameserver 127.0.0.53\n", "search example.test\n", "nameserver nonsense\n"):
        lab.set_resolv_conf(text)
        assert_refused(client.issue("example.test"), 3, "/etc/resolv.conf", "--resolver")
    assert lab.request_counts()["challenge"] == 0


def test_an_intercepted_port_53_is_said(make_lab, make_client):
    """Whoever is asked, a recursive resolver answers: offering recursion, without authority."""
    everything = [
        {"do": "answer", "name": "^\\.$", "aa": False, "ra": True,
         "records": [". 60 IN NS a.rootserver.", "a.rootserver. 60 IN A 127.0.5.1"]},
        {"do": "answer", "aa": False, "ra": True, "rcode": "NXDOMAIN"},
    ]
    lab = make_lab(world(with_host(*everything)))
    before = lab.zones()
    client = make_client(lab)
    set_resolvers(client, host_address(lab, 1))
    result = client.issue("example.test")
    assert_refused(result, 5, "port 53", "intercepted", "let this host ask any name server")
    assert_clean(lab, before)
