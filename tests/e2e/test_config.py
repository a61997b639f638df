# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The configuration: what its keys do to a certificate, and what is told of its mistakes."""

import json
import os
import re
import stat
import subprocess

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


# What "config check" tells

class Folder:
    """A configuration without a lab: nothing here asks a network."""

    def __init__(self, program, path):
        self.program = program
        self.path = path
        self.main = os.path.join(path, "acme-dns.conf")
        self.write("acme-dns.conf", "")

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def run(self, *words, env=None):
        clean = {"PATH": os.environ["PATH"], "HOME": self.path, "ACME_DNS_STATE_DIR": self.path + "/state"}
        clean.update({key: value for key, value in os.environ.items() if key.startswith(("ASAN", "UBSAN", "LSAN"))})
        return subprocess.run([self.program, *words, "--config", self.main], env={**clean, **(env or {})},
                              capture_output=True, text=True, timeout=60, check=False)

    def check(self, text=None, code=3):
        """Lines of the report, the folder's path left out of them."""
        if text is not None:
            self.write("acme-dns.conf", text)
        done = self.run("config", "check")
        assert done.returncode == code, "%d\n%s\n%s" % (done.returncode, done.stdout, done.stderr)
        return (done.stdout + done.stderr).replace(self.path + "/", "").splitlines()


@pytest.fixture
def folder(build, tmp_path):
    tmp_path.chmod(0o755)
    return Folder(os.path.join(os.path.abspath(build), "acme-dns"), str(tmp_path))


PROVIDER = "[provider p]\nplugin = manual\n"
CERTIFICATE = "[certificate a]\ndomains = a.example\n"

