# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""CAs that make accounts only with an external account binding."""

import base64
import glob
import os
import time

import pytest
from lab import Ca, World

KEY = bytes(range(3, 67))  # long enough for HS512
URL = base64.urlsafe_b64encode(KEY).decode().rstrip("=")
PADDED = base64.b64encode(KEY).decode()
assert URL != PADDED.rstrip("=")  # the two alphabets differ in this one
KID = "kid-1"


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


def secret_file(folder, text, mode=0o600):
    path = folder / "hmac"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.fixture
def bound(make_lab, make_client, pebble):
    lab = make_lab(World(cas=[Ca(version=pebble, calm=True, eab={KID: URL})], in_step=True))
    return lab, make_client(lab)


def assert_kept_secret(client, *results):
    """The key is in nothing that was said or written, in no form."""
    written = b""
    for path in glob.glob(os.path.join(client.state, "**"), recursive=True):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                written += file.read()
    said = "".join(result.out + result.err for result in results)
    for form in (URL, PADDED, PADDED.rstrip("=")):
        assert form not in said and form.encode() not in written


@pytest.mark.parametrize("text", [URL, PADDED, PADDED.rstrip("="), URL + "\n", "  %s \r\n" % URL],
                         ids=["base64url", "base64", "unpadded", "line", "blanks"])
def test_every_form_of_the_key(bound, tmp_path, text):
    lab, client = bound
    options = ["--eab-kid", KID, "--eab-hmac-key-file", secret_file(tmp_path, text), "-vv"]
    result = succeed(client.issue("example.test", options=options))
    assert_kept_secret(client, result)
    # The account is bound; nobody has to say it again.
    lab.flush_resolver()
    succeed(client.issue("example.test", options=["--force"]))
    assert lab.request_counts()["newAccount"] == 1


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_every_algorithm(bound, tmp_path, algorithm):
    _, client = bound
    options = ["--eab-kid", KID, "--eab-hmac-key-file", secret_file(tmp_path, URL), "--eab-alg", algorithm]
    succeed(client.issue("example.test", options=options))


def test_the_key_from_standard_input(bound):
    lab, client = bound
    command = client.issue_command("example.test", options=["--eab-kid", KID, "--eab-hmac-key-file", "-", "-vv"])
    assert_kept_secret(client, succeed(lab.run(command, stdin=URL + "\n")))


def test_standard_input_that_is_a_terminal(bound):
    lab, client = bound
    command = client.issue_command("example.test", options=["--eab-kid", KID, "--eab-hmac-key-file", "-"])
    result = lab.run_on_terminal(command, timeout=20)
    assert result.code == 3 and "pipe the HMAC key in" in result.out


@pytest.mark.parametrize("how", ["inline", "file", "command"])
def test_the_key_from_a_section(bound, tmp_path, how):
    lab, client = bound
    path = secret_file(tmp_path, URL)
    line = {"inline": "eab-hmac-key = " + URL, "file": "eab-hmac-key-file = " + path,
            "command": "eab-hmac-key-command = /bin/cat " + path}[how]
    client.configure(sections="[ca one]\ndirectory = %s\neab-kid = %s\neab-alg = HS384\n%s\n"
                     % (client.server, KID, line))
    result = succeed(client.run("issue", "-d", "example.test", "--ca", "one", "--provider", "lab", "-vv"))
    assert_kept_secret(client, result)


def test_the_key_from_the_environment(bound):
    _, client = bound
    result = succeed(client.issue("example.test", options=["-vv"],
                                  env={"ACME_DNS_EAB_KID": KID, "ACME_DNS_EAB_HMAC_KEY": URL}))
    assert_kept_secret(client, result)
    half = client.run("issue", "-d", "example.test")
    assert half.code == 0  # registered by now


def test_missing_says_what_to_give(bound):
    lab, client = bound
    result = succeed(client.issue("example.test"), 10)
    for word in ("external account binding", "--eab-kid", "--eab-hmac-key-file", "[ca]"):
        assert word in result.err
    assert lab.request_counts()["newAccount"] == 0


def test_the_ca_s_own_page_is_named(bound):
    """A preset knows where its CA gives keys out."""
    _, client = bound
    client.configure(sections="[ca zerossl]\ndirectory = %s\n" % client.server)
    result = succeed(client.run("issue", "-d", "example.test", "--ca", "zerossl"), 10)
    assert "ZeroSSL" in result.err and "https://app.zerossl.com/developer" in result.err


