#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Counts what the rings of scripts/test did.

    tally.py add RESULTS RING JUNIT-FILE     a ring that ran test programs: counts from CTest's or pytest's file
    tally.py one RESULTS RING passed|failed  a ring that is one check
    tally.py report RESULTS SKIPS RING...    the table; exit 1 if anything failed, a ring did not run, or a
                                             skip is not in the list of allowed ones

A cmocka program or a pytest run started by CTest counts with each of its cases. RESULTS is a file of JSON lines.
"""

import fnmatch
import json
import re
import sys
import xml.etree.ElementTree

_CMOCKA = re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (?!\d+ test)(.*)$", re.M)
_PYTEST = re.compile(r"^(?:\d+ \w+, )*\d+ (?:passed|failed|skipped|error)[^\n]* in [\d.]+s", re.M)
_PYTEST_SKIP = re.compile(r"^SKIPPED \[(\d+)\] \S*?([^/\s]+?)(?::\d+)?: (.*)$", re.M)
_KINDS = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}


def pytest_cases(name, output):
    """The same of a pytest run that CTest started: how many passed and failed is known, not which."""
    summary = _PYTEST.findall(output)
    if not summary:
        return []
    numbers = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", summary[-1])}
    failed = numbers.get("failed", 0) + numbers.get("error", 0) + numbers.get("errors", 0)
    found = [(name, "passed", "")] * numbers.get("passed", 0) + [(name, "failed", "")] * failed
    for count, place, reason in _PYTEST_SKIP.findall(output):
        found += [("%s: %s" % (name, place), "skipped", reason)] * int(count)
    return found


def cases_of(test):
    """[(name, kind, reason)] of one <testcase>."""
    name = ".".join(part for part in (test.get("classname"), test.get("name")) if part)
    if test.get("classname") == test.get("name"):
        name = test.get("name")
    skipped = test.find("skipped")
    if test.get("status") in ("notrun", "disabled") or skipped is not None:
        reason = skipped.get("message", "") if skipped is not None else "not run"
        return [(name, "skipped", reason or "no reason given")]
    has_failed = test.find("failure") is not None or test.find("error") is not None
    output = test.findtext("system-out") or ""
    cases = {}
    for kind, case in _CMOCKA.findall(output):
        cases.setdefault(case, _KINDS[kind])  # FAILED lines are repeated in the summary
        if kind == "FAILED":
            cases[case] = "failed"
    found = [("%s: %s" % (name, case), kind, "skipped by the test") for case, kind in cases.items()]
    found += pytest_cases(name, output)
    if has_failed and not any(kind == "failed" for _, kind, _ in found):
        found.append((name, "failed", ""))
    return found or [(name, "passed", "")]


def add(results, ring, path):
    try:
        tests = xml.etree.ElementTree.parse(path).getroot().iter("testcase")
        cases = [case for test in tests for case in cases_of(test)]
    except (OSError, xml.etree.ElementTree.ParseError):
        cases = []
    row = {"ring": ring, "passed": 0, "failed": 0, "skipped": 0, "skips": [], "failures": []}
    for name, kind, reason in cases:
        row[kind] += 1
        if kind == "skipped":
            row["skips"].append([name, reason])
        elif kind == "failed":
            row["failures"].append(name)
    write(results, row)


def one(results, ring, kind):
    row = {"ring": ring, "passed": 0, "failed": 0, "skipped": 0, "skips": [], "failures": []}
    row[kind] = 1
    if kind == "failed":
        row["failures"].append(ring)
    write(results, row)


def write(results, row):
    with open(results, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read_skips(path):
    """[(ring pattern, test pattern)] of "RING TEST REASON" lines; a line without a reason is an error."""
    allowed = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split(None, 2)
            if not words or line.startswith("#"):
                continue
            if len(words) < 3:
                sys.exit("%s:%d: want RING TEST REASON" % (path, number))
            allowed.append((words[0], words[1]))
    return allowed


def is_allowed(allowed, ring, name):
    return any(fnmatch.fnmatch(ring, r) and fnmatch.fnmatch(name, t) for r, t in allowed)


def report(results, skips, rings):
    with open(results, encoding="utf-8") as file:
        rows = {row["ring"]: row for row in map(json.loads, file)}
    allowed = read_skips(skips)
    troubles, totals = [], {"passed": 0, "failed": 0, "skipped": 0}
    print("\n%-12s %8s %8s %8s" % ("ring", "passed", "failed", "skipped"))
    for ring in rings:
        row = rows.get(ring)
        if row is None or row["passed"] + row["failed"] + row["skipped"] == 0:
            print("%-12s %26s" % (ring, "did not run"))
            troubles.append("the ring %s did not run a single test" % ring)
            totals["failed"] += 1
            continue
        print("%-12s %8d %8d %8d" % (ring, row["passed"], row["failed"], row["skipped"]))
        for kind in totals:
            totals[kind] += row[kind]
        troubles += ["failed in %s: %s" % (ring, name) for name in row["failures"]]
        for name, reason in row["skips"]:
            print("    skipped: %s: %s" % (name, reason))
            if not is_allowed(allowed, ring, name):
                troubles.append("skipped in %s, and %s does not allow it: %s" % (ring, skips, name))
    if troubles:
        print("\n" + "\n".join(troubles))
    print("\n%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % totals)
    return 1 if troubles else 0


def main(command, *words):
    if command == "add":
        return add(*words)
    if command == "one":
        return one(*words)
    return report(words[0], words[1], words[2:])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
