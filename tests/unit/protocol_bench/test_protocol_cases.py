"""Cases in plain YAML: what is understood, what is refused, and how a difference is explained."""

from __future__ import annotations

import pytest

from service.protocol_bench.cases import CasesInvalid, cases_from
from service.protocol_bench.trial import Outcome, try_case
from service.screening.overlay import overlaid
from service.screening.protocol import packaged_document, packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.overlays import overlay
from tests.lib.source_tree import HOME

VOCABULARY = packaged_vocabulary()
PROTOCOL = packaged_protocol(VOCABULARY)
SHIPPED = HOME / "docs" / "examples"

ANNA = """\
- name: Anna
  born: 1986-06-01
  sex: female
  on: 2026-11-22
  facts:
    - {diagnosis: G35.A, recorded: 2015-01-01}
    - {edss: 2.0, on: 2026-03-01}
"""


def case(facts: str = "", expect: str = "{status: not-at-risk}") -> str:
    lines = "".join(f"    - {fact}\n" for fact in facts.splitlines())
    return f"{ANNA}{lines}  expect: {expect}\n"


def outcome(facts: str = "", expect: str = "{status: not-at-risk}") -> Outcome:
    (one,) = cases_from(case(facts, expect))
    return try_case(one, PROTOCOL, VOCABULARY)


def refused(text: str) -> str:
    with pytest.raises(CasesInvalid) as fault:
        cases_from(text)
    return str(fault.value)


# The cases that ship


@pytest.mark.parametrize(
    "one", cases_from((SHIPPED / "cases.yaml").read_text("utf-8")), ids=lambda c: c.name
)
def test_a_case_that_ships_comes_out_as_it_says(one):
    assert try_case(one, PROTOCOL, VOCABULARY).differences == ()


def test_the_cases_that_ship_are_every_example_that_is_about_people():
    numbers = {
        int("".join(c for c in one.name.split()[0] if c.isdigit()))
        for one in cases_from((SHIPPED / "cases.yaml").read_text("utf-8"))
    }
    assert numbers == set(range(1, 32))


# Facts


