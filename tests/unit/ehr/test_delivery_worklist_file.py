"""The worklist file: all alerts that stand, and nothing that a spreadsheet would carry out."""

from __future__ import annotations

import csv
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from service.ehr.capability import Capability
from service.ehr.delivery.channels import CHANNELS
from service.ehr.delivery.worklist_file import WorklistFile, as_csv, row_of
from service.ehr.errors import EHRUnavailable
from service.ehr.row_writer import mrn_in
from service.screening.alert import AlertState
from tests.lib.alerts import ANNA, an_alert, create, resolve, update, withdraw
from tests.lib.channels import RememberedLine, capability_of, options
from tests.lib.full_disk import full_disk
from tests.lib.wire import Chart, Wire

MR = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
PATIENT = {
    "resourceType": "Patient",
    "id": "anna",
    "identifier": [
        {"type": MR, "value": "OLD", "use": "old"},
        {"value": "passport"},
        {"type": MR, "value": "M-17"},
    ],
}
NOTHING: Capability = capability_of()


class Site:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "worklist"
        self.wire = Wire(Chart(PATIENT))
        wanted = options(worklist=self.path)
        channel = CHANNELS["worklist-file"]
        client = self.wire.client()
        self.line = RememberedLine(channel.writer(client, NOTHING, wanted))
        self.reader = channel.reader(client, NOTHING, wanted)

    @property
    def rows(self) -> list[dict[str, Any]]:
        lines = self.path.with_name("worklist.ndjson").read_text().splitlines()
        return [msgspec.json.decode(line) for line in lines]

    @property
    def cells(self) -> list[dict[str, str]]:
        with self.path.with_name("worklist.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def posted(self) -> Any:
        (found,) = self.reader.read([ANNA.id], self.line.memory).histories[ANNA.id].posted
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield Site(tmp_path)


def test_an_alert_is_a_row_in_both_files(site: Site) -> None:
    assert site.line.apply(create()).did == "created"
    (cells,) = site.cells
    (row,) = site.rows
    for found in (cells, row):
        assert (found["patient_id"], found["mrn"]) == ("anna", "M-17")
        assert found["alert_key"] == an_alert().key
        assert found["protocol_digest"] == "abc123"
    assert cells["evidence"] == "Observation/edss-1; Condition/ms-1"


def test_the_ehr_is_asked_for_the_record_number_alone(site: Site) -> None:
    site.line.apply(create())
    site.line.apply(resolve(site.posted()))
    assert site.wire.sent == ["GET /Patient/anna"]


def test_a_row_says_that_it_is_a_local_decision(site: Site) -> None:
    site.line.apply(create())
    assert "A local decision" in site.cells[0]["summary"]


def test_a_row_tells_what_was_unknown_and_the_sources(site: Site) -> None:
    detail = (
        "Why:\n- EDSS (MSO-01, major):\n  EDSS 6.5 [Observation/1]\n  Source: ISCD 2019, 2.1\n\n"
        "Not known:\n- Smoking (MSO-09): not readable here: Observation\n\nProtocol"
    )
    site.line.apply(create(an_alert(detail=detail)))
    assert site.rows[0]["unknown"] == ["Smoking (MSO-09): not readable here: Observation"]
    assert site.rows[0]["citations"] == ["ISCD 2019, 2.1"]


def test_the_files_are_their_owners_alone(site: Site) -> None:
    site.line.apply(create())
    modes = {stat.S_IMODE(file.stat().st_mode) for file in site.path.parent.iterdir()}
    assert modes == {0o600}


def test_nothing_half_written_is_left_beside_the_files(site: Site) -> None:
    site.line.apply(create())
    site.line.apply(update(an_alert(content_digest="ff"), site.posted()))
    names = {file.name for file in site.path.parent.iterdir()}
    assert names == {"worklist.csv", "worklist.ndjson", "worklist.lock"}


def test_a_row_is_there_once_however_often_it_is_told(site: Site) -> None:
    site.line.apply(create())
    assert site.line.apply(create(), is_outcome_unknown=True).did == "already-there"
    assert len(site.rows) == 1


def test_a_change_is_told_in_the_row(site: Site) -> None:
    site.line.apply(create())
    site.line.apply(update(an_alert(summary="Consider soon"), site.posted()))
    assert site.cells[0]["summary"].startswith("Consider soon")


@pytest.mark.parametrize("close", [resolve, withdraw])
def test_a_row_goes_when_its_alert_is_over(site: Site, close: Any) -> None:
    site.line.apply(create())
    done = site.line.apply(close(site.posted()))
    assert not done.remains
    assert (site.rows, site.cells) == ([], [])
    assert site.posted().state in (AlertState.RESOLVED, AlertState.WITHDRAWN)


def test_a_file_that_somebody_deleted_is_made_again(site: Site) -> None:
    site.line.apply(create())
    site.path.with_name("worklist.ndjson").unlink()
    assert site.posted().content_digest == ""
    site.line.apply(update(an_alert(), site.posted()))
    assert len(site.rows) == 1


def test_a_line_that_somebody_broke_costs_no_other(site: Site) -> None:
    site.line.apply(create())
    file = site.path.with_name("worklist.ndjson")
    file.write_text("broken\n" + file.read_text())
    site.line.apply(create(an_alert(episode=2)))
    assert len(site.rows) == 2


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r@", "\uff1d", "|"])
def test_a_cell_that_begins_like_a_formula_is_text(start: str) -> None:
    row = row_of(an_alert(summary=f"{start}HYPERLINK(1)"), "")
    (cells,) = csv.DictReader(as_csv([row]).splitlines())
    assert cells["summary"].startswith("'")


def test_a_cell_stays_on_one_line() -> None:
    row = row_of(an_alert(summary="one\ntwo\u2028three"), 'M"1')
    assert len(as_csv([row]).splitlines()) == 2


def test_several_writers_lose_no_row(tmp_path: Path) -> None:
    def add(number: int) -> None:
        alert = an_alert(episode=number)
        file = WorklistFile(tmp_path / "worklist")
        file.change(lambda rows: rows.update({alert.key: row_of(alert, "")}) is None)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(1, 13)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(WorklistFile(tmp_path / "worklist").keys()) == 12


def test_a_folder_that_is_gone_is_an_outage_and_its_name_is_not_told(tmp_path: Path) -> None:
    file = WorklistFile(tmp_path / "gone" / "worklist")
    with pytest.raises(EHRUnavailable, match="make its folder") as failed:
        file.change(lambda _: True)
    assert str(tmp_path) not in str(failed.value)


def test_on_a_full_disk_the_files_stay_as_they_are_and_nothing_is_left_beside_them(
    site: Site,
) -> None:
    site.line.apply(create())
    before = {file.name: file.read_bytes() for file in site.path.parent.iterdir()}
    with full_disk(1000), pytest.raises(EHRUnavailable, match="the disk has room"):
        site.line.apply(create(an_alert(episode=2)))
    assert {file.name: file.read_bytes() for file in site.path.parent.iterdir()} == before


def test_an_alert_that_found_a_full_disk_is_told_when_there_is_room_again(site: Site) -> None:
    with full_disk(100), pytest.raises(EHRUnavailable):
        site.line.apply(create())
    assert site.line.apply(create(), is_outcome_unknown=True).did == "created"
    assert len(site.rows) == len(site.cells) == 1


def test_a_csv_that_could_not_be_put_in_place_is_made_up_for_by_the_next_try(site: Site) -> None:
    """An import that reads the CSV would otherwise miss a row that the NDJSON has."""
    in_the_way = site.path.with_name("worklist.csv")
    in_the_way.mkdir()
    with pytest.raises(EHRUnavailable):
        site.line.apply(create())
    in_the_way.rmdir()
    site.line.apply(create(), is_outcome_unknown=True)
    assert len(site.cells) == 1


def test_a_patient_without_a_marked_record_number_has_none() -> None:
    assert mrn_in({"identifier": [{"value": "17"}]}) == ""
