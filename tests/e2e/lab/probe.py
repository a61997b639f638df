# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A straight-line ACME client for the lab's own tests: it proves that a lab issues certificates without a
line of the program under test. Run inside a lab:

    python3 -m lab.probe DIRECTORY CA-BUNDLE PRIMARY SECONDARY TSIG-ALGORITHM ZONE NAME...
"""

import base64
import hashlib
import json
import ssl
import sys
import time
import urllib.error
import urllib.request

import dns.query
import dns.tsigkeyring
import dns.update
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from .world import tsig_name, tsig_secret

DEADLINE_S = 60


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Account:
    def __init__(self, directory, ca_bundle):
        self.key = ec.generate_private_key(ec.SECP256R1())
        numbers = self.key.public_key().public_numbers()
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64(numbers.x.to_bytes(32, "big")),
                    "y": b64(numbers.y.to_bytes(32, "big"))}
        self.context = ssl.create_default_context(cafile=ca_bundle)
        self.nonce = self.kid = None
        self.urls = json.loads(self.send("GET", directory).read())
        made = self.post(self.urls["newAccount"], {"termsOfServiceAgreed": True})
        self.kid = made.headers["Location"]

    def send(self, method, url, body=None):
        headers = {"User-Agent": "lab-probe", "Content-Type": "application/jose+json"}
        request = urllib.request.Request(url, body, headers, method=method)
        answer = urllib.request.urlopen(request, context=self.context, timeout=10)
        self.nonce = answer.headers.get("Replay-Nonce", self.nonce)
        return answer

    def post(self, url, payload):
        """payload None: POST-as-GET. A refused nonce is answered with the fresh one."""
        while True:
            if self.nonce is None:
                self.send("HEAD", self.urls["newNonce"])
            try:
                return self.send("POST", url, self.sign(url, payload))
            except urllib.error.HTTPError as error:
                problem = json.loads(error.read())
                if not problem.get("type", "").endswith(":badNonce"):
                    raise SystemExit("%s: %s" % (url, problem))
                self.nonce = error.headers["Replay-Nonce"]

    def sign(self, url, payload):
        head = {"alg": "ES256", "nonce": self.nonce, "url": url}
        head.update({"kid": self.kid} if self.kid else {"jwk": self.jwk})
        text = "" if payload is None else json.dumps(payload)
        parts = b64(json.dumps(head).encode()), b64(text.encode())
        r, s = utils.decode_dss_signature(
            self.key.sign(".".join(parts).encode(), ec.ECDSA(hashes.SHA256())))
        signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        self.nonce = None
        return json.dumps({"protected": parts[0], "payload": parts[1], "signature": signature}).encode()

    def txt_value(self, token):
        print_ = hashlib.sha256(json.dumps(self.jwk, sort_keys=True, separators=(",", ":")).encode())
        whole = token + "." + b64(print_.digest())
        return b64(hashlib.sha256(whole.encode()).digest())

    def poll(self, url, wanted):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            order = json.loads(self.post(url, None).read())
            if order["status"] in wanted:
                return order
            if order["status"] == "invalid":
                raise SystemExit("invalid: %s" % order)
            time.sleep(0.1)
        raise SystemExit("%s is not %s in time" % (url, wanted))


def change(primary, algorithm, zone, records, add):
    keyring = dns.tsigkeyring.from_text({tsig_name(algorithm): (algorithm, tsig_secret(algorithm))})
    update = dns.update.UpdateMessage(zone, keyring=keyring, keyname=tsig_name(algorithm),
                                      keyalgorithm=algorithm)
    for owner, value in records:
        if add:
            update.add(owner, 1, "TXT", value)  # short: see client.py
        else:
            update.delete(owner, "TXT", value)
    answer = dns.query.tcp(update, primary, timeout=5)
    if answer.rcode() != 0:
        raise SystemExit("update: %s" % answer.rcode())


def wait_until_served(servers, records):
    deadline = time.monotonic() + DEADLINE_S
    for server in servers:
        for owner, value in records:
            while True:
                answer = dns.query.udp(dns.message.make_query(owner, "TXT"), server, timeout=5)
                if any(value in rrset.to_text() for rrset in answer.answer):
                    break
                if time.monotonic() > deadline:
                    raise SystemExit("%s does not serve %s" % (server, owner))
                time.sleep(0.05)


def main(directory, ca_bundle, primary, secondary, algorithm, zone, *names):
    account = Account(directory, ca_bundle)
    made = account.post(account.urls["newOrder"],
                        {"identifiers": [{"type": "dns", "value": name} for name in names]})
    url, order = made.headers["Location"], json.loads(made.read())
    challenges, records = [], []
    for authorization in order["authorizations"]:
        body = json.loads(account.post(authorization, None).read())
        if body["status"] == "pending":
            challenge = next(c for c in body["challenges"] if c["type"] == "dns-01")
            challenges.append(challenge)
            owner = "_acme-challenge.%s." % body["identifier"]["value"]
            records.append((owner, account.txt_value(challenge["token"])))
    change(primary, algorithm, zone, records, True)
    wait_until_served([primary, secondary], records)
    for challenge in challenges:
        account.post(challenge["url"], {})
    order = account.poll(url, ("ready",))
    key = ec.generate_private_key(ec.SECP256R1())
    csr = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )
    time.sleep(0.02)
    account.post(order["finalize"], {"csr": b64(csr.public_bytes(serialization.Encoding.DER))})
    time.sleep(0.05)  # Pebble can lock up when asked within a millisecond
    order = account.poll(url, ("valid",))
    print(account.post(order["certificate"], None).read().decode())
    change(primary, algorithm, zone, records, False)


if __name__ == "__main__":
    main(*sys.argv[1:])
