"""Files that lead to people."""

import os
import stat

import pytest

from service.names_file import opened_names_file, safe_cells
from tests.lib.full_disk import full_disk


def test_it_is_for_its_owner_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        with opened_names_file(tmp_path / "list.csv"):
            mode = stat.S_IMODE((tmp_path / "list.csv").stat().st_mode)
    finally:
        os.umask(before)
    assert mode == 0o600


def test_it_is_never_written_over_a_file_that_is_there(tmp_path):
    (tmp_path / "list.csv").write_text("somebody's work")
    with pytest.raises(FileExistsError), opened_names_file(tmp_path / "list.csv"):
        pass
    assert (tmp_path / "list.csv").read_text() == "somebody's work"


def test_it_is_never_written_through_a_link(tmp_path):
    (tmp_path / "list.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError), opened_names_file(tmp_path / "list.csv"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_work_that_fails_leaves_no_half_list(tmp_path):
    with pytest.raises(RuntimeError), opened_names_file(tmp_path / "list.csv") as file:
        file.write("half")
        raise RuntimeError
    assert not (tmp_path / "list.csv").exists()


def test_a_full_disk_leaves_no_half_list(tmp_path):
    with full_disk(100), pytest.raises(OSError), opened_names_file(tmp_path / "list.csv") as file:
        file.write("Patient/1\n" * 100)
    assert not (tmp_path / "list.csv").exists()


def test_it_is_utf_8(tmp_path):
    with opened_names_file(tmp_path / "list.csv") as file:
        file.write("“≥”")
    assert (tmp_path / "list.csv").read_bytes() == "“≥”".encode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert safe_cells([f"{start}1"]) == [f"'{start}1"]


@pytest.mark.parametrize("cell", ["", "Patient/1", "T-score −1.2", "a=b", " =1"])
def test_any_other_cell_stays_as_it_is(cell):
    assert safe_cells([cell]) == [cell]
