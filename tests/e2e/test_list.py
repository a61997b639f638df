# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""list, show and delete: what is installed, for people, programs and monitoring."""

import datetime
import json
import os
import re
import stat

import pytest
from lab import Ca, World, Zone

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MANY = ("www.example.test", "a.example.test", "b.example.test", "c.example.test")


@pytest.fixture
def installed(make_lab, make_client):
    """A lab and an installation with two certificates."""
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    client = make_client(lab)
    assert client.issue("*.example.test", "example.test").code == 0
    assert client.issue(*MANY).code == 0
    return lab, client


def test_nothing_is_no_error(make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")]))
    client = make_client(lab)
    for options in ([], ["--check"]):
        result = client.run("list", *options)
        assert (result.code, result.out) == (0, "") and "no certificate yet in %s" % client.state in result.err


def test_a_table_for_people(installed):
    lab, client = installed
    result = client.run("list")
    assert result.code == 0
    head, *rows = result.out.splitlines()
    assert re.fullmatch(r"NAME +LEFT +RENEWS +CA +KEY +PROVIDER +FOR", head)
    assert re.fullmatch(r"example\.test +\d\d days +20\d\d-\d\d-\d\d, ARI +ca\.test +ec256 +lab +"
                        r"\*\.example\.test, example\.test", rows[0])
    assert rows[1].startswith("www.example.test") and rows[1].endswith(", ".join(MANY))
    assert len(rows) == 2
    for columns in (60, 100, 160):
        shown = lab.run_on_terminal(client.command("list"), columns=columns).out
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in shown.splitlines() if line]
        assert len(lines) == 3 and all(len(line) <= max(columns, 80) for line in lines), shown


def test_a_first_try_that_has_not_come_to_its_end(make_lab, make_client):
    """Somebody has to create records: what for is shown, by those who have no certificate to read it from."""
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    client = make_client(lab)
    result = client.run("issue", "-d", "example.test", "-d", "www.example.test", "--server", client.server,
                        "--provider", "manual", "--propagation-timeout", "1s", "-n")
    assert result.code == 10, result.err
    head, row = client.run("list").out.splitlines()
    assert re.fullmatch(r"NAME +STATE +FOR", head), head
    assert re.fullmatch(r"example\.test +not issued yet, order waits +example\.test, www\.example\.test", row), row
    event = json.loads(client.run("list", "--json").out.splitlines()[0])
    assert event["health"] == "absent" and event["names"] == ["example.test", "www.example.test"]
    assert "names=example.test,www.example.test\n" in client.run("show", "example.test").out


def test_objects_for_programs(installed):
    _, client = installed
    events = [json.loads(line) for line in client.run("list", "--json").out.splitlines()]
    assert [event["event"] for event in events] == ["certificate", "certificate", "result"]
    first = events[0]
    leaf = client.certificate("example.test")[0]
    assert first["subject"] == "example.test" and first["health"] == "good"
    assert first["names"] == ["*.example.test", "example.test"] and first["providers"] == ["lab"]
    assert first["not-after"] == leaf.not_valid_after.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert first["serial"] == "%x" % leaf.serial_number or first["serial"] == "0%x" % leaf.serial_number
    shown = client.run("show", "example.test")
    facts = dict(line.split("=", 1) for line in shown.out.splitlines())
    for key in ("not-after", "sha256", "path", "version", "health"):
        assert facts[key] == first[key], key


def test_a_name_that_is_not_there(installed):
    _, client = installed
    for command in ("show", "delete"):
        result = client.run(command, "exampel.test")
        assert result.code == 3, result.err
        assert "no certificate 'exampel.test'" in result.err
        assert "did you mean 'example.test'" in result.err


def test_what_failed_is_told_and_found(make_lab, make_client):
    """A renewal has time before it is anybody's business; what is not there yet has none, and a trial needs none."""
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    client = make_client(lab)
    assert client.issue("a.example.test", options=["--name", "a"]).code == 0
    broken = "[provider no]\nplugin = exec-hook\ncommand = /bin/false\n"
    client.configure(sections="[ca lab]\ndirectory = %s\nis-staging = yes\n%s" % (client.server, broken))
    trial = ["issue", "--name", "t", "-d", "t.example.test", "--ca", "lab", "--provider", "no"]
    assert client.run(*trial).code == 4
    assert client.run("issue", "--name", "a", "--provider", "no", "--force").code == 4
    run = client.run("list", "--check")
    assert run.code == 0, run.out
    assert re.search(r"^a: failed at 20\d\d-\S+Z: provider 'no' cannot add _acme-challenge\.a\.example\.test\..*"
                     r"exit code 1", run.out, re.M), run.out
    assert client.run("issue", "--name", "b", "-d", "b.example.test", "--server", client.server,
                      "--provider", "no").code == 4
    run = client.run("list", "--check")
    assert run.code == 1 and re.search(r"^b +not issued yet, order waits, failing ", run.out, re.M), run.out
    assert re.search(r"^b: failed at .*'no' cannot add _acme-challenge\.b\.example\.test\.", run.out, re.M), run.out
    # The same for programs: all keys always, and the manual has each of them.
    events = events_of(client)
    assert [event["subject"] for event in events] == ["a", "b", "t"] and events[1]["last-error-class"] == "provider"
    with open(os.path.join(ROOT, "docs", "acme-dns.1"), encoding="utf-8") as file:
        manual = re.search(r"^\.It certificate$(.*?)^\.It result$", file.read(), re.M | re.S).group(1)
    words = set(re.findall(r"^\.Li (\S+)", manual, re.M)) | {"event", "level", "time", "subject"}
    assert all(set(event) == set(events[0]) and set(event) <= words for event in events), set(events[0]) - words


