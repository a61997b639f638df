# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Who publishes what: the map of zones, several providers, one value a name, and programs as providers."""

import json
import os
import shutil
import subprocess

import pytest
from dns_scene import OWNER, assert_clean, assert_issued, assert_refused, bind_tools, host_address, said, world
from lab import Host, Zone, config
from lab.control import cache_dir, library_path
from lab.world import HOSTS, TSIG_ALGORITHMS, tsig_name, tsig_secret

E2E = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(E2E))
ALGORITHM = "hmac-sha256"
NAMES = ("*.example.test", "example.test")


class Hook:
    """update_hook.py, where workers can reach it, and what it was called with."""

    def __init__(self, lab):
        self.lab = lab
        self.program = os.path.join(lab.folder, "update_hook.py")
        self.log = os.path.join(lab.folder, "hook.log")
        shutil.copy(os.path.join(E2E, "hooks", "update_hook.py"), self.program)
        with open(self.log, "w", encoding="ascii"):
            os.chmod(self.log, 0o666)  # workers of root's are somebody else
        self.settings = {"HOOK_SERVER": lab.primary, "HOOK_LOG": self.log, "HOOK_KEY": "%s %s %s" % (
            tsig_name(ALGORITHM), ALGORITHM, tsig_secret(ALGORITHM))}

    def section(self, name, *lines, **settings):
        """[provider NAME]; settings: further HOOK_ variables."""
        text = "[provider %s]\nplugin = exec-hook\ncommand = %s\n" % (name, self.program)
        text += "".join("env = %s=%s\n" % item for item in {**self.settings, **settings}.items())
        return text + "".join(line.format(program=self.program) + "\n" for line in lines)

    def calls(self):
        with open(self.log, encoding="ascii") as file:
            return [json.loads(line) for line in file]


def issue(client, *names, options=(), **run):
    """Without --provider: the configuration decides."""
    domains = [word for name in names for word in ("-d", name)]
    return client.run("issue", *domains, "--server", client.server, *options, **run)


# The map


def test_the_longest_suffix_decides(make_lab, make_client):
    zones = [Zone("example.test"), Zone("sub.example.test"), Zone("other.test")]
    lab = make_lab(world(*zones))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    sections = "".join(hook.section(tag, HOOK_TAG=tag) for tag in ("a", "b", "c"))
    sections += "[zone example.test]\nprovider = a\n[zone sub.example.test]\nprovider = b\n"
    sections += "[zone deep.example.test]\nprovider = c\n[zone other.test]\nprovider = lab\n"
    client.configure(sections=sections)
    result = issue(client, "example.test", "*.sub.example.test", "www.deep.example.test",
                   "xdeep.example.test", "other.test")
    assert_issued(result)
    added = {(call["tag"], call["fqdn"], call["zone"]) for call in hook.calls() if call["verb"] == "add"}
    assert added == {
        ("a", OWNER, "example.test."),
        ("a", "_acme-challenge.xdeep.example.test.", "example.test."),
        ("b", "_acme-challenge.sub.example.test.", "sub.example.test."),
        ("c", "_acme-challenge.www.deep.example.test.", "example.test."),
    }
    assert_clean(lab, before)
    assert_issued(issue(client, "new.example.test", options=["--provider", "example.test=b"]))
    assert hook.calls()[-1]["tag"] == "b"
    assert_clean(lab, before)


def test_a_name_that_no_provider_serves(make_lab, make_client):
    lab = make_lab(world(Zone("example.test"), Zone("other.test")))
    hook = Hook(lab)
    client = make_client(lab)
    client.configure(sections=hook.section("a") + "[zone other.test]\nprovider = a\n")
    result = issue(client, "example.test", "other.test")
    assert_refused(result, 3, OWNER, "providers: lab, a", "other.test", "[zone example.test]", "--provider")
    assert hook.calls() == [] or lab.zones()["other.test"]
    assert_refused(issue(client, "example.test", options=["--provider", "nobody"]), 3, "'nobody'", "lab, a")
    assert lab.processes() == []


def start_second_primary(lab):
    """A Knot at the first scripted host's address that serves example.test on its own."""
    place = (HOSTS, 1)
    folder = os.path.join(lab.folder, "second")
    for name in ("db", "zones"):
        os.makedirs(os.path.join(folder, name))
    text = config.knot(lab.world, folder, place, [("example.test", False)], False)
    text = text.replace(', "%s@53"' % lab.world.ip6(place), "")
    with open(os.path.join(folder, "knot.conf"), "w", encoding="ascii") as file:
        file.write(text)
    with open(os.path.join(folder, "zones", "example.test.zone"), "w", encoding="ascii") as file:
        file.write(config.zone_text(lab.world, lab.world.zones[0], {}))
    knotd = os.path.join(cache_dir(), "servers", "usr", "sbin", "knotd")
    with open(os.path.join(lab.folder, "logs", "second.log"), "wb") as log:
        process = lab.popen([knotd, "-c", os.path.join(folder, "knot.conf")],
                            env={"LD_LIBRARY_PATH": library_path()}, stdout=log, stderr=log)
    lab.wait_for_zone("example.test", place)
    return place, process


