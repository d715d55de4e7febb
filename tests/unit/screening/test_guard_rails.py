"""What no sentence of an alert may say (specification 3.7)."""

from __future__ import annotations

import pytest

from service.screening.guard_rails import why_forbidden
from service.screening.protocol import packaged_document
from service.screening.value_sets import packaged_vocabulary

VOCABULARY = packaged_vocabulary()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Consider alendronate", "names a medicine"),
        ("Ask about prednisone", "names a medicine"),
        ("Start a bisphosphonate", "names a medicine"),
        ("Think of denosumab", "names a medicine"),
        ("More than 5 mg a day", "names a dose"),
        ("1000 IU daily", "names a dose"),
        ("This patient has osteoporosis", "has osteoporosis"),
        ("Diagnosed with osteoporosis", "has osteoporosis"),
        ("Fracture risk above 20 %", "fracture risk"),
        ("20 % will fracture", "fracture risk"),
        ("See www.example.org", "holds a link"),
        ("See https://example.org", "holds a link"),
    ],
)
def test_a_forbidden_sentence_is_refused_with_the_reason(text, words):
    assert words in why_forbidden(text, VOCABULARY)


@pytest.mark.parametrize(
    "text",
    [
        "Consider bone density assessment",
        "EDSS 6.0 or more",
        "Loss of 10 % of body weight",
        "Known osteoporosis has its own pathway",
        "Below 20 ng/mL",
        "Weight below 57 kg",
    ],
)
def test_an_ordinary_sentence_passes(text):
    assert why_forbidden(text, VOCABULARY) == ""


@pytest.mark.parametrize("name", ["title", "advice"])
def test_every_text_that_ships_passes(name):
    texts = [e[name] for e in packaged_document()["criteria"] if name in e]
    assert {text: why for text in texts if (why := why_forbidden(text, VOCABULARY))} == {}
