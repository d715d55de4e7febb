"""Why somebody is on the worklist: one table, and how each reason is found in an assessment.

A newcomer would get three things wrong. These are looks for people, not alerts: the order of
statuses does not hide one reason behind another. Nobody who died, is under age or was merged away
is listed for anything but an alert of ours that stays open. And evidence says "for review" in its
own words; that, and three other phrases of criteria, are what is looked for here, for the ledger
keeps words (the tests judge real charts, so that a phrase cannot change unseen).
Source: specification 2.3, 2.7, 3.1, 3.5 and section 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from service.screening.assess import RESULT_ELSEWHERE, Status
from service.screening.criteria.dxa_ordered import NOT_DONE
from service.screening.criteria.multiple_sclerosis import MS
from service.screening.criteria.secondary_cause import CAUSES
from service.screening.osteoporosis import ONCOLOGY
from service.screening.record import REQUIRED_TYPES
from service.worklist.look import Evidence, Look, facts

_FOR_REVIEW = "for review"
_MYELOMA = CAUSES["multiple-myeloma"].words
_RESULT_WANTED = "please file the result"
_TAKEN_BACK = ("(refuted)", "(entered in error)")
_SAID_NO = (Status.SNOOZED, Status.DECLINED)


class Priority(StrEnum):
    """How soon somebody should look; URGENT is a routine matter of somebody with a new fracture."""

    URGENT = "urgent"
    ROUTINE = "routine"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `find` gives the facts in words, which may be none, or None where it fails.

    `is_on_request`: the person has an alert, or nothing is to be done now.
    """

    code: str
    priority: Priority
    ask: str
    find: Callable[[Look], Sequence[str] | None]
    is_on_request: bool = False


def _with_status(status: Status, criterion: str) -> Callable[[Look], list[str] | None]:
    """Holds in one status, and shows what counted for one criterion."""

    def find(look: Look) -> list[str] | None:
        return facts(look.counting(criterion)) if look.status == status else None

    return find


def _not_judged(look: Look) -> list[str] | None:
    return [] if look.status == Status.ERROR else None


def _alert_without_ms(look: Look) -> list[str] | None:
    if look.status == Status.NOT_IN_COHORT and look.has_open_alert:
        return facts(look.evidence(MS))
    return None


def _result_missing(look: Look) -> list[str] | None:
    scans = [e for e in look.counting("central-dxa") if _RESULT_WANTED in e["statement"]]
    return facts(scans) if scans and look.is_watched else None


def _result_elsewhere(look: Look) -> list[str] | None:
    return [] if RESULT_ELSEWHERE in look.entry.notes else None


def _order_old(look: Look) -> list[str] | None:
    if look.status in _SAID_NO or not look.is_watched:
        return None
    return facts(e for e in look.evidence("dxa-ordered") if NOT_DONE in e["statement"]) or None


def _possible_scan(look: Look) -> list[str] | None:
    if not look.is_watched:
        return None
    of_documents = (
        e for e in look.evidence("central-dxa") if e["source"].startswith("DocumentReference/")
    )
    return facts(of_documents) or None


def _review_ms(look: Look) -> list[str] | None:
    """Possible and resolved MS; a diagnosis that was taken back needs nobody's look."""
    if look.status != Status.NOT_IN_COHORT or look.excluded_by():
        return None
    return facts(e for e in look.evidence(MS) if not e["statement"].endswith(_TAKEN_BACK)) or None


def _review_oncology(look: Look) -> list[str] | None:
    is_the_only_exclusion = look.is_met(MS) and look.excluded_by() == {ONCOLOGY}
    return facts(look.counting(ONCOLOGY)) if is_the_only_exclusion else None


def _review_myeloma(look: Look) -> list[str] | None:
    if not look.is_watched:
        return None
    causes = look.counting("secondary-cause")
    return facts(e for e in causes if e["statement"].startswith(_MYELOMA)) or None


def _review_evidence(look: Look) -> list[str] | None:
    """What a criterion set aside for a person, such as a fracture after a fall from a building."""
    if not look.is_watched:
        return None
    return facts(_set_aside(look)) or None


def _set_aside(look: Look) -> Iterator[Evidence]:
    for criterion in look.findings:
        for item in look.evidence(criterion) if criterion != MS else ():
            is_open = not item["counts"] and not item["unclear"]
            if is_open and item["statement"].endswith(f"{_FOR_REVIEW})"):
                yield item


def _birth_date(look: Look) -> list[str] | None:
    """Missing or not exact enough; where no Patient could be read, nothing can be said of it."""
    if "Patient" in look.entry.unread or not look.is_watched:
        return None
    return facts(look.unclear("under-age")) or None


