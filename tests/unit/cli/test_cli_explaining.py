"""What `boneflag explain` saves: one file for a mail, the timeline as a picture."""

from __future__ import annotations

import json
import re
import stat
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.lib.command_line import Said, boneflag
from tests.lib.patients import bundle, dxa, edss, ms, woman

ANNA = (woman(born="1970-06-01"), ms(), edss(6.5, on="2026-09-01"), dxa(on="2020-05-01", t=-2.7))


@pytest.fixture
def anna(tmp_path: Path) -> Path:
    path = tmp_path / "anna.json"
    path.write_text(json.dumps(bundle(*ANNA)), "utf-8")
    return path


def explained(anna: Path, *words: str | Path) -> Said:
    return boneflag("explain", str(anna), "--on", "2026-11-22", *map(str, words))


def test_the_file_says_what_was_found_and_shows_the_timeline(anna, tmp_path):
    said = explained(anna, "--html", tmp_path / "anna.html")
    assert said.code == 0, said.output
    text = (tmp_path / "anna.html").read_text("utf-8")
    assert "EDSS 6.5, 2026-09-01" in text
    assert "protocol ms-bone-health" in text
    assert text.count("data:image/svg+xml;base64,") == 4


def test_nothing_about_the_patient_is_printed_where_a_file_was_named(anna, tmp_path):
    assert "EDSS" not in explained(anna, "--html", tmp_path / "anna.html").output


def test_the_json_is_printed_beside_a_file_too(anna, tmp_path):
    said = explained(anna, "--json", "--html", tmp_path / "anna.html")
    assert json.loads(said.output)["patient"] == "Patient/p"


def test_the_timeline_is_saved_by_the_ending_of_its_name(anna, tmp_path):
    assert explained(anna, "--picture", tmp_path / "anna.svg").code == 0
    assert explained(anna, "--picture", tmp_path / "anna.PNG").code == 0
    assert ET.parse(tmp_path / "anna.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert (tmp_path / "anna.PNG").read_bytes().startswith(b"\x89PNG")


def test_the_lines_of_the_protocol_stand_in_the_timeline(anna, tmp_path):
    explained(anna, "--picture", tmp_path / "anna.svg")
    assert ">\N{MINUS SIGN}2.5<" in (tmp_path / "anna.svg").read_text("utf-8")


@pytest.mark.parametrize(("option", "name"), [("--html", "a.html"), ("--picture", "a.svg")])
def test_a_file_is_for_its_owner_alone(anna, tmp_path, option, name):
    explained(anna, option, tmp_path / name)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(("option", "name"), [("--html", "a.html"), ("--picture", "a.svg")])
def test_a_file_that_is_there_is_not_written_over(anna, tmp_path, option, name):
    (tmp_path / name).write_text("a letter")
    said = explained(anna, option, tmp_path / name)
    assert (said.code, (tmp_path / name).read_text()) == (2, "a letter")
    assert said.sentences[0].endswith("is not written over: give another name")


def test_a_picture_of_another_kind_is_refused_with_the_kinds_there_are(anna, tmp_path):
    said = explained(anna, "--picture", tmp_path / "anna.gif")
    assert said.code == 2
    assert "ends in .svg or .png" in said.sentences[0]
    assert not (tmp_path / "anna.gif").exists()


def test_a_folder_that_is_not_there_is_said_so(anna, tmp_path):
    said = explained(anna, "--html", tmp_path / "nowhere" / "anna.html")
    assert said.code == 2
    assert "cannot be written: No such file" in said.sentences[0]


def test_what_cannot_be_explained_leaves_no_file(tmp_path):
    (tmp_path / "odd.json").write_text("[]")
    said = explained(tmp_path / "odd.json", "--html", tmp_path / "a.html")
    assert said.code == 2
    assert not (tmp_path / "a.html").exists()


def test_the_file_loads_nothing_and_forbids_itself_to(anna, tmp_path):
    explained(anna, "--html", tmp_path / "anna.html")
    text = (tmp_path / "anna.html").read_text("utf-8")
    loaded = re.findall(r'(?:src|srcset|href|action)="([^"]{0,30})', text)
    assert loaded and all(address.startswith("data:image/svg+xml;") for address in loaded)
    assert "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\"" in text
    assert not re.search(r"@import|url\(|<script", text)


def test_words_of_the_chart_are_words_in_the_file(tmp_path):
    chart = json.dumps(bundle(*ANNA)).replace('"id": "p"', '"id": "<i>p"')
    (tmp_path / "odd.json").write_text(chart.replace("Patient/p", "Patient/<i>p"), "utf-8")
    assert explained(tmp_path / "odd.json", "--html", tmp_path / "odd.html").code == 0
    text = (tmp_path / "odd.html").read_text("utf-8")
    assert "&lt;i&gt;p" in text and "<i>" not in text
