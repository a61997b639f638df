# SPDX-FileCopyrightText: 2026 the acme-dns authors
# SPDX-License-Identifier: MIT
"""Lost, cut, forged and nonsensical answers: a real Knot DNS behind a relay that misbehaves."""
import time

import pytest

from driving import CANCELLED, OK, RETRY, Plugin
from relay import Relay, honest, is_update, silent
from servers import SECRET

Z = "example.test."
OWNER = "_acme-challenge.net.example.test."


def plugin(relay, *flags, **options):
    return Plugin("rfc2136", *flags, server="127.0.0.1:%d" % relay.port, key_name="key-sha256",
                  key_secret=SECRET, **options)


@pytest.fixture
def there_and_back(knot):
    """Adds and removes a value through a relay, and sees to it that the zone is as before."""
    def run(relay, **options):
        before = knot.zone()
        with plugin(relay, **options).open() as p:
            added = p.call("add", OWNER, Z, "v", 60)
            assert added.status == OK, added.text
            assert '%s 60 "v"' % OWNER in knot.zone()
            assert p.call("remove", OWNER, Z, "v", 60).status == OK
        assert knot.zone() == before
        return added
    return run


def once(bad, good=honest):
    """bad for the first update, good for everything behind it."""
    state = {"is_spent": False}

    def answer(relay, query):
        if is_update(query) and not state["is_spent"]:
            state["is_spent"] = True
            return bad(relay, query)
        return good(relay, query)
    return answer


def test_server_without_tcp(knot, there_and_back):
    with Relay(knot.port, udp=honest) as relay:
        there_and_back(relay)
        assert {kind for kind, _ in relay.queries} == {"udp"}


def test_tcp_is_tried_first(knot, there_and_back):
    with Relay(knot.port, udp=honest, tcp=honest) as relay:
        there_and_back(relay)
        assert {kind for kind, _ in relay.queries} == {"tcp"}


def cut_before(_relay, _query):
    return None


def cut_after(relay, query):
    relay.ask(query)
    return None


@pytest.mark.parametrize("cut", [cut_before, cut_after])
def test_connection_cut_with_the_update_lost_or_done(knot, there_and_back, cut):
    with Relay(knot.port, tcp=once(cut)) as relay:
        there_and_back(relay)


def test_connection_closed_after_each_answer(knot, there_and_back):
    def close_behind(relay, query):
        if len([q for q in relay.queries if q[1] == query]) > 1 or not is_update(query):
            return honest(relay, query)
        return None
    with Relay(knot.port, tcp=close_behind) as relay:
        there_and_back(relay)


def test_connection_cut_for_ever_is_bounded(knot):
    with Relay(knot.port, tcp=cut_before) as relay:
        with plugin(relay).open() as p:
            result = p.call("add", OWNER, Z, "v", 60)
        assert result.status == RETRY and "closes the connection" in result.text
        assert len(relay.queries) == 3


def test_lost_datagrams_are_repeated(knot, there_and_back):
    with Relay(knot.port, udp=once(silent)) as relay:
        there_and_back(relay, transport="udp")


def lose_reply(relay, query):
    relay.ask(query)
    return []


def test_lost_reply_over_udp_is_no_failure(knot, there_and_back):
    with Relay(knot.port, udp=once(lose_reply)) as relay:
        there_and_back(relay, transport="udp")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_silent_server_ends_at_its_timeout(knot, transport):
    with Relay(knot.port, udp=silent, tcp=silent) as relay:
        began = time.monotonic()
        with plugin(relay, transport=transport, timeout="1").open() as p:
            result = p.call("add", OWNER, Z, "v", 60)
        assert result.status == RETRY and "does not answer over %s" % transport.upper() in result.text
        assert time.monotonic() - began < 4.8, "without the option it is 5 s"


def test_a_call_that_is_cancelled_ends_at_once(knot):
    with Relay(knot.port, tcp=silent) as relay:
        with plugin(relay, "--cancel-after", "300", timeout="30").open() as p:
            result = p.call("add", OWNER, Z, "v", 60)
        assert result.status == CANCELLED and result.us < 10000000