def test_a_zone_that_two_providers_serve(make_lab, make_client):
    """Two primaries that do not know of each other: both get each value, and both lose it again."""
    zone = Zone("example.test", records='_acme-challenge 60 IN TXT "foreign"', secondary=False,
                hosts=[Host("ns9", "closed")])
    lab = make_lab(world(zone))
    place, second = start_second_primary(lab)
    before, second_before = lab.zones(), lab.transfer("example.test", place)
    client = make_client(lab)
    key = "key-file = %s\nttl = 1\n" % lab.key_file(ALGORITHM)
    sections = "[provider other]\nplugin = rfc2136\nserver = %s\n%s" % (host_address(lab, 1), key)
    sections += "[zone example.test]\nprovider = lab, other\n"
    client.configure(sections=sections, server=lab.primary)
    with lab.capture() as seen:
        assert_issued(issue(client, *NAMES))
    assert {m["server"] for m in seen if m["opcode"] == "UPDATE"} == {lab.primary, host_address(lab, 1)}
    assert lab.zones() == before and lab.transfer("example.test", place) == second_before

    with open(lab.key_file("hmac-sha512"), "r+", encoding="ascii") as file:
        text = file.read().replace('secret "', 'secret "AAAA')
        file.seek(0)
        file.write(text)
    bad = sections.replace(lab.key_file(ALGORITHM), lab.key_file("hmac-sha512"))
    client.configure(sections=bad, server=lab.primary)
    result = issue(client, "www.example.test")
    assert_refused(result, 4, "'other'", host_address(lab, 1), "secret")
    assert lab.request_counts()["challenge"] == 2
    assert lab.zones() == before and lab.transfer("example.test", place) == second_before
    second.kill()
    second.wait()


# One value a name


@pytest.fixture(scope="session")
def one_value(tmp_path_factory):
    """A folder with the plug-in one-value."""
    folder = tmp_path_factory.mktemp("plugins")
    folder.chmod(0o755)
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                    "-I", os.path.join(SOURCE, "include"), "-o", str(folder / "one-value.so"),
                    os.path.join(E2E, "hooks", "one-value.c")], check=True)
    return str(folder)


def test_one_value_a_name_is_validated_in_turn(make_lab, make_client, one_value):
    """The next is answered when the CA's resolver, which does remember, has forgotten the one before."""
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    client.configure("plugin-dir = " + one_value, "[provider one]\nplugin = one-value\nprogram = %s\nttl = 1\n"
                     "pass-env = %s\n[zone example.test]\nprovider = one\n" % (
                         hook.program, ", ".join([*hook.settings, "HOOK_ONE_VALUE"])))
    result = issue(client, *NAMES, "www.example.test", env={**hook.settings, "HOOK_ONE_VALUE": "1"})
    assert_issued(result, "holds one value at a time")
    turns = [(c["verb"], c["value"]) for c in hook.calls() if c["fqdn"] == OWNER]
    assert [verb for verb, _ in turns] == ["add", "remove", "add", "remove"], said(result)
    assert turns[0][1] == turns[1][1] != turns[2][1] == turns[3][1]
    assert "trying again" not in result.err, said(result)
    assert_clean(lab, before)


# Programs

OTHER_STYLES = [
    ["lego-raw"],
    ["certbot", "arg = auth", "cleanup-arg = cleanup", "cleanup-command = {program}"],
    ["dehydrated"],
    ["dehydrated", "hook-chain = yes"],
    ["uacme"],
    ["getssl", "arg = add", "cleanup-arg = del", "cleanup-command = {program}"],
]


