# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""exec-hook: with its own sample program, which runs BIND's nsupdate, and with one that takes batches."""

import json
import os
import shutil

from lab.control import cache_dir, library_path
from lab.world import tsig_name, tsig_secret

from . import ZONE, Rig

ALGORITHM = "hmac-sha256"
E2E = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SAMPLE = os.path.join(os.path.dirname(os.path.dirname(E2E)), "plugins", "exec-hook", "sample-hook.sh")


def copy_for_workers(source, folder):
    """Into a folder that the workers' user may enter."""
    os.makedirs(folder, exist_ok=True)
    return shutil.copy(source, folder)


class SampleRig(Rig):
    name = "exec-hook-nsupdate"
    plugin = "exec-hook"

    def start(self):
        self.tools = os.path.join(self.lab.folder, "tools")
        self.key = shutil.copy(self.lab.key_file(ALGORITHM), os.path.join(self.lab.folder, "hook.key"))
        os.chmod(self.key, 0o644)  # the program runs as the workers' user
        self.hook = copy_for_workers(SAMPLE, self.tools)
        copy_for_workers(os.path.join(cache_dir(), "servers", "usr", "bin", "nsupdate"), self.tools)
        for folder in library_path().split(":"):
            for name in os.listdir(folder):
                if os.path.isfile(os.path.join(folder, name)):
                    copy_for_workers(os.path.join(folder, name), os.path.join(self.tools, "lib"))
        self.secrets = [tsig_secret(ALGORITHM)]

    def section(self, key=None):
        return ["command = " + self.hook, "arg = -k", "arg = " + (key or self.key),
                "core-allow-path = " + (key or self.key), "core-allow-path = " + self.tools,
                "env = NSUPDATE_SERVER=" + self.lab.primary, "env = NSUPDATE=%s/nsupdate" % self.tools,
                "env = LD_LIBRARY_PATH=%s/lib" % self.tools, "ttl = 1"]

    def wrong_section(self):
        wrong = os.path.join(self.lab.folder, "wrong.key")
        with open(self.key, encoding="ascii") as file:
            text = file.read().replace(tsig_secret(ALGORITHM), tsig_secret("hmac-sha512"))
        with open(wrong, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(wrong, 0o644)
        return self.section(wrong)

    def wrong_words(self):
        return ["sample-hook.sh", "TSIG"]


class BatchRig(Rig):
    name = "exec-hook-batch"
    plugin = "exec-hook"
    is_batching = True

    def start(self):
        self.hook = shutil.copy(os.path.join(E2E, "hooks", "update_hook.py"), self.lab.folder)
        self.log = os.path.join(self.lab.folder, "hook.log")
        self.refused = ""
        with open(self.log, "w", encoding="ascii"):
            os.chmod(self.log, 0o666)
        self.secrets = [tsig_secret(ALGORITHM)]

    def section(self, secret=tsig_secret(ALGORITHM)):
        return ["command = " + self.hook, "batch = yes", "env = HOOK_SERVER=" + self.lab.primary,
                "env = HOOK_LOG=" + self.log, "env = HOOK_REFUSE=" + self.refused,
                "env = HOOK_KEY=%s %s %s" % (tsig_name(ALGORITHM), ALGORITHM, secret)]

    def wrong_section(self):
        self.secrets.append(tsig_secret("hmac-sha512"))
        return self.section(tsig_secret("hmac-sha512"))

    def wrong_words(self):
        return ["update_hook.py", "PeerBadSignature"]

    def refuse(self, owner):
        self.refused = owner
        return True

    def count(self):
        """Processes."""
        with open(self.log, encoding="ascii") as file:
            return len({json.loads(line)["pid"] for line in file})


RIGS = [SampleRig, BatchRig]
