"""`GET /metrics`: what may be watched, for Prometheus, to whoever shows the token.

A newcomer would get two things wrong. What was read is kept for some seconds, so that ten readers
cost the ledger no more than one. And a source that cannot be read is told (`boneflag_source_up` 0)
and its metrics are left out: a zero would say that nobody waits.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from service.gauges import METRICS, Gauge
from service.store.errors import StoreError

KEPT_SECONDS = 10.0
_SCHEME = "Bearer "

Source = Callable[[], Iterable[Gauge]]


class Gauges:
    """The values of all sources by source, read at most every few seconds. Thread safe."""

    def __init__(
        self, sources: Mapping[str, Source], *, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._sources = sources
        self._tick = tick
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._kept: tuple[Gauge, ...] = ()

    def read(self) -> tuple[Gauge, ...]:
        """Every value that could be read."""
        with self._lock:
            if self._tick() - self._read_at >= KEPT_SECONDS:
                self._kept = tuple(self._all())
                self._read_at = self._tick()
            return self._kept

    def _all(self) -> Iterator[Gauge]:
        for name, source in self._sources.items():
            try:
                told = list(source())
            except (StoreError, RedisError, OSError):
                told = []
            yield Gauge("boneflag_source_up", bool(told), (name,))
            yield from told


class _Exposition:
    """The values as the client library wants them: whatever has `collect`."""

    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = list(gauges)

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        for metric in METRICS:
            family = GaugeMetricFamily(metric.name, metric.told, labels=metric.labels)
            for gauge in self._gauges:
                if gauge.name == metric.name:
                    family.add_metric(gauge.labels, gauge.value)
            if family.samples:
                yield family


def metrics_route(gauges: Gauges, token: str) -> Route:
    """The page. `token` must not be empty: without one the page does not exist."""
    # Only who asks for this page needs the library.
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest

    def metrics(request: Request) -> Response:
        if not _shows(request, token):
            return PlainTextResponse("", status_code=401, headers={"WWW-Authenticate": "Bearer"})
        registry: Any = _Exposition(gauges.read())
        headers = {"Content-Type": CONTENT_TYPE_PLAIN_1_0_0, "Cache-Control": "no-store"}
        return Response(generate_latest(registry), headers=headers)

    return Route("/metrics", metrics)


def _shows(request: Request, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    is_bearer = given.startswith(_SCHEME)
    # Over bytes: a text with an umlaut may not be compared otherwise.
    return is_bearer and hmac.compare_digest(given[len(_SCHEME) :].encode(), token.encode())
