"""The main job on a FHIR server that shares nothing with HAPI: Medplum's router, in memory.

The tests stand in the order of the story and share one server.
"""

from __future__ import annotations

import pytest

from service.demo_ehr.arrivals import a_dxa_arrives
from service.demo_ehr.loading import put_resources
from service.settings import Settings
from tests.lib.command_line import boneflag
from tests.third_party.conftest import PER_BUNDLE
from tests.third_party.node_server import NodeServer
from tests.third_party.site import otherwise, settings_for, shown, swept, versions


@pytest.fixture(scope="module")
def settings(router, tmp_path_factory) -> Settings:
    return settings_for(router.base_url, tmp_path_factory.mktemp("router"))


@pytest.fixture(scope="module")
def first(settings):
    """The first sweep: its run, and where everybody stands."""
    return swept(settings)


def whose(people, status):
    return dict.fromkeys((p.id for p in people if p.expected_status == status), 1)


def test_everybody_stands_where_the_stories_say(people, first):
    run, statuses = first
    assert otherwise(people, statuses) == {}
    assert (str(run.state), run.waiting, run.open_plans) == ("done", 0, 0)


def test_each_person_who_is_due_has_one_active_flag_and_one_open_task(router, people, first):
    due = whose(people, "due")
    acting = whose(people, "result-needs-action")
    assert shown(router.base_url, "Flag", "active") == due
    assert shown(router.base_url, "Task", "requested") == due | acting


def test_a_second_sweep_changes_nothing(router, settings, first):
    before = versions(router.base_url)
    run, _ = swept(settings)
    assert {name: n for name, n in run.counts.items() if name.startswith("confirmed")} == {}
    assert versions(router.base_url) == before


def test_a_dxa_that_arrives_closes_flag_and_task(router, settings, today, people, first):
    scanned = next(p.id for p in people if p.expected_status == "due")
    put_resources(router.base_url, a_dxa_arrives(scanned, today))
    swept(settings)
    assert shown(router.base_url, "Flag", "inactive")[scanned] == 1
    assert shown(router.base_url, "Task", "completed")[scanned] == 1
    assert shown(router.base_url, "Flag", "active")[scanned] == 0


def test_a_server_without_a_capability_statement_is_refused_in_one_sentence():
    # It takes `metadata` for a resource type and answers with an empty Bundle.
    with NodeServer("medplum_server.js") as server:
        said = boneflag("check", fhir_base_url=server.base_url)
    assert said.code == 5
    assert len(said.sentences) == 1
    assert "not with a CapabilityStatement" in said.sentences[0]


def test_a_server_that_answers_nothing_for_a_bare_patient_id_is_read_all_the_same(people, tmp_path):
    with NodeServer("medplum_server.js", metadata=True) as server:
        everything = (r for p in people for r in p.resources)
        put_resources(server.base_url, everything, per_bundle=PER_BUNDLE)
        _, statuses = swept(settings_for(server.base_url, tmp_path))
        assert otherwise(people, statuses) == {}
