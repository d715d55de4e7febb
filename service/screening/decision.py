"""A decision: what a person said to an alert of ours, and for how long it is to be respected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # pragma: no cover - the record holds decisions, which name its resources
    from service.screening.record import ResourceRef

NO_END = date.max
"""`Decision.until` of a no that no date ends: only new facts or a new major version do."""

BY_HOSPITAL = "withdrawn-by-hospital"
"""`Decision.code` of an alert that the hospital took back: nothing breaks it, it is taken back."""


@dataclass(frozen=True, slots=True, repr=False)
class Decision:
    """A person's no, and how long it stands (`until` is the first day on which it no longer does).

    `reason` is words of ours, never what somebody typed. `about` is the kind of alert it was said
    to. `source` is None where it was made elsewhere than in the EHR. `code` is of the protocol's
    table of reasons, "" where none was given; `decided_by` a reference or a role, "" where nobody
    can tell; `protocol_version` that of the day. `given_until` and `done_on` are days that the
    person gave: until when to wait, and when the scan was done elsewhere. Only a break-through, a
    new major version or its end breaks it (see `refusal`). Source: specification 3.5.
    """

    kind: Literal["declined", "snoozed"]
    made_on: date
    until: date
    reason: str
    source: ResourceRef | None = None
    about: str = "ms-bone-health-review"
    code: str = ""
    decided_by: str = ""
    protocol_version: str = ""
    given_until: date | None = None
    done_on: date | None = None
