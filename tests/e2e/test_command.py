# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The command line of acme-dns issue: names, what is due, keys, CAs, questions, terms."""

import glob
import json
import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lab import Ca, World, Zone
from lab.client import names_of

NAMES = ("*.example.test", "example.test")
CALM = {"calm": True}


def succeed(result, code=0):
    assert result.code == code, "%d\n%s\n%s" % (result.code, result.out, result.err)
    return result


@pytest.fixture
def quick(make_lab):
    """A CA without its whims, servers in step."""
    return make_lab(World(zones=[Zone("example.test"), Zone("xn--bcher-kva.test")],
                          cas=[Ca(**CALM)], in_step=True))


@pytest.fixture
def two(make_lab):
    """Two CAs: one and its partner for trials."""
    return make_lab(World(cas=[Ca("ca", **CALM), Ca("trial", **CALM)], in_step=True))


def fresh(lab, client, *names, options=()):
    """Issues after the resolver has forgotten the values of the order before."""
    lab.flush_resolver()
    return client.issue(*names, options=options)


def serial(client, name="example.test"):
    return client.certificate(name)[0].serial_number


def final(result):
    """The result object of a run with --json; every line must be an object."""
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [e["event"] for e in events].count("result") == 1 and events[-1]["event"] == "result"
    return events[-1]


def ca_sections(lab):
    return ("[ca one]\ndirectory = %s\nstaging = trial\n[ca trial]\ndirectory = %s\nis-staging = yes\n"
            % (lab.directory("ca"), lab.directory("trial")))


def plain(client, *words):
    """issue without the --server that the client's own helper adds."""
    return client.run("issue", "-d", "example.test", "--provider", "lab", *words)


# Names

REFUSED = [
    ("192.0.2.1", "IP address"),
    ("2001:db8::1", "IP address"),
    ("_x.example.test", "underscore"),
    ("a" * 64 + ".example.test", "longer than 63"),
    ("a..b", "empty label"),
    ("*.*.example.test", "wildcard"),
    ("a.*.example.test", "wildcard"),
    ("a*.example.test", "wildcard"),
    ("*", "wildcard"),
    ("-a.example.test", "hyphen"),
    ("ex ample.test", "host name"),
    ("https://example.test", "host name"),
    ("a." * 130 + "test", "253"),
]


def test_wrong_names_are_refused_before_any_network(quick, make_client):
    client = make_client(quick)
    with quick.capture() as seen:
        for name, reason in REFUSED:
            result = succeed(client.issue("example.test", name), 3)
            shown = name[:60]
            assert reason in result.err and shown in result.err, result.err
            assert result.out == ""
    assert [m for m in seen if m["source"] != quick.resolver] == []
    assert sum(quick.request_counts().values()) == 0
    assert not os.path.exists(os.path.join(client.state, "certs", "example.test", "cert.pem"))


def test_names_are_normalised_and_fold(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("EXAMPLE.test.,example.TEST", "*.Example.Test", "*.example.test."))
    assert names_of(client.certificate("example.test")[0]) == ["*.example.test", "example.test"]


def test_umlauts_become_their_ascii_form(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("BÜCHER.test", "www.bücher.test", options=["--name", "books"]))
    assert names_of(client.certificate("books")[0]) == ["www.xn--bcher-kva.test", "xn--bcher-kva.test"]


def test_what_only_some_cas_refuse_comes_from_their_row(quick, make_client):
    """A section named like a built-in CA keeps that CA's habits; the neutral one has none."""
    client = make_client(quick)
    client.configure(sections="[ca letsencrypt]\ndirectory = %s\n" % client.server)
    many = ["n%d.example.test" % i for i in range(101)]
    for names, reason in (
            (("*.example.test", "www.example.test"), "www.example.test"),
            (("intranet",), "single label|public"),
            (many, "100"),
            ((".".join("abcdefghij") + ".example.test",), "10 labels|labels")):
        words = [word for name in names for word in ("-d", name)]
        result = succeed(client.run("issue", *words, "--provider", "lab"), 3)
        assert re.search(reason, result.err), result.err
        assert "Let's Encrypt" in result.err
    assert sum(quick.request_counts().values()) == 0
    succeed(client.issue("*.example.test", "www.example.test"))