@pytest.mark.parametrize("lines, verbs", [
    ([], ["add", "add", "settled", "settled", "remove", "remove"]),
    (["batch = yes"], ["add", "add", "settled", "settled", "remove", "remove"]),
    (["style = lego", "env = HOOK_ZONE=example.test."], ["present", "present", "cleanup", "cleanup"]),
    *((["env = HOOK_ZONE=example.test.", "env = HOOK_STYLE=" + lines[0], "style = " + lines[0], *lines[1:]],
       ["present", "present", "cleanup", "cleanup"]) for lines in OTHER_STYLES),
], ids=["native", "batch", "lego", *("%s%s" % (lines[0], "-chain" * ("hook-chain = yes" in lines)) for lines in OTHER_STYLES)])
def test_a_program_publishes(make_lab, make_client, lines, verbs):
    # One TTL for all: an RRset has one, and a program that adds with another changes it for the foreign value.
    lab = make_lab(world(Zone("example.test", records='_acme-challenge 1 IN TXT "foreign"')))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    client.configure(sections=hook.section("hook", *lines) + "[zone example.test]\nprovider = hook\n")
    result = issue(client, *NAMES)
    assert_issued(result)
    calls = hook.calls()
    assert sorted(c["verb"] for c in calls) == sorted(verbs), calls
    assert {c["fqdn"] for c in calls} == {OWNER} and {c["zone"] for c in calls} == {"example.test."}
    if "batch = yes" in lines or "hook-chain = yes" in lines:
        assert len({c["pid"] for c in calls if c["verb"] in ("add", "present")}) == 1
    assert_clean(lab, before)


def test_a_provider_that_says_not_yet_is_waited_for(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    client.configure(sections=hook.section("hook", "interval = 1s", HOOK_NOT_YET=2) +
                     "[zone example.test]\nprovider = hook\n")
    result = issue(client, "example.test")
    assert_issued(result)
    assert [c["verb"] for c in hook.calls()] == ["add", "settled", "settled", "settled", "remove"]
    assert result.seconds > 2
    assert_clean(lab, before)


def test_a_program_that_is_refused_says_why(make_lab, make_client):
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    key = "%s %s %s" % (tsig_name(TSIG_ALGORITHMS[0]), ALGORITHM, tsig_secret(ALGORITHM))
    client.configure(sections=hook.section("hook", HOOK_KEY=key) + "[zone example.test]\nprovider = hook\n")
    assert_refused(issue(client, "example.test"), 4, "'hook'", OWNER)
    assert_clean(lab, before)


def test_what_a_program_leaves_running_is_ended(make_lab, make_client):
    """In a group of its own too, and where Landlock keeps the plug-in from seeing other processes."""
    lab = make_lab(world(Zone("example.test")))
    before = lab.zones()
    hook = Hook(lab)
    client = make_client(lab)
    program, seen = os.path.join(lab.folder, "leaving.sh"), os.path.join(lab.folder, "left")
    with open(program, "w", encoding="utf-8") as file:
        file.write("""#!/bin/bash
if [ "$1" = remove ]; then
    while read -r pid; do kill -0 "$pid" 2>/dev/null && echo "$pid lives" >> %s; done < %s
fi
set -m
(sleep 300 & echo $! >> %s; sleep 300) &
while [ "$1" = add ] && [ "$(wc -l < %s)" -lt 1 ]; do sleep 0.02; done
exec %s "$@"
""" % (seen, seen, seen, seen, hook.program))
        os.chmod(program, 0o755)
    with open(seen, "w", encoding="ascii"):
        os.chmod(seen, 0o666)
    client.configure(sections=hook.section("hook", "core-allow-path = " + seen).replace(
        "command = " + hook.program, "command = " + program) + "[zone example.test]\nprovider = hook\n")
    assert_issued(issue(client, "example.test"), within_s=40)
    with open(seen, encoding="ascii") as file:
        text = file.read()
    assert text.split() and "lives" not in text
    assert_clean(lab, before)


def test_the_sample_program_publishes(make_lab, make_client):
    """plugins/exec-hook/sample-hook.sh with BIND's nsupdate. Where its key is root's, so is the worker."""
    # One TTL for all: an RRset has one, and a program that adds with another changes it for the foreign value.
    lab = make_lab(world(Zone("example.test", records='_acme-challenge 1 IN TXT "foreign"')))
    before = lab.zones()
    tools = bind_tools(lab)
    shutil.copy(os.path.join(SOURCE, "plugins", "exec-hook", "sample-hook.sh"), tools)
    client = make_client(lab)
    key = os.path.join(client.folder, "nsupdate.key")  # beside the configuration: out of reach, unless allowed
    shutil.copy(lab.key_file(), key)
    os.chmod(key, 0o600)
    lines = ["[provider sample]", "plugin = exec-hook", "command = %s/sample-hook.sh" % tools,
             "arg = -k", "arg = " + key, "core-allow-path = " + key, "env = NSUPDATE_SERVER=%s" % lab.primary,
             "env = NSUPDATE=%s/nsupdate" % tools, "env = LD_LIBRARY_PATH=%s/lib" % tools, "ttl = 1"]
    lines += ["user = root"] if os.geteuid() == 0 else []
    client.configure(sections="\n".join(lines) + "\n[zone example.test]\nprovider = sample\n")
    assert_issued(issue(client, *NAMES))
    assert_clean(lab, before)
