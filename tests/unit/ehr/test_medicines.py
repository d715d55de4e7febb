"""Medication resources of four types: what they are, whether they count, when, and how much."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.ehr.medicines import medication_reference, medication_use
from service.screening.record import MedicationUse, Problem, ResourceRef, When
from service.screening.value_sets import INGREDIENT_NAME, RXNORM, vocabulary_from

ATC = "http://www.whocc.no/atc"
PREDNISONE = "glucocorticoid-prednisone"
METHYLPREDNISOLONE = "glucocorticoid-methylprednisolone"


def value_set(id, codes=(), names=(), atc=()):
    called = {"312617": "prednisone 5 MG Oral Tablet"}
    include = [
        {
            "system": RXNORM,
            "concept": [{"code": code, "display": called.get(code, "")} for code in codes],
        },
        {"system": INGREDIENT_NAME, "concept": [{"code": name} for name in names]},
        {"system": ATC, "filter": [{"property": "concept", "op": "is-a", "value": v} for v in atc]},
    ]
    return {"id": id, "title": id, "version": "1", "compose": {"include": include}}


VOCABULARY = vocabulary_from(
    [
        value_set(PREDNISONE, ["8640", "312617"], ["prednisone"]),
        value_set(METHYLPREDNISOLONE, ["6902"], ["methylprednisolone"]),
        value_set("glucocorticoid-prednisolone", ["8638"], ["prednisolone"]),
        value_set("glucocorticoid-triamcinolone", ["10759"], ["triamcinolone"]),
        value_set("glucocorticoid-betamethasone", ["1514"], ["betamethasone"]),
        value_set("glucocorticoid-unspecified", atc=["H02AB"]),
        value_set("glucocorticoid-not-systemic", ["1085728"], atc=["S01B"]),
        value_set("therapy-denosumab", ["993449"], ["denosumab"]),
    ]
)

DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
ORAL = {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]}
INTO_A_VEIN = {"coding": [{"system": "http://snomed.info/sct", "code": "47625008"}]}


def concept(text="prednisone 5 MG Oral Tablet", code=None, system=RXNORM):
    coding = [{"system": system, "code": code, "display": text}] if code else []
    return {"coding": coding, "text": text}


def dosage(value=5, unit="mg", timing=DAILY, **fields):
    return {
        "timing": timing,
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
        **fields,
    }


def request(**fields):
    return {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(),
        "authoredOn": "2026-03-02",
        "dosageInstruction": [dosage()],
        **fields,
    }


def dispense(**fields):
    return {
        "resourceType": "MedicationDispense",
        "id": "1",
        "status": "completed",
        "medicationCodeableConcept": concept(),
        "whenHandedOver": "2026-03-02",
        "daysSupply": {"value": 30, "unit": "days"},
        "quantity": {"value": 30, "unit": "tablet"},
        "dosageInstruction": [dosage()],
        **fields,
    }


def administration(**fields):
    return {
        "resourceType": "MedicationAdministration",
        "id": "1",
        "status": "completed",
        "medicationCodeableConcept": concept("methylprednisolone", "6902"),
        "effectiveDateTime": "2026-03-02T09:30:00+01:00",
        "dosage": {"dose": {"value": 1, "unit": "g"}},
        **fields,
    }


def statement(**fields):
    return {
        "resourceType": "MedicationStatement",
        "id": "1",
        "status": "active",
        "medicationCodeableConcept": concept(),
        "effectivePeriod": {"start": "2026-03-02"},
        "dosage": [dosage()],
        **fields,
    }


def read(resource, medications=None) -> MedicationUse:
    use = medication_use(resource, medications or {}, VOCABULARY)
    assert isinstance(use, MedicationUse)
    return use


def by_reference(**reference):
    resource = request(medicationReference=reference)
    del resource["medicationCodeableConcept"]
    return resource


class TestWhatTheMedicineIs:
    def test_a_known_code_says_what_it_is(self):
        use = read(request(medicationCodeableConcept=concept("Deltasone", "312617")))
        assert (use.concepts, use.is_recognised_by_name, use.name) == (
            {PREDNISONE},
            False,
            "Deltasone",
        )

    def test_a_name_says_what_it_is_only_without_a_known_code(self):
        named = read(
            request(medicationCodeableConcept=concept("prednisone 5 mg", "local-7", "urn:x"))
        )
        coded = read(request(medicationCodeableConcept=concept("prednisone", "993449")))
        assert (named.concepts, named.is_recognised_by_name) == ({PREDNISONE}, True)
        assert coded.concepts == {"therapy-denosumab"}

    def test_all_codes_of_a_medicine_are_put_together(self):
        medicine = concept("prednisone", "8640")
        medicine["coding"].append({"system": ATC, "code": "H02AB07"})
        use = read(request(medicationCodeableConcept=medicine))
        assert use.concepts == {PREDNISONE, "glucocorticoid-unspecified"}

    def test_another_medicine_is_none_of_ours(self):
        assert (
            medication_use(request(medicationCodeableConcept=concept("lisinopril")), {}, VOCABULARY)
            is None
        )

    def test_a_longer_name_is_not_taken_for_its_ending(self):
        assert read(request(medicationCodeableConcept=concept("methylprednisolone"))).concepts == {
            METHYLPREDNISOLONE
        }

    @pytest.mark.parametrize(
        "reference", ["Medication/m1", "https://ehr.test/r4/Medication/m1/_history/2"]
    )
    def test_a_reference_is_resolved_relative_or_absolute(self, reference):
        medications = {"Medication/m1": {"code": concept("x", "8640")}}
        assert read(by_reference(reference=reference), medications).concepts == {PREDNISONE}

    def test_a_reference_as_written_in_a_bundle_is_resolved(self):
        medications = {"urn:uuid:7": {"code": concept("x", "8640")}}
        assert read(by_reference(reference="urn:uuid:7"), medications).concepts == {PREDNISONE}

    def test_a_contained_medicine_is_found(self):
        resource = by_reference(reference="#m") | {
            "contained": [{"id": "other"}, {"id": "m", "code": concept("x", "8640")}]
        }
        assert read(resource).concepts == {PREDNISONE}
        assert medication_reference(resource) is None

    def test_a_medication_without_a_code_is_known_by_its_ingredient(self):
        medication = {"ingredient": [{"itemCodeableConcept": concept("x", "8640")}]}
        use = read(by_reference(reference="Medication/m"), {"Medication/m": medication})
        assert (use.concepts, use.is_recognised_by_name) == ({PREDNISONE}, False)

    def test_a_display_names_what_a_reference_cannot_tell(self):
        use = read(by_reference(reference="Medication/gone", display="prednisone 5 mg"))
        assert (use.concepts, use.is_recognised_by_name) == ({PREDNISONE}, True)

    def test_a_display_of_another_medicine_is_none_of_ours(self):
        resource = by_reference(reference="Medication/gone", display="lisinopril")
        assert medication_use(resource, {}, VOCABULARY) is None

    def test_a_reference_that_leads_nowhere_is_reported(self):
        assert medication_use(by_reference(reference="Medication/gone"), {}, VOCABULARY) == Problem(
            "MedicationRequest/1", "a medicine reference could not be resolved"
        )

    @pytest.mark.parametrize(
        "medicine",
        [
            {"medicationCodeableConcept": {"coding": [{"system": RXNORM}]}},
            {"medicationCodeableConcept": None},
            {
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "Medication/m"},
            },
        ],
    )
    def test_a_medicine_without_code_and_name_is_reported(self, medicine):
        found = medication_use(request(**medicine), {"Medication/m": {}}, VOCABULARY)
        assert found == Problem("MedicationRequest/1", "a medicine without a readable code or name")

    def test_a_code_that_nobody_knows_is_no_problem(self):
        medicine = {"coding": [{"system": "urn:local", "code": "7"}]}
        assert medication_use(request(medicationCodeableConcept=medicine), {}, VOCABULARY) is None

    def test_another_resource_type_is_none_of_ours(self):
        assert medication_use(request(resourceType="Immunization"), {}, VOCABULARY) is None

    def test_the_reader_is_told_which_medication_to_fetch(self):
        assert medication_reference(by_reference(reference="Medication/m1")) == "Medication/m1"
        assert medication_reference(request()) is None
        assert medication_reference({}) is None


class TestWhetherItCounts:
    @pytest.mark.parametrize(
        "make, statuses, counts",
        [
            (request, "active completed stopped", True),
            (request, "draft on-hold cancelled entered-in-error", False),
            (request, "unknown nonsense", None),
            (dispense, "completed in-progress", True),
            (dispense, "preparation cancelled on-hold stopped declined entered-in-error", False),
            (dispense, "unknown", None),
            (administration, "completed in-progress", True),
            (administration, "not-done on-hold stopped entered-in-error", False),
            (administration, "unknown", None),
            (statement, "active completed stopped", True),
            (statement, "intended not-taken on-hold entered-in-error", False),
            (statement, "unknown", None),
        ],
    )
    def test_a_status_counts_by_its_type(self, make, statuses, counts):
        assert {read(make(status=status)).counts for status in statuses.split()} == {counts}

    @pytest.mark.parametrize(
        "intent, counts",
        [
            ("order", True),
            ("instance-order", True),
            (None, True),
            ("plan", False),
            ("proposal", False),
            ("option", False),
            ("nonsense", None),
        ],
    )
    def test_only_an_order_counts(self, intent, counts):
        assert read(request(intent=intent)).counts is counts

    @pytest.mark.parametrize("value, counts", [(True, False), (False, True), ("yes", None)])
    def test_a_prohibition_never_counts(self, value, counts):
        assert read(request(doNotPerform=value)).counts is counts

    def test_a_missing_status_cannot_be_understood(self):
        assert read(request(status=None)).counts is None


class TestTheRoute:
    @pytest.mark.parametrize(
        "name",
        [
            "budesonide and prednisolone inhaler, inhalation powder",
            "triamcinolone 0.001 MG/MG Oral Paste",
            "prednisolone acetate 1 % ophthalmic suspension",
            "prednisolone eye drops",
            "prednisolone 20 MG Rectal Foam",
            "prednisolone 20 mg suppositories",
            "betamethasone 0.05 % cream",
            "triamcinolone nasal spray",
            "methylprednisolone topical lotion",
        ],
    )
    def test_a_local_form_is_local_even_by_mouth(self, name):
        oral = [dosage(route=ORAL)]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=oral))
        assert use.route == "local"

    @pytest.mark.parametrize(
        "name",
        [
            "prednisone 5 MG Oral Tablet",
            "prednisolone oral drops",
            "prednisone 10 mg tab",
            "methylprednisolone 1000 mg for intravenous infusion",
            "methylprednisolone 40 mg injection",
            "{21 (methylprednisolone 4 MG Oral Tablet) } Pack",
            "prednisone take by mouth",
            "prednisone 5 mg, a tablet with drops of water",
            "methylprednisolone (Solu-Medrol) 1 g, not for epidural use",
        ],
    )
    def test_a_systemic_form_is_systemic(self, name):
        assert read(request(medicationCodeableConcept=concept(name))).route == "systemic"

    @pytest.mark.parametrize("route", [None, INTO_A_VEIN, {"text": "IV piggyback"}])
    @pytest.mark.parametrize(
        "name",
        [
            "methylPREDNISolone 1 g in sodium chloride 0.9% 250 mL",
            "methylprednisolone 1000 mg in NaCl 0.9% 100 mL",
            "methylprednisolone 1 g in dextrose 5% 250 mL",
            "methylprednisolone 1 g in 5 % glucose",
            "methylprednisolone 1 g, glucose solution 5 %",
            "methylprednisolone 1g IVPB 0.9% NaCl",
            "0.9% sodium chloride 250 mL with methylprednisolone 1 g",
            "methylprednisolone 1 g/250 mL NS (0.9%)",
            "methylprednisolone 1 g in 100 mL NS",
            "methylprednisolone 1 g in D5W",
            "methylprednisolone 1000 mg mini-bag",
            "methylprednisolone solution for injection 4 mg/mL",
        ],
    )
    def test_what_a_medicine_is_mixed_into_does_not_make_it_local(self, name, route):
        dosages = [dosage(route=route)] if route else [dosage()]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=dosages))
        assert use.route == "systemic"

    @pytest.mark.parametrize(
        "name",
        [
            "prednisone 5 MG Oral Tablet (repackaged 100%)",
            "prednisone 5 mg (dose reduced by 10 %)",
            "prednisolone 5 mg tablets, stop the ointment",
            "prednisone 5 mg tablet with 5 drops of lemon",
            "prednisolone 15 mg/5 mL oral solution, with nasal spray",
        ],
    )
    def test_a_local_word_in_the_note_of_a_swallowed_form_does_not_outweigh_its_route(self, name):
        oral = [dosage(route=ORAL)]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=oral))
        assert use.route == "systemic"

    @pytest.mark.parametrize(
        "name, route",
        [
            # A product for one place, and a route for the whole body.
            ("prednisolone eye drops", INTO_A_VEIN),
            ("triamcinolone 40 mg/ml intra-articular", {"text": "Intramuscular"}),
            ("prednisolone 1 %", ORAL),
            ("prednisolone tablets for mouthwash", ORAL),
            ("methylprednisolone IV drops", ORAL),
            # A product for the whole body, and a route for one place.
            ("prednisone 5 MG Oral Tablet", {"text": "Topical"}),
            ("methylprednisolone 1 g IVPB", {"text": "nasal"}),
            ("methylprednisolone 1 g in sodium chloride 0.9%", {"text": "Topical"}),
            ("triamcinolone", {"text": "Intramuscular or intra-articular"}),
            # A product that says both.
            ("prednisolone 5 mg tablets, stop the ointment", None),
            ("methylprednisolone intramuscular or intra-articular", None),
            ("betamethasone 0.1 % in normal saline", None),
            ("prednisolone 4 mg tab before dental surgery", None),
        ],
    )
    def test_what_contradicts_itself_is_unclear_and_never_local(self, name, route):
        dosages = [dosage(route=route)] if route else [dosage()]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=dosages))
        assert use.route == "unclear"

    @pytest.mark.parametrize(
        "name, route",
        [
            ("prednisolone 1 %", None),
            ("betamethasone 0,1 %", None),
            ("betamethasone 0.1 % 30 g", None),
            ("prednisolone 20 mg in 100 mL retention enema", None),
            ("prednisolone capsules for inhalation", None),
            ("triamcinolone 40 mg/ml injection", {"text": "intra-articular"}),
            ("methylprednisolone acetate, intramuscular or intra-articular", {"text": "Joint"}),
            ("prednisolone 5 mg tablets", {"text": "rectal"}),
            ("methylprednisolone", {"text": "epidural infusion"}),
            ("triamcinolone 0.1 % dental paste", {"text": "oral"}),
        ],
    )
    def test_what_is_put_into_one_place_is_local(self, name, route):
        dosages = [dosage(route=route)] if route else [dosage()]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=dosages))
        assert use.route == "local"

    @pytest.mark.parametrize(
        "name",
        [
            "methylprednisolone 500 mg vial, flush with 20 drops",
            "methylprednisolone, intramuscular or intra-articular",
            "prednisolone 1 %",
        ],
    )
    def test_a_route_into_muscle_wins_over_words_that_an_injection_may_have(self, name):
        into = [dosage(route={"text": "Intramuscular"})]
        use = read(request(medicationCodeableConcept=concept(name), dosageInstruction=into))
        assert use.route == "systemic"

    @pytest.mark.parametrize(
        "name",
        ["prednisone 25 %", "prednisone 5 mg, 10 % less", "methylprednisolone 1 g 5% 250 mL"],
    )
    def test_a_percentage_that_is_no_strength_says_nothing(self, name):
        assert read(request(medicationCodeableConcept=concept(name))).route == "unstated"

    @pytest.mark.parametrize(
        "name",
        [
            "methylprednisolone acetate 40 MG/ML",
            "triamcinolone acetonide 40 MG/ML Injection",
            "betamethasone injection",
        ],
    )
    def test_a_depot_without_a_route_is_unclear(self, name):
        assert read(request(medicationCodeableConcept=concept(name))).route == "unclear"

    def test_a_bare_name_leaves_the_route_unstated(self):
        assert read(request(medicationCodeableConcept=concept("prednisone"))).route == "unstated"

    @pytest.mark.parametrize(
        "route, expected",
        [
            (ORAL, "systemic"),
            ({"coding": [{"code": "47625008"}]}, "systemic"),
            ({"text": "Oral"}, "systemic"),
            ({"text": "by mouth"}, "systemic"),
            ({"coding": [{"code": "PO"}]}, "systemic"),
            ({"text": "IV push"}, "systemic"),
            ({"text": "Subcutaneous"}, "systemic"),
            ({"text": "percutaneous endoscopic gastrostomy"}, "systemic"),
            ({"text": "nasojejunal"}, "systemic"),
            ({"text": "Mouth/Throat"}, "local"),
            ({"text": "oral inhalation"}, "local"),
            ({"coding": [{"code": "x", "display": "Intra-articular"}]}, "local"),
            ({"text": "Topical"}, "local"),
            ({"text": "Both eyes"}, "local"),
            ({"text": "see note"}, "unstated"),
            ({}, "unstated"),
        ],
    )
    def test_a_route_is_read_by_code_and_by_words(self, route, expected):
        bare = concept("methylprednisolone")
        use = read(request(medicationCodeableConcept=bare, dosageInstruction=[dosage(route=route)]))
        assert use.route == expected

    def test_a_stated_route_settles_a_depot(self):
        depot = concept("triamcinolone acetonide 40 MG/ML Injection")
        into = [dosage(route={"text": "Intramuscular"})]
        use = read(request(medicationCodeableConcept=depot, dosageInstruction=into))
        assert use.route == "systemic"

    def test_of_two_routes_the_systemic_one_wins(self):
        both = [dosage(route={"text": "topical"}), dosage(route=ORAL)]
        bare = concept("prednisolone")
        use = read(request(medicationCodeableConcept=bare, dosageInstruction=both))
        assert use.route == "systemic"

    def test_the_form_of_a_medication_counts(self):
        medication = {"code": concept("prednisolone", "8638"), "form": {"text": "Eye drops"}}
        use = read(by_reference(reference="Medication/m"), {"Medication/m": medication})
        assert use.route == "local"


class TestRequests:
    def test_an_active_order_starts_when_written_and_is_open(self):
        use = read(request())
        assert use.start == use.renewed == When.day(date(2026, 3, 2))
        assert (use.is_open_ended, use.end, use.stopped_on) == (True, None, None)
        assert use.steps[0].mg_per_day == 5

    def test_bounds_are_its_period(self):
        bounds = {
            "repeat": DAILY["repeat"]
            | {"boundsPeriod": {"start": "2026-02-01", "end": "2026-05-06"}}
        }
        use = read(request(dosageInstruction=[dosage(timing=bounds)]))
        assert (use.start, use.end) == (When.day(date(2026, 2, 1)), When.day(date(2026, 5, 6)))
        assert use.is_open_ended is False
        assert use.renewed == When.day(date(2026, 3, 2))

    def test_tablets_are_milligrams_by_the_name(self):
        assert read(request(dosageInstruction=[dosage(2, "tablet")])).steps[0].mg_per_day == 10

    def test_tablets_are_milligrams_by_the_ingredient_of_the_medication(self):
        ratio = {"numerator": {"value": 20, "unit": "mg"}, "denominator": {"value": 1, "unit": "1"}}
        medication = {"code": concept("prednisone", "8640"), "ingredient": [{"strength": ratio}]}
        resource = by_reference(reference="Medication/m") | {
            "dosageInstruction": [dosage(2, "tablet")]
        }
        assert read(resource, {"Medication/m": medication}).steps[0].mg_per_day == 40

    def test_tablets_are_milligrams_by_the_code_of_the_product(self):
        coding = {"system": RXNORM, "code": "312617"}
        tablets = [dosage(2, "tablet")]
        for medicine in ({"coding": [coding]}, {"coding": [coding], "text": "prednisone"}):
            use = read(request(medicationCodeableConcept=medicine, dosageInstruction=tablets))
            assert use.steps[0].mg_per_day == 10

    def test_the_strength_that_a_record_states_wins_over_that_of_its_code(self):
        medicine = concept("prednisone 20 MG Oral Tablet", "312617")
        tablets = [dosage(2, "tablet")]
        use = read(request(medicationCodeableConcept=medicine, dosageInstruction=tablets))
        assert use.steps[0].mg_per_day == 40

    def test_tablets_are_milligrams_by_the_code_of_an_ingredient(self):
        coding = {"coding": [{"system": RXNORM, "code": "312617"}]}
        resource = by_reference(reference="Medication/m") | {
            "dosageInstruction": [dosage(2, "tablet")]
        }
        medication = {"ingredient": [{"itemCodeableConcept": coding}]}
        assert read(resource, {"Medication/m": medication}).steps[0].mg_per_day == 10

    def test_without_an_instruction_there_is_no_step(self):
        assert read(request(dosageInstruction=None)).steps == ()

    def test_the_expected_supply_with_its_repeats_is_an_end(self):
        supply = {
            "expectedSupplyDuration": {"value": 30, "unit": "days"},
            "numberOfRepeatsAllowed": 2,
        }
        assert read(request(dispenseRequest=supply)).supplied_until == date(2026, 5, 30)

    def test_a_quantity_lasts_for_its_doses(self):
        supply = {"quantity": {"value": 20, "unit": "tablet"}}
        use = read(request(dispenseRequest=supply, dosageInstruction=[dosage(2, "tablet")]))
        assert use.supplied_until == date(2026, 3, 11)

    def test_a_quantity_that_cannot_be_told_says_nothing(self):
        assert read(request(dispenseRequest={"quantity": {"value": 20}})).supplied_until is None

    @pytest.mark.parametrize(
        "fields, stopped",
        [
            ({"meta": {"lastUpdated": "2026-04-01T10:00:00Z"}}, date(2026, 4, 1)),
            (
                {
                    "meta": {"lastUpdated": "2026-04-01T10:00:00Z"},
                    "dispenseRequest": {"validityPeriod": {"end": "2026-03-20"}},
                },
                date(2026, 3, 20),
            ),
            ({}, None),
        ],
    )
    def test_a_stopped_order_ended_at_the_earliest_clue(self, fields, stopped):
        assert read(request(status="stopped", **fields)).stopped_on == stopped

    def test_bounds_end_a_stopped_order_before_its_last_update(self):
        bounds = {"repeat": DAILY["repeat"] | {"boundsDuration": {"value": 5, "code": "d"}}}
        use = read(
            request(
                status="stopped",
                meta={"lastUpdated": "2026-04-01"},
                dosageInstruction=[dosage(timing=bounds)],
            )
        )
        assert use.stopped_on == date(2026, 3, 6)

    def test_a_completed_order_without_an_end_was_over_at_its_last_update(self):
        use = read(request(status="completed", meta={"lastUpdated": "2026-04-01"}))
        assert use.stopped_on == date(2026, 4, 1)

    def test_a_completed_order_runs_on_while_its_supply_does(self):
        use = read(
            request(
                status="completed",
                meta={"lastUpdated": "2026-03-03"},
                dispenseRequest={"expectedSupplyDuration": {"value": 90, "code": "d"}},
            )
        )
        assert (use.stopped_on, use.supplied_until) == (None, date(2026, 5, 30))

    def test_an_order_without_a_date_starts_with_its_validity(self):
        use = read(
            request(authoredOn=None, dispenseRequest={"validityPeriod": {"start": "2026-01-05"}})
        )
        assert use.start == When.day(date(2026, 1, 5))

    def test_a_year_alone_is_kept_as_a_year(self):
        use = read(request(authoredOn="2026"))
        assert use.start == When(date(2026, 1, 1), date(2026, 12, 31))

    def test_an_order_without_any_date_has_no_start(self):
        use = read(request(authoredOn="yesterday"))
        assert (use.start, use.renewed) == (None, None)

    def test_what_it_is_based_on_is_kept(self):
        based = [{"reference": "MedicationRequest/9"}, {"reference": "#x"}, {"display": "?"}]
        assert read(request(basedOn=based)).based_on == (ResourceRef("MedicationRequest", "9"),)


class TestDispenses:
    def test_a_dispense_runs_from_hand_over_for_its_supply(self):
        use = read(dispense())
        assert (use.start, use.supplied_until) == (When.day(date(2026, 3, 2)), date(2026, 3, 31))

    def test_the_day_of_preparation_stands_in_for_the_hand_over(self):
        use = read(dispense(whenHandedOver=None, whenPrepared="2026-03-01"))
        assert use.start == When.day(date(2026, 3, 1))

    def test_without_an_instruction_the_mean_of_the_supply_stands(self):
        use = read(dispense(dosageInstruction=None, quantity={"value": 60, "unit": "tablet"}))
        assert [(step.mg_per_day, step.first) for step in use.steps] == [(10, date(2026, 3, 2))]

    def test_a_pack_handed_over_is_spread_over_its_days(self):
        pack = concept("{21 (methylprednisolone 4 MG Oral Tablet) } Pack", "6902")
        use = read(
            dispense(
                medicationCodeableConcept=pack,
                quantity={"value": 1, "unit": "Pack"},
                daysSupply={"value": 6, "unit": "d"},
                dosageInstruction=[{"text": "as on the pack"}],
            )
        )
        assert (use.steps[0].mg_per_day, use.supplied_until) == (14, date(2026, 3, 7))

    def test_tablets_without_a_strength_are_no_dose(self):
        use = read(
            dispense(
                medicationCodeableConcept=concept("prednisone", "8640"),
                dosageInstruction=[dosage(1, "tablet")],
            )
        )
        assert "strength" in use.steps[0].problem

    def test_a_text_instruction_gives_way_to_the_mean_of_the_supply(self):
        use = read(dispense(dosageInstruction=[{"text": "as directed"}]))
        assert use.steps[0].mg_per_day == 5

    def test_without_days_the_quantity_lasts_for_its_doses(self):
        use = read(dispense(daysSupply=None, quantity={"value": 10, "unit": "tablet"}))
        assert use.supplied_until == date(2026, 3, 11)

    def test_a_bare_number_of_days_is_days(self):
        assert read(dispense(daysSupply={"value": 5})).supplied_until == date(2026, 3, 6)

    @pytest.mark.parametrize(
        "supply", [{"value": 5, "unit": "boxes"}, {"value": 0.5, "unit": "d"}, {}]
    )
    def test_a_supply_that_cannot_be_told_leaves_the_end_open(self, supply):
        use = read(dispense(daysSupply=supply, quantity=None))
        assert use.supplied_until is None

    def test_a_copied_instruction_never_starts_before_the_hand_over(self):
        bounds = {
            "repeat": DAILY["repeat"]
            | {"boundsPeriod": {"start": "2026-01-01", "end": "2026-12-31"}}
        }
        use = read(dispense(dosageInstruction=[dosage(timing=bounds)]))
        assert (use.steps[0].first, use.steps[0].last) == (date(2026, 3, 2), date(2026, 12, 31))

    def test_bounds_that_were_over_at_the_hand_over_are_stale(self):
        bounds = {
            "repeat": DAILY["repeat"]
            | {"boundsPeriod": {"start": "2025-01-01", "end": "2025-02-01"}}
        }
        use = read(dispense(dosageInstruction=[dosage(timing=bounds)]))
        assert (use.steps[0].first, use.steps[0].last) == (date(2026, 3, 2), None)

    def test_a_dispense_without_a_date_has_no_days(self):
        use = read(dispense(whenHandedOver=None))
        assert (use.start, use.supplied_until) == (None, None)

    def test_the_order_behind_it_is_kept(self):
        use = read(dispense(authorizingPrescription=[{"reference": "MedicationRequest/9"}]))
        assert use.based_on == (ResourceRef("MedicationRequest", "9"),)


class TestAdministrations:
    def test_one_administration_is_one_day(self):
        use = read(administration())
        assert [(s.mg_per_day, s.first, s.last) for s in use.steps] == [
            (1000, date(2026, 3, 2), date(2026, 3, 2))
        ]

    def test_an_infusion_over_midnight_counts_on_the_day_it_began(self):
        period = {"start": "2026-03-02T23:00:00Z", "end": "2026-03-03T01:00:00Z"}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period))
        assert (use.steps[0].first, use.steps[0].last) == (date(2026, 3, 2), date(2026, 3, 2))

    @pytest.mark.parametrize(
        "start, end, days",
        [
            ("2026-03-02", "2026-03-04", 3),
            ("2026-03-02", "2026-03-02", 1),
            ("2026-03-02", "2026-03-01", 1),
            ("2026-03-02T08:00:00Z", "2026-03-05T08:00:00Z", 3),
            ("2026-03-02T08:00:00Z", "2026-03-03T20:00:00Z", 2),
            ("2026-03-02T08:00:00Z", "2026-03-03T08:00:00Z", 1),
            ("2026-03", "2026-05", 1),
        ],
    )
    def test_an_event_of_several_days_is_spread_evenly_over_them(self, start, end, days):
        period = {"start": start, "end": end}
        given = administration(effectiveDateTime=None, effectivePeriod=period)
        given["dosage"] = {"dose": {"value": 3, "unit": "g"}}
        step = read(given).steps[0]
        assert step.mg_per_day == pytest.approx(3000 / days)
        assert (step.last - step.first).days == days - 1

    def test_the_end_of_an_event_of_several_days_is_its_last_day(self):
        period = {"start": "2026-03-02", "end": "2026-03-04"}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period))
        assert (use.start, use.end) == (When.day(date(2026, 3, 2)), When.day(date(2026, 3, 4)))

    def test_a_dose_per_day_over_several_days_is_the_dose_of_each(self):
        period = {"start": "2026-03-02", "end": "2026-03-04"}
        dose = {"dose": {"value": 1000, "unit": "mg/d"}}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period, dosage=dose))
        assert use.steps[0].mg_per_day == 1000

    def test_a_rate_over_several_days_is_what_ran_in_all_of_them(self):
        period = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-05T08:00:00Z"}
        rate = {"rateQuantity": {"value": 10, "unit": "mg/h"}}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period, dosage=rate))
        assert use.steps[0].mg_per_day == pytest.approx(240)

    def test_a_rate_between_two_days_of_unknown_hours_cannot_be_told(self):
        period = {"start": "2026-03-02", "end": "2026-03-04"}
        rate = {"rateQuantity": {"value": 10, "unit": "mg/h"}}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period, dosage=rate))
        assert "rate" in use.steps[0].problem

    def test_a_rate_counts_with_the_length_of_the_infusion(self):
        period = {"start": "2026-03-02T08:00:00Z", "end": "2026-03-02T10:00:00Z"}
        rate = {"rateQuantity": {"value": 250, "unit": "mg/h"}}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period, dosage=rate))
        assert use.steps[0].mg_per_day == 500

    @pytest.mark.parametrize(
        "period",
        [
            {"start": "2026-03-02T08:00:00Z"},
            {"start": "2026-03-02", "end": "2026-03-02T10:00:00Z"},
            {"start": "2026-03-02T10:00:00Z", "end": "2026-03-02T08:00:00Z"},
        ],
    )
    def test_a_rate_without_a_length_cannot_be_told(self, period):
        rate = {"rateQuantity": {"value": 250, "unit": "mg/h"}}
        use = read(administration(effectiveDateTime=None, effectivePeriod=period, dosage=rate))
        assert "rate" in use.steps[0].problem

    def test_a_dose_per_kilogram_is_kept(self):
        use = read(administration(dosage={"dose": {"value": 2, "unit": "mg/kg"}}))
        assert (use.steps[0].mg_per_day, use.steps[0].mg_per_kg_per_day) == (None, 2)

    def test_without_a_dose_it_is_untold_and_not_zero(self):
        use = read(administration(dosage=None))
        assert (use.steps[0].mg_per_day, use.steps[0].problem) == (None, "its dose is not stated")

    def test_without_a_date_it_has_no_day(self):
        assert read(administration(effectiveDateTime=None)).start is None

    def test_its_order_is_kept(self):
        use = read(administration(request={"reference": "MedicationRequest/9"}))
        assert use.based_on == (ResourceRef("MedicationRequest", "9"),)


class TestStatements:
    def test_an_active_statement_without_an_end_is_open(self):
        use = read(statement(dateAsserted="2026-06-01"))
        assert (use.is_open_ended, use.end) == (True, None)
        assert use.renewed == When.day(date(2026, 6, 1))

    def test_an_active_statement_of_one_moment_goes_on(self):
        use = read(statement(effectivePeriod=None, effectiveDateTime="2026-03-02"))
        assert (use.is_open_ended, use.start) == (True, When.day(date(2026, 3, 2)))

    def test_a_completed_statement_of_one_moment_is_that_day(self):
        use = read(
            statement(status="completed", effectivePeriod=None, effectiveDateTime="2026-03-02")
        )
        assert (use.start, use.end) == (When.day(date(2026, 3, 2)), When.day(date(2026, 3, 2)))

    def test_a_stopped_statement_ended_with_its_period(self):
        period = {"start": "2026-03-02", "end": "2026-03-20"}
        use = read(
            statement(status="stopped", effectivePeriod=period, meta={"lastUpdated": "2026-05-01"})
        )
        assert use.stopped_on == date(2026, 3, 20)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.just("2026-03-02"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = sorted(
    {*request(), *dispense(), *administration(), *statement(), "meta", "dispenseRequest"}
)


class TestNonsense:
    @settings(max_examples=300, deadline=None)
    @given(
        st.sampled_from([request, dispense, administration, statement]),
        st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
    )
    def test_no_broken_field_raises(self, make, broken):
        found = medication_use(make(**broken), {}, VOCABULARY)
        assert found is None or isinstance(found, MedicationUse | Problem)

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(FIELDS), JSON)
    def test_a_broken_optional_field_never_loses_a_coded_medicine(self, field, value):
        if field in ("medicationCodeableConcept", "resourceType"):
            return
        assert read(request(**{field: value})).concepts == {PREDNISONE}

    def test_nothing_of_it_is_printed(self):
        assert "prednisone" not in repr(read(request()))
