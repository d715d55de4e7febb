"""What can go wrong while somebody signs in.

    SignInRefused     they are not let in; trying the same again would change nothing
    ProviderAway      whoever knows them cannot be asked now: try again later

A newcomer would get one thing wrong: `reason` goes into the log, so that it is a sentence of ours
and never holds what came from outside.
"""

from __future__ import annotations


class SignInRefused(Exception):
    """Somebody is not let in; `reason` is a static sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ProviderAway(Exception):
    """The login server gave no answer that can be used; `reason` is a static sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
