# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What a person, a log and a program are shown."""

import base64
import json
import os
import re

import pytest
from lab import Ca, World, Zone
from lab.world import tsig_secret

NAMES = ("*.example.test", "example.test")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# acme-dns(1), JSON OUTPUT: the keys of each event beside event, level, time and subject.
DOCUMENTED = {
    "order": {"state", "text"},
    "name": {"certificate", "state", "text"},
    "servers": {"certificate", "good", "total", "waiting"},
    "call": {"verb", "zone", "count", "ms", "text"},
    "http": {"status", "ms", "text"},
    "dns": {"server", "answer", "ms"},
    "installed": {"path", "not-after", "names"},
    "record": {"action", "provider", "zone", "type", "value", "ttl", "identifier", "alias-of", "index", "count",
               "known", "waited-for", "attended"},
    "log": {"text", "file", "line", "column", "what"},
    "result": {"exit", "class", "text", "state", "names", "path", "not-after", "renew-after", "renew-why", "next", "warning",
               "retry-after", "log", "run"},
}


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


@pytest.fixture
def quick(make_lab):
    return make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))


def quiet(client):
    """Without what this machine has to say about the user that plug-ins run as."""
    client.configure("plugin-user = nobody")
    return client


# Logs and mails

def test_a_log_is_short_whatever_the_number_of_names(quick, make_client):
    client = quiet(make_client(quick))
    few = succeed(client.issue("example.test"))
    many = succeed(client.issue(*["n%d.example.test" % i for i in range(50)]))
    assert len(few.err.splitlines()) <= 8 and len(many.err.splitlines()) <= 8, many.err
    assert "50 of 50 values" in many.err
    for text in (few.out, few.err, many.out, many.err):
        assert not CONTROL.search(text)
        assert max(len(line) for line in text.splitlines()) < 250


def test_quiet_is_silent_when_all_is_well(quick, make_client):
    client = quiet(make_client(quick))
    for options in (["-q"], ["-q", "--exit-unchanged"]):
        result = client.issue("example.test", options=options)
        assert result.code in (0, 2) and result.out == "" and result.err == "", result
    failed = succeed(client.issue("example.test", "192.0.2.1", options=["-q"]), 3)
    assert failed.out == "" and failed.err.startswith("error: ")


def test_the_end_says_where_until_when_and_what_next(quick, make_client):
    client = quiet(make_client(quick))
    out = succeed(client.issue(*NAMES)).out
    assert out.count("issued") == 1
    for word in (os.path.join(client.state, "certs", "example.test"), "fullchain.pem", "privkey.pem", "Valid until",
                 "Renew after", "Next"):
        assert word in out


def test_what_would_keep_a_renewal_from_working_is_said(quick, make_client):
    """The key came from this environment; a timer will not have it."""
    client = make_client(quick)
    with open(client.config, encoding="utf-8") as file:
        general = file.read().split("[provider")[0]
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(general + "plugin-user = nobody\n")
    secret = tsig_secret("hmac-sha256")
    result = succeed(quick.run(
        client.command("issue", "-d", "example.test", "--provider", "rfc2136", "--server", client.server, "-vv"),
        env={"RFC2136_TSIG_KEY": "lab-hmac-sha256", "RFC2136_TSIG_SECRET": secret,
             "RFC2136_TSIG_ALGORITHM": "hmac-sha256", "RFC2136_TTL": "1"}))
    assert "warning: " in result.err and "[provider rfc2136]" in result.err and "environment" in result.err
    assert secret not in result.out + result.err


