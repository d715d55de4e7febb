"""What this site does not show us: types that stay unread, and what rests on them.

A newcomer would get one thing wrong: here nobody and everybody are told, as in the survey. That
nobody's family history can be read says what the EHR gives us, and nothing about a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from service.in_short import UNREAD
from service.screening.protocol import Protocol
from service.store.entries import Judged
from service.survey.shares import ALL_BUT_FEW, FEW, Part, part_of


@dataclass(frozen=True, slots=True)
class Unseen:
    """One type of resource: for how many people it stayed unread, and the criteria in need of it.

    Criteria are numbers of the protocol; without the type they stay unknown.
    """

    type: str
    people: Part
    criteria: tuple[str, ...]

    def sentence(self) -> str:
        """For how many people, in words."""
        return _words(self.people)


def unseen_types(people: Collection[Judged], protocol: Protocol) -> tuple[Unseen, ...]:
    """Every type that stayed unread for somebody, the one that most criteria need first."""
    counted = Counter(
        word.removeprefix(UNREAD)
        for person in people
        for word in person.in_short
        if word.startswith(UNREAD)
    )
    found = [
        Unseen(type_, part_of(number, len(people)), _in_need(protocol, type_))
        for type_, number in counted.items()
    ]
    return tuple(sorted(found, key=lambda u: (-len(u.criteria), u.type)))


def _in_need(protocol: Protocol, type_: str) -> tuple[str, ...]:
    return tuple(entry.number for entry in protocol.entries if type_ in entry.needed)


_ABOUT: Mapping[str, str] = {FEW: "a few people", ALL_BUT_FEW: "all but a few people"}


def _words(part: Part) -> str:
    if part.people is None or part.share is None:
        return _ABOUT[part.about]
    return "everybody" if part.share == 1 else f"about {part.people} people"
