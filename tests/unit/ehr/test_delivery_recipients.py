"""Who is told."""

import pytest

from service.ehr.delivery.recipients import recipients_from
from service.screening.alert import AlertKind


def test_a_kind_of_alert_with_recipients_of_its_own_goes_to_them_alone() -> None:
    found = recipients_from("Practitioner/a, Group/b, osteoporosis-treatment-gap=CareTeam/c")
    assert found.of(AlertKind.SCREENING) == ("Practitioner/a", "Group/b")
    assert found.of(AlertKind.TREATMENT_GAP) == ("CareTeam/c",)


def test_a_kind_without_recipients_of_its_own_goes_to_everyone() -> None:
    assert recipients_from("Practitioner/a").of(AlertKind.TREATMENT_GAP) == ("Practitioner/a",)


def test_a_group_owns_no_piece_of_work() -> None:
    found = recipients_from("Group/b, PractitionerRole/a")
    assert found.owners_of(AlertKind.SCREENING) == ("PractitionerRole/a",)


@pytest.mark.parametrize("type_", ["Patient", "RelatedPerson", "Device"])
def test_only_staff_can_be_told(type_: str) -> None:
    with pytest.raises(ValueError, match="staff only"):
        recipients_from(f"{type_}/1")


def test_what_is_no_reference_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="not a reference") as refused:
        recipients_from("anna@example.org")
    assert "anna" not in str(refused.value)


def test_an_unknown_kind_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="ms-bone-health-review or osteoporosis-treatment-gap"):
        recipients_from("gap=Practitioner/1")


def test_an_empty_setting_names_nobody() -> None:
    assert recipients_from(" , ").all == frozenset()
