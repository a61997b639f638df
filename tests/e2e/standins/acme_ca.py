# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A small CA (RFC 8555, RFC 9773, profiles) whose clock a test sets, for simulations of months, and which holds to the
limits that Let's Encrypt has published. Pebble has neither.

settings: url       of this server, as clients see it
          txt       a folder of folders: OWNER/VALUE is a TXT value of that owner; or
          resolver  the address of a resolver that is asked for them
          profiles  {name: seconds}; what the first is called is issued unasked
          has_limits, has_ari, ari_retry_s
          shares_pending: an authorization that waits is listed in all orders of its name that come meanwhile
          failure   the kind of error that a failed validation gives

It keeps all that it was asked: a test reads numbers() and the journal of orders(). What was validated once is never
reused, so that every order is validated. Outages are made by the rules of base.py. What it does not do: other challenges
than dns-01, CAA, key changes, revocation by the certificate's own key.
"""

import base64
import collections
import datetime
import json
import os
import secrets
import time

import dns.resolver
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from .base import Refusal, Reply, Server, on

HOUR = 3600
DAY = 24 * HOUR
BACKDATED_S = HOUR
AUTHORIZATION_S = 7 * DAY
SHORT_LIVED_S = 10 * DAY
ERROR = "urn:ietf:params:acme:error:"


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def refuse(status, kind, detail, headers=None):
    body = json.dumps({"type": ERROR + kind, "detail": detail, "status": status})
    raise Refusal(Reply(status, body, "application/problem+json", headers))


# Limits


class Limit:
    """So many, and one more each `every_s` seconds: how Let's Encrypt counts."""

    def __init__(self, text, size, every_s):
        self.text = text
        self.size = size
        self.every_s = every_s
        self.buckets = {}

    def left(self, key, now):
        tokens, at = self.buckets.get(key, (self.size, now))
        return min(self.size, tokens + (now - at) / self.every_s)

    def check(self, key, now):
        missing = 1 - self.left(key, now)
        if missing > 1e-9:
            wait_s = int(missing * self.every_s) + 1
            until = datetime.datetime.utcfromtimestamp(now + wait_s).strftime("%Y-%m-%d %H:%M:%S UTC")
            refuse(429, "rateLimited", "%s, retry after %s" % (self.text % self.size, until),
                   {"retry-after": str(wait_s)})

    def take(self, key, now):
        self.buckets[key] = (max(0, self.left(key, now) - 1), now)


def published_limits():
    return {
        "orders": Limit("too many new orders (%d) from this account in the last 3h0m0s", 300, 36),
        "domain": Limit("too many certificates (%d) already issued for this registered domain", 50, 7 * DAY / 50),
        "set": Limit("too many certificates (%d) already issued for this exact set of identifiers", 5, 7 * DAY / 5),
        "failures": Limit("too many failed authorizations (%d) for this name in the last 1h0m0s", 5, HOUR / 5),
    }


def registered_domain(name):
    return ".".join(name.split(".")[-2:])


# Keys and signatures (RFC 7515, 7517, 7638)


def number(text):
    return int.from_bytes(unb64(text), "big")


def public_key(jwk):
    if jwk.get("kty") == "EC" and jwk.get("crv") in ("P-256", "P-384"):
        curve = ec.SECP256R1() if jwk["crv"] == "P-256" else ec.SECP384R1()
        return ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), curve).public_key()
    if jwk.get("kty") == "RSA":
        return rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
    return refuse(400, "badPublicKey", "neither RSA nor P-256 nor P-384")


def thumbprint(jwk):
    members = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in members}, sort_keys=True, separators=(",", ":"))
    return b64(digest(text.encode()))


def digest(octets):
    sha = hashes.Hash(hashes.SHA256())
    sha.update(octets)
    return sha.finalize()


def verify(jwk, alg, signature, signed):
    key = public_key(jwk)
    try:
        if isinstance(key, rsa.RSAPublicKey) and alg == "RS256":
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey) and alg == {256: "ES256", 384: "ES384"}[key.key_size]:
            half = key.key_size // 8
            if len(signature) != 2 * half:
                raise InvalidSignature
            pair = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(encode_dss_signature(*pair), signed,
                       ec.ECDSA(hashes.SHA256() if half == 32 else hashes.SHA384()))
        else:
            refuse(400, "badSignatureAlgorithm", "%s does not fit the key" % alg)
    except InvalidSignature:
        refuse(400, "malformed", "the signature is wrong")


