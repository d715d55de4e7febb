"""The life of an export on the server."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from service.ehr.bulk.export import BulkExport, Running
from service.ehr.bulk.order import ExportOrder
from service.ehr.errors import EHRMisunderstood, EHRRefused, EHRRejected, EHRUnavailable
from service.ehr.options import BearerToken
from tests.lib.export_server import STATUS, ExportServer
from tests.lib.wire import BASE, Wire, answer

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ORDER = ExportOrder("group", "ms", ("Patient",))


def export_on(answers, **options):
    wire = Wire(answers)
    return BulkExport(wire.client(**options)), wire


def test_a_kick_off_asks_for_an_asynchronous_answer():
    export, wire = export_on(ExportServer())
    export.kick_off(ORDER)
    (request,) = wire.requests
    assert (request.method, request.url.path) == ("GET", "/fhir/Group/ms/$export")
    assert request.headers["Prefer"] == "respond-async"
    assert request.headers["Accept"] == "application/fhir+json"


def test_a_kick_off_by_post_holds_everything_in_its_body():
    export, wire = export_on(ExportServer())
    export.kick_off(ExportOrder("group", "ms", ("Patient",), uses_post=True))
    (request,) = wire.requests
    assert (request.method, request.url.query) == ("POST", b"")
    assert msgspec.json.decode(request.content)["resourceType"] == "Parameters"


def test_the_status_url_and_the_wait_are_taken_from_the_answer():
    export, _ = export_on(ExportServer())
    started = export.kick_off(ORDER)
    assert (started.status_url, started.wait_seconds) == (STATUS, 2.0)


def test_a_relative_status_url_is_completed():
    export, _ = export_on([httpx.Response(202, headers={"Content-Location": "/fhir/status/1"})])
    assert export.kick_off(ORDER).status_url == STATUS


def refusing(*types):
    """A server that refuses an export of these types."""
    exports = ExportServer()

    def answer_it(request):
        asked = set(request.url.params.get("_type", "").split(","))
        return answer({}, 400) if asked & set(types) else exports(request)

    return answer_it


def types_asked_for(wire):
    return [request.url.params["_type"] for request in wire.requests]


@pytest.mark.parametrize("level", ["group", "patient"])
def test_medications_are_left_out_where_an_export_of_patients_is_refused_for_them(level):
    export, wire = export_on(refusing("Medication"))
    order = ExportOrder(
        level, "ms" if level == "group" else "", ("Device", "Medication", "Patient")
    )
    assert export.kick_off(order).status_url == STATUS
    assert types_asked_for(wire) == ["Device,Medication,Patient", "Device,Patient"]


def test_devices_are_left_out_too_where_that_was_not_enough():
    export, wire = export_on(refusing("Device"))
    export.kick_off(ExportOrder("patient", "", ("Device", "Medication", "Patient")))
    assert types_asked_for(wire)[1:] == ["Device,Patient", "Patient"]


def test_an_export_that_is_rejected_for_something_else_stays_rejected():
    export, wire = export_on(refusing("Patient"))
    with pytest.raises(EHRRejected):
        export.kick_off(ExportOrder("patient", "", ("Medication", "Patient")))
    assert types_asked_for(wire) == ["Medication,Patient", "Patient"]


def test_an_export_of_everything_is_no_export_of_patients_and_is_not_tried_without_them():
    export, wire = export_on(refusing("Medication"))
    with pytest.raises(EHRRejected):
        export.kick_off(ExportOrder("system", "", ("Medication", "Patient")))
    assert len(wire.requests) == 1


@pytest.mark.parametrize("status", [429, 409, 503])
def test_an_ehr_that_is_busy_with_another_export_is_asked_again_later_and_only_once_now(status):
    export, wire = export_on(lambda _: answer({}, status, Retry_After="60"))
    with pytest.raises(EHRUnavailable):
        export.kick_off(ORDER)
    assert len(wire.requests) == 1


def test_a_kick_off_that_is_refused_is_no_outage():
    export, _ = export_on([answer({}, 403)])
    with pytest.raises(EHRRefused):
        export.kick_off(ORDER)


def test_a_kick_off_that_is_not_understood_is_no_outage():
    export, _ = export_on([answer({}, 400)])
    with pytest.raises(EHRRejected):
        export.kick_off(ORDER)


def test_an_answer_without_a_status_url_is_no_export():
    export, _ = export_on([httpx.Response(202)])
    with pytest.raises(EHRMisunderstood):
        export.kick_off(ORDER)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        ("18000", 3600.0),
        ("1795356104176", 3600.0),
        ("Sun, 22 Nov 2026 03:00:30 GMT", 30.0),
        ("soon", None),
    ],
)
def test_a_wait_is_understood_in_both_forms_and_never_above_an_hour(told, seconds):
    headers = {"Retry-After": told, "Date": "Sun, 22 Nov 2026 03:00:00 GMT"}
    export, _ = export_on([httpx.Response(202, headers=headers)])
    assert export.ask(STATUS, NOW) == Running(seconds)


def test_a_status_on_another_server_is_not_asked():
    export, wire = export_on(ExportServer(), auth=BearerToken("secret"))
    with pytest.raises(EHRMisunderstood) as fault:
        export.ask("https://elsewhere.example.org/status/1", NOW)
    assert wire.requests == []
    assert "elsewhere" not in str(fault.value)


def test_a_deletion_that_fails_is_no_error():
    export, wire = export_on([answer({}, 404)])
    export.delete(STATUS)
    assert wire.sent == ["DELETE /status/1"]


def test_what_is_asked_about_an_export_carries_the_login():
    export, wire = export_on(ExportServer(), auth=BearerToken("secret"))
    export.ask(export.kick_off(ORDER).status_url, NOW)
    assert {r.headers["Authorization"] for r in wire.requests} == {"Bearer secret"}
    assert all(str(r.url).startswith(BASE) for r in wire.requests)
