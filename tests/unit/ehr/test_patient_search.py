"""One type for several patients: batches where the server truly allows, else one by one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.ehr.capability import capability_from
from service.ehr.errors import EHRUnavailable
from service.ehr.manners import Manners
from service.ehr.patient_search import PatientSearch
from service.ehr.type_search import TypeSearch, searches_for
from service.screening.value_sets import DataRequirement, vocabulary_from
from tests.lib.wire import Chart, Wire, answer, bundle, outcome, parameters_of, resource

PLAIN = capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": []}]})
CONDITIONS = TypeSearch("Condition")
IDS = ["a", "b", "c", "d", "e"]
CHART = [resource("Condition", f"c-{i}", i) for i in IDS]


def find(handler, *batches, search=CONDITIONS, **options):
    wire = Wire(handler)
    searching = PatientSearch(wire.client(), **options)
    return wire, [searching.find(search, ids) for ids in batches]


def ids_of(found):
    return sorted(found.resources)


def test_a_batch_is_one_search_by_post():
    wire, [found] = find(Chart(*CHART), IDS)

    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    assert not found.unread
    assert wire.sent == ["POST /Condition/_search"]
    assert parameters_of(wire.requests[0]) == {"patient": "a,b,c,d,e", "_count": "500"}


def test_patients_are_searched_by_id_and_one_alone_by_nothing_else():
    wire, _ = find(Chart(resource("Patient", "a")), ["a", "b"], ["a"], search=TypeSearch("Patient"))

    assert [parameters_of(r) for r in wire.requests] == [
        {"_id": "a,b", "_count": "500"},
        {"_id": "a"},
    ]


def test_a_server_without_post_is_asked_by_get_ever_after():
    wire, [first, second] = find(Chart(*CHART, takes_post=False), IDS, IDS)

    assert ids_of(first) == ids_of(second) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    assert wire.sent == ["POST /Condition/_search", "GET /Condition", "GET /Condition"]


def test_a_server_that_ignores_the_body_of_a_post_is_asked_by_get():
    others = [resource("Condition", f"x-{n}", f"x{n}") for n in range(20)]

    def ignore_the_body(request):
        return answer(bundle(*CHART, *others)) if request.method == "POST" else None

    wire, [found] = find(Chart(*CHART, answer_instead=ignore_the_body), IDS)

    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    assert wire.sent == ["POST /Condition/_search", "GET /Condition"]


def test_get_can_be_asked_for():
    wire, _ = find(Chart(*CHART), IDS, prefer_post=False)

    assert wire.sent == ["GET /Condition"]


def test_a_get_is_split_so_that_its_url_stays_short():
    many = [f"patient-{n:030}" for n in range(40)]
    chart = Chart(*(resource("Condition", f"c{n}", i) for n, i in enumerate(many)))
    search = TypeSearch("Condition", tuple(f"{n:06}" for n in range(300)))

    wire, [found] = find(chart, many, search=search, prefer_post=False, longest_url=700)

    assert len(found.resources) == 40
    assert max(len(str(r.url)) for r in wire.requests) <= 700
    asked = {(i, c) for r in wire.requests for i in parameters_of(r)["patient"].split(",")
             for c in parameters_of(r)["code"].split(",")}  # fmt: skip
    assert asked == {(i, c) for i in many for c in search.codes}


def test_a_url_that_cannot_be_shortened_is_sent_as_it_is():
    _, [found] = find(Chart(*CHART), ["a"], prefer_post=False, longest_url=10)

    assert ids_of(found) == ["c-a"]


def test_a_rejected_batch_is_asked_one_by_one_and_that_is_remembered():
    def only_one(request):
        if "," in parameters_of(request)["patient"]:
            return answer(outcome("error", "invalid"), 400)
        return None

    wire, [first, second] = find(Chart(*CHART, answer_instead=only_one), IDS, IDS)

    assert ids_of(first) == ids_of(second) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    # By POST, by GET, five alone; then five alone.
    assert len(wire.requests) == 12


def test_an_empty_batch_is_not_believed_while_a_single_patient_answers():
    wire, [found, again] = find(Chart(*CHART, takes_lists=False), IDS, IDS)

    assert ids_of(found) == ids_of(again) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    assert not found.unread
    # By list, five alone; then five alone.
    assert len(wire.requests) == 1 + 5 + 5


def test_a_batch_answered_for_its_first_patient_only_is_not_believed():
    def first_only(request):
        ids = parameters_of(request)["patient"].split(",")
        return answer(bundle(resource("Condition", f"c-{ids[0]}", ids[0])))

    _, [found] = find(first_only, IDS)

    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]


def test_silence_proves_no_list_so_that_everybody_is_asked_alone_each_time():
    wire, [first, second] = find(Chart(), IDS, IDS)

    assert not first.resources
    assert not first.unread
    assert not second.unread
    assert len(wire.requests) == 2 * (1 + 5)


def test_two_halves_of_a_list_that_are_each_answered_for_one_patient_prove_nothing():
    def first_only(request):
        ids = parameters_of(request)["patient"].split(",")
        return answer(bundle(resource("Condition", f"c-{ids[0]}", ids[0])))

    _, [found] = find(first_only, IDS, prefer_post=False, longest_url=60)

    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]


def test_a_type_of_which_nobody_has_anything_is_checked_once_where_lists_are_proven():
    wire = Wire(Chart(*CHART))
    searching = PatientSearch(wire.client())
    for type_ in ("Condition", "Procedure", "Procedure"):
        searching.find(TypeSearch(type_), IDS)

    assert len(wire.requests) == 1 + (1 + 2) + 1


def test_a_refusal_met_while_a_list_is_checked_costs_only_whom_it_is_about():
    def refuse_a(request):
        is_alone = parameters_of(request)["patient"] == "a"
        return answer(outcome("error", "forbidden"), 403) if is_alone else None

    searching = PatientSearch(Wire(Chart(*CHART, answer_instead=refuse_a)).client())
    searching.find(CONDITIONS, IDS)

    assert searching.find(TypeSearch("Procedure"), IDS).why == {"a": "refused"}


def test_resources_of_other_patients_are_dropped_and_counted():
    def one_too_many(request):
        return answer(bundle(*CHART, resource("Condition", "x", "stranger")))

    _, [found] = find(one_too_many, IDS)

    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]
    assert found.dropped == 1


def test_a_server_that_ignores_the_patient_leaves_the_type_unread_without_reading_the_hospital():
    hospital = [resource("Condition", f"x-{n}", f"x{n}") for n in range(100)]

    def everything(request):
        return answer(bundle(*hospital, next_url="https://ehr.example.org/fhir?page=2"))

    wire, [found] = find(everything, IDS)

    assert found.unread == set(IDS)
    assert not found.resources
    assert not any("page" in str(r.url) for r in wire.requests)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refused_or_unknown_type_is_unread_for_all_and_not_asked_again(status):
    wire, [found] = find(lambda _: answer(outcome("error", "x"), status), IDS, prefer_post=False)

    assert found.unread == set(IDS)
    assert len(wire.requests) == 1


def test_a_refusal_by_post_is_not_routed_around_by_get():
    wire, [found] = find(lambda _: answer(outcome("error", "suppressed"), 403), IDS)

    assert found.unread == set(IDS)
    assert wire.sent == ["POST /Condition/_search"]


def test_one_withheld_chart_in_a_batch_leaves_only_itself_unread():
    def withhold_c(request):
        ids = parameters_of(request)["patient"].split(",")
        if "c" not in ids:
            return None
        own = [r for r in CHART if r["id"].removeprefix("c-") in ids]
        return answer(bundle(*own, outcome("information", "suppressed")))

    _, [found] = find(Chart(*CHART, answer_instead=withhold_c), IDS)

    assert found.unread == {"c"}
    assert ids_of(found) == ["c-a", "c-b", "c-c", "c-d", "c-e"]


def test_one_refused_chart_among_patients_asked_alone_leaves_only_itself_unread():
    def refuse_c(request):
        asked = parameters_of(request)["patient"]
        if "," in asked:
            return answer(outcome("error", "invalid"), 400)
        return answer(outcome("error", "forbidden"), 403) if asked == "c" else None

    _, [found] = find(Chart(*CHART, answer_instead=refuse_c), IDS)

    assert found.unread == {"c"}


def test_after_one_bad_chart_the_next_batch_is_tried_together_again():
    def withhold_c(request):
        asked = parameters_of(request)["patient"]
        if "c" in asked.split(","):
            return answer(bundle(outcome("error", "exception")))
        return None

    wire, [_, second] = find(Chart(*CHART, answer_instead=withhold_c), IDS, ["a", "b"])

    assert ids_of(second) == ["c-a", "c-b"]
    assert parameters_of(wire.requests[-1])["patient"] == "a,b"


def test_when_the_first_three_alone_fail_too_the_rest_is_given_up():
    wire, [found] = find(lambda _: answer(b"no FHIR"), IDS, prefer_post=False)

    assert found.unread == set(IDS)
    assert len(wire.requests) == 1 + 3


def test_three_patients_who_all_fail_are_all_unread():
    _, [found] = find(lambda _: answer(b"no FHIR"), IDS[:3], prefer_post=False)

    assert found.unread == {"a", "b", "c"}


def test_pages_that_run_in_circles_leave_the_type_unread():
    def circle(request):
        ids = (parameters_of(request).get("patient") or "a").split(",")
        mine = [resource("Condition", f"c-{i}", i) for i in ids]
        return answer(bundle(*mine, next_url="https://ehr.example.org/fhir?patient=a"))

    _, [found] = find(circle, ["a"])

    assert found.unread == {"a"}


@pytest.mark.parametrize("ids", [IDS, ["a"]])
def test_an_unavailable_server_is_an_error_and_never_an_unread_type(ids):
    with pytest.raises(EHRUnavailable):
        find(lambda _: answer(b"", 503), ids)


def test_an_unavailable_server_is_an_error_also_while_patients_are_asked_alone():
    def handler(request):
        lists = "," in parameters_of(request)["patient"]
        return answer(outcome("error", "invalid"), 400) if lists else answer(b"", 503)

    with pytest.raises(EHRUnavailable):
        find(handler, IDS)


def test_a_fault_of_one_chart_leaves_only_itself_unread():
    def fault_of_c(request):
        asked = parameters_of(request)["patient"].split(",")
        return answer(b"", 500) if "c" in asked else None

    _, [found] = find(Chart(*CHART, answer_instead=fault_of_c), IDS)

    assert found.unread == {"c"}
    assert ids_of(found) == ["c-a", "c-b", "c-d", "c-e"]


@pytest.mark.parametrize("ids", [IDS, IDS[:2]])
def test_a_server_with_a_fault_for_everybody_is_unavailable(ids):
    with pytest.raises(EHRUnavailable):
        find(lambda _: answer(b"", 500), ids)


# Which searches


VOCABULARY = vocabulary_from(
    {
        "resourceType": "ValueSet",
        "id": id_,
        "title": id_,
        "version": "1",
        "compose": {"include": [{"system": "http://loinc.org", "concept": [{"code": code}]}]},
    }
    for id_, code in (("edss", "1-1"), ("bmi", "2-2"))
)


def test_there_is_one_search_for_each_type():
    needs = [DataRequirement(type_) for type_ in ("Procedure", "Condition", "Procedure")]

    assert [s.type for s in searches_for(needs, VOCABULARY, PLAIN)] == ["Condition", "Procedure"]


def test_observations_are_searched_by_the_codes_of_all_criteria_together():
    needs = [DataRequirement("Observation", ("edss",)), DataRequirement("Observation", ("bmi",))]

    assert searches_for(needs, VOCABULARY, PLAIN) == (TypeSearch("Observation", ("1-1", "2-2")),)


def test_no_other_type_is_filtered_by_code():
    needs = [DataRequirement("MedicationRequest", ("edss",))]

    assert searches_for(needs, VOCABULARY, PLAIN) == (TypeSearch("MedicationRequest"),)


def test_a_criterion_that_needs_every_observation_gets_every_observation():
    needs = [DataRequirement("Observation", ("edss",)), DataRequirement("Observation")]

    assert searches_for(needs, VOCABULARY, PLAIN) == (TypeSearch("Observation"),)


def offering(*parameters):
    listed = {
        "type": "Observation",
        "interaction": [{"code": "search-type"}],
        "searchParam": [{"name": name} for name in parameters],
    }
    return capability_from({"fhirVersion": "4.0.1", "rest": [{"resource": [listed]}]})


OBSERVED = [DataRequirement("Observation", ("edss", "wheelchair"))]
WITH_ANSWERS = vocabulary_from(
    {
        "id": id_,
        "title": id_,
        "version": "1",
        "compose": {"include": [{"system": system, "concept": [{"code": code}]}]},
    }
    for id_, system, code in (
        ("edss", "http://loinc.org", "1-1"),
        ("wheelchair", "http://snomed.info/sct", "105503008"),
    )
)


def test_components_are_asked_for_in_the_same_search_where_the_server_offers_it():
    (search,) = searches_for(OBSERVED, WITH_ANSWERS, offering("code", "combo-code"))
    assert (search.by, search.codes) == ("combo-code", ("1-1", "105503008"))

    wire, _ = find(Chart(), ["a"], search=search)
    assert parameters_of(wire.requests[0])["combo-code"] == "1-1,105503008"


def test_answers_are_asked_for_by_their_own_search_and_never_by_codes_of_questions():
    _, answers = searches_for(OBSERVED, WITH_ANSWERS, offering("code", "value-concept"))
    assert answers == TypeSearch("Observation", ("105503008",), "value-concept", is_extra=True)


def test_a_server_that_lists_components_and_does_not_take_them_is_asked_without():
    search = TypeSearch("Observation", ("1-1",), "combo-code")
    chart = Chart(resource("Observation", "o", "a"))

    def handler(request):
        if "combo-code" in parameters_of(request):
            return answer(outcome("error", "not-supported"), 400)
        return chart(request)

    wire, [first, second] = find(handler, ["a"], ["a"], search=search)
    assert [ids_of(found) for found in (first, second)] == [["o"], ["o"]]
    assert not first.unread
    assert "combo-code" not in parameters_of(wire.requests[-1])


def test_observations_that_are_refused_are_not_asked_for_in_another_way():
    search = TypeSearch("Observation", ("1-1",), "combo-code")
    refusal = answer(outcome("error", "forbidden"), 403)
    wire, [found] = find(lambda _: refusal, ["a", "b"], search=search)
    assert found.unread == {"a", "b"}
    assert len(wire.requests) == 1


def test_of_appointments_only_those_ahead_are_asked_for():
    wire, [_] = find(Chart(), ["a"], search=TypeSearch("Appointment"))
    asked = parameters_of(wire.requests[0])["date"]
    assert asked.startswith("ge")
    assert timedelta(0) < datetime.now(UTC).date() - date.fromisoformat(asked[2:]) <= timedelta(2)


# The manners of the server

NEVER = Manners(never_retry_codes=frozenset({"4134"}))


def test_a_denied_chart_is_not_asked_for_again_in_another_way_or_alone():
    denial = answer(outcome("fatal", "processing", "4134"), 400)
    wire, [found] = find(lambda _: denial, IDS, manners=NEVER)

    assert found.why == dict.fromkeys(IDS, "refused")
    assert wire.sent == ["POST /Condition/_search"]


def test_a_denial_inside_an_answer_leaves_its_patient_unread_and_keeps_what_came():
    def partly(_request):
        return answer(bundle(CHART[0], outcome("warning", "processing", "4134")))

    wire, [found, again] = find(partly, ["a"], ["a"], manners=NEVER)

    assert ids_of(found) == ["c-a"]
    assert found.why == {"a": "refused"}
    assert again.why == {"a": "refused"}
    assert len(wire.requests) == 1


def test_the_same_warning_means_nothing_where_no_code_is_known():
    _, [found] = find(
        lambda _: answer(bundle(CHART[0], outcome("warning", "processing", "4134"))), ["a"]
    )

    assert not found.unread


def test_a_login_that_was_refused_is_tried_again_with_the_next_batch():
    chart = Chart(*CHART)
    refusals = iter([answer(b"", 401)])

    _, [first, second] = find(lambda r: next(refusals, None) or chart(r), IDS, IDS)

    assert (len(first.unread), len(second.unread)) == (5, 0)


def test_pages_are_asked_for_no_larger_than_the_server_likes():
    manners = Manners(page_caps={"Condition": 20})

    wire, _ = find(Chart(), ["a"], manners=manners)

    assert parameters_of(wire.requests[0])["_count"] == "20"


def test_three_bad_charts_in_a_row_do_not_cost_the_others_a_type_that_was_answered_before():
    many = [f"p{n}" for n in range(8)]

    def bad(request):
        asked = parameters_of(request)["patient"]
        return answer(outcome("error", "x"), 400) if asked in many[:3] else None

    alone = Manners(one_at_a_time=True)
    _, [_, found] = find(Chart(answer_instead=bad), ["first"], many, manners=alone)

    assert found.unread == set(many[:3])


@pytest.mark.parametrize(
    "reply",
    [
        lambda: answer(bundle(CHART[0], outcome("information", "informational", "59133"))),
        lambda: answer(outcome("error", "processing", "59133"), 400),
    ],
    ids=["beside an answer", "instead of one"],
)
def test_a_code_that_says_incomplete_cuts_the_answer_short(reply):
    manners = Manners(cut_short_codes=frozenset({"59133"}))

    _, [found] = find(lambda _: reply(), ["a"], manners=manners)

    assert found.why == {"a": "cut short"}


def test_a_server_that_does_not_understand_post_is_never_asked_by_post():
    wire, _ = find(Chart(*CHART), IDS, manners=Manners(searches_by_get=True))

    assert wire.sent == ["GET /Condition"]
