# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Deploy hooks: what they are told, in which order they run, and what becomes of those that fail."""

import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest
from lab import Ca, World, Zone

NAMES = ("*.example.test", "example.test")


@pytest.fixture
def lab(make_lab):
    return make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True, cache_s=0))


def program(folder, name, text):
    path = os.path.join(str(folder), name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def deploy_state(client, name="example.test"):
    return json.loads(read(os.path.join(client.state, "certs", name, "deploy.json")))


def test_a_hook_is_told_what_is_new(lab, make_client, tmp_path):
    client = make_client(lab)
    out = tmp_path / "out"
    hook = program(tmp_path, "hook", 'env >"%s"; openssl x509 -noout -in "$ACME_DNS_CERT"\n' % out)
    client.configure(sections="[certificate example.test]\ndomains = %s\nprovider = lab\n"
                              "deploy-hook = %s 'two words' \"$HOME\"\n" % (", ".join(NAMES), hook))
    result = lab.run(client.issue_command(*NAMES), env={"SECRET": "x", "LANG": "C.UTF-8"})
    assert result.code == 0, result.err
    assert "deploy hook done" in result.err
    told = dict(line.split("=", 1) for line in read(out).splitlines())
    folder = os.path.join(client.state, "certs", "example.test")
    assert told["ACME_DNS_EVENT"] == "deploy" and told["ACME_DNS_NAME"] == "example.test"
    assert told["ACME_DNS_DOMAINS"] == told["RENEWED_DOMAINS"] == " ".join(NAMES)
    assert told["ACME_DNS_FOLDER"] == told["RENEWED_LINEAGE"] == folder
    for variable, file in (("FULLCHAIN", "fullchain"), ("PRIVKEY", "privkey"), ("CERT", "cert"), ("CHAIN", "chain")):
        assert told["ACME_DNS_" + variable] == os.path.join(folder, file + ".pem")
    assert "SECRET" not in told and told["LANG"] == "C.UTF-8" and told["PATH"].startswith("/usr/local/sbin:")
    assert deploy_state(client)["error"] is None


def test_a_hook_that_calls_for_its_own_certificate_is_refused(lab, make_client, tmp_path):
    """The run that waits for it has the lock. What only reads does not want one."""
    client = make_client(lab)
    client.configure(settings="lock-timeout = 1s")
    words = " ".join(client.command("deploy", "example.test"))
    shown = " ".join(client.command("show", "example.test"))
    hook = program(tmp_path, "hook", '%s >"%s/out" 2>&1; echo $? >"%s/code"; %s >"%s/shown"\n' % (
        words, tmp_path, tmp_path, shown, tmp_path))
    result = client.issue(*NAMES, options=["--deploy-hook", hook])
    assert result.code == 0, result.err
    assert read(tmp_path / "code") == "9\n", read(tmp_path / "out")
    assert "held by another run" in read(tmp_path / "out") and "health=good" in read(tmp_path / "shown")


def test_the_order_of_hooks(lab, make_client, tmp_path):
    """The certificate's, all certificates', hooks.d by name; no leftovers of editors and packages."""
    client = make_client(lab)
    out = tmp_path / "out"
    hooks = [program(tmp_path, name, "echo %s >>'%s'\n" % (name, out)) for name in ("own", "own2", "general")]
    folder = os.path.join(client.folder, "hooks.d")
    os.makedirs(folder)
    for name in ("20-late", "10-early", "10-early~", "x.dpkg-old", "y.bak", ".hidden"):
        program(folder, name, "echo %s >>'%s'\n" % (name, out))
    client.configure(settings="deploy-hook = %s\n" % hooks[2])
    result = client.issue(*NAMES, options=["--deploy-hook", hooks[0], "--deploy-hook", hooks[1]])
    assert result.code == 0, result.err
    assert read(out).split() == ["own", "own2", "general", "10-early", "20-late"]
    # Remembered, and run again for the next certificate only.
    assert client.issue(*NAMES).code == 0
    assert len(read(out).split()) == 5
    assert client.issue(*NAMES, options=["--force"]).code == 0
    assert read(out).split()[5:] == ["own", "own2", "general", "10-early", "20-late"]


def test_a_failed_hook_is_repeated_without_a_new_certificate(lab, make_client, tmp_path):
    client = make_client(lab)
    out, gate = tmp_path / "out", tmp_path / "gate"
    bad = program(tmp_path, "bad", "echo bad >>'%s'; [ -e '%s' ] || { echo 'no gate' >&2; exit 7; }\n" % (out, gate))
    good = program(tmp_path, "good", "echo good >>'%s'\n" % out)
    result = client.issue(*NAMES, options=["--deploy-hook", bad, "--deploy-hook", good])
    assert result.code == 8, result.err
    for text in ("installed, but", bad, "exit status 7", "no gate", "acme-dns deploy example.test"):
        assert text in result.err, result.err
    assert read(out).split() == ["bad", "good"]
    serial = client.certificate("example.test")[0].serial_number
    assert deploy_state(client)["failures"] == 1 and "no gate" in deploy_state(client)["error"]
    assert "deploy pending" in client.run("list").out and client.run("list", "--check").code == 1
    shown = client.run("show", "example.test")
    assert "deploy-error=deploy hook '%s': exit status 7; it said: no gate\n" % bad in shown.out, shown.out
    for command in (["issue", "-d", ",".join(NAMES), "--provider", "lab", "--server", client.server],
                    ["deploy", "--pending"], ["deploy", "example.test"]):
        assert client.run(*command).code == 8
    assert deploy_state(client)["failures"] == 4
    gate.write_text("")
    assert client.run("deploy", "--pending").code == 0
    assert deploy_state(client)["failures"] == 0 and client.run("list", "--check").code == 0
    assert "deploy-error" not in client.run("show", "example.test").out
    before = read(out)
    result = client.run("deploy", "--pending")
    assert result.code == 0 and "nothing is pending" in result.out and read(out) == before
    assert client.certificate("example.test")[0].serial_number == serial


def test_what_was_not_deployed_or_was_revoked_is_in_the_metrics(lab, make_client, tmp_path):
    client = make_client(lab)
    path = tmp_path / "prom"

    def metric(name):
        assert client.run("list", "--metrics", str(path)).code == 0
        return re.search(r'^acme_dns_certificate_%s\{name="example.test",staging="no"\} (\d+)$' % name,
                         path.read_text(), re.M).group(1)

    assert client.issue(*NAMES, options=["--deploy-hook", "false"]).code == 8
    assert [metric(name) for name in ("health", "deploy_pending", "revoked", "attention")] == ["0", "1", "0", "1"]
    assert client.run("revoke", "--name", "example.test", "--yes").code == 0
    assert [metric(name) for name in ("health", "deploy_pending", "revoked", "attention")] == ["2", "0", "1", "0"]


def pending(lab, make_client, tmp_path):
    """(client, hook, its output): deployed in vain once, and now it would go well."""
    client = make_client(lab)
    out = tmp_path / "out"
    hook = program(tmp_path, "hook", "echo ran >>'%s'; [ -e '%s' ]\n" % (out, tmp_path / "gate"))
    assert client.issue(*NAMES, options=["--deploy-hook", hook]).code == 8
    (tmp_path / "gate").write_text("")
    return client, hook, out


def test_what_another_run_deployed_meanwhile_is_not_deployed_again(lab, make_client, tmp_path):
    client, hook, out = pending(lab, make_client, tmp_path)
    folder = os.path.join(client.state, "certs", "example.test")
    with client.hold("example.test"):
        process = lab.popen(client.command("deploy", "--pending"), stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        state = dict(deploy_state(client), version=os.readlink(os.path.join(folder, "current")), hooks=[hook],
                     error=None)
        with open(os.path.join(folder, "deploy.json"), "w", encoding="utf-8") as file:
            json.dump(state, file)
    assert "nothing is pending" in process.communicate(timeout=60)[0] and process.returncode == 0
    assert read(out) == "ran\n" and deploy_state(client)["version"] == state["version"]


def test_what_another_run_holds_is_left_to_it(lab, make_client, tmp_path):
    """A timer's run that meets one of somebody's has not failed; what is pending is so for the next."""
    client, _, out = pending(lab, make_client, tmp_path)
    client.configure(settings="lock-timeout = 300ms")
    with client.hold("example.test"):
        result = client.run("deploy", "--pending")
        assert result.code == 9 and "0 deployed, 0 failed, 1 left to another run" in result.out + result.err, result
    assert read(out) == "ran\n"
    assert client.run("deploy", "--pending").code == 0 and read(out) == "ran\n" * 2


def test_a_hook_is_added_without_a_new_certificate(lab, make_client, tmp_path):
    client = make_client(lab)
    assert client.issue(*NAMES).code == 0
    serial = client.certificate("example.test")[0].serial_number
    out = tmp_path / "out"
    hook = program(tmp_path, "hook", "echo ran >>'%s'\n" % out)
    result = client.issue(*NAMES, options=["--deploy-hook", hook])
    assert result.code == 0 and "deploy-hook = %s" % hook in result.out, result.out
    assert read(out) == "ran\n" and client.certificate("example.test")[0].serial_number == serial
    other = program(tmp_path, "other", "echo other >>'%s'\n" % out)
    assert client.issue(*NAMES, options=["--deploy-hook", hook, "--deploy-hook", other]).code == 0
    assert read(out) == "ran\nran\nother\n" and client.certificate("example.test")[0].serial_number == serial


def test_a_hook_for_all_that_is_added_waits_for_the_next_certificate(lab, make_client, tmp_path):
    """One edited line does not have a server reloaded once for each certificate."""
    client = make_client(lab)
    out = tmp_path / "out"
    first, second = (program(tmp_path, name, "echo %s >>'%s'\n" % (name, out)) for name in ("first", "second"))
    client.configure(settings="deploy-hook = %s\n" % first)
    assert client.issue(*NAMES).code == 0
    client.configure(settings="deploy-hook = %s\ndeploy-hook = %s\n" % (first, second))
    assert client.issue(*NAMES).code == 0
    assert "nothing is pending" in client.run("deploy", "--pending").out and read(out) == "first\n"
    assert client.run("deploy", "example.test").code == 0
    assert read(out) == "first\nfirst\nsecond\n"


@pytest.mark.parametrize("line, told", [
    ("no-such-program-here", ["no program 'no-such-program-here'", "sh -c"]),
    ("./relative", ["relative path"]),
    ("/nonexistent/hook", ["'/nonexistent/hook' is not a program"]),
    ("sh -c 'kill -9 $$'", ["killed by signal 9"]),
    ("sleep 60", ["did not end within 1 s", "hook-timeout"]),
])
def test_a_hook_that_cannot_be_run(lab, make_client, line, told):
    client = make_client(lab)
    client.configure(settings="hook-timeout = 1s\n")
    result = client.issue(*NAMES, options=["--deploy-hook", line])
    assert result.code == 8, result.err
    for text in told:
        assert text in result.err, result.err
    client.certificate("example.test")


def test_what_a_hook_starts_may_go_on(lab, make_client, tmp_path):
    """A service that a hook restarts outlives both."""
    client = make_client(lab)
    pid = tmp_path / "pid"
    hook = program(tmp_path, "hook", "setsid sh -c 'echo $$ >\"%s\"; exec sleep 300' </dev/null >/dev/null 2>&1 &\n"
                                     "while ! [ -s '%s' ]; do sleep 0.05; done\n" % (pid, pid))
    assert client.issue(*NAMES, options=["--deploy-hook", hook]).code == 0
    (left,) = lab.processes()
    assert "sleep" in read("/proc/%d/cmdline" % left)
    os.kill(left, signal.SIGKILL)


def test_a_signal_ends_a_hook(lab, make_client, tmp_path):
    client = make_client(lab)
    begun = tmp_path / "begun"
    hook = program(tmp_path, "hook", "echo >'%s'; exec sleep 60\n" % begun)
    process = lab.popen(client.issue_command(*NAMES, options=["--deploy-hook", hook]),
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not begun.exists():
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    assert lab.processes() == []
    assert "deploy pending" in client.run("list").out


def test_what_makes_no_sense(lab, make_client, tmp_path):
    client = make_client(lab)
    assert client.issue(*NAMES).code == 0
    for words, text in ((["deploy"], "--pending"), (["deploy", "example.test"], "no deploy hook"),
                        (["deploy", "other.test"], "other.test"),
                        (["deploy", "example.test", "--pending"], "--pending"),
                        (["issue", "--name", "example.test", "--deploy-hook", "sh -c 'x"],
                         "--deploy-hook: a single quote is not closed")):
        result = client.run(*words)
        assert result.code == 3 and text in result.err, result.err


@pytest.mark.skipif(os.geteuid() != 0, reason="root trusts only what is root's")
def test_root_runs_only_what_is_roots(lab, make_client, tmp_path):
    client = make_client(lab)
    hook = program(tmp_path, "hook", "exit 0\n")
    os.chmod(hook, 0o777)
    result = client.issue(*NAMES, options=["--deploy-hook", hook])
    assert result.code == 8 and hook in result.err, result.err
    assert stat.S_IMODE(os.stat(hook).st_mode) == 0o777
