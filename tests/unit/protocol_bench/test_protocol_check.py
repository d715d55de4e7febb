"""What `boneflag protocol check` says about thresholds, reach, silenced criteria and approval."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from service.protocol_bench.approval import refusals_for_live
from service.protocol_bench.check import check_protocol
from service.protocol_bench.plausible import bounds_of, fewer_when, is_minor_arm, plausible
from service.protocol_bench.remark import Level, Remark
from service.protocol_bench.thresholds import numbers_in
from service.screening.protocol import packaged_document
from service.screening.value_sets import Vocabulary, packaged_vocabulary, vocabulary_from
from tests.lib.overlays import overlay

TODAY = date(2026, 11, 22)
SHIPPED = packaged_vocabulary()


def check(more: str = "", on: date = TODAY, **instead: str) -> tuple[Remark, ...]:
    return check_protocol(packaged_document(), SHIPPED, overlay(more, **instead), on)


def errors(more: str = "", on: date = TODAY, **instead: str) -> list[str]:
    return [f"{r.where}: {r.what}" for r in check(more, on, **instead) if r.level is Level.ERROR]


def number(criterion: str, name: str, value: float) -> str:
    return f"criteria: {{{criterion}: {{numbers: {{{name}: {{value: {value}, source: us}}}}}}}}"


def policy(name: str, number: str, value: float) -> str:
    return f"policies: {{{name}: {{{number}: {{value: {value}, source: us}}}}}}"


# The protocol that ships


def test_the_protocol_that_ships_has_no_error():
    remarks = check_protocol(packaged_document(), SHIPPED, None, TODAY)
    assert [r for r in remarks if r.level is not Level.NOTE] == []


def test_every_number_that_ships_has_bounds_and_a_way():
    assert [
        name
        for name, _, given in numbers_in(packaged_document())
        if bounds_of(name, str(given["unit"])) is None
        or fewer_when(name, str(given["unit"])) == "unknown"
    ] == []


def test_every_number_that_the_plausible_table_names_is_in_the_protocol():
    table = plausible()
    named = {*table["numbers"], *table["fewer_when_by_number"], *table["minor_arms"]}
    named |= {pair[key] for pair in table["never_above"] for key in ("number", "most")}
    assert named - {name for name, _, _ in numbers_in(packaged_document())} == set()


def test_local_numbers_are_counted():
    notes = [r.what for r in check() if r.where == "numbers"]
    assert [w for w in notes if "numbers are local decisions" in w]


def test_a_protocol_without_local_numbers_has_none_to_confirm():
    document: dict[str, Any] = copy.deepcopy(dict(packaged_document()))
    for _, _, given in numbers_in(document):
        given["certainty"] = "V"  # type: ignore[index] # a copy, to be changed
    remarks = check_protocol(document, SHIPPED, None, TODAY)
    assert [r for r in remarks if r.where == "numbers"] == []


def test_a_number_that_the_table_does_not_know_may_go_either_way():
    assert fewer_when("somewhere.something_new", "mo") == "unknown"


def test_arms_that_are_off_are_noted():
    off = [e for e in packaged_document()["criteria"] if e.get("arms_off")]
    noted = {r.where for r in check() if r.what.startswith("not computed: ")}
    assert noted == {f"criteria.{e['number']}" for e in off}


def test_unverified_codes_are_noted():
    assert any(r.what == "left out, unverified: 300004007" for r in check())


# Thresholds


@pytest.mark.parametrize(
    ("criterion", "name", "value"),
    [
        ("MSO-02", "edss_at_least", 10.5),
        ("MSO-02", "edss_at_least", 10),
        ("MSO-02", "edss_at_least", 0),
        ("MSO-02", "window_months", 0),
        ("MSO-10", "bmi_major_below", 9),
        ("MSO-10", "loss_percent_at_least", 101),
        ("MSO-13", "age_minor", 17),
        ("MSO-13", "age_women", 121),
        ("EXCL-3", "age_below", 60),
    ],
)
def test_a_number_out_of_its_bounds_is_an_error(criterion, name, value):
    place = f"criteria.{criterion}.numbers.{name}.value: {value:g} is outside"
    assert [e for e in errors(number(criterion, name, value)) if e.startswith(place)]


@pytest.mark.parametrize(
    ("criterion", "name", "value"),
    [("MSO-13", "age_minor", 18), ("MSO-13", "age_minor", 65), ("MSO-02", "edss_at_least", 0.5)],
)
def test_a_number_on_its_bound_is_no_error(criterion, name, value):
    assert errors(number(criterion, name, value)) == []


def warned_titles(more: str) -> list[str]:
    return [r.where for r in check(more) if r.level is Level.WARNING and r.where.endswith(".title")]


def test_a_title_that_goes_on_naming_the_old_number_is_a_warning():
    assert warned_titles(number("MSO-02", "edss_at_least", 5.5)) == ["criteria.MSO-02.title"]


@pytest.mark.parametrize(
    "more",
    [
        number("MSO-02", "edss_at_least", 6.0),
        number("MSO-02", "window_months", 36),
        number("MSO-13", "age_minor", 55),
        "criteria: {MSO-02: {title: EDSS 5.5 or more, numbers:"
        " {edss_at_least: {value: 5.5, source: us}}}}",
    ],
)
def test_a_title_that_names_what_holds_or_no_number_needs_no_look(more):
    assert warned_titles(more) == []


def test_more_days_than_the_window_has_can_never_be_met():
    found = errors(number("MSO-08", "days_at_least", 366) + "\naccepts: {MSO-08: test}")
    assert found == [
        "sustained-glucocorticoid.days_at_least: 366 is more than"
        " sustained-glucocorticoid.window_days (365): this can never be met as it is meant"
    ]


def test_as_many_days_as_the_window_has_can_be_met():
    assert errors(number("MSO-08", "days_at_least", 365) + "\naccepts: {MSO-08: test}") == []


# Reach


def without_any_code() -> Vocabulary:
    return vocabulary_from(
        {
            "resourceType": "ValueSet",
            "id": s.id,
            "title": s.title,
            "version": s.version,
            "compose": {"include": []},
        }
        for s in SHIPPED
    )


def test_a_criterion_whose_value_sets_hold_no_code_can_never_be_met():
    remarks = check_protocol(packaged_document(), without_any_code(), None, TODAY)
    whats = {r.where: r.what for r in remarks if r.level is Level.ERROR}
    assert "none of its value sets holds a code" in whats["criteria.MSO-02"]


def test_a_value_set_without_a_code_is_a_warning():
    assert [r for r in check() if "holds no code" in r.what] == []
    remarks = check_protocol(packaged_document(), without_any_code(), None, TODAY)
    found = [r for r in remarks if r.where == "value set walking-aid"]
    assert [r.level for r in found] == [Level.WARNING]


def test_leaving_cpt_out_empties_no_value_set():
    remarks = check_protocol(packaged_document(), packaged_vocabulary(False), None, TODAY)
    assert [r for r in remarks if "holds no code" in r.what] == []


def test_a_criterion_that_needs_no_code_is_not_called_empty():
    assert "criteria.MSO-13" not in {r.where for r in check() if r.level is Level.ERROR}


def test_more_major_criteria_than_there_are_can_never_be_met():
    found = errors(
        policy("decision", "majors_needed", 10) + "\naccepts: {decision.majors_needed: x}"
    )
    assert [e for e in found if "no MAJOR criterion could ever make anybody due" in e]


def only_minor(domains_needed: int) -> list[Remark]:
    """Nothing but MSO-03, MSO-07 and MSO-11, which are MINOR in three domains."""
    document: dict[str, Any] = copy.deepcopy(dict(packaged_document()))
    for item in document["criteria"]:
        if "grade" in item:
            item["is_on"] = item["number"] in ("MSO-03", "MSO-07", "MSO-11")
    for name in ("minor_domains_needed", "minor_domains_needed_when_young"):
        document["policies"]["decision"]["numbers"][name]["value"] = domains_needed
    remarks = check_protocol(document, SHIPPED, None, TODAY)
    return [r for r in remarks if r.level is Level.ERROR]


def test_minor_criteria_in_fewer_domains_than_are_needed_can_never_decide():
    assert [r.where for r in only_minor(4)] == ["policies.decision.minor_domains_needed"]


def test_minor_criteria_in_as_many_domains_as_are_needed_can_decide():
    assert only_minor(3) == []


# Silenced criteria


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("criteria: {MSO-02: {is_on: false}}", "criteria.MSO-02.is_on: switched off"),
        ("criteria: {MSO-02: {grade: minor}}", "criteria.MSO-02.grade: graded MINOR"),
        (number("MSO-02", "edss_at_least", 6.5), "criteria.MSO-02.numbers.edss_at_least.value: 6 "),
        (number("MSO-02", "window_months", 12), "criteria.MSO-02.numbers.window_months.value: 24 "),
        (number("MSO-10", "bmi_major_below", 18), "criteria.MSO-10.numbers.bmi_major_below"),
        (number("MSO-13", "age_women", 66), "criteria.MSO-13.numbers.age_women.value: 65 -> 66"),
        (
            policy("prednisone-equivalents", "glucocorticoid-prednisone", 0.5),
            "policies.prednisone-equivalents.glucocorticoid-prednisone.value: 1 -> 0.5",
        ),
        (policy("decision", "majors_needed", 2), "policies.decision.majors_needed.value: 1 -> 2"),
    ],
)
def test_silencing_a_major_criterion_is_an_error(more, place):
    assert [e for e in errors(more) if e.startswith(place) and "silences the MAJOR" in e]


@pytest.mark.parametrize(
    "more",
    [
        number("MSO-02", "edss_at_least", 5.5),
        number("MSO-02", "window_months", 36),
        number("MSO-10", "bmi_major_below", 19),
        number("MSO-13", "age_minor", 55),
        number("MSO-11", "nmol_per_l_below", 40),
        "criteria: {MSO-11: {is_on: false}}",
        "criteria: {MSO-09: {grade: major}}",
        "criteria: {MSO-02: {title: EDSS six or more}}",
        policy("prednisone-equivalents", "glucocorticoid-prednisone", 1.5),
        policy("decision", "minor_domains_needed", 3),
    ],
)
def test_what_silences_no_major_criterion_is_no_error(more):
    assert errors(more) == []


def test_a_silenced_criterion_may_be_accepted_with_the_reason():
    more = "criteria: {MSO-02: {is_on: false}}\naccepts: {MSO-02: our EHR has no EDSS}"
    assert errors(more) == []
    assert any("accepted, our EHR has no EDSS" in r.what for r in check(more))


def test_an_acceptance_of_something_else_does_not_help():
    assert errors("criteria: {MSO-02: {is_on: false}}\naccepts: {MSO-04: because}")


def test_an_acceptance_that_nothing_needs_is_a_warning():
    found = [r for r in check("accepts: {MSO-02: because}") if r.where == "accepts.MSO-02"]
    assert [r.level for r in found] == [Level.WARNING]


@pytest.mark.parametrize(
    "more",
    [
        number("EXCL-4", "window_months", 24),
        policy("rescreen-interval", "low_months", 36),
        policy("decision", "snooze_months", 24),
    ],
)
def test_a_wider_exclusion_or_interval_is_a_warning(more):
    warnings = [r.what for r in check(more) if r.level is Level.WARNING]
    assert [w for w in warnings if "fewer people will be told" in w]


def test_a_narrower_exclusion_needs_no_warning():
    assert [
        r for r in check(number("EXCL-4", "window_months", 6)) if r.level is not Level.NOTE
    ] == []


# Approval


def test_an_approved_overlay_may_go_live():
    assert refusals_for_live(check()) == ()


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"author": ""}, "author: nobody is named as its author"),
        ({"approver": ""}, "approver: nobody has approved it"),
        ({"approver": "{name: Jon Beispiel}"}, "approver.on: no day of approval"),
        ({"approver": "{name: Ida Muster, on: 2026-11-20}"}, "are the same person"),
        ({"approver": "{name: 'MUSTER, Ida', on: 2026-11-20}"}, "are the same person"),
        ({"approver": "{name: Dr. Ída Muster, on: 2026-11-20}"}, "are the same person"),
        ({"approver": "{name: Jon Beispiel, on: 2027-12-01}"}, "after its own review date"),
        ({"review_by": ""}, "review_by: no review date"),
        ({"review_by": "2026-11-21"}, "review_by: past since 2026-11-21"),
        ({"effective_from": "2026-11-23"}, "takes effect on 2026-11-23 only"),
        ({"for_version": "0.0.9"}, "for_version: written for version 0.0.9"),
    ],
)
def test_what_stands_before_going_live_is_said(instead, words):
    given = dict(instead)
    more = f"effective_from: {day}" if (day := given.pop("effective_from", "")) else ""
    assert any(words in refusal for refusal in refusals_for_live(check(more, **given)))


@pytest.mark.parametrize(
    ("more", "instead"),
    [
        ("", {"review_by": "2026-11-22"}),
        ("effective_from: 2026-11-22", {}),
        ("", {"approver": "{name: Ida Muster-Berg, on: 2026-11-20}"}),
        ("", {"author": "{name: Prof}", "approver": "{name: Dr, on: 2026-11-20}"}),
    ],
)
def test_what_only_just_holds_is_no_refusal(more, instead):
    assert refusals_for_live(check(more, **instead)) == ()


def test_a_refusal_says_what_to_do():
    refusals = refusals_for_live(check(approver=""))
    assert refusals == ("approver: nobody has approved it; let a second person approve it",)


def test_warnings_and_notes_refuse_nothing():
    remarks = check(number("EXCL-4", "window_months", 24), title="")
    assert {r.level for r in remarks} == {Level.WARNING, Level.NOTE}
    assert refusals_for_live(remarks) == ()


# What cannot be built, and claims without a source


def test_an_overlay_that_cannot_be_applied_is_one_error():
    remarks = check("criteria: {MSO-99: {is_on: false}}")
    assert [(r.level, r.where) for r in remarks] == [(Level.ERROR, "criteria.MSO-99")]


def test_a_protocol_without_a_citation_is_one_error():
    document: dict[str, Any] = copy.deepcopy(dict(packaged_document()))
    del document["criteria"][1]["citation"]
    (remark,) = check_protocol(document, SHIPPED, None, TODAY)
    assert (remark.level, "citation" in remark.what + remark.where) == (Level.ERROR, True)


def test_a_citation_that_claims_a_source_and_names_none_is_a_warning():
    found = check("criteria: {MSO-11: {citation: Local decision, certainty: V}}")
    assert [r.where for r in found if "names no public source" in r.what] == [
        "criteria.MSO-11.citation"
    ]


def test_a_number_that_claims_a_source_and_names_none_is_a_warning():
    found = check(
        "criteria: {MSO-11: {numbers:"
        " {nmol_per_l_below: {value: 50, source: local, certainty: V}}}}"
    )
    assert [r.where for r in found if "no source is named" in r.what] == [
        "criteria.MSO-11.numbers.nmol_per_l_below.source"
    ]


def test_the_minor_arms_are_those_of_major_criteria():
    majors = {e["criterion"] for e in packaged_document()["criteria"] if e.get("grade") == "major"}
    arms = [n for n, _, _ in numbers_in(packaged_document()) if is_minor_arm(n)]
    assert {name.partition(".")[0] for name in arms} <= majors
