"""Requests that come when they come, and how long each took from the moment it was due.

What a newcomer would get wrong: a generator that waits for an answer before it asks again hides
every pause of the server, because nobody asks meanwhile (coordinated omission). Here the moments
do not depend on any answer, and a request that had to wait to be sent has waited.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

_SEED = 4711
_IDLE_SECONDS = 2.0
"""uvicorn closes a connection on which nothing came for five."""


@dataclass(slots=True)
class Answers:
    """How long each answer took, in milliseconds, and how many had which status."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float:
        """The time within which so many percent were answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class _Connections:
    """Connections that stay open; a new one is made where all are in use."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> int:
        reader, writer = self._used_lately() or await self._open()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(_length_in(head))
        self._idle.append((asyncio.get_running_loop().time(), reader, writer))
        return int(head[9:12])

    def _used_lately(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if asyncio.get_running_loop().time() - since < _IDLE_SECONDS:
                return reader, writer
            writer.close()
        return None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        for _, _, writer in self._idle:
            writer.close()


def load(port: int, requests: Sequence[bytes], per_second: float) -> Answers:
    """Send whole HTTP requests by chance (Poisson), on average so many in a second."""
    return asyncio.run(_load(port, requests, per_second))


async def _load(port: int, requests: Sequence[bytes], per_second: float) -> Answers:
    chance = random.Random(_SEED)
    loop = asyncio.get_running_loop()
    connections, answers = _Connections(port), Answers()
    due = loop.time()

    async def one(request: bytes, due: float) -> None:
        status = await connections.ask(request)
        answers.milliseconds.append((loop.time() - due) * 1e3)
        answers.statuses[status] += 1

    async with asyncio.TaskGroup() as group:
        for request in requests:
            due += chance.expovariate(per_second)
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(request, due))
    connections.close()
    return answers


def _length_in(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
