"""How this server wants to be asked: what the reader and the writer need to know, and no more.

A newcomer would get one thing wrong: these are no capabilities. What a server offers stands in its
CapabilityStatement; this is how it answers best, or what its answers mean. `strategy` makes it of
the statement, the product and the settings; without any of them the standard's manners hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ANY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Manners:
    """`one_at_a_time`: never ask for several patients in one search.

    `required` gives, by type, the parameters that a search by patient must have besides: one search
    for each entry, and the type is read only when all of them were. `searches_by_get`: a search in
    the body of a POST is not understood. `page_caps` are the most
    resources that may be asked for on one page, by type or for `ANY_TYPE`. The codes are those of
    OperationOutcome.issue.details: of a refusal that is final, of an answer that is incomplete
    whatever severity stands beside the code, of a duplicate that stands already, of pages that have
    expired, of a patient who was merged into another.
    """

    one_at_a_time: bool = False
    required: Mapping[str, tuple[Mapping[str, str], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    page_caps: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    uses_elements: bool = False
    searches_by_get: bool = False
    never_retry_codes: frozenset[str] = frozenset()
    cut_short_codes: frozenset[str] = frozenset()
    already_there_codes: frozenset[str] = frozenset()
    expired_page_codes: frozenset[str] = frozenset()
    merged_codes: frozenset[str] = frozenset()

    def page_size(self, type_: str, wanted: int) -> int:
        """How many resources to ask for on one page."""
        cap = self.page_caps.get(type_, self.page_caps.get(ANY_TYPE, wanted))
        return min(wanted, cap)


STANDARD = Manners()
