"""All stories, in the order of the book: who is in, what puts them at risk, what settles it."""

from __future__ import annotations

from service.demo_ehr.stories import (
    age,
    bone_density,
    cohort,
    decisions,
    disability,
    exclusions,
    fractures,
    gaps,
    osteoporosis,
    steroids,
    vitamin_d,
    weight,
)
from service.demo_ehr.story import Story, stories_in

CHAPTERS = (
    cohort,
    disability,
    steroids,
    fractures,
    weight,
    vitamin_d,
    age,
    bone_density,
    osteoporosis,
    decisions,
    exclusions,
    gaps,
)

STORIES: tuple[Story, ...] = tuple(story for chapter in CHAPTERS for story in stories_in(chapter))
