"""The quirky EHR: a thin layer on the loopback interface before the server of the demo.

What a newcomer would get wrong: the server behind knows everything and refuses little, so every
refusal, page and limit is made here; and a search is asked of it whole, because pages, their links
and their expiry are the product's. Every request is written down with its status and its moment,
which is how tests count what was asked and prove what never was.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qsl, urlencode, urlsplit

from service.demo_ehr.codes import JSON
from service.demo_ehr.presets.exchange import Reply, Request, answer, issue, refusal
from service.demo_ehr.presets.offer import statement
from service.demo_ehr.presets.preset import Hospital, Preset
from service.demo_ehr.recording import NOT_FORWARDED, UPSTREAM_TIMEOUT_SECONDS, RecordingProxy

_MATCHES_ASKED_FOR = 1000
_ABOUT = ("subject", "patient", "for")
# Below the FHIR base, but not FHIR: the login, and the files of an export.
_PASSED_ON = (".well-known", "bulk-status", "bulk-files")
_KNOWN_TO_EVERYBODY = frozenset(("_format", "_count", "_id", "_include", "_revinclude"))


@dataclass(slots=True)
class Incident:
    """One answer that a test scripts: for the next `times` requests of this method and path.

    An empty method or path means any; `path` is the beginning of the path below the base. With
    `happens` the server behind does its work all the same, and only the answer gets lost.
    """

    reply: Reply
    method: str = ""
    path: str = ""
    times: int = 1
    happens: bool = False

    def concerns(self, request: Request) -> bool:
        """Whether this request meets it."""
        is_method = self.method in ("", request.method)
        return self.times > 0 and is_method and request.path.startswith(self.path)


@dataclass(slots=True, repr=False)
class _Results:
    matches: list[JSON] = field(default_factory=list)
    size: int = 50
    type: str = ""
    has_expired: bool = False


class QuirkyEHR(RecordingProxy):
    """A running EHR that behaves as `preset` says, before the server at `target_base_url`.

    `incidents` is the list that a test may script; `hospital` holds closed charts and merged
    people. A context manager, as RecordingProxy is.
    """

    def __init__(self, preset: Preset, target_base_url: str) -> None:
        self.preset = preset
        self.incidents: list[Incident] = []
        self._results: dict[str, _Results] = {}
        self._expired: set[str] = set()
        self._numbers = count(1)
        self._upstream = threading.local()
        super().__init__(target_base_url)
        self.hospital = Hospital(self.base_url, self._forward_to_server)

    def respond(
        self, method: str, path: str, query: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request; `path` is below the base, or absolute outside of it."""
        lower = {name.lower(): value for name, value in headers.items()}
        own, theirs = self.origin.encode(), self.target_origin.encode()
        request = Request(method, path, parse_qsl(query, True), lower, content.replace(own, theirs))
        if path.startswith(("/", *_PASSED_ON)):
            reply = self._finished(request, self._forward_to_server(request))
        else:
            reply = self._incident(request) or self._respond(request)
        return reply.status, dict(reply.headers), reply.content.replace(theirs, own)

    def _incident(self, request: Request) -> Reply | None:
        for incident in self.incidents:
            if incident.concerns(request):
                incident.times -= 1
                if incident.happens:
                    self._respond(request)
                return incident.reply
        return None

    def _respond(self, request: Request) -> Reply:
        if request.path == "metadata":
            preset = self.preset
            told = preset.product, preset.offered, preset.interactions, preset.operations
            return answer(200, statement(*told, self.base_url))
        if page := self._page_asked_for(request):
            return page
        if request.is_search and request.method == "POST":
            # The query of a POST search is ignored (Epic, since February 2026).
            request.parameters = parse_qsl(request.content.decode(errors="replace"), True)
        refused = self._not_offered(request) or self._unknown_parameters(request)
        if refused is not None:
            return refused
        for quirk in self.preset.quirks:
            reply = quirk(self.hospital, request)
            if reply is not None:
                return reply
        return self._search(request) if request.is_search else self._carry_out(request)

    # What is offered

    def _not_offered(self, request: Request) -> Reply | None:
        interaction, type_, preset = request.interaction, request.type, self.preset
        if interaction == "operation" or request.path.startswith("$"):
            offered = preset.offered[type_].operations if type_ in preset.offered else ()
            is_offered = request.operation in (offered if type_ else preset.operations)
            return None if is_offered else refusal(404, issue("error", "not-supported"))
        if not type_:
            is_offered = interaction in preset.interactions
            return None if is_offered else refusal(405, issue("error", "not-supported"))
        if type_ not in preset.offered:
            return refusal(404, issue("error", "not-supported"))
        if not preset.can(type_, interaction):
            return refusal(405, issue("error", "not-supported"))
        if request.is_search and request.method == "POST" and not preset.takes_post_search:
            return refusal(404, issue("error", "not-found"))
        return None

    def _unknown_parameters(self, request: Request) -> Reply | None:
        if not request.is_search:
            return None
        preset = self.preset
        listed = preset.offered[request.type].parameters
        known = _KNOWN_TO_EVERYBODY | preset.knows | set(listed)
        unknown = sorted(set(request.names) - known)
        if not unknown:
            return None
        is_strict = preset.unknown == "as-asked" and request.is_strict
        if preset.unknown == "refuse" or is_strict:
            return refusal(400, issue("error", "not-supported", text="Unknown search parameter"))
        request.drop(*unknown)
        if preset.unknown == "warn":
            # Epic 4122 and 59100: a warning, and the parameter does nothing.
            request.remarks.append(issue("warning", "processing", "59100", "Unknown parameter"))
        return None

    # Searches

    def _search(self, request: Request) -> Reply:
        size = self.preset.pages.size(request)
        found = self._everything_found(request)
        if isinstance(found, Reply):
            return found
        for shape in self.preset.shapes:
            shaped = shape(self.hospital, request, found)
            if isinstance(shaped, Reply):
                return shaped
            found = shaped
        results = _Results(found, size, request.type)
        number = str(next(self._numbers))
        query = f"{request.type}?{sorted(request.parameters)}"
        if self.preset.pages.expires_once and query not in self._expired:
            self._expired.add(query)
            results.has_expired = True
        if len(found) > results.size:
            self._results[number] = results
        return self._page(results, number, 0, _beside_the_matches(request))

    def _everything_found(self, request: Request) -> list[JSON] | Reply:
        """All matches of the server behind, over all its pages."""
        request.drop("_count", "_format", "_total", "_include", "_revinclude")
        matches: list[JSON] = []
        while True:
            asked = [("_count", str(_MATCHES_ASKED_FOR)), ("_offset", str(len(matches)))]
            form = urlencode([*request.parameters, *asked]).encode()
            headers = _login(request) | {"content-type": "application/x-www-form-urlencoded"}
            reply = self._forward_to_server(
                Request("POST", f"{request.type}/_search", [], headers, form)
            )
            bundle = reply.json()
            if reply.status != 200 or not isinstance(bundle, dict):
                return reply
            entries = bundle.get("entry", [])
            page = [
                e["resource"]
                for e in entries
                if e.get("search", {}).get("mode", "match") == "match"
            ]
            matches += page
            if len(page) < _MATCHES_ASKED_FOR:
                return [resource for resource in matches if _agrees(resource, request)]

    def _page_asked_for(self, request: Request) -> Reply | None:
        pages = self.preset.pages
        asked = request.values(pages.parameter)
        if request.method != "GET" or not asked:
            return None
        number, _, start = asked[0].partition("-")
        results = self._results.get(number)
        if results is None or results.has_expired or not start.isdigit():
            return pages.expired
        return self._page(results, number, int(start), [])

    def _page(self, results: _Results, number: str, start: int, beside: list[JSON]) -> Reply:
        pages = self.preset.pages
        end = start + results.size
        entries: list[JSON] = []
        for resource in results.matches[start:end]:
            url = f"{self.base_url}/{resource['resourceType']}/{resource['id']}"
            entries.append({"fullUrl": url, "resource": resource, "search": {"mode": "match"}})
        entries += beside
        bundle: JSON = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        if pages.total:
            bundle["total"] = len(results.matches)
        is_last = end >= len(results.matches)
        if not is_last or (pages.loops and start):
            page = f"{number}-{0 if is_last else end}"
            link = pages.link.format(base=self.base_url, type=results.type, page=page)
            bundle["link"] = [{"relation": "next", "url": link}]
        return answer(200, bundle)

    # Everything else

    def _carry_out(self, request: Request) -> Reply:
        kept = self.hospital.resources.get(request.path) if request.method == "GET" else None
        if kept is not None:
            return answer(200, kept)
        return self._finished(request, self._forward_to_server(request))

    def _finished(self, request: Request, reply: Reply) -> Reply:
        hospital, preset = self.hospital, self.preset
        if request.operation == "$export" and reply.status == 202:
            hospital.is_exporting = True
        elif request.path.startswith("bulk-status") and reply.status != 202:
            hospital.is_exporting = False
        if request.interaction == "create" and reply.status == 201:
            made = reply.json() or {}
            key = f"{request.type}/{made.get('id')}"
            hospital.written[key] = (hospital.now(), None)
            if preset.creates_silently:
                return Reply(201, _without_body(reply.headers))
        if request.interaction in ("update", "patch") and reply.status == 412:
            return Reply(preset.stale_status, reply.headers, reply.content)
        return reply

    def _forward_to_server(self, request: Request) -> Reply:
        """Ask the server behind, on a connection that this thread keeps."""
        path = request.path if request.path.startswith("/") else self._path_of(request)
        headers = {n: v for n, v in request.headers.items() if n not in NOT_FORWARDED}
        headers = {n: v.replace(self.origin, self.target_origin) for n, v in headers.items()}
        # A kept connection may have been closed meanwhile; a write is never sent twice for that.
        is_read = request.method == "GET" or request.path.endswith("_search")
        for is_kept in (True, False) if is_read else (False,):
            connection = self._connection(is_kept=is_kept)
            try:
                connection.request(request.method, path, request.content or None, headers)
                found = connection.getresponse()
                content = found.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                continue
            kept = {n: v for n, v in found.getheaders() if n.lower() not in NOT_FORWARDED}
            kept = {n: v.replace(self.target_origin, self.origin) for n, v in kept.items()}
            return Reply(found.status, kept, content)
        return refusal(502, issue("fatal", "transient"))

    def _path_of(self, request: Request) -> str:
        query = urlencode(request.parameters) if not request.is_search else ""
        return f"{self.base_path}/{request.path}".rstrip("/") + (f"?{query}" if query else "")

    def _connection(self, *, is_kept: bool) -> http.client.HTTPConnection:
        known = getattr(self._upstream, "connection", None)
        if is_kept and isinstance(known, http.client.HTTPConnection):
            return known
        netloc = urlsplit(self.target_origin).netloc
        if isinstance(known, http.client.HTTPConnection):
            known.close()
        made = http.client.HTTPConnection(netloc, timeout=UPSTREAM_TIMEOUT_SECONDS)
        self._upstream.connection = made
        return made