def test_more_is_told_when_asked_for_and_no_secret(quick, make_client):
    client = quiet(make_client(quick))
    secret = tsig_secret("hmac-sha256")
    key = base64.b64decode(secret)
    forms = [secret, base64.urlsafe_b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")]
    traced = succeed(client.issue(*NAMES, options=["-vv"]))
    for word in ("POST https://ca.test:14000/", "TXT _acme-challenge.example.test", "PROPAGATE", "4/4 servers"):
        assert word in traced.err
    requests = re.findall(r"(?:GET|POST|HEAD) https://ca\.test\S*: \d+, ", traced.err)
    assert len(requests) == sum(quick.request_counts().values()), "each request is traced once"
    quick.flush_resolver()
    verbose = succeed(client.issue(*NAMES, options=["-v", "--force"]))
    assert "PROPAGATE" in verbose.err and "POST https" not in verbose.err
    for form in forms:
        assert form not in traced.out + traced.err + verbose.out + verbose.err


def test_errors_name_the_place_and_the_remedy(quick, make_client):
    client = quiet(make_client(quick))
    client.configure("resolvr = 127.0.0.1")
    result = succeed(client.issue("example.test"), 3)
    assert re.search(r"^error: \S+/acme-dns\.conf:\d+:\d+: .*resolvr", result.err, re.M)
    assert "resolver" in result.err.replace("resolvr", "")
    assert result.out == ""


def test_a_name_that_is_nowhere_is_said_once(quick, make_client):
    result = quiet(make_client(quick)).issue("nope.invalid")
    assert result.code == 5
    assert result.err.count("cannot find where") == 1, result.err
    assert "nope.invalid" in result.err


# Programs

def check_events(result):
    assert not CONTROL.search(result.out)
    events = [json.loads(line) for line in result.out.splitlines()]
    for event in events:
        assert {"event", "level", "time", "subject"} <= set(event)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])
        more = set(event) - {"event", "level", "time", "subject"}
        assert more <= DOCUMENTED[event["event"]], event
        for key in ("text", "state", "certificate", "waiting", "path"):
            assert isinstance(event.get(key, ""), str), event
    assert [e["event"] for e in events].count("result") == 1 and events[-1]["event"] == "result"
    return events


def test_json_is_what_the_manual_says(quick, make_client):
    client = quiet(make_client(quick))
    traced = succeed(client.issue(*NAMES, options=["--json", "-vv"]))
    assert traced.err == ""
    events = check_events(traced)
    assert {e["event"] for e in events} >= {"order", "name", "servers", "call", "http", "dns", "installed", "result"}
    result = events[-1]
    assert (result["exit"], result["state"], result["class"]) == (0, "issued", "none")
    assert result["path"].endswith("/certs/example.test") and result["names"] == "*.example.test, example.test"
    assert {e["subject"] for e in events if e["event"] == "name" and e["state"] == "VALID"} == set(NAMES)
    assert "debug" not in {e["level"] for e in check_events(client.issue(*NAMES, options=["--json"]))}


@pytest.mark.parametrize("names, options, code", [
    (["192.0.2.1"], [], 3),
    (["nope.invalid"], [], 5),
    (["example.test"], ["--provider", "nosuch"], 3),
    (["example.test"], ["--ca-bundle", "/etc/ssl/certs/ca-certificates.crt"], 1),
    (["example.test"], ["--config", "/nonexistent.conf"], 3),
])
def test_json_of_a_failure(quick, make_client, names, options, code):
    result = succeed(quiet(make_client(quick)).issue(*names, options=["--json", *options]), code)
    final = check_events(result)[-1]
    assert final["exit"] == code and final["level"] == "error" and final["text"]


def test_json_of_wrong_arguments(quick, make_client):
    """Also what cannot be understood ends in a result, if --json can be."""
    client = quiet(make_client(quick))
    for words in (["--json", "--forse"], ["--forse", "--json"], ["stray", "--json"]):
        result = succeed(client.run("issue", "-d", "example.test", *words), 3)
        assert check_events(result)[-1]["exit"] == 3, result


def test_a_result_that_nobody_can_read_is_a_failure(quick, make_client):
    client = quiet(make_client(quick))
    words = client.issue_command("example.test")
    result = quick.run(["sh", "-c", 'exec "$0" "$@" >/dev/full', *words])
    assert result.code == 1


# Terminals