# Issuing


class Issuer:
    """Root and intermediate; certificates are signed by the latter."""

    def __init__(self, now):
        root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = self.sign_ca("stand-in root", "stand-in root", root_key.public_key(), root_key, now)
        self.certificate = self.sign_ca("stand-in", "stand-in root", self.key.public_key(), root_key, now)
        self.roots = root.public_bytes(serialization.Encoding.PEM).decode()
        self.chain = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())

    @staticmethod
    def builder(subject, issuer, key, begin, end):
        name = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else []) for text in (subject, issuer)]
        return (x509.CertificateBuilder().subject_name(name[0]).issuer_name(name[1]).public_key(key)
                .serial_number(x509.random_serial_number())
                .not_valid_before(datetime.datetime.utcfromtimestamp(int(begin)))
                .not_valid_after(datetime.datetime.utcfromtimestamp(int(end))))

    def sign_ca(self, subject, issuer, key, signer, now):
        return (self.builder(subject, issuer, key, now - DAY, now + 3650 * DAY)
                .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
                .sign(signer, hashes.SHA256()))

    def issue(self, names, key, begin, end):
        return (self.builder("", "stand-in", key, begin, end)
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(self.key_id, critical=False)
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=True)
                .sign(self.key, hashes.SHA256()))


class Signed:
    """A request whose signature holds. account: None for a key that has none yet."""

    def __init__(self, account, jwk, payload):
        self.account = account
        self.jwk = jwk
        self.payload = payload  # None: POST-as-GET


