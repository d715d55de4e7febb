"""A small FHIR server in memory that can be written to: what stands on the other end of the wire.

Only the wire is faked. It keeps versions, answers If-Match, If-None-Exist and transactions, and
misbehaves on request as real servers do: `loses_answer_of` (the write happens, the answer never
comes), `before` (something else happens first: a person, another worker), `is_racy` (conditional
creates do not see each other), `hides_from_search` (the index lags).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec

from tests.lib.wire import Resource, answer, bundle, outcome

_CLOCK = datetime(2026, 11, 22, 9, tzinfo=UTC)


class FakeFHIRServer:
    """Answers reads, searches by patient and identifier, creates, updates and transactions."""

    def __init__(
        self,
        *resources: Resource,
        has_transactions: bool = True,
        conditional_create: bool = True,
        is_racy: bool = False,
        keeps_versions: bool = True,
        takes_post: bool = True,
        takes_lists: bool = True,
    ) -> None:
        self.has_transactions = has_transactions
        self.conditional_create = conditional_create
        self.is_racy = is_racy
        self.keeps_versions = keeps_versions
        self.takes_post = takes_post
        self.takes_lists = takes_lists
        self.hides_from_search = False
        self.loses_answer_of: Callable[[httpx.Request], bool] = lambda request: False
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
        self.store: dict[tuple[str, str], Resource] = {}
        self.now: Callable[[], datetime] = lambda: _CLOCK
        self.writes: list[str] = []
        self._ticks = 0
        for resource in resources:
            self.put(resource)

    # What a test does to it

    def put(self, resource: Resource) -> Resource:
        """Store a resource as a new version, as if somebody else had written it."""
        body = copy.deepcopy(resource)
        self._ticks += 1
        body.setdefault("id", f"{body['resourceType'].lower()}-{self._ticks}")
        key = (body["resourceType"], body["id"])
        last = int(self.store[key]["meta"]["versionId"]) if key in self.store else 0
        stamp = self.now() + timedelta(seconds=self._ticks)
        meta = {"versionId": str(last + 1), "lastUpdated": stamp.isoformat()}
        body["meta"] = {**body.get("meta", {}), **meta}
        self.store[key] = body
        return body

    def edit(self, resource: Resource, **elements: Any) -> Resource:
        """Change elements as a person would; None removes one."""
        body = {**self.store[resource["resourceType"], resource["id"]], **elements}
        return self.put({name: value for name, value in body.items() if value is not None})

    def cut_off(self, *, at: int | None, arrives: bool = True) -> None:
        """Lose every answer from request number `at` on, with or without the request itself.

        None lets everything through again.
        """
        counted = iter(range(10**6))

        def is_cut(request: httpx.Request) -> bool:
            return at is not None and next(counted) >= at

        def never_arrives(request: httpx.Request) -> None:
            if is_cut(request):
                raise httpx.ReadError("cut off", request=request)

        self.loses_answer_of = is_cut if arrives else (lambda request: False)
        self.before = (lambda request: None) if arrives else never_arrives

    def all(self, type_: str) -> list[Resource]:
        """Every resource of a type, in the order of their first writing."""
        return [r for (kind, _), r in self.store.items() if kind == type_]

    def only(self, type_: str) -> Resource:
        """The one resource of a type."""
        (found,) = self.all(type_)
        return found

    def capability(self) -> Resource:
        """Its CapabilityStatement."""
        listed = [
            {
                "type": type_,
                "interaction": [{"code": c} for c in ("read", "search-type", "create", "update")],
                "searchParam": [{"name": "patient"}, {"name": "identifier"}],
                "conditionalCreate": self.conditional_create,
                "versioning": "versioned" if self.keeps_versions else "no-version",
            }
            for type_ in ("Flag", "Task")
        ]
        system = [{"code": "transaction"}] if self.has_transactions else []
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": "4.0.1",
            "rest": [{"mode": "server", "resource": listed, "interaction": system}],
        }

    # The wire

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        instead = self.before(request)
        if instead is not None:
            return instead
        response = self._answer(request)
        if self.loses_answer_of(request):
            raise httpx.ReadTimeout("lost", request=request)
        return response

    def _answer(self, request: httpx.Request) -> httpx.Response:
        parts = [p for p in request.url.path.removeprefix("/fhir").split("/") if p]
        if parts == ["metadata"]:
            return answer(self.capability())
        if request.method == "GET" and len(parts) == 2:
            return self._read(*parts)
        if request.method == "GET":
            return self._search(parts[0], request.url.query.decode())
        if parts[-1:] == ["_search"]:
            if not self.takes_post:
                return answer(outcome("error", "not-supported"), 405)
            return self._search(parts[0], request.content.decode())
        body = msgspec.json.decode(request.content)
        if request.method == "PUT":
            return self._update(body, request.headers.get("If-Match"))
        if not parts:
            return self._transaction(body)
        return self._create(body, request.headers.get("If-None-Exist"))

    def _read(self, type_: str, id_: str) -> httpx.Response:
        found = self.store.get((type_, id_))
        if found is None:
            return answer(outcome("error", "not-found"), 404)
        return self._show(found, 200)

    def _search(self, type_: str, query: str) -> httpx.Response:
        if self.hides_from_search:
            return answer(bundle())
        found = self._matches(type_, query)
        return answer(bundle(*map(self._shown, found)))

    def _matches(self, type_: str, query: str) -> list[Resource]:
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        return [
            r
            for r in self.all(type_)
            if self._is_about(r, wanted.get("patient")) and _is_named(r, wanted.get("identifier"))
        ]

    def _is_about(self, resource: Resource, wanted: str | None) -> bool:
        ids = (wanted or "").split(",") if self.takes_lists else [wanted or ""]
        person = resource.get("for") or resource.get("subject") or {}
        return wanted is None or person.get("reference", "").split("/")[-1] in ids

    def _create(self, body: Resource, condition: str | None) -> httpx.Response:
        matches = self._existing(body["resourceType"], condition)
        if len(matches) > 1:
            return answer(outcome("error", "multiple-matches"), 412)
        if matches:
            return self._show(matches[0], 200)
        self.writes.append(f"create {body['resourceType']}")
        return self._show(self.put(body), 201)

    def _existing(self, type_: str, condition: str | None) -> list[Resource]:
        if condition is None or not self.conditional_create or self.is_racy:
            return []
        return self._matches(type_, condition)

    def _update(self, body: Resource, if_match: str | None) -> httpx.Response:
        key = (body["resourceType"], body["id"])
        if key not in self.store:
            return answer(outcome("error", "not-found"), 404)
        version = f'W/"{self.store[key]["meta"]["versionId"]}"'
        if if_match is not None and if_match != version:
            return answer(outcome("error", "conflict"), 412)
        self.writes.append(f"update {body['resourceType']} {body['status']}")
        return self._show(self.put(body), 200)

    def _transaction(self, body: Resource) -> httpx.Response:
        urls: dict[str, str] = {}
        done: list[tuple[Resource, bool]] = []
        for entry in body["entry"]:
            matches = self._existing(entry["request"]["url"], entry["request"].get("ifNoneExist"))
            if len(matches) > 1:
                return answer(outcome("error", "multiple-matches"), 412)
            stored = matches[0] if matches else self.put(entry["resource"])
            urls[entry["fullUrl"]] = f"{stored['resourceType']}/{stored['id']}"
            done.append((stored, not matches))
        for stored, is_new in done:
            if is_new:
                self.writes.append(f"create {stored['resourceType']}")
                focus = stored.get("focus", {}).get("reference")
                if focus in urls:
                    stored["focus"] = {"reference": urls[focus]}
        entries = [
            {
                "response": {
                    "status": "201 Created" if is_new else "200 OK",
                    "location": f"{r['resourceType']}/{r['id']}/_history/{r['meta']['versionId']}",
                }
            }
            for r, is_new in done
        ]
        return answer({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})

    def _show(self, found: Resource, status: int) -> httpx.Response:
        headers = {"ETag": f'W/"{found["meta"]["versionId"]}"'} if self.keeps_versions else {}
        return answer(self._shown(found), status, **headers)

    def _shown(self, found: Resource) -> Resource:
        if self.keeps_versions:
            return found
        meta = {name: value for name, value in found["meta"].items() if name != "versionId"}
        return {**found, "meta": meta}


def _is_named(resource: Resource, wanted: str | None) -> bool:
    if wanted is None:
        return True
    system, _, value = wanted.partition("|")
    return any(
        i.get("system") == system and value in ("", i.get("value"))
        for i in resource.get("identifier", [])
    )
