# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""python3 -m lab up|demo: a lab for people. scripts/demo calls this."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading

from . import Ca, Lab, World, Zone
from .client import Client, certificate_facts
from .control import LabError, cache_dir, library_path

ZONE = "example.test"
NAMES = ("*." + ZONE, ZONE)


def say(text):
    print("\n\033[1m== %s\033[0m" % text if sys.stdout.isatty() else "\n== " + text, flush=True)


def demo_world(arguments):
    zone = Zone(ZONE, records='www 60 IN A 192.0.2.80\n@ 60 IN TXT "not ours"')
    return World(zones=[zone], cas=[Ca(version=arguments.pebble)], lag_s=arguments.lag)


def describe(lab):
    print("root and TLD    %s, %s" % (lab.world.ip4((1, 1)), lab.world.ip4((2, 1))))
    print("Knot, primary   %s   updates with the key in %s" % (lab.primary, lab.key_file()))
    print("BIND, secondary %s   hears of changes %g s late" % (lab.secondary, lab.world.lag_s))
    print("unbound         %s" % lab.resolver)
    print("Pebble          %s   (CA file %s)" % (lab.directory(), lab.ca_bundle))


def show_tree(folder):
    """The certificate's folder: modes, names, where the links lead."""
    for path, folders, files in os.walk(folder):
        folders.sort()
        depth = os.path.relpath(path, folder).count(os.sep) + (path != folder)
        print("%s%s/" % ("    " * depth, os.path.basename(path)))
        for name in sorted(files + [f for f in folders if os.path.islink(os.path.join(path, f))]):
            full = os.path.join(path, name)
            link = " -> " + os.readlink(full) if os.path.islink(full) else ""
            mode = "" if link else "  %o" % (os.stat(full).st_mode & 0o7777)
            print("%s%s%s%s" % ("    " * (depth + 1), name, link, mode))


def challenge_records(lines):
    return [line for line in lines if line.startswith("_acme-challenge")]


def watch_values(lab, seen, ended):
    """Gathers the values that pass through the primary, so that the end can tell they were there."""
    while not ended.wait(0.1):
        seen.update(challenge_records(lab.transfer(ZONE)))


def issue(lab, client):
    """Issues with the terminal as it is; true when everything is as it must be."""
    before = lab.zones()
    seen, ended = set(), threading.Event()
    watcher = threading.Thread(target=watch_values, args=(lab, seen, ended))
    command = client.issue_command(*NAMES)
    say("$ acme-dns " + " ".join(shlex.quote(word) for word in command[1:]))
    watcher.start()
    try:
        code = subprocess.run(lab.enter() + command, check=False).returncode
    finally:
        ended.set()
        watcher.join()
    if code != 0:
        print("acme-dns ended with %d" % code, file=sys.stderr)
        return False
    say("The certificate")
    print(certificate_facts(client.path(ZONE, "cert.pem")), end="")
    client.certificate(ZONE)
    print("key, certificate and chain belong together")
    say("The folder")
    show_tree(os.path.join(client.state, "certs", ZONE))
    say("The zone")
    print("%d challenge values passed through it:" % len(seen))
    for line in sorted(seen):
        print("    " + line)
    after = lab.zones()
    left = challenge_records(after[ZONE])
    print("challenge values left at the primary: %d" % len(left))
    lab.wait_for_secondary()
    still = challenge_records(lab.secondary_zones()[ZONE])
    print("challenge values left at the secondary, once it has caught up: %d" % len(still))
    print("the zone is %s before, foreign records included" % ("as" if before == after else "NOT AS"))
    return before == after and not left and not still and bool(seen)


def stay(lab, client=None):
    enter = " ".join(shlex.quote(word) for word in lab.enter())
    say("The lab stays up until Ctrl-C")
    describe(lab)
    tools = os.path.join(cache_dir(), "servers", "usr", "bin")
    print("\nA shell inside:\n    %s sh" % enter)
    print("\nThere, to have dig and nsupdate:\n    export PATH=%s:$PATH LD_LIBRARY_PATH=%s" % (
        shlex.quote(tools), shlex.quote(library_path())))
    if client is not None:
        print("\nThere, to issue again:\n    %s" % " ".join(
            shlex.quote(word) for word in client.issue_command(*NAMES, options=["--force"])))
    print("\nThe logs are in %s" % os.path.join(lab.folder, "logs"), flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def demo(arguments):
    with Lab(demo_world(arguments)) as lab, tempfile.TemporaryDirectory(prefix="acme-demo-") as folder:
        os.chmod(folder, 0o755)
        say("A little internet, up after %.1f s" % lab.start_seconds)
        describe(lab)
        client = Client(lab, arguments.build, folder)
        try:
            is_good = issue(lab, client)
        except (AssertionError, OSError, LabError) as error:
            print("error: %s" % error, file=sys.stderr)
            is_good = False
        if arguments.keep:
            stay(lab, client)
    say("Done; the lab is gone" if is_good else "The demo FAILED; the lab is gone")
    if is_good and not arguments.keep:
        print("Again, with the lab left up to play with: scripts/demo --keep")
    return 0 if is_good else 1


def up(arguments):
    with Lab(demo_world(arguments)) as lab:
        stay(lab)
    return 0


def main():
    parser = argparse.ArgumentParser(prog="python3 -m lab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in (("up", up), ("demo", demo)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--pebble", default="new", choices=("new", "2.4"))
        command.add_argument("--lag", type=float, default=2, help="seconds the secondary is behind")
    commands.choices["demo"].add_argument("--build", required=True, help="folder of the program")
    commands.choices["demo"].add_argument("--keep", action="store_true", help="leave the lab up")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    arguments = parser.parse_args()
    try:
        return arguments.run(arguments)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except LabError as error:
        print("error: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
