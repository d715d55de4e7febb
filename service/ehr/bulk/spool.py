"""Charts of an export between the download and the reading, sorted by patient, never in the clear.

Files of an export are sorted by type, charts are needed by patient, and a cohort does not fit into
memory. So each resource goes into one of 256 buckets by a hash of its patient's id, and a bucket is
small enough to be read whole.

A newcomer would get two things wrong. The file has no name and its key exists in this process only:
when the process ends, however it ends, nothing is left that anybody could read. And a tmpfs is
memory: where `/tmp` is one, give the spool a directory on a disk.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_BUCKETS = 256
_BLOCK_BYTES = 64 * 2**10
_IN_MEMORY_BYTES = 32 * 2**20
_FASTEST = 1
_NONCE_BYTES = 12

Lines = dict[str, list[tuple[str, bytes]]]
"""Type and JSON of each resource, by patient id."""


class SpoolUnusable(Exception):
    """The directory of the spool cannot be written to, or is full."""


class Spool:
    """Takes resources in any order and gives them back by patient; a context manager.

    `directory` is where it goes when it outgrows 32 MiB of memory; None takes the system's own.
    """

    def __init__(
        self, directory: str | None = None, *, in_memory_bytes: int = _IN_MEMORY_BYTES
    ) -> None:
        self._file = tempfile.SpooledTemporaryFile(in_memory_bytes, dir=directory or None)  # noqa: SIM115 - closed with the spool
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._blocks: list[list[tuple[int, int]]] = [[] for _ in range(_BUCKETS)]
        self._waiting = [bytearray() for _ in range(_BUCKETS)]
        self._end = 0

    def add(self, patient_id: str, type_: str, line: bytes) -> None:
        """Keep one resource; `line` is JSON without a line feed. SpoolUnusable for a full disk."""
        number = zlib.crc32(patient_id.encode()) % _BUCKETS
        waiting = self._waiting[number]
        waiting += b"%b\t%b\t%b\n" % (patient_id.encode(), type_.encode(), line)
        if len(waiting) >= _BLOCK_BYTES:
            self._write(number)

    def charts(self) -> Iterator[Lines]:
        """Everybody's resources, as many people at a time as are in one bucket."""
        for number in range(_BUCKETS):
            chart: Lines = {}
            for line in self._lines(number):
                patient_id, type_, json = line.split(b"\t", 2)
                chart.setdefault(patient_id.decode(), []).append((type_.decode(), json))
            if chart:
                yield chart

    def close(self) -> None:
        """Throw everything away, also what never found room on the disk."""
        with suppress(OSError):
            self._file.close()
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, number: int) -> None:
        """Encrypt what waits. A nonce is a block's place in the file, and so never comes twice."""
        plain = zlib.compress(self._waiting[number], _FASTEST)
        block = self._cipher.encrypt(self._nonce(self._end), plain, None)
        with _said_clearly():
            self._file.seek(self._end)
            self._file.write(block)
        self._blocks[number].append((self._end, len(block)))
        self._end += len(block)
        self._waiting[number].clear()

    def _lines(self, number: int) -> Iterable[bytes]:
        for start, length in self._blocks[number]:
            with _said_clearly():
                self._file.seek(start)
                block = self._file.read(length)
            plain = self._cipher.decrypt(self._nonce(start), block, None)
            yield from zlib.decompress(plain).split(b"\n")[:-1]
        yield from bytes(self._waiting[number]).split(b"\n")[:-1]

    @staticmethod
    def _nonce(place: int) -> bytes:
        return place.to_bytes(_NONCE_BYTES, "big")


@contextmanager
def _said_clearly() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolUnusable(
            f"the spool of the bulk export cannot be used ({error.strerror}): give it room with"
            " BONEFLAG_BULK_SPOOL_DIRECTORY"
        ) from None
