"""What can go wrong between BoneFlag and the EHR, named by what to do about it.

    EHRError
    ├── EHRUnavailable     try again later: no connection, timeout, 408, 425, 429, 5xx
    │   └── EHRNotAsked    nothing was sent: paused, its turn is far away, the server is left alone
    ├── EHRRefused         ask your EHR team: 403, or a security issue (break-the-glass)
    │   └── EHRLoginRefused    the login is, and not what was asked: 401, or by the login server
    ├── EHRRejected        our resource or our search was not accepted: 400, 422, other 4xx, 501
    ├── EHRNotFound        it is not there (any more), or the type is not served: 404, 410
    ├── EHRConflict        somebody else was faster, or it exists several times: 409, 412
    ├── EHRCutShort        an answer was incomplete: endless, foreign or expired pages
    ├── EHRMisunderstood   not FHIR JSON, another FHIR version, a redirect
    └── EHRUnsuitable      what the settings ask for cannot work with this EHR: change them

A newcomer would get two things wrong. The text of an error goes to logs, so it never holds a URL,
an id or a response body; of an OperationOutcome only the codes are kept, because servers write
patient data into `diagnostics` and `details.text`. And `outcome_unknown` is not a failure: the
write may well have happened, so look before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# The issue types that mean "you may not", whatever the HTTP status (FHIR R4, IssueType: security).
_REFUSALS = frozenset({"security", "login", "forbidden", "suppressed"})
_LONGEST_CODE = 40
_UNAVAILABLE = frozenset({408, 425, 429})
_MISSING = frozenset({404, 410})
_CONFLICTS = frozenset({409, 412})


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome, reduced to its codes; "" where the server gave none."""

    severity: str
    code: str
    detail_code: str = ""

    @property
    def is_severe(self) -> bool:
        """Severity error or fatal."""
        return self.severity in ("error", "fatal")

    @property
    def is_refusal(self) -> bool:
        """A policy denial: never retried and never routed around (break-the-glass)."""
        return self.code in _REFUSALS

    def __str__(self) -> str:
        return "/".join(part for part in (self.severity, self.code, self.detail_code) if part)


class EHRError(Exception):
    """Something went wrong between us and the EHR.

    `status` is the HTTP status, None where no answer came; `issues` are the codes of the
    OperationOutcome.
    """

    def __init__(
        self, message: str, *, status: int | None = None, issues: Iterable[Issue] = ()
    ) -> None:
        self.status = status
        self.issues = tuple(issues)
        told = [f"HTTP {status}"] if status else []
        told += [str(issue) for issue in self.issues[:3] if str(issue)]
        super().__init__(f"{message} ({', '.join(told)})" if told else message)


class EHRUnsuitable(EHRError):
    """The settings ask for what this EHR does not offer; the text says what to change."""


class EHRUnavailable(EHRError):
    """Try again later.

    `retry_after_seconds` is what the server asked for (never above an hour), None where it said
    nothing. `outcome_unknown` is True when a write may have been carried out all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        issues: Iterable[Issue] = (),
        retry_after_seconds: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, status=status, issues=issues)
        self.retry_after_seconds = retry_after_seconds
        self.outcome_unknown = outcome_unknown


class EHRNotAsked(EHRUnavailable):
    """We kept still ourselves, out of politeness: nothing was sent. See `politeness`."""


class EHRRefused(EHRError):
    """The EHR does not let us; retrying changes nothing."""


class EHRLoginRefused(EHRRefused):
    """Who we are is in doubt, not what we want: whatever was refused may go through later."""


class EHRRejected(EHRError):
    """The EHR does not accept this resource or this search."""


class EHRNotFound(EHRError):
    """Deleted, never there, or a type that this server does not serve."""


class EHRConflict(EHRError):
    """The version is not the one we read, or a condition matches more than one resource."""


class EHRCutShort(EHRError):
    """Not everything came: whoever asked must not conclude anything from what is absent."""


class EHRMisunderstood(EHRError):
    """The answer is not what FHIR R4 promises; the base URL or the server is not what we think."""


_MESSAGES: dict[type[EHRError], str] = {
    EHRRefused: "The EHR refused a {what}: ask your EHR team for this client's permissions",
    EHRLoginRefused: (
        "The EHR did not accept our login for a {what}: check it, and ask your EHR team for this"
        " client's permissions"
    ),
    EHRRejected: "The EHR did not accept a {what}",
    EHRNotFound: "The EHR has nothing at the address of a {what}",
    EHRConflict: "The EHR reports a conflict on a {what}: it must be read again first",
    EHRMisunderstood: (
        "The EHR answered a {what} with a redirect, perhaps to the login page of a proxy: check"
        " BONEFLAG_FHIR_BASE_URL"
    ),
}


def is_outage(status: int) -> bool:
    """Whether an HTTP status says "not now", and nothing about what was asked."""
    return status in _UNAVAILABLE or (status >= 500 and status != 501)


def error_for(
    what: str,
    status: int,
    issues: tuple[Issue, ...],
    retry_after_seconds: float | None,
    *,
    outcome_unknown: bool,
) -> EHRError:
    """The error for an HTTP status of 300 or more; `what` names the request without any id."""
    if is_outage(status):
        return EHRUnavailable(
            f"The EHR could not answer a {what} now: try again later",
            status=status,
            issues=issues,
            retry_after_seconds=retry_after_seconds,
            outcome_unknown=outcome_unknown,
        )
    kind = _kind_of(status, issues)
    return kind(_MESSAGES[kind].format(what=what), status=status, issues=issues)


def _kind_of(status: int, issues: tuple[Issue, ...]) -> type[EHRError]:
    if status < 400:
        return EHRMisunderstood
    if status == 401:
        return EHRLoginRefused
    if status == 403 or any(i.is_severe and i.is_refusal for i in issues):
        return EHRRefused
    if status in _MISSING:
        return EHRNotFound
    return EHRConflict if status in _CONFLICTS else EHRRejected


def issues_of(outcome: object) -> tuple[Issue, ...]:
    """The codes of an OperationOutcome; nothing for anything else. Never any text."""
    if not isinstance(outcome, Mapping) or outcome.get("resourceType") != "OperationOutcome":
        return ()
    issues = outcome.get("issue")
    if not isinstance(issues, list):
        return ()
    return tuple(_issue_from(issue) for issue in issues if isinstance(issue, Mapping))


def _issue_from(issue: Mapping[str, Any]) -> Issue:
    details = issue.get("details")
    codings = details.get("coding") if isinstance(details, Mapping) else None
    first = codings[0] if isinstance(codings, list) and codings else None
    detail = first.get("code") if isinstance(first, Mapping) else None
    return Issue(_code(issue.get("severity")), _code(issue.get("code")), _code(detail))


def _code(value: object) -> str:
    """A code is one short word: what looks like a sentence may hold patient data and is dropped."""
    if isinstance(value, str) and len(value) <= _LONGEST_CODE and " " not in value:
        return value
    return ""
