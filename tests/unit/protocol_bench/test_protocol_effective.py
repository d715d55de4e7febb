"""What `boneflag protocol show` tells: the effective protocol, and what an overlay changed."""

from __future__ import annotations

from service.protocol_bench.effective import Change, changes, protocol_json
from service.screening.overlay import overlaid
from service.screening.protocol import packaged_document, packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.overlays import overlay

VOCABULARY = packaged_vocabulary()


def changed(more: str) -> tuple[Change, ...]:
    return changes(packaged_document(), overlay(more))


def test_a_changed_number_is_shown_as_shipped_and_as_it_is():
    found = changed("criteria: {MSO-13: {numbers: {age_minor: {value: 55, source: us}}}}")
    assert found == (
        Change(
            "criteria.MSO-13.numbers.age_minor",
            "50 years (local: specification 3.3)",
            "55 years (local: us)",
        ),
    )


def test_a_criterion_that_is_off_is_shown():
    found = changed("criteria: {MSO-11: {is_on: false}}")
    assert found == (Change("criteria.MSO-11.is_on", "on", "off"),)


def test_a_changed_title_is_shown():
    found = changed("criteria: {MSO-13: {title: Age as we see it}}")
    assert found == (Change("criteria.MSO-13.title", "Age", "Age as we see it"),)


def test_local_codes_and_lines_are_shown():
    found = changed(
        "local_codes: {edss: [{system: 'https://x.example', code: A, display: B, source: us}]}\n"
        "owner: Bone clinic"
    )
    assert found == (
        Change("local_codes.edss", "", "https://x.example A (B)"),
        Change("added to every alert", "", "Owner here: Bone clinic."),
    )


def test_what_is_written_as_shipped_is_no_change():
    assert changed("criteria: {MSO-13: {title: Age}}") == ()


def test_the_effective_protocol_for_machines_holds_digest_and_changes():
    given = overlay("criteria: {MSO-11: {is_on: false}}")
    protocol, _ = overlaid(given, packaged_document(), VOCABULARY)
    answer = protocol_json(protocol, packaged_document(), given)
    assert (answer["digest"], answer["overlay"], len(answer["changes"])) == (
        *(protocol.digest, "st-elsewhere"),
        1,
    )
    assert {c["number"]: c["is_on"] for c in answer["criteria"]}["MSO-11"] is False


def test_without_an_overlay_nothing_is_changed():
    answer = protocol_json(packaged_protocol(VOCABULARY), packaged_document(), None)
    assert (answer["overlay"], answer["changes"]) == (None, [])
