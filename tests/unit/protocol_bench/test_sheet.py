"""The protocol laid out to be read."""

from pathlib import Path

import pytest

from service.protocol_bench.citing import linked
from service.protocol_bench.sheet import sheet_of
from service.protocol_bench.words import plain_words, unit_words
from service.screening.overlay import overlaid, overlay_from
from service.screening.protocol import packaged_document
from service.screening.value_sets import packaged_vocabulary

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "overlay.yaml"


@pytest.fixture(scope="module")
def shipped():
    vocabulary = packaged_vocabulary(True)
    return sheet_of(packaged_document(), None, vocabulary, vocabulary)


@pytest.fixture(scope="module")
def overlaid_sheet():
    vocabulary = packaged_vocabulary(True)
    overlay = overlay_from(EXAMPLE.read_text("utf-8"))
    _, extended = overlaid(overlay, packaged_document(), vocabulary)
    return sheet_of(packaged_document(), overlay, vocabulary, extended)


def line(sheet, number):
    return next(one for one in sheet.lines if one.number == number)


def test_every_criterion_of_the_protocol_stands_in_one_section(shipped):
    written = [item["number"] for item in packaged_document()["criteria"]]
    assert sorted(one.number for one in shipped.lines) == sorted(written)


def test_risk_factors_stand_by_their_domains(shipped):
    domains = [s.domain for s in shipped.sections if s.heading == "Risk factors"]
    assert len(domains) == len(set(domains)) > 5
    assert "" not in domains


def test_as_it_ships_nothing_is_marked_as_changed(shipped):
    assert shipped.changes == ()
    assert not any(one.is_changed for one in shipped.lines)
    assert {number.shipped for number in shipped.numbers} == {None}


def test_what_the_hospital_changed_is_marked_with_the_shipped_value(overlaid_sheet):
    age = line(overlaid_sheet, "MSO-13")
    assert age.is_changed
    (minor,) = [n for n in age.numbers if n.place == "criteria.MSO-13.numbers.age_minor"]
    assert (minor.value, minor.shipped, minor.unit) == (55, 50, "years")
    assert not line(overlaid_sheet, "MSO-02").is_changed


def test_a_criterion_that_was_switched_off_is_still_to_be_seen(overlaid_sheet):
    assert not line(overlaid_sheet, "MSO-11").is_on


def test_codes_of_the_hospital_are_counted_apart(overlaid_sheet, shipped):
    (edss,) = [c for c in line(overlaid_sheet, "MSO-02").codes if c.id == "edss"]
    (before,) = [c for c in line(shipped, "MSO-02").codes if c.id == "edss"]
    assert (edss.added, before.added) == (1, 0)
    assert edss.codes == before.codes + 1


def test_a_reason_says_how_long_its_no_stands(shipped):
    months = {reason.code: reason.months for reason in shipped.reasons}
    assert months["patient-refuses"] == 12
    assert months["wrong-diagnosis"] is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("edss_at_least", "EDSS at least"),
        ("osteoporosis_t_at_most", "osteoporosis T-score at most"),
    ],
)
def test_a_name_is_told_in_words(name, words):
    assert plain_words(name) == words


@pytest.mark.parametrize(("unit", "words"), [("a", "years"), ("{T-score}", "T-score"), ("%", "%")])
def test_a_unit_is_told_in_words(unit, words):
    assert unit_words(unit) == words


def test_a_public_source_becomes_a_link_and_no_word_is_lost():
    citation = "NICE CG146: history of falls; see https://a.example/b, and CMS249"
    found = linked(citation)
    assert "".join(words.text for words in found) == citation
    assert [words.text for words in found if words.address] == [
        "NICE CG146",
        "https://a.example/b",
        "CMS249",
    ]


def test_a_citation_without_a_known_source_is_words_alone():
    assert [w.address for w in linked("Schwid 1996: bone loss")] == [""]
