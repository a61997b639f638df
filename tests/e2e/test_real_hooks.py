# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Hooks that others wrote for other clients, from Debian's packages of those, as they are: whole orders."""

import os
import shutil

import pytest
from dns_scene import OWNER, assert_clean, assert_issued, assert_refused, bind_tools, said, world
from lab import Host, Zone
from lab.control import cache_dir
from lab.world import HOSTS, PRIMARY, tsig_name, tsig_secret

ALGORITHM = "hmac-sha256"
NAMES = ("*.example.test", "example.test")
ACME_SH = os.path.join(cache_dir(), "acme-sh", "usr", "share", "acme.sh")
HOOKS = os.path.join(cache_dir(), "hooks", "usr", "share")
DDNS_TSIG = os.path.join(HOOKS, "dehydrated-hook-ddns-tsig", "dehydrated-hook-ddns-tsig.py")
FOREIGN = '_acme-challenge 60 IN TXT "foreign"\nwww 60 IN TXT "elsewhere"'


class Scene:
    """A lab, a client, and a folder with the tools and hooks that [provider hook] may reach. The key in it
    can be read by whomever the worker runs as."""

    def __init__(self, lab, client):
        self.lab, self.client = lab, client
        self.tools = bind_tools(lab)
        self.key = os.path.join(self.tools, "update.key")
        shutil.copy(lab.key_file(ALGORITHM), self.key)
        os.chmod(self.key, 0o644)
        self.temporary = os.path.join(lab.folder, "hook-tmp")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o1777)
        self.before = lab.zones()

    def copy(self, path, **replaced):
        """A hook; replaced: what its user has to fill in, as text there -> text here."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for there, here in replaced.items():
            assert there in text
            text = text.replace(there, here)
        return self.write(os.path.basename(path), text)

    def write(self, name, text, mode=0o755):
        path = os.path.join(self.tools, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def configure(self, lines):
        text = ["[provider hook]", "plugin = exec-hook", "ttl = 60", *lines,
                "env = PATH=%s:/usr/bin:/bin" % self.tools, "env = LD_LIBRARY_PATH=%s/lib" % self.tools,
                "env = TMPDIR=" + self.temporary, "core-allow-path = " + self.temporary,
                "[zone example.test]", "provider = hook"]
        self.client.configure(sections="\n".join(text) + "\n")

    def issue(self, *names, lines=(), options=(), **run):
        self.configure(lines)
        domains = [word for name in names for word in ("-d", name)]
        return self.client.run("issue", *domains, "--server", self.client.server, *options, **run)

    def assert_clean(self):
        assert_clean(self.lab, self.before)
        assert os.listdir(self.temporary) == []


@pytest.fixture
def make_scene(make_lab, make_client):
    def make(records=FOREIGN, **more):
        lab = make_lab(world(Zone("example.test", records=records, minimum_s=1), **more))
        return Scene(lab, make_client(lab))
    return make


# dehydrated


@pytest.mark.parametrize("chain", ["no", "yes"])
def test_dehydrated_ddns_tsig(make_scene, chain):
    """Debian's hook for dehydrated, which looks for what it published itself."""
    scene = make_scene()
    settings = scene.write("hook.conf", "[DEFAULT]\nname_server_ip = %s\nkey_name = %s\nkey_secret = %s\n"
                           "key_algorithm = %s\nTTL = 60\n" % (
                               scene.lab.primary, tsig_name(ALGORITHM), tsig_secret(ALGORITHM), ALGORITHM), 0o644)
    result = scene.issue(*NAMES, lines=["style = dehydrated", "command = " + scene.copy(DDNS_TSIG),
                                        "arg = --config", "arg = " + settings, "hook-chain = " + chain])
    assert_issued(result, within_s=40)
    scene.assert_clean()


