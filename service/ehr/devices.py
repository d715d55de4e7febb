"""FHIR Device and DeviceUseStatement -> devices in use by, or assigned to, the patient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from service.ehr.codes import CodeReader, ref_of
from service.ehr.dated import first_date
from service.ehr.fields import Json, object_in, objects_in, reference_in, text_in
from service.screening.record import DeviceUse


def devices(resources: Mapping[str, Sequence[Json]], codes: CodeReader) -> Iterator[DeviceUse]:
    """Devices assigned to the patient, and statements of use with the device they name."""
    known = {str(ref_of(d)): d for d in resources.get("Device", ())}
    for device in known.values():
        concepts, _ = codes.concepts_in(object_in(device, "type"))
        status = text_in(device, "status")
        if concepts and object_in(device, "patient") and status != "entered-in-error":
            yield DeviceUse(ref_of(device), concepts, status in ("", "active"))
    for statement in resources.get("DeviceUseStatement", ()):
        status = text_in(statement, "status")
        concepts, _ = codes.concepts_in(object_in(_device_of(statement, known), "type"))
        if concepts and status != "entered-in-error":
            yield DeviceUse(
                ref_of(statement),
                concepts,
                status == "active",
                first_date(statement, "timingDateTime", "timingPeriod"),
            )


def _device_of(statement: Json, known: Mapping[str, Json]) -> Json:
    target = object_in(statement, "device")
    reference = text_in(target, "reference")
    if reference.startswith("#"):
        contained = objects_in(statement, "contained")
        return next((c for c in contained if c.get("id") == reference[1:]), {})
    ref = reference_in({"r": target}, "r")
    return known.get(str(ref), {})
