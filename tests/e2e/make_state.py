#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Has a build make the STATE that test_formats.py has every later release read:

    tests/e2e/make_state.py BUILD tests/fixtures/state-N

Once for each number that STORE_FORMAT or JOURNAL_FORMAT takes. What is in it: a certificate that was
renewed and deployed, one whose hook failed, one that was revoked, one for trials, an order that was killed
before its installation, and how the last scheduled run ended."""

import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from lab import Ca, Lab, World, Zone  # noqa: E402
from lab.client import Client  # noqa: E402

ZONE = "example.test"
TRIALS = "[ca trials]\ndirectory = %s\nis-staging = yes\n"


def must(result, code=0):
    if result.code != code:
        sys.exit("exit %d\n%s%s" % (result.code, result.out, result.err))


def fill(client):
    def issue(name, *options, **more):
        return client.issue(name + "." + ZONE, options=["--name", name, *options], **more)

    must(issue("good", "--deploy-hook", "/bin/true", "--key-type", "rsa2048", "--keep", "2"))
    must(issue("good", "--force"))
    must(issue("undeployed", "--deploy-hook", "/bin/false"), 8)
    must(issue("revoked"))
    must(client.run("revoke", "--name", "revoked", "--reason", "superseded", "--yes"))
    client.configure(sections=TRIALS % client.server)
    must(client.run("issue", "-d", "trial." + ZONE, "--name", "trial", "--provider", "lab", "--ca", "trials"))
    must(client.run("renew", "--scheduled"), 8)
    must(issue("begun", env={"ACME_DNS_CRASH_AT": "order-install-before"}), -9)


def tidy(state):
    """Locks and logs are nobody's to read later."""
    shutil.rmtree(os.path.join(state, "locks"))
    for path in (os.path.join(state, "logs", "logs.txt"), os.path.join(state, "logs", "autorenew", "logs.txt")):
        if os.path.exists(path):
            os.unlink(path)
    journal = os.path.join(state, "journal")
    for name in os.listdir(journal):
        if name.endswith(".lock"):
            os.unlink(os.path.join(journal, name))


def main(build, target):
    lab = Lab(World(zones=[Zone(ZONE)], cas=[Ca(calm=True)], in_step=True, cache_s=0))
    with lab:
        client = Client(lab, build, os.path.join(lab.folder, "client"))
        fill(client)
        tidy(client.state)
        shutil.copytree(client.state, target, symlinks=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
