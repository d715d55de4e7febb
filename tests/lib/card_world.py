"""A hospital that asks for cards: a ledger, an EHR's key, and the real door over the wire."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jwt
from starlette.applications import Starlette

from service.assessment_entry import entry_of
from service.cards.call import CardOptions
from service.cards.feedback import CardFeedback
from service.cards.lent_charts import LentCharts
from service.cards.line import CardLine
from service.ehr.bundle_file import read_bundle
from service.ehr.card_channel import CARDS
from service.ehr.client import FHIRClient
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.service_request import new_service_request
from service.ehr.lent_access import LentReading
from service.ehr.options import BearerToken, RetryOptions
from service.ehr.parse import RecordParser
from service.ehr.prefetch import prefetch_templates
from service.ehr.smart.callers import Callers
from service.ehr.smart.keys import new_key, public_jwks
from service.screening.alert import AlertKind
from service.screening.assess import assess
from service.screening.plan import alert_for
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.store.entries import AlertEntry, EntryState, Screening
from service.store.ledger import Ledger
from service.store.nonces import Nonces
from service.web.cds_hooks.card_json import Addresses
from service.web.cds_hooks.routes import Door, routes
from tests.lib.card_names import ISSUER, JKU, SERVICE, URL
from tests.lib.going_live import approve
from tests.lib.patients import Resource, bundle
from tests.lib.wire import BASE, Handler, answer

__all__ = ["ISSUER", "JKU", "SERVICE", "URL"]

VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
PARSER = RecordParser(VOCABULARY)
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TODAY = AT.date()
KEY = new_key("ES384")
SCAN = (("http://loinc.org", "38269-7"),)
SITE = "test"
ADDRESSES = Addresses("https://hospital.example/bones")


class NoEHR:
    """An EHR that nobody may reach in a test."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Fail."""
        raise AssertionError("the EHR was asked")


class CardWorld:
    """One hospital. `options` are those of the line; `ehr` answers lent access."""

    def __init__(
        self,
        ledger: Ledger,
        ehr: Handler,
        *,
        addresses: Addresses = ADDRESSES,
        **options: Any,
    ) -> None:
        self.ledger = ledger
        self.now = AT
        self.published: Mapping[str, Any] = public_jwks([KEY])
        self.keys_fetched: list[str] = []
        self.requests: list[httpx.Request] = []
        self._ehr = ehr
        values = {"site": SITE, "mode": "live", "is_channel": True, "beside": False, **options}
        self.line = CardLine(
            ledger,
            PROTOCOL,
            PARSER,
            CardOptions(**values),
            lent_charts=LentCharts(LentReading(BASE, VOCABULARY, self._client), 5.0),
            propose=lambda alert: new_service_request(alert, AT, DeliveryOptions(), SCAN),
            now=lambda: self.now,
            today=self.today,
        )
        self.feedback = CardFeedback(
            ledger, PROTOCOL, "live", now=lambda: self.now, zone=ZoneInfo("UTC")
        )
        self.callers = Callers(
            [ISSUER], [JKU], self._keys, Nonces(None).take, lambda: datetime.now(UTC)
        )
        door = Door(
            url=URL,
            protocol=PROTOCOL,
            templates=prefetch_templates(PROTOCOL.needs, VOCABULARY),
            callers=self.callers,
            line=lambda: self.line,
            feedback=lambda: self.feedback,
            addresses=addresses,
            origins=("https://browser.example",),
        )
        self.web = Starlette(routes=list(routes(door)))

    def today(self) -> date:
        """The day at the hospital."""
        return self.now.date()

    def _client(self, token: str) -> FHIRClient:
        def wire(request: httpx.Request) -> httpx.Response:
            self.requests.append(request)
            return self._ehr(request)

        return FHIRClient(
            BASE,
            auth=BearerToken(token),
            retries=RetryOptions(attempts=1),
            transport=httpx.MockTransport(wire),
        )

    def _keys(self, url: str) -> Mapping[str, Any]:
        self.keys_fetched.append(url)
        return self.published

    # People

    def judge(self, *resources: Resource, told_by: str = CARDS, patient: str = "p") -> str:
        """Somebody whom the line has judged and, where they are due, told; their key."""
        chart = read_bundle(json.dumps(bundle(*resources)).encode())
        record = PARSER.record(patient, chart.resources)
        assessment = assess(record, PROTOCOL, self.today())
        self.ledger.cohort.add([patient], "test", self.now)
        key = self.ledger.cohort.keys_of([patient])[patient]
        run = self.ledger.runs.open("sweep", "live", PROTOCOL.digest, self.now)
        entry = entry_of(assessment, record, self.now)
        self.ledger.screenings.store(Screening(key, run, entry, ()), self.now)
        for kind, status in KINDS.items():
            if told_by and str(assessment.status) == status:
                alert = alert_for(kind, assessment, SITE, PROTOCOL, 1, self.today())
                self.ledger.alerts.remember(key, _entry(alert, told_by), self.now)
        return key

    # Calls

    def token(self, path: str, **changes: Any) -> str:
        """A token for one call; a claim that is None is left out."""
        header = {"kid": KEY.kid, "jku": JKU, **changes.pop("header", {})}
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": URL + path,
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=5)).timestamp()),
            "jti": uuid.uuid4().hex,
            **changes,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, KEY.private, algorithm="ES384", headers=header)

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request over the wire."""

        async def answered() -> httpx.Response:
            transport = httpx.ASGITransport(self.web)
            async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                return await client.request(method, path, **request)

        return asyncio.run(answered())

    def post(self, body: Any, path: str = f"/cds-services/{SERVICE}") -> httpx.Response:
        """A call by the hospital's EHR."""
        headers = {"Authorization": f"Bearer {self.token(path)}"}
        return self.ask("POST", path, json=body, headers=headers)

    def cards(self, body: Any) -> list[dict[str, Any]]:
        """The cards that a call is answered."""
        response = self.post(body)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["cards"]
        return found

    def say(self, about: str, **entry: Any) -> httpx.Response:
        """Feedback about one card."""
        values = {
            "card": about,
            "outcome": "overridden",
            "outcomeTimestamp": self.now.isoformat(),
            **entry,
        }
        return self.post({"feedback": [values]}, f"/cds-services/{SERVICE}/feedback")


