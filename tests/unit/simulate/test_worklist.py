"""The file of names."""

import csv
import stat

import pytest

from service.screening.assess import Status
from service.simulate.worklist import opened_worklist

from .builders import outcome_of

DUE, FINE = Status.DUE, Status.NOT_AT_RISK


def test_it_holds_who_would_change_and_why(tmp_path):
    with opened_worklist(tmp_path / "list.csv") as worklist:
        worklist.add(outcome_of(FINE, DUE, "MSO-11", "MSO-13", patient="a"))
        worklist.add(outcome_of(DUE, FINE, patient="b"))
    with (tmp_path / "list.csv").open(newline="") as file:
        rows = [tuple(row.values()) for row in csv.DictReader(file)]
    assert rows == [
        ("Patient/a", "newly-due", "not-at-risk", "due", "MSO-11 MSO-13"),
        ("Patient/b", "no-longer-due", "due", "not-at-risk", "decision rule or interval"),
    ]


def test_it_passes_over_who_stays_as_they_are(tmp_path):
    with opened_worklist(tmp_path / "list.csv") as worklist:
        worklist.add(outcome_of(DUE, DUE))
        worklist.add(outcome_of(FINE, FINE, "MSO-11"))
    assert len((tmp_path / "list.csv").read_text().splitlines()) == 1


def test_it_is_for_its_owner_alone(tmp_path):
    with opened_worklist(tmp_path / "list.csv"):
        mode = stat.S_IMODE((tmp_path / "list.csv").stat().st_mode)
    assert mode == 0o600


def test_it_is_never_written_over_a_file_that_is_there(tmp_path):
    (tmp_path / "list.csv").write_text("somebody's work")
    with pytest.raises(FileExistsError), opened_worklist(tmp_path / "list.csv"):
        pass
    assert (tmp_path / "list.csv").read_text() == "somebody's work"


def test_a_simulation_that_fails_leaves_no_half_list(tmp_path):
    with pytest.raises(RuntimeError), opened_worklist(tmp_path / "list.csv") as worklist:
        worklist.add(outcome_of(FINE, DUE))
        raise RuntimeError
    assert not (tmp_path / "list.csv").exists()
