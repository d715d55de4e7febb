"""One thing that a check of a protocol has to say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Level(StrEnum):
    """An error keeps an overlay from going live; a warning wants a look; a note is for knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """Where, what, and what to do about it."""

    level: Level
    where: str
    what: str
    do: str

    def as_json(self) -> dict[str, str]:
        """For machines."""
        return {**asdict(self), "level": str(self.level)}


def error(where: str, what: str, do: str) -> Remark:
    """A remark that keeps an overlay from going live."""
    return Remark(Level.ERROR, where, what, do)


def warning(where: str, what: str, do: str) -> Remark:
    """A remark that wants a look."""
    return Remark(Level.WARNING, where, what, do)


def note(where: str, what: str, do: str) -> Remark:
    """A remark for knowing."""
    return Remark(Level.NOTE, where, what, do)


def in_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Errors first, then warnings, then notes, each in the order of their places."""
    levels = list(Level)
    return tuple(sorted(remarks, key=lambda r: (levels.index(r.level), r.where, r.what)))
