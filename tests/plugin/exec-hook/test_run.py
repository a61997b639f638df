# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""One run of a program for one change: what it gets, what its end means, and that it ends."""
import os
import time

import pytest

from driving import (BAD_CONFIG, CANCELLED, DENIED, OK, REJECTED, RETRY, UNSUPPORTED, Plugin)

Z = "example.test."
FQDN = "_acme-challenge.example.test."


def run(command, *flags, verb="add", value="v", receipt=None, env=None, **options):
    with Plugin("exec-hook", *flags, command=command, env=env, **options).open() as p:
        return p.call(verb, FQDN, Z, value, 60, *([receipt] if receipt else []))


def test_arguments_and_environment(hook, tmp_path):
    path = hook('cd "%s"; printf "%%s|" "$@" > args; env > env' % tmp_path)
    result = run(path, verb="remove", value="it's $HOME; `id` \"x\" *", receipt="r 1", arg=["-x", "a b", ""],
                 env={"ACME_DNS_LEFT_OVER": "1", "ACME_DNS_FQDN": "wrong"})
    assert result.status == OK
    assert (tmp_path / "args").read_text() == "-x|a b||remove|%s|it's $HOME; `id` \"x\" *|" % FQDN
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert {k: v for k, v in env.items() if k.startswith("ACME_DNS_")} == {
        "ACME_DNS_VERB": "remove", "ACME_DNS_FQDN": FQDN, "ACME_DNS_ZONE": Z, "ACME_DNS_TTL": "60",
        "ACME_DNS_VALUE": "it's $HOME; `id` \"x\" *", "ACME_DNS_IDENTIFIER": "example.com",
        "ACME_DNS_WILDCARD": "1", "ACME_DNS_TOKEN": "a-token", "ACME_DNS_RECEIPT": "r 1",
        "ACME_DNS_KEY_AUTHORIZATION": "a-token.a-thumbprint"}


def test_env_file(hook, tmp_path):
    file = tmp_path / "env"
    file.write_text("# A=comment\n\n  export A=1\nB='two  words'\r\n"
                    "C=\"x=$y\"  \nD=\nE='\n\tF=\"'\nACME_DNS_FQDN=wrong")
    path = hook('cd "%s"; env > env.seen' % tmp_path)
    assert run(path, env_file=str(file), env={"A": "other", "G": "kept"}).status == OK
    env = dict(line.split("=", 1) for line in (tmp_path / "env.seen").read_text().splitlines())
    assert {name: env.get(name) for name in "ABCDEFG"} == {
        "A": "1", "B": "two  words", "C": "x=$y", "D": "", "E": "'", "F": "\"'", "G": "kept"}
    assert env["ACME_DNS_FQDN"] == FQDN


@pytest.mark.parametrize("line", ["s3cret", "=s3cret", "1A=s3cret", "A B=s3cret", "A =s3cret", "export A"])
def test_env_file_that_is_none(hook, tmp_path, line):
    file = tmp_path / "env"
    file.write_text("A=1\n\n# comment\n%s\n" % line)
    with Plugin("exec-hook", command=hook("exit 0"), env_file=str(file)) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and "env-file, line 4: want NAME=VALUE" in result.text
    assert "s3cret" not in result.text


def test_descriptors_session_and_stdin(hook):
    result = run(hook('ls /proc/self/fd | tr "\\n" " "; echo; read x || echo eof; '
                      'read pid comm st pp pg sid rest < /proc/$$/stat; [ "$sid" = $$ ] && echo own'))
    assert result.status == OK
    descriptors = result.logs[0][1].removeprefix("hook: ").split()
    assert set(descriptors) <= {"0", "1", "2", "3"} and "eof" in result.log and "own" in result.log


def expected(code, verb):
    promising = {0: OK, 2: UNSUPPORTED, 65: REJECTED, 75: RETRY, 77: DENIED, 78: BAD_CONFIG}
    if verb == "add":
        return promising.get(code, RETRY)  # something may be left behind
    return {**promising, 3: RETRY, 126: BAD_CONFIG, 127: BAD_CONFIG}.get(code, REJECTED)


@pytest.mark.parametrize("verb", ["add", "settled"])
def test_every_exit_code(hook, verb):
    path = hook("exit $CODE")
    for code in range(256):
        with Plugin("exec-hook", command=path, env={"CODE": str(code)}).open() as p:
            result = p.call(verb, FQDN, Z, "v", 60)
        if verb == "settled" and code == 2:
            assert result.status == OK and not result.fails
            continue
        assert result.status == expected(code, verb), code
        if code != 0:
            assert "hook %s" % verb in result.text and "exit code %d)" % code in result.text
        if verb == "add" and result.status == RETRY and code != 75:
            assert result.fails[0][1] > 0, code  # not to be run again at once
        assert ("reserved" in result.text) == (4 <= code <= 74 and code != 65), code


def test_a_program_without_settled_is_asked_once(hook, tmp_path):
    path = hook('echo run >> "%s/runs"; exit 2' % tmp_path)
    with Plugin("exec-hook", command=path).open() as p:
        for _ in range(3):
            assert p.call("settled", FQDN, Z, "v", 60).status == OK
    assert (tmp_path / "runs").read_text() == "run\n"


def test_retry_after_and_receipt(hook):
    result = run(hook("echo retry-after=90; echo 'receipt=change 7'; echo retry-after=x; exit 75"))
    assert result.status == RETRY and result.fails[0][1] == 90
    assert result.receipts == {0: "change 7"} and result.log == "hook: retry-after=x"


