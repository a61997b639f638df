# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""SIGINT, SIGTERM and SIGHUP in every state: what was published is taken back within the limit, the
program ends by the same signal, and the next run goes on where it stood."""

import contextlib
import signal
import time

import pytest
from crash_scene import IS_LONG, NAMES, make_scene, wait_for_no_processes  # noqa: F401

# Longer than the grace for a call that runs, shorter than the 30 s of CLEANUP.
QUICK_S = 8

# What --json says when an order or a name gets there.
STATE = '"state":"%s"'
ANSWERED = ['"subject":"%s","certificate":"example.test","state":"VALIDATE"' % name for name in NAMES]

ORDER = r'"status": "(ready|valid|processing)"'
STALLS = {
    "NEW": "^/order-plz",
    "AUTHORIZE": "^/authZ/",
    "RESPOND": "^/chalZ/",
    "FINALIZE": "^/finalize-order/",
    "DOWNLOAD": "^/certZ/",
}



@contextlib.contextmanager
def held_primary(lab):
    lab.pause_server("primary")
    try:
        yield
    finally:
        lab.resume_server("primary")


def end(scene, run, signo, timeout=QUICK_S):
    """Sends a signal; the run ends by it, and in time."""
    begun = time.monotonic()
    run.process.send_signal(signo)
    finish(scene, run, signo, begun, timeout)


def finish(scene, run, signo, begun, timeout):
    code = scene.end_started(run)
    assert code == -signo, "ended by %s\n%s" % (code, scene.story())
    assert time.monotonic() - begun < timeout, scene.story()
    wait_for_no_processes(scene.lab)


def wait_for_validation(scene, seconds=20):
    """Until the CA has seen every value of the scene's first order. Those that a signal takes away from under its
    eyes would cost the order. Only where all names are answered and the CA can see their values."""
    deadline = time.monotonic() + seconds
    while scene.ca_log().count(" set VALID by ") < len(NAMES):
        assert time.monotonic() < deadline, scene.ca_log()[-3000:]
        time.sleep(0.01)


def start(scene):
    scene.begin_run()
    return scene.start("--json")


def go_on(scene, allowed):
    """The zones are as before; the next run ends it, with so many orders more."""
    assert scene.lab.zones() == scene.before, scene.story()
    assert scene.standing() == {}, scene.story()
    scene.n_orders = n_orders = scene.count_orders()
    scene.lab.set_proxy_rules([])
    assert scene.run().code == 0, scene.story()
    assert scene.count_orders() - n_orders == allowed, scene.story()
    scene.judge()


@pytest.mark.parametrize("state, signo", [
    ("NEW", signal.SIGINT), ("AUTHORIZE", signal.SIGTERM), ("RESPOND", signal.SIGHUP),
    ("FINALIZE", signal.SIGINT), ("DOWNLOAD", signal.SIGTERM)])
def test_a_signal_while_the_ca_is_silent(make_scene, state, signo):
    scene = make_scene(proxied=True)
    scene.lab.set_proxy_rules([{"method": "POST", "path": STALLS[state], "do": "stall"}])
    run = start(scene)
    run.wait_for(STATE % state)
    while not scene.spoilt():
        time.sleep(0.01)
    if state == "RESPOND":  # the CA has heard of both answers, and only its replies are lost
        wait_for_validation(scene)
    end(scene, run, signo)
    go_on(scene, 1 if state == "NEW" else 0)


def test_a_signal_while_values_are_published(make_scene):
    """The provider's call is under way: nobody knows whether it takes effect, so it is taken back."""
    scene = make_scene(proxied=True)
    run = begin_publishing(scene)
    with held_primary(scene.lab):
        run.wait_for(STATE % "PUBLISH")
        time.sleep(0.3)
        run.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
    finish(scene, run, signal.SIGTERM, time.monotonic(), QUICK_S)
    go_on(scene, 0)


def begin_publishing(scene):
    """A run whose places are found and whose authorizations come in a moment."""
    scene.lab.set_proxy_rules([{"path": "^/authZ/", "do": "delay", "seconds": 1.5}])
    run = start(scene)
    run.wait_for(STATE % "AUTHORIZE")
    time.sleep(1)
    return run


