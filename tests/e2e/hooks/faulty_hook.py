#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A program for exec-hook that is wrong in one way, which HOOK_FAULT names; else as update_hook.py, beside which
it lies:

    forgets        add does nothing             any-zone       add into a zone that is not there succeeds
    replaces       add takes what was there     keeps          remove does nothing
    again-fails    add of what is there fails   takes-all      remove takes all values of the name
    absent-fails   remove of nothing fails      blind-to-case  remove takes values of other case too
    everywhere     remove takes the value from every name of the zone
    needs-receipt  remove without the receipt does nothing
    wipes          add takes the zone's record www A away
    all-fall       a batch with a bad change fails as a whole
    sleeps         add takes HOOK_SLEEP seconds
"""

import importlib.util
import json
import os
import sys
import time

import dns.exception
import dns.query
import dns.rdatatype
import dns.tsigkeyring
import dns.update

# A worker may not list the folder, as import would.
_SPEC = importlib.util.spec_from_file_location(
    "update_hook", os.path.join(os.path.dirname(os.path.abspath(__file__)), "update_hook.py"))
update_hook = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(update_hook)

FAULT = os.environ.get("HOOK_FAULT")


def records(zone):
    """[(name, value)] of every TXT in the zone."""
    found = []
    for message in dns.query.xfr(os.environ["HOOK_SERVER"], zone, relativize=False, lifetime=10):
        for rrset in message.answer:
            if rrset.rdtype == dns.rdatatype.TXT:
                found += [(rrset.name.to_text(), b"".join(rdata.strings).decode()) for rdata in rrset]
    return found


def delete(zone, name, rdtype, *value):
    key, algorithm, secret = os.environ["HOOK_KEY"].split()
    keyring = dns.tsigkeyring.from_text({key: (algorithm, secret)})
    update = dns.update.UpdateMessage(zone, keyring=keyring, keyname=key, keyalgorithm=algorithm)
    update.delete(name, rdtype, *value)
    return 0 if dns.query.tcp(update, os.environ["HOOK_SERVER"], timeout=5).rcode() == 0 else 1


def add(fqdn, value, zone):
    if FAULT == "any-zone" and zone.endswith("invalid."):
        return 0
    if FAULT == "forgets" and not zone.endswith("invalid."):
        return 0
    if FAULT == "again-fails" and not zone.endswith("invalid.") and (fqdn, value) in records(zone):
        print("the record exists", file=sys.stderr)
        return 1
    if FAULT == "wipes" and not zone.endswith("invalid."):
        delete(zone, "www." + zone, "A")
    if FAULT == "replaces":
        os.environ["HOOK_ONE_VALUE"] = "yes"
    if FAULT == "needs-receipt":
        print("receipt=7")
    if FAULT == "sleeps" and not zone.endswith("invalid."):
        time.sleep(float(os.environ["HOOK_SLEEP"]))
    return update_hook.change("add", fqdn, value, zone)


def remove(fqdn, value, zone):
    if FAULT == "absent-fails" and (fqdn, value) not in records(zone):
        print("no such record", file=sys.stderr)
        return 1
    if FAULT == "keeps" or (FAULT == "needs-receipt" and not os.environ.get("ACME_DNS_RECEIPT")):
        return 0
    if FAULT == "takes-all":
        return delete(zone, fqdn, "TXT")
    if FAULT == "blind-to-case":
        same = [text for name, text in records(zone) if name == fqdn and text.lower() == value.lower()]
        return max([delete(zone, fqdn, "TXT", text) for text in same], default=0)
    if FAULT == "everywhere":
        names = [name for name, text in records(zone) if text == value]
        return max([delete(zone, name, "TXT", value) for name in names], default=0)
    return update_hook.change("remove", fqdn, value, zone)


def change(verb, fqdn, value, zone):
    try:
        return (add if verb == "add" else remove)(fqdn, value, zone)
    except dns.exception.DNSException as error:  # a name that is none, a zone that nobody serves
        print("%s: %s" % (type(error).__name__, error), file=sys.stderr)
        return 1


def main(verb, *arguments):
    if verb == "settled":
        sys.exit(2)
    if verb != "batch":
        sys.exit(change(verb, *arguments, os.environ["ACME_DNS_ZONE"]))
    orders = [json.loads(line) for line in sys.stdin]
    is_bad = FAULT == "all-fall" and any(len(order["fqdn"]) > 255 for order in orders)
    for order in orders:
        status = 1 if is_bad else change(order["verb"], order["fqdn"], order["value"], order["zone"])
        print(json.dumps({"index": order["index"], "status": status}))


if __name__ == "__main__":
    main(*sys.argv[1:])
