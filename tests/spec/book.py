"""How the book of specifications is written, and how each case is judged.

A spec has a title, a sentence and a table of cases. A case says in words who comes, gives the
chart as FHIR JSON, and says what is expected. The chart runs through the real parser and the real
packaged protocol on one fixed day, as `boneflag explain` does; nothing is faked.
`scripts/print_criteria.py` prints the same tables into docs/criteria.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from service.ehr.alert_history import alert_history
from service.ehr.bundle_file import read_bundle
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.parse import RecordParser
from service.explain_file import explain_file, thought_json
from service.explanation import Outlook
from service.screening.protocol import Protocol, packaged_protocol
from service.screening.record import ResourceRef
from service.screening.value_sets import packaged_vocabulary
from service.thought import Thought, think
from tests.lib.patients import Code, Resource, concept, edss, file_of, ms, woman

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SITE = "spec"

# A woman of 40 with relapsing MS whom nothing else in her chart makes due.
MARA = (woman(born="1986-06-01"), ms(), edss(2.0, on="2026-03-01"))
MARA_IN_WORDS = "Mara: a woman of 40 with confirmed relapsing MS and EDSS 2.0, nothing else"


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a table: who comes, with which chart, and what is expected.

    `finds` maps criterion numbers to "met", "not-met" or "unknown", for met risk factors with the
    grade: "met major". `says` are words that the evidence must hold; `reports` words of a reported
    problem. `unread` are types that nobody can read here, `withheld` those that are read of others.
    Expectations that are left out are not asserted.
    """

    who: str
    chart: tuple[Resource, ...]
    status: str = ""
    finds: Mapping[str, str] = field(default_factory=dict)
    plan: str = ""
    gap: str | None = ""
    writes: str | None = ""
    due_on: str | None = ""
    priority: str = ""
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    example: str = ""

    @property
    def expected(self) -> str:
        """The expectations in words."""
        parts = [f"{number} {verdict}" for number, verdict in self.finds.items()]
        parts += [f"**{self.status}**"] if self.status else []
        if self.due_on != "":
            parts.append(f"due on {self.due_on}" if self.due_on else "no due date")
        parts += [f"alert: {self.plan}"] if self.plan else []
        if self.gap != "":
            parts.append(f"treatment gap: {self.gap}" if self.gap else "no treatment gap")
        parts += [f"writes {self.writes or 'nothing'}"] if self.writes != "" else []
        parts += [f"{self.priority} priority"] if self.priority else []
        parts += [f"says “{words}”" for words in self.says]
        parts += [f"does not say “{words}”" for words in self.says_not]
        parts += [f"reports “{words}”" for words in self.reports]
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Spec:
    """A table of cases under a title; `about` names the criteria whose chapter it stands in."""

    title: str
    sentence: str
    about: str
    cases: tuple[Case, ...]


def every_spec() -> list[Spec]:
    """Every table of the book, in the order of its files."""
    folder = Path(__file__).parent / "criteria"
    names = sorted(path.stem for path in folder.glob("test_*.py"))
    return [s for name in names for s in import_module(f"tests.spec.criteria.{name}").SPECS]


def case(who: str, *chart: Any, **expected: Any) -> Case:
    """A case; charts may be given in pieces, and pieces within pieces."""
    return Case(who, tuple(_flat(chart)), **expected)


def _flat(pieces: Any) -> Iterator[Resource]:
    for piece in pieces:
        yield from [piece] if isinstance(piece, dict) else _flat(piece)


def explain(
    *chart: Resource,
    unread: Sequence[str] = (),
    withheld: Sequence[str] = (),
    on: date = TODAY,
    at: datetime = AT,
) -> dict[str, Any]:
    """What `boneflag explain --json` says about a chart, with resource types that were refused."""
    return explain_bytes(file_of(*chart), unread=unread, withheld=withheld, on=on, at=at)


def explain_bytes(
    raw: bytes,
    *,
    unread: Sequence[str] = (),
    withheld: Sequence[str] = (),
    on: date = TODAY,
    at: datetime = AT,
) -> dict[str, Any]:
    """The same for the bytes of a file."""
    vocabulary = packaged_vocabulary()
    protocol = packaged_protocol(vocabulary)
    if unread or withheld:
        thought, resources = _thought_without(raw, unread, withheld, on)
        return thought_json(thought, Delivery(), resources, at, Outlook())
    return explain_file(
        raw, protocol, vocabulary, Delivery(), site=SITE, on=on, at=at, looks_ahead=False
    )[1]


def thought_about(
    *chart: Resource, unread: Sequence[str] = (), withheld: Sequence[str] = ()
) -> tuple[Thought, Protocol]:
    """What the line thinks about a chart, and the protocol that it thinks by."""
    protocol = packaged_protocol(packaged_vocabulary())
    return _thought_without(file_of(*chart), unread, withheld, TODAY)[0], protocol


