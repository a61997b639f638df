# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Each style's arguments, variables, grouping and exit codes, by programs that only note what they get."""
import fcntl
import json
import os
import re
import stat
import time

import pytest

from driving import BAD_CONFIG, OK, REJECTED, RETRY, Plugin

Z = "example.test."
FQDN = "_acme-challenge.example.test."
OTHER = "_acme-challenge.www.example.test."
THIRD = "_acme-challenge.a.other.test."

NOTE = """import json, os, sys
with open(%r, "a") as log:
    call = {"argv": sys.argv[1:], "name": os.path.basename(sys.argv[0]), "env": dict(os.environ)}
    log.write(json.dumps(call) + "\\n")
"""


@pytest.fixture
def calls(tmp_path):
    def read():
        path = tmp_path / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return read


@pytest.fixture
def noting(hook, tmp_path):
    """A program that notes its call and then runs body."""
    def write(body="", name="hook"):
        return hook(NOTE % str(tmp_path / "calls") + body, shell="/usr/bin/python3", name=name)
    return write


def add(fqdn=FQDN, value="v"):
    return ("add", fqdn, Z, value, 60)


def remove(fqdn=FQDN, value="v", receipt=None):
    return ("remove", fqdn, Z, value, 60, *([receipt] if receipt else []))


def only(env, prefix):
    return {k: v for k, v in env.items() if k.startswith(prefix)}


# lego-raw


def test_lego_raw(noting, calls):
    path = noting()
    with Plugin("exec-hook", command=path, style="lego-raw", arg="-x").open() as p:
        assert p.call(*add()).status == OK and p.call(*remove()).status == OK
    assert [c["argv"] for c in calls()] == [
        ["-x", verb, "--", "example.test", "a-token", "a-token.a-thumbprint"] for verb in ("present", "cleanup")]


# certbot


def certbot(noting, auth="", cleanup="", **options):
    return Plugin("exec-hook", command=noting(auth, "auth"), cleanup_command=noting(cleanup, "cleanup"),
                  style="certbot", **options)


def test_certbot_hooks(noting, calls):
    left_over = {"CERTBOT_TOKEN": "old", "CERTBOT_AUTH_OUTPUT": "old", "CERTBOT_DOMAIN": "old"}
    with certbot(noting, "print('   \\n\\n  an id \\n second\\n')", arg=["auth", "a b"], cleanup_arg="clean",
                 env=left_over).open() as p:
        result = p.apply(add(value="v1"), add(OTHER, "v2"), add(value="v3"))
        assert result.status == OK and result.done == [0, 1, 2]
        assert result.receipts == dict.fromkeys(range(3), "an id \n second")
        assert p.apply(remove(value="v1", receipt="an id"), remove(OTHER, "v2")).status == OK
    seen = calls()
    assert [(c["name"], c["argv"]) for c in seen] == [("auth", ["auth", "a b"])] * 3 + [("cleanup", ["clean"])] * 2
    everyone = "example.test,www.example.test,example.test"
    assert only(seen[0]["env"], "CERTBOT_") == {
        "CERTBOT_DOMAIN": "example.test", "CERTBOT_IDENTIFIER": "example.test", "CERTBOT_VALIDATION": "v1",
        "CERTBOT_ALL_DOMAINS": everyone, "CERTBOT_ALL_IDENTIFIERS": everyone, "CERTBOT_REMAINING_CHALLENGES": "2"}
    assert [c["env"]["CERTBOT_REMAINING_CHALLENGES"] for c in seen] == ["2", "1", "0", "1", "0"]
    assert [c["env"].get("CERTBOT_AUTH_OUTPUT") for c in seen] == [None, None, None, "an id", ""]
    assert not only(seen[0]["env"], "ACME_DNS_")


def test_certbot_takes_no_notice_of_exit_codes(noting):
    with certbot(noting, "print('why', file=sys.stderr); sys.exit(3)", "sys.exit(1)").open() as p:
        result = p.call(*add())
        assert result.status == OK and not result.fails
        (level, text), = result.logs
        assert level == 1 and text.startswith("auth auth hook failed (exit code 3; style certbot: certbot takes no")
        assert text.endswith("\n  why")
        result = p.call(*remove())
        assert result.status == OK and "cleanup cleanup hook failed (exit code 1; style certbot" in result.log


def test_certbot_output_that_is_no_receipt(noting, calls):
    with certbot(noting, "print('a' * 5000)").open() as p:
        result = p.call(*add())
        assert result.status == OK and result.receipts == {}
        assert any(level == 1 and "CERTBOT_AUTH_OUTPUT" in text for level, text in result.logs)
    with certbot(noting, "print('\\n\\n')").open() as p:
        assert p.call(*add()).receipts == {}