@pytest.mark.parametrize(
    ("fact", "expect"),
    [
        ("{edss: 6.0, on: 2026-09-01}", "{met: [MSO-02 major]}"),
        ("{edss: 6.0, on: 2026-09-01, status: entered-in-error}", "{not_met: [MSO-02]}"),
        ("{bmi: 18.4, on: 2026-09-01}", "{met: [MSO-10 major]}"),
        (
            "{weight_kg: 45, on: 2026-09-01}\n{height_cm: 165, on: 2026-09-01}",
            "{met: [MSO-10 major]}",
        ),
        ("{vitamin_d: {value: 49, unit: nmol/L}, on: 2026-09-01}", "{met: [MSO-11]}"),
        ("{device: wheelchair}", "{met: [MSO-04]}"),
        ("{device: 58938008, status: inactive}", "{not_met: [MSO-04]}"),
        ("{fracture: S72.001A, on: 2026-10}", "{met: [MSO-06]}"),
        ("{fall: W01.0XXA, on: 2026-09-01}\n{fall: W01.0XXA, on: 2026-10-01}", "{met: [MSO-07]}"),
        ("{observation: 52552-7, is_true: true, on: 2026-09-01}", "{not_met: [MSO-07]}"),
        ("{observation: 72166-2, answer: 449868002, on: 2026-09-01}", "{met: [MSO-14]}"),
        ("{family: S72.001A, relative: mother}", "{met: [MSO-14]}"),
        ("{diagnosis: M81.0}", "{status: result-needs-action}"),
        ("{diagnosis: M81.0, verification: provisional}", "{not_met: [DONE-2]}"),
        ("{diagnosis: M81.0, category: visit, recorded: 2026-09-01}", "{met: [DONE-2]}"),
        ("{diagnosis: M81.0, category: none}", "{met: [DONE-2]}"),
        ("{dxa: {z_score: -1.0}, on: 2026-10-01}", "{status: satisfied}"),
        ("{dxa: {t_score: -1.0, code: 38267-1}, on: 2026-10-01}", "{status: satisfied}"),
        ("{dxa_done_without_result: true, on: 2026-10-01}", "{status: satisfied}"),
        (
            "{edss: 6.0, on: 2026-09-01}\n{order: dxa, on: 2026-10-01}",
            "{status: ordered-waiting, met: [DONE-4]}",
        ),
        (
            "{edss: 6.0, on: 2026-09-01}\n{order: 77080, on: 2026-10-01}",
            "{status: ordered-waiting}",
        ),
        (
            "{edss: 6.0, on: 2026-09-01}"
            "\n{procedure: 77080, status: not-done, because: Z53.20, on: 2026-10-01}",
            "{status: declined}",
        ),
        ("{edss: 6.0, on: 2026-07-01}\n{said_no: patient, on: 2026-10-01}", "{status: declined}"),
        (
            "{edss: 6.0, on: 2026-07-01}\n{said_no: clinician, on: 2026-10-01, until: 2026-11-22}",
            "{status: due}",
        ),
        (
            "{fhir: {resourceType: Condition, code: {coding: [{system:"
            " 'http://hl7.org/fhir/sid/icd-10-cm', code: M81.0}]}}}",
            "{met: [DONE-2]}",
        ),
        ("{refused: [Observation]}", "{status: could-not-determine, unknown: [MSO-02]}"),
        (
            "{medicine: prednisone, dose: 5 mg, route: oral, every_day_from: 2026-03-01,"
            " until: 2026-06-03, status: completed}",
            "{met: [MSO-08]}",
        ),
        (
            "{medicine: prednisone, dose: 5 mg, route: oral, every_days: 2,"
            " every_day_from: 2026-03-01, until: 2026-06-03, status: completed}",
            "{not_met: [MSO-08]}",
        ),
        (
            "{medicine: prednisone, dose: 1 mg, times_a_day: 3, route: oral,"
            " every_day_from: 2026-03-01, until: 2026-06-03, status: completed}",
            "{met: [MSO-08]}",
        ),
        (
            "{medicine: prednisone, route: oral, dose: 5 mg, as_needed: true,"
            " every_day_from: 2026-03-01, until: 2026-06-03}",
            "{unknown: [MSO-08]}",
        ),
        (
            "{medicine: prednisone, code: '8640', system: rxnorm, dose: 5 mg, route: oral,"
            " every_day_from: 2026-03-01, intent: proposal}",
            "{not_met: [MSO-08]}",
        ),
        (
            "{medicine: methylprednisolone, given_on: 2026-09-01}",
            "{unknown: [MSO-09]}",
        ),
        (
            "{medicine: prednisone, dose: 5 mg, route: oral, dispensed_on: 2026-03-01,"
            " days_supply: 120}",
            "{met: [MSO-08]}",
        ),
    ],
)
def test_a_fact_in_plain_words_becomes_what_an_ehr_holds(fact, expect):
    assert outcome(fact, expect).differences == ()


# Differences


def test_a_wrong_status_is_explained_by_what_was_found_and_how_it_was_counted():
    (difference,) = outcome("{edss: 4.5, on: 2026-09-01}", "{status: due}").differences
    assert difference.startswith("expected due, is not-at-risk: ")
    assert "MSO-03 met minor: EDSS 4.5" in difference
    assert difference.endswith("0 MAJOR of 1 needed, 1 domains (disability) of 2 needed")


def test_somebody_without_ms_is_explained_by_that():
    text = case(expect="{status: due}").replace("G35.A", "G36.0")
    (one,) = cases_from(text)
    (difference,) = try_case(one, PROTOCOL, VOCABULARY).differences
    assert "is not-in-cohort: COHORT not met: nothing of it in the chart" in difference


def test_a_wrong_finding_is_explained_by_its_evidence():
    (difference,) = outcome("{edss: 6.5, on: 2026-09-01}", "{not_met: [MSO-02]}").differences
    assert difference.startswith("expected MSO-02 not-met, is met major: EDSS 6.5")


def test_a_wrong_grade_is_a_difference():
    (difference,) = outcome("{bmi: 19, on: 2026-09-01}", "{met: [MSO-10 major]}").differences
    assert difference.startswith("expected MSO-10 met major, is met minor: ")


def test_what_was_refused_is_named():
    (difference,) = outcome("{refused: [Observation]}", "{met: [MSO-02]}").differences
    assert "is unknown: could not be read: Observation" in difference


