"""Presets of the demo's EHR: products as their documents describe them, and faults to add.

Each product has a module with its sources and the dates on which they were seen; where no source
says anything the cautious guess is taken, which is the one that would hurt most, and the module
says so. Nothing here is shared with the side that talks to an EHR: a shared mistake would cancel
out. A name is a product and any faults, such as `epic` or `hapi+busy+odd`.
"""

from __future__ import annotations

from service.demo_ehr.errors import DemoEHRError
from service.demo_ehr.presets.athenahealth import ATHENAHEALTH
from service.demo_ehr.presets.epic import EPIC
from service.demo_ehr.presets.faults import FAULTS
from service.demo_ehr.presets.meditech import MEDITECH
from service.demo_ehr.presets.open_servers import (
    AIDBOX,
    AWS_HEALTHLAKE,
    AZURE,
    GOOGLE,
    HAPI,
    INTERSYSTEMS,
    MEDPLUM,
    SMILE,
)
from service.demo_ehr.presets.oracle_health import ORACLE_HEALTH
from service.demo_ehr.presets.preset import Preset

__all__ = ["FAULTS", "PRESETS", "PresetUnknown", "preset_named"]

PRESETS = {
    preset.name: preset
    for preset in (
        EPIC,
        ORACLE_HEALTH,
        MEDITECH,
        ATHENAHEALTH,
        HAPI,
        SMILE,
        MEDPLUM,
        AZURE,
        GOOGLE,
        AWS_HEALTHLAKE,
        INTERSYSTEMS,
        AIDBOX,
    )
}


class PresetUnknown(DemoEHRError):
    """No product or fault of that name; the message lists those that there are."""

    def __init__(self) -> None:
        super().__init__(
            f"There is no EHR of that name. Products: {', '.join(PRESETS)}. Any of these can be"
            f" added with a plus sign: {', '.join(FAULTS)}."
        )


def preset_named(name: str) -> Preset:
    """The preset of a name such as `epic` or `hapi+busy`; PresetUnknown for any other."""
    product, *faults = name.strip().lower().split("+")
    if product not in PRESETS or not set(faults) <= set(FAULTS):
        raise PresetUnknown
    preset = PRESETS[product]
    for fault in faults:
        preset = preset.with_fault(FAULTS[fault])
    return preset
