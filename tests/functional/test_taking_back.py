"""Alerts that are taken back: spare ones by every look, any by the hospital."""

import copy


def a_second_alert(ward, fhir_id, key="00000000-0000-5000-8000-000000000001"):
    """The same alert under another identifier, as a BoneFlag with another site id writes it."""
    copies = []
    for type_ in ("Flag", "Task"):
        (resource,) = copy.deepcopy(ward.ours(type_, fhir_id))
        resource["identifier"][0]["value"] = key
        copies.append(resource | {"id": f"{resource['id']}-again"})
    copies[1]["focus"] = {"reference": f"Flag/{copies[0]['id']}"}
    ward.load(copies)
    return {f"{r['resourceType']}/{r['id']}" for r in copies}


def statuses(ward, fhir_id):
    return {
        f"{type_}/{r['id']}": r["status"]
        for type_ in ("Flag", "Task")
        for r in ward.ours(type_, fhir_id)
    }


def test_of_two_alerts_under_different_identifiers_one_is_left_and_the_operator_is_told(ward):
    patient = ward.admit()
    ward.sweep()
    first = statuses(ward, patient)
    second = a_second_alert(ward, patient)

    run = ward.sweep()

    assert run.counts["duplicates found"] == 2
    left = statuses(ward, patient)
    open_ones = {r for r, status in left.items() if status in ("active", "requested")}
    assert open_ones in (set(first), second)
    assert sorted(left.values()) == ["active", *["entered-in-error"] * 2, "requested"]


def test_the_spare_alert_that_was_retired_is_nobodys_no_to_the_one_that_stands(ward):
    patient = ward.admit()
    ward.sweep()
    a_second_alert(ward, patient)
    ward.sweep()
    before = statuses(ward, patient)
    ward.proxy.forget()

    run = ward.sweep()

    assert (ward.proxy.writes, statuses(ward, patient)) == ([], before)
    assert ward.status(patient) == "due"
    assert "duplicates found" not in run.counts


def test_of_two_alerts_the_one_that_somebody_works_on_is_left(ward):
    patient = ward.admit()
    ward.sweep()
    second = a_second_alert(ward, patient)
    (task,) = [t for t in ward.ours("Task", patient) if f"Task/{t['id']}" in second]
    ward.person_sets(task, status="accepted")

    ward.sweep()

    left = statuses(ward, patient)
    assert {left[r] for r in second} == {"active", "accepted"}
    assert sorted(s for r, s in left.items() if r not in second) == ["entered-in-error"] * 2
