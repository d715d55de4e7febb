"""Which fault meets which request: decided by the seed and the request, not by the moment.

A newcomer would get one thing wrong. Several workers ask at once, so a sequence of random numbers
would hand its faults out in another order each time. Instead each request has a name, made of what
it asks and of how often it was asked before, and its fault follows from the seed and that name: the
same request meets the same fault in every run with this seed.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass, field

# What happens to a request. `before`: the EHR never sees it; `after`: the EHR does its work first.
READ_FAULTS = {
    "reset before": 16,
    "reset after": 6,
    "throttled": 12,
    "server error": 22,
    "truncated": 12,
    "cut short": 3,
    "late": 4,
    "timeout": 1,
    "duplicated page": 14,
    "expired page": 8,
}
WRITE_FAULTS = {
    "lost after commit": 18,
    "reset before": 10,
    "reset after commit": 14,
    "error before": 10,
    "error after commit": 12,
    "throttled": 14,
    "truncated after commit": 12,
    "cut short after commit": 4,
    "timeout after commit": 2,
    "commit after timeout": 2,
    "sent twice": 10,
    "conflict": 6,
}
READ_SHARE = 0.50
# What a delivery looks up before and after each write is spared a little, so that more is written.
LOOK_SHARE = 0.25
WRITE_SHARE = 0.62
# After so many faults a request gets through: what fails for ever proves nothing about writing. A
# read may fail as often as the workers try it at once, so that some batches are put off.
MOST_READS_IN_A_ROW, MOST_WRITES_IN_A_ROW = 7, 4
_LOOKS = re.compile(rb"(Flag|Task)(/|.*sid%2Falert%7C[0-9a-f])")


@dataclass(slots=True)
class Faults:
    """The faults of one leg; thread safe. Nothing happens while `is_on` is False.

    `timeout_seconds`: how long an answer is kept back that is to come too late.
    """

    seed: str
    timeout_seconds: float
    is_on: bool = False
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    injuries: Counter[str] = field(default_factory=Counter)
    written: int = 0
    _asked: Counter[bytes] = field(default_factory=Counter)
    _in_a_row: Counter[bytes] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_for(self, name: bytes, *, is_write: bool) -> tuple[str, random.Random]:
        """The fault of this request, "" for none, and the chance with which it is carried out."""
        digest = hashlib.sha256(name).digest()
        with self._lock:
            self._asked[digest] += 1
            number = self._asked[digest]
            chance = random.Random(f"{self.seed}|{digest.hex()}|{number}")
            self.written += is_write and self.is_on
            is_look = not is_write and _LOOKS.search(name)
            share = WRITE_SHARE if is_write else LOOK_SHARE if is_look else READ_SHARE
            is_hit = chance.random() < share
            most = MOST_WRITES_IN_A_ROW if is_write else MOST_READS_IN_A_ROW
            if not (self.is_on and is_hit and self._in_a_row[digest] < most):
                self._in_a_row[digest] = 0
                return "", chance
            self._in_a_row[digest] += 1
            table = WRITE_FAULTS if is_write else READ_FAULTS
            return chance.choices(list(table), list(table.values()))[0], chance

    def count(self, fault: str, *, is_write: bool) -> None:
        """Write one down that has really been injected."""
        with self._lock:
            (self.writes if is_write else self.reads)[fault] += 1

    def injure(self, what: str) -> None:
        """Write down something that happened to a process or a server of ours."""
        with self._lock:
            self.injuries[what] += 1

    @property
    def total(self) -> int:
        """Every fault so far."""
        return self.reads.total() + self.writes.total() + self.injuries.total()
