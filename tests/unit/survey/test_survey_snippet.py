"""The snippet for an overlay: inert as it is, and a valid overlay once believed."""

from service.screening.overlay import overlaid
from service.screening.protocol import packaged_document
from service.screening.value_sets import packaged_vocabulary
from service.survey.snippet import SOURCE_TO_WRITE, snippet_of, uncommented
from tests.lib.overlays import overlay

LOCAL = "urn:oid:1.2.3"


def code(value="EDSS1", *, hint="edss", system=LOCAL, display="EDSS score"):
    return {"system": system, "code": value, "display": display, "hint": hint}


def test_every_line_is_a_comment():
    snippet = snippet_of([code(), code("D1", hint="dxa-central")])
    assert all(line.startswith("#") for line in snippet.splitlines())


def test_pasted_as_it_is_it_changes_nothing():
    assert not overlay(snippet_of([code()])).local_codes


def test_uncommented_it_adds_the_codes():
    pasted = overlay(uncommented(snippet_of([code(), code("D1", hint="dxa-central")])))
    _, vocabulary = overlaid(pasted, packaged_document(), packaged_vocabulary(True))
    assert vocabulary.concepts_of(LOCAL, "EDSS1") == {"edss"}
    assert vocabulary.concepts_of(LOCAL, "D1") == {"dxa-central"}


def test_each_code_asks_for_its_source():
    (added,) = overlay(uncommented(snippet_of([code()]))).local_codes["edss"]
    assert added.source == SOURCE_TO_WRITE


def test_whatever_a_display_or_a_code_holds_it_stays_one_text():
    odd = 'EDSS: "6.5" #1 \\ {a: b}, ö'
    (added,) = overlay(uncommented(snippet_of([code("0010", display=odd)]))).local_codes["edss"]
    assert (added.code, added.display) == ("0010", odd)


def test_one_code_of_two_resource_types_stands_once():
    assert snippet_of([code(), code(display="EDSS")]).count("EDSS1") == 1


def test_what_cannot_stand_in_an_overlay_is_left_out():
    snippet = snippet_of([code(system=None), code(system="1.2.3"), code(hint=None)])
    assert "EDSS1" not in snippet
    assert "local_codes:" not in uncommented(snippet)


def test_a_code_without_a_display_says_so():
    assert "(no display)" in snippet_of([code(display=None)])
