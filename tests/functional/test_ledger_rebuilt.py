"""A ledger that was lost and filled again leads the next sweep to write nothing at all."""

import pytest

from service.demo_ehr.arrivals import a_dxa_arrives
from service.demo_ehr.server import DemoEHR
from tests.lib.command_line import boneflag
from tests.lib.demo_site import due, fine

pytestmark = pytest.mark.heavy  # A server and several sweeps for each test.


@pytest.fixture
def demo_ehr():
    """A server for each test: a rebuild takes up every alert of the EHR, other tests' too."""
    with DemoEHR() as server:
        yield server


def lose_ledger(ward):
    for pipeline in ward._opened:
        pipeline.ledger.close()
    for file in ward.directory.glob(f"{ward.name}.sqlite3*"):
        file.unlink()


def rebuild(ward, *words, **values):
    settings = ward.settings(**values)
    names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id")
    return boneflag(
        "ledger", "rebuild", *words, **{name: str(getattr(settings, name)) for name in names}
    )


def versions(ward, patients):
    """Every resource of ours about these people, with its status and version."""
    return {
        f"{type_}/{r['id']}": (r["status"], r["meta"]["versionId"])
        for patient in patients
        for type_ in ("Flag", "Task")
        for r in ward.ours(type_, patient)
    }


def states(ward):
    """The ledger's alerts by patient: state and what we wrote last."""
    with ward.ledger() as ledger:
        ids = ledger.cohort.fhir_ids_of(ledger.cohort.members())
        history = ledger.alerts.history(list(ids))
        return {
            ids[key]: [(e.key, e.episode, e.state) for e in entries]
            for key, entries in history.items()
        }


def decisions(ward):
    with ward.ledger() as ledger:
        said = ledger.decisions.of(ledger.cohort.members())
        return sorted((d.about, str(d.source), d.until) for of_one in said.values() for d in of_one)


def no_scan(ward, patient):
    """The scan of today was somebody else's."""
    for resource in a_dxa_arrives(patient, ward.clock.today()):
        ward.load([{**resource, "status": "entered-in-error"}])


def test_after_a_rebuild_a_sweep_changes_nothing_whatever_people_made_of_their_alerts(ward):
    names = (
        "open",
        "resolved",
        "rejected",
        "on-hold",
        "flag-down",
        "reopened",
        "reworded",
        "taken",
    )
    people = {name: ward.admit(due, name) for name in names} | {"fine": ward.admit(fine)}
    ward.sweep()
    for name in ("resolved", "reopened"):
        ward.load(a_dxa_arrives(people[name], ward.clock.today()))
    for name, status in (("rejected", "rejected"), ("on-hold", "on-hold"), ("taken", "accepted")):
        ward.person_sets(ward.ours("Task", people[name])[0], status=status)
    ward.load([{**ward.ours("Flag", people["flag-down"])[0], "status": "inactive"}])
    flag = ward.ours("Flag", people["reworded"])[0]
    ward.load([{**flag, "code": {**flag["code"], "text": "Ask Dr. Bones first"}}])
    ward.sweep()
    no_scan(ward, people["reopened"])
    ward.sweep()
    ward.sweep()
    before, known, said = versions(ward, people.values()), states(ward), decisions(ward)
    lose_ledger(ward)

    told = rebuild(ward)

    assert told.code == 0, told.output
    assert states(ward) == known
    assert decisions(ward) == said
    ward.proxy.forget()
    ward.sweep()
    assert ward.proxy.writes == []
    assert versions(ward, people.values()) == before


def test_two_episodes_keep_their_numbers_and_a_third_gets_a_new_one(ward):
    patient = ward.admit(due)
    ward.sweep()
    ward.load(a_dxa_arrives(patient, ward.clock.today()))
    ward.sweep()
    no_scan(ward, patient)
    ward.clock.advance(days=400)
    ward.sweep()
    before, known = versions(ward, [patient]), states(ward)
    assert [episode for _, episode, _ in known[patient]] == [1, 2]
    lose_ledger(ward)

    rebuild(ward)

    assert states(ward) == known
    ward.sweep()
    assert versions(ward, [patient]) == before


def test_the_alerts_of_a_merged_record_are_found_under_both_ids(ward):
    old, new = ward.admit(due, "old"), ward.admit(due, "new")
    ward.sweep()
    patient = next(r for r in ward.charts[old].resources if r["resourceType"] == "Patient")
    link = {"type": "replaced-by", "other": {"reference": f"Patient/{new}"}}
    ward.load([{**patient, "active": False, "link": [link]}])
    ward.sweep()
    ward.sweep()
    before = versions(ward, [old, new])
    lose_ledger(ward)

    rebuild(ward)
    ward.sweep()

    assert versions(ward, [old, new]) == before


def test_somebody_who_left_the_cohort_with_an_open_alert_is_found_and_watched(ward):
    patient = ward.admit(due)
    ward.sweep()
    ward.discharge(patient)
    ward.admit(fine)
    lose_ledger(ward)

    told = rebuild(ward)

    assert "outside the cohort have an alert of ours" in told.output
    with ward.ledger() as ledger:
        watched = ledger.alerts.patients_with_open()
        assert patient in ledger.cohort.fhir_ids_of(watched).values()


def test_a_ledger_in_use_is_not_rebuilt_unless_that_is_asked_for(ward):
    ward.admit(due)
    ward.sweep()
    known = states(ward)

    assert rebuild(ward).code == 2
    told = rebuild(ward, "--into-existing")

    assert told.code == 0, told.output
    assert states(ward) == known


def test_another_site_id_than_before_is_told_before_anything_is_written(ward):
    ward.admit(due)
    ward.sweep()
    lose_ledger(ward)

    told = rebuild(ward, site_id="another")

    assert "compare BONEFLAG_SITE_ID with what it was" in told.output