def _thought_without(
    raw: bytes, unread: Sequence[str], withheld: Sequence[str], on: date
) -> tuple[Thought, Mapping[str, Any]]:
    """What the line thinks where some resource types were refused."""
    vocabulary = packaged_vocabulary()
    protocol = packaged_protocol(vocabulary)
    chart = read_bundle(raw)
    lacking = {*unread, *withheld}
    record = RecordParser(vocabulary).record(
        chart.patient_id,
        {t: r for t, r in chart.resources.items() if t not in lacking},
        chart.medications,
        unread=lacking,
        reported=chart.problems,
    )
    record = replace(record, withheld=frozenset(withheld))
    alerts = alert_history(
        ResourceRef("Patient", chart.patient_id),
        [dict(r) for t in ("Flag", "Task") for r in chart.resources.get(t, ())],
        snooze_months=int(protocol.policies["decision"]["snooze_months"]),
    )
    return think(record, alerts, protocol, on, site=SITE), chart.resources


def found(answer: Mapping[str, Any]) -> dict[str, str]:
    """The verdict of each criterion by number, for met risk factors with the grade."""
    verdicts = {}
    for finding in answer["findings"]:
        met = finding["verdict"] == "met" and finding["grade"]
        verdicts[finding["number"]] = f"met {finding['grade']}" if met else finding["verdict"]
    return verdicts


def written(answer: Mapping[str, Any]) -> str | None:
    """The resources that would be written with their statuses, None for nothing."""
    found = (f"{r['resourceType']} {r['status']}" for r in answer["resources"])
    return ", ".join(sorted(found)) or None


def told(
    *chart: Resource,
    on: str,
    flag: str = "active",
    task: str = "requested",
    changed: str,
    because: Code | None = None,
) -> tuple[Resource, ...]:
    """The Flag and Task that BoneFlag posted about a chart on a day, and what people made of them.

    `flag` and `task` are their statuses now, `changed` is the day of the last change, `because` the
    code that a person gave for it.
    """
    day = date.fromisoformat(on)
    posted = explain(*chart, on=day, at=datetime(day.year, day.month, day.day, 8, 0, tzinfo=UTC))
    meta = {"versionId": "2", "lastUpdated": f"{changed}T10:00:00Z"}
    statuses = {"Flag": flag, "Task": task}
    pair = []
    for resource in posted["resources"]:
        kind = resource["resourceType"]
        pair.append({**resource, "id": kind.lower(), "status": statuses[kind], "meta": meta})
    if because:
        pair[-1]["statusReason"] = concept(because)
    if not pair:
        raise ValueError("nothing was due on that day: the case tells no story")
    return tuple(pair)


def shown(case: Case) -> dict[str, Any]:
    """What was found for a case, only as far as the case expects something."""
    return shown_in(explain(*case.chart, unread=case.unread, withheld=case.withheld), case)


def shown_in(answer: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """The same in an answer that came another way, such as through an EHR."""
    verdicts = found(answer)
    shown: dict[str, Any] = {"finds": {n: verdicts[n] for n in case.finds}}
    if case.status:
        shown["status"] = answer["status"]
    if case.plan:
        shown["plan"] = answer["plan"]["action"]
    if case.gap != "":
        shown["gap"] = answer["gap_plan"] and answer["gap_plan"]["action"]
    if case.due_on != "":
        shown["due_on"] = answer["due_on"]
    if case.writes != "":
        shown["writes"] = written(answer)
    if case.priority:
        shown["priority"] = next(r["priority"] for r in answer["resources"] if "priority" in r)
    said = "\n".join(
        e["statement"]
        for f in answer["findings"]
        if not case.finds or f["number"] in case.finds
        for e in f["evidence"]
    )
    problems = "\n".join(p["problem"] for p in answer["reported"])
    shown["unsaid"] = [words for words in case.says if words not in said]
    shown["said"] = [words for words in case.says_not if words in said]
    shown["unreported"] = [words for words in case.reports if words not in problems]
    return shown


def wanted(case: Case) -> dict[str, Any]:
    """What a case expects, in the form of `shown`."""
    wanted: dict[str, Any] = {"finds": dict(case.finds), "unsaid": [], "said": []}
    wanted["unreported"] = []
    if case.priority:
        wanted["priority"] = case.priority
    if case.status:
        wanted["status"] = case.status
    if case.plan:
        wanted["plan"] = case.plan
    if case.gap != "":
        wanted["gap"] = case.gap
    if case.due_on != "":
        wanted["due_on"] = case.due_on
    if case.writes != "":
        wanted["writes"] = case.writes
    return wanted


def holds(specs: Sequence[Spec]) -> Callable[[Case], None]:
    """A test that every case of these specs holds."""
    cases = [
        pytest.param(c, id=f"{spec.title}: {c.who}".replace("[", "(").replace("]", ")"))
        for spec in specs
        for c in spec.cases
    ]

    @pytest.mark.parametrize("case", cases)
    def test_the_case_holds(case: Case) -> None:
        assert shown(case) == wanted(case)

    return test_the_case_holds
