"""Small writes of many threads, carried out together: one transaction for all who wait.

A newcomer would get two things wrong. Whoever hands something in comes back only once it is on the
disk, so that nothing is answered that the audit does not hold. And a group that fails is carried
out again one by one, so that nobody fails for what another handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from service.store.errors import StoreError, StoreUnavailable

Item = TypeVar("Item")
_MOST = 100


class _Waiting(Generic[Item]):
    def __init__(self, item: Item) -> None:
        self.item = item
        self.is_over = False
        # Until it is written: whatever happens in between, nobody is told that it was.
        self.error: StoreError | None = StoreError(
            "The ledger failed in a way that BoneFlag does not know."
        )


class Together(Generic[Item]):
    """Gathers what threads hand in while `write` is at work. Thread safe.

    `write` carries out all items in one transaction, or none of them; it raises StoreError.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._turn = threading.Lock()
        self._gathering = threading.Lock()
        self._waiting: list[_Waiting[Item]] = []

    def hand_in(self, item: Item) -> None:
        """Come back once it is written; StoreError where it could not be."""
        mine = _Waiting(item)
        with self._gathering:
            self._waiting.append(mine)
        while not mine.is_over:
            # Whoever gets the turn writes for all who came meanwhile, who then find theirs over.
            with self._turn:
                if not mine.is_over:
                    self._carry_out(self._next())
        if mine.error is not None:
            raise mine.error

    def _next(self) -> list[_Waiting[Item]]:
        with self._gathering:
            group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        return group

    def _carry_out(self, group: list[_Waiting[Item]]) -> None:
        try:
            self._write([one.item for one in group])
        except StoreError as error:
            if len(group) > 1:
                self._carry_out_one_by_one(group)
            else:
                group[0].error = error
        else:
            for one in group:
                one.error = None
        finally:
            # Whatever was raised: nobody may wait for ever, or be written twice.
            for one in group:
                one.is_over = True

    def _carry_out_one_by_one(self, group: list[_Waiting[Item]]) -> None:
        """Until it turns out that the ledger is away: then it is for all, and each try may last."""
        away: StoreUnavailable | None = None
        for one in group:
            if away is None:
                self._carry_out([one])
                away = one.error if isinstance(one.error, StoreUnavailable) else None
            else:
                one.error = away
