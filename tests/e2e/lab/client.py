# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""acme-dns in a lab: its configuration, its command line, and what it left on disk."""

import contextlib
import fcntl
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization


class Client:
    """One installation: build is the folder of the program, folder its configuration and state."""

    def __init__(self, lab, build, folder, ca=None, proxied=False, directory=None):
        self.lab = lab
        self.program = os.path.join(os.path.abspath(build), "acme-dns")
        self.folder = str(folder)
        self.state = os.path.join(self.folder, "state")
        self.config = os.path.join(self.folder, "acme-dns.conf")
        self.server = directory or lab.directory(ca, proxied)
        os.makedirs(self.folder, exist_ok=True)
        self.configure()

    def configure(self, settings="", sections="", server=None, algorithm="hmac-sha256", ttl_s=1):
        """Writes the configuration: what every lab needs, further [acme-dns] settings, further sections.
        server=None: rfc2136 finds the primary itself. ttl_s is short, because a CA whose resolver still has
        the values of the last order refuses the next one of the same names."""
        text = "[acme-dns]\nemail = admin@example.test\nagree-tos = yes\n"
        text += "state-dir = %s\nca-bundle = %s\nresolver = %s\n%s\n" % (
            self.state, self.lab.ca_bundle, self.lab.resolver, settings)
        text += "[provider lab]\nplugin = rfc2136\nkey-file = %s\nttl = %d\n" % (
            self.lab.key_file(algorithm), ttl_s)
        text += "server = %s\n" % server if server else ""
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text + sections)
        os.chmod(self.config, 0o600)

    def command(self, verb, *words):
        return [self.program, *verb.split(), "--config", self.config, *words]

    def issue_command(self, *names, options=()):
        domains = [word for name in names for word in ("-d", name)]
        return self.command("issue", *domains, "--provider", "lab", "--server", self.server, *options)

    def issue(self, *names, options=(), **run):
        return self.lab.run(self.issue_command(*names, options=options), **run)

    def run(self, verb, *words, **run):
        return self.lab.run(self.command(verb, *words), **run)

    def path(self, name, file):
        return os.path.join(self.state, "certs", name, file)

    @contextlib.contextmanager
    def hold(self, name):
        """The lock of a certificate that was there before, as another run would have it."""
        with open(os.path.join(self.state, "locks", "certificate-%s.lock" % name), "r+", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def certificate(self, name):
        """The installed certificate as (certificate, chain, key). Checks that key, certificate, chain and
        fullchain belong together; whether the names are right is the caller's business."""
        certificates = _read_pems(self.path(name, "fullchain.pem"))
        own = _read_pems(self.path(name, "cert.pem"))
        chain = _read_pems(self.path(name, "chain.pem"))
        assert own == certificates[:1], "cert.pem is not the first of fullchain.pem"
        assert chain == certificates[1:], "chain.pem is not the rest of fullchain.pem"
        with open(self.path(name, "privkey.pem"), "rb") as file:
            key = serialization.load_pem_private_key(file.read(), None)
        assert _public(key.public_key()) == _public(own[0].public_key()), (
            "privkey.pem is not the certificate's key")
        for issued, issuer in zip(certificates, certificates[1:]):
            assert issued.issuer == issuer.subject, "the chain is not in order"
        return own[0], chain, key


def names_of(certificate):
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return sorted(extension.value.get_values_for_type(x509.DNSName))


def _public(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _read_pems(path):
    with open(path, "rb") as file:
        parts = file.read().split(b"-----END CERTIFICATE-----")
    return [x509.load_pem_x509_certificate(part + b"-----END CERTIFICATE-----\n") for part in parts[:-1]]


def certificate_facts(path):
    """What openssl says about a certificate, for people."""
    done = subprocess.run(
        ["openssl", "x509", "-in", path, "-noout", "-issuer", "-dates", "-ext", "subjectAltName"],
        capture_output=True, text=True, check=True)
    return done.stdout
