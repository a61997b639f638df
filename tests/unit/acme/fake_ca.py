#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A scripted ACME server for the tests of core/acme.

    fake_ca.py mint DIR     a root and a certificate for 127.0.0.1: DIR/ca.pem, cert.pem, key.pem
    fake_ca.py serve DIR    the same, then listens on a free port of 127.0.0.1, printed as a line

What goes wrong is said in the directory's URL, so that a test reads as one line:

    https://127.0.0.1:PORT/NAME,newOrder.1=lost,finalize.all=503-2/directory

Each first path segment is a CA of its own. A rule is ENDPOINT.N=ACTION for the Nth request (or all) to
that endpoint; the actions are in `interfere`. Every request is a line in DIR/NAME.log. Signatures,
nonces, URLs and account bindings are verified: a wrong one is answered as a real CA would.
"""
import base64
import datetime
import hashlib
import hmac
import ipaddress
import itertools
import json
import pathlib
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

EAB_KEY = bytes(range(64))
EAB_KID = "kid-1"


def unb64(text):
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def mint(folder):
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.utcnow()
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def build(subject, public, issuer, is_ca):
        return (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
                .public_key(public).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(days=2))
                .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))

    root = build("test root", root_key.public_key(), "test root", True).sign(root_key, hashes.SHA256())
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    leaf = (build("test server", key.public_key(), "test root", False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(root_key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.public_bytes(pem))
    (folder / "cert.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


class Refusal(Exception):
    def __init__(self, kind, status, detail="refused by the script", **more):
        super().__init__(kind)
        self.status = status
        self.headers = more.pop("headers", {})
        self.body = {"type": "urn:ietf:params:acme:error:" + kind, "status": status,
                     "detail": detail, **more}


class Authority:
    """The state behind one first path segment."""

    def __init__(self, segment, base, folder):
        self.base = f"{base}/{segment}"
        words = segment.split(",")
        self.log_path = folder / (words[0] + ".log")
        self.options = {word for word in words[1:] if "=" not in word}
        self.rules = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        self.seen = {}
        self.numbers = itertools.count(1)
        self.nonces = set()
        self.accounts = {}
        self.orders = {}
        self.authzs = {}
        self.lock = threading.Lock()

    def note(self, line):
        with self.log_path.open("a") as log:
            log.write(line + "\n")

    def rule(self, endpoint):
        self.seen[endpoint] = self.seen.get(endpoint, 0) + 1
        return (self.rules.get(f"{endpoint}.{self.seen[endpoint]}")
                or self.rules.get(f"{endpoint}.all"))

    def new_nonce(self):
        nonce = f"nonce-{next(self.numbers):06}"
        self.nonces.add(nonce)
        return nonce

    def directory(self):
        names = ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"]
        body = {name: f"{self.base}/{name}" for name in names}
        body["meta"] = {"termsOfService": "https://terms.example/v1", "caaIdentities": ["ca.example"],
                        "externalAccountRequired": "eab" in self.options,
                        "profiles": {"classic": "as ever", "short": "six days"}}
        if "ari" in self.options:
            body["renewalInfo"] = f"{self.base}/renewalInfo"
        if "evil" in self.options:
            body["newOrder"] = "https://169.254.169.254/latest/meta-data"
        return body

    def renewal_info(self, name):
        """By the name that is asked for: RFC 9773 section 4.2, and what CAs have made of it."""
        start, end = {"window": ("2030-01-02T03:04:05.678Z", "2030-01-03T05:04:05+02:00"),
                      "script": ("2030-01-02T03:04:05Z", "2030-01-03T03:04:05Z"),
                      "backwards": ("2030-01-02T03:04:05Z", "2030-01-02T03:04:05Z"),
                      "words": ("soon", "later")}.get(name, (None, None))
        if name == "absent":
            raise Refusal("malformed", 404, "no such certificate")
        body = {"suggestedWindow": {"start": start, "end": end} if start else None,
                "explanationURL": "javascript:alert(1)" if name == "script" else "https://ca.example/why"}
        return 200, {"Retry-After": "21600"}, body

    # What each endpoint does with a verified request: returns status, headers, body.

    def check_eab(self, inner, jwk):
        if inner is None:
            raise Refusal("externalAccountRequired", 403)
        header = json.loads(unb64(inner["protected"]))
        digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[header["alg"]]
        text = f"{inner['protected']}.{inner['payload']}".encode()
        want = hmac.new(EAB_KEY, text, digest).digest()
        if header["kid"] != EAB_KID or not hmac.compare_digest(want, unb64(inner["signature"])):
            raise Refusal("unauthorized", 403, "the external account binding is wrong")
        if "nonce" in header or header["url"] != f"{self.base}/newAccount":
            raise Refusal("malformed", 400, "inner header")
        if json.loads(unb64(inner["payload"])) != jwk:
            raise Refusal("badPublicKey", 400)

    def newAccount(self, header, payload, _path):
        key = json.dumps(header["jwk"], sort_keys=True)
        for url, known in self.accounts.items():
            if known == key:
                return 200, {"Location": url}, {"status": "valid"}
        if payload.get("onlyReturnExisting"):
            raise Refusal("accountDoesNotExist", 400)
        if not payload.get("termsOfServiceAgreed"):
            raise Refusal("userActionRequired", 403)
        if "eab" in self.options:
            self.check_eab(payload.get("externalAccountBinding"), header["jwk"])
        url = f"{self.base}/account/{next(self.numbers)}"
        self.accounts[url] = key
        return 201, {"Location": url}, {"status": "valid", "contact": payload.get("contact", [])}

    def newOrder(self, _header, payload, _path):
        if "replaces" in payload:
            raise Refusal("alreadyReplaced", 409)
        number = next(self.numbers)
        authz_urls = []
        for identifier in payload["identifiers"]:
            value = identifier["value"]
            url = f"{self.base}/authz/{next(self.numbers)}"
            self.authzs[url] = {
                "status": "pending", "expires": "2099-01-01T00:00:00Z",
                "identifier": {"type": "dns", "value": value.removeprefix("*.")},
                "challenges": [
                    {"type": "dns-persist-01", "url": f"{url}/p", "status": "pending"},
                    {"type": "dns-01", "url": url.replace("/authz/", "/challenge/"),
                     "status": "pending", "token": "0123456789abcdef_-ABCDEF"}]}
            if value.startswith("*."):
                self.authzs[url]["wildcard"] = True
            authz_urls.append(url)
        url = f"{self.base}/order/{number}"
        self.orders[url] = {
            "status": "pending", "expires": "2099-01-01T00:00:00Z",
            "identifiers": payload["identifiers"], "authorizations": authz_urls,
            "finalize": f"{self.base}/finalize/{number}"}
        if "profile" in payload:
            self.orders[url]["profile"] = payload["profile"]
        return 201, {"Location": url}, self.orders[url]

    def refresh(self, order):
        states = {self.authzs[url]["status"] for url in order["authorizations"]}
        if order["status"] == "pending" and states == {"valid"}:
            order["status"] = "ready"

    def order(self, _header, _payload, path):
        order = self.orders[self.base + path]
        self.refresh(order)
        return 200, {}, order

    def authz(self, _header, payload, path):
        authz = self.authzs[self.base + path]
        if payload is not None:
            if authz["status"] != "pending":
                raise Refusal("malformed", 400, "not pending")
            authz["status"] = "deactivated"
        return 200, {}, authz

    def challenge(self, _header, payload, path):
        authz = self.authzs[self.base + path.replace("/challenge/", "/authz/")]
        challenge = authz["challenges"][1]
        if payload != {} or challenge["status"] != "pending":
            raise Refusal("malformed", 400, "the challenge is not pending")
        challenge["status"] = authz["status"] = "valid"
        return 200, {}, challenge

    def finalize(self, _header, payload, path):
        order = self.orders[self.base + path.replace("/finalize/", "/order/")]
        self.refresh(order)
        if order["status"] != "ready":
            raise Refusal("orderNotReady", 403)
        x509.load_der_x509_csr(unb64(payload["csr"]))
        order["status"] = "valid"
        order["certificate"] = self.base + path.replace("/finalize/", "/certificate/")
        return 200, {}, order

    def certificate(self, _header, _payload, path):
        root = (self.log_path.parent / "ca.pem").read_text()
        link = f'<{self.base}{path}>;rel="alternate", <{self.base}{path}-b>;rel="alternate"'
        return 200, {"Link": link + ', <https://elsewhere.example/c>;rel="alternate"'}, root

    # JWS

    def verify(self, message, url):
        header = json.loads(unb64(message["protected"]))
        if set(message) != {"protected", "payload", "signature"}:
            raise Refusal("malformed", 400, "unknown members")
        if header["nonce"] not in self.nonces:
            raise Refusal("badNonce", 400)
        self.nonces.discard(header["nonce"])
        if header["url"] != url or ("jwk" in header) == ("kid" in header):
            raise Refusal("unauthorized", 400, "header")
        if "kid" in header and header["kid"] not in self.accounts:
            raise Refusal("accountDoesNotExist", 400)
        jwk = header.get("jwk") or json.loads(self.accounts[header["kid"]])
        signature = unb64(message["signature"])
        if header["alg"] != "ES256" or len(signature) != 64:
            raise Refusal("badSignatureAlgorithm", 400)
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(unb64(jwk["x"]), "big"),
                                                int.from_bytes(unb64(jwk["y"]), "big"), ec.SECP256R1())
        der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                         int.from_bytes(signature[32:], "big"))
        text = f"{message['protected']}.{message['payload']}".encode()
        try:
            numbers.public_key().verify(der, text, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Refusal("malformed", 400, "signature") from None
        payload = unb64(message["payload"])
        return header, json.loads(payload) if payload else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    authorities = {}
    folder = None
    guard = threading.Lock()

    def log_message(self, *_args):
        pass

    def authority(self):
        segment = self.path.split("/")[1]
        with self.guard:
            if segment not in self.authorities:
                base = f"https://127.0.0.1:{self.server.server_port}"
                self.authorities[segment] = Authority(segment, base, self.folder)
            return self.authorities[segment]

    def reply(self, status, headers, body, nonce=None, is_half=False):
        text = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        if nonce:
            self.send_header("Replay-Nonce", nonce)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text[:len(text) // 2] if is_half else text)
        if is_half:
            self.hang_up()

    def hang_up(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def interfere(self, ca, action):
        """Before anything is done. True: the request is answered, or never will be."""
        word, _, rest = (action or "").partition("-")
        if word == "cut":
            self.hang_up()
        elif word == "hang":
            time.sleep(float(rest or 20))
            self.hang_up()
        elif word.isdigit():
            headers = {"Retry-After": rest} if rest else {}
            body = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many"}
            self.reply(int(word), headers, body if word == "429" else "<html>busy</html>",
                       None if self.command == "HEAD" else ca.new_nonce())
        elif word == "refuse":
            kind, status = rest.split("-")
            raise Refusal(kind, int(status), subproblems=[
                {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids",
                 "identifier": {"type": "dns", "value": "bad.example"}}],
                headers={"Link": '<https://help.example/>;rel="help"'})
        elif word == "garbage":
            self.reply(200, {}, '{"status":"pen', ca.new_nonce())
        else:
            return False
        return True

    def serve(self, message=None):
        ca = self.authority()
        path = self.path[self.path.index("/", 1):]
        endpoint = path.split("/")[1]
        with ca.lock:
            action = ca.rule(endpoint)
            ca.note(f"{endpoint} {action or ''}".strip())
        try:
            if self.interfere(ca, action):
                return
            with ca.lock:
                status, headers, body = self.act(ca, endpoint, path, message)
                is_silent = action == "nononce" or endpoint == "directory"
                nonce = None if is_silent else ca.new_nonce()
            if action == "lost":
                self.hang_up()
            else:
                self.reply(status, headers, body, nonce, is_half=action == "half")
        except Refusal as refusal:
            ca.note(f"  {refusal.body['type'].rsplit(':')[-1]}")
            headers = {"Content-Type": "application/problem+json", **refusal.headers}
            self.reply(refusal.status, headers, refusal.body, ca.new_nonce())

    def act(self, ca, endpoint, path, message):
        if endpoint == "directory":
            return 200, {}, ca.directory()
        if endpoint == "newNonce":
            return 200, {}, None
        if endpoint == "renewalInfo":
            return ca.renewal_info(path.split("/")[2])
        if self.headers["Content-Type"] != "application/jose+json":
            raise Refusal("malformed", 415)
        header, payload = ca.verify(message, ca.base + path)
        return getattr(ca, endpoint)(header, payload, path)

    def do_GET(self):
        self.serve()

    do_HEAD = do_GET

    def do_POST(self):
        self.serve(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))


def serve(folder):
    mint(folder)
    Handler.folder = folder
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    # The handshake belongs to the connection's own thread, not to the one that accepts.
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
    server.handle_error = lambda *_args: None
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    {"mint": mint, "serve": serve}[sys.argv[1]](pathlib.Path(sys.argv[2]))
