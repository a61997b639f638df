# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A [provider] section written by the program: from answers, a person at a terminal, the environment."""

import os
import re
import stat

import pytest
from lab import Ca, World, Zone

NAMES = ("*.example.test", "example.test")


@pytest.fixture
def quick(make_lab):
    return make_lab(World(zones=[Zone("example.test")], cas=[Ca(calm=True)], in_step=True))


def key_parts(lab):
    """Name, algorithm and secret of the lab's TSIG key."""
    with open(lab.key_file(), encoding="utf-8") as file:
        text = file.read()
    return [re.search(pattern, text).group(1)
            for pattern in (r'key "?([^" ]+)"? ', r'algorithm "?([^";]+)"?;', r'secret "([^"]+)";')]


def environment(lab):
    name, algorithm, secret = key_parts(lab)
    return {"RFC2136_TSIG_KEY": name, "RFC2136_TSIG_ALGORITHM": algorithm, "RFC2136_TSIG_SECRET": secret}


def section(client, name):
    return os.path.join(client.folder, "conf.d", "provider-%s.conf" % name)


def secret_file(client, name, option):
    return os.path.join(client.folder, "secrets", "%s.%s" % (name, option))


def issue_command(client, provider, *words):
    domains = [word for name in NAMES for word in ("-d", name)]
    return client.command("issue", *domains, "--provider", provider, "--server", client.server, *words)


def written(client):
    found = []
    for folder in ("conf.d", "secrets"):
        path = os.path.join(client.folder, folder)
        found += [path, *os.listdir(path)] if os.path.isdir(path) else []
    return found


def check_works(lab, client, name):
    """With nothing in the environment; the secret is nowhere but in its file."""
    result = lab.run(issue_command(client, name))
    assert result.code == 0, result.err
    assert "environment" not in result.err
    secret = key_parts(lab)[2]
    with open(section(client, name), encoding="utf-8") as file:
        assert secret not in file.read()
    path = secret_file(client, name, "key-secret")
    with open(path, encoding="utf-8") as file:
        assert file.read() == secret
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700


def test_answers_make_a_provider(quick, make_client, tmp_path):
    client = make_client(quick)
    name, algorithm, secret = key_parts(quick)
    file = tmp_path / "secret"
    file.write_text(secret + "\n")
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "key-name=" + name,
                        "key-algorithm=" + algorithm, "key-secret=@%s" % file)
    assert result.code == 0, result.err
    assert section(client, "bind") in result.out and secret not in result.out + result.err
    check_works(quick, client, "bind")


def test_what_nobody_tried_is_not_said_to_work(quick, make_client):
    """To open rfc2136 is to read its options: nobody listens there, and the key is invented."""
    client = make_client(quick)
    key = os.path.join(quick.folder, "invented.key")
    with open(key, "w", encoding="utf-8") as file:
        file.write('key "nobody." { algorithm hmac-sha256; secret "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"; };\n')
    os.chmod(key, 0o600)
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "server=127.0.0.1:1", "key-file=" + key)
    assert result.code == 0, result.err
    assert "works" not in result.out and "the credential was not tried" in result.out, result.out
    assert section(client, "bind") in result.out and "acme-dns plugin test bind -d ZONE" in result.out
    result = client.run("provider add", "other", "--plugin", "rfc2136", "--no-check", "key-file=" + key)
    assert result.code == 0 and "not tried; written to" in result.out, result.out + result.err


def test_a_secret_comes_by_standard_input(quick, make_client):
    client = make_client(quick)
    name, algorithm, secret = key_parts(quick)
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "key-name=" + name,
                        "key-algorithm=" + algorithm, "key-secret=-", stdin=secret + "\n")
    assert result.code == 0, result.err
    check_works(quick, client, "bind")


def test_a_file_is_copied_or_referred_to(quick, make_client):
    client = make_client(quick)
    assert client.run("provider add", "copy", "--plugin", "rfc2136",
                      "key-file=@" + quick.key_file()).code == 0
    with open(secret_file(client, "copy", "key-file"), "rb") as copy, open(quick.key_file(), "rb") as own:
        assert copy.read() == own.read()
    relative = os.path.relpath(quick.key_file(), quick.folder)
    assert client.run("provider add", "refer", "--plugin", "rfc2136", "key-file=" + relative).code == 0
    with open(section(client, "refer"), encoding="utf-8") as file:
        assert "key-file = %s\n" % quick.key_file() in file.read()
    assert quick.run(issue_command(client, "copy")).code == 0
    quick.flush_resolver()
    assert quick.run(issue_command(client, "refer", "--force")).code == 0


