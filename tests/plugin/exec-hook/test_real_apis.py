# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Hooks of other projects that speak to an HTTP API, as they are, with a real PowerDNS."""
import json
import os
import urllib.request

import pytest

import servers
from driving import OK, RETRY, Plugin

VALUES = ("-aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ", "bZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ0")
FOREIGN = "foreign_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_aZ09_"
CACHE = os.path.dirname(servers.roots()[-1])
HOOKS = os.path.join(CACHE, "hooks")
EXAMPLES = os.path.join(HOOKS, "usr", "share", "doc", "lexicon", "examples")
ACME_SH = os.path.join(CACHE, "acme-sh", "usr", "share", "acme.sh")


@pytest.fixture(scope="module")
def pdns():
    if servers.find(servers.PowerDns.path)[0] is None or not os.path.exists(HOOKS) or not os.path.exists(ACME_SH):
        pytest.skip("pdns_server, lexicon and acme.sh are not unpacked: scripts/lab-packages")
    running = servers.PowerDnsApi()
    yield running
    running.stop()


def api(pdns, method, path, body=None):
    request = urllib.request.Request(pdns.url + "/api/v1/servers/localhost/zones" + path, method=method,
                                     headers={"X-API-Key": pdns.API_KEY},
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def txt(owner, *values):
    return {"name": owner, "type": "TXT", "ttl": 60, "changetype": "REPLACE",
            "records": [{"content": '"%s"' % value, "disabled": False} for value in values]}


class Scene:
    """A zone with values of somebody else's, one of them where ours go. Its name is one that a list of public
    suffixes has, which lexicon wants."""
    zone = "example.org."
    owners = ("_acme-challenge.example.org.", "_acme-challenge.www.example.org.")

    def __init__(self, pdns):
        self.pdns = pdns
        api(pdns, "POST", "", {"name": self.zone, "kind": "Native", "nameservers": ["ns1.example.org."],
                               "rrsets": [txt(self.owners[0], FOREIGN), txt("www.example.org.", "elsewhere")]})

    def lines(self):
        return sorted("%s %d %s %s" % (s["name"], s["ttl"], s["type"], r["content"])
                      for s in api(self.pdns, "GET", "/" + self.zone)["rrsets"] if s["type"] != "SOA"
                      for r in s["records"])

    def publish_and_clean(self, p, values=VALUES):
        """Two values at one owner and one at another, and back again."""
        before = self.lines()
        changes = [(self.owners[0], values[0]), (self.owners[1], values[0]), (self.owners[0], values[1])]

        def made(verb, some):
            result = p.apply(*[(verb, owner, self.zone, value, 60) for owner, value in some])
            assert result.status == OK and result.done == list(range(len(some))), result.text + result.log
            return sorted(set(self.lines()) - set(before)), sorted(set(before) - set(self.lines()))

        lines = ['%s 60 TXT "%s"' % one for one in changes]
        assert made("add", changes) == (sorted(lines), [])
        assert made("remove", changes[:1]) == (sorted(lines[1:]), [])
        assert made("remove", changes[1:]) == ([], [])
        assert self.lines() == before


@pytest.fixture
def scene(pdns):
    yield Scene(pdns)
    api(pdns, "DELETE", "/" + Scene.zone)


# acme.sh


def acme_sh(pdns, **env):
    return Plugin("exec-hook", style="acme.sh", command=os.path.join(ACME_SH, "dnsapi", "dns_pdns.sh"), env={
        "PDNS_Url": pdns.url, "PDNS_ServerId": "localhost", "PDNS_Token": pdns.API_KEY, **env})


def test_acme_sh_dns_pdns(pdns, scene, tmp_path):
    with acme_sh(pdns, TMPDIR=str(tmp_path), HOME=str(tmp_path)).open() as p:
        scene.publish_and_clean(p)
    assert list(tmp_path.iterdir()) == []


def test_acme_sh_dns_pdns_with_a_wrong_token(pdns, scene):
    before = scene.lines()
    with acme_sh(pdns, PDNS_Token="wrong").open() as p:
        result = p.call("add", scene.owners[0], scene.zone, VALUES[0], 60)
    assert result.status == RETRY and "dns_pdns.sh add failed (exit code 1" in result.text
    assert "invalid domain" in result.text and "wrong" not in result.text + result.log
    assert scene.lines() == before


# lexicon's examples of hooks


def lexicon_env(pdns):
    path = os.path.join(HOOKS, "usr", "bin")
    return {"PATH": path + ":/usr/bin:/bin",
            "PYTHONPATH": os.path.join(HOOKS, "usr", "lib", "python3", "dist-packages"),
            "LEXICON_POWERDNS_TOKEN": pdns.API_KEY, "LEXICON_POWERDNS_PDNS_SERVER": pdns.url,
            "LEXICON_POWERDNS_PDNS_SERVER_ID": "localhost", "LEXICON_TTL": "60",
            # The list of public suffixes is not to be looked for in the network.
            "https_proxy": "http://127.0.0.1:9", "PROVIDER": "powerdns", "PROVIDER_UPDATE_DELAY": "0"}


def test_lexicon_hook_for_dehydrated(pdns, scene):
    with Plugin("exec-hook", style="dehydrated", hook_chain="yes", env=lexicon_env(pdns),
                command=os.path.join(EXAMPLES, "dehydrated.default.sh")).open() as p:
        scene.publish_and_clean(p)


def test_lexicon_hooks_for_certbot(pdns, scene, hook):
    with open(os.path.join(EXAMPLES, "certbot.default.sh"), encoding="utf-8") as file:
        text = file.read()
    credentials = '("--auth-username=MY_USERNAME" "--auth-token=MY_API_KEY")'
    for there, here in (('PROVIDER="cloudflare"', 'PROVIDER="powerdns"'),
                        ("PROVIDER_UPDATE_DELAY=30", "PROVIDER_UPDATE_DELAY=0"),
                        (credentials, "(--auth-token=%s)" % pdns.API_KEY)):
        assert there in text
        text = text.replace(there, here)
    path = hook(text, shell="/usr/bin/env bash")
    with Plugin("exec-hook", style="certbot", command=path, arg="auth", cleanup_command=path, cleanup_arg="cleanup",
                env=lexicon_env(pdns)).open() as p:
        # It takes a value that begins with a hyphen for an option.
        scene.publish_and_clean(p, [value.lstrip("-") for value in VALUES])
