"""What this door offers: one service on two hooks.

A newcomer would get one thing wrong: both entries have the same id on purpose. An EHR takes away
the cards of a service when the same service is called on another hook (CDS Hooks 2.0, update stale
guidance), so that the card of an open chart goes when the scan is being ordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.cards.call import Hook

SERVICE_ID = "ms-bone-health"
HOOKS: tuple[Hook, ...] = ("patient-view", "order-sign")
_VERSION = "2.0"
_TITLE = "Bone health in multiple sclerosis"
_DESCRIPTION = (
    "Shows who with multiple sclerosis is due for a bone density scan (DXA), and why, by the"
    " protocol that this hospital has approved."
)
_USAGE = (
    "Keys of the prefetch may be left out. For people whom the service knows already it answers"
    " without any; of others it needs all, or fhirAuthorization to fetch them."
)


def services(templates: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The answer to discovery."""
    return {
        "services": [
            {
                "hook": hook,
                "id": SERVICE_ID,
                "title": _TITLE,
                "description": _DESCRIPTION,
                "prefetch": dict(templates),
                "usageRequirements": _USAGE,
                "version": _VERSION,
            }
            for hook in HOOKS
        ]
    }
