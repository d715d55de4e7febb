"""What is known of one EHR product: only where it differs from the standard, with its source.

A newcomer would get two things wrong. A product is never needed: a server that nobody recognises
works by its CapabilityStatement alone, and a hospital's own statement wins over what is said here.
And nothing here decides: `strategy` reads it together with what the server says and what the
hospital wants, so that a product's name stands in its own file and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from service.ehr.delivery.message_style import STANDARD_STYLE, MessageStyle

Subject = Literal[
    "cohort", "reading", "changes", "delivery", "bulk", "login", "limits", "errors", "notices"
]
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence about a product, where it was seen, and when (`seen_on`, an ISO date)."""

    about: Subject
    says: str
    source: str
    seen_on: str


@dataclass(frozen=True, slots=True)
class Vendor:
    """One EHR product.

    `marks` are regular expressions, without regard to case, for what a CapabilityStatement says of
    its software and publisher. `cohort` and `delivery` are names of sources and channels that work
    there, the best first; empty where nothing differs. `never_writes` names types that must not be
    created or updated even where they are listed, each with the reason. `required_search` gives the
    parameters that a search by patient must have besides: one search for each entry, and only all
    of them together are complete. `one_at_a_time` is None where nobody knows: the reader finds out.
    `page_caps` are resources on a page; "*" holds for every type without one of its own.
    `unusable_search` names, by type, search parameters that are listed and must not be relied on.
    `searches_by_get` is True where a search in the body of a POST is not understood. Answers with
    one of `cut_short_codes` are incomplete, whatever severity stands beside the code.
    """

    key: str
    name: str
    marks: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    cohort: tuple[str, ...] = ()
    delivery: tuple[str, ...] = ()
    never_writes: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    required_search: Mapping[str, tuple[Mapping[str, str], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    one_at_a_time: bool | None = None
    page_caps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    unusable_search: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    searches_by_get: bool = False
    never_retry_codes: frozenset[str] = frozenset()
    cut_short_codes: frozenset[str] = frozenset()
    already_there_codes: frozenset[str] = frozenset()
    expired_page_codes: frozenset[str] = frozenset()
    merged_codes: frozenset[str] = frozenset()
    client_id_header: str = ""
    message_style: MessageStyle = STANDARD_STYLE
    ask_for: tuple[str, ...] = ()
