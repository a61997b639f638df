# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Reads Pebble's log: which requests reached it, and what kind each was."""

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
