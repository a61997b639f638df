# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Other ACME clients that publish through acme-dns dns: Debian's certbot, dehydrated and uacme, as they are, get
their certificates by the hooks that the manual shows, as they stand there."""

import base64
import hashlib
import os
import re

import pytest
from cryptography import x509
from dns_scene import assert_clean, said, world
from lab import Ca, Zone
from lab.client import names_of
from lab.control import cache_dir

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGES = os.path.join(cache_dir(), "hooks", "usr")
NAME = "example.com"
FOREIGN = '_acme-challenge 60 IN TXT "foreign"\nwww 60 IN TXT "elsewhere"'


def snippet(heading):
    """The example below a heading of the manual, as a reader copies it."""
    with open(os.path.join(ROOT, "docs", "acme-dns.1"), encoding="utf-8") as file:
        part = file.read().split("\n.Sh OTHER ACME CLIENTS\n")[1].split("\n.Sh ")[0]
    text = part.split("\n.Ss %s\n" % heading)[1].split("\n.Ss ")[0]
    return re.search(r"^\.Bd -literal[^\n]*\n(.*?)\n\.Ed$", text, re.S | re.M).group(1).replace("\\e", "\\") + "\n"


class Scene:
    def __init__(self, lab, client, folder):
        self.lab, self.client, self.folder = lab, client, str(folder)
        self.before = lab.zones()
        self.env = {
            "PATH": ":".join([os.path.dirname(client.program), os.path.join(PACKAGES, "bin"), "/usr/bin", "/bin"]),
            "PYTHONPATH": os.path.join(PACKAGES, "lib", "python3", "dist-packages"),
            "ACME_DNS_CONFIG": client.config, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
            "REQUESTS_CA_BUNDLE": lab.ca_bundle,
        }

    def write(self, name, text, mode=0o755):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def run(self, *command, **more):
        return self.lab.run(list(command), env=dict(self.env, **more))

    def assert_certificate(self, *path):
        with open(os.path.join(self.folder, *path), "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        assert names_of(certificate) == ["*." + NAME, NAME]

    def assert_clean(self):
        assert os.listdir(os.path.join(self.client.state, "journal")) == []
        assert_clean(self.lab, self.before)


@pytest.fixture
def scene(make_lab, make_client, tmp_path):
    # These clients do not wait until resolvers have forgotten what was there before; uacme cannot read a challenge
    # without a token, which newer Pebbles offer.
    lab = make_lab(world(Zone(NAME, records=FOREIGN), cache_s=0, cas=[Ca(version="2.4", calm=True)]))
    return Scene(lab, make_client(lab), tmp_path)


def test_certbot(scene):
    folders = "".join("%s-dir = %s/%s\n" % (kind, scene.folder, kind) for kind in ("config", "work", "logs"))
    scene.write("letsencrypt/cli.ini", "server = %s\nagree-tos = true\nnon-interactive = true\n"
                "register-unsafely-without-email = true\n%s" % (scene.client.server, folders))
    result = scene.run("sh", "-e", scene.write("issue", snippet("certbot")))
    assert result.code == 0, said(result)
    scene.assert_certificate("config", "live", NAME, "cert.pem")
    scene.assert_clean()
    renewed = scene.run("certbot", "renew", "--force-renewal", "--no-random-sleep-on-renew")
    assert renewed.code == 0 and "all renewals succeeded" in (renewed.out + renewed.err), said(renewed)
    scene.assert_clean()


def dehydrated(scene, chain, *names):
    """Its account made, an order by the manual's hook."""
    scene.write("hook", snippet("dehydrated"))
    lines = ["CA=" + scene.client.server, "BASEDIR=" + scene.folder, "CHALLENGETYPE=dns-01",
             "HOOK=%s/hook" % scene.folder, "HOOK_CHAIN=" + chain, "KEY_ALGO=prime256v1", "ACCOUNT_KEYSIZE=2048",
             "CURL_OPTS='--cacert %s'" % scene.lab.ca_bundle]
    config = scene.write("config", "\n".join(lines) + "\n")
    registered = scene.run("dehydrated", "--register", "--accept-terms", "-f", config)
    assert registered.code == 0, said(registered)
    return scene.run("dehydrated", "-c", "-f", config, *(word for name in names for word in ("-d", name)))


@pytest.mark.parametrize("chain", ["yes", "no"])
def test_dehydrated(scene, chain):
    result = dehydrated(scene, chain, NAME, "*." + NAME)
    assert result.code == 0, said(result)
    scene.assert_certificate("certs", NAME, "cert.pem")
    scene.assert_clean()


def test_a_hook_that_fails_stops_dehydrated(scene):
    result = dehydrated(scene, "yes", NAME, "nowhere.test")
    assert result.code != 0 and "nowhere.test" in result.out + result.err, said(result)
    assert scene.lab.request_counts()["finalize"] == 0


def test_uacme(scene):
    """Every challenge type is offered in turn; the hook declines by its exit status."""
    hook = scene.write("hook", snippet("uacme"))
    # It knows no other roots than the system's.
    trust = "mount --bind %s /etc/ssl/certs/ca-certificates.crt && exec \"$@\"" % scene.lab.ca_bundle
    uacme = ["unshare", "-m", "sh", "-c", trust, "sh", "uacme", "-a", scene.client.server, "-c", scene.folder,
             "-h", hook, "-y", "-t", "EC"]
    assert scene.run(hook, "begin", "http-01", NAME, "token", "key-authorization").code == 1
    for command in (["new"], ["issue", NAME, "*." + NAME]):
        result = scene.run(*uacme, *command)
        assert result.code == 0, said(result)
    scene.assert_certificate(NAME, "cert.pem")
    scene.assert_clean()


def test_a_program_that_only_knows_token_and_thumbprint(scene):
    """The example of RFC 8555 has no key; a digest of our own does."""
    token, thumbprint = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"
    digest = hashlib.sha256(("%s.%s" % (token, thumbprint)).encode()).digest()
    value = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    result = scene.run("sh", "-e", scene.write("agent", snippet("Other programs")),
                       token=token, thumbprint=thumbprint, domain=NAME)
    assert result.code == 0, said(result)
    assert value in "\n".join(scene.lab.transfer(NAME))
    assert scene.run("acme-dns", "dns", "remove", "--", NAME, value).code == 0
    scene.assert_clean()
