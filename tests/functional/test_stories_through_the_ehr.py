"""Every story of the book once more: in a real EHR, over HTTP, with the ledger and a moving clock.

The book itself lives through them from memory. Here each story is a person of the demo EHR; those
that can share a hospital share one, and go through common days and common sweeps.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from service.demo_ehr.server import DemoEHR
from tests.lib.demo_site import opened_ward
from tests.lib.story_ward import StoryWard, hospitals
from tests.spec.stories.living import live_through

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("stories", hospitals(), ids=lambda stories: f"{len(stories)} stories")
def test_every_story_goes_as_the_book_tells(demo_ehr: DemoEHR, tmp_path: Path, stories):
    with opened_ward(demo_ehr, tmp_path) as ward:
        hospital = StoryWard(ward, stories[0].channel)
        different = [
            (str(story), step.on, step.happens, seen, wanted)
            for story, step, seen, wanted in live_through(hospital, stories)
            if seen != wanted
        ]
    assert not different, "\n".join(map(str, different))
