"""What would change the answer: with time alone, and with one more fact.

A newcomer would get one thing wrong: "if nothing changes" is not a guess. The same record is judged
on later days with the same protocol, so that everything that moves by itself is in it: intervals
and windows that end, birthdays, a no that lapses, an order that grows old.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.screening.assess import Assessment, Status, assess
from service.screening.criterion import Finding, Role, Verdict
from service.screening.dates import add_months
from service.screening.decision import BY_HOSPITAL
from service.screening.decision_meaning import WRONG_DIAGNOSIS
from service.screening.protocol import Protocol
from service.screening.record import REQUIRED_TYPES, PatientRecord

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """A day on which the status becomes another if nothing is written in the chart before.

    `because` are the numbers of the criteria whose verdict or grade is another than the day before.
    """

    on: date
    status: Status
    because: tuple[str, ...]


def coming_changes(
    record: PatientRecord, protocol: Protocol, assessment: Assessment, months: int = 61
) -> tuple[Change, ...]:
    """Every change of status within so many months after the assessment, in order.

    The chart is judged once a month, and by halving where a month brings a change; a status that
    comes and goes within one month is passed over.
    """
    found: list[Change] = []
    before = assessment
    for month in range(1, months + 1):
        later = assess(record, protocol, add_months(assessment.on, month))
        while later.status is not before.status:
            before, after = _turn(record, protocol, before, later)
            found.append(Change(after.on, after.status, _differing(before, after)))
            before = after
        before = later
    return tuple(found)


def _turn(
    record: PatientRecord, protocol: Protocol, before: Assessment, later: Assessment
) -> tuple[Assessment, Assessment]:
    """The last day with the status of `before`, and the next day, by halving."""
    while later.on - before.on > _ONE_DAY:
        middle = assess(record, protocol, before.on + (later.on - before.on) // 2)
        if middle.status is before.status:
            before = middle
        else:
            later = middle
    return before, later


def _differing(before: Assessment, after: Assessment) -> tuple[str, ...]:
    was = {f.number: (f.verdict, f.grade) for f in before.findings}
    return tuple(f.number for f in after.findings if was[f.number] != (f.verdict, f.grade))


def what_would_change(assessment: Assessment) -> tuple[str, ...]:
    """Sentences for a clinical lead: which further fact would lead to another status."""
    if assessment.status in _ALWAYS:
        return _ALWAYS[assessment.status]
    return tuple(_SENTENCES[assessment.status](assessment))


def _at_no_risk(assessment: Assessment) -> Iterator[str]:
    weighing = assessment.weighing
    majors = weighing.majors_needed - weighing.majors
    domains = weighing.domains_needed - len(weighing.domains)
    seen = ", ".join(sorted(weighing.domains))
    other = f" from another domain than {seen}" if seen else ""
    if domains == 1:
        yield f"One more MINOR criterion{other} would make it due."
    else:
        yield f"{domains} MINOR criteria{other}, each from another domain, would make it due."
    yield f"{'One MAJOR criterion' if majors == 1 else f'{majors} MAJOR criteria'} would do so too."
    for finding in assessment.risk_factors:
        if finding.verdict is Verdict.UNKNOWN:
            alone = weighing.with_also([(finding.domain, finding.grade)]).is_reached
            if alone:
                yield f"{_name(finding)} is unknown; if it were met, it would be due."


def _is_due(assessment: Assessment) -> Iterator[str]:
    yield "A central DXA, a therapy on file, or an active order would end or change the alert."
    met = [f for f in assessment.risk_factors if f.is_met]
    for finding in met:
        rest = [f for f in met if f is not finding]
        if not _is_reached_with(assessment, rest):
            yield f"Without {_name(finding)} it would not be due."


def _is_reached_with(assessment: Assessment, findings: list[Finding]) -> bool:
    weighing = assessment.weighing
    majors = sum(f.grade == "major" for f in findings)
    domains = {f.domain for f in findings}
    return majors >= weighing.majors_needed or len(domains) >= weighing.domains_needed


def _is_unknown(assessment: Assessment) -> Iterator[str]:
    for name in sorted(assessment.unread & REQUIRED_TYPES):
        yield f"{name} could not be read: nobody is told anything until it can be."
    needed = {t for f in assessment.findings if _may_stop(f) for t in f.missing}
    for name in sorted(needed & assessment.withheld - REQUIRED_TYPES):
        yield f"{name} was withheld of this person: what it says may speak against an alert."
    for finding in assessment.findings:
        if finding.role is not Role.RISK_FACTOR and finding.is_unclear:
            yield f"{_name(finding)} must be clear first; its evidence says what is not."
        if finding.criterion == "data-gap" and finding.is_met:
            yield "Any usable record of EDSS or mobility, BMI, fractures or medicines would help."
    if any("age not known" in e.statement for f in assessment.findings for e in f.evidence):
        yield "A birth date is needed."


def _may_stop(finding: Finding) -> bool:
    return finding.role is not Role.RISK_FACTOR and not finding.is_met


def _is_excluded(assessment: Assessment) -> Iterator[str]:
    for finding in assessment.findings:
        if finding.role is Role.EXCLUSION and finding.is_met:
            yield f"{_name(finding)} excludes; without it the risk factors would be weighed."


def _is_satisfied(assessment: Assessment) -> Iterator[str]:
    if assessment.due_on is not None:
        yield (
            f"The interval of the last central DXA ends on {assessment.due_on}; a new risk factor"
            " may end it earlier."
        )
    else:
        yield "When no therapy is on file in its window any more, the treatment gap opens."


def _was_refused(assessment: Assessment) -> Iterator[str]:
    decision = assessment.decision
    if decision is None:
        # The ledger's last assessment does not keep by which decision it was.
        yield "The decision stands until it lapses or is broken through."
    elif decision.code == BY_HOSPITAL:
        yield f"The withdrawal of {decision.made_on} stands until the hospital takes it back."
    elif decision.code == WRONG_DIAGNOSIS:
        yield f"The decision of {decision.made_on} stands until it is taken back."
        yield "A new confirmed diagnosis of MS, recorded on a later day, ends it."
    else:
        yield f"The decision of {decision.made_on} stands until it lapses."
        yield "A new low-trauma fracture, or a break-through criterion that becomes true, ends it."


# Where one sentence says it for everybody.
_ALWAYS: dict[Status, tuple[str, ...]] = {
    Status.ERROR: ("The chart could not be judged at all; the run's log says what kind of fault.",),
    Status.NOT_IN_COHORT: ("A confirmed diagnosis of MS would bring the person into the cohort.",),
    Status.RESULT_NEEDS_ACTION: ("A therapy on file would close the treatment gap.",),
    Status.ORDERED_WAITING: (
        "A result would satisfy it; an order that grows old without one makes it due again.",
    ),
}
_SENTENCES: dict[Status, Callable[[Assessment], Iterator[str]]] = {
    Status.EXCLUDED: _is_excluded,
    Status.DECLINED: _was_refused,
    Status.SNOOZED: _was_refused,
    Status.SATISFIED: _is_satisfied,
    Status.DUE_SOON: _is_satisfied,
    Status.COULD_NOT_DETERMINE: _is_unknown,
    Status.DUE: _is_due,
    Status.NOT_AT_RISK: _at_no_risk,
}


def _name(finding: Finding) -> str:
    return f"{finding.number} ({finding.title})"
