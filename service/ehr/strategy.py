"""How to work with this EHR: who is the cohort, how charts are read, how alerts are shown.

A newcomer would get three things wrong. Nothing here asks the server: the choice is made from what
it says, from what is known of the product, and from what the hospital wants, so that it can be read
and tested as a table. A wish is never silently replaced by something else: what cannot be done is a
fault with a sentence for the integration engineer. And the choice is no promise: a server that
answers otherwise than it says is noticed by the reader, which tests every answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from service.ehr.capability import Capability, ExportLevel
from service.ehr.manners import Manners
from service.ehr.type_search import searches_for
from service.ehr.vendors.vendor import Vendor
from service.screening.record import REQUIRED_TYPES
from service.screening.value_sets import DataRequirement, Vocabulary

AUTO = "auto"
CohortName = Literal[
    "code-search", "group", "patient-list", "id-file", "bulk-group", "appointments"
]
Reading = Literal["batched", "per-patient", "everything", "bulk"]
ChangesSeen = Literal["all", "in part", "never"]
FaultKind = Literal["settings", "refused", "unsuitable"]

WORKLIST_FILE = "worklist-file"
# The order in which channels are tried where neither the hospital nor the product prefers one.
# Drafts of orders are nobody's default: a hospital has to want them. Nor are cards: whether the EHR
# asks for them cannot be seen from here.
CHANNELS_TRIED = ("flag-and-task", "task", "flag", "communication", WORKLIST_FILE)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the hospital wants; `auto` leaves the choice.

    `cohort` names sources, and `configured` those for which the settings give what they need (the
    ids of Groups, a file). `channel_lacks` answers, for the name of a channel, what the server or
    the settings lack for it, in sentences; empty where it works.
    """

    channel_lacks: Callable[[str], tuple[str, ...]]
    channel_reads: Callable[[str], int]
    cohort: tuple[str, ...] = (AUTO,)
    configured: frozenset[str] = frozenset()
    reading: str = AUTO
    bulk_level: ExportLevel = "group"
    delivery: str = AUTO
    is_live: bool = False
    batch_size: int = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why it cannot work here, and what to do about it."""

    kind: FaultKind
    says: str


@dataclass(frozen=True, slots=True)
class Strategy:
    """The choice for one EHR. With any fault nothing may be started.

    `requests_per_patient` is reckoned for one sweep, continuation pages left out. `unseen` are the
    needed types that nobody can read here; `polled` are those whose changes the server tells.
    """

    product: str
    cohort: tuple[Choice, ...]
    reading: Choice
    changes: Choice
    delivery: Choice
    manners: Manners
    requests_per_patient: float
    unseen: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    ask_for: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the cohort's sources."""
        return tuple(choice.what for choice in self.cohort)


def choose(
    capability: Capability,
    vendor: Vendor | None,
    needs: Iterable[DataRequirement],
    vocabulary: Vocabulary,
    wishes: Wishes,
) -> Strategy:
    """The strategy for one server, with every fault at once."""
    needs = tuple(needs)
    faults: list[Fault] = []
    delivery = _delivery(vendor, wishes, faults)
    reading = _reading(capability, vendor, wishes, faults)
    manners = manners_of(
        vendor,
        one_at_a_time=reading.what == "per-patient",
        uses_elements=capability.takes_elements,
    )
    types = sorted({need.type for need in needs})
    unseen = (
        ()
        if reading.what != "batched" and reading.what != "per-patient"
        else tuple(t for t in types if not capability.can_search(t))
    )
    faults += _required(unseen, capability)
    searches = searches_for(needs, vocabulary, capability, manners)
    asked = sum(capability.can_search(search.type) for search in searches)
    return Strategy(
        product=vendor.name if vendor else "",
        cohort=_cohort(capability, vendor, wishes, faults),
        reading=reading,
        changes=_changes(capability, vendor, types),
        delivery=delivery,
        manners=manners,
        requests_per_patient=_requests(
            reading.what, asked, wishes.channel_reads(delivery.what), wishes.batch_size
        ),
        unseen=unseen,
        faults=tuple(faults),
        ask_for=vendor.ask_for if vendor else (),
    )


