"""A Bulk Data server on the fake wire: what it was asked, and files of any shape.

`polls` answers "still running" come before the manifest. `quirk` is asked first; None means "as
usual".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import httpx
import msgspec

from tests.lib.wire import BASE, Resource, answer

STATUS = f"{BASE}/status/1"
CLOCK = "2026-11-22T03:00:00Z"


def ndjson(resources: Iterable[Resource]) -> bytes:
    """One resource on a line."""
    return b"".join(msgspec.json.encode(r) + b"\n" for r in resources)


class ExportServer:
    """Exports these resources, one file for each type."""

    def __init__(self, *resources: Resource, polls: int = 0, **manifest: Any) -> None:
        self.files: dict[str, bytes] = {}
        for type_ in sorted({r["resourceType"] for r in resources}):
            self.files[type_] = ndjson(r for r in resources if r["resourceType"] == type_)
        self.polls = polls
        self.manifest = manifest
        self.deleted: list[str] = []
        self.quirk: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        instead = self.quirk(request)
        if instead is not None:
            return instead
        path = request.url.path
        if path.endswith("$export"):
            return httpx.Response(202, headers={"Content-Location": STATUS, "Retry-After": "2"})
        if request.method == "DELETE":
            self.deleted.append(str(request.url))
            return httpx.Response(202)
        if "/status/" in path:
            return self._status()
        if "/files/" in path:
            return httpx.Response(200, content=self.files[path.rsplit("/", 1)[-1]])
        return answer({}, 404)

    def _status(self) -> httpx.Response:
        if self.polls > 0:
            self.polls -= 1
            return httpx.Response(202, headers={"Retry-After": "7"})
        output = [{"type": t, "url": f"{BASE}/files/{t}"} for t in self.files]
        usual = {"transactionTime": CLOCK, "requiresAccessToken": True, "output": output}
        return answer(usual | self.manifest)
