# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns plugin new: what it writes, built against an installed tree, obtains certificates."""

import json
import os
import subprocess

import pytest
from dns_scene import assert_clean, assert_issued, assert_refused, said, world
from lab import Zone
from lab.client import names_of
from standins import StandIn

HOST = "api.example.com"
TOKEN = "TokenOfTheBeginner_0123456789"
RECORDS = '@ 60 IN TXT "v=spf1 -all"\n_acme-challenge 1 IN TXT "foreign"\nwww 60 IN A 192.0.2.1\n'


@pytest.fixture(scope="module")
def folder(build, tmp_path_factory):
    """The folder that it wrote, built."""
    root = tmp_path_factory.mktemp("new")
    root.chmod(0o755)
    subprocess.run(["cmake", "--install", build, "--prefix", root / "prefix"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([os.path.join(build, "acme-dns"), "plugin", "new", "my-dns", root / "my-dns"], check=True,
                   stdout=subprocess.DEVNULL)
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        is_sanitized = "ACME_SANITIZE:BOOL=ON" in file.read()
    flags = "-fsanitize=address,undefined" if is_sanitized else ""
    subprocess.run(["make", "-C", root / "my-dns", "PREFIX=%s" % (root / "prefix"), "CFLAGS=-g " + flags], check=True,
                   stdout=subprocess.DEVNULL)
    return str(root / "my-dns")


@pytest.fixture
def scene(make_lab, make_client):
    """(lab, API, client) with two zones, one below the other; the API is reached at its real name."""
    lab = make_lab(world(Zone("example.test", records=RECORDS), Zone("deep.example.test", records=RECORDS),
                         standins=[HOST]))
    api = StandIn(lab, "begun", HOST, token=TOKEN)
    return lab, api, make_client(lab)


def environment(lab, api, token=TOKEN):
    return {"MY_DNS_TOKEN": token, "MY_DNS_API_URL": api.url, "SSL_CERT_FILE": lab.ca_bundle}


def issue(client, folder, names, env):
    return client.run("issue", "-d", names, "--provider", "my-dns", "--plugin-dir", folder, "--server", client.server,
                      env=env)


def test_it_passes_plugin_test(scene, folder):
    lab, api, client = scene
    before = lab.zones()
    result = client.run("plugin test", os.path.join(folder, "my-dns.so"), "-d", "example.test",
                        env=environment(lab, api))
    assert result.code == 0 and " failed" not in result.out, said(result)
    assert TOKEN not in result.out + result.err
    assert_clean(lab, before)


def test_plugin_test_stops_at_a_refused_credential(scene, folder):
    lab, api, client = scene
    before = lab.zones()
    result = client.run("plugin test", os.path.join(folder, "my-dns.so"), "-d", "example.test", "--json",
                        env=environment(lab, api, "TokenOfNobody_0123456789"))
    steps = {o["subject"]: o for o in map(json.loads, result.out.splitlines()) if o["event"] == "plugin-test-step"}
    assert result.code == 4, said(result)
    assert steps["unknown-zone"]["verdict"] == "skipped", said(result)
    assert "credential was refused" in steps["unknown-zone"]["text"]
    assert [name for name, step in steps.items() if step["verdict"] == "failed"] == ["remove-absent"], said(result)
    assert "refuses this credential" in steps["remove-absent"]["text"]
    assert "add" not in steps and "TokenOfNobody" not in result.out + result.err
    assert_clean(lab, before)


def test_it_obtains_a_certificate_of_two_zones_through_faults(scene, folder):
    lab, api, client = scene
    before = lab.zones()
    api.set_rules([{"do": "refuse", "status": 429, "headers": {"retry-after": "1"}, "times": 1},
                   {"method": "POST", "do": "drop-reply", "times": 1},
                   {"method": "DELETE", "do": "refuse", "status": 503, "times": 1}])
    result = issue(client, folder, "example.test,*.example.test,*.deep.example.test", environment(lab, api))
    assert_issued(result, within_s=40)
    assert names_of(client.certificate("example.test")[0]) == ["*.deep.example.test", "*.example.test", "example.test"]
    assert TOKEN not in result.out + result.err
    assert_clean(lab, before)


def test_a_wrong_token_is_told_with_the_words_of_the_api(scene, folder):
    lab, api, client = scene
    before = lab.zones()
    result = issue(client, folder, "example.test", environment(lab, api, "TokenOfNobody_0123456789"))
    assert_refused(result, 4, "my-dns does not accept the credentials", "HTTP 401", "this token is not known",
                   within_s=30)
    assert "TokenOfNobody" not in result.out + result.err
    assert_clean(lab, before)
