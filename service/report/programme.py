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
    DENOMINATOR,
    INITIAL_POPULATION,
    NUMERATOR,
    POPULATIONS,
    PROGRAMME,
    STRATIFIERS,
    UNKNOWN,
    Stratum,
    population_of,
    sex_and_age,
)
from service.report.disclosure import Shown, Sum, shown
from service.store.entries import Judged

MET, UNCLEAR, NOT_MET = "met", "unknown", "not-met"
_PARTS = tuple(part.code for part in PROGRAMME)
_PARTS_OF = {
    population.code: tuple(p.code for p in PROGRAMME if p.statuses <= population.statuses)
    for population in POPULATIONS
}
_SAME_AS = {NUMERATOR.code: _PARTS_OF[NUMERATOR.code][0]}
"""It is one part under another name, so that the two are shown or hidden together."""
_COUNTED = tuple(p.code for p in POPULATIONS if p.code not in _SAME_AS)
_INITIAL, _DENOMINATOR = INITIAL_POPULATION.code, DENOMINATOR.code


def _beside_the_denominator(parts: Sequence[str]) -> tuple[str, ...]:
    return (_DENOMINATOR, *(part for part in parts if part not in _PARTS_OF[_DENOMINATOR]))


_INSIDE = (
    Sum(_PARTS_OF[_DENOMINATOR], _DENOMINATOR),
    Sum(_PARTS_OF[_INITIAL], _INITIAL),
    Sum(_beside_the_denominator(_PARTS_OF[_INITIAL]), _INITIAL),
)
_KNOWN = (Sum(_PARTS, None), Sum(_beside_the_denominator(_PARTS), None))
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


def parts_of(statuses: Mapping[str, int]) -> dict[str, int]:
    """People by part of the programme, from people by status."""
    return {p.code: sum(statuses.get(s, 0) for s in p.statuses) for p in PROGRAMME}


def released(programme: Programme) -> Released:
    """What may be shown of the programme.

    The statuses of the whole cohort are shown exactly elsewhere (`boneflag report` prints those of
    the ledger), so the columns of a table by sex or age add up to something known. Its rows add up
    to totals that are rounded and stand beside them. One person may meet several criteria, so
    nothing adds up there but met, unknown and not met, which make the whole cohort and each
    population, whether or not anybody shows who is left.
    """
    by_strata = {
        s.code: _table(_with_sums(programme.tables[s.code])) for s in STRATIFIERS if s.strata
    }
    return Released(
        populations=whole_shown(programme.parts),
        tables=by_strata | _by_criterion(programme),
        criteria=shown(_verdicts(programme, _PARTS), rows_add_up=True, columns_add_up=False),
    )


def _by_criterion(programme: Programme) -> dict[str, Shown]:
    """Who meets a criterion, and of whom that is unknown, in each population."""
    of_population = {p: _verdicts(programme, _PARTS_OF[p]) for p in _COUNTED}
    released_of = {
        c.code: _table(
            {v: {p: of_population[p][c.code][v] for p in _COUNTED} for v in (MET, NOT_MET, UNCLEAR)}
        )
        for c in programme.criteria
    }
    return {
        code: {number: rows[verdict] for number, rows in released_of.items()}
        for code, verdict in _VERDICT_OF.items()
    }


def whole_shown(parts: Mapping[str, int]) -> dict[str, int | None]:
    """The populations of the whole cohort; how many were judged is known exactly.

    The size of the cohort is told although it may show that the MS of nearly everybody who was
    judged is confirmed: numbers of a cohort without its size would tell nothing.
    """
    row = _with_sums({"": parts})
    return _with_numerator(
        shown(row, rows_add_up=False, columns_add_up=False, sums=(*_INSIDE, *_KNOWN))
    )[""]


def _table(counts: Mapping[str, Mapping[str, int]]) -> Shown:
    """A table of populations, whose columns add up to what is known."""
    return _with_numerator(shown(counts, rows_add_up=False, columns_add_up=True, sums=_INSIDE))


def _with_sums(table: Mapping[str, Mapping[str, int]]) -> Table:
    return {row: {p: _sum(parts, p) for p in _COUNTED} for row, parts in table.items()}


def _with_numerator(table: Shown) -> Shown:
    """Every population, in the order of the Measure."""
    return {
        row: {p.code: cells[_SAME_AS.get(p.code, p.code)] for p in POPULATIONS}
        for row, cells in table.items()
    }


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
