"""Hints by words: narrow ones before wide ones, and none where a word is doubtful."""

import pytest

from service.screening.value_sets import packaged_vocabulary
from service.survey.hints import HINTED, hint_of


@pytest.mark.parametrize(
    ("type_", "display", "value_set"),
    [
        ("Observation", "EDSS score", "edss"),
        ("Observation", "Expanded Disability Status Scale", "edss"),
        ("Procedure", "DEXA hip and spine", "dxa-central"),
        ("DiagnosticReport", "Bone density scan", "dxa-central"),
        ("ServiceRequest", "DXA forearm", "dxa-peripheral"),
        ("Procedure", "Heel bone density", "dxa-peripheral"),
        ("Observation", "DEXA hip T-score", "dxa-t-score"),
        ("Observation", "T score radius", "dxa-forearm-t-score"),
        ("Observation", "Forearm T-score", "dxa-forearm-t-score"),
        ("Observation", "Spine Z-score", "dxa-z-score"),
        ("Observation", "Z-score, hip", "dxa-z-score"),
        ("Observation", "Z-score forearm", "dxa-forearm-z-score"),
        ("Observation", "Radius Z-score", "dxa-forearm-z-score"),
        ("Condition", "Osteoporose", "osteoporosis"),
        ("Condition", "Osteoporotic fracture of hip", "osteoporotic-fracture"),
        ("Condition", "Osteopenia", "osteopenia"),
        ("Condition", "Fracture of neck of femur", "fragility-fracture-hip"),
        ("Observation", "Body mass index", "bmi"),
        ("Observation", "Weight", "body-weight"),
        ("Observation", "Body height", "body-height"),
        ("Observation", "25-OH vitamin D", "vitamin-d-25oh"),
        ("Observation", "Vitamin D, 25-hydroxy", "vitamin-d-25oh"),
        ("Device", "Wheelchair, powered", "wheelchair-device"),
        ("Observation", "Uses wheelchair", "wheelchair-or-bed"),
        ("Condition", "Walks with cane", "walking-aid"),
        ("Observation", "Number of falls", "falls-question"),
        ("Condition", "Recurrent falls", "repeated-falls"),
        ("Observation", "Tobacco use", "smoking-status"),
        ("Condition", "Early menopause", "premature-menopause"),
        ("Condition", "Multiple sclerosis, relapsing", "multiple-sclerosis"),
    ],
)
def test_words_hint_at_a_value_set(type_, display, value_set):
    assert hint_of(type_, display, "X1") == value_set


def test_a_code_that_says_what_it_is_hints_without_a_display():
    assert hint_of("Observation", "", "EDSS") == "edss"


@pytest.mark.parametrize(
    ("type_", "display"),
    [
        ("Condition", "No family history of osteoporosis"),
        ("Condition", "Mother with osteoporosis"),
        ("Condition", "Suspected multiple sclerosis"),
        ("Condition", "At risk for fall"),
        ("Procedure", "DXA declined"),
        ("Procedure", "Osteoporosis education"),
        ("Procedure", "Osteoporosis"),  # A procedure is no diagnosis.
        ("Procedure", "DXA body composition"),
        ("Observation", "1,25-dihydroxy vitamin D"),
        ("Observation", "Birth weight"),
        ("Observation", "Fundal height"),
        ("Observation", "Weight Z-score for age"),
        ("Condition", "Unable to fall asleep"),
        ("Observation", "Hemoglobin"),
    ],
)
def test_a_doubtful_word_gives_no_hint(type_, display):
    assert hint_of(type_, display, "X1") == ""


def test_every_hint_names_a_value_set_that_exists():
    vocabulary = packaged_vocabulary(True)
    assert not {name for name in HINTED if name not in vocabulary}