def manners_of(
    vendor: Vendor | None, *, one_at_a_time: bool = False, uses_elements: bool = False
) -> Manners:
    """How the product wants to be asked; the standard's manners for one that nobody knows."""
    if vendor is None:
        return Manners(one_at_a_time=one_at_a_time, uses_elements=uses_elements)
    return Manners(
        one_at_a_time=one_at_a_time,
        uses_elements=uses_elements,
        required=vendor.required_search,
        page_caps=vendor.page_caps,
        searches_by_get=vendor.searches_by_get,
        cut_short_codes=vendor.cut_short_codes,
        never_retry_codes=vendor.never_retry_codes,
        already_there_codes=vendor.already_there_codes,
        expired_page_codes=vendor.expired_page_codes,
        merged_codes=vendor.merged_codes,
    )


def needs_a_patient(vendor: Vendor | None) -> bool:
    """Whether the product is known to refuse searches that name no patient."""
    return vendor is not None and bool(vendor.cohort) and "code-search" not in vendor.cohort


# Where the cohort comes from

_SETTING: Mapping[str, str] = MappingProxyType(
    {
        "group": "BONEFLAG_COHORT_GROUP_IDS",
        "patient-list": "BONEFLAG_COHORT_LIST_IDS",
        "id-file": "BONEFLAG_COHORT_FILE",
        "bulk-group": "BONEFLAG_BULK_GROUP_ID",
        "appointments": "BONEFLAG_COHORT_APPOINTMENT_DAYS",
    }
)


def _cohort(
    capability: Capability, vendor: Vendor | None, wishes: Wishes, faults: list[Fault]
) -> tuple[Choice, ...]:
    if AUTO not in wishes.cohort:
        chosen = [(name, "as set") for name in wishes.cohort]
    elif wishes.configured:
        names = _not_twice(wishes.configured, capability)
        chosen = [(name, f"{_SETTING[name]} is set") for name in sorted(names)]
    else:
        chosen = [("code-search", "nothing else is set")]
    for name, _ in chosen:
        lack = _lacks(name, capability, vendor, wishes)
        if lack:
            faults.append(Fault("settings", lack))
    return tuple(Choice(name, why) for name, why in chosen)


def _not_twice(configured: frozenset[str], capability: Capability) -> frozenset[str]:
    """A Group is read, or exported where it cannot be read; never both unless somebody asks."""
    if not {"group", "bulk-group"} <= configured:
        return configured
    is_exported = not capability.can_read("Group") and capability.can_export("group")
    return configured - {"group" if is_exported else "bulk-group"}


def _lacks(name: str, capability: Capability, vendor: Vendor | None, wishes: Wishes) -> str:
    """What keeps a cohort source from working here; "" where nothing is known to."""
    if name in _SETTING and name not in wishes.configured:
        return f"the cohort source {name} needs {_SETTING[name]}"
    match name:
        case "code-search" if needs_a_patient(vendor):
            assert vendor is not None  # noqa: S101 - for the type checker: it was recognised
            return (
                f"{vendor.name} refuses a search of Conditions by code without a patient: set"
                f" {_alternatives(vendor.cohort)}"
            )
        case "code-search" if not capability.can_search("Condition"):
            return f"Conditions cannot be searched here: set {_alternatives(_SETTING)}"
        case "group" if not capability.can_read("Group"):
            return (
                "this EHR does not let this client read a Group: ask your EHR team, or use another"
                " cohort source (docs/cohort.md)"
            )
        case "patient-list" if not capability.can_search("List"):
            return "this EHR does not let this client search a List: use another cohort source"
        case "bulk-group" if not capability.can_export("group"):
            return "this EHR offers no bulk export of a Group: use another cohort source"
        case "appointments" if not capability.can_search("Appointment"):
            return "Appointments cannot be searched here: use another cohort source"
    return ""


def _alternatives(names: Iterable[str]) -> str:
    settings = dict.fromkeys(_SETTING[name] for name in names if name in _SETTING)
    return " or ".join(settings) if settings else "another cohort source (docs/cohort.md)"


# How charts are read


