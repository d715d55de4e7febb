"""The printed stories are fresh and whole."""

import pytest

from scripts.print_stories import PAGE, page
from tests.spec.stories.story import every_story


def test_the_printed_stories_are_those_that_are_lived_through():
    assert PAGE.read_text("utf-8") == page(), "run scripts/print_stories.py"


def test_no_two_stories_are_called_alike():
    titles = [story.title for story in every_story()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("story", every_story(), ids=str)
def test_a_story_hides_no_date_of_a_fact(story):
    """A resource without any day would be told in words that the tests do not check."""
    dated = [r for r in story.chart if r["resourceType"] in ("Observation", "Patient")]
    assert all("START" in str(resource) for resource in dated)
