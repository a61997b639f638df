# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The lab itself: that its internet hangs together, and that it dies whole."""

import os
import shutil
import subprocess
import sys
import time

import pytest
from lab import Ca, Host, Lab, World, Zone, pebble_log
from lab.control import LabError
from lab.world import HOSTS, PRIMARY, ROOT, SECONDARY, TLD

E2E = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"


def probe(lab, *names, ca=None, proxied=False):
    return lab.run(
        [PYTHON, "-m", "lab.probe", lab.directory(ca, proxied), lab.ca_bundle, lab.primary,
         lab.secondary, "hmac-sha256", "example.test", *names],
        env={"PYTHONPATH": E2E},
    )


def test_names_are_found_from_the_root_down(make_lab):
    lab = make_lab(World(zones=[Zone("example.test"), Zone("_acme-challenge.example.test")]))
    assert lab.query("example.test.", "NS", ROOT)["answer"] == []
    assert "test. 60 IN NS a.nic.test." in lab.query("example.test.", "NS", ROOT)["authority"]
    below_tld = lab.query("example.test.", "NS", TLD)
    assert "AA" not in below_tld["flags"] and len(below_tld["authority"]) == 2
    for place in (PRIMARY, SECONDARY):
        assert "AA" in lab.query("example.test.", "SOA", place)["flags"]
    assert lab.query("ns1.example.test.", "A")["answer"] == ["ns1.example.test. 60 IN A " + lab.primary]
    assert lab.query("_acme-challenge.example.test.", "SOA")["rcode"] == "NOERROR"


def test_updates_reach_the_secondary(make_lab):
    lab = make_lab(World(lag_s=0.2))
    before = lab.zones()
    for algorithm in ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"):
        lab.update("example.test", "add a.example.test. 60 TXT %s" % algorithm, algorithm=algorithm)
    assert lab.zones() != before
    lab.wait_for_secondary()
    assert len(lab.query("a.example.test.", place=SECONDARY)["answer"]) == 6
    lab.update("example.test", "del a.example.test. TXT")
    assert lab.zones() == before


def test_the_resolver_forgets_when_told(make_lab):
    lab = make_lab(World(in_step=True))
    assert lab.query("a.example.test.")["rcode"] == "NXDOMAIN"
    lab.update("example.test", "add a.example.test. 60 TXT new")
    assert lab.query("a.example.test.")["rcode"] == "NXDOMAIN"
    lab.flush_resolver()
    assert lab.query("a.example.test.")["answer"] == ['a.example.test. 60 IN TXT "new"']


def test_signed_zones_validate(make_lab):
    lab = make_lab(World(zones=[Zone("example.test", signed=True), Zone("plain.test")]))
    assert "AD" in lab.query("example.test.", "SOA")["flags"]
    assert "AD" not in lab.query("plain.test.", "SOA")["flags"]
    lab.wait_for_secondary()


def test_scripted_hosts_do_what_they_are_told(make_lab):
    hosts = [Host("lame", "lame"), Host("silent", "silent"), Host("closed", "closed"), Host("ns5")]
    lab = make_lab(World(zones=[Zone("example.test", hosts=hosts)]))
    assert len(lab.query("example.test.", "NS", PRIMARY)["answer"]) == 6
    assert lab.query("example.test.", "SOA", (HOSTS, 1))["rcode"] == "REFUSED"
    with pytest.raises(LabError, match="ConnectionRefused|refused"):
        lab.query("example.test.", "SOA", (HOSTS, 3), tcp=True)
    assert "AA" in lab.query("example.test.", "SOA", (HOSTS, 4))["flags"]
    lab.set_host_rules("ns5.example.test", [{"do": "truncate", "type": "SOA", "proto": "udp", "times": 1}])
    assert "TC" in lab.query("example.test.", "SOA", (HOSTS, 4))["flags"]
    assert "TC" not in lab.query("example.test.", "SOA", (HOSTS, 4))["flags"]


def test_certificates_are_issued(lab, pebble):
    before = lab.zones()
    result = probe(lab, "*.example.test", "example.test")
    assert result.code == 0, result.err
    assert result.out.count("BEGIN CERTIFICATE") >= 2
    assert lab.zones() == before
    counts = lab.request_counts()
    # A poll or two more or less, and badNonce repeats, are Pebble's habit.
    assert counts["directory"] == 1 and counts["newOrder"] >= 1 and counts["challenge"] >= 2
    assert ("_acme-challenge.example.test.", "TXT") in [q[1:] for q in lab.resolver_questions()]


