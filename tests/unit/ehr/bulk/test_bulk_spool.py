"""Charts between the download and the reading."""

import os
from pathlib import Path

import pytest

from service.ehr.bulk.spool import Spool, SpoolUnusable
from tests.lib.full_disk import full_disk


def everything(spool):
    return {patient: lines for chart in spool.charts() for patient, lines in chart.items()}


@pytest.mark.parametrize("in_memory_bytes", [1, 2**20])
def test_everybody_gets_their_own_resources_back_in_order(in_memory_bytes):
    with Spool(in_memory_bytes=in_memory_bytes) as spool:
        for number in range(3):
            for patient in range(500):
                spool.add(f"p{patient}", "Condition", b'{"n":%d,"of":%d}' % (number, patient))
        found = everything(spool)
    assert len(found) == 500
    assert found["p7"] == [("Condition", b'{"n":%d,"of":7}' % n) for n in range(3)]


def test_more_than_one_block_of_a_patient_comes_back_whole():
    lines = [b'{"n":%d,"text":"%s"}' % (n, b"x" * 1000) for n in range(300)]
    with Spool(in_memory_bytes=1) as spool:
        for line in lines:
            spool.add("p1", "Observation", line)
        assert [line for _, line in everything(spool)["p1"]] == lines


def test_tabs_and_odd_line_breaks_within_a_resource_survive():
    line = '{"text":"a\tb\u2028c\x0bd"}'.encode()
    with Spool() as spool:
        spool.add("p1", "Condition", line)
        assert everything(spool)["p1"] == [("Condition", line)]


def test_what_is_on_the_disk_cannot_be_read(tmp_path):
    with Spool(str(tmp_path), in_memory_bytes=1) as spool:
        for number in range(2000):
            spool.add("somebody", "Condition", b'{"secret":"multiple sclerosis","n":%d}' % number)
        spool._file.seek(0)
        on_disk = spool._file.read()
    assert len(on_disk) > 100
    assert b"sclerosis" not in on_disk
    assert b"somebody" not in on_disk


def test_the_file_has_no_name_that_anybody_could_open(tmp_path):
    with Spool(str(tmp_path), in_memory_bytes=1) as spool:
        for number in range(2000):
            spool.add("p1", "Condition", b'{"text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx%d"}' % number)
        assert list(tmp_path.iterdir()) == []


def test_two_spools_of_the_same_charts_look_different_on_the_disk():
    seen = []
    for _ in range(2):
        with Spool() as spool:
            for _ in range(3000):
                spool.add("p1", "Condition", b'{"text":"the same each time, for long enough"}')
            spool._file.seek(0)
            seen.append(spool._file.read())
    assert seen[0] != seen[1]


def test_a_directory_that_is_not_there_is_said_clearly():
    with pytest.raises(SpoolUnusable, match="BONEFLAG_BULK_SPOOL_DIRECTORY"):
        fill(Spool("/nowhere/at/all", in_memory_bytes=1))


def test_a_full_disk_is_said_clearly_in_the_middle_of_an_export():
    with full_disk(100_000), pytest.raises(SpoolUnusable, match="BONEFLAG_BULK_SPOOL_DIRECTORY"):
        fill(Spool(in_memory_bytes=1))


def test_a_disk_that_was_full_at_the_last_byte_is_said_clearly_before_a_chart_is_read():
    """A short block waits in a buffer of Python's, and only the next step finds out."""
    with full_disk(100), pytest.raises(SpoolUnusable), Spool(in_memory_bytes=1) as spool:
        spool.add("p1", "Condition", b'{"text":"%b"}' % (b"x" * 70_000))
        everything(spool)


def fill(spool):
    with spool:
        for _ in range(3000):
            spool.add("p1", "Condition", noise(100))


def noise(length):
    """A resource that no compression makes shorter than this."""
    return b'{"text":"%b"}' % os.urandom(length).hex().encode()


def test_nothing_of_the_spool_stays_behind(tmp_path):
    fill(Spool(str(tmp_path), in_memory_bytes=1))
    assert list(Path(tmp_path).iterdir()) == []