def _agrees(resource: JSON, request: Request) -> bool:
    """The server behind ignores parameters of types that it does not index, such as List."""
    if request.type != "Patient" and (patients := request.patients()):
        about: JSON = next((resource[name] for name in _ABOUT if name in resource), {})
        if str(about.get("reference", "")).rpartition("/")[2] not in patients:
            return False
    if wanted := request.values("identifier"):
        return any(value in _tokens(resource.get("identifier", [])) for value in wanted)
    return True


def _tokens(identifiers: list[JSON]) -> set[str]:
    found = {str(i.get("value", "")) for i in identifiers}
    return found | {f"{i.get('system', '')}|{value}" for i in identifiers for value in _ends(i)}


def _ends(identifier: JSON) -> tuple[str, str]:
    """The value, and nothing: `system|` asks for any of this system."""
    return str(identifier.get("value", "")), ""


def _beside_the_matches(request: Request) -> list[JSON]:
    entries: list[JSON] = [
        {"resource": resource, "search": {"mode": "include"}} for resource in request.included
    ]
    if request.remarks:
        outcome = {"resourceType": "OperationOutcome", "issue": request.remarks}
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    return entries


def _login(request: Request) -> dict[str, str]:
    given = request.headers.get("authorization")
    return {"authorization": given} if given else {}


def _without_body(headers: Mapping[str, str]) -> dict[str, str]:
    return {n: v for n, v in headers.items() if n.lower() not in ("content-type", "content-length")}