# The text of the main file, and the lines that must be told of it, nothing else but the count.
MISTAKES = {
    "unknown key": ("[acme-dns]\nemial = x@example.com\n", [
        "error: acme-dns.conf:2:1: unknown key 'emial' in [acme-dns]", "did you mean 'email'?"]),
    "unknown section": ("[certficate a]\ndomains = a.example\n", [
        "error: acme-dns.conf:1:1: unknown section [certficate]", "did you mean 'certificate'?"]),
    "wrong value": (PROVIDER + CERTIFICATE + "key-type = rsa\n", [
        "error: acme-dns.conf:5:12: key-type: 'rsa' is none of ec256, ec384, rsa2048, rsa3072, rsa4096"]),
    "near value": (PROVIDER + CERTIFICATE + "key-type = ec265\n", [
        "error: acme-dns.conf:5:12: key-type: 'ec265' is none of ec256, ec384, rsa2048, rsa3072, rsa4096",
        "did you mean 'ec256'?"]),
    "provider of a zone": ("[provider bind]\nplugin = manual\n[zone example]\nprovider = bnd\n", [
        "error: acme-dns.conf:4:12: provider: there is neither a section [provider bnd] nor a plug-in 'bnd'",
        "did you mean 'bind'?"]),
    "provider of a certificate": (PROVIDER + CERTIFICATE + "provider = a.example=q\n", [
        "error: acme-dns.conf:5:12: provider: there is neither a section [provider q] nor a plug-in 'q'"]),
    "ca of a certificate": (PROVIDER + CERTIFICATE + "ca = letsencript\n", [
        "error: acme-dns.conf:5:6: ca: 'letsencript' is neither a built-in CA nor a section [ca letsencript]",
        "did you mean 'letsencrypt'?"]),
    "ca without a directory": ("[ca zerosl]\nemail = x@example.com\n", [
        "error: acme-dns.conf:1:1: [ca zerosl] lacks 'directory': no built-in CA is called so",
        "did you mean 'zerossl'?"]),
    "nobody publishes beside other mistakes": (
        "[zone b.example]\nprovder = p\n" + CERTIFICATE + "[certificate b]\ndomains = b.example\n", [
            "error: acme-dns.conf:2:1: unknown key 'provder' in [zone]", "did you mean 'provider'?",
            "error: acme-dns.conf:3:1: nobody publishes for [certificate a]: there is no [provider]",
            "'acme-dns provider add NAME --plugin PLUGIN' writes one"]),
    "own staging partner": (
        "[ca corp]\ndirectory = https://ca.example/d\nstaging = corp\n"
        "[ca firm]\ndirectory = https://ca.example/d\nstaging = https://ca.example/d\n"
        "[ca letsencrypt]\nstaging = letsencrypt-staging\n", [
            "error: acme-dns.conf:3:11: staging: 'corp' is [ca corp] itself: its trials would be real orders",
            "name the CA's service for trials, or leave staging out; is-staging = yes is for a CA that is one",
            "error: acme-dns.conf:6:11: staging: 'https://ca.example/d' is [ca firm] itself: its trials would be",
            "name the CA's service for trials, or leave staging out; is-staging = yes is for a CA that is one"]),
    "staging partner": ("[ca corp]\ndirectory = https://ca.example/d\nstaging = trial\n", [
        "error: acme-dns.conf:3:11: staging: 'trial' is neither a built-in CA nor a section [ca trial]"]),
    "all options": ("[provider b]\nplugin = exec-hook\ncomand = /bin/true\nstyle = certbt\nttl = x\n"
                    "call-timeout = soon\nstyle = lego\nstyle = certbot\nzone = x\nzone = y\n", [
        "error: acme-dns.conf:1:1: [provider b] lacks 'command' (",
        "add to [provider b]: command = ..., or set EXEC_PATH",
        "error: acme-dns.conf:3:1: plug-in 'exec-hook' has no option 'comand'", "did you mean 'command'?",
        "'acme-dns plugin show exec-hook' lists its options",
        "error: acme-dns.conf:4:9: style: 'certbt' is none of: native, lego, lego-raw, ", "did you mean 'certbot'?",
        "error: acme-dns.conf:5:7: ttl = x is not a number from 1 to 86400",
        "error: acme-dns.conf:6:16: call-timeout = soon is not a time that fits (90, 90s, 5m, 2h, at most 7d)",
        "error: acme-dns.conf:8:9: 'style' is given a second time",
        "error: acme-dns.conf:10:8: 'zone' is already given at acme-dns.conf:9:8"]),
    "missing secret": ("[provider c]\nplugin = cloudflare\napi-token-file = secrets/cf\n", [
        "error: acme-dns.conf:3:18: api-token-file: cannot open 'secrets/cf': No such file or directory"]),
    "missing program": ("[provider c]\nplugin = cloudflare\napi-token-command = pas show cf\n", [
        "error: acme-dns.conf:3:21: api-token-command: no program 'pas' in "
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "There is no shell; for what only a shell does, write sh -c '...'"]),
    "missing key of a binding": ("[ca zerossl]\neab-kid = x\neab-hmac-key-file = /none\n", [
        "error: acme-dns.conf:3:21: eab-hmac-key-file: cannot open '/none': No such file or directory"]),
    "names unknown": ("[zone example]\nprovider = p\n[provider q]\nplugin = manual\n" + PROVIDER + "[certificate a]\n", [
        "error: acme-dns.conf:7:1: [certificate a] says no domains"]),
    "open quote": (PROVIDER + CERTIFICATE + "deploy-hook = sh -c 'nginx -s reload\n", [
        "error: acme-dns.conf:5:15: deploy-hook: a single quote is not closed"]),
    "missing hook": (PROVIDER + CERTIFICATE + "deploy-hook = /usr/sbin/nginks -s reload\n", [
        "error: acme-dns.conf:5:15: deploy-hook: '/usr/sbin/nginks' is not a program that can be run"]),
    "copy into nowhere": (PROVIDER + CERTIFICATE + "copy-privkey = /nowhere/{name}/key.pem owner=root\n", [
        "error: acme-dns.conf:5:16: copy-privkey: there is no folder '/nowhere/a/'"]),
    "names": (PROVIDER + "[certificate a]\ndomains = a.example, b_c.example , d.example # the rest, 'e.example'\n", [
        "error: acme-dns.conf:4:22: domains: 'b_c.example' cannot be in a certificate: no CA issues for names with",
        "error: acme-dns.conf:4:36: domains: 'd.example # the rest' cannot be in a certificate: byte 0x20",
        "there are no comments behind a value: give it a line of its own",
        "error: acme-dns.conf:4:58: domains: ''e.example'' cannot be in a certificate: '\'' cannot stand",
        "leave out the quotes: they would be part of the value"]),
    "comments and quotes behind a key": (
        "[acme-dns]\nagree-tos = yes # since May\n" + PROVIDER + CERTIFICATE + "key-type = \"rsa2048\"\n", [
            "error: acme-dns.conf:2:13: agree-tos: 'yes # since May' is neither yes nor no",
            "there are no comments behind a value: give it a line of its own",
            "error: acme-dns.conf:7:12: key-type: '\"rsa2048\"' is none of ec256,", "did you mean 'rsa2048'?",
            "leave out the quotes: they would be part of the value"]),
    "no name": ("[certificate]\ndomains = a.example\n", [
        "error: acme-dns.conf:1:1: [certificate] lacks a name of yours for it",
        "[certificate NAME]; its files are then in certs/NAME"]),
    "copies for one file": (PROVIDER + CERTIFICATE + "copy-combined = /tmp/tls.pem\ncopy-privkey = /tmp/tls.pem\n"
                            "copy-combined = /tmp/tls.pem mode=0600\n"
                            "[certificate b]\ndomains = b.example\ncopy-combined = /tmp/tls.pem\n", [
        "error: acme-dns.conf:6:16: copy-privkey: copy-combined writes to '/tmp/tls.pem' too, at acme-dns.conf:5:17: "
        "one copy would take the other's place",
        "error: acme-dns.conf:10:17: copy-combined: [certificate a] writes to '/tmp/tls.pem' too, at acme-dns.conf:5:17: "
        "each copy would take the other's place"]),
    "people and passwords of copies": (
        "[acme-dns]\ncopy-combined = /tmp/{name}.pem owner=nobodyx\n" + PROVIDER + CERTIFICATE +
        "copy-cert = a.crt group=nobodyx\ncopy-pkcs12 = a.p12 password-file=nothere\n"
        "[certificate b]\ndomains = b.example\n", [
            "error: acme-dns.conf:2:17: copy-combined: owner=nobodyx: there is no such user",
            "error: acme-dns.conf:7:13: copy-cert: group=nobodyx: there is no such group",
            "error: acme-dns.conf:8:15: copy-pkcs12: password-file: cannot open 'nothere': No such file or directory"]),
    "bundle": ("[acme-dns]\nca-bundle = none.pem\n", [
        "error: acme-dns.conf:2:13: ca-bundle: there is no file 'none.pem'"]),
    "section twice": (PROVIDER + CERTIFICATE + "[certificate a]\ndomains = b.example\n", [
        "error: acme-dns.conf:5:1: section [certificate a] is already at acme-dns.conf:3:1",
        "neither is used: put all its keys into one of them"]),
    "name in other case": (PROVIDER + CERTIFICATE + "[certificate A]\ndomains = b.example\n", [
        "error: acme-dns.conf:5:1: section [certificate A] differs only in case from the one at acme-dns.conf:3:1",
        "neither is used: put all its keys into one of them"]),
    "zone twice": (PROVIDER + "[zone example]\nprovider = p\n[zone Example.]\nprovider = p\n", [
        "error: acme-dns.conf:5:1: [zone Example.] is about the same zone as [zone example] at acme-dns.conf:3:1"]),
    "nobody publishes": (CERTIFICATE, [
        "error: acme-dns.conf:1:1: nobody publishes for [certificate a]: there is no [provider]",
        "'acme-dns provider add NAME --plugin PLUGIN' writes one"]),
    "too many for the ca": ("[ca small]\ndirectory = https://ca.example/d\nmax-names = 1\n" + PROVIDER +
                            "[certificate a]\ndomains = a.example, b.example\nca = small\n", [
        "error: acme-dns.conf:7:11: domains: small would refuse this order:",
        "  2 names in one certificate, the most is 1"]),
    "include": ("[acme-dns]\ninclude = conf.d/*.conf\n", [
        "error: acme-dns.conf:2:1: unknown key 'include' in [acme-dns]",
        "there are no includes: every conf.d/*.conf beside the main file is read"]),
    "control byte": (b"[acme-dns]\nemail = a\0b\n", ["error: acme-dns.conf:2:10: control byte 0x00"]),
    "not utf-8": (b"[acme-dns]\nemail = \xe4\n", [
        "error: acme-dns.conf:2:9: not UTF-8; save the file in that encoding"]),
    "utf-16": ("[acme-dns]\n".encode("utf-16"), ["error: acme-dns.conf:1:1: UTF-16; save the file as UTF-8"]),
    "long line": ("[acme-dns]\nemail = " + 200000 * "x" + "\nca\n", [
        "error: acme-dns.conf:2:9: email: '" + 1000 * "x",
        "error: acme-dns.conf:3:1: neither a [section], nor 'key = value', nor a comment"]),
    "too large": ("#" * (16 << 20) + "\n", ["error: acme-dns.conf:1:1: larger than 16 MiB"]),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_each_mistake_is_told_with_its_place_and_remedy(folder, case):
    text, wanted = MISTAKES[case]
    got = folder.check(text)
    n = sum(line.startswith("error: ") for line in wanted)
    assert got.pop() == "error: configuration: %d error%s" % (n, "" if n == 1 else "s")
    assert [line[:len(want)] for line, want in zip(got, wanted)] == wanted
    assert len(got) == len(wanted) and all(len(line) < 5000 for line in got)


def test_all_mistakes_of_all_files_are_told_in_their_order(folder):
    folder.write("conf.d/20-b.conf", "[zone b]\nprovder = p\n")
    folder.write("conf.d/10-a.conf", "domains = a.example\n[certificate a]\n")
    os.symlink("../acme-dns.conf", os.path.join(folder.path, "conf.d", "30-c.conf"))
    os.symlink("40-d.conf", os.path.join(folder.path, "conf.d", "40-d.conf"))
    os.mkdir(os.path.join(folder.path, "conf.d", "50-e.conf"))
    assert folder.check("[acme-dns]\nagree-tos = maybe\n\n" + PROVIDER + "user =\n") == [
        "error: conf.d/30-c.conf: the same file as 'acme-dns.conf'",
        "it was read already: remove one of the two names",
        "error: conf.d/40-d.conf: cannot open it: Too many levels of symbolic links",
        "error: conf.d/50-e.conf: not a regular file",
        "error: acme-dns.conf:2:13: agree-tos: 'maybe' is neither yes nor no",
        "error: conf.d/10-a.conf:1:1: a key before the first [section]",
        "error: conf.d/10-a.conf:2:1: [certificate a] says no domains",
        "error: conf.d/20-b.conf:2:1: unknown key 'provder' in [zone]", "did you mean 'provider'?",
        "error: configuration: 7 errors"]


def test_modes_that_show_a_secret_or_let_others_in(folder):
    if os.geteuid() != 0:
        pytest.skip("whose files are believed is root's question")
    folder.write("secrets/token", "abcdefgh\n", 0o644)
    folder.write("conf.d/a.conf", "[provider b]\nplugin = cloudflare\napi-token = abcdefgh\n", 0o644)
    folder.write("conf.d/b.conf", CERTIFICATE, 0o666)
    lines = folder.check("[provider c]\nplugin = cloudflare\napi-token-file = secrets/token\n"
                         "[ca zerossl]\neab-kid = x\neab-hmac-key-file = secrets/token\n")
    assert lines[0].startswith("error: conf.d/b.conf: ") and "0666" in lines[0]
    report = "\n".join(lines)
    assert "acme-dns.conf:3:18: api-token-file: 'secrets/token'" in report and "0644" in report
    assert "acme-dns.conf:6:21: eab-hmac-key-file: 'secrets/token'" in report
    assert "conf.d/a.conf:3:13: api-token: holds a secret in a file that others can read (mode 0644)" in report
    assert "chmod 600 conf.d/a.conf, or move the secret: api-token-file = PATH" in report
    assert "abcdefgh" not in report and lines[-1] == "error: configuration: 4 errors"


def test_what_cannot_be_read_is_the_mistake_and_not_what_it_leaves_out(folder):
    if os.geteuid() != 0:
        pytest.skip("whose files are believed is root's question")
    folder.write("conf.d/a.conf", CERTIFICATE + "provider = b\nca = corp\n")
    folder.write("acme-dns.conf", "[provider b]\nplugin = manual\n[ca corp]\ndirectory = https://ca.example/d\n", 0o666)
    for lines in (folder.check(), folder.run("process").stderr.replace(folder.path + "/", "").splitlines()):
        assert lines[0].startswith("error: acme-dns.conf: 'acme-dns.conf' has mode 0666"), lines
        assert lines[2].startswith("error: configuration: 1 error") and len(lines) == 3, lines
    # Another file costs what stands in it, and others may have meant that.
    folder.write("conf.d/b.conf", "[provider b]\nplugin = manual\n", 0o666)
    lines = folder.check("[ca corp]\ndirectory = https://ca.example/d\n")
    at = lines.index("error: conf.d/a.conf:3:12: provider: there is neither a section [provider b] nor a plug-in 'b'")
    assert lines[at + 1].startswith("it may stand in what could not be used: conf.d/b.conf: "), lines


def test_a_plug_in_that_is_not_there_is_named(folder):
    lines = folder.check("[provider cloud]\n[provider other]\nplugin = claudflare\n")
    assert lines[0].startswith("error: acme-dns.conf:1:1: there is no plug-in 'cloud' in /")
    assert lines[2] == "say which plug-in it is: plugin = NAME"
    assert lines[3].startswith("error: acme-dns.conf:3:10: plugin: there is no plug-in 'claudflare' in /")
    assert lines[4].startswith("'acme-dns plugin list' shows those that are there")


def test_warnings_are_no_errors(folder):
    folder.write("conf.d/zones.conf~", "")
    folder.write("conf.d/README", "")
    text = PROVIDER + CERTIFICATE + "[certificate b]\ndomains = A.example, b.example\n[zone x]\nprovider = p,\tp\n"
    lines = folder.check(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), code=0)
    assert lines == [
        "configuration: good: 2 certificates, 1 provider, 1 zone, 0 CAs; 5 warnings",
        "warning: conf.d/zones.conf~: not read: only names that end with .conf are",
        "warning: acme-dns.conf:1:1: a byte order mark, which is left out",
        "warning: acme-dns.conf:1:13: the file has Windows line ends (CR LF); the CRs are left out",
        "warning: acme-dns.conf:6:11: a.example is in [certificate a] at acme-dns.conf:3:1 too: each will be renewed",
        "warning: acme-dns.conf:8:14: a tab within a value"]


