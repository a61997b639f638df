# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "provider-tests"))


@pytest.fixture
def hook(tmp_path):
    """Writes an executable script and returns its path."""
    def write(body, shell="/bin/sh", name="hook"):
        path = tmp_path / name
        path.write_text("#!%s\n%s\n" % (shell, body))
        path.chmod(0o755)
        return str(path)
    return write