@pytest.mark.parametrize("name", ["../x", ".hidden", "-x", "a/b", "x" * 129, "UP per"])
def test_certificate_names_never_become_paths_unchecked(quick, make_client, name):
    result = succeed(make_client(quick).issue("example.test", options=["--name=" + name]), 3)
    assert "--name" in result.err or "name" in result.err
    assert sum(quick.request_counts().values()) == 0


# What is due

def test_what_is_not_due_says_so(quick, make_client):
    client = make_client(quick)
    succeed(client.issue(*NAMES))
    before, asked = serial(client), sum(quick.request_counts().values())
    with quick.capture() as seen:
        again = succeed(client.issue("example.test", "*.example.test"))
        told = succeed(client.issue(*NAMES, options=["--exit-unchanged"]), 2)
        as_json = succeed(client.issue(*NAMES, options=["--exit-unchanged", "--json"]), 2)
    assert seen == []
    assert "not due" in again.out and "--force" in again.out and "not due" in told.out
    assert again.err == ""
    result = final(as_json)
    assert (result["exit"], result["state"]) == (2, "unchanged")
    assert serial(client) == before and sum(quick.request_counts().values()) == asked
    succeed(fresh(quick, client, *NAMES, options=["--force", "--exit-unchanged"]))
    assert serial(client) != before


def test_a_changed_wish_is_remembered_or_forced(quick, make_client):
    client = make_client(quick)
    succeed(client.issue("example.test"))
    before = serial(client)
    remembered = succeed(client.issue("example.test", options=["--key-type", "rsa2048", "--json"]))
    assert final(remembered)["state"] == "remembered"
    assert "key-type = rsa2048" in final(remembered)["text"] and "domains" not in final(remembered)["text"]
    assert serial(client) == before
    # Once remembered it need not be said again.
    assert final(client.issue("example.test", options=["--json"]))["state"] == "unchanged"
    succeed(fresh(quick, client, "example.test", options=["--force"]))
    assert serial(client) != before
    assert isinstance(client.certificate("example.test")[2], rsa.RSAPrivateKey)


def test_another_ca_is_remembered_or_forced(two, make_client):
    client = make_client(two)
    client.configure(sections="[ca one]\ndirectory = %s\n[ca other]\ndirectory = %s\n"
                     % (two.directory("ca"), two.directory("trial")))
    succeed(plain(client, "--ca", "one"))
    assert two.request_counts("trial")["newOrder"] == 0
    assert final(plain(client, "--ca", "other", "--json"))["state"] == "remembered"
    assert two.request_counts("trial")["newOrder"] == 0
    two.flush_resolver()
    succeed(client.run("issue", "--name", "example.test", "--force"))
    assert two.request_counts("trial")["newOrder"] == 1
    assert two.request_counts("ca")["newOrder"] == 1


def test_another_provider_is_remembered_or_forced(quick, make_client):
    client = make_client(quick)
    client.configure(sections="[provider second]\nplugin = rfc2136\nttl = 1\nkey-file = %s\n"
                     % quick.key_file("hmac-sha512"))
    succeed(client.issue("example.test"))
    changed = client.run("issue", "-d", "example.test", "--provider", "second", "--server",
                         client.server, "--json")
    assert final(changed)["state"] == "remembered"
    quick.flush_resolver()
    forced = succeed(client.run("issue", "-d", "example.test", "--force", "-v"))
    assert "second: " in forced.err and "lab: " not in forced.err


def test_other_names_are_refused_with_the_ways_out(quick, make_client):
    client = make_client(quick)
    succeed(client.issue(*NAMES))
    before, asked = serial(client), sum(quick.request_counts().values())
    refused = succeed(client.issue("example.test", "www.example.test"), 3)
    for word in ("--expand", "--replace", "*.example.test", "www.example.test"):
        assert word in refused.err
    both = succeed(client.issue("example.test", options=["--expand", "--replace"]), 3)
    assert "--expand" in both.err and "--replace" in both.err
    assert serial(client) == before and sum(quick.request_counts().values()) == asked
    succeed(fresh(quick, client, "www.example.test", options=["--name", "example.test", "--expand"]))
    assert names_of(client.certificate("example.test")[0]) == [
        "*.example.test", "example.test", "www.example.test"]
    succeed(fresh(quick, client, "www.example.test", options=["--name", "example.test", "--replace"]))
    assert names_of(client.certificate("example.test")[0]) == ["www.example.test"]
    # The union of what is there already is nothing new.
    same = client.issue("www.example.test",
                        options=["--name", "example.test", "--expand", "--json"])
    assert final(same)["state"] == "unchanged"


