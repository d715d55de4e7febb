"""What two protocols say about one person: now, and on the first of each coming month.

Pure: the same charts, protocols and day give the same answer. "If nothing changes" means that no
record is added: birthdays come, intervals end, a no lapses, an order and old findings grow old. A
newcomer would get one thing wrong: somebody who waits for a scan that was ordered has a slot, so
they become due to nobody when the order lapses here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from service.measure import age_band
from service.screening.assess import Assessment, Status
from service.screening.criterion import Finding, Verdict
from service.screening.dates import add_months
from service.screening.person import youngest_age
from service.screening.record import PatientRecord

MONTHS_AHEAD = 12
NO_CRITERION = "decision rule or interval"
"""What made the difference where no single criterion did."""

Judge = Callable[[date], Assessment]
"""One person by one protocol on a day."""
_NEEDS_NO_LOOK_AHEAD = (Status.DUE, Status.ORDERED_WAITING, Status.NOT_IN_COHORT)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands by one protocol; `due_in` is the month (0 is the next), or None."""

    status: Status
    due_in: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """Both protocols on one person.

    `differing` are the numbers of the criteria that are met by one protocol alone, or in another
    grade. `opens` is how many alerts would open now by today's protocol, and by the changed one.
    `unread` are the types of resources that were refused or cut short for this person.
    """

    patient_id: str
    sex: str
    age_band: str
    today: Standing
    changed: Standing
    differing: tuple[str, ...]
    opens: tuple[int, int]
    unread: frozenset[str] = frozenset()

    @property
    def is_newly_due(self) -> bool:
        """Due by the changed protocol alone."""
        return self.changed.status is Status.DUE and self.today.status is not Status.DUE

    @property
    def is_no_longer_due(self) -> bool:
        """Due by today's protocol alone."""
        return self.today.status is Status.DUE and self.changed.status is not Status.DUE


def outcome(
    record: PatientRecord, today: Judge, changed: Judge, on: date, opens: tuple[int, int]
) -> Outcome:
    """Judge one person by both protocols; `record` gives sex and age."""
    before, after = today(on), changed(on)
    return Outcome(
        patient_id=record.patient.id,
        sex=record.sex,
        age_band=age_band(youngest_age(record, on)),
        today=Standing(before.status, _due_in(before.status, today, on)),
        changed=Standing(after.status, _due_in(after.status, changed, on)),
        differing=_differing(before, after),
        opens=opens,
        unread=before.unread | after.unread,
    )


def months_ahead(on: date) -> tuple[date, ...]:
    """The first days of the coming twelve months; on the first of a month, the next one's first."""
    first = on.replace(day=1)
    return tuple(add_months(first, month) for month in range(1, MONTHS_AHEAD + 1))


def _due_in(status: Status, judge: Judge, on: date) -> int | None:
    if status in _NEEDS_NO_LOOK_AHEAD:
        return None
    for month, day in enumerate(months_ahead(on)):
        if judge(day).status is Status.DUE:
            return month
    return None


def _differing(before: Assessment, after: Assessment) -> tuple[str, ...]:
    one = {finding.number: _weight(finding) for finding in before.findings}
    other = {finding.number: _weight(finding) for finding in after.findings}
    return tuple(n for n in sorted(one | other) if one.get(n) != other.get(n))


def _weight(finding: Finding) -> str | None:
    """What a finding adds; None where it is not met. A criterion that is off adds as little."""
    if finding.verdict is not Verdict.MET:
        return None
    return str(finding.grade)
