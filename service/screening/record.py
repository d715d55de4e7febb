"""What is known about one patient, and where each fact came from.

A newcomer would get three things wrong. A date in a chart may be a year or a month, so every
date is a `When`: the first and the last day that it can mean. A status that could not be
understood is "unclear", which is not the same as absent. And a part does not carry codes for
criteria to compare: it carries `concepts`, the ids of the value sets that hold one of its codes,
worked out once by `Vocabulary.classify` when the part was read.

Everything here holds patient data, so every `repr` is silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from service.screening.decision import NO_END as NO_END
from service.screening.decision import Decision as Decision
from service.screening.lookup import Lookup

Sex = Literal["female", "male", "other", "unknown"]

# The resource types without which nobody is told anything (specification, section 7).
REQUIRED_TYPES = frozenset(
    {"Patient", "Condition", "MedicationRequest", "Observation", "Procedure", "DiagnosticReport"}
)


_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class ResourceRef:
    """A resource by type and logical id; prints as `Condition/123`."""

    type: str
    id: str

    @property
    def is_valid(self) -> bool:
        """Whether FHIR allows a reference to it; charts hold ids with underscores, or none."""
        return _FHIR_ID.fullmatch(self.id) is not None

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


@dataclass(frozen=True, slots=True)
class When:
    """The days that a date in the chart can mean, both ends included."""

    first: date
    last: date

    @classmethod
    def day(cls, day: date) -> When:
        """A date that is known to the day."""
        return cls(day, day)

    def is_within(self, since: date, until: date) -> bool | None:
        """Whether it lies in `since` to `until`, both included; None where it may or may not."""
        if since <= self.first and self.last <= until:
            return True
        if self.last < since or until < self.first:
            return False
        return None


@dataclass(frozen=True, slots=True)
class Coding:
    """One code, with its system and code folded to one spelling (see `value_sets`)."""

    system: str
    code: str
    display: str = ""


Concepts = frozenset[str]
NO_CONCEPTS: Concepts = frozenset()

Verification = Literal[
    "confirmed", "unstated", "unconfirmed", "refuted", "entered-in-error", "unclear"
]
Clinical = Literal["active", "inactive", "remission", "resolved", "unstated", "unclear"]


@dataclass(frozen=True, slots=True, repr=False)
class Condition:
    """A diagnosis, problem or finding.

    `verification` folds provisional, differential and unconfirmed into "unconfirmed"; `clinical`
    folds recurrence and relapse into "active". `when` is the onset, `recorded` the day it was
    written down; criteria that ask for an event take `happened`.
    """

    ref: ResourceRef
    concepts: Concepts
    codings: tuple[Coding, ...]
    verification: Verification
    clinical: Clinical
    is_encounter_diagnosis: bool
    onset: When | None
    recorded: When | None
    encounter: str | None = None

    @property
    def happened(self) -> When | None:
        """The onset, or where none is given the day of recording."""
        return self.onset or self.recorded

    @property
    def is_believed(self) -> bool:
        """Confirmed, or without a verification status: what a risk condition needs to count."""
        return self.verification in ("confirmed", "unstated")


ObservationStatus = Literal["final", "not-final", "withdrawn", "unclear"]


@dataclass(frozen=True, slots=True, repr=False)
class Quantity:
    """A number with its UCUM unit; `unit` is None where the chart gives none.

    `comparator` is one of "", "<", "<=", ">", ">=".
    """

    value: float
    unit: str | None
    comparator: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Observation:
    """One observation, or one component of one (then with the same `ref`).

    `has_value` is False when no value is given at all, as in a panel; `is_absent` is True when the
    chart says why there is none (dataAbsentReason). Where both are True the record contradicts
    itself: no number and no yes or no is kept of it. A value in a form that is none of those below
    leaves them all None with `has_value` True.
    """

    ref: ResourceRef
    concepts: Concepts
    codings: tuple[Coding, ...]
    status: ObservationStatus
    when: When | None
    has_value: bool
    is_absent: bool = False
    quantity: Quantity | None = None
    boolean: bool | None = None
    value_concepts: Concepts = NO_CONCEPTS
    value_codings: tuple[Coding, ...] = ()
    based_on: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Procedure:
    """Something that was done, or on purpose not done."""

    ref: ResourceRef
    concepts: Concepts
    status: Literal["completed", "not-done", "other", "withdrawn", "unclear"]
    when: When | None
    reason_concepts: Concepts = NO_CONCEPTS
    based_on: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A diagnostic report; `results` are the Observations it points to.

    `conclusions` are the value sets of its coded conclusion. `has_document` says that a document is
    attached, which nobody here reads.
    """

    ref: ResourceRef
    concepts: Concepts
    status: ObservationStatus
    when: When | None
    results: tuple[ResourceRef, ...] = ()
    conclusions: Concepts = NO_CONCEPTS
    has_document: bool = False
    based_on: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Order:
    """A request that something be done. `is_order` is False for proposals, plans and options."""

    ref: ResourceRef
    concepts: Concepts
    status: Literal["active", "revoked", "other", "withdrawn", "unclear"]
    is_order: bool
    authored: When | None
    reason_concepts: Concepts = NO_CONCEPTS


@dataclass(frozen=True, slots=True, repr=False)
class Appointment:
    """A date that was given. "booked" is any state in which it still stands; `when` is its start.

    `concepts` are those of its service and its reason; it may say only which order it is based on.
    """

    ref: ResourceRef
    concepts: Concepts
    status: Literal["booked", "other", "unclear"]
    when: When | None
    based_on: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """A document whose code or title says that it may be a bone density report.

    `word` is the word of ours by which it was found; the title itself is not kept.
    """

    ref: ResourceRef
    word: str
    when: When | None


