"""Whom our alerts are about, whoever is in the cohort: by our identifiers alone.

A newcomer would get one thing wrong: None is not nobody. Many servers search Flags, Tasks and
messages only together with a patient; there, people who left the cohort with an open alert cannot
be found.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.ehr.alert_history import patient_of
from service.ehr.capability import Capability
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import key_in
from service.ehr.errors import EHRCutShort, EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected
from service.screening.alert import ALERT_IDENTIFIER_SYSTEM


def told_people(
    client: FHIRClient, capability: Capability, types: Iterable[str]
) -> frozenset[str] | None:
    """The ids of everybody about whom such a resource of ours is; None where that cannot be asked.

    EHRUnavailable goes through.
    """
    found: set[str] = set()
    for type_ in types:
        if not capability.can_search(type_, "identifier"):
            return None
        params = {"identifier": f"{ALERT_IDENTIFIER_SYSTEM}|", "_count": "200"}
        try:
            result = client.search(type_, params)
        except (EHRCutShort, EHRMisunderstood, EHRNotFound, EHRRefused, EHRRejected):
            return None
        if not result.is_complete:
            return None
        for resource in result.matches:
            patient = patient_of(resource) if key_in(resource) else None
            if patient is not None and patient.type == "Patient":
                found.add(patient.id)
    return frozenset(found)
