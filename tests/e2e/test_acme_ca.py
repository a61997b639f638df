# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The stand-in CA itself: another client gets a certificate from it, and it refuses what it should."""

import os

import pytest
from cryptography import x509
from lab.control import cache_dir
from standins.acme_ca import DAY, HOUR, Limit, Refusal
from year_scene import Year, world

DEHYDRATED = os.path.join(cache_dir(), "hooks", "usr", "bin", "dehydrated")
HOOK = """#!/bin/sh
case $1 in
deploy_challenge) mkdir -p "$TXT_FOLDER/_acme-challenge.$2"; : >"$TXT_FOLDER/_acme-challenge.$2/$4" ;;
clean_challenge) rm -f "$TXT_FOLDER/_acme-challenge.$2/$4" ;;
esac
"""
CONFIG = """CA="%s/directory"
CURL_OPTS="--cacert %s"
BASEDIR="%s"
HOOK="%s"
CHALLENGETYPE="dns-01"
KEY_ALGO="prime256v1"
"""


@pytest.fixture
def year(make_lab, make_client):
    return Year(make_lab(world(1)), make_client, {"classic": 1})


def dehydrated(year, *words):
    folder = os.path.join(year.lab.folder, "dehydrated")
    os.makedirs(folder, exist_ok=True)
    for name, text in (("hook", HOOK), ("config", CONFIG % (year.ca.url, year.lab.ca_bundle, folder, folder + "/hook"))):
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.write(text)
    os.chmod(os.path.join(folder, "hook"), 0o755)
    return folder, year.lab.run([DEHYDRATED, "--config", os.path.join(folder, "config"), *words],
                                env={"TXT_FOLDER": year.txt})


def test_another_client_gets_a_certificate(year):
    assert dehydrated(year, "--register", "--accept-terms")[1].code == 0
    folder, result = dehydrated(year, "--cron", "--domain", "w.d0.test *.w.d0.test")
    assert result.code == 0, result.out + result.err
    with open(os.path.join(folder, "certs", "w.d0.test", "cert.pem"), "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert sorted(names.get_values_for_type(x509.DNSName)) == ["*.w.d0.test", "w.d0.test"]
    assert (certificate.not_valid_after - certificate.not_valid_before).total_seconds() == 90 * DAY - 1
    used = year.ca.requests("POST")[-1]
    assert year.ca.ask("numbers")["issued"] == 1 and used["status"] == 200


def test_a_request_sent_again_is_refused(year):
    assert year.run("process").code == 0
    first = year.ca.requests("POST", "/order$")[0]
    again = year.lab.run(["curl", "-s", "--cacert", year.lab.ca_bundle, "-H", "content-type: application/jose+json",
                          "--data", first["body"], year.ca.url + "/order"])
    assert "badNonce" in again.out
    changed = year.lab.run(["curl", "-s", "--cacert", year.lab.ca_bundle, "-H", "content-type: application/jose+json",
                            "--data", first["body"], year.ca.url + "/account"])
    assert "malformed" in changed.out and year.ca.ask("numbers")["ordered"] == 1


def test_the_sixth_of_a_week_is_refused_and_says_until_when(year):
    """Forced, so that no ARI window is met: these count."""
    assert year.run("process").code == 0
    for _ in range(4):
        assert year.run("renew", "--force").code == 0
    refused = year.run("renew", "--force")
    assert refused.code != 0 and "exact set of identifiers" in refused.err, refused.err
    assert year.ca.ask("numbers")["rateLimited"] == 1
    # Nor is the CA asked again before the time that it has named.
    again = year.run("renew", "--force")
    assert year.ca.ask("numbers")["rateLimited"] == 1, again.err
    year.set_time(2 * DAY)
    assert year.run("renew", "--force").code == 0


def test_limits_fill_up_again():
    limit = Limit("%d", 5, HOUR)
    for _ in range(5):
        limit.check("name", 0)
        limit.take("name", 0)
    with pytest.raises(Refusal) as refusal:
        limit.check("name", HOUR / 2)
    assert refusal.value.reply.headers["retry-after"] == "1801"
    limit.check("other", 0)
    limit.check("name", HOUR)
