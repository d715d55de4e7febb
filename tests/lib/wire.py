"""A fake wire: what a FHIR server would answer, and a record of what was sent.

Only the wire is faked; the client, the reader and everything above are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec

from service.ehr.client import FHIRClient
from service.ehr.options import RetryOptions

BASE = "https://ehr.example.org/fhir"
AT_ONCE = RetryOptions(attempts=3, first_wait_seconds=0, longest_wait_seconds=1, total_seconds=5)

Resource = dict[str, Any]
Handler = Callable[[httpx.Request], httpx.Response]


class Wire:
    """Answers with `handler`, or with the given answers one after the other."""

    def __init__(self, handler: Handler | Iterable[httpx.Response | Exception]) -> None:
        self.requests: list[httpx.Request] = []
        if callable(handler):
            self._handler = handler
        else:
            answers = iter(handler)
            self._handler = lambda request: _next(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take one request."""
        request.read()
        self.requests.append(request)
        return self._handler(request)

    def client(self, **options: Any) -> FHIRClient:
        """A real client on this wire, which does not wait between retries."""
        options.setdefault("retries", AT_ONCE)
        return FHIRClient(
            options.pop("base_url", BASE), transport=httpx.MockTransport(self), **options
        )

    @property
    def sent(self) -> list[str]:
        """Method and path of each request, without the base."""
        return [f"{r.method} {r.url.path.removeprefix('/fhir')}" for r in self.requests]


def _next(answers: Any) -> httpx.Response:
    answer = next(answers)
    if isinstance(answer, Exception):
        raise answer
    return answer


def answer(body: object, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer; header names are written with underscores."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=content, headers=names)


def bundle(*resources: Resource, next_url: str | None = None, **elements: Any) -> Resource:
    """A searchset; OperationOutcomes are given the mode that they have on real servers."""
    entries = []
    for resource in resources:
        is_outcome = resource.get("resourceType") == "OperationOutcome"
        mode = "outcome" if is_outcome else "match"
        entries.append({"resource": resource, "search": {"mode": mode}})
    links = [{"relation": "next", "url": next_url}] if next_url else []
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        "entry": entries,
        **elements,
    }


def outcome(severity: str, code: str, detail: str = "", **issue: Any) -> Resource:
    """An OperationOutcome with one issue."""
    if detail:
        issue["details"] = {"coding": [{"code": detail}]}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": severity, "code": code, **issue}],
    }


def resource(type_: str, id_: str, patient: str | None = None, **elements: Any) -> Resource:
    """A resource of a patient."""
    made: Resource = {"resourceType": type_, "id": id_, **elements}
    if patient is not None:
        made["subject"] = {"reference": f"Patient/{patient}"}
    return made


def parameters_of(request: httpx.Request) -> dict[str, str]:
    """The search parameters of a request, wherever they stand."""
    text = request.content.decode() or request.url.query.decode()
    return {name: values[0] for name, values in parse_qs(text).items()}


class Chart:
    """A server that answers searches by `patient` and `_id`, and reads, from a list of resources.

    Its quirks are switched on one by one: `takes_post`, `takes_lists` (False: a list is one id
    that nobody has), `answer_instead` (asked first; None means "as usual").
    """

    def __init__(
        self,
        *resources: Resource,
        takes_post: bool = True,
        takes_lists: bool = True,
        answer_instead: Callable[[httpx.Request], httpx.Response | None] = lambda _: None,
    ) -> None:
        self.resources = list(resources)
        self.takes_post = takes_post
        self.takes_lists = takes_lists
        self.answer_instead = answer_instead

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        instead = self.answer_instead(request)
        if instead is not None:
            return instead
        parts = request.url.path.removeprefix("/fhir/").split("/")
        if request.method == "POST" and not self.takes_post:
            return answer(outcome("error", "not-supported"), 405)
        if len(parts) == 2 and parts[1] != "_search":
            return self._read(*parts)
        return answer(bundle(*self._matches(parts[0], parameters_of(request))))

    def _read(self, type_: str, id_: str) -> httpx.Response:
        for found in self.resources:
            if (found["resourceType"], found["id"]) == (type_, id_):
                return answer(found)
        return answer(outcome("error", "not-found"), 404)

    def _matches(self, type_: str, parameters: dict[str, str]) -> list[Resource]:
        wanted = parameters.get("patient", parameters.get("_id", ""))
        ids = set(wanted.split(",")) if self.takes_lists else {wanted}
        key = "subject" if "patient" in parameters else "id"
        return [
            found
            for found in self.resources
            if found["resourceType"] == type_ and _value(found, key) in ids
        ]


def _value(found: Resource, key: str) -> str:
    if key == "id":
        return str(found["id"])
    reference = (found.get("subject") or found.get("patient") or {}).get("reference", "")
    return str(reference).split("/")[-1]
