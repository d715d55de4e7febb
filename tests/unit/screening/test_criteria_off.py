"""A hospital may switch any risk factor off; nothing else may be off, and nothing breaks."""

from __future__ import annotations

import copy

import pytest

from service.screening.assess import assess
from service.screening.criteria import CRITERIA
from service.screening.criterion import Role
from service.screening.protocol import (
    Protocol,
    ProtocolInvalid,
    packaged_document,
    protocol_from,
)
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import concept, condition, dxa_done, edss, icd
from tests.spec.book import MARA, TODAY, thought_about

RISK_FACTORS = sorted(c.id for c in CRITERIA.values() if c.role is Role.RISK_FACTOR)
OTHERS = sorted(c.id for c in CRITERIA.values() if c.role is not Role.RISK_FACTOR)
REFUSAL = dxa_done(on="2026-08-22", status="not-done", statusReason=concept(icd("Z53.20")))
HIP = condition(icd("M80.051A"), onset="2026-10-01", recorded="2026-10-01")


def without(criterion: str) -> Protocol:
    document = copy.deepcopy(dict(packaged_document()))
    for item in document["criteria"]:
        if item["criterion"] == criterion:
            item["is_on"] = False
    return protocol_from(document, packaged_vocabulary())


@pytest.mark.parametrize("criterion", RISK_FACTORS)
def test_a_risk_factor_that_is_off_is_not_judged_and_nothing_else_changes(criterion):
    chart = (*MARA, edss(6.5, on="2026-10-01"), HIP, REFUSAL)
    thought, _ = thought_about(*chart)
    found = assess(thought.record, without(criterion), TODAY)
    names = [f.criterion for f in found.findings]
    expected = [f.criterion for f in thought.assessment.findings if f.criterion != criterion]
    assert names == expected


@pytest.mark.parametrize("criterion", OTHERS)
def test_what_the_statuses_are_made_of_cannot_be_off(criterion):
    with pytest.raises(ProtocolInvalid, match="only risk factors"):
        without(criterion)


def test_a_fracture_breaks_no_refusal_where_fractures_are_off():
    site = condition(icd("S72.001A"), onset="2026-10-01", recorded="2026-10-01")
    chart = (*MARA, site, REFUSAL)
    thought, _ = thought_about(*chart)
    assert (thought.assessment.status, thought.assessment.is_urgent) == ("due", True)
    found = assess(thought.record, without("low-trauma-fracture"), TODAY)
    assert (found.status, found.is_urgent) == ("declined", False)
