"""A file of an export, line by line, never whole in memory.

A newcomer would get three things wrong. Oracle redirects (307) to a storage that refuses a request
with our token, and a token may not go there in any case: it goes to our own origin and only where
the manifest asks for it. A storage answers 403 or 404 when its link has expired, which is no
refusal of the EHR. And a file that ends early may look complete: HTTP notices most of these, the
count in the manifest some of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from urllib.parse import urljoin

from service.ehr.bulk.manifest import ExportFile
from service.ehr.bulk.transfer import Download
from service.ehr.client import FHIRClient
from service.ehr.errors import EHRCutShort, EHRError, EHRNotFound, EHRRefused, EHRUnavailable

_MOST_REDIRECTS = 5
_LONGEST_LINE_BYTES = 32 * 2**20
_PAUSES_SECONDS = (1.0, 5.0)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

TakeLine = Callable[[bytes], object]


class FileExpired(EHRError):
    """The link to a file of an export leads nowhere any more: the export has to begin again."""


class Downloads:
    """Reads files of one export. A file that breaks off is read again from its first line."""

    def __init__(
        self,
        client: FHIRClient,
        *,
        needs_token: bool,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._needs_token = needs_token
        self._pause = pause

    def read(self, file: ExportFile, take: TakeLine) -> None:
        """Give each line to `take`, which may get lines twice where a file broke off.

        EHRCutShort for a file that stays incomplete, FileExpired, EHRUnavailable, or another
        EHRError where nothing of it can be had.
        """
        for pause_seconds in (*_PAUSES_SECONDS, None):
            try:
                return self._read_once(file, take)
            except (EHRCutShort, EHRUnavailable) as error:
                asked = getattr(error, "retry_after_seconds", None) or 0
                if pause_seconds is None or asked > _PAUSES_SECONDS[-1]:
                    raise
                self._pause(max(pause_seconds, asked))
        raise AssertionError("unreachable")

    def _read_once(self, file: ExportFile, take: TakeLine) -> None:
        lines = 0
        with ExitStack() as stack:
            for line in lines_in(self._open(file, stack).pieces):
                take(line)
                lines += 1
        if file.count is not None and lines < file.count:
            raise EHRCutShort("A file of a bulk export has fewer lines than the manifest says")

    def _open(self, file: ExportFile, stack: ExitStack) -> Download:
        url = file.url
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                answer = stack.enter_context(
                    self._client.download("file of a bulk export", url, self._needs_token)
                )
            except (EHRNotFound, EHRRefused) as error:
                raise FileExpired(
                    "A file of a bulk export is not there any more, or not for us",
                    status=error.status,
                ) from None
            location = answer.headers.get("Location")
            if answer.status < 300:
                return answer
            if not location:
                break
            url = urljoin(url, location)
        raise EHRCutShort("A file of a bulk export is only redirected", status=answer.status)


def lines_in(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines that have something in them; EHRCutShort for one longer than 32 MiB."""
    begun: list[bytes] = []
    length = 0
    for piece in pieces:
        first, *others = piece.split(b"\n")
        begun.append(first)
        length += len(first)
        if length > _LONGEST_LINE_BYTES:
            raise EHRCutShort("A file of a bulk export does not come in lines")
        if others:
            yield from _stripped(b"".join(begun))
            for line in others[:-1]:
                yield from _stripped(line)
            begun, length = [others[-1]], len(others[-1])
    yield from _stripped(b"".join(begun))


def _stripped(line: bytes) -> Iterator[bytes]:
    line = line.removeprefix(_BYTE_ORDER_MARK).strip()
    if line:
        yield line
