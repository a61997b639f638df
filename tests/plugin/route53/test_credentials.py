# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Keys from everywhere they may come from, what is said where they do not work, and their end in mid-run."""
import json
import re
import stat

import pytest

from conftest import KEY, SECRET, ZONE
from driving import BAD_CONFIG, DENIED, OK, RETRY, Plugin
from standins.route53 import refusal_rule

OWNER, VALUE = "_acme-challenge." + ZONE, "a-value"
INNER, OUTER = "arn:aws:iam::111111111111:role/inner", "arn:aws:iam::222222222222:role/outer"


def add_and_remove(plugin):
    with plugin.open() as p:
        added = p.call("add", OWNER, ZONE, VALUE, 60)
        assert added.status == OK, added.text
        removed = p.call("remove", OWNER, ZONE, VALUE, 60)
        assert removed.status == OK, removed.text
    return added


def stopped(plugin):
    with plugin.open() as p:
        return p.call("add", OWNER, ZONE, VALUE, 60)


def write(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def signers(api, path=""):
    """The access key ids of the requests, each once, in order."""
    found = [re.search("Credential=([^/]+)", r["headers"].get("authorization", "")) for r in api.requests("", path)]
    return list(dict.fromkeys(match[1] for match in found if match))


def test_temporary_keys_that_were_given(make_api):
    api = make_api(keys={"ASIAGIVEN": {"secret": "s/3+c=", "token": "t//0+k="}})
    add_and_remove(api.plugin(access_key_id="ASIAGIVEN", secret_access_key="s/3+c=", session_token="t//0+k="))


def test_shared_files(api, tmp_path):
    credentials = write(tmp_path / "credentials",
                        "[default]\naws_access_key_id = AKIDWRONG\naws_secret_access_key = x\n"
                        "[work]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (KEY, SECRET))
    config = write(tmp_path / "config", "[profile work]\nregion = eu-west-1\n")
    add_and_remove(api.plugin(no_key=True, credentials_file=credentials, config_file=config, profile="work"))
    assert signers(api) == [KEY]
    default = stopped(api.plugin(no_key=True, credentials_file=credentials, config_file=config))
    assert default.status == DENIED and "InvalidClientTokenId" in default.text


def test_roles_one_after_the_other(make_api, tmp_path):
    api = make_api(roles={INNER: {"by": [KEY], "external_id": "e/1&"}, OUTER: {"by": [INNER]}})
    credentials = write(tmp_path / "credentials",
                        "[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (KEY, SECRET))
    config = write(tmp_path / "config", "[profile inner]\nrole_arn = %s\nexternal_id = e/1&\nsource_profile = base\n"
                   % INNER)
    add_and_remove(api.plugin(no_key=True, credentials_file=credentials, config_file=config, profile="inner",
                              role_arn=OUTER))
    assert len([r for r in api.requests("POST") if r["path"] == "/"]) == 2, "keys are kept as long as they last"
    assert signers(api) == [KEY, "ASIA00000001EXAMPLE", "ASIA00000002EXAMPLE"]


def test_a_role_that_may_not_be_assumed(make_api):
    api = make_api(roles={INNER: {"by": [KEY], "external_id": "right"}})
    result = stopped(api.plugin(role_arn=INNER, external_id="wrong"))
    assert result.status == DENIED and "cannot assume role " + INNER in result.text
    assert "not authorized to perform: sts:AssumeRole" in result.text
    add_and_remove(api.plugin(role_arn=INNER, external_id="right"))


def test_a_web_identity(make_api, tmp_path):
    api = make_api(roles={INNER: {"token": "ey.J0.x"}})
    token = write(tmp_path / "token", "ey.J0.x\n", 0o644)
    add_and_remove(api.plugin(no_key=True, web_identity_token_file=token, web_identity_role_arn=INNER))
    assert all("authorization" not in r["headers"] for r in api.requests() if r["path"] == "/")
    wrong = write(tmp_path / "wrong", "ey.wr0ng.x")
    result = stopped(api.plugin(no_key=True, web_identity_token_file=wrong, web_identity_role_arn=INNER))
    assert "InvalidIdentityToken" in result.text and "wr0ng" not in result.text + result.log
    config = write(tmp_path / "config", "[profile pod]\nrole_arn = %s\nweb_identity_token_file = %s\n" % (INNER, token))
    add_and_remove(api.plugin(no_key=True, config_file=config, profile="pod"))


def test_a_container(make_api):
    api = make_api(container_token="Bearer t0k3n")
    url = api.url + "/v2/credentials/task"
    add_and_remove(api.plugin(no_key=True, container_url=url, container_token="Bearer t0k3n"))
    assert signers(api) == ["ASIA00000001EXAMPLE"]
    result = stopped(api.plugin(no_key=True, container_url=url, container_token="Bearer wr0ng"))
    assert result.status == DENIED and "the container's credentials" in result.text
    assert "wr0ng" not in result.text + result.log


def test_a_pod_identity(make_api, tmp_path):
    api = make_api(container_token="jwt.of.pod")
    token = write(tmp_path / "token", "jwt.of.pod\n", 0o644)
    add_and_remove(api.plugin(no_key=True, container_url=api.url + "/v2/credentials/task",
                              pod_identity_token_file=token))


def test_an_instance(make_api):
    api = make_api(instance="web-server")
    add_and_remove(api.plugin(no_key=True))
    assert [(r["method"], r["path"]) for r in api.requests("", "/latest/")] == [
        ("PUT", "/latest/api/token"), ("GET", "/latest/meta-data/iam/security-credentials/"),
        ("GET", "/latest/meta-data/iam/security-credentials/web-server")]


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9"], ids=["no-role", "no-answer"])
def test_no_credentials_anywhere(api, url):
    result = stopped(api.plugin(no_key=True, **({"imds_url": url} if url else {})))
    assert result.status == BAD_CONFIG and "there are no credentials" in result.text
    assert "AWS_ACCESS_KEY_ID" in result.text and "no EC2 instance with a role" in result.text


def program(tmp_path, body):
    path = tmp_path / "keys program"
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return write(tmp_path / "config", "[default]\ncredential_process = '%s' one \"two words\"\n" % path)


def keys_json(expires="2100-01-01T00:00:00Z", **more):
    return json.dumps({"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Expiration": expires, **more})


def test_a_program_prints_keys(api, tmp_path):
    config = program(tmp_path, '[ "$1" = one ] && [ "$2" = "two words" ] && [ $# = 2 ] || exit 7\n'
                               "cat <<'END'\n%s\nEND\n" % keys_json())
    add_and_remove(api.plugin(no_key=True, config_file=config))


@pytest.mark.parametrize("body, words", [
    ("exit 7\n", "ended with exit status 7"),
    ("kill -9 $$\n", "ended with signal 9"),
    ("echo nothing\n", "no JSON"),
    ("echo '{\"Version\": 1}'\n", "no usable AccessKeyId"),
    ("exec head -c 100000 /dev/zero\n", "more than 64 KiB"),
    ("exec sleep 1000\n", "did not end in time"),
    ("exec >&-; exec sleep 1000\n", "did not end in time"),
])
def test_a_program_fails(api, tmp_path, body, words):
    flags = ("--deadline", "1500") if "sleep" in body else ()
    with api.plugin(*flags, no_key=True, config_file=program(tmp_path, body)).open() as p:
        result = p.call("add", OWNER, ZONE, VALUE, 60)
    assert result.status == BAD_CONFIG and words in result.text and "credential_process" in result.text


def test_a_program_that_is_not_there(api, tmp_path):
    config = write(tmp_path / "config", "[default]\ncredential_process = /nowhere/keys\n")
    result = stopped(api.plugin(no_key=True, config_file=config))
    assert result.status == BAD_CONFIG and "'/nowhere/keys' cannot be started: No such file" in result.text


# Keys that end


def pass_time(api, plugin, seconds):
    """For the plug-in and for AWS."""
    plugin.send("clock", seconds)
    api.server.settings["clock_s"] = seconds


def test_keys_are_renewed_before_they_expire(make_api):
    api = make_api(instance="web-server", life_s=3600)
    with api.plugin(no_key=True).open() as p:
        for seconds, n_keys in ((0, 1), (3290, 1), (3310, 2), (3310 + 3290, 2), (20000, 3)):
            pass_time(api, p, seconds)
            assert p.call("add", OWNER, ZONE, VALUE, 60).status == OK
            assert len(signers(api)) == n_keys
    assert [r["status"] for r in api.requests()].count(200) == len(api.requests()), "none was sent with old keys"


def test_keys_that_aws_ends_early_are_renewed_in_mid_run(make_api):
    api = make_api(instance="web-server")
    with api.plugin(no_key=True).open() as p:
        assert p.call("add", OWNER, ZONE, VALUE, 60).status == OK
        api.server.expire()
        result = p.call("remove", OWNER, ZONE, VALUE, 60)
        assert result.status == OK and "have expired: getting new ones" in result.log
    assert signers(api) == ["ASIA00000001EXAMPLE", "ASIA00000002EXAMPLE"]


def test_keys_that_cannot_be_renewed_end(make_api):
    api = make_api(keys={"ASIAGIVEN": {"secret": "secret", "token": "token", "expires": 1}})
    result = stopped(api.plugin(access_key_id="ASIAGIVEN", secret_access_key="secret", session_token="token"))
    assert result.status == DENIED and "ExpiredToken" in result.text and "have expired" in result.text
    assert len(api.requests()) == 1


def test_a_failed_renewal_is_borne_as_long_as_the_old_keys_last(make_api):
    api = make_api(instance="web-server", life_s=3600)
    with api.plugin(no_key=True).open() as p:
        assert p.call("add", OWNER, ZONE, VALUE, 60).status == OK
        api.set_rules([{"path": "/latest/", "do": "refuse", "status": 404, "body": "no"}])
        pass_time(api, p, 3400)
        borne = p.call("add", OWNER, ZONE, VALUE, 60)
        assert borne.status == OK and "could not be renewed" in borne.log
        pass_time(api, p, 3700)
        ended = p.call("add", OWNER, ZONE, VALUE, 60)
        assert ended.status not in (OK, BAD_CONFIG) and "the EC2 metadata service" in ended.text
    assert len(signers(api)) == 1


# What is wrong with keys, and who says so


@pytest.mark.parametrize("options, words", [
    ({"access_key_id": "AKIDWRONG", "secret_access_key": "x"}, ["InvalidClientTokenId", "does not know this access key"]),
    ({"access_key_id": KEY, "secret_access_key": "wrong-secret"}, ["SignatureDoesNotMatch", "secret access key"]),
])
def test_wrong_keys(api, options, words):
    result = stopped(api.plugin(**options))
    assert result.status == DENIED and all(word in result.text for word in words)
    assert "wrong-secret" not in result.text + result.log and len(api.requests()) == 1


def test_what_a_policy_forbids_is_named(make_api):
    api = make_api(deny=["ChangeResourceRecordSets"])
    result = stopped(api.plugin())
    assert result.status == DENIED and "route53:ChangeResourceRecordSets" in result.text
    assert "acme-dns-route53(7)" in result.text


@pytest.mark.parametrize("clock_s", [-3600, 900])
def test_a_clock_that_is_wrong_is_made_up_for(make_api, clock_s):
    api = make_api(clock_s=clock_s)
    result = add_and_remove(api.plugin())
    assert "clock is" in result.log and ("ahead of" if clock_s < 0 else "behind") in result.log
    assert len([r for r in api.requests() if r["status"] == 403]) == 1


@pytest.mark.parametrize("option", ["access_key_id", "secret_access_key", "session_token"])
def test_credentials_that_no_header_can_carry(api, option):
    options = {"access_key_id": KEY, "secret_access_key": SECRET, option: "line\rw0rd"}
    with api.plugin(**options) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and option.replace("_", "-") in result.text and "w0rd" not in result.text


def test_half_a_key(api):
    with api.plugin(no_key=True, secret_access_key=SECRET) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and "secret-access-key is given, but not access-key-id" in result.text
    assert SECRET not in result.text


def test_sts_is_busy(make_api):
    api = make_api(roles={INNER: {"by": [KEY]}})
    api.set_rules([refusal_rule("Throttling", "Rate exceeded", path="^/$", times=1)])
    add_and_remove(api.plugin(role_arn=INNER))


def test_a_region_is_signed_for(make_api):
    api = make_api(region="cn-northwest-1")
    add_and_remove(api.plugin(region="cn-north-1"))
    assert stopped(api.plugin(region="eu-west-1")).status == DENIED


def test_an_address_with_a_slash_at_its_end(api):
    add_and_remove(api.plugin(endpoint_url=api.url + "/"))


@pytest.mark.parametrize("options, words", [
    ({"endpoint_url": "http://192.0.2.1"}, "endpoint-url = http://192.0.2.1"),
    ({"sts_endpoint_url": "ftp://sts.test"}, "sts-endpoint-url = ftp://sts.test"),
    ({"region": "us-east-1/../x"}, "region: 'us-east-1/../x' is no region's name"),
])
def test_addresses_that_nothing_is_sent_to(api, options, words):
    with api.plugin(**options) as p:
        result = p.call("check")
    assert result.status == BAD_CONFIG and words in result.text


def test_a_token_is_not_sent_in_the_open(api):
    result = stopped(api.plugin(no_key=True, container_url="http://192.0.2.1/x", container_token="Bearer t0k3n"))
    assert result.status == BAD_CONFIG and "must be https" in result.text and "t0k3n" not in result.text


def test_something_else_answers(api):
    api.set_rules([{"do": "refuse", "status": 200, "body": "<!DOCTYPE html><html>hello</html>",
                   "headers": {"content-type": "text/html"}}])
    result = stopped(api.plugin())
    assert result.status == BAD_CONFIG and "web page" in result.text


def test_nobody_answers():
    with Plugin("route53", "--deadline", "2000", access_key_id=KEY, secret_access_key=SECRET,
                endpoint_url="http://127.0.0.1:9", env={"no_proxy": "*"}).open() as p:
        result = p.call("add", OWNER, ZONE, VALUE, 60)
    assert result.status == RETRY and "127.0.0.1:9" in result.text
