# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Options and key files: what is taken, what is refused, and with which words."""
import pytest

from driving import BAD_CONFIG, OK, Plugin
from servers import SECRET

KEY = 'key "%s" {\n\talgorithm %s;\n\tsecret "%s";\n};\n'


def check(**options):
    with Plugin("rfc2136", **options) as p:
        result = p.call("check")
    return result


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "HMAC-SHA512", "hmac-sha384.", "sha224", "hmac-sha1",
                                       "hmac-md5", "hmac-md5.sig-alg.reg.int."])
def test_algorithms_as_people_write_them(algorithm):
    assert check(key_name="k", key_secret=SECRET, key_algorithm=algorithm).status == OK


@pytest.mark.parametrize("server", ["ns.example.com", "ns.example.com:5353", "192.0.2.1", "2001:db8::1",
                                    "[2001:db8::1]:53", "[2001:db8::1]", "a, b:54"])
def test_servers_as_people_write_them(server):
    assert check(server=server).status == OK


@pytest.mark.parametrize("options, words", [
    ({"server": "ns:0"}, "HOST:PORT"),
    ({"server": "ns:99999"}, "HOST:PORT"),
    ({"server": "[2001:db8::1"}, "HOST:PORT"),
    ({"server": "ns:53x"}, "HOST:PORT"),
    ({"server": ",".join("abcdefghi")}, "more than 8"),
    ({"key_name": "k"}, "not key-secret"),
    ({"key_secret": SECRET}, "not key-name"),
    ({"key_algorithm": "hmac-sha256"}, "no key"),
    ({"key_name": "k", "key_secret": "not base64!"}, "not base64"),
    ({"key_name": "k", "key_secret": "YWJj=A=="}, "not base64"),
    ({"key_name": "k", "key_secret": "YWJjZ"}, "multiple of 4"),
    ({"key_name": "a..b", "key_secret": SECRET}, "not a key name"),
    ({"key_name": "k", "key_secret": SECRET, "key_algorithm": "gss-tsig"}, "hmac-sha256"),
    ({"sign_queries": "yes"}, "no key"),
    ({"timeout": "0"}, "between 1 s"),
    ({"timeout": "2m"}, "between 1 s"),
    ({"source_address": "localhost"}, "not an IPv4 or IPv6 address"),
])
def test_bad_settings_are_named(options, words):
    result = check(**options)
    assert result.status == BAD_CONFIG and words in result.text
    assert SECRET not in result.text


def test_md5_is_taken_with_a_warning():
    with Plugin("rfc2136", key_name="k", key_secret=SECRET, key_algorithm="hmac-md5") as p:
        result = p.call("open")
        assert result.status == OK and "hmac-md5 is broken" in result.log


def key_file(tmp_path, text):
    path = tmp_path / "key"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


@pytest.mark.parametrize("text", [
    KEY % ("k", "hmac-sha256", SECRET),
    "# one\n// two\n/* three\n */ key k { secret %s; algorithm hmac-sha1; };" % SECRET,
    'options { default-key "x"; server { a; }; };\n' + KEY % ("k.", "HMAC-SHA512", SECRET),
    "include \"/etc/other\";key\tK{algorithm hmac-sha224;secret\"%s\";};" % SECRET,
])
def test_key_files(tmp_path, text):
    path = key_file(tmp_path, text)
    assert check(key_file=path).status == OK
    assert check(key_file=path, key_name="k").status == OK


def test_key_name_chooses_among_several(tmp_path):
    path = key_file(tmp_path, KEY % ("one", "hmac-sha256", SECRET) + KEY % ("two", "hmac-sha1", SECRET))
    assert check(key_file=path, key_name="TWO.").status == OK
    for options, words in (({}, "several keys ('one', 'two')"), ({"key_name": "three"}, "no key 'three'")):
        result = check(key_file=path, **options)
        assert result.status == BAD_CONFIG and words in result.text


@pytest.mark.parametrize("text, words", [
    ("", "no key statement"),
    ("\n\nkey k { algorithm hmac-sha256; }", "line 3"),
    ("key k { algorithm hmac-sha256; secret \"abc", "line 1"),
    ("key k {\n algorithm hmac-sha256;\n flavour vanilla;\n};", "line 3"),
    ("key k { algorithm hmac-sha256; secret \"%s\"; }; /* open" % SECRET, "line 1"),
    (KEY % ("k", "hmac-sha255", SECRET), "hmac-sha255"),
    (KEY % ("k", "hmac-sha256", "%%%%"), "not base64"),
    (b"key \x00 {", "line 1"),
    ("}" * 9, "line 1"),
    ("key \"" + "k" * 5000 + "\" {", "line 1"),
])
def test_broken_key_files_are_named(tmp_path, text, words):
    result = check(key_file=key_file(tmp_path, text))
    assert result.status == BAD_CONFIG and words in result.text


def test_contradictions_with_the_key_file(tmp_path):
    path = key_file(tmp_path, KEY % ("k", "hmac-sha256", SECRET))
    assert "one of them" in check(key_file=path, key_secret=SECRET, key_name="k").text
    assert "the key file says hmac-sha256" in check(key_file=path, key_algorithm="hmac-sha1").text