@pytest.mark.parametrize("kind, check", [
    ("ec256", lambda key: isinstance(key.curve, ec.SECP256R1)),
    ("ec384", lambda key: isinstance(key.curve, ec.SECP384R1)),
    ("rsa2048", lambda key: key.key_size == 2048),
    ("rsa3072", lambda key: key.key_size == 3072),
    ("rsa4096", lambda key: key.key_size == 4096),
])
def test_every_kind_of_key(quick, make_client, kind, check):
    client = make_client(quick)
    succeed(client.issue("example.test", options=["--key-type", kind]))
    assert check(client.certificate("example.test")[2])


# CAs

def test_staging_goes_to_the_partner_and_keeps_apart(two, make_client):
    client = make_client(two)
    client.configure(sections=ca_sections(two))
    succeed(plain(client, "--ca", "one"))
    before = serial(client)
    two.flush_resolver()
    trial = succeed(plain(client, "--ca", "one", "--staging"))
    assert "trials are not renewed" in trial.out and "register-autorenew" not in trial.out
    assert "STAGING" in trial.out, trial.out
    assert serial(client) == before
    assert os.path.exists(os.path.join(client.state, "staging", "certs", "example.test", "cert.pem"))
    assert two.request_counts("ca")["newOrder"] == two.request_counts("trial")["newOrder"] == 1
    # What staging was told does not change what the real one remembers.
    assert final(plain(client, "--json"))["state"] == "unchanged"
    assert two.request_counts("ca")["newOrder"] == two.request_counts("trial")["newOrder"] == 1
    # Each is deleted by saying which tree is meant, and who says the other one is told.
    run = succeed(client.run("delete", "example.test", "--staging", "--yes"))
    assert serial(client) == before
    run = succeed(client.run("delete", "example.test", "--staging", "--yes"), 3)
    assert "leave --staging out" in run.err
    two.flush_resolver()
    succeed(plain(client, "--ca", "one", "--staging"))
    succeed(client.run("delete", "example.test", "--yes"))
    run = succeed(client.run("delete", "example.test", "--yes"), 3)
    assert "--staging means that one" in run.err


def test_a_certificate_section_can_ask_for_staging(two, make_client):
    client = make_client(two)
    client.configure(sections=ca_sections(two) + "[certificate example.test]\ndomains = example.test\n"
                     "ca = one\nprovider = lab\nstaging = yes\n")
    trial = succeed(client.run("issue", "--name", "example.test"))
    assert "STAGING" in trial.out, trial.out
    assert os.path.exists(os.path.join(client.state, "staging", "certs", "example.test", "cert.pem"))
    assert not os.path.exists(os.path.join(client.state, "certs", "example.test", "cert.pem"))
    counts = two.request_counts("ca"), two.request_counts("trial")
    assert (counts[0].get("newOrder", 0), counts[1]["newOrder"]) == (0, 1)


def test_a_command_gives_the_binding_without_a_shell(make_lab, make_client):
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    lab = make_lab(World(cas=[Ca(calm=True, eab={"kid-1": secret})], in_step=True))
    client = make_client(lab)
    section = "[ca one]\ndirectory = %s\neab-kid = kid-1\neab-hmac-key-command = %%s\n" % client.server
    client.configure(sections=section % "cat $HOME/key")
    refused = succeed(plain(client, "--ca", "one"), 3)
    assert "eab-hmac-key-command" in refused.err and "$HOME/key" in refused.err and "\n\n" not in refused.err
    client.configure(sections=section % "no-such-program")
    assert "no program 'no-such-program'" in succeed(plain(client, "--ca", "one"), 3).err
    client.configure(sections=section % ("printf '%s\\n' " + "\"%s\"" % secret))
    succeed(plain(client, "--ca", "one"))


def test_staging_without_a_partner_is_explained(quick, make_client):
    client = make_client(quick)
    client.configure(sections="[ca one]\ndirectory = %s\n" % client.server)
    result = succeed(plain(client, "--ca", "one", "--staging"), 3)
    assert "staging" in result.err and "--server" in result.err


