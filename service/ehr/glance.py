"""A glance at each resource of a Bundle, so that only what may matter is decoded.

Four fifths of a chart are visits, claims, blood pressures and blood counts. To decode them costs
more than everything that BoneFlag thinks about the rest. So the bytes of a resource are skipped
over once, a few of its elements are looked at, and where none of its codes is ours nothing else is
ever decoded: it is a `PassedOver`.

A newcomer would get two things wrong. A glance only ever decides that something does not matter for
certain: an element of a wrong type, a code that cannot be read, anything odd at all is decoded as
if nobody had glanced, and the parser judges it. And a resource that is passed over is still there:
it may be the newer version of one that mattered, or somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from service.ehr.fields import Json
from service.screening.record import Concepts

ConceptsIn = Callable[[Json], tuple[Concepts, bool]]
_ABSENT = msgspec.Raw()
_MOST_REMEMBERED = 50_000

# Read for their `code`; an Observation and a report may hold more codes than that.
_CODED = frozenset({"Condition", "Procedure", "ServiceRequest", "Observation", "DiagnosticReport"})
# Visits and their paper: most of what an export holds besides. A type that is not named here or
# above is decoded.
_NEVER_READ = frozenset(
    """
    Account AllergyIntolerance AuditEvent Binary CarePlan CareTeam ChargeItem Claim
    ClaimResponse Communication Composition Consent Coverage Encounter
    EpisodeOfCare ExplanationOfBenefit Goal ImagingStudy Immunization Location
    Media NutritionOrder Organization Practitioner PractitionerRole Provenance
    QuestionnaireResponse RelatedPerson Specimen SupplyDelivery
    """.split()
)


# What `documents.WORDS` looks for, anywhere in a document: rather one too many is decoded.
_MAY_BE_A_SCAN = re.compile(rb"de?xa|densit", re.IGNORECASE)

# What a CodeableConcept turned out to be.
_OURS, _FOREIGN, _UNREADABLE = "ours", "foreign", "unreadable"


class _Silent(msgspec.Struct, gc=False, rename="camel"):
    """Holds patient data, undecoded where it is a Raw; gc=False because it holds no cycles."""

    def __repr__(self) -> str:
        return type(self).__name__


class _Part(_Silent):
    code: msgspec.Raw = _ABSENT
    value_codeable_concept: msgspec.Raw = _ABSENT


class PassedOver(_Part):
    """What is looked at in a resource, and all that is kept of one that no criterion reads."""

    resource_type: str = ""
    id: Any = None
    type: msgspec.Raw = _ABSENT
    meta: msgspec.Raw = _ABSENT
    subject: msgspec.Raw = _ABSENT
    patient: msgspec.Raw = _ABSENT
    component: msgspec.Raw = _ABSENT
    contained: msgspec.Raw = _ABSENT

    def element(self, name: str) -> Any:
        """`meta`, `subject`, `patient` or `contained`, decoded; None where it is absent."""
        raw: msgspec.Raw = getattr(self, name)
        return _whole.decode(raw) if raw else None


class _Entry(_Silent):
    full_url: Any = None
    resource: msgspec.Raw = _ABSENT
    request: Any = None


class _Bundle(_Silent):
    resource_type: str = ""
    entry: list[_Entry] = []


_bundle = msgspec.json.Decoder(_Bundle)
_head = msgspec.json.Decoder(PassedOver)
_parts = msgspec.json.Decoder(list[_Part])
_whole = msgspec.json.Decoder()


class Glance:
    """Decodes Bundles; remembers codes by the bytes in which they were written, and no patient.

    `concepts_in` tells the value sets of a CodeableConcept, and whether it has a readable code.
    """

    def __init__(self, concepts_in: ConceptsIn) -> None:
        self._concepts_in = concepts_in
        self._remembered: dict[bytes, str] = {}

    def entries(self, raw: bytes) -> list[tuple[Any, Any, Any]] | None:
        """fullUrl, resource and request of each entry; the resource decoded, or a PassedOver.

        None for what is not a Bundle, and for one with anything odd in it: decode it as it is.
        """
        try:
            bundle = _bundle.decode(raw)
            if bundle.resource_type == "Bundle":
                return [(e.full_url, self._resource(e.resource), e.request) for e in bundle.entry]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        return None

    def _resource(self, raw: msgspec.Raw) -> Any:
        if not raw:
            return None
        try:
            head = _head.decode(raw)
            kind = head.resource_type
            if kind in _NEVER_READ:
                return head
            if not self._may_matter(kind, head) or self._is_another_document(head, raw):
                return head
        except msgspec.ValidationError:
            pass  # An element of a wrong type: the parser knows what to make of it.
        return _whole.decode(raw)

    def _may_matter(self, kind: str, head: PassedOver) -> bool:
        if kind not in _CODED:
            return True
        written = bytes(head.code)
        if (self._remembered.get(written) or self._judge(written)) is not _FOREIGN:
            return True
        # Most have neither of these.
        if not (head.component or head.value_codeable_concept or head.contained):
            return False
        return bool(head.contained) or self._answers(head) or self._has_part(head.component)

    def _is_another_document(self, head: PassedOver, raw: msgspec.Raw) -> bool:
        if head.resource_type != "DocumentReference" or not head.type:
            return False
        return self._judged(bytes(head.type)) is not _OURS and not _MAY_BE_A_SCAN.search(raw)

    def _has_part(self, raw: msgspec.Raw) -> bool:
        parts = _parts.decode(raw) if raw else ()
        return any(self._judged(bytes(part.code)) is _OURS or self._answers(part) for part in parts)

    def _answers(self, part: _Part) -> bool:
        return self._judged(bytes(part.value_codeable_concept)) is _OURS

    def _judged(self, written: bytes) -> str:
        return self._remembered.get(written) or self._judge(written)

    def _judge(self, written: bytes) -> str:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        concept = _whole.decode(written) if written else None
        concepts, is_readable = self._concepts_in(concept if isinstance(concept, dict) else {})
        judged = _OURS if concepts else _FOREIGN if is_readable else _UNREADABLE
        self._remembered[written] = judged
        return judged
