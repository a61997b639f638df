# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Certificates, and runs, that are at work at the same time on what belongs to both."""

import os

from year_scene import Year, world

SLOW_HOOK = """#!/bin/sh
case $1$2 in add*.shared.*) sleep 5.5 ;; esac
exec %s "$@"
"""


def test_an_order_that_fails_takes_no_authorization_from_another(make_lab, make_client):
    """The CA lists one pending authorization in both. The first order is lost by a name of its own, before anybody has
    answered for the name that they share."""
    year = Year(make_lab(world(2)), make_client, {}, shares_pending=True, failure="caa", has_limits=False)
    slow = os.path.join(year.lab.folder, "slow.sh")
    with open(slow, "w", encoding="ascii") as file:
        file.write(SLOW_HOOK % os.path.join(year.lab.folder, "hook.sh"))
    os.chmod(slow, 0o755)
    year.client.configure(
        settings="ca = year\nkey-type = ec256\npropagation = wait:0s\n",
        sections="[ca year]\ndirectory = %s/directory\n" % year.ca.url
        + year.provider.replace("hook.sh", "slow.sh")
        + "[provider nothing]\nplugin = exec-hook\ncommand = /bin/true\n"
        + "[zone d0.test]\nprovider = files\n[zone d1.test]\nprovider = nothing\n"
        + "[certificate a]\ndomains = shared.d0.test, bad.d1.test\n"
        + "[certificate b]\ndomains = shared.d0.test, good.d0.test\n")
    run = year.client.run("process")
    assert run.code == 6 and "1 issued, 1 failed" in run.err and "bad.d1.test" in run.err, run.err
    assert year.client.certificate("b")
    numbers = year.ca.ask("numbers")
    assert (numbers["ordered"], numbers["issued"], numbers.get("deactivated", 0)) == (2, 1, 0), run.err
    # Alone it leaves nothing open.
    assert year.client.run("process").code == 6
    assert year.ca.ask("numbers")["deactivated"] == 1
