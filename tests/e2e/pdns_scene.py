# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A real PowerDNS in the place of the lab's primary: same addresses, same zones, secondaries told by NOTIFY. In a
lab whose servers are in step it takes the secondary's addresses, too."""

import os

from lab.control import cache_dir, library_path
from lab.world import PRIMARY, SECONDARY
from standins import StandIn

API_KEY = "the-api-key-of-the-lab"


def paths():
    """Of the program and what it needs, where scripts/lab-packages put them."""
    servers = os.path.join(cache_dir(), "servers", "usr")
    return {
        "program": os.path.join(servers, "sbin", "pdns_server"),
        "schema": os.path.join(servers, "share", "pdns-backend-sqlite3", "schema", "schema.sqlite3.sql"),
        "libraries": library_path(),
        "modules": os.path.join(servers, "lib", "%s-linux-gnu" % os.uname().machine, "pdns"),
    }


def replace_primary(lab, host, **settings):
    """Ends the lab's primary and starts PowerDNS with its zones. host: of World(standins=...), where the API is."""
    texts = {}
    for zone in lab.world.zones:
        with open(os.path.join(lab.folder, "primary", "zones", zone.name + ".zone"), encoding="utf-8") as file:
            texts[zone.name + "."] = file.read()
    lab.stop_server("primary")
    places = [PRIMARY, SECONDARY] if lab.world.in_step else [PRIMARY]
    server = {**paths(), "folder": os.path.join(lab.folder, "powerdns"),
              "listen": [address(place) for place in places for address in (lab.world.ip4, lab.world.ip6)],
              "also_notify": "" if lab.world.in_step else lab.secondary}
    return StandIn(lab, "powerdns", host, zones=[], api_key=API_KEY, server=server, texts=texts, **settings)
