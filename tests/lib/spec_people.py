"""The charts of the book of specifications as people of one EHR, and what is read of them there.

Every case becomes a person with ids of its own. Two things would make the EHR's answer another than
the book's, and are undone on the way back, on the wire: servers stamp `meta.lastUpdated` with the
moment of loading, while some cases are about when something was last changed; and a search for
appointments asks for those from the real today on, while the book has a day of its own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from service.ehr.alerts import AlertReader
from service.ehr.client import FHIRClient
from service.ehr.connection import EHRConnection
from service.ehr.delivery.elements import ALERT_CONTENT_URL
from service.ehr.delivery.flag_and_task import Delivery
from service.ehr.parse import RecordParser
from service.explain_file import thought_json
from service.explanation import Outlook
from service.screening.alert import (
    ALERT_IDENTIFIER_SYSTEM,
    AlertKind,
    alert_key,
    content_digest,
)
from service.screening.criteria.dxa_ordered import NOT_DONE
from service.screening.protocol import Protocol, packaged_protocol
from service.screening.record import ResourceRef
from service.screening.value_sets import DataRequirement, Vocabulary, packaged_vocabulary
from service.thought import think
from tests.lib.patients import bundle
from tests.spec.book import AT, SITE, TODAY, Case, every_spec

Resource = dict[str, Any]

_JSON = {"Content-Type": "application/fhir+json"}
_MOST_EPISODES = 5


@dataclass(frozen=True, slots=True)
class SpecPerson:
    """One case as a person of an EHR; `resources` begin with the Patient."""

    id: str
    title: str
    case: Case
    resources: tuple[Resource, ...]

    def __str__(self) -> str:
        return f"{self.title}: {self.case.who}"


def spec_people() -> list[SpecPerson]:
    """Everybody in the book, in its order."""
    cases = [(spec.title, case) for spec in every_spec() for case in spec.cases]
    return [_person(f"spec-{n:04d}", title, case) for n, (title, case) in enumerate(cases)]


def _person(own: str, title: str, case: Case) -> SpecPerson:
    """The chart with `own` before every id, which every reference follows."""
    resources = [entry["resource"] for entry in bundle(*copy.deepcopy(case.chart))["entry"]]
    ids = {f"{r['resourceType']}/{r['id']}": f"{own}-{r['id']}" for r in resources}
    people = [r for r in resources if r["resourceType"] == "Patient"]
    for person in people:
        ids[f"Patient/{person['id']}"] = own
    flag = next((r for r in resources if r["resourceType"] == "Flag"), None)
    for task in (r for r in resources if flag and r["resourceType"] == "Task"):
        # In the bundle that wrote both it is the Flag's temporary address.
        task["focus"] = {"reference": f"Flag/{flag['id']}"}
    for resource in resources:
        resource["id"] = ids[f"{resource['resourceType']}/{resource['id']}"]
        _point(resource, ids, own)
    for resource in resources:
        if resource["resourceType"] in ("Flag", "Task"):
            _readdress(resource, own)
    contents = _contents(case, own, ids)
    for resource in resources:
        for extension in resource.get("extension", ()):
            if extension["url"] == ALERT_CONTENT_URL:
                said = extension["valueString"]
                extension["valueString"] = contents.get(said, said)
    resources.sort(key=lambda r: r["resourceType"] != "Patient")
    return SpecPerson(own, title, case, tuple(resources))


def _point(element: Any, ids: Mapping[str, str], own: str) -> None:
    """Rewrite every relative reference; what is not there stays not there, on another server."""
    for value in element.values() if isinstance(element, dict) else element:
        if isinstance(value, dict) and isinstance(value.get("reference"), str):
            kind, _, id_ = value["reference"].partition("/")
            if f"{kind}/{id_}" in ids:
                value["reference"] = f"{kind}/{ids[f'{kind}/{id_}']}"
            elif id_ and kind.isalpha():
                value["reference"] = f"https://elsewhere.example/fhir/{kind}/{own}-{id_}"
        if isinstance(value, dict | list):
            _point(value, ids, own)


def _readdress(alert: Resource, own: str) -> None:
    """An alert's identifier is made of its patient, so that another patient has another one."""
    protocol = packaged_protocol(packaged_vocabulary())
    keys = {
        alert_key(SITE, ResourceRef("Patient", "p"), protocol.id, kind, n): (kind, n)
        for kind in AlertKind
        for n in range(1, _MOST_EPISODES)
    }
    for identifier in alert.get("identifier", ()):
        if identifier.get("system") == ALERT_IDENTIFIER_SYSTEM and identifier["value"] in keys:
            patient = ResourceRef("Patient", own)
            identifier["value"] = alert_key(SITE, patient, protocol.id, *keys[identifier["value"]])


def _contents(case: Case, own: str, ids: Mapping[str, str]) -> dict[str, str]:
    """The digest of what each Task says, as it stands, and with the new ids of its evidence."""
    moved = {r: f"{r.split('/')[0]}/{new}" for r, new in ids.items()}
    found = {}
    for task in (r for r in case.chart if r["resourceType"] == "Task"):
        extensions = {e["url"].rsplit("/", 1)[-1]: e.get("valueString") for e in task["extension"]}
        evidence = tuple(i["valueReference"]["reference"] for i in task.get("input", ()))
        said = tuple((extensions.get("alert-reasons") or "").split())
        for kind, reasons, news in product(AlertKind, (said, ("GAP-01|None",)), _news(ids)):
            if _digest(kind, reasons, evidence, news) == extensions["alert-content"]:
                there = [tuple(moved.get(ref, ref) for ref in refs) for refs in (evidence, news)]
                found[extensions["alert-content"]] = _digest(kind, reasons, *there)
    return found


