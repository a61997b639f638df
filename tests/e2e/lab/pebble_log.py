# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Reads Pebble's log: which requests reached it, what kind each was, and where it was not itself."""

import re
from dataclasses import dataclass

# Paths of Pebble's endpoints -> the RFC 8555 resource.
_KINDS = (
    ("/dir", "directory"),
    ("/nonce-plz", "newNonce"),
    ("/sign-me-up", "newAccount"),
    ("/order-plz", "newOrder"),
    ("/my-account/", "account"),
    ("/list-orderz/", "orders"),
    ("/my-order/", "order"),
    ("/finalize-order/", "finalize"),
    ("/authZ/", "authorization"),
    ("/chalZ/", "challenge"),
    ("/certZ/", "certificate"),
    ("/revoke-cert", "revokeCert"),
    ("/rollover-account-key", "keyChange"),
    ("/draft-ietf-acme-ari-03/", "renewalInfo"),
)
_LINE = re.compile(r"Pebble \S+ \S+ (GET|HEAD|POST|PUT|DELETE) (\S+) -> calling handler\(\)")
_ISSUED = re.compile(r"Issued certificate serial ([0-9a-f]+) for order")
_MADE = re.compile(r'There are now \d+ authorizations in the db|Added order "([^"]+)" to the db')


@dataclass
class Request:
    method: str
    path: str
    kind: str


def kind_of(path):
    for prefix, kind in _KINDS:
        if path == prefix or (prefix.endswith("/") and path.startswith(prefix)):
            return kind
    return "other"


def parse(text):
    return [Request(m[1], m[2], kind_of(m[2])) for m in _LINE.finditer(text)]


def lost_serials(text):
    """The certificates that Pebble issued and does not find again by their certID (RFC 9773 4.1): it files them by
    the serial's magnitude and looks them up by the octets of the DER INTEGER, which begin with a zero where the
    magnitude's first bit is set. One in 256, as its serials are of 63 bits."""
    return [serial for serial in _ISSUED.findall(text) if int(serial[:2], 16) >= 0x80]


def reused_orders(text):
    """The orders that were made without a new authorization. Told never to reuse one Pebble still does so once in a
    hundred times: it takes a new one where rand.Intn(100) > 0. Such an order is ready at once, and nothing is
    published for it."""
    reused, n_new = [], 0
    for match in _MADE.finditer(text):
        if match[1] is None:
            n_new += 1
            continue
        if n_new == 0:
            reused.append(match[1])
        n_new = 0
    return reused