def test_the_ca_is_kept_per_certificate(two, make_client):
    client = make_client(two)
    client.configure(sections=ca_sections(two))
    succeed(plain(client, "--ca", "one"))
    two.flush_resolver()
    succeed(client.run("issue", "-d", "example.test", "--force"))
    assert two.request_counts("ca")["newOrder"] == 2


def test_a_ca_that_nobody_knows_is_refused(quick, make_client):
    client = make_client(quick)
    result = succeed(plain(client, "--ca", "letsencrpyt"), 3)
    assert "letsencrypt" in result.err and "letsencrpyt" in result.err
    both = succeed(plain(client, "--ca", "letsencrypt", "--server", client.server), 3)
    assert "--server" in both.err and "--ca" in both.err
    http = succeed(plain(client, "--server", "http://ca.test:14000/dir"), 3)
    assert "https" in http.err


def test_the_wrong_roots_are_named(quick, make_client, tmp_path):
    client = make_client(quick)
    other = "/etc/ssl/certs/ca-certificates.crt"
    result = client.issue("example.test", options=["--ca-bundle", other])
    assert result.code in (1, 6) and other in result.err and "ca.test" in result.err
    missing = client.issue("example.test", options=["--ca-bundle", str(tmp_path / "none.pem")])
    assert missing.code == 3 and "none.pem" in missing.err


# Questions and terms