def test_what_a_provider_names_is_looked_for(folder):
    folder.write("open.sh", "#!/bin/sh\n", 0o777)
    folder.write("plain.sh", "#!/bin/sh\n", 0o644)
    exec_hook = "[provider %s]\nplugin = exec-hook\ncommand = %s\n"
    lines = folder.check(
        exec_hook % ("a", "gone.sh") + "user = nobodyx\ncore-allow-path = /nowhere2\n" + exec_hook % ("b", "open.sh") +
        exec_hook % ("c", "plain.sh") + exec_hook % ("d", "/tmp") + "acme-sh = /nowhere3\n" + exec_hook % ("e", "/bin/true"))
    assert sorted(lines) == [
        "chmod go-w open.sh",
        "error: acme-dns.conf:14:11: command: there is no program '/tmp'",
        "error: acme-dns.conf:3:11: command: there is no program 'gone.sh'",
        "error: acme-dns.conf:4:8: user: there is no user 'nobodyx' on this system",
        "error: acme-dns.conf:8:11: command: its group or others may write to 'open.sh', mode 0777",
        "error: configuration: 4 errors, 3 warnings",
        "warning: acme-dns.conf:11:11: command: 'plain.sh' is not executable, which only a script that a shell reads "
        "may be; else chmod +x",
        "warning: acme-dns.conf:15:11: acme-sh: there is no '/nowhere3'",
        "warning: acme-dns.conf:5:19: core-allow-path: there is no '/nowhere2'"]


