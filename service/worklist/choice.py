"""Which lines of the worklist somebody wants to see, in which order, and the page of them.

A newcomer would get two things wrong. A wish stands in an address, so that it holds no free text
and no id: each of its words is one of a list. And with the default everybody is shown about whom
something may be done now: those whom an alert tells about too, but not those who wait or said no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.screening.assess import Status
from service.worklist.lines import Line, by_urgency
from service.worklist.reasons import REASONS, Priority

ROWS = 50
MOST_ROWS = 1000
"""So many lines are put on one page, for paper."""

_NOT_NOW = frozenset(r.code for r in REASONS if r.is_on_request and r.code != "due")
_Order = Callable[[Line], Any]

ORDERS: Mapping[str, _Order] = {
    "priority": by_urgency,
    "waiting": lambda line: (line.since, by_urgency(line)),
    "due": lambda line: (line.due_on or date.max, by_urgency(line)),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; "" asks for all. `criterion` is a number such as MSO-06."""

    status: str = ""
    priority: str = ""
    why: str = ""
    criterion: str = ""
    show: str = "open"
    sort: str = "priority"
    page: int = 1
    rows: int = ROWS

    def terms(self, **changes: object) -> dict[str, str]:
        """What of it must stand in an address: all that is not as it is without one."""
        plain = Wish()
        wanted = {name: getattr(self, name) for name in self.__slots__} | changes
        return {n: str(v) for n, v in wanted.items() if v != getattr(plain, n)}


@dataclass(frozen=True, slots=True, repr=False)
class Picked:
    """The lines of a page, and how many there are besides it."""

    lines: Sequence[Line]
    total: int
    people: int
    urgent: int
    pages: int
    page: int
    by_reason: Mapping[str, int]


def wish_from(terms: Mapping[str, str], criteria: frozenset[str]) -> Wish:
    """The wish of an address; what nobody knows is as if it was not said."""
    known = {
        "status": frozenset(map(str, Status)),
        "priority": frozenset(map(str, Priority)),
        "why": frozenset(reason.code for reason in REASONS),
        "criterion": criteria,
        "show": frozenset({"open", "all"}),
        "sort": frozenset(ORDERS),
    }
    words = {name: terms[name] for name in known if terms.get(name) in known[name]}
    rows = MOST_ROWS if terms.get("rows") == str(MOST_ROWS) else ROWS
    page = terms.get("page", "")
    is_number = page.isascii() and page.isdigit() and len(page) < 7
    return Wish(**words, page=max(1, int(page)) if is_number else 1, rows=rows)


def all_wanted(lines: Sequence[Line], wish: Wish) -> list[Line]:
    """Every line that is wanted, in the order that is wanted."""
    return sorted((line for line in lines if _is_wanted(line, wish)), key=ORDERS[wish.sort])


def pick(lines: Sequence[Line], wish: Wish) -> Picked:
    """The page that is wanted, or the last one where there are fewer."""
    found = all_wanted(lines, wish)
    pages = max(1, -(-len(found) // wish.rows))
    page = min(wish.page, pages)
    return Picked(
        lines=found[(page - 1) * wish.rows : page * wish.rows],
        total=len(found),
        people=len({line.patient_key for line in found}),
        urgent=sum(line.priority is Priority.URGENT for line in found),
        pages=pages,
        page=page,
        by_reason=Counter(line.why for line in found),
    )


def _is_wanted(line: Line, wish: Wish) -> bool:
    """Who asks for a status or a reason asks for those that nothing is to be done about too."""
    is_asked_for = bool(wish.status or wish.why) or wish.show == "all"
    return (
        (is_asked_for or line.why not in _NOT_NOW)
        and wish.status in ("", line.status)
        and wish.priority in ("", line.priority)
        and wish.why in ("", line.why)
        and (not wish.criterion or wish.criterion in line.met)
    )