KINDS = {AlertKind.SCREENING: "due", AlertKind.TREATMENT_GAP: "result-needs-action"}


@contextmanager
def card_world(
    directory: Path, ehr: Handler | None = None, *, is_approved: bool = True, **options: Any
) -> Iterator[CardWorld]:
    """A hospital that has gone live with cards, unless something else is said."""
    path = directory / "ledger.sqlite3"
    path.write_bytes(_empty_ledger())
    with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
        if is_approved:
            approve(ledger, PROTOCOL.digest, at=AT)
        yield CardWorld(ledger, ehr or NoEHR(), **options)


def view(patient: str = "p", **elements: Any) -> dict[str, Any]:
    """A call of patient-view."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/neuro", "patientId": patient},
        **elements,
    }


def sign(*orders: Resource, patient: str = "p", **elements: Any) -> dict[str, Any]:
    """A call of order-sign with these drafts."""
    drafts = {"resourceType": "Bundle", "entry": [{"resource": r} for r in orders]}
    context = {"userId": "Practitioner/neuro", "patientId": patient, "draftOrders": drafts}
    return {**view(patient, **elements), "hook": "order-sign", "context": context}


def prefetch(*resources: Resource, leaving_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """What an EHR that answers every template brings of a chart of these resources."""
    found: dict[str, list[Resource]] = {need.type: [] for need in PROTOCOL.needs}
    for entry in bundle(*resources)["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    came = {
        type_: searchset(*those)
        for type_, those in found.items()
        if type_ not in ("Patient", *leaving_out)
    }
    if "Patient" not in leaving_out:
        came["Patient"] = found["Patient"][0]
    return came


def searchset(*resources: Resource) -> Resource:
    """One page with everything."""
    entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def nothing_there(_: httpx.Request) -> httpx.Response:
    """An EHR that is away."""
    return answer({}, 503)


@cache
def _empty_ledger() -> bytes:
    """The file of a new ledger: to make one takes longer than all of a test."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "ledger.sqlite3"
        with Ledger(f"sqlite:///{path}", attempts_in_a_run=5) as ledger:
            ledger.migrate()
        return path.read_bytes()


def _entry(alert: Any, told_by: str) -> AlertEntry:
    return AlertEntry(
        key=alert.key,
        kind=alert.kind,
        protocol_id=alert.protocol_id,
        episode=alert.episode,
        state=EntryState.CONFIRMED,
        opened_on=alert.since,
        content_digest=alert.content_digest,
        reasons=" ".join(sorted(alert.reasons)),
        protocol_digest=alert.protocol_digest,
        channel=told_by,
    )
