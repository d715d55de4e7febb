"""Examples of what we write: charts of invented people, judged and delivered by the real code.

Four invented people of the demo hospital stand for them: one is due, of one a scan arrives, one has
known osteoporosis and no treatment, and of one a treatment comes to light a day later. Nothing is
written by hand but the ids, so an example can never say what the service does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fhir_package.source import Resource, Source
from service.demo_ehr.arrivals import a_dxa_arrives
from service.demo_ehr.people import make_people
from service.ehr.alert_history import alert_history
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.flag_and_task import AlertType, Delivery
from service.ehr.parse import RecordParser
from service.screening.alert import Action, AlertPlan
from service.screening.record import ResourceRef
from service.thought import think

SITE = "example"
DUE = "edss-six-point-five-01"
SCANNED = "wheelchair-dependence-01"
UNTREATED = "osteoporosis-untreated-01"
TREATED = "osteoporosis-and-alendronate-01"
MEDICINES = frozenset({"MedicationRequest", "MedicationStatement", "MedicationDispense"})
DELIVERY = Delivery(options=DeliveryOptions(profiles=True))
DAYS_UNTIL_SCANNED = 30


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart of one invented person on one day, with our alerts in it."""

    patient_id: str
    resources: tuple[Resource, ...]
    on: date

    @property
    def alerts(self) -> list[Resource]:
        """Our Flag and Task as they stand in it."""
        return [r for r in self.resources if r["resourceType"] in ("Flag", "Task")]

    def later(self, arrived: Iterable[Resource], days: int) -> Chart:
        """The same chart some days later, with what arrived."""
        known = (*self.resources, *arrived)
        return Chart(self.patient_id, known, self.on + timedelta(days=days))


def examples(source: Source) -> list[Resource]:
    """Charts and alerts, each chart followed by the alerts that it led to."""
    on = date.fromisoformat(source.published)
    people = {p.id: p.resources for p in make_people(on)}

    def chart(person: str, without: frozenset[str] = frozenset()) -> Chart:
        kept = (r for r in people[person] if r["resourceType"] not in without)
        return Chart(person, tuple(kept), on)

    due = _acted_on(source, chart(DUE), "review-open")
    waiting = _acted_on(source, chart(SCANNED), "review-closed")
    scan = a_dxa_arrives(SCANNED, on + timedelta(days=DAYS_UNTIL_SCANNED))
    scanned = _acted_on(source, waiting.later(scan, DAYS_UNTIL_SCANNED), "review-closed")
    untreated = _acted_on(source, chart(UNTREATED), "gap-open")
    unseen = _acted_on(source, chart(TREATED, MEDICINES), "gap-closed")
    medicines = [r for r in people[TREATED] if r["resourceType"] in MEDICINES]
    treated = _acted_on(source, unseen.later(medicines, 1), "gap-closed")
    return [r for c in (due, scanned, untreated, treated) for r in c.resources]


def _acted_on(source: Source, chart: Chart, name: str) -> Chart:
    """The chart once our plans for it are carried out."""
    record = RecordParser(source.vocabulary).record(chart.patient_id, by_type(chart.resources), {})
    patient = ResourceRef("Patient", chart.patient_id)
    months = int(source.protocol.policies["decision"]["snooze_months"])
    alerts = alert_history(patient, chart.alerts, snooze_months=months)
    thought = think(record, alerts, source.protocol, chart.on, site=SITE)
    at = datetime.combine(chart.on, time(6), UTC)
    written = {r["id"]: r for plan in thought.plans for r in _written(plan, chart, name, at)}
    kept = tuple(r for r in chart.resources if r["id"] not in written)
    return Chart(chart.patient_id, (*kept, *written.values()), chart.on)


def _written(plan: AlertPlan, chart: Chart, name: str, at: datetime) -> Iterator[Resource]:
    """What a plan writes: new resources under names of ours, or those in the chart changed."""
    if plan.action is Action.CREATE and plan.alert is not None:
        focus: str | None = None
        for type_ in DELIVERY.types_for(plan.kind):
            made = DELIVERY.new(type_, plan.alert, at, focus)
            id_ = f"{name}-{type_.lower()}"
            focus = f"{type_}/{id_}"
            yield {"resourceType": type_, "id": id_, **made}
        return
    posted = plan.posted
    keys = {r.ref.id for r in (posted.flag, posted.task) if r} if posted else set()
    yield from DELIVERY.rendered(plan, [r for r in chart.alerts if r["id"] in keys], at)


def by_type(resources: Iterable[Resource]) -> dict[str, list[Resource]]:
    """Resources as the parser takes them."""
    found: dict[str, list[Resource]] = {}
    for resource in resources:
        found.setdefault(resource["resourceType"], []).append(resource)
    return found


def example_named(resources: Iterable[Resource], type_: AlertType, name: str) -> Resource:
    """One of our alerts among the examples, by the name it was given."""
    id_ = f"{name}-{type_.lower()}"
    return next(r for r in resources if r["resourceType"] == type_ and r["id"] == id_)