def test_what_was_refused_is_named_in_the_status_too():
    (difference,) = outcome("{refused: [Observation]}").differences
    assert "; could not be read: Observation; " in difference


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("{due_on: 2027-01-01}", "expected due on 2027-01-01, is no day"),
        ("{urgent: true}", "expected urgent, is not"),
        ("{says: [Z-score and more]}", "expected that it says 'Z-score and more', it does not"),
        ("{reports: [EDSS]}", "expected that it reports 'EDSS', it does not"),
        ("{met: [MSO-99]}", "MSO-99 is switched off, or not a criterion of this protocol"),
    ],
)
def test_other_differences_are_said(expect, words):
    assert outcome(expect=expect).differences[0].startswith(words)


def test_no_due_date_may_be_expected():
    found = outcome("{dxa: {t_score: -0.5}, on: 2026-10-01}", "{due_on: }").differences
    assert found == ("expected due on no day, is 2031-10-01",)


def test_not_urgent_may_be_expected():
    found = outcome("{fracture: S72.001A, on: 2026-10-01}", "{urgent: false}").differences
    assert found == ("expected not urgent, is urgent",)


def test_a_case_is_tried_on_an_overlay():
    protocol, vocabulary = overlaid(
        overlay(
            "local_codes: {edss: [{system: 'https://st-elsewhere.example', code: NEU-42,"
            " display: EDSS, source: us}]}"
        ),
        packaged_document(),
        VOCABULARY,
    )
    fact = (
        "{observation: NEU-42, system: 'https://st-elsewhere.example', value: 6.5, on: 2026-09-01}"
    )
    (one,) = cases_from(case(fact, "{status: due}"))
    assert try_case(one, protocol, vocabulary).is_as_expected
    assert not try_case(one, PROTOCOL, VOCABULARY).is_as_expected


# What cannot be understood


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("{edsss: 6}", "Anna.facts[3]: is not a fact; did you mean 'edss'?"),
        ("{edss: 6, bmi: 18}", "Anna.facts[3]: is edss and bmi at once"),
        ("{edss: six, on: 2026-01-01}", "Anna.facts[3].edss: write a number, not 'six'"),
        ("{edss: 6, date: 2026-01-01}", "Anna.facts[3].date: not a name that is read here"),
        ("{edss: 6, on: last year}", "Anna.facts[3].on: write a date as YYYY-MM-DD"),
        ("{diagnosis: ABC}", "the code system of 'ABC' cannot be told; add system:"),
        ("{diagnosis: G35, category: home}", "'home' is not a choice"),
        ("{dxa: {site: total hip}, on: 2026-01-01}", "give one of t_score, z_score, bmd"),
        ("{dxa: {t_score: -1, site: heel}, on: 2026-01-01}", "give a code, or total hip"),
        ("{medicine: prednisone, dose: some}", "write an amount with a unit such as 5 mg"),
        (
            "{medicine: prednisone, given_on: 2026-01-01, every_day_from: 2026-01-01}",
            "given_on and every_day_from: write two facts",
        ),
        ("{medicine: prednisone, given_on: today}", "write a date as YYYY-MM-DD, or a list"),
        (
            "{medicine: prednisone, every_day_from: 2026-02-01, until: 2026-01-01}",
            "until: before every_day_from",
        ),
        ("{refused: [observations]}", "write FHIR resource types such as Observation"),
        ("{said_no: patient}", "Anna.facts[3].on: missing; say when"),
        ("{fhir: {id: x}}", "a FHIR resource needs a resourceType"),
        ("{}", "Anna.facts[3]: is not a fact"),
        ("{medicine: prednisone, given_on: []}", "write a date as YYYY-MM-DD, or a list"),
    ],
)
def test_a_fact_that_cannot_be_understood_names_the_case_and_the_place(fact, words):
    assert words in refused(case(fact))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write a list of cases, each beginning with '- name:', not empty"),
        ("name: Anna", "write a list of cases"),
        ("- born: 1970", "case 1.name: missing; add it"),
        ("- name: Anna\n  expect: {status: due}", "Anna.on: missing"),
        (ANNA, "Anna.expect: missing; say what must come out"),
        (case(expect="{}"), "Anna.expect: say at least a status"),
        (case(expect="{status: duee}"), "'duee' is not a choice; did you mean 'due'"),
        (case(expect="{met: [two]}"), "'two' is not a criterion such as MSO-02"),
        (case().replace("born:", "birthday:"), "Anna.birthday: not a name"),
        (case() + case(), "Anna: two cases of one name"),
        ("- name: [", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_understood_says_why(text, words):
    assert words in refused(text)
