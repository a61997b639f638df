# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""What acme-dns asks of a plug-in, tried on a pretend DNS host: values come and go beside those of others, and the
host fails in the ways that hosts fail.

    plugincheck.check("./mine.so", Api, {"api-url": "{url}", "token": "good"}, secret="good", wrong={"token": "bad"})

runs every rule in a fresh process with the plug-in loaded, on a host of its own (Api is the class, or any function
that makes a host), prints a line for each, and returns how many failed. The plug-in is called as acme-dns would:
ACME_RETRY is tried again, and a callback that does not end is ended with its process. `acme-dns plugin test` then
tries the same on your host's real API, and looks at what its name servers say.
"""
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from fakeapi import Fault, Reply

OK, RETRY, DENIED, NO_ZONE, REJECTED, BAD_CONFIG, UNSUPPORTED, CANCELLED, BUG = 0, *range(100, 108)
NAMES = {OK: "ACME_OK", RETRY: "ACME_RETRY", DENIED: "ACME_DENIED", NO_ZONE: "ACME_NO_ZONE",
         REJECTED: "ACME_REJECTED", BAD_CONFIG: "ACME_BAD_CONFIG", UNSUPPORTED: "ACME_UNSUPPORTED",
         CANCELLED: "ACME_CANCELLED", BUG: "ACME_BUG"}
# These promise that nothing was changed: acme-dns then removes nothing.
PROMISES = (DENIED, NO_ZONE, REJECTED, BAD_CONFIG, UNSUPPORTED)
TRIES = 5
AT_ONCE = 8
# What every rule would die of is told this often.
DEATHS_MAX = 3
# What goes before the plug-in's process: WRAP='valgrind -q', WRAP='gdb --args'. A debugger has all the time it wants.
WRAP = shlex.split(os.environ.get("WRAP", ""))
# A callback's time, as host->ms_left() tells it; a little later its process is killed, as acme-dns does.
CALL_TIMEOUT_S = int(os.environ.get("CALL_TIMEOUT") or 60)
GRACE_S = 5
TTL_S = 60
DRIVE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plugin-drive")

ZONE = "example.test."
OWNER = "_acme-challenge.example.test."
NEIGHBOUR = "_acme-challenge.www.example.test."
A = "aMixedCaseValue-of_43_characters_as_CAs_use"
B = A.swapcase()
FOREIGN = "somebody-elses-value"


class Broken(Exception):
    """A rule that does not hold."""


class Died(Broken):
    """The plug-in's process is no more."""


def expect(is_so, words):
    if not is_so:
        raise Broken(words)


class Answer:
    def __init__(self):
        self.status, self.texts, self.receipts, self.zones, self.retry_after = None, [], {}, [], 0

    @property
    def text(self):
        return "; ".join(self.texts)

    def __str__(self):
        return "%s%s" % (NAMES.get(self.status, self.status), ": " + self.text if self.text else "")


