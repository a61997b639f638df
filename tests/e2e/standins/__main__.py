# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""One stand-in as a process of a lab: python3 -m standins SPEC.json. Its control socket appears when it answers;
a line there is [method, arguments], its reply {"ok": ...} or {"error": text}."""

import importlib
import json
import os
import socketserver
import sys

from .base import Front, Mirror, context_of


def control_of(server):
    class Control(socketserver.StreamRequestHandler):
        def handle(self):
            for line in self.rfile:
                self.wfile.write(json.dumps(ask(server, *json.loads(line))).encode() + b"\n")

    return Control


def ask(server, method, arguments):
    try:
        if method.startswith("_"):
            raise AttributeError(method)
        with server.lock:
            return {"ok": getattr(server, method)(*arguments)}
    except Exception as error:  # told to the test
        return {"error": "%s: %s" % (type(error).__name__, error)}


class Listener(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main(path):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    module = importlib.import_module("standins." + spec["kind"])
    server = module.SERVER(spec["settings"], Mirror(spec["primary"]))
    context = context_of(*spec["certificate"]) if "certificate" in spec else None
    rules, log = (os.path.join(spec["folder"], name) for name in ("rules.json", "requests.jsonl"))
    Front(server, tuple(spec["address"]), rules, log, context)
    unready = spec["control"] + ".new"  # bound and not yet listening, it would refuse
    with Listener(unready, control_of(server)) as control:
        os.rename(unready, spec["control"])
        control.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