@dataclass(frozen=True, slots=True, repr=False)
class DeviceUse:
    """A device in use by, or assigned to, the patient."""

    ref: ResourceRef
    concepts: Concepts
    is_active: bool
    when: When | None = None


@dataclass(frozen=True, slots=True, repr=False)
class FamilyMember:
    """What is on file about a relative, where a condition of theirs is one of ours.

    `relationship` holds the value sets of the relationship's codes; `is_relation_clear` says that
    one of them is of HL7's own list of roles, so that a relation outside our sets is another one.
    Whether the relative has died does not matter.
    """

    ref: ResourceRef
    concepts: Concepts
    status: Literal["usable", "health-unknown", "withdrawn", "unclear"]
    relationship: Concepts
    is_relation_clear: bool


MedicineKind = Literal["request", "dispense", "administration", "statement"]

# "unclear" is a depot injection that goes into joints as often as into muscle, which only the
# missing route could tell; "unstated" is neither a route nor a form.
Route = Literal["systemic", "local", "unstated", "unclear"]


@dataclass(frozen=True, slots=True, repr=False)
class DoseStep:
    """A stretch of days with one dose, as one dosage instruction gives it.

    `first` and `last` are included; None means that the instruction does not say and the record's
    own period stands. The dose falls on `first` and then on every `interval_days`-th day, which
    need not be whole: three times a week is every 7/3 days. Steps of one record that overlap add
    up. Either `mg_per_day` (milligrams of the drug itself on a dosing day, all doses of the day
    added) or `mg_per_kg_per_day` is given, the latter with `most_mg_per_day` where a maximum is
    stated; where neither can be told, `problem` says why.
    """

    mg_per_day: float | None = None
    mg_per_kg_per_day: float | None = None
    first: date | None = None
    last: date | None = None
    interval_days: float = 1
    problem: str = ""
    most_mg_per_day: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class MedicationUse:
    """One order, dispense, administration or statement of one medicine.

    `counts` is False for drafts, cancelled, on-hold, proposals and doNotPerform; None where the
    status cannot be understood. `start` and `end` are the period that the resource itself states
    (dosage bounds, effective period; a request without bounds starts when it was written).
    `supplied_until` is the last day that the supply covers (days' supply, or expected supply with
    its repeats), which ends a record only where nothing else does. `is_open_ended` says that it is
    active and states no end. `stopped_on` is the day a stopped or completed request or statement
    ended at the latest, None for any other. `renewed` is the newest of written, dispensed and
    started. `route` is told by route and form together; `is_through_skin` says of a patch or a gel
    that it acts in the whole body where the drug is made for that, as an oestrogen is. `route`
    calls it local, which a steroid cream is. `is_injected` is None where neither route nor form
    says so; `is_as_needed` says that each of its instructions is.
    """

    ref: ResourceRef
    kind: MedicineKind
    concepts: Concepts
    name: str
    is_recognised_by_name: bool
    counts: bool | None
    is_open_ended: bool
    route: Route
    start: When | None
    end: When | None
    renewed: When | None
    stopped_on: date | None = None
    supplied_until: date | None = None
    steps: tuple[DoseStep, ...] = ()
    based_on: tuple[ResourceRef, ...] = ()
    is_through_skin: bool = False
    is_injected: bool | None = None
    is_as_needed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the chart that could not be used, without any clinical content."""

    source: str
    problem: str


@dataclass(frozen=True, slots=True, repr=False)
class PatientRecord:
    """All that is known about one patient on the day of reading.

    `unread` holds the resource types that were refused or cut short: nothing may be concluded
    from their absence. `withheld` are those of them that this EHR gives of others: what was kept
    back may be the order or the therapy that speaks against an alert. `is_unreadable` says that
    the chart could not be parsed at all: a fault of ours, which costs nobody else anything.
    `has_medicines` says whether any usable record of a medicine was seen, whatever its code
    (GAP-02).
    """

    patient: ResourceRef
    birth: When | None = None
    sex: Sex = "unknown"
    is_deceased: bool = False
    is_active: bool = True
    replaced_by: ResourceRef | None = None
    conditions: tuple[Condition, ...] = ()
    observations: tuple[Observation, ...] = ()
    medicines: tuple[MedicationUse, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    reports: tuple[Report, ...] = ()
    orders: tuple[Order, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    documents: tuple[Document, ...] = ()
    devices: tuple[DeviceUse, ...] = ()
    family: tuple[FamilyMember, ...] = ()
    decisions: tuple[Decision, ...] = ()
    has_medicines: bool = False
    unread: frozenset[str] = field(default_factory=frozenset)
    withheld: frozenset[str] = field(default_factory=frozenset)
    is_unreadable: bool = False
    reported: tuple[Problem, ...] = ()
    read_at: datetime | None = None
    _lookup: Lookup | None = field(default=None, init=False, compare=False)

    @property
    def wanting(self) -> frozenset[str]:
        """The unread types without which nothing that speaks against an alert can be ruled out."""
        return self.unread and self.unread & (REQUIRED_TYPES | self.withheld)

    @property
    def lookup(self) -> Lookup:
        """Its parts by value set; made once, when it is first asked for."""
        lookup = self._lookup
        if lookup is None:
            lookup = Lookup(self)
            object.__setattr__(self, "_lookup", lookup)
        return lookup

    @property
    def concepts(self) -> Concepts:
        """The value sets that any code or answer of any of its parts is in."""
        return (self._lookup or self.lookup).concepts
