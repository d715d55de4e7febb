"""What somebody reads who is not let in, and what the log says of it: why, and never who.

A newcomer would get one thing wrong: the page gives no more of the reason than helps the person;
the log has the rest, for the operator of the runbook "nobody can sign in".
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from redis.exceptions import RedisError
from starlette.responses import Response

from service.identity.errors import ProviderAway, SignInRefused
from service.store.errors import StoreError
from service.web.access.trips import TooManyTrips
from service.web.pages.desk import AWAY, Desk, Problem

_log = structlog.get_logger()

TOO_MANY = Problem(
    429, "Too many tries", "Somebody tried to sign in too often. Wait a minute and try again."
)
_NOT_SIGNED_IN = Problem(
    403,
    "Not signed in",
    "The login server's answer could not be taken. Begin again where you began; if that happens"
    " once more, tell whoever runs BoneFlag here.",
)
_PROVIDER_AWAY = Problem(
    503,
    "Signing in is not possible now",
    "The login server does not answer as it should. Try again in a minute; if that happens once"
    " more, tell whoever runs BoneFlag here.",
)


def or_refused(
    desk: Desk, kind: str, answer: Callable[[], Response], *, is_framed: bool = False
) -> Response:
    """An answer, or the page that says why there is none. `kind` is the way in, for the log."""
    try:
        return answer()
    except Problem as problem:
        told = problem
        _log.warning("sign_in_refused", kind=kind, reason=problem.title)
    except SignInRefused as refused:
        _log.warning("sign_in_refused", kind=kind, reason=refused.reason)
        told = _NOT_SIGNED_IN
    except ProviderAway as away:
        _log.warning("login_server_away", kind=kind, reason=away.reason)
        told = _PROVIDER_AWAY
    except TooManyTrips:
        _log.warning("sign_in_refused", kind=kind, reason="too many tries")
        told = TOO_MANY
    except (RedisError, StoreError) as error:
        _log.error("page_failed", error=type(error).__name__)
        told = AWAY
    return desk.problem(told, None, is_framed=is_framed)