@pytest.mark.parametrize("kid, text", [("kid-2", URL), (KID, "AAAA" + URL[4:])], ids=["kid", "key"])
def test_a_wrong_binding_is_for_a_person(bound, tmp_path, kid, text):
    lab, client = bound
    options = ["--eab-kid", kid, "--eab-hmac-key-file", secret_file(tmp_path, text), "-vv"]
    result = succeed(client.issue("example.test", options=options), 10)
    assert kid in result.err and "wrong, used up or expired" in result.err
    assert text not in result.err and text not in result.out
    # With the right one the next run goes on.
    succeed(client.issue("example.test", options=["--eab-kid", KID, "--eab-hmac-key-file",
                                                  secret_file(tmp_path, URL)]))


@pytest.mark.parametrize("options, said", [
    (["--eab-kid", KID], "--eab-hmac-key-file"),
    (["--eab-hmac-key-file", "FILE"], "--eab-kid"),
    (["--eab-kid", KID, "--eab-hmac-key-file", "FILE", "--eab-alg", "RS256"], "HS512"),
    (["--eab-kid", KID, "--eab-hmac-key-file", "/nonexistent/hmac"], "/nonexistent/hmac"),
    (["--eab-kid", KID, "--eab-hmac-key", URL], "--eab-hmac-key-file"),
])
def test_half_a_binding_is_refused(bound, tmp_path, options, said):
    lab, client = bound
    path = secret_file(tmp_path, URL)
    result = succeed(client.issue("example.test", options=[path if o == "FILE" else o for o in options]), 3)
    assert said in result.err and URL not in result.err
    assert lab.request_counts()["newAccount"] == 0


@pytest.mark.parametrize("text, said", [("", "empty"), ("not base64 !", "base64"), ("c2hvcnQ", "bytes")])
def test_a_key_that_is_none_names_its_file(bound, tmp_path, text, said):
    lab, client = bound
    path = secret_file(tmp_path, text)
    result = succeed(client.issue("example.test", options=["--eab-kid", KID, "--eab-hmac-key-file", path]), 3)
    assert said in result.err and path in result.err
    assert lab.request_counts()["newAccount"] == 0


def test_a_key_that_others_can_read_is_refused(bound, tmp_path):
    _, client = bound
    path = secret_file(tmp_path, URL, 0o644)
    result = succeed(client.issue("example.test", options=["--eab-kid", KID, "--eab-hmac-key-file", path]), 3)
    assert path in result.err and "0644" in result.err and "chmod" in result.err
    client.configure(sections="[ca one]\ndirectory = %s\neab-kid = %s\neab-hmac-key = %s\n"
                     % (client.server, KID, URL))
    os.chmod(client.config, 0o644)
    result = succeed(client.run("issue", "-d", "example.test", "--ca", "one"), 3)
    assert "acme-dns.conf:" in result.err and "0600" in result.err and URL not in result.err


def test_half_a_section_names_its_line(bound):
    _, client = bound
    for line, said in (("eab-kid = x", "eab-hmac-key-file"), ("eab-hmac-key = " + URL, "eab-kid")):
        client.configure(sections="[ca one]\ndirectory = %s\n%s\n" % (client.server, line))
        result = succeed(client.run("issue", "-d", "example.test", "--ca", "one"), 3)
        assert "acme-dns.conf:" in result.err and said in result.err and URL not in result.err


def test_the_key_stands_in_no_process_list(bound, tmp_path):
    """Neither arguments nor environment of any process of the run show it."""
    lab, client = bound
    command = client.issue_command("example.test", options=[
        "--eab-kid", KID, "--eab-hmac-key-file", secret_file(tmp_path, URL)])
    process = lab.popen(command)
    seen = b""
    while process.poll() is None:
        for pid in lab.processes():
            for name in ("cmdline", "environ"):
                try:
                    with open("/proc/%d/%s" % (pid, name), "rb") as file:
                        seen += file.read()
                except OSError:
                    pass
        time.sleep(0.01)
    assert process.returncode == 0 and b"acme-dns" in seen and URL.encode() not in seen
