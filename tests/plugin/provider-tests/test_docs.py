# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Options of the table, the manual page and the sample are the same, and one symbol is exported."""
import glob
import os
import re
import subprocess

import pytest

from driving import BUILD, Plugin

PLUGINS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "plugins")
NAMES = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(BUILD, "plugins", "*.so")))
CORE_KEYS = {"plugin", "provider", "env", "pass-env", "core-allow-path"}


def test_there_are_plug_ins():
    assert "rfc2136" in NAMES and "exec-hook" in NAMES


def read(name, pattern):
    (path,) = glob.glob(os.path.join(PLUGINS, name, pattern))
    with open(path, encoding="utf-8") as file:
        return file.read()


def table(name):
    with Plugin(name) as p:
        p.send("describe")
        p.process.stdin.flush()
        options = {}
        while True:
            words = p.process.stdout.readline().decode().rstrip("\n").split("\t")
            if words[0] == "returned":
                return options
            if words[0] == "option":
                options[words[1]] = set(filter(None, words[5].split(",")))


@pytest.mark.parametrize("name", NAMES)
def test_manual_page_has_every_option_and_variable(name):
    page = read(name, "*.7")
    section = page[page.index(".Sh OPTIONS"):page.index(".Sh", page.index(".Sh OPTIONS") + 4)]
    items = re.split(r"^\.It Cm ", section, flags=re.M)[1:]
    documented = {item.split()[0]: set(re.findall(r"\w+", " ".join(re.findall(r"^\.Ev (.*)", item, flags=re.M))))
                  for item in items}
    assert documented == table(name)


@pytest.mark.parametrize("name", NAMES)
def test_sample_has_every_option_and_is_all_comment(name):
    text = read(name, "*.conf")
    assert all(line.startswith("#") or not line for line in text.splitlines())
    keys = set(re.findall(r"^#([a-z][a-z0-9-]*) = ", text, flags=re.M))
    assert keys - CORE_KEYS == set(table(name))


def pages():
    """Of the plug-ins, and of the providers that are built in."""
    built_in = sorted(glob.glob(os.path.join(PLUGINS, "..", "docs", "*.7")))
    assert len(built_in) >= 2
    return built_in + [path for name in NAMES for path in glob.glob(os.path.join(PLUGINS, name, "*.7"))]


@pytest.mark.parametrize("path", pages(), ids=os.path.basename)
def test_manual_page_is_sound(path):
    result = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", "-ww", path], capture_output=True, text=True,
                            check=True)
    assert result.stderr == "" and "SEE ALSO" in result.stdout


@pytest.mark.parametrize("name", NAMES)
def test_one_symbol_is_exported(name):
    result = subprocess.run(["nm", "-D", "--defined-only", os.path.join(BUILD, "plugins", name + ".so")],
                            capture_output=True, text=True, check=True)
    symbols = {line.split()[-1] for line in result.stdout.splitlines()}
    # The address sanitizer adds marks of its own.
    assert {s for s in symbols if not s.startswith("__")} == {"acme_plugin_v1"}
