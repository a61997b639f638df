# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Rules read from a JSON file that a test may replace at any time; the counts start anew then."""

import json
import os
import re


class Rules:
    """A list of {"do": WHAT, "skip": N, "times": N, FIELD: REGULAR EXPRESSION ...}. A rule matches when
    every field it names does; "skip" lets the first N matches pass, "times" ends it after N more."""

    def __init__(self, path, fields):
        self._path = path
        self._fields = fields
        self._stamp = None
        self._rules = []
        self._seen = []

    def _reload(self):
        stamp = os.stat(self._path)
        stamp = (stamp.st_mtime_ns, stamp.st_ino)
        if stamp != self._stamp:
            with open(self._path, encoding="utf-8") as file:
                self._rules = json.load(file)
            self._seen = [0] * len(self._rules)
            self._stamp = stamp

    def find(self, **values):
        """The first rule in force for these values, or None."""
        self._reload()
        for index, rule in enumerate(self._rules):
            patterns = [(rule[field], values[field]) for field in self._fields if field in rule]
            if not all(re.search(pattern, value) for pattern, value in patterns):
                continue
            self._seen[index] += 1
            past = self._seen[index] - rule.get("skip", 0)
            if 0 < past <= rule.get("times", past):
                return rule
        return None
