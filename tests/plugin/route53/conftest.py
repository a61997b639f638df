# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The plug-in, driven call by call, against the stand-in of Route 53 in this very process."""
import os
import sys

import pytest

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(_HERE, "..", "provider-tests"))
sys.path.insert(0, os.path.join(_HERE, "..", "..", "e2e"))
import standins  # noqa: E402
from driving import Plugin  # noqa: E402
from standins.route53 import Route53  # noqa: E402

ZONE = "example.test."
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
FOREIGN = {  # what other people have in the zone: TTLs, several strings, octal escapes, quotes
    ZONE: (3600, ['"v=spf1 -all"']),
    "_acme-challenge.shared." + ZONE: (777, [r'"a \"quoted\" \\ \303\244 value"', '"two" "strings"']),
    "_acme-challenge.shared2." + ZONE: (5, ['"x&<y>\'z"']),
    "*." + ZONE: (60, ['"wild"']),
    "zzz." + ZONE: (60, ['"last"']),
}


class Api(standins.Traffic):
    """One running stand-in. Further settings are the stand-in's own."""

    def __init__(self, folder, **settings):
        self.folder = str(folder)
        settings = {"npm": standins.npm_folder(), "keys": {KEY: {"secret": SECRET}}, "zones": [ZONE], "sync_s": 0,
                    "hosted": [{"id": "Z1LAB", "name": ZONE}], **settings}
        self.server = Route53(settings)
        for owner, (ttl_s, values) in FOREIGN.items():
            for hosted in self.server.hosted.values():
                if hosted.name == ZONE:
                    hosted.put({"name": owner, "type": "TXT", "ttl": ttl_s, "values": list(values)})
        self.front = standins.serve(self.server, self.folder)
        self.url = "http://127.0.0.1:%d" % self.front.port

    def txt(self, zone_id="Z1LAB"):
        return self.server.txt(zone_id)

    def plugin(self, *flags, env=None, **options):
        """With the lasting key, unless other credentials are given."""
        if "access_key_id" not in options and not options.pop("no_key", False):
            options = {"access_key_id": KEY, "secret_access_key": SECRET, **options}
        env = {"no_proxy": "*", **(env or {})}
        options = {"endpoint_url": self.url, "sts_endpoint_url": self.url, "imds_url": self.url, **options}
        return Plugin("route53", *flags, env=env, **options)

    def close(self):
        self.front.close()


@pytest.fixture
def make_api(tmp_path_factory):
    apis = []

    def make(**settings):
        apis.append(Api(tmp_path_factory.mktemp("api"), **settings))
        return apis[-1]

    yield make
    for api in apis:
        api.close()


@pytest.fixture
def api(make_api):
    return make_api()


@pytest.fixture
def untouched(api):
    """The zone must be the same after the test as before: other people's values and TTLs included."""
    before = api.txt()
    yield
    assert api.txt() == before
