"""Counts of people as they may be shown.

A newcomer would get one thing wrong. In the report of the programme 0 is hidden like 7. Here a zero
is the finding that is looked for: "nobody has an EDSS" says what the EHR gives us and nothing about
a person. So nobody and everybody are told, "few" stands for 1 to 7, "all but few" for all but 1 to
7, and only what criteria made of the charts is hidden as strictly as in the report.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.report.disclosure import HIDDEN_UP_TO, rounded, shown
from service.screening.criterion import Verdict

FEW, ALL_BUT_FEW = "few", "all-but-few"
MET, UNKNOWN, NOT_MET = str(Verdict.MET), str(Verdict.UNKNOWN), str(Verdict.NOT_MET)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a number of people, rounded. `share` is from 0 to 1.

    `people` and `share` are None where the count is hidden; then `about` says how.
    """

    people: int | None
    share: float | None
    about: str = ""


def part_of(count: int, total: int) -> Part:
    """`count` of `total` people as it may be shown."""
    if count == 0:
        return Part(0, 0.0 if total else None)
    if count <= HIDDEN_UP_TO:
        return Part(None, None, FEW)
    if 0 < total - count <= HIDDEN_UP_TO:
        return Part(None, None, ALL_BUT_FEW)
    told = rounded(count) or 0
    return Part(told, 1.0 if count == total else min(1.0, round(told / total, 2)))


def verdicts_shown(
    met: int, unknown: int, not_met: int, *, has_evidence: bool
) -> dict[str, int | None]:
    """People by verdict of one criterion; None is hidden.

    Where nobody has any evidence nobody can have met it, and where it is unknown for everybody or
    for nobody, that is about the EHR: such zeros are told, and the others hidden as in the report.
    """
    counts = {MET: met, UNKNOWN: unknown, NOT_MET: not_met}
    total = sum(counts.values())
    certain: set[str] = set()
    if unknown == total:
        certain = {MET, NOT_MET}
    else:
        certain |= {MET} if not has_evidence else set()
        certain |= {UNKNOWN} if unknown == 0 else set()
    rest = {verdict: count for verdict, count in counts.items() if verdict not in certain}
    may_show = (
        {verdict: rounded(count) for verdict, count in rest.items()}
        if len(rest) == 1
        else shown({"": rest}, rows_add_up=True, columns_add_up=False)[""]
    )
    return {verdict: 0 if verdict in certain else may_show[verdict] for verdict in counts}


def records_shown(records: int, people: int) -> int | None:
    """A count of records, rounded; hidden where too few people have them."""
    return None if rounded(people) is None else rounded(records)
