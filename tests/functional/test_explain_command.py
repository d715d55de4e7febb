"""`boneflag explain` through the console script, on files: the contract of issue 2."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lib.patients import bundle, condition, dxa, edss, icd, ms, woman

BONEFLAG = Path(sys.executable).parent / "boneflag"
SYNTHEA = Path(__file__).parent.parent / "data" / "synthea"
ANNA = (woman(born="1986-06-01"), ms(), edss(6.5, on="2026-09-01"))
KEYS = {
    "patient", "on", "protocol", "status", "due_on", "findings", "plan", "gap_plan", "unread",
    "reported", "resources", "decision", "outlook", "exposure",
}  # fmt: skip


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BONEFLAG_")}
    words = [str(BONEFLAG), "explain", *map(str, arguments)]
    return subprocess.run(words, cwd=cwd, env=clean, text=True, capture_output=True, timeout=60)


def explained(document: Any, folder: Path) -> dict[str, Any]:
    path = folder / "patient.json"
    path.write_text(json.dumps(document), "utf-8")
    done = run(path, "--json", "--on", "2026-11-22", cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def anna(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return explained(bundle(*ANNA), tmp_path_factory.mktemp("anna"))


def test_the_answer_has_exactly_the_keys_of_the_contract(anna):
    assert set(anna) == KEYS
    assert set(anna["protocol"]) == {"id", "version", "digest"}
    assert set(anna["plan"]) == {"action", "reason", "closed_by"}


def test_every_finding_and_its_evidence_have_exactly_the_keys_of_the_contract(anna):
    for finding in anna["findings"]:
        assert set(finding) == {"number", "criterion", "verdict", "grade", "domain", "evidence"}
        assert finding["verdict"] in ("met", "not-met", "unknown")
        for item in finding["evidence"]:
            assert set(item) == {"source", "statement", "date", "counts", "unclear"}


def test_a_person_who_is_due_gets_a_flag_and_a_task(anna):
    assert (anna["patient"], anna["on"]) == ("Patient/p", "2026-11-22")
    assert (anna["status"], anna["due_on"], anna["plan"]["action"]) == ("due", None, "create")
    assert [r["resourceType"] for r in anna["resources"]] == ["Flag", "Task"]
    assert (anna["gap_plan"], anna["unread"], anna["reported"]) == (None, [], [])


def test_evidence_names_its_source_its_date_and_whether_it_counts(anna):
    finding = next(f for f in anna["findings"] if f["number"] == "MSO-02")
    assert finding["evidence"] == [
        {
            "source": "Observation/observation-1",
            "statement": "EDSS 6.5, 2026-09-01",
            "date": "2026-09-01",
            "counts": True,
            "unclear": False,
        }
    ]


def test_only_risk_factors_have_a_grade(anna):
    graded = {f["number"] for f in anna["findings"] if f["grade"]}
    assert graded == {f["number"] for f in anna["findings"] if f["number"].startswith("MSO-")}


def test_a_running_interval_has_its_last_day(tmp_path):
    answer = explained(bundle(*ANNA, dxa(t=-1.8, on="2026-05-01")), tmp_path)
    assert (answer["status"], answer["due_on"]) == ("satisfied", "2028-05-01")


def test_a_treatment_gap_has_its_own_plan(tmp_path):
    answer = explained(bundle(*ANNA, condition(icd("M81.0"), recorded="2024-05-01")), tmp_path)
    assert set(answer["gap_plan"]) == {"action", "reason", "closed_by"}
    assert answer["gap_plan"]["action"] == "create"


def test_what_is_broken_or_unknown_costs_only_itself_and_is_reported(tmp_path):
    document = bundle(*ANNA, {"resourceType": "Spaceship"}, {"resourceType": "Observation"})
    document["entry"] += [None, {"resource": 5}, {"resource": {"resourceType": ["Patient"]}}]
    answer = explained(document, tmp_path)
    assert answer["status"] == "due"
    assert {p["problem"] for p in answer["reported"]} == {
        "unknown resource type",
        "no readable code",
        "entry is not an object",
        "entry holds no resource",
    }
    assert all(set(p) == {"source", "problem"} for p in answer["reported"])


@pytest.mark.parametrize("kind", ["searchset", "transaction", "batch", "history", "document", "x"])
def test_a_bundle_of_any_type_is_explained(kind, tmp_path):
    assert explained(bundle(*ANNA) | {"type": kind}, tmp_path)["status"] == "due"


@pytest.mark.parametrize("name", ["Patrica_Mraz", "Fred_Beer"])
def test_somebody_without_ms_is_not_in_the_cohort(name, tmp_path):
    path = tmp_path / f"{name}.json"
    path.write_bytes(gzip.decompress((SYNTHEA / f"{name}.json.gz").read_bytes()))
    done = run(path, "--json", "--on", "2026-11-22", cwd=tmp_path)
    assert json.loads(done.stdout)["status"] == "not-in-cohort"


def test_without_json_the_same_is_told_in_words(tmp_path):
    (tmp_path / "anna.json").write_text(json.dumps(bundle(*ANNA)))
    done = run("anna.json", "--on", "2026-11-22", cwd=tmp_path)
    assert done.returncode == 0
    assert "Status: due" in done.stdout
    assert "EDSS 6.5, 2026-09-01" in done.stdout


def test_without_a_day_it_judges_today(tmp_path):
    (tmp_path / "anna.json").write_text(json.dumps(bundle(*ANNA)))
    done = run("anna.json", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["on"]) == len("2026-11-22")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.json", None),
        ("text.json", b"this is no JSON"),
        ("empty.json", b""),
        ("half.json", b'{"resourceType": "Bundle", "entry": ['),
        ("other.json", b'{"hello": "world"}'),
        ("latin.json", '{"resourceType": "Bundle", "id": "é"}'.encode("latin-1")),
    ],
)
def test_a_file_that_cannot_be_used_gives_one_sentence_and_code_2(name, content, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = run(name, "--json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("boneflag: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "22.11.2026", ""])
def test_a_day_that_cannot_be_read_gives_one_sentence_and_code_2(day, tmp_path):
    (tmp_path / "anna.json").write_text(json.dumps(bundle(*ANNA)))
    done = run("anna.json", "--on", day, cwd=tmp_path)
    assert done.returncode == 2
    assert "YYYY-MM-DD" in done.stderr


def test_the_last_day_of_the_calendar_is_a_day_too(tmp_path):
    (tmp_path / "anna.json").write_text(json.dumps(bundle(*ANNA)))
    assert run("anna.json", "--json", "--on", "9999-12-31", cwd=tmp_path).returncode == 0
