"""Whom our alerts are about, asked without naming a patient."""

import pytest

from service.ehr.delivery.flag_and_task import ALERT_TYPES, Delivery
from service.ehr.told_people import told_people
from tests.lib.alerts import AT, an_alert
from tests.lib.channels import capability_of
from tests.lib.wire import Wire, answer, bundle, outcome

FOUND = capability_of("Flag", "Task")
FLAG = Delivery().new("Flag", an_alert(), AT) | {"id": "f"}


def asked(*answers, capability=FOUND):
    return told_people(Wire(list(answers)).client(), capability, ALERT_TYPES)


def test_everybody_whom_a_flag_or_a_task_of_ours_is_about_is_named():
    task = Delivery().new("Task", an_alert(), AT) | {"id": "t", "for": {"reference": "Patient/b"}}

    assert asked(answer(bundle(FLAG)), answer(bundle(task))) == {"anna", "b"}


def test_flags_of_others_that_the_server_adds_name_nobody():
    others = {**FLAG, "identifier": [{"system": "urn:other", "value": "1"}]}

    assert asked(answer(bundle(others)), answer(bundle())) == frozenset()


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_server_that_wants_a_patient_leaves_it_unknown_and_not_nobody(status):
    assert asked(answer(outcome("error", "required"), status)) is None


def test_a_server_without_the_parameter_is_not_asked():
    by_patient = capability_of("Flag", "Task", parameters=("patient",))

    assert asked(capability=by_patient) is None