def no_terms(client):
    """The client's configuration without its agreement and address."""
    with open(client.config, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("agree-tos = yes\n", "").replace("email = admin@example.test\n", "")
    with open(client.config, "w", encoding="utf-8") as file:
        file.write(text)


def test_terms_are_not_agreed_to_by_silence(quick, make_client):
    client = make_client(quick)
    no_terms(client)
    for options in ([], ["-n"]):
        result = succeed(client.issue("example.test", options=options), 10)
        assert "--agree-tos" in result.err and "data:text/plain" in result.err, result.err
    assert quick.request_counts()["newAccount"] == 0
    assert quick.run_on_terminal(client.issue_command("example.test", options=["-n"])).code == 10
    succeed(client.issue("example.test", options=["--agree-tos"]))
    # Agreed to once is enough.
    succeed(fresh(quick, client, "example.test", options=["--force"]))


@pytest.mark.parametrize("answer, code", [("yes\n", 0), ("y\n", 0), ("no\n", 10), ("\n", 10), ("\x04", 10)])
def test_a_terminal_is_asked(quick, make_client, answer, code):
    client = make_client(quick)
    no_terms(client)
    result = quick.run_on_terminal(client.issue_command("example.test"), answers=[("agree", answer)])
    assert result.code == code, result.out
    assert "data:text/plain" in result.out
    assert quick.request_counts()["newAccount"] == (1 if code == 0 else 0)


def test_the_address_reaches_the_ca(quick, make_client):
    client = make_client(quick)
    no_terms(client)
    succeed(client.issue("example.test", options=["--agree-tos", "-m", "ops@example.test"]))
    folder = os.path.join(client.state, "accounts")
    texts = [open(os.path.join(path, "account.json"), encoding="utf-8").read()
             for path, _, files in os.walk(folder) if "account.json" in files]
    assert len(texts) == 1 and "mailto:ops@example.test" in texts[0]


# The arguments themselves

@pytest.mark.parametrize("words, said", [
    (["--eab-hmac-key", "c2VjcmV0"], "--eab-hmac-key-file"),
    (["--eab-hmac-key=c2VjcmV0"], "--eab-hmac-key-file"),
    (["--key-type", "rsa1024"], "rsa2048"),
    (["--resolver", "localhost"], "resolver"),
    (["--resolver", "127.0.0.1:99999"], "resolver"),
    (["--propagation-timeout", "soon"], "propagation-timeout"),
    (["--provider", "nosuch"], "nosuch"),
    (["--provider", "example.test=lab", "--provider", "lab,lab", "--provider", "lab"], "P,Q"),
    (["--plugin-dir", "/nonexistent/plugins"], "--plugin-dir: .*'/nonexistent/plugins'"),
    (["--provider", "example.test="], "provider"),
    (["--allow-alias", "a..b"], "alias"),
    (["-m", "not an address"], "address|email"),
    (["--forse"], "--force"),
    (["example.test"], "-d example.test"),
    (["--config", "/nonexistent/acme-dns.conf"], "/nonexistent/acme-dns.conf"),
])
def test_wrong_arguments_name_what_would_be_right(quick, make_client, words, said):
    result = succeed(make_client(quick).issue("example.test", options=words), 3)
    assert re.search(said, result.err), result.err
    assert result.out == "" and "c2VjcmV0" not in result.err
    assert sum(quick.request_counts().values()) == 0


def test_no_names_and_no_provider(quick, make_client):
    client = make_client(quick)
    assert "-d" in succeed(client.run("issue", "--server", client.server), 3).err
    client.configure()
    two_providers = "[provider b]\nplugin = rfc2136\nkey-file = %s\n" % quick.key_file()
    client.configure(sections=two_providers)
    result = client.run("issue", "-d", "example.test", "--server", client.server)
    assert result.code == 3
    assert "providers: lab, b;" in result.err and "[zone example.test]" in result.err, result.err


@pytest.mark.parametrize("verb, words", [("issue", ["-d", "*.www.example.test"]),
                                         ("dns add", ["www.example.test", "v" * 43])])
@pytest.mark.parametrize("sections, remedies", [
    ("", ["'acme-dns provider add NAME --plugin PLUGIN'", "or say --provider PLUGIN"]),
    ("[provider a]\nplugin = manual\n[provider b]\nplugin = manual\n",
     ["[zone www.example.test]", "or issue it again with --provider NAME"])])
def test_nobody_to_publish_is_told_before_anybody_is_asked(quick, make_client, verb, words, sections, remedies):
    """No account key, no request, no question to the DNS: the resolver of this configuration is not there."""
    client = make_client(quick)
    with open(client.config, "w", encoding="utf-8") as file:
        file.write("[acme-dns]\nagree-tos = yes\nresolver = 127.0.0.1:1\nstate-dir = %s\n%s" % (client.state, sections))
    server = ["--server", client.server] if verb == "issue" else []
    result = succeed(client.run(verb, *words, *server), 3)
    assert "no provider is configured for _acme-challenge.www.example.test." in result.err, result.err
    assert all(remedy in result.err for remedy in remedies), result.err
    assert "ordering" not in result.err and not glob.glob(client.state + "/**/key.pem", recursive=True)
    assert sum(quick.request_counts().values()) == 0


def test_one_provider_serves_all_and_zones_choose(quick, make_client):
    client = make_client(quick)
    succeed(client.run("issue", "-d", "example.test", "--server", client.server))
    client.configure(sections="[provider b]\nplugin = rfc2136\nttl = 1\nkey-file = %s\n" % quick.key_file())
    quick.flush_resolver()
    both = succeed(client.run(
        "issue", "-d", "example.test", "-d", "xn--bcher-kva.test", "--name", "both", "--server", client.server,
        "--provider", "example.test=lab", "--provider", "xn--bcher-kva.test=b", "-v"))
    assert re.search(r"lab: .*example\.test", both.err) and re.search(r"\bb: .*bcher", both.err), both.err


def test_plug_ins_are_listed_without_a_configuration(quick, make_client, tmp_path):
    program = make_client(quick).program
    absent = ["--config", str(tmp_path / "absent.conf")]
    for words in (["plugin", "list"], ["plugin", "show", "rfc2136"], ["plugin", "new", "mine", str(tmp_path / "mine")]):
        succeed(quick.run([program, *words, *absent]))
    assert "absent.conf" in succeed(quick.run([program, "list", *absent]), 3).err


def test_help_and_version(build, make_client, quick):
    client = make_client(quick)
    for verb in ("", "issue", "cleanup", "plugin list", "plugin show"):
        shown = succeed(quick.run([client.program, *verb.split(), "--help"]))
        assert shown.err == "" and "acme-dns" in shown.out
        assert shown.out.index("acme-dns") < 200, "examples come first"
    assert succeed(quick.run([client.program, "help"])).out == succeed(quick.run([client.program, "--help"])).out
    assert re.fullmatch(r"acme-dns \S+\n", succeed(quick.run([client.program, "--version"])).out)
