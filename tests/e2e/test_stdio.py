# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The provider stdio: acme-client's dialogue over standard input and output."""

import base64
import fcntl
import hashlib
import os
import re
import select
import signal
import subprocess

import pytest
from dns_scene import world
from lab import Zone
from lab.client import names_of
from lab.control import cache_dir, library_path

LINE = re.compile(rb"dns-01 (example\.test|www\.example\.test) [A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")
PUBLISHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hooks", "stdio_publish.sh")
PATIENCE_S = 30


@pytest.fixture
def quick(make_lab):
    return make_lab(world(Zone("example.test", records='@ 60 IN TXT "not ours"')))


@pytest.fixture
def client(quick, make_client):
    made = make_client(quick)
    made.configure("plugin-user = nobody")
    return made


def command(client, *names, options=("-t", "dns-01")):
    domains = [word for name in names for word in ("-d", name)]
    return client.command("issue", *domains, "--server", client.server, *options)


class Talk:
    """A run of ours, and this test at the other end."""

    def __init__(self, client, *names, options=("-t", "dns-01")):
        self.lab = client.lab
        self.process = self.lab.popen(command(client, *names, options=options), stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self.told = b""

    def hear(self, patience_s=PATIENCE_S):
        """The next whole line, or b"" when there is none."""
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], patience_s)[0]:
                return b""
            byte = self.process.stdout.read(1)
            if not byte:
                return b""
            line += byte
        self.told += line
        return line

    def say(self, line):
        self.process.stdin.write(line)

    def publish(self, line):
        _, domain, token = line.decode().split()
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode().rstrip("=")
        record = "_acme-challenge.%s. 1 TXT %s" % (domain, digest)
        self.lab.update("example.test", "add " + record)
        return "del " + record.replace(" 1 TXT", " TXT")

    def end(self):
        """(exit status, standard output, standard error) when it has ended."""
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, self.told + out, err.decode()


def refused(talk, *words, code=4):
    status, out, err = talk.end()
    assert status == code, err
    for word in words:
        assert word in err, err
    return out


# As it should be

def test_a_script_over_a_fifo_publishes(quick, client):
    """Other people's publishers are programs like this one."""
    before = quick.zones()
    script = ('mkfifo "$1/answers" && p=$2 && shift 2 && { "$@" <answers; echo $? >code; } |'
              ' "$p" "$SERVER" example.test "$KEY" >answers; exit $(cat code)')
    result = quick.run(["sh", "-c", script, "sh", client.folder, PUBLISHER,
                        *command(client, "example.test", "*.example.test", "www.example.test")],
                       cwd=client.folder,
                       env={"SERVER": quick.primary, "KEY": quick.key_file(),
                            "NSUPDATE": os.path.join(cache_dir(), "servers/usr/bin/nsupdate"),
                            "LD_LIBRARY_PATH": library_path()})
    assert result.code == 0, result.err
    assert names_of(client.certificate("example.test")[0]) == ["*.example.test", "example.test", "www.example.test"]
    assert quick.zones() == before and quick.processes() == []
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


def test_names_come_one_after_the_other(quick, client):
    before = quick.zones()
    talk = Talk(client, "example.test", "*.example.test", "www.example.test")
    lines, undo = [], []
    for _ in range(3):
        line = talk.hear()
        assert LINE.fullmatch(line.rstrip(b"\n")), line
        assert talk.hear(patience_s=0.5) == b"", "the next name did not wait for the answer"
        undo.append(talk.publish(line))
        lines.append(line)
        talk.say(line)
    status, out, err = talk.end()
    assert status == 0, err
    assert sorted(line.split()[1] for line in lines) == [b"example.test", b"example.test", b"www.example.test"]
    assert len(set(lines)) == 3, "a name and its wildcard have tokens of their own"
    assert out == b"".join(lines), "standard output is for the dialogue alone"
    assert "example.test: issued" in err and "Valid until" in err
    assert "cannot renew unattended" in err and "stdio" in err
    assert err.count("no word for it") == 1
    quick.update("example.test", *undo)
    assert quick.zones() == before


def test_an_answer_may_take_longer_than_any_call(quick, client):
    client.configure("plugin-user = nobody\ncall-timeout = 1s\nhook-timeout = 1s")
    talk = Talk(client, "example.test")
    line = talk.hear()
    assert talk.hear(patience_s=4) == b""
    talk.publish(line)
    talk.say(line[:10])
    assert talk.hear(patience_s=1) == b""
    talk.say(line[10:])
    status, _, err = talk.end()
    assert status == 0, err


