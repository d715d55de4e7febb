"""Leases in Redis: they keep two workers from doing the same work at the same time.

A newcomer would get one thing wrong: a lease saves work, it makes nothing correct. When Redis
cannot be asked, the lease is granted and the work is done, perhaps twice; the ledger's unique
keys and the writer's look-before-sending are what keep alerts single.
"""

from __future__ import annotations

import hashlib
from types import TracebackType

import redis
import structlog
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

log = structlog.get_logger(__name__)


class Lease:
    """A lease that was granted; leaving its `with` block gives it back, if it is still ours."""

    def __init__(self, lock: Lock | None) -> None:
        self._lock = lock

    @property
    def is_backed(self) -> bool:
        """Whether Redis knows of it; False where Redis could not be asked."""
        return self._lock is not None

    def release(self) -> None:
        """Give it back. One that has lapsed, and may be somebody else's by now, is left alone."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        try:
            lock.release()
        except LockError:
            log.info("lease_lapsed")
        except RedisError as error:
            # It lapses by itself.
            log.warning("lease_not_released", problem=type(error).__name__)

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class Leases:
    """Leases of one deployment; `prefix` keeps several on one Redis apart."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def take(self, name: str, seconds: float) -> Lease | None:
        """Ask for a lease that lapses after `seconds`; None while somebody else holds it.

        Does not wait. Use it as `with`, or call `release`. Granted when Redis cannot be asked.
        """
        # The token is this object's, not the thread's: a lease may be released by another thread.
        lock = Lock(self._client, self._key(name), timeout=seconds, thread_local=False)
        try:
            return Lease(lock) if lock.acquire(blocking=False) else None
        except RedisError as error:
            log.warning("lease_granted_without_redis", problem=type(error).__name__)
            return Lease(None)

    def _key(self, name: str) -> str:
        """Hashed: whoever can read Redis shall not read there who is being screened."""
        digest = hashlib.sha256(f"{self._prefix}|{name}".encode()).hexdigest()[:32]
        return f"{self._prefix}:lease:{digest}"
