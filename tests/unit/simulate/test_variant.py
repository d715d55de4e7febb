"""One chart, read once for two protocols."""

from dataclasses import replace
from datetime import UTC, datetime

from service.screening.protocol import packaged_protocol
from service.screening.value_sets import ValueSet, Vocabulary, packaged_vocabulary
from service.simulate.variant import Variant, Variants

SHIPPED = packaged_vocabulary(True)
PROTOCOL = packaged_protocol(SHIPPED)
LOCAL = ("https://hospital.example/codes", "NEU-42")
AT = datetime(2026, 11, 22, tzinfo=UTC)
EDSS = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": LOCAL[0], "code": LOCAL[1]}]},
    "effectiveDateTime": "2026-09-01",
    "valueQuantity": {"value": 6.5},
}


def with_local_code(vocabulary=SHIPPED, code=LOCAL):
    def extended(value_set):
        if value_set.id != "edss":
            return value_set
        return replace(value_set, listed=(*value_set.listed, code), codes=value_set.codes | {code})

    return Vocabulary(map(extended, vocabulary))


def variants(today=SHIPPED, changed=SHIPPED):
    return Variants(Variant(PROTOCOL, today), Variant(PROTOCOL, changed))


def both_records(pair):
    parser = pair.parser()
    record = parser("p1", {"Observation": [EDSS]}, {}, frozenset(), AT)
    return record, parser.changed(record)


def test_value_sets_that_are_the_same_are_parsed_once():
    today, changed = both_records(variants(changed=Vocabulary(SHIPPED)))
    assert changed is today


def test_a_local_code_is_understood_by_the_protocol_that_knows_it_alone():
    today, changed = both_records(variants(changed=with_local_code()))
    assert not [o for o in today.observations if "edss" in o.concepts]
    assert [o for o in changed.observations if "edss" in o.concepts]


def test_the_codes_of_both_are_asked_for():
    other = ("https://hospital.example/codes", "NEU-43")
    union = variants(with_local_code(), with_local_code(code=other)).vocabulary()
    assert {"NEU-42", "NEU-43", "273554001"} <= set(union.search_codes(["edss"]))


def test_a_value_set_of_one_protocol_alone_is_kept():
    own = ValueSet("own", "Own", "1", (LOCAL,), frozenset({LOCAL}), (), ())
    union = variants(changed=Vocabulary([*SHIPPED, own])).vocabulary()
    assert "own" in union
    assert "edss" in union


def test_the_same_value_sets_stay_the_same_object():
    assert variants().vocabulary() is SHIPPED


def test_both_protocols_needs_are_read():
    needs = variants().needs
    assert {need.type for need in needs} == {need.type for need in PROTOCOL.needs}


def test_what_a_batch_left_behind_is_forgotten():
    pair = variants(changed=with_local_code())
    parser = pair.parser()
    record = parser("p1", {"Observation": [EDSS]}, {}, frozenset(), AT)
    parser.forget()
    assert parser.changed(record) is record