class AcmeCa(Server):
    def prepare(self):
        self.url = self.settings["url"]
        self.profiles = self.settings.get("profiles", {"classic": 90 * DAY})
        self.offset_s = 0
        self.nonces = set()
        self.accounts, self.by_thumbprint = {}, {}
        self.order_of, self.authz_of, self.cert_of, self.cert_by_id = {}, {}, {}, {}
        self.known_sets = set()
        self.limits = published_limits() if self.settings.get("has_limits", True) else {}
        self.issuer = Issuer(self.now())
        self.counts = collections.Counter()
        self.journal = []

    # For tests

    def now(self):
        return time.time() + self.offset_s

    def set_offset(self, seconds):
        """So much later than it is; the clock goes on from there."""
        self.offset_s = seconds

    def numbers(self):
        return dict(self.counts)

    def roots(self):
        return self.issuer.roots

    def orders(self):
        """[[when, names, "ordered" | "issued" | kind of refusal, is_exempt]] in the order of events."""
        return self.journal

    # Requests

    def answer(self, request):
        reply = super().answer(request)
        with self.lock:
            nonce = b64(secrets.token_bytes(16))
            self.nonces.add(nonce)
        reply.headers.update({"replay-nonce": nonce, "cache-control": "no-store",
                              "link": '<%s/directory>;rel="index"' % self.url})
        return reply

    def unknown(self, request):
        if request.method not in ("POST", "GET", "HEAD"):
            return Reply(405, headers={"allow": "POST"})
        return Reply(405 if request.method == "GET" else 404, headers={"allow": "POST"})

    def read(self, request, wants_account=True):
        """RFC 8555 section 6.2 to 6.5."""
        if request.headers.get("content-type") != "application/jose+json":
            refuse(415, "malformed", "not application/jose+json")
        try:
            body = request.json()
            header = json.loads(unb64(body["protected"]))
            payload = json.loads(unb64(body["payload"])) if body["payload"] else None
            signature = unb64(body["signature"])
        except (ValueError, KeyError, TypeError):
            refuse(400, "malformed", "not a flattened JWS")
        if ("jwk" in header) == ("kid" in header) or ("kid" in header) != wants_account:
            refuse(400, "malformed", "kid, or jwk for a new account, is wanted")
        account = self.accounts.get(header["kid"]) if wants_account else None
        if wants_account and (account is None or account["status"] != "valid"):
            refuse(400 if account is None else 401, "accountDoesNotExist" if account is None else "unauthorized",
                   "no valid account '%s'" % header["kid"])
        jwk = account["jwk"] if account else header["jwk"]
        verify(jwk, header.get("alg"), signature, ("%s.%s" % (body["protected"], body["payload"])).encode())
        if header.get("url") != self.url + request.target:
            refuse(401, "unauthorized", "the signed url is another one: %s" % header.get("url"))
        if header.get("nonce") not in self.nonces:
            self.counts["badNonce"] += 1
            refuse(400, "badNonce", "this nonce is not known")
        self.nonces.discard(header["nonce"])
        return Signed(account, jwk, payload)

    @on("GET", "/directory")
    def directory(self, request):
        tree = {name: self.url + path for name, path in (
            ("newNonce", "/nonce"), ("newAccount", "/account"), ("newOrder", "/order"), ("revokeCert", "/revoke"))}
        if self.settings.get("has_ari", True):
            tree["renewalInfo"] = self.url + "/ari"
        tree["meta"] = {"termsOfService": self.url + "/terms",
                        "profiles": {name: "%d seconds" % life for name, life in self.profiles.items()}}
        return Reply.json(200, tree)

    @on("HEAD|GET", "/nonce")
    def nonce(self, request):
        return Reply(200 if request.method == "HEAD" else 204)

    @on("POST", "/account")
    def new_account(self, request):
        signed = self.read(request, wants_account=False)
        url = self.by_thumbprint.get(thumbprint(signed.jwk))
        wish = signed.payload or {}
        if url is None and wish.get("onlyReturnExisting"):
            refuse(400, "accountDoesNotExist", "no account has this key")
        if url is None and not wish.get("termsOfServiceAgreed"):
            refuse(403, "userActionRequired", "the terms have to be agreed to")
        is_new = url is None
        if is_new:
            url = "%s/account/%d" % (self.url, len(self.accounts) + 1)
            self.accounts[url] = {"status": "valid", "contact": wish.get("contact", []), "jwk": signed.jwk}
            self.by_thumbprint[thumbprint(signed.jwk)] = url
        return self.show_account(url, 201 if is_new else 200)

    def show_account(self, url, status=200):
        account = self.accounts[url]
        return Reply.json(status, {"status": account["status"], "contact": account["contact"]}, {"location": url})

    @on("POST", "/account/([0-9]+)")
    def account(self, request, number_):
        url = "%s/account/%s" % (self.url, number_)
        signed = self.read(request)
        if signed.account is not self.accounts.get(url):
            refuse(403, "unauthorized", "another's account")
        for name in ("contact", "status"):
            if name in (signed.payload or {}):
                signed.account[name] = signed.payload[name]
        return self.show_account(url)

    # Orders

    def spend(self, names, is_renewal, is_exempt):
        """What an order costs: checked all, then taken all."""
        now = self.now()
        key = ",".join(names)
        wanted = []
        if self.limits and not is_exempt:
            wanted.append(("set", key))
            if not is_renewal:
                wanted += [("orders", "")] + [("domain", name) for name in sorted(set(map(registered_domain, names)))]
        for limit, of in wanted:
            self.limits[limit].check(of, now)
        for name in names if self.limits else ():
            self.limits["failures"].check(name.removeprefix("*."), now)
        return wanted

    def replaced(self, account, wish, names):
        """Whether the order is free of limits: RFC 9773 section 5, and within the window that was suggested."""
        if "replaces" not in wish:
            return False
        old = self.cert_by_id.get(wish["replaces"])
        if old is None or old["account"] is not account or not set(old["names"]) & set(names):
            refuse(400, "malformed", "replaces: no certificate of this account with one of these names")
        if old["is_replaced"]:
            refuse(409, "alreadyReplaced", "it was replaced before")
        begin, end = self.window(old)
        return begin <= self.now() < end

    @on("POST", "/order")
    def new_order(self, request):
        signed = self.read(request)
        wish = signed.payload
        names = sorted(item["value"].lower() for item in wish["identifiers"])
        try:
            profile = wish.get("profile", next(iter(self.profiles)))
            if profile not in self.profiles:
                refuse(400, "invalidProfile", "there is no profile '%s'" % profile)
            is_exempt = self.replaced(signed.account, wish, names)
            wanted = self.spend(names, tuple(names) in self.known_sets, is_exempt)
        except Refusal as refusal:
            kind = json.loads(refusal.reply.body)["type"].removeprefix(ERROR)
            self.note(names, kind, False)
            raise
        if ("orders", "") in wanted:
            self.limits["orders"].take("", self.now())
        self.note(names, "ordered", is_exempt)
        order = {"url": "%s/order/%d" % (self.url, len(self.order_of) + 1), "status": "pending", "names": names,
                 "profile": profile, "account": signed.account, "expires": self.now() + AUTHORIZATION_S,
                 "replaces": wish.get("replaces"), "costs": [item for item in wanted if item[0] != "orders"]}
        order["authorizations"] = [self.new_authz(order, name) for name in names]
        self.order_of[order["url"]] = order
        return self.show_order(order, 201)

    def note(self, names, what, is_exempt):
        self.counts[what] += 1
        self.journal.append([self.now(), names, what, is_exempt])

    def find_pending(self, order, name):
        return next((authz for authz in self.authz_of.values()
                     if authz["status"] == "pending" and authz["asked_for"] == name
                     and authz["order"]["account"] is order["account"]), None)

    def new_authz(self, order, name):
        shared = self.find_pending(order, name) if self.settings.get("shares_pending") else None
        if shared:
            shared["orders"].append(order)
            return shared["url"]
        url = "%s/authz/%d" % (self.url, len(self.authz_of) + 1)
        self.authz_of[url] = {"url": url, "status": "pending", "name": name.removeprefix("*."), "order": order,
                              "orders": [order], "asked_for": name,
                              "wildcard": name.startswith("*."), "token": b64(secrets.token_bytes(32)), "error": None}
        return url

    def text_of(self, moment):
        return datetime.datetime.utcfromtimestamp(moment).strftime("%Y-%m-%dT%H:%M:%SZ")

    def show_order(self, order, status=200):
        tree = {"status": order["status"], "expires": self.text_of(order["expires"]), "profile": order["profile"],
                "identifiers": [{"type": "dns", "value": name} for name in order["names"]],
                "authorizations": order["authorizations"], "finalize": order["url"] + "/finalize"}
        if order["replaces"]:
            tree["replaces"] = order["replaces"]
        if order["status"] == "valid":
            tree["certificate"] = order["certificate"]
        return Reply.json(status, tree, {"location": order["url"]})

    def own(self, signed, things, url):
        thing = things.get(self.url + url)
        account = thing and (thing["order"]["account"] if "order" in thing else thing["account"])
        if thing is None or account is not signed.account:
            refuse(404, "malformed", "there is no %s of yours" % url)
        return thing

    @on("POST", "(/order/[0-9]+)")
    def order(self, request, url):
        return self.show_order(self.own(self.read(request), self.order_of, url))

    # Authorizations

    def show_challenge(self, authz):
        tree = {"type": "dns-01", "url": authz["url"] + "/dns-01", "token": authz["token"],
                "status": authz["status"] if authz["status"] != "deactivated" else "invalid"}
        if authz["error"]:
            tree["error"] = {"type": ERROR + self.settings.get("failure", "unauthorized"), "detail": authz["error"],
                             "status": 403}
        return tree

    @on("POST", "(/authz/[0-9]+)")
    def authz(self, request, url):
        signed = self.read(request)
        authz = self.own(signed, self.authz_of, url)
        if (signed.payload or {}).get("status") == "deactivated":
            authz["status"] = "deactivated"
            self.counts["deactivated"] += 1
            self.lose(authz)
        tree = {"identifier": {"type": "dns", "value": authz["name"]}, "status": authz["status"],
                "expires": self.text_of(authz["order"]["expires"]), "challenges": [self.show_challenge(authz)]}
        if authz["wildcard"]:
            tree["wildcard"] = True
        return Reply.json(200, tree)

    @staticmethod
    def lose(authz):
        for order in authz["orders"]:
            if order["status"] == "pending":
                order["status"] = "invalid"

    def txt_of(self, owner):
        if "txt" in self.settings:
            try:
                return os.listdir(os.path.join(self.settings["txt"], owner))
            except FileNotFoundError:
                return []
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [self.settings["resolver"]]
        try:
            answer = resolver.resolve(owner + ".", "TXT", lifetime=5)
        except dns.exception.DNSException:
            return []
        return [b"".join(rdata.strings).decode() for rdata in answer]

    @on("POST", "(/authz/[0-9]+)/dns-01")
    def challenge(self, request, url):
        signed = self.read(request)
        authz = self.own(signed, self.authz_of, url)
        if authz["status"] == "pending" and signed.payload is not None:
            self.validate(authz, signed.jwk)
        return Reply.json(200, self.show_challenge(authz), {
            "link": '<%s>;rel="up"' % authz["url"]})

    def validate(self, authz, jwk):
        owner = "_acme-challenge." + authz["name"]
        wanted = b64(digest(("%s.%s" % (authz["token"], thumbprint(jwk))).encode()))
        found = self.txt_of(owner)
        if wanted in found:
            authz["status"] = "valid"
            for order in authz["orders"]:
                if order["status"] == "pending" and all(
                        self.authz_of[url]["status"] == "valid" for url in order["authorizations"]):
                    order["status"] = "ready"
            return
        authz["status"] = "invalid"
        self.lose(authz)
        authz["error"] = "Incorrect TXT record at %s: %d found" % (owner, len(found))
        self.note(authz["order"]["names"], "invalid", False)
        if self.limits:
            self.limits["failures"].take(authz["name"], self.now())

    # Certificates

    def check_csr(self, order, signed):
        try:
            csr = x509.load_der_x509_csr(unb64(signed.payload["csr"]))
            names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, KeyError, x509.ExtensionNotFound):
            refuse(400, "badCSR", "not a request with names")
        if not csr.is_signature_valid or sorted(names.get_values_for_type(x509.DNSName)) != order["names"]:
            refuse(400, "badCSR", "it is for other names, or signed by another key")
        if csr.public_key().public_numbers() == public_key(signed.jwk).public_numbers():
            refuse(400, "badCSR", "its key is the account's")
        return csr

    @on("POST", "(/order/[0-9]+)/finalize")
    def finalize(self, request, url):
        signed = self.read(request)
        order = self.own(signed, self.order_of, url)
        if order["status"] != "ready":
            refuse(403, "orderNotReady", "the order is %s" % order["status"])
        csr = self.check_csr(order, signed)
        begin = self.now() - BACKDATED_S
        end = begin + self.profiles[order["profile"]] - 1
        crt = self.issuer.issue(order["names"], csr.public_key(), begin, end)
        serial = crt.serial_number.to_bytes(crt.serial_number.bit_length() // 8 + 1, "big")
        where = "%s/cert/%x" % (self.url, crt.serial_number)
        id_ = "%s.%s" % (b64(self.issuer.key_id.key_identifier), b64(serial))
        self.cert_of[where] = self.cert_by_id[id_] = {
            "names": order["names"],
            "account": signed.account, "begin": begin, "end": end, "is_replaced": False, "is_revoked": False,
            "der": crt.public_bytes(serialization.Encoding.DER),
            "pem": crt.public_bytes(serialization.Encoding.PEM).decode() + self.issuer.chain}
        if order["replaces"]:
            self.cert_by_id[order["replaces"]]["is_replaced"] = True
        self.known_sets.add(tuple(order["names"]))
        for limit, of in order["costs"]:
            self.limits[limit].take(of, self.now())
        order.update(status="valid", certificate=where)
        self.note(order["names"], "issued", False)
        return self.show_order(order)

    @on("POST", "(/cert/[0-9a-f]+)")
    def certificate(self, request, url):
        cert = self.own(self.read(request), self.cert_of, url)
        return Reply(200, cert["pem"], "application/pem-certificate-chain")

    @on("POST", "/revoke")
    def revoke(self, request):
        signed = self.read(request)
        der = unb64(signed.payload["certificate"])
        cert = next((cert for cert in self.cert_of.values() if cert["der"] == der), None)
        if cert is None or cert["account"] is not signed.account:
            refuse(403, "unauthorized", "it is not a certificate of this account")
        if cert["is_revoked"]:
            refuse(400, "alreadyRevoked", "it was revoked before")
        cert["is_revoked"] = True
        return Reply(200)

    # RFC 9773

    def window(self, cert):
        """As Let's Encrypt suggests it: a fiftieth of the lifetime around the moment that leaves a third of it, or
        half of less than ten days."""
        life = cert["end"] - cert["begin"]
        middle = cert["end"] - (life / 2 if life < SHORT_LIVED_S else life / 3)
        return (0, 1) if cert["is_revoked"] else (middle - life / 50, middle + life / 50)

    @on("GET", "/ari/([^/]+)")
    def renewal_info(self, request, id_):
        cert = self.cert_by_id.get(id_)
        if cert is None or not self.settings.get("has_ari", True):
            refuse(404, "malformed", "no such certificate")
        self.counts["ari"] += 1
        begin, end = self.window(cert)
        return Reply.json(200, {"suggestedWindow": {"start": self.text_of(begin), "end": self.text_of(end)}},
                          {"retry-after": str(self.settings.get("ari_retry_s", 6 * HOUR))})


SERVER = AcmeCa