def test_metrics_for_an_exporter(installed, tmp_path):
    _, client = installed
    path = tmp_path / "acme-dns.prom"
    assert client.run("list", "--metrics", str(path)).code == 0
    text = path.read_text()
    leaf = client.certificate("example.test")[0]
    end = re.search(r'^acme_dns_certificate_not_after_seconds\{name="example.test",staging="no"\} (\d+)$',
                    text, flags=re.M)
    assert int(end.group(1)) == int((leaf.not_valid_after - datetime.datetime(1970, 1, 1)).total_seconds())
    # Each family once, its samples right behind its head.
    assert len(re.findall(r"^# TYPE ", text, flags=re.M)) == 8
    assert re.fullmatch(r"(# HELP \w+ .*\n# TYPE \w+ gauge\n(\w+(\{[^}]*\})? \d+\n)+)+", text)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    result = client.run("list", "--metrics", "/nonexistent/x")
    assert result.code == 1 and "metrics: cannot write '/nonexistent/x'" in result.err


def test_deleting_is_confirmed(installed):
    lab, client = installed
    folder = os.path.join(client.state, "certs", "example.test")
    result = client.run("delete", "example.test")
    assert result.code == 10 and "--yes" in result.err and folder in result.err
    assert lab.run_on_terminal(client.command("delete", "example.test"), answers=[("fail", "\n")]).code == 10
    assert os.path.isdir(folder)
    result = lab.run_on_terminal(client.command("delete", "example.test"), answers=[("fail", "y\n")])
    assert result.code == 0 and "private key" in result.out
    assert os.listdir(os.path.dirname(folder)) == ["www.example.test"]
    client.configure(sections="[certificate www.example.test]\ndomains = www.example.test\n")
    result = client.run("delete", "www.example.test", "--yes")
    assert result.code == 0 and "acme-dns.conf:" in result.err and "issued anew" in result.err
    assert os.listdir(os.path.dirname(folder)) == []


def test_what_stands_in_the_way_of_unattended_renewals(installed):
    lab, client = installed
    assert all(event.get("obstacles", []) == [] for event in events_of(client))
    # Who publishes is told whoever says it: the certificate, a zone, or that there is only one.
    section = "[certificate zoned]\ndomains = zoned.example.test\nserver = %s\n" % client.server
    client.configure(sections=section)
    assert client.run("process").code == 0
    client.configure(sections=section + "[provider other]\nplugin = manual\n[zone zoned.example.test]\nprovider = lab\n")
    assert {event["subject"]: event["providers"] for event in events_of(client)}["zoned"] == ["lab"]
    assert re.search(r"^zoned .* ec256 +lab +zoned\.example\.test$", client.run("list").out, re.M)
    client.configure()
    assert client.run("delete", "zoned", "--yes").code == 0
    # The environment of this command has what no later run will have.
    with open(client.config, encoding="utf-8") as file:
        text = file.read()
    head, section = text.split("[provider lab]\n")
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(head)
    table = client.run("list").out
    assert table.count("no-credential") == 0 and "DAMAGED" not in table
    # A second provider, and nothing says any more whose these are.
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(head + "[provider one]\nplugin = rfc2136\n[provider two]\nplugin = rfc2136\n")
    request = client.path("example.test", "request.conf")
    with open(request, encoding="utf-8") as file:
        kept = file.read()
    with open(request, "w", encoding="utf-8") as file:
        file.write(kept.replace("provider = lab\n", ""))
    obstacles = {event["subject"]: event["obstacles"] for event in events_of(client)}
    assert obstacles["example.test"] == ["no-provider"] and client.run("list", "--check").code == 1
    with open(request, "w", encoding="utf-8") as file:
        file.write(kept)
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(head + "[zone example.test]\nprovider = rfc2136\n"
                   "[certificate example.test]\ndomains = example.test\nprovider = manual\n"
                   "[certificate www.example.test]\ndomains = www.example.test\nprovider = rfc2136\n")
    obstacles = {event["subject"]: event["obstacles"] for event in events_of(client)}
    assert obstacles == {"example.test": ["manual"], "www.example.test": ["no-credential"]}


def events_of(client):
    events = [json.loads(line) for line in client.run("list", "--json").out.splitlines()]
    return [event for event in events if event["event"] == "certificate"]
