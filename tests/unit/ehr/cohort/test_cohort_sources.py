"""Patient lists, appointments, files of people, and all sources together."""

from datetime import date

import pytest

from service.ehr.cohort.appointments import members_with_appointment
from service.ehr.cohort.choice import CohortWishes, cohort_sources, left_out_for
from service.ehr.cohort.identifier_search import digest_of
from service.ehr.cohort.listed_people import left_out_by_file, members_of_file
from service.ehr.cohort.members import CohortMembers, LeftOut
from service.ehr.cohort.patient_list import members_of_list
from service.ehr.cohort.source import Asking, CohortSource, read_cohort
from service.ehr.errors import EHRMisunderstood, EHRNotFound, EHRRefused, EHRUnsuitable
from service.screening.value_sets import packaged_vocabulary
from tests.lib.wire import Wire, answer, bundle, outcome, parameters_of, resource

MRN = "urn:oid:1.2.3"
LIST = "urn:oid:9.8.7|5332"
TODAY = date(2026, 11, 22)


def asking(handler, known=None):
    wire = Wire(handler)
    capability = pytest.fail  # No source here needs it.
    return wire, Asking(wire.client(), packaged_vocabulary(True), capability, known or {})


# Patient lists


def patient_list(*references, **elements):
    entries = [{"item": {"reference": reference}} for reference in references]
    return resource("List", "l1", entry=entries, **elements)


def test_a_patient_list_is_found_by_its_identifier():
    wire = Wire([answer(bundle(patient_list("Patient/b", "Patient/a")))])

    members = members_of_list(wire.client(), LIST)

    assert members.ids == ("a", "b")
    assert members.is_complete
    assert parameters_of(wire.requests[0]) == {"code": "patients", "identifier": LIST}


def test_a_patient_list_may_be_named_by_its_fhir_id():
    wire = Wire([answer(patient_list("Patient/a"))])

    assert members_of_list(wire.client(), "l1").ids == ("a",)
    assert wire.sent == ["GET /List/l1"]


def test_an_entry_that_was_deleted_in_the_list_is_no_member():
    found = patient_list("Patient/a", "Patient/b")
    found["entry"][1]["deleted"] = True

    assert members_of_list(Wire([answer(bundle(found))]).client(), LIST).ids == ("a",)


def test_a_list_with_an_entry_that_is_no_patient_is_incomplete():
    found = patient_list("Patient/a", "List/another")

    assert not members_of_list(Wire([answer(bundle(found))]).client(), LIST).is_complete


def test_an_empty_list_dismisses_nobody():
    assert not members_of_list(Wire([answer(bundle(patient_list()))]).client(), LIST).is_complete


def test_a_list_that_is_not_there_is_said_so():
    with pytest.raises(EHRNotFound, match="BONEFLAG_COHORT_LIST_IDS"):
        members_of_list(Wire([answer(bundle())]).client(), LIST)


def test_several_lists_for_one_identifier_are_none():
    two = bundle(patient_list("Patient/a"), {**patient_list("Patient/b"), "id": "l2"})

    with pytest.raises(EHRMisunderstood, match="several"):
        members_of_list(Wire([answer(two)]).client(), LIST)


# Appointments


def appointment(id_, patient, start="2026-11-24T09:00:00Z", status="booked"):
    actors = [{"actor": {"reference": f"Patient/{patient}"}}, {"actor": {"display": "Dr X"}}]
    return resource("Appointment", id_, participant=actors, start=start, status=status)


def expected(*appointments):
    wire = Wire([answer(bundle(*appointments))])
    return wire, members_with_appointment(wire.client(), TODAY, 7)


def test_people_with_an_appointment_in_the_next_days_are_found():
    wire, members = expected(appointment("1", "a"), appointment("2", "b"))

    assert members.ids == ("a", "b")
    assert members.is_passing
    assert "date=ge2026-11-22&date=le2026-11-29" in str(wire.requests[0].url)


@pytest.mark.parametrize("status", ["cancelled", "noshow", "fulfilled", "entered-in-error"])
def test_an_appointment_that_is_over_or_will_not_be_counts_for_nobody(status):
    assert expected(appointment("1", "a", status=status))[1].ids == ()


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("2026-11-20T09:00:00Z", ()),
        ("2026-11-22T09:00:00Z", ("a",)),
        ("2026-11-29T09:00:00Z", ("a",)),
        ("2026-12-01T09:00:00Z", ()),
        ("soon", ()),
    ],
)
def test_an_appointment_outside_those_days_is_passed_over_whatever_the_server_says(start, found):
    assert expected(appointment("1", "a", start))[1].ids == found


# Files of people


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "people.csv"
        path.write_text(text)
        return str(path)

    return write


def register(**numbers):
    """A server where these record numbers are these people's, several separated by blanks."""

    def find(request):
        wanted = [t.split("|")[1] for t in parameters_of(request)["identifier"].split(",")]
        return answer(
            bundle(
                *(
                    resource("Patient", id_, identifier=[{"system": MRN, "value": n[1:]}])
                    for n, ids in numbers.items()
                    if n[1:] in wanted
                    for id_ in ids.split()
                )
            )
        )

    return find


