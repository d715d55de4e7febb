"""Patients whom others invented, with MS laid over them, against a table worked out by hand."""

import json

import pytest

from tests.lib.synthea import WORKED, bundle_with_ms, names
from tests.spec.book import explain_bytes, found


def test_every_bundle_was_worked_out_by_hand():
    assert names() == sorted(WORKED)


@pytest.mark.parametrize("name", WORKED)
def test_the_answer_is_the_one_worked_out_by_hand(name):
    answer = explain_bytes(json.dumps(bundle_with_ms(name)).encode())

    findings = {n: v for n, v in found(answer).items() if v != "not-met"}
    assert (answer["status"], findings) == (WORKED[name].status, dict(WORKED[name].found))
