"""A chart under construction: one person, one day of judgement, and the resources so far.

Every date is counted back from `on`, so the demo is current on any day. Ids are readable and are
made of the person's id, a word for the resource type and a number; the same story told twice gives
the same ids, which is what lets a chart be loaded again without doubling it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date

from service.demo_ehr.codes import JSON, LOCAL
from service.demo_ehr.dates import days_before, years_before

MRN_SYSTEM = "https://demo-hospital.example/fhir/sid/demo-record"
GIVEN_NAMES = {
    "female": ("Ada", "Bea", "Cleo", "Dora", "Edna", "Flora", "Greta", "Hilda", "Ida", "Juno"),
    "male": ("Abel", "Bruno", "Cyril", "Dirk", "Egon", "Fritz", "Gus", "Horst", "Ivo", "Jasper"),
    "other": ("Alex", "Robin", "Sam"),
    "unknown": ("Chris", "Kim"),
}
SHORT_NAMES = {
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
    "MedicationRequest": "prescription",
    "MedicationStatement": "statement",
    "DiagnosticReport": "report",
    "DocumentReference": "document",
    "FamilyMemberHistory": "family",
    "ServiceRequest": "order",
}
"""Ids hold 64 characters at most, and the story's name needs most of them."""


@dataclass(slots=True)
class Chart:
    """What one person's record holds; `patient` must be told first."""

    id: str
    on: date
    random: random.Random
    resources: list[JSON] = field(default_factory=list, repr=False)
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def subject(self) -> JSON:
        """The reference to this person."""
        return {"reference": f"Patient/{self.id}"}

    def add(self, resource_type: str, about: str = "subject", /, **elements: object) -> JSON:
        """Append a resource that is about this person and return it.

        `about` names the element that holds the person, `patient` or `for` in some types and
        empty where there is none. Elements that are None are left out.
        """
        number = self._numbers[resource_type] = self._numbers.get(resource_type, 0) + 1
        resource: JSON = {
            "resourceType": resource_type,
            "id": f"{self.id}-{SHORT_NAMES.get(resource_type, resource_type.lower())}-{number}",
        }
        if about:
            resource[about] = self.subject
        resource.update((key, value) for key, value in elements.items() if value is not None)
        self.resources.append(resource)
        return resource

    def add_patient(
        self,
        sex: str | None,
        *,
        age: int | None = None,
        born: date | str | None = None,
        **elements: object,
    ) -> JSON:
        """Add the Patient: an `age` in whole years, or an exact or partial `born`, or neither."""
        if age is not None:
            born = days_before(years_before(self.on, age), self.random.randint(10, 340))
        number = self.random.randrange(10)
        names = GIVEN_NAMES[sex or "unknown"]
        name = {
            "use": "official",
            "given": [names[number % len(names)]],
            "family": f"Example-{self.id.title()}",
        }
        resource: JSON = {
            "resourceType": "Patient",
            "id": self.id,
            "meta": {"tag": [{"system": LOCAL, "code": "invented", "display": "Invented person"}]},
            "identifier": [{"system": MRN_SYSTEM, "value": f"DEMO-{self.id}"}],
            "active": True,
            "name": [name],
            "gender": sex,
            "birthDate": str(born) if born else None,
            **elements,
        }
        resource = {key: value for key, value in resource.items() if value is not None}
        self.resources.insert(0, resource)
        return resource

    def days_ago(self, days: int) -> date:
        """The day that lies `days` before the day of judgement."""
        return days_before(self.on, days)


def reference_to(resource: JSON, display: str = "") -> JSON:
    """A FHIR reference to a resource of the same chart."""
    found = {"reference": f"{resource['resourceType']}/{resource['id']}"}
    return {**found, "display": display} if display else found