def test_a_terminal_is_asked(quick, make_client):
    client = make_client(quick)
    name, algorithm, secret = key_parts(quick)
    result = quick.run_on_terminal(
        client.command("provider add", "bind", "--plugin", "rfc2136"),
        answers=[(r" server \(", "\n"), (r"key-file \(", "\n"), (r"key-name \(", name + "\n"),
                 (r"key-algorithm \(", algorithm + "\n"), (r"key-secret \(", secret + "\n"),
                 (r"other options", "y\n"), (r"sign-queries \(", "perhaps\n"),
                 (r"'perhaps' is neither yes nor no[\s\S]*sign-queries \(", "no\n"), (r"transport \(", "\n"),
                 (r"timeout \(", "\n"), (r"source-address \(", "\n")])
    assert result.code == 0, result.out
    assert name in result.out and secret not in result.out
    check_works(quick, client, "bind")


def test_the_environment_fills_what_is_not_said(quick, make_client):
    client = make_client(quick)
    result = client.run("provider add", "bind", "--plugin", "rfc2136", env=environment(quick))
    assert result.code == 0, result.err
    assert "key-secret (RFC2136_TSIG_SECRET)" in result.err
    check_works(quick, client, "bind")


def test_a_variable_may_name_a_file(quick, make_client, tmp_path):
    """It is offered as an answer, and taken: what is required is there."""
    client = make_client(quick)
    file = tmp_path / "key"
    file.write_text("of-the-file\n")
    file.chmod(0o600)
    result = quick.run_on_terminal(
        client.command("provider add", "pdns", "--no-check", "--plugin", "powerdns"),
        env={"PDNS_API_KEY_FILE": str(file)},
        answers=[(r"api-url \(", "http://127.0.0.1:1\n"),
                 (r"api-key \(Enter: that of PDNS_API_KEY_FILE", "\n"), (r"other options", "n\n")])
    assert result.code == 0 and "api-key (PDNS_API_KEY_FILE)" in result.out, result.out
    with open(secret_file(client, "pdns", "api-key"), encoding="utf-8") as copy:
        assert copy.read() == "of-the-file"


def test_a_configuration_that_is_not_there_begins(quick, make_client):
    """Named by --config, so that every other command wants it to be there."""
    client = make_client(quick)
    client.folder = os.path.join(client.folder, "new", "etc")
    client.config = os.path.join(client.folder, "acme.conf")
    failed = client.run("provider add", "bind", "--plugin", "rfc2136", "transport=quic")
    assert failed.code == 3 and "nothing was written" in failed.err, failed.err
    assert not os.path.exists(os.path.dirname(client.folder))
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "key-file=@" + quick.key_file())
    assert result.code == 0 and "'%s' was not there" % client.config in result.err, result.err
    assert stat.S_IMODE(os.stat(client.config).st_mode) == 0o644
    assert stat.S_IMODE(os.stat(client.folder).st_mode) == 0o755
    again = client.run("provider add", "bind", "--plugin", "rfc2136", "key-file=@" + quick.key_file())
    assert again.code == 3 and "[provider bind] already" in again.err, again.err
    listed = client.run("list", "--state-dir", client.state)
    assert listed.code == 0, listed.err


def test_a_credential_has_one_source(quick, make_client):
    """With a key file given, the key in the environment is another one."""
    client = make_client(quick)
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "key-file=" + quick.key_file(),
                        env=environment(quick))
    assert result.code == 0, result.err
    with open(section(client, "bind"), encoding="utf-8") as file:
        assert file.read() == "[provider bind]\nplugin = rfc2136\nkey-file = %s\n" % quick.key_file()