def test_a_signal_while_servers_are_waited_for(make_scene):
    """The secondary comes along later; without it the CA's resolver would now and then fail, and Pebble
    can lock itself up when two validations of an order fail at once."""
    scene = make_scene(proxied=True, world={"in_step": False, "lag_s": 4})
    run = start(scene)
    run.wait_for(STATE % "PROPAGATE")
    time.sleep(0.5)
    end(scene, run, signal.SIGINT, QUICK_S + 5)
    go_on(scene, 0)


def test_a_signal_while_the_ca_validates(make_scene):
    scene = make_scene(proxied=True)
    scene.lab.set_proxy_rules(
        [{"path": "^/my-order/", "do": "replace", "pattern": ORDER, "with": '"status": "pending"'}])
    run = start(scene)
    run.wait_for(*ANSWERED)
    wait_for_validation(scene)  # of which the run is not told
    end(scene, run, signal.SIGTERM)
    go_on(scene, 0)


def test_a_signal_while_cleaning_up(make_scene):
    """Installed, and the values cannot be removed just now: the removal goes on in spite of the signal."""
    scene = make_scene(proxied=True)
    scene.lab.set_proxy_rules([{"path": "^/my-order/", "do": "delay", "seconds": 3, "times": 1}])
    run = start(scene)
    run.wait_for(*ANSWERED)
    wait_for_validation(scene)  # the run does not know it yet
    with held_primary(scene.lab):
        run.wait_for(STATE % "CLEANUP")
        run.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
    finish(scene, run, signal.SIGTERM, time.monotonic(), QUICK_S)
    go_on(scene, 0)


def test_a_second_signal_ends_at_once(make_scene):
    """What stands, or may come to stand, is in the journal; cleanup takes it away."""
    scene = make_scene(proxied=True)
    run = begin_publishing(scene)
    with held_primary(scene.lab):
        run.wait_for(STATE % "PUBLISH")
        time.sleep(0.3)
        run.process.send_signal(signal.SIGINT)
        run.wait_for("interrupted by SIGINT; cleaning up, once more ends at once")
        end(scene, run, signal.SIGINT, 5)  # not after the 30 s of CLEANUP
    assert len(scene.standing()) == 2, scene.story()
    scene.lab.set_proxy_rules([])
    told = scene.client.run("cleanup --dry-run")
    assert told.code == 0 and told.err.count("would be removed: ") == 2, told.err
    assert len(scene.standing()) == 2
    done = scene.client.run("cleanup")
    assert done.code == 0, done.err
    go_on(scene, 0)


def test_a_signal_while_waiting_to_try_again(make_scene):
    """The CA's validation failed and a new order is due in some seconds."""
    scene = make_scene(proxied=True)
    failed = ('"status": "invalid", "error": {"type": "urn:ietf:params:acme:error:dns", '
              '"detail": "no such record", "status": 400}')
    scene.lab.set_proxy_rules([
        {"path": "^/authZ/", "skip": 2, "do": "replace", "pattern": '"status": "[a-z]+"', "with": failed},
        {"path": "^/my-order/", "do": "replace", "pattern": ORDER, "with": '"status": "invalid"'}])
    run = start(scene)
    run.wait_for("no such record", "trying again with a new order in")
    end(scene, run, signal.SIGTERM)  # the next order was due after 10 s
    go_on(scene, 1)


def test_a_signal_while_waiting_for_the_lock(make_scene):
    scene = make_scene(proxied=True)
    scene.lab.set_proxy_rules([{"method": "POST", "path": STALLS["AUTHORIZE"], "do": "stall"}])
    first = start(scene)
    first.wait_for(STATE % "AUTHORIZE")
    second = scene.start()
    time.sleep(0.5)
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(5) == -signal.SIGTERM
    end(scene, first, signal.SIGTERM)
    go_on(scene, 0)


if IS_LONG:

    def test_cleaning_up_has_its_limit(make_scene):
        scene = make_scene(proxied=True)
        run = begin_publishing(scene)
        with held_primary(scene.lab):
            run.wait_for(STATE % "PUBLISH")
            time.sleep(0.3)
            end(scene, run, signal.SIGTERM, 34)
            assert len(scene.standing()) == 2, scene.story()
        scene.lab.set_proxy_rules([])
        assert scene.client.run("cleanup").code == 0
        go_on(scene, 0)
