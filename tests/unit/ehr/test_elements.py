"""The minimum that is read: the lists are complete, and a server must show that it keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from service.ehr.bundle_file import read_bundle
from service.ehr.elements import elements_asked_for, elements_read
from service.ehr.manners import Manners
from service.ehr.parse import RecordParser
from service.ehr.patient_search import PatientSearch
from service.ehr.subject import patient_id_of
from service.ehr.type_search import TypeSearch
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.wire import Chart, Wire, answer, bundle, outcome, parameters_of, resource
from tests.spec.book import every_spec, file_of

VOCABULARY = packaged_vocabulary()
NEEDED = sorted({n.type for e in packaged_protocol(VOCABULARY).entries for n in e.criterion.reads})
LEAST = Manners(uses_elements=True)
MARK = {"tag": [{"code": "SUBSETTED"}]}


def only(found: dict[str, Any], names: str | tuple[str, ...]) -> dict[str, Any]:
    """A resource as a server shortens it; what has several types may be named either way."""
    wanted = set(names.split(",")) if isinstance(names, str) else set(names)
    kept = {k: v for k, v in found.items() if k in wanted or k in ("resourceType", "id")}
    return kept | {"meta": found.get("meta", {}) | MARK}


def test_a_record_of_the_elements_alone_is_the_same_for_every_chart_of_the_book():
    parser = RecordParser(VOCABULARY)
    for spec in every_spec():
        for case in spec.cases:
            chart = read_bundle(file_of(*case.chart))
            least = {
                type_: [only(r, elements_read(type_)) if elements_read(type_) else r for r in found]
                for type_, found in chart.resources.items()
            }
            whole = parser.record(chart.patient_id, chart.resources, chart.medications)
            assert parser.record(chart.patient_id, least, chart.medications) == whole, case.who


@pytest.mark.parametrize("type_", [t for t in NEEDED if t != "DocumentReference"])
def test_whose_a_resource_is_can_be_told_from_its_elements(type_):
    reference = {"reference": "Patient/a"}
    participant = [{"actor": reference}]
    whole = {"resourceType": type_, "id": "a", "subject": reference, "patient": reference}
    if type_ == "Appointment":
        whole = {"resourceType": type_, "id": "1", "participant": participant}

    assert patient_id_of(only(whole, elements_read(type_))) == "a"


def test_what_has_several_types_is_asked_for_by_both_names():
    asked = elements_asked_for("Condition").split(",")

    assert {"onset", "onsetDateTime", "onsetAge"} <= set(asked)


class Shortening(Chart):
    """A server that takes `_elements`, and keeps only the names in `understands`, where given."""

    def __init__(self, *resources: Any, understands: frozenset[str] | None = None, **more: Any):
        super().__init__(*resources, **more)
        self.understands = understands

    def _matches(self, type_, parameters):
        found = super()._matches(type_, parameters)
        names = parameters.get("_elements")
        if names is None:
            return found
        kept = set(names.split(","))
        if self.understands is not None:
            kept &= self.understands
        return [only(r, ",".join(kept)) for r in found]


DATED = [
    resource("Condition", f"c-{i}", i, onsetDateTime="2026", note=[{"text": "long"}]) for i in "ab"
]


def find(handler, *batches):
    wire = Wire(handler)
    searching = PatientSearch(wire.client(), prefer_post=False, manners=LEAST)
    search = TypeSearch("Condition")
    return [list(searching.find(search, [id_]).resources.values()) for id_ in batches], [
        ("_elements" in parameters_of(r)) for r in wire.requests
    ]


def test_the_first_answer_is_compared_with_the_whole_and_then_the_minimum_is_read():
    [first, second], asked_for_least = find(Shortening(*DATED), "a", "b")

    assert asked_for_least == [True, False, True]
    assert "note" in first[0]
    assert "note" not in second[0]
    assert second[0]["onsetDateTime"] == "2026"


def test_a_server_that_takes_a_date_away_is_read_whole():
    deaf = Shortening(*DATED, understands=frozenset({"subject", "code"}))

    [first, second], asked_for_least = find(deaf, "a", "b")

    assert asked_for_least == [True, False, False]
    assert [r[0]["onsetDateTime"] for r in (first, second)] == ["2026", "2026"]


def test_an_empty_answer_needs_no_comparison_and_proves_nothing():
    _, asked_for_least = find(Shortening(*DATED), "nobody", "a", "b")

    assert asked_for_least == [True, True, False, True]


def test_a_server_that_does_not_take_elements_is_read_whole():
    def refuse(request):
        is_asked = "_elements" in parameters_of(request)
        return answer(outcome("error", "not-supported"), 400) if is_asked else None

    [first, _], asked_for_least = find(Chart(*DATED, answer_instead=refuse), "a", "b")

    assert asked_for_least == [True, False, False]
    assert first == [DATED[0]]


def test_a_resource_that_points_to_what_did_not_come_with_it_is_read_whole():
    inner = resource("Medication", "m")
    order = resource(
        "MedicationRequest", "1", "b", medicationReference={"reference": "#m"}, contained=[inner]
    )
    plain = resource("MedicationRequest", "0", "a")

    def forget_contained(request):
        least = "_elements" in parameters_of(request)
        if not least or parameters_of(request)["patient"] != "b":
            return None
        return answer(bundle({k: v for k, v in order.items() if k != "contained"}))

    wire = Wire(Shortening(plain, order, answer_instead=forget_contained))
    searching = PatientSearch(wire.client(), prefer_post=False, manners=LEAST)
    search = TypeSearch("MedicationRequest")

    searching.find(search, ["a"])
    found = searching.find(search, ["b"])

    assert found.resources["1"]["contained"] == [inner]


def test_no_elements_are_named_before_it_is_known_whether_the_server_takes_post():
    wire = Wire(Shortening(*DATED, takes_post=False))
    searching = PatientSearch(wire.client(), manners=LEAST)

    for _ in range(2):
        searching.find(TypeSearch("Condition"), ["a"])

    asked = [(r.method, "_elements" in parameters_of(r)) for r in wire.requests]
    assert asked == [("POST", False), ("GET", False), ("GET", True), ("GET", False)]
