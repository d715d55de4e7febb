"""Who a Patient became: records of one person that were merged into one.

A newcomer would get two things wrong. The link is what counts, not `active`: some servers leave a
merged record active. And some servers do not show the old record at all: a read of it leads on to
the one that stands now (Epic 4107, with a redirect), so that what comes has another id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ehr.subject import referenced


def survivor_of(patient: Mapping[str, Any]) -> str | None:
    """The id of the Patient that replaces this one; None where none does or none is named."""
    links = patient.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("type") == "replaced-by":
            ref = referenced(link.get("other"))
            if ref is not None and ref.type == "Patient" and ref.id != patient.get("id"):
                return ref.id
    return None


def merged_stub(old_id: str, survivor_id: str) -> dict[str, Any]:
    """What the old record would say, where a read of it only leads on to the one that stands."""
    return {
        "resourceType": "Patient",
        "id": old_id,
        "active": False,
        "link": [{"type": "replaced-by", "other": {"reference": f"Patient/{survivor_id}"}}],
    }
