# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""When a certificate is due: what the CA suggests (RFC 9773), what it replaces, what a CA has asked to be spared.

Time does not pass here: a moment that was written down is moved instead, in the file where it stands.
"""

import calendar
import glob
import json
import os
import time

import pytest
from lab import Ca, World, Zone

NAME = "example.test"
PROBLEM = {"content-type": "application/problem+json"}
URN = "urn:ietf:params:acme:error:"
ARI = "/draft-ietf-acme-ari-03/"
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def rfc3339(wall_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall_s))


@pytest.fixture
def place(make_lab, make_client):
    """(lab, client): the newest Pebble behind the proxy. The zones must be at the end as they are now."""
    lab = make_lab(World(zones=[Zone(NAME, records='@ 60 IN TXT "not ours"')], cas=[Ca(calm=True, proxy=True)],
                         in_step=True, cache_s=0))
    before = lab.zones()
    client = make_client(lab, proxied=True)
    yield lab, client
    lab.set_proxy_rules([])
    assert lab.zones() == before


def kept(client, name=NAME):
    with open(client.path(name, "renewal.json"), encoding="utf-8") as file:
        return json.load(file)


def change(client, **members):
    """Writes members of renewal.json anew: ari={"next": ...}."""
    everything = kept(client)
    for key, values in members.items():
        everything[key].update(values)
    path = client.path(NAME, "renewal.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(everything, file)
    os.rename(path + ".new", path)


def let_ari_expire(client):
    change(client, ari={"asked": rfc3339(time.time() - 7 * HOUR_S), "next": rfc3339(time.time() - 1)})


def serial(client, name=NAME):
    return client.certificate(name)[0].serial_number


def count(lab, kind):
    return lab.request_counts()[kind]


def suggest(start_s, end_s, **more):
    """A rule: the CA suggests this window from now on."""
    body = {"suggestedWindow": {"start": rfc3339(start_s), "end": rfc3339(end_s)}, **more.pop("body", {})}
    return {"path": ARI, "do": "replace", "status": 200, "body": json.dumps(body), **more}


def new_orders(lab):
    """The payload and the status of each newOrder."""
    return [(line["payload"], line["status"]) for line in lab.proxied()
            if line["path"] == "/order-plz" and line["payload"] is not None]


# The CA's window

def test_the_ca_is_asked_right_after_an_installation_and_then_left_alone(place):
    lab, client = place
    result = succeed(client.issue(NAME))
    ari = kept(client)["ari"]
    assert count(lab, "renewalInfo") == 1
    assert seconds(ari["start"]) <= seconds(ari["moment"]) <= seconds(ari["end"])
    assert seconds(ari["next"]) - seconds(ari["asked"]) == 6 * HOUR_S  # Pebble's Retry-After
    assert "Renew after  " + ari["moment"] in result.out
    asked = len(lab.proxied())
    unchanged = succeed(client.issue(NAME))
    assert len(lab.proxied()) == asked and ari["moment"] in unchanged.out
    shown = succeed(client.run("show", NAME)).out
    assert "renew-after=%s\n" % ari["moment"] in shown and "renew-why=the CA suggests it (ARI)\n" in shown


def test_a_ca_without_the_service_is_not_asked_again(make_lab, make_client):
    lab = make_lab(World(zones=[Zone(NAME)], cas=[Ca(version="2.4", calm=True)], in_step=True, cache_s=0))
    client = make_client(lab)
    succeed(client.issue(NAME))
    ari = kept(client)["ari"]
    assert ari["start"] is None and seconds(ari["next"]) - seconds(ari["asked"]) >= 7 * DAY_S
    assert "renew-why=its lifetime" in succeed(client.run("show", NAME)).out


def test_window_and_moment_are_kept_until_the_window_changes(place):
    lab, client = place
    succeed(client.issue(NAME))
    first = kept(client)["ari"]
    let_ari_expire(client)
    succeed(client.issue(NAME))
    second = kept(client)["ari"]
    assert count(lab, "renewalInfo") == 2 and count(lab, "newOrder") == 1
    assert second["next"] > rfc3339(time.time())
    assert (second["start"], second["end"], second["moment"]) == (first["start"], first["end"], first["moment"])
    later_s = int(time.time()) + 40 * DAY_S
    lab.set_proxy_rules([suggest(later_s, later_s + DAY_S, body={"explanationURL": "https://ca.test/why"})])
    let_ari_expire(client)
    result = succeed(client.issue(NAME))
    third = kept(client)["ari"]
    assert later_s <= seconds(third["moment"]) <= later_s + DAY_S and third["start"] == rfc3339(later_s)
    assert "https://ca.test/why" in result.err and rfc3339(later_s) in result.err
    assert "Renew after  " + third["moment"] in result.out


@pytest.mark.parametrize("said, kept_s", [
    ("7200", 7200), ("5", 60), ("99999999", DAY_S), (None, 6 * HOUR_S), ("soon", 6 * HOUR_S)])
def test_retry_after_is_kept_within_bounds(place, said, kept_s):
    lab, client = place
    lab.set_proxy_rules([{"path": ARI, "do": "replace", "headers": {"retry-after": said}}])
    succeed(client.issue(NAME))
    ari = kept(client)["ari"]
    assert seconds(ari["next"]) - seconds(ari["asked"]) == kept_s


def test_a_mass_revocation_is_renewed_at_the_next_check(place):
    """Pebble itself says so, by its management interface."""
    lab, client = place
    succeed(client.issue(NAME))
    before = serial(client)
    past_s = int(time.time()) - 2 * DAY_S
    answer = json.dumps({"suggestedWindow": {"start": rfc3339(past_s), "end": rfc3339(past_s + DAY_S)}})
    with open(client.path(NAME, "cert.pem"), encoding="ascii") as file:
        body = json.dumps({"Certificate": file.read(), "ARIResponse": answer})
    url = lab.directory().replace(":14000/dir", ":15000/set-renewal-info/")
    told = lab.run(["/usr/bin/python3", "-c", (
        "import ssl, sys, urllib.request as r\n"
        "c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE\n"
        "print(r.urlopen(sys.argv[1], sys.argv[2].encode(), context=c).status)"), url, body])
    assert told.code == 0, told.err
    succeed(client.issue(NAME))
    assert serial(client) == before  # it is not time to ask yet
    let_ari_expire(client)
    succeed(client.issue(NAME))
    assert serial(client) != before
    replaced = new_orders(lab)[-1]
    assert replaced[1] == 201 and replaced[0]["replaces"].count(".") == 1
    asked = count(lab, "newOrder")
    succeed(client.issue(NAME))
    assert count(lab, "newOrder") == asked


def test_a_ca_that_always_says_now_gets_one_order(place):
    lab, client = place
    past_s = int(time.time()) - 2 * DAY_S
    lab.set_proxy_rules([suggest(past_s, past_s + HOUR_S)])
    succeed(client.issue(NAME))
    succeed(client.issue(NAME))  # obeyed once
    assert count(lab, "newOrder") == 2
    for _ in range(3):
        let_ari_expire(client)
        succeed(client.issue(NAME))
    assert count(lab, "newOrder") == 2


def test_the_ca_cannot_push_a_renewal_too_late(place):
    lab, client = place
    succeed(client.issue(NAME))
    certificate = client.certificate(NAME)[0]
    end_s = calendar.timegm(certificate.not_valid_after.timetuple())
    begin_s = calendar.timegm(certificate.not_valid_before.timetuple())
    lab.set_proxy_rules([suggest(end_s - 2 * HOUR_S, end_s - HOUR_S)])
    let_ari_expire(client)
    succeed(client.issue(NAME))
    shown = succeed(client.run("show", NAME)).out
    renew_after = [line for line in shown.splitlines() if line.startswith("renew-after=")][0].split("=")[1]
    assert seconds(renew_after) <= end_s - (end_s - begin_s) // 6 + 1
    assert "too late to be safe" in shown


FAULTS = [
    {"do": "refuse", "status": 404, "headers": PROBLEM, "body": json.dumps({"type": URN + "malformed", "detail": "?"})},
    {"do": "refuse", "status": 200, "headers": {}, "body": "{}"},
    {"do": "refuse", "status": 200, "headers": {}, "body": "\x00<html>"},
    {"do": "replace", "pattern": r'"start":\s*"[^"]*"', "with": '"start":"9999-12-31T23:59:59Z"'},
    {"do": "stall"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=["404", "nothing", "garbage", "backwards", "silence"])
def test_a_broken_service_harms_nothing(place, fault):
    lab, client = place
    lab.set_proxy_rules([{"path": ARI, **fault}])
    result = succeed(client.issue(NAME))
    assert "renew" not in result.err, result.err
    ari = kept(client)["ari"]
    assert ari["start"] is None and seconds(ari["next"]) - seconds(ari["asked"]) == 6 * HOUR_S
    asked = len(lab.proxied())
    succeed(client.issue(NAME))
    assert len(lab.proxied()) == asked


# What is replaced

def test_what_is_replaced_is_said_and_checked_by_the_ca(place):
    lab, client = place
    succeed(client.issue(NAME))
    before = kept(client)
    succeed(client.issue(NAME, options=["--force"]))
    orders = new_orders(lab)
    assert [status for _, status in orders] == [201, 201]
    assert "replaces" not in orders[0][0] and orders[1][0]["replaces"].count(".") == 1
    # Other names of the same certificate: its successor still; names apart from it: another certificate.
    succeed(client.issue(NAME, "www." + NAME, options=["--expand"]))
    assert "replaces" in new_orders(lab)[-1][0]
    succeed(client.issue("other." + NAME))
    assert "replaces" not in new_orders(lab)[-1][0]
    assert kept(client)["ari"]["certificate"] != before["ari"]["certificate"]


@pytest.mark.parametrize("status, kind", [(409, "alreadyReplaced"), (400, "malformed"), (403, "unauthorized"),
                                          (500, "serverInternal"), (404, "malformed")])
def test_a_refused_replacement_is_left_out(place, status, kind):
    lab, client = place
    succeed(client.issue(NAME))
    before = serial(client)
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": status, "headers": PROBLEM, "times": 1,
                          "body": json.dumps({"type": URN + kind, "detail": "not that one", "status": status})}])
    succeed(client.issue(NAME, options=["--force"]))
    assert serial(client) != before
    orders = new_orders(lab)[1:]
    assert ["replaces" in payload for payload, _ in orders[:2]] == [True, False] and len(orders) == 2


def test_pebble_refuses_to_replace_twice_and_gets_an_order_without(place):
    lab, client = place
    succeed(client.issue(NAME))
    with open(client.path(NAME, "current/cert.pem"), encoding="ascii") as file:
        first = file.read()
    lab.set_proxy_rules([{"path": "/certZ/", "do": "replace", "body": first}])
    assert client.issue(NAME, options=["--force"]).code in (1, 6)  # issued, not installed
    lab.set_proxy_rules([])
    succeed(client.issue(NAME, options=["--force"]))
    orders = new_orders(lab)
    assert [status for _, status in orders] == [201, 201, 409, 201]
    assert "replaces" in orders[2][0] and "replaces" not in orders[3][0]


# What the CA has asked to be spared

def limited(detail, retry_after="3600"):
    headers = dict(PROBLEM, **({"retry-after": retry_after} if retry_after else {}))
    return {"path": "/order-plz", "do": "refuse", "status": 429, "headers": headers,
            "body": json.dumps({"type": URN + "rateLimited", "detail": detail, "status": 429})}


def test_a_limit_is_remembered_and_force_does_not_pass_it(place):
    lab, client = place
    lab.set_proxy_rules([limited("too many certificates (5) already issued for this exact set of identifiers")])
    result = succeed(client.issue(NAME), 7)
    assert "exact set of identifiers" in result.err
    lab.set_proxy_rules([])
    asked = len(lab.proxied())
    for options in ([], ["--force"]):
        again = succeed(client.issue(NAME, options=options), 7)
        assert "exact set of identifiers" in again.err and "--force does not change that" in again.err
    assert len(lab.proxied()) == asked
    succeed(client.issue("other." + NAME))  # its limit is not this one's
    limits = glob.glob(client.state + "/accounts/*/default/limits/names-*.json")
    assert len(limits) == 1
    until_s = int(limits[0].rsplit("-", 1)[1].split(".")[0])
    assert 3500 <= until_s - time.time() <= 3600
    os.rename(limits[0], limits[0].replace(str(until_s), str(int(time.time()) - 1)))
    succeed(client.issue(NAME))
    assert glob.glob(client.state + "/accounts/*/default/limits/*") == []


def test_a_limit_of_the_account_holds_for_all_of_it(place):
    lab, client = place
    lab.set_proxy_rules([limited("too many new orders (300) from this account in the last 3h0m0s", "600")])
    succeed(client.issue(NAME), 7)
    lab.set_proxy_rules([])
    asked = len(lab.proxied())
    result = succeed(client.issue("other." + NAME), 7)
    assert "from this account" in result.err
    assert len(lab.proxied()) == asked


def test_a_limit_keeps_no_order_that_was_begun(place):
    """The CA counts new ones. Others of the account wait, and are no failures of this run."""
    lab, client = place
    client.configure(settings="parallel-orders = 1\n")
    for name in ("a.", "b.", "c."):
        succeed(client.issue(name + NAME))
    assert client.issue("a." + NAME, options=["--force"], env={"ACME_DNS_CRASH_AT": "cleanup-before"}).code != 0
    lab.set_proxy_rules([limited("too many new orders (300) from this account in the last 3h0m0s", "600")])
    asked, first = lab.request_counts()["newOrder"], serial(client, "a." + NAME)
    run = client.run("renew", "--force")
    assert run.code == 7 and "1 issued, 2 to be tried again later" in run.err, run.err
    assert serial(client, "a." + NAME) != first and lab.request_counts()["newOrder"] == asked
    lab.set_proxy_rules([])
    plan = succeed(client.run("renew", "--force", "--plan")).out
    assert plan.count("not before") == 3 and "resume" not in plan, plan


def test_a_limit_is_no_failure_and_who_names_one_is_told_to_come_back(place):
    """The first time, when the CA says so, as later, when it is remembered."""
    lab, client = place
    succeed(client.issue(NAME))
    lab.set_proxy_rules([limited("too many new orders (300) from this account in the last 3h0m0s", "600")])
    for _ in range(2):
        run = succeed(client.run("renew", NAME, "--force"), 7)
        assert "from this account" in run.err and "renew: 1 to be tried again later" in run.err, run.err
    run = client.run("list", "--json")
    event = json.loads(run.out.splitlines()[0])
    assert event["failures"] == 0 and event["limited-until"] and "failing" not in client.run("list").out, run.out


def test_a_limit_that_cannot_be_read_stops_nobody(place):
    lab, client = place
    lab.set_proxy_rules([limited("too many new orders (300) from this account in the last 3h0m0s", "600")])
    succeed(client.issue(NAME), 7)
    lab.set_proxy_rules([])
    file, = glob.glob(client.state + "/accounts/*/default/limits/*")
    with open(file, "w", encoding="utf-8") as out:
        out.write('{"format": 99}')
    assert "was written by a newer acme-dns" in succeed(client.issue(NAME)).err


def test_a_limit_that_only_its_text_dates_is_kept(place):
    lab, client = place
    until = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 2 * HOUR_S))
    lab.set_proxy_rules([limited("too many, retry after %s UTC: see https://ca.test/limits" % until, None)])
    succeed(client.issue(NAME), 7)
    lab.set_proxy_rules([])
    asked = len(lab.proxied())
    assert until.replace(" ", "T") in succeed(client.issue(NAME), 7).err
    assert len(lab.proxied()) == asked


# Failures

def test_failures_are_kept_and_forgotten(place):
    lab, client = place
    succeed(client.issue(NAME))
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 400, "headers": PROBLEM,
                          "body": json.dumps({"type": URN + "rejectedIdentifier", "detail": "on a list"})}])
    for n in (1, 2):
        succeed(client.issue(NAME, options=["--force"]), 6)
        failures = kept(client)["failures"]
        assert failures["count"] == n and failures["class"] == "ca" and "on a list" in failures["text"]
        assert seconds(failures["retry"]) > seconds(failures["last"]) and not failures["staging-next"]
    shown = succeed(client.run("show", NAME)).out
    assert "failures=2\n" in shown and "on a list" in shown and failures["retry"] in shown
    lab.set_proxy_rules([])
    succeed(client.issue(NAME, options=["--force"]))
    assert kept(client)["failures"] == {"count": 0, "last": None, "retry": None, "class": None, "text": None,
                                        "staging-next": False}


def test_after_a_failed_validation_the_next_try_is_for_staging(place):
    lab, client = place
    succeed(client.issue(NAME))
    authz = {"status": "invalid", "identifier": {"type": "dns", "value": NAME},
             "challenges": [{"type": "dns-01", "status": "invalid", "token": "a" * 43,
                             "url": "https://ca-proxy.test:14000/chalZ/1",
                             "error": {"type": URN + "caa", "detail": "forbidden", "status": 403}}]}
    lab.set_proxy_rules([{"path": "/authZ/", "do": "replace", "body": json.dumps(authz)}])
    succeed(client.issue(NAME, options=["--force"]), 6)
    assert kept(client)["failures"]["staging-next"] is True


def test_what_was_not_tried_is_no_failure(place):
    lab, client = place
    succeed(client.issue(NAME))
    before = kept(client)
    assert client.issue("example.org", options=["--name", NAME]).code == 3
    assert kept(client) == before


# Files

def test_a_damaged_file_is_told_and_replaced(place):
    lab, client = place
    succeed(client.issue(NAME))
    with open(client.path(NAME, "renewal.json"), "w", encoding="utf-8") as file:
        file.write('{"format": 1, "ari": {"sta')
    result = succeed(client.issue(NAME))
    assert "renewal.json" in result.err and "damaged" in result.err
    succeed(client.issue(NAME, options=["--force"]))
    assert kept(client)["ari"]["moment"]


def test_a_newer_file_is_told_and_left_alone(place):
    lab, client = place
    succeed(client.issue(NAME))
    newer = '{"format": 2, "what": "later releases know"}'
    with open(client.path(NAME, "renewal.json"), "w", encoding="utf-8") as file:
        file.write(newer)
    result = succeed(client.issue(NAME, options=["--force"]))
    assert "renewal.json" in result.err and "newer acme-dns" in result.err
    with open(client.path(NAME, "renewal.json"), encoding="utf-8") as file:
        assert file.read() == newer
