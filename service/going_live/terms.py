"""Whether somebody may say go now: each reason against it is a sentence.

A newcomer would get two things wrong. The approver is compared with whoever wrote the protocol, not
with whoever signed the overlay: two people look at it. And nobody may approve what was not seen:
the last sweep that ended must have judged by exactly this protocol, and the whole cohort follows
only after a canary of it that was delivered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.going_live.leave import Volume
from service.going_live.releasing import is_one_person
from service.store.approvals import Approval, Stage
from service.store.entries import Mode, Run
from service.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to approve; names as they are kept, limits of None are the settings'."""

    stage: Stage
    approver: str
    second_approver: str
    most_new_alerts: int | None
    most_percent: float | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The protocol that would be approved: its digest, who wrote it, what it still lacks."""

    protocol_digest: str
    authors: Sequence[str]
    remarks: Sequence[str]


def refusals(
    ledger: Ledger, mode: Mode, proposal: Proposal, wish: Wish, limits: Volume
) -> list[str]:
    """Why this may not be approved now; empty if it may. `limits` are those of the settings."""
    current = ledger.approvals.current()
    return [
        *_about_the_mode(mode),
        *_about_the_people(proposal.authors, wish),
        *proposal.remarks,
        *_about_a_rollback(current),
        *_about_the_last_sweep(ledger, proposal.protocol_digest),
        *(_about_the_canary(ledger, current, proposal.protocol_digest, wish)),
        *_about_the_limits(wish, limits, proposal.authors),
    ]


def _about_the_mode(mode: Mode) -> Iterator[str]:
    if mode != "live":
        yield (
            "BONEFLAG_MODE is shadow: set it to live for every process first; nothing is written"
            " before this command has said go"
        )


def _about_the_people(authors: Sequence[str], wish: Wish) -> Iterator[str]:
    if not wish.approver:
        yield "nobody is named as approver: give --approver NAME"
        return
    for author in authors:
        if is_one_person(author, wish.approver):
            yield f"{author} wrote this protocol: a second person must approve it"


def _about_a_rollback(current: Approval | None) -> Iterator[str]:
    if current is not None and current.restores is not None:
        yield (
            "a rollback is in force, and what the overlay's file says is not: end it with"
            " `boneflag golive --end REASON`, then let a sweep run in shadow"
        )


def _about_the_last_sweep(ledger: Ledger, protocol_digest: str) -> Iterator[str]:
    if ledger.runs.newest_sweep(protocol_digest=protocol_digest, mode="shadow") is None:
        yield "no shadow sweep of this protocol was completed: run `boneflag sweep` and read it"
        return
    last = ledger.runs.newest_sweep()
    if last is not None and last.protocol_digest != protocol_digest:
        yield (
            f"the protocol has changed since the last sweep (run {last.id}): sweep again, so that"
            " what would open and close is known"
        )


def _about_the_canary(
    ledger: Ledger, current: Approval | None, protocol_digest: str, wish: Wish
) -> Iterator[str]:
    if wish.stage == "canary":
        return
    if current is None:
        yield "no canary is under way: begin with `boneflag golive --canary N`"
    elif current.protocol_digest != protocol_digest:
        yield (
            f"what is approved is another protocol ({current.protocol_version}), changed since:"
            " begin again with `boneflag golive --canary N`"
        )
    elif current.stage == "canary":
        yield from _about_its_sweep(ledger.runs.newest_sweep(approval_id=current.id))


def _about_its_sweep(run: Run | None) -> Iterator[str]:
    if run is None:
        yield "the canary has not run: wait until a sweep has delivered it"
        return
    failed = sum(number for name, number in run.counts.items() if name.startswith("failed "))
    if failed:
        yield (
            f"the EHR took {failed} plans of the canary's sweep (run {run.id}) not: find out why,"
            " then sweep again"
        )


def _about_the_limits(wish: Wish, limits: Volume, authors: Sequence[str]) -> Iterator[str]:
    is_higher = (wish.most_new_alerts or 0) > limits.most_new_alerts or (
        limits.most_percent is not None and (wish.most_percent or 0) > limits.most_percent
    )
    if not is_higher:
        return
    others = [wish.approver, *authors]
    if not wish.second_approver:
        yield "limits above those of the settings need a second person: --second-approver NAME"
    elif any(is_one_person(wish.second_approver, other) for other in others):
        yield (
            f"{wish.second_approver} approves or wrote this already: limits above those of the"
            " settings need another person"
        )
