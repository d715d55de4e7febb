"""Which searches a chart takes: one for each type, or as many as the server insists on.

A newcomer would get two things wrong. Some EHRs refuse a search by patient that says nothing else
(integration notes 1.2): then one search goes out for each set of parameters that the server
requires, and only all of them together are the type. And only Observation is filtered by code:
medicines may be recognised by name and conditions by a local code, so they are read whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from service.ehr.capability import Capability
from service.ehr.manners import STANDARD, Manners
from service.screening.value_sets import LOINC, DataRequirement, Vocabulary

BY_CODE, BY_PART, BY_ANSWER = "code", "combo-code", "value-concept"
"""How observations are asked for: by what they are about, also in a component, by their answer."""
# Codes of questions, which are never answers.
_QUESTIONS = frozenset({LOINC})


@dataclass(frozen=True, slots=True)
class TypeSearch:
    """What is asked for one type. No `codes` means all of it; they hold no patient data.

    `by` is the parameter that takes the codes. `besides` are the parameters that the server wants
    beside the patient. `is_extra` says that another search for the type stands on its own, and that
    this one only adds to it.
    """

    type: str
    codes: tuple[str, ...] = ()
    by: str = BY_CODE
    is_extra: bool = False
    besides: tuple[tuple[str, str], ...] = ()

    @property
    def patient_parameter(self) -> str:
        """The parameter that takes patient ids. `patient` and `subject` are never mixed (Epic)."""
        return "_id" if self.type == "Patient" else "patient"

    @property
    def kind(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """What tells this search from others for the type, whatever its codes are."""
        return self.type, self.by, self.besides


def searches_for(
    needs: Iterable[DataRequirement],
    vocabulary: Vocabulary,
    capability: Capability,
    manners: Manners = STANDARD,
) -> tuple[TypeSearch, ...]:
    """The searches for a chart, sorted by type.

    A code of ours may also stand in a component, or as the answer to a question that is not ours
    ("mobility: wheelchair bound"): what the server offers for that is used. Where every search
    costs a request for each patient, answers are asked for only while there are no more searches
    than types.
    """
    needs = list(needs)
    types = sorted({need.type for need in needs})
    found: list[TypeSearch] = []
    for type_ in types:
        if type_ == "Observation":
            found += _observation_searches(needs, vocabulary, capability, manners)
        else:
            found += _whole(type_, manners)
    asked = [search for search in found if capability.can_search(search.type)]
    if manners.one_at_a_time and len(asked) > len(types):
        found = [search for search in found if not search.is_extra]
    return tuple(found)


def _whole(type_: str, manners: Manners) -> Iterator[TypeSearch]:
    for parameters in manners.required.get(type_) or ({},):
        yield TypeSearch(type_, besides=tuple(sorted(parameters.items())))


def _observation_searches(
    needs: Sequence[DataRequirement],
    vocabulary: Vocabulary,
    capability: Capability,
    manners: Manners,
) -> Iterator[TypeSearch]:
    """By our codes, which is also what a server takes that wants a category or a code."""
    observed = [need for need in needs if need.type == "Observation"]
    if not all(need.value_sets for need in observed):
        yield from _whole("Observation", manners)
        return
    value_sets = {v for need in observed for v in need.value_sets}
    by = BY_PART if capability.can_search("Observation", BY_PART) else BY_CODE
    if manners.required.get("Observation"):
        by = BY_CODE  # The parameter that such a server asks for by its name (Epic 59108).
    yield TypeSearch("Observation", vocabulary.search_codes(value_sets), by)
    answers = vocabulary.search_codes(value_sets, without=_QUESTIONS)
    if answers and capability.can_search("Observation", BY_ANSWER):
        yield TypeSearch("Observation", answers, BY_ANSWER, is_extra=True)