def _reading(
    capability: Capability, vendor: Vendor | None, wishes: Wishes, faults: list[Fault]
) -> Choice:
    if wishes.reading != AUTO:
        if wishes.reading == "bulk" and not capability.can_export(wishes.bulk_level):
            faults.append(
                Fault(
                    "settings",
                    f"this EHR offers no bulk export at the level of the {wishes.bulk_level}:"
                    " set BONEFLAG_READING=auto, or another BONEFLAG_BULK_LEVEL",
                )
            )
        if wishes.reading == "everything" and not capability.has_everything:
            faults.append(
                Fault("settings", "this EHR does not offer $everything: set BONEFLAG_READING=auto")
            )
        return Choice(wishes.reading, "as set")
    if not any(capability.can_search(t) for t in REQUIRED_TYPES):
        if capability.has_everything:
            return Choice("everything", "no type can be searched, $everything is offered")
        if capability.can_export(wishes.bulk_level):
            return Choice("bulk", "no type can be searched, bulk export is offered")
    if vendor is not None and vendor.one_at_a_time:
        return Choice("per-patient", f"{vendor.name} answers for one patient at a time")
    return Choice("batched", "several patients in a search, tested by every answer")


def _required(unseen: Iterable[str], capability: Capability) -> list[Fault]:
    lacking = sorted(REQUIRED_TYPES & set(unseen))
    ungranted = [t for t in lacking if t in capability.ungranted]
    missing = [t for t in lacking if t not in capability.ungranted]
    faults = []
    if ungranted:
        faults.append(
            Fault(
                "refused",
                f"the access token does not cover required types ({', '.join(ungranted)}): ask"
                " your EHR team to allow this client to read them (scopes system/TYPE.read or"
                " .rs)",
            )
        )
    if missing:
        faults.append(
            Fault(
                "unsuitable",
                f"required types cannot be searched here ({', '.join(missing)}): ask your EHR team"
                " to open them to this client",
            )
        )
    return faults


def _requests(reading: str, searches: int, alert_reads: int, batch_size: int) -> float:
    """For one patient of a full batch in a sweep in which nothing changed."""
    match reading:
        case "per-patient":
            return searches + alert_reads
        case "everything":
            return 1 + alert_reads / batch_size
        case "bulk":
            return alert_reads / batch_size
        case _:
            return (searches + alert_reads) / batch_size


# Who changed


def _changes(capability: Capability, vendor: Vendor | None, types: Iterable[str]) -> Choice:
    if needs_a_patient(vendor):
        assert vendor is not None  # noqa: S101 - for the type checker: it was recognised
        return Choice("never", f"{vendor.name} tells no changes without a patient: sweeps only")
    silent = [t for t in types if not capability.can_search(t, "_lastUpdated")]
    told = len(set(types)) - len(silent)
    if not silent:
        return Choice("all", "by _lastUpdated")
    if told or not any(t.search_parameters for t in capability.types.values()):
        return Choice("in part", f"only a sweep sees changes of {', '.join(silent)}")
    return Choice("never", "no type can be searched by _lastUpdated: sweeps only")


# How alerts are shown


def _delivery(vendor: Vendor | None, wishes: Wishes, faults: list[Fault]) -> Choice:
    if wishes.delivery != AUTO:
        lacks = wishes.channel_lacks(wishes.delivery)
        faults += [Fault("settings", f"{wishes.delivery}: {lack}") for lack in lacks]
        return Choice(wishes.delivery, "as set")
    preferred = vendor.delivery if vendor and vendor.delivery else CHANNELS_TRIED
    passed_over: list[str] = []
    for name in dict.fromkeys((*preferred, WORKLIST_FILE)):
        lacks = wishes.channel_lacks(name)
        if not lacks:
            why = f"{vendor.name} takes it" if vendor and vendor.delivery else "the EHR takes it"
            return Choice(name, "; ".join([why, *passed_over]))
        passed_over.append(f"{name} is passed over: {lacks[0]}")
    why = f"nothing works yet: {'; '.join(passed_over)}"
    if wishes.is_live:
        faults.append(Fault("settings", f"no way to show an alert works here: {why}"))
    return Choice(WORKLIST_FILE, why)
