"""The product's workers with short waits: `celery -A tests.lib.hurried_workers worker`.

What the product waits for in minutes (an unknown outcome, a lease, a breaker) would make a run with
thousands of faults last for hours. Only lengths of time are changed here, never a decision, and the
order of the lengths stays: a retry comes after the longest request, a lease ends after it too. They
are constants of the product on purpose; nobody should set them.

With `FAULTS_FORGETFUL` set the writer is another one, which has to fail: `tests.faults.forgetful`.
"""

from __future__ import annotations

import os
from datetime import timedelta

from service import delivery, pipeline, queue
from service.ehr import politeness, transport, turns
from service.ehr.options import RetryOptions
from service.store import database
from service.store import politeness as shared_turns
from tests.lib.hurried import LEASE_SECONDS, RETRY_AFTER_SECONDS

queue.TASK_TIME_LIMIT_SECONDS = 14
queue.TASK_SOFT_TIME_LIMIT_SECONDS = 11
queue.VISIBILITY_TIMEOUT_SECONDS = 16
delivery._RETRY_AFTER = pipeline._RETRY_AFTER = timedelta(seconds=RETRY_AFTER_SECONDS)
pipeline._AFTER_A_CONFLICT = timedelta(seconds=0.2)
database.LOCK_WAIT_SECONDS = 1
shared_turns._ASK_REDIS_AGAIN_SECONDS = 0.2
politeness.LONGEST_TURN_SECONDS = 5.0
turns.BREAKER = turns.Breaker(
    failures=20, first_seconds=0.3, longest_seconds=1.0, probe_seconds=1.0
)
transport.Transport.__init__.__kwdefaults__["retries"] = RetryOptions(
    attempts=6, first_wait_seconds=0.003, longest_wait_seconds=1.5, total_seconds=6.0
)

# These read the constants above while they are imported.
from celery.app import autoretry  # noqa: E402

import workers.app  # noqa: E402

autoretry.get_exponential_backoff_interval = lambda *_, **__: 1

import workers.site  # noqa: E402
import workers.tasks  # noqa: E402

workers.site._LEASE_SECONDS = LEASE_SECONDS
workers.tasks._RETURN_SECONDS, workers.tasks._MOST_RETURNS = 0.3, 2

app = workers.app.app

if os.environ.get("FAULTS_FORGETFUL"):
    from tests.faults.forgetful import forget_everything

    forget_everything()