def test_certbot_killed_is_a_failure(noting):
    with certbot(noting, "os.kill(os.getpid(), 9)").open() as p:
        result = p.call(*add())
        assert result.status == RETRY and "auth auth hook was ended by signal 9" in result.text


# dehydrated


def dehydrated(path, **options):
    return Plugin("exec-hook", command=path, style="dehydrated", **options)


def test_dehydrated_one_by_one(noting, calls, tmp_path):
    file = tmp_path / "env"
    file.write_text("CERTDIR=/ours")
    with dehydrated(noting(), env={"BASEDIR": "/mine"}, env_file=str(file)).open() as p:
        result = p.apply(add(value="v1"), remove(THIRD, "v3"), add(OTHER, "v2"))
        assert result.status == OK and sorted(result.done) == [0, 1, 2]
        p.call("close")
    seen = calls()
    assert [c["argv"] for c in seen] == [
        ["startup_hook"],
        ["deploy_challenge", "example.test", "a-token", "v1"],
        ["deploy_challenge", "www.example.test", "a-token", "v2"],
        ["clean_challenge", "a.other.test", "a-token", "v3"],
        ["exit_hook"]]
    for call in seen:
        assert call["env"]["BASEDIR"] == "/mine" and call["env"]["COMMAND"] == "sign_domains"
        assert call["env"]["CERTDIR"] == "/ours"
        assert set(call["env"]) >= {"WELLKNOWN", "CERTDIR", "ALPNCERTDIR", "CONFIG"}


def test_dehydrated_chain(noting, calls):
    with dehydrated(noting(), hook_chain="yes").open() as p:
        assert p.apply(add(value="v1"), add(OTHER, "v2"), add(value="v3")).done == [0, 1, 2]
        assert p.apply(remove(value="v1"), remove(OTHER, "v2")).done == [0, 1]
        p.call("close")
    assert [c["argv"] for c in calls()] == [
        ["startup_hook"],
        ["deploy_challenge", "example.test", "a-token", "v1", "www.example.test", "a-token", "v2",
         "example.test", "a-token", "v3"],
        ["clean_challenge", "example.test", "a-token", "v1", "www.example.test", "a-token", "v2"],
        ["exit_hook"]]


def test_dehydrated_chain_of_two_thousand(noting, calls):
    with dehydrated(noting(), hook_chain="yes").open() as p:
        result = p.apply(*[add("_acme-challenge.n%d.example.test." % i, "v%d" % i) for i in range(2000)])
        assert result.status == OK and len(result.done) == 2000
    assert len(calls()[1]["argv"]) == 6001


def test_dehydrated_failure_of_a_chain_is_one_of_all_its_changes(noting):
    with dehydrated(noting("sys.exit(sys.argv[1] == 'deploy_challenge')"), hook_chain="yes").open() as p:
        result = p.apply(add(value="v1"), add(OTHER, "v2"))
    assert result.status == OK and result.done == []
    assert {i: f[0] for i, f in result.fails.items()} == {0: RETRY, 1: RETRY}
    assert "hook deploy_challenge failed (exit code 1; style dehydrated" in result.fails[1][2]


def test_dehydrated_one_failure_keeps_nobody_else_from_being_made(noting):
    with dehydrated(noting("sys.exit('v1' in sys.argv)")).open() as p:
        result = p.apply(add(value="v1"), add(OTHER, "v2"))
    assert result.done == [1] and list(result.fails) == [0]


def test_dehydrated_startup_that_fails(noting, calls):
    with dehydrated(noting("sys.exit(sys.argv[1] == 'startup_hook')")).open() as p:
        result = p.call(*add())
        assert result.status == REJECTED and "hook startup_hook failed (exit code 1" in result.text
    assert [c["argv"] for c in calls()] == [["startup_hook"]]


def test_dehydrated_ends_when_nothing_stands_any_more(noting, calls):
    with dehydrated(noting("sys.exit(sys.argv[1] == 'exit_hook')")).open() as p:
        p.apply(add(value="v1"), add(OTHER, "v2"))
        p.call(*remove(value="v1"))
        assert [c["argv"][0] for c in calls()][-1] == "clean_challenge"
        result = p.call(*remove(OTHER, "v2"))
        assert result.status == OK and "hook exit_hook failed (exit code 1; style dehydrated" in result.log
        p.call(*remove(THIRD, "v3"))
        p.call("close")
    assert [c["argv"][0] for c in calls()] == [
        "startup_hook", "deploy_challenge", "deploy_challenge", "clean_challenge", "clean_challenge", "exit_hook",
        "startup_hook", "clean_challenge", "exit_hook"]