def test_what_a_pebble_loses_is_seen(lab):
    assert probe(lab, "example.test").code == 0
    issued = [line for line in lab.log("pebble-ca").splitlines() if "Issued certificate serial" in line]
    assert len(issued) == 1
    serial = issued[0].split("serial ")[1].split()[0]
    starts = {first: pebble_log.lost_serials(issued[0].replace(serial, first + serial[2:])) for first in ("7f", "80")}
    assert starts == {"7f": [], "80": ["80" + serial[2:]]}


def test_what_a_pebble_reuses_is_seen(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(calm=True, env={"PEBBLE_AUTHZREUSE": 100})], cache_s=0))
    client = make_client(lab)
    for options in ([], ["--force"]):
        assert client.issue("*.example.test", "example.test", options=options).code == 0
    log = lab.log("pebble-ca")
    assert len(pebble_log.reused_orders(log)) == 1 and lab.hiccups() == []
    assert pebble_log.reused_orders(log[:log.index("Added order")]) == []


def test_the_proxy_spoils_what_it_is_told(make_lab):
    lab = make_lab(World(cas=[Ca(calm=True, proxy=True)], in_step=True))
    assert probe(lab, "example.test", proxied=True).code == 0
    lab.set_proxy_rules([{"path": "/order-plz", "do": "drop-reply", "times": 1}])
    before = lab.request_counts()["newOrder"]
    assert probe(lab, "example.test", proxied=True).code != 0
    assert lab.request_counts()["newOrder"] == before + 1
    lab.set_proxy_rules([{"path": "/dir", "do": "replace", "status": 503, "body": "<html>"}])
    assert "503" in probe(lab, "example.test", proxied=True).err
    assert [seen["rule"] for seen in lab.proxied() if seen["path"] == "/dir"] == ["pass", "pass", "replace"]


@pytest.mark.skipif(not os.access("/dev/net/tun", os.R_OK | os.W_OK), reason="no /dev/net/tun")
def test_the_wire_has_its_round_trip(make_lab):
    lab = make_lab(World(rtt_ms=50))
    timed = lab.run([PYTHON, "-c", "import socket,time\nfor _ in range(8):\n t=time.monotonic()\n"
                     " socket.create_connection(('%s',53)).close()\n print(time.monotonic()-t)" % lab.primary])
    # The quickest: a busy machine delays some. None comes before its round trip, and two would be 0.1.
    assert 0.050 <= min(map(float, timed.out.split())) < 0.095
    with lab.capture() as seen:
        lab.update("example.test", "add a.example.test. 60 TXT x")
    assert [(m["opcode"], m["tcp"], m["server"]) for m in seen] == [("UPDATE", True, lab.primary)]


def test_external_account_binding_is_asked_for(make_lab):
    lab = make_lab(World(cas=[Ca(eab={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"})]))
    result = probe(lab, "example.test")
    assert "externalAccountRequired" in result.err


def test_a_lab_leaves_nothing_running():
    lab = Lab(World())
    lab.start()
    straggler = lab.popen([PYTHON, "-c", "import os,time; os.fork() or os.setsid(); time.sleep(600)"])
    deadline = time.monotonic() + 10
    while len(lab.processes()) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    left = lab.processes() + [lab.pid, straggler.pid]
    assert len(left) >= 4
    lab.stop()
    straggler.wait()
    deadline = time.monotonic() + 5
    while any(map(is_alive, left)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(is_alive, left))
    assert not os.path.exists(lab.folder)


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_lab_dies_with_whoever_holds_it():
    script = ("import os, sys; sys.path.insert(0, %r)\nfrom lab import Lab, World\nlab = Lab(World()); lab.start()\n"
              "print(lab.pid, lab.folder, flush=True); sys.stdin.read()" % E2E)
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE,
                              stdin=subprocess.PIPE, text=True)
    pid, folder = holder.stdout.readline().split()
    pid = int(pid)
    assert is_alive(pid)
    holder.kill()
    holder.communicate()
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    shutil.rmtree(folder)
    assert not is_alive(pid)


def test_terminal_runs_are_answered(make_lab):
    lab = make_lab(World())
    result = lab.run_on_terminal(["sh", "-c", "stty size; printf 'name? '; read x; echo hello $x"],
                                 answers=[(r"name\? $", "world\n")], columns=72)
    assert "40 72" in result.out and "hello world" in result.out and result.code == 0