def shown(text, columns):
    """The lines a terminal of that width is left with."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|[^\x1b]", text):
        if part.startswith("\x1b["):
            count = int(re.sub(r"\D", "", part) or 1)
            if part.endswith("A"):
                row = max(0, row - count)
            elif part.endswith("K"):
                lines[row] = lines[row][:column]
            elif part.endswith("J"):
                lines = lines[: row + 1]
                lines[row] = lines[row][:column]
        elif part == "\r":
            column = 0
        elif part == "\n":
            row, column = row + 1, 0
        else:
            if column == columns:
                row, column = row + 1, 0
                lines.extend([""] * (row + 1 - len(lines)))
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + 1:]
            column += 1
        lines.extend([""] * (row + 1 - len(lines)))
    return lines


@pytest.mark.parametrize("columns", [60, 140])
def test_help_and_errors_fit_the_terminal(quick, make_client, columns):
    """But for examples, which are there to be copied. Where there is no terminal lines are as long as they are."""
    client = make_client(quick)
    for words, code in ((["issue", "--help"], 0), (["plugin test", "lab", "-d", "example.test"], 0),
                        (["issue", "-d", "example.test", "--provider", "nosuch", "-n"], 3)):
        command = client.command(words[0], *words[1:])
        shown = quick.run_on_terminal(command, columns=columns)
        assert shown.code == code, shown.out
        lines = [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in shown.out.splitlines()]
        long = [line for line in lines if len(line) > columns and not line.startswith(("  acme-dns", "  #"))]
        assert [line for line in long if " " in line.strip()] == [], shown.out
        plain = quick.run(command)
        whole = max(len(line) for line in (plain.out + plain.err).splitlines())
        assert whole > 80 and plain.code == code, plain.out + plain.err


@pytest.mark.parametrize("columns", [40, 80, 140])
def test_a_terminal_ends_with_each_name_once(make_lab, make_client, columns):
    lab = make_lab(World(cas=[Ca(calm=True)], lag_s=1))
    client = quiet(make_client(lab))
    result = lab.run_on_terminal(client.issue_command(*NAMES), columns=columns)
    assert result.code == 0, result.out
    lines = shown(result.out, columns)
    assert max(len(line) for line in lines) <= columns
    assert sum(bool(re.match(r"  \*\.example\.test +VALID", line)) for line in lines) == 1, lines
    assert sum(bool(re.match(r"example\.test +DONE", line)) for line in lines) == 1, lines
    assert sum(line.startswith("example.test: issued") for line in lines) == 1
    assert "4 servers" in result.out or columns < 80, "progress was shown"


def test_many_names_leave_a_terminal_tidy(quick, make_client):
    client = quiet(make_client(quick))
    result = quick.run_on_terminal(client.issue_command(*["n%d.example.test" % i for i in range(60)]), columns=80)
    assert result.code == 0, result.out
    assert len(shown(result.out, 80)) < 20, "\n".join(shown(result.out, 80))


@pytest.mark.parametrize("env, colours, moves", [
    ({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)])
def test_colours_can_be_had_without(quick, make_client, env, colours, moves):
    client = quiet(make_client(quick))
    result = quick.run_on_terminal(client.issue_command("example.test"), env=env)
    assert result.code == 0, result.out
    assert bool(re.search(r"\x1b\[[0-9;]*m", result.out)) == colours
    assert bool(re.search(r"\x1b\[\d*A|\x1b\[K", result.out)) == moves


def test_remote_text_moves_no_cursor(make_lab, make_client):
    """What a CA says reaches the terminal as text."""
    lab = make_lab(World(cas=[Ca(calm=True, proxy=True)], in_step=True))
    client = quiet(make_client(lab, proxied=True))
    evil = "\\u001b]0;owned\\u0007\\u001b[2J\\r\\nfaked: issued\\u202e"
    lab.set_proxy_rules([{"path": "/order-plz", "do": "refuse", "status": 403,
                          "headers": {"content-type": "application/problem+json"},
                          "body": '{"type":"urn:ietf:params:acme:error:caa","detail":"%s"}' % evil}])
    plain = succeed(client.issue("example.test"), 6)
    assert not CONTROL.search(plain.err) and "\u202e" not in plain.err
    on_terminal = lab.run_on_terminal(client.issue_command("example.test"))
    assert "\x1b]" not in on_terminal.out and "\x1b[2J" not in on_terminal.out and "\x07" not in on_terminal.out
