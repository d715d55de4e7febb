"""One request to the quirky EHR and what it answers, as the quirks see them.

A quirk may change the request's parameters before the server behind gets them: that is how a
parameter is ignored. Header names are in lower case. Ids are compared as strings and a patient may
be named `Patient/1` or `1`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from service.demo_ehr.codes import JSON

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, headers and body; status 0 drops the connection without an answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)

    def json(self) -> Any:
        """The body; None where it is no JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None


@dataclass(slots=True, repr=False)
class Request:
    """A request below the FHIR base; `parameters` hold the query, or the form of a POST search.

    `remarks` are issues that travel with the answer to a search, as an entry of mode `outcome`;
    `included` are resources that travel with it although they do not match.
    """

    method: str
    path: str
    parameters: list[tuple[str, str]]
    headers: dict[str, str]
    content: bytes = b""
    remarks: list[JSON] = field(default_factory=list)
    included: list[JSON] = field(default_factory=list)

    @property
    def type(self) -> str:
        """The resource type in the path, empty where none is named."""
        first = self.path.partition("/")[0]
        return first if first[:1].isupper() else ""

    @property
    def id(self) -> str:
        """The id of an instance in the path, empty where none is named."""
        rest = self.path.split("/")[1:]
        return rest[0] if len(rest) == 1 and rest[0] and rest[0][0] not in "_$" else ""

    @property
    def operation(self) -> str:
        """The operation's name with its dollar sign, empty where none is called."""
        last = self.path.rpartition("/")[2]
        return last if last.startswith("$") else ""

    @property
    def interaction(self) -> str:
        """The code of the interaction as a CapabilityStatement names it; empty for others."""
        if not self.type:
            return "transaction" if (self.method, self.path) == ("POST", "") else ""
        if self.operation:
            return "operation"
        if self.is_search:
            return "search-type"
        if self.id:
            names = {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
            return names.get(self.method, "")
        return "create" if (self.method, self.path) == ("POST", self.type) else "other"

    @property
    def is_search(self) -> bool:
        """Whether it is a search by GET or by POST."""
        is_post = self.method == "POST" and self.path == f"{self.type}/_search"
        return bool(self.type) and (is_post or (self.method == "GET" and self.path == self.type))

    @property
    def is_strict(self) -> bool:
        """Whether the client asks that an unknown parameter be refused."""
        return "handling=strict" in self.headers.get("prefer", "")

    @property
    def names(self) -> list[str]:
        """The parameters' names without modifiers, in order."""
        return [name.partition(":")[0] for name, _ in self.parameters]

    def values(self, *names: str) -> list[str]:
        """All values of these parameters, taken apart at commas."""
        found = (value for name, value in self.parameters if name.partition(":")[0] in names)
        return [part for value in found for part in value.split(",") if part]

    def patients(self) -> list[str]:
        """Whom the request is about: by `patient` or `subject`, or by the Patient's own id."""
        named = [v.removeprefix("Patient/") for v in self.values("patient", "subject")]
        if self.type == "Patient":
            named += self.values("_id") + ([self.id] if self.id else [])
        return named

    def keep(self, names: Iterable[str]) -> None:
        """Forget all other parameters."""
        kept = set(names)
        self.parameters = [p for p in self.parameters if p[0].partition(":")[0] in kept]

    def drop(self, *names: str) -> None:
        """Forget these parameters."""
        self.parameters = [p for p in self.parameters if p[0].partition(":")[0] not in names]

    def resource(self) -> JSON:
        """The resource in the body; empty where it is none."""
        try:
            body = json.loads(self.content)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


def issue(severity: str, code: str, detail: str = "", text: str = "", system: str = "") -> JSON:
    """An issue of an OperationOutcome; `detail` is the product's own code."""
    told: JSON = {"severity": severity, "code": code}
    if detail:
        coding = {"code": detail, "display": text} | ({"system": system} if system else {})
        told["details"] = {"coding": [coding], "text": text}
    if text:
        told["diagnostics"] = text
    return told


def answer(status: int, body: JSON | None = None, **headers: str) -> Reply:
    """An answer with a resource in its body; `Retry_After=` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None:
        return Reply(status, named)
    return Reply(status, {"Content-Type": FHIR_JSON} | named, json.dumps(body).encode())


def refusal(status: int, *issues: JSON, **headers: str) -> Reply:
    """An OperationOutcome with a status."""
    return answer(status, {"resourceType": "OperationOutcome", "issue": list(issues)}, **headers)
