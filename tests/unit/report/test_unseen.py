"""What stays unread at a site, for whom, and what rests on it."""

from __future__ import annotations

import pytest

from service.report.unseen import unseen_types
from service.screening.protocol import packaged_protocol
from service.screening.value_sets import packaged_vocabulary

from .builders import judged

PROTOCOL = packaged_protocol(packaged_vocabulary(use_cpt=False))


@pytest.mark.parametrize(
    ("unread", "of", "says"),
    [
        (100, 100, "everybody"),
        (93, 100, "all but a few people"),
        (92, 100, "about 90 people"),
        (8, 100, "about 10 people"),
        (7, 100, "a few people"),
    ],
)
def test_nobody_can_be_told_from_how_many_stay_unread(unread, of, says):
    people = [judged(short="!FamilyMemberHistory")] * unread + [judged()] * (of - unread)
    (found,) = unseen_types(people, PROTOCOL)
    assert found.sentence() == says


def test_a_type_that_was_read_for_everybody_is_not_told():
    assert unseen_types([judged("due", "male", "40-49", ("MSO-02", "met"))] * 100, PROTOCOL) == ()


def test_the_criteria_in_need_of_a_type_are_named_and_the_most_needed_stands_first():
    found = unseen_types([judged(short="!Procedure !Condition")] * 100, PROTOCOL)
    assert [u.type for u in found] == ["Condition", "Procedure"]
    assert "COHORT" in found[0].criteria
