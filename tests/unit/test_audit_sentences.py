"""What an operator reads about one person."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from service.audit_sentences import sentence_of
from tests.lib.audit_rows import ROW

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_line_says_when_what_why_and_by_whom():
    assert sentence_of(ROW, BERLIN) == (
        "2026-11-22 04:00:00 CET  The chart was read. asked for: Condition; run 3 (sweep);"
        " protocol digest; ward: worker, as client-7 for the EHR, BoneFlag 0.1.0"
    )


def test_a_failure_says_so_with_its_reason():
    line = sentence_of(replace(ROW, outcome="failed", reason="EHRRefused"), BERLIN)
    assert "Tried in vain: The chart was read. because: EHRRefused" in line


def test_a_write_says_its_resources():
    assert "An alert was opened" in sentence_of(replace(ROW, what="create"), BERLIN)
    assert "Flag/1 Task/2" in sentence_of(replace(ROW, resource="Flag/1 Task/2"), BERLIN)


def test_a_word_that_is_new_is_told_as_it_stands():
    assert "Done: approve" in sentence_of(replace(ROW, what="approve"), BERLIN)
    assert "postponed: The chart" in sentence_of(replace(ROW, outcome="postponed"), BERLIN)
