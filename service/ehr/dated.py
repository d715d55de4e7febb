"""When something was done, seen or began: the dates of FHIR JSON in their several elements."""

from __future__ import annotations

from datetime import date, timedelta

from service.ehr.fields import Json, number_in, object_in, text_in, when_in
from service.screening.record import When

_ONE_DAY = timedelta(days=1)


def first_date(resource: Json, point: str, period: str) -> When | None:
    """A date, or of a period its end, or where it has none its start."""
    if resource.get(point) is not None:
        return when_in(resource, point)
    stretch = object_in(resource, period)
    return when_in(stretch, "end") or when_in(stretch, "start")


def effective(resource: Json) -> When | None:
    """When it was true; when it was issued only where nothing at all is said about that."""
    when = first_date(resource, "effectiveDateTime", "effectivePeriod")
    if when is not None or any(key.startswith("effective") for key in resource):
        return when or when_in(resource, "effectiveInstant")
    return when_in(resource, "issued")


def says_no_date(resource: Json) -> bool:
    """Whether nothing at all is said about when it was true; a broken date says something."""
    return "issued" not in resource and not any(key.startswith("effective") for key in resource)


def onset(resource: Json, birth: When | None) -> When | None:
    """When a condition began: a date, the start of a period, or an age where birth is known."""
    if resource.get("onsetDateTime") is not None:
        return when_in(resource, "onsetDateTime")
    start = when_in(object_in(resource, "onsetPeriod"), "start")
    if start is not None:
        return start
    age = object_in(resource, "onsetAge")
    years = number_in(age, "value")
    unit = text_in(age, "code") or text_in(age, "unit")
    if birth is None or years is None or unit not in ("a", "year", "years") or not 0 <= years < 150:
        return None
    # An age lasts until the day before the next birthday.
    first = _in_years(birth.first, int(years))
    return When(first, max(first, _in_years(birth.last, int(years) + 1) - _ONE_DAY))


def _in_years(day: date, years: int) -> date:
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February.
        return day.replace(year=day.year + years, day=28) + _ONE_DAY
