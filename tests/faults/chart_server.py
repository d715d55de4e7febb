"""The EHR as a clinician's screen and the verdict see it: past the bad line, with no code of ours.

Nothing of `service/` is used here but the loading of invented charts: what reads our alerts for the
verdict must not share a mistake with what writes them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import httpx

ALERT_SYSTEM = "https://boneflag.example/fhir/sid/alert"
KIND_SYSTEM = "https://boneflag.example/fhir/CodeSystem/alert"
SCREENING, GAP = "ms-bone-health-review", "osteoporosis-treatment-gap"

Resource = dict[str, Any]


class ChartServer:
    """Plain FHIR requests to the server behind everything."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.Client(timeout=60, headers={"Cache-Control": "no-cache"})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def alerts(self) -> dict[str, list[Resource]]:
        """Every Flag and Task that bears our identifier, by patient id, whatever its status."""
        found: dict[str, list[Resource]] = defaultdict(list)
        for type_ in ("Flag", "Task"):
            for resource in self._all(f"{type_}?identifier={ALERT_SYSTEM}%7C&_count=200"):
                if any(i.get("system") == ALERT_SYSTEM for i in resource.get("identifier", ())):
                    found[patient_of(resource)].append(resource)
        return found

    def _all(self, query: str) -> list[Resource]:
        found, url = [], f"{self.base_url}/{query}"
        while url:
            bundle = self._http.get(url).raise_for_status().json()
            found += [entry["resource"] for entry in bundle.get("entry", ())]
            links = {link["relation"]: link["url"] for link in bundle.get("link", ())}
            url = links.get("next", "")
        return found

    def read(self, ref: str) -> Resource:
        """One resource as it stands."""
        resource: Resource = self._http.get(f"{self.base_url}/{ref}").raise_for_status().json()
        return resource

    def save(self, resource: Resource) -> Resource | None:
        """What a screen does on "save": an update of the version it showed; None where it has
        changed meanwhile."""
        ref = f"{resource['resourceType']}/{resource['id']}"
        version = resource["meta"]["versionId"]
        answer = self._http.put(
            f"{self.base_url}/{ref}", json=resource, headers={"If-Match": f'W/"{version}"'}
        )
        if answer.status_code in (409, 412):
            return None
        return self.read(ref) if answer.is_success else answer.raise_for_status().json()

    def history(self, ref: str) -> list[Resource]:
        """Every version of one resource, oldest first."""
        found = self._all(f"{ref}/_history?_count=200")
        return sorted(found, key=lambda version: int(version["meta"]["versionId"]))


def patient_of(resource: Resource) -> str:
    """Whom a Flag or Task is about."""
    about = resource["for"] if resource["resourceType"] == "Task" else resource["subject"]
    return str(about["reference"]).removeprefix("Patient/")


def kind_of(resource: Resource) -> str:
    """Which of the two alerts it is."""
    codings = resource.get("code", {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("system") == KIND_SYSTEM), SCREENING)


def ref_of(resource: Resource) -> str:
    """`Flag/12`."""
    return f"{resource['resourceType']}/{resource['id']}"
