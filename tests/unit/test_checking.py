"""What `boneflag check` says about servers that can less than all."""

import re

import pytest

from service.checking import check_ehr
from service.ehr.cohort.members import CohortMembers
from service.ehr.cohort.source import CohortSource
from service.ehr.connection import EHRConnection
from service.ehr.errors import EHRRefused
from service.ehr.parse import RecordParser
from service.ehr.strategy import Wishes, choose
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from service.settings import Settings
from tests.lib.wire import Chart, Wire, answer, bundle, outcome, parameters_of, resource

VOCABULARY = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(VOCABULARY)
NEEDED = sorted({need.type for need in PROTOCOL.needs})
PEOPLE = ("p1", "p2")


def statement(*, without=(), parameters=("_lastUpdated",), fhir_version="4.0.1"):
    """A CapabilityStatement that offers all that is needed, less what is said."""
    codes = [{"code": code} for code in ("search-type", "create", "update")]
    listed = [
        {
            "type": type_,
            "interaction": codes,
            "searchParam": [{"name": name} for name in parameters],
        }
        for type_ in sorted({*NEEDED, "Flag", "Task"} - set(without))
    ]
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": fhir_version,
        "rest": [{"mode": "server", "resource": listed}],
    }


EVERYBODY = CohortMembers(PEOPLE, "test", True)


def ehr_with(
    instead=lambda _: None,
    source=lambda *_: EVERYBODY,
    takes=("flag-and-task",),
    mode="live",
    **offers,
):
    """A connection to a chart of two people; `instead` answers before it."""
    stated = statement(**offers)

    def answer_instead(request):
        if request.url.path.endswith("/metadata"):
            return answer(stated)
        if not {"patient", "_id"} & parameters_of(request).keys():
            return instead(request) or answer(bundle())
        return instead(request)

    wishes = Wishes(
        channel_lacks=lambda name: () if name in takes else (f"{name} is not offered",),
        channel_reads=lambda _: 2,
        is_live=mode == "live",
    )
    chart = Chart(
        *(resource("Patient", i, birthDate="1980-01-01") for i in PEOPLE),
        answer_instead=answer_instead,
    )
    return EHRConnection(
        Wire(chart).client(),
        VOCABULARY,
        RecordParser(VOCABULARY).record,
        cohort_sources=[CohortSource("code-search", source)],
        choose=lambda capability, vendor: choose(
            capability, vendor, PROTOCOL.needs, VOCABULARY, wishes
        ),
    )


def check(mode="live", **said):
    return check_ehr(ehr_with(mode=mode, **said), PROTOCOL, Settings(mode=mode))


def uses(checked):
    return dict(checked.lines)


def test_a_server_that_offers_everything_can_work():
    checked = check()

    assert checked.can_work
    assert checked.missing == ()
    assert uses(checked)["alerts"].startswith("flag-and-task")
    assert uses(checked)["changes"] == "all (by _lastUpdated)"
    assert uses(checked)["reading"].startswith("batched")


def test_the_cohort_is_found_and_a_few_of_it_are_read():
    checked = check()

    assert uses(checked)["cohort"] == "2 people"
    assert re.fullmatch(r"2 people read with \d+ requests", uses(checked)["trial"])


def test_requests_for_a_patient_are_told():
    assert uses(check())["requests a patient"] == f"about {(len(NEEDED) + 2) / 60:.2f} in a sweep"


def test_a_type_that_cannot_be_searched_is_named_with_what_rests_on_it():
    checked = check(without=["DeviceUseStatement"])

    assert checked.can_work
    (told,) = [line for line in checked.missing if line.startswith("DeviceUseStatement")]
    assert "unknown without it: MSO-04" in told


def test_a_type_that_is_refused_in_the_trial_is_named_with_the_reason():
    def refuse(request):
        is_procedure = request.url.path.startswith("/fhir/Procedure")
        return answer(outcome("error", "forbidden"), 403) if is_procedure else None

    assert (
        "Procedure of 2 of 2 people of the trial could not be read: refused"
        in check(instead=refuse).missing
    )


def test_a_required_type_that_cannot_be_read_stops_everything():
    checked = check(without=["Condition"])

    assert not checked.can_work
    assert "Condition" in checked.why_not
    assert checked.as_json()["can_work"] is False


def test_what_cannot_work_is_said_before_anybody_is_read():
    assert "trial" not in uses(check(without=["Condition"]))


@pytest.mark.parametrize(("mode", "can_work"), [("shadow", True), ("live", False)])
def test_alerts_that_cannot_be_shown_stop_live_mode_only(mode, can_work):
    checked = check(mode, takes=())

    assert checked.can_work is can_work
    assert checked.is_settings is not can_work


def test_changes_that_nobody_tells_are_left_to_the_sweep():
    assert "sweeps only" in uses(check(parameters=["patient"]))["changes"]


def test_a_server_that_does_not_understand_a_date_of_change_is_found_out():
    def ignore(request):
        is_probe = "_lastUpdated" in parameters_of(request)
        return answer(bundle(resource("Condition", "c", "p1"))) if is_probe else None

    assert any("_lastUpdated is listed and not under" in m for m in check(instead=ignore).missing)


def test_a_server_that_ignores_unknown_parameters_is_found_out():
    def ignore(request):
        is_probe = "boneflag-no-such-parameter" in parameters_of(request)
        return answer(bundle(resource("Patient", "p1"))) if is_probe else None

    assert any("unknown search parameters are ign" in m for m in check(instead=ignore).missing)


def test_a_server_that_refuses_unknown_parameters_is_not_accused():
    def refuse(request):
        is_probe = "boneflag-no-such-parameter" in parameters_of(request)
        return answer(outcome("error", "invalid"), 400) if is_probe else None

    assert check(instead=refuse).missing == ()


def test_a_cohort_that_was_cut_short_is_said_to_be_so():
    checked = check(source=lambda *_: CohortMembers(("p1",), "test", False))

    assert "the cohort's list was cut short" in checked.missing


def test_an_empty_cohort_is_said_to_be_so():
    checked = check(source=lambda *_: CohortMembers((), "test", True))

    assert "the cohort is empty: nobody would be screened" in checked.missing


def test_a_cohort_that_is_refused_is_the_ehr_teams_business():
    def refuse(*_):
        raise EHRRefused("refused", status=403)

    with pytest.raises(EHRRefused):
        check(source=refuse)
