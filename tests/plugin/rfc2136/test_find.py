# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""No server configured: the system's resolver says who the primary is."""
import json
import os
import subprocess
import sys

import pytest

import servers
from driving import OK, RETRY

UNSHARE = ["unshare", "--map-root-user", "--net", "--mount"]


def test_primary_is_found_by_the_systems_resolver():
    if servers.find(servers.Knot.path)[0] is None:
        pytest.skip("%s is not unpacked: scripts/lab-packages" % servers.Knot.path)
    if subprocess.run(UNSHARE + ["true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody make namespaces")
    inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "find_inside.py")
    result = subprocess.run(UNSHARE + [sys.executable, inside], capture_output=True, text=True,
                            timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen["added"] == OK and seen["present"] and seen["removed"] == OK and seen["same"]
    assert "ns.example.test (127.0.0.1 port 53)" in seen["log"]
    status, text = seen["unknown"]
    assert status == RETRY and "zone example.org." in text and "server = HOST" in text
