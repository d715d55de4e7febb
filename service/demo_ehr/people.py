"""The people of the demo EHR: the stories first, then as many quiet ones as are asked for.

Everything follows from the day and the seed: the same call gives the same charts byte for byte,
and a larger `count` only adds people at the end. No chart holds a real person's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice

from service.demo_ehr.noise import background_resources
from service.demo_ehr.quiet import quiet_person
from service.demo_ehr.stories import STORIES
from service.demo_ehr.story import Person

__all__ = ["DEMO_COUNT", "Person", "each_person", "make_people"]

DEMO_COUNT = 300
"""Room for every story and for a quiet ward around them."""


def make_people(
    on: date, count: int = DEMO_COUNT, seed: int = 1, *, resources_per_person: int = 0
) -> list[Person]:
    """`count` people as their charts stand on the day `on`.

    With `resources_per_person` every chart is filled up to that many resources with others that
    no criterion reads. Fewer people than there are stories means the first stories only.
    """
    return list(each_person(on, count, seed, resources_per_person=resources_per_person))


def each_person(
    on: date, count: int = DEMO_COUNT, seed: int = 1, *, resources_per_person: int = 0
) -> Iterator[Person]:
    """The people of `make_people` one after the other, for cohorts that do not fit in memory."""
    for person in islice(_everybody(on, seed), count):
        missing = resources_per_person - len(person.resources)
        person.resources.extend(background_resources(person.id, on, seed, missing))
        yield person


def _everybody(on: date, seed: int) -> Iterator[Person]:
    for story in STORIES:
        yield story.person(on, seed)
    number = 1
    while True:
        yield quiet_person(number, on, seed)
        number += 1
