# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""The program with Route 53: where AWS is in the lab, at its own names and addresses."""

import os
import re
import threading

import pytest

from dns_scene import assert_clean, assert_issued, assert_refused, said, world
from lab import Zone
from standins import StandIn, npm_folder, without

AWS, IMDS, AGENT = "route53.amazonaws.com", "169.254.169.254", "169.254.170.2"
KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ROLE = "arn:aws:iam::123456789012:role/acme-dns"
# What the stand-in of a metadata service lends first: see make_keys() there.
LENT = {"ASIA00000001EXAMPLE": {"secret": "made-secret-1/+=", "token": "made//token+1=="}}
FOREIGN = ('@ 60 IN TXT "v=spf1 -all"\n_acme-challenge 7 IN TXT "some \\"one\\" else\'s" "in two"\n'
           "www 60 IN A 192.0.2.1\n")


class Scene:
    """A lab with Route 53 in it, and an acme-dns that knows nothing but its name."""

    def __init__(self, make_lab, make_client, hosts=(), **settings):
        self.lab = make_lab(world(Zone("example.test", records=FOREIGN), standins=[AWS, *hosts]))
        self.api = StandIn(self.lab, "route53", AWS, npm=npm_folder(),
                           **{"keys": {KEY: {"secret": SECRET}, **LENT}, "sync_s": 0, **settings})
        self.client = make_client(self.lab)
        self.before = self.lab.zones()
        self.configure()

    def configure(self, *lines, client=None):
        section = "\n[provider aws]\nplugin = route53\nttl = 1\ninterval = 1\n" + "".join(line + "\n" for line in lines)
        (client or self.client).configure(sections=section)

    @property
    def home(self):
        """Not the configuration's folder, where no plug-in may read."""
        return self.client.folder + "-home"

    def lend(self, host, **settings):
        return StandIn(self.lab, "route53", host, tls=False, npm=npm_folder(), **settings)

    def issue(self, *names, client=None, **env):
        client = client or self.client
        words = [word for name in names or ("example.test", "*.example.test") for word in ("-d", name)]
        return self.lab.run(client.command("issue", *words, "--provider", "aws", "--server", client.server),
                            env={**without("AWS_"), "SSL_CERT_FILE": self.lab.ca_bundle, "HOME": self.home,
                                 **env})

    def write_home(self, name, text):
        """A file of the user's that nobody else can read."""
        folder = os.path.join(self.home, ".aws")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(folder, name), 0o600)

    def batches(self):
        return self.api.requests("POST", "/rrset")


@pytest.fixture
def make_scene(make_lab, make_client):
    return lambda *hosts, **settings: Scene(make_lab, make_client, hosts, **settings)


def test_wildcard_and_apex_beside_a_foreign_value(make_scene):
    scene = make_scene(sync_s=2)
    result = scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
    assert_issued(result, "AWS_SECRET_ACCESS_KEY", within_s=40)
    assert_clean(scene.lab, scene.before)
    assert len(scene.batches()) == 2, "both values come in one batch, and go in one"
    asked = scene.api.requests("GET", "/change/")
    assert {r["path"] for r in asked} == {"/2013-04-01/change/C00000001CHANGE"}
    times = [r["time"] for r in asked]
    assert all(later - sooner > 0.9 for sooner, later in zip(times, times[1:])), "once for both values"
    assert result.seconds > 2, "the CA is told when the change is everywhere"
    assert len(scene.api.requests("GET", "/hostedzonesbyname")) <= 4, "once for each worker"
    assert SECRET not in result.out + result.err