def test_a_hook_that_wants_a_shell_is_warned_of(folder):
    lines = folder.check(PROVIDER + CERTIFICATE + "deploy-hook = true reload nginx && echo done\n"
                         "post-hook = sh -c 'true && true > /dev/null'\n"
                         "[certificate b]\ndomains = b.example\ndeploy-hook = true reload nginx && echo done\n", code=0)
    assert lines[1:] == [
        "warning: acme-dns.conf:5:15: deploy-hook: '&&' is handed to the program as it stands, for there is no shell; "
        "for what only a shell does, write sh -c '...'"]


def test_names_that_no_zone_holds_are_warned_of(folder):
    """A CNAME may lead them into one."""
    text = "[provider p]\nplugin = manual\n[provider q]\nplugin = manual\n[zone b.example]\nprovider = p\n"
    lines = folder.check(text + "[certificate a]\ndomains = *.b.example, a.example\n", code=0)
    assert lines[1] == ("warning: acme-dns.conf:7:1: nobody publishes for a.example, unless a CNAME leads its "
                        "challenge into a [zone]: there are several [provider]s, and no [zone] holds it")
    assert len(lines) == 2


def test_a_secret_of_this_shell_is_warned_of(folder):
    folder.write("acme-dns.conf", "[provider cloudflare]\n")
    done = folder.run("config", "check", env={"CF_DNS_API_TOKEN": "0123456789abcdef0123456789abcdef01234567"})
    assert done.returncode == 0
    assert ("acme-dns.conf:1:1: [provider cloudflare] has from this environment what a timer's run will not find: "
            "api-token (CF_DNS_API_TOKEN)") in done.stderr