def test_dehydrated_end_has_little_time_when_values_stay(noting, calls):
    body = "import time\nif sys.argv[1] == 'exit_hook': time.sleep(60)"
    with Plugin("exec-hook", "--deadline", "3000", command=noting(body), style="dehydrated").open() as p:
        p.call(*add())
        result = p.call("close")
    assert "hook exit_hook was ended: it took longer" in result.log
    assert [c["argv"][0] for c in calls()] == ["startup_hook", "deploy_challenge", "exit_hook"]


def test_dehydrated_unused_is_not_started(noting, calls):
    with dehydrated(noting()).open() as p:
        p.call("close")
    assert calls() == []


# uacme, getssl


def test_uacme(noting, calls):
    with Plugin("exec-hook", command=noting("sys.exit('v2' in sys.argv or sys.argv[1] == 'done')"),
                style="uacme", env={"UACME_CONFDIR": "/etc/mine"}).open() as p:
        assert p.call(*add()).status == OK
        result = p.call(*add(value="v2"))
        assert result.status == REJECTED, "declined: done is not called"
        assert "declines the challenge (exit code 1; style uacme: every code but 0 declines)" in result.text
        result = p.call(*remove())
        assert result.status == OK and "uacme takes no notice" in result.log
    begin, _, done = calls()
    assert begin["argv"] == ["begin", "dns-01", "example.test", "a-token", "v"]
    assert done["argv"] == ["done", "dns-01", "example.test", "a-token", "v"]
    assert only(begin["env"], "UACME_") == {
        "UACME_METHOD": "begin", "UACME_TYPE": "dns-01", "UACME_IDENT": "example.test", "UACME_TOKEN": "a-token",
        "UACME_AUTH": "v", "UACME_CONFDIR": "/etc/mine", "UACME_VERBOSE": "0"}


def test_getssl(noting, calls):
    with Plugin("exec-hook", command=noting("sys.exit('v2' in sys.argv)", "dns_add"), style="getssl", arg="-x",
                cleanup_command=noting("sys.exit(1)", "dns_del")).open() as p:
        assert p.call(*add()).status == OK and p.call(*add(value="v2")).status == RETRY
        result = p.call(*remove())
        assert result.status == OK and "exit code of DNS_DEL_COMMAND" in result.log
    assert [(c["name"], c["argv"]) for c in calls()] == [
        ("dns_add", ["-x", "example.test", "v"]), ("dns_add", ["-x", "example.test", "v2"]),
        ("dns_del", ["example.test", "v"])]


# acme.sh

ACME_SH = """
_initpath() { . "$ACCOUNT_CONF_PATH"; }
_exists() { command -v "$1" > /dev/null; }
_saveaccountconf() { echo "$1='$2'" >> "$ACCOUNT_CONF_PATH"; echo "$1='$2'" >> "$DOMAIN_CONF"; }
"$@"
"""


@pytest.fixture
def dnsapi(tmp_path):
    """Writes a dnsapi script beside an acme.sh; returns its path."""
    def write(body, name="dns_my.sh"):
        folder = tmp_path / "share" / "dnsapi"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "share" / "acme.sh").write_text(ACME_SH)
        (folder / name).write_text(body)
        return str(folder / name)
    return write


def acme_sh(path, **options):
    return Plugin("exec-hook", command=path, style="acme.sh", **options)


def test_acme_sh_functions(dnsapi, tmp_path):
    path = dnsapi('dns_my_add() { echo "add $# $1 $2"; }\ndns_my_rm() { echo "rm $# $1 $2"; return 1; }\n')
    with acme_sh(path).open() as p:
        assert p.call(*add()).log == "dns_my.sh: add 2 _acme-challenge.example.test v"
        result = p.call(*remove(value="$(x) 'y' \"z\""))
        assert result.log == "dns_my.sh: rm 2 _acme-challenge.example.test $(x) 'y' \"z\""
        assert result.status == RETRY
        assert "dns_my.sh rm failed (exit code 1; style acme.sh: dnsapi functions return 0 or 1)" in result.text


