"""Patches and gels: through the skin, unless they are also called vaginal."""

from __future__ import annotations

import pytest

from service.ehr.medicines import medication_use
from service.ehr.skin import is_through_skin
from service.screening.record import MedicationUse
from service.screening.value_sets import packaged_vocabulary
from tests.lib.patients import concept, given, ordered


@pytest.mark.parametrize(
    "name",
    [
        "84 HR estradiol 0.00208 MG/HR Transdermal System",
        "estradiol 50 microgram patches",
        "Estradiol 0.06% gel",
        "ESTRADIOL PATCH",
        "estradiol 1.53 MG/ACTUAT topical spray",
    ],
)
def test_a_patch_or_gel_by_its_name_acts_through_the_skin(name):
    assert is_through_skin({}, (name,))


@pytest.mark.parametrize(
    "name",
    ["estradiol 1 MG Oral Tablet", "estradiol", "", "estradiol 0.1 MG/GM vaginal gel", "gelatine"],
)
def test_anything_else_does_not(name):
    assert not is_through_skin({}, (name,))


@pytest.mark.parametrize("key", ["dosageInstruction", "dosage"])
def test_the_route_of_the_dosage_says_so_too(key):
    by_text = {key: [{"route": {"text": "Transdermal"}}]}
    by_display = {
        key: {"route": {"coding": [{"code": "45890007", "display": "Transdermal route"}]}}
    }
    assert is_through_skin(by_text, ("estradiol",))
    assert is_through_skin(by_display, ("estradiol",))


def test_a_vaginal_route_wins_over_a_gel():
    vaginal = {"dosageInstruction": [{"route": {"text": "vaginal"}}]}
    assert not is_through_skin(vaginal, ("estradiol gel",))


def read(resource: dict) -> MedicationUse:
    use = medication_use({"id": "1", **resource}, {}, packaged_vocabulary())
    assert isinstance(use, MedicationUse)
    return use


def test_an_ordered_patch_is_local_by_route_and_through_the_skin():
    use = read(ordered("estradiol patch", on="2026-01-01"))
    assert (use.route, use.is_through_skin) == ("local", True)


def test_a_tablet_is_never_through_the_skin():
    use = read(ordered("estradiol oral tablet", on="2026-01-01", route="oral"))
    assert (use.route, use.is_through_skin) == ("systemic", False)


def test_an_administered_patch_is_through_the_skin():
    patch = given("estradiol", on="2026-01-01")
    assert read(patch | {"dosage": {"route": concept(text="transdermal")}}).is_through_skin
