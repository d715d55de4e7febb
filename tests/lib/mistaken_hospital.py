"""A hospital with one mistake in its settings: its servers on real ports, and its files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from service.ehr.smart.keys import new_key
from tests.lib.login_server import LoginServer
from tests.lib.tls_server import Authority
from tests.lib.wire import Chart, answer, outcome, resource
from tests.lib.wire_server import wire_server

SECRET = "s3cret-word"
"""In every secret and in every answer of a server: no output may hold it."""
PERSON = "person-77"
TYPES = (
    "Patient Condition MedicationRequest MedicationAdministration MedicationDispense"
    " MedicationStatement Medication Observation DiagnosticReport Procedure ServiceRequest"
    " Encounter Device DeviceUseStatement FamilyMemberHistory Flag Task Group Immunization"
    " AllergyIntolerance ImagingStudy CarePlan QuestionnaireResponse RiskAssessment"
).split()
KEY, OTHER_KEY = new_key("ES384"), new_key("ES384")
LOGIN_PAGE = f"<html><title>Sign in</title><form>{SECRET}</form></html>"
Answer = Callable[[httpx.Request], httpx.Response]


def statement(version: str = "4.0.1") -> dict[str, Any]:
    """What /metadata says where nothing is wrong."""
    codes = [{"code": c} for c in ("read", "search-type", "create", "update")]
    names = ["_id", "_lastUpdated", "patient", "code", "identifier", "subject"]
    parameters = [{"name": name, "type": "token"} for name in names]
    listed = [{"type": t, "interaction": codes, "searchParam": parameters} for t in TYPES]
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": version,
        "rest": [{"mode": "server", "resource": listed}],
    }


def sound_ehr(version: str = "4.0.1") -> Answer:
    """An EHR with one person in it, in which nothing is wrong but perhaps its version."""
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G35.A"}]}
    chart = Chart(
        resource("Patient", PERSON, birthDate="1980-01-01"),
        resource("Condition", "c1", PERSON, code=code),
    )

    def said(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/metadata"):
            return answer(statement(version))
        if "/Group" in request.url.path:
            told = outcome("error", "not-found", diagnostics=f"{SECRET} of {PERSON}")
            return answer(told, 404)
        return chart(request)

    return said


def always(said: httpx.Response) -> Answer:
    """The same answer to everything."""
    return lambda _: said


class TrueClock:
    """The login server's clock: right, or wrong by so many seconds."""

    def __init__(self, ahead_seconds: float = 0) -> None:
        self._ahead = timedelta(seconds=ahead_seconds)

    @property
    def true_now(self) -> datetime:
        """What the server takes for the truth."""
        return datetime.now(UTC) + self._ahead


class Hospital:
    """Where a case opens its servers and writes its files."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._opened = opened
        self.folder = folder

    def serve(self, said: Answer, certificate: tuple[str, str] | None = None) -> str:
        """The FHIR base URL of a server."""
        return self._opened.enter_context(wire_server(said, certificate)) + "/fhir"

    def sound(self) -> dict[str, str]:
        """The settings of an EHR in which nothing is wrong."""
        return {"fhir_base_url": self.serve(sound_ehr()), "fhir_bearer_token": SECRET}

    def file(self, name: str, content: bytes | str) -> str:
        """A file with this content."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def login(self, server: LoginServer, pem: bytes = KEY.pem) -> dict[str, str]:
        """The settings of an EHR behind this login server."""
        server.configuration = {"token_endpoint": "/oauth2/token"}
        server.instead_of_chart = sound_ehr()
        if not isinstance(server.clock, TrueClock):
            server.clock = TrueClock()  # type: ignore[assignment] # all of it that the server reads
        return {
            "fhir_base_url": self.serve(server),
            "smart_client_id": "boneflag",
            "smart_key_files": self.file("key.pem", pem),
        }

    def authority(self) -> Authority:
        """A certificate authority of this hospital."""
        return Authority(self.folder)