def test_acme_sh_home_is_private_and_goes(dnsapi, tmp_path):
    account = tmp_path / "account.conf"
    account.write_text("SAVED_MY_Token='s3cret'\nexport LOG_FILE='%s/log'\n  CERT_HOME=/x\nMY_Plain=plain\n"
                       "LOG_FILEX=1\n" % tmp_path)
    domain = tmp_path / "domain.conf"
    domain.write_text("MY_Sub='sub'\n")
    path = dnsapi("""dns_my_add() {
    _saveaccountconf MY_New new
    mktemp > /dev/null; touch "$HTTP_HEADER"; mkdir "$LE_WORKING_DIR/deep"; touch "$LE_WORKING_DIR/deep/file"
    stat -c '%a %u' "$LE_CONFIG_HOME"; cat "$ACCOUNT_CONF_PATH"; cat "$DOMAIN_CONF"
    echo "$LE_WORKING_DIR"; echo "plain=$MY_Plain log=$LOG_FILE home=$CERT_HOME"
}
""")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    with acme_sh(path, account_conf=str(account), domain_conf=str(domain),
                 env={"TMPDIR": str(temporary), "LE_CONFIG_HOME": "/wrong"}).open() as p:
        lines = [text.removeprefix("dns_my.sh: ") for _, text in p.call(*add()).logs]
        assert lines[0] == "700 %d" % os.geteuid()
        assert lines[1:7] == ["SAVED_MY_Token='s3cret'", "MY_Plain=plain", "LOG_FILEX=1", "MY_New='new'",
                              "MY_Sub='sub'", "MY_New='new'"]
        assert lines[7].startswith("%s/acme-dns-hook." % temporary)
        assert lines[8] == "plain=plain log= home="
        again = [text for _, text in p.call(*add()).logs]
        assert "dns_my.sh: MY_New='new'" in again and lines[7] not in again[-2], "a home for each run"
    assert list(temporary.iterdir()) == []
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


def test_acme_sh_home_goes_when_the_script_hangs(dnsapi, tmp_path):
    path = dnsapi("dns_my_add() { sleep 60; }\n")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with acme_sh(path, timeout="1", env={"TMPDIR": str(temporary)}).open() as p:
        assert p.call(*add()).status == RETRY
    assert list(temporary.iterdir()) == []


def test_acme_sh_homes_of_killed_processes_go(dnsapi, tmp_path):
    temporary = tmp_path / "tmp"
    for name, age_s in (("acme-dns-hook.killed", 3600), ("acme-dns-hook.used", 3600), ("acme-dns-hook.fresh", 0),
                        ("other", 3600)):
        (temporary / name / "deep").mkdir(parents=True)
        (temporary / name / "account.conf").write_text("SAVED_X='s3cret'")
        then = time.time() - age_s
        os.utime(temporary / name, (then, then))
    used = os.open(temporary / "acme-dns-hook.used", os.O_RDONLY)
    fcntl.flock(used, fcntl.LOCK_EX)
    with acme_sh(dnsapi("dns_my_add() { :; }\n"), env={"TMPDIR": str(temporary)}).open():
        assert sorted(p.name for p in temporary.iterdir()) == ["acme-dns-hook.fresh", "acme-dns-hook.used", "other"]
    os.close(used)


@pytest.mark.parametrize("body, is_by_name", [
    ("fulldomain=$1", True), ("echo $1\n  {\n    :\n  }", True),
    ("txtvalue=$2", False), ('txtvalue="${2}"', False), ('other "$@"', False), ("shift; echo $1", False)])
@pytest.mark.parametrize("head", ["dns_my_rm() {", "dns_my_rm () {"])
def test_acme_sh_functions_that_remove_by_name(dnsapi, head, body, is_by_name):
    """They are run only after a look at what else the name has; no server can be asked for this zone."""
    path = dnsapi("dns_my_add() {\n  txtvalue=$2\n}\n%s\n  %s\n  echo done\n}\nother() { echo $2; }\n" % (head, body))
    with acme_sh(path).open() as p:
        result = p.call("remove", FQDN, "x" * 64 + ".test.", "v", 60)
    if is_by_name:
        assert result.status == RETRY and "done" not in result.log
        assert "was not run: it does not look at the value when it removes" in result.text
    else:
        assert result.status == OK and result.log.endswith("dns_my.sh: done")


@pytest.mark.parametrize("body, name, words", [
    ("dns_my_rm() { :; }\n", "dns_my.sh", ["dns_my.sh add cannot be called (exit code 78", "dns_my_add"]),
    ("dns_my_add( { :; }\n", "dns_my.sh", ["dns_my.sh add", "exit code 2"]),
])
def test_acme_sh_script_that_is_none(dnsapi, body, name, words):
    with acme_sh(dnsapi(body, name)).open() as p:
        result = p.call(*add())
        assert result.status != OK and all(word in result.text for word in words), result.text


