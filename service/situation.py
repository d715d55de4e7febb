"""How BoneFlag runs at this moment, and what of it needs an operator.

A newcomer would get two things wrong. What needs somebody is a short list in the order in which it
would be mended, each with what to do and the runbook that says how; an empty one is the aim. And
nobody can be told from anything here: people are numbers, and dead letters the ledger's own keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.gauges import CLOSING_WORDS
from service.going_live.leave import GoingLive, Leave
from service.standing import Standing
from service.store.approvals import Approval
from service.store.audit import Anchor
from service.store.dead_letters import DeadLetter, GivenUp
from service.store.entries import Mode, Run, RunState
from service.store.ledger import Ledger
from service.store.tallies import Tally

_LAST_RUNS = 12
_LAST_APPROVALS = 5
MOST_LETTERS = 50
WAITED_TOO_LONG = timedelta(hours=6)
"""As long as the alert rule that asks the same (deploy/prometheus/alerts.yml)."""


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for an operator: what, what to do, and the name of the runbook."""

    says: str
    do: str
    runbook: str
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """One look. `queues` is None where there is no Redis to ask; `at` is when it was taken."""

    at: datetime
    mode: Mode
    tally: Tally
    standing: Standing
    runs: Sequence[Run]
    given_up: GivenUp
    letters: Sequence[DeadLetter]
    leave: Leave
    approvals: Sequence[Approval]
    anchor: Anchor | None
    queues: Mapping[str, int] | None
    max_age: timedelta

    @property
    def answered(self) -> datetime | None:
        """When the EHR last gave an answer that was used: a poll, or a chart that was read."""
        told = (self.tally.watermarks.get("changes"), self.tally.judged_last)
        return max((t for t in told if t is not None and t <= self.at), default=None)

    @property
    def answers(self) -> bool:
        """Whether that is young enough for `/health/ready`."""
        return self.answered is not None and self.at - self.answered <= self.max_age

    @property
    def needs(self) -> tuple[Need, ...]:
        """What waits for an operator, most pressing first."""
        return tuple(_needs(self))


def people_of(run: Run) -> int:
    """How many people a run judged last, as far as its counts say."""
    return sum(number for name, number in run.counts.items() if name.startswith("status "))


def take_situation(
    ledger: Ledger,
    mode: Mode,
    protocol_digest: str,
    standing: Standing,
    queues: Mapping[str, int] | None,
    *,
    max_age: timedelta,
    on: date,
    at: datetime,
) -> Situation:
    """Look at everything; raises StoreError. `on` is the day at the hospital."""
    return Situation(
        at=at,
        mode=mode,
        tally=ledger.tallies.take(on, CLOSING_WORDS),
        standing=standing,
        runs=ledger.runs.newest(_LAST_RUNS),
        given_up=ledger.dead_letters.count(),
        letters=ledger.dead_letters.letters(MOST_LETTERS),
        leave=GoingLive(ledger, mode).leave(protocol_digest),
        approvals=ledger.approvals.newest(_LAST_APPROVALS),
        anchor=ledger.audit.newest_anchor(),
        queues=queues,
        max_age=max_age,
    )


def _needs(now: Situation) -> Iterator[Need]:
    yield from _of_audit(now)
    yield from _of_ehr(now)
    yield from _of_runs(now)
    yield from _of_what_failed(now)


def _of_audit(now: Situation) -> Iterator[Need]:
    is_cut = now.tally.audit_kept > now.tally.audit_head
    if is_cut or (now.anchor is not None and not now.anchor.holds):
        yield Need(
            "The audit does not hold: it is shorter than it was, or a row was changed",
            "Keep the database as it is, then `boneflag audit verify`",
            "audit-broken",
            is_urgent=True,
        )


def _of_ehr(now: Situation) -> Iterator[Need]:
    look, pause = now.standing.look, now.standing.pause
    if pause is not None:
        yield Need("BoneFlag is paused: nothing is read and nothing is written", "Resume", "pause")
    elif look.outage_seconds or look.is_probe_due:
        yield Need(
            "The EHR failed many times in a row and is left alone for a while",
            "Ask the EHR team; `boneflag check` says what does not work",
            "ehr-unavailable",
            is_urgent=True,
        )
    elif now.tally.in_cohort and not now.answers:
        yield Need(
            "The EHR has not given an answer that was used for too long",
            "See whether the workers run; `boneflag check` asks the EHR",
            "nobody-is-screened",
            is_urgent=True,
        )
    waiting_since = now.tally.oldest_waiting
    if pause is None and waiting_since is not None and now.at - waiting_since > WAITED_TOO_LONG:
        yield Need(
            f"{now.tally.waiting} people wait to be judged, the first for more than six hours",
            "See whether the workers run, and the queue below",
            "nobody-is-screened",
        )
    if now.tally.is_cohort_held:
        yield Need(
            "The last reading of the cohort moved too much and was not taken",
            "`boneflag cohort` shows it, `boneflag cohort --accept` takes it",
            "cohort-alarm",
        )


def _of_runs(now: Situation) -> Iterator[Need]:
    for run in now.runs:
        if run.state is RunState.HELD and run.open_plans:
            yield Need(
                f"Run {run.id} is held: {run.held_reason}",
                f"A second person looks: `boneflag release {run.id} --approver NAME`",
                "a-run-is-held",
                is_urgent=True,
            )
    if now.mode == "live" and now.leave.missing:
        yield Need(now.leave.missing, "`boneflag golive` shows what is missing", "approval-missing")


def _of_what_failed(now: Situation) -> Iterator[Need]:
    people, plans = sum(now.given_up.people.values()), sum(now.given_up.plans.values())
    if people or plans:
        yield Need(
            f"Given up: {people} people who could not be judged, {plans} changes of alerts",
            "Mend the cause, then judge them anew, below",
            "dead-letters",
        )
    if now.given_up.unknown:
        yield Need(
            f"Nobody knows whether {now.given_up.unknown} alerts arrived; they are not sent again",
            "`boneflag ledger unknown`, look in the EHR, then `boneflag ledger settle`",
            "alert-outcome-unknown",
        )
    if now.tally.open_withdrawals:
        yield Need(
            "A withdrawal of alerts is not finished",
            "`boneflag withdraw --resume`",
            "an-alert-looks-wrong",
        )
