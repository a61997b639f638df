#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A program for exec-hook, in all its styles: updates a lab's zones, and notes each change as a line of JSON.

HOOK_SERVER, HOOK_KEY ("NAME ALGORITHM SECRET") and HOOK_LOG say where; HOOK_TAG stands in each line. With
HOOK_ONE_VALUE an add replaces what stands there, as hosts do that keep one value a name. "settled" says
"not yet" HOOK_NOT_YET times. HOOK_STYLE makes it a hook of another client's, for the zone HOOK_ZONE.
"""

import base64
import hashlib
import json
import os
import sys

import dns.query
import dns.tsigkeyring
import dns.update


def note(verb, fqdn, value, zone):
    line = {"tag": os.environ.get("HOOK_TAG"), "verb": verb, "fqdn": fqdn, "value": value, "zone": zone,
            "pid": os.getpid()}
    with open(os.environ["HOOK_LOG"], "a", encoding="ascii") as log:
        log.write(json.dumps(line) + "\n")


def change(verb, fqdn, value, zone):
    """An exit code of exec-hook's."""
    note(verb, fqdn, value, zone)
    if fqdn == os.environ.get("HOOK_REFUSE") and verb in ("add", "present"):
        return 1
    name, algorithm, secret = os.environ["HOOK_KEY"].split()
    keyring = dns.tsigkeyring.from_text({name: (algorithm, secret)})
    update = dns.update.UpdateMessage(zone, keyring=keyring, keyname=name, keyalgorithm=algorithm)
    if verb in ("remove", "cleanup"):
        update.delete(fqdn, "TXT", value)
    elif os.environ.get("HOOK_ONE_VALUE"):
        update.replace(fqdn, 1, "TXT", value)
    else:
        update.add(fqdn, 1, "TXT", value)
    answer = dns.query.tcp(update, os.environ["HOOK_SERVER"], timeout=5)
    if answer.rcode() != 0:
        print("the server said %d" % answer.rcode(), file=sys.stderr)
        return 77
    return 0


def is_settled(fqdn, value, zone):
    with open(os.environ["HOOK_LOG"], encoding="ascii") as log:
        asked = sum(json.loads(line)["verb"] == "settled" for line in log)
    note("settled", fqdn, value, zone)
    return asked >= int(os.environ.get("HOOK_NOT_YET", "0"))


ADDS = ("auth", "present", "deploy_challenge", "begin", "add")
REMOVES = ("cleanup", "clean_challenge", "done", "del", "rm")


def names_and_values(style, argv):
    """[(domain, value)] of a call, in the words of the client whose hook this is."""
    if style == "certbot":
        if argv[0] == "auth":
            print("receipt of", os.environ["CERTBOT_VALIDATION"])
        elif os.environ["CERTBOT_AUTH_OUTPUT"] != "receipt of " + os.environ["CERTBOT_VALIDATION"]:
            raise ValueError("this is not what was said: " + os.environ["CERTBOT_AUTH_OUTPUT"])
        return [(os.environ["CERTBOT_DOMAIN"], os.environ["CERTBOT_VALIDATION"])]
    if style == "lego-raw":
        digest = hashlib.sha256(argv[4].encode()).digest()
        return [(argv[2], base64.urlsafe_b64encode(digest).decode().rstrip("="))]
    if style == "uacme":
        return [(argv[2], argv[4])]
    if style == "dehydrated":
        return list(zip(argv[1::3], argv[3::3]))
    return [(argv[1].rstrip("."), argv[2])]


def of_other_client(style, argv):
    """An exit code. HOOK_CALLS gets the call as it was, as a line of JSON."""
    if "HOOK_CALLS" in os.environ:
        with open(os.environ["HOOK_CALLS"], "a", encoding="utf-8") as log:
            log.write(json.dumps({"argv": argv, "env": dict(os.environ)}) + "\n")
    if style == "uacme" and argv[1] != "dns-01":
        return 1
    if argv[0] not in ADDS + REMOVES:
        return 0
    verb = "present" if argv[0] in ADDS else "cleanup"
    prefix = "" if style in ("lego", "acme.sh") else "_acme-challenge."
    return max(change(verb, prefix + domain + ".", value, os.environ["HOOK_ZONE"])
               for domain, value in names_and_values(style, argv))


def main(verb, fqdn=None, value=None):
    if verb == "batch":
        for line in sys.stdin:
            order = json.loads(line)
            status = change(order["verb"], order["fqdn"], order["value"], order["zone"])
            print(json.dumps({"index": order["index"], "status": status}))
        return 0
    # lego's programs are told no zone
    zone = os.environ.get("ACME_DNS_ZONE") or os.environ["HOOK_ZONE"]
    if verb == "settled":
        return 0 if is_settled(fqdn, value, zone) else 3
    return change(verb, fqdn, value, zone)


if __name__ == "__main__":
    if "HOOK_STYLE" in os.environ:
        sys.exit(of_other_client(os.environ["HOOK_STYLE"], sys.argv[1:]))
    sys.exit(main(*sys.argv[1:]))
