"""Cases: invented people with what is expected of them, written by clinicians in plain YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.protocol_bench.fhir_facts import Resource, day_text, resources_of
from service.screening.assess import Status
from service.screening.dates import add_months
from service.screening.plain_yaml import Misread, Table, kind_of, read_yaml
from service.screening.record import Decision

CASE_NAMES = ("name", "about", "born", "sex", "on", "deceased", "active", "facts", "expect")
EXPECT_NAMES = ("status", "met", "not_met", "unknown", "due_on", "says", "reports", "urgent")
_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_FINDING = re.compile(r"([A-Z]+-?\d*)(?: (major|minor))?")
_SEXES = ("female", "male", "other", "unknown")


class CasesInvalid(ValueError):
    """The cases cannot be understood; the message names the case and the place."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case says must come out; None and empty are not compared.

    `verdicts` maps a criterion's number to met, not-met or unknown, and the grade if one is given.
    """

    status: Status | None
    verdicts: Mapping[str, tuple[str, str]]
    due_on: date | None
    has_due_on: bool
    says: tuple[str, ...]
    reports: tuple[str, ...]
    is_urgent: bool | None


@dataclass(frozen=True, slots=True)
class Case:
    """One invented person on one day."""

    name: str
    on: date
    resources: tuple[Resource, ...]
    refused: tuple[str, ...]
    decisions: tuple[Decision, ...]
    expected: Expected


def cases_from(text: str) -> tuple[Case, ...]:
    """Read a file of cases; CasesInvalid says which case cannot be understood."""
    try:
        cases = tuple(_named(item, place) for place, item in enumerate(_listed(text), 1))
    except Misread as fault:
        raise CasesInvalid(str(fault)) from None
    names = [case.name for case in cases]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise CasesInvalid(f"{', '.join(repeated)}: two cases of one name; rename one")
    return cases


def _listed(text: str) -> list[Any]:
    document = read_yaml(text)
    if isinstance(document, list) and document:
        return document
    what = kind_of(document)
    raise Misread(f"write a list of cases, each beginning with '- name:', not {what}")


def _named(item: object, place: int) -> Case:
    table = Table(item, f"case {place}")
    name = table.needed("name", longest=120)
    return _case(name, Table(item, name))


def _case(name: str, table: Table) -> Case:
    table.only(CASE_NAMES)
    on = table.day("on")
    if on is None:
        raise Misread(f"{table.at('on')}: missing; say on which day the person is judged")
    resources: list[Resource] = [_patient(table)]
    refused: list[str] = []
    decisions: list[Decision] = []
    for fact in table.table_list("facts"):
        if fact.has("refused"):
            refused += _refused(fact)
        elif fact.has("said_no"):
            decisions.append(_said_no(fact))
        else:
            resources += resources_of(fact)
    if not table.has("expect"):
        raise Misread(f"{table.at('expect')}: missing; say what must come out")
    return Case(
        name,
        on,
        tuple(resources),
        tuple(refused),
        tuple(decisions),
        _expected(table.table("expect")),
    )


def _patient(table: Table) -> Resource:
    found: dict[str, Any] = {"resourceType": "Patient", "id": "person"}
    born = day_text(table, "born")
    found |= {"birthDate": born} if born else {}
    sex = table.choice("sex", _SEXES)
    found |= {"gender": sex} if sex else {}
    deceased, active = table.truth("deceased"), table.truth("active")
    found |= {"deceasedBoolean": deceased} if deceased is not None else {}
    return found | ({"active": active} if active is not None else {})


def _refused(fact: Table) -> list[str]:
    """The resource types that the EHR would not show."""
    fact.only(("refused",))
    types = fact.items("refused")
    for name in types:
        if not isinstance(name, str) or not _TYPE.fullmatch(name):
            raise Misread(f"{fact.at('refused')}: write FHIR resource types such as Observation")
    return types


def _said_no(fact: Table) -> Decision:
    """A person's no to an earlier alert; without `until` it stands for a year (3.5)."""
    fact.only(("said_no", "on", "until"))
    who = fact.choice("said_no", ("patient", "clinician"))
    on = fact.day("on")
    if on is None:
        raise Misread(f"{fact.at('on')}: missing; say when")
    until = fact.day("until") or add_months(on, 12)
    kind = "declined" if who == "patient" else "snoozed"
    return Decision(kind, on, until, f"said by the {who}")  # type: ignore[arg-type] # one of the two


def _expected(table: Table) -> Expected:
    table.only(EXPECT_NAMES)
    if not table.value:
        raise Misread(f"{table.path}: say at least a status")
    status = table.choice("status", list(Status))
    return Expected(
        status=Status(status) if status else None,
        verdicts={
            number: (verdict, grade)
            for name, verdict in (("met", "met"), ("not_met", "not-met"), ("unknown", "unknown"))
            for number, grade in _numbers(table, name)
        },
        due_on=table.day("due_on"),
        has_due_on="due_on" in table.value,
        says=tuple(str(words) for words in table.items("says")),
        reports=tuple(str(words) for words in table.items("reports")),
        is_urgent=table.truth("urgent"),
    )


def _numbers(table: Table, name: str) -> list[tuple[str, str]]:
    found = []
    for item in table.items(name):
        match = _FINDING.fullmatch(str(item))
        if match is None:
            raise Misread(f"{table.at(name)}: {item!r} is not a criterion such as MSO-02")
        found.append((match[1], match[2] or ""))
    return found
