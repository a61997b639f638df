# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Who calls acme-dns every four hours: units of root's and of users', cron, and how all of it goes again."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
from autorenew_scene import CRONTAB, SYSTEMCTL, Machine
from lab.control import cache_dir

TIMER = "acme-dns-renew.timer"
SERVICE = "acme-dns-renew.service"
DEPLOY = "acme-dns-deploy.service"


@pytest.fixture
def make_machine(build, tmp_path):
    def make(systemd=True, user=False):
        machine = Machine(tmp_path / "machine", os.path.join(os.path.abspath(build), "acme-dns"), user=user)
        if systemd:
            machine.boot()
        machine.fake("systemctl", SYSTEMCTL)
        machine.fake("crontab", CRONTAB)
        return machine

    return make


def succeed(result, code=0):
    assert result.code == code, result
    return result


def tree(folder):
    """What is below a folder: path -> content."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.relpath(os.path.join(path, name), folder)] = file.read()
    return found


# systemd

def test_units_are_written_switched_on_and_taken_away(make_machine):
    machine = make_machine()
    before = tree(machine.path("etc"))
    result = succeed(machine.run("register-autorenew"))
    assert "registered" in result.out and re.search(r"next at \d{4}-\d\d-\d\dT\d\d:\d\d:00Z \(in ", result.out)
    for name in (TIMER, SERVICE, DEPLOY):
        assert "wrote /etc/systemd/system/%s" % name in result.err
    assert machine.calls() == ["--system daemon-reload", "--system is-enabled " + TIMER,
                               "--system enable --now " + TIMER]
    timer = machine.unit(TIMER)
    assert re.search(r"^OnCalendar=\*-\*-\* 0[0-3]/4:[0-5]\d:00$", timer, flags=re.M)
    assert "\nPersistent=true\n" in timer and "\nWantedBy=timers.target\n" in timer
    assert "\nExecStart=:%s process --scheduled --no-deploy --state-dir %s\n" % (
        machine.program, machine.state) in machine.unit(SERVICE)
    assert "\nExecStart=:%s deploy --pending --scheduled --state-dir %s\n" % (
        machine.program, machine.state) in machine.unit(DEPLOY)
    assert "\nRequiresMountsFor=%s\n" % machine.state in machine.unit(DEPLOY)
    for line in ("RequiresMountsFor=" + machine.state, "OnSuccess=" + DEPLOY, "OnFailure=" + DEPLOY, "ReadWritePaths=" + machine.state):
        assert "\n%s\n" % line in machine.unit(SERVICE)
    result = succeed(machine.run("deregister-autorenew"))
    assert "removed" in result.out and "--system disable --now " + TIMER in machine.calls()
    assert tree(machine.path("etc")) == before
    assert "not registered" in succeed(machine.run("deregister-autorenew")).out


def test_a_second_time_changes_nothing_but_what_differs(make_machine):
    machine = make_machine()
    succeed(machine.run("register-autorenew"))
    before = tree(machine.units)
    n_calls = len(machine.calls())
    assert "already registered" in succeed(machine.run("register-autorenew")).out
    assert tree(machine.units) == before
    assert {call.split()[1] for call in machine.calls()[n_calls:]} == {"is-enabled", "is-active"}
    machine.write("[acme-dns]\n", "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    result = succeed(machine.run("register-autorenew", "--config", "acme-dns.conf",
                                 mounts="cd '%s'" % machine.folder))
    assert "updated" in result.out and "updated /etc/systemd/system/" + SERVICE in result.err
    assert TIMER + "\n" not in result.err
    assert "--config %s --state-dir " % machine.path("acme-dns.conf") in machine.unit(SERVICE)
    assert machine.unit(TIMER).encode() == before[TIMER]  # the minute that was drawn is kept
    assert machine.calls()[-1] == "--system restart " + TIMER
    os.unlink(machine.path("run", "enabled"))
    result = succeed(machine.run("register-autorenew", "--config", machine.path("acme-dns.conf")))
    assert "switched on" in result.err and os.path.exists(machine.path("run", "enabled"))


@pytest.mark.parametrize("systemd", [True, False])
def test_another_installation_takes_the_place_of_the_first_and_says_so(make_machine, systemd):
    machine = make_machine(systemd=systemd)
    succeed(machine.run("register-autorenew"))
    words = "what was registered before is called no longer: --state-dir %s\n" % machine.state
    assert words not in succeed(machine.run("register-autorenew")).err
    machine.state = machine.path("other")
    result = succeed(machine.run("register-autorenew", "--state-dir", machine.state))
    assert "updated" in result.out and result.err.count(words) == 1, result.err


def test_what_somebody_changed_by_hand_is_not_lost(make_machine):
    machine = make_machine()
    succeed(machine.run("register-autorenew"))
    mine = machine.unit(TIMER).replace("Persistent=true", "Persistent=false")
    machine.write(mine, "etc", "systemd", "system", TIMER)
    result = succeed(machine.run("register-autorenew"))
    assert "'/etc/systemd/system/%s' was changed by hand, and stays" % TIMER in result.err
    assert machine.unit(TIMER) == mine
    result = succeed(machine.run("deregister-autorenew"))
    assert "put aside as /etc/systemd/system/%s.saved~\n" % TIMER in result.err
    assert tree(machine.units) == {TIMER + ".saved~": mine.encode()}
    succeed(machine.run("register-autorenew"))
    machine.write(mine + "# again\n", "etc", "systemd", "system", TIMER)
    succeed(machine.run("deregister-autorenew"))
    assert tree(machine.units) == {TIMER + ".saved~": mine.encode(),
                                   TIMER + ".2.saved~": (mine + "# again\n").encode()}


def test_somebody_elses_unit_stays(make_machine):
    machine = make_machine()
    machine.write("[Timer]\nOnCalendar=daily\n", "etc", "systemd", "system", TIMER)
    before = tree(machine.path("etc"))
    result = succeed(machine.run("register-autorenew"), 3)
    assert "'/etc/systemd/system/%s' is there, and not of our making" % TIMER in result.err
    result = succeed(machine.run("deregister-autorenew"))
    assert "not of our making, and stays" in result.err and "not registered" in result.out
    assert tree(machine.path("etc")) == before and machine.calls() == []


def test_what_systemctl_says_is_told(make_machine):
    machine = make_machine()
    machine.fake("systemctl", '#!/bin/sh\n[ "$2" != enable ] || { echo "no bus" >&2; exit 4; }\n[ "$2" != is-enabled ]\n')
    result = succeed(machine.run("register-autorenew"), 1)
    assert "'systemctl --system enable --now %s' failed: no bus" % TIMER in result.err
    machine.fake("systemctl", SYSTEMCTL)
    assert "switched on" in succeed(machine.run("register-autorenew")).err


def test_a_user_has_units_of_their_own(make_machine):
    machine = make_machine(user=True)
    result = succeed(machine.run("register-autorenew"))
    assert sorted(tree(machine.units)) == [SERVICE, TIMER]
    assert machine.calls()[-1] == "--user enable --now " + TIMER
    assert "loginctl enable-linger tester" in result.err
    assert "process --scheduled --state-dir" in machine.unit(SERVICE)
    assert tree(machine.path("etc", "systemd")) == {}
    succeed(machine.run("deregister-autorenew"))
    assert tree(machine.units) == {}


def test_a_user_without_a_session_is_told(make_machine):
    machine = make_machine(user=True)
    machine.fake("systemctl", '#!/bin/sh\necho "Failed to connect to bus: No medium found" >&2\nexit 1\n')
    result = succeed(machine.run("register-autorenew"), 1)
    assert "your systemd cannot be reached" in result.err and "Failed to connect to bus" in result.err
    assert "enable-linger" in result.err and tree(machine.path("home")) == {}


def test_units_are_shown_and_not_written(make_machine):
    machine = make_machine()
    result = succeed(machine.run("register-autorenew", "--print"))
    assert result.out.count("\n[Service]\n") == 2 and "# /etc/systemd/system/" + TIMER in result.out
    assert tree(machine.units) == {} and machine.calls() == []
    events = [json.loads(line) for line in machine.run("register-autorenew", "--print", "--json").out.splitlines()]
    assert [event["subject"] for event in events[:-1]] == ["/etc/systemd/system/" + name
                                                           for name in (TIMER, SERVICE, DEPLOY)]
    assert events[-1]["event"] == "result"


ODD = "a \"b' %n$HOME\\;x"


def test_systemd_reads_what_was_meant(make_machine):
    """Its own tools on the units, paths with all that means something to them included."""
    machine = make_machine()
    machine.state = machine.path(ODD)
    succeed(machine.run("register-autorenew"))
    names = [os.path.join("/etc/systemd/system", name) for name in (TIMER, SERVICE, DEPLOY)]
    result = succeed(machine.execute("systemd-analyze", "verify", "--man=no", *names))
    assert result.err == ""
    assert machine.path("a \\\"b' %%n$HOME\\\\;x") in machine.unit(SERVICE)


def test_the_sandbox_is_tight(make_machine):
    machine = make_machine()
    succeed(machine.run("register-autorenew"))
    result = succeed(machine.execute("systemd-analyze", "security", "--offline=true", "--threshold=30", "--no-pager",
                                     "/etc/systemd/system/" + SERVICE))
    assert re.search(r"Overall exposure level for %s: [0-2]\.\d OK" % SERVICE, result.out), result.out


def test_the_sandbox_lets_through_what_the_configuration_needs(make_machine):
    machine = make_machine()
    machine.write("[provider a]\nplugin = exec-hook\ncore-allow-path = /var/spool/mine\nnew-privileges = yes\n"
                  "[acme-dns]\nmetrics = /var/lib/node exporter/acme.prom\n", "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    succeed(machine.run("register-autorenew", "--config", machine.path("acme-dns.conf")))
    service = machine.unit(SERVICE)
    assert '\nReadWritePaths=%s "-/var/lib/node exporter/" -/var/spool/mine\n' % machine.state in service
    assert "\nNoNewPrivileges=no\n" in service and "CapabilityBoundingSet" not in service


# cron

def test_a_cron_file_where_systemd_does_not_run(make_machine):
    machine = make_machine(systemd=False)
    before = tree(machine.path("etc"))
    result = succeed(machine.run("register-autorenew"))
    assert "wrote /etc/cron.d/acme-dns" in result.err
    lines = machine.read("etc", "cron.d", "acme-dns").splitlines()
    assert lines[0].startswith("#") and len(lines) == 2
    found = re.fullmatch(r"([1-5]?\d) [0-3]-23/4 \* \* \* root (.*)", lines[1])
    assert found and found[2] == "%s process --scheduled -q --state-dir %s" % (machine.program, machine.state)
    assert os.stat(machine.path("etc", "cron.d", "acme-dns")).st_mode & 0o777 == 0o644
    assert "already registered" in succeed(machine.run("register-autorenew")).out
    succeed(machine.run("deregister-autorenew"))
    assert tree(machine.path("etc")) == before
    assert machine.calls() == []


TABLES = [
    "",
    "MAILTO=me\n# a comment\n5 4 * * * true\n",
    "5 4 * * * true\n\n\n",
    "\n \t\n# written by somebody\n*/5 * * * * printf '%s\\n' x | mail me\n",
]


@pytest.mark.parametrize("table", TABLES)
def test_all_else_in_a_crontab_stays(make_machine, table):
    machine = make_machine(systemd=False, user=True)
    if table:
        machine.write(table, "run", "table")
    succeed(machine.run("register-autorenew"))
    with_block = machine.read("run", "table")
    assert with_block.startswith(table) and "process --scheduled -q" in with_block[len(table):]
    machine.write(with_block + "# later\n", "run", "table")
    assert "already registered" in succeed(machine.run("register-autorenew")).out
    succeed(machine.run("deregister-autorenew"))
    assert machine.read("run", "table") == table + "# later\n"


def test_a_crontab_that_was_not_there_goes(make_machine):
    machine = make_machine(systemd=False, user=True)
    succeed(machine.run("register-autorenew"))
    succeed(machine.run("deregister-autorenew"))
    assert machine.calls()[-1] == "-r" and not os.path.exists(machine.path("run", "table"))
    assert "not registered" in succeed(machine.run("deregister-autorenew")).out


def test_our_lines_that_were_changed_are_put_aside(make_machine):
    machine = make_machine(systemd=False, user=True)
    succeed(machine.run("register-autorenew"))
    changed = machine.read("run", "table").replace("-q", "-v")
    machine.write("# mine\n" + changed, "run", "table")
    assert "changed by hand" in succeed(machine.run("register-autorenew")).err
    assert machine.read("run", "table") == "# mine\n" + changed
    result = succeed(machine.run("deregister-autorenew"))
    saved = re.search(r"put aside as (\S+)", result.err)[1]
    assert machine.read("run", "table") == "# mine\n"
    assert tree(os.path.dirname(saved))[os.path.basename(saved)].decode() == changed
    again = changed.replace("-v", "-vv")
    machine.write("# mine\n" + again, "run", "table")
    succeed(machine.run("deregister-autorenew"))
    assert sorted(tree(os.path.dirname(saved)).values()) == sorted([changed.encode(), again.encode()])


def test_a_crontab_that_cannot_be_read_is_left_alone(make_machine):
    machine = make_machine(systemd=False, user=True)
    machine.fake("crontab", '#!/bin/sh\necho "you are not allowed to use this program" >&2\nexit 1\n')
    result = succeed(machine.run("register-autorenew"), 1)
    assert "'crontab -l' ended with 1: you are not allowed" in result.err


@pytest.mark.parametrize("table", ["0 0 * * * true\n" * 80000, "0 0 * * * true\n\0\n1 1 * * * true\n"])
def test_a_crontab_that_is_not_read_whole_is_not_written(make_machine, table):
    machine = make_machine(systemd=False, user=True)
    machine.write(table, "run", "table")
    result = succeed(machine.run("register-autorenew"), 3)
    assert "too long, or has a NUL byte" in result.err and "nothing was changed" in result.err
    assert machine.read("run", "table") == table


def test_lines_that_stay_in_the_crontab_are_told(make_machine):
    machine = make_machine(systemd=False, user=True)
    succeed(machine.run("register-autorenew"))
    machine.fake("crontab", machine.read("sbin", "crontab").replace("rm -f /run/table", "echo 'spool is read-only' >&2; exit 1"))
    result = succeed(machine.run("deregister-autorenew"), 1)
    assert "spool is read-only" in result.err and "removed our lines" not in result.err
    assert "process --scheduled" in machine.read("run", "table")


def test_who_may_not_use_crontab_may_use_systemd(make_machine):
    machine = make_machine()
    machine.fake("crontab", '#!/bin/sh\necho "you are not allowed to use this program" >&2\nexit 1\n')
    succeed(machine.run("register-autorenew"))
    assert "removed" in succeed(machine.run("deregister-autorenew")).out


def test_debians_crontab_takes_what_we_write(make_machine):
    """The real crontab(1), which checks what it installs, in a spool of its own."""
    machine = make_machine(systemd=False)
    crontab = os.path.join(cache_dir(), "cron", "usr", "bin", "crontab")
    machine.fake("crontab", '#!/bin/sh\nexec %s "$@"\n' % crontab)
    os.rmdir(machine.path("etc", "cron.d"))
    os.makedirs(machine.path("spool", "cron", "crontabs"))
    spool = {"mounts": "mount --bind '%s' /var/spool" % machine.path("spool")}
    machine.write("# mine\n5 4 * * * true\n", "run", "mine")
    succeed(machine.execute("crontab", "/run/mine", **spool))
    before = succeed(machine.execute("crontab", "-l", **spool)).out
    machine.state = machine.path("a 'b' %n$HOME")
    succeed(machine.run("register-autorenew", **spool))
    assert machine.path("a '\"'\"'b'\"'\"' \\%n$HOME") in machine.execute("crontab", "-l", **spool).out
    succeed(machine.run("deregister-autorenew", **spool))
    assert succeed(machine.execute("crontab", "-l", **spool)).out == before


def test_a_path_that_no_crontab_can_hold_is_refused(make_machine):
    machine = make_machine(systemd=False)
    machine.state = machine.path("a\\b")
    result = succeed(machine.run("register-autorenew"), 3)
    assert "has a character that cannot be written there" in result.err
    assert tree(machine.path("etc", "cron.d")) == {}


def test_who_has_changed_to_systemd_is_not_called_twice(make_machine):
    machine = make_machine(systemd=False)
    succeed(machine.run("register-autorenew"))
    machine.boot()
    result = succeed(machine.run("register-autorenew"))
    assert "removed /etc/cron.d/acme-dns" in result.err and tree(machine.path("etc", "cron.d")) == {}


@pytest.mark.parametrize("has_folder", [False, True], ids=["bare", "cron.d-of-other-packages"])
def test_nobody_to_call_us(make_machine, has_folder):
    machine = make_machine(systemd=False)
    if has_folder:
        with open(machine.path("etc", "cron.d", "e2scrub_all"), "w", encoding="ascii") as file:
            file.write("10 3 * * * root /sbin/e2scrub_all -A -r\n")
    else:
        os.rmdir(machine.path("etc", "cron.d"))
    os.unlink(machine.path("sbin", "crontab"))
    result = machine.run("register-autorenew", mounts="[ ! -e /usr/bin/crontab ] || mount --bind /dev/null /usr/bin/crontab")
    assert result.code == 3 and "neither systemd nor cron" in result.err and "process --every" in result.err


# What a renewal would lack

def remember(machine, name, provider):
    folder = os.path.join(machine.state, "certs", name)
    os.makedirs(folder)
    path = os.path.join(folder, "request.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("[certificate %s]\ndomains = %s\n%s" % (
            name, name, "provider = %s\n" % provider if provider else ""))
    os.chmod(path, 0o600)


def test_a_credential_of_the_environment_is_refused(make_machine):
    machine = make_machine()
    remember(machine, "a.example.org", "cloudflare")
    remember(machine, "b.example.org", "cloudflare")
    result = succeed(machine.run("register-autorenew", env={"CF_DNS_API_TOKEN": "0123456789abcdef0123456789abcdef01234567"}), 3)
    assert "a renewal would lack what it needs" in result.err
    assert "a.example.org and 1 more: " in result.err and "api-token (CF_DNS_API_TOKEN)" in result.err
    assert "acme-dns provider add" in result.err and "0123456789abcdef" not in result.err
    assert tree(machine.units) == {} and machine.calls() == []
    result = succeed(machine.run("register-autorenew"), 3)
    assert "provider 'cloudflare'" in result.err and "api-token" in result.err


def test_a_credential_of_a_section_is_found(make_machine):
    machine = make_machine()
    remember(machine, "a.example.org", None)
    machine.write("[provider cf]\nplugin = cloudflare\napi-token = 0123456789abcdef0123456789abcdef01234567\n"
                  "[provider gone]\nplugin = cloudflare\n[zone example.org]\nprovider = cf\n"
                  "[zone example.net]\nprovider = gone\n", "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    config = ["--config", machine.path("acme-dns.conf")]
    assert "registered" in succeed(machine.run("register-autorenew", *config)).out  # nobody uses 'gone'
    remember(machine, "b.example.net", None)
    result = succeed(machine.run("register-autorenew", *config), 3)
    assert "b.example.net: provider 'gone'" in result.err and "'cf'" not in result.err


def test_certificates_that_nobody_publishes_for_are_refused(make_machine):
    machine = make_machine()
    for name in ("a.example.org", "b.example.org"):
        remember(machine, name, None)
    remember(machine, "gone.example.org", None)
    request = os.path.join(machine.state, "certs", "gone.example.org", "request.conf")
    with open(request, "a", encoding="ascii") as file:
        file.write("configured = domains\n")  # its section was taken away: nobody renews it
    machine.write("[provider one]\nplugin = rfc2136\nserver = 192.0.2.1\n"
                  "[provider two]\nplugin = rfc2136\nserver = 192.0.2.2\n", "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    result = succeed(machine.run("register-autorenew", "--config", machine.path("acme-dns.conf")), 3)
    assert ("a.example.org and 1 more: no provider is configured for _acme-challenge.a.example.org. "
            "(providers: one, two; zones they are mapped to: none)") in result.err
    assert "[zone a.example.org]\n" in result.err.replace("    ", "") and tree(machine.units) == {}


def test_a_section_without_a_provider_goes_on_with_the_one_of_a_command(make_machine):
    machine = make_machine()
    remember(machine, "a.example.org", "one")
    machine.write("[provider one]\nplugin = rfc2136\nserver = 192.0.2.1\n"
                  "[provider two]\nplugin = rfc2136\nserver = 192.0.2.2\n"
                  "[certificate a.example.org]\ndomains = a.example.org\n", "acme-dns.conf")
    os.chmod(machine.path("acme-dns.conf"), 0o600)
    config = ["--config", machine.path("acme-dns.conf")]
    assert "registered" in succeed(machine.run("register-autorenew", *config)).out
    machine.write(machine.read("acme-dns.conf") + "[certificate b.example.org]\ndomains = b.example.org\n",
                  "acme-dns.conf")
    result = succeed(machine.run("register-autorenew", *config), 3)
    assert "b.example.org: no provider is configured" in result.err and "a.example.org:" not in result.err


def test_what_needs_a_person_is_named_and_the_rest_goes_on(make_machine):
    machine = make_machine()
    remember(machine, "a.example.org", "manual")
    result = succeed(machine.run("register-autorenew"))
    assert "cannot renew unattended" in result.err and "a.example.org" in result.err


def test_settings_of_the_environment_are_named(make_machine):
    machine = make_machine()
    result = succeed(machine.run("register-autorenew", env={"ACME_DNS_EMAIL": "ops@example.org"}))
    assert "a timer does not have ACME_DNS_EMAIL: write 'email ='" in result.err


# How it stands

def test_status_of_what_is_not_there(make_machine):
    machine = make_machine()
    result = succeed(machine.run("autorenew status"), 1)
    assert "not registered" in result.out and "acme-dns register-autorenew" in result.out


def test_status_says_when_and_how(make_machine):
    machine = make_machine()
    succeed(machine.run("register-autorenew"))
    result = succeed(machine.run("autorenew status"))
    assert "systemd timer" in result.out and re.search(r"Next run +\d{4}-.*Z \(in ", result.out)
    assert re.search(r"Last run +none yet", result.out)
    folder = os.path.join(machine.state, "logs", "autorenew")

    def last(command, ended, status, text=None):
        with open(os.path.join(folder, "last-%s.json" % command), "w", encoding="ascii") as file:
            json.dump({"format": 1, "run": "R-1", "pid": 2 ** 22 + 1, "started": "2026-11-22T04:17:00Z",
                       "ended": ended, "exit": status, "text": text}, file)

    os.makedirs(folder, exist_ok=True)
    last("process", "2026-11-22T04:17:09Z", 0)
    last("deploy", "2026-11-22T04:17:10Z", 0)
    result = succeed(machine.run("autorenew status"))
    assert "exit status 0 after 9 s, run R-1" in result.out and "Last deploy" in result.out
    last("process", "2026-11-22T04:17:09Z", 6, "a.example.org: the CA refused")
    result = succeed(machine.run("autorenew status"), 1)
    assert "'process' ended with exit status 6 (run R-1): a.example.org: the CA refused" in result.out
    last("process", None, -1)
    assert "cut short (run R-1)" in succeed(machine.run("autorenew status"), 1).out
    last("process", "2026-11-22T04:17:09Z", 0)
    os.unlink(machine.path("run", "enabled"))
    assert "switched off" in succeed(machine.run("autorenew status"), 1).out
    last("deploy", "2026-11-22T04:17:10Z", 8, "a.example.org: hook")
    (status, end) = [json.loads(line) for line in machine.run("autorenew status", "--json").out.splitlines()]
    assert status["event"] == "autorenew" and status["last-run"]["exit"] == 0
    assert status["last-deploy"] == {"run": "R-1", "started": "2026-11-22T04:17:00Z", "exit": 8,
                                     "ended": "2026-11-22T04:17:10Z", "text": "a.example.org: hook"}
    assert len(status["findings"]) == 2 and end["exit"] == 1


def test_a_timer_that_never_calls_is_found(make_machine):
    machine = make_machine()
    succeed(machine.run("register-autorenew"))
    old = 13 * 3600
    path = os.path.join(machine.units, TIMER)
    os.utime(path, (os.stat(path).st_mtime - old,) * 2)
    assert "nothing was run for 13 hours" in succeed(machine.run("autorenew status"), 1).out


# Again and again

def wait_for(condition, what, timeout_s=60):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def count_runs(machine):
    try:
        with open(os.path.join(machine.state, "logs", "logs.txt"), encoding="utf-8") as file:
            return len(re.findall(r" end exit status 0 ", file.read()))
    except FileNotFoundError:
        return 0


def start_every(machine, *around):
    return subprocess.Popen([*around, machine.program, "process", "--every", "1s", "--state-dir", machine.state],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def state_of(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


def test_a_container_runs_it_every_so_often(make_machine):
    machine = make_machine()
    process = start_every(machine)
    try:
        wait_for(lambda: count_runs(machine) >= 3, "no third round")
        # Failures are waited after as with a timer, and status knows of them.
        assert os.path.exists(os.path.join(machine.state, "logs", "autorenew", "last-process.json"))
        assert process.poll() is None
        with open(os.path.join(machine.state, "logs", "autorenew", "logs.txt"), encoding="utf-8") as file:
            assert " begin " in file.read(), "a round that nobody watches is none of a timer's"
    finally:
        process.terminate()
    assert process.wait(60) == -signal.SIGTERM, process.stderr.read()


def test_as_the_first_process_it_reaps_and_ends(make_machine):
    machine = make_machine()
    around = ["unshare", "--pid", "--fork", "--mount-proc"] + ([] if os.geteuid() == 0 else ["-r"])
    process = start_every(machine, *around)
    try:
        wait_for(lambda: children_of(process.pid), "nothing was started")
        (first,) = children_of(process.pid)
        wait_for(lambda: count_runs(machine) >= 1, "no first round")
        enter = ["nsenter", "-t", str(first), "-p"] + ([] if os.geteuid() == 0 else ["-U", "--preserve-credentials"])
        subprocess.run([*enter, "sh", "-c", "for i in 1 2 3 4 5; do sleep 0.1 & done"], check=True)
        done = count_runs(machine)
        wait_for(lambda: count_runs(machine) >= done + 2, "no further round")
        wait_for(lambda: not [child for child in children_of(first) if state_of(child) == "Z"], "zombies stay")
        assert len(children_of(first)) <= 1
        os.kill(first, signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM, process.stderr.read()
    finally:
        process.kill()


def test_a_period_that_is_none(make_machine):
    machine = make_machine()
    for period in ("often", "0", "31d"):
        result = succeed(machine.run("process", "--every", period), 3)
        assert "--every: '%s' is not a duration from 1s to 30d, like 4h" % period in result.err
        (event,) = map(json.loads, succeed(machine.run("process", "--every", period, "--json"), 3).out.splitlines())
        assert (event["event"], event["subject"], event["exit"]) == ("result", "process", 3)


def test_a_plan_is_shown_once(make_machine):
    result = succeed(make_machine().run("process", "--plan", "--every", "1s"), 3)
    assert "leave out --every or --plan" in result.err and not result.out


# Where things are

def test_places_are_printed(make_machine):
    machine = make_machine()
    result = succeed(machine.run("open-logs"))
    assert result.out.splitlines() == [os.path.join(machine.state, "logs", "logs.txt"),
                                       os.path.join(machine.state, "logs", "autorenew", "logs.txt")]
    assert succeed(machine.run("open-state")).out == machine.state + "\n"
    assert not os.path.exists(machine.state)
    event = json.loads(machine.run("open-state", "--json").out)
    assert (event["event"], event["path"]) == ("result", machine.state)


SHOW = '#!/bin/sh\nfor word; do echo "shown: $word"; done\n'


def on_terminal(machine, verb, **env):
    """With script(1), whose terminal is what the program sees."""
    command = "%s %s --state-dir %s" % (machine.program, verb, machine.state)
    return succeed(machine.execute("script", "-qec", command, "/dev/null", env={"TERM": "dumb", **env})).out


def test_logs_are_paged_on_a_terminal(make_machine):
    machine = make_machine()
    machine.fake("my-pager", SHOW)
    logs = os.path.join(machine.state, "logs", "logs.txt")
    assert "shown" not in on_terminal(machine, "open-logs", PAGER="my-pager")  # nothing to see yet
    succeed(machine.run("deploy", "--pending"))
    out = on_terminal(machine, "open-logs", PAGER="my-pager '-R x'")
    assert out.splitlines() == ["shown: -R x", "shown: " + logs]
    for out in (on_terminal(machine, "open-logs", PAGER="my-pager", SUDO_UID="1000"),
                on_terminal(machine, "open-logs --print", PAGER="my-pager")):
        assert out.startswith(logs) and "shown" not in out
    out = on_terminal(machine, "open-logs", PAGER="not-there")
    assert "there is no such pager" in out and logs in out


def test_the_state_is_opened_on_a_desktop(make_machine):
    machine = make_machine(user=True)
    machine.fake("xdg-open", SHOW)
    succeed(machine.run("deploy", "--pending"))
    assert on_terminal(machine, "open-state", DISPLAY=":0").splitlines() == [machine.state, "shown: " + machine.state]
    for verb, env in (("open-state", {}), ("open-state --print", {"DISPLAY": ":0"}),
                      ("open-state", {"DISPLAY": ":0", "SUDO_UID": "1000"})):
        assert on_terminal(machine, verb, **env).splitlines() == [machine.state]


def test_roots_state_is_never_opened(make_machine):
    machine = make_machine()
    machine.fake("xdg-open", SHOW)
    succeed(machine.run("deploy", "--pending"))
    assert on_terminal(machine, "open-state", DISPLAY=":0").splitlines() == [machine.state]
