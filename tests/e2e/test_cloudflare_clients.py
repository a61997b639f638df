# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Programs of others at the stand-in of Cloudflare's API, as Debian has them: what it tells our plug-in it tells
them, and they know the real one."""

import os
import shutil

from dns_scene import assert_clean, assert_issued, said, world
from lab import Zone
from lab.control import cache_dir
from standins import StandIn

HOST = "api.cloudflare.com"
TOKEN = "TokenThatMayDoAnything_0123456789abcdefg"
NAMES = ("*.example.test", "example.test")
PYTHON = "/usr/bin/python3"
HOOKS = os.path.join(cache_dir(), "hooks", "usr")
ACME_SH = os.path.join(cache_dir(), "acme-sh", "usr", "share", "acme.sh")


def start(make_lab):
    lab = make_lab(world(Zone("example.test", records='_acme-challenge 1 IN TXT "foreign"'), standins=[HOST]))
    api = StandIn(lab, "cloudflare", HOST, dns_ttl_s=1)
    return lab, api, lab.zones(), api.ask("everything")


def test_certbot(make_lab, tmp_path):
    """With its own plug-in, which stores values without quotes and finds them again by the filter `content`."""
    lab, api, before, stored = start(make_lab)
    credentials = tmp_path / "cloudflare.ini"
    credentials.write_text("dns_cloudflare_api_token = %s\n" % TOKEN)
    credentials.chmod(0o600)
    folders = [word for name in ("config", "work", "logs") for word in ("--%s-dir" % name, str(tmp_path / name))]
    result = lab.run(
        [PYTHON, os.path.join(HOOKS, "bin", "certbot"), "certonly", "-n", "--agree-tos", "--register-unsafely-without-email",
         "--server", lab.directory(), "--dns-cloudflare", "--dns-cloudflare-credentials", str(credentials),
         "--dns-cloudflare-propagation-seconds", "1", *folders, *[w for name in NAMES for w in ("-d", name)]],
        env={"PYTHONPATH": os.path.join(HOOKS, "lib", "python3", "dist-packages"), "REQUESTS_CA_BUNDLE": lab.ca_bundle,
             "PYTHONDONTWRITEBYTECODE": "1"}, timeout=100)
    assert result.code == 0, said(result)
    assert len(api.requests("POST", "/dns_records$")) == 2 and len(api.requests("DELETE")) == 2
    assert lab.zones() == before and api.ask("everything") == stored


def test_acme_sh(make_lab, make_client):
    """Its dnsapi script dns_cf, called by our exec-hook."""
    lab, api, before, stored = start(make_lab)
    tools = os.path.join(lab.folder, "tools")
    shutil.copytree(ACME_SH, os.path.join(tools, "acme.sh"))
    temporary = os.path.join(lab.folder, "hook-tmp")
    os.mkdir(temporary)
    os.chmod(temporary, 0o1777)
    client = make_client(lab)
    client.configure(sections="\n".join([
        "[provider hook]", "plugin = exec-hook", "style = acme.sh", "core-allow-path = " + tools,
        "command = " + os.path.join(tools, "acme.sh", "dnsapi", "dns_cf.sh"), "core-allow-path = " + temporary,
        "core-allow-path = " + lab.ca_bundle, "env = TMPDIR=" + temporary, "env = CF_Token=" + TOKEN,
        "env = CURL_CA_BUNDLE=" + lab.ca_bundle, ""]))
    result = client.run("issue", *[w for name in NAMES for w in ("-d", name)], "--provider", "hook",
                        "--server", client.server, timeout=100)
    assert_issued(result, within_s=60)
    assert len(api.requests("POST", "/dns_records$")) == 2 and len(api.requests("DELETE")) == 2
    assert_clean(lab, before)
    assert os.listdir(temporary) == []
    assert api.ask("everything") == stored
