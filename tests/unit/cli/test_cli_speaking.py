"""Which exit code a fault speaks with."""

from service.cli.speaking import EXIT_STORE, exit_code
from service.ehr.bulk.spool import SpoolUnusable


def test_a_spool_that_cannot_be_written_to_is_a_fault_of_the_store_and_not_of_the_ehr():
    assert exit_code(SpoolUnusable("the disk is full")) == EXIT_STORE