def test_dehydrated_hook_is_told_the_beginning_and_the_end(make_scene):
    """Its words, in a whole order, are those that dehydrated says. What startup_hook starts is there until the end."""
    scene = make_scene()
    hook = scene.write("hook.sh", """#!/bin/sh
cd %s || exit 1
echo "$1" >> words
case $1 in
startup_hook) sleep 300 & echo $! > pid; exit ;;
exit_hook) kill -0 "$(cat pid)"; exit ;;
deploy_challenge) change="add _acme-challenge.$2 60 IN TXT $4" ;;
clean_challenge) change="delete _acme-challenge.$2 TXT $4" ;;
*) exit 0 ;;
esac
printf 'server %s\nupdate %%s\nsend\n' "$change" | nsupdate -k %s
""" % (scene.temporary, scene.lab.primary, scene.key))
    result = scene.issue(*NAMES, lines=["style = dehydrated", "command = " + hook])
    assert_issued(result, within_s=40)
    assert "exit_hook failed" not in result.err
    with open(os.path.join(scene.temporary, "words"), encoding="utf-8") as file:
        assert file.read().split() == ["startup_hook", "deploy_challenge", "deploy_challenge",
                                       "clean_challenge", "clean_challenge", "exit_hook"]
    for name in ("words", "pid"):
        os.remove(os.path.join(scene.temporary, name))
    scene.assert_clean()


def test_dehydrated_example_hook(make_scene):
    """dehydrated's own example, with the lines for nsupdate that it has as comments."""
    scene = make_scene()
    hook = scene.copy(os.path.join(HOOKS, "doc", "dehydrated", "examples", "hook.sh"), **{
        "# printf 'server 127.0.0.1": "printf 'server " + scene.lab.primary,
        "/var/run/named/session.key": scene.key,
        " 300 IN TXT": " 60 IN TXT"})
    assert_issued(scene.issue(*NAMES, lines=["style = dehydrated", "command = " + hook]))
    scene.assert_clean()


def test_dehydrated_hook_that_fails(make_scene):
    scene = make_scene()
    settings = scene.write("hook.conf", "[DEFAULT]\nname_server_ip = %s\nkey_name = %s\nkey_secret = AAAA\n"
                           "key_algorithm = %s\nwait = -1\n" % (scene.lab.primary, tsig_name(ALGORITHM), ALGORITHM),
                           0o644)
    result = scene.issue("example.test", lines=["style = dehydrated", "command = " + scene.copy(DDNS_TSIG),
                                                "arg = --config", "arg = " + settings], timeout=100)
    assert_refused(result, 4, "'hook'", OWNER, "dehydrated-hook-ddns-tsig.py deploy_challenge failed (exit code 1",
                   "style dehydrated", "TXT record not added", within_s=40)
    scene.assert_clean()


# acme.sh


def acme_sh(scene, script):
    """acme.sh and one of its scripts where the worker can read them; returns the script."""
    share = os.path.join(scene.tools, "acme.sh")
    shutil.copytree(ACME_SH, share, dirs_exist_ok=True)
    return os.path.join(share, "dnsapi", script)


def contents(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(at, name), "rb") as file:
                found[os.path.join(at, name)] = file.read()
    return found


@pytest.mark.parametrize("server", ["bind", "knot"])
def test_acme_sh_nsupdate(make_scene, server):
    scene = make_scene("www 60 IN TXT \"elsewhere\"", in_step=server == "bind")
    script = acme_sh(scene, "dns_nsupdate.sh")
    before = contents(os.path.dirname(os.path.dirname(script)))
    settings = os.path.join(scene.client.folder, "nsupdate.env")  # beside the configuration: only the core reads it
    with open(settings, "w", encoding="utf-8") as file:
        os.chmod(settings, 0o600)
        file.write("NSUPDATE_SERVER=%s\nNSUPDATE_KEY='%s'\n" % (scene.lab.primary, scene.key))
    result = scene.issue(*NAMES, lines=["style = acme.sh", "command = " + script, "core-allow-path = " + scene.tools,
                                        "env-file = nsupdate.env"])
    assert_issued(result, within_s=40)
    scene.assert_clean()
    assert contents(os.path.dirname(os.path.dirname(script))) == before


