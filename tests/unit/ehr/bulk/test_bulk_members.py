"""The members of a Group by an export of its Patients."""

import httpx
import pytest

from service.ehr.bulk.members import members_of_export
from service.ehr.errors import EHRUnavailable
from tests.lib.export_server import STATUS, ExportServer
from tests.lib.wire import BASE, Wire, answer, resource


def members(server, **options):
    pauses = []
    wire = Wire(server)
    options.setdefault("pause", pauses.append)
    found = members_of_export(wire.client(), "ms", **options)
    return found, wire, pauses


def patients(*ids, **manifest):
    return ExportServer(*(resource("Patient", id_) for id_ in ids), **manifest)


def test_the_patients_of_the_export_are_the_members():
    found, wire, _ = members(patients("p2", "p1"))
    assert (found.ids, found.source, found.is_complete) == (("p1", "p2"), "bulk-group", True)
    assert wire.sent[0] == "GET /Group/ms/$export"
    assert wire.requests[0].url.query == b"_type=Patient"


def test_the_server_is_waited_for_as_long_as_it_asks():
    server = patients("p1")
    server.polls = 2
    _, _, pauses = members(server)
    assert pauses == [7.0, 7.0]


def test_an_export_that_takes_too_long_is_tried_again_later():
    server = patients("p1")
    server.polls = 100
    times = iter(range(0, 10_000, 5))
    with pytest.raises(EHRUnavailable):
        members(server, patience_seconds=60, clock=lambda: next(times))
    assert server.deleted == [STATUS]


def test_the_export_is_deleted_at_the_end():
    server = patients("p1")
    members(server)
    assert server.deleted == [STATUS]


def test_a_group_without_anybody_dismisses_nobody():
    found, _, _ = members(patients())
    assert not found.is_complete


def test_a_file_that_breaks_off_dismisses_nobody():
    server = patients(
        "p1", output=[{"type": "Patient", "url": f"{BASE}/files/Patient", "count": 2}]
    )
    found, _, _ = members(server)
    assert (found.ids, found.is_complete) == (("p1",), False)


def test_a_line_that_cannot_be_read_dismisses_nobody():
    server = patients("p1")
    server.files["Patient"] += b'{"resourceType":"Pat'
    found, _, _ = members(server)
    assert (found.ids, found.is_complete) == (("p1",), False)


def test_an_ehr_that_is_busy_is_not_an_empty_group():
    server = patients("p1")
    server.quirk = lambda r: answer({}, 429) if r.url.path.endswith("$export") else None
    with pytest.raises(EHRUnavailable):
        members(server)


def test_an_ehr_that_is_away_while_it_is_asked_is_not_an_empty_group():
    server = patients("p1")
    server.quirk = lambda r: httpx.Response(503) if "/status/" in r.url.path else None
    with pytest.raises(EHRUnavailable):
        members(server)