def plain(text):
    return re.sub(r"\\(n|t|\\|x[0-9a-f]{2})",
                  lambda m: {"n": "\n", "t": "\t", "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16)), text)


class Plugin:
    """A process with the plug-in in it (see the beginning of drive.c)."""

    def __init__(self, path, options):
        command = [*WRAP, DRIVE, os.path.abspath(path)]
        command += [] if WRAP else ["--deadline", str(CALL_TIMEOUT_S * 1000)]
        command += ["%s=%s" % pair for pair in options.items()]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.said, self.is_late, self.min_ttl_s = [], False, 0

    def call(self, *words):
        clock = threading.Timer(threading.TIMEOUT_MAX if WRAP else CALL_TIMEOUT_S + GRACE_S, self.end_late)
        clock.daemon = True
        clock.start()
        try:
            self.process.stdin.write("\t".join(words).encode() + b"\n")
            self.process.stdin.flush()
            answer = self.read_answer()
        except BrokenPipeError:
            answer = None
        finally:
            clock.cancel()
        if answer is None:
            raise Died(self.tell_death(words[0]))
        return answer

    def read_answer(self):
        """None: the process ended."""
        answer = Answer()
        while True:
            line = self.process.stdout.readline().decode()
            if not line:
                return None
            kind, *words_back = line.rstrip("\n").split("\t")
            if kind == "fail":
                answer.texts.append(plain(words_back[3]))
                answer.retry_after = max(answer.retry_after, int(words_back[2]))
            elif kind == "receipt":
                answer.receipts[int(words_back[0])] = plain(words_back[1])
            elif kind == "zone":
                answer.zones.append(words_back[0])
            elif kind == "min-ttl":
                self.min_ttl_s = int(words_back[0])
            elif kind == "returned":
                answer.status = int(words_back[1])
                return answer
            self.said.append(plain(line))

    def end_late(self):
        self.is_late = True
        self.process.kill()

    def tell_death(self, callback):
        code = self.process.wait()
        if self.is_late:
            return "%s() did not end within %d s" % (callback, CALL_TIMEOUT_S)
        if code < 0:
            return "%s(): the plug-in's process was killed by signal %d (%s)" % (callback, -code,
                                                                                signal.strsignal(-code))
        return "%s(): the plug-in's process ended with status %d" % (callback, code)

    def close(self):
        if self.process.poll() is None:
            self.call("close")
            self.process.stdin.close()
            try:
                self.process.wait(timeout=None if WRAP else CALL_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                raise Died("after close() the plug-in's process did not end within %d s" % CALL_TIMEOUT_S) from None

    def kill(self):
        self.process.kill()
        self.process.wait()


class Scene:
    """One rule's host and plug-in."""

    def __init__(self, path, api, options, more):
        self.path, self.api, self.more = path, api, more
        self.options = {name: value.replace("{url}", api.url) for name, value in options.items()}
        self.plugins = []
        self.plugin = None
        self.receipts = {}

    def open(self, **changed):
        self.plugin = Plugin(self.path, {**self.options, **changed})
        self.plugins.append(self.plugin)
        self.plugin.call("describe")
        return self.plugin.call("open")

    def reopen(self):
        self.plugin.close()
        expect(self.open().status == OK, "it does not open a second time")

    def once(self, verb, value, owner=OWNER, zone=ZONE, receipt=None):
        ttl_s = max(TTL_S, self.plugin.min_ttl_s)
        answer = self.plugin.call(verb, owner, zone, value, str(ttl_s), *([receipt] if receipt else []))
        self.receipts.update({(owner, value): text for text in answer.receipts.values()})
        expect(answer.status in NAMES, "%s() returned %s, which is no status" % (verb, answer.status))
        expect(answer.status == OK or answer.text, "%s() returned %s without a reason (acme_fail)" % (verb, answer))
        return answer

    def change(self, verb, value, owner=OWNER, zone=ZONE, receipt=None):
        """As acme-dns does it: ACME_RETRY is tried again."""
        for _ in range(TRIES):
            answer = self.once(verb, value, owner, zone, receipt)
            if answer.status != RETRY:
                break
            time.sleep(min(answer.retry_after, 2))
        return answer

    def add(self, value, **more):
        answer = self.change("add", value, **more)
        expect(answer.status == OK, "add() returned %s" % answer)

    def remove(self, value, **more):
        answer = self.change("remove", value, **more)
        expect(answer.status == OK, "remove() returned %s" % answer)

    def expect_values(self, *wanted, owner=OWNER):
        got = self.api.values(owner)
        expect(got == sorted(wanted), "%s holds %s instead of %s" % (owner, got, sorted(wanted)))

    def expect_text_is_clean(self, secret):
        if secret:
            for said in self.plugin.said:
                expect(secret not in said, "a text shows the secret: %s" % said.strip())


# ---- The rules, in the order in which they are tried ----

def opens_and_closes(s):
    """opens with its settings and closes again"""
    s.reopen()


def two_values(s):
    """adds two values to one name that differ in case only, beside another's"""
    s.api.put(OWNER, '"%s"' % FOREIGN)
    s.add(A)
    s.add(B)
    s.expect_values(A, B, FOREIGN)


def adding_again(s):
    """adds what stands there already, and it stands once"""
    s.add(A)
    s.add(A)
    s.expect_values(A)


def removing_one(s):
    """removes one value and no other"""
    s.api.put(OWNER, '"%s"' % FOREIGN)
    s.api.put(NEIGHBOUR, '"%s"' % A)
    s.add(A)
    s.add(B)
    s.remove(A, receipt=s.receipts.get((OWNER, A)))
    s.expect_values(B, FOREIGN)
    s.expect_values(A, owner=NEIGHBOUR)


def removing_absent(s):
    """removes what is not there"""
    s.remove(A)
    s.add(B)
    s.remove(A)
    s.expect_values(B)
    s.remove(B)
    s.remove(B)
    s.expect_values()


def removing_without_receipt(s):
    """removes in another process, its receipt lost"""
    s.add(A)
    s.add(B)
    s.reopen()
    s.remove(A)
    s.expect_values(B)


def removing_with_stale_receipt(s):
    """removes by value what its receipt no longer names"""
    s.add(A)
    receipt = s.receipts.get((OWNER, A))
    s.reopen()
    s.remove(A)
    s.add(B)
    s.add(A)
    s.remove(A, receipt=receipt)
    s.expect_values(B)


def bare_and_quoted(s):
    """finds its value whether the host shows it quoted or bare"""
    s.api.put(OWNER, A)
    s.api.put(OWNER, '"%s" "%s"' % (B[:10], B[10:]))
    s.remove(A)
    s.remove(B)
    s.expect_values()


def full_page(s):
    """finds its value behind a full page of others'"""
    others = ["%s-%d" % (FOREIGN, i) for i in range(s.api.page_size)]
    for value in others:
        s.api.put(OWNER, '"%s"' % value)
    s.add(A)
    s.add(A)
    s.expect_values(A, *others)
    s.remove(A)
    s.expect_values(*others)


def full_page_of_zones(s):
    """finds its zone behind a full page of others"""
    s.api.zones = ["other%d.test" % i for i in range(s.api.page_size)] + s.api.zones
    s.add(A)
    s.expect_values(A)
    s.remove(A)
    s.expect_values()


def unknown_zone(s):
    """refuses a zone that it cannot change"""
    answer = s.change("add", A, owner="_acme-challenge.nowhere.invalid.", zone="nowhere.invalid.")
    expect(answer.status in PROMISES, "add() in a zone that nobody has returned %s" % answer)
    expect("invalid" in answer.text, "the text does not name the zone or the name: %s" % answer.text)


def wrong_credential(s):
    """says that a credential is refused"""
    if not s.more["wrong"]:
        return
    s.plugin.close()
    answer = s.open(**s.more["wrong"])
    if answer.status == OK:
        answer = s.change("add", A)
    expect(answer.status in (DENIED, BAD_CONFIG), "with a wrong credential it returned %s" % answer)
    for value in s.more["wrong"].values():
        s.expect_text_is_clean(value)
    s.expect_values()


def several_zones(s):
    """finds the zone of a name below a longer one"""
    s.api.zones = [*s.api.zones, "sub.example.test"]
    owner = "_acme-challenge.a.sub.example.test."
    s.add(A, owner=owner, zone="sub.example.test.")
    s.expect_values(A, owner=owner)
    zones = {r["zone"] for r in s.api.records.values()}
    expect(zones == {"sub.example.test"}, "it wrote into the zone %s" % ", ".join(sorted(zones)))


def faulty(s, fault, verb="add", must_hit=True):
    """A change with a fault, then what acme-dns does about it. Nothing may be there twice or be promised falsely."""
    if verb == "remove":
        s.add(A)
    s.api.put(OWNER, '"%s"' % FOREIGN)
    s.api.faults = [fault]
    answer = s.change(verb, A)
    expect(fault.n_hits > 0 or not must_hit, "the fault was never met: did it send anything?")
    s.api.faults = []
    s.expect_text_is_clean(s.more["secret"])
    stands = s.api.values(OWNER).count(A)
    expect(stands <= 1, "the value stands %d times" % stands)
    expect(FOREIGN in s.api.values(OWNER), "another's value is gone")
    if answer.status == OK:
        expect(stands == (1 if verb == "add" else 0), "%s() returned ACME_OK, but the value stands %d times"
               % (verb, stands))
    if answer.status in PROMISES and verb == "add":
        expect(stands == 0, "add() returned %s, which promises that nothing was changed, but the value stands"
               % answer)
    return answer


def busy_host(s):
    """gets through when the host is busy (429 with Retry-After)"""
    answer = faulty(s, Fault(Reply(429, {"error": "slow down"}, {"Retry-After": "1"}), times=2))
    expect(answer.status == OK, "it returned %s" % answer)


def failing_host(s):
    """gets through errors of the host (503)"""
    answer = faulty(s, Fault(Reply(503, "<html>unavailable"), times=2))
    expect(answer.status == OK, "it returned %s" % answer)


def broken_connection(s):
    """gets through connections that break before anything is done"""
    answer = faulty(s, Fault(is_dropped=True, times=2))
    expect(answer.status == OK, "it returned %s" % answer)


def lost_reply(s):
    """adds once, though the reply to the change gets lost"""
    answer = faulty(s, Fault(is_applied=True, is_dropped=True, changes_only=True))
    expect(answer.status == OK, "it returned %s" % answer)


def failing_after_change(s):
    """adds once, though the host answers the change with an error"""
    answer = faulty(s, Fault(Reply(502, "bad gateway"), is_applied=True, changes_only=True))
    expect(answer.status == OK, "it returned %s" % answer)


def moved_after_change(s):
    """adds once, though the host answers the change with a redirect to what it made (303)"""
    answer = faulty(s, Fault(Reply(303, "", {"Location": "/done"}), is_applied=True, changes_only=True))
    expect(answer.status == OK, "it returned %s" % answer)


def lost_reply_to_removal(s):
    """removes, though the reply gets lost"""
    answer = faulty(s, Fault(is_applied=True, is_dropped=True, changes_only=True), verb="remove")
    expect(answer.status == OK, "it returned %s" % answer)


def cut_answers(s):
    """takes no half answer for a whole one"""
    faulty(s, Fault(cut=5, times=1))
    s.remove(A)
    faulty(s, Fault(cut=5, times=1, skip=1))


def web_page(s):
    """takes no web page for an answer"""
    page = Reply(200, "<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})
    answer = faulty(s, Fault(page, times=1000))
    expect(answer.status != OK, "it returned ACME_OK")


def json_reply(text):
    return Reply(200, text, {"Content-Type": "application/json"})


def wrong_shape(s):
    """takes no JSON of another shape for an answer: neither to go on from it, nor to crash"""
    for body in ("[]", "{}", "null", '{"zones": 7}', '[[[[]]]]', '{"error": null}'):
        for skip in (0, 1):
            s.api.records = {}
            faulty(s, Fault(json_reply(body), times=1000, skip=skip, reads_only=True), must_hit=skip == 0)


def unreadable_list(s):
    """takes a list that it cannot read for no empty one, when it removes"""
    for body in ("7", "{}", '{"error": null}'):
        for skip in (0, 1):
            fault = Fault(json_reply(body), times=1000, skip=skip, reads_only=True)
            faulty(s, fault, verb="remove", must_hit=skip == 0)


def hostile_text(s):
    """passes on no control characters"""
    answer = faulty(s, Fault(Reply(403, {"error": "no \x1b[31m\r\nfake: line \u202e"}), times=1000))
    expect(answer.status != OK and "\x1b" not in answer.text and "\n" not in answer.text,
           "the text holds control characters: %r" % answer.text)


def leaves_no_trace(s):
    """leaves the host as it found it"""
    s.api.put("example.test.", "192.0.2.1", "A")
    s.api.put(OWNER, '"%s"' % FOREIGN)
    before = s.api.snapshot()
    for value in (A, B):
        s.add(value)
        s.add(value, owner=NEIGHBOUR)
    for value in (B, A):
        s.remove(value)
        s.remove(value, owner=NEIGHBOUR)
    expect(s.api.snapshot() == before, "before: %s\nafter: %s" % (before, s.api.snapshot()))


RULES = [opens_and_closes, two_values, adding_again, removing_one, removing_absent, removing_without_receipt,
         removing_with_stale_receipt, bare_and_quoted, full_page, full_page_of_zones, unknown_zone, several_zones,
         wrong_credential, busy_host, failing_host, broken_connection, lost_reply, failing_after_change,
         moved_after_change, lost_reply_to_removal, cut_answers, web_page, wrong_shape, unreadable_list, hostile_text,
         leaves_no_trace]


class Round:
    """All rules, each with a scene of its own."""

    def __init__(self, path, make_api, options, more):
        self.path, self.make_api, self.options, self.more = path, make_api, options, more
        self.lock, self.n_deaths = threading.Lock(), 0

    def is_over(self):
        return self.n_deaths >= DEATHS_MAX

    def run(self, rule):
        """Why the rule does not hold, or None; False: it was not tried."""
        if self.is_over():
            return False
        scene = Scene(self.path, self.make_api(), self.options, self.more)
        try:
            answer = scene.open()
            expect(answer.status == OK, "open() returned %s" % answer)
            rule(scene)
            scene.plugin.close()
            return None
        except Died as death:
            with self.lock:
                self.n_deaths += 1
            return str(death)
        except Broken as broken:
            return str(broken)
        except Exception:  # the host's own mistake, most likely
            return traceback.format_exc()
        finally:
            for plugin in scene.plugins:
                plugin.kill()
            scene.api.server.shutdown()
            scene.api.server.server_close()


def check(path, make_api, options, secret=None, wrong=None, only=()):
    """Tries all rules, or those named; how many do not hold. Several at once: they mostly wait."""
    unknown = set(only) - {rule.__name__ for rule in RULES}
    if unknown:
        sys.exit("there is no rule %s" % ", ".join(sorted(unknown)))
    rules = [rule for rule in RULES if not only or rule.__name__ in only]
    this_round = Round(path, make_api, options, {"secret": secret, "wrong": wrong or {}})
    n_failed = n_untried = 0
    with ThreadPoolExecutor(1 if WRAP else AT_ONCE) as crew:
        running = [(rule, crew.submit(this_round.run, rule)) for rule in rules]
        for rule, future in running:
            reason = future.result()
            if reason is False:
                n_untried += 1
                continue
            print("%-6s %s (%s)" % ("ok" if reason is None else "FAILED", rule.__doc__, rule.__name__), flush=True)
            if reason is not None:
                n_failed += 1
                print("       " + reason.replace("\n", "\n       "), flush=True)
    if n_untried > 0:
        print("%d times the plug-in's process died: %d other rules were not tried" % (this_round.n_deaths, n_untried))
    print("%d rules, %d failed" % (len(rules), n_failed))
    return n_failed


def main(make_api, options, secret=None, wrong=None):
    """PLUGIN.so [RULE...]: checks. Without arguments: serves the API, to try things by hand."""
    if len(sys.argv) < 2:
        make_api().serve_for_ever()
        sys.exit(0)
    sys.exit(1 if check(sys.argv[1], make_api, options, secret, wrong, sys.argv[2:]) else 0)
