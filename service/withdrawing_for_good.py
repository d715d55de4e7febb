"""What keeps the next sweep from telling again what the hospital has just taken back.

A newcomer would get two things wrong. It is done *before* anything is taken back, so that a process
which is killed in between leaves a hospital that is quiet, and not one that talks on. And a
decision is made on the hospital's day: by that of UTC it would stand from tomorrow on, on an
evening west of Greenwich, and the next look of that evening would tell the alert again.
"""

from __future__ import annotations

from datetime import date, datetime

from service.screening.alert import AlertKind
from service.screening.decision import BY_HOSPITAL
from service.screening.record import NO_END, Decision
from service.store.ledger import Ledger
from service.store.selected_alerts import Selection
from service.store.withdrawals import WITHDRAWN_BY_HOSPITAL


def keep_quiet(ledger: Ledger, selection: Selection, by: str, at: datetime, on: date) -> str:
    """Leave a decision about one person, or end the approval; what was done, in a sentence.

    `on` is the day of `at` at the hospital.
    """
    if selection.patient_key is not None:
        said = [
            Decision(
                "declined",
                on,
                NO_END,
                WITHDRAWN_BY_HOSPITAL,
                about=kind,
                code=BY_HOSPITAL,
                decided_by=by,
            )
            for kind in AlertKind
        ]
        ledger.decisions.remember(selection.patient_key, said)
        return "a decision of the hospital stands about this person until it is taken back"
    if ledger.approvals.end(WITHDRAWN_BY_HOSPITAL, at):
        return (
            "the approval of going live has ended: nothing is told again before `boneflag golive`"
        )
    return "nobody has approved going live: nothing is told again before `boneflag golive`"
