# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "provider-tests"), os.path.join(HERE, "..", "..", "e2e"), HERE]

from changing import ZONE  # noqa: E402
from driving import Plugin  # noqa: E402
from standins import Traffic, serve  # noqa: E402
from standins.cloudflare import TOKEN, Cloudflare  # noqa: E402

# Of other people, at the very names of the tests: nothing here may ever change.
FOREIGN = {"_acme-challenge.example.test.": (300, ['"foreign"', '"two" "strings"', '"VALUE-A"', '"\\"value-a\\""']),
           "_acme-challenge.www.example.test.": (120, ['"foreign"']),
           "example.test.": (60, ['"v=spf1 -all"'])}


class Api(Traffic):
    """The stand-in in this process."""

    def __init__(self, folder, **settings):
        settings = {"zones": [ZONE + ".", "other.test."], **settings}
        self.server = Cloudflare(settings)
        for owner, (ttl_s, rdatas) in FOREIGN.items() if ZONE + "." in settings["zones"] else ():
            self.server.write(ZONE + ".", owner, ttl_s, rdatas)
        self.folder = str(folder)
        self.front = serve(self.server, self.folder)
        self.url = "http://127.0.0.1:%d/client/v4" % self.front.port
        self.before = self.contents()

    def contents(self):
        return [tuple(record) for record in self.server.everything()]

    def added(self):
        """(name, content) of what stands there and did not before; fails when anything else was changed."""
        now = self.contents()
        assert not [record for record in self.before if record not in now], "a record of others is gone"
        assert len(set(now)) == len(now), "a record was created twice"
        return [(r[2], r[3]) for r in now if r not in self.before]

    def plugin(self, *flags, **options):
        if not any(name in options for name in ("api_token", "api_key")):
            options["api_token"] = TOKEN
        return Plugin("cloudflare", *flags, api_url=self.url, **options).open()


@pytest.fixture
def api(tmp_path):
    """Makes a stand-in; settings as of standins/cloudflare.py."""
    made = []

    def make(**settings):
        made.append(Api(tmp_path, **settings))
        return made[-1]

    yield make
    for one in made:
        one.front.close()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("CF_", "CLOUDFLARE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
