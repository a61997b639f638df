# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What runs leave behind for whoever looks later: every failure's whole story, no secret, and a run that
goes on when its log cannot."""

import base64
import json
import os
import re
import stat
import subprocess

import pytest
from lab import Ca, World, Zone
from lab.world import tsig_secret

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\d{8}T\d{6}Z-\d+) (error|warning|notice|debug|trace) (\S+) (.*)")


@pytest.fixture
def scene(make_lab, make_client):
    lab = make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))
    return lab, make_client(lab)


def log_path(client, *below):
    return os.path.join(client.state, "logs", *below, "logs.txt")


def read_runs(client, *below):
    """run -> [(level, certificate, text)]; every line must be a whole one."""
    runs = {}
    with open(log_path(client, *below), encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n")
    for line in text.splitlines():
        found = LINE.fullmatch(line)
        assert found, line
        runs.setdefault(found[2], []).append(found.groups()[2:])
    for lines in runs.values():
        assert lines[0][2].startswith("begin acme-dns ") and lines[-1][2].startswith("end exit status "), lines
    return runs


def test_an_issue_is_told_from_its_beginning_to_its_end(scene):
    _, client = scene
    result = client.issue("*.example.test", "example.test")
    assert result.code == 0 and "log: " not in result.err
    (lines,) = read_runs(client).values()
    assert "--provider lab" in lines[0][2] and lines[-1][2].startswith("end exit status 0 after ")
    told = [text for _, certificate, text in lines if certificate == "example.test"]
    for step in ("AUTHORIZE", "VALIDATE", "FINALIZE", "installed in ", "result: exit status 0"):
        assert any(step in text for text in told), step
    assert any(re.match(r"lab: \w+ 2 in example\.test\., \d+ ms", text) for _, _, text in lines), lines
    for path, mode in ((log_path(client), 0o600), (os.path.join(client.state, "logs"), 0o700)):
        assert stat.S_IMODE(os.stat(path).st_mode) == mode
    assert client.run("list").code == 0 and len(read_runs(client)) == 1


def test_what_is_said_of_a_certificate_is_in_its_column(scene):
    _, client = scene
    client.issue("example.test", options=["--deploy-hook", "false"])
    with open(log_path(client), encoding="utf-8") as file:
        (line,) = [line for line in file if "exit status 1" in line and " warning " in line]
    assert re.match(r"\S+ \S+ warning example\.test .*deploy hook 'false'", line), line


def test_the_last_line_of_a_failure_leads_to_its_story(scene, tmp_path):
    lab, client = scene
    wrong = tmp_path / "wrong.key"
    with open(lab.key_file(), encoding="ascii") as file:
        wrong.write_text(file.read().replace('secret "', 'secret "AAAA'))
    wrong.chmod(0o600)
    with open(client.config, "a", encoding="utf-8") as file:
        file.write("[provider off]\nplugin = rfc2136\nkey-file = %s\n" % wrong)
    result = lab.run(client.command("issue", "-d", "example.test", "--provider", "off", "--server", client.server))
    assert result.code == 4, result.err
    found = re.fullmatch(r"log: (\S+) \(run (\S+)\)", result.err.splitlines()[-1])
    assert found and found[1] == log_path(client)
    story = read_runs(client)[found[2]]
    assert any(level == "error" and name == "example.test" and "provider 'off'" in text for level, name, text in story)
    assert any("error: " not in text and "off" in text for _, _, text in story)
    told = [json.loads(line) for line in client.run(
        "issue", "-d", "example.test", "--provider", "off", "--server", client.server, "--json").out.splitlines()]
    assert told[-1]["event"] == "result" and told[-1]["log"] == found[1]
    assert told[-1]["run"] in read_runs(client) and told[-1]["run"] != found[2]


def test_no_secret_is_in_a_log(scene):
    lab, client = scene
    assert client.issue("example.test", options=["-vv"]).code == 0
    with open(log_path(client), encoding="utf-8") as file:
        text = file.read()
    assert " trace - POST https://" in text  # what -vv shows is there, in full
    secret = tsig_secret("hmac-sha256")
    for form in (secret, secret.rstrip("="), base64.b64decode(secret).hex()):
        assert form not in text
    assert "PRIVATE KEY" not in text


def test_runs_at_once_tear_no_lines(scene):
    lab, client = scene
    client.configure("log-size = 10k\nlog-keep = 50\n")
    running = [lab.popen(client.issue_command("a%d.example.test" % i), stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL) for i in range(4)]
    assert [process.wait(120) for process in running] == [0] * 4
    folder = os.path.dirname(log_path(client))
    files = [name for name in os.listdir(folder) if name.startswith("logs.txt")]
    ends = 0
    for name in files:
        path = os.path.join(folder, name)
        # Whoever writes while another run puts the file aside goes on writing to it.
        assert os.path.getsize(path) <= 20000, name
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        assert all(LINE.fullmatch(line) for line in lines), name
        ends += sum(" end exit status 0 " in line for line in lines)
    assert ends == 4


def test_a_full_disk_keeps_nothing_from_being_done(scene):
    lab, client = scene
    folder = os.path.dirname(log_path(client))
    os.makedirs(folder, mode=0o700)
    os.chmod(client.state, 0o711)
    script = 'mount -t tmpfs -o size=4k,mode=0700 none "$0" && head -c 4096 /dev/zero >"$0/filler" && exec "$@"'
    command = client.issue_command("example.test")
    result = lab.run(["unshare", "-m", "sh", "-c", script, folder, *command])
    assert result.code == 0, result.err
    told = [line for line in result.err.splitlines() if "the run goes on without its log" in line]
    assert len(told) == 1 and told[0].startswith("warning: ") and log_path(client) in told[0]
    client.certificate("example.test")


def test_the_journal_is_told_how_important_a_line_is(scene, tmp_path):
    lab, client = scene
    out = tmp_path / "stderr"
    script = 'exec 2>"$0"; JOURNAL_STREAM=$(stat -Lc %d:%i /dev/fd/2) exec "$@"'
    command = client.command("deploy", "nothing.example")
    assert lab.run(["sh", "-c", script, str(out), *command]).code == 3
    lines = out.read_text().splitlines()
    assert lines and all(re.match(r"<[3-7]>", line) for line in lines)
    assert any(line.startswith("<3>error: nothing.example: ") for line in lines)
    # Somebody above has the journal, but what we write goes elsewhere.
    result = lab.run(["env", "JOURNAL_STREAM=1:1", *command])
    assert result.code == 3 and "<3>" not in result.err