def test_acme_sh_script_that_would_take_values_of_others(make_scene):
    """dns_nsupdate_rm removes all that a name has: not where others' values stand."""
    scene = make_scene()
    lines = ["style = acme.sh", "command = " + acme_sh(scene, "dns_nsupdate.sh"), "core-allow-path = " + scene.tools,
             "env = NSUPDATE_SERVER=" + scene.lab.primary, "env = NSUPDATE_KEY=" + scene.key]
    assert_issued(scene.issue(*NAMES, lines=lines), "dns_nsupdate.sh was not run", "does not look at the value",
                  OWNER, 'a value that is not ours to remove, "foreign"', "by hand, or use another provider",
                  within_s=40)
    after = scene.lab.zones()["example.test"]
    assert set(scene.before["example.test"]) < set(after) and len(set(after) - set(scene.before["example.test"])) == 2

    scene.lab.update("example.test", 'del %s TXT "foreign"' % OWNER)
    result = scene.client.run("cleanup")
    assert result.code == 0, said(result)
    left = set(scene.before["example.test"]) - set(scene.lab.zones()["example.test"])
    assert len(left) == 1 and "foreign" in left.pop()
    assert set(scene.lab.zones()["example.test"]) < set(scene.before["example.test"])


def test_acme_sh_script_is_not_run_blindly(make_scene):
    """Without a server that says what stands there, it might take values of others."""
    scene = make_scene()
    scene.configure(["style = acme.sh", "command = " + acme_sh(scene, "dns_nsupdate.sh"),
                     "core-allow-path = " + scene.tools, "env = NSUPDATE_SERVER=" + scene.lab.primary,
                     "env = NSUPDATE_KEY=" + scene.key])
    added = scene.client.run("dns", "add", "example.test", "v" * 43)
    assert added.code == 0, said(added)
    standing = scene.lab.zones()
    with open(os.path.join(scene.lab.folder, "resolv.conf"), encoding="utf-8") as file:
        resolver = file.read()
    scene.lab.set_resolv_conf("nameserver 127.99.99.99\n")
    assert_refused(scene.client.run("dns", "remove", "example.test", "v" * 43), 4, "provider 'hook'",
                   "dns_nsupdate.sh was not run", OWNER, "no server of zone example.test", within_s=60)
    assert_clean(scene.lab, standing)

    scene.lab.set_resolv_conf(resolver)
    scene.lab.update("example.test", 'del %s TXT "foreign"' % OWNER)
    removed = scene.client.run("dns", "remove", "example.test", "v" * 43)
    assert removed.code == 0, said(removed)
    scene.lab.update("example.test", 'add %s 60 TXT "foreign"' % OWNER)
    scene.assert_clean()


@pytest.fixture
def by_resolver(make_lab, make_client):
    """A scene whose plug-ins hear from their resolver: example.test has the server nsa, which has an IPv4 address only,
    and nsb, which has an IPv6 address only."""
    def make(nsa, nsb, theirs):
        """nsa, nsb: functions of the lab that return the address. theirs: what the last host holds at OWNER."""
        hosts = [Host("resolver"), Host("lame", kind="lame"),
                 Host("ahead", ipv6=True, rules=[{"name": OWNER.rstrip("."), "type": "TXT", "do": "answer",
                                                 "records": ['%s 60 IN TXT "%s"' % (OWNER, text) for text in theirs]}])]
        lab = make_lab(world(Zone("example.test", records='www 60 IN TXT "elsewhere"', minimum_s=1),
                             Zone("hosts.test", hosts=hosts)))
        scene = Scene(lab, make_client(lab))
        nothing = {"do": "answer", "records": []}
        lab.set_host_rules("resolver.hosts.test", [
            {"name": "example.test", "type": "NS", "do": "answer",
             "records": ["example.test. 60 IN NS nsa.test.", "example.test. 60 IN NS nsb.test."]},
            {"name": "nsa.test", "type": "^A$", "do": "answer", "records": ["nsa.test. 60 IN A " + nsa(lab)]},
            {"name": "nsb.test", "type": "AAAA", "do": "answer", "records": ["nsb.test. 60 IN AAAA " + nsb(lab)]},
            {"name": "ns[ab].test", **nothing}])
        lab.set_resolv_conf("nameserver %s\n" % lab.world.ip4((HOSTS, 1)))
        scene.configure(["style = acme.sh", "command = " + acme_sh(scene, "dns_nsupdate.sh"),
                         "core-allow-path = " + scene.tools, "env = NSUPDATE_SERVER=" + scene.lab.primary,
                         "env = NSUPDATE_KEY=" + scene.key])
        return scene

    return make


