"""A hospital's overlay changes the protocol without touching what ships."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from service.screening.overlay import apply_overlay, overlaid, overlay_from
from service.screening.protocol import Protocol, ProtocolInvalid, packaged_document
from service.screening.value_sets import INGREDIENT_NAME, Vocabulary, packaged_vocabulary
from tests.lib.overlays import APPROVED, overlay

VOCABULARY = packaged_vocabulary()
HERE = "https://st-elsewhere.example/codes"
LOCAL_EDSS = (
    f"local_codes: {{edss: [{{system: '{HERE}', code: NEU-42, display: EDSS, source: EHR team}}]}}"
)


def effective(more: str = "", **instead: str) -> tuple[Protocol, Vocabulary]:
    return overlaid(overlay(more, **instead), packaged_document(), VOCABULARY)


def refused(more: str = "", **instead: str) -> str:
    with pytest.raises(ProtocolInvalid) as fault:
        effective(more, **instead)
    return str(fault.value)


def entry_of(document: dict[str, Any], number: str) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in document["criteria"] if e["number"] == number)
    return found


def test_a_number_is_changed():
    protocol, _ = effective("criteria: {MSO-13: {numbers: {age_minor: {value: 55, source: us}}}}")
    assert protocol.entry("age-baseline").parameters["age_minor"] == 55


def test_a_changed_number_is_local_unless_it_says_otherwise():
    protocol, _ = effective("criteria: {MSO-13: {numbers: {age_minor: {value: 55, source: us}}}}")
    assert protocol.entry("age-baseline").numbers["age_minor"].certainty == "local"


def test_a_number_of_a_policy_is_changed():
    protocol, _ = effective("policies: {decision: {minor_domains_needed: {value: 3, source: us}}}")
    assert protocol.policies["decision"]["minor_domains_needed"] == 3


def test_a_shared_number_is_changed_for_every_criterion_that_shares_it():
    protocol, _ = effective("policies: {therapy-windows: {oral_months: {value: 9, source: us}}}")
    shared = [protocol.entry(name) for name in ("osteoporosis-therapy", "treatment-gap")]
    assert {e.parameters["therapy-windows.oral_months"] for e in shared} == {9}


def test_a_criterion_is_switched_off():
    protocol, _ = effective("criteria: {MSO-11: {is_on: off}}")
    assert not protocol.uses("vitamin-d-low")


def test_title_grade_advice_and_citation_are_changed():
    protocol, _ = effective(
        "criteria: {MSO-09: {title: Pulses, grade: major, advice: Think twice, citation: Us 2026}}"
    )
    entry = protocol.entry("pulse-glucocorticoid")
    assert (entry.title, entry.grade, entry.advice, entry.citation, entry.certainty) == (
        *("Pulses", "major", "Think twice", "Us 2026"),
        "local",
    )


def test_what_ships_stays_as_it_is():
    before = copy.deepcopy(dict(packaged_document()))
    effective("criteria: {MSO-13: {numbers: {age_minor: {value: 55, source: us}}}}")
    assert packaged_document() == before


def test_the_version_tells_the_overlay_and_its_version():
    protocol, _ = effective(version="1.2")
    assert protocol.version == "0.3.0+st-elsewhere-1.2"


def test_the_identity_of_the_protocol_stays_so_that_open_alerts_stay_ours():
    protocol, _ = effective()
    assert protocol.id == packaged_document()["id"]


@pytest.mark.parametrize(
    "more",
    [
        "criteria: {MSO-13: {numbers: {age_minor: {value: 55, source: us}}}}",
        "policies: {decision: {snooze_months: {value: 6, source: us}}}",
        LOCAL_EDSS,
        "owner: Bone clinic",
        "texts: {closing: Ask us}",
        "accepts: {MSO-02: because}",
    ],
)
def test_the_digest_covers_everything_that_an_overlay_says(more):
    assert effective(more)[0].digest != effective()[0].digest


def test_the_digest_is_the_same_for_the_same_overlay():
    assert effective(LOCAL_EDSS)[0].digest == effective(LOCAL_EDSS)[0].digest


def test_a_local_code_is_added_to_its_value_set():
    _, vocabulary = effective(LOCAL_EDSS)
    assert vocabulary.concepts_of(HERE, "NEU-42") == {"edss"}


def test_a_local_code_is_searched_for():
    _, vocabulary = effective(LOCAL_EDSS)
    assert "NEU-42" in vocabulary.search_codes(["edss"])


def test_a_local_code_takes_no_other_away():
    _, vocabulary = effective(LOCAL_EDSS)
    assert VOCABULARY["edss"].codes < vocabulary["edss"].codes


def test_a_code_of_a_known_system_may_name_it_shortly():
    _, vocabulary = effective(
        "local_codes: {edss: [{system: snomed, code: 273554002, display: x, source: us}]}"
    )
    assert vocabulary.concepts_of("http://snomed.info/sct", "273554002") == {"edss"}


def test_a_local_ingredient_name_is_recognised_as_a_whole_word():
    _, vocabulary = effective(
        "local_codes: {glucocorticoid-prednisone:"
        " [{system: name, code: Predni-Hausmarke, display: x, source: us}]}"
    )
    assert "glucocorticoid-prednisone" in vocabulary.named_in("predni-hausmarke 5")


def test_names_are_not_listed_for_searches():
    _, vocabulary = effective(
        "local_codes: {glucocorticoid-prednisone:"
        " [{system: name, code: Predni-Hausmarke, display: x, source: us}]}"
    )
    systems = {system for system, _ in vocabulary["glucocorticoid-prednisone"].listed}
    assert INGREDIENT_NAME not in systems


def test_without_local_codes_the_vocabulary_is_the_same_object():
    assert effective()[1] is VOCABULARY


def test_owner_links_and_closing_line_go_into_every_alert():
    protocol, _ = effective(
        "owner: Bone clinic\n"
        "links: [{title: Our pathway, url: 'https://st-elsewhere.example/bones'}]\n"
        "texts: {closing: Questions to the clinic.}"
    )
    assert protocol.local_lines == (
        "Owner here: Bone clinic.",
        "Our pathway: https://st-elsewhere.example/bones",
        "Questions to the clinic.",
    )


def test_an_overlay_that_adds_no_words_adds_no_line():
    assert effective()[0].local_lines == ()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("criteria: {MSO-99: {is_on: false}}", "criteria.MSO-99: no such criterion; did you mean"),
        ("policies: {decison: {}}", "policies.decison: no such policy; did you mean 'decision'"),
        (
            "criteria: {MSO-13: {numbers: {age_minro: {value: 1, source: us}}}}",
            "criteria.MSO-13.numbers.age_minro: no such number; did you mean 'age_minor'",
        ),
        (
            "criteria: {MSO-13: {numbers: {age_minor: {value: 55, unit: mo, source: us}}}}",
            "criteria.MSO-13.numbers.age_minor.unit: the unit stays 'a'",
        ),
        ("criteria: {EXCL-3: {grade: minor}}", "criteria.EXCL-3.grade: only risk factors"),
        ("criteria: {EXCL-3: {is_on: false}}", "criteria.EXCL-3.is_on: only risk factors"),
        ("criteria: {EXCL-3: {advice: Hm}}", "criteria.EXCL-3.advice: only risk factors"),
        (
            "local_codes: {edsss: [{system: snomed, code: 1, display: x, source: us}]}",
            "local_codes.edsss: no such value set; did you mean 'edss'",
        ),
        ("texts: {closing: Give alendronate}", "texts.closing: it names a medicine"),
        ("criteria: {MSO-02: {advice: Give 5 mg}}", "criteria.MSO-02.advice: it names a dose"),
        ("owner: Prednisone clinic", "owner: it names a medicine"),
        (
            "links: [{title: This person has osteoporosis, url: 'https://x.example'}]",
            "links[1].title: it says that the person has osteoporosis",
        ),
    ],
)
def test_an_overlay_that_cannot_be_applied_says_where(more, words):
    assert words in refused(more)


def test_an_overlay_of_another_protocol_is_refused():
    assert "the protocol here is 'ms-bone-health'" in refused(**{"for": "als-bone-health"})


def test_an_overlay_for_a_later_version_is_refused():
    assert "update BoneFlag" in refused(for_version="0.10.0")


def test_an_overlay_for_an_earlier_version_still_loads():
    assert effective(for_version="0.0.9")[0].version == "0.3.0+st-elsewhere-1"


def test_the_same_unit_may_be_repeated():
    document = apply_overlay(
        packaged_document(),
        overlay("criteria: {MSO-13: {numbers: {age_minor: {value: 55, unit: a, source: us}}}}"),
    )
    assert entry_of(document, "MSO-13")["numbers"]["age_minor"]["unit"] == "a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("just words", "the file: write names with values, not 'just words'"),
        (APPROVED + "titel: x", "titel: not a name that is read here; did you mean 'title'"),
        (APPROVED.replace("overlay: st-elsewhere", ""), "overlay: missing; add it"),
        (APPROVED.replace("st-elsewhere", "St Elsewhere"), "overlay: write small letters"),
        (APPROVED.replace("0.3.0", "latest"), "for_version: write a version such as 0.1.0"),
        (APPROVED.replace("name: Ida Muster, ", ""), "author.name: missing; add it"),
        (APPROVED.replace("2027-11-20", "soon"), "review_by: write a date as YYYY-MM-DD"),
        (APPROVED + "texts: {opening: x}", "texts.opening: not a name"),
        (APPROVED + "criteria: {MSO-02: {grad: minor}}", "criteria.MSO-02.grad: not a name"),
        (APPROVED + "criteria: {MSO-02: {grade: MINOR}}", "'MINOR' is not a choice"),
        (
            APPROVED + "criteria: {MSO-02: {certainty: V}}",
            "criteria.MSO-02.certainty: goes with a new citation",
        ),
        (
            APPROVED + "criteria: {MSO-13: {numbers: {age_minor: {value: fifty, source: us}}}}",
            "criteria.MSO-13.numbers.age_minor.value: write a number, not 'fifty'",
        ),
        (
            APPROVED + "criteria: {MSO-13: {numbers: {age_minor: {source: us}}}}",
            "criteria.MSO-13.numbers.age_minor.value: missing",
        ),
        (
            APPROVED + "criteria: {MSO-13: {numbers: {age_minor: {value: 55}}}}",
            "criteria.MSO-13.numbers.age_minor.source: missing",
        ),
        (
            APPROVED + "local_codes: {edss: [{system: ours, code: x, display: x, source: us}]}",
            "local_codes.edss[1].system: write an address",
        ),
        (
            APPROVED + "local_codes: {edss: [{system: snomed, code: 1.0, display: x, source: us}]}",
            "local_codes.edss[1].code: put the code in quotes",
        ),
        (
            APPROVED + "links: [{title: x, url: 'http://plain.example'}]",
            "links[1].url: write a whole https:// address",
        ),
        (APPROVED + "accepts: {MSO-02: }", "accepts.MSO-02: missing; add it"),
    ],
)
def test_a_file_that_cannot_be_understood_says_where(text, words):
    with pytest.raises(ProtocolInvalid) as fault:
        overlay_from(text)
    assert words in str(fault.value)


def test_the_people_and_dates_are_read():
    read = overlay("effective_from: 2026-12-01")
    assert read.approver is not None
    assert (read.approver.name, read.approver.on, read.review_by, read.effective_from) == (
        "Jon Beispiel",
        date(2026, 11, 20),
        date(2027, 11, 20),
        date(2026, 12, 1),
    )


def test_nobody_need_be_named_for_shadow_mode():
    read = overlay(author="", approver="")
    assert (read.author, read.approver) == (None, None)