def test_acme_sh_files_are_checked(dnsapi, tmp_path):
    path = dnsapi("dns_my_add() { :; }\n")

    def refused(command, **options):
        with acme_sh(command, **options) as p:
            result = p.call("check")
            assert result.status == BAD_CONFIG
            return result.text
    assert "is no dnsapi script of acme.sh" in refused(dnsapi("", "dns_a;b.sh"))
    assert "is no dnsapi script of acme.sh" in refused(dnsapi("", "my.sh"))
    acme = tmp_path / "share" / "acme.sh"
    other = tmp_path / "other"
    acme.rename(other)
    assert "acme-sh '%s' cannot be run: No such file" % acme in refused(path)
    with acme_sh(path, acme_sh=str(other)).open() as p:
        assert p.call(*add()).status == OK
    other.chmod(0o666)
    assert "acme-sh '%s' is not run: its group or others may write" % other in refused(path, acme_sh=str(other))
    os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) | 0o020)
    assert "command '%s' is not run: its group or others may write" % path in refused(path)


# Settings


def test_every_style_has_a_section_with_an_example():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "plugins", "exec-hook")
    with open(os.path.join(folder, "exec-hook.h"), encoding="utf-8") as file:
        styles = re.search('STYLE_NAMES "(.*)"', file.read())[1].split(",")
    with open(os.path.join(folder, "acme-dns-exec-hook.7"), encoding="utf-8") as file:
        page = file.read()
    sections = re.split(r"^\.Ss (.*)\n", page[page.index(".Sh STYLES"):page.index(".Sh EXAMPLES")], flags=re.M)[1:]
    assert sorted(sections[0::2]) == sorted(set(styles) - {"native"})
    for style, text in zip(sections[0::2], sections[1::2]):
        examples = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed", text, flags=re.M | re.S)
        assert examples and all("[provider " in e and "\nstyle = %s\n" % style in e and "\ncommand = /" in e
                                for e in examples), style
        known = {"plugin", "style", "command", "arg", "cleanup-command", "cleanup-arg", "hook-chain", "acme-sh",
                 "account-conf", "env", "env-file", "core-allow-path", "user"}
        assert {line.split(" = ")[0] for e in examples for line in e.splitlines()[1:]} <= known


@pytest.mark.parametrize("options, words", [
    ({"style": "certbot"}, "style = certbot needs cleanup-command, the program that removes (cleanup hook)"),
    ({"style": "getssl"}, "style = getssl needs cleanup-command, the program that removes (DNS_DEL_COMMAND)"),
    ({"style": "lego", "batch": "yes"}, "batch needs style = native, not lego"),
    ({"style": "lego", "hook_chain": "yes"}, "hook-chain needs style = dehydrated, not lego"),
    ({"cleanup_command": "/bin/true"}, "cleanup-command needs style = certbot or getssl, not native"),
    ({"style": "uacme", "cleanup_arg": "x"}, "cleanup-arg needs style = certbot or getssl, not uacme"),
    ({"acme_sh": "/bin/true"}, "acme-sh needs style = acme.sh, not native"),
    ({"style": "certbot", "cleanup_command": "/no/such"}, "cleanup-command '/no/such' cannot be run: No such file"),
])
def test_settings_that_do_not_fit(hook, options, words):
    with Plugin("exec-hook", command=hook("exit 0"), **options) as p:
        result = p.call("check")
        assert result.status == BAD_CONFIG and words in result.text


@pytest.mark.parametrize("style", ["lego-raw", "certbot", "dehydrated", "uacme", "getssl"])
def test_a_name_that_the_style_cannot_write_at(noting, calls, style):
    options = {"cleanup_command": noting()} if style in ("certbot", "getssl") else {}
    with Plugin("exec-hook", command=noting(), style=style, **options).open() as p:
        for name in ("4e1c.alias.test.", "_acme-challenge.", "_x._acme-challenge.example.test."):
            result = p.call(*add(name))
            assert result.status == BAD_CONFIG and name in result.text and "style %s" % style in result.text
            assert "want a program of style native, lego or acme.sh" in result.text
        result = p.apply(add("4e1c.alias.test."), add())
        assert result.done == [1] and list(result.fails) == [0]
    assert [c["argv"] for c in calls() if "startup_hook" not in c["argv"] and "exit_hook" not in c["argv"]]