def _news(references: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """What the digest may hold beside the evidence: nothing, or an order that was not done.

    Such an order is told in words and is no input of the Task.
    """
    return ((), *((ref,) for ref in references if ref.startswith("ServiceRequest/")))


def _digest(
    kind: AlertKind, reasons: tuple[str, ...], evidence: tuple[str, ...], not_done: tuple[str, ...]
) -> str:
    return content_digest(kind, reasons, (*evidence, *(f"{ref} {NOT_DONE}" for ref in not_done)))


class AsItWasLoaded(httpx.BaseTransport):
    """Real HTTP, with what the server stamped put back, and some types refused.

    `refused` answers 403 to every request for these types, as an EHR does without the scope;
    `unlisted` are left out of its CapabilityStatement besides.
    """

    def __init__(
        self,
        people: Iterable[SpecPerson],
        *,
        refused: frozenset[str],
        unlisted: frozenset[str] = frozenset(),
    ) -> None:
        self._wire = httpx.HTTPTransport()
        self._metas = {
            (r["resourceType"], r["id"]): r.get("meta") for p in people for r in p.resources
        }
        self.refused = refused
        self._unlisted = unlisted

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        type_ = next((part for part in request.url.path.split("/") if part[:1].isupper()), "")
        if type_ in self.refused:
            return httpx.Response(403, json=_OUTCOME, headers=_JSON)
        if type_ == "Appointment":
            request = _of_any_date(request)
        answer = self._wire.handle_request(request)
        content = answer.read()
        answer.close()
        headers = {k: v for k, v in answer.headers.items() if k in ("content-type", "date")}
        if answer.status_code < 300:
            content = self._restored(content)
        return httpx.Response(answer.status_code, headers=headers, content=content)

    def close(self) -> None:
        self._wire.close()

    def _restored(self, content: bytes) -> bytes:
        document = json.loads(content)
        for rest in document.get("rest", ()):
            rest["resource"] = [r for r in rest["resource"] if r["type"] not in self._unlisted]
        entries = document.get("entry", ()) if document.get("resourceType") == "Bundle" else ()
        for resource in (document, *(entry.get("resource", {}) for entry in entries)):
            key = resource.get("resourceType"), resource.get("id")
            if key in self._metas:
                resource.pop("meta", None)
                if self._metas[key] is not None:
                    resource["meta"] = self._metas[key]
        return json.dumps(document).encode()


_OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "forbidden", "diagnostics": "no scope for this type"}],
}


def _of_any_date(request: httpx.Request) -> httpx.Request:
    """The same search without its date."""
    pairs = [p for p in parse_qsl(request.read().decode()) if p[0] != "date"]
    headers = [(k, v) for k, v in request.headers.items() if k != "content-length"]
    url = request.url.copy_remove_param("date")
    content = urlencode(pairs).encode() if request.method == "POST" else None
    return httpx.Request(request.method, url, headers=headers, content=content)


def answers_through(
    base_url: str, people: Sequence[SpecPerson], *, batch_size: int = 100
) -> Iterator[tuple[SpecPerson, dict[str, Any]]]:
    """What the line says about each person whose chart is in this EHR, in the form of `explain`."""
    vocabulary = packaged_vocabulary()
    protocol = packaged_protocol(vocabulary)
    for unread, withheld in sorted({(p.case.unread, p.case.withheld) for p in people}):
        concerned = [p for p in people if (p.case.unread, p.case.withheld) == (unread, withheld)]
        # A type that is refused to several and given to nobody counts as one that is not offered.
        size = 1 if withheld else len(concerned)
        for start in range(0, len(concerned), size):
            some = concerned[start : start + size]
            refused = frozenset({*unread, *withheld})
            wire = AsItWasLoaded(some, refused=refused, unlisted=frozenset(unread))
            with FHIRClient(base_url, transport=wire) as client:
                yield from _read(client, some, protocol, vocabulary, batch_size)


def _read(
    client: FHIRClient,
    people: Sequence[SpecPerson],
    protocol: Protocol,
    vocabulary: Vocabulary,
    batch_size: int,
) -> Iterator[tuple[SpecPerson, dict[str, Any]]]:
    ehr = EHRConnection(
        client,
        vocabulary,
        RecordParser(vocabulary).record,
        cohort_sources=[],
        batch_size=batch_size,
    )
    ids = [person.id for person in people]
    alerts = AlertReader(
        client,
        ehr.capability(),
        snooze_months=int(protocol.policies["decision"]["snooze_months"]),
        key_of=lambda patient, kind, n: alert_key(SITE, patient, protocol.id, kind, n),
        batch_size=batch_size,
    ).read(ids)
    records = ehr.read_records(ids, every_need(protocol))
    for person, record in zip(people, records, strict=True):
        thought = think(record, alerts.histories[person.id], protocol, TODAY, site=SITE)
        shown = {
            kind: [r for r in person.resources if r["resourceType"] == kind]
            for kind in ("Flag", "Task")
        }
        yield person, thought_json(thought, Delivery(), shown, AT, Outlook())


def every_need(protocol: Protocol) -> tuple[DataRequirement, ...]:
    """What the criteria read, also the types that the packaged protocol saves the searches for."""
    wanted: dict[str, set[str]] = {}
    for entry in protocol.entries:
        for need in entry.criterion.reads:
            wanted.setdefault(need.type, set()).update(need.value_sets)
    return tuple(DataRequirement(type_, tuple(sorted(v))) for type_, v in sorted(wanted.items()))
