"""The T-scores at which the protocol draws a line, for the lane of bone density."""

from __future__ import annotations

from service.pictures.timeline import Threshold
from service.screening.protocol import Protocol

_POLICY = "bone-density"
_LINES = {"osteopenia_t_at_most": "low bone mass", "osteoporosis_t_at_most": "osteoporosis"}


def thresholds_of(protocol: Protocol) -> tuple[Threshold, ...]:
    """A line for each number that this protocol has."""
    numbers = protocol.policies.get(_POLICY, {})
    return tuple(
        Threshold(float(numbers[name]), words) for name, words in _LINES.items() if name in numbers
    )