def wrong_id(message):
    return bytes([message[0] ^ 0xff]) + message[1:]


def other_question(message):
    return message[:13] + b"X" + message[14:]


def bad_mac(message):
    """Turns a bit in the MAC, which ends 6 bytes before the end."""
    return message[:-7] + bytes([message[-7] ^ 1]) + message[-6:]


def not_signed(message):
    """An answer without any TSIG: header and question alone."""
    end = message.index(b"\x00", 12) + 5
    return message[:6] + bytes(6) + message[12:end]


def refused(message):
    return message[:2] + bytes([message[2] | 0x80, 0x05]) + bytes(8)


@pytest.mark.parametrize("forge", [wrong_id, other_question, bad_mac, not_signed, lambda m: m[:7],
                                   lambda m: b"", lambda m: m + b"\xff" * 40])
def test_forged_datagrams_before_the_real_one_change_nothing(knot, there_and_back, forge):
    def answer(relay, query):
        reply = relay.ask(query)
        return [forge(reply), reply] if is_update(query) else [reply]
    with Relay(knot.port, udp=answer) as relay:
        there_and_back(relay, transport="udp")


def test_a_forged_refusal_before_the_real_answer_changes_nothing(knot, there_and_back):
    def answer(relay, query):
        reply = relay.ask(query)
        return [refused(query), reply] if is_update(query) else [reply]
    with Relay(knot.port, udp=answer) as relay:
        there_and_back(relay, transport="udp")


@pytest.mark.parametrize("forge, words", [(bad_mac, "signature is wrong"), (not_signed, "not signed")])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_answers_that_are_never_right_are_not_believed(knot, transport, forge, words):
    def answer(relay, query):
        return [forge(relay.ask(query))]
    with Relay(knot.port, udp=answer, tcp=answer) as relay:
        with plugin(relay, transport=transport, timeout="3").open() as p:
            result = p.call("add", OWNER, Z, "forged", 60)
            assert result.status == RETRY and words in result.text
    with Plugin("rfc2136", server="127.0.0.1:%d" % knot.port, key_name="key-sha256",
                key_secret=SECRET).open() as p:
        assert p.call("remove", OWNER, Z, "forged", 60).status == OK


def test_a_server_that_does_not_talk_about_the_value_is_believed_with_a_warning(knot):
    def answer(relay, query):
        return [relay.ask(query)] if is_update(query) else [refused(query)]
    with Relay(knot.port, tcp=answer) as relay:
        with plugin(relay).open() as p:
            result = p.call("add", OWNER, Z, "v", 60)
            assert result.status == OK and "REFUSED" in result.log
            assert p.call("remove", OWNER, Z, "v", 60).status == OK


def test_a_server_that_swallows_updates_is_found_out(knot):
    def answer(relay, query):
        if is_update(query):
            return [bytes([query[0], query[1], 0xa8, 0]) + query[4:6] + bytes(6) +
                    query[12:query.index(b"\x00", 12) + 5]]
        return honest(relay, query)
    with Relay(knot.port, tcp=answer) as relay:
        with Plugin("rfc2136", server="127.0.0.1:%d" % relay.port).open() as p:
            result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == RETRY and "does not show it" in result.text


def test_nobody_listens(knot):
    relay = Relay(knot.port)
    with plugin(relay).open() as p:
        result = p.call("add", OWNER, Z, "v", 60)
    assert result.status == RETRY and "refused" in result.text.lower()


def test_an_unreachable_server_before_a_good_one(knot):
    with Relay(knot.port, tcp=silent) as relay:
        with Plugin("rfc2136", server=["127.0.0.1:%d" % relay.port, "127.0.0.1:%d" % knot.port],
                    key_name="key-sha256", key_secret=SECRET, timeout="1").open() as p:
            assert p.call("add", OWNER, Z, "v", 60).status == OK
            second = p.call("remove", OWNER, Z, "v", 60)
            assert second.status == OK and second.us < 950000, "the silent one costs 1 s"
