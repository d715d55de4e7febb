"""What was given up: people who could not be judged, and plans that could not be carried out.

A newcomer would get two things wrong. A dead letter holds its reason and its key and nothing else:
the payload of a plan is emptied when it fails. And it is no graveyard: whoever is judged anew, by
the next sweep or because somebody asked for it, is given up no longer, and their plan is made anew
from what the EHR shows then; a failed request is never sent a second time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.store.acts import Act
from service.store.audit import append
from service.store.database import Database
from service.store.entries import EntryState
from service.store.pending import mark_pending
from service.store.tables import ALERTS, LATEST_ASSESSMENTS, PATIENTS, PENDING, PLANS, RUNS


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Dead letters by number: people by problem, plans by what they would do and the problem.

    `unknown` plans have an outcome that nobody knows: they are not among `plans`, because judging
    the person anew would not find out.
    """

    people: Mapping[str, int]
    plans: Mapping[tuple[str, str], int]
    unknown: int


@dataclass(frozen=True, slots=True, repr=False)
class DeadLetter:
    """Whom it is about, by the key alone, and why; `action` "" for a person who was not judged."""

    patient_key: str
    problem: str
    run_id: int
    action: str = ""


class DeadLetters:
    """The people and plans that were given up and have not been looked at since."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, run_id: int | None = None) -> GivenUp:
        """How many there are and why, of one run or of all."""
        people = _people(PENDING.c.last_problem, sa.func.count(), run_id=run_id)
        plans = _plans(PLANS.c.action, PLANS.c.last_problem, sa.func.count(), run_id=run_id)
        unknown = _plans(sa.func.count(), run_id=run_id, is_unknown=True)
        with self._database.reading() as connection:
            by_problem = people.group_by(PENDING.c.last_problem)
            by_action = plans.group_by(PLANS.c.action, PLANS.c.last_problem)
            return GivenUp(
                {row[0]: row[1] for row in connection.execute(by_problem)},
                {(action, why): number for action, why, number in connection.execute(by_action)},
                int(connection.scalar(unknown) or 0),
            )

    def people(self, run_id: int | None = None) -> list[str]:
        """The keys of those who were given up."""
        return self._keys(_people(PENDING.c.patient_key, run_id=run_id))

    def people_of_plans(self, run_id: int | None = None) -> list[str]:
        """The keys of those about whom a plan failed."""
        return self._keys(_plans(PLANS.c.patient_key, run_id=run_id).distinct())

    def letters(self, limit: int) -> list[DeadLetter]:
        """The newest ones, people before plans, those of unknown outcome left out."""
        people = _people(
            PENDING.c.patient_key, PENDING.c.last_problem, PENDING.c.run_id, run_id=None
        ).order_by(PENDING.c.run_id.desc(), PENDING.c.patient_key)
        plans = _plans(
            PLANS.c.patient_key, PLANS.c.last_problem, PLANS.c.run_id, PLANS.c.action, run_id=None
        ).order_by(PLANS.c.id.desc())
        with self._database.reading() as connection:
            rows = connection.execute(people.limit(limit)).all()
            found = [DeadLetter(*row) for row in rows]
            rows = connection.execute(plans.limit(limit - len(found))).all()
            return found + [DeadLetter(*row) for row in rows]

    def make_due(
        self, run_id: int, patient_keys: Collection[str], at: datetime, by: str = ""
    ) -> None:
        """Let a run that is open wait for these people and for nobody else.

        `by` is who answers for it, "" for the account of this process.
        """
        with self._database.writing() as connection:
            mark_pending(connection, run_id, patient_keys, at)
            of_run = sa.update(RUNS).where(RUNS.c.id == run_id)
            connection.execute(of_run.values(is_reading_done=True))
            act = Act("retry", run_id=run_id, detail=f"people: {len(patient_keys)}", by=by)
            append(connection, [act], at)

    def _keys(self, query: sa.Select[Any]) -> list[str]:
        with self._database.reading() as connection:
            return sorted(connection.scalars(query))


def count_people_given_up() -> sa.Select[Any]:
    """How many people are given up, for whoever counts inside a transaction of theirs."""
    return _people(sa.func.count(), run_id=None)


def count_plans_given_up(*, is_unknown: bool) -> sa.Select[Any]:
    """The same of plans: those whose outcome nobody knows, or the others."""
    return _plans(sa.func.count(), run_id=None, is_unknown=is_unknown)


_IS_SOMEBODY = sa.and_(PATIENTS.c.merged_into.is_(None), ~PATIENTS.c.is_left_out)


def _people(*columns: Any, run_id: int | None) -> sa.Select[Any]:
    query = (
        sa.select(*columns)
        .select_from(PENDING.join(PATIENTS, PATIENTS.c.key == PENDING.c.patient_key))
        .where(PENDING.c.is_given_up, _IS_SOMEBODY)
    )
    return query if run_id is None else query.where(PENDING.c.run_id == run_id)


def _plans(*columns: Any, run_id: int | None, is_unknown: bool = False) -> sa.Select[Any]:
    """Failed plans about people whom no newer run has judged, or will judge by itself."""
    judged = sa.exists().where(
        LATEST_ASSESSMENTS.c.patient_key == PLANS.c.patient_key,
        LATEST_ASSESSMENTS.c.run_id > PLANS.c.run_id,
    )
    waits = sa.exists().where(
        PENDING.c.patient_key == PLANS.c.patient_key,
        PENDING.c.run_id > PLANS.c.run_id,
        ~PENDING.c.is_given_up,
    )
    unknown = sa.exists().where(
        ALERTS.c.key == PLANS.c.alert_key, ALERTS.c.state == EntryState.UNKNOWN
    )
    query = (
        sa.select(*columns)
        .select_from(PLANS.join(PATIENTS, PATIENTS.c.key == PLANS.c.patient_key))
        .where(PLANS.c.state == "failed", _IS_SOMEBODY, ~judged, ~waits)
        .where(unknown if is_unknown else ~unknown)
    )
    return query if run_id is None else query.where(PLANS.c.run_id == run_id)