def test_lego_style(hook):
    path = hook('echo "$@"; env | grep -c ACME_DNS_; exit ${CODE:-0}')
    result = run(path, style="lego")
    assert result.log == "hook: present %s v\nhook: 0" % FQDN
    assert "cleanup %s v" % FQDN in run(path, style="lego", verb="remove").log
    result = run(path, style="lego", verb="settled")
    assert result.status == OK and not result.logs
    result = run(path, style="lego", env={"CODE": "75"})
    assert result.status == RETRY and result.fails[0][1] >= 119, "it may have added the value: not tried again"
    assert "hook present failed (exit code 75; style lego: every code but 0 is a failure)" in result.text


def test_the_end_of_stderr_is_quoted(hook):
    result = run(hook('i=0; while [ $i -lt 500 ]; do echo "line $i of stderr" >&2; i=$((i+1)); done; exit 1'))
    assert result.text.endswith("\n  line 499 of stderr") and "line 3 of" not in result.text
    assert all(line.startswith("  line ") and line.endswith(" of stderr")
               for line in result.text.splitlines()[1:])


def test_output_that_is_not_text(hook):
    result = run(hook(r"printf 'a\377b\033[31m\303\251\n'; printf '\200\n' >&2; exit 1"))
    assert result.log == "hook: a\\xffb\\x1b[31mé" and result.text.endswith("\\x80")


def test_huge_output_is_bounded(hook):
    result = run(hook("yes | head -c 30000000; yes error | head -c 30000000 >&2; "
                      "head -c 100000 /dev/zero | tr '\\0' x; exit 1"))
    assert result.status == RETRY and len(result.text) < 8192
    assert len(result.logs) <= 202 and "further output" in result.log


def alive(pid):
    try:
        with open("/proc/%s/stat" % pid, encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def gone(pid):
    deadline = time.monotonic() + 3
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


# Seconds, for the program needs some time to set its trap; it would sleep for sixty.
@pytest.mark.parametrize("flags, options, status, words", [
    ((), {"timeout": "3"}, RETRY, "timeout"),
    (("--deadline", "3000"), {}, CANCELLED, "time for this call"),
    (("--cancel-after", "3000"), {}, CANCELLED, "time for this call")])
def test_a_hanging_program_is_ended_with_its_children(hook, tmp_path, flags, options, status, words):
    path = hook('trap "" TERM HUP INT; echo waiting >&2; (trap "" TERM; sleep 60) & '
                'echo $$ $! > "%s/pids"; while :; do sleep 60; done' % tmp_path)
    began = time.monotonic()
    result = run(path, *flags, **options)
    assert time.monotonic() - began < 20
    assert result.status == status and words in result.text and "waiting" in result.text
    assert all(gone(pid) for pid in (tmp_path / "pids").read_text().split())


def test_a_grandchild_that_keeps_the_pipes_does_not_hold_the_call(hook, tmp_path):
    path = hook('(trap "" HUP TERM; exec sleep 60) & echo $! > "%s/pid"; echo done' % tmp_path)
    began = time.monotonic()
    result = run(path)
    assert result.status == OK and result.log == "hook: done" and time.monotonic() - began < 3
    assert gone((tmp_path / "pid").read_text().strip())


def test_a_group_of_its_own_is_found_too(hook, tmp_path):
    path = hook('set -m; sleep 60 & echo $! > "%s/pid"' % tmp_path, shell="/bin/bash")
    assert run(path).status == OK
    assert gone((tmp_path / "pid").read_text().strip())


def test_a_signal_is_named(hook):
    result = run(hook("kill -9 $$"))
    assert result.status == RETRY and result.fails[0][1] >= 119, "it may have added the value: not tried again"
    assert "signal 9" in result.text


@pytest.mark.parametrize("mode, words", [(0o644, "not executable"), (0o775, "may write"),
                                         (0o757, "may write")])
def test_programs_that_are_not_to_be_run(hook, mode, words):
    path = hook("exit 0")
    os.chmod(path, mode)
    with Plugin("exec-hook", command=path) as p:
        result = p.call("check")
        assert result.status == BAD_CONFIG and words in result.text and path in result.text


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")
@pytest.mark.parametrize("uid", [12345, 65534])
def test_a_program_of_another_user_is_not_run(hook, uid):
    path = hook("exit 0")
    try:
        os.chown(path, uid, uid)
    except OSError:
        pytest.skip("this namespace does not know that user")
    with Plugin("exec-hook", command=path) as p:
        assert "belongs neither" in p.call("check").text


@pytest.mark.parametrize("options, words", [
    ({"command": "relative/hook"}, "absolute"), ({"command": "/nonexistent/hook"}, "No such file"),
    ({"command": "/etc"}, "regular file"), ({}, "command is not set"),
    ({"command": "/bin/true", "style": "lego", "batch": "yes"}, "style = native")])
def test_bad_settings(options, words):
    with Plugin("exec-hook", **options) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and words in result.text


def test_a_missing_interpreter_is_said(hook):
    result = run(hook("exit 0", shell="/nonexistent/sh"))
    assert result.status == BAD_CONFIG and "interpreter" in result.text


def test_single_changes_of_a_batch_fail_alone(hook):
    path = hook('case "$3" in bad) echo no >&2; exit 77;; esac')
    with Plugin("exec-hook", command=path).open() as p:
        result = p.apply(("add", FQDN, Z, "a", 60), ("add", FQDN, Z, "bad", 60), ("remove", FQDN, Z, "c", 60))
    assert result.status == OK and result.done == [0, 2] and result.fails[1][0] == DENIED
