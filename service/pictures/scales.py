"""Days and numbers as pixels, and where the lines stand that name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

_STEPS_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


@dataclass(frozen=True, slots=True)
class DayScale:
    """Days from `first` to `last` across the pixels from `left` to `right`."""

    first: date
    last: date
    left: float
    right: float

    def x(self, day: date) -> float:
        """Where a day stands; a day outside stands at the edge."""
        days = max((self.last - self.first).days, 1)
        share = (day - self.first).days / days
        return self.left + min(max(share, 0.0), 1.0) * (self.right - self.left)

    def marks(self, least_px: float) -> Iterator[tuple[date, str]]:
        """The days that are named, with their names, at least so many pixels apart."""
        months = (self.last - self.first).days / 30.44
        fits = max((self.right - self.left) / least_px, 1)
        step = next((s for s in _STEPS_MONTHS if months / s <= fits), _STEPS_MONTHS[-1])
        count = self.first.year * 12 + self.first.month - 1
        count = ceil(count / step) * step
        while (day := date(min(count // 12, 9999), count % 12 + 1, 1)) <= self.last:
            if day >= self.first:
                yield day, f"{day:%Y}" if step >= 12 else f"{day:%b %Y}"
            count += step
            if count // 12 > 9998:
                return


@dataclass(frozen=True, slots=True)
class NumberScale:
    """Numbers from `low` at the pixel `bottom` up to `high` at the pixel `top`."""

    low: float
    high: float
    bottom: float
    top: float

    def y(self, number: float) -> float:
        """Where a number stands."""
        span = (self.high - self.low) or 1.0
        return self.bottom + (number - self.low) / span * (self.top - self.bottom)


def round_steps(high: float, most: int = 5) -> list[float]:
    """Round numbers from 0 up to the first that is not below `high`, which is at least 1."""
    high = max(high, 1.0)
    power = 10.0 ** floor(log10(high / most))
    step = next(f * power for f in (1, 2, 5, 10) if high / (f * power) <= most)
    step = max(step, 1.0)
    return [step * n for n in range(ceil(high / step) + 1)]
