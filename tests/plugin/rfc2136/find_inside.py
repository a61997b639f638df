# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Run by test_find.py in namespaces of its own, where port 53 of loopback and /etc/resolv.conf can be
ours: Knot DNS is resolver and primary at once. Prints one JSON object."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "provider-tests"))
import servers  # noqa: E402
from driving import Plugin  # noqa: E402

OWNER, Z = "_acme-challenge.www.example.test.", "example.test."


def main():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        conf.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        servers.free_port = lambda: 53
        knot = servers.Knot()
        try:
            before = knot.zone()
            with Plugin("rfc2136", key_name="key-sha256", key_secret=servers.SECRET).open() as p:
                added = p.call("add", OWNER, Z, "v", 60)
                present = '%s 60 "v"' % OWNER in knot.zone()
                removed = p.call("remove", OWNER, Z, "v", 60)
                unknown = p.call("add", "_acme-challenge.example.org.", "example.org.", "v", 60)
            print(json.dumps({"added": added.status, "log": added.log, "present": present,
                              "removed": removed.status, "same": knot.zone() == before,
                              "unknown": [unknown.status, unknown.text]}))
        finally:
            knot.stop()


main()