def test_all_servers_are_asked_what_stands_there(by_resolver):
    """The first one is lame and the second is reached by IPv6 alone: enough to know."""
    scene = by_resolver(lambda lab: lab.world.ip4((HOSTS, 2)), lambda lab: lab.world.ip6(PRIMARY), [])
    added = scene.client.run("dns", "add", "example.test", "v" * 43)
    assert added.code == 0, said(added)
    removed = scene.client.run("dns", "remove", "example.test", "v" * 43)
    assert removed.code == 0, said(removed)
    scene.assert_clean()


def test_one_server_of_many_knows_of_values_of_others(by_resolver):
    """It is ahead of the first, or the first is behind: what it has is at stake."""
    scene = by_resolver(lambda lab: lab.world.ip4(PRIMARY), lambda lab: lab.world.ip6((HOSTS, 3)), ["theirs"])
    added = scene.client.run("dns", "add", "example.test", "v" * 43)
    assert added.code == 0, said(added)
    standing = scene.lab.zones()
    assert_refused(scene.client.run("dns", "remove", "example.test", "v" * 43), 4, "dns_nsupdate.sh was not run",
                   'a value that is not ours to remove, "theirs"', within_s=60)
    assert_clean(scene.lab, standing)


def test_acme_sh_takes_settings_from_account_conf(make_scene, tmp_path):
    scene = make_scene("www 60 IN TXT \"elsewhere\"")
    home = tmp_path / ".acme.sh"
    home.mkdir(mode=0o700)
    account = home / "account.conf"
    account.write_text("LOG_FILE='%s'\nLOG_LEVEL=2\nSAVED_NSUPDATE_SERVER='%s'\nSAVED_NSUPDATE_KEY='%s'\n" % (
        home / "acme.sh.log", scene.lab.primary, scene.key))
    account.chmod(0o600)
    before = contents(tmp_path)
    result = scene.issue("example.test", env={"HOME": str(tmp_path)}, lines=[
        "style = acme.sh", "command = " + acme_sh(scene, "dns_nsupdate.sh"), "core-allow-path = " + scene.tools,
        "account-conf = %s" % account])
    assert_issued(result, within_s=40)
    scene.assert_clean()
    assert {path: text for path, text in contents(tmp_path).items() if path in before or ".acme.sh" in path} == before


def test_acme_sh_says_what_the_script_says(make_scene):
    scene = make_scene()
    result = scene.issue("example.test", lines=["style = acme.sh", "command = " + acme_sh(scene, "dns_pdns.sh"),
                                                "core-allow-path = " + scene.tools])
    assert_refused(result, 4, "'hook'", OWNER, "dns_pdns.sh add failed (exit code 1; style acme.sh",
                   "You don't specify PowerDNS address.", within_s=40)
    scene.assert_clean()


# uacme


def test_uacme_nsupdate(make_scene):
    """uacme's own script, which removes all that a name has, and waits for its value to be the only one."""
    scene = make_scene("www 60 IN TXT \"elsewhere\"")
    hook = scene.copy(os.path.join(HOOKS, "uacme", "nsupdate.sh"), **{
        "\nRNDC_KEY_NSUPDATE=\n": "\nRNDC_KEY_NSUPDATE=%s\n" % scene.key})
    result = scene.issue("example.test", "www.example.test", lines=["style = uacme", "command = " + hook])
    assert_issued(result, within_s=40)
    scene.assert_clean()
