"""What saying go would do: what would open and close, against what stands open now, by criterion.

A newcomer would get one thing wrong: this is not worked out anew. Every sweep in shadow leaves its
plans in the ledger, and the plans that a newer screening did not replace are what would be sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass

from service.screening.alert import Action, AlertPlan
from service.store.entries import OutboxPlan
from service.store.ledger import Ledger

NO_CRITERION = "no criterion is named"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Counts only. One alert counts under each of the criteria that it rests on."""

    open_now: int
    opens: int
    changes: int
    closes: int
    withdraws: int
    opens_by_criterion: dict[str, int]
    closes_by_criterion: dict[str, int]

    def sentences(self) -> list[str]:
        """What an operator reads."""
        lines = [
            f"{self.open_now} alerts of ours stand open now",
            f"{self.opens} would open, {self.changes} would change, {self.closes} would close,"
            f" {self.withdraws} would be withdrawn",
        ]
        for word, found in (("open", self.opens_by_criterion), ("close", self.closes_by_criterion)):
            lines += [
                f"  {number} of those that would {word}: {name}" for name, number in _sorted(found)
            ]
        return lines


def forecast(ledger: Ledger, protocol_digest: str, people: Set[str] | None = None) -> Forecast:
    """What the shadow plans of this protocol would do; `people` are patient keys, None is all."""
    waiting = ledger.outbox.waiting_in_shadow(protocol_digest)
    plans = [one.plan for one in waiting if people is None or one.patient_key in people]
    actions = Counter(plan.action for plan in plans)
    return Forecast(
        ledger.report.count_open_alerts(),
        actions[Action.CREATE],
        actions[Action.UPDATE],
        actions[Action.RESOLVE],
        actions[Action.WITHDRAW],
        _by_criterion(plan for plan in plans if plan.action is Action.CREATE),
        _by_criterion(plan for plan in plans if plan.action in (Action.RESOLVE, Action.WITHDRAW)),
    )


def would_be_told(plans: Iterable[OutboxPlan]) -> set[str]:
    """The keys of those about whom an alert would open."""
    return {one.patient_key for one in plans if one.plan.action is Action.CREATE}


def _by_criterion(plans: Iterable[AlertPlan]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for plan in plans:
        about = plan.alert or plan.posted
        reasons = about.reasons if about else ()
        found.update({reason.partition("|")[0] for reason in reasons} or {NO_CRITERION})
    return dict(found)


def _sorted(found: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))
