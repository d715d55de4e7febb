"""FHIR DocumentReference -> documents that may be bone density reports: candidates, no more.

A newcomer would get one thing wrong: a title is text that anybody typed. It is looked through for
words of ours and not kept, and what is found closes nothing; somebody has to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from service.ehr.codes import CodeReader, ref_of
from service.ehr.fields import Json, object_in, objects_in, text_in, when_in
from service.screening.record import Document, When

WORDS = re.compile(r"\b(dxa|dexa)\b|(densitometr)|(bone (?:mineral )?density)", re.IGNORECASE)
_SHOWN = ("", "DXA", "densitometry", "bone density")
_CODED = "bone density scan"
_UNUSED = frozenset({"superseded", "entered-in-error"})


def documents(resources: Sequence[Json], codes: CodeReader) -> Iterator[Document]:
    """Current documents whose type is a scan, or whose type or title holds a word of ours."""
    for resource in resources:
        if text_in(resource, "status") in _UNUSED:
            continue
        concepts, _ = codes.concepts_in(object_in(resource, "type"))
        found = _CODED if "dxa-central" in concepts else _word_in(resource)
        if found:
            yield Document(ref_of(resource), found, _when(resource))


def _word_in(resource: Json) -> str:
    for text in _texts(resource):
        match = WORDS.search(text)
        if match is not None:
            return _SHOWN[match.lastindex or 0]
    return ""


def _texts(resource: Json) -> Iterator[str]:
    named = object_in(resource, "type")
    yield text_in(named, "text")
    for coding in objects_in(named, "coding"):
        yield text_in(coding, "display")
    yield text_in(resource, "description")
    for content in objects_in(resource, "content"):
        yield text_in(object_in(content, "attachment"), "title")


def _when(resource: Json) -> When | None:
    """When the thing was done that the document tells of, else when it was written."""
    period = object_in(object_in(resource, "context"), "period")
    return when_in(period, "end") or when_in(period, "start") or when_in(resource, "date")
