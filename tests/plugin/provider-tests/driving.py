# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Drives a plug-in call by call, through the program that plugins/kit/check/drive.c is."""
import os
import re
import subprocess

OK, RETRY, DENIED, NO_ZONE, REJECTED, BAD_CONFIG, UNSUPPORTED, CANCELLED = (0, 100, 101, 102, 103,
                                                                            104, 105, 106)
BUILD = os.environ.get("ACME_DNS_BUILD", "build/dev")


def plain(text):
    return re.sub(r"\\(n|t|\\|x[0-9a-f]{2})",
                  lambda m: {"n": "\n", "t": "\t", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)),
                  text)


class Result:
    """What one call said and returned."""

    def __init__(self):
        self.status, self.us = None, None
        self.logs, self.fails, self.receipts, self.done, self.zones = [], {}, {}, [], []

    @property
    def text(self):
        return "\n".join(text for _, _, text in self.fails.values())

    @property
    def log(self):
        return "\n".join(text for _, text in self.logs)


class Plugin:
    """One process with one plug-in loaded. Options by keyword, underscores for hyphens; a list for
    an option that is given several times."""

    def __init__(self, name, *flags, env=None, **options):
        args = [os.path.join(BUILD, "tests/plugin/drive"),
                os.path.join(BUILD, "plugins", name + ".so"), *flags]
        for key, value in options.items():
            for one in value if isinstance(value, list) else [value]:
                args.append("%s=%s" % (key.replace("_", "-"), one))
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, **(env or {})}, start_new_session=True)

    def send(self, *words):
        line = b"\t".join(w if isinstance(w, bytes) else str(w).encode() for w in words)
        self.process.stdin.write(line + b"\n")

    def wait(self):
        result = Result()
        self.process.stdin.flush()
        while True:
            raw = self.process.stdout.readline()
            assert raw, "the driver died: %s" % self.process.wait()
            kind, *words = raw.decode("utf-8").rstrip("\n").split("\t")
            if kind == "log":
                result.logs.append((int(words[0]), plain(words[1])))
            elif kind == "fail":
                result.fails[int(words[0])] = (int(words[1]), int(words[2]), plain(words[3]))
            elif kind == "receipt":
                result.receipts[int(words[0])] = plain(words[1])
            elif kind == "done":
                result.done.append(int(words[0]))
            elif kind == "zone":
                result.zones.append(words[0])
            elif kind == "returned":
                result.status, result.us = int(words[1]), int(words[2])
                return result

    def call(self, *words):
        self.send(*words)
        return self.wait()

    def open(self):
        result = self.call("open")
        assert result.status == OK, result.text
        return self

    def apply(self, *changes):
        self.send("begin")
        for change in changes:
            self.send(*change)
        return self.call("commit")

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        assert code == 0, "the driver ended with %d" % code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
