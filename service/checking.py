"""What this EHR offers, what will be used, and what is missing: `boneflag check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused
from service.ehr.smart.scopes import Grant
from service.screening.protocol import Protocol
from service.screening.record import REQUIRED_TYPES
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a check. `why_not` is "" where the service can work."""

    server: str
    lines: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    why_not: str

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
            "can_work": self.can_work,
            "why_not": self.why_not,
        }


def check_ehr(ehr: EHRConnection, protocol: Protocol, settings: Settings) -> Check:
    """Ask the server what it can do and find the cohort; EHRError where it cannot be asked."""
    capability = ehr.capability()
    needed = [need.type for need in protocol.needs]
    grant = ehr.grant()
    ungranted = grant.unread if grant else ()
    unsearchable = [t for t in needed if not capability.can_search(t) and t not in ungranted]
    without_dates = [t for t in needed if not capability.can_search(t, "_lastUpdated")]
    unwritable = [t for t in ("Flag", "Task") if not capability.can_write(t)]
    ungrantable = grant.unwritable if grant else ()
    lacking = sorted(REQUIRED_TYPES & {*unsearchable, *ungranted})
    if lacking_by_scope := sorted(REQUIRED_TYPES & set(ungranted)):
        raise EHRRefused(
            f"The access token does not cover required types ({', '.join(lacking_by_scope)}): ask"
            " your EHR team to allow this client to read them (scopes system/TYPE.read or .rs)"
        )
    members = ehr.cohort()
    source = "FHIR Group" if settings.group_ids else "search of Conditions by code"
    lines = (
        ("FHIR version", capability.fhir_version),
        ("mode", settings.mode),
        ("login", _login(grant)),
        ("cohort", f"{source}: {len(members.ids)} people"),
        ("reading", f"batches of {settings.batch_size} people, {len(needed)} types"),
        (
            "changes",
            "by _lastUpdated"
            if not without_dates
            else f"nightly sweep sees what a poll cannot: {', '.join(without_dates)}",
        ),
        ("alerts", "Flag and Task" if not unwritable else f"not writable: {', '.join(unwritable)}"),
        ("transactions", "yes" if capability.has_transactions else "no: one request a resource"),
        ("protocol", f"{protocol.id} {protocol.version} {protocol.digest[:19]}"),
    )
    missing = tuple(f"{t} cannot be searched: what rests on it is unknown" for t in unsearchable)
    missing += _ungranted(grant)
    if not members.is_complete:
        missing += ("the cohort's list was cut short",)
    why_not = ""
    if lacking:
        why_not = f"required types cannot be read: {', '.join(lacking)}; ask your EHR team"
    elif unwritable and settings.mode == "live":
        why_not = f"{' and '.join(unwritable)} cannot be written; stay in shadow mode"
    elif ungrantable:
        why_not = (
            f"this client may not write {' and '.join(ungrantable)}: ask your EHR team for the"
            " scopes, or stay in shadow mode"
        )
    return Check(capability.software or "FHIR server", lines, missing, why_not)


def _login(grant: Grant | None) -> str:
    if grant is None:
        return "without SMART: what it may do shows in the refusals"
    return "SMART, all that is needed is granted" if grant.is_whole else "SMART, less than needed"


def _ungranted(grant: Grant | None) -> tuple[str, ...]:
    """What the access token leaves out; nothing for a login without scopes."""
    if grant is None:
        return ()
    told = [f"{t} is not granted to this client: it stays unread" for t in grant.unread]
    told += [f"{t} is granted in part only: the rest stays unseen" for t in grant.restricted]
    if not grant.is_clear:
        told.append("the granted scopes cannot be understood: refusals will show what is missing")
    return tuple(told)