@pytest.mark.parametrize("words, told", [
    (["key-secret=c2VjcmV0"], ["key-secret is a secret", "key-secret=@FILE"]),
    (["key-nam=x"], ["no option 'key-nam'", "did you mean 'key-name'", "plugin show rfc2136"]),
    (["nonsense"], ["'nonsense' is not OPTION=VALUE"]),
    (["transport=tcp", "transport=udp"], ["transport is given twice"]),
    (["transport=quic"], ["transport: 'quic' is none of: tcp, udp"]),
    (["timeout=soon"], ["timeout: 'soon' is not a time", "90s"]),
    (["key-secret=@/nonexistent"], ["key-secret", "/nonexistent"]),
    (["key-secret=-", "key-file=-"], ["key-file", "standard input can give one value only"]),
    (["key-name=a"], ["key-secret"]),
    (["key-file=@/etc/hostname"], ["bind"]),
])
def test_wrong_answers_write_nothing(quick, make_client, words, told):
    client = make_client(quick)
    result = client.run("provider add", "bind", "--plugin", "rfc2136", *words, stdin="a\n")
    assert result.code in (3, 4), result.err
    for text in told:
        assert text in result.err, result.err
    assert "nothing was written" in result.err
    assert written(client) == []


@pytest.mark.parametrize("words, told", [
    (["api-url=http://127.0.0.1:1"], "add api-key=@FILE or =- ;"),
    ([], "add api-url=VALUE, =@FILE or =- ;"),
])
def test_a_missing_option_is_named_with_what_is_taken(quick, make_client, words, told):
    client = make_client(quick)
    result = client.run("provider add", "mine", "--plugin", "powerdns", *words)
    assert result.code == 3 and told in result.err, result.err
    assert written(client) == []


def test_what_is_there_is_not_overwritten(quick, make_client):
    client = make_client(quick)
    result = client.run("provider add", "lab", "--plugin", "rfc2136", "key-file=" + quick.key_file())
    assert result.code == 3 and "[provider lab] already" in result.err, result.err
    assert "%s:" % client.config in result.err and written(client) == []
    os.makedirs(os.path.join(client.folder, "secrets"))
    path = secret_file(client, "bind", "key-file")
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")
    result = client.run("provider add", "bind", "--plugin", "rfc2136", "key-file=@" + quick.key_file())
    assert result.code == 3 and "'%s' is there already" % path in result.err, result.err
    with open(path, encoding="utf-8") as file:
        assert file.read() == "mine"
    assert not os.path.exists(section(client, "bind"))


def test_a_name_and_a_plug_in_must_be(quick, make_client):
    client = make_client(quick)
    result = client.run("provider add", "Bad/Name", "--plugin", "rfc2136")
    assert result.code == 3 and "cannot name a provider" in result.err, result.err
    result = client.run("provider add", "x", "--plugin", "no-such-plugin")
    assert result.code == 3 and "no-such-plugin" in result.err, result.err
    assert written(client) == []


def test_a_renewal_lacks_what_the_warning_named(quick, make_client):
    client = make_client(quick)
    result = quick.run(issue_command(client, "rfc2136"), env=environment(quick))
    assert result.code == 0, result.err
    for text in ("a renewal will lack", "key-secret (RFC2136_TSIG_SECRET)", "--save-credentials"):
        assert text in result.err, result.err
    quick.flush_resolver()
    result = quick.run(issue_command(client, "rfc2136", "--force"))
    assert result.code in (3, 4), result.err


def test_credentials_are_saved_for_renewals(quick, make_client):
    client = make_client(quick)
    result = quick.run(issue_command(client, "rfc2136", "--save-credentials"), env=environment(quick))
    assert result.code == 0, result.err
    assert "a renewal will lack" not in result.err and section(client, "rfc2136") in result.err
    quick.flush_resolver()
    result = quick.run(issue_command(client, "rfc2136", "--force"))
    assert result.code == 0, result.err
    check_works(quick, client, "rfc2136")


def test_a_section_that_lacks_something_is_not_doubled(quick, make_client):
    client = make_client(quick)
    client.configure(sections="[provider rfc2136]\nttl = 1\n")
    result = quick.run(issue_command(client, "rfc2136", "--save-credentials"), env=environment(quick))
    assert result.code == 0, result.err
    assert "credentials were not kept" in result.err and "a renewal will lack" in result.err, result.err
    assert written(client) == []
