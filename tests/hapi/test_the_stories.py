"""Every story of the book on a real HAPI server, with the ledger and a moving clock."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.demo_ehr.loading import put_resources
from tests.hapi.hapi_server import HAPIServer
from tests.lib.command_line import boneflag
from tests.lib.demo_site import opened_ward
from tests.lib.story_ward import StoryWard, hospitals
from tests.spec.stories.living import live_through


class LoadedHAPI(HAPIServer):
    """HAPI that takes facts as the demo EHR does."""

    def load(self, resources: Iterable[dict[str, Any]]) -> int:
        """Load resources with the ids they have; how many."""
        return put_resources(self.base_url, resources, per_bundle=200)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedHAPI]:
    """A server of its own: these people have MS, and the hospital of the other tests would count
    them among its cohort."""
    if shutil.which("java") is None or shutil.which("mvn") is None:
        pytest.skip("a real HAPI server needs Java 17 and Maven, and one of them is not installed")
    with LoadedHAPI(tmp_path_factory.mktemp("hapi-stories")) as server:
        yield server


@pytest.mark.parametrize("stories", hospitals(), ids=lambda stories: f"{len(stories)} stories")
def test_every_story_goes_on_hapi_as_the_book_tells(server, stories, tmp_path: Path) -> None:
    with opened_ward(server, tmp_path) as ward:
        hospital = StoryWard(ward, stories[0].channel)
        different = [
            (str(story), step.on, step.happens, seen, wanted)
            for story, step, seen, wanted in live_through(hospital, stories)
            if seen != wanted
        ]
    assert not different, "\n".join(map(str, different))


def test_what_the_hospital_takes_back_is_entered_in_error_and_never_told_again(server, tmp_path):
    with opened_ward(server, tmp_path) as ward:
        patient = ward.admit()
        ward.sweep()
        told = ward.shown(patient)
        settings = ward.settings()
        names = ("mode", "fhir_base_url", "cohort_group_ids", "database_url", "site_id")
        given = {name: str(getattr(settings, name)) for name in names}
        why = ("--reason", "wrong threshold", "--by", "A. Admin", "--yes")

        said = boneflag("withdraw", "--patient", patient, *why, **given)
        ward.proxy.forget()
        ward.sweep()

        assert told == ["Flag active", "Task requested"]
        assert said.code == 0, said.output
        assert ward.shown(patient) == ["Flag entered-in-error", "Task cancelled"]
        assert ward.proxy.writes == []
