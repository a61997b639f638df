# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""A whole issue, and the run after it that has nothing to do, under valgrind's memcheck: reads of memory
that was never written (which the sanitizers do not see) and leaks end the program with ERROR_EXIT. Only the
program itself; the workers that it starts run without."""

import pytest
from lab import Ca, World

pytestmark = pytest.mark.memcheck
ERROR_EXIT = 99
MEMCHECK = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
            "--trace-children=no", "--child-silent-after-fork=yes", "--error-exitcode=%d" % ERROR_EXIT]


def test_an_issue_reads_and_frees_what_it_should(make_lab, make_client):
    lab = make_lab(World(cas=[Ca(version="new")]))
    client = make_client(lab)
    for _ in range(2):
        result = lab.run(MEMCHECK + client.issue_command("*.example.test", "example.test"))
        assert result.code == 0, "%d\n%s\n%s" % (result.code, result.out, result.err)
    client.certificate("example.test")
