"""Settings -> what may be watched of this site: the ledger's numbers, and those of Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from service.settings import Settings
from service.wiring.login import politeness_for, redis_for
from service.wiring.protocol import configured_for, today_for

if TYPE_CHECKING:  # pragma: no cover - for the type checker only
    import redis

    from service.gauges import Gauge
    from service.store.ledger import Ledger


def gauge_sources_for(
    settings: Settings, ledger: Callable[[], Ledger]
) -> dict[str, Callable[[], Iterable[Gauge]]]:
    """Each source by name; asking one raises StoreError or RedisError where it is away."""
    from service.gauges import CLOSING_WORDS, gauges_of_ledger, gauges_of_redis
    from service.screening.decision import BY_HOSPITAL

    protocol = configured_for(settings)[0]
    codes = frozenset([*protocol.reasons, BY_HOSPITAL])
    redis, politeness = redis_for(settings), politeness_for(settings)
    is_live = settings.mode == "live"

    def from_ledger() -> Iterable[Gauge]:
        tally = ledger().tallies.take(today_for(settings), CLOSING_WORDS)
        return gauges_of_ledger(tally, is_live=is_live, codes=codes)

    def from_redis() -> Iterable[Gauge]:
        # The queues first: the turns would answer from this process alone where Redis is away.
        lengths = queue_lengths_of(redis)
        return gauges_of_redis(politeness.look(), settings.ehr_requests_per_day, lengths)

    return {"ledger": from_ledger, "redis": from_redis}


def queue_lengths_of(redis: redis.Redis) -> dict[str, int]:
    """How many messages wait in each queue; raises RedisError where it is away."""
    from service.queue import QUEUES, queue_key

    return {name: int(redis.llen(queue_key(name))) for name in QUEUES}
