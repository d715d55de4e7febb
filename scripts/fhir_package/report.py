"""The example of a MeasureReport: the invented people of the demo, judged and counted.

Made by the code of `boneflag report --fhir`, so its small numbers are hidden as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time

from fhir_package.examples import by_type
from fhir_package.source import Resource, Source
from service.demo_ehr.people import make_people
from service.ehr.parse import RecordParser
from service.in_short import in_short
from service.measure import Stratum, age_band
from service.report.measure_report import measure_report
from service.report.programme import count_programme
from service.screening.assess import assess
from service.screening.criterion import Role
from service.screening.person import youngest_age
from service.store.entries import Judged


def example_report(source: Source) -> Resource:
    """The MeasureReport of the demo's cohort on the day the protocol was published."""
    on = date.fromisoformat(source.published)
    factors = [e for e in source.protocol.entries if e.criterion.role is Role.RISK_FACTOR]
    criteria = [Stratum(entry.number, entry.title) for entry in factors]
    counted = count_programme(_judged(source, on), criteria, source.protocol.digest)
    made = measure_report(counted, source.version, datetime.combine(on, time(6), UTC))
    return {"resourceType": "MeasureReport", "id": "programme", **made}


def _judged(source: Source, on: date) -> Iterator[Judged]:
    read = RecordParser(source.vocabulary).record
    for person in make_people(on):
        record = read(person.id, by_type(person.resources), _medications(person.resources))
        found = assess(record, source.protocol, on)
        yield Judged(
            status=str(found.status),
            sex=record.sex,
            age_band=age_band(youngest_age(record, on)),
            on=on,
            protocol_digest=found.protocol_digest,
            in_short=frozenset(in_short(found).split()),
        )


def _medications(resources: Iterable[Resource]) -> dict[str, Resource]:
    return {f"Medication/{r['id']}": r for r in resources if r["resourceType"] == "Medication"}
