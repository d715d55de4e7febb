"""People with an appointment in the next days, where appointments can be searched by day alone.

A newcomer would get two things wrong. This names everybody who is expected, whatever their illness:
who has no MS by their record gets no alert, but their chart is read to find that out. So it is for
a service whose calendar is the MS clinic's, and never chosen by itself (docs/cohort.md). And people
come and go with the calendar: that their number moves says nothing about the EHR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from service.ehr.bundle import withholds
from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers
from service.ehr.errors import EHRCutShort
from service.ehr.subject import referenced

SOURCE = "appointments"

# FHIR R4, AppointmentStatus: the rest is over, or will not be.
_EXPECTED = frozenset({"proposed", "pending", "booked", "arrived", "checked-in", "waitlist"})


def members_with_appointment(
    client: FHIRClient, today: date, days: int, *, page_size: int = 500
) -> CohortMembers:
    """Who is expected from `today` to `days` later, both days included.

    EHRRejected or EHRRefused where appointments cannot be searched without a patient.
    """
    last = today + timedelta(days=days)
    params = [
        ("date", f"ge{today.isoformat()}"),
        ("date", f"le{last.isoformat()}"),
        ("_count", str(page_size)),
    ]
    ids: set[str] = set()
    is_complete = True
    try:
        for page in client.pages("Appointment", params):
            ids.update(
                id_
                for appointment in page.matches
                if _is_expected(appointment, today, last)
                for id_ in _patients_in(appointment)
            )
            is_complete = is_complete and not any(map(withholds, page.issues))
    except EHRCutShort:
        is_complete = False
    return CohortMembers(tuple(sorted(ids)), SOURCE, is_complete, is_passing=True)


def _is_expected(appointment: Mapping[str, Any], today: date, last: date) -> bool:
    """Whether it lies in those days, which a lenient server may not have looked at.

    A day of slack on both sides, for the time zones of the hospital and of the answer.
    """
    if appointment.get("status") not in _EXPECTED:
        return False
    try:
        on = date.fromisoformat(str(appointment.get("start"))[:10])
    except ValueError:
        return False
    return today - timedelta(days=1) <= on <= last + timedelta(days=1)


def _patients_in(appointment: Mapping[str, Any]) -> Iterator[str]:
    participants = appointment.get("participant")
    for one in participants if isinstance(participants, list) else ():
        ref = referenced(one.get("actor")) if isinstance(one, dict) else None
        if ref is not None and ref.type == "Patient" and one.get("status") != "declined":
            yield ref.id
