"""Nothing lies about unused: criteria are in the protocol, value sets are read by somebody."""

from __future__ import annotations

import importlib
import pkgutil

import service.screening.criteria as criteria_folder
from service.screening.criteria import CRITERIA
from service.screening.criterion import Criterion
from service.screening.protocol import packaged_document, packaged_protocol
from service.screening.value_sets import packaged_vocabulary
from tests.lib.source_tree import HOME, python_modules, strings_in


def test_every_criterion_is_in_the_protocol():
    used = {item["criterion"] for item in packaged_document()["criteria"]}
    assert set(CRITERIA) == used


def test_every_criterion_that_is_written_is_offered_to_the_protocol():
    written = set()
    for module in pkgutil.iter_modules(criteria_folder.__path__):
        names = vars(importlib.import_module(f"{criteria_folder.__name__}.{module.name}"))
        for value in names.values():
            found = value if isinstance(value, tuple | list) else (value,)
            written |= {item.id for item in found if isinstance(item, Criterion)}
    assert written == set(CRITERIA)


def _used_value_sets() -> set[str]:
    vocabulary = packaged_vocabulary()
    needs = packaged_protocol(vocabulary).needs
    named = {text for path in python_modules("service") for text in strings_in(path)}
    return {s.id for s in vocabulary} & ({v for need in needs for v in need.value_sets} | named)


def test_every_value_set_is_needed_or_named_by_somebody():
    packaged = {value_set.id for value_set in packaged_vocabulary()}
    assert packaged - _used_value_sets() == set()


def test_every_value_set_that_a_criterion_names_is_packaged():
    # The protocol refuses a need without its set; a concept that is looked for in a record and
    # exists nowhere would be silent: it would simply never be found.
    packaged = {path.stem for path in (HOME / "fhir_profiles" / "value_sets").glob("*.json")}
    prefixes = ("therapy-", "glucocorticoid-", "dxa-", "fragility-fracture-", "multiple-sclerosis")
    named = {
        text
        for path in python_modules("service/screening")
        for text in strings_in(path)
        if text.startswith(prefixes) and not text.endswith("-") and " " not in text
    }
    # A name with a dot is a number of a policy.
    numbers = {text for text in named if "." in text} | set(packaged_document()["policies"])
    assert named - packaged - set(CRITERIA) - numbers == set()
