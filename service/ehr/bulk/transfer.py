"""What goes over the wire for an export, as `FHIRClient` hands it on without its HTTP library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Exchange:
    """One answer below 300, read to its end. The names of `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Download:
    """One answer below 400 whose body comes in pieces: read them while it is open."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]
