"""What a medication resource is about: a code, a Medication elsewhere, or only a name.

A newcomer would get two things wrong. A name is read only where none of the medicine's codes is
known to us, so that a code which says otherwise is never overruled by a word. And a reference that
cannot be resolved is not "no medicine": it is reported, unless its display names the medicine.

A code of a product stands for its strength too, because many EHRs send it without a display: then
the display of our own value set says how much a tablet holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.ehr.amount import NO_STRENGTH, Strength, strength_named, strength_of
from service.ehr.fields import Json, object_in, objects_in, parse_reference, text_in
from service.screening.record import NO_CONCEPTS, Concepts
from service.screening.value_sets import Vocabulary

NO_NAME = "a medicine without a readable code or name"
UNRESOLVED = "a medicine reference could not be resolved"


@dataclass(frozen=True, slots=True, repr=False)
class Product:
    """What the medicine is: its value sets, its names with forms, and its strength."""

    concepts: Concepts
    is_by_name: bool
    texts: tuple[str, ...]
    medication: Json | None = None
    displays: tuple[str, ...] = ()

    def strength(self) -> Strength:
        """By Medication.ingredient where it says so, else by name, else by what its codes mean."""
        stated = strength_of([self.medication]) if self.medication else NO_STRENGTH
        named = strength_named(self.texts) if stated == NO_STRENGTH else stated
        return strength_named(self.displays) if named == NO_STRENGTH else named

    def names_and_forms(self) -> tuple[str, ...]:
        """All that may say how the product is applied."""
        form = object_in(self.medication or {}, "form")
        return (*self.texts, *_texts_of(form))


def medication_reference(resource: Json) -> str | None:
    """The reference to a separate Medication that this resource needs; None where it has none.

    Contained ones ("#x") need no fetching and give None, and neither does one beside a code.
    """
    if isinstance(resource.get("medicationCodeableConcept"), dict):
        return None
    reference = text_in(object_in(resource, "medicationReference"), "reference")
    return None if not reference or reference.startswith("#") else reference


def product_of(
    resource: Json, medications: Mapping[str, Json], vocabulary: Vocabulary
) -> Product | str:
    """The medicine, or why it cannot be known."""
    concept = resource.get("medicationCodeableConcept")
    if isinstance(concept, dict) and concept:
        found = _classify(concept, (), vocabulary)
        return found if found.texts or found.concepts or _has_code(concept) else NO_NAME
    reference = object_in(resource, "medicationReference")
    display = text_in(reference, "display")
    medication = _find(text_in(reference, "reference"), resource, medications)
    if medication is None:
        if display:
            return _classify({}, (display,), vocabulary)
        return UNRESOLVED if text_in(reference, "reference") else NO_NAME
    return _of_medication(medication, display, vocabulary)


def _of_medication(medication: Json, display: str, vocabulary: Vocabulary) -> Product | str:
    """A Medication by its code, else by its ingredients, else by the reference's display."""
    code = object_in(medication, "code")
    product = _classify(code, (display,) if display else (), vocabulary)
    ingredients = [
        object_in(ingredient, "itemCodeableConcept")
        for ingredient in objects_in(medication, "ingredient")
    ]
    if not product.concepts:
        parts = [_classify(ingredient, (), vocabulary) for ingredient in ingredients]
        concepts = NO_CONCEPTS.union(*(part.concepts for part in parts))
        displays = tuple(display for part in parts for display in part.displays)
        texts = (*product.texts, *(text for part in parts for text in part.texts))
        by_name = bool(concepts) and all(p.is_by_name for p in parts if p.concepts)
        product = Product(concepts, by_name, texts, displays=displays)
        if not concepts and not texts and not any(map(_has_code, [code, *ingredients])):
            return NO_NAME
    return replace(product, medication=medication)


def _classify(concept: Json, more_texts: tuple[str, ...], vocabulary: Vocabulary) -> Product:
    """The value sets of a medicine's codes; of its names only where none of the codes is known."""
    concepts = NO_CONCEPTS
    displays: list[str] = []
    for coding in objects_in(concept, "coding"):
        code = coding.get("code")
        if isinstance(code, str) and (
            found := vocabulary.concepts_of(text_in(coding, "system"), code)
        ):
            concepts = concepts | found if concepts else found
            displays.append(vocabulary.display_of(text_in(coding, "system"), code))
    texts = tuple(dict.fromkeys((*_texts_of(concept), *more_texts)))
    if concepts:
        return Product(concepts, False, texts, displays=tuple(displays))
    return Product(vocabulary.named_in("; ".join(texts)), True, texts)


def _texts_of(concept: Json) -> list[str]:
    texts = [text_in(coding, "display") for coding in objects_in(concept, "coding")]
    texts.append(text_in(concept, "text"))
    return [text for text in texts if text]


def _has_code(concept: Json) -> bool:
    return any(text_in(coding, "code") for coding in objects_in(concept, "coding"))


def _find(reference: str, resource: Json, medications: Mapping[str, Json]) -> Json | None:
    if reference.startswith("#"):
        held = (c for c in objects_in(resource, "contained") if c.get("id") == reference[1:])
        return next(held, None)
    found = medications.get(reference)
    if found is None and (ref := parse_reference(reference)) is not None:
        found = medications.get(str(ref))
    return found if isinstance(found, dict) else None
