"""Settings -> sweeps by bulk export."""

import pytest

from service.bulk_sweep import diagnosed_members, exported_members
from service.settings import Settings
from service.wiring import pipeline_for
from service.wiring.bulk import bulk_sweep_for


@pytest.fixture
def made(tmp_path):
    def make(**values):
        settings = Settings(
            fhir_base_url="https://ehr.example.org/fhir",
            database_url=f"sqlite:///{tmp_path}/ledger.sqlite3",
            _secrets_dir=None,
            **values,
        )
        return bulk_sweep_for(settings, pipeline_for(settings))

    return make


@pytest.mark.parametrize("reading", ["batched", "per-patient", "everything"])
def test_where_another_reading_is_set_nothing_is_exported(made, reading):
    assert made(reading=reading) is None


def test_the_first_group_of_the_cohort_is_exported_unless_another_is_named(made):
    assert made(cohort_group_ids="ms,other")._options.order.group_id == "ms"
    assert made(cohort_group_ids="ms", bulk_group_id="export")._options.order.group_id == "export"


def test_the_members_of_the_one_group_are_those_of_the_export(made):
    assert made(cohort_group_ids="ms")._find_cohort is exported_members


def test_of_everybody_those_with_the_disease_are_watched_where_nothing_else_names_them(made):
    assert made(bulk_level="patient")._find_cohort is diagnosed_members


def test_where_several_groups_name_the_cohort_they_are_asked(made):
    chosen = made(cohort_group_ids="ms,other")._find_cohort
    assert chosen not in (exported_members, diagnosed_members)


def test_nothing_is_filtered_unless_the_settings_say_so(made):
    assert made(bulk_group_id="ms")._options.order.type_filters == ()
    assert made(bulk_group_id="ms", bulk_filters_observations=True)._options.order.type_filters
