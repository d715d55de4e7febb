"""What this EHR offers, what will be used, and what is missing: `boneflag check`.

A newcomer would get one thing wrong: a statement is not an answer. So a check also reads the charts
of a few people of the cohort as a sweep would, counts the requests, and says what came back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from service.ehr.capability import Capability
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused
from service.ehr.probes import untruths
from service.ehr.smart.scopes import Grant
from service.ehr.strategy import Strategy
from service.screening.protocol import Protocol
from service.settings import Settings

_TRIAL_PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a check.

    `lines` are what is used, by name; `missing` what no criterion will see here, or only in part;
    `asks` what to ask the EHR team for. `why_not` is "" where the service can work, and then
    `is_settings` says nothing.
    """

    server: str
    lines: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    asks: tuple[str, ...] = ()
    why_not: str = ""
    is_settings: bool = False

    @property
    def can_work(self) -> bool:
        """Whether a sweep would do its job with these settings."""
        return not self.why_not

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "server": self.server,
            "uses": dict(self.lines),
            "missing": list(self.missing),
            "ask_for": list(self.asks),
            "can_work": self.can_work,
            "why_not": self.why_not,
        }


def check_ehr(
    ehr: EHRConnection,
    protocol: Protocol,
    settings: Settings,
    look: Callable[[Sequence[str]], object] = lambda _: None,
) -> Check:
    """Ask the server what it can do, find the cohort and read a few of it.

    `look` hears whose charts are about to be read, for the audit. EHRError where it cannot be asked
    at all; EHRRefused where required types are not ours to read.
    """
    capability, strategy, grant = ehr.capability(), ehr.strategy, ehr.grant()
    refused = [fault.says for fault in strategy.faults if fault.kind == "refused"]
    if refused:
        raise EHRRefused("; ".join(refused))
    lines = [*_server_lines(capability, strategy, grant, settings)]
    needed = {need.type for need in protocol.needs}
    missing = [*_unseen(strategy, capability, protocol), *_ungranted(grant, needed)]
    missing += capability.gaps
    if strategy.faults:
        why_not = "; ".join(fault.says for fault in strategy.faults)
        is_settings = any(fault.kind == "settings" for fault in strategy.faults)
    else:
        why_not, is_settings = "", False
        missing += untruths(ehr.client, capability)
        found, trial, unread = _trial(ehr, protocol, strategy, look)
        lines += [found, *trial]
        missing += unread
    if ehr.client.politeness is not None:
        lines.append(("politeness", str(ehr.client.politeness)))
    lines.append(("protocol", f"{protocol.id} {protocol.version} {protocol.digest[:19]}"))
    return Check(
        capability.software or "FHIR server",
        tuple(lines),
        tuple(missing),
        strategy.ask_for,
        why_not,
        is_settings,
    )


def _server_lines(
    capability: Capability, strategy: Strategy, grant: Grant | None, settings: Settings
) -> Iterator[tuple[str, str]]:
    yield "FHIR version", capability.fhir_version or "not stated"
    if strategy.product:
        yield "known as", f"{strategy.product} (docs/vendors.md)"
    yield "mode", settings.mode
    yield "login", _login(grant)
    for choice in strategy.cohort:
        yield "cohort source", f"{choice.what} ({choice.why})"
    yield "reading", f"{strategy.reading.what} ({strategy.reading.why})"
    yield "changes", f"{strategy.changes.what} ({strategy.changes.why})"
    yield "alerts", f"{strategy.delivery.what} ({strategy.delivery.why})"
    yield "requests a patient", f"about {strategy.requests_per_patient:.2f} in a sweep"


def _unseen(strategy: Strategy, capability: Capability, protocol: Protocol) -> Iterator[str]:
    for type_ in strategy.unseen:
        if type_ in capability.ungranted:
            continue  # The login's own lines say so.
        numbers = [e.number for e in protocol.entries if type_ in e.needed]
        rests = f"unknown without it: {', '.join(numbers)}" if numbers else "it only helps"
        yield f"{type_} cannot be searched here ({rests})"


def _trial(
    ehr: EHRConnection,
    protocol: Protocol,
    strategy: Strategy,
    look: Callable[[Sequence[str]], object],
) -> tuple[tuple[str, str], list[tuple[str, str]], list[str]]:
    """Who is in the cohort, what reading some of them cost, and what of them stayed unread."""
    members = ehr.cohort()
    unread = [] if members.is_complete else ["the cohort's list was cut short"]
    found = ("cohort", f"{len(members.ids)} people")
    if not members.ids:
        unread.append("the cohort is empty: nobody would be screened")
    if strategy.reading.what == "bulk" or not members.ids:
        return found, [], unread
    some = members.ids[:_TRIAL_PEOPLE]
    look(some)
    before = sum(ehr.client.request_counts.values())
    reasons = _why_unread(ehr, protocol, some)
    cost = sum(ehr.client.request_counts.values()) - before
    unread += [
        f"{type_} of {number} of {len(some)} people of the trial could not be read: {why}"
        for (type_, why), number in sorted(reasons.items())
        if type_ not in strategy.unseen
    ]
    return found, [("trial", f"{len(some)} people read with {cost} requests")], unread


def _why_unread(
    ehr: EHRConnection, protocol: Protocol, ids: Sequence[str]
) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for record in ehr.read_records(ids, protocol.needs):
        why = ehr.why_unread(record.patient.id)
        found.update((type_, why.get(type_, "no reason given")) for type_ in record.unread)
    return found


def _login(grant: Grant | None) -> str:
    if grant is None:
        return "without SMART: what it may do shows in the refusals"
    return "SMART, all that is needed is granted" if grant.is_whole else "SMART, less than needed"


def _ungranted(grant: Grant | None, needed: Set[str]) -> Iterator[str]:
    """What the access token leaves out of the charts; nothing for a login without scopes."""
    if grant is None:
        return
    unread = [t for t in grant.unread if t in needed]
    yield from (f"{t} is not granted to this client: it stays unread" for t in unread)
    yield from (f"{t} is granted in part only: the rest stays unseen" for t in grant.restricted)
    if not grant.is_clear:
        yield "the granted scopes cannot be understood: refusals will show what is missing"
