"""FHIR Observation -> the observations of a record, each with its components.

A newcomer would get two things wrong. A code of ours may stand under a component or in the answer
where the observation's own code is foreign. And a result may live only inside a report, as a
contained resource: then the report's reference and date stand for it. A result without any date
has the date of the report, panel or measurement that it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from service.ehr import statuses
from service.ehr.body_site import at_site
from service.ehr.codes import CodeReader, codings_in, ref_of, report_modified
from service.ehr.dated import effective, says_no_date
from service.ehr.fields import Json, number_in, object_in, objects_in, references_in, text_in
from service.screening.record import (
    NO_CONCEPTS,
    Concepts,
    Observation,
    ObservationStatus,
    Problem,
    Quantity,
    ResourceRef,
    When,
)

_YES, _NO = "answer-yes", "answer-no"
_ONLY_AN_ANSWER = frozenset({_YES, _NO})
_PLAIN_NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?")
# Where else than under `code` an Observation may hold a code of ours.
_HOLDS_MORE_CODES = frozenset({"valueCodeableConcept", "component"})


def observations(
    resources: Sequence[Json], codes: CodeReader, problems: list[Problem]
) -> Iterator[Observation]:
    """Observations and components of ours; what has no readable code is reported."""
    for resource in resources:
        concepts = codes.concepts_of(resource, problems)
        # Most of a chart is neither: what follows would cost it ten times as much.
        if concepts or not _HOLDS_MORE_CODES.isdisjoint(resource):
            parts = list(_parts(codes, ref_of(resource), resource, concepts, effective(resource)))
            if parts:
                report_modified(resource, problems)
            yield from parts


def contained_observations(reports: Sequence[Json], codes: CodeReader) -> Iterator[Observation]:
    """Results inside a report, under its reference and date; its status wins if not final."""
    for report in reports:
        for contained in objects_in(report, "contained"):
            if contained.get("resourceType") == "Observation":
                concepts, _ = codes.concepts_in(object_in(contained, "code"))
                merged = {"status": report.get("status"), **contained}
                if statuses.observation_status(report) != "final":
                    merged["status"] = report.get("status")
                if statuses.is_modified(report):
                    merged["modifierExtension"] = report.get("modifierExtension")
                when = effective(contained) or effective(report)
                yield from _parts(codes, ref_of(report), merged, concepts, when)


def with_linked_dates(
    found: Sequence[Observation], resources: Sequence[Json], reports: Sequence[Json]
) -> tuple[Observation, ...]:
    """The same, where those that say nothing of a date take that of what they belong to."""
    if all(o.when is not None for o in found):
        return tuple(found)
    raw = {ref_of(resource): resource for resource in resources}
    silent = {ref for ref, resource in raw.items() if says_no_date(resource)}
    dates = _linked_dates(raw, reports)
    return tuple(
        replace(o, when=dates.get(o.ref)) if o.when is None and o.ref in silent else o
        for o in found
    )


def _linked_dates(
    raw: Mapping[ResourceRef, Json], reports: Sequence[Json]
) -> dict[ResourceRef, When]:
    """Dates by report, then by panel, then by the measurement that a result is derived from."""
    dates: dict[ResourceRef, When] = {}
    links = [
        *(
            (ref, effective(report))
            for report in reports
            for ref in references_in(report, "result")
        ),
        *((ref, effective(r)) for r in raw.values() for ref in references_in(r, "hasMember")),
        *(
            (own, effective(raw.get(ref, {})))
            for own, r in raw.items()
            for ref in references_in(r, "derivedFrom")
        ),
    ]
    for ref, when in links:
        if when is not None:
            dates.setdefault(ref, when)
    return dates


def _parts(
    codes: CodeReader, ref: ResourceRef, resource: Json, concepts: Concepts, when: When | None
) -> Iterator[Observation]:
    """The observation itself and its components, where one of our value sets holds them."""
    whole = _observation(codes, ref, resource, concepts, when, resource)
    if whole is not None:
        yield whole
    for component in objects_in(resource, "component"):
        inner, _ = codes.concepts_in(object_in(component, "code"))
        part = _observation(codes, ref, component, inner, when, resource)
        if part is not None:
            yield part


def _observation(
    codes: CodeReader,
    ref: ResourceRef,
    source: Json,
    concepts: Concepts,
    when: When | None,
    whole: Json,
) -> Observation | None:
    answer = object_in(source, "valueCodeableConcept")
    answered, _ = codes.concepts_in(answer) if answer else (NO_CONCEPTS, False)
    # A plain yes to a question that is not ours says nothing.
    if not concepts and answered <= _ONLY_AN_ANSWER:
        return None
    has_value = source.get("valueQuantity") is not None or any(
        k.startswith("value") and v is not None for k, v in source.items()
    )
    is_absent = bool(source.get("dataAbsentReason"))
    return Observation(
        ref=ref,
        concepts=at_site(concepts, whole, codes),
        codings=codings_in(object_in(source, "code")),
        status=_status(whole, source),
        when=when,
        has_value=has_value,
        is_absent=is_absent,
        quantity=None if is_absent else _quantity(source),
        boolean=None if is_absent else _yes_or_no(source, answered),
        value_concepts=answered,
        value_codings=codings_in(answer) if answer else (),
        based_on=references_in(whole, "basedOn") if "basedOn" in whole else (),
    )


def _status(whole: Json, part: Json) -> ObservationStatus:
    """The status of the whole; unclear where a modifier may change what this part of it means."""
    status = statuses.observation_status(whole)
    return "unclear" if status == "final" and statuses.is_modified(part) else status


def _yes_or_no(source: Json, answered: Concepts) -> bool | None:
    """An answer that is true or false, or a code that says yes or no; None for any other."""
    boolean = source.get("valueBoolean")
    if isinstance(boolean, bool):
        return boolean
    said = answered & _ONLY_AN_ANSWER
    return _YES in said if len(said) == 1 else None


def _bound(low: Json, high: Json) -> Quantity | None:
    """The end of a range that says more: "at least low", or from nothing on "at most high"."""
    least, most = number_in(low, "value"), number_in(high, "value")
    if least is not None and (least != 0 or most is None):
        return Quantity(least, text_in(low, "code") or text_in(low, "unit") or None, ">=")
    if most is None:
        return None
    return Quantity(most, text_in(high, "code") or text_in(high, "unit") or None, "<=")


def _quantity(source: Json) -> Quantity | None:
    """A number in any of the forms that servers use; text only where it is a plain number."""
    given = object_in(source, "valueQuantity")
    if given:
        value = number_in(given, "value")
        if value is None:
            return None
        unit = text_in(given, "code") or text_in(given, "unit")
        return Quantity(value, unit or None, text_in(given, "comparator"))
    stretch = object_in(source, "valueRange")
    if stretch:
        return _bound(object_in(stretch, "low"), object_in(stretch, "high"))
    for key in ("valueInteger", "valueDecimal"):
        value = number_in(source, key)
        if value is not None:
            return Quantity(value, None)
    text = text_in(source, "valueString")
    return Quantity(float(text), None) if _PLAIN_NUMBER.fullmatch(text) else None