def _data_gap(look: Look) -> list[str] | None:
    return [] if look.is_met("data-gap") and look.is_watched else None


def _could_not_determine(look: Look) -> list[str] | None:
    """What must be known first; not said again where the birth date or GAP-02 is all of it."""
    if look.status != Status.COULD_NOT_DETERMINE:
        return None
    elsewhere = _birth_date(look) or []
    # Only risk factors have a grade, and an unknown one holds nobody up.
    unknown = [name for name, f in look.findings.items() if not f.get("grade")]
    first = facts(e for name in unknown for e in look.unclear(name))
    first = [fact for fact in first if fact not in elsewhere]
    unread = sorted(REQUIRED_TYPES.intersection(look.entry.unread))
    if unread:
        first.append(f"not readable here: {', '.join(unread)}")
    is_said = bool(elsewhere) or _data_gap(look) is not None
    if not first and not is_said:
        # Nothing else explains it: a type that is read of others was withheld of this person.
        open_ones = (look.findings[name] for name in unknown)
        types = {t for f in open_ones if f["verdict"] == "unknown" for t in f.get("missing", ())}
        first += [f"withheld of this person: {', '.join(sorted(types))}"] if types else []
    return None if is_said and not first else first


def _chart_problem(look: Look) -> list[str] | None:
    if look.status == Status.NOT_IN_COHORT or look.excluded_by():
        return None
    reported = look.entry.reported
    return [f"{p['problem']} [{p['source']}]" for p in reported] or None


def _due(look: Look) -> list[str] | None:
    if look.status != Status.DUE:
        return None
    met = (f for f in look.findings.values() if f.get("grade") and f["verdict"] == "met")
    return [f"{f.get('title', f['criterion'])} ({f['number']})" for f in met]


def _a_no(status: Status) -> Callable[[Look], list[str] | None]:
    return lambda look: [] if look.status == status else None


_ROUTINE, _LOW = Priority.ROUTINE, Priority.LOW
NOT_JUDGED = Reason(
    "not-judged", _ROUTINE, "The chart could not be judged: ask whoever runs BoneFlag", _not_judged
)
REASONS = (
    Reason(
        "treatment-gap",
        _ROUTINE,
        "Osteoporosis is on file and no treatment is visible; consider review",
        _with_status(Status.RESULT_NEEDS_ACTION, "treatment-gap"),
    ),
    NOT_JUDGED,
    Reason(
        "alert-without-ms",
        _ROUTINE,
        "An alert is open and MS is no longer confirmed: decide about both",
        _alert_without_ms,
    ),
    Reason(
        "result-missing", _ROUTINE, "A scan was done and its result is not on file", _result_missing
    ),
    Reason("result-elsewhere", _ROUTINE, "Ask for the result", _result_elsewhere),
    Reason("order-old", _ROUTINE, "Book the scan, or end the order", _order_old),
    Reason("possible-scan", _ROUTINE, "Look whether this is a scan", _possible_scan),
    Reason(
        "review-ms", _ROUTINE, "MS is not confirmed: confirm it, or correct the chart", _review_ms
    ),
    Reason(
        "review-oncology", _ROUTINE, "Ask who looks after this person's bones", _review_oncology
    ),
    Reason("review-myeloma", _ROUTINE, "Ask who looks after this person's bones", _review_myeloma),
    Reason("could-not-determine", _ROUTINE, "To be known first", _could_not_determine),
    Reason("birth-date", _ROUTINE, "Complete the birth date", _birth_date),
    Reason("review-evidence", _LOW, "Judge what was not counted", _review_evidence),
    Reason(
        "data-gap",
        _LOW,
        "Record EDSS or mobility, BMI, fractures and medicines: nothing is there to judge by",
        _data_gap,
    ),
    Reason("chart-problem", _LOW, "Correct in the chart", _chart_problem),
    Reason("due", _ROUTINE, "Consider bone density assessment", _due, is_on_request=True),
    Reason(
        "ordered-waiting",
        _LOW,
        "A scan is on its way",
        _with_status(Status.ORDERED_WAITING, "dxa-ordered"),
        is_on_request=True,
    ),
    Reason(
        "due-soon",
        _LOW,
        "The interval since the last scan ends soon",
        _with_status(Status.DUE_SOON, "central-dxa"),
        is_on_request=True,
    ),
    Reason("snoozed", _LOW, "Somebody said no", _a_no(Status.SNOOZED), is_on_request=True),
    Reason("declined", _LOW, "The patient said no", _a_no(Status.DECLINED), is_on_request=True),
)
"""In the order in which lines of the same priority are listed."""
