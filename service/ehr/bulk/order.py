"""What an export is asked for, in the two ways of asking.

A newcomer would get three things wrong. Oracle does not take a repeated `_type`, so GET joins the
types by commas; the fourth edition of Bulk Data knows neither GET nor joined values, so POST
repeats them. A comma inside one `_typeFilter` stands for another filter and has to be encoded once
more than usual (SMART Fetch does so). And a filter is a wish: the reference server ignores some, so
that what comes is always sorted again here (integration notes 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote

from service.ehr.search import query_string
from service.screening.value_sets import DataRequirement, Vocabulary

Level = Literal["group", "patient", "system"]
# Codes in one filter: long enough for few filters, short enough for a line of a server's log.
_CODES_IN_A_FILTER = 50


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """One export. `group_id` is given at the level "group" only; empty `types` means all of them.

    `since` asks for what changed after it: such an export holds no whole charts.
    """

    level: Level
    group_id: str = ""
    types: tuple[str, ...] = ()
    type_filters: tuple[str, ...] = ()
    since: datetime | None = None
    uses_post: bool = False

    @property
    def path(self) -> str:
        """The operation below the base URL."""
        if self.level == "group":
            return f"Group/{quote(self.group_id, safe='')}/$export"
        return "Patient/$export" if self.level == "patient" else "$export"

    def query(self) -> str:
        """The parameters as a query string, "" where there are none."""
        pairs = [("_type", ",".join(self.types))] if self.types else []
        pairs += [("_since", self.since.isoformat())] if self.since else []
        pairs += [("_typeFilter", wish) for wish in self.type_filters]
        return query_string(pairs)

    def parameters(self) -> dict[str, Any]:
        """The same as a Parameters resource."""
        found: list[dict[str, str]] = [{"name": "_type", "valueString": t} for t in self.types]
        if self.since:
            found.append({"name": "_since", "valueInstant": self.since.isoformat()})
        found += [{"name": "_typeFilter", "valueString": wish} for wish in self.type_filters]
        return {"resourceType": "Parameters", "parameter": found}


def observation_filters(
    needs: Iterable[DataRequirement], vocabulary: Vocabulary
) -> tuple[str, ...]:
    """Filters for the Observations that the protocol needs; none where it needs all of them."""
    observed = [need for need in needs if need.type == "Observation"]
    if not observed or not all(need.value_sets for need in observed):
        return ()
    codes = vocabulary.search_codes({v for need in observed for v in need.value_sets})
    return tuple(f"Observation?code={quote(','.join(part))}" for part in _parts(codes))


def _parts(codes: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(codes), _CODES_IN_A_FILTER):
        yield codes[start : start + _CODES_IN_A_FILTER]
