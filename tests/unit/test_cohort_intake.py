"""The cohort between the EHR and the ledger: failures, the alarm, merges, opt-outs."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from service.ehr.cohort.members import CohortMembers, LeftOut
from service.ehr.cohort.source import CohortSource
from service.ehr.errors import EHRRefused, EHRUnsuitable
from service.pipeline import Limits
from service.screening.record import Decision
from tests.lib.small_line import PEOPLE, NoAlerts, SmallEHR, small_line
from tests.lib.wire import answer, bundle, parameters_of, resource


@pytest.fixture
def ehr():
    return SmallEHR()


def replaced_by(id_):
    return [{"type": "replaced-by", "other": {"reference": f"Patient/{id_}"}}]


def merge(ehr, old, new):
    """The EHR shows an old record with a link to the one that stands."""
    for patient in ehr._chart.resources:
        if patient["id"] == old:
            patient |= {"active": False, "link": replaced_by(new)}
    if new not in [patient["id"] for patient in ehr._chart.resources]:
        ehr._chart.resources.append(resource("Patient", new, birthDate="1980-01-01"))


def sweep(line):
    run_id = line.start_sweep()
    for keys in line.hand_out(1000, queue_is_empty=True, forgotten_after=timedelta()):
        line.screen(keys)
    return line.ledger.runs.get(run_id)


def key_of(line, fhir_id):
    return line.ledger.cohort.keys_of([fhir_id])[fhir_id]


def today():
    return datetime.now(UTC).date()


def events_of(logs):
    return {event["event"] for event in logs}


# Sources that fail


def second_source(error=None, ids=("p9",)):
    def read(_):
        if error is not None:
            raise error
        return CohortMembers(ids, "group 1", is_complete=True)

    return CohortSource("group", read, "1")


def test_the_members_of_a_source_that_fails_stay_and_the_run_goes_on(ehr, tmp_path):
    answers = [second_source(), second_source(EHRRefused("no"))]
    asked = CohortSource("group", lambda asking: answers.pop(0).read(asking), "1")
    with small_line(ehr, tmp_path, sources=[asked]) as line:
        line.start_sweep()
        with structlog.testing.capture_logs() as logs:
            run_id = line.start_sweep()

        assert len(line.ledger.cohort.members()) == 4
        assert line.ledger.runs.get(run_id).waiting == 4
        assert {"cohort_source_failed", "cohort_incomplete"} <= events_of(logs)


def test_no_log_line_names_anybody(ehr, tmp_path):
    with small_line(ehr, tmp_path, sources=[second_source(EHRRefused("no"))]) as line:
        with structlog.testing.capture_logs() as logs:
            sweep(line)

        assert not [e for e in logs if any(i in str(e.values()) for i in PEOPLE)]


# The alarm


def test_a_cohort_that_moves_too_much_changes_nobody_and_those_watched_are_screened(ehr, tmp_path):
    ehr.people = tuple(f"p{n}" for n in range(20))
    with small_line(ehr, tmp_path, limits=Limits(50, 2, cohort_alarm_percent=20)) as line:
        line.start_sweep()
        ehr.people = ("q1",)
        with structlog.testing.capture_logs() as logs:
            run_id = line.start_sweep()

        assert len(line.ledger.cohort.members()) == 20
        assert line.ledger.runs.get(run_id).waiting == 20
        assert "cohort_moved_too_much" in events_of(logs)


def test_nobody_new_is_admitted_by_a_poll_while_a_cohort_waits(ehr, tmp_path):
    now = datetime.now(UTC).isoformat()
    found = resource(
        "Condition",
        "c1",
        "newcomer",
        code={"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G35"}]},
        meta={"lastUpdated": now},
    )

    def changed(request):
        is_asked = "_lastUpdated" in parameters_of(request)
        return (
            answer(bundle(*([found] if "Condition" in request.url.path else [])))
            if is_asked
            else None
        )

    ehr._chart.answer_instead = changed
    ehr.people = tuple(f"p{n}" for n in range(20))
    with small_line(ehr, tmp_path, limits=Limits(50, 2, cohort_alarm_percent=20)) as line:
        line.start_sweep()
        line.start_poll()
        assert "newcomer" in line.ledger.cohort.keys_of(["newcomer"])
        ehr.people, found["subject"] = (), {"reference": "Patient/another"}
        line.start_sweep()
        line.start_poll()
        assert line.ledger.cohort.keys_of(["another"]) == {}


# Merged records


def test_a_person_whose_record_was_merged_is_judged_under_the_new_one(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        key = key_of(line, "p1")
        merge(ehr, "p1", "p9")
        run = sweep(line)

        assert line.ledger.cohort.fhir_ids_of([key]) == {key: "p9"}
        assert line.ledger.screenings.latest([key])[key].status != "excluded"
        assert run.waiting == 0


def test_our_alerts_are_looked_for_under_every_id_that_a_person_had(ehr, tmp_path):
    class Channel(NoAlerts):
        asked = ()

        def read(self, ids, remembered=None):
            self.asked = tuple(ids)
            return super().read(ids, remembered)

    channel = Channel()
    with small_line(ehr, tmp_path, channel=channel) as line:
        sweep(line)
        merge(ehr, "p1", "p9")
        sweep(line)
        key = key_of(line, "p9")
        line.ledger.pending.mark(line.start_sweep(), [key], datetime.now(UTC))
        line.screen([key])

        assert channel.asked == ("p9", "p1")


def test_a_merged_person_is_one_person_in_the_next_sweep_whatever_the_source_names(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        merge(ehr, "p1", "p9")
        sweep(line)
        ehr.people = ("p1", "p9", "p2", "p3")
        sweep(line)

        assert len(line.ledger.cohort.members()) == 3


def test_two_members_who_are_one_person_become_one(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        merge(ehr, "p1", "p2")
        run = sweep(line)

        assert key_of(line, "p1") == key_of(line, "p2")
        assert len(line.ledger.cohort.members()) == 2
        assert run.waiting == 0


def test_two_workers_with_one_person_in_hand_by_two_records_judge_them_once(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        merge(ehr, "p1", "p2")
        old, stands = key_of(line, "p1"), key_of(line, "p2")
        run_id = line.start_sweep()

        def another_worker_is_faster(request):
            if "p2" in parameters_of(request).values():
                ehr._chart.answer_instead = lambda _: None
                line.screen([old])

        ehr._chart.answer_instead = another_worker_is_faster
        with structlog.testing.capture_logs() as logs:
            line.screen([stands])

        assert {"merged_records_followed"} <= events_of(logs)
        assert not {"screening_conflict", "patient_could_not_be_judged"} & events_of(logs)
        assert line.ledger.runs.get(run_id).waiting == 1  # p3


def test_what_was_said_about_a_merged_record_stands_where_the_source_names_only_the_new_one(
    ehr, tmp_path
):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        key = key_of(line, "p1")
        no = Decision("declined", today(), today() + timedelta(days=90), "no")
        line.ledger.decisions.remember(key, [no])
        merge(ehr, "p1", "p9")
        ehr.people = ("p9", "p2", "p3")
        run = sweep(line)

        assert key_of(line, "p9") == key
        assert len(line.ledger.cohort.members()) == 3
        assert run.waiting == 0


def test_of_who_left_the_cohort_only_those_are_read_whom_we_know_something_of(ehr, tmp_path):
    asked = []
    ehr._chart.answer_instead = lambda request: asked.append(parameters_of(request))
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        no = Decision("declined", today(), today() + timedelta(days=90), "no")
        line.ledger.decisions.remember(key_of(line, "p1"), [no])
        ehr.people = ("p3",)
        asked.clear()
        sweep(line)

        assert [p["_id"] for p in asked if "_id" in p] == ["p1", "p3"]
        assert not [p for p in asked if "p1" in p.get("patient", "").split(",")]


def test_an_ehr_that_does_not_say_whether_somebody_who_left_was_merged_holds_up_no_sweep(
    ehr, tmp_path
):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        no = Decision("declined", today(), today() + timedelta(days=90), "no")
        line.ledger.decisions.remember(key_of(line, "p1"), [no])
        merge(ehr, "p1", "p9")
        ehr.people = ("p9", "p2", "p3")
        away = {"p1": answer({}, 503, Retry_After="0")}
        ehr._chart.answer_instead = lambda r: away.get(parameters_of(r).get("_id"))
        assert sweep(line).waiting == 0
        ehr._chart.answer_instead = lambda _: None
        sweep(line)

        assert key_of(line, "p9") == key_of(line, "p1")


def test_a_read_that_leads_on_to_another_record_is_followed(ehr, tmp_path):
    def moved(request):
        if request.url.path.endswith("/Patient/p1"):
            return answer({}, 301, Location="/fhir/Patient/p9")
        return None

    ehr._chart.resources = [p for p in ehr._chart.resources if p["id"] != "p1"]
    ehr._chart.resources.append(resource("Patient", "p9", birthDate="1980-01-01"))
    ehr._chart.answer_instead = moved
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        key = key_of(line, "p1")

        assert line.ledger.cohort.fhir_ids_of([key]) == {key: "p9"}


def test_records_that_lead_in_a_circle_cost_their_person_one_attempt(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        merge(ehr, "p1", "p2")
        merge(ehr, "p2", "p1")
        with structlog.testing.capture_logs() as logs:
            sweep(line)

        assert "patient_could_not_be_judged" in events_of(logs)
        assert line.ledger.screenings.latest([key_of(line, "p3")])


def test_a_person_is_judged_again_when_a_merge_was_corrected_into_the_other_record(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        sweep(line)
        merge(ehr, "p1", "p2")
        sweep(line)
        for patient in ehr._chart.resources:
            patient.pop("link", None)
        merge(ehr, "p2", "p1")
        run = sweep(line)

        key = key_of(line, "p1")
        assert line.ledger.cohort.fhir_ids_of([key]) == {key: "p1"}
        assert (run.waiting, line.ledger.screenings.latest([key])[key].on) == (0, today())


def test_a_merge_into_nobody_named_is_judged_as_it_stands(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        for patient in ehr._chart.resources:
            if patient["id"] == "p1":
                patient["link"] = [{"type": "replaced-by", "other": {"display": "somebody"}}]
        sweep(line)

        assert line.ledger.screenings.latest([key_of(line, "p1")])


# People who are left out


def test_nobody_asks_about_a_person_who_is_left_out(ehr, tmp_path):
    asked = []
    ehr._chart.answer_instead = lambda request: asked.append(parameters_of(request))
    with small_line(ehr, tmp_path, left_out=lambda _: LeftOut(frozenset({"p2"}))) as line:
        run = sweep(line)

        assert run.waiting == 0
        assert len(line.ledger.cohort.members()) == 2
        assert asked
        assert not [p for p in asked if "p2" in ",".join(p.values()).split(",")]


def test_a_person_who_opts_out_after_they_were_queued_is_not_read(ehr, tmp_path):
    with small_line(ehr, tmp_path) as line:
        line.start_sweep()
        key = key_of(line, "p2")
        line.ledger.cohort.leave_out(["p2"], datetime.now(UTC))

        assert line.screen([key]) == 0


def test_a_screening_of_a_person_who_is_left_out_is_over_at_once(ehr, tmp_path):
    with small_line(ehr, tmp_path, left_out=lambda _: LeftOut(frozenset({"p2"}))) as line:
        run_id, key = line.start_screening("p2")

        assert line.screen([key]) == 0
        assert line.ledger.runs.is_reported(run_id)


def test_where_nobody_can_tell_whom_to_leave_out_nothing_is_started(ehr, tmp_path):
    def unreadable(_):
        raise EHRUnsuitable("the file is gone")

    with small_line(ehr, tmp_path, left_out=unreadable) as line:
        with pytest.raises(EHRUnsuitable):
            line.start_sweep()
        with pytest.raises(EHRUnsuitable):
            line.start_screening("p1")
        assert line.ledger.pending.count() == 0
