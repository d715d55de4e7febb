"""What a preset is: a product's statement, and the quirks that it has beyond it.

A quirk looks at a request before it is carried out, and answers it, changes it or lets it pass. A
shape looks at what a search found. Both get the hospital, which holds what a test has arranged:
charts that are closed, people who were merged, resources that cannot be shown.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from service.demo_ehr.codes import JSON
from service.demo_ehr.presets.exchange import Reply, Request
from service.demo_ehr.presets.offer import Offer

Cohort = Literal["code", "group", "list", "file"]
Unknown = Literal["refuse", "ignore", "warn", "as-asked"]
"""What becomes of an unknown parameter; `as-asked` refuses where the client prefers strictness."""


@dataclass(slots=True, repr=False)
class Hospital:
    """What is behind the quirks, and what a test arranges; one for each running EHR.

    `forward` carries a request out on the server behind. `closed` are patients whose chart takes a
    reason to open, `merged` leads from an id to the one that goes on, and `invalid` are patients of
    whom one resource cannot be shown. `resources` are those that only the quirks know.
    """

    base_url: str
    forward: Callable[[Request], Reply]
    closed: set[str] = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    invalid: set[str] = field(default_factory=set)
    resources: dict[str, JSON] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    written: dict[str, tuple[float, JSON | None]] = field(default_factory=dict)
    conditions: dict[str, float] = field(default_factory=dict)
    is_exporting: bool = False
    requests: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def holds(self, path: str) -> bool:
        """Whether the server behind has a resource, such as `Patient/1`; it is asked once."""
        if path not in self.known:
            if self.forward(Request("GET", path, [], {})).status != 200:
                return False
            self.known.add(path)
        return True

    def now(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()


Quirk = Callable[[Hospital, Request], Reply | None]
Shape = Callable[[Hospital, Request, list[JSON]], Reply | list[JSON]]


@dataclass(frozen=True, slots=True)
class Pages:
    """How many matches stand on a page, and how the next one is reached.

    `link` holds `{base}`, `{type}` and `{page}`; `parameter` is the name that carries the page.
    An expired page is answered by `expired`; with `loops` the last page leads back to the first.
    """

    usual: int = 50
    most: int = 1000
    parameter: str = "page"
    link: str = "{base}/{type}?page={page}"
    usual_of: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    most_of: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    total: bool = True
    expired: Reply = field(default_factory=lambda: Reply(404))
    expires_once: bool = False
    loops: bool = False

    def size(self, request: Request) -> int:
        """How many matches stand on a page of this search."""
        asked = next((int(v) for v in request.values("_count") if v.isdigit()), 0)
        usual = self.usual_of.get(request.type, self.usual)
        return max(1, min(asked or usual, self.most_of.get(request.type, self.most)))


@dataclass(frozen=True, slots=True)
class Preset:
    """A product to be imitated, with its faults.

    `cohort` is how its people with MS are found; `knows` are parameters that are taken without
    being listed. `stale_status` answers an update of a version that is not the current one;
    `creates_silently` leaves the resource out of the answer to a create.
    """

    name: str
    sentence: str
    product: JSON
    offered: Mapping[str, Offer]
    interactions: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    quirks: tuple[Quirk, ...] = ()
    shapes: tuple[Shape, ...] = ()
    pages: Pages = field(default_factory=Pages)
    unknown: Unknown = "as-asked"
    knows: frozenset[str] = frozenset()
    takes_post_search: bool = True
    stale_status: int = 412
    creates_silently: bool = False
    cohort: Cohort = "code"

    def can(self, type_: str, interaction: str) -> bool:
        """Whether a type has this interaction."""
        return type_ in self.offered and interaction in self.offered[type_].interactions

    def hides(self, resources: Sequence[JSON]) -> frozenset[str]:
        """The types among these resources that nobody can search here."""
        types = {resource["resourceType"] for resource in resources}
        return frozenset(t for t in types if not self.can(t, "search-type"))

    def with_fault(self, fault: Fault) -> Preset:
        """The same product with a fault, whose quirks come before its own."""
        return replace(
            self,
            name=f"{self.name}+{fault.name}",
            quirks=fault.quirks + self.quirks,
            shapes=self.shapes + fault.shapes,
            unknown=fault.unknown or self.unknown,
            pages=replace(
                self.pages,
                expires_once=fault.expires_pages or self.pages.expires_once,
                loops=fault.loops or self.pages.loops,
            ),
            offered={
                type_: replace(offer, conditional_create=False, conditional_update=False)
                if fault.forgets_conditions
                else offer
                for type_, offer in self.offered.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A misbehaviour that can be added to any product."""

    name: str
    sentence: str
    quirks: tuple[Quirk, ...] = ()
    shapes: tuple[Shape, ...] = ()
    unknown: Unknown | None = None
    expires_pages: bool = False
    loops: bool = False
    forgets_conditions: bool = False