def test_programs_read_the_same_as_json(folder):
    folder.write("acme-dns.conf", "[acme-dns]\nemial = x\n[zone z]\nprovider = a\tb\n")
    done = folder.run("config", "check", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 3 and done.stderr == ""
    assert [(e["level"], e.get("line"), e.get("column")) for e in events] == [
        ("warning", 4, 13), ("error", 2, 1), ("error", 4, 12), ("error", None, None)]
    assert events[1]["file"] == folder.main
    assert events[1]["what"] == "unknown key 'emial' in [acme-dns]\ndid you mean 'email'?"
    assert (events[-1]["event"], events[-1]["exit"], events[-1]["errors"], events[-1]["warnings"]) == ("result", 3, 2, 1)


def test_nothing_is_written_and_the_environment_is_looked_at(folder):
    done = folder.run("config", "check", "--state-dir", os.path.join(folder.path, "new"), env={"ACME_DNS_RESOLVER": "dns.example"})
    assert done.returncode == 3
    assert "environment variable ACME_DNS_RESOLVER: 'dns.example' is not an address like 192.0.2.53" in done.stderr
    assert sorted(os.listdir(folder.path)) == ["acme-dns.conf"]


@pytest.mark.parametrize("words", [["list"], ["process", "--plan"], ["renew", "--plan", "--scheduled"], ["show", "a"],
                                   ["adopt", "b"], ["config", "show", "certificate", "a"]], ids="-".join)
def test_who_only_looks_makes_nothing(folder, words):
    folder.write("acme-dns.conf", PROVIDER + CERTIFICATE)
    done = folder.run(*words)
    assert done.returncode == (3 if words[0] == "adopt" else 0), done.stderr
    assert sorted(os.listdir(folder.path)) == ["acme-dns.conf"]


def test_other_commands_tell_their_mistakes_and_go_on(folder):
    folder.write("acme-dns.conf", PROVIDER + "[zone example]\nprovider = q\n")
    done = folder.run("list")
    assert done.returncode == 3 and "acme-dns.conf:4:12: provider: there is neither" in done.stderr
    assert "no certificate yet" in done.stderr
    # In the order in which they stand, whoever found them.
    folder.write("acme-dns.conf", "[zone example]\nprovider = q\n[certificate a]\ndomains = a.example\nfoo = 1\n"
                 "[zone example.org]\nprovider = r\n")
    places = re.findall("acme-dns.conf:([0-9]+):", folder.run("process", "--plan").stderr)
    assert places[:3] == ["2", "5", "7"], places


# What "config show" shows

WHOLE = """[acme-dns]
email = ops@example.com
deploy-hook = /bin/true

[provider cf]
plugin = cloudflare
api-token = abcdefgh
ttl = 120

[ca zerossl]
eab-kid = kid
eab-hmac-key = hmacsecret
email = pki@example.com

[zone example.com]
provider = cf

[certificate web]
domains = example.com
domains = *.example.com
deploy-hook = /bin/false
mode = 640
renew-before = 720h
"""


def rows(text):
    """{section: [(key, from, value)]} of what was shown."""
    shown = {}
    for block in text.split("\n\n"):
        title, *lines = block.strip("\n").splitlines()
        shown[title] = [tuple(part.strip() for part in line.split("  ") if part.strip()) for line in lines]
    return shown


def test_each_value_is_shown_with_where_it_comes_from(folder):
    folder.write("acme-dns.conf", WHOLE)
    done = folder.run("config", "show", "--plugin-dir", folder.path, env={"ACME_DNS_CA": "zerossl"})
    assert done.returncode == 0 and done.stderr == ""
    assert "abcdefgh" not in done.stdout and "hmacsecret" not in done.stdout
    shown = rows(done.stdout.replace(folder.path, "."))
    general = shown["[acme-dns]"]
    for row in [("email", "./acme-dns.conf:2:9", "ops@example.com"), ("key-type", "default", "ec256"),
                ("ca", "environment variable ACME_DNS_CA", "zerossl"), ("plugin-dir", "--plugin-dir", "."),
                ("propagation-timeout", "default", "5m"), ("log-size", "default", "5M")]:
        assert row in general
    assert shown["[provider cf]"] == [
        ("plugin", "./acme-dns.conf:6:10", "cloudflare"), ("api-token", "./acme-dns.conf:7:13", "[secret]"),
        ("ttl", "./acme-dns.conf:8:7", "120"), ("api-url", "plug-in", "https://api.cloudflare.com/client/v4")]
    assert ("eab-hmac-key", "./acme-dns.conf:12:16", "[secret]") in shown["[ca zerossl]"]
    assert ("directory", "built in", "https://acme.zerossl.com/v2/DV90") in shown["[ca zerossl]"]
    assert shown["[zone example.com]"] == [("provider", "./acme-dns.conf:16:12", "cf"), ("alias", "default", "no")]
    web = shown["[certificate web]"]
    for row in [("domains", "./acme-dns.conf:20:11", "example.com, *.example.com"),
                ("mode", "./acme-dns.conf:22:8", "0640"), ("renew-before", "./acme-dns.conf:23:16", "30d"),
                ("ca", "environment variable ACME_DNS_CA", "zerossl"),
                ("email", "./acme-dns.conf:13:9", "pki@example.com"), ("keep", "default", "3")]:
        assert row in web
    hooks = [row for row in web if row[0] == "deploy-hook"]
    assert hooks == [("deploy-hook", "./acme-dns.conf:21:15", "/bin/false"),
                     ("deploy-hook", "./acme-dns.conf:3:15", "/bin/true")]


def test_one_section_alone(folder):
    folder.write("acme-dns.conf", WHOLE)
    assert list(rows(folder.run("config", "show", "certificate", "WEB").stdout)) == ["[certificate web]"]
    assert list(rows(folder.run("config", "show", "ca").stdout)) == ["[ca zerossl]"]
    done = folder.run("config", "show", "ca", "google")
    assert done.returncode == 0 and "https://dv.acme-v02.api.pki.goog/directory" in done.stdout
    for words, error in {
            ("certificate", "wob"): "error: there is no section [certificate wob]\ndid you mean 'web'?\n",
            ("certificat",): "error: 'certificat' is none of acme-dns, provider, zone, ca, certificate\n"
                             "did you mean 'certificate'?\n"}.items():
        done = folder.run("config", "show", *words)
        assert done.returncode == 3 and done.stdout == "" and done.stderr == error


def test_what_a_mistake_disables_is_shown_so(folder):
    folder.write("acme-dns.conf", WHOLE.replace("ttl = 120", "ttl = x\napi-tokn = hidden-too"))
    done = folder.run("config", "show")
    shown = rows(done.stdout.replace(folder.path, "."))
    why = ("not used: ./acme-dns.conf:8:7: ttl = x is not a number from 1 to 86400",)
    assert done.returncode == 3 and "hidden-too" not in done.stdout
    assert shown["[provider cf]"][0] == why and shown["[certificate web]"][0] == why
    assert shown["[zone example.com]"][0] != why  # what it says is right, and shown


def test_a_plug_in_that_cannot_be_asked_has_only_secrets(folder):
    folder.write("acme-dns.conf", "[provider none]\nplugin = nowhere\nserver = one\nttl = 60\nkey-file = k\n")
    shown = rows(folder.run("config", "show", "provider").stdout.replace(folder.path, "."))["[provider none]"]
    assert ("server", "./acme-dns.conf:3:10", "[secret]") in shown
    assert ("ttl", "./acme-dns.conf:4:7", "60") in shown and ("key-file", "./acme-dns.conf:5:12", "k") in shown


def test_the_values_as_json(folder):
    folder.write("acme-dns.conf", WHOLE)
    done = folder.run("config", "show", "provider", "cf", "--json")
    section, end = [json.loads(line) for line in done.stdout.splitlines()]
    assert (section["event"], section["subject"], section["kind"], section["name"]) == (
        "section", "provider cf", "provider", "cf")
    assert (section["file"], section["line"], section["column"], section["disabled"]) == (folder.main, 5, 1, None)
    assert {"key": "api-token", "value": None, "secret": True, "from": "file", "file": folder.main, "line": 7,
            "column": 13} in section["values"]
    assert {"key": "api-url", "value": "https://api.cloudflare.com/client/v4", "secret": False,
            "from": "plug-in"} in section["values"]
    assert end["event"] == "result" and end["exit"] == 0


# What "adopt" prints

def test_a_certificate_is_adopted_into_the_configuration(small_lab, make_client):
    client = make_client(small_lab)
    succeed(client.issue("example.test", "*.example.test",
                         options=["--key-type", "ec384", "--deploy-hook", "/bin/true one  'two'", "--keep", "5"]))
    printed = succeed(client.run("adopt", "example.test")).out
    assert printed == ("[certificate example.test]\ndomains = example.test\ndomains = *.example.test\n"
                       "server = %s\nkey-type = ec384\nprovider = lab\ndeploy-hook = /bin/true one  'two'\n"
                       "keep = 5\n" % client.server)
    text = json.loads(client.run("adopt", "example.test", "--json").out.splitlines()[0])
    assert (text["event"], text["subject"], text["section"]) == ("adopt", "example.test", printed)

    client.configure(sections=printed)
    succeed(client.run("config", "check"))
    result = succeed(client.run("issue", "--name", "example.test", "--exit-unchanged"), 2)
    assert "unchanged" in result.out
    line = open(client.config, encoding="utf-8").read().splitlines().index("[certificate example.test]") + 1
    result = succeed(client.run("adopt", "example.test"), 3)
    assert result.out == ""
    assert ("error: [certificate example.test] is in the configuration already, at %s:%d:1\n"
            "what stands there counts" % (client.config, line)) in result.err

    client.configure()  # the section is gone again; what it said last is remembered
    assert "key-type = ec384\n" in succeed(client.run("adopt", "example.test")).out


def test_without_a_request_the_certificate_itself_tells(small_lab, make_client):
    client = make_client(small_lab)
    succeed(client.issue("example.test", options=["--key-type", "ec384"]))
    os.unlink(client.path("example.test", "request.conf"))
    assert succeed(client.run("adopt", "example.test")).out == (
        "[certificate example.test]\ndomains = example.test\nserver = %s\nkey-type = ec384\nprovider = lab\n"
        % client.server)


def test_a_certificate_that_nobody_knows_is_not_adopted(small_lab, make_client):
    client = make_client(small_lab)
    succeed(client.issue("example.test"))
    result = succeed(client.run("adopt", "exmple.test"), 3)
    assert result.out == "" and result.err == (
        "error: nothing is remembered of a certificate 'exmple.test'\ndid you mean 'example.test'?\n"
        "'acme-dns list' shows the certificates that there are\n")
    assert succeed(client.run("adopt", "../x"), 3).out == ""


def test_what_only_a_command_asked_for_is_shown_too(small_lab, make_client):
    client = make_client(small_lab)
    succeed(client.issue("example.test", options=["--key-type", "ec384"]))
    shown = rows(succeed(client.run("config", "show", "certificate", "example.test")).out)["[certificate example.test]"]
    own = client.path("example.test", "request.conf")
    assert ("keep", "default", "3") in shown
    assert [row[1].startswith(own + ":") for row in shown if row[0] == "key-type"] == [True]


# What goes on without

def test_a_slip_in_the_general_section_lets_nothing_expire(small_lab, make_client):
    client = make_client(small_lab)
    own = "[certificate a]\ndomains = example.test\nserver = %s\nprovider = lab\n" % client.server
    client.configure(sections=own)
    succeed(client.run("process"))
    first = client.certificate("a")[0].serial_number
    client.configure("emial = x", own + own.replace("[certificate a]", "[certificate b]"))
    result = succeed(client.run("renew", "--force", "a"), 3)
    assert client.certificate("a")[0].serial_number != first
    assert ": unknown key 'emial' in [acme-dns]\ndid you mean 'email'?" in result.err
    result = succeed(client.run("process"), 3)
    assert "unknown key 'emial'" in result.err and not os.path.exists(client.path("b", "cert.pem"))
    result = succeed(client.run("issue", "--name", "a", "--force"), 3)
    assert "nothing was done" in result.err


def test_what_stands_in_a_file_that_cannot_be_read_is_renewed(small_lab, make_client):
    client = make_client(small_lab)
    own = "[certificate a]\ndomains = example.test\nserver = %s\nprovider = lab\n" % client.server
    os.mkdir(os.path.join(client.folder, "conf.d"))
    path = os.path.join(client.folder, "conf.d", "a.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(own)
    succeed(client.run("process"))
    first = client.certificate("a")[0].serial_number
    os.unlink(path)
    os.symlink("a.conf", path)
    result = succeed(client.run("renew", "--force", "a"), 3)
    assert path + ": cannot open it: Too many levels of symbolic links" in result.err
    assert client.certificate("a")[0].serial_number != first


# The samples

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = sorted(os.listdir(os.path.join(ROOT, "conf.d", "cases")))
PLUGINS = sorted(name for name in os.listdir(os.path.join(ROOT, "plugins"))
                 if os.path.exists(os.path.join(ROOT, "plugins", name, name + ".conf")))
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


def sample(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def fit(folder, text):
    """The sample on this machine: the files that it names exist, and so do its servers."""
    for file in re.findall(r"(?m)^[a-z-]+-file = (\S+)$", text):
        path = file.replace("~", folder.path) if file.startswith("~") else os.path.join(folder.path, file)
        if not file.startswith("/"):
            folder.write(os.path.relpath(path, folder.path), "not-really-a-secret\n")
    text = re.sub(r"(?m)^([a-z-]+-(?:file|conf)) = /.*$", r"\1 = " + folder.write("elsewhere", "not-really-a-secret\n"), text)
    text = re.sub(r"(?m)^((?:cleanup-)?command) = /.*$", r"\1 = /bin/true", text)
    text = re.sub(r"(?m)^(ca-bundle|ca-file) = .*$", r"\1 = " + SYSTEM_BUNDLE, text)
    text = re.sub(r"(?m)^(copy-[a-z]+ = )\S+/", r"\1" + folder.path + "/", text)
    text = text.replace("owner=postgres", "owner=root").replace("group = mail", "group = %d" % os.getegid())
    return text.replace("systemctl", "true").replace("logger", "true")


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_a_good_configuration(folder, case):
    lines = folder.check(fit(folder, sample("conf.d", "cases", case)), code=0)
    warnings = [line for line in lines if line.startswith("warning")]
    twice = [line for line in warnings if line.endswith(": each will be renewed")]
    assert lines[0].startswith("configuration: good: ") and "0 certificates" not in lines[0]
    assert len(twice) == (2 if case == "several-cas.conf" else 0)


def test_the_general_samples_fit_together(folder):
    """As they are, and with all their lines on; with the providers that they speak of."""
    names = [name for name in os.listdir(os.path.join(ROOT, "conf.d")) if name.endswith(".conf")]
    for is_on in (False, True):
        for name in names:
            text = fit(folder, sample("conf.d", name))
            if is_on:
                text = re.sub(r"(?m)^#(?=[a-z\[])", "", text)
            folder.write(name if name == "acme-dns.conf" else os.path.join("conf.d", name), fit(folder, text))
            for file in ("secrets/zerossl-eab",):
                folder.write(os.path.join("conf.d", file), "not-really-a-secret\n")
        folder.write("conf.d/own.conf", "[provider cf]\nplugin = manual\n[provider bind]\nplugin = manual\n")
        assert folder.check(code=0)[0].startswith("configuration: good: 2 certificates")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_each_line_of_a_providers_sample_is_taken(folder, plugin):
    text = re.sub(r"(?m)^#(?=[a-z\[])", "", sample("plugins", plugin, plugin + ".conf"))
    assert folder.check(fit(folder, text), code=0)[0].startswith("configuration: good: 0 certificates, 1 provider")
