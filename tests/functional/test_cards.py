"""Cards through the whole line: a sweep opens them, a call shows them, what is said ends them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.cards.call import Call
from service.cards.feedback import Said
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRRejected
from service.settings import Settings
from service.wiring import protocol_for
from service.wiring.cards import card_feedback_for, card_line_for
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy

CARDS = {
    "delivery": "cds-hooks",
    "cds_hooks_url": "https://boneflag.example",
    "cds_hooks_issuers": "https://ehr.example",
    "cds_hooks_key_urls": "https://ehr.example/jwks.json",
}


def brought(settings: Settings, fhir_id: str) -> dict[str, object]:
    """What an EHR that answers every template would bring."""
    found: dict[str, object] = {}
    with FHIRClient(settings.fhir_base_url) as client:
        for need in protocol_for(settings).needs:
            if need.type == "Patient":
                found[need.type] = client.read("Patient", fhir_id).resource
                continue
            try:
                resources = client.search(need.type, {"patient": fhir_id}).matches
            except EHRRejected:
                continue  # A type that this EHR does not have.
            entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
            found[need.type] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return found


def cards(ward, fhir_id: str, *, brings: bool = False, **values: object):
    """The cards that a call about somebody is answered."""
    settings = ward.settings(**{**CARDS, **values})
    prefetch = brought(settings, fhir_id) if brings else {}
    call = Call("patient-view", fhir_id, "Practitioner/neuro", prefetch, {})
    with ward.ledger() as ledger:
        return card_line_for(settings, ledger).answer(call)


def test_a_sweep_opens_a_card_and_writes_nothing_into_the_ehr(ward):
    anna, paul = ward.admit(due), ward.admit(fine)
    ward.sweep(**CARDS)
    assert [len(cards(ward, anna)), len(cards(ward, paul))] == [1, 0]
    assert ward.shown(anna) == []


def test_a_card_says_the_same_from_the_ledger_and_from_the_chart(ward):
    anna = ward.admit(due)
    ward.sweep(**CARDS)
    (kept,) = cards(ward, anna)
    (read,) = cards(ward, anna, brings=True)
    assert (kept.alert.key, kept.alert.summary) == (read.alert.key, read.alert.summary)
    assert kept.alert.content_digest == read.alert.content_digest


def test_a_card_from_the_chart_alone_is_the_one_that_the_sweep_opens(ward):
    ward.line(**CARDS)
    anna = ward.admit(due)
    (before,) = cards(ward, anna, brings=True)
    ward.sweep(**CARDS)
    (after,) = cards(ward, anna)
    assert before.alert.key == after.alert.key


def test_what_a_card_told_is_not_repeated_by_a_flag(ward):
    anna = ward.admit(due)
    ward.sweep(**CARDS)
    ward.sweep(delivery="flag-and-task")
    assert ward.shown(anna) == []


def test_what_a_flag_told_is_not_repeated_by_a_card(ward):
    anna = ward.admit(due)
    ward.sweep(delivery="flag-and-task")
    ward.sweep(**CARDS)
    assert cards(ward, anna) == ()
    assert len(cards(ward, anna, cards_beside=True)) == 1


def test_a_no_to_a_card_outlives_the_next_sweep(ward):
    anna = ward.admit(due)
    ward.sweep(**CARDS)
    (card,) = cards(ward, anna)
    settings = ward.settings(**CARDS)
    with ward.ledger() as ledger:
        said = Said(card.alert.key, "overridden", "patient-refuses", datetime.now(UTC))
        assert card_feedback_for(settings, ledger).hear(said)
    ward.sweep(**CARDS)
    assert ward.status(anna) == "declined"
    assert cards(ward, anna) == ()


def test_in_shadow_mode_a_sweep_opens_no_card(ward):
    anna = ward.admit(due)
    ward.sweep(**CARDS, mode="shadow")
    assert cards(ward, anna, mode="shadow") == ()
    assert cards(ward, anna) == ()
