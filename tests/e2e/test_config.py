# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The configuration: what its keys do to a certificate, and what is told of its mistakes."""

import os
import stat

import pytest
from lab import Ca, World, Zone


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


@pytest.fixture
def small_lab(make_lab):
    return make_lab(World(zones=[Zone("example.test")], cas=[Ca(version="new", calm=True)], in_step=True))


# Keys that the program must obey

def test_the_key_is_for_the_group_that_the_section_names(small_lab, make_client):
    gid = 1 if os.geteuid() == 0 else 0  # a user's namespace has but one
    client = make_client(small_lab)
    client.configure(sections="[certificate example.test]\ndomains = example.test\nprofile = default\n"
                              "group = %d\nmode = 0440\n" % gid)
    succeed(client.run("issue", "--name", "example.test", "--server", client.server))
    status = os.stat(client.path("example.test", "privkey.pem"))
    assert stat.S_IMODE(status.st_mode) == 0o440 and status.st_gid == gid
    shown = succeed(client.run("show", "example.test")).out
    assert "profile=default" in shown


def test_a_group_that_does_not_exist_is_told_before_the_ca_is_asked(small_lab, make_client):
    client = make_client(small_lab)
    client.configure(sections="[certificate example.test]\ndomains = example.test\ngroup = nobodys-own\n")
    result = succeed(client.run("issue", "--name", "example.test", "--server", client.server), 3)
    line = open(client.config, encoding="utf-8").read().splitlines().index("group = nobodys-own") + 1
    assert "%s:%d:9: group: there is no group 'nobodys-own'" % (client.config, line) in result.err
    assert not os.path.exists(client.path("example.test", "cert.pem"))


# Where its parts are

def test_a_bare_file_name_has_its_neighbours(small_lab, make_client):
    """conf.d and hooks.d stand beside the file, also when it was named without a folder."""
    client = make_client(small_lab)
    for name in ("conf.d", "hooks.d"):
        os.mkdir(os.path.join(client.folder, name))
    with open(os.path.join(client.folder, "conf.d", "a.conf"), "w", encoding="utf-8") as file:
        file.write("[certificate example.test]\ndomains = example.test\n")
    hook = os.path.join(client.folder, "hooks.d", "note")
    with open(hook, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho \"$ACME_DNS_NAME\" > %s/noted\n" % client.folder)
    os.chmod(hook, 0o755)
    succeed(small_lab.run([client.program, "issue", "--config", "acme-dns.conf", "--name", "example.test",
                           "--server", client.server], cwd=client.folder))
    assert open(os.path.join(client.folder, "noted"), encoding="utf-8").read() == "example.test\n"
