"""From one fact in plain words to the FHIR resource that an EHR would hold.

Own code on purpose: it shares nothing with the demo EHR or the builders of the tests, so that a
mistake of theirs would show here. A fact is a table whose first known name says what it is:
`{edss: 6.5, on: 2026-09-01}`. Every name that a kind of fact does not read is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from service.protocol_bench.medicine_facts import medicine_resources
from service.screening.overlay_file import SYSTEMS
from service.screening.plain_yaml import Misread, Table, nearest
from service.screening.value_sets import CPT, HCPCS, ICD10CM, LOINC, SNOMED

Resource = dict[str, Any]
_HL7 = "http://terminology.hl7.org/CodeSystem"
_RELATIVES = {"mother": "MTH", "father": "FTH", "parent": "PRN", "sister": "SIS", "brother": "BRO"}
_DXA_CODES = {
    # LOINC by what was measured and where (fhir_profiles/codes.csv, group dxa_loinc).
    ("t_score", "total hip"): "38264-8",
    ("t_score", "femur"): "38263-0",
    ("t_score", "lumbar spine"): "38267-1",
    ("z_score", "lumbar spine"): "85394-5",
    ("bmd", "total hip"): "38261-4",
    ("bmd", "lumbar spine"): "24966-4",
}
_UNITS = {"t_score": "{T-score}", "z_score": "{Z-score}", "bmd": "g/cm2"}
_CODE_FORMS = (
    (re.compile(r"\d{1,7}-\d|LP\d+-\d"), LOINC),
    (re.compile(r"\d{6,18}"), SNOMED),
    (re.compile(r"\d{4}[0-9A-Z]"), CPT),
)
_ICD10CM = re.compile(r"[A-Z]\d[0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_HCPCS = re.compile(r"[A-Z]\d{4}")


def resources_of(fact: Table) -> list[Resource]:
    """The resources of one fact; Misread where it cannot be understood."""
    kinds = [name for name in fact.value if name in FACTS]
    if len(kinds) != 1:
        what = "is not a fact" if not kinds else f"is {' and '.join(kinds)} at once"
        first = next(iter(fact.value), "")
        raise Misread(f"{fact.path}: {what}; {nearest(first, FACTS)}")
    return FACTS[kinds[0]](fact)


def system_of(fact: Table, code: str, *, is_service: bool = False) -> str:
    """The system that is given, or else the one whose codes look like this.

    G0130 could be of two systems: what is done or ordered (`is_service`) is taken for HCPCS.
    """
    given = fact.text("system")
    if given is not None:
        return SYSTEMS.get(given, given)
    if is_service and _HCPCS.fullmatch(code):
        return HCPCS
    for form, system in _CODE_FORMS:
        if form.fullmatch(code):
            return system
    if _ICD10CM.fullmatch(code):
        return ICD10CM
    raise Misread(f"{fact.path}: the code system of {code!r} cannot be told; add system:")


def concept(fact: Table, name: str, *, is_service: bool = False) -> Resource:
    """A CodeableConcept of the code under a name."""
    code = fact.needed(name)
    return {"coding": [{"system": system_of(fact, code, is_service=is_service), "code": code}]}


def _said(system: str, code: str | None) -> Resource | None:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]} if code else None


def _made(kind: str, **elements: Any) -> list[Resource]:
    return [{"resourceType": kind} | {k: v for k, v in elements.items() if v is not None}]


def day_text(fact: Table, name: str) -> str | None:
    """A date as FHIR writes it; a year or a month may stand for a day that nobody knows."""
    words = fact.text(name)
    if words is not None and not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", words):
        raise Misread(f"{fact.at(name)}: write a date as YYYY-MM-DD, YYYY-MM or YYYY")
    return words


def _diagnosis(fact: Table) -> list[Resource]:
    fact.only(
        (
            "diagnosis",
            "system",
            "recorded",
            "onset",
            "verification",
            "clinical",
            "category",
            "visit",
        )
    )
    category = fact.choice("category", ("problem list", "visit", "none")) or "problem list"
    codes = {"problem list": "problem-list-item", "visit": "encounter-diagnosis", "none": None}
    listed = _said("condition-category", codes[category])
    return _condition(
        fact,
        "diagnosis",
        onset=day_text(fact, "onset"),
        recorded=day_text(fact, "recorded"),
        clinical=fact.text("clinical") or ("active" if category != "visit" else None),
        category=[listed] if listed else None,
    )


def _event(name: str) -> Callable[[Table], list[Resource]]:
    """A fracture or a fall: a diagnosis that happened on a day."""

    def made(fact: Table) -> list[Resource]:
        fact.only((name, "system", "on", "verification", "visit"))
        on = day_text(fact, "on")
        listed = [_said("condition-category", "encounter-diagnosis")]
        return _condition(fact, name, onset=on, recorded=on, clinical=None, category=listed)

    return made


def _condition(
    fact: Table,
    name: str,
    *,
    onset: str | None,
    recorded: str | None,
    clinical: str | None,
    category: list[Resource | None] | None,
) -> list[Resource]:
    visit = fact.text("visit")
    return _made(
        "Condition",
        code=concept(fact, name),
        verificationStatus=_said("condition-ver-status", fact.text("verification") or "confirmed"),
        clinicalStatus=_said("condition-clinical", clinical),
        category=category,
        onsetDateTime=onset,
        recordedDate=recorded,
        encounter={"reference": f"Encounter/{visit}"} if visit else None,
    )


def _measured(name: str, code: str, system: str, unit: str) -> Callable[[Table], list[Resource]]:
    def made(fact: Table) -> list[Resource]:
        fact.only((name, "on", "status"))
        return _observation(fact, code, system, fact.number(name), unit)

    return made


def _observation(
    fact: Table, code: str, system: str, value: float | None, unit: str | None
) -> list[Resource]:
    quantity: Resource | None = None
    if value is not None:
        quantity = {"value": value}
        if unit:
            quantity |= {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return _made(
        "Observation",
        status=fact.text("status") or "final",
        code={"coding": [{"system": system, "code": code}]},
        effectiveDateTime=day_text(fact, "on"),
        valueQuantity=quantity,
    )


def _vitamin_d(fact: Table) -> list[Resource]:
    fact.only(("vitamin_d", "on", "status"))
    result = fact.table("vitamin_d")
    result.only(("value", "unit", "code"))
    code = result.text("code") or "62292-8"
    return _observation(fact, code, LOINC, result.number("value"), result.text("unit"))


def _dxa(fact: Table) -> list[Resource]:
    fact.only(("dxa", "on", "status"))
    result = fact.table("dxa")
    result.only(("t_score", "z_score", "bmd", "site", "code", "unit"))
    given = [name for name in _UNITS if result.has(name)]
    if len(given) != 1:
        raise Misread(f"{result.path}: give one of {', '.join(_UNITS)}")
    site = result.text("site") or "lumbar spine"
    code = result.text("code") or _DXA_CODES.get((given[0], site))
    if code is None:
        known = ", ".join(s for measure, s in _DXA_CODES if measure == given[0])
        raise Misread(f"{result.at('site')}: {site!r} with {given[0]}: give a code, or {known}")
    unit = result.text("unit") or _UNITS[given[0]]
    return _observation(fact, code, LOINC, result.number(given[0]), unit)


def _dxa_without_result(fact: Table) -> list[Resource]:
    fact.only(("dxa_done_without_result", "on"))
    return _made(
        "Procedure",
        status="completed",
        code={"coding": [{"system": CPT, "code": "77080"}]},
        performedDateTime=day_text(fact, "on"),
    )


def _procedure(fact: Table) -> list[Resource]:
    fact.only(("procedure", "system", "on", "status", "because"))
    reason = concept(fact, "because") if fact.has("because") else None
    return _made(
        "Procedure",
        status=fact.text("status") or "completed",
        code=concept(fact, "procedure", is_service=True),
        performedDateTime=day_text(fact, "on"),
        statusReason=reason,
    )


def _order(fact: Table) -> list[Resource]:
    fact.only(("order", "system", "on", "status"))
    is_dxa = fact.needed("order").lower() == "dxa"
    dxa = {"coding": [{"system": CPT, "code": "77080"}]}
    return _made(
        "ServiceRequest",
        status=fact.text("status") or "active",
        intent="order",
        code=dxa if is_dxa else concept(fact, "order", is_service=True),
        authoredOn=day_text(fact, "on"),
    )


def _device(fact: Table) -> list[Resource]:
    fact.only(("device", "system", "status"))
    is_wheelchair = fact.needed("device").lower() == "wheelchair"
    wheelchair = {"coding": [{"system": SNOMED, "code": "58938008"}]}
    return _made(
        "Device",
        status=fact.text("status") or "active",
        type=wheelchair if is_wheelchair else concept(fact, "device"),
    )


def _family(fact: Table) -> list[Resource]:
    fact.only(("family", "system", "relative"))
    relative = fact.choice("relative", _RELATIVES) or "parent"
    return _made(
        "FamilyMemberHistory",
        status="completed",
        relationship=_said("v3-RoleCode", _RELATIVES[relative]),
        condition=[{"code": concept(fact, "family")}],
    )


def _any_observation(fact: Table) -> list[Resource]:
    fact.only(("observation", "system", "value", "unit", "answer", "is_true", "on", "status"))
    code = fact.needed("observation")
    found = _observation(fact, code, system_of(fact, code), fact.number("value"), fact.text("unit"))
    if fact.has("answer"):
        answer = fact.needed("answer")
        # `system:` is about the observation; the answer's system is told by its form.
        system = system_of(Table({}, fact.path), answer)
        found[0]["valueCodeableConcept"] = {"coding": [{"system": system, "code": answer}]}
    if fact.has("is_true"):
        found[0]["valueBoolean"] = fact.truth("is_true")
    return found


def _fhir(fact: Table) -> list[Resource]:
    fact.only(("fhir",))
    resource = dict(fact.table("fhir").value)
    if not isinstance(resource.get("resourceType"), str):
        raise Misread(f"{fact.at('fhir')}: a FHIR resource needs a resourceType")
    return [resource]


FACTS: Mapping[str, Callable[[Table], list[Resource]]] = {
    "diagnosis": _diagnosis,
    "fracture": _event("fracture"),
    "fall": _event("fall"),
    "edss": _measured("edss", "273554001", SNOMED, "{score}"),
    "weight_kg": _measured("weight_kg", "29463-7", LOINC, "kg"),
    "height_cm": _measured("height_cm", "8302-2", LOINC, "cm"),
    "bmi": _measured("bmi", "39156-5", LOINC, "kg/m2"),
    "vitamin_d": _vitamin_d,
    "dxa": _dxa,
    "dxa_done_without_result": _dxa_without_result,
    "procedure": _procedure,
    "order": _order,
    "device": _device,
    "family": _family,
    "observation": _any_observation,
    "medicine": medicine_resources,
    "fhir": _fhir,
}
"""Every kind of fact; `refused` and `said_no` are not in the chart and stand in `cases`."""
