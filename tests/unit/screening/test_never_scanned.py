"""The baseline policy: off as shipped, one scan for everybody where a hospital switches it on."""

from __future__ import annotations

import copy

import pytest

from service.screening.assess import assess
from service.screening.protocol import packaged_document, protocol_from
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import dxa, dxa_done, woman
from tests.spec.book import MARA, TODAY, thought_about


def judged(*chart, is_on=True, unread=()):
    document = copy.deepcopy(dict(packaged_document()))
    for item in document["criteria"]:
        if item["criterion"] == "never-scanned":
            item["is_on"] = is_on
    thought, _ = thought_about(*chart, unread=unread)
    return assess(thought.record, protocol_from(document, packaged_vocabulary()), TODAY)


def test_as_shipped_nobody_is_due_for_never_having_been_scanned():
    thought, protocol = thought_about(*MARA)
    assert not protocol.uses("never-scanned")
    assert thought.assessment.status == "not-at-risk"


def test_switched_on_an_adult_with_ms_who_was_never_scanned_is_due():
    assert judged(*MARA).status == "due"
    assert judged(*MARA, is_on=False).status == "not-at-risk"


@pytest.mark.parametrize(
    "scan", [dxa(t=-0.5, on="2010-05-01"), dxa_done(on="2010-05-01")], ids=["score", "no result"]
)
def test_one_old_scan_is_enough(scan):
    assert judged(*MARA, scan).status == "not-at-risk"


def test_a_refused_type_says_nothing_about_scans():
    answer = judged(*MARA, unread=("Procedure",))
    assert answer.finding("never-scanned").verdict == "unknown"
    assert answer.status == "could-not-determine"


def test_a_scan_that_cannot_be_understood_may_be_one():
    answer = judged(*MARA, dxa_done(on=None))
    assert answer.finding("never-scanned").verdict == "unknown"


def test_a_child_is_not_offered_one():
    assert judged(woman(born="2010-06-01"), *MARA[1:]).status == "excluded"
