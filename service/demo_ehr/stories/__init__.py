"""All stories, in the order of the book: who is in, what puts them at risk, what settles it."""

from __future__ import annotations

from service.demo_ehr.stories import (
    age,
    bone_density,
    cohort,
    decisions,
    disability,
    drugs,
    exclusions,
    falls,
    fractures,
    gaps,
    hormones,
    lifestyle,
    long_courses,
    osteoporosis,
    other_diseases,
    pulses,
    scan_shapes,
    spine,
    steroids,
    vitamin_d,
    walking,
    weight,
)
from service.demo_ehr.story import Story, stories_in

CHAPTERS = (
    cohort,
    disability,
    walking,
    steroids,
    pulses,
    fractures,
    falls,
    weight,
    vitamin_d,
    hormones,
    age,
    lifestyle,
    drugs,
    other_diseases,
    spine,
    bone_density,
    scan_shapes,
    osteoporosis,
    decisions,
    exclusions,
    gaps,
    long_courses,
)

STORIES: tuple[Story, ...] = tuple(story for chapter in CHAPTERS for story in stories_in(chapter))
