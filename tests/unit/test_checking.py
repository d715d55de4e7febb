"""What `boneflag check` says about servers that can less than all."""

import pytest

from service.checking import check_ehr
from service.ehr.cohort.members import CohortMembers
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.settings import Settings
from tests.lib.wire import Wire, answer

VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
NEEDED = sorted({need.type for need in PROTOCOL.needs})


def statement(*, without=(), unwritable=(), parameters=("_lastUpdated",), system=("transaction",)):
    """A CapabilityStatement that offers all that is needed, less what is said."""
    listed = []
    for type_ in sorted({*NEEDED, "Flag", "Task"} - set(without)):
        codes = ["search-type"] if type_ in unwritable else ["search-type", "create", "update"]
        listed.append(
            {
                "type": type_,
                "interaction": [{"code": code} for code in codes],
                "searchParam": [{"name": name} for name in parameters],
            }
        )
    rest = {"mode": "server", "resource": listed, "interaction": [{"code": c} for c in system]}
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [rest]}


def check(mode="live", members=None, settings=None, **offers):
    wire = Wire(lambda _: answer(statement(**offers)))
    found = members or CohortMembers(("p1", "p2"), "test", True)
    ehr = EHRConnection(wire.client(), VOCABULARY, None, cohort_sources=[lambda *_: found])
    return check_ehr(ehr, PROTOCOL, settings or Settings(mode=mode))


def uses(checked):
    return dict(checked.lines)


def test_a_server_that_offers_everything_can_work():
    checked = check()

    assert checked.can_work
    assert checked.missing == ()
    assert uses(checked)["alerts"] == "Flag and Task"
    assert uses(checked)["changes"] == "by _lastUpdated"
    assert uses(checked)["cohort"] == "search of Conditions by code: 2 people"


def test_a_cohort_from_a_group_is_said_to_be_one():
    checked = check(settings=Settings(cohort_group_ids="ms"))

    assert uses(checked)["cohort"].startswith("FHIR Group")


def test_a_type_that_cannot_be_searched_is_named():
    checked = check(without=["DeviceUseStatement"])

    assert checked.can_work
    assert any("DeviceUseStatement cannot be searched" in m for m in checked.missing)


def test_a_required_type_that_cannot_be_read_stops_everything():
    checked = check(without=["Condition"])

    assert not checked.can_work
    assert "Condition" in checked.why_not
    assert checked.as_json()["can_work"] is False


@pytest.mark.parametrize(("mode", "can_work"), [("shadow", True), ("live", False)])
def test_alerts_that_cannot_be_written_stop_live_mode_only(mode, can_work):
    checked = check(mode, unwritable=["Flag"])

    assert checked.can_work is can_work
    assert uses(checked)["alerts"] == "not writable: Flag"


def test_changes_that_a_poll_cannot_see_are_left_to_the_sweep():
    assert "nightly sweep" in uses(check(parameters=()))["changes"]


def test_a_server_without_transactions_gets_one_request_a_resource():
    assert uses(check(system=()))["transactions"].startswith("no")


def test_a_cohort_that_was_cut_short_is_said_to_be_so():
    checked = check(members=CohortMembers(("p1",), "test", False))

    assert "the cohort's list was cut short" in checked.missing


def test_a_cohort_that_is_refused_is_the_ehr_teams_business():
    def refuse(*_):
        raise EHRRefused("refused", status=403)

    wire = Wire(lambda _: answer(statement()))
    ehr = EHRConnection(wire.client(), VOCABULARY, None, cohort_sources=[refuse])

    with pytest.raises(EHRRefused):
        check_ehr(ehr, PROTOCOL, Settings())
