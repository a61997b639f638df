# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The stand-in of Route 53 in the eyes of AWS's own client (aws-sdk): whatever it takes and understands is near enough
to the real one, and what it is refused it is refused as there."""

import json
import os
import subprocess

import pytest

import standins
from standins.route53 import Route53, refusal_rule

ZONE, OWNER = "example.test.", "_acme-challenge.example.test."
KEYS = {"id": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
ROLE = "arn:aws:iam::123456789012:role/r"


class Sdk:
    def __init__(self, folder, **settings):
        self.folder = str(folder)
        self.server = Route53({"npm": standins.npm_folder(), "keys": {KEYS["id"]: {"secret": KEYS["secret"]}},
                               "zones": [ZONE], "hosted": [{"id": "Z1LAB", "name": ZONE}], "sync_s": 0, **settings})
        self.front = standins.serve(self.server, self.folder)
        script = os.path.join(os.path.dirname(standins.__file__), "route53_sdk.js")
        env = {**os.environ, **standins.without("AWS_"), "NODE_PATH": os.path.join(standins.npm_folder(), "node_modules"),
               "AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE": "1", "no_proxy": "*"}
        self.node = subprocess.Popen(["node", script, "http://127.0.0.1:%d" % self.front.port], env=env,
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, service, method, parameters, keys):
        self.node.stdin.write(json.dumps([service, method, parameters, keys or KEYS]) + "\n")
        self.node.stdin.flush()
        return json.loads(self.node.stdout.readline())

    def call(self, method, keys=None, service="Route53", **parameters):
        answer = self.send(service, method, parameters, keys)
        assert "ok" in answer, answer
        return answer["ok"]

    def refused(self, method, keys=None, service="Route53", **parameters):
        answer = self.send(service, method, parameters, keys)
        assert "error" in answer, answer
        return answer["error"]

    def set_rules(self, *rules):
        with open(os.path.join(self.folder, "rules.json"), "w", encoding="utf-8") as file:
            json.dump(rules, file)

    def close(self):
        self.node.stdin.close()
        self.node.wait()
        self.node.stdout.close()
        self.front.close()


def batch(*changes):
    return {"HostedZoneId": "Z1LAB", "ChangeBatch": {"Comment": "of the sdk", "Changes": [
        {"Action": action, "ResourceRecordSet": {"Name": OWNER, "Type": "TXT", "TTL": ttl_s,
                                                 "ResourceRecords": [{"Value": value} for value in values]}}
        for action, ttl_s, *values in changes]}}


@pytest.fixture
def make_sdk(tmp_path_factory):
    running = []

    def make(**settings):
        running.append(Sdk(tmp_path_factory.mktemp("sdk"), **settings))
        return running[-1]

    yield make
    for sdk in running:
        sdk.close()


def test_sets_are_changed_and_batches_refused(make_sdk):
    sdk = make_sdk(shape="common")

    def refused(*changes):
        error = sdk.refused("changeResourceRecordSets", **batch(*changes))
        assert (error["code"], error["status"]) == ("InvalidChangeBatch", 400)
        return error["message"]

    made = sdk.call("changeResourceRecordSets", **batch(("CREATE", 60, '"one"', r'"t\303\244o" "3<&>"')))["ChangeInfo"]
    assert made["Id"].startswith("/change/C")
    assert sdk.call("getChange", Id=made["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    assert sdk.server.txt("Z1LAB") == {OWNER: [60, ['"one"', r'"t\303\244o" "3<&>"']]}
    assert "already exists" in refused(("CREATE", 60, '"x"'))
    assert "do not match" in refused(("DELETE", 61, '"one"', r'"t\303\244o" "3<&>"'), ("CREATE", 60, '"x"'))
    assert "do not match" in refused(("DELETE", 60, '"one"'))
    assert "quotation marks" in refused(("UPSERT", 60, "one"))
    assert "too long" in refused(("UPSERT", 60, '"%s"' % ("x" * 256)))
    assert "Duplicate" in refused(("UPSERT", 60, '"x"', '"x"'))
    assert "characters" in refused(("UPSERT", 60, *('"%03d%s"' % (n, "x" * 200) for n in range(100))))
    assert sdk.server.txt("Z1LAB")[OWNER][1][0] == '"one"', "what was refused has changed nothing"
    sdk.call("changeResourceRecordSets", **batch(("DELETE", 60, '"one"', r'"t\303\244o" "3<&>"'), ("CREATE", 5, '"two"')))
    sdk.call("changeResourceRecordSets", **batch(("UPSERT", 6, '"three"')))
    listed = sdk.call("listResourceRecordSets", HostedZoneId="Z1LAB", StartRecordName=OWNER, StartRecordType="TXT",
                      MaxItems="1")
    found = listed["ResourceRecordSets"][0]
    assert (found["Name"], found["TTL"], found["ResourceRecords"]) == (OWNER, 6, [{"Value": '"three"'}])
    sdk.call("changeResourceRecordSets", **batch(("DELETE", 6, '"three"')))
    assert "not found" in refused(("DELETE", 6, '"three"'))


def test_the_other_shape_of_a_refusal(make_sdk):
    """The one with <InvalidChangeBatch> as its root, which this client takes for an error without a name."""
    error = make_sdk(shape="own").refused("changeResourceRecordSets", **batch(("DELETE", 60, '"one"')))
    assert error["status"] == 400 and error["retryable"] is False


def test_zones_and_sets_come_in_pages(make_sdk):
    hosted = [{"id": "Z%d" % n, "name": name, "private": n == 2, "servers": ["ns-%d.test" % n]}
              for n, name in enumerate(["a.test.", "b.test.", "b.test.", "*.c.test."])]
    sdk = make_sdk(hosted=hosted, page=1, sets={"Z0": [
        {"name": name, "type": "TXT", "ttl": 1, "values": ['"v"']} for name in ("*.a.test.", "a.test.", "b.a.test.")]})
    page = sdk.call("listHostedZonesByName", DNSName="b.test.", MaxItems="1")
    assert [z["Id"] for z in page["HostedZones"]] == ["/hostedzone/Z1"] and page["IsTruncated"]
    page = sdk.call("listHostedZonesByName", DNSName=page["NextDNSName"], HostedZoneId=page["NextHostedZoneId"])
    assert page["HostedZones"][0]["Config"]["PrivateZone"] is True and page["NextDNSName"] == r"\052.c.test."
    every, marker = [], {}
    while True:
        page = sdk.call("listHostedZones", **marker)
        every += [z["Name"] for z in page["HostedZones"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["NextMarker"]}
    assert every == ["a.test.", "b.test.", "b.test.", r"\052.c.test."]
    assert sdk.call("getHostedZone", Id="Z1")["DelegationSet"]["NameServers"] == ["ns-1.test"]
    names, start = [], {}
    while True:
        page = sdk.call("listResourceRecordSets", HostedZoneId="/hostedzone/Z0", **start)
        names += [s["Name"] for s in page["ResourceRecordSets"]]
        if not page["IsTruncated"]:
            break
        start = {"StartRecordName": page["NextRecordName"], "StartRecordType": page["NextRecordType"]}
    assert names == ["a.test.", r"\052.a.test.", "b.a.test."]


def test_who_may_not(make_sdk):
    sdk = make_sdk(deny=["ListHostedZones"])
    assert sdk.refused("listHostedZones")["code"] == "AccessDenied"
    assert sdk.refused("getHostedZone", Id="Z9")["code"] == "NoSuchHostedZone"
    assert sdk.refused("getChange", Id="C9")["code"] == "NoSuchChange"
    wrong = sdk.refused("getHostedZone", keys={**KEYS, "secret": "wrong"}, Id="Z1LAB")
    assert (wrong["code"], wrong["status"]) == ("SignatureDoesNotMatch", 403)
    assert sdk.refused("getHostedZone", keys={**KEYS, "id": "AKIDWRONG"}, Id="Z1LAB")["code"] == "InvalidClientTokenId"


@pytest.mark.parametrize("code", ["Throttling", "PriorRequestNotComplete"])
def test_the_client_is_patient_where_ours_is(make_sdk, code):
    sdk = make_sdk()
    sdk.set_rules(refusal_rule(code, "Rate exceeded", times=2))
    assert sdk.call("getHostedZone", Id="Z1LAB")["HostedZone"]["Name"] == ZONE
    sdk.set_rules(refusal_rule(code, "Rate exceeded"))
    error = sdk.refused("getHostedZone", Id="Z1LAB")
    assert (error["code"], error["retryable"], error["retries"]) == (code, True, 3)


def test_keys_are_lent_and_end(make_sdk):
    sdk = make_sdk(roles={ROLE: {"by": [KEYS["id"]], "external_id": "e", "token": "jwt"}}, instance="web")
    assumed = {"service": "STS", "RoleArn": ROLE, "RoleSessionName": "me"}
    given = [sdk.call("assumeRole", ExternalId="e", **assumed)["Credentials"],
             sdk.call("assumeRoleWithWebIdentity", WebIdentityToken="jwt", **assumed)["Credentials"]]
    assert sdk.refused("assumeRole", ExternalId="f", **assumed)["code"] == "AccessDenied"
    assert sdk.refused("assumeRoleWithWebIdentity", WebIdentityToken="x", **assumed)["code"] == "InvalidIdentityToken"
    keys = [{"id": k["AccessKeyId"], "secret": k["SecretAccessKey"], "token": k["SessionToken"]} for k in given]
    for lent in [*keys, "imds", "container"]:
        assert sdk.call("getHostedZone", keys=lent, Id="Z1LAB")["HostedZone"]["Name"] == ZONE
    sdk.server.expire()
    assert sdk.refused("getHostedZone", keys=keys[0], Id="Z1LAB")["code"] == "ExpiredToken"
