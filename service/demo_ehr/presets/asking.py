"""What products ask of a search: which parameters must be there, and which must not.

Each function makes a quirk for a product; the product's own module gives its answer and its source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from service.demo_ehr.presets.exchange import Reply, Request
from service.demo_ehr.presets.preset import Hospital, Quirk

Refuse = Callable[[Request], Reply]

# They shape an answer and select nothing, so that no product takes them for a search.
RESULT_PARAMETERS = frozenset(
    ("_count", "_format", "_include", "_revinclude", "_sort", "_summary", "_elements", "_total")
)


def requires_one_of(types: Collection[str], names: Collection[str], refuse: Refuse) -> Quirk:
    """A search of these types must name one of these parameters."""

    def quirk(_: Hospital, request: Request) -> Reply | None:
        is_concerned = request.is_search and request.type in types
        return refuse(request) if is_concerned and not set(names) & set(request.names) else None

    return quirk


def refuses_several_patients(refuse: Refuse) -> Quirk:
    """A search may name one patient, in one parameter; `_id` of Patient is another thing."""

    def quirk(_: Hospital, request: Request) -> Reply | None:
        several = len(set(request.values("patient", "subject"))) > 1
        return refuse(request) if request.is_search and several else None

    return quirk


def answers_for_the_first_patient_only(_: Hospital, request: Request) -> Reply | None:
    """Of several patients the first is looked at, and nobody is told about the others."""
    if request.is_search:
        request.parameters = [
            (name, value.split(",")[0] if name in ("patient", "subject") else value)
            for name, value in request.parameters
        ]
    return None


def takes_id_alone(refuse: Refuse | None, beside: Collection[str] = RESULT_PARAMETERS) -> Quirk:
    """Beside `_id` nothing else is taken: it is refused, or ignored where `refuse` is None."""
    allowed = {"_id", *beside}

    def quirk(_: Hospital, request: Request) -> Reply | None:
        if not request.is_search or "_id" not in request.names or request.type == "Patient":
            return None
        if set(request.names) <= allowed:
            return None
        if refuse is not None:
            return refuse(request)
        request.keep(allowed)
        return None

    return quirk


def refuses_closed_charts(refuse: Refuse) -> Quirk:
    """A chart that takes a reason to open is refused, in searches and in reads of the Patient."""

    def quirk(hospital: Hospital, request: Request) -> Reply | None:
        return refuse(request) if hospital.closed & set(request.patients()) else None

    return quirk


def fails_on_invalid_resources(failed: Reply) -> Quirk:
    """One resource that cannot be shown fails the whole search that would find it."""

    def quirk(hospital: Hospital, request: Request) -> Reply | None:
        is_hit = request.is_search and hospital.invalid & set(request.patients())
        return failed if is_hit else None

    return quirk
