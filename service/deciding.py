"""Decisions made elsewhere than in the EHR: on the command line, on a card, on BoneFlag's page.

A newcomer would get three things wrong. Nothing is written to the EHR here: the decision goes into
the ledger, and the person is marked pending, so that the next look takes the Flag down. Saying the
same thing again changes nothing, or every press of a button would prolong a no. And only codes and
references are taken: what somebody wants to say in words belongs into the chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from service.going_live.leave import GoingLive
from service.screening.alert import AlertKind
from service.screening.decision_meaning import WRONG_DIAGNOSIS, Meaning
from service.screening.decision_span import settled
from service.screening.protocol import Protocol
from service.screening.record import Decision
from service.store.decisions import KeptDecision
from service.store.entries import Mode
from service.store.ledger import Ledger

# DecisionInvalid            what was said cannot be understood: say it otherwise
#   └── PatientUnknown       nobody with this id is known: screen them first

_BY = re.compile(
    r"(?:Practitioner|PractitionerRole|CareTeam|Organization|RelatedPerson)"
    r"/[A-Za-z0-9\-.]{1,64}|[a-z][a-z-]{1,29}"
)


class DecisionInvalid(ValueError):
    """What was said cannot be understood; the message says what to say instead."""


class PatientUnknown(DecisionInvalid):
    """Nobody with this id is known to the ledger."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a person says: a code of the protocol's table of reasons, and who they are.

    `by` is a reference such as Practitioner/7, a role in one word, or the name under which somebody
    `is_signed_in` to the pages. `until` is the first day on which the no no longer stands, and
    `done_on` the day of a scan done elsewhere; None: the protocol says how long it stands.
    """

    code: str
    by: str
    about: AlertKind = AlertKind.SCREENING
    until: date | None = None
    done_on: date | None = None
    is_signed_in: bool = False


class Deciding:
    """Takes decisions for one site."""

    def __init__(self, ledger: Ledger, protocol: Protocol, mode: Mode) -> None:
        self._ledger = ledger
        self._protocol = protocol
        self._going_live = GoingLive(ledger, mode)

    def decide(self, fhir_id: str, answer: Answer, on: date, at: datetime) -> tuple[Decision, bool]:
        """Keep a decision; the decision that stands now, and whether it is news.

        Raises DecisionInvalid, and PatientUnknown for somebody whom the ledger does not know.
        """
        _refuse_unclear(answer, self._protocol, on)
        key = self._key_of(fhir_id)
        said = self._ledger.decisions.of([key]).get(key, ())
        for decision in said:
            if _says_the_same(decision, answer, on):
                return decision, False
        decision = settled(_decision(answer, on), self._protocol)
        self._ledger.decisions.remember(key, [decision])
        self._look_again(key, at)
        return decision, True

    def take_back(
        self, fhir_id: str, about: AlertKind, on: date, at: datetime, by: str = ""
    ) -> int:
        """Take back every no to this kind of alert, and a wrong diagnosis; how many stood.

        One that a Task or a Flag in the EHR still says is read from there again. `by` is who
        answers for it, "" for the account of this process.
        """
        key = self._key_of(fhir_id)
        standing = standing_noes(self._ledger.decisions.of([key]).get(key, ()), about, on)
        count = self._ledger.decisions.take_back(key, standing, at, by)
        if count:
            self._look_again(key, at)
        return count

    def told(self, fhir_id: str) -> tuple[KeptDecision, ...]:
        """Everything that was ever decided about a person, as far as the ledger has seen it."""
        key = self._key_of(fhir_id)
        return self._ledger.decisions.kept([key]).get(key, ())

    def _key_of(self, fhir_id: str) -> str:
        key = self._ledger.cohort.keys_of([fhir_id]).get(fhir_id)
        if key is None:
            raise PatientUnknown(
                "nobody with this id is known here: screen them first with `boneflag screen`"
            )
        return key

    def _look_again(self, key: str, at: datetime) -> None:
        """Somebody whom the hospital leaves out is not looked at, whatever is decided."""
        run = self._going_live.open_run("screen", self._protocol.digest, at)
        if self._ledger.cohort.fhir_ids_of([key]):
            self._ledger.pending.mark(run, [key], at)
        self._ledger.runs.finish_reading(run)


def standing_noes(said: Iterable[Decision], about: AlertKind, on: date) -> list[Decision]:
    """What stands on a day against one kind of alert; a wrong diagnosis stands against both."""
    return [
        d
        for d in said
        if (d.about == about or d.code == WRONG_DIAGNOSIS) and d.made_on <= on < d.until
    ]


def _decision(answer: Answer, on: date) -> Decision:
    return Decision(
        kind="snoozed",
        made_on=on,
        until=on,
        reason=answer.code,
        about=answer.about,
        code=answer.code,
        decided_by=answer.by,
        given_until=answer.until,
        done_on=answer.done_on,
    )


def _says_the_same(decision: Decision, answer: Answer, on: date) -> bool:
    """Whether it was said already and still stands; a day that is given must be the same one."""
    is_same = (
        decision.source is None
        and (decision.about, decision.code) == (answer.about, answer.code)
        and decision.decided_by == answer.by
        and decision.made_on <= on < decision.until
    )
    return is_same and answer.done_on is None and answer.until in (None, decision.until)


def _refuse_unclear(answer: Answer, protocol: Protocol, on: date) -> None:
    meaning = protocol.reasons.get(answer.code)
    if meaning is None:
        raise DecisionInvalid(
            f"{answer.code!r} is no reason of the protocol; one of: {', '.join(protocol.reasons)}"
        )
    if not answer.is_signed_in and not _BY.fullmatch(answer.by):
        raise DecisionInvalid(
            "who decided is a reference such as Practitioner/7 or a role in one word such as"
            " neurologist: no name and no sentence"
        )
    if answer.until is not None and answer.until <= on:
        raise DecisionInvalid("the day until which it stands has passed: give one after today")
    if answer.until is not None and meaning is Meaning.WRONG_DIAGNOSIS:
        raise DecisionInvalid("a wrong diagnosis has no end by date: leave the day out")
    if answer.done_on is not None and meaning is not Meaning.DONE_ELSEWHERE:
        raise DecisionInvalid("the day of a scan goes with the reason action-completed only")
    if answer.done_on is not None and answer.done_on > on:
        raise DecisionInvalid("the day of the scan lies ahead: give the day on which it was done")
