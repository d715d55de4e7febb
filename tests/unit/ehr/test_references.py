"""Medications and Devices that charts point to: fetched once, kept for minutes, never for long."""

from service.ehr.references import ReferenceReader
from tests.lib.wire import Chart, Wire, answer, outcome, resource

DRUGS = [resource("Medication", f"m{n}") for n in range(4)]


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def reading(handler, clock=None):
    wire = Wire(handler)
    return wire, ReferenceReader(wire.client(), "Medication", clock or Clock())


def test_what_was_fetched_is_kept_for_five_minutes_and_no_longer():
    clock = Clock()
    wire, reader = reading(Chart(*DRUGS), clock)

    for clock.now in (0.0, 300.0, 301.0):
        reader.read(["m0"])

    assert wire.sent == ["GET /Medication/m0"] * 2


def test_of_more_than_can_be_kept_the_longest_unused_goes(monkeypatch):
    monkeypatch.setattr("service.ehr.references._MOST_KEPT", 2)
    wire, reader = reading(Chart(*DRUGS))

    for id_ in ("m0", "m1", "m0", "m2", "m0", "m1"):
        reader.read([id_])

    assert wire.sent == [f"GET /Medication/{i}" for i in ("m0", "m1", "m2", "m1")]


def test_what_was_withheld_is_not_asked_for_again_in_the_same_minutes():
    refusal = answer(outcome("error", "forbidden"), 403)
    wire, reader = reading(lambda _: refusal)

    for _ in range(2):
        assert reader.read(["m0"]).unread == {"m0"}

    assert len(wire.requests) == 1


def test_what_came_in_another_way_is_not_fetched():
    wire, reader = reading(Chart())
    reader.keep(DRUGS[0])

    assert reader.read(["m0"]).by_reference == {"Medication/m0": DRUGS[0]}
    assert wire.requests == []


def test_a_server_that_takes_a_list_of_ids_for_one_is_asked_for_each_ever_after():
    wire, reader = reading(Chart(*DRUGS, takes_lists=False))

    reader.read(["m0", "m1"])
    found = reader.read(["m2", "m3"])

    assert sorted(found.by_reference) == ["Medication/m2", "Medication/m3"]
    assert wire.sent.count("GET /Medication") == 1
