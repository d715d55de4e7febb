"""The last look at what leaves: what the models let pass is refused here."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B.flag import Flag
from fhir.resources.R4B.task import Task

from service.ehr.delivery.checks import built, handed_back
from service.ehr.delivery.elements import DeliveryOptions
from service.ehr.delivery.flag import new_flag
from service.ehr.delivery.task import new_task
from service.ehr.errors import EHRRejected
from tests.lib.alerts import AT, an_alert

FLAG = new_flag(an_alert(), DeliveryOptions())
TASK = new_task(an_alert(), AT, DeliveryOptions(), "Flag/f1")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": "bogus"}, "status"),
        ({"identifier": [{"system": "urn:other", "value": "x"}]}, "identifier"),
        ({"subject": {"reference": "Group/g"}}, "subject"),
        ({"author": {"reference": "nobody"}}, "reference"),
        ({"code": {"text": "bell \x07"}}, "read"),
        ({"code": {"coding": FLAG["code"]["coding"]}}, "read"),
        ({"period": {"start": "2026-11-22", "end": "2026-11-21"}}, "period"),
    ],
)
def test_a_flag_that_the_model_lets_pass_is_refused(fault: dict[str, Any], said: str) -> None:
    Flag.model_validate(FLAG | fault)
    with pytest.raises(EHRRejected, match=said):
        built(Flag, FLAG | fault)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": "nonsense"}, "status"),
        ({"intent": "order"}, "intent"),
        ({"priority": "now"}, "priority"),
        ({"for": {"reference": "Patient/" + "x" * 65}}, "reference"),
        ({"focus": {"reference": "https://elsewhere.example/Flag/1"}}, "reference"),
        ({"description": " "}, "read"),
        ({"lastModified": "2026-11-21T00:00:00Z"}, "lastModified"),
    ],
)
def test_a_task_that_the_model_lets_pass_is_refused(fault: dict[str, Any], said: str) -> None:
    Task.model_validate(TASK | fault)
    with pytest.raises(EHRRejected, match=said):
        built(Task, TASK | fault)


def test_an_element_that_fhir_does_not_know_is_refused_in_what_we_build() -> None:
    with pytest.raises(EHRRejected, match="colour"):
        built(Flag, FLAG | {"colour": "red"})


def test_an_element_that_fhir_does_not_know_is_left_in_what_the_ehr_holds() -> None:
    assert handed_back(FLAG | {"colour": "red"})["colour"] == "red"


def test_what_the_ehr_holds_is_still_refused_in_a_state_that_is_none() -> None:
    with pytest.raises(EHRRejected, match="period"):
        handed_back(FLAG | {"period": {"start": "2026-11-22", "end": "2026-11-21"}})


def test_sound_resources_pass_unchanged() -> None:
    assert built(Flag, FLAG) == FLAG
    assert built(Task, TASK) == TASK
