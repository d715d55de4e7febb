"""The tables behind the Measure and its report."""

from itertools import pairwise

import pytest

from service.measure import (
    AGE_BANDS,
    DENOMINATOR,
    INITIAL_POPULATION,
    NUMERATOR,
    POPULATIONS,
    PROGRAMME,
    SEX_AND_AGE,
    SEXES,
    STRATIFIERS,
    age_band,
    population_of,
    sex_and_age,
)
from service.screening.assess import Status


@pytest.mark.parametrize("status", Status)
def test_each_status_stands_in_exactly_one_part_of_the_programme(status):
    assert sum(status in part.statuses for part in PROGRAMME) == 1
    assert status in population_of(str(status)).statuses


def test_a_status_that_is_none_of_ours_is_an_error():
    with pytest.raises(KeyError):
        population_of("lost")


def test_the_initial_population_is_everybody_whose_diagnosis_is_confirmed():
    assert INITIAL_POPULATION.statuses == set(Status) - {Status.NOT_IN_COHORT}


def test_the_numerator_is_part_of_the_denominator_and_that_of_the_initial_population():
    assert NUMERATOR.statuses < DENOMINATOR.statuses < INITIAL_POPULATION.statuses


def test_no_code_stands_twice_among_populations_stratifiers_or_strata():
    for things in (POPULATIONS, STRATIFIERS, *(s.strata for s in STRATIFIERS)):
        codes = [thing.code for thing in things]
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("years", "band"),
    [
        (None, "unknown"),
        (-1, "unknown"),
        (0, "under-18"),
        (17, "under-18"),
        (18, "18-39"),
        (39, "18-39"),
        (40, "40-49"),
        (49, "40-49"),
        (50, "50-64"),
        (64, "50-64"),
        (65, "65-74"),
        (74, "65-74"),
        (75, "75-plus"),
        (122, "75-plus"),
        (123, "unknown"),
    ],
)
def test_an_age_falls_into_one_band(years, band):
    assert age_band(years) == band


def test_the_bands_leave_no_year_out():
    for (_, _, _, last), (_, _, first, _) in pairwise(AGE_BANDS):
        assert first == last + 1


@pytest.mark.parametrize(
    ("sex", "band", "stratum"),
    [
        ("female", "40-49", "female-under-50"),
        ("female", "50-64", "female-50-plus"),
        ("male", "under-18", "male-under-50"),
        ("male", "75-plus", "male-50-plus"),
        ("other", "40-49", "unknown"),
        ("unknown", "40-49", "unknown"),
        ("female", "unknown", "unknown"),
    ],
)
def test_sex_and_age_together_tell_who_is_overlooked(sex, band, stratum):
    assert sex_and_age(sex, band) == stratum


def test_every_sex_and_band_has_a_stratum_of_both():
    codes = {stratum.code for stratum in SEX_AND_AGE}
    bands = [band[0] for band in AGE_BANDS] + ["unknown"]
    assert {sex_and_age(s.code, band) for s in SEXES for band in bands} == codes
