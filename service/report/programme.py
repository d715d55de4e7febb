"""The programme in numbers: who stands where, by sex, age band and criterion.

Counts only. A newcomer would get two things wrong. What is counted here is exact and stays in this
process: whoever shows it shows what `released` gives. And everybody is counted as they were judged
last: after a change of the protocol some were judged by another one until the next sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.measure import (
    POPULATIONS,
    PROGRAMME,
    STRATIFIERS,
    UNKNOWN,
    Stratum,
    population_of,
    sex_and_age,
)
from service.report.disclosure import Shown, rounded, shown
from service.store.entries import Judged

MET, UNCLEAR, NOT_MET = "met", "unknown", "not-met"
_PARTS = tuple(part.code for part in PROGRAMME)
_PARTS_OF = {
    population.code: tuple(p.code for p in PROGRAMME if p.statuses <= population.statuses)
    for population in POPULATIONS
}
_VERDICT_OF = {"criterion-met": MET, "criterion-unknown": UNCLEAR}
_UNKNOWN_MARK = "?"

Table = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Programme:
    """Exact counts. `tables` is by stratifier, stratum and part of the programme.

    `first_day` and `last_day` bound the days of judgement, None where nobody was judged.
    `of_another_protocol` were judged by another digest than the one in force.
    """

    judged: int
    first_day: date | None
    last_day: date | None
    of_another_protocol: int
    parts: Mapping[str, int]
    tables: Mapping[str, Table]
    criteria: Sequence[Stratum]


@dataclass(frozen=True, slots=True)
class Released:
    """The same as it may be shown: None is hidden, everything else is rounded.

    `populations` and every row of `tables` hold all populations of the Measure. `criteria` is by
    number: met, unknown and not met.
    """

    populations: Mapping[str, int | None]
    tables: Mapping[str, Shown]
    criteria: Shown


def count_programme(
    people: Iterable[Judged], criteria: Sequence[Stratum], protocol_digest: str
) -> Programme:
    """Count everybody once; `criteria` are the risk factors to count by, number and title.

    A sex, a band or a number that is not known here (an older version wrote it) counts as unknown,
    or not at all.
    """
    tables = {s.code: _empty(s.strata or criteria) for s in STRATIFIERS}
    parts = dict.fromkeys(_PARTS, 0)
    days: set[date] = set()
    others = 0
    for person in people:
        part = population_of(person.status).code
        parts[part] += 1
        days.add(person.on)
        others += person.protocol_digest != protocol_digest
        for code, stratum in _strata_of(person):
            row = tables[code].get(stratum) or tables[code].get(UNKNOWN)
            if row is not None:
                row[part] += 1
    return Programme(
        judged=sum(parts.values()),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        of_another_protocol=others,
        parts=parts,
        tables=tables,
        criteria=criteria,
    )


def _empty(strata: Sequence[Stratum]) -> Table:
    return {stratum.code: dict.fromkeys(_PARTS, 0) for stratum in strata}


def _strata_of(person: Judged) -> Iterable[tuple[str, str]]:
    """Where somebody stands in each division: one stratum, or one for each criterion."""
    yield "sex", person.sex
    yield "age-band", person.age_band
    yield "sex-and-age", sex_and_age(person.sex, person.age_band)
    for word in person.in_short:
        number = word.removesuffix(_UNKNOWN_MARK)
        yield "criterion-met" if number == word else "criterion-unknown", number


def released(programme: Programme) -> Released:
    """What may be shown of the programme.

    The statuses of the whole cohort are shown exactly elsewhere (`boneflag report` prints those of
    the ledger), so the columns of a table by sex or age add up to something known. Its rows add up
    to totals that are rounded themselves. One person may meet several criteria, so nothing adds up
    there but met, unknown and not met, which make the whole cohort and each population.
    """
    by_strata = {
        s.code: shown(_with_sums(programme.tables[s.code]), rows_add_up=False, columns_add_up=True)
        for s in STRATIFIERS
        if s.strata
    }
    return Released(
        populations=_whole(programme.parts),
        tables=by_strata | _by_criterion(programme),
        criteria=shown(_verdicts(programme, _PARTS), rows_add_up=True, columns_add_up=False),
    )


def _by_criterion(programme: Programme) -> dict[str, Shown]:
    """Who meets a criterion, and of whom that is unknown, in each population.

    What is left of a population makes its verdicts add up, whether or not anybody shows it.
    """
    released_of = {
        p.code: shown(
            _verdicts(programme, _PARTS_OF[p.code]), rows_add_up=True, columns_add_up=False
        )
        for p in POPULATIONS
    }
    return {
        code: {
            criterion.code: {p: of[criterion.code][verdict] for p, of in released_of.items()}
            for criterion in programme.criteria
        }
        for code, verdict in _VERDICT_OF.items()
    }


def _whole(parts: Mapping[str, int]) -> dict[str, int | None]:
    """The populations of the whole cohort; a sum of one part is hidden where that part is."""
    may_show = shown({"": dict(parts)}, rows_add_up=True, columns_add_up=False)[""]
    return {
        p.code: may_show[_PARTS_OF[p.code][0]]
        if len(_PARTS_OF[p.code]) == 1
        else rounded(_sum(parts, p.code))
        for p in POPULATIONS
    }


def _with_sums(table: Table) -> Table:
    return {row: {p.code: _sum(parts, p.code) for p in POPULATIONS} for row, parts in table.items()}


def _sum(parts: Mapping[str, int], population: str) -> int:
    return sum(parts[part] for part in _PARTS_OF[population])


def _verdicts(programme: Programme, parts: Sequence[str]) -> Table:
    """Everybody in these parts of the programme once for each criterion, by its verdict."""
    everybody = sum(programme.parts[part] for part in parts)
    table: Table = {}
    for criterion in programme.criteria:
        met, unclear = (
            sum(programme.tables[code][criterion.code][part] for part in parts)
            for code in _VERDICT_OF
        )
        rest = everybody - met - unclear
        table[criterion.code] = {MET: met, UNCLEAR: unclear, NOT_MET: rest}
    return table