def test_fhir_ids_in_a_file_cost_no_request(file):
    wire, ask = asking([])

    assert members_of_file(ask, file("a\nb\n")).ids == ("a", "b")
    assert wire.sent == []


def test_record_numbers_in_a_file_are_looked_up_and_handed_back_to_be_remembered(file):
    _, ask = asking(register(n1="a", n2="b"))

    members = members_of_file(ask, file("1\n2\n"), MRN)

    assert members.ids == ("a", "b")
    assert members.resolved == {digest_of((MRN, "1")): "a", digest_of((MRN, "2")): "b"}


def test_only_record_numbers_that_are_new_are_asked_for(file):
    wire, ask = asking(register(n2="b"), {digest_of((MRN, "1")): "a"})

    assert members_of_file(ask, file("1\n2\n"), MRN).ids == ("a", "b")
    assert parameters_of(wire.requests[0])["identifier"] == f"{MRN}|2"


def test_a_record_number_that_finds_nobody_or_two_is_told_by_its_line(file):
    _, ask = asking(register(n1="a", n3="c d"))

    members = members_of_file(ask, file("1\n2\n3\n"), MRN)

    assert members.ids == ("a",)
    assert members.remarks == (
        "line 2: the EHR shows nobody with this identifier",
        "line 3: this identifier fits more than one person",
    )


def test_a_record_number_that_fits_two_people_leaves_out_both(file):
    _, ask = asking(register(n3="c d"))

    assert left_out_by_file(ask, file("3\n"), MRN).ids == {"c", "d"}


# All together


def source(name, ids=(), error=None, **options):
    def read(_):
        if error is not None:
            raise error
        return CohortMembers(tuple(ids), name, **{"is_complete": True, **options})

    return CohortSource(name, read)


def test_everybody_whom_any_source_names_is_a_member_once():
    read = read_cohort([source("x", ["b", "a"]), source("y", ["b", "c"])], asking([])[1])

    assert read.ids == ("a", "b", "c")
    assert read.is_complete


def test_one_incomplete_source_makes_the_cohort_incomplete():
    sources = [source("x", ["a"]), source("y", ["b"], is_complete=False)]

    assert not read_cohort(sources, asking([])[1]).is_complete


def test_a_source_that_fails_costs_the_others_nothing_and_is_told():
    sources = [source("x", error=EHRRefused("no")), source("y", ["b"])]

    read = read_cohort(sources, asking([])[1])

    assert (read.ids, read.is_complete) == (("b",), False)
    assert [answer.problem for answer in read.answers] == ["no", ""]


def test_where_all_sources_fail_the_first_fault_is_raised():
    sources = [source("x", error=EHRRefused("first")), source("y", error=EHRNotFound("second"))]

    with pytest.raises(EHRRefused, match="first"):
        read_cohort(sources, asking([])[1])


def test_who_is_left_out_is_no_member_whoever_names_them():
    read = read_cohort([source("x", ["a", "b"])], asking([])[1], lambda _: LeftOut(frozenset("a")))

    assert read.ids == ("b",)


def test_a_list_of_people_to_leave_out_that_cannot_be_read_stops_everything(file):
    wishes = CohortWishes(today=lambda: TODAY, exclude_file="/nowhere/left-out.csv")

    with pytest.raises(EHRUnsuitable, match="cannot be read"):
        read_cohort([source("x", ["a"])], asking([])[1], left_out_for(wishes))


def test_every_source_that_is_given_what_it_needs_can_be_asked():
    wishes = CohortWishes(
        today=lambda: TODAY,
        group_ids=("g1", "g2"),
        list_ids=(LIST,),
        file="people.csv",
        appointment_days=7,
        read_export=lambda client, group_id: CohortMembers((), "bulk-group", True),
    )

    assert [s.label for s in cohort_sources(wishes)] == [
        "code-search",
        "group g1",
        "group g2",
        "bulk-group g1",
        "bulk-group g2",
        f"patient-list {LIST}",
        "id-file",
        "appointments",
    ]


def test_without_any_setting_only_the_search_by_code_can_be_asked():
    assert [s.label for s in cohort_sources(CohortWishes(today=lambda: TODAY))] == ["code-search"]


def test_a_group_is_read_under_its_own_label():
    group = resource("Group", "g1", member=[{"entity": {"reference": "Patient/a"}}])
    sources = cohort_sources(CohortWishes(today=lambda: TODAY, group_ids=("g1",)))

    read = read_cohort(sources[1:], asking([answer(group)])[1])

    assert [(answer.source, answer.ids) for answer in read.answers] == [("group g1", ("a",))]


def test_nothing_of_a_cohort_shows_in_a_traceback():
    read = read_cohort([source("x", ["a-patient"])], asking([])[1])

    assert "a-patient" not in repr(read) + repr(read.answers[0]) + repr(
        LeftOut(frozenset({"a-patient"}))
    )


def test_a_refused_search_of_appointments_is_raised():
    with pytest.raises(EHRRefused):
        members_with_appointment(
            Wire([answer(outcome("error", "forbidden"), 403)]).client(), TODAY, 7
        )
