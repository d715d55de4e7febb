"""The cohort as the members of a Group: the way that Epic and Oracle leave open.

A newcomer would get two things wrong. A Group may describe its members instead of listing them, and
some servers hide the list and give only a quantity: both look empty and mean nothing. And whoever
is left out of the Group has not lost their MS: leaving closes no alert.
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

SOURCE = "group"


def members_of_group(client: FHIRClient, group_id: str) -> CohortMembers:
    """The active Patient members of `Group/{group_id}`.

    `is_complete` is False where the Group holds members that are no Patients (a Group in it), or
    says that it has more than it lists. EHRNotFound or EHRRefused where it cannot be read.
    """
    try:
        group = client.read("Group", group_id).resource
    except EHRNotFound as error:
        raise EHRNotFound(
            "The EHR shows no Group with an id of BONEFLAG_COHORT_GROUP_IDS: check it, and that"
            " this client may see the Group",
            status=error.status,
        ) from None
    if group is None or group.get("resourceType") != "Group":
        raise EHRMisunderstood("The EHR answered a read of Group with something else")
    members = group.get("member")
    listed = [m for m in members if isinstance(m, Mapping)] if isinstance(members, list) else []
    active = [m for m in listed if m.get("inactive") is not True]
    refs = [referenced(member.get("entity")) for member in active]
    ids = {ref.id for ref in refs if ref is not None and ref.type == "Patient"}
    unreadable = sum(1 for ref in refs if ref is None or ref.type != "Patient")
    is_complete = not unreadable and _is_listed(group, len(listed))
    if not is_complete:
        _log.warning("group_incomplete", listed=len(listed), unreadable=unreadable)
    return CohortMembers(tuple(sorted(ids)), SOURCE, is_complete)


def _is_listed(group: Mapping[str, Any], listed: int) -> bool:
    """Whether the Group lists its members, and as many as it says; an empty list lists nobody."""
    quantity = group.get("quantity")
    if isinstance(quantity, int) and quantity > listed:
        return False
    return listed > 0 and group.get("actual") is not False
