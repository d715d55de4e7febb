"""From what the EHR says of the cohort to what the ledger keeps of it.

`service.ehr` and `service.store` never import each other; where their words about people meet is
here. A newcomer would get two things wrong. Whom to leave out is settled before anybody is read,
and at every door. And what a source could not say changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from service.ehr.cohort.members import CohortMembers, CohortRead, LeftOut, together
from service.ehr.connection import EHRConnection
from service.store.cohort_readings import SourceAnswer
from service.store.ledger import Ledger

_log = structlog.get_logger()


def read_cohort(ehr: EHRConnection, ledger: Ledger) -> CohortRead:
    """Ask every source; record numbers that were looked up before are not asked for again."""
    return ehr.cohort(ledger.cohort.identifiers())


def honour_left_out(ehr: EHRConnection, ledger: Ledger, at: datetime) -> None:
    """Let nobody be looked at whom the hospital leaves out; EHRError where that cannot be told."""
    left_out = ehr.left_out(ledger.cohort.identifiers())
    _leave_out(ledger, left_out or LeftOut(), at)


def _leave_out(ledger: Ledger, left_out: LeftOut, at: datetime) -> None:
    ledger.cohort.remember_identifiers(left_out.resolved, at)
    if left_out.ids or ledger.cohort.left_out():
        number = ledger.cohort.leave_out(left_out.ids, at)
        _log.info("people_left_out", patients=number)


def take_cohort(
    ehr: EHRConnection,
    ledger: Ledger,
    members: CohortRead | CohortMembers,
    at: datetime,
    *,
    alarm_percent: int | None,
) -> None:
    """Write a reading of the cohort down, unless it moves too much: then nobody comes or goes."""
    if isinstance(members, CohortMembers):
        honour_left_out(ehr, ledger, at)
        members = together([members], LeftOut())
    else:
        _leave_out(ledger, members.left_out, at)
    ledger.cohort.remember_identifiers(members.resolved, at)
    change = ledger.readings.take(
        [_answer(answer) for answer in members.answers], at, alarm_percent=alarm_percent
    )
    came, stayed, left = change.came, change.stayed, change.left
    if change.is_held:
        limit = alarm_percent
        _log.error("cohort_moved_too_much", limit=limit, came=came, stayed=stayed, left=left)
    elif members.is_complete:
        _log.info("cohort_read", came=came, stayed=stayed, left=left)
    else:
        states = [_answer(answer).state for answer in members.answers]
        _log.warning(
            "cohort_incomplete",
            patients=len(members.ids),
            failed=states.count("failed"),
            missing=states.count("cut short"),
        )


def _answer(members: CohortMembers) -> SourceAnswer:
    return SourceAnswer(
        members.source,
        members.ids,
        members.is_complete,
        members.problem,
        members.remarks,
        members.is_passing,
    )
