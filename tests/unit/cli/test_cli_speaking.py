"""Which exit code a fault speaks with, and that it speaks at all."""

import errno
import os
import subprocess
import sys
from pathlib import Path

from service.cli.speaking import EXIT_STORE, exit_code
from service.ehr.bulk.spool import SpoolUnusable


def test_a_spool_that_cannot_be_written_to_is_a_fault_of_the_store_and_not_of_the_ehr():
    assert exit_code(SpoolUnusable("the disk is full")) == EXIT_STORE


def test_an_error_of_a_file_that_no_command_expected_is_a_fault_of_ours():
    assert exit_code(OSError(errno.EIO, "Input/output error")) is None


def test_an_output_on_a_full_disk_is_one_sentence_and_the_code_of_the_store(tmp_path):
    """`/dev/full` answers as a full disk does: ENOSPC, from the kernel."""
    ledger = {"BONEFLAG_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.sqlite3'}"}
    command = [sys.executable, "-c", "from service.cli import run; run()", "report"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, env=os.environ | ledger
        )
    assert (done.returncode, done.stderr.count("boneflag: there is no room")) == (EXIT_STORE, 1)
    assert "Traceback" not in done.stderr
