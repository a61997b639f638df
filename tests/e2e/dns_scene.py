# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What the tests of zones, servers and providers have in common: how a run is judged."""

import os
import shutil

from lab import Ca, World
from lab.control import cache_dir, library_path
from lab.world import HOSTS, RESOLVER

OWNER = "_acme-challenge.example.test."


def world(*zones, **more):
    """A lab without waits of the CA, its servers in step unless zones are signed or more says otherwise."""
    more.setdefault("cas", [Ca(calm=True)])
    if not any(zone.signed for zone in zones) and "lag_s" not in more:
        more.setdefault("in_step", True)
    return World(zones=list(zones), **more)


def host_address(lab, number):
    """Of the number-th scripted host of a world, from 1."""
    return lab.world.ip4((HOSTS, number))


def said(result):
    return "exit %d after %.1f s\n--- stdout\n%s--- stderr\n%s" % (
        result.code, result.seconds, result.out, result.err)


def assert_issued(result, *words, within_s=40):
    assert result.code == 0, said(result)
    assert result.seconds < within_s, said(result)
    for word in words:
        assert word in result.out + result.err, "%r is not in:\n%s" % (word, said(result))


def assert_refused(result, code, *words, within_s=40):
    """words: the culprit and the remedy."""
    assert result.code == code, said(result)
    assert result.seconds < within_s, said(result)
    for word in words:
        assert word in result.err, "%r is not in:\n%s" % (word, said(result))


def assert_clean(lab, before):
    """Every zone as it was, and no process of ours left."""
    assert lab.zones() == before
    assert lab.processes() == []


def assert_quiet(lab, seen):
    """Of the resolver, nothing at or below a challenge owner was asked before its values were there, and
    then by the CA alone, which asks for TXT. A zone and its servers, whose names are there, do not count:
    rfc2136 asks which servers it has."""
    known = ["%s." % zone.name for zone in lab.world.zones]
    known += ["%s.%s." % (label, zone.name) for zone in lab.world.zones for label in ("ns1", "ns2")]
    asked = [m for m in seen if m["server"] in (lab.resolver, lab.world.ip6(RESOLVER))
             and "_acme-challenge" in m["name"]]
    assert any(m["type"] == "TXT" for m in asked), "the CA has not asked"
    early = [(m["name"], m["type"]) for m in asked
             if (m["time"] <= live_since(seen, m["name"]) if m["type"] == "TXT" else m["name"] not in known)]
    assert not early, early


def live_since(seen, owner):
    """When the zone of the owner was first updated; of an alias, the first zone of all."""
    updates = [m for m in seen if m["opcode"] == "UPDATE"]
    assert updates, "no zone was updated"
    holding = [m["name"] for m in updates if owner.endswith("." + m["name"]) or owner == m["name"]]
    zone = max(holding, key=len) if holding else updates[0]["name"]
    return min(m["time"] for m in updates if m["name"] == zone)


def updated_zones(seen):
    return {m["name"] for m in seen if m["opcode"] == "UPDATE"}


def bind_tools(lab):
    """A folder with nsupdate and dig, and with their libraries in lib/, where workers can reach it."""
    tools = os.path.join(lab.folder, "tools")
    os.mkdir(tools)
    for name in ("nsupdate", "dig"):
        shutil.copy(os.path.join(cache_dir(), "servers", "usr", "bin", name), tools)
    for folder in library_path().split(":"):
        shutil.copytree(folder, os.path.join(tools, "lib"), dirs_exist_ok=True,
                        ignore=lambda at, names: [n for n in names if os.path.isdir(os.path.join(at, n))])
    return tools
