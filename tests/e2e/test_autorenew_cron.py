# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A real cron with what register-autorenew wrote, its clock set to just before the time that was drawn."""

import glob
import json
import os
import re
import time

import pytest
from autorenew_scene import Machine
from lab import Ca, World, Zone
from lab.control import cache_dir

CRON = os.path.join(cache_dir(), "cron", "usr", "sbin", "cron")
CRONTAB = os.path.join(cache_dir(), "cron", "usr", "bin", "crontab")

# What cron wants of a system: who may (PAM), where its tables are, whom to mail to (nobody: there is no sendmail).
PAM = "account required pam_permit.so\nsession required pam_permit.so\nauth required pam_permit.so\n"

# cron's clock only: what it starts has an environment of its own.
# What comes before it takes its time, too: how far the clock is off is reckoned last.
RUN = """
shift_s=$(({moment} - $(date +%s) - 3))
env LD_PRELOAD='{library}' FAKETIME=$(printf %+d $shift_s) {cron} -f &
for i in $(seq 600); do [ ! -e '{state}/logs/autorenew/last-process.json' ] || break; sleep 0.1; done
for i in $(seq 600); do ! grep -q '"ended": *null' '{state}/logs/autorenew/last-process.json' || sleep 0.1; done
"""

CONFIGURATION = """[acme-dns]
email = admin@example.test
agree-tos = yes
ca-bundle = {bundle}
resolver = {resolver}
[provider lab]
plugin = rfc2136
key-file = {key}
[certificate example.test]
domains = *.example.test, example.test
server = {server}
"""


def next_moment(minute, hours, now_s):
    """In seconds since the epoch. hours: "2-23/4", as our line has it."""
    first, last, step = map(int, re.fullmatch(r"(\d+)-(\d+)/(\d+)", hours).groups())
    day_s = now_s // 86400 * 86400
    moments = [day_s + hour * 3600 + int(minute) * 60 for hour in range(first, last + 1, step)]
    return next(moment for moment in moments + [moments[0] + 86400] if moment > now_s)


@pytest.mark.parametrize("has_folder", [True, False], ids=["cron.d", "crontab"])
def test_cron_runs_what_was_registered(make_lab, build, tmp_path, has_folder):
    if os.geteuid() != 0:
        pytest.skip("a cron of one's own needs root")
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    machine = Machine(tmp_path / "machine", os.path.join(os.path.abspath(build), "acme-dns"))
    machine.state = machine.path("a 'b' %n$HOME")
    machine.fake("crontab", '#!/bin/sh\nexec %s "$@"\n' % CRONTAB)
    if not has_folder:
        os.rmdir(machine.path("etc", "cron.d"))
    os.makedirs(machine.path("spool", "cron", "crontabs"))
    os.makedirs(machine.path("etc", "pam.d"))
    machine.write(PAM, "etc", "pam.d", "cron")
    machine.write(CONFIGURATION.format(bundle=lab.ca_bundle, resolver=lab.resolver, key=lab.key_file(),
                                       server=lab.directory()), "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    around = {"mounts": "mount --bind '%s' /var/spool" % machine.path("spool"), "lab": lab}
    result = machine.run("register-autorenew", "--config", machine.path("acme-dns.conf"), **around)
    assert result.code == 0, result
    path = ("etc", "cron.d", "acme-dns") if has_folder else ("spool", "cron", "crontabs", "root")
    minute, hours = re.search(r"^([0-9]+) (\S+) \* \* \* ", machine.read(*path), re.M).groups()
    moment = next_moment(minute, hours, int(time.time()))
    result = machine.execute("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", RUN.format(
        library=glob.glob(os.path.join(cache_dir(), "clock", "usr", "lib", "*", "faketime", "libfaketime.so.1"))[0],
        moment=moment, cron=CRON, state=machine.state.replace("'", "'\"'\"'")), **around)
    last = json.loads(machine.read(machine.state, "logs", "autorenew", "last-process.json"))
    assert last["exit"] == 0, "%s\n%s" % (last, result)
    assert os.path.exists(os.path.join(machine.state, "certs", "example.test", "fullchain.pem")), result
    status = json.loads(machine.run("autorenew status", "--json", **around).out.splitlines()[0])
    assert status["method"] and status["last-run"]["exit"] == 0, status
