"""Drafts of an overlay: what stands in the file, and that it is read as it was meant."""

from __future__ import annotations

from datetime import date

import pytest

from service.protocol_bench.dials import benches_of
from service.protocol_bench.drafting import Signing, Wish, draft_text
from service.protocol_bench.effective import Change, changes, compared
from service.screening.overlay import overlaid, overlay_from
from service.screening.protocol import ProtocolInvalid, packaged_document
from service.screening.value_sets import packaged_vocabulary
from tests.lib.overlays import overlay

DOCUMENT = packaged_document()
SIGNING = Signing("A. Lead", "neurologist", "Younger", "Trial of 2026-11-23", date(2027, 11, 23))
AGE = "criteria.MSO-13.numbers.age_minor"
DOMAINS = "policies.decision.minor_domains_needed_when_young"


def drafted(begins_with=None, signing=SIGNING, **wish):
    return overlay_from(draft_text(DOCUMENT, begins_with, Wish(**wish), signing, "St. Elsewhere!"))


def test_a_changed_number_is_read_back_with_its_source_and_as_a_local_decision():
    draft = drafted(numbers={AGE: 55, DOMAINS: 3})
    assert draft.written["criteria"] == {
        "MSO-13": {
            "numbers": {
                "age_minor": {"value": 55, "source": "Trial of 2026-11-23", "certainty": "local"}
            }
        }
    }
    assert draft.policies["decision"]["minor_domains_needed_when_young"].value == 3


def test_a_criterion_is_switched_off_and_one_that_ships_off_is_switched_on():
    draft = drafted(is_on={"MSO-11": False, "BASE-01": True})
    assert {n: entry.is_on for n, entry in draft.entries.items()} == {
        "MSO-11": False,
        "BASE-01": True,
    }


def test_what_stays_as_it_is_in_force_does_not_stand_in_the_file():
    draft = drafted(numbers={AGE: 50}, is_on={"MSO-11": True, "BASE-01": False})
    assert changes(DOCUMENT, draft) == ()
    assert "criteria" not in draft.written


def test_a_draft_keeps_what_the_hospital_has_decided_already():
    before = overlay("owner: Bone clinic\ncriteria: {MSO-11: {is_on: false}}")
    draft = drafted(before, numbers={AGE: 55})
    assert draft.owner == "Bone clinic"
    assert [c.where for c in compared(DOCUMENT, before, draft)] == [AGE]


def test_what_goes_back_to_the_shipped_value_leaves_the_file():
    before = overlay(
        "criteria:\n"
        "  MSO-13: {numbers: {age_minor: {value: 55, source: us}}}\n"
        "  MSO-11: {is_on: false}\n"
    )
    draft = drafted(before, numbers={AGE: 50}, is_on={"MSO-11": True})
    assert "criteria" not in draft.written


def test_a_draft_has_its_own_author_and_is_signed_by_nobody():
    before = overlay("effective_from: 2026-11-20")
    draft = drafted(before)
    assert draft.author is not None
    assert (draft.author.name, draft.author.role) == ("A. Lead", "neurologist")
    assert (draft.approver, draft.effective_from) == (None, None)
    assert (draft.version, draft.review_by) == ("2", date(2027, 11, 23))


def test_without_a_review_date_a_draft_has_none_whatever_it_began_with():
    draft = drafted(overlay(), signing=Signing("A. Lead", "", "", "why", None))
    assert draft.review_by is None
    assert draft.title == "What our bone clinic decided"


def test_the_first_draft_of_a_site_is_named_after_it():
    assert drafted().id == "st-elsewhere"


@pytest.mark.parametrize(
    "word", ["no", "on", "8E10", "010", "2026-11-20", "a: b", "# x", "Ünïcode"]
)
def test_words_that_yaml_would_take_for_something_else_come_back_as_they_are(word):
    draft = drafted(signing=Signing(word, "", word, word, None), numbers={AGE: 55})
    assert draft.author is not None
    assert (draft.author.name, draft.title) == (word, word)
    assert draft.entries["MSO-13"].numbers["age_minor"].source == word


@pytest.mark.parametrize(
    "wish",
    [
        {"numbers": {"criteria.MSO-99.numbers.x": 1}},
        {"is_on": {"MSO-99": False}},
        {"numbers": {AGE: float("nan")}},
    ],
)
def test_what_no_overlay_can_say_is_refused(wish):
    with pytest.raises(ProtocolInvalid):
        drafted(**wish)


def test_a_text_that_is_longer_than_an_overlay_may_hold_is_refused():
    with pytest.raises(ProtocolInvalid, match="printable"):
        drafted(signing=Signing("A", "", "", "x" * 301, None), numbers={AGE: 55})


def test_every_number_of_the_protocol_can_be_tried_within_its_bounds():
    dials = [dial for bench in benches_of(DOCUMENT, None) for dial in bench.dials]
    assert len(dials) > 100
    for dial in dials:
        assert dial.least is None or dial.least <= dial.value
        assert dial.most is None or dial.value <= dial.most
        if dial.step != "any" and dial.least is not None:
            # A browser counts its steps from the least.
            steps = (dial.value - dial.least) / float(dial.step)
            assert steps == pytest.approx(round(steps), abs=1e-6), dial.place


def test_only_risk_factors_can_be_switched_off():
    benches = {bench.number: bench for bench in benches_of(DOCUMENT, None)}
    assert benches["MSO-13"].may_be_off
    assert not benches["EXCL-3"].may_be_off


def test_every_dial_moved_to_either_bound_makes_a_draft_that_is_read():
    dials = [dial for bench in benches_of(DOCUMENT, None) for dial in bench.dials]
    for side in ("least", "most"):
        wanted = {d.place: getattr(d, side) for d in dials if getattr(d, side) is not None}
        protocol, _ = overlaid(drafted(numbers=wanted), DOCUMENT, packaged_vocabulary())
        assert protocol.digest


def test_two_overlays_are_compared_in_both_directions():
    one = overlay("owner: Here\ncriteria: {MSO-11: {is_on: false}}")
    other = overlay("owner: There")
    assert compared(DOCUMENT, one, other) == (
        Change("criteria.MSO-11.is_on", "off", "on"),
        Change("added to every alert", "Owner here: Here.", ""),
        Change("added to every alert", "", "Owner here: There."),
    )