def test_standard_input_is_left_as_it_was(quick, client):
    """Who shares it gets what stands behind the answer, and no surprises."""
    ours, theirs = os.pipe()
    script = '"$@"; code=$?; read -r rest; echo "rest: $rest"; exit $code'
    process = quick.popen(["sh", "-c", script, "sh", *command(client, "example.test")], stdin=ours,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    line = process.stdout.readline()
    Talk.publish(type("", (), {"lab": quick})(), line)
    os.write(theirs, line + b"for the next program\n")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == b"rest: for the next program\n"
    assert fcntl.fcntl(ours, fcntl.F_GETFL) & os.O_NONBLOCK == 0


def test_instances_are_chosen_like_any_other(quick, client):
    sections = "[provider pipe]\nplugin = stdio\n[zone example.test]\nprovider = pipe\n"
    client.configure("plugin-user = nobody", sections)
    talk = Talk(client, "example.test", options=())
    line = talk.hear()
    talk.publish(line)
    talk.say(line)
    status, out, err = talk.end()
    assert status == 0 and out == line and "example.test: issued" in err, err
    again = Talk(client, "example.test", options=())
    status, out, err = again.end()
    assert status == 0 and out == b"" and "unchanged" in err, "a result among the lines of a dialogue"


# As it should not be

def test_the_end_of_input_ends_the_run(quick, client):
    before = quick.zones()
    talk = Talk(client, "example.test", "www.example.test")
    assert talk.hear()
    talk.process.stdin.close()
    talk.process.stdin = None
    out = refused(talk, "standard input ended", "dns-01 ", "repeats the line")
    assert out.count(b"\n") == 1, "the next name was told to nobody"
    assert quick.zones() == before and quick.processes() == []


def test_another_line_ends_the_run(quick, client):
    talk = Talk(client, "example.test", "www.example.test")
    line = talk.hear()
    talk.say(line.replace(b"dns-01", b"dns-02"))
    out = refused(talk, "says 'dns-02 ", "instead of 'dns-01 ", "repeats the line")
    assert out == line


def test_what_went_through_before_is_not_waited_for(quick, client):
    """Nobody has published the first name's value; once the dialogue is over that is no reason to wait."""
    before = quick.zones()
    talk = Talk(client, "example.test", "www.example.test", options=["-t", "dns-01", "--propagation-timeout", "10m"])
    talk.say(talk.hear())
    assert talk.hear()
    talk.process.stdin.close()
    talk.process.stdin = None
    refused(talk, "standard input ended")
    assert quick.zones() == before


@pytest.mark.parametrize("junk", [b"\n", b"x" * 100000 + b"\n", b"\xff\x1b[31m\x00\n"])
def test_junk_ends_the_run_and_is_escaped(quick, client, junk):
    talk = Talk(client, "example.test")
    assert talk.hear()
    talk.say(junk)
    status, _, err = talk.end()
    assert status == 4 and "instead of" in err and "\x1b" not in err and len(err) < 5000


def test_nobody_who_reads(quick, client):
    process = quick.popen(command(client, "example.test"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4 and "standard output: nobody reads it" in err.decode()


def test_no_input_at_all(quick, client):
    result = quick.run(command(client, "example.test"))
    assert result.code == 4 and "standard input ended" in result.err
    assert LINE.fullmatch(result.out.rstrip("\n").encode())


@pytest.mark.parametrize("signo", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait(quick, client, signo):
    before = quick.zones()
    talk = Talk(client, "example.test", "*.example.test")
    line = talk.hear()
    talk.process.send_signal(signo)
    status, out, err = talk.end()
    assert status == -signo and out == line, err
    assert quick.zones() == before and quick.processes() == []
    again = Talk(client, "example.test", "*.example.test")
    lines = [again.hear()]
    again.say(lines[0])
    lines.append(again.hear())
    assert line in lines, "the order goes on, and with it the tokens"
    again.process.send_signal(signo)
    assert again.end()[0] == -signo


def test_a_dead_run_is_told_of_once(quick, client):
    talk = Talk(client, "example.test")
    assert talk.hear()
    talk.process.kill()
    talk.process.communicate()
    result = client.run("cleanup")
    assert result.code == 0 and "no word for it" in result.err and "1 left to others" in result.out
    assert client.run("cleanup").out.startswith("cleanup: nothing was left behind")


@pytest.mark.parametrize("options, words", [
    (["-t", "dns-01", "--json"], ["standard output", "--json"]),
    (["-t", "http-01"], ["-t http-01", "dns-01"]),
    (["-t", "dns-01", "--provider", "lab=manual", "--provider", "lab"], ["--provider"]),
])
def test_what_does_not_go_together(quick, client, options, words):
    result = quick.run(command(client, "example.test", options=options))
    assert result.code == 3, result.err
    for word in words:
        assert word in result.out + result.err
    assert quick.request_counts() == {}


def test_two_dialogues_do_not_share_one_input(quick, client):
    """Nobody hears an answer that is another's: the second is told so, and the first goes on."""
    client.configure("plugin-user = nobody", sections="[provider one]\nplugin = stdio\n[provider two]\nplugin = stdio\n")
    talk = Talk(client, "example.test", "www.example.test",
                options=("--provider", "example.test=one", "--provider", "www.example.test=two"))
    line = talk.hear()
    assert LINE.match(line), line
    undo = talk.publish(line)
    talk.say(line)
    refused(talk, "waits for an answer on standard input", "only one can speak there", code=3)
    quick.update("example.test", undo)
