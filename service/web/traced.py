"""A span for each request to the web door, named by the pattern of its path and never by the path.

What a newcomer would get wrong: the key of a patient stands in some paths, and anybody may ask for
any path, with any method. Both are told only where they are ours.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.traces import are_traced, span

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NOBODYS = "no such page"


class TracedRequests:
    """Passes each request on, and tells how it went where traces are on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not are_traced():
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        with span(method, "server", {"http.request.method": method}) as tell:

            async def watch(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route = getattr(scope.get("route"), "path", _NOBODYS)
                    status = message["status"]
                    told = {"http.route": route, "http.response.status_code": status}
                    tell(f"{method} {route}", told)
                await send(message)

            await self._app(scope, receive, watch)
