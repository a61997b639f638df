# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The clients whose hooks exec-hook runs, themselves: each orders a certificate with a hook that notes how it is
called, and then acme-dns does with the same hook. What the hook sees is the same."""

import json
import os
import re
import shutil

import pytest
from dns_scene import assert_clean, assert_issued, said, world
from lab import Ca, Zone
from lab.control import cache_dir
from lab.world import tsig_name, tsig_secret

E2E = os.path.dirname(os.path.abspath(__file__))
ALGORITHM = "hmac-sha256"
NAMES = ("example.test", "*.example.test")
HOOKS = os.path.join(cache_dir(), "hooks", "usr")
ACME_SH = os.path.join(cache_dir(), "acme-sh", "usr", "share", "acme.sh")
SHELL_NOISE = {"_", "SHLVL", "PWD", "OLDPWD", "PATH", "LC_CTYPE"}


class Scene:
    def __init__(self, lab, client):
        self.lab, self.client = lab, client
        self.before = lab.zones()
        self.folder = os.path.join(lab.folder, "other")
        os.mkdir(self.folder)
        self.temporary = os.path.join(lab.folder, "hook-tmp")
        os.mkdir(self.temporary)
        os.chmod(self.temporary, 0o1777)
        self.program = shutil.copy(os.path.join(E2E, "hooks", "update_hook.py"), lab.folder)
        self.env = {"HOOK_SERVER": lab.primary, "HOOK_LOG": os.path.join(lab.folder, "hook.log"),
                    "HOOK_CALLS": os.path.join(lab.folder, "hook.calls"), "HOOK_ZONE": "example.test.",
                    "HOOK_KEY": "%s %s %s" % (tsig_name(ALGORITHM), ALGORITHM, tsig_secret(ALGORITHM)),
                    "PATH": "/usr/bin:/bin", "HOME": self.folder}
        for name in ("HOOK_LOG", "HOOK_CALLS"):
            self.clear(name)

    def clear(self, name):
        with open(self.env[name], "w", encoding="ascii"):
            os.chmod(self.env[name], 0o666)  # workers of root's are somebody else

    def run(self, *command, **env):
        result = self.lab.run(command, env={**self.env, **env}, cwd=self.folder)
        assert result.code == 0, said(result)
        return result

    def take_calls(self):
        """What the hook was called with since the last time: words, and variables that it was not given by us. Values,
        tokens and thumbprints are "?", since each order has its own."""
        with open(self.env["HOOK_CALLS"], encoding="utf-8") as file:
            calls = [json.loads(re.sub(r"(?<![\w-])[\w-]{43}(?![\w-])", "?", line)) for line in file]
        self.clear("HOOK_CALLS")
        assert self.lab.zones() == self.before
        return [(call["argv"], {k: v for k, v in call["env"].items()
                                if k not in self.env and k not in os.environ and k not in SHELL_NOISE})
                for call in calls]

    def issue(self, style, *lines, options=()):
        """The same by acme-dns; what the hook was called with."""
        text = ["[provider hook]", "plugin = exec-hook", "style = " + style, "core-allow-path = " + self.temporary,
                "env = TMPDIR=" + self.temporary, *lines]
        text += ["env = %s=%s" % item for item in {**self.env, "HOOK_STYLE": style}.items() if item[0] != "HOME"]
        self.client.configure(sections="\n".join(text) + "\n[zone example.test]\nprovider = hook\n")
        domains = [word for name in NAMES for word in ("-d", name)]
        result = self.client.run("issue", *domains, "--server", self.client.server, *options)
        assert_issued(result, within_s=40)
        assert_clean(self.lab, self.before)
        return self.take_calls()


@pytest.fixture
def scene(make_lab, make_client):
    # These clients do not wait until resolvers have forgotten what was there before, and are of Debian 12's age: uacme
    # cannot read a challenge without a token, which newer Pebbles offer.
    lab = make_lab(world(Zone("example.test", records='_acme-challenge 1 IN TXT "foreign"\nwww 60 IN TXT "elsewhere"'),
                         cache_s=0, cas=[Ca(version="2.4", calm=True)]))
    return Scene(lab, make_client(lab))


def words(calls):
    return sorted(argv for argv, _ in calls)


def test_dehydrated(scene):
    config = os.path.join(scene.folder, "config")
    with open(config, "w", encoding="utf-8") as file:
        file.write('CA="%s"\nCURL_OPTS="--cacert %s"\nBASEDIR="%s"\nHOOK="%s"\nHOOK_CHAIN="${CHAIN:-no}"\n' % (
            scene.client.server, scene.lab.ca_bundle, scene.folder, scene.program))
        file.write('CHALLENGETYPE="dns-01"\nKEY_ALGO="prime256v1"\n')
    dehydrated = [os.path.join(HOOKS, "bin", "dehydrated"), "--config", config]
    scene.run(*dehydrated, "--register", "--accept-terms", HOOK_STYLE="dehydrated")
    scene.take_calls()
    domains = [word for name in NAMES for word in ("--domain", name)]
    for chain in ("no", "yes"):
        scene.run(*dehydrated, "--cron", "--force", *domains, HOOK_STYLE="dehydrated", CHAIN=chain)
        theirs = scene.take_calls()
        ours = scene.issue("dehydrated", "command = " + scene.program, "hook-chain = " + chain,
                           "env = BASEDIR=" + scene.folder, "env = CONFIG=" + config, options=["--force"])
        assert [argv for argv, _ in ours] == [argv for argv, _ in theirs if argv[0] in [a[0] for a, _ in ours]]
        assert {argv[0] for argv, _ in ours} == {"startup_hook", "deploy_challenge", "clean_challenge", "exit_hook"}
        their_env = [env for argv, env in theirs if argv[0] == "deploy_challenge"][0]
        # What it knows of the certificate, we do not tell.
        assert set(their_env) - {"alias", "altnames", "KEY_ALGO", "PRIVATE_KEY_ROLLOVER"} <= set(ours[1][1]) | {"CHAIN"}
        for name in ("BASEDIR", "CONFIG", "COMMAND", "WELLKNOWN", "CHALLENGETYPE"):
            assert ours[1][1][name] == their_env[name]


def test_certbot(scene):
    domains = [word for name in NAMES for word in ("-d", name)]
    scene.run("/usr/bin/python3", os.path.join(HOOKS, "bin", "certbot"), "certonly", "--manual", "--non-interactive",
              "--manual-auth-hook", scene.program + " auth", "--manual-cleanup-hook", scene.program + " cleanup",
              "--preferred-challenges", "dns", "--agree-tos", "--email", "admin@example.test", "--no-eff-email",
              "--server", scene.client.server, "--config-dir", "config", "--work-dir", "work", "--logs-dir", "logs",
              *domains, HOOK_STYLE="certbot", REQUESTS_CA_BUNDLE=scene.lab.ca_bundle,
              PYTHONPATH=os.path.join(HOOKS, "lib", "python3", "dist-packages"))
    theirs = scene.take_calls()
    ours = scene.issue("certbot", "command = " + scene.program, "arg = auth", "cleanup-command = " + scene.program,
                       "cleanup-arg = cleanup")
    assert words(ours) == words(theirs)
    for (_, env), (_, their_env) in zip(ours, theirs):
        mine = {k: v for k, v in env.items() if k.startswith("CERTBOT_")}
        # Newer ones set these two; the order of the names is that of the CA's authorizations.
        assert mine.pop("CERTBOT_IDENTIFIER") == mine["CERTBOT_DOMAIN"]
        assert mine.pop("CERTBOT_ALL_IDENTIFIERS") == mine["CERTBOT_ALL_DOMAINS"]
        assert mine == {k: v for k, v in their_env.items() if k.startswith("CERTBOT_")}


@pytest.mark.parametrize("style", ["lego", "lego-raw"])
def test_lego(scene, style):
    domains = [word for name in NAMES for word in ("--domains", name)]
    scene.run(os.path.join(HOOKS, "bin", "lego"), "--server", scene.client.server, "--accept-tos", "--path",
              scene.folder, "--email", "admin@example.test", "--dns", "exec", "--dns.disable-cp",
              "--dns.resolvers", scene.lab.resolver, *domains, "run", HOOK_STYLE=style, EXEC_PATH=scene.program,
              EXEC_MODE="RAW" if style == "lego-raw" else "", EXEC_SEQUENCE_INTERVAL="1",
              LEGO_CA_CERTIFICATES=scene.lab.ca_bundle)
    theirs = scene.take_calls()
    assert words(scene.issue(style, "command = " + scene.program)) == words(theirs)


def test_uacme(scene):
    trust = "mount --bind %s /etc/ssl/certs/ca-certificates.crt && exec \"$@\"" % scene.lab.ca_bundle
    uacme = ["unshare", "-m", "sh", "-c", trust, "sh", os.path.join(HOOKS, "bin", "uacme"), "-a", scene.client.server,
             "-c", scene.folder, "-h", scene.program, "-y", "-t", "EC"]
    scene.run(*uacme, "new", HOOK_STYLE="uacme")
    scene.run(*uacme, "issue", *NAMES, HOOK_STYLE="uacme")
    theirs = [call for call in scene.take_calls() if call[0][1] == "dns-01"]
    ours = scene.issue("uacme", "command = " + scene.program, "env = UACME_CONFDIR=" + scene.folder)
    assert words(ours) == words(theirs)
    # Only newer ones than Debian's set variables.
    first = ours[0][1]
    assert [first["UACME_" + name] for name in ("METHOD", "TYPE", "IDENT", "TOKEN", "AUTH")] == ours[0][0]


def test_acme_sh(scene):
    share = shutil.copytree(ACME_SH, os.path.join(scene.lab.folder, "share"))
    script = os.path.join(share, "dnsapi", "dns_note.sh")
    with open(script, "w", encoding="utf-8") as file:
        for verb in ("add", "rm"):
            file.write('dns_note_%s() {\n  _debug "$1"\n  "%s" %s "$@"\n}\n' % (verb, scene.program, verb))
    domains = [word for name in NAMES for word in ("-d", name)]
    scene.run(os.path.join(share, "acme.sh"), "--issue", "--dns", "dns_note", "--dnssleep", "1", "--server",
              scene.client.server, "--ca-bundle", scene.lab.ca_bundle, "--home", scene.folder, *domains,
              HOOK_STYLE="acme.sh", LE_WORKING_DIR=scene.folder)
    theirs = scene.take_calls()
    ours = scene.issue("acme.sh", "command = " + script, "acme-sh = " + os.path.join(share, "acme.sh"))
    assert words(ours) == words(theirs)
