"""The table becomes files: nothing is lost, nothing doubtful slips in, nothing stays stale."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HEADER = "group,system,code,display,match,status,evidence,note\n"
ROWS = (
    "bone,http://snomed.info/sct,64859006,Osteoporosis (disorder),exact,VERIFIED,seen,\n"
    "bone,http://snomed.info/sct,18040001,Senile osteoporosis (disorder),exact,MEMORY,guess,\n"
    "bone,http://hl7.org/fhir/sid/icd-10-cm,M81,Osteoporosis,prefix,VERIFIED,tabular,\n"
    "scan,http://www.ama-assn.org/go/cpt,77080,words of the AMA,exact,VERIFIED,seen,central; yes\n"
    "tree,http://snomed.info/sct,125605004,Fracture of bone,descendants,VERIFIED,seen,\n"
)


def _table(**changes: Any) -> dict[str, Any]:
    table: dict[str, Any] = {
        "version": "1",
        "published": "2026-01-02",
        "systems": {"atc": "http://www.whocc.no/atc", "name": "https://x.example/name"},
        "sources": {"seen": "seen there"},
        "value_sets": [
            {"id": "bone", "title": "Bone", "description": "Bones.", "rows": [{"group": "bone"}]},
            {"id": "scan", "title": "Scan", "description": "Scans.", "rows": [{"group": "scan"}]},
        ],
        "left_out": [{"group": "tree", "reason": "needs a server"}],
    }
    return table | changes


@pytest.fixture
def read(build_script: ModuleType, tmp_path: Path) -> list[Any]:
    path = tmp_path / "codes.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    rows: list[Any] = build_script.read_rows(path)
    return rows


def _codes(entries: list[Any]) -> list[str]:
    return [entry.code for entry in entries]


def test_the_packaged_files_are_up_to_date(build_script: ModuleType) -> None:
    assert build_script.main(["--check"]) == 0


def test_a_row_from_memory_goes_to_the_overlay(build_script: ModuleType, read: list[Any]) -> None:
    verified, unverified = build_script.build_entries(_table(), read)
    assert _codes(verified["bone"]) == ["M81", "64859006"]
    assert _codes(unverified["bone"]) == ["18040001"]


def test_a_set_may_accept_rows_from_memory_by_saying_so(
    build_script: ModuleType, read: list[Any]
) -> None:
    table = _table()
    table["value_sets"][0]["accept_unverified"] = "because"
    verified, unverified = build_script.build_entries(table, read)
    assert "18040001" in _codes(verified["bone"])
    assert "(MEMORY)" in next(e.source for e in verified["bone"] if e.code == "18040001")
    assert "bone" not in unverified


def test_a_row_without_a_place_stops_the_build(build_script: ModuleType, read: list[Any]) -> None:
    with pytest.raises(build_script.TableError, match="tree"):
        build_script.build_entries(_table(left_out=[]), read)


def test_descendants_cannot_be_packaged(build_script: ModuleType, read: list[Any]) -> None:
    table = _table(left_out=[])
    table["value_sets"][0]["rows"].append({"group": "tree"})
    with pytest.raises(build_script.TableError, match="terminology server"):
        build_script.build_entries(table, read)


@pytest.mark.parametrize(
    "selector",
    [
        {"group": "nowhere"},
        {"group": "bone", "codes": ["64859006", "1"]},
        {"group": "scan", "notes": ["peripheral"]},
        {"group": "bone", "display_word": "osteo"},
    ],
)
def test_a_selector_that_finds_too_little_stops_the_build(
    build_script: ModuleType, read: list[Any], selector: dict[str, Any]
) -> None:
    with pytest.raises(build_script.TableError):
        build_script.select_rows(read, selector)


def test_the_note_before_a_semicolon_selects(build_script: ModuleType, read: list[Any]) -> None:
    chosen = build_script.select_rows(read, {"group": "scan", "notes": ["central"]})
    assert [r.entry.code for r in chosen] == ["77080"]


def test_a_descriptor_of_the_ama_never_passes(build_script: ModuleType, read: list[Any]) -> None:
    table = _table()
    verified, _ = build_script.build_entries(table, read)
    made = build_script.value_set(table["value_sets"][1], verified["scan"], table, is_verified=True)
    assert "words of the AMA" not in str(made)
    assert made["expansion"]["contains"] == [
        {"system": "http://www.ama-assn.org/go/cpt", "code": "77080"}
    ]


def test_every_prefix_stands_alone_in_its_include(build_script: ModuleType) -> None:
    # Two filters in one include would mean "M80 and M81", which no code is.
    entries = [build_script.Entry("s", code, True, "", "x") for code in ("M80", "M81")]
    assert [len(i["filter"]) for i in build_script.compose(entries)["include"]] == [1, 1]


def test_a_union_takes_another_set_whole_and_each_code_once(
    build_script: ModuleType, read: list[Any]
) -> None:
    table = _table()
    both = {"id": "both", "title": "Both", "description": "Both.", "union": ["bone", "scan"]}
    table["value_sets"].append(both | {"rows": [{"group": "scan"}]})
    verified, _ = build_script.build_entries(table, read)
    assert sorted(_codes(verified["both"])) == ["64859006", "77080", "M81"]


def test_two_displays_for_one_code_stop_the_build(
    build_script: ModuleType, read: list[Any]
) -> None:
    table = _table()
    for display in ("one", "two"):
        addition = {"system": "atc", "codes": {"M05BA": display}, "source": "seen"}
        table["value_sets"][0].setdefault("add", []).append(addition)
    with pytest.raises(build_script.TableError, match="two displays"):
        build_script.build_entries(table, read)


def test_an_empty_set_stops_the_build(build_script: ModuleType, read: list[Any]) -> None:
    table = _table()
    table["value_sets"].append({"id": "none", "title": "None", "description": "None."})
    with pytest.raises(build_script.TableError, match="none is empty"):
        build_script.build_entries(table, read)


def test_a_missing_a_changed_and_a_left_over_file_are_stale(
    build_script: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "value_sets"
    folder.mkdir()
    for name in ("same", "changed", "left-over"):
        (folder / f"{name}.json").write_text(name, "utf-8")
    files = {folder / f"{name}.json": name for name in ("same", "missing")}
    files[folder / "changed.json"] = "otherwise"
    stale = build_script.stale_paths(files, tmp_path)
    assert [p.stem for p in stale] == ["changed", "left-over", "missing"]
