# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Many certificates in one run: nothing is sent for those that are not due, one broken file costs no other."""

import os
import resource

from year_scene import DAY, Year, world

IS_LONG = os.environ.get("ACME_DNS_LONG") == "1"
COUNT = 1000 if IS_LONG else 60
COUNTED = 'ip link set lo up && "$@"; code=$?; sed -n "s/ *lo://p" /proc/net/dev; exit $code'


def run_counted(year, command):
    """In a network of its own, where every packet to an address of the lab would go over lo: (Result, packets)."""
    result = year.lab.run(["unshare", "-n", "sh", "-c", COUNTED, "sh", *command])
    lines = result.out.splitlines()
    return result, int(lines[-1].split()[9])


def run_told(year, what):
    """One `process`, and on standard output (-s) what it cost: all its processes, hooks included."""
    requests = len(year.ca.requests())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = year.run("process")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print("%d %s in %.1f s, %.1f s of CPU, %d requests" % (
        COUNT, what, result.seconds, cpu_s, len(year.ca.requests()) - requests))
    return result


def test_not_a_packet_when_nothing_is_due(make_lab, make_client):
    year = Year(make_lab(world(1)), make_client, {"classic": 10, "shortlived": 10})
    first = year.client.run("process")
    assert first.code == 0 and "20 issued" in first.out, first.err
    for words in ([], ["--scheduled", "--no-deploy"], ["--plan"]):
        again, packets = run_counted(year, year.client.command("process", *words))
        assert (again.code, packets) == (0, 0), again.err
        assert "20 not due" in again.out or "nothing to do for any of 20 certificates" in again.out, again.out
    sender = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('%s', 53))" % year.lab.resolver
    assert run_counted(year, ["/usr/bin/python3", "-c", sender])[1] >= 1


def test_one_broken_file_of_many(make_lab, make_client):
    year = Year(make_lab(world(1)), make_client, {"classic": COUNT}, has_limits=False)
    year.configure(is_split=True)
    first = run_told(year, "issued")
    assert first.code == 0 and "%d issued" % COUNT in first.out, first.err
    year.write_part("c7-classic", year.sections()["c7-classic"].replace("provider", "providre"))
    year.set_time(70 * DAY)
    run = run_told(year, "renewed")
    assert run.code == 3 and "%d issued" % COUNT in run.out + run.err, run.err[-3000:]
    assert "c7-classic.conf:4:1: unknown key 'providre'" in run.err and "did you mean 'provider'" in run.err, run.err[:3000]
    assert "c7-classic: its section in the configuration is wrong" in run.err
    assert year.ca.ask("numbers")["issued"] == 2 * COUNT
