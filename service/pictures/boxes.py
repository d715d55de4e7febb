"""Where words still find room: the boxes of a picture that are taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether the two share any room."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(slots=True)
class Boxes:
    """The boxes that are taken, between the pixels `left` and `right`."""

    left: float
    right: float
    taken: list[Box] = field(default_factory=list)

    def take(self, box: Box) -> None:
        """Nothing else is put here."""
        self.taken.append(box)

    def first_free(self, wanted: Iterable[Box]) -> Box | None:
        """The first box that touches nothing and stays inside, taken now; None where none does."""
        for box in wanted:
            if box.left < self.left or box.right > self.right:
                continue
            if not any(box.overlaps(other) for other in self.taken):
                self.take(box)
                return box
        return None
