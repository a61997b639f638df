# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Changes as the driver takes them."""

ZONE = "example.test"
OWNER = "_acme-challenge.example.test."
NAME = OWNER[:-1]


def add(value, owner=OWNER, zone="example.test."):
    return ("add", owner, zone, value, 60)


def remove(value, owner=OWNER, zone="example.test.", *receipt):
    return ("remove", owner, zone, value, 60, *receipt)


def owners(n):
    return ["_acme-challenge.h%d.example.test." % i for i in range(n)]
