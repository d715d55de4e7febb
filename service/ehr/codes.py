"""Codes of FHIR JSON -> the value sets that hold them.

A newcomer would get one thing wrong: a code that is in none of our value sets is readable and
simply not ours, while a resource without any readable code is reported, for it might have been.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from service.ehr.fields import Json, object_in, objects_in, text_in
from service.screening.record import NO_CONCEPTS, Coding, Concepts, Problem, ResourceRef
from service.screening.value_sets import Vocabulary, fold_code, fold_system

_NOT_PRINTABLE = "\N{REPLACEMENT CHARACTER}"
NO_CODE = "no readable code"
MODIFIED = "a modifierExtension that is not known may change what it means: not judged"


class CodeReader:
    """Reads codes with one vocabulary; keeps nothing between patients."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def concepts_in(self, concept: Json) -> tuple[Concepts, bool]:
        """The value sets of a CodeableConcept, and whether it has any readable code at all."""
        found: Concepts = NO_CONCEPTS
        is_readable = False
        for coding in objects_in(concept, "coding"):
            system, code = coding.get("system"), coding.get("code")
            if isinstance(system, str) and isinstance(code, str) and system and code.strip():
                is_readable = True
                held = self.vocabulary.concepts_of(system, code)
                if held:
                    found = found | held if found else held
        return found, is_readable

    def all_concepts(self, concepts: Iterable[Json]) -> Concepts:
        """The value sets of several CodeableConcepts together."""
        return NO_CONCEPTS.union(*(self.concepts_in(c)[0] for c in concepts))

    def coded(
        self, resources: Sequence[Json], problems: list[Problem]
    ) -> Iterator[tuple[ResourceRef, Json, Concepts]]:
        """The resources with a `code` of ours; what has no code is reported."""
        for resource in resources:
            concepts = self.concepts_of(resource, problems)
            if concepts:
                report_modified(resource, problems)
                yield ref_of(resource), resource, concepts

    def concepts_of(self, resource: Json, problems: list[Problem]) -> Concepts:
        """The value sets of a resource's `code`; a resource without a readable one is reported."""
        concepts, is_readable = self.concepts_in(object_in(resource, "code"))
        if not is_readable:
            problems.append(Problem(str(ref_of(resource)), NO_CODE))
        return concepts


def report_modified(resource: Json, problems: list[Problem]) -> None:
    """Report a resource of ours that carries a modifierExtension; `statuses` makes it unclear."""
    if resource.get("modifierExtension"):
        problems.append(Problem(str(ref_of(resource)), MODIFIED))


def ref_of(resource: Json) -> ResourceRef:
    """A resource's own reference; charts hold resources without an id.

    What cannot be printed in one is replaced: PostgreSQL keeps no NUL, and one such id would cost
    the screening of everybody who is stored together; and a mark that turns the direction of
    writing would turn it on a page too.
    """
    kind, own = resource.get("resourceType"), resource.get("id")
    if not isinstance(own, str) or not own:
        return ResourceRef(str(kind), "(no id)")
    if not own.isprintable():
        own = "".join(c if c.isprintable() else _NOT_PRINTABLE for c in own)
    return ResourceRef(str(kind), own)


def codings_in(concept: Json) -> tuple[Coding, ...]:
    """The readable codings of a CodeableConcept, folded to one spelling."""
    found = []
    for coding in objects_in(concept, "coding"):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str):
            folded = fold_system(system)
            found.append(Coding(folded, fold_code(folded, code), text_in(coding, "display")))
    return tuple(found)
