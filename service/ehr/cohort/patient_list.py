"""The cohort as a patient list of the EHR: `List?code=patients&identifier=…`.

A newcomer would get two things wrong. The list is found by the identifier that the EHR gives it
(system|value), not by a FHIR id; its members are the Patients in List.entry.item (Epic's statement
of May 2026: `identifier` belongs to the patient list; integration notes 1.8). And clinicians keep
such lists by hand: an entry that is deleted in it is no member.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from service.ehr.client import FHIRClient
from service.ehr.cohort.members import CohortMembers
from service.ehr.errors import EHRMisunderstood, EHRNotFound
from service.ehr.subject import referenced

_log = structlog.get_logger()

SOURCE = "patient-list"


def members_of_list(client: FHIRClient, list_id: str) -> CohortMembers:
    """The Patients of the list with this identifier (`system|value`), or with this FHIR id.

    `is_complete` is False where an entry is no Patient or the answer was cut short. EHRNotFound
    where there is no such list, EHRMisunderstood where there are several.
    """
    if "|" not in list_id:
        found = client.read("List", list_id).resource or {}
        return _members(found, is_complete=True)
    result = client.search("List", {"code": "patients", "identifier": list_id})
    lists = [r for r in result.matches if r.get("resourceType") == "List"]
    if not lists:
        raise EHRNotFound(
            "The EHR shows no patient list with one of the identifiers in"
            " BONEFLAG_COHORT_LIST_IDS: check it, and that this client may see the list"
        )
    if len(lists) > 1:
        raise EHRMisunderstood(
            "The EHR shows several patient lists for one identifier in BONEFLAG_COHORT_LIST_IDS:"
            " it may not understand the search; give the whole identifier as system|value"
        )
    return _members(lists[0], is_complete=result.is_complete)


def _members(found: Mapping[str, Any], *, is_complete: bool) -> CohortMembers:
    if found.get("resourceType") != "List":
        raise EHRMisunderstood("The EHR answered a read of List with something else")
    entries = found.get("entry")
    listed = [e for e in entries if isinstance(e, Mapping)] if isinstance(entries, list) else []
    refs = [referenced(e.get("item")) for e in listed if e.get("deleted") is not True]
    ids = {ref.id for ref in refs if ref is not None and ref.type == "Patient"}
    unreadable = sum(1 for ref in refs if ref is None or ref.type != "Patient")
    if unreadable:
        _log.warning("patient_list_incomplete", listed=len(listed), unreadable=unreadable)
    # An empty list may be one whose entries this client may not see.
    return CohortMembers(tuple(sorted(ids)), SOURCE, bool(ids) and is_complete and not unreadable)