def test_root_s_shared_files_reach_a_worker_that_may_not_read_them(make_scene):
    scene = make_scene(roles={ROLE: {"by": [KEY], "external_id": "e1"}})
    scene.configure("profile = work", "sts-endpoint-url = https://" + AWS)
    scene.write_home("credentials", "[base]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (KEY, SECRET))
    scene.write_home("config", "[profile work]\nrole_arn = %s\nsource_profile = base\nexternal_id = e1\n" % ROLE)
    result = scene.issue()
    assert_issued(result, within_s=40)
    assert_clean(scene.lab, scene.before)
    assert all("x-amz-security-token" in r["headers"] for r in scene.batches())


def test_a_program_that_prints_keys(make_scene):
    """It runs as the plug-in's user, who is not root's."""
    scene = make_scene()
    program = os.path.join(scene.lab.folder, "keys")  # a folder that everybody may enter
    with open(program, "w", encoding="utf-8") as file:
        file.write('#!/bin/sh\n[ "$(id -u)" != 0 ] || [ "$ROOT_IS_ALL" = yes ] || exit 3\n'
                   "echo '{\"Version\": 1, \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"%s\"}'\n" % (KEY, SECRET))
    os.chmod(program, 0o755)
    scene.configure("core-allow-path = " + program, *([] if os.geteuid() == 0 else ["env = ROOT_IS_ALL=yes"]))
    scene.write_home("config", "[default]\ncredential_process = %s --json\n" % program)
    result = scene.issue()
    assert_issued(result, within_s=40)
    assert_clean(scene.lab, scene.before)
    assert SECRET not in said(result)


def test_a_shared_file_that_others_can_read_is_told_of(make_scene):
    scene = make_scene()
    scene.configure("imds-disabled = yes")
    scene.write_home("credentials", "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (KEY, SECRET))
    os.chmod(os.path.join(scene.home, ".aws", "credentials"), 0o644)
    result = scene.issue()
    assert_refused(result, 3, "credentials-file = ~/.aws/credentials", "0644", "there are no credentials")
    assert scene.api.requests() == []


def test_the_role_of_an_instance(make_scene):
    scene = make_scene(IMDS)
    imds = scene.lend(IMDS, instance="web-server", zones=[])
    result = scene.issue(http_proxy="http://127.0.0.1:9", no_proxy=AWS)
    assert_issued(result, within_s=40)
    assert_clean(scene.lab, scene.before)
    assert {r["method"] for r in imds.requests()} == {"PUT", "GET"}


def test_the_role_of_a_task(make_scene):
    scene = make_scene(AGENT)
    scene.lend(AGENT, zones=[])
    result = scene.issue(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/v2/credentials/task")
    assert_issued(result, within_s=40)
    assert_clean(scene.lab, scene.before)


def test_keys_that_end_in_mid_run_are_renewed(make_scene):
    scene = make_scene(roles={ROLE: {"token": "ey.J0.x"}}, life_s=2, sync_s=4)
    token = os.path.join(scene.client.folder, "token")
    with open(token, "w", encoding="utf-8") as file:
        file.write("ey.J0.x\n")
    os.chmod(token, 0o644)  # as Kubernetes makes it
    result = scene.issue(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN=ROLE,
                         AWS_ENDPOINT_URL_STS="https://" + AWS)
    assert_issued(result, within_s=40)
    assert_clean(scene.lab, scene.before)
    signers = {re.search("Credential=([^/]+)", r["headers"]["authorization"])[1] for r in scene.api.requests("", "/2013")}
    assert len(signers) >= 3 and len(scene.batches()) == 2


def test_two_programs_at_one_name(make_scene, make_client):
    scene = make_scene()
    clients = [scene.client, make_client(scene.lab)]
    results = []

    def run(client):
        scene.configure(client=client)
        results.append(scene.issue(client=client, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET))

    runs = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    for result in results:
        assert_issued(result, within_s=60)
    assert_clean(scene.lab, scene.before)


def hosted_zones(*servers):
    """Public zones of one name, ZONE0 on the first server, ...; the DNS has the last one's values."""
    return [{"id": "ZONE%d" % n, "name": "example.test.", "servers": [server], "live": n == len(servers) - 1}
            for n, server in enumerate(servers)]


def test_of_several_zones_the_one_that_is_delegated_to(make_scene):
    scene = make_scene(hosted=hosted_zones("ns-1.awsdns-01.test", "NS1.example.test"))
    assert_issued(scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET), within_s=40)
    assert_clean(scene.lab, scene.before)
    assert {r["path"] for r in scene.batches()} == {"/2013-04-01/hostedzone/ZONE1/rrset"}


@pytest.mark.parametrize("servers, words", [
    (("ns-1.awsdns-01.test", "ns-2.awsdns-02.test"), "does not delegate to any of them"),
    (("ns1.example.test", "ns2.example.test"), "delegates to several of them"),
], ids=["none", "both"])
def test_of_several_zones_nobody_knows_which(make_scene, servers, words):
    scene = make_scene(hosted=hosted_zones(*servers))
    result = scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
    assert_refused(result, 4, words, "hosted-zone-id", "ZONE0 on " + servers[0], "ZONE1 on " + servers[1])
    assert scene.batches() == []
    scene.configure("hosted-zone-id = ZONE1")
    assert_issued(scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET), within_s=40)
    assert_clean(scene.lab, scene.before)


def test_wrong_keys_are_told_and_kept_secret(make_scene):
    scene = make_scene()
    result = scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY="wr0ng-secret-of-nobody")
    assert_refused(result, 4, "Route 53", "SignatureDoesNotMatch", "secret access key")
    assert_clean(scene.lab, scene.before)
    assert "wr0ng-secret" not in said(result) and "hosted-zone-id" not in result.err
    scene.configure("access-key-id = " + KEY)
    half = scene.issue(AWS_SECRET_ACCESS_KEY=SECRET)
    assert_refused(half, 3, "access-key-id is given, but not secret-access-key")
    assert SECRET not in said(half)


def test_a_policy_that_forbids_the_name(make_scene):
    scene = make_scene(deny_names=["_acme-challenge.example.test."])
    result = scene.issue(AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET)
    assert_refused(result, 4, "route53:ChangeResourceRecordSets", "acme-dns-route53(7)")
    assert_clean(scene.lab, scene.before)
